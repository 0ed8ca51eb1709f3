//! Mails that make a server break off.
//!
//! Some servers end the session at every attempt to read one broken mail. When a batch breaks,
//! its mails are asked for one by one; a mail that breaks three times by itself is passed by, so
//! that the ones behind it flow on, and asked for again later (`owed`): it may have been the network
//! after all. Pure bookkeeping, kept over connections.

use std::collections::BTreeSet;
use std::time::Duration;

/// Mails that are asked for at once.
const BATCH: usize = 200;
/// Breaks after which a mail is passed by.
const STRIKES: u32 = 3;

/// What is known of mails that make trouble.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// The UIDs below belong to this UIDVALIDITY.
    validity: u32,
    /// Mails up to this UID are asked for one by one.
    singly_until: u32,
    /// The mail that broke last, and how often in a row.
    worst: Option<(u32, u32)>,
    /// A mail that is larger than the server said.
    too_large: Option<u32>,
    /// A mail that the server has handed over.
    good: Option<u32>,
}

/// How a mail is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As any other.
    Usual,
    /// Only its header.
    Header,
    /// Not at all.
    Pass,
}

/// What broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// A mail is larger than we can take.
    TooLarge,
    /// Anything else.
    Other,
}

impl Suspects {
    /// How many mails to ask for at once, the first of them being `first`.
    pub(super) fn batch(&mut self, validity: u32, first: u32) -> usize {
        if self.validity != validity {
            *self = Self { validity, ..Self::default() };
        }
        if first <= self.singly_until { 1 } else { BATCH }
    }

    /// How to read one mail.
    pub(super) fn way(&self, uid: u32) -> Way {
        match self.worst {
            Some((worst, strikes)) if worst == uid && strikes >= STRIKES => Way::Pass,
            _ if self.too_large == Some(uid) => Way::Header,
            _ => Way::Usual,
        }
    }

    /// The server has handed over this mail.
    pub(super) fn came(&mut self, uid: u32) {
        self.good = Some(uid);
    }

    /// A mail to ask for before `uid` is tried again. When that one does not come either, it is
    /// the server that is out of order, and `uid` is not to blame.
    pub(super) fn control(&self, uid: u32) -> Option<u32> {
        self.good.filter(|_| self.worst.is_some_and(|(worst, _)| worst == uid))
    }

    /// The server broke off while these mails were read.
    pub(super) fn broke(&mut self, batch: &BTreeSet<u32>, how: Break) {
        let Some(last) = batch.last().copied() else { return };
        self.singly_until = self.singly_until.max(last);
        if batch.len() == 1 {
            let strikes = self.worst.filter(|(uid, _)| *uid == last).map_or(0, |(_, strikes)| strikes);
            self.worst = Some((last, strikes + 1));
            if how == Break::TooLarge {
                self.too_large = Some(last);
            }
        }
    }

    /// How long to wait before the next attempt. A mail gets some time between its attempts: the
    /// trouble may be the network's.
    pub(super) fn pause(&self) -> Duration {
        match self.worst.map_or(0, |(_, strikes)| strikes) {
            strikes @ 1..STRIKES => Duration::from_secs(u64::from(strikes)),
            0 | STRIKES => Duration::from_millis(250),
            _ => Duration::from_secs(20),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_breaks_three_times_is_passed_by_and_no_other() {
        let mut suspects = Suspects::default();
        assert_eq!(suspects.batch(3, 1), BATCH);
        suspects.broke(&(1..=40).collect(), Break::Other);
        for uid in 1..=16 {
            assert_eq!((suspects.batch(3, uid), suspects.way(uid)), (1, Way::Usual));
        }
        for _ in 0..3 {
            assert_eq!((suspects.batch(3, 17), suspects.way(17)), (1, Way::Usual));
            suspects.broke(&BTreeSet::from([17]), Break::Other);
        }
        assert_eq!(suspects.way(17), Way::Pass);
        assert_eq!((suspects.batch(3, 18), suspects.way(18)), (1, Way::Usual));
        assert_eq!(suspects.batch(3, 41), BATCH);
    }

    #[test]
    fn before_a_suspect_is_tried_again_a_mail_that_came_before_is() {
        let mut suspects = Suspects::default();
        suspects.batch(3, 1);
        suspects.came(4);
        assert_eq!(suspects.control(5), None);
        suspects.broke(&BTreeSet::from([5]), Break::Other);
        assert_eq!((suspects.control(5), suspects.control(6)), (Some(4), None));
    }

    #[test]
    fn breaks_of_different_mails_do_not_add_up() {
        let mut suspects = Suspects::default();
        for uid in [5, 6, 5, 6, 5] {
            suspects.broke(&BTreeSet::from([uid]), Break::Other);
        }
        assert_eq!((suspects.way(5), suspects.way(6)), (Way::Usual, Way::Usual));
    }

    #[test]
    fn a_mail_that_is_too_large_is_tried_by_its_header() {
        let mut suspects = Suspects::default();
        suspects.broke(&BTreeSet::from([5]), Break::TooLarge);
        assert_eq!((suspects.way(5), suspects.way(6)), (Way::Header, Way::Usual));
    }

    #[test]
    fn a_folder_that_is_numbered_anew_has_no_suspects() {
        let mut suspects = Suspects::default();
        suspects.batch(3, 1);
        (0..3).for_each(|_| suspects.broke(&BTreeSet::from([5]), Break::Other));
        assert_eq!((suspects.batch(4, 5), suspects.way(5)), (BATCH, Way::Usual));
    }
}
