//! Who would get what: leads at made-up times, under the settings as they are. Nothing is stored.
//!
//! Leads come mostly on weekdays and during the day; the same number gives the same times, so two
//! settings can be compared. A lead stays open for some days and is then closed.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Serialize;

use super::{Ask, Books, Known, Staff, route};
use crate::config::Team;
use crate::lead::Name;
use crate::store::{Absences, Error, OwnerCounts, Rotation};

/// Longest time between two looks at leads that wait.
const STEP: SignedDuration = SignedDuration::from_mins(30);

/// What is to be simulated.
#[derive(Clone, Debug)]
pub struct Wish {
    /// How many leads.
    pub leads: usize,
    /// From which day on.
    pub from: Date,
    /// Within how many days, 1 or more.
    pub days: u16,
    /// For how many days a lead stays open.
    pub open_days: u16,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Simulation {
    /// The team.
    pub team: String,
    /// Leads.
    pub leads: usize,
    /// By owner, in the order of the team; then others who got leads.
    pub owners: Vec<Part>,
    /// Leads that waited for an owner.
    pub held: usize,
    /// Of those, leads that the fallback got at the deadline.
    pub fallback: usize,
    /// Leads that still had no owner at the end.
    pub waiting: usize,
    /// Half of those that waited had an owner after so many minutes,
    pub median_wait: i64,
    /// and the last one after so many.
    pub longest_wait: i64,
    /// Leads that came, and that waited, for each day.
    pub by_day: Vec<Day>,
}

/// What one owner got.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Part {
    /// Who.
    pub owner: String,
    /// Leads.
    pub leads: usize,
    /// Their part of all, 0 to 1.
    pub share: f64,
    /// The part that their weight stands for, 0 to 1; 0 for whoever is not in the team.
    pub expected: f64,
}

/// One day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Day {
    /// Which.
    pub day: Date,
    /// Leads that came.
    pub came: usize,
    /// Those of them that had to wait.
    pub waited: usize,
}

/// What a store would know.
struct Imagined<'a> {
    rotation: HashMap<Name, Rotation>,
    absences: Arc<Absences>,
    /// When each owner's leads were given.
    given: HashMap<Name, Vec<Timestamp>>,
    now: Cell<Timestamp>,
    open: SignedDuration,
    staff: &'a Staff,
}

impl Books for Imagined<'_> {
    fn rotation(&self, team: &Name) -> Result<Rotation, Error> {
        Ok(self.rotation.get(team).cloned().unwrap_or_default())
    }

    fn counts(&self, owner: &Name) -> Result<OwnerCounts, Error> {
        let given = self.given.get(owner).map_or(&[][..], Vec::as_slice);
        let now = self.now.get();
        let open = given.iter().rev().take_while(|at| now.duration_since(**at) < self.open).count();
        let day = self.staff.calendar(owner).map(|calendar| calendar.day(now));
        let on = |at: &&Timestamp| self.staff.calendar(owner).map(|calendar| calendar.day(**at)) == day;
        let today = given.iter().rev().take_while(on).count();
        let [open, all] = [open, given.len()].map(|count| u64::try_from(count).unwrap_or(0));
        Ok(OwnerCounts { open, owned: all, day, today: u32::try_from(today).unwrap_or(u32::MAX) })
    }

    fn absences(&self) -> Result<Arc<Absences>, Error> {
        Ok(Arc::clone(&self.absences))
    }

    fn owner_of_person(&self, _: &Known<'_>) -> Result<Option<Name>, Error> {
        Ok(None)
    }

    fn owner_of_company(&self, _: &Known<'_>) -> Result<Option<Name>, Error> {
        Ok(None)
    }
}

/// A lead that waits.
struct Held {
    came: Timestamp,
    until: Timestamp,
}

/// Plays leads through a team.
pub fn simulate(
    wish: &Wish,
    team: &Team,
    staff: &Staff,
    zone: &jiff::tz::TimeZone,
    absences: Absences,
) -> Result<Simulation, Error> {
    let arrivals = arrivals(wish, zone);
    let end = super::calendar::moment(
        wish.from.saturating_add(i32::from(wish.days).days()).to_datetime(jiff::civil::Time::midnight()),
        zone,
    );
    let mut books = Imagined {
        rotation: HashMap::new(),
        absences: Arc::new(absences),
        given: HashMap::new(),
        now: Cell::new(Timestamp::MIN),
        open: SignedDuration::from_hours(24 * i64::from(wish.open_days)),
        staff,
    };
    let mut done = Simulation { team: team.name.to_string(), leads: arrivals.len(), ..Simulation::default() };
    let mut waits = Vec::new();
    let mut days: BTreeMap<Date, (usize, usize)> =
        (0..i32::from(wish.days)).map(|day| (wish.from.saturating_add(day.days()), (0, 0))).collect();
    let (mut held, mut next): (Vec<Held>, usize) = (Vec::new(), 0);
    // Whatever waits at the end is still looked after until its deadline.
    let last = end.saturating_add(SignedDuration::from_hours(24 * 14)).unwrap_or(end);
    while next < arrivals.len() || !held.is_empty() {
        let arrival = arrivals.get(next).copied();
        let now = match (arrival, held.is_empty()) {
            (Some(arrival), true) => arrival,
            (arrival, _) => soonest(&books, team, &held, arrival),
        };
        if now > last {
            break;
        }
        books.now.set(now);
        let mut still = Vec::new();
        for lead in held {
            match give(&mut books, team, now, lead.until <= now)? {
                Ok(fell_back) => {
                    waits.push(now.duration_since(lead.came).as_mins());
                    done.fallback += usize::from(fell_back);
                }
                Err(until) => still.push(Held { until: if lead.until <= now { until } else { lead.until }, ..lead }),
            }
        }
        held = still;
        if arrival == Some(now) {
            next += 1;
            let day = days.entry(zone.to_datetime(now).date()).or_default();
            day.0 += 1;
            if let Err(until) = give(&mut books, team, now, false)? {
                day.1 += 1;
                done.held += 1;
                held.push(Held { came: now, until });
            }
        }
    }
    done.waiting = held.len();
    waits.sort_unstable();
    done.median_wait = waits.get(waits.len() / 2).copied().unwrap_or(0);
    done.longest_wait = waits.last().copied().unwrap_or(0);
    done.by_day = days.into_iter().map(|(day, (came, waited))| Day { day, came, waited }).collect();
    done.owners = parts(team, staff, &books.given);
    Ok(done)
}

/// Gives one lead away: whether the fallback got it, or until when it is held.
fn give(
    books: &mut Imagined<'_>,
    team: &Team,
    now: Timestamp,
    deadline: bool,
) -> Result<Result<bool, Timestamp>, Error> {
    let ask = Ask { lead: None, wanted: Some(&team.name), at: now, not: &[], since: None, deadline };
    let (routing, turn) = route(&ask, books.staff, books)?;
    let Some(owner) = routing.owner else { return Ok(Err(routing.held_until.unwrap_or(Timestamp::MAX))) };
    let fell_back = turn.is_none();
    if let Some((team, rotation)) = turn.map(super::Turn::into_rotation) {
        books.rotation.insert(team, rotation);
    }
    books.given.entry(owner).or_default().push(now);
    Ok(Ok(fell_back))
}

/// When something may have changed for leads that wait.
fn soonest(books: &Imagined<'_>, team: &Team, held: &[Held], arrival: Option<Timestamp>) -> Timestamp {
    let now = books.now.get();
    let step = now.saturating_add(STEP).unwrap_or(Timestamp::MAX);
    let deadlines = held.iter().map(|lead| lead.until);
    let turns =
        team.members.iter().filter_map(|id| Some(books.staff.calendar(id)?.look(now, books.absences.all_of(id)).until));
    let later = deadlines.chain(turns).filter(|at| *at > now).chain(arrival).min();
    later.unwrap_or(step).min(step)
}

fn parts(team: &Team, staff: &Staff, given: &HashMap<Name, Vec<Timestamp>>) -> Vec<Part> {
    let all: usize = given.values().map(Vec::len).sum();
    let weight = |id: &Name| staff.active(id).filter(|_| team.members.contains(id)).map_or(0, |owner| owner.weight);
    let weights: u32 = team.members.iter().map(weight).sum();
    let others = staff.owners().iter().map(|owner| &owner.id);
    let others = others.filter(|id| !team.members.contains(id) && given.contains_key(*id));
    let part = |id: &Name| {
        let leads = given.get(id).map_or(0, Vec::len);
        Part {
            owner: id.to_string(),
            leads,
            share: ratio(leads, all),
            expected: f64::from(weight(id)) / f64::from(weights.max(1)),
        }
    };
    team.members.iter().chain(others).map(part).collect()
}

#[expect(clippy::cast_precision_loss, reason = "so many leads are never simulated")]
fn ratio(part: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// Times at which leads come, in order: four fifths between 8 and 19 o'clock, few on weekends.
fn arrivals(wish: &Wish, zone: &jiff::tz::TimeZone) -> Vec<Timestamp> {
    let mut dice = Dice(0x5eed);
    let mut all = Vec::with_capacity(wish.leads);
    while all.len() < wish.leads {
        let day = wish.from.saturating_add(i32::from(dice.below(wish.days.max(1))).days());
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if weekend && wish.days > 2 && dice.below(100) >= 30 {
            continue;
        }
        let hour = if dice.below(100) < 80 { 8 + dice.below(11) } else { dice.below(24) };
        let minute = i8::try_from(dice.below(60)).unwrap_or(0);
        let second = i8::try_from(dice.below(60)).unwrap_or(0);
        let at = day.at(i8::try_from(hour).unwrap_or(0), minute, second, 0);
        all.push(super::calendar::moment(at, zone));
    }
    all.sort_unstable();
    all
}

/// Numbers that look random and are the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u16) -> u16 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u16::try_from((mixed ^ (mixed >> 31)) % u64::from(most)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn simulated(settings: &str) -> Simulation {
        let settings = format!("{settings}[notify.out]\nkind = \"file\"\npath = \"out\"\n");
        let config = crate::config::parse(&settings, None).config.unwrap();
        let staff = Staff::new(&config);
        let wish = Wish { leads: 700, from: date(2026, 12, 14), days: 28, open_days: 10 };
        let zone = &config.organisation.time_zone;
        simulate(&wish, staff.default_team().unwrap(), &staff, zone, Absences::default()).unwrap()
    }

    #[test]
    fn weights_are_met_to_the_turn_and_the_same_settings_give_the_same() {
        let settings =
            "[owners.a]\n[owners.b]\nweight = 2\n[owners.c]\nweight = 4\n[teams.t]\nmembers = [\"a\", \"b\", \"c\"]\n";
        let done = simulated(settings);
        let counts: Vec<usize> = done.owners.iter().map(|part| part.leads).collect();
        assert_eq!((counts, done.held, done.waiting), (vec![100, 200, 400], 0, 0));
        assert_eq!(done, simulated(settings));
        assert_eq!(done.by_day.iter().map(|day| day.came).sum::<usize>(), 700);
    }

    #[test]
    fn nights_are_waited_for_and_the_fallback_gets_the_rest() {
        let done = simulated(
            "[owners.a]\nhours = \"Mo-Fr 09:00-17:00\"\nholidays = \"DE-BY\"\n[owners.b]\n\
             [teams.t]\nmembers = [\"a\"]\nfallback = \"b\"\nhold = \"16h\"\n",
        );
        assert!(done.held > 100 && done.fallback > 50 && done.waiting == 0, "{done:?}");
        assert_eq!(done.owners[1].owner, "b");
        assert_eq!(done.owners[1].leads, done.fallback);
        assert!(done.longest_wait <= 16 * 60, "{}", done.longest_wait);
    }
}
