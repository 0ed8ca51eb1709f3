//! Power loss and failing disks under the whole pipeline: what was acknowledged is there, whole and
//! once, and nothing else is half there.
//!
//! `LOTSE_CRASH_IMAGES` sets how many disks are looked at after a power loss.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::Timestamp;

use super::Policy;
use crate::assign::Staff;
use crate::config;
use crate::intake::Prepared;
use crate::lead::{
    Aside, Content, Delivery, Disposition, Email, Identity, Inbound, Kind, Name, Original, Outcome, Person, Place,
    Reading, Returned, Says, Thread,
};
use crate::qualify::Rules;
use crate::store::disk::{Disk, Folder, Left, Trouble};
use crate::store::{Error, IntakeFilter, LeadFilter, NoticeFilter, Records, Store};

const SETTINGS: &str = "[owners.a]\nnotify = [\"out\"]\n[owners.b]\nnotify = [\"out\"]\n[owners.c]\nnotify = [\"out\"]\n\
     [teams.t]\nmembers = [\"a\", \"b\", \"c\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n";

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let config = config::parse(SETTINGS, None).config.unwrap();
    Policy { rules: Rules::load(None, 30, &[]).unwrap(), staff: Staff::new(&config) }
});

/// All that a power loss may leave.
const LEFT: [Left; 4] = [Left::Synced, Left::Prefix, Left::Some, Left::Torn];

/// Numbers that look random and come again for the same seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Item number `n`: mostly somebody new, at times somebody known, the same item again, noise, or a
/// mail to somebody known that came back.
fn item(n: u64) -> Prepared {
    let person = if n % 5 == 3 { n - 1 } else { n };
    let repeated = if n % 7 == 6 { n - 2 } else { n };
    let reading = match n % 11 {
        9 if n.is_multiple_of(2) => Reading::Aside(Box::new(came_back(n - 1))),
        9 => Reading::Noise("noise".into()),
        10 => Reading::Unclear("unclear".into()),
        _ => Reading::Lead(Box::new(Content {
            person: Person { emails: vec![Email(format!("p{person}@x.example"))], ..Person::default() },
            text: Some(format!("Bitte ein Angebot {n}")),
            thread: Some(Thread { ids: vec![format!("{n}@x.example")], ..Thread::default() }),
            ..Content::default()
        })),
    };
    let place = Place::new("INBOX".into(), Some(n.to_string()));
    Prepared {
        inbound: Inbound {
            channel: Name::parse("sales").unwrap(),
            kind: Kind::Mail,
            received_at: Timestamp::UNIX_EPOCH,
            source: format!("item {n}"),
            delivery: Delivery::Mail,
            original: Original { bytes: payload(n), ..Original::default() },
            place: Some(place),
            quiet: false,
        },
        identity: Identity { key: format!("mail:{repeated}"), window: None },
        reading,
        template: None,
    }
}

/// A mail to this person came back.
fn came_back(person: u64) -> Aside {
    let returned = Returned { recipients: vec![Email(format!("p{person}@x.example"))], ..Returned::default() };
    Aside {
        says: Says::Failed(returned),
        content: Content::default(),
        outcome: Outcome::Ignored,
        reason: "a delivery report".into(),
    }
}

fn payload(n: u64) -> Vec<u8> {
    format!("item {n}").into_bytes().repeat(1 + usize::try_from(n % 40).unwrap() * 7)
}

/// Takes items in, a few to a unit, until the disk fails or all are in; how many were acknowledged.
fn work(store: &Store, chance: &mut Chance, items: u64) -> u64 {
    let mut done = 0;
    while done < items {
        let batch = 1 + chance.below(4).min(items - done - 1);
        let unit = store.unit(Timestamp::now(), |unit| {
            for n in done..done + batch {
                POLICY.take(&item(n), unit)?;
            }
            Ok(())
        });
        if unit.is_err() {
            break;
        }
        done += batch;
    }
    done
}

/// What is wrong with the store in this folder when `acknowledged` items had been, if anything.
fn wrong(folder: &Folder, acknowledged: u64) -> Option<String> {
    let store = match Store::within(folder) {
        Ok(store) => store,
        Err(error) => return Some(format!("the store does not open: {error:?}")),
    };
    match store.audit() {
        Ok(differences) if differences.is_empty() => {}
        Ok(differences) => return Some(format!("its tables do not agree: {differences:?}")),
        Err(error) => return Some(format!("the store cannot be read: {error:?}")),
    }
    conserved(&store, acknowledged).unwrap_or_else(|error| Some(format!("the store cannot be read: {error:?}")))
}

/// What is wrong with what is there, given what was sent.
fn conserved(store: &Store, acknowledged: u64) -> Result<Option<String>, Error> {
    let all = |what: &str| format!("{what} of {acknowledged}");
    let rows = store.intakes(&IntakeFilter::default(), None, usize::MAX)?.items;
    let stored = rows.len() as u64;
    if stored < acknowledged {
        return Ok(Some(all(&format!("LostInput: {stored} ledger rows"))));
    }
    // The unit under way may be there, whole: at most four items more.
    if stored > acknowledged + 4 {
        return Ok(Some(all(&format!("{stored} ledger rows, more than were sent,"))));
    }
    let place = store.view(|view| view.place(&Name::parse("sales").unwrap(), "INBOX"))?;
    if stored > 0 && place != Some((stored - 1).to_string()) {
        return Ok(Some(format!("the place is {place:?} after {stored} items")));
    }
    let sources: BTreeSet<&str> = rows.iter().map(|row| row.source.as_str()).collect();
    for n in 0..stored {
        if !sources.contains(format!("item {n}").as_str()) {
            return Ok(Some(format!("item {n} has no ledger row")));
        }
    }
    for row in rows.iter().filter(|row| row.outcome != Outcome::Redelivered) {
        let n: u64 = row.source.trim_start_matches("item ").parse().unwrap();
        let original = store.view(|view| view.original(row.id))?;
        if original.map(|original| original.bytes) != Some(payload(n)) {
            return Ok(Some(format!("the original of item {n} is not what came in")));
        }
    }
    conserved_leads(store, &rows)
}

fn conserved_leads(store: &Store, rows: &[crate::lead::Intake]) -> Result<Option<String>, Error> {
    let leads = store.leads(&LeadFilter::default(), None, usize::MAX)?.items;
    let created = rows.iter().filter(|row| row.outcome == Outcome::Created).count();
    if leads.len() != created {
        return Ok(Some(format!("{} leads for {created} created", leads.len())));
    }
    let mut owners: BTreeMap<Name, u64> = BTreeMap::new();
    for lead in &leads {
        let email = &lead.person.emails[0];
        let (found, decision) =
            store.view(|view| Ok((view.leads_with(&format!("email:{email}"), 9)?, view.last_decision(lead.id)?)))?;
        if found != [lead.id] {
            return Ok(Some(format!("the keys of {email} do not lead to one lead")));
        }
        let decided = decision.and_then(|decision| decision.routing.owner);
        let Some(owner) = lead.owner.clone().filter(|owner| decided.as_ref() == Some(owner)) else {
            return Ok(Some(format!("{email} is owned by {:?}, decided {decided:?}", lead.owner)));
        };
        *owners.entry(owner).or_default() += 1;
    }
    let turns = store.view(|view| view.rotation(&Name::parse("t").unwrap()))?.seats;
    let turns: BTreeMap<Name, u64> =
        turns.into_iter().filter(|seat| seat.turns > 0).map(|seat| (seat.owner, seat.turns)).collect();
    if turns != owners {
        return Ok(Some(format!("turns {turns:?}, owners {owners:?}")));
    }
    if let (Some(most), Some(least)) = (owners.values().max(), owners.values().min())
        && (most - least > 1 || (leads.len() >= 3 && owners.len() < 3))
    {
        return Ok(Some(format!("unfair: {owners:?}")));
    }
    let told = rows.iter().filter(|row| matches!(row.outcome, Outcome::Created | Outcome::Touched)).count();
    let (notices, due) = (
        store.notices(&NoticeFilter::default(), None, usize::MAX)?.items.len(),
        store.pending_notices(usize::MAX)?.len(),
    );
    let qualified = leads.iter().all(|lead| lead.disposition != Disposition::Disqualified);
    Ok((notices != told || due != told || !qualified).then(|| format!("{told} to tell, {notices} notices, {due} due")))
}

/// As many as the variable says, else `usual` (a tenth of it without optimization).
fn number(variable: &str, usual: u64) -> u64 {
    let usual = if cfg!(debug_assertions) { usual / 10 } else { usual };
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn after_a_power_loss_what_was_acknowledged_is_there_whole_and_once() {
    let wanted = number("LOTSE_CRASH_IMAGES", 4000);
    let mut looked_at = 0;
    for seed in 0.. {
        let mut chance = Chance(seed);
        let folder = Folder::default();
        folder.disk().trouble(Trouble::From(1 + chance.below(400)));
        let store = Store::within(&folder);
        let acknowledged = store.as_ref().map_or(0, |store| work(store, &mut chance, 60));
        for left in LEFT {
            let after = folder.after_power_loss(left, &mut || chance.next());
            let found = wrong(&after, acknowledged);
            assert_eq!(found, None, "seed {seed}, {left:?}, {acknowledged} acknowledged");
            looked_at += 1;
        }
        if looked_at >= wanted {
            break;
        }
    }
    println!("{looked_at} disks after a power loss, none of them wrong");
}

#[test]
fn power_lost_at_any_moment_of_the_first_start_leaves_a_folder_that_starts() {
    let folder = Folder::default();
    folder.disk().trouble(Trouble::None);
    drop(Store::within(&folder).unwrap());
    let operations = folder.disk().operations();
    let ways = if cfg!(debug_assertions) { 8 } else { 80 };
    for operation in 1..=operations {
        let mut chance = Chance(operation);
        let folder = Folder::default();
        folder.disk().trouble(Trouble::From(operation));
        let started = Store::within(&folder).is_ok();
        for left in LEFT.into_iter().cycle().take(ways) {
            let after = folder.after_power_loss(left, &mut || chance.next());
            assert_eq!(wrong(&after, 0), None, "operation {operation} of {operations}, {left:?}, started: {started}");
            let again = after.after_power_loss(Left::Synced, &mut || chance.next());
            let store = Store::within(&again).unwrap();
            assert_eq!(work(&store, &mut chance, 5), 5, "what was made after the power loss is kept");
        }
    }
    println!("power lost at each of {operations} operations of a first start, {ways} ways each");
}

#[test]
fn a_disk_error_at_any_operation_costs_nothing_that_was_acknowledged() {
    let disk = Disk::default();
    let store = Store::on(disk.clone()).unwrap();
    disk.trouble(Trouble::None);
    assert_eq!(work(&store, &mut Chance(1), 40), 40);
    let operations = disk.operations();
    let step = if cfg!(debug_assertions) { 9 } else { 1 };
    let mut failed = 0;
    for operation in (1..=operations).step_by(step) {
        for trouble in [Trouble::Once(operation), Trouble::From(operation)] {
            let disk = Disk::default();
            let store = Store::on(disk.clone()).unwrap();
            disk.trouble(trouble);
            let acknowledged = work(&store, &mut Chance(1), 40);
            failed += u64::from(acknowledged < 40);
            // After an error nothing can be written any more: the daemon stops and starts anew.
            if acknowledged < 40 {
                let after = store.unit(Timestamp::now(), |unit| POLICY.take(&item(1000), unit));
                assert!(after.is_err(), "{trouble:?}: the store went on after an error");
            }
            assert_eq!(
                wrong(&Folder::holding(disk.written()), acknowledged),
                None,
                "{trouble:?}, {acknowledged} acknowledged"
            );
        }
    }
    println!("an error at each of {operations} operations, once and for good: {failed} runs ended early, nothing lost");
    assert!(failed > 0);
}

#[test]
fn a_disk_that_lies_about_syncs_is_found_out() {
    let found = (0..40).any(|seed| {
        let mut chance = Chance(seed);
        let disk = Disk::default();
        let store = Store::on(disk.clone()).unwrap();
        disk.trouble(Trouble::LyingSync);
        let acknowledged = work(&store, &mut chance, 20 + seed % 9);
        let image = disk.after_power_loss(Left::Synced, &mut || chance.next());
        wrong(&Folder::holding(image), acknowledged).is_some()
    });
    assert!(found, "the checks of this file do not notice a loss");
}

/// The same test in a process that makes this mistake has to fail and to name what was lost.
#[cfg(feature = "seeded-mistakes")]
#[test]
fn a_skipped_sync_is_caught_by_name_after_a_power_loss() {
    let test = "pipeline::power_loss::after_a_power_loss_what_was_acknowledged_is_there_whole_and_once";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("LOTSE_MISTAKE", "skipped-sync")
        .env("LOTSE_CRASH_IMAGES", "400")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("LostInput"), "{said}");
}
