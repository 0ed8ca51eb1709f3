//! A damaged file is an error with advice, however the database underneath meets it.
//!
//! In: whatever opens the file. Out: its result, or [`Error::Damaged`] where the database says that the
//! file is no database or corrupt, or panics over it. It runs on a thread of its own, by whose name
//! a panic hook knows that the panic will be told as an error.

use std::path::Path;
use std::thread;

use ::redb::{DatabaseError, StorageError};

use super::Error;

/// Name of the thread that opens a store's file.
pub const OPENING: &str = "store-opening";

/// Opens the file at `path` by `open`.
pub(super) fn told<T: Send>(path: &Path, open: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    let ended = thread::scope(|scope| {
        let opening = thread::Builder::new().name(OPENING.into()).spawn_scoped(scope, open);
        opening.map(thread::ScopedJoinHandle::join)
    });
    match ended {
        Ok(Ok(result)) => result.map_err(|error| if is_damage(&error) { damaged(path, error) } else { error }),
        Ok(Err(_panic)) => Err(damaged(path, "reading it fails inside the database")),
        Err(error) => Err(Error::Open { path: path.to_owned(), source: error.into() }),
    }
}

fn damaged(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Damaged { path: path.to_owned(), source: source.into() }
}

fn is_damage(error: &Error) -> bool {
    let (Error::Open { source, .. } | Error::Broken(source)) = error else {
        return matches!(error, Error::Record { .. });
    };
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(source.as_ref());
    while let Some(error) = cause {
        let storage = match error.downcast_ref::<DatabaseError>() {
            Some(DatabaseError::Storage(storage)) => Some(storage),
            Some(DatabaseError::RepairAborted | DatabaseError::UpgradeRequired(_)) => return true,
            _ => error.downcast_ref::<StorageError>(),
        };
        match storage {
            Some(StorageError::Corrupted(_)) => return true,
            Some(StorageError::Io(error)) => {
                return matches!(error.kind(), std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof);
            }
            _ => cause = error.source(),
        }
    }
    false
}
