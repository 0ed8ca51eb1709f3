//! Compares a mailbox with the ledger, and names every mail without an outcome.
//!
//! A mail has one when the ledger has a row for its number in this folder, or when a mail with the
//! same identity is known (after the server numbered the folder anew, or a move). Read are only the
//! texts of mails without a row, a batch at a time; nothing in the mailbox changes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::command::Fault;
use super::fetch::{Halt, Reader, loads};
use super::place::{self, Place};
use super::session::{Part, Session};
use super::suspects::Way;
use super::{Mailbox, Vault, examine, unreachable};
use crate::channels::Error;
use crate::channels::health::Health;
use crate::intake::{Door, Refused};
use crate::lead::{Id, Inbound, Outcome, Reading};
use crate::normalize::{Readers, Trust};
use crate::store::{self, Records, Store};

/// Mails that are looked at together.
const BATCH: usize = 200;
/// Rows of the ledger that are read in one snapshot.
const PAGE: usize = 2_000;
/// Time that one comparison may take before it says how far it got.
const LONGEST: Duration = Duration::from_secs(20);

/// What the comparison needs of the house.
pub struct House<'a> {
    /// The store.
    pub store: &'a Store,
    /// The way in.
    pub door: &'a Door,
    /// The threads that read items.
    pub readers: &'a Readers,
    /// Where items that are brought in are counted.
    pub health: &'a Health,
}

/// What to do with mails without an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Name them.
    Name,
    /// Bring them in the normal way.
    Fetch,
}

/// A folder against the ledger, as far as it was compared.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Comparison {
    /// The folder.
    pub folder: String,
    /// Mails that were compared.
    pub mails: usize,
    /// Of these: received by the server before Lotse first read the folder, and left alone.
    pub before: usize,
    /// Of these: without an outcome.
    pub missing: Vec<Missing>,
    /// Compared up to this UID; `None`: to the end.
    pub next: Option<u32>,
    /// Why the folder could not be compared.
    pub trouble: Option<String>,
    /// The mailbox's next folder, as the settings name it; `None` behind the last.
    pub next_folder: Option<String>,
}

/// A mail without an outcome.
#[derive(Clone, Debug, Serialize)]
pub struct Missing {
    /// Its number in the folder.
    pub uid: u32,
    /// When the server received it.
    pub date: Option<Timestamp>,
    /// Bytes.
    pub size: u32,
    /// The channel has not come to it yet: it will come in by itself.
    pub waiting: bool,
    /// Its subject, if it was read as a lead.
    pub subject: Option<String>,
    /// Its sender, if it was read as a lead.
    pub from: Option<String>,
    /// What became of it, if it was brought in now.
    pub outcome: Option<Outcome>,
}

impl Mailbox {
    /// Compares the mails behind the UID `after` with the ledger, in the folder that the settings name
    /// like this, or in the first one.
    pub async fn reconcile(
        &self,
        house: &House<'_>,
        folder: Option<&str>,
        after: u32,
        wish: Wish,
    ) -> Result<Comparison, Error> {
        let folder = folder.unwrap_or(&self.config.folder);
        let (part, begun) = (self.beside(folder), Instant::now());
        let vault = Vault { door: house.door, channel: &self.name };
        let Some(mut session) = part.open(Some(vault), &CancellationToken::new()).await? else {
            return Err(Refused::Stopping.into());
        };
        let mut compared = match part.compare(&mut session, house, after, wish, begun).await {
            // One folder that cannot be opened keeps nobody from looking into the others.
            Err(error @ Error::Shut { .. }) if !self.config.further.is_empty() => {
                Comparison { folder: part.opened(), trouble: Some(error.to_string()), ..Comparison::default() }
            }
            compared => compared?,
        };
        session.log_out().await;
        compared.next_folder = self.config.folders().skip_while(|known| *known != folder).nth(1).map(ToOwned::to_owned);
        Ok(compared)
    }

    async fn compare(
        &self,
        session: &mut Session,
        house: &House<'_>,
        after: u32,
        wish: Wish,
        begun: Instant,
    ) -> Result<Comparison, Error> {
        let name = self.opened();
        let folder = examine(session, &self.config, &name).await?;
        let kept = house.door.place(&self.name, &name).await?;
        let place = place::open(kept.as_deref(), folder, self.config.start, Timestamp::now()).place();
        let known = self.rows(house, place).await?;
        let stop = CancellationToken::new();
        let mut reader = Reader::new(self, session, house.door, house.health, &stop, place);
        let mut comparison = Comparison { folder: name, ..Comparison::default() };
        let Some(first) = after.checked_add(1) else { return Ok(comparison) };
        let uids = reader.session.uids_from(first).await.map_err(|fault| self.broke(fault))?;
        let uids: Vec<u32> = uids.into_iter().collect();
        for batch in uids.chunks(BATCH) {
            comparison.mails += batch.len();
            let unknown = batch.iter().copied().filter(|uid| !known.contains(uid)).collect();
            reader.look_at(&unknown, house, wish, &mut comparison).await.map_err(|halt| self.halted(halt))?;
            if begun.elapsed() > LONGEST && batch.last() != uids.last() {
                comparison.next = batch.last().copied();
                break;
            }
        }
        Ok(comparison)
    }

    /// The numbers of the mails in this folder that the ledger has a row for.
    pub(super) async fn rows(&self, house: &House<'_>, place: Place) -> Result<BTreeSet<u32>, Error> {
        let (store, channel) = (house.store.clone(), self.name.clone());
        let folder = self.opened();
        let read = move || -> Result<_, store::Error> {
            let (mut uids, mut cursor) = (BTreeSet::new(), Id::MIN);
            loop {
                let rows = store.intakes_after(cursor, PAGE)?;
                for row in rows.iter().filter(|row| row.channel == channel) {
                    uids.extend(place.uid(&folder, &row.source));
                }
                match rows.last() {
                    Some(last) if rows.len() == PAGE => cursor = last.id,
                    _ => return Ok(uids),
                }
            }
        };
        let doing = "cannot read the ledger".to_owned();
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(uids)) => Ok(uids),
            Ok(Err(error)) => Err(Error::Unreachable { doing, source: error.into() }),
            Err(error) => Err(Error::Unreachable { doing, source: error.into() }),
        }
    }

    /// An error out of a reader that nobody runs again.
    pub(super) fn halted(&self, halt: Halt) -> Error {
        match halt {
            Halt::Refused(refused) | Halt::Failed(refused) => Error::Intake(refused),
            Halt::Fault(fault) | Halt::Broke(fault) => self.broke(fault),
            Halt::Stop => Error::Intake(Refused::Stopping),
        }
    }

    pub(super) fn broke(&self, fault: Fault) -> Error {
        unreachable(&format!("cannot read the folder `{}` of {}", self.config.folder, self.config.host), fault)
    }
}

impl Reader<'_> {
    /// Looks at mails that the ledger has no row for.
    async fn look_at(
        &mut self,
        unknown: &BTreeSet<u32>,
        house: &House<'_>,
        wish: Wish,
        comparison: &mut Comparison,
    ) -> Result<(), Halt> {
        if unknown.is_empty() {
            return Ok(());
        }
        let sizes = self.session.sizes(unknown).await?;
        comparison.before += sizes.iter().filter(|(uid, size)| self.place.is_before_us(**uid, size.received)).count();
        for load in loads(&sizes, self.place, Way::Usual, self.mailbox.config.max_size) {
            let texts = self.session.texts(&load.uids, load.part, load.bytes).await?;
            self.check_gone(&load.uids, |uid| texts.contains_key(&uid)).await?;
            for (uid, text) in texts {
                let Some(size) = sizes.get(&uid) else { continue };
                let missing = self.judge(uid, load.part, text, house, wish).await?;
                comparison.missing.extend(missing.map(|found| Missing {
                    uid,
                    date: size.received,
                    size: size.bytes,
                    waiting: uid > self.place.last,
                    ..found
                }));
            }
        }
        Ok(())
    }

    /// Whether the mail is known after all; else what it says, and what became of it.
    async fn judge(
        &mut self,
        uid: u32,
        part: Part,
        text: Vec<u8>,
        house: &House<'_>,
        wish: Wish,
    ) -> Result<Option<Missing>, Halt> {
        // The place is the running channel's.
        let inbound = Inbound { place: None, ..self.mail(uid, part, text) };
        let prepared = house.readers.read(inbound, Trust::Usual).await;
        let key = prepared.identity.key;
        let store = house.store.clone();
        let known = tokio::task::spawn_blocking(move || store.view(|view| view.delivered(&key))).await;
        let known = known.map_err(|_| Refused::Stopping)?.map_err(|error| Refused::Store(error.to_string()))?;
        if known.is_some() {
            return Ok(None);
        }
        let (subject, from) = match prepared.reading {
            Reading::Lead(content) => (content.subject, content.from),
            Reading::Aside(_) | Reading::Noise(_) | Reading::Unclear(_) => (None, None),
        };
        let outcome = match wish {
            Wish::Name => None,
            Wish::Fetch => {
                let receipt = house.door.submit(prepared.inbound).await?;
                house.health.item();
                Some(receipt.outcome)
            }
        };
        Ok(Some(Missing { uid, date: None, size: 0, waiting: false, subject, from, outcome }))
    }
}
