//! A lead as the projection of its touches: what came first stands, what is new is added.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::lead::{Assessment, Attribution, Content, Correspondent, Disposition, Id, Lead, Person, Stage, Touch};
use crate::mistakes::{self, Mistake};
use crate::normalize::email;
use crate::normalize::fields::label::is_click_id;

/// A new lead, before any rule has seen it.
#[must_use]
pub fn open(id: Id, touch: &Touch, now: Timestamp) -> Lead {
    let content = &touch.content;
    let mut lead = Lead {
        id,
        created_at: now,
        updated_at: now,
        person: Person::default(),
        subject: None,
        message: None,
        attribution: Attribution {
            channel: touch.channel.clone(),
            form: content.form.clone(),
            page: content.page.clone(),
            referrer: content.referrer.clone(),
            utm: content.utm.clone(),
        },
        forwarded_by: None,
        consent: None,
        fields: serde_json::Map::new(),
        attachments: Vec::new(),
        score: 0,
        assessment: Assessment::default(),
        tags: Vec::new(),
        disposition: Disposition::Unqualified,
        reason: None,
        stage: Stage::New,
        stage_reason: None,
        team: None,
        owner: None,
        assigned_at: None,
        held_until: None,
        handling: None,
        next_step: None,
        away_until: None,
        failing: Vec::new(),
        others: Vec::new(),
        touch_count: 0,
        problems: Vec::new(),
    };
    absorb(&mut lead, content, now);
    lead
}

/// Adds what a touch says to its lead. What the lead already says stands.
pub fn absorb(lead: &mut Lead, content: &Content, now: Timestamp) {
    add_person(&mut lead.person, &content.person);
    fill(&mut lead.subject, content.subject.as_ref());
    if mistakes::made(Mistake::TouchOverwritesMessage) {
        lead.message.take();
    }
    fill(&mut lead.message, content.text.as_ref());
    fill(&mut lead.forwarded_by, content.forwarded_by.as_ref());
    fill(&mut lead.consent, content.consent.as_ref());
    attribute(&mut lead.attribution, content);
    for (label, value) in &content.fields {
        if !lead.fields.contains_key(label) {
            lead.fields.insert(label.clone(), value.clone());
        }
    }
    add(&mut lead.attachments, &content.attachments);
    add(&mut lead.problems, &content.problems);
    hear(lead, content);
    lead.touch_count += 1;
    lead.updated_at = now;
}

/// Adds what somebody else wrote in the lead's conversation. It says nothing about the lead itself,
/// and the address is noted apart: it recognises nobody.
pub fn join(lead: &mut Lead, content: &Content, now: Timestamp) {
    add(&mut lead.attachments, &content.attachments);
    add(&mut lead.problems, &content.problems);
    if let Some(email) = content.person.emails.first()
        && !super::thread::knows(lead, email)
    {
        lead.others.push(Correspondent { email: email.clone(), name: content.person.name.clone() });
    }
    lead.touch_count += 1;
    lead.updated_at = now;
}

/// A mail from an address shows that it is in use, and that its owner is back.
fn hear(lead: &mut Lead, content: &Content) {
    if lead.failing.is_empty() && lead.away_until.is_none() {
        return;
    }
    let Some((_, from)) = content.from.as_deref().and_then(email::parse_mailbox) else { return };
    if content.thread.is_some() && content.person.emails.contains(&from) {
        lead.failing.retain(|failing| failing.email != from);
        lead.away_until = None;
    }
}

fn add_person(known: &mut Person, new: &Person) {
    // A name is taken whole: parts of two spellings would make a third person.
    if known.name.is_none() {
        known.name.clone_from(&new.name);
        known.given_name.clone_from(&new.given_name);
        known.family_name.clone_from(&new.family_name);
    }
    add(&mut known.emails, &new.emails);
    add(&mut known.phones, &new.phones);
    fill(&mut known.company, new.company.as_ref());
    fill(&mut known.domain, new.domain.as_ref());
    fill(&mut known.job_title, new.job_title.as_ref());
    fill(&mut known.website, new.website.as_ref());
    fill(&mut known.country, new.country.as_ref());
    fill(&mut known.language, new.language.as_ref());
}

/// Says where the lead came from as far as nothing has said so yet.
fn attribute(known: &mut Attribution, content: &Content) {
    fill(&mut known.form, content.form.as_ref());
    fill(&mut known.page, content.page.as_ref());
    fill(&mut known.referrer, content.referrer.as_ref());
    add_campaign(&mut known.utm, &content.utm);
}

/// Adds what a touch says of its campaign: the parameters, and the click. Parts of two campaigns would make a
/// third one, so nothing is added where one of the two is known and the touch has another.
fn add_campaign(known: &mut BTreeMap<String, String>, new: &BTreeMap<String, String>) {
    let is_another = |click: bool| {
        let part = |name: &&String| is_click_id(name) == click;
        let common = || new.keys().filter(part).filter(|name| known.contains_key(*name));
        let both = known.keys().any(|name| part(&name)) && new.keys().any(|name| part(&name));
        both && (common().next().is_none() || common().any(|name| known[name] != new[name]))
    };
    if is_another(true) || is_another(false) {
        return;
    }
    for (name, value) in new {
        known.entry(name.clone()).or_insert_with(|| value.clone());
    }
}

fn fill<T: Clone>(known: &mut Option<T>, new: Option<&T>) {
    if known.is_none() {
        *known = new.cloned();
    }
}

fn add<T: Clone + PartialEq>(known: &mut Vec<T>, new: &[T]) {
    for item in new {
        if !known.contains(item) {
            known.push(item.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::{Email, Kind, Name};

    #[test]
    fn a_second_touch_adds_and_does_not_overwrite() {
        let touch = |text: &str, name: Option<&str>, email: &str| Touch {
            id: Id::MIN,
            lead: Id::MIN,
            channel: Name::parse("web").unwrap(),
            kind: Kind::Form,
            received_at: Timestamp::UNIX_EPOCH,
            content: Content {
                text: Some(text.into()),
                person: Person {
                    name: name.map(str::to_owned),
                    emails: vec![Email(email.into())],
                    ..Person::default()
                },
                ..Content::default()
            },
        };
        let mut lead = open(Id::MIN, &touch("first", None, "a@x.example"), Timestamp::UNIX_EPOCH);
        absorb(&mut lead, &touch("second", Some("Max"), "b@x.example").content, Timestamp::UNIX_EPOCH);
        assert_eq!(lead.message.as_deref(), Some("first"));
        assert_eq!(lead.person.name.as_deref(), Some("Max"));
        assert_eq!(lead.person.emails.len(), 2);
        assert_eq!(lead.touch_count, 2);
    }

    #[test]
    fn attribution_is_filled_in_and_the_first_one_stands() {
        let of = |page: &str, utm: &[(&str, &str)]| Content {
            page: (!page.is_empty()).then(|| page.to_owned()),
            utm: utm.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Content::default()
        };
        let page = "https://k.example/p";
        let late = of(page, &[("source", "google"), ("gclid", "LATE")]);
        for (first, later, expected) in vec![
            (of("", &[]), late.clone(), late.clone()),
            (
                of("https://k.example/", &[]),
                late.clone(),
                of("https://k.example/", &[("source", "google"), ("gclid", "LATE")]),
            ),
            // A click or campaign that is there stays, and takes nothing from another one.
            (of("", &[("source", "bing")]), late.clone(), of(page, &[("source", "bing")])),
            (of("", &[("gclid", "FIRST")]), late.clone(), of(page, &[("gclid", "FIRST")])),
            (of("", &[("fbclid", "FIRST")]), late.clone(), of(page, &[("fbclid", "FIRST")])),
            (of("", &[("campaign", "spring")]), late.clone(), of(page, &[("campaign", "spring")])),
            // The same one is told more of.
            (of("", &[("gclid", "LATE")]), late.clone(), late.clone()),
            (of("", &[("source", "google")]), late.clone(), late.clone()),
            (of(page, &[("gclid", "A")]), of("", &[("source", "x")]), of(page, &[("gclid", "A"), ("source", "x")])),
        ] {
            let touch = Touch {
                id: Id::MIN,
                lead: Id::MIN,
                channel: Name::parse("web").unwrap(),
                kind: Kind::Form,
                received_at: Timestamp::UNIX_EPOCH,
                content: first.clone(),
            };
            let mut lead = open(Id::MIN, &touch, Timestamp::UNIX_EPOCH);
            absorb(&mut lead, &later, Timestamp::UNIX_EPOCH);
            let found = (&lead.attribution.page, &lead.attribution.utm);
            assert_eq!(found, (&expected.page, &expected.utm), "{first:?} {later:?}");
        }
    }
}
