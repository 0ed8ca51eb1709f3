//! How far the ledger was worked through, and what is owed behind that.
//!
//! Rows are numbered in the order of their commits, so one row's number stands for all before it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Undone;
use super::act::Outlook;
use crate::channels::imap::fetch;
use crate::channels::imap::place::Place;
use crate::lead::{self, Id, Intake, Name, Outcome, Own};
use crate::store::{Error, Records, Unit};

/// Rows that are looked through at once.
const ROWS: usize = 500;
/// Mails that are acted on together.
const MAILS: usize = 100;
/// Refused mails that are remembered; with more the server refuses all.
const MOST_LEFT: usize = 1000;

/// What is kept, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The UIDs below belong to this UIDVALIDITY.
    pub(super) validity: u32,
    /// The ledger up to this row is done, but for `left`.
    pub(super) done: Id,
    /// Mails that the server refused to change, while it changed others.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) left: BTreeSet<u32>,
    /// A move that may have begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moving: Option<Moving>,
}

/// A move of which it is not known how far it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Moving {
    /// The folder, under the server's name.
    pub(super) target: String,
    /// Its UIDVALIDITY then.
    pub(super) validity: u32,
    /// No copy has a lower UID than this.
    pub(super) next: u32,
    /// The mails that may have a copy there.
    pub(super) uids: BTreeSet<u32>,
}

impl Kept {
    /// Where work begins: where it stopped, or with the mails that come from now on. Numbers of
    /// another numbering mean nothing any more; those mails are read, and so owed, again.
    pub(super) fn settle(unit: &mut Unit<'_>, channel: &Name, key: &str, validity: u32) -> Result<(), Error> {
        let kept = unit.place(channel, key)?.and_then(|text| Self::parse(&text));
        let done = match kept {
            Some(kept) if kept.validity == validity => return Ok(()),
            Some(kept) => kept.done,
            None => unit.new_id(),
        };
        Self { validity, done, left: BTreeSet::new(), moving: None }.store(unit, channel, key)
    }

    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(super) fn to_text(&self) -> String {
        // Numbers and texts can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn store(&self, unit: &mut Unit<'_>, channel: &Name, key: &str) -> Result<(), Error> {
        unit.keep_place(channel, &lead::Place::new(key.to_owned(), Some(self.to_text())))
    }

    /// Puts mails aside that were refused.
    pub(super) fn leave(&mut self, refused: BTreeSet<u32>) -> Result<(), Undone> {
        if self.left.len() + refused.len() > MOST_LEFT {
            return Err(Undone::Refused(format!("{} mails were refused", self.left.len())));
        }
        self.left.extend(refused);
        Ok(())
    }

    /// Some of the mails that were refused.
    pub(super) fn some_left(&self) -> Vec<u32> {
        self.left.iter().copied().take(MAILS).collect()
    }

    /// These mails are about to be moved.
    pub(super) fn begin(&mut self, target: &str, outlook: Outlook, uids: &BTreeSet<u32>) {
        let same = |moving: &Moving| moving.target == target && moving.validity == outlook.validity;
        match &mut self.moving {
            Some(moving) if same(moving) => moving.uids.extend(uids),
            moving => {
                let Outlook { validity, next } = outlook;
                *moving = Some(Moving { target: target.to_owned(), validity, next, uids: uids.clone() });
            }
        }
    }

    /// These mails are certainly moved.
    pub(super) fn moved(&mut self, uids: &BTreeSet<u32>) {
        if let Some(moving) = &mut self.moving {
            moving.uids.retain(|uid| !uids.contains(uid));
        }
        self.moving.take_if(|moving| moving.uids.is_empty());
    }
}

/// A part of what is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) kept: Kept,
    /// The mails to act on.
    pub(super) uids: BTreeSet<u32>,
    /// The row up to which the ledger is done when that has happened.
    pub(super) last: Id,
}

impl Work {
    /// The next part of what is owed; `whole`: only mails of which the store has all. Rows without work are
    /// passed for good.
    pub(super) fn next(
        unit: &mut Unit<'_>,
        channel: &Name,
        key: &str,
        folder: &str,
        place: Place,
        whole: bool,
    ) -> Result<Self, Error> {
        let kept = unit.place(channel, key)?.and_then(|text| Kept::parse(&text));
        let kept = kept.filter(|kept| kept.validity == place.validity);
        let mut kept = match kept {
            Some(kept) => kept,
            None => Kept { validity: place.validity, done: unit.new_id(), left: BTreeSet::new(), moving: None },
        };
        let (begun, mut uids, mut last) = (kept.done, BTreeSet::new(), kept.done);
        loop {
            let rows = unit.intakes_after(last, ROWS)?;
            for row in &rows {
                let uid = place.uid(folder, &row.source).filter(|_| row.channel == *channel);
                if uid.is_some() && is_settled(unit, row)? && (!whole || is_whole(unit, row)?) {
                    uids.extend(uid);
                }
                last = row.id;
                if uids.len() == MAILS {
                    break;
                }
            }
            if !uids.is_empty() || rows.len() < ROWS {
                break;
            }
        }
        if uids.is_empty() && last != begun {
            kept.done = last;
            kept.store(unit, channel, key)?;
        }
        Ok(Self { kept, uids, last })
    }
}

/// Whether a mail has an outcome that it can be put away with: not one that waits for a person,
/// and not the same again as one that does. The mail of a test is taken away by whoever sent it.
fn is_settled(unit: &Unit<'_>, row: &Intake) -> Result<bool, Error> {
    if row.own == Some(Own::Test) {
        return Ok(false);
    }
    let first = match (row.outcome, row.same_as) {
        (Outcome::Redelivered, Some(first)) => unit.intake(first)?,
        _ => None,
    };
    Ok([Some(row), first.as_ref()].into_iter().flatten().all(|row| row.outcome != Outcome::Quarantined))
}

/// Whether the store has all of a mail, or had until it was erased there: of one that is too large it has the
/// header, and the mailbox has the rest.
fn is_whole(unit: &Unit<'_>, row: &Intake) -> Result<bool, Error> {
    let original = unit.original(row.same_as.unwrap_or(row.id))?;
    Ok(original.is_none_or(|original| fetch::is_whole(&original)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::lead::{Kind, Original};
    use crate::store::Store;

    const PLACE: Place = Place { validity: 3, last: 0, since: None, there: 0 };
    const KEY: &str = "after:INBOX";

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    /// Writes a row; says its number.
    fn row(unit: &mut Unit<'_>, channel: &str, source: &str, outcome: Outcome, same_as: Option<Id>) -> Id {
        let id = unit.new_id();
        let row = Intake {
            id,
            channel: name(channel),
            kind: Kind::Mail,
            received_at: Timestamp::UNIX_EPOCH,
            outcome,
            reason: None,
            lead: None,
            source: source.to_owned(),
            same_as,
            own: None,
            template: None,
            quiet: false,
            erased_at: None,
        };
        unit.put_intake(&row).unwrap();
        id
    }

    fn mail(unit: &mut Unit<'_>, uid: u32, outcome: Outcome) -> Id {
        row(unit, "sales", &PLACE.source("INBOX", uid), outcome, None)
    }

    fn next(unit: &mut Unit<'_>) -> Work {
        Work::next(unit, &name("sales"), KEY, "INBOX", PLACE, false).unwrap()
    }

    /// Does `work` on an empty store on which work begins now.
    fn on_store(work: impl FnOnce(&mut Unit<'_>)) {
        let folder = tempfile::tempdir().unwrap();
        let begun = |unit: &mut Unit<'_>| {
            mail(unit, 1, Outcome::Created);
            Kept::settle(unit, &name("sales"), KEY, PLACE.validity)?;
            work(unit);
            Ok(())
        };
        Store::open(folder.path()).unwrap().unit(Timestamp::now(), begun).unwrap();
    }

    #[test]
    fn owed_are_the_mails_of_the_folder_that_have_an_outcome_and_are_not_in_quarantine() {
        on_store(|unit| {
            assert!(next(unit).uids.is_empty(), "what was there before stays");
            mail(unit, 2, Outcome::Created);
            mail(unit, 3, Outcome::Touched);
            let waiting = mail(unit, 4, Outcome::Quarantined);
            mail(unit, 5, Outcome::Ignored);
            let source = |uid| PLACE.source("INBOX", uid);
            row(unit, "sales", &source(6), Outcome::Redelivered, Some(waiting));
            let first = mail(unit, 7, Outcome::Created);
            row(unit, "sales", &source(8), Outcome::Redelivered, Some(first));
            row(unit, "info", &source(9), Outcome::Created, None);
            row(unit, "sales", &PLACE.source("Other", 10), Outcome::Created, None);
            row(unit, "sales", &Place { validity: 2, ..PLACE }.source("INBOX", 11), Outcome::Created, None);
            let last = mail(unit, 12, Outcome::Created);
            let work = next(unit);
            assert_eq!((work.uids, work.last), (BTreeSet::from([2, 3, 5, 7, 8, 12]), last));
        });
    }

    #[test]
    fn a_mail_that_is_too_large_stays_where_its_text_is_when_others_are_deleted() {
        on_store(|unit| {
            let mut kept = |uid, content_type: &str| {
                let id = mail(unit, uid, Outcome::Created);
                let original = Original { content_type: content_type.into(), bytes: vec![b'x'], ..Original::default() };
                unit.keep_original(id, &original).unwrap();
                id
            };
            let whole = kept(2, "message/rfc822");
            let header = kept(3, "message/rfc822; truncated=yes");
            for (uid, first) in [(4, whole), (5, header)] {
                row(unit, "sales", &PLACE.source("INBOX", uid), Outcome::Redelivered, Some(first));
            }
            let erased = mail(unit, 6, Outcome::Created);
            let work = Work::next(unit, &name("sales"), KEY, "INBOX", PLACE, true).unwrap();
            assert_eq!((work.uids, work.last), (BTreeSet::from([2, 4, 6]), erased));
            assert_eq!(next(unit).uids.len(), 5);
        });
    }

    #[test]
    fn work_is_done_in_parts_and_rows_without_work_are_passed_for_good() {
        on_store(|unit| {
            for uid in 0..1200 {
                row(unit, "info", &PLACE.source("INBOX", uid), Outcome::Created, None);
            }
            let begun = next(unit).kept.done;
            assert_eq!(next(unit).last, begun);
            for uid in 2..152 {
                mail(unit, uid, Outcome::Created);
            }
            let first = next(unit);
            assert_eq!((first.kept.done, first.uids.len()), (begun, MAILS), "nothing is passed that is not done");
            Kept { done: first.last, ..first.kept }.store(unit, &name("sales"), KEY).unwrap();
            assert_eq!(next(unit).uids, (102..152).collect());
        });
    }

    #[test]
    fn numbers_of_another_numbering_are_forgotten_and_the_rows_behind_are_not() {
        on_store(|unit| {
            let outlook = Outlook { validity: 9, next: 5 };
            let mut kept = Kept { left: BTreeSet::from([2]), ..next(unit).kept };
            kept.begin("Done", outlook, &BTreeSet::from([3, 4]));
            kept.store(unit, &name("sales"), KEY).unwrap();
            assert_eq!(next(unit).kept, kept);
            Kept::settle(unit, &name("sales"), KEY, PLACE.validity).unwrap();
            assert_eq!(next(unit).kept, kept, "it goes on where it stopped");
            Kept::settle(unit, &name("sales"), KEY, 4).unwrap();
            let anew = Work::next(unit, &name("sales"), KEY, "INBOX", Place { validity: 4, ..PLACE }, false);
            let anew = anew.unwrap();
            assert_eq!((anew.kept.left.len(), anew.kept.moving, anew.kept.done), (0, None, kept.done));
        });
    }

    #[test]
    fn a_move_is_known_until_each_of_its_mails_is_certainly_moved() {
        let (one, two) = (Outlook { validity: 9, next: 5 }, Outlook { validity: 9, next: 8 });
        let mut kept = Kept { validity: 3, done: Id::MIN, left: BTreeSet::new(), moving: None };
        kept.begin("Done", one, &BTreeSet::from([1, 2]));
        kept.moved(&BTreeSet::from([1]));
        kept.begin("Done", two, &BTreeSet::from([3]));
        let moving = kept.moving.clone().unwrap();
        assert_eq!((moving.next, moving.uids), (5, BTreeSet::from([2, 3])), "copies of 2 may stand from 5 on");
        kept.moved(&BTreeSet::from([2, 3]));
        assert_eq!(kept.moving, None);
    }
}
