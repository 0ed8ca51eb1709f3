//! What becomes of somebody's wish: dedupe → qualify → assign. Nothing is written here.
//!
//! In come an item and what it says; out goes all that is to be stored of it, or, for a test, told.

use jiff::Timestamp;

use super::Policy;
use crate::assign::{self, Ask, Turn};
use crate::dedupe;
use crate::lead::{Content, Disposition, Id, Inbound, Lead, Name, Outcome, Routing, Stage, Touch, Verdict};
use crate::mistakes::{self, Mistake};
use crate::store::{Error, Records, Unit};

/// An item that was weighed.
pub(super) struct Weighed {
    pub(super) touch: Touch,
    /// The lead as it is with this touch.
    pub(super) lead: Lead,
    /// `created` or `touched`.
    pub(super) outcome: Outcome,
    /// Whether it continues the lead's conversation.
    pub(super) answers: bool,
    /// How the lead was recognised.
    pub(super) because: String,
    pub(super) verdict: Verdict,
    pub(super) routing: Routing,
    /// The turn that its owner takes with it.
    pub(super) turn: Option<Turn>,
}

impl Policy {
    /// Finds the lead that an item belongs to, what the rules say of it, and who gets it.
    pub(super) fn weigh(
        &self,
        inbound: &Inbound,
        intake: Id,
        content: &Content,
        unit: &mut Unit<'_>,
    ) -> Result<Weighed, Error> {
        let now = unit.now();
        let mut touch = Touch::of(inbound, intake, Id::MIN, content.clone());
        let mut answers = false;
        let (mut lead, outcome, because) = match dedupe::place(content, now, unit)? {
            dedupe::Place::New { because } => (dedupe::open(unit.new_id(), &touch, now), Outcome::Created, because),
            dedupe::Place::Unsure { because } => {
                touch.content.problems.push(because.clone());
                (dedupe::open(unit.new_id(), &touch, now), Outcome::Created, because)
            }
            dedupe::Place::Existing { mut lead, because, answer } => {
                dedupe::absorb(&mut lead, content, now);
                answers = answer;
                (*lead, Outcome::Touched, because)
            }
            dedupe::Place::Joining { mut lead, because } => {
                dedupe::join(&mut lead, content, now);
                answers = true;
                (*lead, Outcome::Touched, because)
            }
        };
        // Both the ledger and the decision tell how the person was found.
        let because = match &content.authorship {
            Some(authorship) => format!("{because}; {authorship}"),
            None => because,
        };
        let because = match &content.authentication {
            Some(found) => format!("{because}; its sender: {found}"),
            None => because,
        };
        touch.lead = lead.id;
        let verdict = self.judge(&mut lead, &touch, unit)?;
        let reopens = outcome == Outcome::Touched && lead.stage == Stage::Lost;
        let (routing, turn) = self.place_with_owner(&mut lead, &verdict, reopens, unit)?;
        Ok(Weighed { touch, lead, outcome, answers, because, verdict, routing, turn })
    }

    /// Asks the rules about a lead and its newest touch.
    fn judge(&self, lead: &mut Lead, touch: &Touch, unit: &Unit<'_>) -> Result<Verdict, Error> {
        let earlier = unit.last_verdict(lead.id)?;
        let owned = lead.owner.is_some();
        Ok(self.stands(lead, touch, unit.now(), earlier.as_ref(), owned))
    }

    /// Where the rules say that a lead stands; what they said about earlier touches still counts,
    /// each rule once. `owned`: somebody works it.
    pub(super) fn stands(
        &self,
        lead: &mut Lead,
        touch: &Touch,
        now: Timestamp,
        earlier: Option<&Verdict>,
        owned: bool,
    ) -> Verdict {
        let verdict = self.rules.judge_after(earlier, lead, touch, now);
        // A person's own verdict stands, and a lead that somebody works is not taken away by one more message.
        let open = lead.assessment.judged.is_none();
        if open && (!owned || verdict.disposition != Disposition::Disqualified) {
            lead.disposition = verdict.disposition;
            lead.reason.clone_from(&verdict.reason);
        }
        lead.score = verdict.score;
        lead.assessment.fit = verdict.fit;
        lead.assessment.engagement = verdict.engagement;
        lead.assessment.priority = verdict.priority.unwrap_or_default();
        lead.assessment.custom.clone_from(&verdict.custom);
        lead.tags.clone_from(&verdict.tags);
        verdict
    }

    /// Gives the lead an owner unless it has one who can work it, or is to have none. A disqualified
    /// lead stays with whom a person gave it to.
    fn place_with_owner(
        &self,
        lead: &mut Lead,
        verdict: &Verdict,
        reopens: bool,
        unit: &Unit<'_>,
    ) -> Result<(Routing, Option<Turn>), Error> {
        let absences = unit.absences()?;
        let works = |id: &Name| self.staff.active(id).is_some() && !absences.has_left(id);
        let anew = reopens && !self.keeps_person(lead);
        let disqualified = lead.disposition == Disposition::Disqualified;
        if let Some(owner) = lead.owner.as_ref().filter(|_| !anew || disqualified) {
            let known = self.staff.owner(owner);
            let name = known.map_or(owner.as_str(), |owner| owner.name.as_str());
            let reason = match (disqualified, works(owner)) {
                (false, true) => Some(format!("{name} already works this lead")),
                (true, true) => {
                    Some(format!("{name} works this lead although it is disqualified: a person gave it to them"))
                }
                (true, false) => Some(format!(
                    "{name} keeps this lead although they are not active: disqualified leads take no turn in the rotation"
                )),
                (false, false) => None,
            };
            if let Some(reason) = reason {
                let (team, owner) = (lead.team.clone(), lead.owner.clone());
                return Ok((Routing { team, owner, reason, ..Routing::default() }, None));
            }
        } else if disqualified {
            let mut turn = None;
            if mistakes::made(Mistake::DisqualifiedTakesTurn) {
                turn = assign::route(&Ask::fresh(lead, verdict.team.as_ref(), unit.now()), &self.staff, unit)?.1;
            }
            let reason = "disqualified leads get no owner and take no turn".to_owned();
            return Ok((Routing { reason, ..Routing::default() }, turn));
        }
        let (routing, turn) = assign::route(&Ask::fresh(lead, verdict.team.as_ref(), unit.now()), &self.staff, unit)?;
        self.hand(lead, &routing, turn.as_ref(), unit.now(), &absences);
        Ok((routing, turn))
    }

    /// Whether a lead that comes back goes to who worked it before.
    fn keeps_person(&self, lead: &Lead) -> bool {
        let team = self.staff.team_or_default(lead.team.as_ref());
        team.is_none_or(|team| team.same_person)
    }
}
