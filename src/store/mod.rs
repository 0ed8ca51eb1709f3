//! Stage 6, store.

use crate::lead::{Name, Place};

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
#[error("store")]
pub struct Error;

/// One unit of work.
pub struct Unit;

impl Unit {
    /// How far a channel has read.
    pub fn place(&self, _: &Name, _: &str) -> Result<Option<String>, Error> {
        Err(Error)
    }
    /// Moves a channel's place.
    pub fn keep_place(&mut self, _: &Name, _: &Place) -> Result<(), Error> {
        Err(Error)
    }
}
