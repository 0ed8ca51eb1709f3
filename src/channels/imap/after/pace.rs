//! When the server is asked again after it refused, and what is shown until then. Pure
//! bookkeeping, kept over connections; times are arguments.

use std::time::Duration;

use tokio::time::Instant;

/// The pause after the first refusal; each further one doubles it.
const FIRST: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_hours(1);

/// How work on mails is getting on.
#[derive(Debug, Default)]
pub(in crate::channels::imap) struct Pace {
    /// The server refuses all.
    all: Pauses,
    /// The server refuses single mails.
    single: Pauses,
    /// The folder that mails are moved to, under the server's name.
    pub(super) target: Option<String>,
}

#[derive(Debug, Default)]
struct Pauses {
    failures: u32,
    due: Option<Instant>,
    trouble: Option<String>,
}

impl Pauses {
    fn failed(&mut self, now: Instant, trouble: String) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        *self = Self { failures: self.failures.saturating_add(1), due: Some(now + pause), trouble: Some(trouble) };
        pause
    }

    fn rests(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due > now)
    }
}

impl Pace {
    /// Whether nothing is to be tried now.
    pub(super) fn rests(&self, now: Instant) -> bool {
        self.all.rests(now)
    }

    /// Whether mails that were refused are to be left alone now.
    pub(super) fn leaves_alone(&self, now: Instant) -> bool {
        self.single.rests(now)
    }

    /// Nothing is to be tried before this time, though nothing is wrong.
    pub(super) fn rest_until(&mut self, due: Instant) {
        self.all.due = Some(due);
    }

    /// The server did what was asked for, or had nothing to do.
    pub(super) fn went_well(&mut self) {
        let due = self.all.due.filter(|_| self.all.failures == 0);
        self.all = Pauses { due, ..Pauses::default() };
    }

    /// The server refused; how long to wait.
    pub(super) fn refused(&mut self, now: Instant, trouble: String) -> Duration {
        self.target = None;
        self.all.failed(now, trouble)
    }

    /// So many single mails are refused still.
    pub(super) fn left(&mut self, now: Instant, count: usize, trouble: String) {
        if count == 0 {
            self.single = Pauses::default();
        } else {
            self.single.failed(now, trouble);
        }
    }

    /// What is wrong.
    pub(super) fn trouble(&self) -> Option<String> {
        self.all.trouble.clone().or_else(|| self.single.trouble.clone())
    }

    /// How long to wait for news, at most `usual`.
    pub(in crate::channels::imap) fn shorten(&self, usual: Duration, now: Instant) -> Duration {
        let dues = [self.all.due, self.single.due].into_iter().flatten().filter(|due| *due > now);
        dues.map(|due| due - now).min().map_or(usual, |pause| pause.min(usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_refuses_is_asked_less_and_less_often_until_it_gives_in() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert!(!pace.rests(now));
        let pauses: Vec<u64> = (0..12).map(|_| pace.refused(now, "no".to_owned()).as_secs()).collect();
        assert_eq!(pauses[..4], [5, 10, 20, 40]);
        assert_eq!(pauses[10..], [3600, 3600]);
        assert!(pace.rests(now) && !pace.rests(now + LONGEST));
        assert_eq!(pace.trouble().as_deref(), Some("no"));
        assert_eq!(pace.shorten(Duration::from_mins(1), now), Duration::from_mins(1));
        pace.went_well();
        assert!(!pace.rests(now) && pace.trouble().is_none());
        assert_eq!(pace.refused(now, "no".to_owned()), FIRST);
        assert_eq!(pace.shorten(Duration::from_mins(1), now), FIRST, "it is time again before the next look");
    }

    #[test]
    fn mails_that_alone_are_refused_keep_nothing_else_waiting() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.left(now, 2, "two".to_owned());
        assert!(pace.leaves_alone(now) && !pace.rests(now));
        pace.went_well();
        assert_eq!(pace.trouble().as_deref(), Some("two"));
        pace.left(now, 0, String::new());
        assert_eq!((pace.trouble(), pace.leaves_alone(now)), (None, false));
    }
}
