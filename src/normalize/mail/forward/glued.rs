//! Heads in one line: `----- Forwarded Message ----- From: Max <max@…>To: … Subject: …`.
//!
//! That is what becomes of Yahoo's HTML when it is made plain text: labels stick to the value
//! before them. In: a line. Out: its head. Only a line that begins with the marker of a forwarded
//! mail is one, so that nobody's sentence is taken apart.

use crate::normalize::text;

use super::super::vocabulary::{self, LABELS, Label};
use super::head::{Head, Sign, announces, bare};

/// Bytes of a label.
const LABEL: usize = 40;
/// Bytes of a line that are looked at.
const LINE: usize = 4 << 10;

/// The head in the line at `at`.
pub(super) fn head(lines: &[&str], at: usize) -> Option<Head> {
    let line = text::shorten(bare(lines[at]), LINE);
    let inner = line.trim_start_matches('-');
    let (title, rest) = inner.split_once("--")?;
    let rest = rest.trim_start_matches('-');
    if inner.len() == line.len() || !announces(&format!("--{title}--")) || rest.trim().is_empty() {
        return None;
    }
    let mut found = values(rest);
    split_last(&mut found);
    let of = |label: Label| found.iter().find(|(known, _)| *known == label).map(|(_, value)| value.trim().to_owned());
    let from = of(Label::From).filter(|from| !from.is_empty())?;
    (found.len() >= 2).then(|| Head {
        start: at,
        end: at + 1,
        from,
        reply_to: of(Label::ReplyTo),
        subject: of(Label::Subject).filter(|subject| !subject.is_empty()),
        labels: found.len(),
        sign: Sign::Marker,
    })
}

/// Labels with their values, up to the subject, which goes on to the end.
fn values(rest: &str) -> Vec<(Label, &str)> {
    let mut found: Vec<(Label, usize, usize)> = Vec::new(); // label, its start, start of its value
    for (colon, sign) in rest.match_indices([':', '：']) {
        let from = found.last().map_or(0, |last| last.2);
        let Some((label, start)) = ending(&rest[from..colon]) else { continue };
        if found.iter().all(|(known, ..)| *known != label) && (label == Label::From) == found.is_empty() {
            found.push((label, from + start, colon + sign.len()));
        }
        if label == Label::Subject && !found.is_empty() {
            break;
        }
    }
    let ends = found.iter().skip(1).map(|next| next.1).chain([rest.len()]);
    found.iter().zip(ends).map(|((label, _, value), end)| (*label, &rest[*value..end])).collect()
}

/// The longest label with which a text ends, and where it starts. It begins with a capital, where
/// its script has any.
fn ending(text: &str) -> Option<(Label, usize)> {
    let text = text.trim_end();
    let colon = text.rfind(':').map_or(0, |colon| colon + 1);
    let first = text.ceil_char_boundary(text.len().saturating_sub(LABEL)).max(colon);
    let mut starts = text[first..].char_indices().filter(|(_, c)| c.is_alphabetic() && !c.is_lowercase());
    starts.find_map(|(at, _)| Some((vocabulary::called(&text[first + at..].to_lowercase())?, first + at)))
}

/// Some translations forgot the colon of the subject: `…09:26:50 CETAssunto Anfrage`.
fn split_last(found: &mut Vec<(Label, &str)>) {
    let Some(&(last, value)) = found.last().filter(|(label, _)| *label != Label::Subject) else { return };
    let names = LABELS.iter().filter(|(label, _)| *label == Label::Subject).flat_map(|(_, names)| names.split('|'));
    let at = names.filter_map(|name| {
        let mut letters = name.chars();
        let capital: String = letters.next()?.to_uppercase().chain(letters).collect();
        let at = value.find(&format!("{capital} "))?;
        let glued = value[..at].ends_with(char::is_alphanumeric);
        glued.then_some((at, at + capital.len()))
    });
    if let Some((before, after)) = at.min() {
        found.pop();
        found.push((last, &value[..before]));
        found.push((Label::Subject, &value[after..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_in_one_line_is_taken_apart() {
        for (line, from, subject) in [
            (
                "----- Forwarded Message ----- From: Eva Muster <eva@kunde.example>To: \"Anna\" <anna@example.com>Sent: Monday, November 23, 2026, 09:12:44 AM GMT+1Subject: Re: To: do",
                "Eva Muster <eva@kunde.example>",
                Some("Re: To: do"),
            ),
            (
                "----- Mensagem reencaminhada ----- De: Eva <eva@kunde.example>Para: a@example.com Enviado: segunda-feira, 09:26:50 CETAssunto Pedido",
                "Eva <eva@kunde.example>",
                Some("Pedido"),
            ),
            (
                "----- Message transmis ----- De : Eva <eva@kunde.example>À : a@example.com",
                "Eva <eva@kunde.example>",
                None,
            ),
        ] {
            let head = head(&[line], 0).unwrap();
            assert_eq!((head.from.as_str(), head.subject.as_deref()), (from, subject), "{line}");
        }
        for line in ["----- Forwarded Message -----", "-- Eva -- From: Max", "forward From: a@b.example To: x"] {
            assert_eq!(head(&[line], 0), None, "{line}");
        }
    }
}
