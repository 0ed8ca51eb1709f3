//! Which line names the columns, and what columns without a name are called.
//!
//! Exports put notes, a title or an empty line before the header; address lists often have no
//! header at all. A line that might be somebody's data is never taken for a note.

use super::records::{Cells, Record};
use super::shape::{Shape, is_email, is_phone};
use crate::normalize::Spelling;

/// Records before the header that are looked at.
const SEARCH: usize = 40;

/// Rows a header is compared with.
const BODY: usize = 200;

/// The canonical field that a column of this name fills, if any.
pub(super) fn field(header: &str, spelling: &Spelling) -> Option<&'static str> {
    let _ = (header, spelling);
    None
}

/// The record that names the columns, as an index; `None` where every record is data.
pub(super) fn find(records: &[Record]) -> Option<usize> {
    let filled: Vec<usize> = records.iter().map(|record| filled(record).count()).collect();
    let wide = usual(records.iter().map(|record| cells(record).len()).filter(|width| *width > 1));
    let width = wide.max(1);
    let full = |count: usize| count >= width.min(2) && count * 2 >= width;
    for (index, record) in records.iter().enumerate().take(SEARCH) {
        if !full(filled[index]) || filled[..index].iter().any(|before| *before > filled[index]) {
            continue;
        }
        let body = &records[index + 1..records.len().min(index + 1 + BODY)];
        if names_columns(record, body) {
            return Some(index);
        }
        // A full line of data before any header: there is none.
        if filled[index] >= width && index + 1 < records.len() {
            return None;
        }
    }
    None
}

/// Names for columns without a header: what their cells evidently are, else their number.
pub(super) fn invent(records: &[Record]) -> Vec<String> {
    let width = usual(records.iter().map(|record| cells(record).len()));
    let column = |index: usize| {
        let values = || {
            records
                .iter()
                .filter_map(|record| cells(record).get(index))
                .map(|cell| cell.trim())
                .filter(|cell| !cell.is_empty())
        };
        let mostly = |test: fn(&str) -> bool| {
            let (hits, all) = values().fold((0, 0), |(hits, all), cell| (hits + usize::from(test(cell)), all + 1));
            all > 0 && hits * 10 >= all * 8
        };
        if mostly(is_email) {
            "email".to_owned()
        } else if mostly(|cell| is_phone(cell) && cell.starts_with(['+', '0', '(']) && Shape::of(cell) == Shape::Phone)
        {
            "phone".to_owned()
        } else {
            number(index)
        }
    };
    (0..width).map(column).collect()
}

/// The name of a column without one.
pub(super) fn number(index: usize) -> String {
    format!("column {}", index + 1)
}

/// A header's cells as column names: without the spaces around them, none empty, nothing after the last one filled.
pub(super) fn names(record: &Record) -> Vec<String> {
    let cells = cells(record);
    let width = cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    let name = |(index, cell): (usize, &String)| {
        let cell = cell.trim();
        if cell.is_empty() { number(index) } else { cell.to_owned() }
    };
    cells[..width].iter().enumerate().map(name).collect()
}

/// The cells of a record, as well as they can be known.
pub(super) fn cells(record: &Record) -> &[String] {
    match &record.cells {
        Cells::Read(cells) | Cells::Torn(cells) => cells,
        Cells::TooLong => &[],
    }
}

fn filled(record: &Record) -> impl Iterator<Item = (usize, &str)> {
    let cells = cells(record).iter().enumerate();
    cells.map(|(index, cell)| (index, cell.trim())).filter(|(_, cell)| !cell.is_empty())
}

/// The most frequent of these numbers; the larger one of two.
pub(super) fn usual(numbers: impl Iterator<Item = usize>) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    for number in numbers {
        *counts.entry(number).or_insert(0_usize) += 1;
    }
    counts.into_iter().max_by_key(|(number, count)| (*count, *number)).map_or(0, |(number, _)| number)
}

fn names_columns(record: &Record, body: &[Record]) -> bool {
    let usual_names = Spelling::default();
    let count = filled(record).count();
    let values = filled(record).filter(|(_, cell)| Shape::of(cell).is_value()).count();
    let known = filled(record).filter(|(_, cell)| field(cell, &usual_names).is_some()).count();
    if known * 2 >= count && known > 0 {
        return true;
    }
    let contact = filled(record).any(|(_, cell)| matches!(Shape::of(cell), Shape::Email | Shape::Phone | Shape::Url));
    // A wide table may be headed by years or numbers among words.
    if contact || (values > 0 && (count < 4 || values * 2 > count)) || filled(record).any(|(_, cell)| cell.len() > 200)
    {
        return false;
    }
    if known > 0 || body.is_empty() {
        return true;
    }
    differs(record, body)
}

/// Whether the record stands out from the rows below it.
fn differs(record: &Record, body: &[Record]) -> bool {
    let mut repeated = 0;
    let mut typed = false;
    for (index, cell) in filled(record) {
        let column = || {
            body.iter().filter_map(|row| cells(row).get(index)).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
        };
        let all = column().count();
        let values = column().filter(|other| Shape::of(other).is_value()).count();
        typed |= !Shape::of(cell).is_value() && all > 0 && values * 10 >= all * 6;
        repeated += usize::from(column().any(|other| other == cell));
    }
    typed || repeated == 0
}
