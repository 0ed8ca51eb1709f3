//! One run: feed, kill, start again, let everything come to rest, look, and name what is broken.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use crate::check;
use crate::feed::{Feed, Load};
use crate::house::House;
use crate::input::{Way, chance};
use crate::promise::{Promise, Violation, Violations};
use crate::record::{Entry, Record};
use crate::seen::{Api, Row, Seen, list};

/// How long a run goes and how hard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Kills.
    pub(crate) kills: u64,
    /// The time from a start to the kill lies between these.
    pub(crate) uptime: (Duration, Duration),
    /// A kill waits until so many posts and rows are in flight.
    pub(crate) in_flight: usize,
    pub(crate) load: Load,
    /// When nothing moves for so long, nothing will.
    pub(crate) rest: Duration,
    /// Other numbers, other times of kills.
    pub(crate) seed: u64,
}

/// What a run was like.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) kills: usize,
    pub(crate) inputs: usize,
    pub(crate) acknowledged: usize,
    pub(crate) rows: usize,
    pub(crate) leads: usize,
    pub(crate) redelivered: usize,
    pub(crate) notices: usize,
    /// Inputs that were taken from their source before the last kill.
    pub(crate) taken: Vec<(Way, usize)>,
    /// Inputs in flight at each kill, sorted.
    pub(crate) in_flight: Vec<usize>,
    pub(crate) took: Duration,
    pub(crate) violations: Violations,
}

/// A fresh input has to be through within this time.
const FRESH: Duration = Duration::from_secs(10);
/// A daemon that connects takes mails and rows within this time, even built for debugging on a busy machine.
const CONNECTED: Duration = Duration::from_mins(1);
/// No run waits longer than this for its rest.
const LONGEST: Duration = Duration::from_mins(10);

/// Plays a plan on a house.
pub(crate) fn run(plan: &Plan, house: &mut House<'_>) -> Report {
    let started = Instant::now();
    let record = Record::new(plan.seed);
    let mut violations = Violations::default();
    let feed = Feed::new(Arc::clone(&house.doors), &record);
    let kills = std::thread::scope(|scope| {
        feed.allow(plan.load.a_life);
        feed.start(scope, plan.load);
        // Something has to be there already that a restart could forget.
        wait(FRESH, || record.has_acknowledged(Way::Row) && record.has_acknowledged(Way::Post));
        let kills: Vec<_> = (0..plan.kills).map(|kill| self::kill(plan, kill, house, &feed, &mut violations)).collect();
        sleep(plan.uptime.0);
        feed.stop();
        kills
    });
    let (entries, seen) = rest_and_look(plan.rest, house, &feed, &record, &mut violations);
    violations.0.extend(check::all(&entries, &seen).0);
    Report { took: started.elapsed(), ..Report::of(&kills, &entries, &seen, violations) }
}

/// Kills the daemon after its time and starts it again; says when, and what was in flight.
fn kill(
    plan: &Plan,
    kill: u64,
    house: &mut House<'_>,
    feed: &Feed<'_>,
    violations: &mut Violations,
) -> (Timestamp, usize) {
    let (least, most) = plan.uptime;
    let span = u64::try_from(most.saturating_sub(least).as_micros()).unwrap();
    // Every other daemon gets the time to connect and to let files rest, whatever that takes here.
    if kill % 2 == 1 {
        feed.allow(plan.load.a_life);
        wait(CONNECTED, || at_work(house));
    }
    feed.allow(plan.load.a_life);
    sleep(least + Duration::from_micros(chance(kill, 50 + plan.seed) % (span + 1)));
    wait(FRESH, || feed.record.in_flight() >= plan.in_flight);
    let killed = (Timestamp::now(), feed.record.in_flight());
    house.kill_and_start();
    peek(house, feed.record, violations);
    killed
}

impl Report {
    fn of(kills: &[(Timestamp, usize)], entries: &BTreeMap<u64, Entry>, seen: &Seen, violations: Violations) -> Self {
        let taken = check::taken(entries, seen);
        let mut in_flight: Vec<usize> =
            kills.iter().map(|(at, known)| known + mails_in_flight(*at, entries, &taken)).collect();
        in_flight.sort_unstable();
        let last = kills.last().map_or(Timestamp::MIN, |(at, _)| *at);
        let before =
            |way: Way| taken.iter().filter(|(number, at)| **at < last && entries[number].input.way == way).count();
        Self {
            kills: kills.len(),
            inputs: entries.len(),
            acknowledged: entries.values().filter(|entry| entry.acknowledged.is_some()).count(),
            rows: seen.rows.len(),
            leads: seen.leads.len(),
            redelivered: seen.rows.iter().filter(|row| row.outcome == "redelivered").count(),
            notices: seen.notices.len(),
            taken: [Way::Mail, Way::Post, Way::Array, Way::Row].map(|way| (way, before(way))).to_vec(),
            in_flight,
            took: Duration::ZERO,
            violations,
        }
    }
}

/// Lets a daemon that was fed come to rest, and names what is broken.
pub(crate) fn judge(house: &House<'_>, feed: &Feed<'_>, record: &Record) -> Violations {
    let mut violations = Violations::default();
    let (entries, seen) = rest_and_look(Duration::from_secs(15), house, feed, record, &mut violations);
    violations.0.extend(check::all(&entries, &seen).0);
    violations
}

/// Sends some of the oldest inputs again, waits for everything, sends fresh ones, and looks.
fn rest_and_look(
    rest: Duration,
    house: &House<'_>,
    feed: &Feed<'_>,
    record: &Record,
    violations: &mut Violations,
) -> (BTreeMap<u64, Entry>, Seen) {
    feed.repeat_the_oldest();
    come_to_rest(rest, house, feed, record);
    stay_fresh(house, feed, record, violations);
    come_to_rest(rest, house, feed, record);
    (record.entries(), Seen::all(house))
}

/// Whether mails and rows were taken since the start.
fn at_work(house: &House<'_>) -> bool {
    let status = Api::of(&house.daemon).get("/status").unwrap();
    let status: Value = serde_json::from_str(&status).unwrap();
    ["sales", "fairs"]
        .iter()
        .all(|channel| status["channels"][channel]["items"].as_u64().is_some_and(|items| items > 0))
}

/// A cheap look between two kills: receipts are still rows.
fn peek(house: &House<'_>, record: &Record, violations: &mut Violations) {
    let api = Api::of(&house.daemon);
    for (number, receipt) in record.some_receipts(10) {
        if let Err(why) = api.get(&format!("/intake/{receipt}")) {
            let found = format!("after a kill the receipt {receipt} of input {number} is no row: {why}");
            violations.add(Promise::LostInput, found);
        }
    }
}

/// Waits until all that was sent has an outcome and all notices are delivered, or nothing moves any more.
fn come_to_rest(rest: Duration, house: &House<'_>, feed: &Feed<'_>, record: &Record) {
    let started = Instant::now();
    let (mut before, mut moved) = ((0, 0, 0), Instant::now());
    while moved.elapsed() < rest && started.elapsed() < LONGEST {
        let looked = Instant::now();
        let files = feed.look_for_done();
        let rows: Vec<Row> = list(&house.daemon, &["intake", "list"]);
        let outcomes = rows.iter().filter(|row| row.outcome != "redelivered").count();
        let mails = rows.iter().filter(|row| row.channel == "sales").count();
        let pending = house.daemon.object(&["status"])["outbox"]["pending"].as_u64().unwrap();
        let all_mails = mails >= record.issued_in(Way::Mail) + feed.repeated_mails();
        if files == 0 && all_mails && outcomes >= record.issued() && pending == 0 {
            return;
        }
        let now = (rows.len(), files, pending);
        if now != before {
            (before, moved) = (now, Instant::now());
        }
        sleep(Duration::from_millis(100).max(looked.elapsed()));
    }
}

/// A fresh input in each way comes through in time.
fn stay_fresh(house: &House<'_>, feed: &Feed<'_>, record: &Record, violations: &mut Violations) {
    let since = Timestamp::now();
    let issued = record.issued();
    feed.mail();
    feed.file(1);
    feed.post(&feed.fresh_post());
    let rows = || list::<Row>(&house.daemon, &["intake", "list", "--limit", "20"]);
    let fresh = |row: &&Row| row.received_at >= since && row.outcome != "redelivered";
    let through = wait(FRESH, || rows().iter().filter(fresh).count() >= record.issued() - issued);
    if !through {
        let channels: Vec<String> = rows().iter().filter(fresh).map(|row| row.channel.clone()).collect();
        violations
            .add(Promise::Stuck, format!("of a fresh mail, row and post only {channels:?} came in within {FRESH:?}"));
    }
}

/// Mails that lay in the mailbox at a moment and were not yet taken from it.
fn mails_in_flight(at: Timestamp, entries: &BTreeMap<u64, Entry>, taken: &BTreeMap<u64, Timestamp>) -> usize {
    let mails = entries.values().filter(|entry| entry.input.way == Way::Mail && entry.issued <= at);
    mails.filter(|mail| taken.get(&mail.input.number).is_none_or(|taken| *taken > at)).count()
}

fn wait(limit: Duration, test: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while started.elapsed() < limit {
        if test() {
            return true;
        }
        sleep(Duration::from_millis(5));
    }
    test()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, median) = (self.in_flight.first(), self.in_flight.get(self.in_flight.len() / 2));
        let double = |v: &&Violation| matches!(v.promise, Promise::DoubleLead | Promise::DoubleOutcome);
        let doubles = self.violations.0.iter().filter(double).count();
        write!(
            f,
            "{} kills, {} inputs ({} acknowledged to their senders, the others mails), {} ledger rows of which {} redelivered, \
             {} leads, {doubles} doubles, {} notices, {} broken promises, in flight at a kill at least {} (median {}), taken before the last kill {:?}, {:.1} s",
            self.kills,
            self.inputs,
            self.acknowledged,
            self.rows,
            self.redelivered,
            self.leads,
            self.notices,
            self.violations.0.len(),
            least.unwrap_or(&0),
            median.unwrap_or(&0),
            self.taken,
            self.took.as_secs_f64()
        )
    }
}
