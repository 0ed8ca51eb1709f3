//! Who is away, who is back, who has left for good.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, Service};
use crate::assign::{Absence, calendar};
use crate::config::{nearest, values};
use crate::lead::{Decision, Id, Name};
use crate::pipeline::{Leaves, Went};
use crate::store::{Away, Holder, LeadFilter, Records, Unit};

/// Leads that are handed on in one unit.
const AT_ONCE: usize = 100;

/// A wish to be away.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// The first day (`2026-12-24`), or a moment of the owner's clock (`2026-12-24T12:00`).
    pub from: String,
    /// The last day, or the moment of the return.
    pub until: String,
    /// Why, in a few words.
    pub reason: Option<String>,
}

/// What became of the leads of somebody who left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HandedOn {
    /// Who left.
    pub owner: String,
    /// Leads that somebody else has now.
    pub given: u64,
    /// Leads that are held, as nobody is free.
    pub held: u64,
}

impl Service {
    /// Notes when somebody is away.
    pub async fn away(&self, owner: &str, wish: &Leave) -> Result<Away, Error> {
        let owner = self.owner_named(owner)?;
        let policy = self.policy.get();
        let zone = policy.staff.calendar(&owner).map_or(jiff::tz::TimeZone::UTC, |calendar| calendar.zone().clone());
        if wish.until.trim().is_empty() {
            let hint = "until when? write the first and the last day, such as 2026-12-24..2027-01-02";
            return Err(Error::Invalid(hint.to_owned()));
        }
        let moment = |text: &str| values::moment(text).map_err(|wrong| Error::Invalid(wrong.sentence()));
        let (from, until) = (moment(&wish.from)?, moment(&wish.until)?);
        let (from, until) = values::span(from, until).map_err(|wrong| Error::Invalid(wrong.sentence()))?;
        let why = wish.reason.as_ref().map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
        let absence = Absence { from: calendar::moment(from, &zone), until: calendar::moment(until, &zone), why };
        if absence.until <= (self.clock)() {
            return Err(Error::Invalid("that is over already".into()));
        }
        self.change_away(owner, move |away, now| {
            away.said.retain(|known| known.until > now && *known != absence);
            away.said.push(absence.clone());
            away.said.sort();
        })
        .await
    }

    /// Forgets every absence that was noted, and that somebody left; what the settings and the
    /// calendar say stays.
    pub async fn back(&self, owner: &str) -> Result<Away, Error> {
        let owner = self.owner_named(owner)?;
        self.change_away(owner, |away, _| {
            away.said.clear();
            away.left = false;
        })
        .await
    }

    /// Notes what somebody's calendar says; `true`: it says something else than before.
    pub async fn note_calendar(&self, owner: Name, busy: Vec<Absence>) -> Result<bool, Error> {
        if self.store.view(|view| view.absences())?.all_of(&owner).calendar == busy {
            return Ok(false);
        }
        self.change_away(owner, move |away, _| away.calendar.clone_from(&busy)).await.map(|_| true)
    }

    async fn change_away(
        &self,
        owner: Name,
        change: impl Fn(&mut Away, Timestamp) + Send + 'static,
    ) -> Result<Away, Error> {
        let changed = self.door.change(move |unit| {
            let mut absences = Arc::unwrap_or_clone(unit.absences()?);
            let away = absences.of.entry(owner.clone()).or_default();
            change(away, unit.now());
            let after = away.clone();
            absences.of.retain(|_, away| !away.is_empty());
            unit.put_absences(absences)?;
            Ok(after)
        });
        Ok(changed.await?)
    }

    /// Somebody has left for good: they get no lead any more, and all their open leads are handed on,
    /// oldest first.
    pub async fn leave(&self, owner: &str, by: &str) -> Result<HandedOn, Error> {
        let owner = self.owner_named(owner)?;
        self.change_away(owner.clone(), |away, _| away.left = true).await?;
        let mut done = HandedOn { owner: owner.to_string(), ..HandedOn::default() };
        loop {
            let filter = LeadFilter { owner: Some(Holder::Owner(owner.clone())), ..LeadFilter::default() };
            let open: Vec<Id> = self
                .store
                .leads(&filter, None, usize::MAX)?
                .items
                .iter()
                .rev()
                .filter(|lead| lead.stage.is_open())
                .map(|lead| lead.id)
                .take(AT_ONCE)
                .collect();
            if open.is_empty() {
                return Ok(done);
            }
            let (policy, by, owner) = (Arc::clone(&self.policy), by.to_owned(), owner.clone());
            let went = self.door.change(move |unit| {
                open.iter().map(|id| policy.get().take_from(*id, &owner, &by, unit)).collect::<Result<Vec<_>, _>>()
            });
            for went in went.await?.into_iter().flatten() {
                done.given += u64::from(went == Went::On);
                done.held += u64::from(went == Went::Held);
            }
        }
    }

    /// Somebody of the settings, or who has leads; the error says who may be meant.
    fn owner_named(&self, text: &str) -> Result<Name, Error> {
        let policy = self.policy.get();
        let known: Vec<&str> = policy.staff.owners().iter().map(|owner| owner.id.as_str()).collect();
        if let Ok(name) = Name::parse(text)
            && (known.contains(&text)
                || self.store.view(|view| view.all_owner_counts())?.iter().any(|(owner, _)| *owner == name))
        {
            return Ok(name);
        }
        let hint = match nearest(text, &known) {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None if known.is_empty() => String::new(),
            None => format!("; there are: {}", known.join(", ")),
        };
        Err(Error::Unknown(format!("there is no owner `{text}`{hint}")))
    }
}

impl crate::pipeline::Policy {
    /// Takes an open lead from somebody who left; `None`: it is not theirs any more.
    fn take_from(
        &self,
        id: Id,
        owner: &Name,
        by: &str,
        unit: &mut Unit<'_>,
    ) -> Result<Option<Went>, crate::store::Error> {
        let Some(mut lead) = unit.lead(id)? else { return Ok(None) };
        if lead.owner.as_ref() != Some(owner) || !lead.stage.is_open() {
            return Ok(None);
        }
        if lead.disposition == crate::lead::Disposition::Disqualified {
            // A person had taken it on although the rules refused it: now nobody has.
            lead.owner = None;
            unit.add_event(id, by, "assigned", format!("from {owner} to nobody: {owner} has left"))?;
            unit.put_lead(&lead)?;
            return Ok(Some(Went::Stays));
        }
        let by = if by.is_empty() { Decision::BY_RULES } else { by };
        let went = self.hand_on(&mut lead, &Leaves::Gone, by, unit)?;
        unit.put_lead(&lead)?;
        Ok(Some(went))
    }
}
