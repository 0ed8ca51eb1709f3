//! What one assignment costs with 200 owners, and that it does not depend on how many leads there are.
//! `cargo bench --bench assign` prints the time of the choice alone, and of the choice with the rotation
//! read from and written to the store, with few and with many leads in it.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a benchmark that cannot go on should say where")]

use std::time::Instant;

use jiff::Timestamp;
use lotse::assign::{Ask, Books, Known, Staff, route};
use lotse::config;
use lotse::lead::Name;
use lotse::store::{Absences, Error, OwnerCounts, Rotation, Store};

const OWNERS: usize = 200;

/// Two hundred people with hours, a tenth of them away.
fn staff() -> Staff {
    let mut settings = "[notify.out]\nkind = \"file\"\npath = \"out\"\n".to_owned();
    for number in 0..OWNERS {
        let away = if number % 10 == 0 { "away = [{ from = \"2026-01-01\", until = \"2026-12-31\" }]\n" } else { "" };
        settings += &format!(
            "[owners.o{number}]\nhours = \"Mo-Fr 08:00-18:00\"\nholidays = \"DE-BY\"\nweight = {}\n{away}",
            1 + number % 5
        );
    }
    let names: Vec<String> = (0..OWNERS).map(|number| format!("\"o{number}\"")).collect();
    settings += &format!("[teams.t]\nfallback = \"o1\"\nmembers = [{}]\n", names.join(","));
    Staff::new(&config::parse(&settings, None).config.unwrap())
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
    fn absences(&self) -> Result<Absences, Error> {
        Ok(Absences::default())
    }
    fn owner_of_person(&self, _: &Known<'_>) -> Result<Option<Name>, Error> {
        Ok(None)
    }
    fn owner_of_company(&self, _: &Known<'_>) -> Result<Option<Name>, Error> {
        Ok(None)
    }
}

fn main() {
    let staff = staff();
    let at: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    let ask = Ask { lead: None, wanted: None, at, not: &[], since: None, deadline: false };
    let rounds = 20_000_u32;
    let mut memory = Memory(Rotation::default());
    let started = Instant::now();
    for _ in 0..rounds {
        let (routing, turn) = route(&ask, &staff, &memory).unwrap();
        assert!(routing.owner.is_some());
        memory.0 = turn.unwrap().into_rotation().1;
    }
    println!(
        "choice, {OWNERS} owners:                       {:>6.1} µs",
        started.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
    );
    for leads in [0_usize, 100_000] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let filled = store.unit(at, |unit| {
            for _ in 0..leads {
                let id = unit.new_id();
                unit.put_lead(&lead(id, at))?;
            }
            Ok(())
        });
        filled.unwrap();
        let rounds = 5_000_u32;
        let mut time = std::time::Duration::ZERO;
        let assigned = store.unit(at, |unit| {
            let started = Instant::now();
            for _ in 0..rounds {
                let (_, turn) = route(&ask, &staff, unit)?;
                turn.unwrap().take(unit)?;
            }
            time = started.elapsed();
            Ok(())
        });
        assigned.unwrap();
        println!(
            "with the rotation in the store, {leads:>6} leads: {:>6.1} µs",
            time.as_secs_f64() * 1e6 / f64::from(rounds)
        );
    }
}

fn lead(id: lotse::lead::Id, at: Timestamp) -> lotse::lead::Lead {
    let text = format!(
        r#"{{"id":"{id}","created_at":"{at}","updated_at":"{at}","emails":["p@f{id}.example"],"phones":[],"attribution":{{"channel":"web","utm":{{}}}},"fields":{{}},"attachments":[],"score":0,"tags":[],"disposition":"qualified","stage":"new","owner":"o1","touch_count":0,"problems":[]}}"#
    );
    serde_json::from_str(&text).unwrap()
}
