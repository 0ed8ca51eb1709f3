//! Leads that wait without an owner get one as soon as somebody can work them.

use super::{Policy, give, tell};
use crate::assign;
use crate::lead::{Decision, Event, Id};
use crate::store::{Error, Records, Unit};

/// What one step through the waiting leads came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// How many leads got an owner.
    pub given: u64,
    /// Where to go on; `None` when all were looked at.
    pub next: Option<Id>,
}

impl Policy {
    /// Gives the leads after `after` that wait without an owner to whoever's turn it is, oldest
    /// first, at most `most`: the same rotation, decision and notice as for a new lead.
    pub fn give_waiting(&self, after: Id, most: usize, unit: &mut Unit<'_>) -> Result<Step, Error> {
        let waiting = unit.unowned(after, most)?;
        let mut given = 0;
        for id in &waiting {
            given += u64::from(self.give_one(*id, unit)?);
        }
        let next = if waiting.len() < most { None } else { waiting.last().copied() };
        Ok(Step { given, next })
    }

    /// Whether the lead got an owner; where nobody is free, nothing changes.
    fn give_one(&self, id: Id, unit: &mut Unit<'_>) -> Result<bool, Error> {
        let Some(mut lead) = unit.lead(id)?.filter(crate::lead::Lead::is_unowned) else { return Ok(false) };
        let verdict = unit.last_verdict(id)?;
        let wanted = verdict.as_ref().and_then(|verdict| verdict.team.as_ref());
        let (routing, turn) = assign::route(wanted, &self.staff, |team| unit.rotation(team))?;
        let Some(owner) = routing.owner.clone() else { return Ok(false) };
        if let Some(turn) = turn {
            turn.take(unit)?;
        }
        unit.add_event(id, "rotation", "assigned", format!("to {owner}: {}", routing.reason))?;
        lead.team.clone_from(&routing.team);
        give(&mut lead, Some(owner), unit.now());
        unit.put_lead(&lead)?;
        let decision = Decision {
            id: unit.new_id(),
            lead: id,
            at: unit.now(),
            by: Decision::BY_RULES.into(),
            intake: None,
            identity: "it had waited without an owner".into(),
            verdict,
            routing,
        };
        unit.add_decision(&decision)?;
        if !came_quietly(id, unit)? {
            tell(&lead, Event::Assigned, None, &self.staff, unit)?;
        }
        Ok(true)
    }
}

/// Whether all that is known of a lead came in with `--quiet`.
fn came_quietly(lead: Id, unit: &Unit<'_>) -> Result<bool, Error> {
    for touch in unit.touches(lead)? {
        if !unit.intake(touch.id)?.is_some_and(|row| row.quiet) {
            return Ok(false);
        }
    }
    Ok(true)
}
