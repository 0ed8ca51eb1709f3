//! The ledger in people's hands: look at an item, release it.

use std::sync::Arc;

use super::{Error, Service};
use crate::lead::{Authentication, Id, Inbound, Intake, Original, Reading, Receipt};
use crate::normalize::Trust;
use crate::store::{Records, erased_on};

impl Service {
    /// A ledger row with what was received.
    pub fn intake(&self, id: Id) -> Result<(Intake, Option<Original>), Error> {
        let found = self.store.view(|view| Ok((view.intake(id)?, view.original(id)?)))?;
        match found {
            (Some(row), original) => Ok((row, original)),
            (None, _) => Err(Error::NotFound(format!("intake {id}"))),
        }
    }

    /// What the mail server that took an item found out about its sender, where it is a lead's.
    pub fn authentication(&self, id: Id) -> Result<Option<Authentication>, Error> {
        Ok(self.store.view(|view| view.touch(id))?.and_then(|touch| touch.content.authentication))
    }

    /// Makes an ignored or quarantined item a lead after all, read as well as it can be.
    pub async fn release(&self, id: Id, by: &str) -> Result<Receipt, Error> {
        let (row, original) = self.intake(id)?;
        let original = releasable(&row, original)?;
        let inbound = Inbound { quiet: false, ..row.inbound(original) };
        let prepared = self.readers.read(inbound, Trust::Released).await;
        let Reading::Lead(content) = prepared.reading else {
            return Err(Error::Conflict(format!("intake {id} holds nothing that could be read as a lead")));
        };
        let (policy, inbound, by) = (self.policy.get(), Arc::new(prepared.inbound), by.to_owned());
        let receipt = self
            .door
            .change(move |unit| {
                // Somebody else may have released it in the meantime.
                match unit.intake(id)? {
                    Some(row) if row.is_releasable() && row.erased_at.is_none() => {
                        policy.release(&row, &inbound, &content, &by, unit).map(Some)
                    }
                    _ => Ok(None),
                }
            })
            .await?;
        receipt.ok_or_else(|| Error::Conflict(format!("intake {id} was released or erased in the meantime")))
    }
}

fn releasable(row: &Intake, original: Option<Original>) -> Result<Original, Error> {
    if let Some(at) = row.erased_at {
        return Err(Error::Gone(format!("what intake {} said was {}", row.id, erased_on(at))));
    }
    if !row.is_releasable() {
        let lead = row.lead.map(|lead| format!(" (lead {lead})")).unwrap_or_default();
        let outcome = row.outcome.as_str();
        let text = format!("intake {} is `{outcome}`{lead}; only items that became nothing can be released", row.id);
        return Err(Error::Conflict(text));
    }
    if row.awaits_details() {
        let text = format!(
            "intake {} waits for its details, which are fetched from its provider: it becomes a lead by itself, and one \
             released now would never get them (`lotse intake show {}` says what is in the way)",
            row.id, row.id
        );
        return Err(Error::Conflict(text));
    }
    original.ok_or_else(|| Error::Conflict(format!("the original of intake {} is not there any more", row.id)))
}
