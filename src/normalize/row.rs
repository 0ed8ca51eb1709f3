//! Rows of spreadsheets, and what people enter by hand. In: an original of [`Kind::Row`] (a JSON
//! array of `[header, cell]` pairs) or [`Kind::Manual`] (a JSON object). Out: labelled values.
//!
//! [`Kind::Row`]: crate::lead::Kind::Row
//! [`Kind::Manual`]: crate::lead::Kind::Manual

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::fields::Pair;
use super::form::{self, Form};
use crate::lead::Original;

/// Reads a row. An error is a sentence for the person who looks at the quarantined item; what the
/// channel could not read comes as `text/csv; unreadable=REASON`, what it mended with `; noted=TEXT`.
pub(super) fn read(original: &Original) -> Result<Form, String> {
    if let Some((_, reason)) = original.content_type.split_once("unreadable=") {
        return Err(reason.to_owned());
    }
    let cells: Vec<(String, Value)> = serde_json::from_slice(&original.bytes)
        .map_err(|error| format!("the row is no list of header and cell: {error}"))?;
    let mut form = Form::default();
    form.problems.extend(original.content_type.split_once("noted=").map(|(_, noted)| noted.to_owned()));
    for (header, cell) in cells {
        let usable = match &cell {
            Value::String(text) => text.chars().any(char::is_alphanumeric),
            other => !other.is_null(),
        };
        if usable {
            form.pairs.push(Pair::new(header, cell));
        }
    }
    if form.pairs.is_empty() { Err("the row is empty".into()) } else { Ok(form) }
}

/// Reads what a person entered.
pub(super) fn read_manual(original: &Original) -> Result<Form, String> {
    form::decode(&Original { content_type: "application/json".into(), ..original.clone() }, Default::default())
}

/// Equal for rows whose headers and cells are all equal, hex.
pub(super) fn identity(bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    match serde_json::from_slice::<Vec<(String, Value)>>(bytes) {
        Ok(cells) => {
            for (header, cell) in cells {
                let cell = cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
                for text in [header, cell] {
                    hash.update((text.len() as u64).to_be_bytes());
                    hash.update(text.as_bytes());
                }
            }
        }
        Err(_) => hash.update(bytes),
    }
    super::hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn original(text: &str) -> Original {
        Original { content_type: "application/json".into(), bytes: text.as_bytes().to_vec(), ..Original::default() }
    }

    #[test]
    fn a_row_without_a_usable_cell_is_empty() {
        for text in ["[]", r#"[["E-Mail",""],["Name"," - "]]"#, r#"[["E-Mail",null]]"#] {
            assert_eq!(read(&original(text)), Err("the row is empty".into()), "{text}");
        }
        assert!(read(&original("{}")).is_err() && read(&original("x")).is_err());
        assert_eq!(read(&original(r#"[["Name","Max"],["",""],["PLZ",10115]]"#)).unwrap().pairs.len(), 2);
    }

    #[test]
    fn what_the_channel_could_not_read_keeps_its_reason() {
        let torn =
            Original { content_type: "text/csv; unreadable=a quote is never closed".into(), ..original("a;\"b") };
        assert_eq!(read(&torn), Err("a quote is never closed".into()));
    }

    #[test]
    fn equal_cells_are_equal_rows() {
        let same = identity(br#"[["a","1"],["b",""]]"#);
        assert_eq!(identity(br#" [ ["a", "1"], ["b", ""] ] "#), same);
        for other in [&br#"[["a","1"],["b","2"]]"#[..], br#"[["a","1"]]"#, br#"[["a1",""],["b",""]]"#, b"broken"] {
            assert_ne!(identity(other), same);
        }
    }
}
