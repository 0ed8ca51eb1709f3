//! Mails that were passed by, and when they are asked for again.
//!
//! A mail over which the server breaks off again and again is passed by, so that the ones behind it
//! flow on. But what broke may have been the network, or mends itself: so the mail stays owed. It is
//! asked for again, less and less often, until it comes or is gone from the folder. Kept beside the
//! place, as `UIDVALIDITY:UID,UID…`; pure bookkeeping, times are arguments.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// Mails that are remembered; more are a broken server.
const MOST: usize = 1000;
/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_hours(24);

/// Mails that the server owes us.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// The UIDs belong to this UIDVALIDITY.
    validity: u32,
    uids: BTreeSet<u32>,
    /// The one that was asked for last.
    asked: u32,
    /// Attempts in a row that brought nothing.
    failures: u32,
    /// Not before this time; `None`: now.
    due: Option<Instant>,
}

impl Owed {
    /// Takes over what is kept of a folder. In one that was numbered anew all mail is read again,
    /// so nothing is owed.
    pub(super) fn recall(&mut self, kept: Option<&str>, validity: u32) {
        if self.validity != validity {
            *self = Self { validity, ..Self::default() };
        }
        self.uids = kept.and_then(|kept| parse(kept, validity)).unwrap_or_default();
    }

    /// A mail was passed by; the first attempt comes after `pause`.
    pub(super) fn add(&mut self, uid: u32, now: Instant, pause: Duration) {
        self.uids.insert(uid);
        if self.uids.len() > MOST {
            self.uids.pop_first();
        }
        self.failures = 0;
        self.due = Some(now + pause);
    }

    /// The mail to ask for now, if it is time for one. Until [`Owed::settled`] says otherwise the
    /// attempt counts as failed, and the pause after it is twice the one before it.
    pub(super) fn ask(&mut self, now: Instant, pause: Duration) -> Option<u32> {
        if self.due.is_some_and(|due| due > now) {
            return None;
        }
        let later = self.uids.range(self.asked.saturating_add(1)..).next();
        let uid = *later.or_else(|| self.uids.first())?;
        self.asked = uid;
        self.failures = self.failures.saturating_add(1);
        self.due = Some(now + pause.saturating_mul(1 << self.failures.min(16)).min(LONGEST));
        Some(uid)
    }

    /// A mail came, or is gone from the folder: the next one may be asked for at once.
    pub(super) fn settled(&mut self, uid: u32) {
        self.uids.remove(&uid);
        self.failures = 0;
        self.due = None;
    }

    /// What to keep; `None` when nothing is owed.
    pub(super) fn kept(&self) -> Option<String> {
        (!self.uids.is_empty()).then(|| self.to_string())
    }
}

fn parse(kept: &str, validity: u32) -> Option<BTreeSet<u32>> {
    let (of, uids) = kept.split_once(':')?;
    (of.parse() == Ok(validity)).then(|| uids.split(',').filter_map(|uid| uid.parse().ok()).collect())
}

impl fmt::Display for Owed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uids: Vec<String> = self.uids.iter().map(ToString::to_string).collect();
        write!(f, "{}:{}", self.validity, uids.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_mins(5);

    #[test]
    fn what_is_owed_reads_back_from_what_is_kept_and_belongs_to_its_numbering() {
        let (mut owed, now) = (Owed::default(), Instant::now());
        owed.recall(None, 3);
        assert_eq!(owed.kept(), None);
        owed.add(17, now, PAUSE);
        owed.add(4, now, PAUSE);
        assert_eq!(owed.kept().as_deref(), Some("3:4,17"));
        let mut later = Owed::default();
        later.recall(Some("3:4,17"), 3);
        assert_eq!(later.kept().as_deref(), Some("3:4,17"));
        for (kept, validity) in [("3:4,17", 4), ("nonsense", 3), ("", 3)] {
            later.recall(Some(kept), validity);
            assert_eq!(later.kept(), None, "{kept}");
        }
    }

    #[test]
    fn an_owed_mail_is_asked_for_less_and_less_often_and_each_in_its_turn() {
        let (mut owed, mut now) = (Owed::default(), Instant::now());
        owed.recall(None, 3);
        owed.add(4, now, PAUSE);
        owed.add(17, now, PAUSE);
        assert_eq!(owed.ask(now, PAUSE), None);
        let mut asked = Vec::new();
        let mut pauses = Vec::new();
        for _ in 0..14 {
            let before = now;
            while asked.len() == pauses.len() {
                now += Duration::from_mins(1);
                asked.extend(owed.ask(now, PAUSE));
            }
            pauses.push((now - before).as_secs() / 60);
        }
        assert_eq!(asked[..4], [4, 17, 4, 17]);
        assert_eq!(pauses[..5], [5, 10, 20, 40, 80]);
        assert_eq!(pauses[12..], [1440, 1440], "once a day in the end");
        owed.settled(4);
        assert_eq!((owed.ask(now, PAUSE), owed.ask(now, PAUSE)), (Some(17), None));
    }

    #[test]
    fn a_new_start_asks_at_once() {
        let mut owed = Owed::default();
        owed.recall(Some("3:4"), 3);
        assert_eq!(owed.ask(Instant::now(), PAUSE), Some(4));
    }
}
