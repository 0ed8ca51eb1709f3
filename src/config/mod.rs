//! The settings: `lotse.toml` as validated types.
//!
//! [`load`] reads a file and reports every mistake at once, each with its line and a hint;
//! what comes out is complete: each name resolves, each secret is readable. Everything here is
//! plain data; `Config` of one stage is handed to that stage and to nobody else.

mod agree;
pub(crate) mod connection;
pub(crate) mod field;
pub(crate) mod kinds;
mod load;
pub(crate) mod people;
pub(crate) mod problem;
mod read;
pub(crate) mod report;
mod reveal;
mod secret;
pub(crate) mod section;
pub(crate) mod spelling;
pub(crate) mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;

use crate::alarms;
use crate::canary;
use crate::channels::{csv, imap, webhook};
use crate::lead::{Email, Name};
use crate::notify::{self, letter::Language};

pub use load::{Loaded, load, parse};
pub(crate) use problem::nearest;
pub use problem::{Problem, Severity};

/// Bytes that stay free on the store's disk by default (on a small disk an eighth of it).
pub const RESERVE: u64 = 64 << 20;

/// The whole of the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file they came from; `None` for the built-in demo settings.
    pub file: Option<PathBuf>,
    /// Folder of the embedded store.
    pub store: PathBuf,
    /// Bytes that stay free on the store's disk: below them items are refused. Default 64 MiB.
    pub reserve: u64,
    /// Public side.
    pub http: Http,
    /// Private side.
    pub web: Web,
    /// Our own organisation.
    pub organisation: Organisation,
    /// Where the rules are.
    pub rules: Rules,
    /// Ways in, in the order of the file.
    pub channels: Vec<Channel>,
    /// Who works leads, in the order of the file.
    pub owners: Vec<Owner>,
    /// Rotations of owners, in the order of the file.
    pub teams: Vec<Team>,
    /// Ways to tell an owner, in the order of the file.
    pub notifiers: Vec<Notifier>,
    /// Who is told when something is amiss.
    pub alarms: alarms::Config,
}

/// Public side: webhooks and nothing else (`[http]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// Where it listens. Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// The address the world knows it by, without a trailing `/`.
    pub public_url: Option<String>,
    /// Peers whose `X-Forwarded-For` is believed. Default none.
    pub trusted_proxies: Vec<ipnet::IpNet>,
}

/// Private side: API, metrics, health (`[web]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Web {
    /// Where it listens. Default `127.0.0.1:8081`.
    pub listen: SocketAddr,
    /// Bearer token with full rights; `None`: made at first start and kept in `STORE/admin.token`.
    pub token: Option<Secret>,
}

/// Our own organisation (`[organisation]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Organisation {
    /// Our own mail domains, lower case, ASCII form: never leads.
    pub domains: Vec<String>,
    /// Default region of phone numbers, ISO 3166-1 alpha-2. Default `DE`.
    pub country: String,
    /// Default time zone. Default `Europe/Berlin`.
    pub time_zone: TimeZone,
}

/// Where the rules are (`[rules]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Folder of rule files; `None` for the shipped rules inside the binary.
    pub folder: Option<PathBuf>,
    /// Score from which a lead is qualified. Default 30.
    pub qualify_at: i64,
    /// Folder of rules that every new lead is judged by as well, for comparison. Default none.
    pub shadow: Option<PathBuf>,
}

/// One way in (`[channels.NAME]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its name.
    pub name: Name,
    /// Its kind, with that kind's settings.
    pub kind: ChannelKind,
    /// The canary that measures how long mail takes to arrive; mailboxes only, default none.
    pub canary: Option<canary::Config>,
}

/// The kinds of channel.
#[derive(Clone, Debug, PartialEq)]
pub enum ChannelKind {
    /// A mailbox.
    Imap(imap::Config),
    /// A receiver at `/hooks/NAME`.
    Webhook(webhook::Config),
    /// A watched folder.
    Csv(csv::Config),
}

impl ChannelKind {
    /// The word used as `kind`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Imap(_) => "imap",
            Self::Webhook(_) => "webhook",
            Self::Csv(_) => "csv",
        }
    }
}

/// Somebody who works leads (`[owners.ID]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// Their id.
    pub id: Name,
    /// Their name; default the id.
    pub name: String,
    /// Where mail notices go.
    pub email: Option<Email>,
    /// Notifiers, by name. Without the key: the only notifier there is, else none (a warning).
    pub notify: Vec<Name>,
    /// Share of the rotation relative to the other members, 1 to 100. Default 1.
    pub weight: u32,
    /// Inactive owners never get leads. Default true.
    pub active: bool,
    /// Language of their notices; `None`: that of the organisation's country.
    pub language: Option<Language>,
    /// Time zone of the times in their notices; `None`: the organisation's.
    pub time_zone: Option<TimeZone>,
}

/// A rotation of owners (`[teams.NAME]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Team {
    /// Its name.
    pub name: Name,
    /// Owners in the order of the rotation.
    pub members: Vec<Name>,
    /// Gets leads that no rule routes. Exactly one team is, when there are teams:
    /// the only team is the default even when it does not say so.
    pub default: bool,
}

/// A way to tell an owner (`[notify.NAME]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Notifier {
    /// Its name.
    pub name: Name,
    /// Its kind, with that kind's settings.
    pub kind: NotifierKind,
}

/// The kinds of notifier.
#[derive(Clone, Debug, PartialEq)]
pub enum NotifierKind {
    /// Mail to the owner.
    Smtp(notify::smtp::Config),
    /// One JSON file a notice.
    File(notify::file::Config),
}

/// How fast one client may post: `60/min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests, at least 1; also how many may come at once.
    pub count: u32,
    /// Per this time: one second, minute or hour.
    pub per: Duration,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte.
    Implicit,
    /// Plain greeting, then `STARTTLS`, never without.
    StartTls,
    /// No protection; loopback only.
    None,
}

/// A secret that compares and prints without giving itself away.
#[derive(Clone)]
pub struct Secret(SecretString);

#[cfg(test)]
mod tests;
