//! A person's own verdict on a lead: it wins over the rules, now and at later touches.

use super::people::{is_over, settle_turn};
use super::{Error, Service};
use crate::lead::{Decision, Disposition, Fields, Id, Judged, Lead, Routing};
use crate::store::{self, Records, Unit};

/// What a person can set.
const FIELDS: [&str; 2] = ["disposition", "reason"];

/// What a person says about a lead.
#[derive(Clone, Debug)]
enum Wish {
    /// The rules are to decide again.
    Rules,
    /// Their own verdict; without a disposition only another reason.
    Own { disposition: Option<Disposition>, reason: Option<String> },
}

impl Service {
    /// Sets fields of a lead: `disposition` (or `null`, and the rules decide again) and its `reason`.
    /// The lead keeps who said so and when; a lead that was disqualified and is not any more gets an owner.
    pub async fn edit(&self, id: Id, fields: &Fields, by: &str) -> Result<Lead, Error> {
        let (wish, by, policy) = (read(fields)?, by.to_owned(), self.policy.get());
        let change = move |lead: &mut Lead, unit: &mut Unit<'_>| {
            let was_over = is_over(lead);
            judge(lead, &wish, &by, unit)?;
            settle_turn(lead, was_over, &policy.staff, unit)
        };
        let lead = self.change_lead(id, change).await?;
        if !lead.is_unowned() {
            return Ok(lead);
        }
        self.give_waiting().await?;
        Ok(self.store.view(|view| view.lead(id))?.unwrap_or(lead))
    }
}

fn read(fields: &Fields) -> Result<Wish, Error> {
    let known = FIELDS.join(", ");
    if let Some(unknown) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        return Err(Error::Invalid(format!("`{unknown}` cannot be set; there are: {known}")));
    }
    let text = |key: &str| match fields.get(key) {
        None => Ok(None),
        Some(serde_json::Value::Null) => Ok(Some(None)),
        Some(serde_json::Value::String(text)) => Ok(Some(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))),
        Some(_) => Err(Error::Invalid(format!("`{key}` must be a text or null"))),
    };
    let (disposition, reason) = (text("disposition")?, text("reason")?);
    match disposition {
        None if reason.is_none() => Err(Error::Invalid(format!("nothing is to be set; there are: {known}"))),
        None => Ok(Wish::Own { disposition: None, reason: reason.flatten() }),
        Some(None) => Ok(Wish::Rules),
        Some(Some(word)) => {
            let found = Disposition::ALL.into_iter().find(|known| known.as_str() == word);
            let disposition = found.ok_or_else(|| {
                let words = Disposition::ALL.map(Disposition::as_str).join(", ");
                Error::Invalid(format!("there is no disposition `{word}`; there are: {words}"))
            })?;
            let reason = reason.flatten();
            if disposition == Disposition::Disqualified && reason.is_none() {
                return Err(Error::Invalid("a disqualified lead needs a reason: reason=\"supplier\"".into()));
            }
            Ok(Wish::Own { disposition: Some(disposition), reason })
        }
    }
}

fn judge(lead: &mut Lead, wish: &Wish, by: &str, unit: &mut Unit<'_>) -> Result<(), store::Error> {
    let before = lead.disposition;
    let said = match wish {
        Wish::Rules => {
            if lead.assessment.judged.take().is_none() {
                return Ok(());
            }
            let verdict = unit.last_verdict(lead.id)?;
            lead.disposition = verdict.as_ref().map_or(Disposition::Unqualified, |verdict| verdict.disposition);
            lead.reason = verdict.and_then(|verdict| verdict.reason);
            "the rules decide again".to_owned()
        }
        Wish::Own { disposition, reason } => {
            let disposition = disposition.unwrap_or(lead.disposition);
            let because = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
            lead.assessment.judged =
                Some(Judged { disposition, reason: reason.clone(), by: by.to_owned(), at: unit.now() });
            lead.disposition = disposition;
            lead.reason.clone_from(reason);
            format!("{by} judged it {}{because}", disposition.as_str())
        }
    };
    let text = format!("{} → {}; {said}", before.as_str(), lead.disposition.as_str());
    unit.add_event(lead.id, by, "judged", text)?;
    let reason = "a verdict changes no owner".to_owned();
    let routing = Routing { team: lead.team.clone(), owner: lead.owner.clone(), reason, ..Routing::default() };
    let (id, at) = (unit.new_id(), unit.now());
    unit.add_decision(&Decision {
        id,
        lead: lead.id,
        at,
        by: by.to_owned(),
        intake: None,
        identity: said,
        verdict: None,
        routing,
    })
}
