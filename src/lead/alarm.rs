//! An alarm: what the operators must know of, from when it begins until it is over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Id, Name};

/// Something that is amiss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// What.
    pub cause: Cause,
    /// In which channel.
    pub channel: Option<Name>,
    /// In which of its folders, where it is about one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// With which notifier.
    pub notifier: Option<Name>,
    /// With which template of mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Name>,
    /// With whose calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Name>,
    /// Since when.
    pub since: Timestamp,
    /// When the operators were told; `None` while it may still pass by itself.
    pub raised_at: Option<Timestamp>,
    /// How many items, where items are counted; else 0.
    pub count: u64,
    /// When it was last seen to go on, where items are counted.
    pub last_at: Timestamp,
    /// What the source or the destination said.
    pub error: Option<String>,
}

/// What can be amiss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A mailbox was not checked with success for its `silence_after`.
    Silent,
    /// A mailbox that usually has mail by now has none.
    NoMail,
    /// A source refuses us: login, permission, a folder that cannot be opened.
    Refused,
    /// What is to be done to mails of a mailbox (`after`) was refused for its `silence_after`.
    Undone,
    /// A watched folder cannot be read.
    Folder,
    /// Notices wait for a notifier.
    NoticesWait,
    /// Notices were given up.
    NoticesDead,
    /// Items came in that a person has to look at.
    Quarantined,
    /// The client secret of a mailbox expires soon, or has expired.
    SecretExpires,
    /// The access token that opens a mailbox cannot be renewed now.
    Unrenewed,
    /// A canary has not arrived in a mailbox.
    CanaryLate,
    /// Mails of a template's sender are no longer laid out as it says.
    TemplateDrift,
    /// An owner's calendar cannot be read for an hour.
    Calendar,
    /// New settings or rules have mistakes and are not in force.
    Settings,
}

impl Alarm {
    /// What it is about: a channel, a notifier, a template or an owner.
    #[must_use]
    pub fn about(&self) -> Option<&Name> {
        self.channel.as_ref().or(self.notifier.as_ref()).or(self.template.as_ref()).or(self.owner.as_ref())
    }
}

impl Cause {
    /// The word used in JSON and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::NoMail => "no_mail",
            Self::Refused => "refused",
            Self::Undone => "undone",
            Self::Folder => "folder",
            Self::NoticesWait => "notices_wait",
            Self::NoticesDead => "notices_dead",
            Self::Quarantined => "quarantined",
            Self::SecretExpires => "secret_expires",
            Self::Unrenewed => "unrenewed",
            Self::CanaryLate => "canary_late",
            Self::TemplateDrift => "template_drift",
            Self::Calendar => "calendar",
            Self::Settings => "settings",
        }
    }
}

/// All that is amiss, as the store keeps it, with what the next look starts from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alarms {
    /// What is amiss, raised or not yet.
    pub amiss: Vec<Alarm>,
    /// The ledger was looked through up to this row.
    pub seen: Option<Id>,
    /// Dead notices that are known.
    pub dead: Option<u64>,
}

impl Alarms {
    /// Those that the operators were told of.
    pub fn raised(&self) -> impl Iterator<Item = &Alarm> {
        self.amiss.iter().filter(|alarm| alarm.raised_at.is_some())
    }
}
