//! `kill -9` between the commit and the move, and in the midst of the move, again and again.
//!
//! The way to the server is long, so that a kill finds each gap: between commit and move, between
//! copy and deletion, and with a command still on its way when its sender is dead.

use std::fmt::Write;
use std::time::{Duration, Instant};

use lotse::lead::Name;
use lotse::store::{Records, Store};

use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;
use crate::support::look::Look;
use crate::{LIMIT, WITHOUT_MOVE, WITHOUT_UIDPLUS, daemon, lead, slow, unclear};

const TARGET: &str = "Archive.Leads";
/// How long what the daemon says is on its way to the server.
const WAY: Duration = Duration::from_millis(60);

/// What a run of kills came to.
#[derive(Default)]
struct Report {
    mails: usize,
    /// Kills that left mails with an outcome that were not moved.
    between: usize,
    /// Kills that left a move begun.
    midst: usize,
    /// Kills that left mails copied and not deleted.
    copied: usize,
    /// What is wrong.
    wrong: String,
}

/// Kills the daemon so often; `mistake` is one that it makes on purpose.
fn run(dovecot: &Dovecot, user: &str, kills: usize, mistake: &str) -> Report {
    let (port, heard) = slow::way(dovecot.plain_port(), WAY);
    let mut daemon = daemon(port, user, "start = \"all\"\nafter = { move = \"Archive/Leads\" }");
    daemon.set("LOTSE_MISTAKE", mistake);
    let (mut report, mut look) = (Report::default(), Look::at(dovecot.plain_port(), user));
    let (mut settled, mut waiting) = (Vec::new(), Vec::new());
    for round in 0..kills {
        for n in 0..6 {
            let who = format!("w{round:03}x{n}");
            if n == 3 {
                unclear(dovecot, user, &who);
                waiting.push(who);
            } else {
                lead(dovecot, user, &who);
                settled.push(who);
            }
            report.mails += 1;
        }
        while heard.try_recv().is_ok() {}
        daemon.start();
        // The text of the mails is asked for right before the commit; the others are steps of a move.
        let moment = ["BODY.PEEK[]", "STATUS", "TRANSFER", "STORE"][round % 4];
        let is_now = |said: &str| match moment {
            "TRANSFER" => said.contains("UID MOVE ") || said.contains("UID COPY "),
            // A server with MOVE is not told to delete.
            "STORE" => said.contains("UID STORE ") || said.contains("UID MOVE "),
            _ => said.contains(moment),
        };
        while !is_now(&heard.recv_timeout(LIMIT).expect("the daemon came as far as that")) {}
        // The next step follows when this one has arrived.
        std::thread::sleep(rand::random_range(Duration::ZERO..WAY));
        daemon.kill();
        report.after_kill(&daemon, &mut look);
    }
    daemon.start();
    let patience = if mistake.is_empty() { LIMIT } else { Duration::from_secs(20) };
    let started = Instant::now();
    while started.elapsed() < patience && (look.who(TARGET) != settled || look.who("INBOX") != waiting) {
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(Duration::from_secs(2));
    report.compare("in the target", &look.who(TARGET), &settled);
    report.compare("in the folder", &look.who("INBOX"), &waiting);
    report.compare("as leads", &leads(&daemon), &settled);
    report
}

impl Report {
    /// What the kill left; nothing may be moved that has no outcome.
    fn after_kill(&mut self, daemon: &Daemon, look: &mut Look) {
        // What was on its way still arrives.
        std::thread::sleep(4 * WAY);
        let (here, moved, known) = (look.who("INBOX"), look.who(TARGET), leads(daemon));
        self.copied += usize::from(here.iter().any(|who| moved.contains(who)));
        self.between += usize::from(known.iter().any(|who| !moved.contains(who)));
        self.midst += usize::from(has_begun(daemon));
        for who in moved.iter().filter(|who| !known.contains(who)) {
            writeln!(self.wrong, "{who} was moved and had no outcome").unwrap();
        }
    }

    fn compare(&mut self, place: &str, are: &[String], expected: &[String]) {
        for who in expected.iter().filter(|who| !are.contains(who)) {
            writeln!(self.wrong, "{who} is not {place}").unwrap();
        }
        for (before, who) in are.iter().enumerate() {
            if !expected.contains(who) || are[..before].contains(who) {
                writeln!(self.wrong, "{who} is {place}, where it should not be, or is twice").unwrap();
            }
        }
    }
}

/// Who is a lead, sorted.
fn leads(daemon: &Daemon) -> Vec<String> {
    let leads = daemon.json(&["leads", "list"]).into_iter();
    let who = |lead: serde_json::Value| lead["emails"][0].as_str().unwrap().split('@').next().unwrap().to_owned();
    let mut leads: Vec<String> = leads.map(who).collect();
    leads.sort();
    leads
}

/// Whether the store of a daemon that does not run says that a move was begun.
fn has_begun(daemon: &Daemon) -> bool {
    let folder = daemon.path("store");
    if !Store::is_in(&folder) {
        return false;
    }
    let store = Store::open(&folder).unwrap();
    let kept = store.view(|view| view.place(&Name::parse("sales").unwrap(), "after:INBOX")).unwrap();
    kept.is_some_and(|kept| kept.contains("moving"))
}

#[test]
fn a_kill_between_commit_and_move_leaves_no_mail_unmoved_moved_without_outcome_or_doubled() {
    let kills = std::env::var("LOTSE_AFTER_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let servers = [("MOVE", ""), ("COPY", WITHOUT_MOVE), ("COPY, no UIDPLUS", WITHOUT_UIDPLUS)];
    std::thread::scope(|scope| {
        for (number, (name, capabilities)) in servers.into_iter().enumerate() {
            scope.spawn(move || {
                let dovecot = if capabilities.is_empty() { Dovecot::start() } else { Dovecot::offering(capabilities) };
                let report = run(&dovecot, &format!("kill{number}"), kills, "");
                let Report { mails, between, midst, copied, wrong } = report;
                println!("{name}: {kills} kills, {mails} mails; {between} kills left mails to move, {midst} a move begun, {copied} copies not yet moved");
                assert!(wrong.is_empty(), "{name}:\n{wrong}");
                assert!(between > 0, "{name}: no kill met the gap");
            });
        }
    });
}

#[cfg(feature = "seeded-mistakes")]
#[test]
fn every_mistake_about_moves_is_caught() {
    for (mistake, told) in [
        ("moved-before-commit", "had no outcome"),
        ("move-forgotten", "is not in the target"),
        ("copied-again", "or is twice"),
    ] {
        let dovecot = Dovecot::offering(WITHOUT_MOVE);
        let caught = (0..4).any(|attempt| {
            let report = run(&dovecot, &format!("{mistake}{attempt}"), 6, mistake);
            println!("{mistake}: {} ({} copied)", report.wrong.lines().next().unwrap_or("unnoticed"), report.copied);
            report.wrong.contains(told)
        });
        assert!(caught, "{mistake} went unnoticed");
    }
}
