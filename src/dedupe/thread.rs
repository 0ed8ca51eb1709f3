//! Which lead's conversation a mail continues, and whether whoever wrote it belongs there.
//!
//! A mail names the mails that it answers. Anybody who has seen one of those can name it, so that
//! alone makes nobody the lead: it says which of a person's leads is meant, and where a colleague of
//! the lead writes. Our own notices carry a name that only we can make.

use jiff::{SignedDuration, Timestamp};

use crate::lead::{Content, Email, Id, Lead, Returned, Thread};
use crate::normalize::{company, robot};
use crate::store::{Error, Records};

/// Mails with the same name or subject that are looked at, newest first.
const LOOKED_AT: usize = 25;
/// A subject alone continues only what was lately spoken of.
const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A conversation that a mail continues.
#[derive(Debug)]
pub struct Talk {
    /// Whose it is.
    pub lead: Lead,
    /// What says so, in words.
    pub because: &'static str,
}

/// The conversation that a mail continues, if it is plainly that of one lead.
pub fn talk(content: &Content, now: Timestamp, records: &impl Records) -> Result<Option<Talk>, Error> {
    let Some(thread) = &content.thread else { return Ok(None) };
    if let Some(talk) = named(&thread.answers, records)? {
        return Ok(Some(talk));
    }
    match &thread.subject {
        Some(subject) if thread.reply => by_subject(content, subject, thread, now, records),
        _ => Ok(None),
    }
}

/// The lead whose conversation it is, as the provider says: nothing else has to speak for it.
pub fn conversation(content: &Content, records: &impl Records) -> Result<Option<Lead>, Error> {
    for name in content.thread.iter().flat_map(|thread| &thread.conversations) {
        if let Some(lead) = super::best(leads_with(&Thread::conversation_key(name), records)?) {
            return Ok(Some(lead));
        }
    }
    Ok(None)
}

/// The conversation that these names of mails lead to, the nearest first.
pub fn named(ids: &[String], records: &impl Records) -> Result<Option<Talk>, Error> {
    let key = records.seal_key()?;
    for id in ids {
        let ours = key.as_ref().and_then(|key| key.lead_of(id));
        if let Some(lead) = ours.map(|lead| records.lead(lead)).transpose()?.flatten() {
            return Ok(Some(Talk { lead, because: "it answers a notice of ours about the lead" }));
        }
        // Some form mailers give all their mails one name.
        if let [lead] = &mut leads_with(&Thread::id_key(id), records)?[..] {
            return Ok(Some(Talk { lead: lead.clone(), because: "it answers a mail of the lead's conversation" }));
        }
    }
    Ok(None)
}

/// The one lead with this subject among whose mails the writer or a receiver is found.
fn by_subject(
    content: &Content,
    subject: &str,
    thread: &Thread,
    now: Timestamp,
    records: &impl Records,
) -> Result<Option<Talk>, Error> {
    let mut found = None;
    for lead in leads_with(&Thread::subject_key(subject), records)? {
        let lately = now.duration_since(lead.updated_at) < WINDOW;
        let takes_part = |email: &Email| lead.person.emails.contains(email) || knows(&lead, email);
        if lately
            && (thread.to.iter().any(takes_part)
                || content.person.emails.iter().any(takes_part)
                || is_invited(&lead, content, records)?)
            && found.replace(lead).is_some()
        {
            return Ok(None);
        }
    }
    Ok(found.map(|lead| Talk { lead, because: "it has the subject and the participants of the lead's conversation" }))
}

/// The leads whose mails have this key.
fn leads_with(key: &str, records: &impl Records) -> Result<Vec<Lead>, Error> {
    let mut leads: Vec<Lead> = Vec::new();
    for mail in records.mails_with(key, LOOKED_AT)? {
        if let Some(lead) = records.lead_of(mail)?
            && !leads.iter().any(|known| known.id == lead.id)
        {
            leads.push(lead);
        }
    }
    Ok(leads)
}

/// What makes somebody with another address a part of a lead's conversation; `None`: nothing does.
pub fn belongs(lead: &Lead, content: &Content, records: &impl Records) -> Result<Option<String>, Error> {
    let Some(email) = content.person.emails.first() else { return Ok(None) };
    // Whose domain says that the mail is not its own is nobody's colleague.
    let denied = content.authentication.as_ref().is_some_and(|found| found.denies(email.domain()));
    if robot::is_robot(email) || denied {
        return Ok(None);
    }
    if let Some(domain) = same_company(lead, email) {
        return Ok(Some(format!("whoever wrote is at the same company ({domain})")));
    }
    if knows(lead, email) {
        return Ok(Some("whoever wrote has done so before".into()));
    }
    if super::are_namesakes(&lead.person, &content.person) {
        return Ok(Some("whoever wrote has the same name".into()));
    }
    Ok(is_invited(lead, content, records)?.then(|| "the lead had copied whoever wrote".into()))
}

/// The domain that a lead and an address share, unless it is a mail provider's.
#[must_use]
pub fn same_company(lead: &Lead, email: &Email) -> Option<String> {
    let own = |email: &Email| (!company::is_freemail(email.domain())).then(|| company::registrable(email.domain()));
    let domain = own(email)?;
    let known = lead.person.emails.iter().filter_map(own).chain(lead.person.domain.clone());
    known.into_iter().any(|known| known == domain).then_some(domain)
}

/// Whether somebody has written in the lead's conversations.
#[must_use]
pub fn knows(lead: &Lead, email: &Email) -> bool {
    lead.others.iter().any(|other| other.email == *email)
}

/// Whether a mail of the lead itself was sent to the writer, too.
fn is_invited(lead: &Lead, content: &Content, records: &impl Records) -> Result<bool, Error> {
    let Some(email) = content.person.emails.first() else { return Ok(false) };
    let touches = records.touches(lead.id)?;
    let own = touches.iter().filter(|touch| {
        let by = &touch.content.person.emails;
        by.iter().any(|email| lead.person.emails.contains(email))
    });
    let mut threads = own.filter_map(|touch| touch.content.thread.as_ref());
    Ok(threads.any(|thread| thread.to.contains(email)))
}

/// The lead whom one of our own people has written to.
pub fn written_to(
    content: &Content,
    by_owner: bool,
    now: Timestamp,
    records: &impl Records,
) -> Result<Option<Talk>, Error> {
    let Some(thread) = &content.thread else { return Ok(None) };
    if let Some(talk) = talk(content, now, records)? {
        let lead = &talk.lead;
        let reaches = |email: &Email| {
            lead.person.emails.contains(email) || knows(lead, email) || same_company(lead, email).is_some()
        };
        if thread.to.iter().any(reaches) {
            return Ok(Some(talk));
        }
    }
    // A website that confirms what was filled in writes in our name, too, but answers nothing.
    if !(thread.reply || by_owner) {
        return Ok(None);
    }
    for email in thread.to.iter().filter(|email| !robot::is_robot(email)) {
        if let Some(lead) = super::best(super::with_key(records, &format!("email:{email}"))?) {
            return Ok(Some(Talk { lead, because: "it was sent to the lead's address" }));
        }
    }
    Ok(None)
}

/// The leads that an undelivered mail was for, with their addresses that it did not reach.
pub fn not_reached(returned: &Returned, records: &impl Records) -> Result<Vec<(Lead, Vec<Email>)>, Error> {
    let mut found: Vec<(Lead, Vec<Email>)> = Vec::new();
    let mut ids: Vec<Id> = Vec::new();
    for email in &returned.recipients {
        for lead in super::with_key(records, &format!("email:{email}"))? {
            if !ids.contains(&lead.id) {
                ids.push(lead.id);
                let failing = returned.recipients.iter().filter(|email| lead.person.emails.contains(email));
                let failing = failing.cloned().collect();
                found.push((lead, failing));
            }
        }
    }
    // Without a report that follows the standard, the mail that came back says whom it was for.
    if found.is_empty()
        && returned.recipients.is_empty()
        && let Some(talk) = named(&returned.ids, records)?
    {
        let lead = talk.lead;
        let failing: Vec<Email> =
            returned.named.iter().filter(|email| lead.person.emails.contains(email)).cloned().collect();
        if !failing.is_empty() {
            found.push((lead, failing));
        }
    }
    Ok(found)
}
