//! A mailbox whose connection breaks at each step of the protocol, on the shipped binary: every mail ends with
//! one outcome, and the mailbox is back within 30 s of the fault, without a restart.
//!
//! Each step has a mailbox for each way to break, all of them in one daemon. `LOTSE_WIRE_ROUNDS=20` breaks
//! each of them so many times, with the usual patience, and measures; without it each breaks once, with less
//! patience, and has to come back at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::gate::{Gate, How, Step, wait};
use crate::house::TEAM;
use crate::support::cyrus::Cyrus;
use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;
use crate::support::http;
use crate::support::look::Look;
use crate::support::server::Server;

/// So long a fault may take to come to pass: the daemon has to come to its step, sometimes twice.
const BREAKS: Duration = Duration::from_mins(3);
/// Where dealt-with mails go.
const DONE: &str = "Done";

/// A mailbox and the way to it.
struct Line {
    step: Step,
    how: How,
    user: String,
    gate: Gate,
    /// When its settings were changed last, and `poll`, in which they change.
    changed: Mutex<(Instant, u64)>,
}

impl Line {
    fn new(server: &dyn Server, step: Step, how: How) -> Self {
        let port = if matches!(step, Step::Tls | Step::BehindTls) { server.protected() } else { server.plain() };
        let user = format!("{step:?}-{how:?}").to_lowercase();
        Self { step, how, user, gate: Gate::to(port), changed: Mutex::new((Instant::now(), 5)) }
    }

    fn settings(&self, server: &dyn Server) -> String {
        let timeout = if rounds().is_none() { "timeout = \"8s\"\n" } else { "" };
        let tls = match self.step {
            Step::StartTls => "starttls",
            Step::Tls | Step::BehindTls => "implicit",
            _ => "none",
        };
        let ca_file =
            if tls == "none" { String::new() } else { format!("ca_file = \"{}\"\n", server.certificate().display()) };
        let more = match self.step {
            Step::Header => "max_size = \"64KiB\"\n".to_owned(),
            Step::Move => format!("after = {{ move = \"{DONE}\" }}\n"),
            _ => String::new(),
        };
        format!(
            "[channels.{user}]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"{tls}\"\nusername = \"{user}\"\n\
             password = \"secret\"\nstart = \"all\"\npoll = \"{}s\"\n{timeout}{ca_file}{more}",
            self.gate.port(),
            self.changed.lock().unwrap().1,
            user = self.user
        )
    }

    fn mail(&self, n: usize) -> Vec<u8> {
        let user = &self.user;
        let filling = "So that there is something to break. ".repeat(if self.step == Step::Header { 2200 } else { 20 });
        let mut lines = String::new();
        for line in filling.as_bytes().chunks(74) {
            let _infallible = write!(lines, "{}\r\n", String::from_utf8_lossy(line));
        }
        format!(
            "From: Max Nr{n} <m{n}@{user}{n}.example>\r\nTo: sales@our.example\r\nSubject: Inquiry {n} of {user}\r\n\
             Message-ID: <m{n}@{user}.example>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\n\
             Please send us an offer for {n} seats.\r\n{lines}"
        )
        .into_bytes()
    }

    /// Whether the daemon has to connect anew to come to the step.
    fn takes_a_new_connection(&self) -> bool {
        use Step::{BehindTls, Greeting, Login, Select, StartTls, Tls};
        matches!(self.step, Greeting | StartTls | Tls | BehindTls | Login | Select)
    }

    /// Whether the step is broken in any case, and the next connection comes to it whatever was done before.
    fn comes_back_to_it(&self) -> bool {
        self.how != How::Garble && (self.takes_a_new_connection() || self.step == Step::Search)
    }
}

/// The daemon with its mailboxes.
struct House<'h> {
    server: &'h dyn Server,
    daemon: &'h Daemon,
    lines: &'h [Line],
    /// The daemon's status, as it was a moment ago.
    status: Mutex<Value>,
    over: Mutex<bool>,
}

impl House<'_> {
    fn watch(&self) {
        while !*self.over.lock().unwrap() {
            *self.status.lock().unwrap() = self.ask("/api/v1/status");
            thread::sleep(Duration::from_secs(1));
        }
    }

    fn ask(&self, path: &str) -> Value {
        http::request(self.daemon.private(), "GET", path, &[&self.daemon.bearer()], b"").unwrap().json()
    }

    /// Whether a mailbox is well and has brought in so many mails.
    fn is_back(&self, line: &Line, mails: usize) -> bool {
        let channel = self.status.lock().unwrap()["channels"][&line.user].clone();
        if channel["state"] != "ok" {
            return false;
        }
        if line.step != Step::Logout {
            // A garbled number of the folder has all of it read again, and each mail is known.
            return channel["items"].as_u64().is_some_and(|items| items >= mails as u64);
        }
        // With new settings a mailbox counts anew.
        let rows = self.ask(&format!("/api/v1/intake?limit=1000&channel={}", line.user));
        rows["items"].as_array().unwrap().len() == mails
    }

    /// Changes the settings of one mailbox that waits for mail, so that it says good-bye and comes again. One
    /// that reads mail just then goes without a word, so this may have to be said again.
    fn reload(&self, line: &Line) {
        // One after the other: each writes the file.
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap();
        {
            let mut changed = line.changed.lock().unwrap();
            if changed.0.elapsed() < Duration::from_secs(10) {
                return;
            }
            *changed = (Instant::now(), 11 - changed.1);
        }
        self.daemon.settings(&settings(self.server, self.lines));
        self.daemon.signal("HUP");
    }

    /// Breaks a mailbox's connection again and again; the longest time it took to be back.
    fn break_and_wait(&self, line: &Line, rounds: usize) -> Duration {
        let (mut mails, mut slowest) = (0, Duration::ZERO);
        for round in 0..rounds {
            let what = format!("{} in round {round}", line.user);
            let times = if round % 5 == 4 && line.comes_back_to_it() { 2 } else { 1 };
            line.gate.arm(line.step, line.how, round, times);
            if line.takes_a_new_connection() {
                line.gate.sever();
            }
            self.server.put(&line.user, &line.mail(mails + 1));
            let ended = wait(&format!("{what} breaks"), BREAKS, || {
                if line.step == Step::Logout {
                    self.reload(line);
                }
                line.gate.ended()
            });
            self.server.put(&line.user, &line.mail(mails + 2));
            mails += 2;
            let left = back().saturating_sub(ended.elapsed());
            wait(&format!("{what} is back"), left, || self.is_back(line, mails).then_some(()));
            slowest = slowest.max(ended.elapsed());
        }
        slowest
    }
}

/// How often each of them is to break, where that is said.
fn rounds() -> Option<usize> {
    std::env::var("LOTSE_WIRE_ROUNDS").ok().map(|rounds| rounds.parse().unwrap())
}

/// So soon a mailbox has to be back after a fault. Where all tests run at once, on whatever machine, only that
/// it comes back is proved.
fn back() -> Duration {
    if rounds().is_some() { Duration::from_secs(30) } else { Duration::from_mins(3) }
}

fn settings(server: &dyn Server, lines: &[Line]) -> String {
    lines.iter().map(|line| line.settings(server)).collect::<String>() + TEAM
}

/// One row of the ledger for each mail, and that a new lead; a mail whose own bytes were garbled may name nobody,
/// and where the folder's number was, mails come again and are recognised.
fn prove_outcomes(daemon: &Daemon, lines: &[Line], mails: usize) {
    let mut rows = daemon.json(&["intake", "list", "--limit", "100000"]);
    rows.retain(|row| !(row["channel"].as_str().unwrap().ends_with("-garble") && row["outcome"] == "redelivered"));
    let mut sources: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &rows {
        let garbled = row["channel"].as_str().unwrap().ends_with("-garble") && row["outcome"] == "quarantined";
        assert!(row["outcome"] == "created" || garbled, "{row}");
        let fresh =
            sources.entry(row["channel"].as_str().unwrap()).or_default().insert(row["source"].as_str().unwrap());
        assert!(fresh, "twice: {row}");
    }
    for line in lines {
        assert_eq!(sources.get(line.user.as_str()).map(BTreeSet::len), Some(mails), "{}", line.user);
    }
    assert_eq!(rows.len(), mails * lines.len());
}

/// Where each mailbox's mails are: where they came, but for those that are moved.
fn prove_mailboxes(server: &dyn Server, lines: &[Line], mails: usize) {
    let mut all: Vec<String> = (1..=mails).map(|n| format!("m{n}")).collect();
    all.sort();
    for line in lines {
        let mut look = Look::at(server.plain(), &line.user);
        let (here, there) = (look.who("INBOX"), look.who(DONE));
        let expected = if line.step == Step::Move { (Vec::new(), all.clone()) } else { (all.clone(), Vec::new()) };
        assert_eq!((here, there), expected, "{}", line.user);
    }
}

/// What the daemon logged of one mailbox.
fn daemon_log(daemon: &Daemon, user: &str) -> String {
    daemon.log().lines().filter(|line| line.contains(&format!("channel={user} "))).collect::<Vec<_>>().join("\n")
}

fn break_at_every_step(server: &dyn Server) {
    let rounds = rounds().unwrap_or(1);
    let hows = [How::Cut, How::Stall, How::Garble];
    let lines: Vec<Line> =
        Step::ALL.into_iter().flat_map(|step| hows.map(|how| Line::new(server, step, how))).collect();
    let mut daemon = Daemon::with(&settings(server, &lines));
    daemon.start();
    let (status, over) = (Mutex::new(Value::Null), Mutex::new(false));
    let house = House { server, daemon: &daemon, lines: &lines, status, over };
    let started = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| house.watch());
        wait("all are read", BREAKS, || lines.iter().all(|line| house.is_back(line, 0)).then_some(()));
        let running: Vec<_> =
            lines.iter().map(|line| (line, scope.spawn(|| house.break_and_wait(line, rounds)))).collect();
        let ended: Vec<_> = running.into_iter().map(|(line, run)| (line, run.join())).collect();
        *house.over.lock().unwrap() = true;
        for (line, slowest) in ended {
            let slowest = slowest.unwrap_or_else(|_| panic!("{}: {}", line.user, daemon_log(house.daemon, &line.user)));
            println!("{:?} {:?}: {rounds} rounds, back within {slowest:.1?}", line.step, line.how);
        }
    });
    println!("{} faults in {:?}", lines.len() * rounds, started.elapsed());
    // Nobody hears the farewells.
    for line in &lines {
        line.gate.arm(Step::Logout, How::Stall, 0, 1);
    }
    assert!(daemon.stop().0.success());
    prove_outcomes(&daemon, &lines, 2 * rounds);
    prove_mailboxes(server, &lines, 2 * rounds);
}

#[test]
fn a_connection_to_dovecot_that_breaks_at_any_step_loses_and_doubles_nothing_and_is_soon_back() {
    break_at_every_step(&Dovecot::start());
}

#[test]
fn a_connection_to_cyrus_that_breaks_at_any_step_loses_and_doubles_nothing_and_is_soon_back() {
    let Some(cyrus) = Cyrus::start() else { return };
    break_at_every_step(&cyrus);
}
