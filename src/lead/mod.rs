//! The vocabulary: what every stage calls a lead, a touch, an intake, a decision, a notice.
//!
//! Nothing here does anything; the stages do. What is serialized here is what users read
//! in JSON, and (as MessagePack) what the store keeps.

mod alarm;
mod assessment;
mod authentication;
mod decision;
mod erasure;
mod handling;
mod id;
mod inbound;
mod ledger;
mod meeting;
mod notice;
mod person;
mod seal;
mod thread;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use alarm::{Alarm, Alarms, Cause};
pub use assessment::{Assessment, Judged, Priority};
pub use authentication::{Authentication, Check, Checked};
pub use decision::{Candidate, Decision, Fate, Hit, Routing, Score, Sum, Verdict};
pub use erasure::{Erasure, Turns};
pub use handling::{Awaited, Handling};
pub use id::{Id, IdError, Name, NameError};
pub use inbound::{
    Attachment, Authorship, Confidence, Consent, Content, Danger, Delivery, Fit, Identity, Inbound, Kind, Original,
    Place, Reading,
};
pub use ledger::{AWAITS_DETAILS, Intake, Outcome, Receipt};
pub use meeting::{Meeting, News};
pub use notice::{Event, Notice, NoticeState};
pub use person::{Email, Person, Phone};
pub use seal::{FIELD, Foreseen, Own, Round, Seal, SealKey, Trip};
pub use thread::{Aside, Correspondent, Failing, Returned, Says, Thread};

/// A free-form map of what a person typed that had no canonical place, in the order typed.
pub type Fields = serde_json::Map<String, serde_json::Value>;

/// One person's (or company's) open interest: a projection of its touches and of people's edits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// Sorts by time of creation.
    pub id: Id,
    /// When the first touch was stored.
    pub created_at: Timestamp,
    /// When anything about the lead last changed.
    pub updated_at: Timestamp,
    /// Who it is; the fields stand beside `id` in JSON.
    #[serde(flatten)]
    pub person: Person,
    /// Subject of the first touch that had one.
    pub subject: Option<String>,
    /// Text of the first touch that had one.
    pub message: Option<String>,
    /// Where the lead came from.
    pub attribution: Attribution,
    /// The colleague who forwarded the first mail.
    pub forwarded_by: Option<Email>,
    /// The consent given with the first touch that carried one.
    pub consent: Option<Consent>,
    /// What had no canonical place.
    pub fields: Fields,
    /// Files of all touches.
    pub attachments: Vec<Attachment>,
    /// `fit` and `engagement` together: what the rules that hit count.
    pub score: i64,
    /// The two scores, priority, custom fields, and what a person said.
    #[serde(flatten)]
    pub assessment: Assessment,
    /// Tags of all rules that hit, in order of appearance, each once.
    pub tags: Vec<String>,
    /// The rules' verdict.
    pub disposition: Disposition,
    /// Why the lead is disqualified, or in review.
    pub reason: Option<String>,
    /// Where people have taken it.
    pub stage: Stage,
    /// Why it was lost.
    #[serde(default)]
    pub stage_reason: Option<String>,
    /// The team it was routed to.
    pub team: Option<Name>,
    /// Who works it.
    pub owner: Option<Name>,
    /// When `owner` got it.
    pub assigned_at: Option<Timestamp>,
    /// Nobody is free: until when the lead waits for one.
    pub held_until: Option<Timestamp>,
    /// How it was handed out: whose turn it was, until when it is to be accepted, who had it before.
    #[serde(default)]
    pub handling: Option<Handling>,
    /// What is to happen next.
    pub next_step: Option<NextStep>,
    /// Until when the person is away, as their mail program answered: the last day, or that of the return.
    #[serde(default)]
    pub away_until: Option<Date>,
    /// Addresses of the lead that mail did not reach.
    #[serde(default)]
    pub failing: Vec<Failing>,
    /// Others who write in the lead's conversations.
    #[serde(default)]
    pub others: Vec<Correspondent>,
    /// Number of touches.
    pub touch_count: u32,
    /// What could not be read cleanly (an invalid phone number, a doubtful charset).
    pub problems: Vec<String>,
}

impl Lead {
    /// Whose it is: a name, else an address.
    #[must_use]
    pub fn who(&self) -> Option<String> {
        self.person.name.clone().or_else(|| self.person.emails.first().map(ToString::to_string))
    }

    /// Whether it waits for an owner: nobody works it, and somebody should.
    #[must_use]
    pub fn is_unowned(&self) -> bool {
        self.owner.is_none() && self.stage.is_open() && self.disposition != Disposition::Disqualified
    }

    /// Since when it waits for an owner, while it is held.
    #[must_use]
    pub fn held_since(&self) -> Option<Timestamp> {
        self.held_until.filter(|_| self.is_unowned())?;
        self.handling.as_ref()?.held_since
    }

    /// Who has had it and gave it on, or was too late: they do not get it again by themselves.
    #[must_use]
    pub fn had(&self) -> &[Name] {
        self.handling.as_ref().map_or(&[], |handling| &handling.had)
    }

    /// When somebody must look after it: nobody works it for too long, or its owner does nothing.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        if self.is_unowned() {
            return self.held_until;
        }
        self.owner.as_ref().and(self.handling.as_ref()).and_then(|handling| handling.deadline(self.stage))
    }
}

/// Where a lead came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// The channel of the first touch.
    pub channel: Name,
    /// The form's name or id, as its builder sends it.
    pub form: Option<String>,
    /// Address of the page the form stood on.
    pub page: Option<String>,
    /// Address of the page before that.
    pub referrer: Option<String>,
    /// Campaign parameters (`source`, `medium`, `campaign`, `term`, `content`, click ids).
    pub utm: BTreeMap<String, String>,
}

/// What is to happen next with a lead, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NextStep {
    /// What to do.
    pub text: String,
    /// Until when.
    pub due: Timestamp,
}

/// The rules' verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// At or above the threshold.
    Qualified,
    /// Below the threshold; still gets an owner.
    Unqualified,
    /// A rule said no; neither owner nor notice.
    Disqualified,
    /// A rule wants a person to look; gets an owner.
    Review,
}

impl Disposition {
    /// All values, in the order users see them.
    pub const ALL: [Self; 4] = [Self::Qualified, Self::Unqualified, Self::Disqualified, Self::Review];

    /// The word used in JSON, rules and filters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qualified => "qualified",
            Self::Unqualified => "unqualified",
            Self::Disqualified => "disqualified",
            Self::Review => "review",
        }
    }
}

/// Where people have taken a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nobody has done anything yet.
    New,
    /// The owner has taken it on.
    Accepted,
    /// The person has been spoken or written to.
    Contacted,
    /// A meeting is arranged.
    Meeting,
    /// Became an opportunity or customer.
    Converted,
    /// Given up, with a reason.
    Lost,
}

impl Stage {
    /// All values, in the order a lead passes them.
    pub const ALL: [Self; 6] = [Self::New, Self::Accepted, Self::Contacted, Self::Meeting, Self::Converted, Self::Lost];

    /// The word used in JSON and filters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Accepted => "accepted",
            Self::Contacted => "contacted",
            Self::Meeting => "meeting",
            Self::Converted => "converted",
            Self::Lost => "lost",
        }
    }

    /// Whether somebody still works on the lead (it counts as open for its owner).
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Converted | Self::Lost)
    }
}

/// One intake attached to a lead; immutable, so that a merge can be undone exactly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Touch {
    /// The same as the intake's id: a touch is one intake.
    pub id: Id,
    /// The lead it stands under now.
    pub lead: Id,
    /// The channel it came through.
    pub channel: Name,
    /// What sort of item it was.
    pub kind: Kind,
    /// When it was received.
    pub received_at: Timestamp,
    /// What it says.
    pub content: Content,
}

impl Touch {
    /// What an item says, as a touch of a lead; `intake` is its ledger row.
    #[must_use]
    pub fn of(inbound: &Inbound, intake: Id, lead: Id, content: Content) -> Self {
        let Inbound { channel, kind, received_at, .. } = inbound;
        Self { id: intake, lead, channel: channel.clone(), kind: *kind, received_at: *received_at, content }
    }
}

/// One line of a lead's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Sorts by time.
    pub id: Id,
    /// When.
    pub at: Timestamp,
    /// Who did it: `rules`, `rotation`, or a person's name.
    pub by: String,
    /// What happened, as a word: `created`, `touched`, `assigned`, `stage`, `note`.
    pub event: String,
    /// The same as a sentence.
    pub text: String,
}
