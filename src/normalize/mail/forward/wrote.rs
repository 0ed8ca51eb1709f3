//! The line with which some programs begin the mail inside: `On 23/11/2026, Eva <eva@…> wrote:`.
//!
//! Outlook for the Mac forwards like that. Answers have the line as well, so that it is a head only
//! where something else says that the mail was passed on.

use std::sync::LazyLock;

use regex::Regex;

use crate::lead::Email;
use crate::normalize::{email, text};

use super::super::vocabulary::{self, BESIDE, WROTE, WROTE_JOINED};
use super::head::{Head, Sign, announces, bare, label};

/// Bytes of such a line.
const LINE: usize = 400;
/// Words of one that is told by nothing else than a day and a time.
const MOST_WORDS: usize = 14;

/// A year, and a time of day behind it.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static STAMP: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:19|20)\d\d\D.*\d{1,2}[:.]\d\d").expect("a constant pattern"));

/// The head in the line at `at`, or in it and the next one. Where the subject `said` that the mail was passed on, a
/// day and an address above quoted lines are enough.
pub(super) fn head(lines: &[&str], at: usize, said: bool) -> Option<Head> {
    if let Some(head) = groupwise(lines[at], at) {
        return Some(head);
    }
    let first = bare(lines[at]);
    if first.len() > LINE || !first.contains('@') || !first.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if label(first).is_some() {
        return None;
    }
    let second = lines.get(at + 1).map(|line| bare(line)).filter(|line| line.len() < 40).unwrap_or_default();
    let both = format!("{first} {second}");
    let marker = (at.saturating_sub(2)..at).find(|&above| announces(bare(lines[above])));
    let above = marker.is_some();
    let (line, end) = if closes(first, above) {
        (first, at + 1)
    } else if !second.is_empty() && closes(&both, above) {
        (both.as_str(), at + 2)
    } else if said && above_quote(lines, at) {
        (first, at + 1)
    } else {
        return None;
    };
    let mut named = email::parse_all(line).into_iter();
    let address = named.next()?;
    // Two people are nobody: whoever reads the head finds that out.
    let from = if named.any(|other| other != address) { Some(line.to_owned()) } else { None };
    let from = from.unwrap_or_else(|| author(line, &address));
    let sign = if above { Sign::Marker } else { Sign::Wrote };
    Some(Head { start: marker.unwrap_or(at), end, from, sign, labels: 1, ..Head::default() })
}

fn author(line: &str, address: &Email) -> String {
    name(line).map_or_else(|| address.to_string(), |name| format!("{name} <{address}>"))
}

/// `>>> Eva Muster <eva@…> 03.03.2026 10:15 >>>`
fn groupwise(line: &str, at: usize) -> Option<Head> {
    let inner = line.trim().strip_prefix(">>>")?.strip_suffix(">>>")?;
    let address = email::parse_all(inner).into_iter().next().filter(|_| inner.len() < LINE)?;
    let from = author(inner, &address);
    Some(Head { start: at, end: at + 1, from, sign: Sign::Wrote, labels: 1, ..Head::default() })
}

/// Whether a line that is not quoted names one address and a time of day, and quoted lines follow.
fn above_quote(lines: &[&str], at: usize) -> bool {
    let line = lines[at];
    let next = lines[at + 1..].iter().find(|line| !line.trim().is_empty());
    !line.trim_start().starts_with('>')
        && next.is_some_and(|line| line.trim_start().starts_with('>'))
        && line.len() < LINE / 2
        && line.split_whitespace().count() <= MOST_WORDS
        && STAMP.is_match(line)
        && email::parse_all(line).len() == 1
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
    let before = line.split_once('<').map(|(before, _)| before);
    let quoted = || line.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
    let Some(before) = before else { return quoted().map(text::line).filter(|name| !name.is_empty()) };
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
            let head = head(&[line], 0, false).unwrap();
            assert_eq!(head.from, "Eva Muster <eva@kunde.example>", "{line}");
        }
        let wrapped = head(&["> On 23/11/2026, Eva Muster <eva@kunde.example>", "> wrote:"], 0, false).unwrap();
        assert_eq!((wrapped.from.as_str(), wrapped.end), ("Eva Muster <eva@kunde.example>", 2));
        for line in ["Prices for 3 pieces to eva@kunde.example:", "Sent: 23 eva@kunde.example wrote:", "Eva wrote:"] {
            assert_eq!(head(&[line], 0, false), None, "{line}");
        }
        let unknown = ["\"Eva Muster\" eva@kunde.example – 3. März 2026 10:15", "> Hallo"];
        assert_eq!(head(&unknown, 0, false), None);
        assert_eq!(head(&unknown, 0, true).unwrap().from, "Eva Muster <eva@kunde.example>");
        assert_eq!(head(&["Treffen mit eva@kunde.example am 3.3. um 10:15", "> Hallo"], 0, true), None);
        let two =
            head(&["On 3.3.2026 10:15, Eva <eva@kunde.example> or Max <max@firma.example> wrote:"], 0, true).unwrap();
        assert!(two.from.contains("eva@") && two.from.contains("max@"), "{}", two.from);
        let groupwise = head(&[">>> Eva Muster <eva@kunde.example> 03.03.2026 10:15 >>>"], 0, false).unwrap();
        assert_eq!(groupwise.from, "Eva Muster <eva@kunde.example>");
    }
}
