//! The front door: items and changes go in, receipts come out after the commit.
//!
//! A channel calls [`Door::submit`]; the item is read (normalized) on a thread with a stack that
//! hostile nesting cannot exhaust, then waits in a bounded queue for the pipeline's next unit of
//! work. Everything that waits at that moment shares one commit. The receipt is the
//! acknowledgement: a channel tells its source "got it" only after it has one.

mod line;

use std::any::Any;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::lead::{Fit, Identity, Inbound, Name, Place, Reading, Receipt};
use crate::normalize::{Readers, Trust};
use crate::store::{self, Records, Unit};

pub use line::Line;

/// Items and changes that may wait for the pipeline; more make the sender wait.
const QUEUE: usize = 4096;

/// Where items go in. Cheap to clone; the pipeline ends when the last one is dropped.
#[derive(Clone)]
pub struct Door {
    readers: Arc<Readers>,
    queue: mpsc::Sender<Work>,
}

/// A receipt that comes after the commit.
type Waiting = oneshot::Receiver<Result<Receipt, Refused>>;

async fn collect(waiting: Vec<Waiting>) -> Result<Vec<Receipt>, Refused> {
    let mut receipts = Vec::with_capacity(waiting.len());
    for receipt in waiting {
        receipts.push(receipt.await.map_err(|_| Refused::Stopping)??);
    }
    Ok(receipts)
}

/// One thing for the pipeline to do.
pub enum Work {
    /// An item that was read.
    Item(Box<Prepared>, oneshot::Sender<Result<Receipt, Refused>>),
    /// A change by a person, the outbox or a clock; runs inside the unit, may be run again.
    Change(Change, oneshot::Sender<Result<Box<dyn Any + Send>, Refused>>),
}

/// A change; pure but for the unit, because a unit that fails is done again item by item.
pub type Change = Box<dyn Fn(&mut Unit<'_>) -> Result<Box<dyn Any + Send>, store::Error> + Send>;

/// An item with what it says and how it would be recognised again.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// As received.
    pub inbound: Inbound,
    /// How it would be recognised again.
    pub identity: Identity,
    /// What it says.
    pub reading: Reading,
    /// How it fitted the mail template that it is of.
    pub template: Option<Fit>,
}

/// Nothing was stored; the source must keep the item and try again.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// The daemon is stopping.
    #[error("the daemon is stopping")]
    Stopping,
    /// The store cannot commit.
    #[error("the store cannot commit: {0}")]
    Store(String),
    /// The disk of the store is nearly full; nothing else is wrong.
    #[error(
        "the disk of the store is nearly full: {} MiB are free and {} MiB stay in reserve (`store.reserve`); make room, the rest happens by itself",
        .free >> 20, .reserve >> 20
    )]
    Full {
        /// Bytes that are free.
        free: u64,
        /// Bytes that are to stay free.
        reserve: u64,
    },
    /// A panic while the item was handled; the item could not even be quarantined.
    #[error("the item could not be handled: {0}")]
    Failed(String),
}

impl Door {
    /// A door and the queue behind it.
    #[must_use]
    pub fn new(readers: Arc<Readers>) -> (Self, mpsc::Receiver<Work>) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Self { readers, queue }, waiting)
    }

    /// Brings one item in; returns after the commit.
    pub async fn submit(&self, inbound: Inbound) -> Result<Receipt, Refused> {
        let prepared = self.readers.read(inbound, Trust::Usual).await;
        let (reply, receipt) = oneshot::channel();
        self.send(Work::Item(Box::new(prepared), reply)).await?;
        receipt.await.map_err(|_| Refused::Stopping)?
    }

    /// Brings several items in, in order, with as few commits as possible. The receipts stand in
    /// the order of the items; after an error some items may be stored, and submitting all of
    /// them again makes those `redelivered`.
    pub async fn submit_all(&self, items: Vec<Inbound>) -> Result<Vec<Receipt>, Refused> {
        let prepared = self.read_all(items).await;
        collect(self.enter(prepared).await?).await
    }

    /// Reads items; the answers stand in the order of the items.
    async fn read_all(&self, items: Vec<Inbound>) -> Vec<Prepared> {
        let mut handed = Vec::with_capacity(items.len());
        for inbound in items {
            handed.push(self.readers.hand_in(inbound, Trust::Usual).await);
        }
        let mut prepared = Vec::with_capacity(handed.len());
        for item in handed {
            prepared.push(self.readers.answered(item).await);
        }
        prepared
    }

    /// Hands items to the writer, in order; the receipts come after the commit.
    async fn enter(&self, items: Vec<Prepared>) -> Result<Vec<Waiting>, Refused> {
        let mut waiting = Vec::with_capacity(items.len());
        for prepared in items {
            let (reply, receipt) = oneshot::channel();
            self.send(Work::Item(Box::new(prepared), reply)).await?;
            waiting.push(receipt);
        }
        Ok(waiting)
    }

    /// Makes a change in the pipeline's next unit; returns its result after the commit.
    pub async fn change<T: Send + 'static>(
        &self,
        change: impl Fn(&mut Unit<'_>) -> Result<T, store::Error> + Send + 'static,
    ) -> Result<T, Refused> {
        let boxed: Change = Box::new(move |unit| Ok(Box::new(change(unit)?)));
        let (reply, result) = oneshot::channel();
        self.send(Work::Change(boxed, reply)).await?;
        let result = result.await.map_err(|_| Refused::Stopping)??;
        result.downcast::<T>().map(|value| *value).map_err(|_| Refused::Failed("a change returned another type".into()))
    }

    /// How far a channel has read.
    pub async fn place(&self, channel: &Name, key: &str) -> Result<Option<String>, Refused> {
        let (channel, key) = (channel.clone(), key.to_owned());
        self.change(move |unit| unit.place(&channel, &key)).await
    }

    /// Moves a channel's place without an item.
    pub async fn keep_place(&self, channel: &Name, place: Place) -> Result<(), Refused> {
        let channel = channel.clone();
        self.change(move |unit| unit.keep_place(&channel, &place)).await
    }

    async fn send(&self, work: Work) -> Result<(), Refused> {
        self.queue.send(work).await.map_err(|_| Refused::Stopping)
    }
}
