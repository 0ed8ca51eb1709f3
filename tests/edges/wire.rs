//! A mailbox behind a wire that breaks: after it heals, every mail has one outcome and one lead,
//! and the mailbox is as it was.
//!
//! The channel, the pipeline and the store are the real ones, in this process, so that hundreds of
//! breakages fit into a test. `LOTSE_EVERY_BYTE=1` cuts at every byte instead of every 32nd.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::house::{SOON, TEAM, addresses, mail};
use crate::line::{Line, expected, mailbox};
use crate::proxy::{At, Fault, How, Proxy};
use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;

/// Mails in each mailbox.
const MAILS: usize = 3;
/// Runs at the same time.
const TOGETHER: usize = 32;

fn fill(dovecot: &Dovecot, user: &str) -> Vec<String> {
    for n in 1..=MAILS {
        dovecot.deliver(user, &mail(n));
    }
    dovecot.list(user)
}

/// What the server says in a session that nothing disturbs, up to the wait for news.
async fn record(dovecot: &Dovecot) -> Vec<u8> {
    fill(dovecot, "recorded");
    let proxy = Proxy::to(dovecot.plain_port(), |_| None);
    let line = Line::start(proxy.port(), "recorded");
    let idles = |_: &Line| proxy.recording().windows(6).any(|piece| piece == b"+ idli");
    line.until("an undisturbed session", SOON, |line| line.is_well() && idles(line)).await;
    line.prove("an undisturbed session", MAILS).await;
    let mut said = proxy.recording();
    let idle = said.windows(6).position(|piece| piece == b"+ idli").unwrap();
    said.truncate(idle + "+ idling\r\n".len());
    said
}

/// Breaks the first connection once in each of these ways, many at a time.
async fn survive(dovecot: &Dovecot, faults: Vec<Fault>) -> usize {
    let mut happened = 0;
    for (round, some) in faults.chunks(TOGETHER).enumerate() {
        let user = format!("u{:?}-{round}", some[0].1).to_lowercase();
        let before = fill(dovecot, &user);
        let runs: Vec<(Fault, Proxy)> = some
            .iter()
            .map(|&fault| {
                (fault, Proxy::to(dovecot.plain_port(), move |connection| (connection == 0).then_some(fault)))
            })
            .collect();
        let lines: Vec<Line> = runs.iter().map(|(_, proxy)| Line::start(proxy.port(), &user)).collect();
        for ((fault, proxy), line) in runs.iter().zip(&lines) {
            let again = |line: &Line| proxy.connections() > proxy.faults() && line.is_well();
            line.until(&format!("{fault:?}"), Duration::from_secs(30), |line| {
                line.leads() == expected(MAILS) && again(line)
            })
            .await;
        }
        assert_eq!(dovecot.list(&user), before, "the mailbox is as it was");
        dovecot.deliver(&user, &mail(MAILS + 1));
        let mut proofs = JoinSet::new();
        for ((fault, proxy), line) in runs.into_iter().zip(lines) {
            happened += proxy.faults();
            proofs.spawn(async move {
                let what = format!("{fault:?}");
                line.until(&what, SOON, |line| line.leads() == expected(MAILS + 1)).await;
                line.prove(&what, MAILS + 1).await;
            });
        }
        while let Some(proof) = proofs.join_next().await {
            proof.unwrap();
        }
    }
    happened
}

/// The numbers of the lines that are the server's own words, not a mail's text.
fn own_words(said: &[u8]) -> Vec<usize> {
    let lines = said.split_inclusive(|byte| *byte == b'\n').enumerate();
    let own = |line: &[u8]| [&b"* "[..], b"+ ", b"A0", b")"].iter().any(|start| line.starts_with(start));
    lines.filter(|(_, line)| own(line)).map(|(number, _)| number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_cut_anywhere_loses_and_doubles_nothing() {
    let (dovecot, started) = (Dovecot::start(), Instant::now());
    let said = record(&dovecot).await;
    let step = if std::env::var_os("LOTSE_EVERY_BYTE").is_some() { 1 } else { 32 };
    let lines = own_words(&said).into_iter().map(At::Line);
    let cuts: Vec<Fault> = (0..said.len()).step_by(step).map(At::Byte).chain(lines).map(|at| (at, How::Cut)).collect();
    let count = cuts.len();
    let happened = survive(&dovecot, cuts).await;
    println!("{count} cuts in {} bytes, {happened} came to pass, in {:?}", said.len(), started.elapsed());
    assert!(happened * 10 > count * 9, "{happened} of {count} cuts came to pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_falls_silent_or_garbles_at_any_line_loses_and_doubles_nothing() {
    let (dovecot, started) = (Dovecot::start(), Instant::now());
    let said = record(&dovecot).await;
    let lines = own_words(&said).into_iter();
    let stalls = lines.clone().map(At::Line).chain([At::Text("Please send us")]).map(|at| (at, How::Stall));
    let garbled = lines.map(|line| (At::Line(line), How::Garble));
    let (stalls, garbled): (Vec<Fault>, Vec<Fault>) = (stalls.collect(), garbled.collect());
    let (silent, spoilt) = (stalls.len(), garbled.len());
    let happened = survive(&dovecot, stalls).await + survive(&dovecot, garbled).await;
    println!("{silent} stalls and {spoilt} garbled lines, {happened} came to pass, in {:?}", started.elapsed());
    assert!(happened * 10 > (silent + spoilt) * 9);
}

#[test]
fn a_network_that_cuts_the_same_mail_again_and_again_delays_that_mail_and_no_other() {
    let dovecot = Dovecot::start();
    let before = fill(&dovecot, "sales");
    let broken = Arc::new(AtomicBool::new(true));
    let breaks = Arc::clone(&broken);
    let proxy = Proxy::to(dovecot.plain_port(), move |_| {
        breaks.load(Ordering::SeqCst).then_some((At::Text("* 2 FETCH (UID 2 BODY"), How::Cut))
    });
    let mut daemon = Daemon::with(&[&mailbox(proxy.port(), "sales", "1s"), TEAM].concat());
    daemon.start();
    daemon.until("the mails behind it flow", SOON, |daemon| addresses(daemon).len() == 2);
    let waits = daemon.object(&["intake", "list", "--outcome", "quarantined"]);
    assert!(waits["source"].as_str().unwrap().starts_with("INBOX, UID 2 "), "{waits}");
    assert!(waits["reason"].as_str().unwrap().contains("asked for again"), "{waits}");

    broken.store(false, Ordering::SeqCst);
    daemon.until("the mail comes after all", Duration::from_secs(20), |daemon| addresses(daemon) == expected(MAILS));
    let rows = || daemon.json(&["intake", "list"]);
    daemon.until("nothing is left to look at", SOON, |_| rows().iter().all(|row| row["outcome"] != "quarantined"));
    let settled = rows().into_iter().find(|row| row["id"] == waits["id"]).unwrap();
    let came = rows().into_iter().find(|row| row["id"] == settled["same_as"]).unwrap();
    assert_eq!((settled["outcome"].as_str(), came["outcome"].as_str()), (Some("redelivered"), Some("created")));
    assert_eq!((&settled["lead"], &settled["source"]), (&came["lead"], &came["source"]));
    assert_eq!((rows().len(), dovecot.list("sales")), (MAILS + 1, before));
    // It is asked for no more.
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(rows().len(), MAILS + 1);
    assert!(daemon.stop().0.success());
}

#[test]
fn a_mail_that_the_server_could_not_read_comes_in_once_it_can() {
    let dovecot = Dovecot::start();
    let mut poison = None;
    for n in 1..=MAILS {
        let path = dovecot.deliver("sales", &mail(n));
        if n == 2 {
            // A wrong size in the file name makes Dovecot end the session at every attempt to read it.
            let bad = path.with_file_name(format!("{},S=1200", path.file_name().unwrap().to_string_lossy()));
            std::fs::rename(&path, &bad).unwrap();
            poison = Some(bad);
        }
    }
    let mut daemon = Daemon::with(&[&mailbox(dovecot.plain_port(), "sales", "1s"), TEAM].concat());
    daemon.start();
    daemon.until("the mails around it flow", SOON, |daemon| {
        addresses(daemon).len() == 2 && daemon.json(&["intake", "list", "--outcome", "quarantined"]).len() == 1
    });
    // A restart forgets nothing of it.
    assert!(daemon.stop().0.success());
    // Now its size is what the name says.
    let whole = [mail(2), vec![b' '; 1200 - mail(2).len()]].concat();
    std::fs::write(poison.unwrap(), whole).unwrap();
    daemon.start();
    let open = |daemon: &Daemon| daemon.json(&["intake", "list", "--outcome", "quarantined"]);
    daemon.until("the mended mail is a lead, and nothing is left to look at", SOON, |daemon| {
        addresses(daemon) == expected(MAILS) && open(daemon).is_empty()
    });
}

#[test]
fn a_mail_that_goes_while_it_is_owed_is_asked_for_no_more_and_its_row_says_so() {
    let dovecot = Dovecot::start();
    let path = dovecot.deliver("sales", &mail(1));
    let proxy = Proxy::to(dovecot.plain_port(), |_| Some((At::Text("* 1 FETCH (UID 1 BODY"), How::Cut)));
    let mut daemon = Daemon::with(&[&mailbox(proxy.port(), "sales", "1s"), TEAM].concat());
    daemon.start();
    let rows = |daemon: &Daemon| daemon.json(&["intake", "list", "--outcome", "quarantined"]);
    daemon.until("it is passed by", SOON, |daemon| rows(daemon).len() == 1);
    let (folder, name) = (path.parent().unwrap().parent().unwrap(), path.file_name().unwrap());
    // Dovecot may have moved it from new/ to cur/.
    for (part, ending) in [("new", ""), ("cur", ":2,")] {
        std::fs::remove_file(folder.join(part).join(format!("{}{ending}", name.to_string_lossy()))).ok();
    }
    daemon.until("its row says that it is gone", Duration::from_secs(15), |daemon| {
        rows(daemon)[0]["reason"].as_str().unwrap().contains("gone from the folder")
    });
}
