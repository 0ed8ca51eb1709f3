//! The line with which some programs begin the mail inside: `On 23/11/2026, Eva <eva@…> wrote:`.
//!
//! Outlook for the Mac forwards like that. Answers have the line as well, so that it is a head only
//! where something else says that the mail was passed on.

use crate::normalize::{email, text};

use super::super::vocabulary::{self, BESIDE, WROTE, WROTE_JOINED};
use super::head::{Head, Sign, announces, bare, label};

/// Bytes of such a line.
const LINE: usize = 400;

/// The head in the line at `at`, or in it and the next one.
pub(super) fn head(lines: &[&str], at: usize) -> Option<Head> {
    let first = bare(lines[at]);
    if first.len() > LINE || !first.contains('@') || !first.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if label(first).is_some() {
        return None;
    }
    let second = lines.get(at + 1).map(|line| bare(line)).filter(|line| line.len() < 40).unwrap_or_default();
    let both = format!("{first} {second}");
    let above = (at.saturating_sub(2)..at).any(|above| announces(bare(lines[above])));
    let (line, end) = if closes(first, above) {
        (first, at + 1)
    } else if !second.is_empty() && closes(&both, above) {
        (both.as_str(), at + 2)
    } else {
        return None;
    };
    let address = email::parse_all(line).into_iter().next()?;
    let from = name(line).map_or_else(|| address.to_string(), |name| format!("{name} <{address}>"));
    let sign = if above { Sign::Marker } else { Sign::Wrote };
    Some(Head { start: at, end, from, sign, labels: 1, ..Head::default() })
}

/// Whether a line ends as such a line does, and says that somebody wrote; under the marker of a
/// forwarded mail nothing else needs to be said.
fn closes(line: &str, above: bool) -> bool {
    let ends = line.trim_end().ends_with([':', '：']);
    let line = line.to_lowercase();
    ends && (above || WROTE.split('|').chain(WROTE_JOINED.split('|')).any(|verb| line.contains(verb)))
}

/// The name before the address, where quotes, a comma or the date show its start.
fn name(line: &str) -> Option<String> {
    let (before, _) = line.split_once('<')?;
    let before = before.trim();
    let is_quote = |c: char| matches!(c, '"' | '„' | '“' | '”' | '«' | '»');
    let unquoted = before.trim_end_matches(is_quote);
    let name = if unquoted.len() < before.len() {
        unquoted.trim_end().rsplit(is_quote).next()?.trim().to_owned()
    } else {
        let last = before.rsplit([',', ':']).next()?;
        let words = last.split_whitespace().rev().take_while(|word| !word.contains(|c: char| c.is_ascii_digit()));
        let words: Vec<&str> = words.take_while(|word| !vocabulary::holds(BESIDE, &word.to_lowercase())).collect();
        words.into_iter().rev().collect::<Vec<_>>().join(" ")
    };
    (!name.is_empty() && name.contains(char::is_alphabetic)).then(|| text::line(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_author_of_a_quoted_mail_is_found() {
        for line in [
            "On 23/11/2026 12:46, \"Eva Muster\" <eva@kunde.example> wrote:",
            "On Mon, Nov 23, 2026 at 9:31 AM Eva Muster <eva@kunde.example> wrote:",
            "Am 23.11.2026, 12:46 schrieb „Eva Muster“ <eva@kunde.example>:",
            "Am 23.11.2026 um 12:46 schrieb Eva Muster <eva@kunde.example>:",
            "Le 23/11/2026 12:46, « Eva Muster » <eva@kunde.example> a écrit :",
            "Op 23-11-2026 12:46 heeft Eva Muster <eva@kunde.example> geschreven:",
            "23/11/2026, 12:46 пользователь Eva Muster <eva@kunde.example> написал:",
            "Eva Muster <eva@kunde.example> skrev følgende den 23/11/2026, 12:46:",
        ] {
            let head = head(&[line], 0).unwrap();
            assert_eq!(head.from, "Eva Muster <eva@kunde.example>", "{line}");
        }
        let wrapped = head(&["> On 23/11/2026, Eva Muster <eva@kunde.example>", "> wrote:"], 0).unwrap();
        assert_eq!((wrapped.from.as_str(), wrapped.end), ("Eva Muster <eva@kunde.example>", 2));
        for line in ["Prices for 3 pieces to eva@kunde.example:", "Sent: 23 eva@kunde.example wrote:", "Eva wrote:"] {
            assert_eq!(head(&[line], 0), None, "{line}");
        }
    }
}
