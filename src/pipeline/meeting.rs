//! What the news of a meeting changes: the lead's stage and its next step.

use super::{Fate, Policy, notices};
use crate::dedupe::{self, Place};
use crate::lead::{Aside, Content, Event, Id, Inbound, Lead, Meeting, News, NextStep, Outcome, Stage, Touch};
use crate::store::{Error, Unit};

/// Takes a lead to its meeting; what its history says of it.
pub(super) fn arrange(lead: &mut Lead, meeting: &Meeting, content: &Content) -> Vec<(&'static str, String)> {
    let mut history = Vec::new();
    if let Some(due) = meeting.start {
        let verb = if meeting.news == News::Moved { "moved to" } else { "arranged for" };
        history.push(("meeting", format!("{meeting}, {verb} {due:.0}")));
        lead.next_step = Some(NextStep { text: meeting.to_string(), due });
        for label in [Meeting::BEGINS, Meeting::ENDS] {
            match content.fields.get(label) {
                Some(time) => _ = lead.fields.insert(label.to_owned(), time.clone()),
                None => _ = lead.fields.remove(label),
            }
        }
    }
    let before = lead.stage;
    if matches!(before, Stage::New | Stage::Accepted | Stage::Contacted) {
        lead.stage = Stage::Meeting;
        lead.stage_reason = None;
        history.push(("stage", format!("{} → {}: a meeting was arranged", before.as_str(), lead.stage.as_str())));
    }
    history
}

/// Takes a cancelled meeting from a lead; whether that moved its stage.
pub(super) fn cancel(lead: &mut Lead, meeting: &Meeting) -> bool {
    let is_next = lead.next_step.as_ref().is_some_and(|step| meeting.start.is_none_or(|start| step.due == start));
    let begins = lead.fields.get(Meeting::BEGINS).and_then(|time| time.as_str()?.parse().ok());
    if is_next || begins.is_some() && begins == meeting.start {
        lead.fields.remove(Meeting::BEGINS);
        lead.fields.remove(Meeting::ENDS);
    }
    if !is_next {
        return false;
    }
    lead.next_step = None;
    let moved = lead.stage == Stage::Meeting;
    if moved {
        lead.stage = Stage::Contacted;
    }
    moved
}

impl Policy {
    /// A meeting of a lead that is known was cancelled, or made way for another: the owner is told of the former.
    pub(super) fn called_off(
        &self,
        inbound: &Inbound,
        intake: Id,
        aside: &Aside,
        meeting: &Meeting,
        unit: &mut Unit<'_>,
    ) -> Result<Option<Fate>, Error> {
        let (mut lead, because) = match dedupe::place(&aside.content, unit.now(), unit)? {
            Place::Existing { lead, because, .. } | Place::Joining { lead, because } => (*lead, because),
            Place::New { .. } | Place::Unsure { .. } => return Ok(None),
        };
        if meeting.news == News::MadeWay {
            return Ok(Some(Fate {
                outcome: Outcome::Ignored,
                reason: Some(aside.reason.clone()),
                lead: Some(lead.id),
                same_as: None,
                own: None,
            }));
        }
        unit.add_event(lead.id, inbound.channel.as_str(), "meeting", meeting.cancellation())?;
        if cancel(&mut lead, meeting) {
            unit.add_event(lead.id, "rules", "stage", "meeting → contacted: the meeting was cancelled".to_owned())?;
        }
        lead.touch_count += 1;
        lead.updated_at = unit.now();
        unit.put_lead(&lead)?;
        unit.add_touch(&Touch::of(inbound, intake, lead.id, aside.content.clone()))?;
        if !inbound.quiet {
            notices::tell(&lead, Event::Touched, Some(intake), &self.staff, unit)?;
        }
        let reason = format!("{}; added to the lead with {because}", aside.reason);
        Ok(Some(Fate {
            outcome: Outcome::Touched,
            reason: Some(reason),
            lead: Some(lead.id),
            same_as: None,
            own: None,
        }))
    }
}
