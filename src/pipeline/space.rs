//! Room on the store's disk: items are refused while there is little, before the store fails.
//!
//! A database that meets a full disk has to be opened anew; one that stops short of it goes on. In:
//! the bytes that a unit of work would add. Out: leave, or [`Refused::Full`]. Nothing is remembered:
//! once there is room again, items are taken again.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::RESERVE;
use crate::intake::Refused;

/// What an item may add to the store, as a multiple of its bytes: the original, what it says, and
/// pages that cannot be used again before the commit.
const GROWTH: u64 = 3;
/// Changes by people and the outbox are small; they may use three quarters of the reserve, so that
/// what was sent can still be noted as sent.
const CHANGES: u64 = 4;

/// The reserve of a store's disk.
#[derive(Debug)]
pub struct Space {
    folder: PathBuf,
    reserve: AtomicU64,
}

impl Space {
    /// Watches the disk of `folder`, where `reserve` bytes stay free; 0 watches nothing.
    #[must_use]
    pub fn new(folder: &Path, reserve: u64) -> Self {
        Self { folder: folder.to_owned(), reserve: AtomicU64::new(reserve) }
    }

    /// Another reserve from now on, bytes.
    pub fn set(&self, reserve: u64) {
        self.reserve.store(reserve, Ordering::Relaxed);
    }

    /// Bytes that stay free: what the settings say, the default never more than an eighth of the disk.
    #[must_use]
    pub fn reserve(&self) -> u64 {
        let reserve = self.reserve.load(Ordering::Relaxed);
        match rustix::fs::statvfs(&self.folder) {
            Ok(disk) if reserve == RESERVE => reserve.min(disk.f_blocks.saturating_mul(disk.f_frsize) / 8),
            _ => reserve,
        }
    }

    /// Bytes that this process may still write; `None` where the system does not tell.
    #[must_use]
    pub fn free(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(&self.folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Whether items of so many bytes together may come in now.
    pub fn for_items(&self, bytes: usize) -> Result<(), Refused> {
        let reserve = self.reserve();
        let growth = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(GROWTH);
        self.at_least(reserve.saturating_add(growth), reserve)
    }

    /// Whether changes may be made now.
    pub fn for_changes(&self) -> Result<(), Refused> {
        let reserve = self.reserve();
        self.at_least(reserve / CHANGES, reserve)
    }

    fn at_least(&self, needed: u64, reserve: u64) -> Result<(), Refused> {
        match self.free() {
            Some(free) if reserve > 0 && free < needed => Err(Refused::Full { free, reserve }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_leave_the_reserve_alone_and_changes_may_use_most_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::new(folder.path(), 0);
        let free = space.free().unwrap();
        assert!(space.for_items(usize::MAX).is_ok(), "0 watches nothing");
        space.set(free / 2);
        assert!(space.for_items(1000).is_ok() && space.for_changes().is_ok());
        space.set(free.saturating_mul(2));
        assert!(matches!(space.for_items(0), Err(Refused::Full { reserve, .. }) if reserve == free.saturating_mul(2)));
        assert!(space.for_changes().is_ok(), "half of the reserve is still free");
        space.set(free.saturating_mul(8));
        assert!(matches!(space.for_changes(), Err(Refused::Full { .. })));
    }

    #[test]
    fn an_item_counts_with_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::new(folder.path(), 1);
        let free = usize::try_from(space.free().unwrap()).unwrap();
        assert!(space.for_items(0).is_ok());
        assert!(matches!(space.for_items(free / 2), Err(Refused::Full { .. })), "three times half is too much");
    }
}
