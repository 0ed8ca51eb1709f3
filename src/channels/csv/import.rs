//! One file now: what `lotse import` reads, and what a row becomes on its way in.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::contents::{self, Unreadable};
use super::dialect::Dialect;
use super::header;
use super::rows::{Item, Rows};
use crate::lead::{Delivery, Inbound, Kind, Name, Original};
use crate::normalize::Spelling;

/// An opened file: iterate over [`Import::rows`].
pub struct Import<R = File> {
    /// How it is written.
    pub dialect: Dialect,
    /// Names of its columns.
    pub headers: Vec<String>,
    /// Its length in bytes; [`Rows::position`] runs up to it.
    pub bytes: u64,
    /// Its rows.
    pub rows: Rows<R>,
}

impl<R> Import<R> {
    /// Whether a column has a name that everybody knows: then a file without rows is an export of nobody.
    #[must_use]
    pub fn has_known_header(&self) -> bool {
        contents::is_header(&self.headers)
    }

    /// Which canonical field each column fills, `null` for those kept under their own name.
    #[must_use]
    pub fn columns(&self, spelling: &Spelling) -> Map<String, Value> {
        let field = |name: &String| header::field(name, spelling).map_or(Value::Null, Value::from);
        self.headers.iter().map(|name| (name.clone(), field(name))).collect()
    }
}

/// Opens a file. Reads all of it once to know its encoding, so this takes its time with large ones.
pub fn open(path: &Path) -> Result<Import, Unreadable> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Unreadable::Binary("no regular file"));
    }
    read(file)
}

/// As [`open`], from anything that can be read twice.
pub fn read<R: Read + Seek>(source: R) -> Result<Import<R>, Unreadable> {
    let contents = contents::open(source, &|| false)?;
    Ok(Import { dialect: contents.dialect, headers: contents.headers, bytes: contents.length, rows: contents.rows })
}

/// What a row is on its way in. `file_name` is the file's name without its folder.
///
/// A row is a JSON array of `[header, cell]` pairs, of type `application/json`, with `; noted=TEXT`
/// where something was done to make it readable. A bad row is its own text, of type
/// `text/csv; unreadable=REASON`, so that it ends in the ledger as quarantined.
#[must_use]
pub fn inbound(channel: &Name, file_name: &str, item: &Item, quiet: bool) -> Inbound {
    let original = match item {
        Item::Row(row) => {
            let pair = |(header, cell): &(String, String)| Value::from(vec![header.as_str(), cell.as_str()]);
            let pairs: Vec<Value> = row.cells.iter().map(pair).collect();
            let bytes = Value::from(pairs).to_string().into_bytes();
            let mut content_type = "application/json".to_owned();
            if !row.warnings.is_empty() {
                content_type += &format!("; noted=line {}: {}", row.line, row.warnings.join("; "));
            }
            Original { content_type, bytes, ..Original::default() }
        }
        Item::Bad(bad) => unreadable(&bad.reason, bad.raw.as_bytes().to_vec()),
    };
    let source = format!("{file_name}, line {}", item.line());
    incoming(channel, source, Delivery::Row, original, quiet)
}

/// A whole file that cannot be read, with the first bytes of it. `identity` tells it from others.
pub(super) fn unreadable_file(
    channel: &Name,
    file_name: &str,
    identity: String,
    reason: &str,
    head: Vec<u8>,
) -> Inbound {
    incoming(channel, file_name.to_owned(), Delivery::Named(identity), unreadable(reason, head), false)
}

fn unreadable(reason: &str, bytes: Vec<u8>) -> Original {
    Original { content_type: format!("text/csv; unreadable={reason}"), bytes, ..Original::default() }
}

fn incoming(channel: &Name, source: String, delivery: Delivery, original: Original, quiet: bool) -> Inbound {
    let (channel, received_at) = (channel.clone(), Timestamp::now());
    Inbound { channel, kind: Kind::Row, received_at, source, delivery, original, place: None, quiet }
}
