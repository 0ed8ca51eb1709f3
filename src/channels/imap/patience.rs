//! How long a server may take over an answer: silence ends the wait long before slow progress does.
//!
//! A connection that died without a word is noticed soon, also in the middle of a large mail, and
//! one that is merely slow is not given up.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::command::Fault;

/// How many times the longest silence a whole answer may take.
const WHOLE: u32 = 3;

/// How long a server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    /// Longest time in which not one byte comes.
    pub(super) silence: Duration,
    /// Longest time until all of the answer is there.
    pub(super) whole: Duration,
}

impl From<Duration> for Patience {
    /// That for a small answer.
    fn from(silence: Duration) -> Self {
        Self { silence, whole: WHOLE * silence }
    }
}

impl Patience {
    /// Does `work`; `heard` is told of every byte that comes in meanwhile.
    pub(super) async fn with<T>(self, heard: Heard, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let mut work = std::pin::pin!(work);
        let end = Instant::now() + self.whole;
        heard.note();
        loop {
            let due = heard.last() + self.silence;
            match timeout_at(due.min(end), &mut work).await {
                Ok(result) => return result,
                Err(_) if Instant::now() >= end => return Err(Fault::Silent(self.whole)),
                Err(_) if heard.last() + self.silence <= Instant::now() => return Err(Fault::Silent(self.silence)),
                Err(_) => {}
            }
        }
    }
}

/// How often a server was silent since it last answered all it was asked: one that is so again and
/// again may only be slow, over a large folder or a large mail.
#[derive(Debug, Default)]
pub(super) struct Silences(AtomicU32);

impl Silences {
    /// The longest silence now: twice the usual one after two silences, four times after four.
    pub(super) fn patience(&self, usual: Duration) -> Duration {
        usual * (1 << (self.0.load(Ordering::Relaxed) / 2).min(2))
    }

    /// Notes that something ended a connection, if it was silence. Over a mail, which is not asked for
    /// as often as the rest, it counts twice.
    pub(super) fn note(&self, fault: Option<&Fault>, over_a_mail: bool) {
        if matches!(fault, Some(Fault::Silent(_))) {
            let before = self.0.load(Ordering::Relaxed);
            self.0.store(before.saturating_add(if over_a_mail { 2 } else { 1 }), Ordering::Relaxed);
        }
    }

    /// Notes that the server answered everything.
    pub(super) fn answered(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// When a byte last came in.
#[derive(Clone, Debug)]
pub(super) struct Heard(Arc<Mutex<Instant>>);

impl Default for Heard {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Heard {
    /// One came now.
    pub(super) fn note(&self) {
        *self.lock() = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { silence: Duration::from_secs(20), whole: Duration::from_mins(2) };

    #[test]
    fn patience_grows_with_silence_and_not_with_other_faults() {
        let (silences, usual) = (Silences::default(), Duration::from_secs(15));
        let after = |fault: &Fault, over_a_mail| {
            silences.note(Some(fault), over_a_mail);
            silences.patience(usual).as_secs()
        };
        let silent = Fault::Silent(usual);
        assert_eq!([after(&Fault::Closed, true), after(&silent, false), after(&silent, false)], [15, 15, 30]);
        assert_eq!([after(&silent, true), after(&silent, true)], [60, 60], "four times at most");
        silences.answered();
        assert_eq!([after(&silent, true), after(&silent, true)], [30, 60]);
    }

    /// How long an answer is waited for of which a piece comes every `pause`, `pieces` in all.
    async fn waited(pause: Duration, pieces: u32) -> (Duration, bool) {
        let (heard, started) = (Heard::default(), Instant::now());
        let told = heard.clone();
        let answer = async move {
            for _ in 0..pieces {
                tokio::time::sleep(pause).await;
                told.note();
            }
            Ok(())
        };
        let whole = PATIENCE.with(heard, answer).await.is_ok();
        (started.elapsed(), whole)
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_an_answer_soon_and_slowness_late() {
        let seconds = Duration::from_secs;
        assert_eq!(waited(seconds(19), 6).await, (seconds(114), true));
        assert_eq!(waited(seconds(21), 6).await, (seconds(20), false));
        assert_eq!(waited(seconds(19), 60).await, (seconds(120), false));
    }
}
