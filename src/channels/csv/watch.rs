//! The watching: when to look into the folder, and which files to take when.
//!
//! Events of the file system are only a hint to look sooner; the truth is the listing, made at
//! start, after events, and every few seconds, because events get lost in bursts and do not
//! exist on network file systems. Several files travel at once, so that small ones share commits.

use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Config;
use super::journey::{End, Guide};
use super::paths::{Entry, Goal, Paths, Sight};
use super::settle::Settling;
use crate::channels::Error;
use crate::channels::health::Health;
use crate::intake::Door;
use crate::lead::Name;

/// Files that travel at the same time.
const TOGETHER: usize = 16;

/// Events within this time lead to one look.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// How long a file that was moved away is watched for a program that had not finished writing it.
const LATE: Duration = Duration::from_mins(15);

/// Files that are watched so.
const LATE_FILES: usize = 4096;

/// Watches until `stop`.
pub(super) async fn run(
    channel: &Name,
    config: &Config,
    door: &Door,
    health: &Health,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let paths = Arc::new(Paths::new(&config.folder));
    blocking(&paths, Paths::make).await?;
    let hints = Hints::new(channel, &config.folder);
    let guide = Guide { channel, paths: Arc::clone(&paths), door, health, stop };
    let mut watch = Watch::new(config.settle);
    let mut travelling = FuturesUnordered::new();
    let mut failure = None;
    loop {
        let going = !stop.is_cancelled() && failure.is_none();
        if going && watch.is_due() {
            failure = watch.look(&guide).await.err();
            continue;
        }
        while going
            && travelling.len() < TOGETHER
            && let Some((name, sight)) = watch.waiting.pop_front()
        {
            let guide = &guide;
            watch.travelling.insert(name.clone());
            travelling.push(async move { (guide.take(&name, sight).await, name) });
        }
        if !going && travelling.is_empty() {
            return failure.map_or(Ok(()), Err);
        }
        tokio::select! {
            Some((end, name)) = travelling.next() => {
                if let Err(error) = watch.arrived(&guide, &name, end) {
                    failure.get_or_insert(error);
                }
            }
            () = stop.cancelled(), if going => {}
            () = hints.next(), if going => watch.hint(),
            () = tokio::time::sleep_until(watch.due.into()), if going => {}
        }
    }
}

/// What the watching knows.
struct Watch {
    settling: Settling,
    waiting: VecDeque<(OsString, Sight)>,
    travelling: HashSet<OsString>,
    late: VecDeque<Late>,
    /// The time between looks when nothing happens.
    pace: Duration,
    looked: Instant,
    /// The shortest time between looks; grows with the folder.
    gap: Duration,
    due: Instant,
}

/// A file that was read and moved, in case its writer had not finished.
#[derive(Clone)]
struct Late {
    path: PathBuf,
    sight: Sight,
    until: Instant,
}

impl Watch {
    fn new(settle: Duration) -> Self {
        let now = Instant::now();
        Self {
            settling: Settling::new(settle),
            waiting: VecDeque::new(),
            travelling: HashSet::new(),
            late: VecDeque::new(),
            pace: settle.clamp(Duration::from_millis(500), Duration::from_secs(5)),
            looked: now,
            gap: DEBOUNCE,
            due: now,
        }
    }

    fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// Something happened in the folder.
    fn hint(&mut self) {
        self.due = self.due.min((self.looked + self.gap).max(Instant::now() + DEBOUNCE / 2));
    }

    /// Lists the folder and finds out what may be read.
    async fn look(&mut self, guide: &Guide<'_>) -> Result<(), Error> {
        let begun = Instant::now();
        while self.late.front().is_some_and(|late| late.until <= begun) {
            self.late.pop_front();
        }
        let late: Vec<Late> = self.late.iter().cloned().collect();
        let (entries, back) =
            blocking(&guide.paths, move |paths| Ok((paths.list()?, unfinished(paths, &late)))).await?;
        for path in back {
            info!(channel = %guide.channel, file = ?path.file_name(), "a file was written to after it was read; it is read again");
            self.late.retain(|late| late.path != path);
        }
        self.sort(guide.channel, entries);
        self.looked = Instant::now();
        self.gap = DEBOUNCE.max((self.looked - begun) * 5);
        if !self.settling.in_trouble() {
            guide.health.ok();
        }
        Ok(())
    }

    fn sort(&mut self, channel: &Name, entries: Vec<Entry>) {
        let now = Instant::now();
        let look = self.settling.look(entries, now);
        for (name, reason) in look.left {
            warn!(%channel, file = ?name, reason, "a file in the folder is left alone");
        }
        self.waiting = look.ready.into_iter().filter(|(name, _)| !self.travelling.contains(name)).collect();
        self.due = look.next.map_or(now + self.pace, |next| next.min(now + self.pace)).max(now + DEBOUNCE / 2);
    }

    /// A file's journey is over.
    fn arrived(&mut self, guide: &Guide<'_>, name: &OsStr, end: Result<End, Error>) -> Result<(), Error> {
        self.travelling.remove(name);
        match end? {
            // An empty one lies in `failed/`, and was not read in vain if it is written after all.
            End::Moved { path, sight, goal } if goal == Goal::Done || sight.is_empty() => {
                if self.late.len() >= LATE_FILES {
                    self.late.pop_front();
                }
                self.late.push_back(Late { path, sight, until: Instant::now() + LATE });
            }
            End::Moved { .. } | End::Stopped => {}
            End::Changed => {
                self.settling.forget(name);
                self.hint();
            }
            End::Trouble(error) => {
                let message = format!("reading the file `{}`: {error}", name.display());
                warn!(channel = %guide.channel, file = ?name, %error, "a file cannot be read now; it is tried again later");
                guide.health.trouble(&message);
                self.settling.avoid(name, Instant::now());
            }
        }
        Ok(())
    }
}

/// Puts files that changed after they were read back into the folder; names where they lay.
fn unfinished(paths: &Paths, late: &[Late]) -> Vec<PathBuf> {
    let changed = |late: &&Late| {
        let now = std::fs::symlink_metadata(&late.path).map(|metadata| Sight::of(&metadata));
        now.is_ok_and(|now| now.same_file(&late.sight) && now != late.sight)
    };
    let returned = late.iter().filter(changed).filter(|late| paths.return_late(&late.path).is_ok());
    returned.map(|late| late.path.clone()).collect()
}

/// Runs something on the folder where it may block.
async fn blocking<T: Send + 'static>(
    paths: &Arc<Paths>,
    work: impl FnOnce(&Paths) -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let doing = format!("watching the folder `{}`", paths.folder().display());
    let paths = Arc::clone(paths);
    match tokio::task::spawn_blocking(move || work(&paths)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let refused = matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem);
            let advice = if refused { "; the user that lotse runs as must be able to write there" } else { "" };
            Err(Error::Unreachable { doing, source: format!("{error}{advice}").into() })
        }
        Err(error) => Err(Error::Unreachable { doing, source: error.into() }),
    }
}

/// Events of the file system.
struct Hints {
    changed: Arc<Notify>,
    /// Watches as long as it lives.
    _watcher: Option<RecommendedWatcher>,
}

impl Hints {
    fn new(channel: &Name, folder: &Path) -> Self {
        let changed = Arc::new(Notify::new());
        let tell = Arc::clone(&changed);
        let heard = move |event: notify::Result<notify::Event>| {
            // Our own looks open the folder; they must not lead to more looks.
            let idle = |kind: &EventKind| matches!(kind, EventKind::Access(access) if *access != AccessKind::Close(AccessMode::Write));
            if !event.is_ok_and(|event| idle(&event.kind)) {
                tell.notify_one();
            }
        };
        let watcher = notify::recommended_watcher(heard).and_then(|mut watcher| {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        if let Err(error) = &watcher {
            info!(%channel, %error, "no events for the folder; it is looked at every few seconds all the same");
        }
        Self { changed, _watcher: watcher.ok() }
    }

    async fn next(&self) {
        self.changed.notified().await;
    }
}
