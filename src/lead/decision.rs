//! The stored record of why: rules that hit, score arithmetic, every candidate owner.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Disposition, Fields, Id, Name, Priority};

/// What the rules say about a lead; made by `qualify`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Rules that hit, in order.
    pub hits: Vec<Hit>,
    /// `fit` and `engagement` together.
    pub score: i64,
    /// How well they fit: who they are. Verdicts of before there were two scores have 0.
    #[serde(default)]
    pub fit: i64,
    /// How much they want: what they do.
    #[serde(default)]
    pub engagement: i64,
    /// How the two came about, a line for each group of points with a hit.
    #[serde(default)]
    pub groups: Vec<Sum>,
    /// Their tags, each once.
    pub tags: Vec<String>,
    /// The verdict.
    pub disposition: Disposition,
    /// Why, for `disqualified` and `review`.
    pub reason: Option<String>,
    /// The team a rule chose.
    pub team: Option<Name>,
    /// The priority that a rule chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Custom fields that rules set.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub custom: Fields,
    /// Score from which a lead is qualified, as it was then.
    pub qualify_at: i64,
    /// Short hash of the rules that were asked.
    pub rules_version: String,
    /// Rules that could not be evaluated, with the cause; they did not hit.
    pub problems: Vec<String>,
    /// What the shadow rules said, which decide nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Box<Verdict>>,
}

/// Which of the two scores points count for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// Who somebody is.
    #[default]
    Fit,
    /// What somebody does.
    Engagement,
}

impl Score {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Fit, Self::Engagement];

    /// The word used in JSON and rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Engagement => "engagement",
        }
    }
}

/// The points of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// The group's name.
    pub group: String,
    /// Which score it counts for.
    pub of: Score,
    /// What its hits count together.
    pub points: i64,
    /// The most that it may count.
    pub cap: Option<i64>,
    /// After how many milliseconds points count half.
    pub half_life: Option<i64>,
    /// What it counts.
    pub counted: i64,
}

/// A rule that hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its name.
    pub rule: String,
    /// Where it stands: `10-intent.toml:12`.
    pub place: String,
    /// Its points.
    pub score: i64,
    /// What they count now: fewer than `score` where time has passed; `null` for hits of before there were groups.
    #[serde(default)]
    pub counted: Option<i64>,
    /// The group of points that it belongs to.
    #[serde(default)]
    pub group: String,
    /// Which score it counts for.
    #[serde(default)]
    pub of: Score,
    /// When it hit: at this touch or at an earlier one.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Tags it set.
    pub tags: Vec<String>,
    /// The disposition it asked for.
    pub disposition: Option<Disposition>,
    /// The reason it gave.
    pub reason: Option<String>,
    /// The team it asked for.
    pub team: Option<Name>,
    /// The priority it asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Custom fields it set.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    pub set: Fields,
    /// The words that made it hit, shortened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matched: Vec<String>,
}

/// Who gets the lead, and why nobody else; made by `assign`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Routing {
    /// The team.
    pub team: Option<Name>,
    /// The owner.
    pub owner: Option<Name>,
    /// One sentence: how the team and owner were found.
    pub reason: String,
    /// Everybody who was considered, in the order of the rotation.
    pub candidates: Vec<Candidate>,
    /// Nobody is free: until when the lead waits for one.
    #[serde(default)]
    pub held_until: Option<Timestamp>,
}

impl Routing {
    /// Who took a turn of the team's rotation for this lead, if anybody did.
    #[must_use]
    pub fn turn(&self) -> Option<&Name> {
        let chosen = self.candidates.iter().find(|candidate| candidate.fate == Fate::Chosen)?;
        chosen.reason.starts_with(Candidate::TURN).then_some(&chosen.owner)
    }
}

/// One owner who was considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub owner: Name,
    /// What happened.
    pub fate: Fate,
    /// Why.
    pub reason: Cow<'static, str>,
}

impl Candidate {
    /// How the reason starts when somebody was chosen because it was their turn: it counts in the
    /// rotation, while standing in for others does not.
    pub const TURN: &str = "it was their turn";
    /// How the reason starts when they were chosen because they work another lead of the person,
    pub const SAME_PERSON: &str = "works another lead of the same person";
    /// of the company,
    pub const SAME_COMPANY: &str = "works the newest open lead of the same company";
    /// because they passed it on,
    pub const FORWARDED: &str = "passed the lead on";
    /// because they stand in for somebody.
    pub const STANDS_IN: &str = "stands in for";
}

/// What happened to a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Got the lead.
    Chosen,
    /// Could have got it; it was not their turn.
    Waiting,
    /// Could not get it.
    Skipped,
}

/// Why a lead stands where it stands: one record for each time rules or people decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Sorts by time.
    pub id: Id,
    /// The lead.
    pub lead: Id,
    /// When.
    pub at: Timestamp,
    /// Who decided: `rules`, or a person.
    pub by: String,
    /// The intake that led to it.
    pub intake: Option<Id>,
    /// How the lead was recognised: new, or by which address or number.
    pub identity: String,
    /// What the rules said.
    pub verdict: Option<Verdict>,
    /// Who got it.
    pub routing: Routing,
}

impl Decision {
    /// What stands in `by` where no person decided.
    pub const BY_RULES: &'static str = "rules";
}
