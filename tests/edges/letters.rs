//! Notices when the mail server refuses some receivers, or its last answer gets lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::house::{FORM, SOON, post};
use crate::support::daemon::Daemon;
use crate::support::http;
use crate::support::smtp::{Act, ScriptedSmtp, SmtpServer};

fn owners(ids: &[&str]) -> String {
    let owner = |id: &&str| format!("[owners.{id}]\nemail = \"{id}@team.test\"\nnotify = [\"mail\"]\n");
    let quoted: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    ids.iter().map(owner).collect::<String>() + &format!("[teams.sales]\nmembers = [{}]\n", quoted.join(", "))
}

fn server(port: u16, rest: &str) -> String {
    format!(
        "[notify.mail]\nkind = \"smtp\"\nhost = \"localhost\"\nport = {port}\nfrom = \"Lotse <lotse@team.test>\"\n{rest}\n"
    )
}

/// The different Message-IDs.
fn ids(mails: &[String]) -> BTreeSet<&str> {
    mails.iter().map(|mail| mail.lines().find(|line| line.starts_with("Message-ID")).unwrap()).collect()
}

/// The notice to an owner.
fn notice(daemon: &Daemon, owner: &str) -> Value {
    daemon.json(&["outbox", "list"]).into_iter().find(|notice| notice["owner"] == owner).unwrap()
}

#[test]
fn one_refused_receiver_is_dead_with_the_reason_one_that_is_busy_waits_and_the_others_are_told() {
    let exim = SmtpServer::start();
    let login = format!("username = \"lotse\"\npassword = \"secret\"\nca_file = \"{}\"", exim.ca_file().display());
    let mut daemon =
        Daemon::with(&[FORM, &owners(&["unknown", "busy", "anna"]), &server(exim.port(), &login)].concat());
    daemon.start();
    for n in 0..3 {
        assert_eq!(post(&daemon, n, "").unwrap().status, 200);
    }
    daemon.until("each of them was tried", SOON, |daemon| {
        ["unknown", "busy", "anna"].iter().all(|owner| notice(daemon, owner)["attempts"].as_u64() > Some(0))
    });
    let states = ["unknown", "busy", "anna"].map(|owner| notice(&daemon, owner)["state"].as_str().unwrap().to_owned());
    assert_eq!(states, ["dead", "pending", "delivered"]);
    for (owner, why) in [("unknown", "5.1.1 no such user"), ("busy", "4.2.1 mailbox busy")] {
        let error = notice(&daemon, owner)["error"].as_str().unwrap().to_owned();
        assert!(error.contains(why), "{error}");
    }
    // A busy mailbox does not keep the server from the others.
    for n in 3..6 {
        assert_eq!(post(&daemon, n, "").unwrap().status, 200);
    }
    let mails = exim.wait_for(2);
    assert!(mails.iter().all(|mail| mail.rcpt == "anna@team.test"), "{mails:?}");
    assert!(daemon.stop().0.success());
}

#[test]
fn a_mail_whose_last_answer_got_lost_is_sent_again_under_the_same_message_id() {
    let smtp = ScriptedSmtp::start(|connection, cue| (connection == 1 && cue == ".").then_some(Act::Cut));
    let mut daemon = Daemon::with(&[FORM, &owners(&["anna"]), &server(smtp.port(), "tls = \"none\"")].concat());
    daemon.start();
    assert_eq!(post(&daemon, 1, "").unwrap().status, 200);
    daemon.until("the repetition is taken", Duration::from_secs(15), |daemon| {
        notice(daemon, "anna")["state"] == "delivered"
    });
    let (notice, mails) = (notice(&daemon, "anna"), smtp.seen().mails);
    assert_eq!((mails.len(), notice["attempts"].as_u64()), (2, Some(2)));
    let id = format!("Message-ID: <{}@team.test>", notice["id"].as_str().unwrap());
    assert!(mails.iter().all(|mail| mail.contains(&id)), "{mails:?}");
    assert_eq!(mails[0], mails[1], "the repetition is the same mail to the last byte");
    assert!(daemon.stop().0.success());
}

#[test]
fn thousands_that_waited_for_a_server_go_out_once_each_when_it_is_back() {
    const LEADS: usize = 2000;
    let back = Arc::new(AtomicBool::new(false));
    let is_back = Arc::clone(&back);
    let smtp = ScriptedSmtp::start(move |_, _| (!is_back.load(Ordering::SeqCst)).then_some(Act::Cut));
    let team = owners(&["anna", "jonas", "lea"]);
    let mut daemon = Daemon::with(&[FORM, &team, &server(smtp.port(), "tls = \"none\"")].concat());
    daemon.start();
    for start in (0..LEADS).step_by(500) {
        let lead = |n| format!(r#"{{"name":"Nr{n}","email":"n{n}@many{n}.example","message":"Please call {n}"}}"#);
        let body: Vec<String> = (start..start + 500).map(lead).collect();
        let answer =
            http::post(daemon.public(), "/hooks/website", "application/json", &format!("[{}]", body.join(",")));
        assert_eq!(answer.unwrap().status, 200);
    }
    let outbox = |daemon: &Daemon| daemon.object(&["status"])["outbox"].clone();
    daemon.until("all wait", SOON, |daemon| outbox(daemon)["pending"] == LEADS);
    std::thread::sleep(Duration::from_secs(5));
    let tries = smtp.seen().connections;
    assert!(tries <= 10, "{tries} tries in the first seconds");

    // Back while we are away; a start tries at once whatever waits.
    assert!(daemon.stop().0.success());
    back.store(true, Ordering::SeqCst);
    daemon.start();
    let started = Instant::now();
    daemon.until("all are delivered", Duration::from_mins(3), |daemon| outbox(daemon)["pending"] == 0);
    println!("{LEADS} notices went out in {:?}, after {tries} tries while the server was down", started.elapsed());
    assert_eq!(outbox(&daemon)["dead"], 0);
    let mails = smtp.seen().mails;
    assert_eq!((mails.len(), ids(&mails).len()), (LEADS, LEADS), "each once");
    assert!(daemon.stop().0.success());
}

#[test]
fn a_server_that_turns_us_away_or_breaks_off_gets_each_mail_once_when_it_is_back() {
    // Busy, then cut in two commands, then well.
    let turns = ["", "EHLO", "MAIL"];
    let smtp = ScriptedSmtp::start(move |connection, cue| match turns.get(connection - 1) {
        Some(&"") if cue.is_empty() => Some(Act::Say("421 4.3.2 too busy")),
        Some(&at) if at == cue => Some(Act::Cut),
        _ => None,
    });
    let mut daemon = Daemon::with(&[FORM, &owners(&["anna"]), &server(smtp.port(), "tls = \"none\"")].concat());
    daemon.start();
    for n in 0..3 {
        assert_eq!(post(&daemon, n, "").unwrap().status, 200);
    }
    daemon.until("all three are delivered", Duration::from_secs(90), |daemon| {
        daemon.json(&["outbox", "list"]).iter().filter(|notice| notice["state"] == "delivered").count() == 3
    });
    let mails = smtp.seen().mails;
    assert_eq!((mails.len(), ids(&mails).len()), (3, 3), "each once");
    assert!(daemon.stop().0.success());
}
