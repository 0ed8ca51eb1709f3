//! What people do to a lead: assign it, move its stage, note something.

use std::sync::Arc;

use super::{Error, Service};
use crate::lead::{Decision, Event, Id, Lead, Name, Routing, Stage};
use crate::pipeline::{give, tell};
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

impl Service {
    /// Gives a lead to an owner, who is told. An inactive owner is refused: nobody would look.
    pub async fn assign(&self, id: Id, wish: &Assigned, by: &str) -> Result<Lead, Error> {
        let policy = self.policy.get();
        let known = || policy.staff.owners().iter().map(|owner| owner.id.as_str()).collect::<Vec<_>>().join(", ");
        let owner = Name::parse(&wish.owner)
            .ok()
            .and_then(|name| policy.staff.owner(&name).cloned())
            .ok_or_else(|| Error::Invalid(format!("there is no owner `{}`; there are: {}", wish.owner, known())))?;
        if !owner.active {
            return Err(Error::Conflict(format!("`{}` is not active (`active = false` in the settings)", owner.id)));
        }
        let by = by.to_owned();
        self.change_lead(id, move |lead, unit| {
            if lead.owner.as_ref() == Some(&owner.id) {
                return Ok(());
            }
            let before = lead.owner.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
            give(lead, Some(owner.id.clone()), unit.now());
            let reason = format!("given by {by}; before: {before}");
            unit.add_event(lead.id, &by, "assigned", format!("from {before} to {}", owner.id))?;
            let routing = Routing { team: lead.team.clone(), owner: lead.owner.clone(), reason, candidates: vec![] };
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
        let by = by.to_owned();
        self.change_lead(id, move |lead, unit| {
            let before = lead.stage;
            if before == stage && lead.stage_reason == reason {
                return Ok(());
            }
            lead.stage = stage;
            lead.stage_reason.clone_from(&reason);
            let mut text = format!("{} → {}", before.as_str(), stage.as_str());
            if let Some(reason) = &reason {
                text += &format!(": {reason}");
            }
            unit.add_event(lead.id, &by, "stage", text)
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
        changed.ok_or_else(|| Error::NotFound(format!("lead {id}")))
    }
}
