//! The stored record of why: rules that hit, score arithmetic, every candidate owner.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Disposition, Id, Name};

/// What the rules say about a lead; made by `qualify`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Rules that hit, in order.
    pub hits: Vec<Hit>,
    /// Sum of their scores.
    pub score: i64,
    /// Their tags, each once.
    pub tags: Vec<String>,
    /// The verdict.
    pub disposition: Disposition,
    /// Why, for `disqualified` and `review`.
    pub reason: Option<String>,
    /// The team a rule chose.
    pub team: Option<Name>,
    /// Score from which a lead is qualified, as it was then.
    pub qualify_at: i64,
    /// Short hash of the rules that were asked.
    pub rules_version: String,
    /// Rules that could not be evaluated, with the cause; they did not hit.
    pub problems: Vec<String>,
}

impl Verdict {
    /// Adds what an earlier verdict on the same lead said: its hits count on, each rule once. A
    /// disposition that a rule asked for now wins; without one the threshold decides anew.
    pub fn join(&mut self, earlier: &Self) {
        for hit in &earlier.hits {
            if self.hits.iter().any(|known| known.rule == hit.rule) {
                continue;
            }
            self.score += hit.score;
            for tag in &hit.tags {
                if !self.tags.contains(tag) {
                    self.tags.push(tag.clone());
                }
            }
            self.hits.push(Hit { disposition: None, team: None, ..hit.clone() });
        }
        if self.disposition == Disposition::Unqualified
            && self.score >= self.qualify_at
            && self.hits.iter().all(|hit| hit.disposition.is_none())
        {
            self.disposition = Disposition::Qualified;
        }
    }
}

/// A rule that hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its name.
    pub rule: String,
    /// Where it stands: `10-intent.toml:12`.
    pub place: String,
    /// What it added.
    pub score: i64,
    /// Tags it set.
    pub tags: Vec<String>,
    /// The disposition it asked for.
    pub disposition: Option<Disposition>,
    /// The reason it gave.
    pub reason: Option<String>,
    /// The team it asked for.
    pub team: Option<Name>,
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
    pub reason: String,
}

impl Candidate {
    /// How the reason starts when somebody was chosen because it was their turn: it counts in the
    /// rotation, while standing in for others does not.
    pub const TURN: &str = "it was their turn";
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
