//! How far the ledger was worked through, and what is owed behind that.
//!
//! Rows are numbered in the order of their commits, so one row's number stands for all before it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Undone;
use super::act::Outlook;
use crate::channels::imap::place::Place;
use crate::lead::{self, Id, Intake, Name, Outcome};
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
        unit.keep_place(channel, &lead::Place { key: key.to_owned(), value: Some(self.to_text()) })
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
    /// The next part of what is owed. Rows without work are passed for good.
    pub(super) fn next(
        unit: &mut Unit<'_>,
        channel: &Name,
        key: &str,
        folder: &str,
        place: Place,
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
                if row.channel == *channel && is_settled(unit, row)? {
                    uids.extend(place.uid(folder, &row.source));
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
/// and not the same again as one that does.
fn is_settled(unit: &Unit<'_>, row: &Intake) -> Result<bool, Error> {
    let first = match (row.outcome, row.same_as) {
        (Outcome::Redelivered, Some(first)) => unit.intake(first)?,
        _ => None,
    };
    Ok([Some(row), first.as_ref()].into_iter().flatten().all(|row| row.outcome != Outcome::Quarantined))
}
