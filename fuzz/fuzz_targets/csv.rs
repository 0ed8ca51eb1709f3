//! A CSV file: encoding, dialect, records and rows as one.
#![no_main]

use std::io::Cursor;

use lotse::channels::csv::import::{inbound, read};
use lotse::channels::csv::{COLUMNS, Item};
use lotse::lead::Name;
use lotse::normalize::{Reader, Trust};

/// Letters and digits, in order: what must not get lost.
fn words(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| character.is_alphanumeric())
}

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    let Ok(file_read) = read(Cursor::new(file)) else { return };
    let channel = Name::parse("fairs").expect("a name");
    let header = file_read.dialect.header_row.unwrap_or(0);
    let encoding = file_read.dialect.encoding;
    let typed = file_read.headers.iter().filter(|name| !name.starts_with("column "));
    let mut all: String = typed.flat_map(|name| words(name)).collect();
    for item in file_read.rows.map(|item| item.expect("a slice can be read")) {
        match &item {
            Item::Row(row) => {
                assert!(row.cells.len() <= COLUMNS);
                all.extend(row.cells.iter().flat_map(|(_, cell)| words(cell)));
            }
            Item::Bad(bad) => {
                assert!(!bad.reason.is_empty());
                all.extend(words(&bad.raw));
            }
        }
        lotse_fuzz::sound(&Reader::default().read(&inbound(&channel, "fair.csv", &item, true), Trust::Usual));
    }
    let Ok(text) = str::from_utf8(file) else { return };
    if encoding == "UTF-8" {
        // `sep=;` speaks to the program that reads the file.
        let is_order = |line: u64, text: &str| {
            let start = text.trim_start_matches('\u{feff}').get(..4);
            line == 1 && start.is_some_and(|start| start.eq_ignore_ascii_case("sep="))
        };
        for (line, text) in (1..).zip(text.lines()).filter(|(line, text)| *line > header && !is_order(*line, text)) {
            assert!(all.contains(&words(text).collect::<String>()), "line {line} is lost: {text:?}");
        }
    }
});
