//! A file of our own in a watched folder, and taking it back: how `lotse test` tries a folder out.
//!
//! Both block on the disk.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::paths::{Goal, Paths};

/// Where a file was when it was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// In the folder: it was not read.
    Waiting,
    /// In `done/`.
    Done,
    /// In `failed/`.
    Failed,
    /// Nowhere any more.
    Gone,
}

/// Puts a file into a watched folder, as a careful program does: written aside, then renamed. Never
/// replaces a file.
pub fn put(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    let (aside, file) = (folder.join(format!("{name}.part")), folder.join(name));
    let written = OpenOptions::new().write(true).create_new(true).open(&aside).and_then(|mut open| {
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        fs::rename(&aside, &file)
    });
    if written.is_err() {
        // What is half written has an ending that is never read.
        fs::remove_file(&aside).ok();
    }
    written.map(|()| file)
}

/// Removes the file `name`, wherever it has got to by now, and says where that was.
pub fn take_back(folder: &Path, name: &str) -> io::Result<Left> {
    let paths = Paths::new(folder);
    let failed = paths.goal(Goal::Failed);
    let explained = remove(&failed.join(format!("{name}.error.txt")));
    for (place, left) in
        [(paths.folder().to_owned(), Left::Waiting), (paths.goal(Goal::Done), Left::Done), (failed, Left::Failed)]
    {
        if remove(&place.join(name))? {
            return explained.map(|_| left);
        }
    }
    explained.map(|_| Left::Gone)
}

/// Whether there was a file to remove.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_back_from_wherever_it_went_and_no_other_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        Paths::new(folder.path()).make().unwrap();
        fs::write(at("done/other.csv"), "x").unwrap();
        for (to, left) in [("", Left::Waiting), ("done/", Left::Done), ("failed/", Left::Failed)] {
            put(folder.path(), "t.csv", "a;b\n").unwrap();
            fs::rename(at("t.csv"), at(&format!("{to}t.csv"))).unwrap();
            fs::write(at("failed/t.csv.error.txt"), "why").unwrap();
            assert_eq!(take_back(folder.path(), "t.csv").unwrap(), left);
            assert_eq!(take_back(folder.path(), "t.csv").unwrap(), Left::Gone);
            assert!(!at("failed/t.csv.error.txt").exists());
        }
        assert!(at("done/other.csv").exists());
    }
}
