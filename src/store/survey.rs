//! Looking through everything that is stored, in slices: no snapshot lives long, however much there is.

use std::ops::Bound;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::backend::{Order, Table};
use super::records::Records;
use super::{ENOUGH, Error, GO_ON, Store, codec, originals};
use crate::lead::{Id, Original};

/// How long one snapshot is looked at.
const LONGEST: Duration = Duration::from_millis(50);

impl Store {
    /// Visits every entry of a table in the order of its keys: the key, and the record as MessagePack, in which
    /// texts stand as they are. What changes meanwhile may or may not be seen.
    pub fn each_entry(
        &self,
        table: Table,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.each_raw(table, |key, value| match value {
            [] => visit(key, &[]),
            value => visit(key, &codec::plain(table, value)?),
        })
    }

    /// The same with the records as what they are.
    pub fn each_record<T: DeserializeOwned>(
        &self,
        table: Table,
        mut visit: impl FnMut(&[u8], T, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.each_entry(table, |key, plain| visit(key, codec::decode_plain(table, plain)?, plain))
    }

    /// Visits every original, oldest first. What is kept meanwhile may or may not be seen.
    pub fn each_original(&self, mut visit: impl FnMut(Id, Original) -> Result<(), Error>) -> Result<(), Error> {
        let mut ids = Vec::new();
        self.each_raw(Table::Originals, |key, _| {
            // Further pieces of a large one have longer keys.
            ids.extend(<[u8; 16]>::try_from(key).ok().map(Id::from_bytes));
            Ok(())
        })?;
        for id in ids {
            if let Some(original) = self.view(|view| originals::get(view.tables(), id))? {
                visit(id, original)?;
            }
        }
        Ok(())
    }

    fn each_raw(&self, table: Table, mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let begun = Instant::now();
            let mut reached = None;
            self.view(|view| {
                let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
                view.tables().scan(table, (from, Bound::Unbounded), Order::Forward, &mut |key, value| {
                    visit(key, value)?;
                    if begun.elapsed() < LONGEST {
                        return GO_ON;
                    }
                    reached = Some(key.to_vec());
                    ENOUGH
                })
            })?;
            match reached {
                Some(key) => after = Some(key),
                None => return Ok(()),
            }
        }
    }
}
