//! A letter for tests.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::Language;
use crate::config::Owner;
use crate::lead::{
    Assessment, Attribution, Content, Decision, Disposition, Email, Event, Fields, Hit, Id, Kind, Lead, Name, Notice,
    NoticeState, Person, Phone, Routing, Score, Stage, Touch, Verdict,
};
use crate::notify::{House, Letter};

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn owner(id: &str, full: &str) -> Owner {
    Owner {
        name: full.to_owned(),
        email: Some(Email(format!("{id}@example.com"))),
        notify: vec![name("mail")],
        ..Owner::new(name(id))
    }
}

pub(crate) fn house(language: Language) -> Arc<House> {
    let time_zone = TimeZone::get("Europe/Berlin").unwrap();
    Arc::new(House { instance: "https://leads.example.com".to_owned(), language, time_zone })
}

pub(crate) fn lead(id: Id) -> Lead {
    let at = "2026-11-23T09:12:44Z".parse().unwrap();
    Lead {
        id,
        created_at: at,
        updated_at: at,
        person: Person {
            name: Some("Max Müstermann".to_owned()),
            emails: vec![Email("max@firma.example".to_owned())],
            phones: vec![Phone("+493012345678".to_owned())],
            company: Some("Firma GmbH".to_owned()),
            ..Person::default()
        },
        subject: Some("Anfrage".to_owned()),
        message: Some("Bitte ein Angebot über 20 Stück".to_owned()),
        attribution: Attribution {
            channel: name("website"),
            form: None,
            page: Some("https://www.example.com/kontakt".to_owned()),
            referrer: None,
            utm: [("source".to_owned(), "messe".to_owned())].into(),
        },
        forwarded_by: None,
        consent: None,
        fields: Fields::new(),
        attachments: Vec::new(),
        score: 45,
        assessment: Assessment::default(),
        tags: vec!["intent:price".to_owned()],
        disposition: Disposition::Qualified,
        reason: None,
        stage: Stage::New,
        stage_reason: None,
        team: Some(name("sales")),
        owner: Some(name("anna")),
        assigned_at: Some(at),
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

pub(crate) fn letter() -> Letter {
    let at = "2026-11-23T09:12:44Z".parse().unwrap();
    let id = |random| Id::after(Id::MIN, at, random);
    let lead = lead(id(1));
    let mut fields = Fields::new();
    fields.insert("Stückzahl".to_owned(), "20".into());
    let content = Content {
        subject: lead.subject.clone(),
        text: lead.message.clone(),
        from: Some("Max <max@firma.example>".to_owned()),
        page: lead.attribution.page.clone(),
        fields,
        ..Content::default()
    };
    let touch =
        Touch { id: id(2), lead: lead.id, channel: name("website"), kind: Kind::Form, received_at: at, content };
    let hit = Hit {
        rule: "asks for a price".to_owned(),
        place: "10-intent.toml:12".to_owned(),
        score: 20,
        counted: Some(20),
        group: "engagement".to_owned(),
        of: Score::Engagement,
        at: Some(at),
        tags: Vec::new(),
        disposition: None,
        reason: None,
        team: None,
        priority: None,
        set: Fields::new(),
        matched: vec!["Angebot".to_owned()],
    };
    let verdict = Verdict {
        hits: vec![hit],
        score: 45,
        fit: 25,
        engagement: 20,
        groups: Vec::new(),
        tags: lead.tags.clone(),
        disposition: Disposition::Qualified,
        reason: None,
        team: None,
        priority: None,
        custom: Fields::new(),
        qualify_at: 30,
        rules_version: "abc".to_owned(),
        problems: Vec::new(),
        shadow: None,
    };
    let routing = Routing { reason: "team sales, whose turn it was".to_owned(), ..Routing::default() };
    let notice = Notice {
        id: id(3),
        lead: Some(lead.id),
        alarm: None,
        owner: Some(name("anna")),
        notifier: name("mail"),
        event: Event::Created,
        touch: Some(touch.id),
        decision: None,
        created_at: at,
        state: NoticeState::Pending,
        attempts: 0,
        next_at: Some(at),
        error: None,
        overtaken: false,
    };
    let decision = Decision {
        id: id(4),
        lead: lead.id,
        at,
        by: "rules".to_owned(),
        intake: Some(touch.id),
        identity: "new".to_owned(),
        verdict: Some(verdict),
        routing,
    };
    let house = house(Language::English);
    Letter {
        notice,
        lead,
        touch: Some(touch),
        decision: Some(decision),
        owner: Some(owner("anna", "Anna Schmidt")),
        conversation: Some("lotse-lead-x".to_owned()),
        house,
    }
}
