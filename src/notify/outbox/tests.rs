//! What the outbox promises, on a real store with scripted notifiers; most of it on paused time.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use tokio::time::Instant;

use super::*;
use crate::intake::Work;
use crate::lead::{Event, Id, Lead, Notice, NoticeState};
use crate::normalize::{Reader, Readers};
use crate::notify::letter::Language;
use crate::notify::letter::samples::{house, lead, name, owner};
use crate::notify::{Message, Notifier, Probing, Sending};
use crate::store::{NoticeFilter, Records};

/// A notifier that answers as told.
#[derive(Default)]
struct Scripted {
    answer: Mutex<Answer>,
    sent: Mutex<Vec<(Id, Option<Name>, Instant)>>,
    tried: Mutex<Vec<Instant>>,
    reasons: Mutex<Vec<Option<String>>>,
}

#[derive(Clone, Default)]
enum Answer {
    #[default]
    Takes,
    Fails(Failure),
    /// Nothing for this notice.
    Panics(Id),
    Hangs(Duration),
}

impl Scripted {
    fn answers(answer: Answer) -> Arc<Self> {
        Arc::new(Self { answer: Mutex::new(answer), ..Self::default() })
    }

    fn now(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn sent(&self) -> Vec<Id> {
        self.sent.lock().unwrap().iter().map(|(id, ..)| *id).collect()
    }
}

impl Notifier for Scripted {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            self.tried.lock().unwrap().push(Instant::now());
            let answer = self.answer.lock().unwrap().clone();
            match answer {
                Answer::Takes => {}
                Answer::Fails(failure) => return Err(failure),
                Answer::Panics(id) => assert_ne!(message.notice().id, id, "a fault for the test"),
                Answer::Hangs(time) => tokio::time::sleep(time).await,
            }
            let Message::Lead(letter) = message else { panic!("no alarm is due here") };
            let reason = letter.decision.as_ref().map(|decision| decision.routing.reason.clone());
            self.reasons.lock().unwrap().push(reason);
            let sent = (letter.notice.id, letter.notice.owner.clone(), Instant::now());
            self.sent.lock().unwrap().push(sent);
            Ok(())
        })
    }

    fn probe(&self) -> Probing<'_> {
        Box::pin(async {
            let answer = self.answer.lock().unwrap().clone();
            if let Answer::Fails(failure) = answer {
                self.tried.lock().unwrap().push(Instant::now());
                return Err(failure);
            }
            Ok("it answers".to_owned())
        })
    }
}

/// A store with a writer, on the test's clock.
struct House {
    _folder: tempfile::TempDir,
    store: Store,
    pulse: Arc<Pulse>,
    begun: Instant,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        Self { _folder: folder, store, pulse: Arc::default(), begun: Instant::now() }
    }

    /// The wall clock: moves with tokio's.
    fn clock(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let begun = self.begun;
        Arc::new(move || start() + SignedDuration::try_from(begun.elapsed()).unwrap())
    }

    /// A door whose writer answers each change, until it is closed.
    fn door(&self, tasks: &mut JoinSet<()>) -> Door {
        let (door, mut queue) = Door::new(readers());
        let (store, pulse, clock) = (self.store.clone(), Arc::clone(&self.pulse), self.clock());
        tasks.spawn(async move {
            while let Some(work) = queue.recv().await {
                let Work::Change(change, reply) = work else { panic!("only changes come from the outbox") };
                let value = store.unit(clock(), |unit| change(unit)).unwrap();
                pulse.committed.notify_one();
                let _unheard = reply.send(Ok(value));
            }
        });
        door
    }

    fn outbox(&self, door: Door, ways: Ways) -> Outbox {
        Outbox::with(self.store.clone(), door, Arc::clone(&self.pulse), ways, self.clock(), CancellationToken::new())
    }

    /// Commits one lead with a notice for each of these owners, and rings as the writer does.
    fn tell(&self, owners: &[&str]) -> Vec<Id> {
        let now = (self.clock())();
        let ids = self
            .store
            .unit(now, |unit| {
                let mut ids = Vec::new();
                for owner in owners {
                    let lead = Lead { owner: Some(name(owner)), ..lead(unit.new_id()) };
                    unit.put_lead(&lead)?;
                    let notice = Notice { id: unit.new_id(), ..notice(&lead, owner, now) };
                    unit.put_notice(&notice)?;
                    ids.push(notice.id);
                }
                Ok(ids)
            })
            .unwrap();
        self.pulse.committed.notify_one();
        ids
    }

    fn notice(&self, id: Id) -> Notice {
        self.store.view(|view| view.notice(id)).unwrap().unwrap()
    }

    fn count(&self, state: NoticeState) -> usize {
        let filter = NoticeFilter { state: Some(state) };
        self.store.notices(&filter, None, 10_000).unwrap().items.len()
    }

    async fn until(&self, state: NoticeState, count: usize) {
        let limit = Duration::from_hours(24 * 7);
        let wait = async {
            let mut pause = Duration::from_millis(20);
            while self.count(state) < count {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_mins(10));
            }
        };
        tokio::time::timeout(limit, wait).await.unwrap_or_else(|_| panic!("never {count} {state:?}"));
    }
}

/// The door wants readers, though the outbox brings it nothing to read.
fn readers() -> Arc<Readers> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lotse.toml");
    std::fs::write(&file, "").unwrap();
    Readers::start(Reader::new(&crate::config::load(Some(&file)).config.unwrap()))
}

fn start() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

fn notice(lead: &Lead, owner: &str, now: Timestamp) -> Notice {
    Notice {
        id: Id::MIN,
        lead: Some(lead.id),
        alarm: None,
        owner: Some(name(owner)),
        notifier: name("mail"),
        event: Event::Created,
        touch: None,
        decision: None,
        created_at: now,
        state: NoticeState::Pending,
        attempts: 0,
        next_at: Some(now),
        error: None,
        overtaken: false,
    }
}

fn ways(notifier: &Arc<Scripted>) -> Ways {
    let notifier: Arc<dyn Notifier> = Arc::<Scripted>::clone(notifier);
    let owners = [owner("anna", "Anna"), owner("jonas", "Jonas"), owner("lea", "Lea")];
    Ways::with(BTreeMap::from([(name("mail"), notifier)]), &owners, house(Language::English))
}

#[tokio::test]
async fn an_owner_hears_of_a_lead_within_a_moment() {
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(Answer::Takes));
    let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let committed = Instant::now();
    let ids = house.tell(&["anna"]);
    house.until(NoticeState::Delivered, 1).await;
    let latency = notifier.sent.lock().unwrap()[0].2 - committed;
    assert!(latency < Duration::from_millis(500), "{latency:?}");
    assert_eq!(notifier.sent(), ids);
    assert_eq!((house.notice(ids[0]).attempts, house.notice(ids[0]).next_at), (1, None));
    outbox.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_is_not_taken_now_is_tried_again_on_the_schedule() {
    let later = Answer::Fails(Failure::letter("450 mailbox busy"));
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(later));
    let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
    let id = house.tell(&["anna"])[0];
    tokio::time::sleep(Duration::from_mins(20)).await;
    let pending = house.notice(id);
    assert_eq!(
        (pending.state, pending.attempts, pending.error.as_deref()),
        (NoticeState::Pending, 5, Some("450 mailbox busy"))
    );
    notifier.now(Answer::Takes);
    house.until(NoticeState::Delivered, 1).await;
    let tried = notifier.tried.lock().unwrap().clone();
    let pauses: Vec<f64> = tried.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    for (pause, nominal) in pauses.iter().zip([5.0, 30.0, 120.0, 600.0, 1800.0]) {
        assert!(*pause >= nominal * 0.8 - 0.1 && *pause <= nominal * 1.2 + 1.0, "{pauses:?}");
    }
    assert_eq!((pauses.len(), house.notice(id).error), (5, None));
    outbox.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_good_is_dead_at_once_stands_in_the_history_and_can_be_retried() {
    let never = Answer::Fails(Failure::permanent("550 no such user"));
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(never));
    let door = house.door(&mut tasks);
    let outbox = house.outbox(door.clone(), ways(&notifier));
    let id = house.tell(&["anna"])[0];
    house.until(NoticeState::Dead, 1).await;
    let dead = house.notice(id);
    assert_eq!((dead.attempts, dead.next_at, dead.error.as_deref()), (1, None, Some("550 no such user")));
    let history = house.store.view(|view| view.timeline(dead.lead.unwrap())).unwrap();
    assert_eq!(history.last().unwrap().text, "anna could not be told through mail (lead.created): 550 no such user");

    notifier.now(Answer::Takes);
    let retry = move |unit: &mut crate::store::Unit<'_>| {
        let notice = unit.notice(id)?.unwrap();
        unit.put_notice(&Notice { state: NoticeState::Pending, attempts: 0, next_at: Some(unit.now()), ..notice })
    };
    door.change(retry).await.unwrap();
    house.until(NoticeState::Delivered, 1).await;
    assert_eq!(notifier.sent(), [id]);
    outbox.close().await;
}

#[tokio::test(start_paused = true)]
async fn six_hours_of_outage_lose_nothing_spare_the_server_and_keep_each_owners_order() {
    let down = Answer::Fails(Failure::destination("cannot reach it"));
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(down));
    let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
    let mut told = Vec::new();
    for _ in 0..12 {
        told.extend(house.tell(&["anna", "jonas", "anna", "lea", "jonas"]));
        tokio::time::sleep(Duration::from_mins(30)).await;
    }
    let tried = notifier.tried.lock().unwrap().clone();
    assert!(tried.len() <= 6 * 60 + 15, "{} tries in six hours", tried.len());
    // The first failures teach it; from then on there is a minute between any two tries.
    let closest = tried.windows(2).map(|pair| pair[1] - pair[0]).skip(9).min();
    assert!(closest >= Some(Duration::from_secs(59)), "{closest:?} between two tries");
    let hourly = tried.iter().filter(|at| at.duration_since(house.begun) > Duration::from_hours(1)).count();
    assert!(hourly > 200, "it finds out soon when the server is back");
    assert_eq!((house.count(NoticeState::Pending), house.count(NoticeState::Dead)), (60, 0));
    assert!(told.iter().all(|id| house.notice(*id).error.as_deref() == Some("cannot reach it")));

    notifier.now(Answer::Takes);
    let back = Instant::now();
    house.until(NoticeState::Delivered, 60).await;
    let sent = notifier.sent.lock().unwrap().clone();
    let drained = sent.last().unwrap().2 - back;
    assert!(drained < Duration::from_mins(2), "drained after {drained:?}");
    assert_eq!(sent.len(), 60, "each once");
    for who in ["anna", "jonas", "lea"] {
        let ids: Vec<Id> =
            sent.iter().filter(|(_, to, _)| to.as_ref() == Some(&name(who))).map(|(id, ..)| *id).collect();
        assert!(ids.is_sorted(), "{who}'s order");
    }
    outbox.close().await;
}

#[tokio::test(start_paused = true)]
async fn five_days_of_outage_end_in_dead_notices_with_the_reason() {
    let down = Answer::Fails(Failure::destination("cannot reach it"));
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(down));
    let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
    let ids = house.tell(&["anna", "anna"]);
    tokio::time::sleep(Duration::from_hours(119)).await;
    assert_eq!(house.count(NoticeState::Pending), 2);
    house.until(NoticeState::Dead, 2).await;
    assert!(house.begun.elapsed() < Duration::from_hours(123), "{:?}", house.begun.elapsed());
    assert!(house.notice(ids[1]).error.unwrap().contains("cannot reach it"));
    outbox.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_a_notifier_costs_only_that_notice() {
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(Answer::Takes));
    let ids = house.tell(&["anna", "anna", "jonas"]);
    notifier.now(Answer::Panics(ids[0]));
    let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
    house.until(NoticeState::Delivered, 2).await;
    let pending = house.notice(ids[0]);
    assert_eq!(pending.state, NoticeState::Pending);
    assert!(pending.error.unwrap().contains("a fault in lotse"));
    outbox.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_notifier_an_owner_or_a_lead_that_is_gone_is_named() {
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(Answer::Takes));
    let gone = house.tell(&["nobody"])[0];
    let ids = house
        .store
        .unit(start(), |unit| {
            let lead = lead(unit.new_id());
            unit.put_lead(&lead)?;
            let elsewhere = Notice { id: unit.new_id(), notifier: name("fax"), ..notice(&lead, "anna", start()) };
            unit.put_notice(&elsewhere)?;
            let erased = Lead { id: unit.new_id(), ..lead };
            let of_erased = Notice { id: unit.new_id(), ..notice(&erased, "anna", start()) };
            unit.put_notice(&of_erased)?;
            Ok([elsewhere.id, of_erased.id])
        })
        .unwrap();
    let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
    house.until(NoticeState::Dead, 3).await;
    for (id, part) in [(gone, "the owner `nobody`"), (ids[0], "the notifier `fax`"), (ids[1], "the lead is no longer")]
    {
        let error = house.notice(id).error.unwrap();
        assert!(error.contains(part), "{error}");
    }
    assert!(notifier.sent().is_empty());
    outbox.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_notice_whose_lead_went_to_somebody_else_is_not_sent_and_is_no_fault() {
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(Answer::Takes));
    let ids = house.tell(&["anna", "anna", "anna"]);
    for (id, now) in [(ids[0], Some(name("jonas"))), (ids[1], None)] {
        let given = house.store.unit(start(), |unit| {
            let lead = unit.lead(unit.notice(id)?.unwrap().lead.unwrap())?.unwrap();
            unit.put_lead(&Lead { owner: now.clone(), ..lead })
        });
        given.unwrap();
    }
    let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
    house.until(NoticeState::Delivered, 1).await;
    assert_eq!(notifier.sent(), [ids[2]]);
    for (id, why) in [
        (ids[0], "the lead went to jonas before this was sent"),
        (ids[1], "the lead was taken from anna before this was sent"),
    ] {
        let dead = house.notice(id);
        assert_eq!((dead.state, dead.overtaken, dead.attempts, dead.next_at), (NoticeState::Dead, true, 0, None));
        assert_eq!(dead.error.as_deref(), Some(why));
        let history = house.store.view(|view| view.timeline(dead.lead.unwrap())).unwrap();
        assert_eq!(history.last().unwrap().text, format!("anna was not told through mail (lead.created): {why}"));
    }
    assert_eq!(house.store.view(|view| view.notice_count(NoticeState::Dead)).unwrap(), 0);
    assert_eq!(outbox.board().states()[&name("mail")].last_error, None);
    outbox.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_notice_names_the_reason_of_its_own_decision_and_not_of_a_later_one() {
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(Answer::Takes));
    let told = house.store.unit(start(), |unit| {
        let lead = lead(unit.new_id());
        unit.put_lead(&lead)?;
        let decide = |reason: &str, unit: &mut crate::store::Unit<'_>| {
            let routing = crate::lead::Routing { reason: reason.into(), ..Default::default() };
            let sample = crate::notify::letter::samples::letter().decision.unwrap();
            let id = unit.new_id();
            unit.add_decision(&crate::lead::Decision { id, lead: lead.id, routing, ..sample })?;
            Ok::<_, crate::store::Error>(id)
        };
        let first = decide("it was their turn", unit)?;
        let id = unit.new_id();
        unit.put_notice(&Notice { id, decision: Some(first), ..notice(&lead, "anna", start()) })?;
        decide("they already work this lead", unit)?;
        Ok(unit.decision_before(lead.id, id)? == Some(first))
    });
    assert!(told.unwrap());
    let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
    house.until(NoticeState::Delivered, 1).await;
    assert_eq!(*notifier.reasons.lock().unwrap(), [Some("it was their turn".to_owned())]);
    outbox.close().await;
}

#[tokio::test]
async fn a_crash_between_sending_and_recording_sends_the_same_notice_again() {
    let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(Answer::Takes));
    let id = house.tell(&["anna"])[0];
    let (deaf, _queue) = Door::new(readers());
    let crashing = house.outbox(deaf, ways(&notifier));
    while notifier.sent().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(crashing);
    assert_eq!(house.notice(id).state, NoticeState::Pending);
    let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
    house.until(NoticeState::Delivered, 1).await;
    assert_eq!(notifier.sent(), [id, id]);
    outbox.close().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_finishes_what_is_under_way_and_waits_for_nothing_longer() {
    for (takes, state) in [(5, NoticeState::Delivered), (60, NoticeState::Pending)] {
        let slow = Answer::Hangs(Duration::from_secs(takes));
        let (house, mut tasks, notifier) = (House::new(), JoinSet::new(), Scripted::answers(slow));
        let outbox = house.outbox(house.door(&mut tasks), ways(&notifier));
        let ids = house.tell(&["anna", "anna"]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let stopped = Instant::now();
        outbox.close().await;
        assert!(stopped.elapsed() <= Duration::from_secs(8), "{:?}", stopped.elapsed());
        assert_eq!(house.notice(ids[0]).state, state);
        assert_eq!(house.notice(ids[1]).state, NoticeState::Pending, "nothing new is begun");
    }
}

#[tokio::test(start_paused = true)]
async fn corrected_settings_send_at_once_what_waited() {
    let refused = Answer::Fails(Failure::pause(Duration::from_mins(15), "535 wrong password"));
    let (house, mut tasks, wrong) = (House::new(), JoinSet::new(), Scripted::answers(refused));
    let outbox = house.outbox(house.door(&mut tasks), ways(&wrong));
    house.tell(&["anna", "jonas", "lea"]);
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert!(wrong.tried.lock().unwrap().len() <= 2, "a refused login is not hammered");
    let state = outbox.board().states()[&name("mail")].clone();
    assert_eq!(state.last_error.as_deref(), Some("535 wrong password"));

    let right = Scripted::answers(Answer::Takes);
    outbox.replace_ways(ways(&right));
    let corrected = Instant::now();
    house.until(NoticeState::Delivered, 3).await;
    let took = right.sent.lock().unwrap().last().unwrap().2 - corrected;
    assert!(took < Duration::from_secs(2), "{took:?}");
    outbox.close().await;
}
