//! Notices by mail.

use crate::config::{Secret, Tls};

/// Settings of a mail notifier (`kind = "smtp"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Server name; certificates are checked against it.
    pub host: String,
    /// Default 587 with STARTTLS, 465 with implicit TLS, else 25.
    pub port: u16,
    /// Default STARTTLS; none only on loopback.
    pub tls: Tls,
    /// An extra root, or the server's own certificate, PEM.
    pub ca_file: Option<std::path::PathBuf>,
    /// Login name and password; `None`: no login.
    pub login: Option<(String, Secret)>,
    /// Sender, `Lotse <lotse@example.com>`.
    pub from: String,
}
