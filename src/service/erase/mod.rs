//! Erasing somebody: their leads and all that says who they were goes; what recognises it when it comes again
//! stays, without saying so.
//!
//! What goes is found beside the writer (see [`survey`]), and taken out in one unit of work. Where something of
//! theirs has come in between, nothing is taken out and it is looked for again.

mod survey;
mod traces;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, Service};
use crate::lead::{Email, Erasure, Id, Intake, Outcome, Phone, Stage, Turns};
use crate::normalize::{email, phone, robot};
use crate::store::{self, Records, Unit, erased_on};
use survey::Plan;

/// How often is looked anew where something has come in between.
const TRIES: usize = 5;
/// Letters of a reason.
const LONGEST_REASON: usize = 500;

/// Who is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Everybody with this address.
    Email(Email),
    /// Everybody with this number.
    Phone(Phone),
    /// This lead.
    Lead(Id),
    /// The item of this ledger row alone.
    Item(Id),
}

/// A wish to erase somebody: one of `email`, `phone` and `lead`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// By address.
    pub email: Option<String>,
    /// By number.
    pub phone: Option<String>,
    /// By lead.
    pub lead: Option<String>,
    /// Why, in words that name nobody.
    pub reason: Option<String>,
    /// Tell what would go, and leave it.
    #[serde(default)]
    pub dry_run: bool,
}

/// What an erasure would take out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Foreseen {
    /// Leads that would be gone.
    pub leads: Vec<Doomed>,
    /// Items of the ledger whose originals would be gone.
    pub items: usize,
    /// Notices that would be gone.
    pub notices: usize,
    /// Originals of others' items in which something would be struck out, or that would go.
    pub elsewhere: usize,
}

/// A lead that would be gone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Doomed {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub who: Option<String>,
    /// When it came.
    pub created_at: Timestamp,
    /// Where people have taken it.
    pub stage: Stage,
    /// Its touches.
    pub touch_count: u32,
}

impl Wish {
    /// Who is meant.
    pub fn whom(&self, country: &str) -> Result<Whom, Error> {
        match (&self.email, &self.phone, &self.lead) {
            (Some(text), None, None) => email::parse(text)
                .map(Whom::Email)
                .ok_or_else(|| Error::Invalid("`email` is no e-mail address".to_owned())),
            (None, Some(text), None) => phone::parse(text, country, &mut Vec::new())
                .map(Whom::Phone)
                .ok_or_else(|| Error::Invalid("`phone` is no telephone number that can be dialled".to_owned())),
            (None, None, Some(text)) => {
                text.parse().map(Whom::Lead).map_err(|error| Error::Invalid(format!("`lead`: {error}")))
            }
            _ => Err(Error::Invalid("say who: one of `email`, `phone` and `lead`".to_owned())),
        }
    }
}

impl Service {
    /// What erasing somebody would take out. Looks through the whole store.
    pub async fn foresee_erasure(self: &Arc<Self>, wish: &Wish) -> Result<Foreseen, Error> {
        let whom = self.erasable(wish)?;
        let plan = self.plan_erasure(&whom).await?;
        let doomed = |lead: &crate::lead::Lead| Doomed {
            id: lead.id,
            who: lead.who(),
            created_at: lead.created_at,
            stage: lead.stage,
            touch_count: lead.touch_count,
        };
        Ok(Foreseen {
            leads: plan.leads.iter().map(doomed).collect(),
            items: plan.items.len(),
            notices: plan.notices.len(),
            elsewhere: plan.originals.len(),
        })
    }

    /// Erases somebody; returns after the commit. Nothing of them: a record of an erasure of nothing.
    pub async fn erase(self: &Arc<Self>, wish: &Wish, by: &str) -> Result<Erasure, Error> {
        let whom = self.erasable(wish)?;
        self.erase_whom(&whom, wish.reason.as_deref(), by).await
    }

    /// The same for somebody who was found already.
    pub async fn erase_whom(self: &Arc<Self>, whom: &Whom, reason: Option<&str>, by: &str) -> Result<Erasure, Error> {
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
            return Err(Error::Invalid(format!("the reason is longer than {LONGEST_REASON} letters")));
        }
        for _ in 0..TRIES {
            let plan = self.plan_erasure(whom).await?;
            if reason.as_ref().is_some_and(|reason| plan.traces.are_in(reason.as_bytes())) {
                return Err(Error::Invalid("the reason names who is erased; it is kept, so it must not".to_owned()));
            }
            let (whom, reason, by) = (whom.clone(), reason.clone(), by.to_owned());
            let erased = self.door.change(move |unit| apply(&plan, &whom, reason.as_ref(), &by, unit)).await?;
            if let Some(erasure) = erased {
                let Erasure { leads, items, notices, struck, .. } = &erasure;
                let done = if [*leads, *items, *notices, *struck] == [0; 4] {
                    "nothing was there of somebody who was to be erased"
                } else {
                    "somebody was erased"
                };
                tracing::info!(erasure = %erasure.id, by = erasure.by, leads, items, notices, struck, "{done}");
                return Ok(erasure);
            }
        }
        Err(Error::Conflict("something of theirs comes in all the time; try again".to_owned()))
    }

    /// The erasures, newest first, after the erasure `after`.
    pub fn erasures(&self, after: Option<Id>, limit: usize) -> Result<store::Page<Erasure>, Error> {
        Ok(self.store.erasures(after, limit)?)
    }

    /// Why a lead is not there.
    pub(super) fn missing_lead(&self, id: Id) -> Error {
        match self.store.view(|view| view.lead_erased(id)) {
            Ok(Some(erasure)) => Error::Gone(format!("lead {id} was {}", erased_on(erasure.at))),
            Ok(None) => Error::NotFound(format!("lead {id}")),
            Err(error) => error.into(),
        }
    }

    /// Who is meant, where that may be erased.
    fn erasable(&self, wish: &Wish) -> Result<Whom, Error> {
        let reader = self.readers.reader();
        let whom = wish.whom(reader.country())?;
        match &whom {
            Whom::Email(email) if reader.own_domain(email.domain()).is_some() => Err(Error::Invalid(
                "that is an address of our own people (`organisation.domains`), who are no leads".to_owned(),
            )),
            Whom::Email(email) if robot::is_robot(email) => Err(Error::Invalid(
                "that is the address of a program, which many people's leads have; erase them by their ids".to_owned(),
            )),
            Whom::Lead(id) if self.store.view(|view| view.lead(*id))?.is_none() => Err(self.missing_lead(*id)),
            _ => Ok(whom),
        }
    }

    async fn plan_erasure(self: &Arc<Self>, whom: &Whom) -> Result<Plan, Error> {
        let (service, whom) = (Arc::clone(self), whom.clone());
        let begin = move || Plan::begin(&service.store, &service.readers.reader(), &whom);
        let mut plan = aside(begin).await?;
        plan.read(&self.store, &self.readers).await?;
        let store = self.store.clone();
        aside(move || {
            plan.end(&store)?;
            Ok(plan)
        })
        .await
    }
}

/// Runs what may wait for the disk.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(crate::intake::Refused::Stopping.into()),
        },
    }
}

/// Takes out what was planned; `None`: something has come in between, and nothing was taken out.
fn apply(
    plan: &Plan,
    whom: &Whom,
    reason: Option<&String>,
    by: &str,
    unit: &mut Unit<'_>,
) -> Result<Option<Erasure>, store::Error> {
    if plan.is_overtaken(whom, unit)? {
        return Ok(None);
    }
    let mut erasure = Erasure {
        id: unit.new_id(),
        at: unit.now(),
        by: by.to_owned(),
        reason: reason.cloned(),
        leads: 0,
        items: 0,
        notices: 0,
        struck: 0,
        turns: Turns::new(),
    };
    for id in plan.leads.iter().map(|lead| lead.id) {
        if let Some(lead) = unit.lead(id)? {
            unit.remove_lead(&lead, &mut erasure.turns)?;
            erasure.leads += 1;
        }
    }
    for id in &plan.items {
        if let Some(row) = unit.intake(*id)?.filter(|row| row.erased_at.is_none()) {
            unit.replace_original(*id, None)?;
            unit.put_intake(&emptied(row, plan, erasure.at))?;
            erasure.items += 1;
        }
    }
    erasure.notices = remove_notices(plan, unit)?;
    plan.threads.iter().try_for_each(|key| unit.forget_thread(key))?;
    plan.identities.iter().try_for_each(|identity| unit.hide_delivery(identity))?;
    for (id, left) in &plan.originals {
        unit.replace_original(*id, left.as_ref())?;
        erasure.struck += 1;
    }
    for (table, key) in &plan.records {
        erasure.struck += u64::from(unit.strike(*table, key, &|text| plan.traces.strike(text))?);
    }
    if (erasure.leads, erasure.items, erasure.struck) != (0, 0, 0) {
        let leads: Vec<Id> = plan.leads.iter().map(|lead| lead.id).collect();
        unit.put_erasure(&erasure, &leads, &plan.person())?;
    }
    Ok(Some(erasure))
}

/// A row without what it said. What waited for a person waits no more.
fn emptied(row: Intake, plan: &Plan, at: Timestamp) -> Intake {
    let outcome = if row.outcome == Outcome::Quarantined { Outcome::Ignored } else { row.outcome };
    let was = if outcome == row.outcome { String::new() } else { format!("; it was `{}`", row.outcome.as_str()) };
    Intake {
        outcome,
        reason: Some(format!("{}{was}", erased_on(at))),
        source: plan.traces.strike(&row.source),
        erased_at: Some(at),
        ..row
    }
}

/// Removes the notices about the leads, also those that were written since the plan.
fn remove_notices(plan: &Plan, unit: &mut Unit<'_>) -> Result<u64, store::Error> {
    let mut removed = 0;
    let mut ids = plan.notices.clone();
    ids.extend(unit.notices_after(plan.upto)?.iter().filter(|id| plan.has_lead(id.1)).map(|id| id.0));
    for id in ids {
        if let Some(notice) = unit.notice(id)? {
            unit.remove_notice(&notice)?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests;
