//! A file's rows, one after the other, each under its headers.
//!
//! Comes in: records. Goes out: a [`Row`] or, for what cannot be one, a [`BadRow`] with the
//! reason; every line that holds anything is in one of them, but for the header and the notes
//! before it. Memory is bounded by one record, however long the file is.

use std::borrow::Cow;
use std::io::{self, Read};

use super::dialect::{Dialect, announced};
use super::header;
use super::lines::Lines;
use super::records::{Cells, Record, Records};
use super::shape::{Shape, is_email};
use super::sheaf::Sheaf;

/// The most columns a row may have.
pub const COLUMNS: usize = 200;

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
    /// Its text; of a line longer than 1 MiB its start, and the reason says what is missing.
    pub raw: String,
    /// What is wrong and what to do.
    pub reason: Cow<'static, str>,
    /// How many rows it was meant to be: more than one where too many of a file cannot be read.
    pub count: u64,
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
    sheaf: Sheaf,
}

impl<R: Read> Rows<R> {
    /// The rows of a file that is written like this.
    pub(super) fn new(lines: Lines<R>, dialect: &Dialect, headers: Vec<String>) -> Self {
        Self {
            records: Records::new(lines, dialect.syntax()),
            headers,
            header_row: dialect.header_row,
            sheaf: Sheaf::default(),
        }
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
            Cells::TooLong(0) => Some(bad(record, "one of the row's cells is longer than 64 KiB; shorten it")),
            Cells::TooLong(cut) => {
                let kept = record.raw.len();
                let reason = format!(
                    "the row is longer than 1 MiB; shorten it (its first {kept} bytes are kept here, {cut} more stand only in the file)"
                );
                Some(bad(record, reason))
            }
        }
    }

    fn row(&self, line: u64, raw: String, mut cells: Vec<String>, mut warnings: Vec<&'static str>) -> Option<Item> {
        let filled = cells.iter().rposition(|cell| !cell.trim().is_empty())? + 1;
        let width = self.headers.len();
        if filled > COLUMNS {
            let reason = "the row has more than 200 columns; check the separator, or delete columns";
            return Some(Item::Bad(BadRow { line, raw, reason: reason.into(), count: 1 }));
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
            let record = match self.records.next() {
                None => return self.sheaf.rest().map(|bad| Ok(Item::Bad(bad))),
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(record)) => record,
            };
            match self.item(record) {
                Some(Item::Bad(bad)) => {
                    if let Some(bad) = self.sheaf.add(bad) {
                        return Some(Ok(Item::Bad(bad)));
                    }
                }
                Some(row) => return Some(Ok(row)),
                None => {}
            }
        }
    }
}

/// A note before the header is no lead, but somebody's address might be one.
fn holds_contact(record: &Record) -> bool {
    let word = |word: &str| is_email(word.trim_matches(|c: char| !c.is_alphanumeric()));
    let cells = || header::cells(record).iter();
    matches!(record.cells, Cells::TooLong(_))
        || cells().any(|cell| matches!(Shape::of(cell), Shape::Phone))
        || cells().flat_map(|cell| cell.split_whitespace()).any(|text| text.contains('@') && word(text))
}

fn bad(record: Record, reason: impl Into<Cow<'static, str>>) -> Item {
    Item::Bad(BadRow { line: record.line, raw: record.raw, reason: reason.into(), count: 1 })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::super::contents;
    use super::*;

    fn items(bytes: &[u8]) -> Vec<Item> {
        contents::open(Cursor::new(bytes), &|| false).unwrap().rows.map(Result::unwrap).collect()
    }

    fn row(item: &Item) -> &Row {
        match item {
            Item::Row(row) => row,
            Item::Bad(bad) => panic!("{bad:?}"),
        }
    }

    fn cells(item: &Item) -> Vec<(&str, &str)> {
        row(item).cells.iter().map(|(header, cell)| (header.as_str(), cell.as_str())).collect()
    }

    #[test]
    fn ragged_rows_keep_all_their_cells() {
        let items = items(b"Name;E-Mail\nMax\nEva;e@b.example;VIP;\nUdo;u@b.example;;;\n;;\n");
        assert_eq!(cells(&items[0]), [("Name", "Max"), ("E-Mail", "")]);
        assert_eq!(cells(&items[1]), [("Name", "Eva"), ("E-Mail", "e@b.example"), ("column 3", "VIP")]);
        assert_eq!(cells(&items[2]), [("Name", "Udo"), ("E-Mail", "u@b.example")]);
        assert_eq!((row(&items[0]).warnings.len(), row(&items[1]).warnings.len(), items.len()), (1, 1, 3));
    }

    #[test]
    fn an_unclosed_quote_is_forgiven_where_the_row_is_plain_without_it() {
        let good = "Ida;i@b.example;Ulm\n".repeat(3);
        let torn = "Max;a@b.example;\"Bonn\nEva;\"c@d.example;\nUdo;e@f.example;Ulm;x;\"y\n";
        let items = items(format!("Name;E-Mail;Ort\n{torn}{good}").as_bytes());
        assert_eq!(cells(&items[0])[2], ("Ort", "\"Bonn"));
        assert_eq!(cells(&items[1])[1], ("E-Mail", "\"c@d.example"));
        assert!(matches!(&items[2], Item::Bad(bad) if bad.line == 4 && bad.raw == "Udo;e@f.example;Ulm;x;\"y"));
    }

    #[test]
    fn too_much_is_an_error_of_its_line() {
        let wide = format!("Name;E-Mail\n{}\nEva;e@b.example\n", "x;".repeat(COLUMNS + 1));
        let long = format!("Name;E-Mail\n{};a@b.example\nEva;e@b.example\n", "x".repeat(70_000));
        let endless = format!("Name;E-Mail\n{};a@b.example\nEva;e@b.example\n", "x".repeat(3_000_000));
        for (text, kept, said) in [
            (wide, 2 * (COLUMNS + 1), "more than 200 columns"),
            (long, 70_012, "longer than 64 KiB"),
            (endless, 1 << 20, "1951436 more stand only in the file"),
        ] {
            let items = items(text.as_bytes());
            let Item::Bad(bad) = &items[0] else { panic!("{said}") };
            assert_eq!((bad.line, bad.raw.len()), (2, kept), "{said}");
            assert!(bad.reason.contains(said), "{}", bad.reason);
            assert_eq!((items[1].line(), items.len()), (3, 2));
        }
    }

    #[test]
    fn an_address_before_the_header_is_not_passed_over() {
        let text = b"Export\nmax@firma.example\n\nName;E-Mail;Ort\nEva;e@b.example;Bonn\nUdo;u@b.example;Ulm\n";
        let items = items(text);
        assert!(matches!(&items[0], Item::Bad(bad) if bad.line == 2), "{items:?}");
        assert_eq!(items.len(), 3);
    }

    #[test]
    fn a_header_in_the_middle_of_a_file_is_no_row() {
        assert_eq!(items(b"Name;E-Mail\nMax;a@b.example\nName;E-Mail\nEva;c@d.example\n").len(), 2);
    }

    /// Letters and digits, in order: what must not get lost.
    fn words(text: &str) -> String {
        text.chars().filter(|character| character.is_alphanumeric()).collect()
    }

    proptest! {
        #[test]
        fn no_bytes_are_beyond_reading(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            if let Ok(contents) = contents::open(Cursor::new(&bytes), &|| false) {
                prop_assert!(contents.rows.map(Result::unwrap).count() <= bytes.len());
            }
        }

        #[test]
        fn every_line_is_in_a_row_or_a_bad_row(
            lines in proptest::collection::vec("[a-c1-3@. ;,\"'\\\\|\täß€]{0,40}", 0..40),
            end in "\r?\n",
            known in any::<bool>(),
        ) {
            let mut text = if known { format!("Name;E-Mail{end}") } else { String::new() };
            text.push_str(&lines.join(&end));
            let Ok(contents) = contents::open(Cursor::new(text.as_bytes()), &|| false) else { return Ok(()) };
            let header = contents.dialect.header_row.unwrap_or(0);
            // A quoted header may reach over lines; names that were invented stand in none of them.
            let typed = contents.headers.iter().filter(|name| !name.starts_with("column "));
            let mut all: String = typed.map(|name| words(name)).collect();
            for item in contents.rows.map(Result::unwrap) {
                match item {
                    Item::Row(row) => all.extend(row.cells.iter().map(|(_, cell)| words(cell))),
                    Item::Bad(bad) => all.push_str(&words(&bad.raw)),
                }
            }
            for (line, text) in (1..).zip(text.lines()).filter(|(line, _)| *line > header) {
                prop_assert!(all.contains(&words(text)), "line {line}: {text:?} is not in {all:?}");
            }
        }
    }
}
