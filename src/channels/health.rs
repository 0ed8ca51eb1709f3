//! How each channel is doing: written by the channel and its supervisor, read by status and metrics.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Notify;

use crate::lead::Name;

/// The state of one channel as a person reads it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChannelState {
    /// `imap`, `webhook` or `csv`.
    pub kind: &'static str,
    /// `starting`, `ok` or `trouble`; `stopped` where the daemon does not run.
    pub state: &'static str,
    /// When it was started, by the daemon or by new settings.
    pub started_at: Option<Timestamp>,
    /// The trouble is that the source refuses us: somebody must act.
    pub refused: bool,
    /// When it last did its work without trouble (a poll, a scan, a request).
    pub last_ok: Option<Timestamp>,
    /// When an item last came in.
    pub last_item: Option<Timestamp>,
    /// Items since the start; all in the ledger where the daemon does not run.
    pub items: u64,
    /// The last trouble.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
}

/// The states of all channels, and the bell that calls those that pause.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<BTreeMap<Name, ChannelState>>>, Arc<Notify>);

impl Board {
    /// The handle of one channel; it appears on the board as `starting`.
    #[must_use]
    pub fn channel(&self, name: &Name, kind: &'static str) -> Health {
        let health = Health { board: self.clone(), name: name.clone() };
        health.update(|state| {
            state.kind = kind;
            state.state = "starting";
            state.started_at = Some(Timestamp::now());
        });
        health
    }

    /// The handle of a channel that stands on the board already.
    #[must_use]
    pub fn known(&self, name: &Name) -> Health {
        Health { board: self.clone(), name: name.clone() }
    }

    /// Takes a channel off the board.
    pub fn remove(&self, name: &Name) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Calls the channels that pause after trouble: what they lacked may be there now.
    pub fn call(&self) {
        self.1.notify_waiters();
    }

    /// All states by name.
    #[must_use]
    pub fn states(&self) -> BTreeMap<Name, ChannelState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One channel's handle on the board.
#[derive(Clone, Debug)]
pub struct Health {
    board: Board,
    name: Name,
}

impl Health {
    /// The source answered and all is well.
    pub fn ok(&self) {
        self.update(|state| {
            state.state = "ok";
            state.refused = false;
            state.last_ok = Some(Timestamp::now());
        });
    }

    /// An item came in.
    pub fn item(&self) {
        self.update(|state| {
            state.items += 1;
            state.last_item = Some(Timestamp::now());
        });
    }

    /// The source refuses us; `error` as for [`Health::trouble`].
    pub fn refused(&self, error: &str) {
        self.amiss(error, true);
    }

    /// Something is wrong; `error` must hold no body, address or secret.
    pub fn trouble(&self, error: &str) {
        self.amiss(error, false);
    }

    fn amiss(&self, error: &str, refused: bool) {
        self.update(|state| {
            state.state = "trouble";
            state.refused = refused;
            state.last_error = Some(error.to_owned());
            state.last_error_at = Some(Timestamp::now());
        });
    }

    /// Returns when those that pause are called.
    pub async fn called(&self) {
        self.board.1.notified().await;
    }

    fn update(&self, change: impl FnOnce(&mut ChannelState)) {
        let mut states = self.board.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(states.entry(self.name.clone()).or_default());
    }
}
