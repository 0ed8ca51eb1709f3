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

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use secrecy::SecretString;

use crate::alarms;
use crate::assign::hours::Hours;
use crate::assign::{self, holidays::Region};
use crate::calendars;
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
    /// Time zone of their hours, and of the times in their notices; `None`: the organisation's.
    pub time_zone: Option<TimeZone>,
    /// Working hours; `None`: around the clock.
    pub hours: Option<Hours>,
    /// Whose public holidays they have; `None`: none.
    pub holidays: Option<Region>,
    /// Times in which they are away, from and (not included) until, by their clock.
    pub away: Vec<(DateTime, DateTime)>,
    /// A calendar (ICS) whose busy times they are away.
    pub calendar: Option<calendars::Source>,
    /// Open leads at most; `None`: any number.
    pub max_open: Option<u32>,
    /// New leads a day at most, by their clock; `None`: any number.
    pub max_per_day: Option<u32>,
    /// Who gets their leads while they are away.
    pub stand_in: Option<Name>,
}

impl Owner {
    /// Somebody who works around the clock and is told by nothing.
    #[must_use]
    pub fn new(id: Name) -> Self {
        Self {
            name: id.to_string(),
            id,
            email: None,
            notify: Vec::new(),
            weight: 1,
            active: true,
            language: None,
            time_zone: None,
            hours: None,
            holidays: None,
            away: Vec::new(),
            calendar: None,
            max_open: None,
            max_per_day: None,
            stand_in: None,
        }
    }
}

/// A rotation of owners (`[teams.NAME]`).
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the settings that says yes or no")]
pub struct Team {
    /// Its name.
    pub name: Name,
    /// Owners in the order of the rotation.
    pub members: Vec<Name>,
    /// Gets leads that no rule routes. Exactly one team is, when there are teams:
    /// the only team is the default even when it does not say so.
    pub default: bool,
    /// How the next owner is found. Default `round_robin`.
    pub strategy: Strategy,
    /// Who gets leads for which nobody became free in time.
    pub fallback: Option<Name>,
    /// How long a lead waits for an owner. Default four hours.
    pub hold: Duration,
    /// Who is told when nobody accepts a lead or responds to it.
    pub leader: Option<Name>,
    /// Whether members get leads outside of their hours and on holidays. Default false.
    pub outside_hours: bool,
    /// Working time in which an owner is to accept a lead; `None`: any.
    pub accept_within: Option<Duration>,
    /// Working time in which an owner is to respond to a lead; `None`: any.
    pub respond_within: Option<Duration>,
    /// How often a lead is handed on because nobody accepted it or responded. Default 2.
    pub max_hops: u32,
    /// Whether a lead given by hand counts as a turn. Default false.
    pub manual_counts: bool,
    /// Whether a person's next lead goes to who works their last one. Default true.
    pub same_person: bool,
    /// Whether a company's next lead goes to who works its newest open one. Default true.
    pub same_company: bool,
    /// Whether a lead goes to the owner who forwarded it. Default true.
    pub forwarder: bool,
    /// A lead that is lost so soon after it was given gives its turn back. Default a day.
    pub refund_within: Duration,
}

impl Team {
    /// A team with the defaults.
    #[must_use]
    pub const fn new(name: Name, members: Vec<Name>) -> Self {
        Self {
            name,
            members,
            default: false,
            strategy: Strategy::RoundRobin,
            fallback: None,
            hold: assign::HOLD,
            leader: None,
            outside_hours: false,
            accept_within: None,
            respond_within: None,
            max_hops: 2,
            manual_counts: false,
            same_person: true,
            same_company: true,
            forwarder: true,
            refund_within: Duration::from_hours(24),
        }
    }
}

/// How a team finds the next owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// In turn, by weight.
    RoundRobin,
    /// Whoever has the fewest open leads.
    LeastOpen,
    /// The first member who is free, in the order of `members`.
    Priority,
}

impl Strategy {
    /// All of them, by the words that stand for them in the settings.
    pub const ALL: [(&'static str, Self); 3] =
        [("round_robin", Self::RoundRobin), ("least_open", Self::LeastOpen), ("priority", Self::Priority)];
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
