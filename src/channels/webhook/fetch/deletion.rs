//! What providers want erased: somebody asked them to delete their data.
//!
//! The word of it waits in the ledger like details that are to be fetched, and its to-do goes with the row's last
//! reason. A lead that came through this channel alone is erased. One who wrote otherwise, too, meant perhaps only
//! what the provider has: that is left to a person.

use std::sync::Arc;

use super::{ERASE, Fetching};
use crate::intake::Refused;
use crate::lead::{Id, Intake, Lead, Name, Outcome, Place, Thread};
use crate::normalize::{conversation, named_identity};
use crate::service::{Error, Service, Whom};
use crate::store::{self, Records, View};

/// Works off what is to be erased of one channel.
pub(super) async fn look(service: &Arc<Service>, channel: &Name, fetching: &Fetching) {
    let todos = service.store.view(|view| view.places(channel, ERASE)).unwrap_or_else(|error| {
        tracing::error!(%channel, %error, "cannot look for what is to be erased");
        Vec::new()
    });
    for (key, _) in todos {
        if let Err(error) = errand(service, channel, fetching, key).await {
            tracing::error!(%channel, %error, "what a provider wants erased could not be erased; it is tried again");
            return;
        }
    }
}

/// What is there of what is to be deleted.
#[derive(Default)]
struct Found {
    /// Leads that came through this channel alone.
    leads: Vec<Id>,
    /// Leads who wrote otherwise, too.
    others: Vec<Id>,
    /// An item that still waits for its details.
    waiting: Option<Id>,
}

async fn errand(service: &Arc<Service>, channel: &Name, fetching: &Fetching, key: String) -> Result<(), Error> {
    let identity = named_identity(channel, key.strip_prefix(ERASE).unwrap_or_default());
    let row = service.store.view(|view| {
        let Some(delivered) = view.delivered(&identity.key)? else { return Ok(None) };
        Ok(view.intake(delivered.intake)?.zip(view.original(delivered.intake)?))
    })?;
    let done = Place::new(key, None);
    // A person released it.
    let Some((row, original)) = row.filter(|(row, _)| row.outcome == Outcome::Quarantined) else {
        return Ok(service.door.keep_place(channel, done).await?);
    };
    let body = serde_json::from_slice(&original.bytes).unwrap_or_default();
    let Some(deletion) = (fetching.erases)(&body) else {
        return Ok(service.door.keep_place(channel, done).await?);
    };
    let found = service.store.view(|view| find(channel, &deletion.conversation, &deletion.of, view))?;
    let mut leads = 0;
    let doomed = found.leads.iter().map(|lead| Whom::Lead(*lead)).chain(found.waiting.map(Whom::Item));
    for whom in doomed {
        let erasure = service.erase_whom(&whom, Some("its writer asked the provider to delete it"), channel.as_str());
        leads += erasure.await?.leads;
    }
    let (outcome, reason) = match (found.others.first(), leads, found.waiting) {
        (Some(lead), ..) => (
            Outcome::Quarantined,
            format!(
                "its writer asked the provider to delete it, and has written otherwise, too: where all of it is to go, \
                 `lotse leads erase {lead}`"
            ),
        ),
        (None, 0, None) => (Outcome::Ignored, "somebody is to be erased of whom nothing is here".to_owned()),
        (None, ..) => (Outcome::Ignored, "its writer asked the provider to delete it: it was erased".to_owned()),
    };
    let channel = channel.clone();
    let change = move |unit: &mut store::Unit<'_>| {
        unit.keep_place(&channel, &done)?;
        match unit.intake(row.id)? {
            Some(row) if row.outcome == Outcome::Quarantined => {
                unit.put_intake(&Intake { outcome, reason: Some(reason.clone()), ..row })
            }
            _ => Ok(()),
        }
    };
    Ok(service.door.change(change).await.map_err(|error: Refused| error)?)
}

fn find(channel: &Name, name: &str, of: &str, view: &View<'_>) -> Result<Found, store::Error> {
    let mut found = Found::default();
    let key = Thread::conversation_key(&conversation(channel, name));
    for item in view.mails_with(&key, usize::MAX)? {
        let Some(lead) = view.lead_of(item)? else { continue };
        if found.leads.contains(&lead.id) || found.others.contains(&lead.id) {
            continue;
        }
        let through_it_alone = is_of(&lead, channel, view)?;
        if through_it_alone { &mut found.leads } else { &mut found.others }.push(lead.id);
    }
    if let Some(delivered) = view.delivered(&named_identity(channel, of).key)? {
        let row = view.intake(delivered.intake)?;
        let waits = row.filter(|row| row.outcome == Outcome::Quarantined && row.lead.is_none());
        found.waiting = waits.map(|row| row.id);
    }
    Ok(found)
}

fn is_of(lead: &Lead, channel: &Name, view: &View<'_>) -> Result<bool, store::Error> {
    Ok(view.touches(lead.id)?.iter().all(|touch| touch.channel == *channel))
}
