//! A full disk: nothing is taken in, nothing is lost, and it ends by itself.

use std::fs;
use std::time::{Duration, Instant};

use crate::house::{Disk, FOLDER, FORM, SOON, TEAM, addresses, mail, mailbox, post, ready};
use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;

const MIB: u64 = 1 << 20;

fn state(daemon: &Daemon, channel: &str) -> String {
    daemon.object(&["status"])["channels"][channel]["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_full_disk_stops_the_intake_and_nothing_else_and_room_starts_it_again() {
    let Some(disk) = Disk::of(96) else { return };
    let dovecot = Dovecot::start();
    let mut daemon = Daemon::with(&[FORM, FOLDER, &mailbox(&dovecot), TEAM].concat());
    disk.hold_store_of(&daemon, "32MiB");
    dovecot.deliver("sales", &mail(1));
    daemon.start();
    fs::write(daemon.path("fairs/one.csv"), "Name,E-Mail\nEva,e1@fair.example\n").unwrap();
    assert_eq!(post(&daemon, 1, "").unwrap().status, 200);
    daemon.until("three leads from three channels", SOON, |daemon| addresses(daemon).len() == 3);
    assert_eq!(ready(&daemon).status, 200);

    // Below the reserve: no item comes in, people and the outbox go on.
    disk.fill(20 * MIB);
    let refused = post(&daemon, 2, "").unwrap();
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.head.to_lowercase().contains("retry-after:"), "{refused:?}");
    dovecot.deliver("sales", &mail(2));
    fs::write(daemon.path("fairs/two.csv"), "Name,E-Mail\nIna,e2@fair.example\nUwe,e3@fair.example\n").unwrap();
    daemon.until("both channels say that they wait", SOON, |daemon| {
        ["sales", "fairs"].iter().all(|channel| state(daemon, channel) == "trouble")
    });
    let unready = ready(&daemon);
    assert_eq!((unready.status, unready.json()["ready"].as_bool()), (503, Some(false)));
    assert!(unready.body.contains("store.reserve"), "{unready:?}");
    assert!(daemon.ok(&["status"]).contains("TAKES NOTHING IN"));
    assert_eq!(daemon.object(&["status"])["store"]["reserve"], 32 * MIB);
    let lead = daemon.object(&["leads", "list", "f1@web1.example"])["id"].as_str().unwrap().to_owned();
    assert_eq!(daemon.object(&["leads", "stage", &lead, "accepted"])["stage"], "accepted");

    // Nearly nothing left: changes are refused in words, reading still works.
    disk.fill(4 * MIB);
    let change = daemon.cli(&["leads", "stage", &lead, "contacted"]);
    assert!(!change.status.success());
    assert!(String::from_utf8_lossy(&change.stderr).contains("nearly full"), "{change:?}");
    assert_eq!(daemon.object(&["leads", "show", &lead])["stage"], "accepted");
    assert_eq!(addresses(&daemon).len(), 3);
    assert_eq!(post(&daemon, 2, "").unwrap().status, 503);

    disk.make_room();
    let room = Instant::now();
    daemon.until("what waited comes in", SOON, |daemon| {
        post(daemon, 2, "").unwrap().status == 200 && addresses(daemon).len() == 7
    });
    println!("room: all channels took items again after {:?}", room.elapsed());
    daemon.until("the channels are well", SOON, |daemon| {
        ready(daemon).status == 200 && ["sales", "fairs", "website"].iter().all(|c| state(daemon, c) == "ok")
    });
    let all = addresses(&daemon);
    let expected = ["e1@fair.example", "e2@fair.example", "e3@fair.example", "f1@web1.example", "f2@web2.example"];
    assert!(expected.iter().all(|address| all.iter().any(|a| a == address)), "{all:?}");
    assert_eq!(daemon.json(&["intake", "list", "--outcome", "created"]).len(), 7);
    assert!(!daemon.log().contains("the store failed"));
}

#[test]
fn a_disk_that_fills_at_a_blow_ends_the_daemon_and_no_receipt_was_a_lie() {
    let Some(disk) = Disk::of(48) else { return };
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    disk.hold_store_of(&daemon, "0B");
    daemon.start();
    // Text that does not compress.
    let letters = |n: usize| -> String {
        let mut state = n as u64 + 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + u8::try_from(state >> 59).unwrap() % 26)
        };
        (0..60_000).map(|_| next()).collect()
    };
    let mut taken = Vec::new();
    for n in 0..20 {
        assert_eq!(post(&daemon, n, &letters(n)).unwrap().status, 200);
        taken.push(n);
    }
    disk.fill(0);
    let mut n = 20;
    let first_refused = loop {
        match post(&daemon, n, &letters(n)) {
            Ok(answer) if answer.status == 200 => taken.push(n),
            _ => break n,
        }
        n += 1;
        assert!(n < 2000, "the disk never fills");
    };
    let status = daemon.ended(Duration::from_secs(20));
    assert!(!status.success(), "{status}");
    assert!(daemon.log().contains("the store failed"), "{}", daemon.log());

    disk.make_room();
    daemon.start();
    let mut expected: Vec<String> = taken.iter().map(|n| format!("f{n}@web{n}.example")).collect();
    let there = addresses(&daemon);
    let lost: Vec<&String> = expected.iter().filter(|address| !there.contains(address)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    // What was refused may have been stored all the same; posted again it is there once.
    for n in [first_refused, 0, 19] {
        assert_eq!(post(&daemon, n, &letters(n)).unwrap().status, 200);
    }
    expected.push(format!("f{first_refused}@web{first_refused}.example"));
    expected.sort();
    assert_eq!(addresses(&daemon), expected);
    println!("full at a blow: {} posts were taken, number {first_refused} was refused", taken.len());
    assert!(daemon.stop().0.success());
}
