//! Every input has exactly one outcome of its kind, and any number of `redelivered` rows besides.

use std::collections::{BTreeMap, BTreeSet};

use super::Matched;
use crate::input::Kind;
use crate::promise::{Promise, Violations};
use crate::record::Entry;
use crate::seen::Row;

pub(super) fn check(matched: &Matched<'_>, violations: &mut Violations) {
    for (number, entry) in matched.entries {
        let rows = matched.rows_of.get(number).map_or(&[][..], Vec::as_slice);
        count(entry, rows, violations);
        for row in rows {
            kind(entry, row, violations);
        }
        for given in &entry.receipts {
            receipt(matched, entry, given, violations);
        }
    }
    persons(matched, violations);
    repeats(matched, violations);
}

fn count(entry: &Entry, rows: &[&Row], violations: &mut Violations) {
    let (number, way) = (entry.input.number, entry.input.way);
    match rows {
        [] => {
            let told = if entry.acknowledged.is_some() { "acknowledged" } else { "never acknowledged" };
            violations.add(Promise::LostInput, format!("input {number} ({way:?}, {told}) has no outcome"));
        }
        [_] => {}
        more => {
            let sources: Vec<&str> = more.iter().map(|row| row.source.as_str()).collect();
            violations.add(Promise::DoubleOutcome, format!("input {number} ({way:?}) has outcomes from {sources:?}"));
        }
    }
}

fn kind(entry: &Entry, row: &Row, violations: &mut Violations) {
    let allowed: &[&str] = match entry.input.kind {
        Kind::Lead => &["created", "touched"],
        Kind::Disqualified => &["created"],
        Kind::Noise => &["ignored"],
        Kind::Unreadable => &["quarantined"],
    };
    if !allowed.contains(&row.outcome.as_str()) {
        let (number, kind) = (entry.input.number, entry.input.kind);
        violations.add(Promise::WrongOutcome, format!("input {number} is a {kind:?} and was {}", row.outcome));
    }
}

/// A receipt is the row of its input, or of a repetition of it.
fn receipt(matched: &Matched<'_>, entry: &Entry, receipt: &str, violations: &mut Violations) {
    let number = entry.input.number;
    let Some(row) = matched.rows.get(receipt) else {
        return violations
            .add(Promise::LostInput, format!("input {number} has the receipt {receipt}, and there is no such row"));
    };
    let first = row.same_as.as_deref().unwrap_or(receipt);
    if matched.number_of.get(first) != Some(&number) {
        violations
            .add(Promise::WrongReceipt, format!("input {number} was given the receipt {receipt} of {}", row.source));
    }
}

/// One person's inputs: the first is `created`, all others `touched`, all under one lead.
fn persons(matched: &Matched<'_>, violations: &mut Violations) {
    let mut persons: BTreeMap<u64, Vec<&Row>> = BTreeMap::new();
    for (number, rows) in &matched.rows_of {
        let input = &matched.entries[number].input;
        if matches!(input.kind, Kind::Lead | Kind::Disqualified) {
            persons.entry(input.person).or_default().extend(rows);
        }
    }
    for (person, mut rows) in persons {
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        let leads: BTreeSet<_> = rows.iter().map(|row| row.lead.as_deref()).collect();
        if leads.len() > 1 {
            violations.add(Promise::DoubleLead, format!("person {person} has the leads {leads:?}"));
        } else if let Some(row) = rows.iter().skip(1).find(|row| row.outcome == "created") {
            violations.add(Promise::WrongOutcome, format!("person {person} was created again by {}", row.source));
        } else if rows[0].outcome == "touched" {
            violations.add(Promise::WrongOutcome, format!("the first row of person {person} is no creation"));
        }
    }
}

/// A `redelivered` row leads to the first row of the same thing.
fn repeats(matched: &Matched<'_>, violations: &mut Violations) {
    for row in matched.seen.rows.iter().filter(|row| row.outcome == "redelivered") {
        let first = row.same_as.as_deref().and_then(|id| matched.rows.get(id));
        if !first.is_some_and(|first| first.outcome != "redelivered" && first.lead == row.lead && first.id < row.id) {
            violations.add(Promise::RepeatAstray, format!("row {} repeats {:?}", row.id, row.same_as));
        }
    }
}
