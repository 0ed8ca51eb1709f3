//! What people can do with leads, ledger and outbox: the API and the command line both end here.
//!
//! Reading takes a snapshot; a change is one unit of the same pipeline that takes leads in, so it
//! is stored before it is answered.

mod away;
mod channels;
mod erase;
mod filters;
mod ledger;
mod mailboxes;
mod operations;
mod past;
mod people;
mod told;
mod tryout;
mod verdicts;
mod views;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use jiff::Timestamp;

use crate::calendars;
use crate::channels::health::Board;
use crate::clock::Clock;
use crate::config;
use crate::intake::{Door, Refused};
use crate::lead::Name;
use crate::normalize::Readers;
use crate::notify;
use crate::pipeline::{InForce, Pulse, Space};
use crate::store::{self, Store};

pub use away::{HandedOn, Leave};
pub use erase::{Doomed, Foreseen, Whom, Wish};
pub use operations::{CanaryState, OutboxState, RulesState, Status, StoreState};
pub use past::{Difference, Replayed, Said, Shadowed, Suggested};
pub use people::{Assigned, Declined, StageChange};
pub use told::{Part, Refusal, Sender, Told};
pub use tryout::{Reach, Step, Tried};
pub use views::{LeadInFull, LeftBehind, OwnerState, TouchView};

/// Everything a person can ask for or change.
pub struct Service {
    /// The store.
    pub store: Store,
    /// The way in.
    pub door: Door,
    /// The threads that read items.
    pub readers: Arc<Readers>,
    /// Rules and staff in force.
    pub policy: Arc<InForce>,
    /// How the channels are doing.
    pub board: Board,
    /// How the owners' calendars are doing.
    pub calendars: calendars::Board,
    /// How the notifiers are doing.
    pub notifiers: notify::outbox::Board,
    /// What the writer tells.
    pub pulse: Arc<Pulse>,
    /// Room on the store's disk.
    pub space: Arc<Space>,
    /// What time it is.
    pub clock: Clock,
    /// When this process started.
    pub started_at: Timestamp,
    /// The channels in force.
    pub channels: RwLock<Vec<config::Channel>>,
    /// What the settings say of themselves.
    pub settings: Arc<Mutex<SettingsState>>,
    /// What the daemon alone knows; empty in a command without one.
    pub reach: OnceLock<Reach>,
    /// The channels that are being tried out.
    pub tried: Mutex<BTreeSet<Name>>,
}

/// Which settings are in force.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct SettingsState {
    /// The file; `None` for the demo settings.
    pub file: Option<String>,
    /// When they were last put in force.
    pub loaded_at: Option<Timestamp>,
    /// Why the newest settings or rules are not in force; the last good ones are.
    pub error: Option<String>,
    /// Settings that were changed and take effect at the next start only.
    pub waiting: Vec<&'static str>,
}

impl Service {
    /// Which settings are in force.
    #[must_use]
    pub fn settings(&self) -> SettingsState {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The channels in force.
    #[must_use]
    pub fn channels(&self) -> Vec<config::Channel> {
        self.channels.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts other channels in force.
    pub fn set_channels(&self, channels: &[config::Channel]) {
        *self.channels.write().unwrap_or_else(PoisonError::into_inner) = channels.to_vec();
    }

    /// Notes which settings are in force, or why the newest are not.
    pub fn note_settings(&self, change: impl FnOnce(&mut SettingsState)) {
        change(&mut self.settings.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Why something cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// It was there, and was erased.
    #[error("{0}")]
    Gone(String),
    /// The request makes no sense as it is.
    #[error("{0}")]
    Invalid(String),
    /// A name that stands nowhere.
    #[error("{0}")]
    Unknown(String),
    /// It cannot be done to this thing in its state.
    #[error("{0}")]
    Conflict(String),
    /// A source or a destination outside fails.
    #[error("{0}")]
    Source(String),
    /// Nothing was stored.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}
