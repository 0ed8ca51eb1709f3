//! Calendars behind addresses: each asked at its pace, and after growing pauses while it does not answer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::tz::TimeZone;

use super::copy::{self, Copy};
use super::fetch::{Answer, fetch};
use super::{ANEW, Address, Source, busy, note};
use crate::lead::Name;
use crate::service::Service;

/// Pauses after failures, seconds; the last one goes on.
const PAUSES: [u64; 6] = [10, 30, 120, 600, 1800, 3600];
/// Longest pause that a server may ask for.
const LONGEST: Duration = Duration::from_hours(24);
/// Calendars that are asked at once.
const AT_ONCE: usize = 8;

/// The addresses as they were asked last.
pub(super) struct Pages {
    folder: PathBuf,
    all: HashMap<Name, Page>,
    /// Whether nobody has looked yet at what an earlier process left.
    fresh: bool,
}

/// One address.
struct Page {
    address: Address,
    zone: TimeZone,
    /// What it said last.
    copy: Option<Copy>,
    /// When that was last played out.
    played: Option<Instant>,
    failures: usize,
    next: Instant,
}

impl Pages {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, all: HashMap::new(), fresh: true }
    }

    /// Asks those whose time has come.
    pub(super) async fn ask(&mut self, service: &Arc<Service>) {
        self.match_settings(service).await;
        let now = Instant::now();
        let folder = &self.folder;
        let mut due: Vec<_> = self.all.iter_mut().filter(|(_, page)| page.next <= now || page.is_old()).collect();
        for some in due.chunks_mut(AT_ONCE) {
            join_all(some.iter_mut().map(|(owner, page)| page.look(owner, folder, service))).await;
        }
    }

    /// Takes up what is new in the settings, and drops what is gone.
    async fn match_settings(&mut self, service: &Arc<Service>) {
        let policy = service.policy.get();
        let mut wanted: HashMap<Name, (Address, TimeZone)> = HashMap::new();
        for owner in policy.staff.owners() {
            if let (Some(Source::Address(address)), Some(calendar)) =
                (&owner.calendar, policy.staff.calendar(&owner.id))
            {
                wanted.insert(owner.id.clone(), (address.clone(), calendar.zone().clone()));
            }
        }
        if std::mem::take(&mut self.fresh) {
            copy::forget_others(&self.folder, |owner| wanted.contains_key(owner));
        }
        let gone: Vec<Name> = self.all.keys().filter(|owner| !wanted.contains_key(*owner)).cloned().collect();
        for owner in gone {
            self.all.remove(&owner);
            copy::forget(&self.folder, &owner);
            if policy.staff.owner(&owner).is_none_or(|known| known.calendar.is_none()) {
                service.calendars.forget(&owner);
                note(service, &owner, Vec::new()).await;
            }
        }
        for (owner, (address, zone)) in wanted {
            match self.all.get_mut(&owner) {
                Some(page) if page.address == address => {
                    if page.zone != zone {
                        (page.zone, page.played) = (zone, None);
                    }
                }
                _ => {
                    let copy = Copy::read(&self.folder, &owner, &address.url);
                    if let Some(copy) = &copy {
                        service.calendars.was_read(&owner, copy.read_at);
                    }
                    let next = Instant::now();
                    self.all.insert(owner, Page { address, zone, copy, played: None, failures: 0, next });
                }
            }
        }
    }
}

impl Page {
    /// Whether what it said must be played out anew.
    fn is_old(&self) -> bool {
        self.copy.is_some() && self.played.is_none_or(|at| at.elapsed() >= ANEW)
    }

    /// Asks it if its time has come, and plays out what it says.
    async fn look(&mut self, owner: &Name, folder: &Path, service: &Arc<Service>) {
        if self.is_old() {
            // What it said last counts before it answers.
            self.play(owner, service).await;
        }
        if self.next > Instant::now() {
            return;
        }
        let now = (service.clock)();
        let said = match fetch(&self.address, self.copy.as_ref().map(|copy| &copy.validators)).await {
            Ok(Answer::Same) => Ok(None),
            Ok(Answer::New(bytes, validators)) => match busy(bytes.clone(), self.zone.clone(), now).await {
                Ok(busy) => Ok(Some((Copy { bytes, validators, read_at: now }, busy))),
                Err(error) => Err((error, None)),
            },
            Err(failure) => Err((failure.message, failure.after)),
        };
        match said {
            Ok(new) => {
                service.calendars.read(owner, now);
                (self.failures, self.next) = (0, Instant::now() + self.address.poll);
                let changed = new.is_some();
                if let Some((copy, busy)) = new {
                    note(service, owner, busy).await;
                    (self.copy, self.played) = (Some(copy), Some(Instant::now()));
                }
                if let Some(copy) = &mut self.copy {
                    copy.read_at = now;
                    keep(copy.clone(), folder, owner, &self.address, changed).await;
                }
            }
            Err((error, after)) => {
                service.calendars.trouble(owner, &error, now);
                let usual = Duration::from_secs(PAUSES[self.failures.min(PAUSES.len() - 1)]);
                self.failures += 1;
                self.next =
                    Instant::now() + after.map_or(usual, |after| after.min(LONGEST)).max(Duration::from_secs(1));
            }
        }
    }

    /// Plays out what it said last.
    async fn play(&mut self, owner: &Name, service: &Arc<Service>) {
        let Some(copy) = &self.copy else { return };
        match busy(copy.bytes.clone(), self.zone.clone(), (service.clock)()).await {
            Ok(busy) => note(service, owner, busy).await,
            // It was understood when it was kept: a later version may see it otherwise.
            Err(error) => service.calendars.trouble(owner, &error, (service.clock)()),
        }
        self.played = Some(Instant::now());
    }
}

/// Keeps a copy, on a thread where a slow disk holds up nobody.
async fn keep(copy: Copy, folder: &Path, owner: &Name, address: &Address, changed: bool) {
    let (folder, owner, url) = (folder.to_owned(), owner.clone(), address.url.clone());
    let kept = tokio::task::spawn_blocking(move || copy.keep(&folder, &owner, &url, changed)).await;
    if let Err(error) = kept {
        tracing::warn!(%error, "a calendar's copy was not kept: a fault in lotse");
    }
}
