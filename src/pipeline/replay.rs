//! What other rules would have made of the leads that are stored: nothing is written.
//!
//! Every lead is built up again from its touches, as when they came in, and judged at each. Then all
//! touches together, in the order they came in, take their turns in rotations that start anew. So
//! the answer is that of taking everything in again under those rules. What people decided since
//! (who works a lead, its stage) is not replayed; their own verdict stands. A lead for which nobody would
//! have been free has no owner, unless it waited when it came in, too: then it has the one it got.

mod books;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::{Policy, meeting};
use crate::assign::{self, Ask, Known};
use crate::dedupe;
use crate::lead::{Decision, Disposition, Email, Fields, Id, Lead, Name, Priority, Routing, Touch, Verdict};
use crate::store::Error;
use books::Anew;

/// Where a lead stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The verdict.
    pub disposition: Disposition,
    /// Why, for `disqualified` and `review`.
    pub reason: Option<String>,
    /// Fit and engagement together.
    pub score: i64,
    /// How well they fit.
    pub fit: i64,
    /// How much they want.
    pub engagement: i64,
    /// How soon somebody should look at it.
    pub priority: Priority,
    /// What rules and templates call it.
    pub tags: Vec<String>,
    /// Fields that rules set.
    pub custom: Fields,
    /// The team that it is routed to.
    pub team: Option<Name>,
    /// Who works it.
    pub owner: Option<Name>,
}

impl Standing {
    /// Where a lead stands now.
    #[must_use]
    pub fn of(lead: &Lead) -> Self {
        Self {
            disposition: lead.disposition,
            reason: lead.reason.clone(),
            score: lead.score,
            fit: lead.assessment.fit,
            engagement: lead.assessment.engagement,
            priority: lead.assessment.priority,
            tags: lead.tags.clone(),
            custom: lead.assessment.custom.clone(),
            team: lead.team.clone(),
            owner: lead.owner.clone(),
        }
    }
}

/// A lead that would stand elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The lead.
    pub id: Id,
    /// Whose it is: a name, else an address.
    pub who: Option<String>,
    /// Where it stands.
    pub is: Standing,
    /// Where it would stand.
    pub would_be: Standing,
}

/// Leads that are replayed, and their touches.
#[derive(Debug, Default)]
pub struct Replay {
    leads: Vec<Replayed>,
    steps: Vec<Step>,
}

/// A lead on its way.
#[derive(Debug)]
struct Replayed {
    change: Change,
    /// What a person said it is.
    own: Option<(Disposition, Option<String>)>,
    /// Whether its stage is an open one.
    open: bool,
    /// Whether nobody was free for it when it came in.
    waited: bool,
    /// Whether nobody was free when an owner was last looked for.
    held: bool,
    /// Since when it waits for somebody.
    since: Option<Timestamp>,
}

/// A touch, with what of it matters for who gets the lead.
#[derive(Debug)]
struct Step {
    touch: Id,
    lead: usize,
    disposition: Disposition,
    reason: Option<String>,
    team: Option<Name>,
    domain: Option<String>,
    emails: Vec<Email>,
    forwarded_by: Option<Email>,
    /// Who worked the lead when the touch came in.
    worked_by: Option<Name>,
}

impl Replay {
    /// Judges one stored lead anew; `touches` are all of its touches, oldest first, and `decisions` all
    /// that was decided about it. A touch that the rules were not asked about then (an automatic answer)
    /// is not judged now. The result is what the rules say at the last touch.
    pub fn add(
        &mut self,
        policy: &Policy,
        stored: &Lead,
        touches: &[Touch],
        decisions: &[Decision],
    ) -> Option<Verdict> {
        let weighed: BTreeSet<Id> =
            decisions.iter().filter(|decision| decision.verdict.is_some()).filter_map(|by| by.intake).collect();
        let number = self.leads.len();
        let mut judged: Option<(Lead, Verdict)> = None;
        for touch in touches {
            let now = touch.id.at();
            let (mut lead, earlier) = match judged.take() {
                None => (dedupe::open(stored.id, touch, now), None),
                Some((mut lead, earlier)) if !weighed.contains(&touch.id) => {
                    lead.touch_count += 1;
                    if let Some(meeting) = &touch.content.meeting {
                        meeting::cancel(&mut lead, meeting);
                    }
                    judged = Some((lead, earlier));
                    continue;
                }
                Some((mut lead, earlier)) => {
                    if has_joined(stored, touch) {
                        dedupe::join(&mut lead, &touch.content, now);
                    } else {
                        dedupe::absorb(&mut lead, &touch.content, now);
                    }
                    (lead, Some(earlier))
                }
            };
            // Who works it, and so what its disposition is, shows when all leads take their turns.
            let verdict = policy.stands(&mut lead, touch, now, earlier.as_ref(), false);
            if let Some(meeting) = &touch.content.meeting {
                meeting::arrange(&mut lead, meeting, &touch.content);
            }
            self.steps.push(Step {
                touch: touch.id,
                lead: number,
                disposition: verdict.disposition,
                reason: verdict.reason.clone(),
                team: verdict.team.clone(),
                domain: lead.person.domain.clone(),
                emails: lead.person.emails.clone(),
                forwarded_by: lead.forwarded_by.clone(),
                worked_by: worked_by(decisions, touch.id),
            });
            judged = Some((lead, verdict));
        }
        let is = Standing::of(stored);
        let (would_be, verdict) = match judged {
            None => (is.clone(), None),
            Some((lead, verdict)) => (Standing { team: None, owner: None, ..Standing::of(&lead) }, Some(verdict)),
        };
        self.leads.push(Replayed {
            change: Change { id: stored.id, who: stored.who(), is, would_be },
            own: stored.assessment.judged.as_ref().map(|_| (stored.disposition, stored.reason.clone())),
            open: stored.stage.is_open(),
            waited: decisions.iter().any(|decision| decision.intake.is_some() && decision.routing.held_until.is_some()),
            held: false,
            since: None,
        });
        verdict
    }

    /// Who would work the leads: how many were created since `since`, and those of them that would
    /// stand elsewhere, oldest first.
    pub fn end(self, policy: &Policy, since: Option<Timestamp>) -> Result<(usize, Vec<Change>), Error> {
        self.end_with(policy, since, |_, _| {})
    }

    /// The same; `routed` is told how the owner of each lead was found.
    fn end_with(
        mut self,
        policy: &Policy,
        since: Option<Timestamp>,
        mut routed: impl FnMut(Id, Routing),
    ) -> Result<(usize, Vec<Change>), Error> {
        let mut books = Anew::default();
        self.steps.sort_by_key(|step| step.touch);
        for step in std::mem::take(&mut self.steps) {
            if let Some(lead) = self.leads.get_mut(step.lead)
                && let Some(routing) = lead.take(step, policy, &mut books)?
            {
                routed(lead.change.id, routing);
            }
        }
        let changes = self.leads.into_iter().map(Replayed::end);
        let mut changes: Vec<Change> = changes.filter(|lead| since.is_none_or(|since| lead.id.at() >= since)).collect();
        let looked_at = changes.len();
        changes.retain(|lead| lead.is != lead.would_be);
        changes.sort_by_key(|lead| lead.id);
        Ok((looked_at, changes))
    }
}

impl Replayed {
    /// What a touch makes of the lead: its disposition, and an owner where it has none.
    fn take(&mut self, step: Step, policy: &Policy, books: &mut Anew) -> Result<Option<Routing>, Error> {
        let (id, at, would_be) = (self.change.id, step.touch.at(), &mut self.change.would_be);
        if self.held && self.waited {
            // Who became free meanwhile is not played again.
            would_be.owner = step.worked_by;
            books.give(&policy.staff, id, would_be.owner.as_ref(), at, self.open);
        }
        let owned = would_be.owner.is_some();
        if !owned || step.disposition != Disposition::Disqualified {
            (would_be.disposition, would_be.reason) = (step.disposition, step.reason);
        }
        self.held = false;
        let wanted = self.own.as_ref().is_some_and(|(own, _)| *own != Disposition::Disqualified);
        let mut found = None;
        if !owned && (would_be.disposition != Disposition::Disqualified || wanted) {
            let (domain, forwarded_by) = (step.domain.as_deref(), step.forwarded_by.as_ref());
            let known = Known { id, emails: &step.emails, domain, forwarded_by };
            let (wanted, since) = (step.team.as_ref(), self.since);
            let ask = Ask { lead: Some(known), wanted, at, not: &[], since, deadline: false };
            let (routing, turn) = assign::route(&ask, &policy.staff, books)?;
            books.turn(turn);
            books.give(&policy.staff, id, routing.owner.as_ref(), at, self.open);
            would_be.team.clone_from(&routing.team);
            would_be.owner.clone_from(&routing.owner);
            self.held = routing.owner.is_none();
            self.since = self.held.then_some(since.unwrap_or(at));
            found = Some(routing);
        }
        books.note(id, step.domain, step.emails);
        Ok(found)
    }

    fn end(self) -> Change {
        let Self { mut change, own, held, waited, .. } = self;
        if held && waited {
            change.would_be.owner.clone_from(&change.is.owner);
        }
        if let Some((disposition, reason)) = own {
            (change.would_be.disposition, change.would_be.reason) = (disposition, reason);
        }
        change
    }
}

/// Who worked a lead when a touch came in, as was decided then.
fn worked_by(decisions: &[Decision], touch: Id) -> Option<Name> {
    let before = decisions.iter().filter(|decision| decision.id < touch);
    before.max_by_key(|decision| decision.id)?.routing.owner.clone()
}

/// Whether somebody else than the lead's person wrote, in the lead's conversation.
fn has_joined(stored: &Lead, touch: &Touch) -> bool {
    let writer = touch.content.person.emails.first();
    writer.is_some_and(|email| stored.others.iter().any(|other| other.email == *email))
}

#[cfg(test)]
mod again;
#[cfg(test)]
mod tests;
