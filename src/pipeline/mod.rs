//! One lead's journey from dedupe to store, top to bottom: the only place that knows the order.
//!
//! Plain synchronous code, called inside a unit of work by [`Writer`], one item after the other.
//! Nothing here can refuse an item: the worst outcome is `quarantined`.

mod aside;
mod erased;
mod hand;
mod meeting;
mod notices;
mod own;
#[cfg(test)]
mod power_loss;
mod replay;
mod space;
#[cfg(test)]
mod tests;
mod trial;
mod waiting;
mod weigh;
mod writer;

use jiff::Timestamp;

use crate::assign::Staff;
use crate::intake::Prepared;
use crate::lead::{
    Content, Decision, Delivery, Event, Fit, Id, Inbound, Intake, Lead, Outcome, Own, Reading, Receipt, Routing, Stage,
    Touch,
};
use crate::mistakes::{self, Mistake};
use crate::qualify::Rules;
use crate::store::{Delivered, Error, Records, Unit};

pub use hand::{Leaves, Went};
pub use notices::tell;
pub use replay::{Change, Replay, Standing};
pub use space::Space;
pub use trial::{as_if_mailed, as_if_typed};
pub use waiting::Step;
use weigh::Weighed;
pub use writer::{Ended, InForce, Pulse, Writer};

/// The rules and the staff in force.
pub struct Policy {
    /// The rules.
    pub rules: Rules,
    /// The owners and teams.
    pub staff: Staff,
}

/// What became of an item, before it is written to the ledger.
struct Fate {
    outcome: Outcome,
    reason: Option<String>,
    lead: Option<Id>,
    same_as: Option<Id>,
    own: Option<Own>,
}

impl Policy {
    /// Takes one item in: one ledger row, and all that follows from it.
    pub fn take(&self, item: &Prepared, unit: &mut Unit<'_>) -> Result<Receipt, Error> {
        let inbound = &item.inbound;
        let id = unit.new_id();
        let fate = if let Some(before) = Self::delivered_before(item, unit)? {
            let row = unit.intake(before.intake)?;
            match row.as_ref().and_then(|row| Some((row, row.erased_at?))) {
                Some((row, at)) => erased::again(item, id, &before, row, at, unit)?,
                None => redelivered(inbound, id, &before, row.as_ref(), unit)?,
            }
        } else if let Some(seal) = own::seal(inbound, unit)? {
            self.welcome(item, &seal, id, unit)?
        } else {
            unit.keep_original(id, &inbound.original)?;
            let fate = match &item.reading {
                Reading::Aside(aside) => self.beside(inbound, id, aside, unit)?,
                Reading::Noise(why) => Fate::without_lead(Outcome::Ignored, why),
                Reading::Unclear(why) => Fate::without_lead(Outcome::Quarantined, why),
                Reading::Lead(content) => match erased::listed(inbound, content, unit)? {
                    Some(fate) => fate,
                    None => self.admit(inbound, id, content, unit)?,
                },
            };
            unit.remember(&item.identity.key, &Delivered { intake: id, at: unit.now() })?;
            fate
        };
        let template = item.template.clone().filter(|_| fate.same_as.is_none());
        Self::close(inbound, id, fate, template, unit)
    }

    /// An item that cannot be handled at all is kept with its original for a person to look at.
    pub fn quarantine(item: &Prepared, why: &str, unit: &mut Unit<'_>) -> Result<Receipt, Error> {
        let id = unit.new_id();
        unit.keep_original(id, &item.inbound.original)?;
        Self::close(&item.inbound, id, Fate::without_lead(Outcome::Quarantined, why), None, unit)
    }

    /// A person released an item: it becomes a lead (or a touch of one), and its row says so.
    pub fn release(
        &self,
        row: &Intake,
        inbound: &Inbound,
        content: &Content,
        by: &str,
        unit: &mut Unit<'_>,
    ) -> Result<Receipt, Error> {
        let fate = self.admit(inbound, row.id, content, unit)?;
        let was = row.reason.as_deref().unwrap_or("no reason given");
        let reason = format!("released by {by}; before that {}: {was}", row.outcome.as_str());
        let released =
            Intake { outcome: fate.outcome, reason: Some(reason), lead: fate.lead, quiet: false, ..row.clone() };
        unit.put_intake(&released)?;
        Ok(Receipt { intake: row.id, outcome: fate.outcome, lead: fate.lead, own: None })
    }

    /// The details of an item that waited for them came: it becomes what it is with them.
    pub fn complete(
        &self,
        row: &Intake,
        inbound: &Inbound,
        content: &Content,
        unit: &mut Unit<'_>,
    ) -> Result<Receipt, Error> {
        unit.keep_original(row.id, &inbound.original)?;
        let fate = self.admit(inbound, row.id, content, unit)?;
        let reason = format!("{}; its details were fetched", fate.reason.unwrap_or_default());
        unit.put_intake(&Intake { outcome: fate.outcome, reason: Some(reason), lead: fate.lead, ..row.clone() })?;
        Ok(Receipt { intake: row.id, outcome: fate.outcome, lead: fate.lead, own: None })
    }

    fn delivered_before(item: &Prepared, unit: &Unit<'_>) -> Result<Option<Delivered>, Error> {
        let before = unit.delivered(&item.identity.key)?;
        Ok(before.filter(|before| match item.identity.window {
            Some(window) => unit.now().duration_since(before.at) < window,
            None => true,
        }))
    }

    /// Writes the ledger row and moves the channel's place.
    fn close(
        inbound: &Inbound,
        id: Id,
        fate: Fate,
        template: Option<Fit>,
        unit: &mut Unit<'_>,
    ) -> Result<Receipt, Error> {
        if let Some(place) = &inbound.place {
            unit.keep_place(&inbound.channel, place)?;
        }
        let receipt = Receipt { intake: id, outcome: fate.outcome, lead: fate.lead, own: fate.own };
        unit.put_intake(&Intake {
            id,
            channel: inbound.channel.clone(),
            kind: inbound.kind,
            received_at: inbound.received_at,
            outcome: fate.outcome,
            reason: fate.reason,
            lead: fate.lead,
            source: inbound.source.clone(),
            same_as: fate.same_as,
            own: fate.own,
            template,
            quiet: inbound.quiet,
            erased_at: None,
        })?;
        Ok(receipt)
    }

    /// dedupe → qualify → assign → store → notice, for an item that is somebody's wish.
    fn admit(&self, inbound: &Inbound, intake: Id, content: &Content, unit: &mut Unit<'_>) -> Result<Fate, Error> {
        let weighed = self.weigh(inbound, intake, content, unit)?;
        let Weighed { touch, mut lead, outcome, answers, because, verdict, routing, turn } = weighed;
        if let Some(turn) = turn {
            turn.take(unit)?;
        }
        let fresh_owner = !routing.candidates.is_empty() && routing.owner.is_some();
        if fresh_owner {
            self.count_given(&lead, unit)?;
        }
        let closed = lead.stage;
        let reopened = outcome == Outcome::Touched && reopen(&mut lead, answers);
        let met = content.meeting.as_ref().map(|meeting| meeting::arrange(&mut lead, meeting, content));
        let met = met.unwrap_or_default();

        unit.put_lead(&lead)?;
        unit.add_touch(&touch)?;
        write_history(&lead, &touch, outcome, reopened.then_some(closed), &routing, unit)?;
        for (event, text) in met {
            unit.add_event(lead.id, touch.channel.as_str(), event, text)?;
        }
        let event = match (outcome, fresh_owner) {
            (Outcome::Created, _) => Event::Created,
            (_, true) => Event::Assigned,
            _ => Event::Touched,
        };
        let id = unit.new_id();
        unit.add_decision(&Decision {
            id,
            lead: lead.id,
            at: unit.now(),
            by: Decision::BY_RULES.into(),
            intake: Some(intake),
            identity: because.clone(),
            verdict: Some(verdict),
            routing,
        })?;
        let silent = inbound.quiet || event == Event::Touched && content.only_details && !reopened;
        if !silent && !mistakes::made(Mistake::OutboxOutsideTransaction) {
            tell(&lead, event, Some(touch.id), &self.staff, unit)?;
        }
        let reason = match outcome {
            Outcome::Touched => format!("added to the lead with {because}"),
            _ => because,
        };
        Ok(Fate { outcome, reason: Some(reason), lead: Some(lead.id), same_as: None, own: None })
    }
}

impl Fate {
    fn without_lead(outcome: Outcome, why: &str) -> Self {
        Self { outcome, reason: Some(why.to_owned()), lead: None, same_as: None, own: None }
    }
}

/// Makes `owner` the lead's owner.
pub fn give(lead: &mut Lead, owner: Option<crate::lead::Name>, now: Timestamp) {
    lead.assigned_at = owner.as_ref().map(|_| now);
    lead.owner = owner;
    lead.held_until = None;
    lead.updated_at = now;
}

/// A lost lead that comes back is open again; a converted one when it answers in its conversation.
fn reopen(lead: &mut Lead, answers: bool) -> bool {
    let reopened = lead.stage == Stage::Lost || answers && !lead.stage.is_open();
    if reopened {
        lead.stage = Stage::New;
        lead.stage_reason = None;
    }
    reopened
}

/// The same item again.
fn redelivered(
    inbound: &Inbound,
    id: Id,
    before: &Delivered,
    row: Option<&Intake>,
    unit: &mut Unit<'_>,
) -> Result<Fate, Error> {
    let changed = keep_if_changed(inbound, id, before, unit)?;
    let same = if changed { Intake::OTHER_CONTENT } else { "the same as" };
    if changed {
        tracing::warn!(channel = %inbound.channel, first = %before.intake, "something else came under the delivery id of an earlier item: it is kept in the ledger, and no lead");
    }
    Ok(Fate {
        outcome: Outcome::Redelivered,
        reason: Some(format!("{same} {} of {:.0}", before.intake, before.at)),
        // Not what became of it then: a person may have released it since.
        lead: row.and_then(|row| row.lead),
        same_as: Some(before.intake),
        own: own::seal(inbound, unit)?.map(|seal| seal.own),
    })
}

/// A sender may use one delivery id for two different things; then both originals are kept, and the
/// ledger says so.
fn keep_if_changed(inbound: &Inbound, id: Id, before: &Delivered, unit: &mut Unit<'_>) -> Result<bool, Error> {
    let named = matches!(inbound.delivery, Delivery::Named(_));
    let changed = named && unit.original(before.intake)?.is_none_or(|first| first.bytes != inbound.original.bytes);
    if changed {
        unit.keep_original(id, &inbound.original)?;
    }
    Ok(changed)
}

fn write_history(
    lead: &Lead,
    touch: &Touch,
    outcome: Outcome,
    reopened: Option<Stage>,
    routing: &Routing,
    unit: &mut Unit<'_>,
) -> Result<(), Error> {
    let (event, verb) = if outcome == Outcome::Created { ("created", "first") } else { ("touched", "another") };
    let text = format!("{verb} {} through {}", touch.kind.as_str(), touch.channel);
    unit.add_event(lead.id, touch.channel.as_str(), event, text)?;
    if let Some(stage) = reopened {
        let text = format!("{} → {}: the person came back", stage.as_str(), lead.stage.as_str());
        unit.add_event(lead.id, "rules", "stage", text)?;
    }
    match &routing.owner {
        Some(owner) if !routing.candidates.is_empty() => {
            unit.add_event(lead.id, "rotation", "assigned", format!("to {owner}: {}", routing.reason))?;
        }
        None if routing.held_until.is_some() => unit.add_event(lead.id, "rotation", "held", routing.reason.clone())?,
        _ => {}
    }
    Ok(())
}
