//! Connections that wait for a request, in the order in which they began to.
//!
//! When all slots are taken, the one at the front is given up: whoever only holds connections open cannot
//! keep others out. A connection whose request has arrived is never given up for another one, nor is one that
//! has had no time to send it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Time that every connection has for its request.
const GRACE: Duration = Duration::from_secs(1);

/// The idle connections of one listener.
#[derive(Clone, Debug, Default)]
pub(super) struct Idle(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    /// The number of the next one that becomes idle.
    next: u64,
    waiting: BTreeMap<u64, (Instant, CancellationToken)>,
}

/// One connection's place among them, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    idle: Idle,
    given_up: CancellationToken,
    /// Its number while it is idle.
    number: Mutex<Option<u64>>,
}

/// A request that is being answered; its connection is idle again when this is dropped.
pub(super) struct Busy(Arc<Seat>);

impl Idle {
    /// A place for a new connection; it is idle.
    pub(super) fn enter(&self) -> Seat {
        let seat = Seat { idle: self.clone(), given_up: CancellationToken::new(), number: Mutex::new(None) };
        seat.wait();
        seat
    }

    /// Gives up the connection that has been idle longest, if any has been for a while.
    pub(super) fn give_up_oldest(&self) {
        let mut queue = self.queue();
        if let Some(oldest) = queue.waiting.first_entry()
            && oldest.get().0.elapsed() >= GRACE
        {
            oldest.remove().1.cancel();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Cancelled when the connection is given up.
    pub(super) fn given_up(&self) -> CancellationToken {
        self.given_up.clone()
    }

    /// A request has arrived.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.leave();
        Busy(Arc::clone(self))
    }

    fn wait(&self) {
        let mut queue = self.idle.queue();
        let number = queue.next;
        queue.next += 1;
        queue.waiting.insert(number, (Instant::now(), self.given_up.clone()));
        drop(queue);
        self.number.lock().unwrap_or_else(PoisonError::into_inner).replace(number);
    }

    fn leave(&self) {
        let number = self.number.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(number) = number {
            self.idle.queue().waiting.remove(&number);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_one_that_has_been_idle_longest_goes_and_a_busy_one_never() {
        let idle = Idle::default();
        let [first, second, third] = [(); 3].map(|()| Arc::new(idle.enter()));
        let busy = first.busy();
        idle.give_up_oldest();
        assert!(!second.given_up.is_cancelled(), "it has just come");
        tokio::time::advance(GRACE).await;
        idle.give_up_oldest();
        let gone = || [&first, &second, &third].map(|seat| seat.given_up.is_cancelled());
        assert_eq!(gone(), [false, true, false]);
        drop(busy);
        tokio::time::advance(GRACE).await;
        idle.give_up_oldest();
        assert_eq!(gone(), [false, true, true], "the first has answered since");
        drop(third);
        idle.give_up_oldest();
        idle.give_up_oldest();
        assert!(first.given_up.is_cancelled());
        drop((first, second));
        assert!(idle.queue().waiting.is_empty());
    }
}
