//! Stage 7, notify: the outbox's worker, and one file a notifier.

pub mod file;
pub mod smtp;
