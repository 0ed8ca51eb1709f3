//! A watched folder of CSV files, and reading one such file.
//!
//! Files come in as people and programs save them: any encoding, any separator, with notes before
//! the header or without one. Each row goes through the front door as an item of its own; when all
//! have receipts, the file moves to `done/`. A file that is no table, or of a kind that is not read,
//! moves to `failed/`, with an explanation beside it, and stands in the ledger.
//!
//! [`Folder`] (`watch` → `settle` → `journey` → `reading`) watches; [`import`] reads one file now. Both read
//! by `contents`: `encoding` → `lines` → `dialect` (`shape`, `header`) → `prose` → `records` (`split`) → `rows` (`sheaf`).

mod contents;
mod dialect;
mod encoding;
mod header;
pub mod import;
mod journey;
mod lines;
mod paths;
mod prose;
mod reading;
mod records;
mod rows;
pub(crate) mod settings;
mod settle;
mod shape;
mod sheaf;
mod split;
#[cfg(test)]
mod story;
mod watch;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::{Channel, Running};
use crate::intake::Door;
use crate::lead::Name;
use crate::normalize::Spelling;

pub use contents::{LARGEST, Unreadable};
pub use dialect::Dialect;
pub use rows::{BadRow, COLUMNS, Item, Row, Rows};

/// Settings of one watched folder (`kind = "csv"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The folder; `done/` and `failed/` are made inside it.
    pub folder: PathBuf,
    /// A file must rest this long before it is read; 100 ms to 1 h. Default 2 s.
    pub settle: Duration,
    /// Extra names of canonical fields.
    pub spelling: Spelling,
}

/// A watched folder.
#[derive(Debug)]
pub struct Folder {
    name: Name,
    config: Config,
}

impl Folder {
    /// The channel of this name; nothing is touched before it runs.
    #[must_use]
    pub fn new(name: Name, config: Config) -> Self {
        Self { name, config }
    }
}

/// Makes a folder that is to be watched, with `done/` and `failed/` inside it. The channel does so
/// by itself; this is for whoever wants the folder to be there before. Blocks on the disk.
pub fn make(folder: &Path) -> io::Result<()> {
    paths::Paths::new(folder).make()
}

impl Channel for Folder {
    fn name(&self) -> &Name {
        &self.name
    }

    fn run<'a>(&'a self, door: &'a Door, health: &'a Health, stop: &'a CancellationToken) -> Running<'a> {
        Box::pin(watch::run(&self.name, &self.config, door, health, stop))
    }
}
