//! Asks again for mails that were passed by.
//!
//! When one comes, it goes in as any other mail, and the ledger row that stood for it points to
//! where it came in: every mail has one outcome.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::fetch::{Halt, Reader, loads, unless};
use super::suspects::Way;
use crate::intake::Refused;
use crate::lead::{self, Intake, Outcome, Receipt};
use crate::normalize::identity;
use crate::store::Records;

/// How many times the usual patience a mail is left alone first: 75 s for 15.
const ALONE: u32 = 5;

/// What the ledger says of a mail that never came.
const GONE: &str = "the mailbox's server did not hand this mail over, and it is gone from the folder now";

impl Reader<'_> {
    /// Notes that a mail is passed by, and stays owed.
    pub(super) async fn note_owed(&mut self, uid: u32) -> Result<(), Halt> {
        self.mailbox.owed().add(uid, Instant::now(), self.pause());
        self.keep_owed().await
    }

    /// Asks for one mail that was passed by, if it is time for one. The server may break off over it
    /// once more: then the next connection goes on, and the mail is left alone for longer.
    pub(super) async fn ask_again(&mut self) -> Result<(), Halt> {
        let now = Instant::now();
        let asked = self.mailbox.owed().ask(now, self.pause());
        let Some(uid) = asked else { return Ok(()) };
        match self.bring_in_owed(uid).await {
            Err(Halt::Fault(fault)) if !fault.is_temporary() => Err(Halt::Broke(fault)),
            Err(Halt::Refused(refused @ Refused::Failed(_))) => Err(Halt::Failed(refused)),
            other => other,
        }
    }

    async fn bring_in_owed(&mut self, uid: u32) -> Result<(), Halt> {
        let asked = BTreeSet::from([uid]);
        let mut receipt = None;
        let sizes = unless(self.stop, self.session.sizes(&asked)).await?;
        self.check_gone(&asked, |uid| sizes.contains_key(&uid)).await?;
        for load in loads(&sizes, self.place, Way::Usual, self.mailbox.config.max_size) {
            let mut texts = unless(self.stop, self.session.texts(&load.uids, load.part, load.bytes)).await?;
            self.check_gone(&load.uids, |uid| texts.contains_key(&uid)).await?;
            let Some(text) = texts.remove(&uid) else { continue };
            // The place has passed this mail long ago.
            let item = lead::Inbound { place: None, ..self.mail(uid, load.part, text) };
            receipt = Some(self.door.submit(item).await?);
            self.health.item();
            tracing::info!(channel = %self.mailbox.name, uid, "a mail that was passed by came after all");
        }
        self.settle_row(uid, receipt).await?;
        self.mailbox.owed().settled(uid);
        self.keep_owed().await
    }

    /// The row that says "not handed over" now says where the mail came in, or that it is gone.
    async fn settle_row(&mut self, uid: u32, receipt: Option<Receipt>) -> Result<(), Refused> {
        let key = identity(&self.unfetched(uid)).key;
        let settle = move |unit: &mut crate::store::Unit<'_>| {
            let Some(before) = unit.delivered(&key)? else { return Ok(()) };
            let row = unit.intake(before.intake)?.filter(|row| row.outcome == Outcome::Quarantined);
            let Some(row) = row else { return Ok(()) };
            unit.put_intake(&match receipt {
                Some(Receipt { intake, lead, .. }) => {
                    let reason = Some(format!("the server handed it over later: it came in as {intake}"));
                    Intake { outcome: Outcome::Redelivered, reason, lead, same_as: Some(intake), ..row }
                }
                None => Intake { reason: Some(GONE.to_owned()), ..row },
            })
        };
        self.door.change(settle).await
    }

    async fn keep_owed(&mut self) -> Result<(), Halt> {
        let place = lead::Place::new(self.mailbox.owed_key(), self.mailbox.owed().kept());
        Ok(self.door.keep_place(&self.mailbox.name, place).await?)
    }

    fn pause(&self) -> Duration {
        self.mailbox.config.timeout * ALONE
    }
}
