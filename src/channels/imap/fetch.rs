//! Brings in what is new: from UIDs to receipts.
//!
//! Mails go in in ascending order, and each carries the place behind it, so the place that is
//! stored always means "every mail up to here has an outcome". What the place passes without an
//! item (mail that was deleted meanwhile, or was there before us) moves it by itself afterwards.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Mailbox;
use super::command::Fault;
use super::guard::Violation;
use super::place::Place;
use super::session::{Part, Session, Size};
use super::suspects::{Break, Way};
use crate::channels::health::Health;
use crate::intake::{Door, Line, Refused};
use crate::lead::{self, Delivery, Inbound, Kind, Original};
use crate::mistakes::{self, Mistake};

/// Text that is asked for at once, in bytes, unless one mail alone is larger. A batch of usual mails is
/// smaller; of large ones this is what has to be held besides what is written.
const AT_ONCE: u64 = 1024 * 1024;

/// Loads under way at once: one is fetched while others are read and stored.
const LOADS: usize = 6;
/// Text that may be under way, in bytes, while more is fetched.
const UNDER_WAY: u64 = 4 * AT_ONCE;

/// The media type of a mail of which all was read.
const WHOLE: &str = "message/rfc822";
/// The media type of a mail of which only the header was read, because it is too large.
const TRUNCATED: &str = "message/rfc822; truncated=yes";
/// The media type of a mail that the server does not hand over.
const UNFETCHED: &str = "message/rfc822; unfetched=yes";

/// Whether all of a mail was read.
pub(super) fn is_whole(original: &Original) -> bool {
    ![TRUNCATED, UNFETCHED].contains(&original.content_type.as_str())
}

/// Why reading stopped.
#[derive(Debug)]
pub(super) enum Halt {
    /// We are to stop.
    Stop,
    /// The server failed.
    Fault(Fault),
    /// The server failed over a mail; the suspects know.
    Broke(Fault),
    /// The intake failed.
    Refused(Refused),
    /// The intake failed over a mail; the suspects know.
    Failed(Refused),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refused> for Halt {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// Does `work` unless we are to stop; what was half done then is dropped with the connection.
pub(super) async fn unless<T>(
    stop: &CancellationToken,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Halt> {
    match stop.run_until_cancelled(work).await {
        Some(result) => Ok(result?),
        None => Err(Halt::Stop),
    }
}

/// One folder that is being read.
pub(super) struct Reader<'a> {
    pub(super) mailbox: &'a Mailbox,
    pub(super) session: &'a mut Session,
    pub(super) door: &'a Door,
    pub(super) health: &'a Health,
    pub(super) stop: &'a CancellationToken,
    /// As far as it has been read and stored.
    pub(super) place: Place,
    /// What is on its way in.
    line: Line,
    under_way: VecDeque<UnderWay>,
    /// As far as mails were handed over by this connection.
    handed: Option<Place>,
}

/// Mails that are on their way in.
struct UnderWay {
    load: Load,
    /// The last mail of them that the server handed over.
    last: u32,
    /// Gmail's numbers of them.
    numbers: Vec<Option<u64>>,
}

/// Mails that are asked for together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) uids: BTreeSet<u32>,
    pub(super) part: Part,
    pub(super) bytes: u64,
}

impl<'a> Reader<'a> {
    /// A reader that goes on at `place`.
    pub(super) fn new(
        mailbox: &'a Mailbox,
        session: &'a mut Session,
        door: &'a Door,
        health: &'a Health,
        stop: &'a CancellationToken,
        place: Place,
    ) -> Self {
        let (line, under_way) = (Line::new(door.clone()), VecDeque::new());
        Self { mailbox, session, door, health, stop, place, line, under_way, handed: None }
    }

    /// Brings in every mail behind the place. When it returns, nothing is under way any more.
    pub(super) async fn catch_up(&mut self) -> Result<(), Halt> {
        let caught_up = self.bring_in_all().await;
        // What was fetched before it broke off has come in, or is refused.
        self.settle().await?;
        caught_up
    }

    async fn bring_in_all(&mut self) -> Result<(), Halt> {
        self.session.news = false;
        let Some(first) = self.place.last.checked_add(1) else { return Ok(()) };
        let mut waiting = unless(self.stop, self.session.uids_from(first)).await?;
        while let Some(&first) = waiting.first() {
            let size = self.mailbox.suspects().batch(self.place.validity, first);
            let batch: BTreeSet<u32> = waiting.iter().copied().take(size).collect();
            waiting.retain(|uid| !batch.contains(uid));
            self.bring_in(&batch).await?;
            // One by one means that one of them may break; the others do not go ahead of it.
            if size == 1 {
                self.settle().await?;
            }
            self.mailbox.log_progress(&batch, waiting.len());
        }
        Ok(())
    }

    /// Brings in one batch, and tells the suspects when that breaks.
    async fn bring_in(&mut self, batch: &BTreeSet<u32>) -> Result<(), Halt> {
        self.check_server(batch).await?;
        match self.read_batch(batch).await {
            Err(Halt::Fault(fault)) if !fault.is_temporary() => Err(self.broke(batch, fault)),
            other => other,
        }
    }

    /// Tells the suspects that the server broke off over these mails.
    pub(super) fn broke(&self, batch: &BTreeSet<u32>, fault: Fault) -> Halt {
        let how = match fault {
            Fault::Hostile(Violation::Literal(_)) | Fault::TooMuch => Break::TooLarge,
            _ => Break::Other,
        };
        self.mailbox.suspects().broke(batch, how);
        Halt::Broke(fault)
    }

    /// Before a suspect is tried again: does the server hand over mail at all?
    pub(super) async fn check_server(&mut self, batch: &BTreeSet<u32>) -> Result<(), Halt> {
        let control = batch.first().and_then(|uid| self.mailbox.suspects().control(*uid));
        if let Some(control) = control {
            unless(self.stop, self.session.texts(&BTreeSet::from([control]), Part::Header, 0)).await?;
        }
        Ok(())
    }

    async fn read_batch(&mut self, batch: &BTreeSet<u32>) -> Result<(), Halt> {
        let (Some(&first), Some(&last)) = (batch.first(), batch.last()) else { return Ok(()) };
        let way = self.mailbox.suspects().way(first);
        if way == Way::Pass {
            tracing::error!(channel = %self.mailbox.name, uid = first, "the server does not hand over a mail; it is passed by, quarantined, and asked for again later");
            self.note_owed(first).await?;
            let item = self.unfetched(first);
            let load = Load { uids: batch.clone(), part: Part::Whole, bytes: 0 };
            return self.hand_over(vec![item], UnderWay { load, last: first, numbers: Vec::new() }).await;
        }
        let mut sizes = unless(self.stop, self.session.sizes(batch)).await?;
        self.check_gone(batch, |uid| sizes.contains_key(&uid)).await?;
        sizes.retain(|_, size| !self.mailbox.labels().has(size.gmail));
        for load in loads(&sizes, self.place, way, self.mailbox.config.max_size) {
            let mut texts = unless(self.stop, self.session.texts(&load.uids, load.part, load.bytes)).await?;
            self.check_gone(&load.uids, |uid| texts.contains_key(&uid)).await?;
            if mistakes::made(Mistake::PlacePastPartialFetch) && texts.len() > 1 {
                texts.pop_first();
            }
            let Some(last) = texts.last_key_value().map(|(uid, _)| *uid) else { continue };
            self.mailbox.suspects().came(last);
            let items = texts.into_iter().map(|(uid, text)| self.mail(uid, load.part, text)).collect();
            let numbers = load.uids.iter().filter_map(|uid| sizes.get(uid)).map(|size| size.gmail).collect();
            self.hand_over(items, UnderWay { load, last, numbers }).await?;
        }
        if self.handed.unwrap_or(self.place).last < last {
            self.settle().await?;
            self.door.keep_place(&self.mailbox.name, self.stored(self.place.at(last))).await?;
            self.place = self.place.at(last);
            self.handed = Some(self.place);
        }
        Ok(())
    }

    /// A mail that is missing in an answer was deleted meanwhile, or the server withholds it.
    pub(super) async fn check_gone(
        &mut self,
        asked: &BTreeSet<u32>,
        answered: impl Fn(u32) -> bool,
    ) -> Result<(), Halt> {
        let missing: BTreeSet<u32> = asked.iter().copied().filter(|uid| !answered(*uid)).collect();
        if missing.is_empty() || unless(self.stop, self.session.still_there(&missing)).await?.is_empty() {
            return Ok(());
        }
        Err(Fault::Withheld.into())
    }

    /// Hands items over, and waits until there is room for more. They are settled in their turn.
    async fn hand_over(&mut self, mut items: Vec<Inbound>, load: UnderWay) -> Result<(), Halt> {
        let last = load.last;
        let mut after = self.handed.map(|place| self.stored(place)).and_then(|place| place.value);
        if mistakes::made(Mistake::PlaceBeforeItem) {
            self.door.keep_place(&self.mailbox.name, self.stored(self.place.at(last))).await?;
            tokio::time::sleep(4 * mistakes::GAP).await;
        }
        if mistakes::made(Mistake::MovedBeforeCommit) {
            self.act_too_early(&items).await?;
        }
        for item in &mut items {
            let Some(place) = &mut item.place else { continue };
            let next = place.value.clone();
            place.after = std::mem::replace(&mut after, next);
        }
        self.handed = Some(self.place.at(last));
        self.line.push(items);
        self.under_way.push_back(load);
        while self.under_way.len() >= LOADS || self.bytes_under_way() > UNDER_WAY {
            self.settle_one().await?;
        }
        Ok(())
    }

    fn bytes_under_way(&self) -> u64 {
        self.under_way.iter().map(|one| one.load.bytes).sum()
    }

    /// Waits until all that was handed over has its receipts.
    async fn settle(&mut self) -> Result<(), Halt> {
        while !self.under_way.is_empty() {
            self.settle_one().await?;
        }
        Ok(())
    }

    /// Waits for the receipts of the oldest load.
    async fn settle_one(&mut self) -> Result<(), Halt> {
        let (Some(receipts), Some(UnderWay { load, last, numbers })) =
            (self.line.next().await, self.under_way.pop_front())
        else {
            return Ok(());
        };
        match receipts {
            Ok(receipts) => {
                receipts.iter().filter(|receipt| receipt.is_from_outside()).for_each(|_| self.health.item());
                self.place = self.place.at(last);
                for number in numbers {
                    self.mailbox.labels().add(number);
                }
                Ok(())
            }
            Err(refused @ Refused::Failed(_)) => {
                self.mailbox.suspects().broke(&load.uids, Break::Other);
                Err(Halt::Failed(refused))
            }
            Err(refused) => Err(Halt::Refused(refused)),
        }
    }

    pub(super) fn mail(&self, uid: u32, part: Part, bytes: Vec<u8>) -> Inbound {
        let content_type = if part == Part::Whole { WHOLE } else { TRUNCATED };
        self.inbound(uid, content_type, bytes, Delivery::Mail)
    }

    pub(super) fn unfetched(&self, uid: u32) -> Inbound {
        // Nothing of the mail can be compared, so its number has to tell it from others.
        let folder = self.mailbox.opened();
        let delivery = Delivery::Named(format!("unfetched {folder} {} {uid}", self.place.validity));
        self.inbound(uid, UNFETCHED, Vec::new(), delivery)
    }

    fn inbound(&self, uid: u32, content_type: &str, bytes: Vec<u8>, delivery: Delivery) -> Inbound {
        Inbound {
            channel: self.mailbox.name.clone(),
            kind: Kind::Mail,
            received_at: Timestamp::now(),
            source: self.place.source(&self.mailbox.opened(), uid),
            delivery,
            original: Original { content_type: content_type.to_owned(), headers: BTreeMap::new(), bytes },
            place: Some(self.stored(self.place.at(uid))),
            quiet: false,
        }
    }

    fn stored(&self, place: Place) -> lead::Place {
        self.mailbox.stored(place)
    }
}

/// What to ask for, in ascending order: as many mails together as fit, and each that is too large
/// by its header.
pub(super) fn loads(sizes: &BTreeMap<u32, Size>, place: Place, way: Way, largest: u32) -> Vec<Load> {
    let mut loads: Vec<Load> = Vec::new();
    for (&uid, size) in sizes.iter().filter(|(uid, size)| !place.is_before_us(**uid, size.received)) {
        let part = if way == Way::Header || size.bytes > largest { Part::Header } else { Part::Whole };
        let bytes = u64::from(size.bytes);
        match loads.last_mut() {
            Some(load) if part == Part::Whole && load.part == part && load.bytes + bytes <= AT_ONCE => {
                load.uids.insert(uid);
                load.bytes += bytes;
            }
            _ => loads.push(Load { uids: BTreeSet::from([uid]), part, bytes }),
        }
    }
    loads
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u32 = 1024 * 1024;
    const PLACE: Place = Place { validity: 3, last: 0, since: None, there: u32::MAX };

    fn sizes(mails: &[(u32, u32)]) -> BTreeMap<u32, Size> {
        mails.iter().map(|(uid, bytes)| (*uid, Size { bytes: *bytes, received: None, gmail: None })).collect()
    }

    fn asked(mails: &[(u32, u32)], way: Way) -> Vec<(Vec<u32>, Part)> {
        loads(&sizes(mails), PLACE, way, 40 * MIB).into_iter().map(|l| (l.uids.into_iter().collect(), l.part)).collect()
    }

    #[test]
    fn mails_are_asked_for_together_as_far_as_they_fit() {
        let mails = [(1, MIB / 4), (2, 3 * MIB / 4), (3, 1), (4, 3 * MIB), (5, 1), (6, 1)];
        let whole = |uids: &[u32]| (uids.to_vec(), Part::Whole);
        assert_eq!(asked(&mails, Way::Usual), [whole(&[1, 2]), whole(&[3]), whole(&[4]), whole(&[5, 6])]);
    }

    #[test]
    fn of_a_mail_that_is_too_large_the_header_is_asked_for_in_its_turn() {
        let mails = [(1, 1), (2, 41 * MIB), (3, 1)];
        let expected = [(vec![1], Part::Whole), (vec![2], Part::Header), (vec![3], Part::Whole)];
        assert_eq!(asked(&mails, Way::Usual), expected);
        assert_eq!(asked(&[(1, 1)], Way::Header), [(vec![1], Part::Header)]);
    }

    #[test]
    fn mail_from_before_the_first_connect_is_not_asked_for() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        let place = Place { since: at(100), ..PLACE };
        let mails = BTreeMap::from([
            (1, Size { bytes: 1, received: at(99), gmail: None }),
            (2, Size { bytes: 1, received: at(101), gmail: None }),
            (3, Size { bytes: 1, received: None, gmail: None }),
        ]);
        let uids: Vec<u32> =
            loads(&mails, place, Way::Usual, 40 * MIB).into_iter().flat_map(|load| load.uids).collect();
        assert_eq!(uids, [2, 3]);
    }
}
