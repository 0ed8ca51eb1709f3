//! What is known beside the settings, and matters for who gets a lead: rotations, counts, absences, and
//! who worked for the same person or company before.

use std::sync::Arc;

use crate::lead::{Email, Id, Lead, Name};
use crate::store::{Absences, Error, OwnerCounts, Records, Rotation};

/// What is known beside the settings, and matters for who gets a lead.
pub trait Books {
    /// How a team's rotation stands.
    fn rotation(&self, team: &Name) -> Result<Rotation, Error>;
    /// How many leads an owner has.
    fn counts(&self, owner: &Name) -> Result<OwnerCounts, Error>;
    /// What people and calendars said about when owners are away.
    fn absences(&self) -> Result<Arc<Absences>, Error>;
    /// Who works the newest other lead of the same person.
    fn owner_of_person(&self, lead: &Known<'_>) -> Result<Option<Name>, Error>;
    /// Who works the newest other open lead of the same company.
    fn owner_of_company(&self, lead: &Known<'_>) -> Result<Option<Name>, Error>;
}

impl<R: Records> Books for R {
    fn rotation(&self, team: &Name) -> Result<Rotation, Error> {
        Records::rotation(self, team)
    }

    fn counts(&self, owner: &Name) -> Result<OwnerCounts, Error> {
        self.owner_counts(owner)
    }

    fn absences(&self) -> Result<Arc<Absences>, Error> {
        Records::absences(self)
    }

    fn owner_of_person(&self, lead: &Known<'_>) -> Result<Option<Name>, Error> {
        for email in lead.emails.iter().filter(|email| !crate::normalize::robot::is_robot(email)) {
            for id in self.leads_with(&format!("email:{email}"), NEWEST)? {
                if id != lead.id
                    && let Some(owner) = self.lead(id)?.and_then(|known| known.owner)
                {
                    return Ok(Some(owner));
                }
            }
        }
        Ok(None)
    }

    fn owner_of_company(&self, lead: &Known<'_>) -> Result<Option<Name>, Error> {
        let Some(domain) = lead.domain else { return Ok(None) };
        for id in self.leads_with(&format!("company:{domain}"), 2)? {
            if id != lead.id {
                return Ok(self.lead(id)?.and_then(|known| known.owner));
            }
        }
        Ok(None)
    }
}

/// Leads of the same person that are looked at.
const NEWEST: usize = 5;

/// What of a lead speaks for somebody.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The lead.
    pub id: Id,
    /// The person's addresses.
    pub emails: &'a [Email],
    /// The company's domain.
    pub domain: Option<&'a str>,
    /// Who passed it on.
    pub forwarded_by: Option<&'a Email>,
}

impl<'a> Known<'a> {
    /// What is known of a lead.
    #[must_use]
    pub fn of(lead: &'a Lead) -> Self {
        Self {
            id: lead.id,
            emails: &lead.person.emails,
            domain: lead.person.domain.as_deref(),
            forwarded_by: lead.forwarded_by.as_ref(),
        }
    }
}
