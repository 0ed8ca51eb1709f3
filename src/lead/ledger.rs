//! The ledger: one row for every inbound item, with exactly one outcome.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Delivery, Fit, Id, Inbound, Kind, Name, Original, Own};

/// A ledger row: what became of one inbound item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intake {
    /// Sorts by time; the receipt the source was given.
    pub id: Id,
    /// The channel it came through.
    pub channel: Name,
    /// What sort of item it was.
    pub kind: Kind,
    /// When it was received.
    pub received_at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in words; for `created` and `touched` how it was recognised.
    pub reason: Option<String>,
    /// The lead it belongs to.
    pub lead: Option<Id>,
    /// Where it stood: `INBOX, UID 17`, `fair.csv, line 4`.
    pub source: String,
    /// For `redelivered`: the row it repeats.
    #[serde(default)]
    pub same_as: Option<Id>,
    /// What Lotse sent to itself: no lead, and no sign of life of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Own>,
    /// How it fitted the mail template that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Fit>,
    /// Came in with `--quiet`: nobody is told of it, also not when its lead gets an owner later.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
    /// When what it said was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
}

/// What the reason says of an item whose provider is still to be asked for the rest of it.
pub const AWAITS_DETAILS: &str = "it waits for its details";

impl Intake {
    /// How the reason of a `redelivered` item begins that says something else than the first of its name.
    pub const OTHER_CONTENT: &str = "other content under the delivery id of";

    /// Whether it was taken for a repetition by the name that its sender gave it, and says something else: it was
    /// kept, and nobody has read it.
    #[must_use]
    pub fn has_other_content(&self) -> bool {
        let says = |reason: &String| reason.starts_with(Self::OTHER_CONTENT);
        self.outcome == Outcome::Redelivered && self.reason.as_ref().is_some_and(says)
    }

    /// Whether a person may make it a lead.
    #[must_use]
    pub fn is_releasable(&self) -> bool {
        matches!(self.outcome, Outcome::Ignored | Outcome::Quarantined) || self.has_other_content()
    }

    /// Whether it becomes a lead by itself, as soon as its details are fetched.
    #[must_use]
    pub fn awaits_details(&self) -> bool {
        let says = |reason: &String| reason.contains(AWAITS_DETAILS);
        self.outcome == Outcome::Quarantined && self.reason.as_ref().is_some_and(says)
    }

    /// The item of this row, to be read once more: it moves no place, and is no repetition of itself.
    #[must_use]
    pub fn inbound(&self, original: Original) -> Inbound {
        Inbound {
            channel: self.channel.clone(),
            kind: self.kind,
            received_at: self.received_at,
            source: self.source.clone(),
            delivery: Delivery::Unique,
            original,
            place: None,
            quiet: self.quiet,
        }
    }
}

/// What became of an inbound item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Became a new lead.
    Created,
    /// Was added to an existing lead.
    Touched,
    /// The same item again.
    Redelivered,
    /// Noise, with a reason.
    Ignored,
    /// Unreadable or ambiguous, with a reason; a person can release it.
    Quarantined,
}

impl Outcome {
    /// All values.
    pub const ALL: [Self; 5] = [Self::Created, Self::Touched, Self::Redelivered, Self::Ignored, Self::Quarantined];

    /// The word used in JSON and filters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Touched => "touched",
            Self::Redelivered => "redelivered",
            Self::Ignored => "ignored",
            Self::Quarantined => "quarantined",
        }
    }
}

/// What a channel gets back once its item is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The ledger row.
    pub intake: Id,
    /// What became of it.
    pub outcome: Outcome,
    /// The lead it belongs to.
    pub lead: Option<Id>,
    /// Whether Lotse sent it to itself.
    #[serde(skip)]
    pub own: Option<Own>,
}

impl Receipt {
    /// Whether somebody else sent the item.
    #[must_use]
    pub const fn is_from_outside(&self) -> bool {
        self.own.is_none()
    }
}
