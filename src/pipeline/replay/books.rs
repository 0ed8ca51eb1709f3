//! What matters for who gets a lead, as if no lead had come in yet.

use std::collections::HashMap;
use std::sync::Arc;

use crate::assign::{Books, Known, Staff, Turn};
use crate::lead::{Email, Id, Name};
use crate::normalize::robot;
use crate::store::{Absences, Error, OwnerCounts, Rotation};

/// Leads of the same person that are looked at.
const NEWEST: usize = 5;

/// Rotations and counts that start anew, and who got which leads.
#[derive(Default)]
pub(super) struct Anew {
    rotations: HashMap<Name, Rotation>,
    counts: HashMap<Name, OwnerCounts>,
    owners: HashMap<Id, Name>,
    /// Leads of a company, oldest first.
    companies: HashMap<String, Vec<Id>>,
    /// Leads with an address, oldest first.
    people: HashMap<Email, Vec<Id>>,
}

impl Anew {
    /// Moves a team's rotation.
    pub(super) fn turn(&mut self, turn: Option<Turn>) {
        if let Some((team, rotation)) = turn.map(Turn::into_rotation) {
            self.rotations.insert(team, rotation);
        }
    }

    /// A lead's owner, and when they got it; `open` leads count for as long as there are more to come.
    pub(super) fn give(&mut self, staff: &Staff, lead: Id, owner: Option<&Name>, at: jiff::Timestamp, open: bool) {
        let Some(owner) = owner else { return };
        let counts = self.counts.entry(owner.clone()).or_default();
        counts.owned += 1;
        counts.open += u64::from(open);
        if let Some(day) = staff.calendar(owner).map(|calendar| calendar.day(at)) {
            counts.today = counts.on(day).saturating_add(1);
            counts.day = Some(day);
        }
        self.owners.insert(lead, owner.clone());
    }

    /// Who a lead is, as far as is known by now.
    pub(super) fn note(&mut self, lead: Id, domain: Option<String>, emails: Vec<Email>) {
        if let Some(domain) = domain {
            insert(self.companies.entry(domain).or_default(), lead);
        }
        for email in emails {
            insert(self.people.entry(email).or_default(), lead);
        }
    }

    /// Who works the newest of these leads that has somebody, but for one lead.
    fn owner_among<'a>(&self, leads: impl Iterator<Item = &'a Id>, but: Id) -> Option<Name> {
        leads.filter(|lead| **lead != but).find_map(|lead| self.owners.get(lead)).cloned()
    }
}

fn insert(leads: &mut Vec<Id>, lead: Id) {
    if let Err(place) = leads.binary_search(&lead) {
        leads.insert(place, lead);
    }
}

impl Books for Anew {
    fn rotation(&self, team: &Name) -> Result<Rotation, Error> {
        Ok(self.rotations.get(team).cloned().unwrap_or_default())
    }

    fn counts(&self, owner: &Name) -> Result<OwnerCounts, Error> {
        Ok(self.counts.get(owner).copied().unwrap_or_default())
    }

    fn absences(&self) -> Result<Arc<Absences>, Error> {
        Ok(Arc::default())
    }

    fn owner_of_person(&self, lead: &Known<'_>) -> Result<Option<Name>, Error> {
        let emails = lead.emails.iter().filter(|email| !robot::is_robot(email));
        let mut leads = emails.filter_map(|email| self.people.get(email));
        Ok(leads.find_map(|leads| self.owner_among(leads.iter().rev().take(NEWEST), lead.id)))
    }

    fn owner_of_company(&self, lead: &Known<'_>) -> Result<Option<Name>, Error> {
        let leads = lead.domain.and_then(|domain| self.companies.get(domain));
        Ok(leads.and_then(|leads| self.owner_among(leads.iter().rev(), lead.id)))
    }
}
