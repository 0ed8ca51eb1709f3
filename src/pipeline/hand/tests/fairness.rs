//! Fairness of the whole way, whatever happens: weights, caps, absences, people who join, leave and come
//! back, leads that turn out spam, many at once, units that are cut off and starts anew.
//!
//! `LOTSE_FAIR_CASES` sets how many stories are told.

use std::collections::BTreeMap;

use proptest::prelude::{Just, ProptestConfig, any, prop, prop_oneof, proptest};
use proptest::strategy::Strategy;

use super::*;
use crate::assign;
use crate::store::Rotation;
use crate::store::disk::Disk;

/// What may happen.
#[derive(Clone, Debug)]
enum Happens {
    /// So many leads, one after the other.
    Leads(u8),
    /// So many on each of three threads at once.
    Crowd(u8),
    /// Somebody goes away, or is back.
    Away(usize),
    /// Somebody leaves for good, or is back after all.
    Left(usize),
    /// Somebody joins the team, or leaves it.
    Team(usize),
    /// Somebody gets another weight.
    Weight(usize, u32),
    /// Somebody gets other caps: open leads, leads a day.
    Caps(usize, Option<u32>, Option<u32>),
    /// Somebody's oldest lead is spam.
    Spam(usize),
    /// Somebody's oldest lead is converted.
    Closes(usize),
    /// So many minutes pass.
    Later(u16),
    /// The process is killed while it takes in so many leads.
    Killed(u8),
    /// The process starts anew.
    Restart,
}

const MEMBERS: usize = 6;

fn happens() -> impl Strategy<Value = Happens> {
    let who = 0..MEMBERS;
    let cap = prop_oneof![2 => Just(None), 1 => (1..8_u32).prop_map(Some)];
    prop_oneof![
        6 => (1..12_u8).prop_map(Happens::Leads),
        1 => (1..4_u8).prop_map(Happens::Crowd),
        2 => who.clone().prop_map(Happens::Away),
        1 => who.clone().prop_map(Happens::Left),
        2 => who.clone().prop_map(Happens::Team),
        1 => (who.clone(), 1..=20_u32).prop_map(|(who, weight)| Happens::Weight(who, weight)),
        1 => (who.clone(), cap.clone(), cap).prop_map(|(who, open, day)| Happens::Caps(who, open, day)),
        2 => who.clone().prop_map(Happens::Spam),
        2 => who.prop_map(Happens::Closes),
        2 => any::<u16>().prop_map(|minutes| Happens::Later(minutes % 1500)),
        1 => (1..4_u8).prop_map(Happens::Killed),
        1 => Just(Happens::Restart),
    ]
}

#[derive(Clone, Debug)]
struct Member {
    weight: u32,
    max_open: Option<u32>,
    max_per_day: Option<u32>,
    in_team: bool,
    away: bool,
    left: bool,
}

/// A team in its world, and what must be true of it, told without the assignment.
struct Team {
    world: World,
    disk: Disk,
    members: Vec<Member>,
    /// Open leads of each, oldest first.
    open: Vec<Vec<Id>>,
    /// Leads got, by member and day in Berlin.
    got: BTreeMap<(usize, Date), u32>,
    waiting: Vec<Id>,
    /// The pool of the last turn, turns taken since it is as it is, and by whom.
    pool: Option<Vec<u32>>,
    stretch: i128,
    taken: Vec<i128>,
}

impl Team {
    fn new(weights: &[u32]) -> Self {
        let member =
            |weight| Member { weight, max_open: None, max_per_day: None, in_team: true, away: false, left: false };
        let members: Vec<Member> = weights.iter().map(|weight| member(*weight)).collect();
        let disk = Disk::default();
        let world = World { store: Store::on(disk.clone()).unwrap(), ..World::new(OFFICE, "2026-03-27T08:00:00Z") };
        let (open, taken) = (vec![Vec::new(); MEMBERS], vec![0; MEMBERS]);
        let (got, waiting, pool, stretch) = (BTreeMap::new(), Vec::new(), None, 0);
        let mut team = Self { world, disk, members, open, got, waiting, pool, stretch, taken };
        team.settle();
        team
    }

    /// Puts settings in force as the members are now.
    fn settle(&mut self) {
        let mut settings = String::new();
        for (number, member) in self.members.iter().enumerate() {
            settings += &format!("[owners.o{number}]\nweight = {}\n", member.weight);
            for (key, cap) in [("max_open", member.max_open), ("max_per_day", member.max_per_day)] {
                settings += &cap.map(|cap| format!("{key} = {cap}\n")).unwrap_or_default();
            }
        }
        let team: Vec<String> = self.team().map(|who| format!("\"o{who}\"")).collect();
        let team = team.join(", ");
        settings += &format!("[owners.lea]\n[teams.sales]\nmembers = [{team}]\nfallback = \"lea\"\nhold = \"3h\"\n");
        self.world.policy = settled(&settings);
    }

    fn team(&self) -> impl Iterator<Item = usize> {
        self.members.iter().enumerate().filter(|(_, member)| member.in_team).map(|(who, _)| who)
    }

    fn today(&self) -> Date {
        TimeZone::get("Europe/Berlin").unwrap().to_datetime(self.world.now).date()
    }

    fn got_today(&self, who: usize) -> u32 {
        self.got.get(&(who, self.today())).copied().unwrap_or(0)
    }

    fn is_free(&self, who: usize) -> bool {
        let member = &self.members[who];
        let open = u32::try_from(self.open[who].len()).unwrap();
        let below = |count: u32, most: Option<u32>| most.is_none_or(|most| count < most);
        member.in_team
            && !member.away
            && !member.left
            && below(open, member.max_open)
            && below(self.got_today(who), member.max_per_day)
    }

    /// Weights of those who are free, 0 for the others.
    fn weights(&self) -> Vec<u32> {
        (0..MEMBERS).map(|who| if self.is_free(who) { self.members[who].weight } else { 0 }).collect()
    }

    fn rotation(&self) -> Rotation {
        self.world.store.view(|view| view.rotation(&name("sales"))).unwrap()
    }

    /// Notes that somebody has a lead.
    fn has(&mut self, who: usize, lead: Id) {
        self.open[who].push(lead);
        *self.got.entry((who, self.today())).or_default() += 1;
    }

    fn number(lead: &Lead) -> Option<usize> {
        lead.owner.as_ref().and_then(|owner| owner.as_str().strip_prefix('o')?.parse().ok())
    }

    /// One lead; everything about who gets it is checked.
    fn arrives(&mut self) {
        let (weights, before) = (self.weights(), self.rotation());
        let lead = self.world.stranger();
        let after = self.rotation();
        if weights.iter().all(|weight| *weight == 0) {
            assert_eq!(after, before, "nobody is free, so nobody's turn is taken");
            if self.team().all(|who| self.members[who].left) {
                assert_eq!(owner(&lead), "lea", "nobody is left in the team");
            } else {
                assert_eq!((owner(&lead), lead.held_until.is_some()), ("nobody", true));
                self.waiting.push(lead.id);
            }
            return;
        }
        let who = Self::number(&lead).unwrap_or_else(|| panic!("{} got it, and {weights:?} are free", owner(&lead)));
        assert!(weights[who] > 0, "o{who} got it, who is not free: {weights:?}");
        self.check_turn(&weights, who, &before, &after);
        self.has(who, lead.id);
    }

    /// The stored credit is the exact share less what was taken, and never more than a turn.
    fn check_turn(&mut self, weights: &[u32], who: usize, before: &Rotation, after: &Rotation) {
        let credit =
            |rotation: &Rotation, who: usize| rotation.seat(&name(&format!("o{who}"))).map_or(0, |seat| seat.credit);
        if after.made_up {
            assert!(!before.made_up, "at most every other lead makes up for another");
            // Whoever left the team leaves no debt.
            assert!(self.team().all(|who| credit(before, who) == credit(after, who)));
            return;
        }
        let total: i64 = weights.iter().map(|weight| i64::from(*weight)).sum();
        let turn = total * Rotation::FINE;
        let same = self.pool.as_deref() == Some(weights);
        if !same {
            (self.pool, self.stretch, self.taken) = (Some(weights.to_vec()), 0, vec![0; MEMBERS]);
        }
        self.stretch += 1;
        self.taken[who] += 1;
        for (member, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            let (weight, taken) = (i64::from(*weight), if member == who { turn } else { 0 });
            if same {
                assert_eq!(credit(after, member), credit(before, member) + weight * Rotation::FINE - taken);
            }
            assert!(credit(after, member).abs() <= turn, "o{member} is owed {} of {turn}", credit(after, member));
            // Seen from outside: a turn at most was carried over, and a turn at most is owed now.
            let off = self.taken[member] * i128::from(total) - self.stretch * i128::from(weight);
            assert!(off.abs() <= 2 * i128::from(total), "o{member} took {} of {}", self.taken[member], self.stretch);
        }
    }

    /// Takes note of leads whose owners were found out of sight, and of caps that must hold for them.
    fn take_note(&mut self, leads: &[Id]) {
        let before: Vec<u32> = (0..MEMBERS).map(|who| u32::try_from(self.open[who].len()).unwrap()).collect();
        let today: Vec<u32> = (0..MEMBERS).map(|who| self.got_today(who)).collect();
        for id in leads {
            let lead = self.world.lead(*id);
            match Self::number(&lead) {
                Some(who) => {
                    let member = &self.members[who];
                    assert!(member.in_team && !member.away && !member.left, "o{who} got {id}");
                    self.has(who, *id);
                    let open = u32::try_from(self.open[who].len()).unwrap();
                    let within =
                        |count: u32, before: u32, most: Option<u32>| most.is_none_or(|most| count <= most.max(before));
                    assert!(within(open, before[who], self.members[who].max_open), "o{who} has {open} open");
                    assert!(
                        within(self.got_today(who), today[who], self.members[who].max_per_day),
                        "o{who} got too many"
                    );
                }
                None if lead.owner.is_none() => {
                    assert!(lead.held_until.is_some(), "{id} is in limbo");
                    self.waiting.push(*id);
                }
                None => {}
            }
        }
        self.pool = None;
        let rotation = self.rotation();
        let turn = rotation.total * Rotation::FINE;
        for seat in rotation.seats.iter().filter(|seat| seat.weight > 0) {
            assert!(seat.credit.abs() <= turn, "{} is owed {} of {turn}", seat.owner, seat.credit);
        }
    }

    /// What the steward does; afterwards nobody waits while somebody is free, or beyond a deadline.
    fn tend(&mut self, minutes: i64) {
        let now = self.world.now + SignedDuration::from_mins(minutes);
        self.world.tend(now);
        let waited = std::mem::take(&mut self.waiting);
        self.take_note(&waited);
        if !self.waiting.is_empty() {
            assert!(self.weights().iter().all(|weight| *weight == 0), "somebody is free: {:?}", self.weights());
        }
        assert!(self.waiting.iter().all(|id| self.world.lead(*id).held_until.is_some_and(|until| until > now)));
    }

    fn write(&mut self, change: impl Fn(&mut crate::store::Absences)) {
        let written = self.world.store.unit(self.world.now, |unit| {
            let mut absences = std::sync::Arc::unwrap_or_clone(unit.absences()?);
            change(&mut absences);
            unit.put_absences(absences)
        });
        written.unwrap();
    }

    /// Ends somebody's oldest lead.
    fn ends(&mut self, who: usize, spam: bool) {
        if self.open[who].is_empty() {
            return;
        }
        let id = self.open[who].remove(0);
        let ended = self.world.store.unit(self.world.now, |unit| {
            let mut lead = unit.lead(id)?.unwrap();
            lead.stage = if spam { Stage::Lost } else { Stage::Converted };
            if spam {
                assign::refund(&mut lead, unit)?;
            }
            unit.put_lead(&lead)
        });
        ended.unwrap();
    }

    /// Items of strangers.
    fn items(&mut self, count: u8) -> Vec<crate::intake::Prepared> {
        let numbers = self.world.number..self.world.number + usize::from(count);
        self.world.number = numbers.end;
        numbers
            .map(|n| item(&format!("crowd {n}"), Reading::Lead(Box::new(content(&format!("c@crowd{n}.example"))))))
            .collect()
    }

    fn crowd(&mut self, each: u8) {
        let items: Vec<_> = (0..3).map(|_| self.items(each)).collect();
        let world = &self.world;
        let leads: Vec<Id> = std::thread::scope(|scope| {
            let take = |item: &crate::intake::Prepared| {
                world.store.unit(world.now, |unit| world.policy.take(item, unit)).unwrap().lead.unwrap()
            };
            let threads: Vec<_> =
                items.iter().map(|items| scope.spawn(move || items.iter().map(take).collect::<Vec<_>>())).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        self.take_note(&leads);
    }

    fn killed(&mut self, count: u8) {
        let (items, before) = (self.items(count), self.rotation());
        let counts = self.world.store.view(|view| view.all_owner_counts()).unwrap();
        let cut = self.world.store.unit(self.world.now, |unit| {
            items.iter().try_for_each(|item| self.world.policy.take(item, unit).map(|_| ()))?;
            Err::<(), _>(crate::store::Error::Broken("killed".into()))
        });
        assert!(cut.is_err());
        assert_eq!(self.rotation(), before, "no turn is skipped");
        assert_eq!(self.world.store.view(|view| view.all_owner_counts()).unwrap(), counts);
    }

    fn happens(&mut self, event: &Happens) {
        match *event {
            Happens::Leads(count) => (0..count).for_each(|_| self.arrives()),
            Happens::Crowd(each) => self.crowd(each),
            Happens::Away(who) => {
                self.members[who].away ^= true;
                let (away, from) = (self.members[who].away, self.world.now);
                let absence = assign::Absence { from, until: at("2099-01-01T00:00:00Z"), why: None };
                self.write(|absences| {
                    let said = &mut absences.of.entry(name(&format!("o{who}"))).or_default().said;
                    said.clear();
                    said.extend(away.then(|| absence.clone()));
                });
            }
            Happens::Left(who) => {
                self.members[who].left ^= true;
                let left = self.members[who].left;
                self.write(|absences| absences.of.entry(name(&format!("o{who}"))).or_default().left = left);
            }
            Happens::Team(who) => {
                // Somebody is always in the team.
                self.members[who].in_team ^= who > 0;
                self.settle();
            }
            Happens::Weight(who, weight) => {
                self.members[who].weight = weight;
                self.settle();
            }
            Happens::Caps(who, open, day) => {
                (self.members[who].max_open, self.members[who].max_per_day) = (open, day);
                self.settle();
            }
            Happens::Spam(who) => self.ends(who, true),
            Happens::Closes(who) => self.ends(who, false),
            Happens::Later(minutes) => (0..=minutes / 60).for_each(|_| self.tend(60)),
            Happens::Killed(count) => self.killed(count),
            Happens::Restart => {
                self.disk = Disk::holding(self.disk.written());
                self.world.store = Store::on(self.disk.clone()).unwrap();
            }
        }
        self.tend(0);
    }
}

fn cases() -> u32 {
    std::env::var("LOTSE_FAIR_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// Every lead has an owner who was free, or a deadline; who is free gets what waits; every stored
    /// credit is the exact weighted share less what was taken, and never more than a turn.
    #[test]
    fn whatever_happens_everybody_gets_their_share_and_no_lead_is_in_limbo(
        weights in prop::collection::vec(1..=20_u32, MEMBERS), events in prop::collection::vec(happens(), 1..40)
    ) {
        let mut team = Team::new(&weights);
        for event in &events {
            team.happens(event);
        }
        team.world.sound();
    }
}
