//! Brings in older mail: what the server received since a day, and what has no outcome yet.
//!
//! Mail that the running channel has not come to is left to it. The rest goes in as any other mail
//! does, so one that comes in at the same moment in another way is recognised. A call ends after some
//! seconds and says where to go on; asked for again from the beginning, what has a row in the ledger
//! is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::Mailbox;
use super::command::Fault;
use super::enter::examine;
use super::fetch::{Halt, Reader, loads};
use super::oauth2::Vault;
use super::place::{self, Place};
use super::reconcile::House;
use super::session::Session;
use super::suspects::Way;
use crate::channels::Error;
use crate::intake::Refused;
use crate::lead::Inbound;

/// Mails that are looked at together.
const BATCH: usize = 200;
/// Mails of which the server is asked at once when it received them: the command has to fit on a
/// line of 8 KiB (RFC 7162 §4) whatever gaps their numbers have.
const ASKED: usize = 500;
/// Time that one call may take before it says how far it got.
const LONGEST: Duration = Duration::from_secs(5);

/// Which older mail.
#[derive(Clone, Debug)]
pub struct Older {
    /// The folder, as the settings name it; `None`: the first.
    pub folder: Option<String>,
    /// Received by the server from this time on.
    pub since: Timestamp,
    /// Behind this UID.
    pub after: u32,
    /// Tell nobody about these leads.
    pub quiet: bool,
}

/// Older mail of a folder, as far as it was brought in.
#[derive(Clone, Debug, Serialize)]
pub struct Backfill {
    /// The folder.
    pub folder: String,
    /// Mails that had an outcome already.
    pub known: usize,
    /// Mails that the channel has not come to yet: they come in by themselves.
    pub waiting: usize,
    /// What became of the mails that were brought in.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// Mails that were looked at.
    pub done: usize,
    /// Mails that are still to be looked at, roughly.
    pub left: usize,
    /// Brought in up to this UID; `None`: to the end.
    pub next: Option<u32>,
    /// The mailbox's next folder, as the settings name it; `None` behind the last.
    pub next_folder: Option<String>,
}

impl Mailbox {
    /// Brings in older mail of one folder, for some seconds.
    pub async fn backfill(&self, house: &House<'_>, older: &Older) -> Result<Backfill, Error> {
        let begun = Instant::now();
        let wanted = older.folder.as_deref().unwrap_or(&self.config.folder);
        let folder = self.beside(wanted);
        let vault = Vault { door: house.door, channel: &self.name };
        let Some(mut session) = folder.open(Some(vault), &CancellationToken::new()).await? else {
            return Err(Refused::Stopping.into());
        };
        let mut filled = folder.backfill_folder(&mut session, house, older, begun).await?;
        session.log_out().await;
        filled.next_folder = self.config.folders().skip_while(|known| *known != wanted).nth(1).map(ToOwned::to_owned);
        Ok(filled)
    }

    async fn backfill_folder(
        &self,
        session: &mut Session,
        house: &House<'_>,
        older: &Older,
        begun: Instant,
    ) -> Result<Backfill, Error> {
        let name = self.opened();
        let folder = examine(session, &self.config, &name).await?;
        let kept = house.door.place(&self.name, &name).await?;
        let place = place::open(kept.as_deref(), folder, self.config.start, Timestamp::now()).place();
        let mut uids = received(session, older).await.map_err(|fault| self.broke(fault))?;
        let waiting = uids.split_off(uids.partition_point(|uid| *uid <= place.last)).len();
        let known = self.rows(house, place).await?;
        let mut filled = Backfill {
            folder: name,
            known: 0,
            waiting,
            outcomes: BTreeMap::new(),
            done: 0,
            left: uids.len(),
            next: None,
            next_folder: None,
        };
        // What is older than asked for is left alone; what was there before us is what is asked for.
        let place = Place { since: Some(older.since), ..place };
        let stop = CancellationToken::new();
        let mut reader = Reader { mailbox: self, session, door: house.door, health: house.health, stop: &stop, place };
        for batch in uids.chunks(BATCH) {
            let unknown: BTreeSet<u32> = batch.iter().copied().filter(|uid| !known.contains(uid)).collect();
            filled.known += batch.len() - unknown.len();
            reader.bring_in_older(&unknown, older, &mut filled).await.map_err(|halt| self.halted(halt))?;
            filled.done += batch.len();
            filled.left -= batch.len();
            if begun.elapsed() > LONGEST && filled.left > 0 {
                filled.next = batch.last().copied();
                break;
            }
        }
        Ok(filled)
    }
}

/// The mails that the server may have received since, ascending: its calendar may be a day off.
async fn received(session: &mut Session, older: &Older) -> Result<Vec<u32>, Fault> {
    let Some(first) = older.after.checked_add(1) else { return Ok(Vec::new()) };
    let day = TimeZone::UTC.to_datetime(older.since).date().saturating_sub(1.day());
    let there: Vec<u32> = session.uids_from(first).await?.into_iter().collect();
    let mut found = Vec::new();
    for uids in there.chunks(ASKED) {
        found.extend(session.received_since(uids, day).await?);
    }
    Ok(found)
}

impl Reader<'_> {
    /// Brings in mails that the ledger has no row for.
    async fn bring_in_older(
        &mut self,
        unknown: &BTreeSet<u32>,
        older: &Older,
        filled: &mut Backfill,
    ) -> Result<(), Halt> {
        if unknown.is_empty() {
            return Ok(());
        }
        let sizes = self.session.sizes(unknown).await?;
        for load in loads(&sizes, self.place, Way::Usual, self.mailbox.config.max_size) {
            let texts = self.session.texts(&load.uids, load.part, load.bytes).await?;
            self.check_gone(&load.uids, |uid| texts.contains_key(&uid)).await?;
            // The place is the running channel's.
            let item = |(uid, text)| Inbound { place: None, quiet: older.quiet, ..self.mail(uid, load.part, text) };
            let items = texts.into_iter().map(item).collect();
            for receipt in self.door.submit_all(items).await? {
                self.health.item();
                *filled.outcomes.entry(receipt.outcome.as_str()).or_default() += 1;
            }
        }
        Ok(())
    }
}
