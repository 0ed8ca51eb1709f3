//! What a subject says of its mail by the way it begins: that it was passed on, or is an answer.

use super::super::vocabulary::{self, ANSWERED, PASSED_ON};

/// Characters of such a beginning, before the colon.
const LONGEST: usize = 20;

/// What a subject begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::normalize::mail) enum Said {
    /// `Fwd: …`, `WG: AW: …`, `[Extern] TR : …`.
    PassedOn,
    /// `Re: …`, `AW: WG: …`.
    Answered,
    /// Neither.
    Nothing,
}

/// Reads how a subject begins; the first known beginning counts.
pub(super) fn said(subject: &str) -> Said {
    let mut rest = subject;
    while let Some((said, after)) = next(rest) {
        if said != Said::Nothing {
            return said;
        }
        rest = after;
    }
    Said::Nothing
}

/// The subject of the mail inside: without the beginning that says that it was passed on.
pub(super) fn inner(subject: &str) -> &str {
    let mut rest = subject;
    while let Some((said, after)) = next(rest) {
        match said {
            Said::PassedOn => return after.trim(),
            Said::Answered => break,
            Said::Nothing => rest = after,
        }
    }
    subject
}

/// A subject without all its beginnings, and what the first one that says something says.
pub(in crate::normalize::mail) fn stem(subject: &str) -> (&str, Said) {
    let mut rest = subject;
    while let Some((said, after)) = next(rest) {
        let word = said == Said::Nothing && !rest.trim_start().starts_with('[');
        if word || after.trim().is_empty() {
            break;
        }
        rest = after;
    }
    (rest.trim(), said(subject))
}

/// The first beginning of a subject, and what follows; `None` where its words begin.
fn next(subject: &str) -> Option<(Said, &str)> {
    let subject = subject.trim_start();
    if let Some((_, after)) = subject.strip_prefix('[').and_then(|tag| tag.split_once(']')) {
        return Some((Said::Nothing, after));
    }
    let (start, after) = subject.split_once([':', '：'])?;
    if start.chars().count() > LONGEST {
        return None;
    }
    let start = start.to_lowercase();
    let start = start.split(['[', '(']).next().unwrap_or_default().trim();
    if vocabulary::holds(PASSED_ON, start) {
        return Some((Said::PassedOn, after));
    }
    if vocabulary::holds(ANSWERED, start) {
        return Some((Said::Answered, after));
    }
    (!start.contains(char::is_whitespace)).then_some((Said::Nothing, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_beginning_of_a_subject_counts() {
        for (subject, what, rest) in [
            ("Fwd: Offer", Said::PassedOn, "Offer"),
            ("WG: AW: Angebot", Said::PassedOn, "AW: Angebot"),
            ("AW: WG: Angebot", Said::Answered, "AW: WG: Angebot"),
            ("[Extern] TR : Devis", Said::PassedOn, "Devis"),
            ("Extern: FW: Offer", Said::PassedOn, "Offer"),
            ("FW[2]: Offer", Said::PassedOn, "Offer"),
            ("İLT: Teklif", Said::PassedOn, "Teklif"),
            ("转发：报价", Said::PassedOn, "报价"),
            ("إعادة توجيه: عرض", Said::PassedOn, "عرض"),
            ("Re: Offer", Said::Answered, "Re: Offer"),
            ("Offer: forty pieces", Said::Nothing, "Offer: forty pieces"),
            ("Offer for 3: fw: x", Said::Nothing, "Offer for 3: fw: x"),
            ("", Said::Nothing, ""),
        ] {
            assert_eq!((said(subject), inner(subject)), (what, rest), "{subject}");
        }
    }

    #[test]
    fn a_subject_is_the_same_however_often_it_is_answered() {
        for (subject, rest) in [
            ("Re: AW: [extern] Fwd: Offer", "Offer"),
            ("Offer: forty pieces", "Offer: forty pieces"),
            ("Extern: Offer", "Extern: Offer"),
            ("Re:", "Re:"),
            ("", ""),
        ] {
            assert_eq!(stem(subject).0, rest, "{subject}");
        }
    }
}
