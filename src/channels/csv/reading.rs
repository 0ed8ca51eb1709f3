//! The blocking half of a file's journey: from the file to pieces of rows that wait for the intake.
//!
//! It runs one piece ahead at most, so memory is bounded. A piece is sent only if the file did not
//! change while it was read: half-written rows never leave this file.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::contents::{self, Contents, Unreadable};
use super::paths::{self, Paths, Sight};
use super::rows::Item;

/// Rows submitted together.
const ROWS: usize = 200;

/// Bytes kept as evidence of a file that is no table; all of it lies in `failed/`.
pub(super) const HEAD: u64 = 64 * 1024;

/// Bytes of rows submitted together, roughly.
const BYTES: usize = 512 * 1024;

/// How far a file was read: the channel's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    #[serde(flatten)]
    sight: Sight,
    sha256: String,
    rows: u64,
}

/// Rows with the places after them.
pub(super) type Piece = Vec<(Item, String)>;

/// What the reading thread found in the end.
pub(super) enum Found {
    /// All rows were sent.
    Rows {
        begun: bool,
    },
    Unreadable {
        reason: Unreadable,
        head: Vec<u8>,
    },
    Changed,
    Stopped,
    Trouble(io::Error),
}

/// Reads the file and sends its rows that have no receipts yet. `begun` is the stored place.
pub(super) fn read(
    folder: &Paths,
    name: &OsStr,
    sight: Sight,
    begun: Option<Progress>,
    pieces: &mpsc::Sender<Piece>,
    stop: &CancellationToken,
) -> Found {
    let opened = folder.open(name, &sight).and_then(|file| file.map(|file| Ok((file.try_clone()?, file))).transpose());
    let (file, second) = match opened {
        Ok(Some(both)) => both,
        Ok(None) => return Found::Changed,
        Err(error) => return unreadable(None, error.into()),
    };
    let unchanged = || second.metadata().is_ok_and(|metadata| Sight::of(&metadata) == sight);
    if !paths::is_readable(name) {
        return if unchanged() { unreadable(Some(&second), Unreadable::Kind) } else { Found::Changed };
    }
    match contents::open(file, &|| stop.is_cancelled()) {
        Ok(contents) => match send(contents, sight, begun, &Sending { pieces, unchanged: &unchanged, stop }) {
            Found::Unreadable { reason, .. } => unreadable(Some(&second), reason),
            found => found,
        },
        Err(_) if !unchanged() => Found::Changed,
        Err(reason) => unreadable(Some(&second), reason),
    }
}

/// Where rows go, and what stops them.
struct Sending<'a> {
    pieces: &'a mpsc::Sender<Piece>,
    unchanged: &'a dyn Fn() -> bool,
    stop: &'a CancellationToken,
}

impl Sending<'_> {
    fn piece(&self, piece: Piece) -> Result<(), Found> {
        if !(self.unchanged)() {
            return Err(Found::Changed);
        }
        if self.stop.is_cancelled() {
            return Err(Found::Stopped);
        }
        if piece.is_empty() {
            return Ok(());
        }
        // The other half has gone away: it was refused, or asked to stop.
        self.pieces.blocking_send(piece).map_err(|_| Found::Stopped)
    }
}

fn send(contents: Contents<File>, sight: Sight, begun: Option<Progress>, sending: &Sending<'_>) -> Found {
    let is_header = contents::is_header(&contents.headers);
    let mut progress = Progress { sight, sha256: contents.sha256, rows: 0 };
    let skip = begun.filter(|begun| Progress { rows: 0, ..begun.clone() } == progress).map_or(0, |begun| begun.rows);
    let (mut piece, mut bytes) = (Piece::new(), 0);
    for item in contents.rows {
        let item = match item {
            Ok(item) => item,
            Err(error) => return Found::Trouble(error),
        };
        progress.rows += 1;
        if progress.rows > skip {
            bytes += weight(&item);
            piece.push((item, serde_json::to_string(&progress).unwrap_or_default()));
        }
        // While rows are skipped nothing is sent, but a stop is heard.
        if piece.len() >= ROWS || bytes >= BYTES || (piece.is_empty() && progress.rows.is_multiple_of(ROWS as u64)) {
            bytes = 0;
            if let Err(found) = sending.piece(std::mem::take(&mut piece)) {
                return found;
            }
        }
    }
    match sending.piece(piece) {
        // Perhaps the line was a person: nothing may vanish into `done/` unseen.
        Ok(()) if progress.rows == 0 && !is_header && (sending.unchanged)() => {
            Found::Unreadable { reason: Unreadable::OneLine, head: Vec::new() }
        }
        Ok(()) if (sending.unchanged)() => Found::Rows { begun: skip > 0 },
        Ok(()) => Found::Changed,
        Err(found) => found,
    }
}

fn weight(item: &Item) -> usize {
    match item {
        Item::Row(row) => row.cells.iter().map(|(header, cell)| header.len() + cell.len() + 48).sum(),
        Item::Bad(bad) => bad.raw.len(),
    }
}

/// Sorts out whether a file can never be read, or only not now.
fn unreadable(file: Option<&File>, reason: Unreadable) -> Found {
    match reason {
        Unreadable::Stopped => Found::Stopped,
        Unreadable::Io(error) if error.kind() != io::ErrorKind::PermissionDenied => Found::Trouble(error),
        reason => Found::Unreadable { reason, head: file.map(head).unwrap_or_default() },
    }
}

/// The first bytes of a file, as evidence.
fn head(mut file: &File) -> Vec<u8> {
    let mut head = Vec::new();
    if file.seek(SeekFrom::Start(0)).is_ok() {
        // What can be read is kept; the reason of the failure is known already.
        file.take(HEAD).read_to_end(&mut head).ok();
    }
    head
}
