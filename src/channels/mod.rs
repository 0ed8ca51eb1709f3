//! Stage 1, channels: ways in.
//!
//! Each turns what its source hands over into an [`Inbound`](crate::lead::Inbound) and tells the
//! source "got it" only after [`Door::submit`] returned a receipt. A mailbox and a watched folder
//! run by themselves and are started by the supervisor; webhooks share one listener,
//! [`webhook::listener`].

pub mod csv;
pub mod health;
pub mod imap;
pub mod webhook;

use std::pin::Pin;

use tokio_util::sync::CancellationToken;

use crate::intake::Door;
use crate::lead::Name;
use health::Health;

/// A way in that runs by itself.
pub trait Channel: Send + Sync + 'static {
    /// The name under `[channels]`.
    fn name(&self) -> &Name;

    /// Runs until `stop` is cancelled. An error means "start me again after a pause": it was
    /// already counted as trouble by the caller, who logs it and restarts with backoff.
    fn run<'a>(&'a self, door: &'a Door, health: &'a Health, stop: &'a CancellationToken) -> Running<'a>;
}

/// A running channel.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Why a channel stopped. The message names what was being done, never a body, an address or a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source does not answer, or breaks off: try again soon.
    #[error("{doing}")]
    Unreachable {
        /// What was being done, to what.
        doing: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The source asks to be left alone for a while (too many connections, out of order): try again
    /// less and less often.
    #[error("{doing}")]
    Busy {
        /// What was being done, to what.
        doing: String,
        /// What the source said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The source refuses us (login, permission): try again rarely, somebody must act.
    #[error("{doing}: {answer}")]
    Refused {
        /// What was being done, to what.
        doing: String,
        /// What the source said, shortened.
        answer: String,
    },
    /// The source takes us in and a folder of it cannot be opened (missing, no right): asking again
    /// harms nobody, somebody must act.
    #[error("{doing}: {answer}")]
    Shut {
        /// What was being done, to what.
        doing: String,
        /// What the source said, shortened.
        answer: String,
    },
    /// The store or the pipeline does not take items now.
    #[error("the intake does not take items")]
    Intake(#[from] crate::intake::Refused),
}

impl Error {
    /// The error with its causes, in one line.
    #[must_use]
    pub fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text += &format!(": {cause_text}");
            }
            next = cause.source();
        }
        text
    }
}
