//! What the last unit of work knew, for the next one: counts, rotations and absences as they were read
//! or written.
//!
//! They are asked for with every lead, and change with every lead a little. The database has one writer
//! at a time, so what a committed unit knew is what the next one would read. What a unit knew that was
//! not committed is forgotten, and so is everything once another unit has begun in between.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::rotation::{Absences, OwnerCounts, Rotation};
use crate::lead::Name;

/// What a unit of work knows without reading.
#[derive(Default)]
pub(super) struct Known {
    pub(super) counts: RefCell<HashMap<Name, OwnerCounts>>,
    pub(super) rotations: RefCell<HashMap<Name, Rotation>>,
    pub(super) absences: RefCell<Option<Arc<Absences>>>,
}

/// What the last committed unit knew.
#[derive(Default)]
pub(super) struct Memory(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// How many units have begun.
    begun: u64,
    known: Option<Known>,
}

impl Memory {
    /// What a unit begins with, and its number. Called once it is the only writer.
    pub(super) fn begin(&self) -> (u64, Known) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.begun += 1;
        (kept.begun, kept.known.take().unwrap_or_default())
    }

    /// The unit with this number was committed, and knew this.
    pub(super) fn committed(&self, number: u64, known: Known) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.begun == number {
            kept.known = Some(known);
        }
    }
}
