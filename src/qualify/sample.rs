//! Two leads that rules are tried on when they are loaded: one that has everything, one that has nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use crate::lead::{
    Assessment, Attachment, Attribution, Consent, Content, Danger, Disposition, Email, Fields, Id, Kind, Lead, Name,
    NameError, NextStep, Person, Phone, Stage, Touch,
};

/// A lead that nobody said anything about, and its touch, at `now`.
pub(super) fn nobody(now: Timestamp) -> Result<(Lead, Touch), NameError> {
    let channel = Name::parse("test")?;
    let (mut lead, mut touch) = (lead(&channel), touch(&channel));
    lead.created_at = now;
    lead.updated_at = now;
    touch.received_at = now;
    Ok((lead, touch))
}

/// A lead and a touch with all fields, and the same with none.
pub(super) fn samples() -> Result<[(Lead, Touch); 2], NameError> {
    let channel = Name::parse("website")?;
    let bare = (lead(&channel), touch(&channel));
    let full = (full_lead(lead(&channel)), full_touch(touch(&channel)));
    Ok([full, bare])
}

fn lead(channel: &Name) -> Lead {
    Lead {
        id: Id::MIN,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        person: Person::default(),
        subject: None,
        message: None,
        attribution: Attribution {
            channel: channel.clone(),
            form: None,
            page: None,
            referrer: None,
            utm: BTreeMap::new(),
        },
        forwarded_by: None,
        consent: None,
        fields: Fields::new(),
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
        touch_count: 1,
        problems: Vec::new(),
    }
}

fn touch(channel: &Name) -> Touch {
    Touch {
        id: Id::MIN,
        lead: Id::MIN,
        channel: channel.clone(),
        kind: Kind::Form,
        received_at: Timestamp::UNIX_EPOCH,
        content: Content::default(),
    }
}

fn full_lead(mut lead: Lead) -> Lead {
    let some = |text: &str| Some(text.to_owned());
    lead.person = Person {
        name: some("Max Mustermann"),
        given_name: some("Max"),
        family_name: some("Mustermann"),
        emails: vec![Email("max@firma.example".into()), Email("info@firma.example".into())],
        phones: vec![Phone("+493012345678".into())],
        company: some("Firma GmbH"),
        domain: some("firma.example"),
        job_title: some("Einkauf"),
        website: some("https://firma.example/"),
        country: some("DE"),
        language: some("de"),
    };
    lead.subject = some("Anfrage: Angebot, bitte");
    lead.message = some("Guten Tag, bitte senden Sie uns ein Angebot über 250 Stück. Vielen Dank!");
    lead.attribution.form = some("contact");
    lead.attribution.page = some("https://www.example.com/kontakt");
    lead.attribution.referrer = some("https://www.example.net/");
    lead.attribution.utm = BTreeMap::from([("source".into(), "newsletter".into())]);
    lead.forwarded_by = Some(Email("anna@example.com".into()));
    lead.consent = Some(Consent { text: "ja".into(), at: Timestamp::UNIX_EPOCH });
    if let serde_json::Value::Object(fields) = json!({ "Budget": "5000", "seats": 250, "share": 0.5, "eilig": true }) {
        lead.fields = fields;
    }
    lead.attachments = vec![Attachment {
        name: "plan.pdf".into(),
        content_type: "application/pdf".into(),
        size: 1024,
        sha256: "0".repeat(64),
        danger: Some(Danger::Disguised),
    }];
    lead.stage_reason = some("no need");
    lead.assigned_at = Some(Timestamp::UNIX_EPOCH);
    lead.held_until = Some(Timestamp::UNIX_EPOCH);
    lead.next_step = Some(NextStep { text: "call back".into(), due: Timestamp::UNIX_EPOCH });
    lead.problems = vec!["the phone number is not valid".into()];
    lead
}

fn full_touch(mut touch: Touch) -> Touch {
    let some = |text: &str| Some(text.to_owned());
    touch.content.from = some("\"Max\" <Max@Firma.example>");
    touch.content.subject = some("Anfrage: Angebot, bitte");
    touch.content.text = some("Guten Tag, bitte senden Sie uns ein Angebot über 250 Stück. Vielen Dank!");
    touch.content.page = some("https://www.example.com/kontakt");
    touch.content.headers = BTreeMap::from([("user-agent".into(), "Mozilla/5.0".into())]);
    touch
}
