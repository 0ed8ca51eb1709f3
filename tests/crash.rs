//! `kill -9`, again and again, while posts and mails come in.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::daemon::Daemon;
use support::dovecot::Dovecot;
use support::http;

const KILLS: u64 = 10;
const POSTERS: usize = 4;

fn settings(dovecot: &Dovecot) -> String {
    format!(
        r#"
[channels.sales]
kind = "imap"
host = "localhost"
port = {port}
ca_file = "{ca}"
username = "crash"
password = "secret"
start = "all"
poll = "1s"

[channels.website]
kind = "webhook"
rate = "1000000/min"

[notify.out]
kind = "file"
path = "outbox"

[owners.anna]
notify = ["out"]
[owners.jonas]
notify = ["out"]
[owners.lea]
notify = ["out"]
[teams.sales]
members = ["anna", "jonas", "lea"]
"#,
        port = dovecot.port(),
        ca = dovecot.ca_file().display()
    )
}

#[test]
fn what_was_acknowledged_before_a_kill_is_one_lead_and_nobody_is_skipped() {
    let dovecot = Dovecot::start();
    let mut daemon = Daemon::with(&settings(&dovecot));
    daemon.start();
    let address = Arc::new(Mutex::new(daemon.public()));
    let (stop, mails) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let posters: Vec<_> = (0..POSTERS)
        .map(|poster| {
            let (address, stop) = (Arc::clone(&address), Arc::clone(&stop));
            std::thread::spawn(move || keep_posting(poster, &address, &stop))
        })
        .collect();

    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let n = mails.fetch_add(1, Ordering::Relaxed);
                let mail = format!(
                    "From: p{n}@crash{n}.test\r\nMessage-ID: <{n}@crash.test>\r\nSubject: {n}\r\n\r\nHello {n}\r\n"
                );
                dovecot.deliver("crash", mail.as_bytes());
                std::thread::sleep(Duration::from_millis(15));
            }
        });
        for round in 0..KILLS {
            std::thread::sleep(Duration::from_millis(150 + 97 * (round * 7 % 10)));
            daemon.kill();
            daemon.start();
            *address.lock().unwrap() = daemon.public();
        }
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
    });
    let mut acknowledged = BTreeSet::new();
    for poster in posters {
        acknowledged.extend(poster.join().unwrap());
    }
    let mails = mails.load(Ordering::Relaxed);

    let addresses = |daemon: &Daemon| -> Vec<String> {
        let leads = daemon.json(&["leads", "list"]);
        leads.iter().map(|lead| lead["emails"][0].as_str().unwrap().to_owned()).collect()
    };
    let count = |all: &[String]| all.iter().filter(|email| email.contains("@crash")).count();
    daemon.until("all mails are leads", Duration::from_mins(1), |daemon| count(&addresses(daemon)) == mails);
    let all = addresses(&daemon);
    let unique: BTreeSet<&String> = all.iter().collect();
    assert_eq!(unique.len(), all.len(), "two leads for one person");
    for email in &acknowledged {
        assert!(unique.contains(email), "acknowledged and lost: {email}");
    }

    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for lead in daemon.json(&["leads", "list"]) {
        *owners.entry(lead["owner"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    daemon.ok(&["status", "--audit"]);
    let (least, most) = (owners.values().min().unwrap(), owners.values().max().unwrap());
    println!("{KILLS} kills, {} posts acknowledged, {mails} mails, leads per owner {owners:?}", acknowledged.len());
    assert!(most - least <= 1, "{owners:?}");
    assert!(acknowledged.len() > 50 && mails > 50, "too little went in to mean anything");

    daemon.until("a notice for each lead", Duration::from_mins(1), |daemon| {
        std::fs::read_dir(daemon.path("outbox"))
            .unwrap()
            .flatten()
            .filter(|f| f.path().extension().is_some_and(|e| e == "json"))
            .count()
            == all.len()
    });
}

/// Posts until told to stop; a post without an answer is sent again, as a careful sender would.
fn keep_posting(poster: usize, address: &Mutex<std::net::SocketAddr>, stop: &AtomicBool) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let email = format!("q{n}@poster{poster}.test");
        let body = format!(r#"{{"email":"{email}","message":"number {n}"}}"#);
        loop {
            let to = *address.lock().unwrap();
            match http::post(to, "/hooks/website", "application/json", &body) {
                Ok(answer) if answer.status == 200 => {
                    acknowledged.push(email);
                    break;
                }
                _ if stop.load(Ordering::Relaxed) => break,
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }
    acknowledged
}
