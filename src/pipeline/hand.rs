//! A lead is handed to an owner, held, or handed on: what that changes beside its owner.

use jiff::Timestamp;

use super::{Policy, give, notices, tell};
use crate::assign::{self, Ask, Turn};
use crate::lead::{Decision, Event, Handling, Id, Lead, Name, Routing, Stage};
use crate::store::{Absences, Error, Records, Unit};

/// Why a lead leaves its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// The owner did nothing in time: what, in words.
    Late(&'static str),
    /// The owner declined it, with a reason.
    Declined(String),
    /// The owner left for good.
    Gone,
}

/// What became of a lead that was to leave its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// To another owner.
    On,
    /// It is held.
    Held,
    /// It stays, as there is nobody else.
    Stays,
}

impl Policy {
    /// Puts what a routing says into the lead: owner, deadline, and what the owner is to do in time.
    pub(super) fn hand(
        &self,
        lead: &mut Lead,
        routing: &Routing,
        turn: Option<&Turn>,
        now: Timestamp,
        absences: &Absences,
    ) {
        let since = lead.held_since().unwrap_or(now);
        lead.team.clone_from(&routing.team);
        give(lead, routing.owner.clone(), now);
        lead.held_until = routing.held_until;
        // Who stands in for somebody took no turn themselves.
        let own = turn.filter(|_| routing.turn().is_some());
        self.begin(lead, own.map(|turn| turn.team().clone()), now, absences);
        if lead.held_until.is_some() {
            lead.handling.get_or_insert_default().held_since = Some(since);
        }
    }

    /// Begins the time in which a lead's owner is to do something; who had it before is kept.
    fn begin(&self, lead: &mut Lead, turn: Option<Name>, now: Timestamp, absences: &Absences) {
        let before = lead.handling.take().unwrap_or_default();
        lead.handling = Some(Handling { turn, hops: before.hops, had: before.had, ..Handling::default() });
        assign::promise(lead, &self.staff, now, absences);
    }

    /// What somebody accepted is not accepted by whoever gets it now.
    fn start_over(lead: &mut Lead, by: &str, unit: &mut Unit<'_>) -> Result<(), Error> {
        if lead.stage != Stage::Accepted {
            return Ok(());
        }
        lead.stage = Stage::New;
        unit.add_event(lead.id, by, "stage", "accepted → new: it leaves who accepted it".to_owned())
    }

    /// Counts what a lead's new owner got today.
    pub(super) fn count_given(&self, lead: &Lead, unit: &mut Unit<'_>) -> Result<(), Error> {
        let Some(owner) = &lead.owner else { return Ok(()) };
        let Some(day) = self.staff.calendar(owner).map(|calendar| calendar.day(unit.now())) else { return Ok(()) };
        unit.count_given(owner, day)
    }

    /// A person gives a lead to somebody: the turn of who had it is given back where leads given by
    /// hand count, and counts for the new owner.
    pub fn give_by_hand(&self, lead: &mut Lead, owner: &Name, unit: &mut Unit<'_>) -> Result<(), Error> {
        let team = self.staff.team_or_default(lead.team.as_ref());
        if let Some(team) = team.filter(|team| team.manual_counts) {
            assign::refund(lead, unit)?;
            assign::count_by_hand(team, owner, unit)?;
        }
        Self::start_over(lead, Decision::BY_RULES, unit)?;
        give(lead, Some(owner.clone()), unit.now());
        if let Some(handling) = &mut lead.handling {
            handling.hops = 0;
        }
        let absences = unit.absences()?;
        self.begin(lead, None, unit.now(), &absences);
        self.count_given(lead, unit)
    }

    /// Looks after a lead whose deadline has come: it has waited too long, or its owner did nothing.
    pub fn look_after(&self, id: Id, unit: &mut Unit<'_>) -> Result<(), Error> {
        let Some(mut lead) = unit.lead(id)?.filter(|lead| lead.deadline().is_some_and(|at| at <= unit.now())) else {
            return Ok(());
        };
        if lead.is_unowned() {
            self.give_one(id, true, unit)?;
            return Ok(());
        }
        let now = unit.now();
        let stage = lead.stage;
        let Some(handling) = &mut lead.handling else { return Ok(()) };
        if handling.remind_at.is_some_and(|at| at <= now) {
            handling.remind_at = None;
            if handling.awaited(stage).is_some_and(|(_, at)| at > now) {
                unit.put_lead(&lead)?;
                return tell(&lead, Event::Reminder, None, &self.staff, unit);
            }
        }
        let Some((awaited, at)) = handling.awaited(stage) else { return unit.put_lead(&lead) };
        if at > now {
            return unit.put_lead(&lead);
        }
        self.hand_on(&mut lead, &Leaves::Late(awaited.missed()), Decision::BY_RULES, unit)?;
        unit.put_lead(&lead)
    }

    /// Hands a lead on to whoever's turn it is, never to somebody who had it before. The lead is
    /// changed and not stored. Who did nothing keeps it where nobody else is free, or it was handed on
    /// often enough; then the team's leader is told.
    pub fn hand_on(&self, lead: &mut Lead, why: &Leaves, by: &str, unit: &mut Unit<'_>) -> Result<Went, Error> {
        let Some(before) = lead.owner.clone() else { return Ok(Went::Stays) };
        let mut handling = lead.handling.clone().unwrap_or_default();
        let late = matches!(why, Leaves::Late(_));
        let team = self.staff.team_or_default(lead.team.as_ref());
        if late && let Some(team) = team.filter(|team| handling.hops >= team.max_hops) {
            let why_not = match team.max_hops {
                0 => "`max_hops` lets no lead be handed on for that".to_owned(),
                most => format!("it was handed on {most} times for that, which is the most (`max_hops`)"),
            };
            return self.leave_it(lead, why, &why_not, unit);
        }
        if !handling.had.contains(&before) {
            handling.had.push(before.clone());
        }
        let verdict = unit.last_verdict(lead.id)?;
        let wanted = lead.team.clone();
        // Who worked for the same person or company before is no argument any more: they had it.
        let ask = Ask {
            lead: None,
            wanted: wanted.as_ref(),
            at: unit.now(),
            not: &handling.had,
            since: None,
            deadline: false,
        };
        let (mut routing, turn) = assign::route(&ask, &self.staff, unit)?;
        if routing.owner.is_none() && late {
            return self.leave_it(lead, why, "nobody else can get it now", unit);
        }
        let because = match why {
            Leaves::Late(missed) => format!("{before} {missed}"),
            Leaves::Declined(reason) => format!("{before} declined it: {reason}"),
            Leaves::Gone => format!("{before} has left"),
        };
        routing.reason = format!("{because}; {}", routing.reason);
        handling.hops += u32::from(late);
        lead.handling = Some(handling);
        if let Some(turn) = turn.clone() {
            turn.take(unit)?;
        }
        Self::start_over(lead, by, unit)?;
        let absences = unit.absences()?;
        self.hand(lead, &routing, turn.as_ref(), unit.now(), &absences);
        self.count_given(lead, unit)?;
        let to = routing.owner.as_ref().map_or_else(|| "nobody yet".to_owned(), ToString::to_string);
        unit.add_event(lead.id, by, "assigned", format!("from {before} to {to}: {}", routing.reason))?;
        let went = if routing.owner.is_some() { Went::On } else { Went::Held };
        let decision = Decision {
            id: unit.new_id(),
            lead: lead.id,
            at: unit.now(),
            by: by.to_owned(),
            intake: None,
            identity: because,
            verdict,
            routing,
        };
        unit.add_decision(&decision)?;
        tell(lead, Event::Assigned, None, &self.staff, unit)?;
        Ok(went)
    }

    /// Nobody else can get it: the owner keeps it, and the team's leader is told.
    fn leave_it(&self, lead: &mut Lead, why: &Leaves, why_not: &str, unit: &mut Unit<'_>) -> Result<Went, Error> {
        if let Some(handling) = &mut lead.handling {
            (handling.accept_by, handling.respond_by, handling.remind_at) = (None, None, None);
        }
        let owner = lead.owner.as_ref().map_or_else(String::new, ToString::to_string);
        let missed = if let Leaves::Late(missed) = why { missed } else { "cannot work it" };
        self.tell_leader(lead, &format!("{owner} {missed}, and {why_not}"), unit)?;
        Ok(Went::Stays)
    }

    /// Tells the leader of a lead's team that somebody must look after it.
    pub(super) fn tell_leader(&self, lead: &Lead, why: &str, unit: &mut Unit<'_>) -> Result<(), Error> {
        let leader = lead.team.as_ref().and_then(|name| self.staff.team(name)).and_then(|team| team.leader.as_ref());
        let told = leader.map_or_else(|| "the team has no leader to tell".to_owned(), |id| format!("{id} is told"));
        unit.add_event(lead.id, "rotation", "overdue", format!("{why}; {told}"))?;
        match leader {
            Some(leader) => notices::tell_somebody(lead, leader, Event::Overdue, &self.staff, unit),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
