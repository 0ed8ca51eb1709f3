//! Dialects and rows of real files, measured against what people say about them.
//!
//! The files are no part of the project: they are found by `LOTSE_CORPUS` (default
//! `../shared/data` from the crate root), and without them the tests say that they skip.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

use std::path::{Path, PathBuf};

use lotse::channels::csv::{Dialect, Item, import};
use serde_json::Value;

fn corpus(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LOTSE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let folder = root.join("csv").join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no corpus at {}", folder.display());
    None
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "" => return None,
        "comma" => ',',
        "semicolon" => ';',
        "tab" => '\t',
        "space" => ' ',
        "vslash" => '|',
        "nsign" => '#',
        "doublequote" => '"',
        "singlequote" => '\'',
        "backslash" => '\\',
        other => panic!("unknown label {other}"),
    })
}

#[test]
fn dialects_are_found_at_least_as_often_as_by_the_best_known_sniffer() {
    let Some(folder) = corpus("dialect-wrangling") else { return };
    let labels = json(&folder.join("labels.json"));
    let (mut files, mut delimiter, mut quoted, mut all) = (0.0, 0.0, 0.0, 0.0);
    for (name, label) in labels["labels"].as_object().unwrap() {
        files += 1.0;
        let want = |key: &str| character(label[key].as_str().unwrap());
        let found = match import::open(&folder.join(name)) {
            Ok(import) => import.dialect,
            Err(error) => {
                eprintln!("{name}: {error}");
                continue;
            }
        };
        let right = [
            found.delimiter == want("fields_delimiter"),
            found.quote == want("quotechar"),
            found.escape == want("escapechar"),
        ];
        delimiter += f64::from(u8::from(right[0]));
        quoted += f64::from(u8::from(right[0] && right[1]));
        all += f64::from(u8::from(right == [true; 3]));
        if right != [true; 3] {
            eprintln!("{name}: {found:?}, labelled {label}");
        }
    }
    let (delimiter, quoted, all) = (delimiter / files, quoted / files, all / files);
    eprintln!("{files} files: delimiter {delimiter:.3}, with quote {quoted:.3}, with escape {all:.3}");
    let peers = json(&folder.parent().unwrap().join("PEERS.json"));
    let peers = peers["success_ratio"]["CSV Wrangling"].as_object().unwrap();
    for (peer, ratio) in peers {
        eprintln!("  {peer}: {ratio}");
    }
    assert!(quoted >= peers["CSVsniffer"].as_f64().unwrap());
}

#[test]
fn the_spectrum_is_read_as_its_authors_say() {
    let Some(folder) = corpus("csv-spectrum") else { return };
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let want = std::fs::read_to_string(path.with_extension("json")).unwrap();
        // A line end inside a cell is a line end, whatever the system that wrote it.
        let want: Value = serde_json::from_str(&want.replace("\\r\\n", "\\n")).unwrap();
        if !want.is_array() {
            // One expectation speaks of another number than its file.
            continue;
        }
        let rows = import::open(&path).unwrap().rows;
        let got: Vec<Value> = rows
            .map(|item| match item.unwrap() {
                Item::Row(row) => row.cells.into_iter().map(|(header, cell)| (header, Value::from(cell))).collect(),
                Item::Bad(bad) => panic!("{}: {bad:?}", path.display()),
            })
            .collect();
        assert_eq!(Value::from(got), want, "{}", path.display());
    }
}

fn read(path: &Path) -> (Dialect, Vec<String>, usize, Vec<Item>) {
    let import = import::open(path).unwrap();
    let (good, bad): (Vec<Item>, Vec<Item>) =
        import.rows.map(Result::unwrap).partition(|item| matches!(item, Item::Row(_)));
    (import.dialect, import.headers, good.len(), bad)
}

#[test]
fn exported_contacts_have_their_header_and_all_their_rows() {
    let Some(folder) = corpus("contacts") else { return };
    let labels = json(&folder.join("labels.json"));
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let (dialect, headers, rows, bad) = read(&path);
        eprintln!("{name}: {dialect:?}, {} columns, {rows} rows, {} bad", headers.len(), bad.len());
        let label = &labels[name];
        assert_eq!(dialect.header_row, Some(label["header_row"].as_u64().unwrap_or(1)), "{name}");
        assert!(bad.is_empty(), "{name}: {bad:?}");
        assert!(label["rows"].as_u64().is_none_or(|want| want == rows as u64), "{name}: {rows} rows");
    }
}

#[test]
fn no_file_is_beyond_reading() {
    let Some(folder) = corpus("csvkit") else { return };
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        match import::open(&path) {
            Ok(import) => {
                let (dialect, headers) = (import.dialect, import.headers);
                let items: Vec<Item> = import.rows.map(Result::unwrap).collect();
                eprintln!("{}: {dialect:?} {headers:?} {} items", path.display(), items.len());
            }
            Err(error) => eprintln!("{}: {error}; {}", path.display(), error.advice()),
        }
    }
}
