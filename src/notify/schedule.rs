//! When a notice is tried again, and when it is given up. Pure: time and chance are arguments.
//!
//! The pauses are 5 s, 30 s, 2 min, 10 min, 30 min, then an hour each, all ±20 %; a destination's
//! own `Retry-After` wins. A notice is given up five days after it was written, but not before
//! [`ENOUGH`] attempts: so neither a clock that jumped nor a machine that was off for a week kills
//! it, and a person's retry (which sets the attempts back to 0) gets a full row of attempts again.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Failure, FailureKind};
use crate::lead::{Notice, NoticeState};

/// Pauses after the first failures; later ones are [`HOURLY`].
const PAUSES: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
];
/// Pause after that.
const HOURLY: Duration = Duration::from_hours(1);
/// How far a pause may differ from its nominal length, as a part of it.
const JITTER: f64 = 0.2;
/// A notice is given up at this age,
const LIFETIME: SignedDuration = SignedDuration::from_hours(5 * 24);
/// and after this many attempts: some four of those five days.
pub const ENOUGH: u32 = 100;
/// A longer `Retry-After` counts as this.
const LONGEST: Duration = Duration::from_hours(24);
/// Nothing waits longer than this; a notice that seems to was written under another clock.
const FAR: SignedDuration = SignedDuration::from_hours(25);

/// The pause after the `attempts`-th failure in a row (from 1). `chance` is between 0 and 1.
#[must_use]
pub fn pause(attempts: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
    if let Some(asked) = retry_after {
        return asked.clamp(Duration::from_secs(1), LONGEST);
    }
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let nominal = PAUSES.get(step).copied().unwrap_or(HOURLY);
    nominal.mul_f64(1.0 - JITTER + 2.0 * JITTER * chance.clamp(0.0, 1.0))
}

/// Whether a pending notice is to be tried now.
#[must_use]
pub fn is_due(notice: &Notice, now: Timestamp) -> bool {
    notice.next_at.is_none_or(|at| at <= now || at.duration_since(now) > FAR)
}

/// The times of attempts that are [not due](is_due).
pub(super) fn not_due(now: Timestamp) -> RangeInclusive<Timestamp> {
    let next = now.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(now);
    next..=now.saturating_add(FAR).unwrap_or(Timestamp::MAX)
}

/// The notice after an attempt that ended like this.
#[must_use]
pub fn settle(notice: &Notice, result: Result<(), &Failure>, now: Timestamp, chance: f64) -> Notice {
    let mut after = notice.clone();
    after.attempts = after.attempts.saturating_add(1);
    after.next_at = None;
    match result {
        Ok(()) => {
            after.state = NoticeState::Delivered;
            after.error = None;
        }
        Err(failure) if failure.kind == FailureKind::Permanent => {
            after.state = NoticeState::Dead;
            after.error = Some(failure.message.clone());
        }
        Err(failure) if is_over(&after, now) => {
            after.state = NoticeState::Dead;
            after.error = Some(format!("given up after {} attempts in 5 days: {failure}", after.attempts));
        }
        Err(failure) => {
            let pause = pause(after.attempts, failure.retry_after(), chance);
            let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::from_hours(1));
            after.state = NoticeState::Pending;
            after.next_at = Some(now.saturating_add(pause).unwrap_or(Timestamp::MAX));
            after.error = Some(failure.message.clone());
        }
    }
    after
}

fn is_over(notice: &Notice, now: Timestamp) -> bool {
    notice.attempts >= ENOUGH && now.duration_since(notice.created_at) >= LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::{Event, Id, Name};

    fn notice(now: Timestamp) -> Notice {
        Notice {
            id: Id::after(Id::MIN, now, 1),
            lead: Some(Id::MIN),
            alarm: None,
            owner: None,
            notifier: Name::parse("mail").unwrap(),
            event: Event::Created,
            touch: None,
            decision: None,
            created_at: now,
            state: NoticeState::Pending,
            attempts: 0,
            next_at: Some(now),
            error: None,
            overtaken: false,
        }
    }

    fn start() -> Timestamp {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn pauses_grow_as_promised_and_vary_by_a_fifth() {
        let nominal = [5, 30, 120, 600, 1800, 3600, 3600, 3600];
        for (attempts, seconds) in (1..).zip(nominal) {
            for (chance, factor) in [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)] {
                let want = f64::from(seconds) * factor;
                let got = pause(attempts, None, chance).as_secs_f64();
                assert!((got - want).abs() < 0.001, "attempt {attempts}, chance {chance}: {got}, not {want}");
            }
        }
    }

    #[test]
    fn retry_after_wins_over_the_schedule_within_bounds() {
        assert_eq!(pause(1, Some(Duration::from_secs(90)), 1.0), Duration::from_secs(90));
        assert_eq!(pause(9, Some(Duration::from_secs(2)), 0.0), Duration::from_secs(2));
        assert_eq!(pause(1, Some(Duration::ZERO), 0.0), Duration::from_secs(1));
        assert_eq!(pause(1, Some(Duration::MAX), 0.0), LONGEST);
    }

    #[test]
    fn a_destination_that_stays_down_is_tried_for_five_days_and_then_the_notice_is_dead() {
        let failure = Failure::destination("cannot reach it");
        let (mut notice, mut now) = (notice(start()), start());
        let mut pauses = Vec::new();
        while notice.state == NoticeState::Pending {
            notice = settle(&notice, Err(&failure), now, 0.5);
            if let Some(next) = notice.next_at {
                pauses.push(next.duration_since(now).as_secs());
                now = next;
            }
        }
        assert_eq!(pauses[..6], [5, 30, 120, 600, 1800, 3600]);
        assert!(pauses[6..].iter().all(|pause| *pause == 3600));
        let hours = now.duration_since(start()).as_hours();
        assert!((120..=121).contains(&hours), "given up after {hours} h");
        assert_eq!(notice.state, NoticeState::Dead);
        assert!(notice.error.unwrap().contains("cannot reach it"));
        assert_eq!(notice.next_at, None);
    }

    #[test]
    fn a_refusal_for_good_kills_at_once_and_success_forgets_the_error() {
        let dead = settle(&notice(start()), Err(&Failure::permanent("550 no such user")), start(), 0.5);
        assert_eq!((dead.state, dead.attempts, dead.next_at), (NoticeState::Dead, 1, None));
        assert_eq!(dead.error.as_deref(), Some("550 no such user"));
        let once = settle(&notice(start()), Err(&Failure::letter("450 later")), start(), 0.5);
        let done = settle(&once, Ok(()), start(), 0.5);
        assert_eq!((done.state, done.attempts, done.error), (NoticeState::Delivered, 2, None));
    }

    #[test]
    fn a_clock_that_jumps_kills_nothing_and_delays_nothing_for_long() {
        let failure = Failure::destination("down");
        let ten_days = SignedDuration::from_hours(240);
        let forward = settle(&notice(start()), Err(&failure), start() + ten_days, 0.5);
        assert_eq!(forward.state, NoticeState::Pending);
        assert!(!is_due(&forward, start() + ten_days));
        assert!(is_due(&forward, start()), "the clock went back: it is not left for ten days");
        let day = settle(&notice(start()), Err(&Failure::pause(LONGEST, "later")), start(), 0.5);
        assert!(!is_due(&day, start()), "the longest pause a destination can ask for is kept");
    }

    #[test]
    fn a_persons_retry_of_an_old_notice_gets_a_row_of_attempts() {
        let late = start() + SignedDuration::from_hours(300);
        let mut again = Notice { attempts: 0, state: NoticeState::Pending, ..notice(start()) };
        for _ in 1..ENOUGH {
            again = settle(&again, Err(&Failure::destination("down")), late, 0.5);
            assert_eq!(again.state, NoticeState::Pending);
        }
        assert_eq!(settle(&again, Err(&Failure::destination("down")), late, 0.5).state, NoticeState::Dead);
    }
}
