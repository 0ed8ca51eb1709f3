//! The last good answer of an address, kept in the store's folder: `calendars/OWNER.ics`, and beside it
//! when it came and by what the server knows it.
//!
//! It counts for the very address it came from only: that is known by its hash, as the address itself
//! is a secret. What cannot be kept costs one full answer after the next start, and nothing else.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fetch::Validators;
use crate::config::Secret;
use crate::lead::Name;

/// What an address said last.
#[derive(Clone)]
pub(super) struct Copy {
    /// The calendar.
    pub(super) bytes: Vec<u8>,
    /// By what the server knows it.
    pub(super) validators: Validators,
    /// When it said so, or that nothing changed.
    pub(super) read_at: Timestamp,
}

/// What is kept beside the calendar.
#[derive(Serialize, Deserialize)]
struct Label {
    /// Hash of the address.
    of: String,
    /// Hash of the calendar: a crash may come between the two files.
    holds: String,
    read_at: Timestamp,
    #[serde(flatten)]
    validators: Validators,
}

/// Where copies are kept.
pub(super) fn folder(store: &Path) -> PathBuf {
    store.join("calendars")
}

impl Copy {
    /// What this address said last, if that is kept.
    pub(super) fn read(folder: &Path, owner: &Name, url: &Secret) -> Option<Self> {
        let label: Label = serde_json::from_slice(&fs::read(path(folder, owner, "json")).ok()?).ok()?;
        let bytes = fs::read(path(folder, owner, "ics")).ok()?;
        let fits = label.of == hash(url.expose().as_bytes()) && label.holds == hash(&bytes);
        fits.then_some(Self { bytes, validators: label.validators, read_at: label.read_at })
    }

    /// Keeps it; `changed`: the calendar is another one than before.
    pub(super) fn keep(&self, folder: &Path, owner: &Name, url: &Secret, changed: bool) {
        let (of, holds) = (hash(url.expose().as_bytes()), hash(&self.bytes));
        let label = Label { of, holds, read_at: self.read_at, validators: self.validators.clone() };
        let kept = serde_json::to_vec(&label).map_err(std::io::Error::from).and_then(|label| {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            if changed {
                write(&path(folder, owner, "ics"), &self.bytes)?;
            }
            write(&path(folder, owner, "json"), &label)
        });
        if let Err(error) = kept {
            tracing::warn!(%owner, %error, "what the calendar says could not be kept for the next start");
        }
    }
}

/// Removes what is kept of somebody's calendar.
pub(super) fn forget(folder: &Path, owner: &Name) {
    for kind in ["ics", "json"] {
        match fs::remove_file(path(folder, owner, kind)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%owner, %error, "the kept copy of a calendar could not be removed");
            }
            _ => {}
        }
    }
}

/// Removes what is kept of calendars that nobody has any more.
pub(super) fn forget_others(folder: &Path, wanted: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let owner = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| Name::parse(stem).ok());
        if let Some(owner) = owner.filter(|owner| !wanted(owner.as_str())) {
            forget(folder, &owner);
        }
    }
}

fn path(folder: &Path, owner: &Name, kind: &str) -> PathBuf {
    folder.join(format!("{owner}.{kind}"))
}

/// Writes a file as a whole, readable by nobody else.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    fs::rename(&fresh, path)
}

fn hash(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_counts_for_its_address_only_and_never_half_written() {
        let store = tempfile::tempdir().unwrap();
        let (folder, anna) = (folder(store.path()), Name::parse("anna").unwrap());
        let (url, other) = (Secret::new("https://a.example/1"), Secret::new("https://a.example/2"));
        let validators = Validators { etag: Some("\"7\"".into()), modified: None };
        let copy = Copy { bytes: b"one".to_vec(), validators, read_at: Timestamp::UNIX_EPOCH };
        copy.keep(&folder, &anna, &url, true);
        let read = Copy::read(&folder, &anna, &url).unwrap();
        assert_eq!((read.bytes, read.validators.etag.as_deref()), (b"one".to_vec(), Some("\"7\"")));
        assert!(Copy::read(&folder, &anna, &other).is_none());
        let kept = fs::read_to_string(path(&folder, &anna, "json")).unwrap();
        assert!(!kept.contains("a.example"), "the address is a secret: {kept}");
        // The calendar was written, and its label was not.
        fs::write(path(&folder, &anna, "ics"), "two").unwrap();
        assert!(Copy::read(&folder, &anna, &url).is_none());
        forget_others(&folder, |owner| owner == "anna");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        forget_others(&folder, |owner| owner == "jonas");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}
