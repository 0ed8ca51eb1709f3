//! Writes the notices of an event into the outbox, in the unit that makes the event true.

use crate::assign::Staff;
use crate::lead::{Event, Id, Lead, Notice, NoticeState};
use crate::store::{Error, Records, Unit};

/// One notice for each way the lead's owner wants to be told.
pub fn tell(lead: &Lead, event: Event, touch: Option<Id>, staff: &Staff, unit: &mut Unit<'_>) -> Result<(), Error> {
    let Some(owner) = lead.owner.as_ref().and_then(|id| staff.owner(id)) else { return Ok(()) };
    for notifier in &owner.notify {
        let id = unit.new_id();
        let notice = Notice {
            id,
            lead: Some(lead.id),
            alarm: None,
            owner: Some(owner.id.clone()),
            notifier: notifier.clone(),
            event,
            touch,
            decision: unit.decision_before(lead.id, id)?,
            created_at: unit.now(),
            state: NoticeState::Pending,
            attempts: 0,
            next_at: Some(unit.now()),
            error: None,
            overtaken: false,
        };
        unit.put_notice(&notice)?;
    }
    Ok(())
}
