//! The kill loop: `kill -9` at random times with hundreds of inputs in flight, again and again.

use std::time::Duration;

use crate::feed::Load;
use crate::house::House;
use crate::story::{self, Plan};
use crate::support::dovecot::Dovecot;
use crate::support::smtp::SmtpServer;

/// Inputs that are in flight at every kill at least.
const IN_FLIGHT: usize = 300;

#[test]
fn a_kill_at_any_moment_loses_nothing_and_doubles_nothing() {
    let number = |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (dovecot, smtp) = (Dovecot::start(), SmtpServer::start());
    let mut house = House::open(&dovecot, Some(&smtp), &[]);
    let plan = Plan {
        kills: number("LOTSE_KILL_CYCLES", 20),
        uptime: (Duration::from_millis(20), Duration::from_millis(700)),
        in_flight: IN_FLIGHT,
        load: Load {
            posters: 6,
            pause: Duration::from_millis(250),
            mail_every: Duration::from_millis(25),
            in_flight: IN_FLIGHT + 60,
            a_life: 200,
        },
        rest: Duration::from_secs(15),
        seed: number("LOTSE_SEED", 0),
    };
    let report = story::run(&plan, &mut house);
    println!("{report}");
    assert!(report.violations.0.is_empty(), "{}", report.violations.report());
    assert!(report.in_flight.iter().all(|count| *count >= IN_FLIGHT), "{:?}", report.in_flight);
    let log = house.daemon.log();
    let troubles: Vec<&str> = log.lines().filter(|line| !line.contains("INFO")).collect();
    let last = &troubles[troubles.len().saturating_sub(30)..];
    assert!(report.taken.iter().all(|(_, taken)| *taken > 0), "{report}\n{}\n{}", last.join("\n"), dovecot.log());
    assert!(report.redelivered > 0, "nothing was sent twice, so this run proves less than it should");
}
