//! Lines into records: which lines belong together, and what to do where a quote is never closed.
//!
//! A record is at most [`ROW`] long and each cell at most [`CELL`]. A quote that is not closed
//! within that, or that a later line contradicts, spoils its own line only: reading goes on with
//! the next one.

use std::collections::VecDeque;
use std::io;

use super::lines::Line;
use super::split::{Fed, Splitter, Syntax, plain};

/// The longest record, in bytes.
pub(super) const ROW: usize = 1024 * 1024;

/// The longest cell, in bytes.
pub(super) const CELL: usize = 64 * 1024;

/// Bytes that may be read in vain for the ends of quotes, in one file. After that a quote must be
/// closed on its own line, so that no file can make reading slow.
const PATIENCE: usize = 32 * 1024 * 1024;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The line it starts on.
    pub(super) line: u64,
    /// Its text as it stands in the file, without the last line end.
    pub(super) raw: String,
    /// What it holds.
    pub(super) cells: Cells,
    /// What was done to make it readable.
    pub(super) warnings: Vec<&'static str>,
}

/// What a record holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// Its cells.
    Read(Vec<String>),
    /// A quote is opened and never closed; the cells are those of the line without quoting.
    Torn(Vec<String>),
    /// It is too long to be a record; the text lacks so many bytes at its end.
    TooLong(usize),
}

/// Reads records.
pub(super) struct Records<L> {
    lines: L,
    ahead: VecDeque<Line>,
    syntax: Syntax,
    in_vain: usize,
}

impl<L: Iterator<Item = io::Result<Line>>> Records<L> {
    /// Records of these lines.
    pub(super) fn new(lines: L, syntax: Syntax) -> Self {
        Self { lines, ahead: VecDeque::new(), syntax, in_vain: 0 }
    }

    /// The lines they are made from.
    pub(super) fn lines(&self) -> &L {
        &self.lines
    }

    fn record(&mut self) -> io::Result<Option<Record>> {
        let first = match self.ahead.pop_front() {
            Some(line) => line,
            None => match self.lines.next().transpose()? {
                Some(line) => line,
                None => return Ok(None),
            },
        };
        let mut record =
            Record { line: first.number, raw: first.text, cells: Cells::TooLong(first.cut), warnings: first.warnings };
        if first.cut > 0 {
            return Ok(Some(record));
        }
        let mut splitter = Splitter::new(self.syntax);
        let whole = match splitter.feed(&record.raw) {
            Fed::Whole => Some(0),
            Fed::Open => self.look_ahead(&mut splitter, record.raw.len())?,
            Fed::Contradiction => None,
        };
        let Some(more) = whole else {
            record.cells = Cells::Torn(plain(&record.raw, self.syntax.delimiter));
            return Ok(Some(record));
        };
        for line in self.ahead.drain(..more) {
            record.raw.push('\n');
            record.raw.push_str(&line.text);
            record.warnings.extend(line.warnings);
        }
        record.cells = if splitter.longest() > CELL { Cells::TooLong(0) } else { Cells::Read(splitter.cells()) };
        Ok(Some(record))
    }

    /// Feeds lines until the record is whole; says how many that took, or that it never will be.
    fn look_ahead(&mut self, splitter: &mut Splitter, start: usize) -> io::Result<Option<usize>> {
        let mut size = start;
        for used in 0.. {
            let patient = size <= ROW && splitter.longest() <= CELL && self.in_vain < PATIENCE;
            if !patient || !self.has_ahead(used)? || self.ahead[used].cut > 0 {
                break;
            }
            let line = &self.ahead[used].text;
            size += line.len() + 1;
            match splitter.feed(line) {
                Fed::Whole => return Ok(Some(used + 1)),
                Fed::Open => {}
                Fed::Contradiction => break,
            }
        }
        self.in_vain += size;
        Ok(None)
    }

    fn has_ahead(&mut self, index: usize) -> io::Result<bool> {
        while self.ahead.len() <= index {
            match self.lines.next().transpose()? {
                Some(line) => self.ahead.push_back(line),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl<L: Iterator<Item = io::Result<Line>>> Iterator for Records<L> {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.record().transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const SYNTAX: Syntax = Syntax { delimiter: Some(';'), quote: Some('"'), escape: None };

    fn records(text: &str) -> Vec<Record> {
        let lines =
            text.lines().zip(1..).map(|(text, number)| Ok(Line { number, text: text.to_owned(), ..Line::default() }));
        Records::new(lines, SYNTAX).map(Result::unwrap).collect()
    }

    #[test]
    fn a_quoted_cell_may_run_over_lines() {
        let got = records("a;b\nMax;\"Hallo,\n\nbitte; Angebot\"\nEva;x");
        assert_eq!(got.iter().map(|record| record.line).collect::<Vec<_>>(), [1, 2, 5]);
        assert_eq!(got[1].cells, Cells::Read(vec!["Max".into(), "Hallo,\n\nbitte; Angebot".into()]));
    }

    #[test]
    fn an_unclosed_quote_spoils_its_own_line_only() {
        let got = records("a;b\n\"Max;x\nEva;\"y z\"\nUdo;w");
        assert!(matches!(&got[1].cells, Cells::Torn(cells) if cells.len() == 2), "{:?}", got[1]);
        assert_eq!(got[2].cells, Cells::Read(vec!["Eva".into(), "y z".into()]));
        assert_eq!(got.len(), 4);
        let got = records("a;b\n\"Max;x\nEva;y\nUdo;w");
        assert_eq!(got.iter().map(|record| record.line).collect::<Vec<_>>(), [1, 2, 3, 4], "to the end of the file");
    }

    #[test]
    fn a_cell_that_is_too_long_is_an_error_of_its_line() {
        let got = records(&format!("a;b\n{};x\nEva;y", "z".repeat(CELL + 1)));
        assert_eq!((got[1].line, &got[1].cells), (2, &Cells::TooLong(0)));
        assert_eq!(got[2].cells, Cells::Read(vec!["Eva".into(), "y".into()]));
    }

    #[test]
    fn no_file_of_open_quotes_makes_reading_slow() {
        let begun = Instant::now();
        for line in ["x;\"\"\"b\n", "x;\"b c\n", "\";\"\n", "\"\n\n\n\n"] {
            let text = line.repeat(400_000);
            let got = records(&text);
            assert!(!got.is_empty());
        }
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    }
}
