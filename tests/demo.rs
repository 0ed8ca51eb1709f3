//! A stranger's first minute: no settings, one command, what it prints works.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::daemon::binary;

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn without_settings_the_printed_example_makes_a_lead_with_an_owner_and_a_notice() {
    for port in [8080, 8081] {
        assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "port {port} of the demo settings is in use here");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(binary())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let _killed = Killed(child);
    let mut greeting = String::new();
    while !greeting.contains("lotse check") {
        assert!(out.read_line(&mut greeting).unwrap() > 0, "the greeting ended early: {greeting}");
    }

    // The examples, exactly as printed.
    for start in ["  curl ", "  printf "] {
        let from = greeting.find(start).unwrap_or_else(|| panic!("no example `{start}` in {greeting}"));
        let example: String = greeting[from..].split("\n\n").next().unwrap().to_owned();
        let output = Command::new("bash").arg("-c").arg(&example).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{example}\n{}", String::from_utf8_lossy(&output.stderr));
        if start.contains("curl") {
            assert!(String::from_utf8_lossy(&output.stdout).contains("receipt"), "{output:?}");
        }
    }
    let lotse = |arguments: &[&str]| -> Vec<Value> {
        let output = Command::new(binary()).args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let started = Instant::now();
    while lotse(&["leads", "list", "--json"]).len() < 2 {
        assert!(started.elapsed() < Duration::from_secs(20), "the two leads did not come in");
        std::thread::sleep(Duration::from_millis(100));
    }
    let leads = lotse(&["leads", "list", "--json"]);
    assert!(leads.iter().all(|lead| lead["owner"].is_string()), "{leads:#?}");
    assert_ne!(leads[0]["owner"], leads[1]["owner"], "the two sample owners did not take turns");
    let max = leads.iter().find(|lead| lead["name"] == "Max Mustermann").unwrap();
    assert_eq!(max["phones"][0], "+493012345678");
    assert_eq!(max["disposition"], "qualified");

    let notices = || fs::read_dir(folder.path().join("data/outbox")).map_or(0, Iterator::count);
    while notices() < 2 {
        assert!(started.elapsed() < Duration::from_secs(20), "no notices in the outbox");
        std::thread::sleep(Duration::from_millis(100));
    }
    // A person's view of the same.
    let mut table = String::new();
    let mut list = Command::new(binary())
        .args(["leads", "list"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    list.stdout.take().unwrap().read_to_string(&mut table).unwrap();
    assert!(list.wait().unwrap().success());
    assert!(table.contains("Max Mustermann"), "{table}");
}
