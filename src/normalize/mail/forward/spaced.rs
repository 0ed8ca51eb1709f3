//! Heads without colons: `From "Max" <max@…>`, `To anna@…`, as eM Client writes them.
//!
//! In: the lines of a text. Out: the head. Only directly below a line that says what it is (`------ Original
//! Message ------`), because such lines could be anybody's words.

use crate::normalize::text;

use super::super::vocabulary::{self, Label, is_framed};
use super::head::{Head, Sign, announces, bare};

/// Lines of the head that are needed.
const ENOUGH: usize = 3;
/// Words of a label.
const WORDS: usize = 2;

/// The head that starts at a line.
pub(super) fn head(lines: &[&str], start: usize) -> Option<Head> {
    let above = lines[..start].iter().rposition(|line| !bare(line).is_empty()).filter(|above| above + 2 >= start)?;
    if !is_framed(bare(lines[above])) {
        return None;
    }
    let mut found: Vec<(Label, &str)> = Vec::new();
    for line in &lines[start..] {
        match label(bare(line)) {
            Some((label, value)) if found.iter().all(|(known, _)| *known != label) => found.push((label, value)),
            _ => break,
        }
    }
    let of = |label: Label| found.iter().find(|(known, _)| *known == label).map(|(_, value)| text::line(value));
    let from = of(Label::From).filter(|from| from.contains('@'))?;
    let sign = if announces(bare(lines[above])) { Sign::Marker } else { Sign::Block };
    (found.len() >= ENOUGH).then(|| Head {
        start: above,
        end: start + found.len(),
        from,
        reply_to: of(Label::ReplyTo),
        subject: of(Label::Subject).filter(|subject| !subject.is_empty()),
        labels: found.len(),
        sign,
    })
}

/// A label and the value behind it.
fn label(line: &str) -> Option<(Label, &str)> {
    let ends = line.match_indices(' ').map(|(at, _)| at).take(WORDS).collect::<Vec<_>>();
    ends.into_iter().rev().find_map(|end| {
        let (name, value) = line.split_at(end);
        Some((vocabulary::called(&name.to_lowercase())?, value.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_without_colons_is_read_below_a_marker_only() {
        let lines = [
            "------ Originalnachricht ------",
            "Von \"Eva Muster\" <eva@kunde.example>",
            "An anna@example.com",
            "Datum 03.03.2026 10:15:00",
            "Betreff Angebot für Zelte",
            "",
            "Hallo",
        ];
        let head = head(&lines, 1).unwrap();
        assert_eq!((head.start, head.end), (0, 5));
        assert_eq!(head.from, "\"Eva Muster\" <eva@kunde.example>");
        assert_eq!(head.subject.as_deref(), Some("Angebot für Zelte"));
        assert_eq!(super::head(&lines[1..], 0), None);
    }
}
