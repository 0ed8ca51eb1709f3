//! The labels of Jotform's line of text, `Label:value, Label:value`. In: the line, and the values by question. Out:
//! the label of each value.
//!
//! Labels and values may hold commas and colons themselves, so a label is told by what is known: it stands between
//! one value and the next. Jotform joins the boxes of an answer in many ways (`(0221) 445588`, `A, B`, `24.12.2026`):
//! a value is found by its letters and digits, whatever stands between them, and its parts in any order.

use crate::normalize::form::tree::Node;
use crate::normalize::text::shorten;

/// Bytes of the line that are searched for labels.
const MAX_LINE: usize = 64 << 10;
/// Colons behind which values are looked for.
const MAX_COLONS: usize = 2_000;
/// Values that are looked for.
const MAX_VALUES: usize = 500;
/// Parts of a value that are looked for.
const MAX_PARTS: usize = 100;
/// Marks and spaces between two letters or digits of a value.
const MAX_BETWEEN: usize = 12;
/// Bytes of a label: what a person typed may look like the end of one.
const MAX_LABEL: usize = 300;

/// Where one value stands in the line.
#[derive(Clone, Copy)]
struct Found {
    /// The colon before it.
    colon: usize,
    /// Behind it and the comma that ends it.
    end: usize,
}

/// The labels of these values, in the same order.
pub(super) fn of(line: &str, values: &[&Node]) -> Vec<Option<String>> {
    let line = shorten(line, MAX_LINE);
    let colons: Vec<usize> = line.match_indices(':').map(|(at, _)| at).take(MAX_COLONS).collect();
    let parts: Vec<Vec<String>> = values.iter().take(MAX_VALUES).map(|value| parts(value)).collect();
    let mut found: Vec<Option<Found>> = vec![None; values.len()];
    // A long value is found for sure, and a short one may stand within it.
    let mut order: Vec<usize> = (0..parts.len()).filter(|at| !parts[*at].is_empty()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(parts[*at].iter().map(String::len).sum::<usize>()));
    let mut taken: Vec<Found> = Vec::new();
    for at in order {
        let is_free = |one: &Found| taken.iter().all(|other| one.end <= other.colon || other.end <= one.colon);
        let mut ends =
            colons.iter().filter_map(|colon| Some(Found { colon: *colon, end: end(line, *colon + 1, &parts[at])? }));
        found[at] = ends.find(is_free);
        taken.extend(found[at]);
    }
    let all_found = parts.iter().zip(&found).all(|(parts, found)| parts.is_empty() || found.is_some());
    let label = |found: &Found| {
        let before = taken.iter().map(|other| other.end).filter(|end| *end <= found.colon).max().unwrap_or(0);
        let said = &line[before..found.colon];
        // Values that were not found stand before it, with labels of theirs.
        let own =
            said.find(':').filter(|_| !all_found).and_then(|_| said.rfind(", ")).map_or(said, |at| &said[at + 2..]);
        let label = unnumbered(own.trim());
        (!label.is_empty() && label.len() <= MAX_LABEL).then(|| label.to_owned())
    };
    found.iter().map(|found| found.as_ref().and_then(label)).collect()
}

/// A label without the number in front of it: `1. Name`.
pub(super) fn unnumbered(label: &str) -> &str {
    let bare = label.trim_start_matches(|c: char| c.is_ascii_digit());
    bare.strip_prefix(['.', ')']).map_or(label, str::trim_start)
}

/// The letters and digits of each part of a value.
fn parts(value: &Node) -> Vec<String> {
    let told = |node: &Node| node.text().map(|text| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>());
    let mut parts: Vec<String> = match value {
        Node::Map(entries) => entries.iter().filter_map(|(_, part)| told(part)).take(MAX_PARTS).collect(),
        Node::List(items) => items.iter().filter_map(told).take(MAX_PARTS).collect(),
        single => told(single).into_iter().collect(),
    };
    parts.retain(|part| !part.is_empty());
    parts
}

/// Where a value ends that starts here, behind the comma after it; `None` where it does not stand here.
fn end(line: &str, start: usize, parts: &[String]) -> Option<usize> {
    let mut left: Vec<&String> = parts.iter().collect();
    // The longest that fits, so that `1` leaves `12` alone.
    left.sort_by_key(|part| std::cmp::Reverse(part.len()));
    let mut at = start;
    while !left.is_empty() {
        let (number, next) =
            left.iter().enumerate().find_map(|(number, part)| Some((number, after(line, at, part)?)))?;
        left.remove(number);
        at = next;
    }
    // What is left of the value are marks; the comma behind them ends it.
    let rest = &line[at..];
    let marks = rest.find(char::is_alphanumeric).unwrap_or(rest.len());
    match rest[..marks].rfind(", ") {
        Some(comma) => Some(at + comma + 2),
        None => (marks == rest.len()).then_some(line.len()),
    }
}

/// Behind the letters and digits of a part that stands here, whatever marks are between them.
fn after(line: &str, start: usize, part: &str) -> Option<usize> {
    let mut wanted = part.chars();
    let mut next = wanted.next();
    let mut between = 0;
    for (at, c) in line[start..].char_indices() {
        if Some(c) == next {
            between = 0;
            next = wanted.next();
            if next.is_none() {
                return Some(start + at + c.len_utf8());
            }
        } else if c.is_alphanumeric() || between == MAX_BETWEEN {
            return None;
        } else {
            between += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn labels(line: &str, values: &serde_json::Value) -> Vec<Option<String>> {
        let Some(Node::Map(entries)) = Node::Text(json!({ "values": values }).to_string()).json() else { panic!() };
        of(line, &entries[0].1.items().iter().collect::<Vec<_>>())
    }

    fn told(line: &str, values: &serde_json::Value) -> Vec<String> {
        labels(line, values).into_iter().map(Option::unwrap_or_default).collect()
    }

    #[test]
    fn a_label_stands_between_two_values_however_their_parts_are_joined() {
        for (line, values, expected) in [
            (
                "Telefon:(0221) 445588, Firma:Tarea GmbH",
                json!([{"area": "0221", "phone": "445588"}, "Tarea GmbH"]),
                &["Telefon", "Firma"][..],
            ),
            ("Interessen:A, B, Unternehmen:T5 GmbH", json!([["A", "B"], "T5 GmbH"]), &["Interessen", "Unternehmen"]),
            ("Interessen:A; B, Firma:T5", json!([{"0": "A", "other": "B"}, "T5"]), &["Interessen", "Firma"]),
            ("Interessen:A\nB, Firma:T5", json!([["A", "B"], "T5"]), &["Interessen", "Firma"]),
            (
                "Wann:24.12.2026 10:30 AM, Adresse:Weg 1, 50667 Köln, Germany, Firma:T5",
                json!([
                    {"year": "2026", "month": "12", "day": "24", "hour": "10", "min": "30", "ampm": "AM"},
                    {"addr_line1": "Weg 1", "addr_line2": "", "city": "Köln", "postal": "50667", "country": "Germany"},
                    "T5"
                ]),
                &["Wann", "Adresse", "Firma"],
            ),
            (
                "Name:Dr. Ida Holm, 2. What, roughly: a roof or a wall?:Both, please., Firma:T5",
                json!([{"first": "Ida", "last": "Holm", "prefix": "Dr."}, "Both, please.", "T5"]),
                &["Name", "What, roughly: a roof or a wall?", "Firma"],
            ),
            // A typed text that looks like a label and a value of its own.
            ("Text:Firma: T5, bitte, Firma:T5", json!(["T5", "Firma: T5, bitte"]), &["Firma", "Text"]),
            ("Eins:Ja, Zwei:Ja", json!(["Ja", "Ja"]), &["Eins", "Zwei"]),
            (
                "Datei:https://files.example/a%20b.pdf, Firma:T5",
                json!([["https://files.example/a%20b.pdf"], "T5"]),
                &["Datei", "Firma"],
            ),
            // What is written otherwise than it was given is no part of the next label.
            ("Preis:1 & 2, Firma:T5", json!(["1 und 2", "T5"]), &["", "Firma"]),
            ("Firma:T5", json!(["", "👍", "T5"]), &["", "", "Firma"]),
            ("", json!(["T5"]), &[""]),
        ] {
            assert_eq!(told(line, &values), expected, "{line}");
        }
    }

    #[test]
    fn a_long_line_of_marks_is_read_in_time() {
        let values: Vec<String> = (0..1_000).map(|n| format!("a{n}")).collect();
        for line in [":".repeat(100_000), ":a".repeat(50_000), ": a1, ".repeat(20_000)] {
            let started = std::time::Instant::now();
            assert_eq!(labels(&line, &json!(values)).len(), 1_000);
            assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
        }
    }
}
