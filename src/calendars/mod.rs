//! Calendars of owners: files and addresses (iCalendar), read again and again; their busy times are when
//! their owners are away.
//!
//! In: what the settings name as an owner's `calendar`. Out: busy times in the store, and how each
//! calendar is doing. A file is read when it changes. An address is asked at its pace, and answers
//! "nothing new" where it can (`ETag`, `Last-Modified`); what it said last is kept in the store's folder
//! and counts until it says something else, also after a restart. Whoever cannot be asked is asked again
//! after growing pauses; after an hour that is an alarm.

mod board;
mod copy;
mod fetch;
mod files;
mod pages;
pub(crate) mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::assign::{Absence, ics};
use crate::config::Secret;
use crate::lead::Name;
use crate::service::Service;
use crate::store::Records;

pub use board::{Board, State};
pub use fetch::probe;

/// How often it looks whether there is something to do.
const LOOK: Duration = Duration::from_secs(2);
/// How often a calendar is played out anew although it did not change: what repeats goes on.
const ANEW: Duration = Duration::from_hours(6);
/// How long the start waits for the files: a network file system may hang.
const FIRST: Duration = Duration::from_secs(3);

/// Where an owner's calendar is.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// An address.
    Address(Address),
}

/// A calendar's address, and how to ask it.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    /// `https://…`; who knows it may read the calendar, so it is a secret.
    pub url: Secret,
    /// What opens it besides.
    pub login: Login,
    /// How often it is asked. Default ten minutes.
    pub poll: Duration,
    /// Extra certificates that are believed, PEM.
    pub ca_file: Option<PathBuf>,
}

/// What opens a calendar.
#[derive(Clone, Debug, PartialEq)]
pub enum Login {
    /// Its address alone.
    None,
    /// A name and a password (RFC 7617).
    Password(String, Secret),
    /// A token (RFC 6750).
    Token(Secret),
}

/// Reads calendars as long as it lives.
pub struct Keeper {
    stop: CancellationToken,
    work: JoinSet<()>,
}

impl Keeper {
    /// Reads what can be read at once, then starts; ends when `stop` is cancelled or by
    /// [`Keeper::close`]. `store` is the store's folder.
    pub async fn start(service: &Arc<Service>, store: &Path, stop: CancellationToken) -> Self {
        let mut files = files::Files::default();
        let first = async {
            forget_gone(service).await;
            files.read(service).await;
        };
        if tokio::time::timeout(FIRST, first).await.is_err() {
            tracing::warn!("a calendar's file does not answer; the start does not wait for it");
        }
        let mut work = JoinSet::new();
        let (until, whose) = (stop.clone(), Arc::clone(service));
        work.spawn(async move {
            let reading = async {
                loop {
                    files.read(&whose).await;
                    tokio::time::sleep(LOOK).await;
                }
            };
            until.run_until_cancelled(reading).await;
        });
        let (until, whose, folder) = (stop.clone(), Arc::clone(service), copy::folder(store));
        work.spawn(async move {
            let mut pages = pages::Pages::new(folder);
            let asking = async {
                loop {
                    pages.ask(&whose).await;
                    tokio::time::sleep(LOOK).await;
                }
            };
            until.run_until_cancelled(asking).await;
        });
        Self { stop, work }
    }

    /// Stops; returns when it has let go of the store.
    pub async fn close(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.work.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "calendars are not read any more: a fault in lotse");
            }
        }
    }
}

/// Forgets what was noted of calendars that left the settings while no daemon ran.
async fn forget_gone(service: &Arc<Service>) {
    let policy = service.policy.get();
    let absences = match service.store.view(|view| view.absences()) {
        Ok(absences) => absences,
        Err(error) => return tracing::warn!(%error, "when owners are away cannot be read"),
    };
    let noted = absences.of.iter().filter(|(_, away)| !away.calendar.is_empty()).map(|(owner, _)| owner);
    for owner in noted {
        if policy.staff.owner(owner).is_none_or(|known| known.calendar.is_none()) {
            note(service, owner, Vec::new()).await;
        }
    }
}

/// The busy times of a calendar's bytes, found on a thread of its own.
async fn busy(bytes: Vec<u8>, zone: TimeZone, now: Timestamp) -> Result<Vec<Absence>, String> {
    let found = tokio::task::spawn_blocking(move || ics::busy(&bytes, &zone, now)).await;
    found.unwrap_or_else(|error| Err(format!("reading it broke off: {error}")))
}

/// Writes down what a calendar says.
async fn note(service: &Service, owner: &Name, busy: Vec<Absence>) {
    match service.note_calendar(owner.clone(), busy).await {
        Ok(true) => tracing::info!(%owner, "the calendar says something new"),
        Ok(false) => {}
        Err(error) => tracing::warn!(%owner, %error, "what the calendar says could not be stored"),
    }
}
