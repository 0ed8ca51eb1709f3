//! Requests for channels that there are not: a slip in a provider's console is told in the log.
//!
//! In: the name in the address, the channels that there are. Out: a line in the log, one a minute at most: strangers who
//! try names cannot fill it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config::nearest;

/// Time from one line to the next.
const PAUSE: Duration = Duration::from_mins(1);
/// Characters of a name that are shown.
const SHOWN: usize = 32;

/// What was told of unknown channels, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct Unknown(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    last: Option<Instant>,
    untold: u64,
}

impl Unknown {
    /// Tells the log of a request for a channel of this name.
    pub(super) fn tell(&self, name: &str, known: &[&str], now: Instant) {
        let Some(untold) = self.turn(now) else { return };
        tracing::warn!(
            channel = shown(name),
            did_you_mean = nearest(name, known),
            more = (untold > 0).then_some(untold),
            "a request for a channel that there is not was answered 404"
        );
    }

    /// Requests that were not told since the last line; `None` where it is too early for another.
    fn turn(&self, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            told.untold += 1;
            return None;
        }
        told.last = Some(now);
        Some(std::mem::take(&mut told.untold))
    }
}

/// A name as far as it could be a channel's, whatever the case: from the first other sign on it may be anything.
fn shown(name: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut shown: String = name.chars().take_while(fits).take(SHOWN).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_come_there_is_a_line_a_minute_that_counts_the_others() {
        let (unknown, start) = (Unknown::default(), Instant::now());
        assert_eq!(unknown.turn(start), Some(0));
        for n in 0..1000 {
            assert_eq!(unknown.turn(start + Duration::from_millis(59 * n)), None);
        }
        assert_eq!(unknown.turn(start + PAUSE), Some(1000));
        assert_eq!(unknown.turn(start + PAUSE), None);
        assert_eq!(unknown.turn(start + PAUSE * 2), Some(1));
    }

    #[test]
    fn no_more_of_a_name_is_shown_than_a_channel_could_have() {
        for (name, expected) in [
            ("interkom", "interkom"),
            ("Web-site_1", "Web-site_1"),
            ("erika@firma.example", "erika…"),
            ("a\nb", "a…"),
            ("", ""),
            ("\u{1b}[31m", "…"),
        ] {
            assert_eq!(shown(name), expected);
        }
        assert_eq!(shown(&"x".repeat(500)).chars().count(), SHOWN + 1);
    }
}
