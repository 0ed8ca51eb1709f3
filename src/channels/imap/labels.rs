//! Gmail shows one mail in several folders, one for each of its labels, and numbers it for the whole
//! account (`X-GM-MSGID`). A mail that one folder has brought in is not fetched again in another.
//!
//! This is a short memory of the running daemon: what it has forgotten is fetched, and recognised as
//! any mail is that comes twice.

use std::collections::BTreeSet;

/// Numbers that are remembered; the highest are the newest.
const MOST: usize = 100_000;

/// Mails of which the ledger has the outcome.
#[derive(Debug, Default)]
pub(super) struct Labels(BTreeSet<u64>);

impl Labels {
    /// Whether this mail was brought in.
    pub(super) fn has(&self, mail: Option<u64>) -> bool {
        mail.is_some_and(|mail| self.0.contains(&mail))
    }

    /// This mail was brought in: its receipt is there.
    pub(super) fn add(&mut self, mail: Option<u64>) {
        self.0.extend(mail);
        if self.0.len() > MOST {
            self.0.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_mails_are_remembered_and_mails_without_a_number_never() {
        let mut labels = Labels::default();
        (1..=MOST as u64 + 2).for_each(|mail| labels.add(Some(mail)));
        labels.add(None);
        assert!(!labels.has(Some(2)) && labels.has(Some(3)) && labels.has(Some(MOST as u64 + 2)) && !labels.has(None));
    }
}
