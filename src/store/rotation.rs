//! Stored state of the rotation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lead::Name;

/// A team's place in its rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Each member's credit (smooth weighted round robin): the largest is next.
    pub credit: BTreeMap<Name, i64>,
    /// Leads each member got from this rotation.
    pub assigned: BTreeMap<Name, u64>,
}

/// How many leads an owner has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerCounts {
    /// Leads in an open stage.
    pub open: u64,
    /// All leads the owner has now.
    pub owned: u64,
}
