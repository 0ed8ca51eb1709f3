//! Writes the notices of an event into the outbox, in the unit that makes the event true.

use jiff::Timestamp;

use crate::assign::Staff;
use crate::config::Owner;
use crate::lead::{Event, Id, Lead, Name, Notice, Outcome, Receipt};
use crate::mistakes::{self, Mistake};
use crate::store::{Error, Records, Store, Unit};

/// One notice for each way the lead's owner wants to be told.
pub fn tell(lead: &Lead, event: Event, touch: Option<Id>, staff: &Staff, unit: &mut Unit<'_>) -> Result<(), Error> {
    let Some(owner) = lead.owner.clone() else { return Ok(()) };
    write(lead, &owner, event, touch, staff, unit)
}

/// One notice about a lead for each way somebody else wants to be told.
pub(super) fn tell_somebody(
    lead: &Lead,
    whom: &Name,
    event: Event,
    staff: &Staff,
    unit: &mut Unit<'_>,
) -> Result<(), Error> {
    write(lead, whom, event, None, staff, unit)
}

fn write(
    lead: &Lead,
    whom: &Name,
    event: Event,
    touch: Option<Id>,
    staff: &Staff,
    unit: &mut Unit<'_>,
) -> Result<(), Error> {
    let Some(owner) = staff.owner(whom) else { return Ok(()) };
    // The notice will carry a name of the lead's conversation that only we can make.
    unit.own_seal_key()?;
    let owner = if mistakes::made(Mistake::NoticeToAnother) { another(owner, staff) } else { owner };
    for notifier in &owner.notify {
        let id = unit.new_id();
        let notice = Notice {
            lead: Some(lead.id),
            owner: Some(owner.id.clone()),
            touch,
            decision: unit.decision_before(lead.id, id)?,
            ..Notice::new(id, notifier.clone(), event, unit.now())
        };
        unit.put_notice(&notice)?;
    }
    Ok(())
}

/// Somebody else; only ever a seeded mistake.
fn another<'a>(owner: &'a Owner, staff: &'a Staff) -> &'a Owner {
    staff.owners().iter().find(|other| other.id != owner.id).unwrap_or(owner)
}

/// Writes notices of what is committed already; only ever a seeded mistake.
pub(super) fn tell_afterwards<'a>(receipts: impl Iterator<Item = &'a Receipt>, staff: &Staff, store: &Store) {
    let written = store.unit(Timestamp::now(), |unit| {
        for receipt in receipts.filter(|receipt| matches!(receipt.outcome, Outcome::Created | Outcome::Touched)) {
            if let Some(lead) = receipt.lead.map(|id| unit.lead(id)).transpose()?.flatten() {
                tell(&lead, Event::Created, Some(receipt.intake), staff, unit)?;
            }
        }
        Ok(())
    });
    if let Err(error) = written {
        tracing::error!(%error, "notices could not be written afterwards");
    }
}
