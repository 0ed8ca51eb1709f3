//! Stage 7, notify: the outbox's worker, and one file a notifier.

pub mod file;
pub(crate) mod settings;
pub mod smtp;
