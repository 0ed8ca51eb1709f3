//! How the calendars are doing: for the log, `lotse owners` and the alarms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::lead::Name;

/// How each owner's calendar is doing. Clones are the same board.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<BTreeMap<Name, State>>>);

/// How one calendar is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// When it was last read, or said that nothing changed.
    pub read_at: Option<Timestamp>,
    /// Since when it cannot be read; what it said last counts.
    pub trouble_since: Option<Timestamp>,
    /// Why not.
    pub error: Option<String>,
}

impl Board {
    /// How the calendar of somebody is doing; `None`: they have none, or nobody has looked yet.
    #[must_use]
    pub fn of(&self, owner: &Name) -> Option<State> {
        self.lock().get(owner).cloned()
    }

    /// It was read, or nothing has changed.
    pub(super) fn read(&self, owner: &Name, at: Timestamp) {
        let before = self.lock().insert(owner.clone(), State { read_at: Some(at), ..State::default() });
        if before.is_some_and(|before| before.error.is_some()) {
            tracing::info!(%owner, "the calendar can be read again");
        }
    }

    /// It was read at a time before this process began.
    pub(super) fn was_read(&self, owner: &Name, at: Timestamp) {
        self.lock().entry(owner.clone()).or_default().read_at.get_or_insert(at);
    }

    /// It cannot be read. The log says each trouble once.
    pub(super) fn trouble(&self, owner: &Name, error: &str, now: Timestamp) {
        let mut states = self.lock();
        let state = states.entry(owner.clone()).or_default();
        state.trouble_since.get_or_insert(now);
        if state.error.as_deref() != Some(error) {
            tracing::warn!(%owner, error, "the calendar cannot be used; what it said last counts");
            state.error = Some(error.to_owned());
        }
    }

    /// Somebody has no calendar any more.
    pub(super) fn forget(&self, owner: &Name) {
        self.lock().remove(owner);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Name, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
