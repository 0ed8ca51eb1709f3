//! How fast each client may post.
//!
//! In: a channel's [`Rate`] and a [`Client`]. Out: go on, or how long to wait. The table of clients is
//! bounded: those who have been quiet long enough to have their full allowance again are forgotten, and
//! when too many different ones come at once, the new ones share a fixed number of places.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::address::Client;
use crate::config::Rate;

/// Clients that are told apart at once, about 5 MB a channel.
const CLIENTS: usize = 100_000;
/// Places shared by the clients beyond.
const SHARED: u64 = 4096;
/// Quiet clients are forgotten this often, and at most once a second while the table is full.
const SWEEP: Duration = Duration::from_mins(1);
const SWEEP_WHEN_FULL: Duration = Duration::from_secs(1);

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    One(Client),
    Shared(u64),
}

/// Counts the requests of one channel by client.
pub(super) struct Limiter {
    table: RateLimiter<Key, HashMapStateStore<Key>, DefaultClock>,
    clock: DefaultClock,
    swept: Mutex<Instant>,
    hasher: RandomState,
    clients: usize,
}

impl Limiter {
    /// Lets each client post `rate.count` times in `rate.per`, as many at once.
    pub(super) fn new(rate: Rate) -> Self {
        Self::for_clients(rate, CLIENTS)
    }

    fn for_clients(rate: Rate, clients: usize) -> Self {
        let count = NonZeroU32::new(rate.count).unwrap_or(NonZeroU32::MIN);
        let each = (rate.per / count.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(each).unwrap_or(Quota::per_second(count)).allow_burst(count);
        let clock = DefaultClock::default();
        Self {
            table: RateLimiter::hashmap_with_clock(quota, clock.clone()),
            clock,
            swept: Mutex::new(Instant::now()),
            hasher: RandomState::new(),
            clients,
        }
    }

    /// Counts one request; an error is the time to wait, at least a second.
    pub(super) fn check(&self, client: Client) -> Result<(), Duration> {
        self.sweep();
        let key = if self.table.len() < self.clients {
            Key::One(client)
        } else {
            Key::Shared(self.hasher.hash_one(client) % SHARED)
        };
        self.table.check_key(&key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            Duration::from_secs(wait.as_secs() + 1)
        })
    }

    /// Forgets quiet clients when it is time.
    fn sweep(&self) {
        let pause = if self.table.len() < self.clients { SWEEP } else { SWEEP_WHEN_FULL };
        let now = Instant::now();
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(*swept) < pause {
            return;
        }
        *swept = now;
        drop(swept);
        self.table.retain_recent();
        self.table.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(n: u32) -> Client {
        Client::V4(n.to_be_bytes())
    }

    #[test]
    fn each_client_has_its_own_allowance_all_at_once() {
        let limiter = Limiter::new(Rate { count: 3, per: Duration::from_mins(1) });
        for _ in 0..3 {
            assert!(limiter.check(client(1)).is_ok());
        }
        let wait = limiter.check(client(1)).unwrap_err();
        assert!(wait >= Duration::from_secs(19) && wait <= Duration::from_secs(21), "{wait:?}");
        assert!(limiter.check(client(2)).is_ok());
    }

    #[test]
    fn the_table_of_clients_stays_bounded() {
        let limiter = Limiter::for_clients(Rate { count: 2, per: Duration::from_hours(1) }, 1000);
        for n in 0..50_000 {
            limiter.check(client(n)).ok();
        }
        assert!(limiter.table.len() <= 1000 + usize::try_from(SHARED).unwrap());
        // Still limited: nobody gets through by being one too many.
        assert!((0..3).any(|_| limiter.check(client(49_999)).is_err()));
    }

    #[test]
    fn a_quiet_client_is_forgotten() {
        let limiter = Limiter::for_clients(Rate { count: 1000, per: Duration::from_secs(1) }, 10);
        for n in 0..10 {
            assert!(limiter.check(client(n)).is_ok());
        }
        std::thread::sleep(Duration::from_millis(1100));
        assert!(limiter.check(client(99)).is_ok());
        assert_eq!(limiter.table.len(), 1);
    }

    #[test]
    fn the_greatest_rate_is_no_limit_worth_a_panic() {
        let limiter = Limiter::new(Rate { count: u32::MAX, per: Duration::from_secs(1) });
        assert!(limiter.check(client(1)).is_ok());
    }
}
