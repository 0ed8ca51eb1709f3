//! Which items were being read when the process ended.
//!
//! A stack overflow or a lack of memory ends the process, and nothing in it can prevent that. So each
//! reading thread writes down which item it reads, into a slot of its own in `STORE/reading`, and wipes the
//! slot afterwards. What stands in a slot at the next start is a [suspect](super::suspects): it may have
//! ended the process, or it may only have been there when somebody pulled the plug.
//!
//! The slots are never synced: the end of a process leaves the kernel's pages alone, and a power cut is
//! nobody's parsing.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::suspects::{Standing, Suspects};
use crate::lead::Inbound;

/// Which item it is, as far as reading goes: a hash of its channel, kind, media type and bytes.
pub(super) type Fingerprint = [u8; 32];

/// An empty slot.
const EMPTY: Fingerprint = [0; 32];
/// The file with the slots.
const FILE: &str = "reading";
/// How many there are, at most one for each thread.
pub(super) const SLOTS: usize = 128;
/// Bytes of the file. Written once, so that a mark needs no room on a full disk.
const ROOM: usize = SLOTS * EMPTY.len();

/// The slots of the reading threads, and the suspects of earlier runs.
#[derive(Debug)]
pub struct Marks {
    slots: Option<File>,
    suspects: Mutex<Suspects>,
}

/// A filled slot; wiped when dropped.
pub(super) struct Mark<'a> {
    slots: Option<&'a File>,
    slot: usize,
}

/// The fingerprint of an item.
pub(super) fn fingerprint(inbound: &Inbound) -> Fingerprint {
    let mut hash = Sha256::new();
    for part in [inbound.channel.as_str(), inbound.kind.as_str(), &inbound.original.content_type] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(&inbound.original.bytes);
    hash.finalize().into()
}

impl Marks {
    /// The marks in a store's folder; what an earlier run left in its slots is a suspect from now on. The
    /// store must be open, so that nobody else marks there.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let mut options = fs::OpenOptions::new();
        let slots = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        let mut filled = Vec::with_capacity(ROOM);
        (&slots).take(ROOM as u64).read_to_end(&mut filled)?;
        let left: Vec<Fingerprint> = filled.as_chunks().0.iter().filter(|slot| **slot != EMPTY).copied().collect();
        let mut suspects = Suspects::load(folder);
        if !left.is_empty() {
            tracing::warn!(items = left.len(), "items were being read when lotse ended; they will be read with care");
        }
        // Wiped only once they stand elsewhere.
        let wipe = if left.is_empty() { filled.len() < ROOM } else { suspects.accuse(&left) };
        if wipe && let Err(error) = slots.write_all_at(&[0; ROOM], 0) {
            tracing::warn!(%error, file = %path.display(), "cannot prepare the marks of what is being read");
        }
        Ok(Self { slots: Some(slots), suspects: Mutex::new(suspects) })
    }

    /// Marks that nobody will find: for a reader without a store.
    #[must_use]
    pub fn none() -> Self {
        Self { slots: None, suspects: Mutex::default() }
    }

    /// Writes down that the thread with this slot reads this item.
    pub(super) fn set(&self, slot: usize, item: &Fingerprint) -> Mark<'_> {
        let mark = Mark { slots: self.slots.as_ref(), slot };
        mark.write(item);
        mark
    }

    /// What is known about an item.
    pub(super) fn standing(&self, item: &Fingerprint) -> Standing {
        self.suspects().standing(item)
    }

    /// Notes what came of reading an item apart.
    pub(super) fn learn(&self, item: &Fingerprint, standing: Standing) {
        self.suspects().learn(item, standing);
    }

    fn suspects(&self) -> std::sync::MutexGuard<'_, Suspects> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark<'_> {
    fn write(&self, item: &Fingerprint) {
        let Some(slots) = self.slots else { return };
        if let Err(error) = slots.write_all_at(item, (self.slot * EMPTY.len()) as u64) {
            // Reading goes on: the mark matters only if this very item ends the process.
            tracing::debug!(%error, "cannot write down which item is read");
        }
    }
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        self.write(&EMPTY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_whose_reading_never_ended_is_a_suspect_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let marks = Marks::open(folder.path()).unwrap();
        drop(marks.set(0, &[1; 32]));
        std::mem::forget(marks.set(1, &[2; 32]));
        std::mem::forget(marks.set(3, &[3; 32]));
        assert_eq!(marks.standing(&[2; 32]), Standing::Unknown, "not before the end");
        drop(marks);
        for _ in 0..2 {
            let marks = Marks::open(folder.path()).unwrap();
            let standing = [1, 2, 3].map(|n| marks.standing(&[n; 32]));
            assert_eq!(standing, [Standing::Unknown, Standing::Suspect, Standing::Suspect], "also one start later");
        }
    }

    #[test]
    fn what_is_known_of_an_item_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let item = [7; 32];
        let marks = Marks::open(folder.path()).unwrap();
        marks.learn(&item, Standing::Condemned("it died".into()));
        std::mem::forget(marks.set(0, &item));
        drop(marks);
        let marks = Marks::open(folder.path()).unwrap();
        assert_eq!(marks.standing(&item), Standing::Condemned("it died".into()), "no suspicion makes it better");
        marks.learn(&item, Standing::Suspect);
        drop(marks);
        assert_eq!(Marks::open(folder.path()).unwrap().standing(&item), Standing::Suspect);
    }
}
