//! Loads of items on their way in, one behind the other: while one is stored, the next is read and a third
//! fetched. They are stored in the order they came.

use std::collections::VecDeque;

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::{Door, Refused};
use crate::lead::{Inbound, Receipt};

/// Loads on their way; dropped, what has not gone in yet does not.
pub struct Line {
    door: Door,
    loads: JoinSet<()>,
    under_way: VecDeque<oneshot::Receiver<Result<Vec<Receipt>, Refused>>>,
    /// Told when the last load has been handed to the writer.
    entered: Option<oneshot::Receiver<()>>,
}

impl Line {
    /// An empty line.
    #[must_use]
    pub fn new(door: Door) -> Self {
        Self { door, loads: JoinSet::new(), under_way: VecDeque::new(), entered: None }
    }

    /// Adds a load. It goes in by itself; what becomes of it says [`Line::next`].
    pub fn push(&mut self, items: Vec<Inbound>) {
        let (door, before) = (self.door.clone(), self.entered.take());
        let (enters, entered) = oneshot::channel();
        self.entered = Some(entered);
        let (ends, ended) = oneshot::channel();
        self.under_way.push_back(ended);
        let going_in = async move {
            let prepared = door.read_all(items).await;
            if let Some(before) = before {
                // The one before it could not go in; then neither may this.
                before.await.map_err(|_| Refused::Stopping)?;
            }
            let receipts = door.enter(prepared).await?;
            // Nobody comes after it.
            _ = enters.send(());
            super::collect(receipts).await
        };
        self.loads.spawn(async move { _ = ends.send(going_in.await) });
    }

    /// Waits for the oldest load; `None` when none is under way. An error is as of [`Door::submit_all`].
    pub async fn next(&mut self) -> Option<Result<Vec<Receipt>, Refused>> {
        let ended = self.under_way.front_mut()?.await;
        self.under_way.pop_front();
        while self.loads.try_join_next().is_some() {}
        Some(ended.unwrap_or_else(|_| Err(Refused::Failed("a load of items broke off".into()))))
    }
}

#[cfg(test)]
mod tests;
