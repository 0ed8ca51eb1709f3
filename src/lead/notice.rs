//! One message to an owner, or to the operators: in the outbox until it is delivered or dead.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Alarm, Id, Name};

/// One message to one owner, or to the operators, through one notifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Stable over all attempts; receivers can recognise a repetition by it.
    pub id: Id,
    /// The lead it is about; `None` for an alarm.
    pub lead: Option<Id>,
    /// The alarm it is about, as it was then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Alarm>,
    /// Whom it goes to; `None`: the operators.
    pub owner: Option<Name>,
    /// Through which notifier.
    pub notifier: Name,
    /// What happened.
    pub event: Event,
    /// The touch that caused it.
    pub touch: Option<Id>,
    /// The decision it tells of: the newest about its lead when it was written.
    #[serde(default)]
    pub decision: Option<Id>,
    /// When it was written.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: NoticeState,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt is due; `None` unless pending.
    pub next_at: Option<Timestamp>,
    /// The last failure.
    pub error: Option<String>,
    /// Dead without a fault: the lead had gone to somebody else before this was sent. Not retried.
    #[serde(default)]
    pub overtaken: bool,
}

impl Notice {
    /// One that is to be sent now, about nothing yet.
    #[must_use]
    pub fn new(id: Id, notifier: Name, event: Event, now: Timestamp) -> Self {
        Self {
            id,
            lead: None,
            alarm: None,
            owner: None,
            notifier,
            event,
            touch: None,
            decision: None,
            created_at: now,
            state: NoticeState::Pending,
            attempts: 0,
            next_at: Some(now),
            error: None,
            overtaken: false,
        }
    }
}

/// What a notice tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event {
    /// A new lead is yours.
    #[serde(rename = "lead.created")]
    Created,
    /// Your lead has written again.
    #[serde(rename = "lead.touched")]
    Touched,
    /// An existing lead has become yours.
    #[serde(rename = "lead.assigned")]
    Assigned,
    /// A lead's stage changed.
    #[serde(rename = "lead.stage")]
    Stage,
    /// Your lead waits for you.
    #[serde(rename = "lead.reminder")]
    Reminder,
    /// Nobody accepted a lead of your team, or responded to it, in time.
    #[serde(rename = "lead.overdue")]
    Overdue,
    /// Something is amiss.
    #[serde(rename = "alarm.raised")]
    AlarmRaised,
    /// It is over.
    #[serde(rename = "alarm.over")]
    AlarmOver,
}

impl Event {
    /// The word used in JSON and settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "lead.created",
            Self::Touched => "lead.touched",
            Self::Assigned => "lead.assigned",
            Self::Stage => "lead.stage",
            Self::Reminder => "lead.reminder",
            Self::Overdue => "lead.overdue",
            Self::AlarmRaised => "alarm.raised",
            Self::AlarmOver => "alarm.over",
        }
    }
}

/// Where a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// Waits for its next attempt.
    Pending,
    /// The receiver took it.
    Delivered,
    /// Given up, with the error; a person can retry it.
    Dead,
}

impl NoticeState {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Dead];

    /// The word used in JSON and filters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}
