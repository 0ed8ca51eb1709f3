//! The outbox: notices that wait in the store, and the worker that brings them to their owners.
//!
//! Each notice is delivered at least once: it is settled in the store only after its destination
//! took it. The worker is woken by each commit, so that an owner hears of a lead within
//! milliseconds, and by the clock for what is tried again.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::errand::{Clock, Desk};
use super::worker::Worker;
use super::{Failure, Ways};
use crate::config::Config;
use crate::intake::Door;
use crate::lead::Name;
use crate::pipeline::Pulse;
use crate::service::Service;
use crate::store::Store;

/// Pause before a worker that died by a fault starts again.
const RESTART: Duration = Duration::from_secs(1);

/// The running outbox.
pub struct Outbox {
    ways: watch::Sender<Arc<Ways>>,
    board: Board,
    stop: CancellationToken,
    worker: JoinSet<()>,
}

impl Outbox {
    /// Starts the worker; it ends when `stop` is cancelled or by [`Outbox::close`].
    #[must_use]
    pub fn start(service: &Service, config: &Config, stop: CancellationToken) -> Self {
        let desk =
            Desk { store: service.store.clone(), door: service.door.clone(), clock: Arc::new(Timestamp::now), stop };
        Self::work(desk, Arc::clone(&service.pulse), Ways::new(config, None), service.notifiers.clone())
    }

    /// Starts the worker with these parts: a test has its own clock and notifiers.
    #[must_use]
    pub fn with(
        store: Store,
        door: Door,
        pulse: Arc<Pulse>,
        ways: Ways,
        clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
        stop: CancellationToken,
    ) -> Self {
        let clock: Clock = clock;
        Self::work(Desk { store, door, clock, stop }, pulse, ways, Board::default())
    }

    fn work(desk: Desk, pulse: Arc<Pulse>, ways: Ways, board: Board) -> Self {
        let (ways, in_force) = watch::channel(Arc::new(ways));
        let stop = desk.stop.clone();
        let mut worker = JoinSet::new();
        worker.spawn(keep_working(desk, pulse, in_force, board.clone()));
        Self { ways, board, stop, worker }
    }

    /// Puts new settings in force; notifiers that did not change go on as they are, those that did
    /// try at once whatever waits for them.
    pub fn replace(&self, config: &Config) {
        // The borrow must end before the replacement: both lock the same place.
        let fresh = Ways::new(config, Some(&*self.ways.borrow()));
        self.replace_ways(fresh);
    }

    /// The same with ready-made ways.
    pub fn replace_ways(&self, ways: Ways) {
        self.ways.send_replace(Arc::new(ways));
    }

    /// How the notifiers are doing.
    #[must_use]
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Stops; returns when the letters under way are finished, or given up after 8 s (they are sent
    /// again at the next start).
    pub async fn close(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.worker.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the outbox ended by a fault");
            }
        }
    }
}

/// Runs the worker, and again should it die by a fault of its own.
async fn keep_working(desk: Desk, pulse: Arc<Pulse>, ways: watch::Receiver<Arc<Ways>>, board: Board) {
    loop {
        let worker = Worker::new(desk.clone(), Arc::clone(&pulse), ways.clone(), board.clone());
        if AssertUnwindSafe(worker.run()).catch_unwind().await.is_ok() {
            return;
        }
        tracing::error!("the outbox met a fault in lotse and starts again");
        tokio::time::sleep(RESTART).await;
    }
}

/// How the notifiers are doing, for people to read.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<BTreeMap<Name, NotifierState>>>);

/// How one notifier is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NotifierState {
    /// When it last took a notice.
    pub last_ok: Option<Timestamp>,
    /// Its last trouble, until it takes a notice again.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
}

impl Board {
    /// All notifiers that were asked to take something.
    #[must_use]
    pub fn states(&self) -> BTreeMap<Name, NotifierState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note(&self, notifier: &Name, result: Result<(), &Failure>, at: Timestamp) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(notifier.clone()).or_default();
        match result {
            Ok(()) => *state = NotifierState { last_ok: Some(at), ..NotifierState::default() },
            Err(failure) => {
                state.last_error = Some(failure.message.clone());
                state.last_error_at = Some(at);
            }
        }
    }

    pub(super) fn remove(&self, notifier: &Name) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(notifier);
    }
}

#[cfg(test)]
mod tests;
