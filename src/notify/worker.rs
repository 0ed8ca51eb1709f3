//! The outbox's loop: looks what waits in the store, sends what can go, sleeps until something can.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::breaker::Turn;
use super::errand::{Desk, Done, discreet};
use super::outbox::Board;
use super::queue::{Purpose, Queue, Waiting};
use super::{Failure, Ways};
use crate::lead::Name;
use crate::pipeline::Pulse;
use crate::store;

/// Pending notices that are looked at at once; more wait in the store.
const MOST: usize = 100_000;
/// Looking into the store takes at most one part in this many of the time.
const LOOKING_PART: u32 = 20;
/// The store is looked at anew after this time in any case, and idle connections are let go.
const ROUND: Duration = Duration::from_mins(1);
/// The loop never turns faster than this by itself.
const SHORTEST: Duration = Duration::from_millis(5);
/// Time for letters under way when the daemon stops.
const FINISH: Duration = Duration::from_secs(8);

/// The worker.
pub(super) struct Worker {
    desk: Desk,
    pulse: Arc<Pulse>,
    ways: watch::Receiver<Arc<Ways>>,
    board: Board,
    queue: Queue,
    errands: JoinSet<Done>,
    look: Look,
    next_round: Instant,
}

/// Whether and when the store is to be looked at.
struct Look {
    wanted: bool,
    not_before: Instant,
}

impl Worker {
    pub(super) fn new(desk: Desk, pulse: Arc<Pulse>, ways: watch::Receiver<Arc<Ways>>, board: Board) -> Self {
        let now = Instant::now();
        Self {
            desk,
            pulse,
            ways,
            board,
            queue: Queue::default(),
            errands: JoinSet::new(),
            look: Look { wanted: true, not_before: now },
            next_round: now + ROUND,
        }
    }

    /// Works until told to stop; letters under way are finished for a while.
    pub(super) async fn run(mut self) {
        let (stop, pulse) = (self.desk.stop.clone(), Arc::clone(&self.pulse));
        let mut ways_in_force = Arc::clone(&self.ways.borrow_and_update());
        self.look_into_store().await;
        // A start may be the end of whatever kept notices waiting.
        for (name, _) in ways_in_force.notifiers() {
            self.queue.hurry(name);
        }
        loop {
            self.dispatch(&ways_in_force);
            let pause = self.pause();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = self.errands.join_next(), if !self.errands.is_empty() => self.ended(ended),
                () = pulse.committed.notified() => self.look.wanted = true,
                Ok(()) = self.ways.changed() => {
                    let fresh = Arc::clone(&self.ways.borrow_and_update());
                    self.replaced(&ways_in_force, &fresh);
                    ways_in_force = fresh;
                }
                () = tokio::time::sleep(pause) => {}
            }
            if self.look.wanted && Instant::now() >= self.look.not_before {
                self.look_into_store().await;
            }
            if Instant::now() >= self.next_round {
                self.round(&ways_in_force);
            }
        }
        self.finish(&ways_in_force).await;
    }

    /// Sends what can go, and writes down what is held.
    fn dispatch(&mut self, ways: &Arc<Ways>) {
        let (now, clock) = ((self.desk.clock)(), Instant::now().into_std());
        while let Some(job) = self.queue.next(now, clock) {
            self.errands.spawn(self.desk.clone().send(job, Arc::clone(ways)));
        }
        let held = self.queue.held(now);
        if !held.is_empty() {
            self.errands.spawn(self.desk.clone().hold(held));
        }
    }

    fn pause(&self) -> Duration {
        let now = Instant::now();
        let mut pause = self.next_round.saturating_duration_since(now);
        if self.look.wanted {
            pause = pause.min(self.look.not_before.saturating_duration_since(now));
        }
        if let Some(idle) = self.queue.idle_for((self.desk.clock)(), now.into_std()) {
            pause = pause.min(idle);
        }
        pause.max(SHORTEST)
    }

    /// Takes over the pending notices of the store.
    async fn look_into_store(&mut self) {
        let started = Instant::now();
        let store = self.desk.store.clone();
        self.queue.forget();
        let read = move || {
            let mut pending = Waiting::default();
            store.each_pending_notice(MOST, |notice| pending.add(notice)).map(|()| pending)
        };
        match flatten(tokio::task::spawn_blocking(read).await) {
            Ok(pending) => {
                self.queue.replace(pending);
                self.look.wanted = false;
            }
            Err(error) => tracing::error!(%error, "the outbox cannot be read"),
        }
        let took = started.elapsed();
        let pause = if self.look.wanted { Duration::from_secs(1) } else { took * LOOKING_PART };
        self.look.not_before = Instant::now() + pause;
    }

    fn ended(&mut self, ended: Result<Done, JoinError>) {
        match ended {
            Ok(Done::Sent { id, notifier, purpose, lesson, after }) => {
                self.queue.settled(id, after);
                if let Some(result) = &lesson {
                    self.learned(&notifier, result.as_ref().copied());
                }
                if purpose == Purpose::Try {
                    self.queue.try_ended(&notifier);
                    if matches!(lesson, Some(Err(failure)) if failure.is_destination()) {
                        self.queue.choked(&notifier);
                    }
                }
            }
            Ok(Done::StillDown { notice, failure }) => {
                let notifier = notice.notifier.clone();
                self.queue.settled(notice.id, Some(notice));
                self.learned(&notifier, Err(&failure));
                self.queue.try_ended(&notifier);
            }
            Ok(Done::Held(notices)) => {
                for (id, after) in notices {
                    self.queue.settled(id, after);
                }
            }
            Ok(Done::Rested) => {}
            Err(error) => tracing::error!(%error, "an errand of the outbox broke off"),
        }
    }

    fn learned(&mut self, notifier: &Name, result: Result<(), &Failure>) {
        self.board.note(notifier, result, (self.desk.clock)());
        match self.queue.learned(notifier, result, Instant::now().into_std()) {
            Turn::Same => {}
            Turn::Spared => {
                let error = result.err().map(|failure| discreet(&failure.message)).unwrap_or_default();
                tracing::error!(%notifier, %error, "a notifier takes nothing; its notices wait");
            }
            Turn::Back => tracing::info!(%notifier, "a notifier is back; its notices go out"),
        }
    }

    /// New settings: notifiers that changed forget their troubles.
    fn replaced(&mut self, before: &Ways, fresh: &Ways) {
        for (name, notifier) in fresh.notifiers() {
            let same = before.notifier(name).is_some_and(|old| Arc::ptr_eq(old, notifier));
            if !same {
                self.queue.hurry(name);
            }
        }
        for (name, notifier) in before.notifiers() {
            let kept = fresh.notifier(name).is_some_and(|new| Arc::ptr_eq(new, notifier));
            if !kept {
                self.board.remove(name);
                self.rest(Arc::clone(notifier));
            }
        }
    }

    /// Once a minute: the store is looked at anew, idle connections are let go.
    fn round(&mut self, ways: &Ways) {
        self.next_round = Instant::now() + ROUND;
        self.look.wanted = true;
        for (name, notifier) in ways.notifiers() {
            if self.queue.is_idle(name) {
                self.rest(Arc::clone(notifier));
            }
        }
    }

    fn rest(&mut self, notifier: Arc<dyn super::Notifier>) {
        self.errands.spawn(async move {
            notifier.rest().await;
            Done::Rested
        });
    }

    /// Lets letters under way finish; what does not is sent again at the next start.
    async fn finish(mut self, ways: &Ways) {
        let finished = tokio::time::timeout(FINISH, async {
            while let Some(ended) = self.errands.join_next().await {
                self.ended(ended);
            }
            for (_, notifier) in ways.notifiers() {
                notifier.rest().await;
            }
        });
        if finished.await.is_err() {
            tracing::warn!("some notices were still under way; they are sent again at the next start");
        }
    }
}

fn flatten(read: Result<Result<Waiting, store::Error>, JoinError>) -> Result<Waiting, String> {
    match read {
        Ok(Ok(waiting)) => Ok(waiting),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
