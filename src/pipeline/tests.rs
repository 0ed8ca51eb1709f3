//! What becomes of items, told on a store in memory.

use jiff::Timestamp;

use super::{Policy, give, tell};
use crate::assign::Staff;
use crate::config;
use crate::intake::Prepared;
use crate::lead::{
    Content, Delivery, Disposition, Email, Event, Id, Identity, Inbound, Kind, Name, Original, Outcome, Own, Person,
    Reading, Trip,
};
use crate::qualify::Rules;
use crate::store::disk::Disk;
use crate::store::{Records, Store};

const SETTINGS: &str = "[owners.anna]\nnotify = [\"out\"]\n[owners.jonas]\nnotify = [\"out\"]\n\
     [teams.sales]\nmembers = [\"anna\", \"jonas\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n";

const RULES: &str = "[[rule]]\nname = \"students are not customers\"\n\
     when = 'lead.domain.endsWith(\".edu\")'\ndisposition = \"disqualified\"\nreason = \"student\"\n";

fn policy() -> Policy {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("10.toml"), RULES).unwrap();
    let config = config::parse(SETTINGS, None).config.unwrap();
    Policy { rules: Rules::load(Some(folder.path()), 30, &[]).unwrap(), staff: Staff::new(&config) }
}

fn store() -> Store {
    Store::on(Disk::default()).unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn content(email: &str) -> Content {
    let domain = email.split('@').nth(1).map(str::to_owned);
    Content { person: Person { emails: vec![Email(email.into())], domain, ..Person::default() }, ..Content::default() }
}

/// An item that is recognised by `identity`.
fn item(identity: &str, reading: Reading) -> Prepared {
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
    assert_eq!(store.view(|view| view.rotation(&name("sales"))).unwrap().assigned.len(), 0);
    assert!(store.audit().unwrap().is_empty());

    let (form, _) = own(&store, Own::Canary, Kind::Form);
    assert_eq!(take(&form).outcome, Outcome::Created, "a canary's seal hides no form");
}

fn notices(store: &Store) -> Vec<(Name, Event)> {
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
