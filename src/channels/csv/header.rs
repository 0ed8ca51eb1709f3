//! Which line names the columns, and what columns without a name are called.
//!
//! Exports put notes, a title or an empty line before the header; address lists often have no
//! header at all. A line that might be somebody's data is never taken for a note.

use super::records::{Cells, Record};
use super::shape::{Shape, is_email, is_phone};
use crate::normalize::Spelling;
use crate::normalize::fields::{self, CANONICAL, label::Slot};

/// Records before the header that are looked at.
const SEARCH: usize = 40;

/// Rows a header is compared with.
const BODY: usize = 200;

/// The canonical field that a column of this name fills, if any; a campaign parameter is `utm_source` or `gclid`.
pub(super) fn field(header: &str, spelling: &Spelling) -> Option<String> {
    let (slot, _) = fields::meaning(header, spelling)?;
    if let Slot::Utm(name) = &slot {
        let click_id = Slot::parse(name).as_ref() == Some(&slot);
        return Some(if click_id { name.clone() } else { format!("utm_{name}") });
    }
    CANONICAL.iter().find(|name| Slot::parse(name).as_ref() == Some(&slot)).map(|name| (*name).to_owned())
}

/// The record that names the columns, as an index; `None` where every record is data.
pub(super) fn find(records: &[Record]) -> Option<usize> {
    let filled: Vec<usize> = records.iter().map(|record| filled(record).count()).collect();
    let width = |record: &Record| self::filled(record).last().map_or(0, |(last, _)| last + 1);
    let wide = usual(records.iter().map(width).filter(|width| *width > 1));
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

/// Whether the names are known for the most part, or stand above values, or above nothing: between words
/// and blanks nothing less tells a header from the first name of a list (`Max Mustermann`).
pub(super) fn is_plain(record: &Record, body: &[Record]) -> bool {
    let usual_names = Spelling::default();
    let known = filled(record).filter(|(_, cell)| field(cell, &usual_names).is_some()).count();
    body.is_empty() || known * 2 >= filled(record).count() || stands_above_values(record, body)
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
        Cells::TooLong(_) => &[],
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
    let repeated = |(index, cell): (usize, &str)| {
        body.iter().filter_map(|row| cells(row).get(index)).any(|other| other.trim() == cell)
    };
    stands_above_values(record, body) || !filled(record).any(repeated)
}

/// Whether a word of the record has mostly numbers, dates or addresses below it.
fn stands_above_values(record: &Record, body: &[Record]) -> bool {
    filled(record).filter(|(_, cell)| !Shape::of(cell).is_value()).any(|(index, _)| {
        let column = || {
            body.iter().filter_map(|row| cells(row).get(index)).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
        };
        let (all, values) = (column().count(), column().filter(|other| Shape::of(other).is_value()).count());
        all > 0 && values * 10 >= all * 6
    })
}

#[cfg(test)]
mod tests {
    use super::super::dialect::sniff;
    use super::super::lines::Line;
    use super::*;

    fn sniffed(text: &str) -> (Option<u64>, Vec<String>) {
        let lines: Vec<Line> =
            text.lines().zip(1..).map(|(text, number)| Line { number, text: text.into(), ..Line::default() }).collect();
        let sniffed = sniff("UTF-8", &lines);
        (sniffed.dialect.header_row, sniffed.headers)
    }

    #[test]
    fn the_header_is_found_below_notes_and_blank_lines() {
        let table = [
            ("Name;E-Mail\nMax;max@firma.example", 1),
            ("sep=;\nName;E-Mail\nMax;max@firma.example", 2),
            ("\n\nName;E-Mail\nMax;max@firma.example", 3),
            ("Messe Berlin 2026\n\nName;E-Mail;Telefon\nMax;max@firma.example;030 1234567", 3),
            ("Messe Berlin 2026;;\nStand: 01.02.2026;;\n;;\nName;E-Mail;Telefon\nMax;max@firma.example;030 1234567", 4),
            ("# exported by a tool\nname,email\nMax,max@firma.example", 2),
            ("Vorname,Nachname,Ort\nMax,Muster,Bonn\nEva,Beispiel,Köln", 1),
            ("Jahr,2024,2025,Firma,Ansprechpartner,Mail\nx,1,2,Firma GmbH,Max,a@b.example", 1),
            ("E-Mail\nmax@firma.example\neva@firma.example", 1),
            ("Name;E-Mail", 1),
        ];
        for (text, row) in table {
            assert_eq!(sniffed(text).0, Some(row), "{text}");
        }
    }

    #[test]
    fn a_file_without_a_header_loses_no_row_to_one() {
        let (row, headers) = sniffed("Max Muster;max@firma.example;030 1234567\nEva;eva@firma.example;+49 30 765432");
        assert_eq!((row, headers), (None, vec!["column 1".into(), "email".into(), "phone".into()]));
        for text in [
            "max@firma.example\neva@firma.example",
            "Max;max@firma.example",
            "4,5,6",
            "Max;10115;Berlin\nEva;50667;Köln",
            "Max Mustermann\nEva Beispiel",
            "Aussteller\nFirma A GmbH\nVerein zur Förderung der Kunst e.V.",
        ] {
            assert_eq!(sniffed(text).0, None, "{text}");
        }
    }

    #[test]
    fn columns_without_a_name_are_numbered() {
        assert_eq!(sniffed("Name;;E-Mail;;\nMax;x;max@firma.example;;").1, ["Name", "column 2", "E-Mail"]);
    }

    #[test]
    fn headers_say_which_field_they_fill() {
        let spelling =
            Spelling { fields: [("company".to_owned(), vec!["Aussteller".to_owned()])].into(), ..Spelling::default() };
        let fields = ["E-Mail", "Vorname", "Aussteller", "UTM Source", "gclid", "Lieblingsfarbe"]
            .map(|header| field(header, &spelling));
        let fields: Vec<_> = fields.iter().map(Option::as_deref).collect();
        assert_eq!(
            fields,
            [Some("email"), Some("given_name"), Some("company"), Some("utm_source"), Some("gclid"), None]
        );
    }
}
