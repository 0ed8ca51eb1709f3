//! Every lead is one person, says what was typed, and has the owner it has to have.

use std::collections::HashMap;

use serde_json::Value;

use super::Matched;
use crate::house::{EVENTS, SALES};
use crate::input::{Input, Kind, Way};
use crate::promise::{Promise, Violations};
use crate::record::Entry;
use crate::seen::{Lead, Touch};

pub(super) fn check(matched: &Matched<'_>, violations: &mut Violations) {
    let mut addresses: HashMap<&str, &str> = HashMap::new();
    for lead in matched.seen.leads.values() {
        for email in &lead.emails {
            if let Some(other) = addresses.insert(email, &lead.id) {
                violations.add(Promise::DoubleLead, format!("{email} is in the leads {other} and {}", lead.id));
            }
        }
        let entries = matched.entries_of(lead);
        let Some(first) = entries.first() else {
            violations.add(Promise::Unissued, format!("lead {} holds nothing that was issued", lead.id));
            continue;
        };
        person(lead, &entries, violations);
        for at in &lead.touches {
            if let Some(entry) = matched.entry_of(&at.intake) {
                touch(at, &entry.input, violations);
            }
        }
        ownership(lead, &first.input, violations);
    }
}

/// What the lead says is what its inputs say, the first of them first.
fn person(lead: &Lead, entries: &[&Entry], violations: &mut Violations) {
    let first = &entries[0].input;
    let mut same = |what: &str, is: &Value, should: &Value| {
        if is != should {
            let number = first.number;
            violations
                .add(Promise::PayloadChanged, format!("input {number}: the lead's {what} is {is}, sent was {should}"));
        }
    };
    let said = |get: &dyn Fn(&Input) -> Option<String>| entries.iter().find_map(|entry| get(&entry.input));
    same("name", &lead.name.as_deref().into(), &first.name().into());
    same("emails", &lead.emails.clone().into(), &vec![first.email()].into());
    same("message", &lead.message.as_deref().into(), &first.message().into());
    let phones: Vec<String> = said(&Input::phone).map(|_| first.phone_e164()).into_iter().collect();
    same("phones", &lead.phones.clone().into(), &phones.into());
    same("company", &lead.company.as_deref().into(), &said(&Input::company).into());
    let extra = entries.iter().find_map(|entry| entry.input.extra());
    let (label, value) = extra.unwrap_or(("Lieblingsfarbe", String::new()));
    same(label, &lead.fields.get(label).cloned().unwrap_or_else(|| "".into()), &value.into());
}

/// A touch says what was sent.
fn touch(touch: &Touch, input: &Input, violations: &mut Violations) {
    let message = input.message();
    if touch.text.as_deref() != Some(&message) {
        let (number, text) = (input.number, &touch.text);
        violations
            .add(Promise::PayloadChanged, format!("input {number}: the touch says {text:?}, sent was {message:?}"));
    }
    let extra = input.extra().map(|(label, value)| (touch.fields.get(label).and_then(Value::as_str), value));
    let changed = extra.is_some_and(|(is, should)| is != Some(&should));
    if changed || touch.subject != input.subject() {
        let (number, subject, fields) = (input.number, &touch.subject, &touch.fields);
        violations.add(Promise::PayloadChanged, format!("input {number}: subject {subject:?}, fields {fields:?}"));
    }
}

fn ownership(lead: &Lead, first: &Input, violations: &mut Violations) {
    let (id, number) = (&lead.id, first.number);
    let decided = lead.decision.as_ref().and_then(|decision| decision.routing.owner.as_ref());
    if decided != lead.owner.as_ref() {
        let owner = &lead.owner;
        violations
            .add(Promise::TwoOwners, format!("lead {id} of input {number} is {owner:?}'s, decided was {decided:?}"));
    }
    if first.kind == Kind::Disqualified {
        if lead.disposition != "disqualified" || lead.owner.is_some() {
            let (verdict, owner) = (&lead.disposition, &lead.owner);
            violations
                .add(Promise::DisqualifiedWorked, format!("lead {id} of input {number} is {verdict}, of {owner:?}"));
        }
        return;
    }
    let (team, members) = if first.way == Way::Row { EVENTS } else { SALES };
    match lead.owner.as_deref() {
        None => violations.add(Promise::Unowned, format!("lead {id} of input {number} has no owner")),
        Some(owner) if lead.team.as_deref() == Some(team) && members.iter().any(|(member, _)| *member == owner) => {}
        Some(owner) => violations.add(
            Promise::Misrouted,
            format!("lead {id} of input {number} is {owner}'s in {:?}, and belongs to {team}", lead.team),
        ),
    }
}
