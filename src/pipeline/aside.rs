//! What mails that are no wish say about a lead that is known: it is away, mail does not reach it,
//! one of our own people has written to it. Nobody is told (but of a meeting that was cancelled), and no turn
//! is taken.

use super::{Fate, Policy};
use crate::dedupe::{self, Place, thread};
use crate::lead::{Aside, Content, Email, Failing, Id, Inbound, Lead, Outcome, Person, Returned, Says, Stage, Touch};
use crate::store::{Error, Unit};

impl Policy {
    /// Notes what an item says about a lead; one that says nothing about any is ignored, or a
    /// person has to look at it.
    pub(super) fn beside(
        &self,
        inbound: &Inbound,
        intake: Id,
        aside: &Aside,
        unit: &mut Unit<'_>,
    ) -> Result<Fate, Error> {
        let fate = match &aside.says {
            Says::Automatic => automatic(inbound, intake, aside, unit)?,
            Says::Failed(returned) => not_reached(aside, returned, unit)?,
            Says::Colleague(email) => self.written_to(intake, aside, email, unit)?,
            Says::Meeting(meeting) => self.called_off(inbound, intake, aside, meeting, unit)?,
        };
        Ok(fate.unwrap_or_else(|| Fate::without_lead(aside.outcome, &aside.reason)))
    }

    /// The lead has been written to: it waits for nobody any more.
    fn written_to(
        &self,
        intake: Id,
        aside: &Aside,
        colleague: &Email,
        unit: &mut Unit<'_>,
    ) -> Result<Option<Fate>, Error> {
        let owner = self.staff.owners().iter().find(|owner| owner.email.as_ref() == Some(colleague));
        // A script on a website may write in an owner's name.
        let by_hand = owner.is_some() && !aside.content.headers.contains_key("x-php-originating-script");
        let found = thread::written_to(&aside.content, by_hand, unit.now(), unit)?;
        let Some(thread::Talk { mut lead, because }) = found else { return Ok(None) };
        let by = owner.map_or_else(|| colleague.to_string(), |owner| owner.id.to_string());
        let before = lead.stage;
        if matches!(before, Stage::New | Stage::Accepted) {
            lead.stage = Stage::Contacted;
            let text = format!("{} → {}: {by} has written to the lead", before.as_str(), lead.stage.as_str());
            unit.add_event(lead.id, &by, "stage", text)?;
        } else {
            unit.add_event(lead.id, &by, "answered", format!("{by} has written to the lead"))?;
        }
        lead.updated_at = unit.now();
        unit.put_lead(&lead)?;
        // What the lead answers to it belongs to the same conversation.
        if let Some(thread) = &aside.content.thread {
            unit.add_to_thread(intake, thread)?;
        }
        let stage = if lead.stage == before { "stays" } else { "is now" };
        let reason = format!(
            "one of our own people has written to the lead ({because}), which {stage} `{}`",
            lead.stage.as_str()
        );
        Ok(Some(noted(&lead, &reason)))
    }
}

/// The lead's mail program answered: kept as a touch that says until when the person is away.
fn automatic(inbound: &Inbound, intake: Id, aside: &Aside, unit: &mut Unit<'_>) -> Result<Option<Fate>, Error> {
    // Numbers in such an answer are those of whoever stands in.
    let person = Person { phones: Vec::new(), ..aside.content.person.clone() };
    let content = Content { person, ..aside.content.clone() };
    let (mut lead, because) = match dedupe::place(&content, unit.now(), unit)? {
        Place::Existing { lead, because, .. } | Place::Joining { lead, because } => (*lead, because),
        Place::New { .. } | Place::Unsure { .. } => return Ok(None),
    };
    let until = content.away_until.map_or_else(String::new, |day| format!(", away until {day}"));
    if content.person.emails.iter().any(|email| lead.person.emails.contains(email)) {
        lead.away_until = content.away_until.or(lead.away_until);
    }
    lead.touch_count += 1;
    lead.updated_at = unit.now();
    unit.put_lead(&lead)?;
    unit.add_touch(&Touch::of(inbound, intake, lead.id, content))?;
    unit.add_event(lead.id, inbound.channel.as_str(), "away", format!("an automatic answer{until}"))?;
    let reason = format!("{}{until}; added to the lead with {because}; nobody is told", aside.reason);
    Ok(Some(Fate { outcome: Outcome::Touched, reason: Some(reason), lead: Some(lead.id), same_as: None, own: None }))
}

/// A mail to the lead came back: its address is failing.
fn not_reached(aside: &Aside, returned: &Returned, unit: &mut Unit<'_>) -> Result<Option<Fate>, Error> {
    let mut fate = None;
    for (mut lead, addresses) in thread::not_reached(returned, unit)? {
        for email in addresses {
            lead.failing.retain(|failing| failing.email != email);
            let why = returned.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            unit.add_event(lead.id, "rules", "failing", format!("a mail to {email} could not be delivered{why}"))?;
            lead.failing.push(Failing { email, at: unit.now(), why: returned.why.clone() });
        }
        lead.updated_at = unit.now();
        unit.put_lead(&lead)?;
        fate =
            fate.or_else(|| Some(noted(&lead, &format!("{}; the lead's address is marked as failing", aside.reason))));
    }
    Ok(fate)
}

/// An item that is ignored, and says something about a lead.
fn noted(lead: &Lead, reason: &str) -> Fate {
    Fate { outcome: Outcome::Ignored, reason: Some(reason.to_owned()), lead: Some(lead.id), same_as: None, own: None }
}
