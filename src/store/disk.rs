//! A disk in memory that loses power and fails on demand, for tests.
//!
//! What was written is kept apart from what was synced. When the power goes, any part of what was
//! not synced may have reached the disk: nothing, all up to a point, some writes and not others, or
//! torn writes of which only some 512-byte sectors arrived. The same goes for a file's name.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use redb::{Builder, Database, DatabaseError, StorageBackend};

use super::home::Home;

/// Bytes that reach a disk together.
const SECTOR: usize = 512;

/// A simulated disk; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    synced: Vec<u8>,
    written: Vec<u8>,
    unsynced: Vec<Change>,
    operations: u64,
    trouble: Trouble,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// This operation fails, and every one after it: the power is gone, or the disk.
    From(u64),
    /// This operation fails, no other.
    Once(u64),
    /// Every seventh sync does nothing and says it did.
    LyingSync,
}

/// What is left after the power went.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Left {
    /// What was synced, and nothing else.
    Synced,
    /// The first part of what was not.
    Prefix,
    /// Some of the writes that were not.
    Some,
    /// Some sectors of them.
    Torn,
}

impl Disk {
    /// A disk that holds these bytes.
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State { synced: bytes.clone(), written: bytes, ..State::default() })))
    }

    /// Another file in place of the one that was there.
    fn empty(&self) {
        let mut state = self.0.lock().unwrap();
        (state.synced, state.written, state.unsynced) = (Vec::new(), Vec::new(), Vec::new());
    }

    /// Makes something go wrong from now on; operations count from 1.
    pub(crate) fn trouble(&self, trouble: Trouble) {
        let mut state = self.0.lock().unwrap();
        state.trouble = trouble;
        state.operations = 0;
    }

    /// Operations since the last call of [`Disk::trouble`].
    pub(crate) fn operations(&self) -> u64 {
        self.0.lock().unwrap().operations
    }

    /// What a process that starts anew on the same machine would read.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.0.lock().unwrap().written.clone()
    }

    /// What is there when the power is back. `chance` decides, so that the same numbers give the same disk.
    pub(crate) fn after_power_loss(&self, left: Left, chance: &mut impl FnMut() -> u64) -> Vec<u8> {
        let state = self.0.lock().unwrap();
        let mut image = state.synced.clone();
        let count = state.unsynced.len() as u64;
        let reached = match left {
            Left::Synced => 0,
            Left::Prefix => chance() % (count + 1),
            Left::Some | Left::Torn => count,
        };
        for change in state.unsynced.iter().take(usize::try_from(reached).unwrap()) {
            match (left, change) {
                (Left::Some, _) if chance().is_multiple_of(2) => {}
                (Left::Torn, Change::Write(offset, bytes)) => {
                    for (index, piece) in bytes.chunks(SECTOR).enumerate() {
                        if chance().is_multiple_of(2) {
                            apply(&mut image, &Change::Write(offset + index * SECTOR, piece.to_vec()));
                        }
                    }
                }
                (_, whole) => apply(&mut image, whole),
            }
        }
        image
    }

    /// Counts an operation, and says whether it fails.
    fn operate(&self) -> io::Result<std::sync::MutexGuard<'_, State>> {
        let mut state = self.0.lock().unwrap();
        state.operations += 1;
        let fails = match state.trouble {
            Trouble::From(first) => state.operations >= first,
            Trouble::Once(only) => state.operations == only,
            Trouble::None | Trouble::LyingSync => false,
        };
        if fails { Err(io::Error::other("simulated trouble of the disk")) } else { Ok(state) }
    }
}

fn apply(image: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Length(length) => image.resize(*length, 0),
        Change::Write(offset, bytes) => {
            let end = offset + bytes.len();
            if image.len() < end {
                image.resize(end, 0);
            }
            image[*offset..end].copy_from_slice(bytes);
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.0.lock().unwrap().written.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let state = self.0.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        let bytes = state.written.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        let mut state = self.operate()?;
        let change = Change::Length(usize::try_from(len).unwrap());
        apply(&mut state.written, &change);
        state.unsynced.push(change);
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut state = self.operate()?;
        if state.trouble == Trouble::LyingSync && state.operations.is_multiple_of(7) {
            return Ok(());
        }
        state.synced = state.written.clone();
        state.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut state = self.operate()?;
        let change = Change::Write(usize::try_from(offset).unwrap(), data.to_vec());
        apply(&mut state.written, &change);
        state.unsynced.push(change);
        Ok(())
    }
}

/// A simulated folder on a disk, with room for one store's file; clones are the same folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folder {
    disk: Disk,
    names: Arc<Mutex<Names>>,
}

/// Under which name the file stands: now, and for sure after a power loss.
#[derive(Clone, Copy, Debug, Default)]
struct Names {
    now: Option<Name>,
    synced: Option<Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Unfinished,
    Finished,
}

impl Folder {
    /// A folder that holds a whole store's file with these bytes.
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        Self::with(bytes, Some(Name::Finished))
    }

    fn with(bytes: Vec<u8>, name: Option<Name>) -> Self {
        Self { disk: Disk::holding(bytes), names: Arc::new(Mutex::new(Names { now: name, synced: name })) }
    }

    /// The disk of its file; renaming the file and syncing the folder are operations on it, too.
    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// What is there when the power is back.
    pub(crate) fn after_power_loss(&self, left: Left, chance: &mut impl FnMut() -> u64) -> Self {
        let names = *self.names.lock().unwrap();
        let name = if matches!(left, Left::Synced) || chance().is_multiple_of(2) { names.synced } else { names.now };
        let bytes = self.disk.after_power_loss(left, chance);
        Self::with(if name.is_some() { bytes } else { Vec::new() }, name)
    }
}

impl Home for Folder {
    type Turn = ();

    fn path(&self) -> &Path {
        Path::new("simulated")
    }

    fn alone(&self) -> io::Result<()> {
        Ok(())
    }

    fn is_made(&self) -> io::Result<bool> {
        Ok(self.names.lock().unwrap().now == Some(Name::Finished))
    }

    fn open(&self, builder: &mut Builder) -> Result<Database, DatabaseError> {
        builder.create_with_backend(self.disk.clone())
    }

    fn begin(&self, builder: &mut Builder) -> Result<Database, DatabaseError> {
        self.disk.empty();
        self.names.lock().unwrap().now = Some(Name::Unfinished);
        builder.create_with_backend(self.disk.clone())
    }

    fn finish(&self) -> io::Result<()> {
        self.disk.sync_data()?;
        drop(self.disk.operate()?);
        self.names.lock().unwrap().now = Some(Name::Finished);
        drop(self.disk.operate()?);
        let mut names = self.names.lock().unwrap();
        names.synced = names.now;
        Ok(())
    }
}
