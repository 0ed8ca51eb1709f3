//! What people do to a lead: assign it, move its stage, note something.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Error, Service};
use crate::assign::{self, Staff};
use crate::config::nearest;
use crate::lead::{Decision, Disposition, Event, Id, Lead, Name, Routing, Stage};
use crate::pipeline::{Leaves, Went, tell};
use crate::store::{self, Records, Unit};

/// Waiting leads that are given away in one unit.
const AT_ONCE: usize = 100;

/// A wish to give a lead to somebody.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assigned {
    /// To whom.
    pub owner: String,
}

/// A wish to move a lead's stage.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageChange {
    /// To where.
    pub stage: String,
    /// Why; required for `lost`.
    pub reason: Option<String>,
}

/// A wish to give a lead back.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declined {
    /// Why.
    pub reason: String,
}

/// Words of a reason that say that a lead was worth nothing.
const WORTHLESS: [&str; 6] = ["spam", "duplicate", "dublette", "duplikat", "doppelt", "junk"];

/// Whether nothing will come of a lead.
pub(super) fn is_over(lead: &Lead) -> bool {
    lead.stage == Stage::Lost || lead.disposition == Disposition::Disqualified
}

/// A lead that is lost or disqualified at once, or as spam or a duplicate, gives its turn back; one that
/// something may come of again takes it back.
pub(super) fn settle_turn(
    lead: &mut Lead,
    was_over: bool,
    staff: &Staff,
    unit: &mut Unit<'_>,
) -> Result<(), store::Error> {
    if is_over(lead) {
        let team = lead.handling.as_ref().and_then(|handling| handling.turn.as_ref()).and_then(|name| staff.team(name));
        let within = team.and_then(|team| jiff::SignedDuration::try_from(team.refund_within).ok());
        let soon = within.zip(lead.assigned_at).is_some_and(|(within, at)| unit.now().duration_since(at) < within);
        let reason = lead.stage_reason.as_ref().or(lead.reason.as_ref()).map(|reason| reason.to_lowercase());
        let reason = reason.unwrap_or_default();
        let worthless = soon || WORTHLESS.iter().any(|word| reason.contains(word));
        if worthless && assign::refund(lead, unit)? {
            unit.add_event(lead.id, "rotation", "refunded", "the turn was given back".into())?;
        }
    } else if was_over {
        assign::unrefund(lead, unit)?;
    }
    Ok(())
}

/// Who has accepted a lead is reminded to respond.
fn remind_to_respond(lead: &mut Lead, now: Timestamp) {
    if lead.stage == Stage::Accepted
        && let Some(handling) = &mut lead.handling
        && let Some(until) = handling.respond_by
    {
        let left = until.duration_since(now);
        handling.remind_at = now.checked_add(left / 4 * 3).ok().filter(|at| *at > now);
    }
}

impl Service {
    /// Gives a lead to an owner, who is told. An inactive owner is refused: nobody would look.
    pub async fn assign(&self, id: Id, wish: &Assigned, by: &str) -> Result<Lead, Error> {
        let policy = self.policy.get();
        let owner =
            Name::parse(&wish.owner).ok().and_then(|name| policy.staff.owner(&name).cloned()).ok_or_else(|| {
                let all = policy.staff.owners().iter().map(|owner| owner.id.as_str()).collect::<Vec<_>>();
                let hint = match nearest(&wish.owner, &all) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("there are: {}", all.join(", ")),
                };
                Error::Invalid(format!("there is no owner `{}`; {hint}", wish.owner))
            })?;
        if !owner.active {
            return Err(Error::Conflict(format!("`{}` is not active (`active = false` in the settings)", owner.id)));
        }
        if self.store.view(|view| view.absences())?.has_left(&owner.id) {
            let back = format!("`{0}` has left; if that is wrong: `lotse owners back {0}`", owner.id);
            return Err(Error::Conflict(back));
        }
        let by = by.to_owned();
        self.change_lead(id, move |lead, unit| {
            if lead.owner.as_ref() == Some(&owner.id) {
                return Ok(());
            }
            let before = lead.owner.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
            policy.give_by_hand(lead, &owner.id, unit)?;
            let reason = format!("given by {by}; before: {before}");
            unit.add_event(lead.id, &by, "assigned", format!("from {before} to {}", owner.id))?;
            let routing = Routing { team: lead.team.clone(), owner: lead.owner.clone(), reason, ..Routing::default() };
            let decision = Decision {
                id: unit.new_id(),
                lead: lead.id,
                at: unit.now(),
                by: by.clone(),
                intake: None,
                identity: "a person assigned it".into(),
                verdict: None,
                routing,
            };
            unit.add_decision(&decision)?;
            tell(lead, Event::Assigned, None, &policy.staff, unit)
        })
        .await
    }

    /// Gives every lead that waits without an owner to whoever's turn it is, oldest first; how many
    /// got one. A few share a unit, so that new items need not wait for all of them.
    pub async fn give_waiting(&self) -> Result<u64, Error> {
        let (mut given, mut after) = (0, Id::MIN);
        loop {
            let policy = Arc::clone(&self.policy);
            let step = self.door.change(move |unit| policy.get().give_waiting(after, AT_ONCE, unit)).await?;
            given += step.given;
            match step.next {
                Some(next) => after = next,
                None => return Ok(given),
            }
        }
    }

    /// Holds leads that wait no longer than the settings say now; how many deadlines moved.
    pub async fn shorten_holds(&self) -> Result<u64, Error> {
        let (mut moved, mut after) = (0, Id::MIN);
        loop {
            let policy = Arc::clone(&self.policy);
            let step = self.door.change(move |unit| policy.get().shorten_holds(after, AT_ONCE, unit)).await?;
            moved += step.given;
            match step.next {
                Some(next) => after = next,
                None => return Ok(moved),
            }
        }
    }

    /// Looks after leads whose deadline has come: those that wait get an owner or are held on, and
    /// owners who did nothing are reminded or lose them. How many there were.
    pub async fn look_after(&self) -> Result<usize, Error> {
        let mut all = 0;
        loop {
            let policy = Arc::clone(&self.policy);
            let looked_at = self
                .door
                .change(move |unit| {
                    let due = unit.leads_due(unit.now(), AT_ONCE)?;
                    due.iter().try_for_each(|id| policy.get().look_after(*id, unit))?;
                    Ok(due.len())
                })
                .await?;
            all += looked_at;
            if looked_at < AT_ONCE {
                return Ok(all);
            }
        }
    }

    /// Whether somebody could get one of the leads that wait, and when a lead must be looked after next.
    pub fn outlook(&self, now: Timestamp) -> Result<(bool, Option<Timestamp>), Error> {
        let policy = self.policy.get();
        Ok(self.store.view(|view| Ok((policy.would_give(now, view)?, view.next_deadline()?)))?)
    }

    /// Moves a lead's stage.
    pub async fn stage(&self, id: Id, wish: &StageChange, by: &str) -> Result<Lead, Error> {
        let stage = Stage::ALL.into_iter().find(|stage| stage.as_str() == wish.stage).ok_or_else(|| {
            let words: Vec<&str> = Stage::ALL.into_iter().map(Stage::as_str).collect();
            Error::Invalid(format!("there is no stage `{}`; there are: {}", wish.stage, words.join(", ")))
        })?;
        let reason = wish.reason.clone().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if stage == Stage::Lost && reason.is_none() {
            return Err(Error::Invalid("a lost lead needs a reason: that is what one learns from".into()));
        }
        let (by, policy) = (by.to_owned(), self.policy.get());
        self.change_lead(id, move |lead, unit| {
            let before = lead.stage;
            if before == stage && lead.stage_reason == reason {
                return Ok(());
            }
            let was_over = is_over(lead);
            lead.stage = stage;
            lead.stage_reason.clone_from(&reason);
            settle_turn(lead, was_over, &policy.staff, unit)?;
            remind_to_respond(lead, unit.now());
            let mut text = format!("{} → {}", before.as_str(), stage.as_str());
            if let Some(reason) = &reason {
                text += &format!(": {reason}");
            }
            unit.add_event(lead.id, &by, "stage", text)
        })
        .await
    }

    /// The owner gives a lead back, with a reason: it goes to whoever's turn it is, else it is held.
    pub async fn decline(&self, id: Id, wish: &Declined, by: &str) -> Result<Lead, Error> {
        let reason = wish.reason.trim().to_owned();
        if reason.is_empty() {
            return Err(Error::Invalid("declining a lead needs a reason: whoever gets it next will ask".into()));
        }
        let lead = self.store.view(|view| view.lead(id))?.ok_or_else(|| self.missing_lead(id))?;
        if lead.owner.is_none() || !lead.stage.is_open() {
            return Err(Error::Conflict("only an open lead that somebody owns can be declined".into()));
        }
        let (by, policy) = (by.to_owned(), self.policy.get());
        self.change_lead(id, move |lead, unit| {
            policy.hand_on(lead, &Leaves::Declined(reason.clone()), &by, unit).map(|_: Went| ())
        })
        .await
    }

    /// Adds a note to a lead's history.
    pub async fn note(&self, id: Id, text: &str, by: &str) -> Result<Lead, Error> {
        let text = text.trim().to_owned();
        if text.is_empty() {
            return Err(Error::Invalid("the note is empty".into()));
        }
        let by = by.to_owned();
        self.change_lead(id, move |lead, unit| unit.add_event(lead.id, &by, "note", text.clone())).await
    }

    /// Changes one lead in one unit and returns it as it is then.
    pub(super) async fn change_lead(
        &self,
        id: Id,
        change: impl Fn(&mut Lead, &mut Unit<'_>) -> Result<(), store::Error> + Send + 'static,
    ) -> Result<Lead, Error> {
        let changed = self
            .door
            .change(move |unit| {
                let Some(mut lead) = unit.lead(id)? else { return Ok(None) };
                let before = lead.clone();
                change(&mut lead, unit)?;
                if lead != before {
                    lead.updated_at = unit.now();
                }
                unit.put_lead(&lead)?;
                Ok(Some(lead))
            })
            .await?;
        changed.ok_or_else(|| self.missing_lead(id))
    }
}
