//! What one assignment costs with 200 owners, and that it does not depend on how many leads there are.
//! `cargo bench --bench assign` prints the time of the choice alone, and of the choice with the rotation
//! read from and written to the store, with few and with many leads in it, for several kinds of teams.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a benchmark that cannot go on should say where")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lotse::assign::{Absence, Ask, Books, Known, Staff, route};
use lotse::config;
use lotse::lead::Name;
use lotse::store::{Absences, Away, Error, OwnerCounts, Rotation, Store};

const OWNERS: usize = 200;

/// What the owners and the team have besides.
struct Kind {
    name: &'static str,
    /// Weights of 1 to 100, instead of 1 to 5.
    heavy: bool,
    owner: &'static str,
    team: &'static str,
    /// Whether their calendars are full of meetings.
    meetings: bool,
}

const PLAIN: Kind = Kind { name: "in turn", heavy: false, owner: "", team: "", meetings: false };

const KINDS: [Kind; 5] = [
    PLAIN,
    Kind { name: "by weights of 1 to 100", heavy: true, ..PLAIN },
    Kind { name: "with caps", owner: "max_open = 1000000\nmax_per_day = 1000000\n", ..PLAIN },
    Kind { name: "least open, with caps", owner: "max_open = 1000000\n", team: "strategy = \"least_open\"\n", ..PLAIN },
    Kind { name: "with full calendars", meetings: true, ..PLAIN },
];

/// Two hundred people with hours and holidays, a tenth of them away.
fn staff(kind: &Kind) -> Staff {
    let mut settings = "[notify.out]\nkind = \"file\"\npath = \"out\"\n".to_owned();
    for number in 0..OWNERS {
        let away = if number % 10 == 0 { "away = [{ from = \"2026-01-01\", until = \"2026-12-31\" }]\n" } else { "" };
        let weight = if kind.heavy { 1 + number * 37 % 100 } else { 1 + number % 5 };
        settings += &format!(
            "[owners.o{number}]\nhours = \"Mo-Fr 08:00-18:00\"\nholidays = \"DE-BY\"\nweight = {weight}\n{away}{}",
            kind.owner
        );
    }
    let names: Vec<String> = (0..OWNERS).map(|number| format!("\"o{number}\"")).collect();
    settings += &format!("[teams.t]\nfallback = \"o1\"\nmembers = [{}]\n{}", names.join(","), kind.team);
    Staff::new(&config::parse(&settings, None).config.unwrap())
}

/// A meeting a day for a year, for everybody.
fn absences(kind: &Kind, at: Timestamp) -> Absences {
    let mut absences = Absences::default();
    for number in (0..OWNERS).filter(|_| kind.meetings) {
        let hours = |hours: i64| at + jiff::SignedDuration::from_hours(hours);
        let calendar = (0..365).map(|day| Absence { from: hours(day * 24 + 2), until: hours(day * 24 + 3), why: None });
        let away = Away { calendar: calendar.collect(), ..Away::default() };
        absences.of.insert(Name::parse(&format!("o{number}")).unwrap(), away);
    }
    absences
}

/// The rotation alone, in memory.
struct Memory(Rotation);

impl Books for Memory {
    fn rotation(&self, _: &Name) -> Result<Rotation, Error> {
        Ok(self.0.clone())
    }
    fn counts(&self, _: &Name) -> Result<OwnerCounts, Error> {
        Ok(OwnerCounts::default())
    }
    fn absences(&self) -> Result<Arc<Absences>, Error> {
        Ok(Arc::default())
    }
    fn owner_of_person(&self, _: &Known<'_>) -> Result<Option<Name>, Error> {
        Ok(None)
    }
    fn owner_of_company(&self, _: &Known<'_>) -> Result<Option<Name>, Error> {
        Ok(None)
    }
}

/// Microseconds of one round.
fn micros(time: Duration, rounds: u32) -> f64 {
    time.as_secs_f64() * 1e6 / f64::from(rounds)
}

fn choice(staff: &Staff, ask: &Ask<'_>) -> f64 {
    let rounds = 20_000_u32;
    let mut memory = Memory(Rotation::default());
    let started = Instant::now();
    for _ in 0..rounds {
        let (routing, turn) = route(ask, staff, &memory).unwrap();
        assert!(routing.owner.is_some());
        memory.0 = turn.unwrap().into_rotation().1;
    }
    micros(started.elapsed(), rounds)
}

/// The choice, and the turn written to a store with so many leads; many to a unit, as under load, or one to
/// a unit, without the commit.
fn stored(kind: &Kind, staff: &Staff, ask: &Ask<'_>, leads: usize) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let filled = store.unit(ask.at, |unit| {
        for _ in 0..leads {
            let id = unit.new_id();
            unit.put_lead(&lead(id, ask.at))?;
        }
        unit.put_absences(absences(kind, ask.at))
    });
    filled.unwrap();
    let assign = |rounds: u32| {
        let assigned = store.unit(ask.at, |unit| {
            let started = Instant::now();
            for _ in 0..rounds {
                let (_, turn) = route(ask, staff, unit)?;
                turn.unwrap().take(unit)?;
            }
            Ok(started.elapsed())
        });
        assigned.unwrap()
    };
    let many = micros(assign(5_000), 5_000);
    let alone: Duration = (0..200).map(|_| assign(1)).sum();
    (many, micros(alone, 200))
}

fn main() {
    let at: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    let ask = Ask { lead: None, wanted: None, at, not: &[], since: None, deadline: false };
    println!("µs for one assignment among {OWNERS} owners: the choice alone; with the turn written to a store");
    println!("with few and with many leads in it, many assignments to a unit; the same, one to a unit");
    for kind in &KINDS {
        let staff = staff(kind);
        let (few, many) = (stored(kind, &staff, &ask, 0), stored(kind, &staff, &ask, 100_000));
        println!(
            "{:<24} {:>6.1}   {:>6.1} {:>6.1}   {:>6.1} {:>6.1}",
            kind.name,
            choice(&staff, &ask),
            few.0,
            many.0,
            few.1,
            many.1
        );
    }
}

fn lead(id: lotse::lead::Id, at: Timestamp) -> lotse::lead::Lead {
    let text = format!(
        r#"{{"id":"{id}","created_at":"{at}","updated_at":"{at}","emails":["p@f{id}.example"],"phones":[],"attribution":{{"channel":"web","utm":{{}}}},"fields":{{}},"attachments":[],"score":0,"tags":[],"disposition":"qualified","stage":"new","owner":"o1","touch_count":0,"problems":[]}}"#
    );
    serde_json::from_str(&text).unwrap()
}
