//! Where the store's file stands, and how a new one comes to stand there.
//!
//! A new file is made beside, under another name, and gets its own name when it is whole: power
//! lost while it is being made leaves either nothing or a store that opens, never half of one.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError};

/// The store's file.
pub(super) const NAME: &str = "leads.redb";
/// The same while it is being made.
const UNFINISHED: &str = "leads.redb.new";

/// A place for one store's file.
pub(super) trait Home {
    /// Held by the one process that looks whether the file is there, and makes it.
    type Turn;

    /// The file's path, for messages.
    fn path(&self) -> &Path;

    /// Waits until nobody else is making the file.
    fn alone(&self) -> io::Result<Self::Turn>;

    /// Whether the file is there.
    fn is_made(&self) -> io::Result<bool>;

    /// Opens the file.
    fn open(&self, builder: &mut Builder) -> Result<Database, DatabaseError>;

    /// Makes an empty file under another name, in place of what an interrupted start left there.
    fn begin(&self, builder: &mut Builder) -> Result<Database, DatabaseError>;

    /// Gives the new file its name, for good.
    fn finish(&self) -> io::Result<()>;
}

/// A folder; only its owner may look into it.
pub(super) struct Folder {
    folder: PathBuf,
    path: PathBuf,
}

impl Folder {
    /// This folder, made when missing.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        make_durably(folder)?;
        Ok(Self { folder: folder.to_owned(), path: folder.join(NAME) })
    }

    /// Removes a new file that was not finished.
    pub(super) fn discard(&self) -> io::Result<()> {
        std::fs::remove_file(self.unfinished())
    }

    fn unfinished(&self) -> PathBuf {
        self.folder.join(UNFINISHED)
    }
}

impl Home for Folder {
    type Turn = File;

    fn path(&self) -> &Path {
        &self.path
    }

    fn alone(&self) -> io::Result<File> {
        let folder = File::open(&self.folder)?;
        folder.lock()?;
        Ok(folder)
    }

    /// An empty file holds nothing that could be lost: it is made anew.
    fn is_made(&self) -> io::Result<bool> {
        match std::fs::metadata(&self.path) {
            Ok(file) => Ok(file.len() > 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn open(&self, builder: &mut Builder) -> Result<Database, DatabaseError> {
        let database = builder.open(&self.path)?;
        std::fs::set_permissions(&self.path, Permissions::from_mode(0o600))?;
        Ok(database)
    }

    fn begin(&self, builder: &mut Builder) -> Result<Database, DatabaseError> {
        match std::fs::remove_file(self.unfinished()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(self.unfinished())?;
        builder.create_with_backend(FileBackend::new(file)?)
    }

    fn finish(&self) -> io::Result<()> {
        File::open(self.unfinished())?.sync_all()?;
        std::fs::rename(self.unfinished(), &self.path)?;
        File::open(&self.folder)?.sync_all()
    }
}

/// Makes a folder and those above it so that a power loss does not take them away again.
fn make_durably(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for made in missing {
        let above = made.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(above)?.sync_all()?;
    }
    Ok(())
}
