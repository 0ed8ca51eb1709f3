//! Writes the file anew after somebody was erased: what is taken out of a table stays in the file's free pages until
//! something else is written there.
//!
//! At the daemon's start only. The new file is made beside and takes the place of the old one when it is whole, so
//! whoever is stopped in between has the old one, and does it at the next start.

use std::ops::Bound;
use std::path::Path;

use super::backend::{Backend, Order, Table};
use super::home::{Folder, Home};
use super::redb::Redb;
use super::shrink::Shrunk;
use super::{Error, GO_ON, damage};

/// Says in the table of single records that the file is to be written anew.
pub(super) const DUE: &[u8] = b"renew";

impl super::Store {
    /// Writes the file of the store in `folder` anew if somebody was erased since that was last done; calls `begin`
    /// before with its bytes, for that takes a while (minutes for gigabytes) and as much space again. `None`: there
    /// was nothing to do. Nobody else may have the store open.
    pub fn renew(folder: &Path, begin: impl FnOnce(u64)) -> Result<Option<Shrunk>, Error> {
        if !folder.is_dir() {
            return Ok(None);
        }
        let home = Folder::new(folder).map_err(|error| failed(folder, error))?;
        let _alone = home.alone().map_err(|error| failed(folder, error))?;
        if !home.is_made().map_err(|error| failed(folder, error))? {
            return Ok(None);
        }
        let old = damage::told(home.path(), || Redb::open(&home))?;
        let mut is_due = false;
        old.read(&mut |tables| {
            is_due = tables.get(Table::Meta, DUE)?.is_some();
            Ok(())
        })?;
        if !is_due {
            return Ok(None);
        }
        let before = old.size()?;
        begin(before);
        let copied = Redb::make(&home).and_then(|new| copy(&old, &new));
        if let Err(error) = copied {
            // Half a file would take the space that new leads need.
            home.discard().map_err(|error| failed(folder, error))?;
            return Err(error);
        }
        drop(old);
        home.finish().map_err(|error| failed(folder, error))?;
        let after = std::fs::metadata(home.path()).map_err(|error| failed(folder, error))?.len();
        Ok(Some(Shrunk { before, after }))
    }
}

fn failed(folder: &Path, error: std::io::Error) -> Error {
    Error::Open { path: folder.to_owned(), source: error.into() }
}

/// Everything but that the file is to be written anew, in one commit.
fn copy(old: &Redb, new: &Redb) -> Result<(), Error> {
    old.read(&mut |from| {
        new.write(&mut |to| {
            Table::ALL.into_iter().try_for_each(|table| {
                from.scan(table, (Bound::Unbounded, Bound::Unbounded), Order::Forward, &mut |key, value| {
                    if table != Table::Meta || key != DUE {
                        to.put(table, key, value)?;
                    }
                    GO_ON
                })
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::lead::{Erasure, Id, Original, Turns};
    use crate::store::{Records, Store};

    const SECRET: &[u8] = b"max.muster@firma.example";

    fn is_in_file(folder: &Path) -> bool {
        let bytes = std::fs::read(folder.join("leads.redb")).unwrap();
        bytes.windows(SECRET.len()).any(|window| window == SECRET)
    }

    #[test]
    fn after_an_erasure_the_next_start_leaves_nothing_of_it_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let nothing = |_| panic!("there is nothing to do");
        assert_eq!(Store::renew(path, nothing).unwrap(), None, "there is no store");
        assert_eq!(Store::renew(&path.join("none"), nothing).unwrap(), None, "there is no folder");
        assert!(!path.join("none").exists());
        let store = Store::open(path).unwrap();
        let [gone, kept]: [Id; 2] = store.unit(Timestamp::now(), |unit| Ok([unit.new_id(), unit.new_id()])).unwrap();
        let keep = |id, bytes: &[u8]| {
            // So much that it has pages of its own, and nothing in it that can be packed.
            let noise = (0..20_000).map(|_| rand::random::<u8>());
            let bytes = bytes.iter().copied().chain(noise).collect();
            let original = Original { bytes, ..Original::default() };
            store.unit(Timestamp::now(), |unit| unit.keep_original(id, &original)).unwrap();
        };
        keep(gone, SECRET);
        keep(kept, b"somebody else");
        drop(store);
        assert_eq!(Store::renew(path, nothing).unwrap(), None, "nobody was erased");

        let store = Store::open(path).unwrap();
        let erased = store.unit(Timestamp::now(), |unit| {
            unit.replace_original(gone, None)?;
            let (id, at) = (unit.new_id(), unit.now());
            let (by, turns) = ("anna".to_owned(), Turns::new());
            let erasure = Erasure { id, at, by, reason: None, leads: 0, items: 1, notices: 0, struck: 0, turns };
            unit.put_erasure(&erasure, &[], &[])
        });
        erased.unwrap();
        assert_eq!(store.view(|view| view.original(gone)).unwrap(), None);
        drop(store);
        assert!(is_in_file(path), "the database leaves what was removed in its free pages");
        let mut begun = None;
        let renewed = Store::renew(path, |before| begun = Some(before)).unwrap().unwrap();
        assert_eq!(begun, Some(renewed.before));
        assert!(!is_in_file(path));
        assert_eq!(Store::renew(path, nothing).unwrap(), None, "once is enough");
        let store = Store::open(path).unwrap();
        assert!(store.view(|view| view.original(kept)).unwrap().unwrap().bytes.starts_with(b"somebody else"));
        assert_eq!((store.audit().unwrap(), store.erasures(None, 9).unwrap().items.len()), (Vec::new(), 1));
    }

    #[test]
    fn a_start_that_was_stopped_while_the_file_was_written_anew_has_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        drop(Store::open(path).unwrap());
        std::fs::write(path.join("leads.redb.new"), b"half of it").unwrap();
        let store = Store::open(path).unwrap();
        store.unit(Timestamp::now(), |unit| unit.put(Table::Meta, DUE, &true)).unwrap();
        drop(store);
        assert!(Store::renew(path, |_| ()).unwrap().is_some());
        assert!(!path.join("leads.redb.new").exists());
        assert!(Store::open(path).is_ok());
    }
}
