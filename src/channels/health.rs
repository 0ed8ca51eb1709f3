//! How each channel is doing: written by the channel and its supervisor, read by status and metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
    /// The trouble that lasts, and where all is well, the last one.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
    /// When it is tried again, while it waits after trouble; of several folders the first.
    pub next_try: Option<Timestamp>,
    /// What cannot be done to mails that were dealt with (`after`), though the mailbox is read.
    pub undone: Option<Undone>,
    /// Why the access token that opens it cannot be renewed; it is read while the old one is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unrenewed: Option<Unrenewed>,
    /// Its folders, where a mailbox has several. It is `ok` when all of them are, and `last_ok` is
    /// that of the one that was checked the longest time ago.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub folders: BTreeMap<String, FolderState>,
    /// Its state where it has no several folders: what it sums up then.
    #[serde(skip)]
    pub(crate) whole: FolderState,
}

/// The state of one of several folders, or of all there is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FolderState {
    /// `starting`, `ok` or `trouble`.
    pub state: &'static str,
    /// The trouble is that the server refuses us: somebody must act.
    pub refused: bool,
    /// It refuses the folder alone, and took the login.
    #[serde(skip)]
    pub shut: bool,
    /// When it was last checked without trouble.
    pub last_ok: Option<Timestamp>,
    /// The last trouble.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
    /// When it is tried again, while it waits after trouble.
    pub next_try: Option<Timestamp>,
    /// As for the whole mailbox.
    pub undone: Option<Undone>,
}

impl FolderState {
    /// Whether it is read, with whatever else is amiss.
    pub(crate) fn is_read(&self) -> bool {
        self.state == "ok" || self.undone.is_some() && self.last_ok >= self.last_error_at
    }
}

/// Something that is to be done to mails, and cannot be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Undone {
    /// Since when.
    pub since: Timestamp,
    /// What, and what the source said.
    pub error: String,
}

/// An access token that cannot be renewed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unrenewed {
    /// Since when.
    pub since: Timestamp,
    /// What the provider said, and what to do.
    pub error: String,
    /// The provider refuses: somebody must act.
    pub refused: bool,
    /// The last attempt.
    pub last_error_at: Timestamp,
    /// The next one.
    pub next_try: Option<Timestamp>,
}

impl Undone {
    /// What is undone now; it lasts since what was undone before.
    fn renew(before: &mut Option<Self>, error: &str, now: Timestamp) {
        let since = before.as_ref().map_or(now, |before| before.since);
        *before = Some(Self { since, error: error.to_owned() });
    }
}

impl ChannelState {
    /// Its folders by name, or all of it under this one.
    pub(crate) fn named<'a>(&'a self, alone: &'a str) -> Vec<(&'a str, &'a FolderState)> {
        if self.folders.is_empty() {
            return vec![(alone, &self.whole)];
        }
        self.folders.iter().map(|(name, folder)| (name.as_str(), folder)).collect()
    }

    /// What it is made of: its folders, or all of it.
    fn parts(&self) -> Vec<&FolderState> {
        if self.folders.is_empty() { vec![&self.whole] } else { self.folders.values().collect() }
    }

    /// Makes of the parts' states that of the channel.
    pub(crate) fn sum_up(&mut self) {
        let state = |wanted: &'static str| move |part: &&FolderState| part.state == wanted;
        self.state = match () {
            () if self.parts().iter().any(state("trouble")) => "trouble",
            () if self.parts().iter().all(state("ok")) => "ok",
            () => "starting",
        };
        self.refused = self.parts().iter().any(|part| part.refused);
        self.last_ok = self.parts().iter().map(|part| part.last_ok).min().flatten();
        let renewal = self.unrenewed.as_ref().and_then(|unrenewed| unrenewed.next_try);
        self.next_try = self.parts().iter().filter_map(|part| part.next_try).chain(renewal).min();
        self.undone = self.parts().iter().filter_map(|part| part.undone.clone()).min_by_key(|undone| undone.since);
        // What a part has overcome is no longer the trouble while another one is in it.
        let amiss = self.state == "trouble";
        let told = self.parts().into_iter().filter(|part| !amiss || part.state == "trouble");
        let told = told.max_by_key(|part| part.last_error_at).map(|part| (part.last_error.clone(), part.last_error_at));
        (self.last_error, self.last_error_at) = told.unwrap_or_default();
        if let Some(unrenewed) = &self.unrenewed {
            if unrenewed.refused || !amiss {
                self.last_error = Some(unrenewed.error.clone());
                self.last_error_at = Some(unrenewed.last_error_at);
            }
            self.state = "trouble";
            self.refused |= unrenewed.refused;
        }
    }
}

/// The states of all channels, and the bell that calls those that pause.
#[derive(Clone, Debug, Default)]
pub struct Board {
    states: Arc<Mutex<BTreeMap<Name, ChannelState>>>,
    bell: Arc<Notify>,
    troubled: Arc<Mutex<Troubled>>,
}

/// The channels, and folders of them, that were in trouble and not well since; also across new
/// settings, which may be what makes them well.
type Troubled = BTreeSet<(Name, Option<String>)>;

impl Board {
    /// The handle of one channel; it appears on the board as `starting`.
    #[must_use]
    pub fn channel(&self, name: &Name, kind: &'static str) -> Health {
        let health = self.known(name);
        health.update(|state| {
            state.kind = kind;
            state.whole.state = "starting";
            state.started_at = Some(Timestamp::now());
        });
        health
    }

    /// The handle of a channel that stands on the board already.
    #[must_use]
    pub fn known(&self, name: &Name) -> Health {
        Health { board: self.clone(), name: name.clone(), folder: None }
    }

    /// Takes a channel off the board.
    pub fn remove(&self, name: &Name) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Calls the channels that pause after trouble: what they lacked may be there now.
    pub fn call(&self) {
        self.bell.notify_waiters();
    }

    /// All states by name.
    #[must_use]
    pub fn states(&self) -> BTreeMap<Name, ChannelState> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One channel's handle on the board.
#[derive(Clone, Debug)]
pub struct Health {
    board: Board,
    name: Name,
    /// The folder that it is about, where there are several.
    folder: Option<String>,
}

impl Health {
    /// The handle of one of several folders; it appears as `starting`.
    #[must_use]
    pub fn folder(&self, folder: &str) -> Self {
        self.update(|state| {
            state.folders.insert(folder.to_owned(), FolderState { state: "starting", ..FolderState::default() });
        });
        Self { folder: Some(folder.to_owned()), ..self.clone() }
    }

    /// The source answered, and all is well but for what is [undone](Health::undone).
    pub fn ok(&self) {
        let now = Some(Timestamp::now());
        self.part(|part| {
            part.state = if part.undone.is_none() { "ok" } else { "trouble" };
            part.refused = false;
            part.shut = false;
            part.last_ok = now;
        });
    }

    /// The source answers, and something cannot be done there; `error` as for [`Health::trouble`].
    pub fn undone(&self, error: &str) {
        let now = Timestamp::now();
        self.part(|part| Undone::renew(&mut part.undone, error, now));
        self.trouble(error);
    }

    /// Nothing is undone any more; to be followed by [`Health::ok`].
    pub fn done(&self) {
        self.part(|part| part.undone = None);
    }

    /// The access token, which all folders share, cannot be renewed; `error` as for [`Health::trouble`].
    pub fn unrenewed(&self, error: &str, refused: bool, at: Timestamp) {
        self.update(|state| {
            let before = state.unrenewed.as_ref();
            let since = before.map_or(at, |before| before.since);
            let next_try = before.filter(|before| before.last_error_at == at).and_then(|before| before.next_try);
            let error = error.to_owned();
            state.unrenewed = Some(Unrenewed { since, error, refused, last_error_at: at, next_try });
        });
    }

    /// It is tried again to renew the access token after this pause; `None`: at once, or not before the
    /// next connection.
    pub fn renews(&self, pause: Option<Duration>) {
        let next = pause.and_then(after);
        self.update(|state| {
            if let Some(unrenewed) = &mut state.unrenewed {
                unrenewed.next_try = next;
            }
        });
    }

    /// The access token is a good one.
    pub fn renewed(&self) {
        if self.update(|state| state.unrenewed.take()).is_some() {
            tracing::info!(channel = %self.name, "the access token is renewed again");
        }
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
        self.amiss(error, true, false);
    }

    /// The source takes us in, and refuses the folder; `error` as for [`Health::trouble`].
    pub fn shut(&self, error: &str) {
        self.amiss(error, true, true);
    }

    /// Something is wrong; `error` must hold no body, address or secret.
    pub fn trouble(&self, error: &str) {
        self.amiss(error, false, false);
    }

    fn amiss(&self, error: &str, refused: bool, shut: bool) {
        let (error, now) = (Some(error.to_owned()), Some(Timestamp::now()));
        self.part(|part| {
            part.state = "trouble";
            part.refused = refused;
            part.shut = shut;
            part.last_error = error;
            part.last_error_at = now;
        });
    }

    /// It is tried again after this pause.
    pub fn waits(&self, pause: Duration) {
        let next = after(pause);
        self.part(|part| part.next_try = next);
    }

    /// It is tried again now.
    pub fn tries(&self) {
        self.part(|part| part.next_try = None);
    }

    /// Returns when those that pause are called.
    pub async fn called(&self) {
        self.board.bell.notified().await;
    }

    /// Changes the state of what this is about. A folder that the settings no longer name is on its
    /// way out and says nothing.
    fn part(&self, change: impl FnOnce(&mut FolderState)) {
        let state = self.update(|state| {
            let part = match &self.folder {
                None => Some(&mut state.whole),
                Some(folder) => state.folders.get_mut(folder),
            };
            part.map(|part| {
                change(part);
                part.state
            })
        });
        let of = (self.name.clone(), self.folder.clone());
        let mut troubled = self.board.troubled.lock().unwrap_or_else(PoisonError::into_inner);
        if state == Some("trouble") {
            troubled.insert(of);
        } else if state == Some("ok") && troubled.remove(&of) {
            tracing::info!(channel = %self.name, folder = self.folder, "a channel is well again");
        }
    }

    /// The folder that it is about, where there are several.
    #[must_use]
    pub fn of_folder(&self) -> Option<&str> {
        self.folder.as_deref()
    }

    fn update<T>(&self, change: impl FnOnce(&mut ChannelState) -> T) -> T {
        let mut states = self.board.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(self.name.clone()).or_default();
        let changed = change(state);
        state.sum_up();
        changed
    }
}

/// The time after this pause.
fn after(pause: Duration) -> Option<Timestamp> {
    Timestamp::now().checked_add(pause).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undone_is_trouble_since_it_began_while_the_mailbox_is_checked() {
        for folder in [None, Some("INBOX")] {
            let (board, name) = (Board::default(), Name::parse("sales").unwrap());
            let health = board.channel(&name, "imap");
            let health = folder.map_or(health.clone(), |folder| health.folder(folder));
            let state = || board.states().remove(&name).unwrap();
            health.ok();
            health.undone("cannot move: full");
            let since = state().undone.unwrap().since;
            health.undone("cannot move: read-only");
            health.ok();
            let seen = state();
            assert_eq!((seen.state, seen.last_error.as_deref()), ("trouble", Some("cannot move: read-only")));
            assert_eq!(seen.undone, Some(Undone { since, error: "cannot move: read-only".to_owned() }));
            assert!(seen.last_ok >= seen.last_error_at, "it was checked after that");
            health.done();
            health.ok();
            assert_eq!((state().state, state().undone), ("ok", None));
        }
    }

    #[test]
    fn a_mailbox_is_read_and_in_trouble_while_its_token_cannot_be_renewed() {
        let (board, name) = (Board::default(), Name::parse("sales").unwrap());
        let health = board.channel(&name, "imap");
        let state = || board.states().remove(&name).unwrap();
        let failed = |minute: i64| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_mins(minute);
        health.ok();
        health.unrenewed("it answered 503", false, failed(1));
        health.ok();
        let seen = state();
        assert_eq!((seen.state, seen.refused, seen.last_error.as_deref()), ("trouble", false, Some("it answered 503")));
        assert!(seen.last_ok > seen.last_error_at && seen.whole.state == "ok", "it is read");
        health.trouble("the server is away");
        assert_eq!(state().last_error.as_deref(), Some("the server is away"));
        health.unrenewed("sign in again", true, failed(2));
        let seen = state();
        assert_eq!((seen.refused, seen.last_error.as_deref()), (true, Some("sign in again")));
        assert_eq!(seen.unrenewed.unwrap().since, failed(1));
        health.renewed();
        health.ok();
        assert_eq!((state().state, state().refused), ("ok", false));
    }

    #[test]
    fn a_mailbox_of_several_folders_is_as_well_as_the_worst_of_them() {
        let (board, name) = (Board::default(), Name::parse("sales").unwrap());
        let health = board.channel(&name, "imap");
        let (inbox, fair) = (health.folder("INBOX"), health.folder("Messe"));
        let state = || board.states().remove(&name).unwrap();
        inbox.ok();
        assert_eq!((state().state, state().last_ok), ("starting", None), "the other was never checked");
        fair.ok();
        assert_eq!((state().state, state().last_ok), ("ok", state().folders["INBOX"].last_ok));
        fair.refused("it is gone");
        inbox.ok();
        let seen = state();
        assert_eq!((seen.state, seen.refused, seen.last_error.as_deref()), ("trouble", true, Some("it is gone")));
        assert_eq!((seen.folders["INBOX"].state, seen.folders["Messe"].state), ("ok", "trouble"));
        assert_eq!(seen.last_ok, seen.folders["Messe"].last_ok, "checked is what all were");
        inbox.trouble("the server closed the connection");
        inbox.ok();
        assert_eq!(state().last_error.as_deref(), Some("it is gone"), "what lasts is told, not what is over");
        fair.ok();
        let seen = state();
        assert_eq!((seen.state, seen.refused), ("ok", false));
        assert_eq!(
            seen.last_error.as_deref(),
            Some("the server closed the connection"),
            "the last one, all being well"
        );

        board.remove(&name);
        let health = board.channel(&name, "imap");
        inbox.ok();
        fair.trouble("late");
        assert_eq!((state().state, state().folders.len()), ("starting", 0), "a folder on its way out says nothing");
        health.ok();
        assert_eq!(state().state, "ok");
    }
}
