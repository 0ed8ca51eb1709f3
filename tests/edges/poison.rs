//! An item whose reading ends the process: it does so once, and costs nobody else anything.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::house::{FORM, SOON, TEAM, addresses, mail, mailbox, post};
use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;
use crate::support::http;

/// A daemon that is vulnerable: reading `POISON-…` kills its reader.
fn vulnerable(settings: &str) -> Daemon {
    let mut daemon = Daemon::with(settings);
    let library = daemon.path("poison.so");
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/edges/poison.c");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-fno-builtin", "-fno-tree-loop-distribute-patterns", "-o"])
        .arg(&library)
        .arg(source)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    daemon.set("LD_PRELOAD", library);
    daemon
}

/// Posts a form with this message.
fn poison(daemon: &Daemon, message: &str, key: &str) -> std::io::Result<http::Answer> {
    let body = format!(r#"{{"name":"Eve","email":"eve@evil.example","message":"{message} and more"}}"#);
    let headers = [format!("Idempotency-Key: {key}"), "Content-Type: application/json".into()];
    http::request(daemon.public(), "POST", "/hooks/website", &headers.each_ref().map(String::as_str), body.as_bytes())
}

/// What is kept of suspects.
fn suspects(daemon: &Daemon) -> String {
    fs::read_to_string(daemon.path("store/suspects")).unwrap_or_default()
}

fn quarantined(daemon: &Daemon) -> Vec<Value> {
    daemon.json(&["intake", "list", "--outcome", "quarantined"])
}

#[test]
fn a_post_that_overflows_the_stack_ends_the_daemon_once_and_is_quarantined() {
    let mut daemon = vulnerable(&[FORM, TEAM].concat());
    daemon.start();
    for n in 0..3 {
        assert_eq!(post(&daemon, n, "").unwrap().status, 200);
    }
    poison(&daemon, "POISON-ABORT", "poison").unwrap_err();
    let status = daemon.ended(SOON);
    assert!(!status.success() && daemon.log().contains("overflowed its stack"), "{status}\n{}", daemon.log());

    daemon.start();
    let pid = daemon.pid();
    assert!(suspects(&daemon).contains(" suspect"), "{}", suspects(&daemon));
    // Its sender tries again, as it must.
    let since = Instant::now();
    assert_eq!(poison(&daemon, "POISON-ABORT", "poison").unwrap().status, 200);
    println!("poison: read apart and quarantined in {:?}", since.elapsed());
    let rows = quarantined(&daemon);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let reason = rows[0]["reason"].as_str().unwrap();
    assert!(reason.contains("set aside without being read") && reason.contains("signal: 6"), "{reason}");
    assert!(suspects(&daemon).contains(" condemned "), "{}", suspects(&daemon));
    for n in 3..6 {
        assert_eq!(post(&daemon, n, "").unwrap().status, 200);
    }

    // Repeats are set aside without a try; the same after a restart.
    assert_eq!(poison(&daemon, "POISON-ABORT", "again").unwrap().status, 200);
    assert_eq!(poison(&daemon, "POISON-ABORT", "poison").unwrap().status, 200);
    assert_eq!((daemon.pid(), quarantined(&daemon).len()), (pid, 2));
    assert_eq!(daemon.log().matches("reading it is dangerous").count(), 1);
    assert!(daemon.stop().0.success());
    daemon.start();
    assert_eq!(poison(&daemon, "POISON-ABORT", "later").unwrap().status, 200);

    // A person may want it all the same.
    let id = rows[0]["id"].as_str().unwrap();
    daemon.ok(&["intake", "release", id]);
    let leads = daemon.json(&["leads", "list"]);
    assert_eq!(leads.len(), 7);
    let released = leads.iter().find(|lead| !lead["problems"].as_array().unwrap().is_empty()).unwrap();
    assert!(released["message"].as_str().unwrap().contains("POISON-ABORT and more"), "{released}");
    assert!(daemon.stop().0.success());
    // And so without the daemon.
    let second = quarantined(&daemon)[0]["id"].as_str().unwrap().to_owned();
    daemon.ok(&["intake", "release", &second]);
}

#[test]
fn a_mail_that_overflows_the_stack_ends_the_daemon_once_and_its_neighbours_are_leads() {
    let dovecot = Dovecot::start();
    let mut daemon = vulnerable(&[&mailbox(&dovecot), TEAM].concat());
    for n in 0..30 {
        if n == 17 {
            let poison = "From: Eve <eve@evil.example>\r\nMessage-ID: <p@evil.example>\r\nSubject: POISON-ABORT of reading\r\n\r\nPOISON-ABORT and more\r\n";
            dovecot.deliver("sales", poison.as_bytes());
        }
        dovecot.deliver("sales", &mail(n));
    }
    daemon.start();
    let status = daemon.ended(SOON);
    assert!(!status.success() && daemon.log().contains("overflowed its stack"), "{status}\n{}", daemon.log());
    daemon.start();
    daemon.until("thirty leads", SOON, |daemon| addresses(daemon).len() == 30);
    let rows = quarantined(&daemon);
    assert_eq!(rows.len(), 1, "{rows:?}");
    dovecot.deliver("sales", &mail(30));
    daemon.until("the next mail", SOON, |daemon| addresses(daemon).len() == 31);
    assert!(daemon.stop().0.success());
}

#[test]
fn an_item_that_is_dangerous_only_within_the_daemon_is_read_apart_and_is_a_lead() {
    let mut daemon = vulnerable(&[FORM, TEAM].concat());
    daemon.start();
    poison(&daemon, "POISON-HERE", "one").unwrap_err();
    daemon.ended(SOON);
    daemon.start();
    for key in ["one", "two", "three"] {
        assert_eq!(poison(&daemon, "POISON-HERE", key).unwrap().status, 200);
    }
    assert_eq!(addresses(&daemon), ["eve@evil.example"]);
    assert_eq!(daemon.object(&["leads", "list"])["touch_count"], 3);
    assert!(quarantined(&daemon).is_empty());
    assert!(daemon.stop().0.success());
}

#[test]
fn a_reading_without_end_is_given_up_and_others_do_not_wait_for_it() {
    let mut daemon = vulnerable(&[FORM, TEAM].concat());
    daemon.start();
    let to = daemon.public();
    let hanging = std::thread::spawn(move || {
        let body = r#"{"email":"eve@evil.example","message":"POISON-HANG and more"}"#;
        http::post(to, "/hooks/website", "application/json", body)
    });
    daemon.until("it is being read", SOON, |daemon| {
        fs::read(daemon.path("store/reading")).unwrap().iter().any(|byte| *byte != 0)
    });
    assert_eq!(post(&daemon, 0, "").unwrap().status, 200, "another thread reads on");
    daemon.kill();
    hanging.join().unwrap().unwrap_err();

    daemon.start();
    let to = daemon.public();
    let again = std::thread::spawn(move || {
        let body = r#"{"email":"eve@evil.example","message":"POISON-HANG and more"}"#;
        http::post(to, "/hooks/website", "application/json", body)
    });
    let (since, mut n) = (Instant::now(), 1);
    while !again.is_finished() {
        let one = Instant::now();
        assert_eq!(post(&daemon, n, "").unwrap().status, 200);
        assert!(one.elapsed() < Duration::from_secs(5), "a neighbour waited {:?}", one.elapsed());
        n += 1;
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(again.join().unwrap().unwrap().status, 200);
    println!("poison: given up after {:?}, {n} neighbours meanwhile", since.elapsed());
    let rows = quarantined(&daemon);
    assert!(rows[0]["reason"].as_str().unwrap().contains("did not end within 15 s"), "{rows:?}");
    assert_eq!(addresses(&daemon).len(), n);
    assert!(daemon.stop().0.success());
}
