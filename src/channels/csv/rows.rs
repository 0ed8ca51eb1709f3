//! A file's rows, one after the other, each under its headers.
//!
//! Comes in: records. Goes out: a [`Row`] or, for what cannot be one, a [`BadRow`] with the
//! reason; every line that holds anything is in one of them, but for the header and the notes
//! before it. Memory is bounded by one record, however long the file is.

use std::io::{self, Read};

use super::dialect::{Dialect, announced};
use super::header;
use super::lines::Lines;
use super::records::{Cells, Record, Records};
use super::shape::{Shape, is_email};

/// The most columns a row may have.
pub const COLUMNS: usize = 200;

/// What is kept of the text of a bad row, in bytes.
pub(super) const KEPT: usize = 64 * 1024;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line it starts on, counted from 1.
    pub line: u64,
    /// Header and cell as typed, in the file's order; cells beyond the last header stand under `column 9`.
    pub cells: Vec<(String, String)>,
    /// What was done to make it readable.
    pub warnings: Vec<&'static str>,
}

/// Text that could not be read as a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The line it starts on, counted from 1.
    pub line: u64,
    /// Its text, the first 64 KiB.
    pub raw: String,
    /// What is wrong and what to do.
    pub reason: &'static str,
}

/// A row or what should have been one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Readable.
    Row(Row),
    /// Not readable.
    Bad(BadRow),
}

impl Item {
    /// The line it starts on, counted from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        match self {
            Self::Row(row) => row.line,
            Self::Bad(bad) => bad.line,
        }
    }
}

/// Iterates over the rows of a file; an error is one of reading the file.
pub struct Rows<R> {
    records: Records<Lines<R>>,
    headers: Vec<String>,
    header_row: Option<u64>,
}

impl<R: Read> Rows<R> {
    /// The rows of a file that is written like this.
    pub(super) fn new(lines: Lines<R>, dialect: &Dialect, headers: Vec<String>) -> Self {
        Self { records: Records::new(lines, dialect.syntax()), headers, header_row: dialect.header_row }
    }

    /// Bytes of the file that were read so far; runs a little ahead of the rows.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.records.lines().position()
    }

    fn item(&self, record: Record) -> Option<Item> {
        if record.line == 1 && announced(&record.raw).is_some() {
            return None;
        }
        if self.header_row.is_some_and(|header| record.line < header) {
            return holds_contact(&record)
                .then(|| bad(record, "stands before the header; put it below, or correct the header"));
        }
        if self.header_row == Some(record.line) {
            return None;
        }
        match record.cells {
            Cells::Read(cells) => self.row(record.line, record.raw, cells, record.warnings),
            Cells::Torn(cells) if cells.len() == self.headers.len() && cells.len() > 1 => {
                let mut warnings = record.warnings;
                warnings.push("a quote is opened and never closed; the line was read without quoting");
                self.row(record.line, record.raw, cells, warnings)
            }
            Cells::Torn(_) => {
                Some(bad(record, "a quote is opened and never closed; close it, or double quotes inside cells"))
            }
            Cells::TooLong => {
                Some(bad(record, "the row is longer than 1 MiB or one of its cells than 64 KiB; shorten it"))
            }
        }
    }

    fn row(&self, line: u64, raw: String, mut cells: Vec<String>, mut warnings: Vec<&'static str>) -> Option<Item> {
        let filled = cells.iter().rposition(|cell| !cell.trim().is_empty())? + 1;
        let width = self.headers.len();
        if filled > COLUMNS {
            let reason = "the row has more than 200 columns; check the separator, or delete columns";
            return Some(Item::Bad(BadRow { line, raw: shorten(raw), reason }));
        }
        if cells.len() < width && width > 1 {
            warnings.push("the row has fewer cells than the header");
        }
        if filled > width {
            warnings.push("the row has more cells than the header");
        }
        // Rows that differ only in empty cells at their ends are equal.
        cells.resize(filled.max(width), String::new());
        if self.header_row.is_some()
            && self.headers.len() == cells.len()
            && self.headers.iter().zip(&cells).all(|(header, cell)| header == cell.trim())
        {
            return None;
        }
        let name = |index: usize| self.headers.get(index).cloned().unwrap_or_else(|| header::number(index));
        let cells = cells.into_iter().enumerate().map(|(index, cell)| (name(index), cell)).collect();
        Some(Item::Row(Row { line, cells, warnings }))
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.records.next()? {
                Ok(record) => {
                    if let Some(item) = self.item(record) {
                        return Some(Ok(item));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A note before the header is no lead, but somebody's address might be one.
fn holds_contact(record: &Record) -> bool {
    let word = |word: &str| is_email(word.trim_matches(|c: char| !c.is_alphanumeric()));
    let cells = || header::cells(record).iter();
    matches!(record.cells, Cells::TooLong)
        || cells().any(|cell| matches!(Shape::of(cell), Shape::Phone))
        || cells().flat_map(|cell| cell.split_whitespace()).any(|text| text.contains('@') && word(text))
}

fn bad(record: Record, reason: &'static str) -> Item {
    Item::Bad(BadRow { line: record.line, raw: shorten(record.raw), reason })
}

fn shorten(mut raw: String) -> String {
    raw.truncate(raw.floor_char_boundary(KEPT));
    raw
}
