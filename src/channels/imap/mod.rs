//! A mailbox over IMAP (RFC 3501), left exactly as found.

pub(crate) mod settings;

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Secret, Tls};

/// Settings of one mailbox (`kind = "imap"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Server name; certificates are checked against it.
    pub host: String,
    /// Default 993 with implicit TLS, else 143.
    pub port: u16,
    /// Default implicit; none only on loopback.
    pub tls: Tls,
    /// An extra root, or the server's own certificate (then accepted for its host name), PEM.
    pub ca_file: Option<PathBuf>,
    /// Login name.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// Folder. Default `INBOX`.
    pub folder: String,
    /// What to do with mail already there at the first connect. Default new.
    pub start: Start,
    /// Fallback where IDLE is missing or silent; 1 s to 1 h. Default 60 s.
    pub poll: Duration,
}

/// What to do with mail that is already there at the first connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Leave it; take only what arrives from now on.
    New,
    /// Take all of it.
    All,
}
