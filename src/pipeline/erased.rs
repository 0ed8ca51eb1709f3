//! What comes again of somebody who was erased stays erased.
//!
//! The same item again is told by its identity, of which a stand-in was kept. A new message is a new lead: whoever
//! writes wants an answer. But a list may be older than the erasure, whatever it is called now, and a person has to
//! look at what it says.

use jiff::Timestamp;

use super::{Fate, keep_if_changed};
use crate::intake::Prepared;
use crate::lead::{Content, Delivery, Id, Inbound, Intake, Kind, Outcome, Reading};
use crate::store::{Delivered, Error, Records, Unit, erased_on};

/// What becomes of an item that comes again after it was erased.
pub(super) fn again(
    item: &Prepared,
    id: Id,
    before: &Delivered,
    row: &Intake,
    at: Timestamp,
    unit: &mut Unit<'_>,
) -> Result<Fate, Error> {
    let (mut lead, mut reason) =
        (row.lead, format!("the same as {} of {:.0}, which was {}: it stays erased", row.id, before.at, erased_on(at)));
    // Some senders use one name for all their deliveries; what another says is another's.
    if matches!(item.inbound.delivery, Delivery::Named(_))
        && is_of_another(&item.reading, unit)?
        && keep_if_changed(&item.inbound, id, before, unit)?
    {
        lead = None;
        reason = format!("{} {}, which was {}", Intake::OTHER_CONTENT, row.id, erased_on(at));
    }
    Ok(Fate { outcome: Outcome::Redelivered, reason: Some(reason), lead, same_as: Some(row.id), own: None })
}

/// Whether an item names somebody, and nobody who was erased.
fn is_of_another(reading: &Reading, unit: &Unit<'_>) -> Result<bool, Error> {
    let Reading::Lead(content) = reading else { return Ok(false) };
    let keys = person(content);
    for key in &keys {
        if unit.person_erased(key)?.is_some() {
            return Ok(false);
        }
    }
    Ok(!keys.is_empty())
}

/// A row of a list that names somebody who was erased waits for a person.
pub(super) fn listed(inbound: &Inbound, content: &Content, unit: &Unit<'_>) -> Result<Option<Fate>, Error> {
    if inbound.kind != Kind::Row {
        return Ok(None);
    }
    for key in person(content) {
        // Who has written again since is known again.
        if let Some(at) = unit.person_erased(&key)?
            && unit.leads_with(&key, 1)?.is_empty()
        {
            let why = format!(
                "whoever this row names was {}, and a list may be older than that: release it if they want to be \
                 written to again, or erase them again",
                erased_on(at)
            );
            return Ok(Some(Fate::without_lead(Outcome::Quarantined, &why)));
        }
    }
    Ok(None)
}

/// What somebody is known by: the addresses, or without any the numbers.
fn person(content: &Content) -> Vec<String> {
    let person = &content.person;
    let emails: Vec<String> = person.emails.iter().map(|email| format!("email:{email}")).collect();
    if emails.is_empty() { person.phones.iter().map(|phone| format!("phone:{phone}")).collect() } else { emails }
}
