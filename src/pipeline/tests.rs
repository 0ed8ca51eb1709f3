//! What becomes of items, told on a store in memory.

use jiff::Timestamp;

use super::{Policy, give, tell};
use crate::assign::Staff;
use crate::config;
use crate::intake::Prepared;
use crate::lead::{
    Aside, Content, Delivery, Disposition, Email, Event, Id, Identity, Inbound, Kind, Lead, Meeting, Name, News,
    Original, Outcome, Own, Person, Reading, Says, Trip,
};
use crate::qualify::Rules;
use crate::store::disk::Disk;
use crate::store::{Records, Store};

const SETTINGS: &str = "[owners.anna]\nnotify = [\"out\"]\n[owners.jonas]\nnotify = [\"out\"]\n\
     [teams.sales]\nmembers = [\"anna\", \"jonas\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n";

const RULES: &str = "[[rule]]\nname = \"students are not customers\"\n\
     when = 'lead.domain.endsWith(\".edu\")'\ndisposition = \"disqualified\"\nreason = \"student\"\n";

fn policy() -> Policy {
    policy_of(SETTINGS)
}

pub(super) fn policy_of(settings: &str) -> Policy {
    policy_by(settings, RULES)
}

/// These rules, and a staff of two teams.
pub(super) fn policy_with(rules: &str) -> Policy {
    let west = "[teams.west]\nmembers = [\"jonas\"]\n";
    policy_by(&format!("{}{west}", SETTINGS.replace("[teams.sales]", "[teams.sales]\ndefault = true")), rules)
}

pub(super) fn policy_by(settings: &str, rules: &str) -> Policy {
    let config = config::parse(settings, None).config.unwrap();
    let teams: Vec<_> = config.teams.iter().map(|team| team.name.clone()).collect();
    let rules = Rules::of(&[("10.toml", rules)], 30, &teams).unwrap();
    Policy { rules, staff: Staff::new(&config) }
}

pub(super) fn store() -> Store {
    Store::on(Disk::default()).unwrap()
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn content(email: &str) -> Content {
    let domain = email.split('@').nth(1).map(str::to_owned);
    Content { person: Person { emails: vec![Email(email.into())], domain, ..Person::default() }, ..Content::default() }
}

/// An item that is recognised by `identity`.
pub(super) fn item(identity: &str, reading: Reading) -> Prepared {
    Prepared {
        inbound: Inbound {
            channel: name("web"),
            kind: Kind::Form,
            received_at: Timestamp::UNIX_EPOCH,
            source: "a test".into(),
            delivery: Delivery::Named(identity.into()),
            original: Original { bytes: identity.into(), ..Original::default() },
            place: None,
            quiet: false,
        },
        identity: Identity { key: identity.into(), window: None },
        reading,
        template: None,
    }
}

/// Something that Lotse sent to itself, with the number by which it is known.
fn own(store: &Store, own: Own, kind: Kind) -> (Prepared, String) {
    let sent = store.unit(Timestamp::UNIX_EPOCH, |unit| {
        let key = unit.own_seal_key()?;
        let seal = key.seal(own);
        unit.put_trip(own, &name("web"), &Trip::begin(&seal, unit.now()))?;
        Ok((key.word(&seal), seal.number))
    });
    let (word, number) = sent.unwrap();
    let mut item = item(&word, Reading::Lead(Box::new(content("max@firma.example"))));
    item.inbound.kind = kind;
    (item, number)
}

#[test]
fn what_we_sent_to_ourselves_becomes_no_lead_and_takes_no_turn() {
    let (store, policy) = (store(), policy());
    let (test, number) = own(&store, Own::Test, Kind::Form);
    let (canary, _) = own(&store, Own::Canary, Kind::Mail);
    let take = |item: &Prepared| store.unit(Timestamp::UNIX_EPOCH, |unit| policy.take(item, unit)).unwrap();
    for (item, own) in [(&test, Own::Test), (&canary, Own::Canary)] {
        let (receipt, again) = (take(item), take(item));
        assert_eq!((receipt.outcome, receipt.lead, receipt.own), (Outcome::Ignored, None, Some(own)));
        assert_eq!((again.outcome, again.own), (Outcome::Redelivered, Some(own)));
        let view = |work: &dyn Fn(&crate::store::View<'_>) -> bool| store.view(|view| Ok(work(view))).unwrap();
        assert!(view(&|view| view.original(receipt.intake).unwrap().is_none()), "nothing of it is kept");
    }
    let trip = store.view(|view| view.trip(Own::Test, &name("web"))).unwrap().unwrap();
    let foreseen = trip.foreseen.unwrap();
    assert_eq!((trip.number, foreseen.outcome), (number, Outcome::Created));
    assert_eq!(foreseen.routing.unwrap().owner, Some(name("anna")));
    assert!(notices(&store).is_empty());
    assert_eq!(store.view(|view| view.rotation(&name("sales"))).unwrap().seats.len(), 0);
    assert!(store.audit().unwrap().is_empty());

    let (form, _) = own(&store, Own::Canary, Kind::Form);
    assert_eq!(take(&form).outcome, Outcome::Created, "a canary's seal hides no form");
}

pub(super) fn notices(store: &Store) -> Vec<(Name, Event)> {
    let due = store.view(|view| view.due_notices(Timestamp::MAX, 100)).unwrap();
    let mut due: Vec<_> = due.into_iter().map(|notice| (notice.id, notice.owner.unwrap(), notice.event)).collect();
    due.sort_by_key(|(id, ..)| *id);
    due.into_iter().map(|(_, owner, event)| (owner, event)).collect()
}

/// A person gives a lead to somebody.
fn assign(policy: &Policy, store: &Store, id: Id, owner: &str) {
    let assigned = store.unit(Timestamp::now(), |unit| {
        let mut lead = unit.lead(id)?.unwrap();
        give(&mut lead, Some(name(owner)), unit.now());
        unit.put_lead(&lead)?;
        tell(&lead, Event::Assigned, None, &policy.staff, unit)
    });
    assigned.unwrap();
}

#[test]
fn a_released_item_that_comes_again_belongs_to_the_lead_that_the_release_made() {
    let (policy, store) = (policy(), store());
    let unclear = item("1", Reading::Unclear("what is this".into()));
    let taken = store.unit(Timestamp::now(), |unit| policy.take(&unclear, unit)).unwrap();
    assert_eq!((taken.outcome, taken.lead), (Outcome::Quarantined, None));
    let released = store.unit(Timestamp::now(), |unit| {
        let row = unit.intake(taken.intake)?.unwrap();
        policy.release(&row, &unclear.inbound, &content("max@firma.example"), "anna", unit)
    });
    let lead = released.unwrap().lead;
    assert!(lead.is_some());

    let again = store.unit(Timestamp::now(), |unit| policy.take(&unclear, unit)).unwrap();
    assert_eq!((again.outcome, again.lead), (Outcome::Redelivered, lead));
    let row = store.view(|view| view.intake(again.intake)).unwrap().unwrap();
    assert_eq!((row.lead, row.same_as), (lead, Some(taken.intake)));
    let (_, time) = row.reason.as_deref().and_then(|reason| reason.rsplit_once(" of ")).unwrap();
    assert!(time.len() == "2026-11-23T09:12:44Z".len() && time.ends_with('Z'), "whole seconds: {time}");
}

#[test]
fn a_disqualified_lead_that_a_person_took_on_stays_theirs_when_it_writes_again() {
    let (policy, store) = (policy(), store());
    let take = |identity: &str| {
        let item = item(identity, Reading::Lead(Box::new(content("sam@uni.edu"))));
        store.unit(Timestamp::now(), |unit| policy.take(&item, unit)).unwrap()
    };
    let id = take("1").lead.unwrap();
    assert_eq!(store.view(|view| view.last_decision(id)).unwrap().unwrap().routing.owner, None);
    assert_eq!(notices(&store), []);
    assign(&policy, &store, id, "jonas");

    assert_eq!(take("2").outcome, Outcome::Touched);
    let (lead, decision) = store.view(|view| Ok((view.lead(id)?, view.last_decision(id)?))).unwrap();
    let (lead, routing) = (lead.unwrap(), decision.unwrap().routing);
    assert_eq!((lead.owner, lead.disposition), (Some(name("jonas")), Disposition::Disqualified));
    assert_eq!((routing.owner, routing.team), (Some(name("jonas")), lead.team));
    assert_eq!(routing.reason, "jonas works this lead although it is disqualified: a person gave it to them");
    assert!(routing.candidates.is_empty(), "it takes no turn");
    assert_eq!(notices(&store), [(name("jonas"), Event::Assigned), (name("jonas"), Event::Touched)]);
}

#[test]
fn details_of_a_chat_fill_a_lead_in_and_tell_nobody_unless_they_make_it() {
    let (policy, store) = (policy(), store());
    let take = |identity: &str, content: Content| {
        let item = item(identity, Reading::Lead(Box::new(content)));
        store.unit(Timestamp::now(), |unit| policy.take(&item, unit)).unwrap()
    };
    let detail = |person: Person| Content { only_details: true, person, ..content("max@firma.example") };
    let id = take("1", detail(Person { ..content("max@firma.example").person })).lead.unwrap();
    assert_eq!(notices(&store), [(name("anna"), Event::Created)]);
    let named = Person { name: Some("Max Muster".into()), ..content("max@firma.example").person };
    let utm = [("source".to_owned(), "google".to_owned())].into();
    let receipt = take("2", Content { utm, ..detail(named) });
    assert_eq!((receipt.outcome, receipt.lead), (Outcome::Touched, Some(id)));
    let lead = store.view(|view| view.lead(id)).unwrap().unwrap();
    assert_eq!(lead.attribution.utm["source"], "google");
    assert_eq!((lead.person.name.as_deref(), lead.touch_count), (Some("Max Muster"), 2));
    assert_eq!(notices(&store), [(name("anna"), Event::Created)]);
    take("3", Content { text: Some("Hello?".into()), ..content("max@firma.example") });
    assert_eq!(notices(&store), [(name("anna"), Event::Created), (name("anna"), Event::Touched)]);

    store
        .unit(Timestamp::now(), |unit| {
            let lead = unit.lead(id)?.unwrap();
            unit.put_lead(&crate::lead::Lead { stage: crate::lead::Stage::Lost, ..lead })
        })
        .unwrap();
    take("4", detail(content("max@firma.example").person));
    assert_eq!(notices(&store).len(), 3, "a lead that comes back is told");
}

#[test]
fn a_lead_tells_the_time_of_its_meeting_as_it_is_now_and_none_once_it_is_cancelled() {
    let (policy, store) = (policy(), store());
    let news = |news: News, start: &str| {
        let mut content = content("max@firma.example");
        content.fields.insert(Meeting::BEGINS.into(), start.into());
        let (title, start) = (Some("Demo".to_owned()), Some(start.parse().unwrap()));
        content.meeting = Some(Meeting { news, title, start, place: None, by: None, why: None });
        content
    };
    let take = |identity: &str, reading: Reading| {
        let item = item(identity, reading);
        let id = store.unit(Timestamp::now(), |unit| policy.take(&item, unit)).unwrap().lead.unwrap();
        store.view(|view| view.lead(id)).unwrap().unwrap()
    };
    let begins = |lead: &Lead| lead.fields.get(Meeting::BEGINS).and_then(|time| time.as_str()).map(str::to_owned);
    let (first, second) = ("2030-03-10T09:00:00Z", "2030-03-11T10:00:00Z");
    let booked = take("1", Reading::Lead(Box::new(news(News::Booked, first))));
    assert_eq!(begins(&booked).as_deref(), Some(first));
    let moved = take("2", Reading::Lead(Box::new(news(News::Moved, second))));
    assert_eq!(begins(&moved).as_deref(), Some(second));
    let cancelled = |start: &str| {
        let content = news(News::Cancelled, start);
        let says = Says::Meeting(content.meeting.clone().unwrap());
        let (outcome, reason) = (Outcome::Ignored, "a meeting was cancelled".to_owned());
        Reading::Aside(Box::new(Aside { says, content, outcome, reason }))
    };
    assert_eq!(begins(&take("3", cancelled(first))).as_deref(), Some(second), "the other one stands");
    let off = take("4", cancelled(second));
    assert_eq!((begins(&off), off.next_step), (None, None));
}

#[test]
fn a_lead_that_came_in_quietly_gets_its_owner_quietly() {
    let nobody = SETTINGS.replace("notify = [\"out\"]\n", "notify = [\"out\"]\nactive = false\n");
    let (closed, policy, store) = (policy_of(&nobody), policy(), store());
    let mut old = item("p@firma.example", Reading::Lead(Box::new(content("p@firma.example"))));
    old.inbound.quiet = true;
    store.unit(Timestamp::now(), |unit| closed.take(&old, unit)).unwrap();
    let step = store.unit(Timestamp::now(), |unit| policy.give_waiting(Id::MIN, 9, unit)).unwrap();
    assert_eq!((step.given, notices(&store)), (1, vec![]));
}

#[test]
fn leads_that_waited_get_owners_oldest_first_in_turn_each_with_decision_and_notice_and_only_once() {
    let nobody = SETTINGS.replace("notify = [\"out\"]\n", "notify = [\"out\"]\nactive = false\n");
    let (closed, policy, store) = (policy_of(&nobody), policy(), store());
    let take = |address: &str| {
        let item = item(address, Reading::Lead(Box::new(content(address))));
        store.unit(Timestamp::now(), |unit| closed.take(&item, unit)).unwrap().lead.unwrap()
    };
    let waiting: Vec<Id> = (0..5).map(|n| take(&format!("p@firma{n}.example"))).collect();
    let refused = take("sam@uni.edu");
    let lost = take("lost@lost.example");
    let closed_by_hand = store.unit(Timestamp::now(), |unit| {
        let lead = unit.lead(lost)?.unwrap();
        unit.put_lead(&crate::lead::Lead { stage: crate::lead::Stage::Lost, ..lead })
    });
    closed_by_hand.unwrap();
    let lead = |id| store.view(|view| view.lead(id)).unwrap().unwrap();
    assert_eq!(store.view(|view| view.unowned(Id::MIN, 9)).unwrap(), waiting);
    let give =
        |policy: &Policy, after, most| store.unit(Timestamp::now(), |unit| policy.give_waiting(after, most, unit));
    assert_eq!(give(&closed, Id::MIN, 9).unwrap(), super::Step { given: 0, next: None });
    assert_eq!(notices(&store), []);

    // What is done when the power goes is not done: the next start does it.
    let stopped = store.unit(Timestamp::now(), |unit| {
        policy.give_waiting(Id::MIN, 9, unit)?;
        Err::<(), _>(crate::store::Error::Broken("on purpose".into()))
    });
    assert!(stopped.is_err());
    assert_eq!(give(&policy, Id::MIN, 3).unwrap(), super::Step { given: 3, next: Some(waiting[2]) });
    assert_eq!(give(&policy, waiting[2], 3).unwrap(), super::Step { given: 2, next: None });
    assert_eq!(give(&policy, Id::MIN, 3).unwrap(), super::Step { given: 0, next: None });

    let turns = ["anna", "jonas", "anna", "jonas", "anna"].map(name);
    for (id, owner) in waiting.iter().zip(&turns) {
        let decision = store.view(|view| view.last_decision(*id)).unwrap().unwrap();
        assert_eq!((lead(*id).owner, lead(*id).team), (Some(owner.clone()), Some(name("sales"))));
        assert_eq!((decision.routing.owner, decision.routing.candidates.len()), (Some(owner.clone()), 2));
        assert!(decision.verdict.is_some(), "the notice can say why");
    }
    assert_eq!((lead(refused).owner, lead(lost).owner), (None, None));
    assert_eq!(notices(&store), turns.map(|owner| (owner, Event::Assigned)));
    assert_eq!(store.view(|view| view.unowned_count()).unwrap(), 0);
    assert_eq!(store.audit().unwrap(), []);
}

#[test]
fn two_notes_of_a_colleague_that_are_released_are_two_leads_and_neither_is_the_colleagues() {
    let (policy, store) = (policy_of(&format!("{SETTINGS}[organisation]\ndomains = [\"example.com\"]\n")), store());
    let config = config::parse("[organisation]\ndomains = [\"example.com\"]\n", None).config.unwrap();
    let reader = crate::normalize::Reader::new(&config);
    let release = |text: &str| {
        let mut item = item(text, Reading::Noise("sent from our own domain".into()));
        item.inbound.kind = Kind::Mail;
        item.inbound.original.bytes = format!("From: Lea <lea@example.com>\nSubject: call\n\n{text}\n").into_bytes();
        let taken = store.unit(Timestamp::now(), |unit| policy.take(&item, unit)).unwrap();
        let Reading::Lead(content) = reader.read(&item.inbound, crate::normalize::Trust::Released) else {
            panic!("no lead")
        };
        let released = store.unit(Timestamp::now(), |unit| {
            let row = unit.intake(taken.intake)?.unwrap();
            policy.release(&row, &item.inbound, &content, "anna", unit)
        });
        (released.as_ref().unwrap().outcome, released.unwrap().lead.unwrap())
    };
    let (first, second) = (release("Mr Max rang, 030 1234567"), release("Mrs Eva rang, 030 7654321"));
    assert_eq!((first.0, second.0), (Outcome::Created, Outcome::Created));
    for (id, text) in [(first.1, "Mr Max rang"), (second.1, "Mrs Eva rang")] {
        let lead = store.view(|view| view.lead(id)).unwrap().unwrap();
        assert_eq!((lead.person.emails.len(), lead.person.name.as_deref()), (0, None));
        assert_eq!(lead.forwarded_by.as_ref().map(Email::as_str), Some("lea@example.com"));
        assert!(lead.message.unwrap().starts_with(text));
        assert!(lead.problems[0].contains("enter who it is"), "{:?}", lead.problems);
    }
}
