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

use super::command::Fault;
use super::enter::examine;
use super::fetch::{Halt, Reader, loads};
use super::oauth2::Vault;
use super::place::{self, Opening, Place};
use super::reconcile::House;
use super::session::Session;
use super::suspects::Way;
use super::{End, Mailbox};
use crate::channels::Error;
use crate::intake::Refused;
use crate::lead::Inbound;
use crate::store::{Records, Unit};

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
#[derive(Clone, Debug, Default, Serialize)]
pub struct Backfill {
    /// The folder.
    pub folder: String,
    /// Mails that had an outcome already.
    pub known: usize,
    /// Mails that the channel has not come to yet: they come in by themselves.
    pub waiting: usize,
    /// What became of the mails that were brought in.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// Mails over which the server breaks off again and again: they are passed over, without an outcome.
    pub unfetched: usize,
    /// Mails that were looked at.
    pub done: usize,
    /// Mails that are still to be looked at, roughly.
    pub left: usize,
    /// Brought in up to this UID; `None`: to the end.
    pub next: Option<u32>,
    /// The mailbox's next folder, as the settings name it; `None` behind the last.
    pub next_folder: Option<String>,
    /// Mails of the batch at hand that came in by this call.
    #[serde(skip)]
    brought: BTreeSet<u32>,
}

impl Mailbox {
    /// Brings in older mail of one folder, for some seconds.
    pub async fn backfill(&self, house: &House<'_>, older: &Older) -> Result<Backfill, Error> {
        let begun = Instant::now();
        let wanted = older.folder.as_deref().unwrap_or(&self.config.folder);
        let folder = self.beside(wanted);
        let mut filled = Backfill { next: (older.after > 0).then_some(older.after), ..Backfill::default() };
        loop {
            let vault = Vault { door: house.door, channel: &self.name };
            let Some(mut session) = folder.open(Some(vault), &CancellationToken::new()).await? else {
                return Err(Refused::Stopping.into());
            };
            match folder.backfill_folder(&mut session, house, older, begun, &mut filled).await {
                Ok(()) => {
                    session.log_out().await;
                    break;
                }
                // As the running channel does: its mails are tried one by one.
                Err(End::Halt(Halt::Broke(fault))) => {
                    tracing::warn!(channel = %self.name, %fault, "reading older mail broke off; its mails are tried one by one");
                    let pause = folder.suspects().pause();
                    tokio::time::sleep(pause).await;
                }
                Err(End::Halt(halt)) => return Err(folder.halted(halt)),
                Err(End::Error(error)) => return Err(error),
            }
        }
        filled.folder = folder.opened();
        filled.next_folder = self.config.folders().skip_while(|known| *known != wanted).nth(1).map(ToOwned::to_owned);
        Ok(filled)
    }

    /// Goes on behind `filled.next`.
    async fn backfill_folder(
        &self,
        session: &mut Session,
        house: &House<'_>,
        older: &Older,
        begun: Instant,
        filled: &mut Backfill,
    ) -> Result<(), End> {
        let name = self.opened();
        let folder = examine(session, &self.config, &name).await?;
        let kept = house.door.place(&self.name, &name).await.map_err(Halt::Refused)?;
        let opening = place::open(kept.as_deref(), folder, self.config.start, Timestamp::now());
        if let Opening::First(place) = opening {
            self.begin_here(house, place).await.map_err(Halt::Refused)?;
        }
        let place = opening.place();
        let mut uids = received(session, filled.next.unwrap_or(0), older.since).await.map_err(Halt::Fault)?;
        filled.waiting = uids.split_off(uids.partition_point(|uid| *uid <= place.last)).len();
        filled.left = uids.len();
        let known = self.rows(house, place).await?;
        // What is older than asked for is left alone; what was there before us is what is asked for.
        let place = Place { since: Some(older.since), there: u32::MAX, ..place };
        let stop = CancellationToken::new();
        let mut reader = Reader::new(self, session, house.door, house.health, &stop, place);
        let mut rest = uids.as_slice();
        while let Some(&first) = rest.first() {
            let (batch, behind) = rest.split_at(self.suspects().batch(place.validity, first).min(rest.len()));
            let unknown: BTreeSet<u32> = batch.iter().copied().filter(|uid| !known.contains(uid)).collect();
            reader.bring_in_older(&unknown, older, filled).await?;
            // Where the server broke off, some of the batch had come in.
            filled.known += batch.iter().filter(|uid| known.contains(uid) && !filled.brought.contains(uid)).count();
            filled.brought.clear();
            filled.done += batch.len();
            (filled.left, filled.next, rest) = (behind.len(), batch.last().copied(), behind);
            if begun.elapsed() > LONGEST && !rest.is_empty() {
                return Ok(());
            }
        }
        filled.next = None;
        Ok(())
    }

    /// The mailbox was never read before: what comes from now on is new mail, however late the channel
    /// itself begins.
    async fn begin_here(&self, house: &House<'_>, place: Place) -> Result<(), Refused> {
        let (channel, place) = (self.name.clone(), self.stored(place));
        let keep = move |unit: &mut Unit<'_>| match unit.place(&channel, &place.key)? {
            // It has begun meanwhile.
            Some(_) => Ok(()),
            None => unit.keep_place(&channel, &place),
        };
        house.door.change(keep).await
    }
}

/// The mails that the server may have received since, ascending: its calendar may be a day off.
async fn received(session: &mut Session, after: u32, since: Timestamp) -> Result<Vec<u32>, Fault> {
    let Some(first) = after.checked_add(1) else { return Ok(Vec::new()) };
    let day = TimeZone::UTC.to_datetime(since).date().saturating_sub(1.day());
    let there: Vec<u32> = session.uids_from(first).await?.into_iter().collect();
    let mut found = Vec::new();
    for uids in there.chunks(ASKED) {
        found.extend(session.received_since(uids, day).await?);
    }
    Ok(found)
}

impl Reader<'_> {
    /// Brings in mails that the ledger has no row for, and tells the suspects when that breaks.
    async fn bring_in_older(
        &mut self,
        unknown: &BTreeSet<u32>,
        older: &Older,
        filled: &mut Backfill,
    ) -> Result<(), Halt> {
        let Some(&first) = unknown.first() else { return Ok(()) };
        let way = self.mailbox.suspects().way(first);
        if way == Way::Pass {
            tracing::error!(channel = %self.mailbox.name, uid = first, "the server does not hand over a mail; it is passed over");
            filled.unfetched += 1;
            return Ok(());
        }
        self.check_server(unknown).await?;
        match self.read_older(unknown, way, older, filled).await {
            Err(Halt::Fault(fault)) if !fault.is_temporary() => Err(self.broke(unknown, fault)),
            other => other,
        }
    }

    async fn read_older(
        &mut self,
        unknown: &BTreeSet<u32>,
        way: Way,
        older: &Older,
        filled: &mut Backfill,
    ) -> Result<(), Halt> {
        let sizes = self.session.sizes(unknown).await?;
        self.check_gone(unknown, |uid| sizes.contains_key(&uid)).await?;
        for load in loads(&sizes, self.place, way, self.mailbox.config.max_size) {
            let texts = self.session.texts(&load.uids, load.part, load.bytes).await?;
            self.check_gone(&load.uids, |uid| texts.contains_key(&uid)).await?;
            if let Some((&last, _)) = texts.last_key_value() {
                self.mailbox.suspects().came(last);
            }
            let uids: Vec<u32> = texts.keys().copied().collect();
            // The place is the running channel's.
            let item = |(uid, text)| Inbound { place: None, quiet: older.quiet, ..self.mail(uid, load.part, text) };
            let items = texts.into_iter().map(item).collect();
            for receipt in self.door.submit_all(items).await? {
                self.health.item();
                *filled.outcomes.entry(receipt.outcome.as_str()).or_default() += 1;
            }
            filled.brought.extend(uids);
        }
        Ok(())
    }
}
