//! What is sent next. Pure: the pending notices as they stand in the store, what is under way,
//! and the breaker of each destination; times are arguments.
//!
//! An owner gets the notices of one notifier one after the other, oldest first; a notice overtakes
//! another only when that one waits for its next attempt, and, about the same lead, only when that
//! one has failed for a while. A destination that is spared gets one try at a time; what comes due
//! meanwhile is handed out as held, so that its next attempt stands in the store.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::Failure;
use super::breaker::{Breaker, Turn};
use super::pile::Pile;
use super::schedule::{is_due, not_due};
use crate::lead::{Id, Name, Notice, NoticeState};

/// Letters under way at once.
const AT_ONCE: usize = 8;
/// Letters under way at once to one destination.
const PER_NOTIFIER: usize = 2;
/// Held notices handed out at once.
const HELD_AT_ONCE: usize = 500;
/// After this many attempts (some quarter of an hour) a notice no longer keeps back later ones
/// about the same lead.
const PATIENCE: u32 = 5;
/// One try in this many goes to the notice that was tried least, so that a letter on which a
/// destination chokes cannot keep it spared for ever.
const OTHER_TRY: u32 = 3;

/// Pending notices by their notifier.
#[derive(Default)]
pub(super) struct Waiting(BTreeMap<Name, Pile>);

impl Waiting {
    /// Adds one that is pending.
    pub(super) fn add(&mut self, notice: Notice) {
        if notice.state == NoticeState::Pending {
            self.0.entry(notice.notifier.clone()).or_default().insert(notice);
        }
    }
}

/// The pending notices and what happens to them.
#[derive(Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Name, Pile>,
    busy: HashMap<Id, Busy>,
    eager: HashSet<Id>,
    breakers: BTreeMap<Name, Breaker>,
    served: Option<Name>,
}

/// A notice that is under way.
struct Busy {
    notifier: Name,
    owner: Option<Name>,
    doing: Doing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Sending,
    Holding,
}

/// A notice to be sent now.
#[derive(Debug)]
pub(super) struct Job {
    /// The notice.
    pub(super) notice: Notice,
    /// Whether it finds out if a spared destination is back: then a probe comes first.
    pub(super) purpose: Purpose,
}

/// What a letter is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Delivery,
    Try,
}

impl Queue {
    /// Forgets what waits, so that it is not held twice while the store is read anew.
    pub(super) fn forget(&mut self) {
        self.waiting.clear();
    }

    /// Takes over the pending notices of the store; those under way stay as they are.
    pub(super) fn replace(&mut self, Waiting(pending): Waiting) {
        self.waiting = pending;
        for (id, busy) in &self.busy {
            self.waiting.get_mut(&busy.notifier).and_then(|waiting| waiting.remove(id));
        }
        let known = |id: &Id| self.busy.contains_key(id) || self.waiting.values().any(|of| of.contains(id));
        let gone: Vec<Id> = self.eager.iter().filter(|id| !known(id)).copied().collect();
        for id in gone {
            self.eager.remove(&id);
        }
    }

    fn put(&mut self, notice: Notice) {
        if notice.state == NoticeState::Pending && !self.busy.contains_key(&notice.id) {
            self.waiting.entry(notice.notifier.clone()).or_default().insert(notice);
        }
    }

    /// Whether nothing waits for this notifier or is under way to it.
    pub(super) fn is_idle(&self, notifier: &Name) -> bool {
        self.waiting.get(notifier).is_none_or(Pile::is_empty)
            && !self.busy.values().any(|busy| busy.notifier == *notifier)
    }

    /// Forgets that a destination was in trouble, and lets everything that waits for it go now.
    pub(super) fn hurry(&mut self, notifier: &Name) {
        self.breakers.remove(notifier);
        self.let_go(notifier);
    }

    fn let_go(&mut self, notifier: &Name) {
        self.eager.extend(self.waiting.get(notifier).into_iter().flat_map(Pile::notices).map(|notice| notice.id));
        let held = self.busy.iter().filter(|(_, busy)| busy.notifier == *notifier && busy.doing == Doing::Holding);
        self.eager.extend(held.map(|(id, _)| id));
    }

    /// The next notice to send, if any can go now; it is under way until [`Queue::settled`].
    pub(super) fn next(&mut self, now: Timestamp, clock: Instant) -> Option<Job> {
        let sending = || self.busy.values().filter(|busy| busy.doing == Doing::Sending);
        if sending().count() >= AT_ONCE {
            return None;
        }
        let (id, notifier, purpose) = self.notifiers_in_turn().find_map(|notifier| {
            let under_way = sending().filter(|busy| busy.notifier == *notifier).count();
            let breaker = self.breakers.get(notifier);
            if breaker.is_none_or(|breaker| breaker.spared().is_none()) {
                let id = (under_way < PER_NOTIFIER).then(|| self.deliverable(notifier, now)).flatten()?;
                return Some((id, notifier.clone(), Purpose::Delivery));
            }
            let may_try = under_way == 0 && breaker?.next_try().is_some_and(|at| at <= clock);
            let id = may_try.then(|| self.tryable(notifier)).flatten()?;
            Some((id, notifier.clone(), Purpose::Try))
        })?;
        if purpose == Purpose::Try {
            self.breakers.entry(notifier.clone()).or_default().begin_try();
        }
        let notice = self.waiting.get_mut(&notifier)?.remove(&id)?;
        self.eager.remove(&id);
        let owner = notice.owner.clone();
        self.busy.insert(id, Busy { notifier: notifier.clone(), owner, doing: Doing::Sending });
        self.served = Some(notifier);
        Some(Job { notice, purpose })
    }

    /// All notifiers, beginning after the one that was served last.
    fn notifiers_in_turn(&self) -> impl Iterator<Item = &Name> {
        let served = self.served.as_ref();
        let later = self.waiting.keys().filter(move |name| served.is_some_and(|served| *name > served));
        let earlier = self.waiting.keys().filter(move |name| served.is_none_or(|served| *name <= served));
        later.chain(earlier)
    }

    /// The oldest notice that can go to a destination that is well.
    fn deliverable(&self, notifier: &Name, now: Timestamp) -> Option<Id> {
        let busy_owners: HashSet<_> = self
            .busy
            .values()
            .filter(|busy| busy.notifier == *notifier && busy.doing == Doing::Sending)
            .map(|busy| &busy.owner)
            .collect();
        let free = self.waiting.get(notifier)?.owners().filter(|(owner, _)| !busy_owners.contains(owner));
        free.filter_map(|(_, notices)| self.ready(notices, now)).min()
    }

    /// The oldest of an owner's notices that can go.
    fn ready<'a>(&self, mut notices: impl Iterator<Item = &'a Notice>, now: Timestamp) -> Option<Id> {
        let mut kept_back = HashSet::new();
        notices.find_map(|notice| {
            let ready = is_due(notice, now) || self.eager.contains(&notice.id);
            if ready && !kept_back.contains(&notice.lead) {
                return Some(notice.id);
            }
            if notice.attempts < PATIENCE {
                kept_back.insert(notice.lead);
            }
            None
        })
    }

    /// The notice that finds out whether a spared destination is back.
    fn tryable(&self, notifier: &Name) -> Option<Id> {
        let waiting = self.waiting.get(notifier)?;
        let choked = self.breakers.get(notifier).map_or(0, Breaker::choked);
        if choked % OTHER_TRY == OTHER_TRY - 1 {
            return waiting.notices().min_by_key(|notice| (notice.attempts, notice.id)).map(|notice| notice.id);
        }
        waiting.oldest()
    }

    /// Notices that are due while their destination is spared, with the reason; under way until
    /// [`Queue::settled`].
    pub(super) fn held(&mut self, now: Timestamp) -> Vec<(Notice, String)> {
        let mut held = Vec::new();
        for (notifier, waiting) in &mut self.waiting {
            let Some(why) = self.breakers.get(notifier).and_then(Breaker::spared) else { continue };
            let mut due: Vec<Id> = waiting.notices().filter(|notice| is_due(notice, now)).map(|n| n.id).collect();
            due.sort_unstable();
            for id in due.into_iter().take(HELD_AT_ONCE.saturating_sub(held.len())) {
                if let Some(notice) = waiting.remove(&id) {
                    let (notifier, owner) = (notifier.clone(), notice.owner.clone());
                    self.busy.insert(id, Busy { notifier, owner, doing: Doing::Holding });
                    held.push((notice, why.to_owned()));
                }
            }
        }
        held
    }

    /// A notice is no longer under way; `after` is how it stands now, if it still exists.
    pub(super) fn settled(&mut self, id: Id, after: Option<Notice>) {
        self.busy.remove(&id);
        match after {
            Some(notice) if notice.state == NoticeState::Pending => self.put(notice),
            _ => {
                self.eager.remove(&id);
            }
        }
    }

    /// What a letter or a probe says about its destination.
    pub(super) fn learned(&mut self, notifier: &Name, result: Result<(), &Failure>, clock: Instant) -> Turn {
        let breaker = self.breakers.entry(notifier.clone()).or_default();
        let turn = match result {
            Err(failure) if failure.is_destination() => breaker.ill(failure, clock),
            _ => breaker.well(),
        };
        match turn {
            Turn::Back => self.let_go(notifier),
            Turn::Spared => {
                let waiting = self.waiting.get(notifier);
                self.eager.retain(|id| !waiting.is_some_and(|waiting| waiting.contains(id)));
            }
            Turn::Same => {}
        }
        turn
    }

    /// A destination that had answered the probe choked on the letter.
    pub(super) fn choked(&mut self, notifier: &Name) {
        if let Some(breaker) = self.breakers.get_mut(notifier) {
            breaker.choke();
        }
    }

    /// A try is over, whether or not it told anything.
    pub(super) fn try_ended(&mut self, notifier: &Name) {
        if let Some(breaker) = self.breakers.get_mut(notifier) {
            breaker.end_try();
        }
    }

    /// How long nothing can happen by itself; `None`: until something from outside does.
    pub(super) fn idle_for(&self, now: Timestamp, clock: Instant) -> Option<std::time::Duration> {
        let mut soonest: Option<std::time::Duration> = None;
        let mut at_least = |pause: std::time::Duration| soonest = Some(soonest.map_or(pause, |s| s.min(pause)));
        for (notifier, waiting) in &self.waiting {
            let later = waiting.next_time(not_due(now));
            if let Some(pause) = later.map(|at| at.duration_since(now).max(SignedDuration::from_millis(1))) {
                at_least(pause.unsigned_abs());
            }
            let next_try = self.breakers.get(notifier).and_then(Breaker::next_try);
            // While a letter is still under way to it, its end comes first.
            let blocked = self.busy.values().any(|busy| busy.notifier == *notifier && busy.doing == Doing::Sending);
            if let (Some(at), false) = (next_try, waiting.is_empty() || blocked) {
                at_least(at.saturating_duration_since(clock));
            }
        }
        soonest
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::lead::Event;
    use crate::notify::letter::samples::name;

    fn start() -> Timestamp {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    fn id(number: u64) -> Id {
        Id::from_bytes(u128::from(number).to_be_bytes())
    }

    fn notice(number: u64, notifier: &str, owner: &str, lead: u64) -> Notice {
        Notice {
            id: id(number),
            lead: Some(id(lead)),
            alarm: None,
            owner: Some(name(owner)),
            notifier: name(notifier),
            event: Event::Created,
            touch: None,
            decision: None,
            created_at: start(),
            state: NoticeState::Pending,
            attempts: 0,
            next_at: Some(start()),
            error: None,
            overtaken: false,
        }
    }

    fn waiting(notices: &[Notice]) -> Waiting {
        let mut waiting = Waiting::default();
        notices.iter().cloned().for_each(|notice| waiting.add(notice));
        waiting
    }

    fn queue(notices: &[Notice]) -> Queue {
        let mut queue = Queue::default();
        queue.replace(waiting(notices));
        queue
    }

    /// All that can go now, as numbers.
    fn going(queue: &mut Queue, now: Timestamp, clock: Instant) -> Vec<u128> {
        std::iter::from_fn(|| queue.next(now, clock)).map(|job| number(&job.notice)).collect()
    }

    fn number(notice: &Notice) -> u128 {
        u128::from_be_bytes(notice.id.to_bytes())
    }

    /// Spares `mail` by five failures of notices that are not in the queue.
    fn spare(queue: &mut Queue, clock: Instant) {
        for _ in 0..5 {
            queue.learned(&name("mail"), Err(&Failure::destination("down")), clock);
        }
    }

    #[test]
    fn an_owner_gets_notices_one_after_the_other_and_a_destination_two_at_once() {
        let notices: Vec<_> = [(1, "anna"), (2, "anna"), (3, "jonas"), (4, "lea"), (5, "anna")]
            .map(|(n, o)| notice(n, "mail", o, n))
            .into();
        let (mut queue, clock) = (queue(&notices), Instant::now());
        assert_eq!(going(&mut queue, start(), clock), [1, 3]);
        queue.settled(id(3), None);
        assert_eq!(going(&mut queue, start(), clock), [4]);
        queue.settled(id(1), None);
        assert_eq!(going(&mut queue, start(), clock), [2]);
        queue.settled(id(2), None);
        assert_eq!(going(&mut queue, start(), clock), [5]);
    }

    #[test]
    fn eight_go_at_once_and_no_destination_starves() {
        let mut notices = Vec::new();
        for (at, notifier) in ["a", "b", "c", "d", "e", "f"].into_iter().enumerate() {
            for number in 0..3 {
                notices.push(notice(at as u64 * 10 + number, notifier, &format!("o{number}"), number));
            }
        }
        let (mut queue, clock) = (queue(&notices), Instant::now());
        let first = going(&mut queue, start(), clock);
        assert_eq!(first, [0, 10, 20, 30, 40, 50, 1, 11]);
        queue.settled(id(0), None);
        assert_eq!(going(&mut queue, start(), clock), [21], "it is not a's turn again");
    }

    #[test]
    fn a_notice_does_not_overtake_an_earlier_one_about_the_same_lead_for_a_while() {
        let wait = |attempts| Notice {
            attempts,
            next_at: Some(start() + SignedDuration::from_secs(60)),
            ..notice(1, "mail", "anna", 7)
        };
        let others = [notice(2, "mail", "anna", 7), notice(3, "mail", "anna", 8)];
        let clock = Instant::now();
        let mut patient = queue(&[wait(4), others[0].clone(), others[1].clone()]);
        assert_eq!(going(&mut patient, start(), clock), [3]);
        let mut impatient = queue(&[wait(5), others[0].clone(), others[1].clone()]);
        assert_eq!(going(&mut impatient, start(), clock), [2]);
    }

    #[test]
    fn what_is_under_way_is_not_sent_again_by_a_stale_view_of_the_store() {
        let notices = [notice(1, "mail", "anna", 1)];
        let (mut queue, clock) = (queue(&notices), Instant::now());
        assert_eq!(going(&mut queue, start(), clock), [1]);
        queue.replace(waiting(&notices));
        assert_eq!(going(&mut queue, start(), clock), []);
        let left = queue.busy.len() + queue.waiting.values().flat_map(Pile::notices).count();
        assert_eq!(left, 1);
    }

    #[test]
    fn a_spared_destination_gets_one_try_a_minute_and_everything_in_order_when_it_is_back() {
        let notices: Vec<_> = (1..=4).map(|n| notice(n, "mail", "anna", n)).collect();
        let (mut queue, clock) = (queue(&notices), Instant::now());
        spare(&mut queue, clock);
        assert_eq!(going(&mut queue, start(), clock), []);
        let held: Vec<_> = queue.held(start()).into_iter().map(|(held, why)| (number(&held), why)).collect();
        assert_eq!(held, [1, 2, 3, 4].map(|n| (n, "down".to_owned())));
        for notice in &notices {
            let next_at = Some(start() + SignedDuration::from_hours(1));
            queue.settled(notice.id, Some(Notice { attempts: 1, next_at, ..notice.clone() }));
        }
        let minute = clock + Duration::from_mins(1);
        let job = queue.next(start(), minute).unwrap();
        assert_eq!((number(&job.notice), job.purpose), (1, Purpose::Try));
        assert!(queue.next(start(), minute).is_none(), "one at a time");
        assert_eq!(queue.learned(&name("mail"), Err(&Failure::destination("down")), minute), Turn::Same);
        queue.settled(id(1), Some(job.notice));
        assert!(queue.next(start(), minute).is_none(), "one a minute");

        let later = minute + Duration::from_mins(1);
        let job = queue.next(start(), later).unwrap();
        assert_eq!(number(&job.notice), 1);
        assert_eq!(queue.learned(&name("mail"), Ok(()), later), Turn::Back);
        queue.settled(id(1), None);
        for expected in 2..=4 {
            assert_eq!(going(&mut queue, start(), later), [u128::from(expected)]);
            queue.settled(id(expected), None);
        }
    }

    #[test]
    fn a_letter_that_a_destination_chokes_on_does_not_keep_it_spared_for_ever() {
        let poison = Notice { attempts: 90, ..notice(1, "mail", "anna", 1) };
        let (mut queue, mut clock) = (queue(&[poison, notice(2, "mail", "anna", 2)]), Instant::now());
        spare(&mut queue, clock);
        let mut tried = Vec::new();
        for _ in 0..3 {
            clock += Duration::from_mins(1);
            let job = queue.next(start(), clock).unwrap();
            tried.push(number(&job.notice));
            queue.learned(&name("mail"), Err(&Failure::destination("choked")), clock);
            queue.choked(&name("mail"));
            queue.settled(job.notice.id, Some(job.notice));
        }
        assert_eq!(tried, [1, 1, 2]);
    }

    #[test]
    fn other_destinations_flow_while_one_is_spared() {
        let (mut queue, clock) = (queue(&[notice(1, "mail", "anna", 1), notice(2, "out", "anna", 1)]), Instant::now());
        spare(&mut queue, clock);
        assert_eq!(going(&mut queue, start(), clock), [2]);
    }

    #[test]
    fn it_knows_how_long_nothing_happens() {
        let soon = Notice { next_at: Some(start() + SignedDuration::from_secs(30)), ..notice(1, "mail", "anna", 1) };
        let (mut queue, clock) = (queue(&[soon]), Instant::now());
        assert_eq!(queue.idle_for(start(), clock), Some(Duration::from_secs(30)));
        spare(&mut queue, clock);
        assert_eq!(queue.idle_for(start(), clock + Duration::from_secs(45)), Some(Duration::from_secs(15)));
        queue.hurry(&name("mail"));
        assert_eq!(going(&mut queue, start(), clock), [1]);
        assert_eq!(queue.idle_for(start(), clock), None);
    }
}
