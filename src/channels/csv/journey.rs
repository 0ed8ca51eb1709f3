//! One file's journey: opened, read in pieces, each piece submitted and remembered, moved away.
//!
//! The place stored with every row says how many rows of exactly this file have receipts, so that
//! after a crash reading goes on at the next one. A file that changed on the way stays where it is.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::contents::Unreadable;
use super::import;
use super::paths::{self, Goal, Paths, Sight};
use super::reading::{self, Found, Piece};
use super::rows::Item;
use crate::channels::Error;
use crate::channels::health::Health;
use crate::intake::{Door, Refused};
use crate::lead::{Inbound, Name, Place};

/// What a journey needs.
pub(super) struct Guide<'a> {
    pub(super) channel: &'a Name,
    pub(super) paths: Arc<Paths>,
    pub(super) door: &'a Door,
    pub(super) health: &'a Health,
    pub(super) stop: &'a CancellationToken,
}

/// How a journey ended.
#[derive(Debug)]
pub(super) enum End {
    /// Every row has a receipt and the file lies in its new place.
    Moved {
        /// Where.
        path: PathBuf,
        /// What was read.
        sight: Sight,
        /// `done/` or `failed/`.
        goal: Goal,
    },
    /// It changed while it was read, or went away.
    Changed,
    /// Asked to stop.
    Stopped,
    /// The file cannot be read now; try again later.
    Trouble(io::Error),
}

impl Guide<'_> {
    /// Takes one file all the way. An error is one of the intake or of the folder.
    pub(super) async fn take(&self, name: &OsStr, sight: Sight) -> Result<End, Error> {
        let file = name.to_string_lossy().into_owned();
        let place = self.door.place(self.channel, &key(&file)).await?;
        let (send, mut pieces) = mpsc::channel::<Piece>(1);
        let reading = {
            let (paths, name, stop) = (Arc::clone(&self.paths), name.to_owned(), self.stop.clone());
            let begun = place.as_deref().and_then(|place| serde_json::from_str(place).ok());
            tokio::task::spawn_blocking(move || reading::read(&paths, &name, sight, begun, &send, &stop))
        };
        let (mut submitted, mut before) = (0, None);
        while let Some(piece) = pieces.recv().await {
            submitted += piece.len();
            let row = |(item, place): (Item, String)| self.row(&file, &item, before.replace(place.clone()), place);
            self.submit(piece.into_iter().map(row).collect()).await?;
            if self.stop.is_cancelled() {
                return Ok(End::Stopped);
            }
        }
        let found =
            reading.await.unwrap_or_else(|_| Found::Unreadable { reason: Unreadable::Failed, head: Vec::new() });
        match found {
            Found::Rows { begun } => self.finish(name, sight, submitted, begun).await,
            Found::Unreadable { reason, head } => self.fail(name, sight, &reason, head).await,
            Found::Changed => Ok(End::Changed),
            Found::Stopped => Ok(End::Stopped),
            Found::Trouble(error) => Ok(End::Trouble(error)),
        }
    }

    /// A row, whose place follows that of the row before it.
    fn row(&self, file: &str, item: &Item, after: Option<String>, place: String) -> Inbound {
        let mut inbound = import::inbound(self.channel, file, item, false);
        inbound.place = Some(Place { after, ..Place::new(key(file), Some(place)) });
        inbound
    }

    async fn submit(&self, items: Vec<Inbound>) -> Result<(), Refused> {
        let receipts = self.door.submit_all(items).await?;
        receipts.iter().filter(|receipt| receipt.is_from_outside()).for_each(|_| self.health.item());
        Ok(())
    }

    async fn finish(&self, name: &OsStr, sight: Sight, rows: usize, begun: bool) -> Result<End, Error> {
        let Some(path) = self.leave(name, sight, Goal::Done).await? else { return Ok(End::Changed) };
        if begun || rows > 0 {
            self.forget(name).await?;
        }
        info!(channel = %self.channel, file = ?name, rows, "a file was read");
        Ok(End::Moved { path, sight, goal: Goal::Done })
    }

    async fn fail(&self, name: &OsStr, sight: Sight, reason: &Unreadable, head: Vec<u8>) -> Result<End, Error> {
        let file = name.to_string_lossy().into_owned();
        let identity = format!("unreadable file {file} {}", serde_json::to_string(&sight).unwrap_or_default());
        let why = format!("{reason}; {}", reason.advice());
        self.submit(vec![import::unreadable_file(self.channel, &file, identity, &why, head)]).await?;
        let Some(path) = self.leave(name, sight, Goal::Failed).await? else { return Ok(End::Changed) };
        let text = format!(
            "{file} could not be read.\n\nWhat is wrong: {reason}.\nWhere: the whole file; none of its rows was taken.\n\
             What to do: {}, then put the file into the folder again.\n\
             It stands in the ledger, too: `lotse intake list --outcome quarantined`; `lotse intake release ID` makes \
             one lead of all that it says.\n",
            reason.advice()
        );
        let beside = path.clone();
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || paths::explain(&beside, &text)).await {
            warn!(channel = %self.channel, file = ?name, %error, "the explanation beside a failed file cannot be written");
        }
        self.forget(name).await?;
        warn!(channel = %self.channel, file = ?name, %reason, "a file cannot be read; it was moved to failed/");
        Ok(End::Moved { path, sight, goal: Goal::Failed })
    }

    /// Moves the file away if it is still the one that was read.
    async fn leave(&self, name: &OsStr, sight: Sight, goal: Goal) -> Result<Option<PathBuf>, Error> {
        let (paths, file) = (Arc::clone(&self.paths), name.to_owned());
        let moved = tokio::task::spawn_blocking(move || {
            if paths.sight(&file) != Some(sight) {
                return Ok(None);
            }
            match paths.finish(&file, goal) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && paths.sight(&file).is_none() => Ok(None),
                other => other.map(Some),
            }
        });
        let doing = || format!("moving a file out of the folder `{}`", self.paths.folder().display());
        let unreachable = |source| Error::Unreachable { doing: doing(), source };
        match moved.await {
            Ok(moved) => moved.map_err(|error| unreachable(error.into())),
            Err(error) => Err(unreachable(error.into())),
        }
    }

    async fn forget(&self, name: &OsStr) -> Result<(), Error> {
        let place = Place::new(key(&name.to_string_lossy()), None);
        Ok(self.door.keep_place(self.channel, place).await?)
    }
}

fn key(file: &str) -> String {
    format!("file:{file}")
}
