//! What every backend must do, told as one story; runs on each of them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{IntakeFilter, LeadFilter, Records, Store, Unit, redb};
use crate::lead::{
    Assessment, Attribution, Content, Disposition, Email, Event, Id, Intake, Kind, Lead, Name, Notice, NoticeState,
    Original, Outcome, Person, Place, Stage, Touch,
};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn lead(id: Id, email: &str, owner: &str) -> Lead {
    Lead {
        id,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        person: Person { emails: vec![Email(email.into())], ..Person::default() },
        subject: None,
        message: Some("Grüße".into()),
        attribution: Attribution {
            channel: name("web"),
            form: None,
            page: None,
            referrer: None,
            utm: std::collections::BTreeMap::new(),
        },
        forwarded_by: None,
        consent: None,
        fields: serde_json::from_str(r#"{"b":1,"a":["x",null]}"#).unwrap(),
        attachments: vec![],
        score: 5,
        assessment: Assessment::default(),
        tags: vec![],
        disposition: Disposition::Qualified,
        reason: None,
        stage: Stage::New,
        stage_reason: None,
        team: None,
        owner: Some(name(owner)),
        assigned_at: None,
        held_until: None,
        handling: None,
        next_step: None,
        away_until: None,
        failing: Vec::new(),
        others: Vec::new(),
        touch_count: 1,
        problems: vec![],
    }
}

/// One touch of a lead, with its ledger row.
fn touch(unit: &mut Unit<'_>, lead: Id) -> Result<(), super::Error> {
    let (id, channel, kind, received_at) = (unit.new_id(), name("web"), Kind::Form, Timestamp::UNIX_EPOCH);
    unit.put_intake(&Intake {
        id,
        channel: channel.clone(),
        kind,
        received_at,
        outcome: Outcome::Created,
        reason: None,
        lead: Some(lead),
        source: "0".into(),
        same_as: None,
        own: None,
        template: None,
        quiet: false,
        erased_at: None,
    })?;
    unit.add_touch(&Touch { id, lead, channel, kind, received_at, content: Content::default() })
}

/// Runs the story on a fresh store.
pub(crate) fn tell(store: &Store) {
    let now = Timestamp::from_millisecond(1_795_000_000_000).unwrap();

    // A lead is found by its key, whole, with its owner's counts.
    let id = store
        .unit(now, |unit| {
            let lead = lead(unit.new_id(), "a@firma.example", "anna");
            unit.put_lead(&lead)?;
            touch(unit, lead.id)?;
            unit.keep_place(&name("sales"), &Place::new("INBOX".into(), Some("1:7".into())))?;
            Ok(lead.id)
        })
        .unwrap();
    store
        .view(|view| {
            assert_eq!(view.lead(id)?, Some(lead(id, "a@firma.example", "anna")));
            assert_eq!(view.leads_with("email:a@firma.example", 9)?, [id]);
            assert!(view.leads_with("email:a@firma.exampl", 9)?.is_empty());
            assert_eq!(view.owner_counts(&name("anna"))?.open, 1);
            assert_eq!(view.place(&name("sales"), "INBOX")?.as_deref(), Some("1:7"));
            Ok(())
        })
        .unwrap();

    // A place that is moved on from another one than is kept stays: what is in between was refused.
    let moved = |after: Option<&str>, value: &str| {
        let (after, value) = (after.map(ToOwned::to_owned), Some(value.to_owned()));
        let place = Place { after, ..Place::new("INBOX".into(), value) };
        store.unit(now, |unit| unit.keep_place(&name("sales"), &place)).unwrap();
        store.view(|view| view.place(&name("sales"), "INBOX")).unwrap().unwrap()
    };
    assert_eq!(moved(Some("1:8"), "1:9"), "1:7");
    assert_eq!(moved(Some("1:7"), "1:8"), "1:8");
    assert_eq!(moved(None, "1:7"), "1:7");

    // A changed lead leaves no stale key and no stale count.
    store
        .unit(now, |unit| {
            let mut changed = lead(id, "b@firma.example", "jonas");
            changed.stage = Stage::Lost;
            unit.put_lead(&changed)
        })
        .unwrap();
    store
        .view(|view| {
            assert!(view.leads_with("email:a@firma.example", 9)?.is_empty());
            assert_eq!(view.leads_with("email:b@firma.example", 9)?, [id]);
            assert_eq!(view.owner_counts(&name("anna"))?.owned, 0);
            assert_eq!((view.owner_counts(&name("jonas"))?.open, view.owner_counts(&name("jonas"))?.owned), (0, 1));
            Ok(())
        })
        .unwrap();

    // A unit that fails leaves nothing, and its ids are not given out in the wrong order.
    let failed: Result<(), _> = store.unit(now, |unit| {
        let id = unit.new_id();
        unit.put_lead(&lead(id, "c@firma.example", "anna"))?;
        Err(super::Error::Broken("on purpose".into()))
    });
    assert!(failed.is_err());
    assert!(store.view(|view| view.leads_with("email:c@firma.example", 9)).unwrap().is_empty());

    // Ids go up even when the clock goes back; lists are newest first, in pages.
    let earlier = now - SignedDuration::from_hours(1);
    for (number, outcome) in [(1, Outcome::Quarantined), (2, Outcome::Ignored), (3, Outcome::Quarantined)] {
        store
            .unit(earlier, |unit| {
                let row = Intake {
                    id: unit.new_id(),
                    channel: name("web"),
                    kind: Kind::Form,
                    received_at: now,
                    outcome,
                    reason: None,
                    lead: None,
                    source: number.to_string(),
                    same_as: None,
                    own: None,
                    template: None,
                    quiet: false,
                    erased_at: None,
                };
                assert!(row.id > id);
                unit.keep_original(row.id, &Original { bytes: vec![0, 255, 10], ..Original::default() })?;
                unit.put_intake(&row)
            })
            .unwrap();
    }
    let unclear = IntakeFilter { outcome: Some(Outcome::Quarantined), channel: None };
    let first = store.intakes(&unclear, None, 1).unwrap();
    assert_eq!(first.items[0].source, "3");
    let original = store.view(|view| view.original(first.items[0].id)).unwrap();
    assert_eq!(original.unwrap().bytes, [0, 255, 10]);
    let second = store.intakes(&unclear, first.next, 1).unwrap();
    assert_eq!((second.items[0].source.as_str(), second.next), ("1", None));
    let found = LeadFilter { words: vec!["GRÜSSE".to_lowercase(), "grüße".into()], ..LeadFilter::default() };
    assert!(store.leads(&found, None, 10).unwrap().items.is_empty());
    let found = LeadFilter { words: vec!["Grüße".into(), "b@firma".into()], ..LeadFilter::default() };
    assert_eq!(store.leads(&found, None, 10).unwrap().items.len(), 1);

    notices_come_due(store, now, id);
    assert_eq!(store.audit().unwrap(), []);
}

/// A notice is due at its time, and no more once it is delivered.
fn notices_come_due(store: &Store, now: Timestamp, lead: Id) {
    let later = now + SignedDuration::from_secs(5);
    let mut notice = store
        .unit(now, |unit| {
            let notice = Notice {
                id: unit.new_id(),
                lead: Some(lead),
                alarm: None,
                owner: None,
                notifier: name("mail"),
                event: Event::Created,
                touch: None,
                decision: None,
                created_at: now,
                state: NoticeState::Pending,
                attempts: 0,
                next_at: Some(later),
                error: None,
                overtaken: false,
            };
            unit.put_notice(&notice)?;
            Ok(notice)
        })
        .unwrap();
    assert!(store.view(|view| view.due_notices(now, 10)).unwrap().is_empty());
    assert_eq!(store.view(|view| view.next_due()).unwrap(), Some(later));
    assert_eq!(store.view(|view| view.due_notices(later, 10)).unwrap(), [notice.clone()]);
    notice.state = NoticeState::Delivered;
    notice.next_at = None;
    store.unit(now, |unit| unit.put_notice(&notice)).unwrap();
    assert_eq!(store.view(|view| view.next_due()).unwrap(), None);
    for (state, count) in [(NoticeState::Pending, 0), (NoticeState::Delivered, 1), (NoticeState::Dead, 0)] {
        assert_eq!(store.view(|view| view.notice_count(state)).unwrap(), count, "{state:?}");
    }
}

#[test]
fn redb_tells_the_story() {
    let backend = redb::Redb::on(::redb::backends::InMemoryBackend::new()).unwrap();
    tell(&Store::with(Arc::new(backend)).unwrap());
}

#[test]
fn a_file_keeps_what_was_committed_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    tell(&Store::open(&path).unwrap());
    let again = Store::open(&path).unwrap();
    assert_eq!(again.view(|view| view.leads_with("email:b@firma.example", 9)).unwrap().len(), 1);
    let mode = std::fs::metadata(path.join("leads.redb")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_second_process_is_told_that_the_store_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let _open = Store::open(folder.path()).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(super::Error::Locked(_))));
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path()).unwrap().unit(Timestamp::now(), |unit| unit.set_format(99)).unwrap();
    assert!(matches!(Store::open(folder.path()), Err(super::Error::Newer { found: 99 })));
}
