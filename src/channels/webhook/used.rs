//! Tokens that were used: who has seen one post of a sender whose bodies are not signed must not be able to send
//! another by it.
//!
//! In: a token that was proven. Out: whether it is new. Kept in memory for as long as its signature is good; a
//! post that could not be stored gives its token back, so that its sender can try again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::signed_token::TOLERANCE;
use crate::lead::Name;

/// Tokens that are remembered, some 10 MB; with more the oldest are forgotten.
const MOST: usize = 100_000;
/// A signature is good from before its time to after it.
const WINDOW: Duration = TOLERANCE.saturating_mul(2);

type Key = [u8; 32];

/// The tokens of all channels.
#[derive(Clone, Debug, Default)]
pub(super) struct Used(Arc<Mutex<Tokens>>);

#[derive(Debug, Default)]
struct Tokens {
    since: HashMap<Key, Instant>,
    order: VecDeque<(Key, Instant)>,
}

/// A token that is being used: it is new again unless [`Ticket::keep`] is called.
#[derive(Debug)]
pub(super) struct Ticket {
    used: Used,
    key: Option<Key>,
}

impl Used {
    /// Uses a token; `None`: it was used before, or is being used.
    pub(super) fn take(&self, channel: &Name, token: &str, now: Instant) -> Option<Ticket> {
        let key: Key =
            Sha256::new().chain_update(channel.as_str()).chain_update([0]).chain_update(token).finalize().into();
        let mut tokens = self.lock();
        tokens.forget(now);
        if tokens.since.contains_key(&key) {
            return None;
        }
        tokens.since.insert(key, now);
        tokens.order.push_back((key, now));
        Some(Ticket { used: self.clone(), key: Some(key) })
    }

    fn lock(&self) -> MutexGuard<'_, Tokens> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tokens {
    /// Forgets what is too old, and what is too much.
    fn forget(&mut self, now: Instant) {
        while let Some((key, since)) = self.order.front().copied() {
            if now.duration_since(since) <= WINDOW && self.order.len() < MOST {
                return;
            }
            self.order.pop_front();
            // One that was given back and used again has a later time.
            if self.since.get(&key) == Some(&since) {
                self.since.remove(&key);
            }
        }
    }
}

impl Ticket {
    /// The post is stored: its token counts as used.
    pub(super) fn keep(mut self) {
        self.key = None;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.used.lock().since.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_once_within_its_time_and_by_what_was_stored() {
        let (used, now) = (Used::default(), Instant::now());
        let [one, other] = ["one", "other"].map(|name| Name::parse(name).unwrap());
        let first = used.take(&one, "a", now).unwrap();
        assert!(used.take(&one, "a", now).is_none(), "it is being used");
        drop(first);
        used.take(&one, "a", now).expect("what was not stored may come again").keep();
        assert!(used.take(&one, "a", now + WINDOW).is_none());
        used.take(&other, "a", now).expect("another channel's").keep();
        used.take(&one, "a", now + WINDOW + Duration::from_secs(1)).expect("nobody could use it any more").keep();
    }

    #[test]
    fn however_many_are_used_only_so_many_are_remembered() {
        let (used, now, name) = (Used::default(), Instant::now(), Name::parse("one").unwrap());
        for number in 0..MOST + 10 {
            used.take(&name, &number.to_string(), now).unwrap().keep();
        }
        let tokens = used.lock();
        assert!(tokens.order.len() <= MOST && tokens.since.len() <= MOST);
        drop(tokens);
        assert!(used.take(&name, &(MOST + 9).to_string(), now).is_none(), "the newest stay");
    }
}
