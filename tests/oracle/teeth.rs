//! The teeth: every seeded mistake is caught, by the name of the promise it breaks.
//!
//! Needs the feature `seeded-mistakes`; without a mistake the same build passes the same run.

use std::sync::Mutex;
use std::time::Duration;

use lotse::mistakes::Mistake;

use crate::feed::Load;
use crate::house::House;
use crate::promise::Promise;
use crate::story::{self, Plan, Report};
use crate::support::dovecot::Dovecot;

/// Runs at once.
const SIDE_BY_SIDE: usize = 2;
/// A kill finds the gap that a mistake leaves often, but not always.
const TRIES: u64 = 3;

/// The promise that a mistake breaks; none for those that only the tests of `after` can notice.
fn broken_by(mistake: Mistake) -> Option<Promise> {
    Some(match mistake {
        Mistake::AcknowledgeBeforeCommit
        | Mistake::CommitErrorSwallowed
        | Mistake::SkippedSync
        | Mistake::PlaceBeforeItem
        | Mistake::PlacePastPartialFetch => Promise::LostInput,
        Mistake::RowsForgottenAfterRestart | Mistake::RedeliveryForgottenAfterRestart => Promise::DoubleOutcome,
        Mistake::OutboxOutsideTransaction | Mistake::NoticeSettledBeforeSent => Promise::NoticeMissing,
        Mistake::NoticeToAnother => Promise::NoticeToAnother,
        Mistake::RotationInMemoryOnly | Mistake::DisqualifiedTakesTurn => Promise::RotationInexact,
        Mistake::LeadWithoutMatchKeys => Promise::DoubleLead,
        Mistake::TouchOverwritesMessage => Promise::PayloadChanged,
        Mistake::ReceiptsMixedUp => Promise::WrongReceipt,
        Mistake::MovedBeforeCommit | Mistake::MoveForgotten | Mistake::CopiedAgain => return None,
    })
}

fn short_run(dovecot: &Dovecot, mistake: &str, seed: u64) -> Report {
    let mut house = House::open(dovecot, None, &[("LOTSE_MISTAKE", mistake)]);
    let plan = Plan {
        kills: 5,
        uptime: (Duration::from_millis(20), Duration::from_millis(400)),
        in_flight: 40,
        load: Load {
            posters: 4,
            pause: Duration::from_millis(80),
            mail_every: Duration::from_millis(20),
            in_flight: 70,
            a_life: 150,
        },
        rest: Duration::from_secs(3),
        seed,
    };
    story::run(&plan, &mut house)
}

#[test]
fn every_seeded_mistake_is_caught_by_name() {
    let dovecot = Dovecot::start();
    let sound = short_run(&dovecot, "", 0);
    println!("no mistake: {sound}");
    assert!(sound.violations.0.is_empty(), "{}", sound.violations.report());

    let only = std::env::var("LOTSE_MISTAKE").ok();
    let wanted = |name: &str| only.as_ref().is_none_or(|only| only == name);
    let left = Mutex::new(Mistake::ALL.into_iter().filter(|(_, name)| wanted(name)).collect::<Vec<_>>());
    let missed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some((mistake, name)) = left.lock().unwrap().pop() else { return };
                    if !is_caught(&dovecot, mistake, name) {
                        missed.lock().unwrap().push(name);
                    }
                }
            });
        }
    });
    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "these mistakes went unnoticed: {missed:?}");
}

fn is_caught(dovecot: &Dovecot, mistake: Mistake, name: &str) -> bool {
    let Some(promise) = broken_by(mistake) else { return true };
    for seed in 0..TRIES {
        let report = short_run(dovecot, name, seed);
        let caught = report.violations.name(promise);
        let found = report.violations.report();
        let heads: Vec<&str> = found.lines().filter(|line| !line.starts_with(' ')).collect();
        let verdict = if caught { "caught" } else { "MISSED" };
        println!("{name}: {verdict} by {promise:?} in {:.1} s; broken: {}", report.took.as_secs_f64(), heads.join(" "));
        if caught {
            return true;
        }
    }
    false
}
