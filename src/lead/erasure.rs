//! The record that somebody was erased. Nothing in it says who.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Id, Name};

/// Turns in rotations, by team and owner.
pub type Turns = BTreeMap<Name, BTreeMap<Name, u64>>;

/// That somebody was erased: when, by whom, why, and how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Sorts by time.
    pub id: Id,
    /// When.
    pub at: Timestamp,
    /// Who did it: a person's name, or the channel whose provider asked for it.
    pub by: String,
    /// Why, in words.
    pub reason: Option<String>,
    /// Leads that are gone.
    pub leads: u64,
    /// Items of the ledger whose originals are gone; their rows stay, without what they said.
    pub items: u64,
    /// Notices that are gone; those that waited are not sent.
    pub notices: u64,
    /// Records of other people's leads in which an address or a number was struck out.
    pub struck: u64,
    /// Turns that the rotations have counted for these leads: they stay counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub turns: Turns,
}
