//! Names in filters: one that is neither in the settings nor in the store is a slip of the finger, and
//! an empty list would hide it.

use super::{Error, Service};
use crate::config::nearest;
use crate::lead::{Intake, Lead, Name};
use crate::store::{Holder, IntakeFilter, LeadFilter, Page, Records as _};

impl Service {
    /// Leads, newest first, after the lead `after`.
    pub fn leads(
        &self,
        filter: &LeadFilter,
        after: Option<crate::lead::Id>,
        limit: usize,
    ) -> Result<Page<Lead>, Error> {
        let (policy, any) = (self.policy.get(), LeadFilter::default);
        if let Some(Holder::Owner(name)) = &filter.owner {
            let known = policy.staff.owners().iter().map(|owner| &owner.id);
            let stored = || Ok(self.store.view(|view| view.all_owner_counts())?.iter().any(|(owner, _)| owner == name));
            vouch("owner", name, known, stored)?;
        }
        if let Some(name) = &filter.team {
            let known = policy.staff.teams().iter().map(|team| &team.name);
            vouch("team", name, known, || self.has_leads(&LeadFilter { team: Some(name.clone()), ..any() }))?;
        }
        if let Some(name) = &filter.channel {
            let channels = self.channels();
            let known = channels.iter().map(|channel| &channel.name);
            vouch("channel", name, known, || self.has_leads(&LeadFilter { channel: Some(name.clone()), ..any() }))?;
        }
        Ok(self.store.leads(filter, after, limit)?)
    }

    /// Ledger rows, newest first, after the row `after`.
    pub fn intakes(
        &self,
        filter: &IntakeFilter,
        after: Option<crate::lead::Id>,
        limit: usize,
    ) -> Result<Page<Intake>, Error> {
        if let Some(name) = &filter.channel {
            let channels = self.channels();
            let only = IntakeFilter { channel: Some(name.clone()), outcome: None };
            let stored = || Ok(!self.store.intakes(&only, None, 1)?.items.is_empty());
            vouch("channel", name, channels.iter().map(|channel| &channel.name), stored)?;
        }
        Ok(self.store.intakes(filter, after, limit)?)
    }

    fn has_leads(&self, filter: &LeadFilter) -> Result<bool, Error> {
        Ok(!self.store.leads(filter, None, 1)?.items.is_empty())
    }
}

/// Refuses a name that is neither among those `known` nor `stored`, with the one that may be meant.
fn vouch<'n>(
    what: &str,
    name: &Name,
    known: impl Iterator<Item = &'n Name>,
    stored: impl FnOnce() -> Result<bool, Error>,
) -> Result<(), Error> {
    let known: Vec<&str> = known.map(Name::as_str).collect();
    if known.contains(&name.as_str()) || stored()? {
        return Ok(());
    }
    let hint = match nearest(name.as_str(), &known) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; there are: {}", known.join(", ")),
    };
    Err(Error::Unknown(format!("there is no {what} `{name}`{hint}")))
}
