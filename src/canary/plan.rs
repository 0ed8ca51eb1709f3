//! When the next canary is due, and what its trip starts from. Pure: the time is an argument.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Config;
use crate::lead::{Seal, Trip};

/// One that could not be sent is tried again after this time.
const AGAIN: Duration = Duration::from_mins(1);
/// What stands in a trip until the mail server has taken the mail.
const UNSENT: &str = "it was not handed over to the mail server yet";

/// Whether it is time to send one. While one is on its way no other is sent, until it is late:
/// whatever takes longer than the interval must not hide behind its successors.
pub(super) fn is_due(last: Option<&Trip>, config: &Config, now: Timestamp) -> bool {
    let Some(trip) = last else { return true };
    let pause = match (trip.arrived_at, &trip.error) {
        (Some(_), _) => config.every,
        (None, Some(_)) => config.every.min(AGAIN),
        (None, None) => config.every.max(config.late_after),
    };
    let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
    // A clock that went back must not make the next one wait for it.
    now.duration_since(trip.sent_at).abs() >= pause
}

/// The trip of one that is sent now, after `last`.
pub(super) fn next(last: Option<Trip>, seal: &Seal, now: Timestamp) -> Trip {
    let fresh = Trip { error: Some(UNSENT.to_owned()), ..Trip::begin(seal, now) };
    match last {
        None => fresh,
        Some(last) => Trip { waiting_since: Some(last.waits_since().unwrap_or(now)), before: last.last(), ..fresh },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::{Name, Own, Round, SealKey};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn config(every: u64, late_after: u64) -> Config {
        Config {
            every: Duration::from_secs(every),
            via: Name::parse("mail").unwrap(),
            to: crate::lead::Email("sales@example.com".into()),
            late_after: Duration::from_secs(late_after),
        }
    }

    fn sent(last: Option<Trip>, second: i64) -> Trip {
        let trip = next(last, &SealKey::fresh().seal(Own::Canary), at(second));
        assert!(trip.error.is_some(), "it is not sent before the mail server has it");
        Trip { error: None, ..trip }
    }

    #[test]
    fn one_is_sent_at_the_interval_and_no_other_while_it_is_on_its_way() {
        let config = config(3600, 7200);
        let trip = sent(None, 0);
        let arrived = Trip { arrived_at: Some(at(5)), ..trip.clone() };
        let refused = Trip { error: Some("down".into()), ..trip.clone() };
        for (what, last, second, due) in [
            ("the first", None, 0, true),
            ("too early", Some(&arrived), 3599, false),
            ("in time", Some(&arrived), 3600, true),
            ("on its way", Some(&trip), 7199, false),
            ("late", Some(&trip), 7200, true),
            ("not sent, just now", Some(&refused), 59, false),
            ("not sent", Some(&refused), 60, true),
            ("the clock went back a little", Some(&arrived), -10, false),
            ("the clock went back by a day", Some(&arrived), -86_400, true),
        ] {
            assert_eq!(is_due(last, &config, at(second)), due, "{what}");
        }
    }

    #[test]
    fn it_is_known_since_when_none_arrived_and_when_the_last_one_did() {
        let first = sent(None, 0);
        assert_eq!((first.waits_since(), first.last()), (Some(at(0)), None));
        let arrived = Trip { arrived_at: Some(at(7)), ..first };
        let round = Some(Round { sent_at: at(0), arrived_at: at(7) });
        assert_eq!((arrived.waits_since(), arrived.last()), (None, round));
        let second = sent(Some(arrived), 3600);
        assert_eq!((second.waits_since(), second.last()), (Some(at(3600)), round));
        let third = sent(Some(second), 7200);
        assert_eq!((third.waits_since(), third.last()), (Some(at(3600)), round), "waited for since the second");
        let arrived = Trip { arrived_at: Some(at(7260)), ..third };
        assert_eq!(arrived.waits_since(), None);
        assert_eq!(arrived.last().unwrap().took(), SignedDuration::from_secs(60));
    }
}
