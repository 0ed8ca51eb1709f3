//! Gives space back to the disk: the file never shrinks by itself.
//!
//! At the daemon's start only, and only when it is worth the wait: the file is large, and most of
//! it holds nothing. How much it holds is found by reading it, which is given up early for a file
//! that holds too much, or that would take too long.

use std::ops::Bound;
use std::path::Path;
use std::time::{Duration, Instant};

use super::backend::{Backend, Order, Table};
use super::home::{Folder, Home};
use super::redb::Redb;
use super::{ENOUGH, Error, GO_ON, Store, damage};

/// A smaller file is left as it is, bytes.
const LARGE: u64 = 256 << 20;
/// A file is left as it is unless it is more than this many times what it holds.
const TIMES: u64 = 3;
/// How long is looked at most for what it holds.
const LOOK: Duration = Duration::from_secs(10);

/// What compacting a file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// Its bytes before.
    pub before: u64,
    /// Its bytes after.
    pub after: u64,
}

impl Store {
    /// Compacts the file of the store in `folder` when it is larger than 256 MiB and more than three
    /// times what it holds; calls `begin` before, for that takes a while (minutes for gigabytes).
    /// `None`: there was nothing to do. Nobody else may have the store open. Stopped in between,
    /// nothing is lost; the next opening takes longer.
    pub fn shrink(folder: &Path, begin: impl FnOnce(u64)) -> Result<Option<Shrunk>, Error> {
        shrink(folder, LARGE, begin)
    }

    /// Bytes of everything that is stored, without what the file has beside it: reads all of it.
    pub fn held(&self) -> Result<u64, Error> {
        held(self.backend.as_ref(), |_| true)
    }
}

fn shrink(folder: &Path, large: u64, begin: impl FnOnce(u64)) -> Result<Option<Shrunk>, Error> {
    let is_large = |path: &Path| std::fs::metadata(path).is_ok_and(|file| file.len() > large);
    if !folder.is_dir() {
        return Ok(None);
    }
    let home = Folder::new(folder).map_err(|error| Error::Open { path: folder.to_owned(), source: error.into() })?;
    if !is_large(home.path()) {
        return Ok(None);
    }
    let file = damage::told(home.path(), || Redb::open(&home))?;
    let before = file.size()?;
    let (started, limit) = (Instant::now(), before / TIMES);
    let mut is_worth_it = true;
    held(&file, |held| {
        is_worth_it = held < limit && started.elapsed() < LOOK;
        is_worth_it
    })?;
    if !is_worth_it {
        return Ok(None);
    }
    begin(before);
    let after = file.compact()?.size()?;
    Ok(Some(Shrunk { before, after }))
}

/// Bytes of all keys and values, as far as `go_on` says of what was counted that it is not enough.
fn held(backend: &dyn Backend, mut go_on: impl FnMut(u64) -> bool) -> Result<u64, Error> {
    let (mut held, mut on) = (0_u64, true);
    backend.read(&mut |tables| {
        for table in Table::ALL {
            tables.scan(table, (Bound::Unbounded, Bound::Unbounded), Order::Forward, &mut |key, value| {
                held = held.saturating_add(u64::try_from(key.len() + value.len()).unwrap_or(u64::MAX));
                on = go_on(held);
                if on { GO_ON } else { ENOUGH }
            })?;
            if !on {
                break;
            }
        }
        Ok(())
    })?;
    Ok(held)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::lead::{Id, Original};
    use crate::store::Records;

    /// A store with so many originals of some 10 KB that do not compress, in units of 20.
    fn fill(store: &Store, count: usize) -> Vec<Id> {
        let mut ids = Vec::new();
        for _ in 0..count / 20 {
            let unit = store.unit(Timestamp::now(), |unit| {
                for _ in 0..20 {
                    let id = unit.new_id();
                    let bytes = (0..10_000).map(|_| rand::random()).collect();
                    unit.keep_original(id, &Original { bytes, ..Original::default() })?;
                    ids.push(id);
                }
                Ok(())
            });
            unit.unwrap();
        }
        ids
    }

    #[test]
    fn a_large_file_that_holds_little_is_compacted_and_keeps_all_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let nothing = |_| panic!("there is nothing to do");
        assert_eq!(shrink(&path, 0, nothing).unwrap(), None, "there is no store");
        let store = Store::open(&path).unwrap();
        let ids = fill(&store, 400);
        drop(store);
        assert_eq!(shrink(&path, 0, nothing).unwrap(), None, "it holds much");

        let store = Store::open(&path).unwrap();
        let (gone, kept) = ids.split_at(380);
        let removed = store
            .backend
            .write(&mut |tables| gone.iter().try_for_each(|id| tables.remove(Table::Originals, &id.to_bytes())));
        removed.unwrap();
        drop(store);
        assert_eq!(shrink(&path, 1 << 30, nothing).unwrap(), None, "it is not large");
        let mut begun = None;
        let shrunk = shrink(&path, 1 << 20, |before| begun = Some(before)).unwrap().unwrap();
        assert_eq!(begun, Some(shrunk.before));
        assert!(shrunk.before > 4_000_000 && shrunk.after < shrunk.before / 3, "{shrunk:?}");
        let store = Store::open(&path).unwrap();
        assert!(store.size().unwrap() < shrunk.before / 3);
        assert!(kept.iter().all(|id| store.view(|view| view.original(*id)).unwrap().unwrap().bytes.len() == 10_000));
    }
}
