//! Stage 7, notify: the outbox's worker, and one file a notifier.
//!
//! In come pending [`Notice`]s from the store; out goes each to its owner, at least once: a notice
//! counts as delivered only after the destination took it, and a crash between the two sends it
//! again under the same id. [`letter`] writes what a notice says, [`smtp`] and [`mod@file`] carry it,
//! [`outbox`] decides when, [`schedule`] and [`breaker`] how patiently.

pub mod breaker;
mod errand;
pub mod file;
pub mod letter;
mod message;
pub mod outbox;
mod pile;
mod queue;
pub mod schedule;
pub(crate) mod settings;
pub mod smtp;
mod ways;
mod worker;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config;
use crate::lead::{Decision, Lead, Notice, Touch};

pub use message::{AlarmLetter, Message};
pub use outbox::Outbox;
pub use ways::Ways;

/// A way to tell an owner; one value per entry under `[notify]`.
pub trait Notifier: Send + Sync {
    /// Hands one message over; `Ok` means that the destination took it. The same message again must
    /// be recognisable by its notice's id. Gives up by itself within two minutes.
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a>;

    /// Proves that the destination would take letters (reaches it, logs in), without sending one.
    /// Returns what was proved, as a sentence.
    fn probe(&self) -> Probing<'_>;

    /// Lets go of what is only kept for the next letter, such as idle connections.
    fn rest(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

/// A letter on its way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// A probe on its way.
pub type Probing<'a> = Pin<Box<dyn Future<Output = Result<String, Failure>> + Send + 'a>>;

/// All that a notice about a lead can tell.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The notice.
    pub notice: Notice,
    /// The lead it is about, as it is now.
    pub lead: Lead,
    /// The touch that caused it.
    pub touch: Option<Touch>,
    /// The decision it tells of.
    pub decision: Option<Decision>,
    /// Whom it goes to; `None` for notices that go to a system instead of a person.
    pub owner: Option<config::Owner>,
    /// The name of the lead's conversation, which only we can make; `None` before there is a key.
    pub conversation: Option<String>,
    /// Who writes.
    pub house: Arc<House>,
}

/// Who writes: what all letters have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct House {
    /// Which lotse this is, for people with several: its public address, else `lotse`.
    pub instance: String,
    /// Language of the letters.
    pub language: letter::Language,
    /// Time zone of the times in them.
    pub time_zone: TimeZone,
}

/// Why a letter was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whether to try again.
    pub kind: FailureKind,
    /// What was being done, to what, and what to do about it. May quote the destination's answer;
    /// never a secret.
    pub message: String,
}

/// Whether a letter that was not taken is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Later.
    Temporary {
        /// Whose trouble it is.
        trouble: Trouble,
        /// Not before this time has passed.
        retry_after: Option<Duration>,
    },
    /// Never: the same letter would be refused again.
    Permanent,
}

/// Whose trouble a temporary failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The destination takes no letter at the moment (down, throttling, refusing the login):
    /// other letters would fare no better.
    Destination,
    /// This letter is not taken now (a full mailbox, greylisting); others may well be.
    Letter,
}

impl Failure {
    /// The destination takes nothing now.
    #[must_use]
    pub fn destination(message: impl Into<String>) -> Self {
        Self::temporary(Trouble::Destination, None, message)
    }

    /// The destination takes nothing, and asked for (or is given) a longer pause.
    #[must_use]
    pub fn pause(pause: Duration, message: impl Into<String>) -> Self {
        Self::temporary(Trouble::Destination, Some(pause), message)
    }

    /// This letter is not taken now.
    #[must_use]
    pub fn letter(message: impl Into<String>) -> Self {
        Self::temporary(Trouble::Letter, None, message)
    }

    /// This letter is never taken.
    #[must_use]
    pub fn permanent(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Permanent, message: message.into() }
    }

    fn temporary(trouble: Trouble, retry_after: Option<Duration>, message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Temporary { trouble, retry_after }, message: message.into() }
    }

    /// The pause that the destination asked for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            FailureKind::Temporary { retry_after, .. } => retry_after,
            FailureKind::Permanent => None,
        }
    }

    /// Whether other letters to the same destination would fare no better.
    #[must_use]
    pub fn is_destination(&self) -> bool {
        matches!(self.kind, FailureKind::Temporary { trouble: Trouble::Destination, .. })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// A notifier's settings that cannot work.
#[derive(Debug, thiserror::Error)]
#[error("[notify.{notifier}] {why}")]
pub struct Invalid {
    /// The notifier.
    pub notifier: String,
    /// What is wrong, and what to do.
    pub why: String,
}

/// Makes the notifier of an entry under `[notify]`. A new kind of notifier is a file here, a variant
/// of [`config::NotifierKind`] and a line in each of two tables: this one and the settings' `KINDS`.
pub fn build(settings: &config::Notifier) -> Result<Arc<dyn Notifier>, Invalid> {
    let invalid = |why: String| Invalid { notifier: settings.name.to_string(), why };
    Ok(match &settings.kind {
        config::NotifierKind::Smtp(kind) => Arc::new(smtp::Smtp::new(&settings.name, kind).map_err(invalid)?),
        config::NotifierKind::File(kind) => Arc::new(file::Files::new(kind)),
    })
}
