//! The one writer: takes everything that waits, does it in one unit, commits, hands out receipts.
//!
//! It runs on a thread of its own, so that a commit never holds up the network. An item whose
//! handling panics or meets an unreadable record costs only itself: the unit is done again with
//! that item quarantined. After an error of the store the writer ends, and with it the daemon.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Notify, mpsc, oneshot};

use super::{Policy, Space, notices};
use crate::clock::Clock;
use crate::intake::{Change, Prepared, Refused, Work};
use crate::lead::Receipt;
use crate::mistakes::{self, Mistake};
use crate::store::{Error, Store, Unit};

/// Items and changes that share one commit at most.
const BATCH: usize = 1000;
/// Bytes of originals that share one commit, about.
const BATCH_BYTES: usize = 32 << 20;

/// The policy in force; replaced as a whole on reload.
pub struct InForce(RwLock<Arc<Policy>>);

impl InForce {
    /// Puts a first policy in force.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self(RwLock::new(Arc::new(policy)))
    }

    /// The policy in force now.
    #[must_use]
    pub fn get(&self) -> Arc<Policy> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another one in force, from the next unit on.
    pub fn set(&self, policy: Policy) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }
}

/// What the writer tells the others.
#[derive(Default)]
pub struct Pulse {
    /// Rung after each commit: the outbox may have something to send, pages to refresh.
    pub committed: Notify,
    /// Commits so far.
    pub commits: AtomicU64,
    /// Items so far, by commit.
    pub items: AtomicU64,
}

/// Why the writer ended.
#[derive(Debug)]
pub enum Ended {
    /// Everybody who could send work is gone, and all of it is committed.
    Drained,
    /// The store failed; what was waiting was refused.
    Failed(Error),
}

/// The one writer of a store.
pub struct Writer {
    /// The store it writes.
    pub store: Store,
    /// The policy in force.
    pub policy: Arc<InForce>,
    /// Whom it tells.
    pub pulse: Arc<Pulse>,
    /// Room on the store's disk.
    pub space: Arc<Space>,
    /// What time it is.
    pub clock: Clock,
}

/// What one piece of work led to, held back until the commit.
enum Done {
    Item(Receipt),
    Change(Box<dyn Any + Send>),
    Failed(String),
}

enum Reply {
    Item(oneshot::Sender<Result<Receipt, Refused>>),
    Change(oneshot::Sender<Result<Box<dyn Any + Send>, Refused>>),
}

enum Task {
    Item(Box<Prepared>),
    Change(Change),
}

impl Task {
    /// Bytes of an item; `None` for a change.
    fn size(&self) -> Option<usize> {
        match self {
            Self::Item(item) => Some(item.inbound.original.bytes.len()),
            Self::Change(_) => None,
        }
    }
}

impl Writer {
    /// Works until the queue ends or the store fails.
    #[must_use]
    pub fn run(&self, mut queue: mpsc::Receiver<Work>) -> Ended {
        while let Some(first) = queue.blocking_recv() {
            let (tasks, mut replies) = self.admit(gather(first, &mut queue));
            if tasks.is_empty() {
                continue;
            }
            match self.unit(&tasks, &mut replies) {
                Ok(results) => {
                    self.count(&results);
                    if mistakes::made(Mistake::OutboxOutsideTransaction) {
                        std::thread::sleep(mistakes::GAP);
                        notices::tell_afterwards(receipts(&results), &self.policy.get().staff, &self.store);
                    }
                    answer(results, replies);
                    self.pulse.committed.notify_one();
                }
                Err(error) => {
                    let text = error.to_string();
                    for reply in replies {
                        refuse(reply, &Refused::Store(text.clone()));
                    }
                    // What still waits is refused by dropping it: nothing of it was stored.
                    return Ended::Failed(error);
                }
            }
        }
        Ended::Drained
    }

    /// Refuses what the disk has no room for: the store must never meet a full one.
    fn admit(&self, (tasks, replies): (Vec<Task>, Vec<Reply>)) -> (Vec<Task>, Vec<Reply>) {
        let sizes = tasks.iter().filter_map(Task::size);
        let (items, changes) = (self.space.for_items(sizes.sum()), self.space.for_changes());
        if items.is_ok() && changes.is_ok() {
            return (tasks, replies);
        }
        let mut admitted = (Vec::new(), Vec::new());
        for (task, reply) in tasks.into_iter().zip(replies) {
            match if task.size().is_some() { &items } else { &changes } {
                Ok(()) => {
                    admitted.0.push(task);
                    admitted.1.push(reply);
                }
                Err(full) => refuse(reply, full),
            }
        }
        admitted
    }

    /// Does all tasks in one unit; a task that fails by itself is set aside and the unit done again.
    /// Nobody is answered here: `replies` are for after the commit.
    fn unit(&self, tasks: &[Task], replies: &mut Vec<Reply>) -> Result<Vec<Done>, Error> {
        let policy = self.policy.get();
        let mut faults: Vec<Option<String>> = tasks.iter().map(|_| None).collect();
        loop {
            let mut fault = None;
            let results = self.store.unit((self.clock)(), |unit| {
                let mut results = Vec::with_capacity(tasks.len());
                for (index, task) in tasks.iter().enumerate() {
                    match attempt(&policy, task, faults[index].as_deref(), unit) {
                        Ok(done) => results.push(done),
                        Err(Fault::Store(error)) => return Err(error),
                        Err(Fault::Task(why)) => {
                            fault = Some((index, why));
                            return Err(Error::Broken("a task failed by itself".into()));
                        }
                    }
                }
                if mistakes::made(Mistake::AcknowledgeBeforeCommit) {
                    answer(std::mem::take(&mut results), std::mem::take(replies));
                    std::thread::sleep(mistakes::GAP);
                }
                Ok(results)
            });
            match fault {
                // A task that fails even while it is set aside cannot be kept at all.
                Some((index, why)) if faults[index].is_some() => return Err(Error::Broken(why.into())),
                Some((index, why)) => {
                    // What a panic says may hold a piece of the item: it belongs into the ledger, not into the log.
                    tracing::error!("an item could not be handled and is set aside; the ledger says why");
                    faults[index] = Some(why);
                }
                None => return results,
            }
        }
    }

    fn count(&self, results: &[Done]) {
        self.pulse.commits.fetch_add(1, Ordering::Relaxed);
        for done in results {
            if let Done::Item(receipt) = done {
                self.pulse.items.fetch_add(1, Ordering::Relaxed);
                metrics::counter!("lotse_intakes_total", "outcome" => receipt.outcome.as_str()).increment(1);
            }
        }
    }
}

/// Takes all that waits, up to one batch.
fn gather(first: Work, queue: &mut mpsc::Receiver<Work>) -> (Vec<Task>, Vec<Reply>) {
    let (mut tasks, mut replies, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut next = Some(first);
    while let Some(work) = next {
        match work {
            Work::Item(item, reply) => {
                bytes += item.inbound.original.bytes.len();
                tasks.push(Task::Item(item));
                replies.push(Reply::Item(reply));
            }
            Work::Change(change, reply) => {
                tasks.push(Task::Change(change));
                replies.push(Reply::Change(reply));
            }
        }
        next = if tasks.len() < BATCH && bytes < BATCH_BYTES { queue.try_recv().ok() } else { None };
    }
    (tasks, replies)
}

enum Fault {
    Store(Error),
    Task(String),
}

fn attempt(policy: &Policy, task: &Task, fault: Option<&str>, unit: &mut Unit<'_>) -> Result<Done, Fault> {
    let done = catch_unwind(AssertUnwindSafe(|| match (task, fault) {
        (Task::Item(item), None) => policy.take(item, unit).map(Done::Item),
        (Task::Item(item), Some(why)) => Policy::quarantine(item, why, unit).map(Done::Item),
        (Task::Change(change), None) => change(unit).map(Done::Change),
        (Task::Change(_), Some(why)) => Ok(Done::Failed(why.to_owned())),
    }));
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error @ Error::Record { .. })) => Err(Fault::Task(error.to_string())),
        Ok(Err(error)) => Err(Fault::Store(error)),
        Err(panic) => Err(Fault::Task(format!("a fault in lotse: {}", panic_text(panic.as_ref())))),
    }
}

/// The message of a panic.
fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Hands out results; a source that no longer listens will deliver again.
fn answer(mut results: Vec<Done>, replies: Vec<Reply>) {
    if mistakes::made(Mistake::ReceiptsMixedUp) {
        mix_up(&mut results);
    }
    for (done, reply) in results.into_iter().zip(replies) {
        let gone = match (done, reply) {
            (Done::Item(receipt), Reply::Item(reply)) => reply.send(Ok(receipt)).is_err(),
            (Done::Change(value), Reply::Change(reply)) => reply.send(Ok(value)).is_err(),
            (Done::Failed(why), reply) => {
                refuse(reply, &Refused::Failed(why));
                false
            }
            _ => true,
        };
        if gone {
            tracing::debug!("a source did not wait for its receipt");
        }
    }
}

fn receipts(results: &[Done]) -> impl Iterator<Item = &Receipt> {
    results.iter().filter_map(|done| if let Done::Item(receipt) = done { Some(receipt) } else { None })
}

/// Exchanges neighbours' receipts; only ever a seeded mistake.
fn mix_up(results: &mut [Done]) {
    for pair in results.chunks_mut(2) {
        if let [Done::Item(one), Done::Item(other)] = pair {
            std::mem::swap(one, other);
        }
    }
}

fn refuse(reply: Reply, why: &Refused) {
    let gone = match reply {
        Reply::Item(reply) => reply.send(Err(why.clone())).is_err(),
        Reply::Change(reply) => reply.send(Err(why.clone())).is_err(),
    };
    if gone {
        tracing::debug!("a source did not wait for its answer");
    }
}
