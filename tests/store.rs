//! The store under the shipped binary: an old one is taken over, a failing one ends the daemon.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use support::daemon::{Daemon, binary};
use support::http;

const SOON: Duration = Duration::from_secs(30);

const STAFF: &str = r#"
[channels.fairs]
kind = "csv"
folder = "in"
[notify.out]
kind = "file"
path = "out"
[owners.anna]
notify = ["out"]
[owners.jonas]
notify = ["out"]
[owners.lea]
notify = ["out"]
[teams.sales]
members = ["anna", "jonas", "lea"]
"#;

/// A file that the store was filled from: one row is new, one was quarantined and released since.
const ROWS: &str = "name;email;phone;message\n\
     Max Mustermann;max@firma.example;030 123456;Bitte ein Angebot\n\
     Nora Neu;nora@neu.example;;Guten Tag\n\
     \"kaputt\n";

#[test]
fn a_store_of_format_1_goes_on_where_it_stood() {
    let mut daemon = Daemon::with(STAFF);
    let bytes = zstd::decode_all(&include_bytes!("fixtures/store/format-1.redb.zst")[..]).unwrap();
    std::fs::create_dir(daemon.path("store")).unwrap();
    std::fs::write(daemon.path("store/leads.redb"), bytes).unwrap();

    assert!(daemon.ok(&["status", "--audit"]).contains("the store agrees with itself"));
    assert_eq!(daemon.json(&["leads", "list"]).len(), 6);
    let released = daemon.json(&["intake", "list"]).into_iter().find(|row| row["source"] == "b.csv, line 7").unwrap();
    assert_eq!(released["outcome"], "created");

    // The same broken line again belongs to the lead that its release made.
    std::fs::write(daemon.path("again.csv"), ROWS).unwrap();
    daemon.ok(&["import", "again.csv", "--channel", "fairs"]);
    let again = daemon.json(&["intake", "list", "--outcome", "redelivered"]);
    assert_eq!((&again[0]["lead"], &again[0]["same_as"]), (&released["lead"], &released["id"]));

    // Notices to those who have lost the lead since are not sent, and are no fault.
    daemon.start();
    daemon.until("nothing waits in the outbox", SOON, |daemon| {
        daemon.json(&["outbox", "list", "--state", "pending"]).is_empty()
    });
    let dead = daemon.json(&["outbox", "list", "--state", "dead"]);
    assert_eq!(dead.len(), 2, "{dead:?}");
    for notice in &dead {
        assert_eq!(notice["error"], "the lead went to jonas before this was sent");
        let retry = daemon.cli(&["outbox", "retry", notice["id"].as_str().unwrap()]);
        assert!(!retry.status.success());
        assert!(String::from_utf8_lossy(&retry.stderr).contains("the lead went to jonas"), "{retry:?}");
    }
    let status = daemon.object(&["status", "--audit"]);
    assert_eq!((&status["outbox"]["dead"], &status["audit"]), (&0.into(), &serde_json::json!([])));
    daemon.stop();
}

/// Ignores the signal that a file has become too large, so that writing it fails as on a broken disk.
fn deaf_to_file_limits() -> Command {
    let mut bash = Command::new("bash");
    bash.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(binary());
    bash
}

#[test]
fn after_an_error_of_the_store_nothing_is_acknowledged_and_the_daemon_ends_whoever_holds_on() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut daemon = Daemon::with(&format!(
        r#"
[channels.website]
kind = "webhook"
rate = "100000/min"
[channels.sales]
kind = "imap"
host = "127.0.0.1"
port = {port}
tls = "none"
username = "sales"
password = "secret"
[notify.mail]
kind = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "lotse@example.com"
[owners.anna]
email = "anna@example.com"
notify = ["mail"]
[teams.sales]
members = ["anna"]
"#
    ));
    daemon.start_by(deaf_to_file_limits());
    let post_lead = |daemon: &Daemon, number: usize| {
        // Does not compress, so that the file has to grow soon.
        let filler: String = (0..60_000).map(|_| char::from(b'a' + rand::random::<u8>() % 26)).collect();
        let body = format!(r#"{{"email":"p{number}@x{number}.example","message":"{filler}"}}"#);
        http::post(daemon.public(), "/hooks/website", "application/json", &body)
    };
    assert_eq!(post_lead(&daemon, 0).unwrap().status, 200);
    let mut half = TcpStream::connect(daemon.public()).unwrap();
    half.write_all(
        b"POST /hooks/website HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    )
    .unwrap();

    let size = std::fs::metadata(daemon.path("store/leads.redb")).unwrap().len();
    let limit = Command::new("prlimit")
        .arg(format!("--pid={}", daemon.pid()))
        .arg(format!("--fsize={}", size + (1 << 20)))
        .status();
    assert!(limit.unwrap().success());
    let mut acknowledged = 1;
    while let Ok(answer) = post_lead(&daemon, acknowledged) {
        if answer.status != 200 {
            assert_eq!(answer.status, 503, "{answer:?}");
            break;
        }
        acknowledged += 1;
        assert!(acknowledged < 1000, "the limit does nothing");
    }
    let begun = Instant::now();
    let status = daemon.ended(Duration::from_secs(10));
    assert!(!status.success(), "{status}");
    println!("{acknowledged} acknowledged, ended after {:?}", begun.elapsed());
    assert!(daemon.log().contains("the store failed"), "{}", daemon.log());
    drop(half);

    assert!(daemon.ok(&["status", "--audit"]).contains("the store agrees with itself"));
    let leads = daemon.json(&["leads", "list"]).len();
    assert!((acknowledged..=acknowledged + 1).contains(&leads), "{leads} leads, {acknowledged} acknowledged");
}

#[test]
fn a_damaged_store_is_an_error_with_advice_and_its_file_is_left_as_it_is() {
    let daemon = Daemon::with(STAFF);
    std::fs::write(daemon.path("fair.csv"), ROWS).unwrap();
    daemon.ok(&["import", "fair.csv", "--channel", "fairs"]);
    let file = daemon.path("store/leads.redb");
    let whole = std::fs::read(&file).unwrap();
    let noise = |from: usize, to: usize| {
        let mut bytes = whole.clone();
        let mut state = 1_u32;
        for byte in &mut bytes[from..to] {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = state.to_be_bytes()[0];
        }
        bytes
    };
    let (page, end) = (4096, whole.len());
    let damages = [
        ("no database at all", b"not a database, but long enough to be looked at".repeat(1000), true),
        ("the first page", noise(0, page), true),
        ("the header behind the first bytes", noise(64, page), true),
        ("all behind the header", noise(page, end), true),
        ("the second half", noise(end / 2, end), false),
        ("half of it is missing", whole[..end / 2].to_vec(), true),
        ("all but the header is missing", whole[..page].to_vec(), true),
    ];
    for (what, bytes, fatal) in damages {
        for command in [&["leads", "list"][..], &["run"]] {
            std::fs::write(&file, &bytes).unwrap();
            if command == ["run"] && !fatal {
                continue;
            }
            let output = daemon.cli(command);
            let said = String::from_utf8_lossy(&output.stderr);
            if fatal {
                assert_eq!(output.status.code(), Some(1), "{what}: {said}");
                assert!(said.contains("leads.redb is damaged") && said.contains("put a backup"), "{what}: {said}");
                assert!(std::fs::read(&file).unwrap() == bytes, "{what}: the file was changed by {command:?}");
            }
            assert!(output.status.code().is_some_and(|code| code < 2) && !said.contains("panicked"), "{what}: {said}");
        }
    }
    // Here the database begins to repair before it finds out.
    std::fs::write(&file, &whole[..end - page]).unwrap();
    let output = daemon.cli(&["leads", "list"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("leads.redb is damaged"), "{said}");
}
