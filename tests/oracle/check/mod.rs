//! The checks: what was issued against what is there. Each broken promise is named.

mod leads;
mod notices;
mod outcomes;
mod rotation;
mod sums;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::input::marked;
use crate::promise::{Promise, Violations};
use crate::record::Entry;
use crate::seen::{Lead, Row, Seen, Touch};

/// What is there, sorted by the inputs it came from.
pub(crate) struct Matched<'a> {
    pub(crate) entries: &'a BTreeMap<u64, Entry>,
    pub(crate) seen: &'a Seen,
    /// Rows by id.
    pub(crate) rows: HashMap<&'a str, &'a Row>,
    /// The input of a row that is not `redelivered`.
    pub(crate) number_of: HashMap<&'a str, u64>,
    /// The rows of an input that are not `redelivered`, oldest first.
    pub(crate) rows_of: BTreeMap<u64, Vec<&'a Row>>,
}

/// Everything that is wrong.
pub(crate) fn all(entries: &BTreeMap<u64, Entry>, seen: &Seen) -> Violations {
    let mut violations = Violations::default();
    let matched = Matched::new(entries, seen, &mut violations);
    outcomes::check(&matched, &mut violations);
    leads::check(&matched, &mut violations);
    notices::check(&matched, &mut violations);
    rotation::check(&matched, &mut violations);
    sums::check(&matched, &mut violations);
    violations
}

/// When each input was taken from its source, by the row that stands for it.
pub(crate) fn taken(entries: &BTreeMap<u64, Entry>, seen: &Seen) -> BTreeMap<u64, Timestamp> {
    let matched = Matched::new(entries, seen, &mut Violations::default());
    matched.rows_of.iter().map(|(number, rows)| (*number, rows[0].received_at)).collect()
}

impl<'a> Matched<'a> {
    fn new(entries: &'a BTreeMap<u64, Entry>, seen: &'a Seen, violations: &mut Violations) -> Self {
        let touches: HashMap<&str, &Touch> =
            seen.leads.values().flat_map(|lead| &lead.touches).map(|touch| (touch.intake.as_str(), touch)).collect();
        let rows = seen.rows.iter().map(|row| (row.id.as_str(), row)).collect();
        let mut matched = Self { entries, seen, rows, number_of: HashMap::new(), rows_of: BTreeMap::new() };
        for row in seen.rows.iter().filter(|row| row.outcome != "redelivered") {
            let touch = touches.get(row.id.as_str()).and_then(|touch| touch.text.as_deref());
            let text = touch.or(seen.originals.get(&row.id).map(String::as_str));
            match text.and_then(marked).filter(|number| entries.contains_key(number)) {
                Some(number) => {
                    matched.number_of.insert(&row.id, number);
                    matched.rows_of.entry(number).or_default().push(row);
                }
                None => violations.add(
                    Promise::Unissued,
                    format!("row {} ({}, {}) holds nothing that was issued", row.id, row.outcome, row.source),
                ),
            }
        }
        matched
    }

    /// The input of a touch, where it is known.
    pub(crate) fn entry_of(&self, row: &str) -> Option<&'a Entry> {
        self.entries.get(self.number_of.get(row)?)
    }

    /// The inputs of a lead, oldest first.
    pub(crate) fn entries_of(&self, lead: &Lead) -> Vec<&'a Entry> {
        lead.touches.iter().filter_map(|touch| self.entry_of(&touch.intake)).collect()
    }
}
