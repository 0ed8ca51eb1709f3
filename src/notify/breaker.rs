//! Spares a destination that takes nothing. Pure: time is an argument.
//!
//! After five failures of the destination in a row (or one with a pause that it asked for), no
//! letter is sent to it; once a minute one try finds out whether it is back. One letter that it
//! takes, or refuses by itself, and everything flows again.

use std::time::{Duration, Instant};

use super::Failure;

/// Failures in a row after which a destination is spared.
const THRESHOLD: u32 = 5;
/// Time between two tries.
const BETWEEN: Duration = Duration::from_mins(1);
/// No destination is spared for longer than this, whatever it asked for.
const LONGEST: Duration = Duration::from_hours(24);

/// The state of one destination.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    failures: u32,
    spared: Option<Spared>,
}

/// A destination that is spared.
#[derive(Clone, Debug)]
struct Spared {
    next_try: Instant,
    trying: bool,
    choked: u32,
    error: String,
}

/// What a change of the breaker means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing new.
    Same,
    /// From now on the destination is spared.
    Spared,
    /// The destination is back: whatever waits for it can go now.
    Back,
}

impl Breaker {
    /// The destination took a letter, or refused one in a way that shows that it works.
    pub fn well(&mut self) -> Turn {
        self.failures = 0;
        if self.spared.take().is_some() { Turn::Back } else { Turn::Same }
    }

    /// The destination took nothing.
    pub fn ill(&mut self, failure: &Failure, now: Instant) -> Turn {
        self.failures = self.failures.saturating_add(1);
        let asked = failure.retry_after();
        if self.failures < THRESHOLD && asked.is_none() && self.spared.is_none() {
            return Turn::Same;
        }
        // A pause that was asked for may be short, as long as the destination is not plainly down.
        let least = if self.failures < THRESHOLD { Duration::from_secs(1) } else { BETWEEN };
        let next_try = now + asked.unwrap_or(BETWEEN).clamp(least, LONGEST);
        let before = self.spared.take();
        let turn = if before.is_none() { Turn::Spared } else { Turn::Same };
        let choked = before.as_ref().map_or(0, |spared| spared.choked);
        // A letter that was already on its way when another failure came must not shorten the pause.
        let next_try = before.map_or(next_try, |spared| spared.next_try.max(next_try));
        self.spared = Some(Spared { next_try, trying: false, choked, error: failure.message.clone() });
        turn
    }

    /// Why the destination is spared, if it is.
    #[must_use]
    pub fn spared(&self) -> Option<&str> {
        self.spared.as_ref().map(|spared| spared.error.as_str())
    }

    /// When the next try may begin; `None` unless spared, or while one is under way.
    #[must_use]
    pub fn next_try(&self) -> Option<Instant> {
        self.spared.as_ref().filter(|spared| !spared.trying).map(|spared| spared.next_try)
    }

    /// Begins a try.
    pub fn begin_try(&mut self) {
        if let Some(spared) = &mut self.spared {
            spared.trying = true;
        }
    }

    /// A try that told nothing (its notice was gone) makes room for another.
    pub fn end_try(&mut self) {
        if let Some(spared) = &mut self.spared {
            spared.trying = false;
        }
    }

    /// The destination answered well, and then choked on a letter.
    pub fn choke(&mut self) {
        if let Some(spared) = &mut self.spared {
            spared.choked = spared.choked.saturating_add(1);
        }
    }

    /// How many letters it choked on since it is spared.
    #[must_use]
    pub fn choked(&self) -> u32 {
        self.spared.as_ref().map_or(0, |spared| spared.choked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_spare_the_destination_and_a_success_brings_it_back() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let down = Failure::destination("down");
        for _ in 0..4 {
            assert_eq!(breaker.ill(&down, now), Turn::Same);
        }
        assert_eq!(breaker.well(), Turn::Same);
        for _ in 0..4 {
            assert_eq!(breaker.ill(&down, now), Turn::Same);
        }
        assert_eq!(breaker.spared(), None);
        assert_eq!(breaker.ill(&down, now), Turn::Spared);
        assert_eq!(breaker.spared(), Some("down"));
        assert_eq!(breaker.well(), Turn::Back);
        assert_eq!(breaker.ill(&down, now), Turn::Same, "the count begins anew");
    }

    #[test]
    fn a_spared_destination_is_tried_once_a_minute() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        let down = Failure::destination("down");
        for _ in 0..5 {
            breaker.ill(&down, now);
        }
        for _ in 0..3 {
            assert_eq!(breaker.next_try(), Some(now + BETWEEN));
            now += BETWEEN;
            breaker.begin_try();
            assert_eq!(breaker.next_try(), None, "one at a time");
            assert_eq!(breaker.ill(&down, now), Turn::Same);
        }
    }

    #[test]
    fn a_pause_that_was_asked_for_counts_at_once_and_is_not_cut_short() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let login = Failure::pause(Duration::from_mins(15), "535 wrong password");
        assert_eq!(breaker.ill(&login, now), Turn::Spared);
        breaker.ill(&Failure::destination("down"), now);
        assert_eq!(breaker.next_try(), Some(now + Duration::from_mins(15)));
        let mut other = Breaker::default();
        other.ill(&Failure::pause(Duration::from_secs(2), "429"), now);
        assert_eq!(other.next_try(), Some(now + Duration::from_secs(2)));
    }
}
