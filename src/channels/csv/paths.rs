//! The watched folder on disk: what lies in it, and moving files to `done/` and `failed/`.
//!
//! Only regular files with one name are touched, and never through a symbolic link. A move never
//! replaces a file, and is on disk before it counts.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, CWD, OFlags, RenameFlags};
use rustix::io::Errno;

/// The folder and the two inside it.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    folder: PathBuf,
}

/// Where a file goes when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// All rows have receipts.
    Done,
    /// It could not be read.
    Failed,
}

/// What tells one state of a file from every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Sight {
    dev: u64,
    ino: u64,
    size: u64,
    mtime: i64,
    mtime_nsec: i64,
}

impl Sight {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            dev: metadata.dev(),
            ino: metadata.ino(),
            size: metadata.size(),
            mtime: metadata.mtime(),
            mtime_nsec: metadata.mtime_nsec(),
        }
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Whether both are the same file, changed or not.
    pub(super) fn same_file(&self, other: &Self) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }
}

/// Something in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: OsString,
    pub(super) sight: Sight,
    pub(super) standing: Standing,
}

/// What to do about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Read it once it rests, or find out that it cannot be read.
    Read,
    /// The same, once it has rested for long: whoever made it may still have to write it.
    Empty,
    /// None of our business: temporary names, folders.
    Wait,
    /// Never, for this reason.
    Leave(&'static str),
}

impl Paths {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The watched folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folders and proves that files can be moved.
    pub(super) fn make(&self) -> io::Result<()> {
        for folder in [self.folder.clone(), self.goal(Goal::Done), self.goal(Goal::Failed)] {
            fs::create_dir_all(&folder)?;
            rustix::fs::access(&folder, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)?;
        }
        Ok(())
    }

    fn goal(&self, goal: Goal) -> PathBuf {
        self.folder.join(match goal {
            Goal::Done => "done",
            Goal::Failed => "failed",
        })
    }

    /// Everything in the folder, by name.
    pub(super) fn list(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // A file may go between the listing and the look at it.
            let Ok(metadata) = entry.metadata() else { continue };
            let name = entry.file_name();
            let standing = standing(&name, &metadata);
            entries.push(Entry { name, sight: Sight::of(&metadata), standing });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Opens a file if it is still the one that was seen.
    pub(super) fn open(&self, name: &OsStr, sight: &Sight) -> io::Result<Option<File>> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(self.folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let metadata = file.metadata()?;
        let same = metadata.is_file() && metadata.nlink() == 1 && Sight::of(&metadata) == *sight;
        Ok(same.then_some(file))
    }

    /// What lies under this name now.
    pub(super) fn sight(&self, name: &OsStr) -> Option<Sight> {
        fs::symlink_metadata(self.folder.join(name)).ok().map(|metadata| Sight::of(&metadata))
    }

    /// Moves a file that was read; gives its new path.
    pub(super) fn finish(&self, name: &OsStr, goal: Goal) -> io::Result<PathBuf> {
        let to = self.goal(goal);
        let moved = move_without_replacing(&self.folder.join(name), &to, name)?;
        File::open(&to)?.sync_all()?;
        File::open(&self.folder)?.sync_all()?;
        Ok(moved)
    }

    /// Puts a file that was changed after it was read back into the folder.
    pub(super) fn return_late(&self, moved: &Path) -> io::Result<PathBuf> {
        let name = moved.file_name().unwrap_or_default();
        move_without_replacing(moved, &self.folder, name)
    }
}

/// Writes what was wrong beside a file that failed.
pub(super) fn explain(moved: &Path, text: &str) -> io::Result<()> {
    let name = moved.file_name().unwrap_or_default();
    let beside = moved.with_file_name(shortened(name, ".error.txt"));
    fs::write(beside, text)
}

/// How names of files end that a program still writes or locks.
const TEMPORARY: [&str; 10] =
    [".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".swp", ".lock", "~"];

/// Whether a file is of a kind that may hold a table, by its name.
pub(super) fn is_readable(name: &OsStr) -> bool {
    let lower = name.to_string_lossy().to_ascii_lowercase();
    [".csv", ".txt", ".tsv"].iter().any(|end| lower.ends_with(end))
}

fn standing(name: &OsStr, metadata: &Metadata) -> Standing {
    let Some(text) = name.to_str() else { return Standing::Leave("its name is no UTF-8; rename it") };
    let lower = text.to_ascii_lowercase();
    let temporary = TEMPORARY.iter().any(|end| lower.ends_with(end));
    let systems = ["thumbs.db", "desktop.ini"].contains(&&*lower);
    if text.starts_with(['.', '~']) || temporary || systems || metadata.is_dir() {
        Standing::Wait
    } else if !metadata.is_file() {
        Standing::Leave("it is no regular file")
    } else if text.chars().any(char::is_control) {
        Standing::Leave("its name holds control characters; rename it")
    } else if metadata.nlink() > 1 {
        Standing::Leave("it has another name elsewhere (a hard link); copy it instead")
    } else if metadata.size() == 0 {
        Standing::Empty
    } else {
        Standing::Read
    }
}

/// Moves under the same name, or under `NAME.2.csv`, `NAME.3.csv` … where that is taken.
fn move_without_replacing(from: &Path, folder: &Path, name: &OsStr) -> io::Result<PathBuf> {
    for number in 1..100_000_u32 {
        let to = folder.join(numbered(name, number));
        match rustix::fs::renameat_with(CWD, from, CWD, &to, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(to),
            Err(Errno::EXIST) => {}
            // Some network file systems cannot; nobody else writes into these folders.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                if fs::symlink_metadata(&to).is_err() {
                    return fs::rename(from, &to).map(|()| to);
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many files of one name; clear out the folder"))
}

fn numbered(name: &OsStr, number: u32) -> OsString {
    if number == 1 {
        return name.to_owned();
    }
    let path = Path::new(name);
    let (stem, extension) = (path.file_stem().unwrap_or(name), path.extension().unwrap_or_default());
    shortened(stem, &format!(".{number}.{}", extension.to_string_lossy()))
}

/// The name with an ending, short enough for a file name (255 bytes).
fn shortened(name: &OsStr, ending: &str) -> OsString {
    let mut text = name.to_string_lossy().into_owned();
    text.truncate(text.floor_char_boundary(255_usize.saturating_sub(ending.len())));
    text.push_str(ending);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &Paths, standing: Standing) -> Vec<String> {
        let entries = paths.list().unwrap().into_iter().filter(|entry| entry.standing == standing);
        entries.map(|entry| entry.name.into_string().unwrap()).collect()
    }

    #[test]
    fn only_whole_files_are_touched() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        paths.make().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [
            "a.csv",
            "B.CSV",
            "c.tsv",
            "d.txt",
            ".hidden.csv",
            "e.csv.part",
            "f.csv~",
            "~$g.csv",
            "h.tmp",
            "i.xlsx",
            "~$i.xlsx",
            "j.pdf",
            "k.pdf.crdownload",
            "Thumbs.db",
            "linked.csv",
        ] {
            fs::write(at(name), "x").unwrap();
        }
        fs::write(at("empty.csv"), "").unwrap();
        fs::create_dir(at("folder.csv")).unwrap();
        fs::hard_link(at("linked.csv"), at("again.csv")).unwrap();
        std::os::unix::fs::symlink(at("a.csv"), at("soft.csv")).unwrap();
        rustix::fs::mknodat(CWD, at("pipe.csv"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        assert_eq!(names(&paths, Standing::Read), ["B.CSV", "a.csv", "c.tsv", "d.txt", "i.xlsx", "j.pdf"]);
        assert_eq!(names(&paths, Standing::Empty), ["empty.csv"]);
        assert_eq!(names(&paths, Standing::Leave("it is no regular file")), ["pipe.csv", "soft.csv"]);
        assert_eq!(
            names(&paths, Standing::Leave("it has another name elsewhere (a hard link); copy it instead")),
            ["again.csv", "linked.csv"]
        );
    }

    #[test]
    fn a_move_never_replaces_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        paths.make().unwrap();
        for text in ["one", "two", "three"] {
            fs::write(folder.path().join("fair.csv"), text).unwrap();
            paths.finish(OsStr::new("fair.csv"), Goal::Done).unwrap();
        }
        let text = |name: &str| fs::read_to_string(folder.path().join("done").join(name)).unwrap();
        assert_eq!([text("fair.csv"), text("fair.2.csv"), text("fair.3.csv")], ["one", "two", "three"]);
        let long = OsString::from("x".repeat(251) + ".csv");
        for _ in 0..2 {
            fs::write(folder.path().join(&long), "x").unwrap();
            let moved = paths.finish(&long, Goal::Failed).unwrap();
            explain(&moved, "why").unwrap();
        }
    }

    #[test]
    fn a_file_that_is_another_one_by_now_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let file = folder.path().join("a.csv");
        fs::write(&file, "one").unwrap();
        let sight = paths.sight(OsStr::new("a.csv")).unwrap();
        assert!(paths.open(OsStr::new("a.csv"), &sight).unwrap().is_some());
        fs::write(&file, "longer").unwrap();
        assert!(paths.open(OsStr::new("a.csv"), &sight).unwrap().is_none());
        fs::remove_file(&file).unwrap();
        assert!(paths.open(OsStr::new("a.csv"), &sight).unwrap().is_none());
    }
}
