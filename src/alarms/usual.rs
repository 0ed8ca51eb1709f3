//! What is usual for a mailbox, learned from when its mail came in. Pure: the time is an argument.
//!
//! Compared is the present quiet time with the longest one at the same hour of the same weekday in
//! the last four weeks: a night or a weekend is quiet every week, so it raises nothing. Cautious on
//! purpose: with less than two weeks of history, or few mails, nothing is said at all.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// How far back is looked.
pub(super) const HISTORY: SignedDuration = SignedDuration::from_hours(28 * 24);
/// Arrivals closer together than this count as one.
const TOGETHER: SignedDuration = SignedDuration::from_mins(1);
/// With fewer arrivals than this, too little is known.
const FEWEST: usize = 20;
/// Weeks that must be known.
const WEEKS: usize = 2;
/// So many times the longest usual quiet is unusual,
const TIMES: i32 = 3;
/// if it is at least this long.
const LEAST: SignedDuration = SignedDuration::from_hours(1);
/// How far from the same hour a quiet time may lie and still count for it.
const AROUND: SignedDuration = SignedDuration::from_hours(1);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When mail came into one mailbox, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrivals(VecDeque<Timestamp>);

impl Arrivals {
    /// Mail came in.
    pub(super) fn note(&mut self, at: Timestamp) {
        if self.0.back().is_none_or(|last| at.duration_since(*last) >= TOGETHER) {
            self.0.push_back(at);
        }
    }

    /// Forgets what is too long ago.
    pub(super) fn forget(&mut self, now: Timestamp) {
        while self.0.front().is_some_and(|first| now.duration_since(*first) > HISTORY) {
            self.0.pop_front();
        }
    }

    /// When mail last came in.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.0.back().copied()
    }

    /// Whether no mail since `last` is unusual at `now`.
    pub(super) fn is_unusual(&self, last: Timestamp, now: Timestamp) -> bool {
        let quiet = now.duration_since(last);
        quiet >= LEAST && self.longest_usual(now).is_some_and(|usual| quiet > usual * TIMES)
    }

    /// The longest quiet time around this hour of the week; `None` when too little is known.
    fn longest_usual(&self, now: Timestamp) -> Option<SignedDuration> {
        let first = *self.0.front()?;
        if self.0.len() < FEWEST {
            return None;
        }
        let moments = (1..=4).map(|week| now.saturating_sub(WEEK * week)).filter_map(Result::ok);
        let known: Vec<Timestamp> = moments.filter(|moment| moment.duration_since(first) >= AROUND).collect();
        if known.len() < WEEKS || now.duration_since(first) < WEEK * 2 {
            return None;
        }
        let touches = |from: Timestamp, to: Timestamp| {
            known.iter().any(|moment| from.duration_since(*moment) <= AROUND && moment.duration_since(to) <= AROUND)
        };
        let later = self.0.iter().skip(1).copied().chain([now]);
        let quiets = self.0.iter().zip(later).filter(|(from, to)| touches(**from, *to));
        quiets.map(|(from, to)| to.duration_since(*from)).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Monday, midnight.
    fn monday() -> Timestamp {
        "2026-11-02T00:00:00Z".parse().unwrap()
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    /// Mail every half hour on workdays between 8 and 18, for so many days from a Monday on.
    fn office(days: i64) -> Arrivals {
        let mut arrivals = Arrivals::default();
        for day in (0..days).filter(|day| day % 7 < 5) {
            for half in 16..36 {
                arrivals.note(monday() + hours(day * 24) + SignedDuration::from_mins(half * 30));
            }
        }
        arrivals
    }

    #[test]
    fn a_quiet_time_is_unusual_only_against_the_same_hour_of_the_week() {
        // Four weeks, and Monday of the fifth up to the last mail at 17:30.
        let last = monday() + hours(28 * 24) + SignedDuration::from_mins(35 * 30);
        let arrivals = office(29);
        assert_eq!(arrivals.last(), Some(last));
        let monday5 = monday() + hours(28 * 24);
        for (what, at, expected) in [
            ("half an hour later", monday5 + hours(18), false),
            ("in the night", monday5 + hours(27), false),
            ("in the morning, as every morning", monday5 + hours(24 + 8), false),
            ("the next day at eleven: nobody writes?", monday5 + hours(24 + 11), true),
        ] {
            assert_eq!(arrivals.is_unusual(last, at), expected, "{what}");
        }
    }

    #[test]
    fn a_weekend_is_no_alarm_and_a_silent_monday_noon_is() {
        let arrivals = office(26);
        let last = arrivals.last().unwrap();
        let friday = monday() + hours(25 * 24);
        assert_eq!(last, friday + SignedDuration::from_mins(35 * 30));
        let sunday = monday() + hours(27 * 24 + 15);
        let noon = monday() + hours(28 * 24 + 12);
        assert!(!arrivals.is_unusual(last, sunday));
        assert!(arrivals.is_unusual(last, noon));
    }

    #[test]
    fn nothing_is_said_while_too_little_is_known() {
        let eleven = monday() + hours(13 * 24 + 11);
        assert!(!office(12).is_unusual(monday() + hours(10 * 24), eleven), "less than two weeks");
        let mut few = Arrivals::default();
        for day in 0..19 {
            few.note(monday() + hours(day * 24));
        }
        assert!(!few.is_unusual(monday() + hours(18 * 24), monday() + hours(27 * 24)), "19 mails");
        assert!(!Arrivals::default().is_unusual(monday(), eleven));
    }

    #[test]
    fn old_mail_is_forgotten_and_a_burst_counts_once() {
        let mut arrivals = office(7);
        arrivals.forget(monday() + hours(40 * 24));
        assert_eq!(arrivals.last(), None);
        for second in 0..600 {
            arrivals.note(monday() + SignedDuration::from_secs(second));
        }
        assert_eq!(arrivals.0.len(), 10);
    }
}
