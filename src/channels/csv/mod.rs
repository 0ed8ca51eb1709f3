//! A watched folder of CSV files.

mod contents;
mod dialect;
mod encoding;
mod header;
pub mod import;
mod lines;
mod records;
mod rows;
pub(crate) mod settings;
mod shape;
mod split;

use std::path::PathBuf;
use std::time::Duration;

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
