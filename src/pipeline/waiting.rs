//! Leads that wait without an owner get one as soon as somebody can work them.

use jiff::Timestamp;

use super::{Policy, tell};
use crate::assign::{self, Ask};
use crate::lead::{Decision, Event, Id, Lead, Name, Verdict};
use crate::store::{Error, Records, Unit};

/// Leads that wait and are looked at before anything is written.
const LOOKED_AT: usize = 100;

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
            given += u64::from(self.give_one(*id, false, unit)?);
        }
        let next = if waiting.len() < most { None } else { waiting.last().copied() };
        Ok(Step { given, next })
    }

    /// Whether somebody could get one of the oldest leads that wait, as things stand now.
    pub fn would_give(&self, now: Timestamp, records: &impl Records) -> Result<bool, Error> {
        let mut asked: Vec<(Option<Name>, Vec<Name>)> = Vec::new();
        for id in records.unowned(Id::MIN, LOOKED_AT)? {
            let Some(lead) = records.lead(id)?.filter(Lead::is_unowned) else { continue };
            let verdict = records.last_verdict(id)?;
            let ask = ask(&lead, verdict.as_ref(), now);
            let like = (ask.wanted.cloned(), ask.not.to_vec());
            // Nobody is free for one of them: then for no other of the same team.
            if lead.held_until.is_some() && lead.forwarded_by.is_none() && asked.contains(&like) {
                continue;
            }
            asked.push(like);
            if lead.held_until.is_none() || assign::route(&ask, &self.staff, records)?.0.owner.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where the settings let leads of a team wait for a shorter time than they did, those that wait
    /// already are held no longer, from when they began to wait: at most `most` leads after `after`. A
    /// longer time is for new leads only. `given` counts the leads whose deadline moved.
    pub fn shorten_holds(&self, after: Id, most: usize, unit: &mut Unit<'_>) -> Result<Step, Error> {
        let waiting = unit.unowned(after, most)?;
        let mut moved = 0;
        for id in &waiting {
            let Some(mut lead) = unit.lead(*id)? else { continue };
            let Some(until) = lead.held_until.filter(|_| lead.is_unowned()) else { continue };
            let team = self.staff.team_or_default(lead.team.as_ref());
            let since = match lead.held_since() {
                Some(since) => since,
                // Held by a version that did not write it down: since it was last decided on.
                None => unit.last_decision(*id)?.map_or(lead.created_at, |decision| decision.at),
            };
            let at_most = assign::later(since, team.map_or(assign::HOLD, |team| team.hold));
            if at_most < until {
                lead.held_until = Some(at_most);
                unit.put_lead(&lead)?;
                let at_most = self.staff.clock(at_most);
                let text = format!("held until {at_most} at most: the team's `hold` is shorter now");
                unit.add_event(*id, "rotation", "held", text)?;
                moved += 1;
            }
        }
        let next = if waiting.len() < most { None } else { waiting.last().copied() };
        Ok(Step { given: moved, next })
    }

    /// Whether the lead got an owner. Where nobody is free it is held on, at the `deadline` anew.
    pub(super) fn give_one(&self, id: Id, deadline: bool, unit: &mut Unit<'_>) -> Result<bool, Error> {
        let Some(mut lead) = unit.lead(id)?.filter(Lead::is_unowned) else { return Ok(false) };
        let verdict = unit.last_verdict(id)?;
        let ask = Ask { deadline, ..ask(&lead, verdict.as_ref(), unit.now()) };
        let (routing, turn) = assign::route(&ask, &self.staff, unit)?;
        let Some(owner) = routing.owner.clone() else {
            if deadline || lead.held_until.is_none() {
                lead.held_until = routing.held_until;
                lead.handling.get_or_insert_default().held_since = Some(unit.now());
                unit.add_event(id, "rotation", "held", routing.reason)?;
                unit.put_lead(&lead)?;
                let team = routing.team.as_ref().and_then(|team| self.staff.team(team));
                let absences = unit.absences()?;
                if deadline && team.is_some_and(|team| self.staff.have_all_had(team, lead.had(), &absences)) {
                    self.tell_leader(&lead, "everybody who could get it has had it already", unit)?;
                }
            }
            return Ok(false);
        };
        if let Some(turn) = turn.clone() {
            turn.take(unit)?;
        }
        unit.add_event(id, "rotation", "assigned", format!("to {owner}: {}", routing.reason))?;
        let absences = unit.absences()?;
        self.hand(&mut lead, &routing, turn.as_ref(), unit.now(), &absences);
        self.count_given(&lead, unit)?;
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

/// Who is to get a lead that waits?
fn ask<'a>(lead: &'a Lead, verdict: Option<&'a Verdict>, at: Timestamp) -> Ask<'a> {
    let wanted = verdict.and_then(|verdict| verdict.team.as_ref()).or(lead.team.as_ref());
    Ask { not: lead.had(), ..Ask::fresh(lead, wanted, at) }
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
