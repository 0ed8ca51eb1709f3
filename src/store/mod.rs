//! Stage 6, store: what is true after a crash.
//!
//! Everything one item changes (ledger row, lead, keys, the channel's place, decision, notices)
//! is written in one [`Unit`]; a unit is committed whole or not at all, and many items share one.
//! Readers get a [`View`]: a snapshot for the length of one closure, so that no reader can pin
//! old pages for long.
//!
//! A database is a [`Backend`]: ordered tables of bytes with transactions. What the bytes mean is
//! written once, in [`Records`] and [`Unit`], for every backend.

mod audit;
mod backend;
mod codec;
mod damage;
mod erase;
mod format;
mod home;
mod kept;
mod keys;
mod memory;
mod originals;
mod query;
mod records;
mod redb;
mod renew;
mod rotation;
mod shrink;
mod survey;
mod unit;

#[cfg(test)]
pub(crate) mod disk;
#[cfg(test)]
mod story;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::lead::Id;
use home::Home;
use memory::Memory;

pub use audit::Difference;
pub use backend::{Backend, Order, Read, Table, Visit, Write};
pub use damage::OPENING;
pub use erase::erased_on;
pub use format::FORMAT;
pub use query::{Holder, IntakeFilter, LeadFilter, NoticeFilter, Page, Total};
pub use records::{Delivered, Records};
pub use rotation::{Absences, Away, OwnerCounts, Rotation, Seat};
pub use shrink::Shrunk;
pub use unit::Unit;

/// Why the store failed. After [`Error::Broken`] nothing can be written any more until the store
/// is opened again: the daemon stops, and its service manager starts it anew.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has it open.
    #[error("the store {0} is in use by another lotse process; stop it, or use its STORE/lotse.sock")]
    Locked(PathBuf),
    /// It cannot be opened.
    #[error("cannot open the store {path}")]
    Open {
        /// The store's file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Its file is damaged.
    #[error(
        "the store's file {path} is damaged; keep it for whoever may mend it, and put a backup in its place, or move it away to begin with an empty store"
    )]
    Damaged {
        /// The store's file.
        path: PathBuf,
        /// What was found.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It was written by a newer lotse.
    #[error(
        "the store was written by a newer lotse (format {found}, this one knows {FORMAT}); install that version, or restore a backup"
    )]
    Newer {
        /// Its format.
        found: u32,
    },
    /// An input or output error, or a failed commit. What was being written may or may not be there.
    #[error("the store failed")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored record cannot be read.
    #[error("a record of the table `{table}` cannot be read: {why}")]
    Record {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// An open store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Arc<dyn Backend>,
    memory: Arc<Memory>,
}

impl Store {
    /// Whether there is a store in `folder`.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join(home::NAME).exists()
    }

    /// Opens the store in `folder` (made when missing), as `leads.redb`.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let home =
            home::Folder::new(folder).map_err(|error| Error::Open { path: folder.to_owned(), source: error.into() })?;
        Self::at(&home)
    }

    /// Opens the store at its home; a new one stands there only when it is whole.
    fn at(home: &(impl Home + Sync)) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::Open { path: home.path().to_owned(), source: error.into() };
        if !home.is_made().map_err(failed)? {
            let _alone = home.alone().map_err(failed)?;
            // Somebody else may have made it in the meantime.
            if !home.is_made().map_err(failed)? {
                let store = Self::with(Arc::new(redb::Redb::make(home)?))?;
                home.finish().map_err(failed)?;
                return Ok(store);
            }
        }
        damage::told(home.path(), || Self::with(Arc::new(redb::Redb::open(home)?)))
    }

    /// The store in a simulated folder.
    #[cfg(test)]
    pub(crate) fn within(folder: &disk::Folder) -> Result<Self, Error> {
        Self::at(folder)
    }

    /// A store on a simulated disk.
    #[cfg(test)]
    pub(crate) fn on(disk: disk::Disk) -> Result<Self, Error> {
        Self::with(Arc::new(redb::Redb::on(disk)?))
    }

    /// A store on any backend, in the newest format.
    pub fn with(backend: Arc<dyn Backend>) -> Result<Self, Error> {
        let store = Self { backend, memory: Arc::default() };
        format::bring_up(&store, &format::STEPS)?;
        Ok(store)
    }

    /// Reads a snapshot. Keep it short: what is deleted meanwhile is not freed before it ends.
    pub fn view<T>(&self, work: impl FnOnce(&View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut work = Some(work);
        let mut result = None;
        self.backend.read(&mut |tables| {
            if let Some(work) = work.take() {
                result = Some(work(&View { tables })?);
            }
            Ok(())
        })?;
        result.ok_or_else(|| Error::Broken("the backend did not read".into()))
    }

    /// One unit of work at `now`: committed when `work` returns `Ok`, else nothing of it is there.
    pub fn unit<T>(&self, now: Timestamp, work: impl FnOnce(&mut Unit<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut work = Some(work);
        let mut result = None;
        self.backend.write(&mut |tables| {
            if let Some(work) = work.take() {
                let (number, known) = self.memory.begin();
                let mut unit = Unit::begin(tables, now, known)?;
                let value = work(&mut unit)?;
                result = Some((value, number, unit.end()?));
            }
            Ok(())
        })?;
        let (value, number, known) = result.ok_or_else(|| Error::Broken("the backend did not write".into()))?;
        self.memory.committed(number, known);
        Ok(value)
    }

    /// Bytes of storage in use, with room for growth.
    pub fn size(&self) -> Result<u64, Error> {
        self.backend.size()
    }

    /// Bytes of it that take space on the disk: what was never written does not.
    pub fn on_disk(&self) -> Result<u64, Error> {
        self.backend.on_disk()
    }
}

/// A snapshot of the store.
pub struct View<'a> {
    tables: &'a dyn Read,
}

impl Records for View<'_> {
    fn tables(&self) -> &dyn Read {
        self.tables
    }
}

/// Goes on with a scan.
const GO_ON: Result<ControlFlow<()>, Error> = Ok(ControlFlow::Continue(()));
/// Ends a scan.
const ENOUGH: Result<ControlFlow<()>, Error> = Ok(ControlFlow::Break(()));

/// A fresh id after `last`.
fn fresh(last: Id, now: Timestamp) -> Id {
    Id::after(last, now, rand::random())
}
