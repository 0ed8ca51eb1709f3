//! Who gets the leads, by the shipped binary: away, left, nobody free, late, and ten thousand at once
//! while the daemon is killed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::daemon::Daemon;
use support::http;

const TEAM: &str = "[channels.website]\nkind = \"webhook\"\nrate = \"1000000/s\"\n\
     [owners.anna]\nname = \"Anna\"\nnotify = [\"out\"]\n[owners.jonas]\nnotify = [\"out\"]\n[owners.lea]\nnotify = [\"out\"]\n\
     [notify.out]\nkind = \"file\"\npath = \"out\"\n";

const SALES: &str = "[teams.sales]\nmembers = [\"anna\", \"jonas\"]\nfallback = \"lea\"\nhold = \"2s\"\n";

fn post(daemon: &Daemon, number: usize) {
    let body = format!("name=P{number}&email=p%40firma{number}.example&message=Hello");
    let answer = http::post(daemon.public(), "/hooks/website", "application/x-www-form-urlencoded", &body).unwrap();
    assert_eq!(answer.status, 200);
}

fn owners_of_leads(daemon: &Daemon) -> Vec<String> {
    let mut leads = daemon.json(&["leads", "list"]);
    leads.reverse();
    leads.iter().map(|lead| lead["owner"].as_str().unwrap_or("nobody").to_owned()).collect()
}

fn fails(daemon: &Daemon, arguments: &[&str], said: &str) {
    let output = daemon.cli(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains(said), "{arguments:?}: {error}");
}

#[test]
fn who_is_away_gets_nothing_and_the_backlog_is_picked_up_on_return_or_by_the_fallback() {
    let mut daemon = Daemon::with(&format!("{TEAM}{}", SALES.replace("2s", "1h")));
    daemon.start();
    let said = daemon.ok(&["owners", "away", "anna", "2020-01-01..2099-01-02", "--reason", "a long trip"]);
    assert!(said.contains("anna is away") && said.contains("a long trip"), "{said}");
    post(&daemon, 1);
    post(&daemon, 2);
    assert_eq!(owners_of_leads(&daemon), ["jonas", "jonas"]);
    daemon.ok(&["owners", "away", "jonas", "2020-01-01..2099-01-02"]);
    post(&daemon, 3);
    let waiting = daemon.json(&["leads", "list", "--unowned"]).remove(0);
    assert!(waiting["held_until"].is_string() && waiting["owner"].is_null());
    let why = daemon.ok(&["leads", "why", waiting["id"].as_str().unwrap()]);
    assert!(why.contains("then lea gets it") && why.contains("away until 2099-01-03 00:00 (a long trip)"), "{why}");
    let shown = daemon.ok(&["owners"]);
    assert!(shown.contains("away until 2099-01-03 00:00"), "{shown}");
    daemon.ok(&["owners", "back", "anna"]);
    daemon.until("anna gets what waited", Duration::from_secs(30), |daemon| owners_of_leads(daemon)[2] == "anna");

    // At the deadline the fallback gets it.
    daemon.ok(&["owners", "away", "anna", "2020-01-01..2099-01-02"]);
    let loaded_at = |daemon: &Daemon| daemon.object(&["status"])["settings"]["loaded_at"].clone();
    let before = loaded_at(&daemon);
    daemon.settings(&format!("{TEAM}{SALES}"));
    daemon.signal("HUP");
    daemon.until("the settings are in force", Duration::from_secs(20), |daemon| loaded_at(daemon) != before);
    post(&daemon, 4);
    daemon.until("lea gets it", Duration::from_mins(1), |daemon| owners_of_leads(daemon)[3] == "lea");
    assert_eq!(daemon.object(&["status"])["unowned"], 0);
}

#[test]
fn who_leaves_hands_on_their_leads_and_is_never_chosen_again() {
    let mut daemon = Daemon::with(&format!("{TEAM}{SALES}"));
    daemon.start();
    (0..6).for_each(|number| post(&daemon, number));
    let lost = daemon.json(&["leads", "list", "--owner", "anna"]).remove(0);
    daemon.ok(&["leads", "stage", lost["id"].as_str().unwrap(), "lost", "--reason", "no budget"]);
    let said = daemon.ok(&["owners", "leave", "anna"]);
    assert!(said.contains("2 open leads were handed on, 0 wait"), "{said}");
    assert_eq!(daemon.json(&["leads", "list", "--owner", "anna"]).len(), 1, "what is closed stays hers");
    (6..9).for_each(|number| post(&daemon, number));
    assert!(owners_of_leads(&daemon)[6..].iter().all(|owner| owner == "jonas"));
    let anna = &daemon.json(&["owners"])[0];
    assert_eq!((&anna["available"], anna["reason"].as_str().unwrap().starts_with("has left")), (&json!(false), true));
    let lead = daemon.json(&["leads", "list"]).remove(0);
    fails(&daemon, &["leads", "assign", lead["id"].as_str().unwrap(), "anna"], "lotse owners back anna");
    daemon.ok(&["owners", "back", "anna"]);
    (9..11).for_each(|number| post(&daemon, number));
    assert!(owners_of_leads(&daemon)[9..].contains(&"anna".to_owned()));
    // Without the daemon it is the same.
    daemon.stop();
    assert!(daemon.ok(&["owners", "leave", "jonas"]).contains("jonas gets no more leads"));
    assert!(daemon.json(&["leads", "list", "--owner", "jonas", "--stage", "new"]).is_empty());
}

#[test]
fn wrong_input_is_answered_with_what_was_meant() {
    let mut daemon = Daemon::with(&format!("{TEAM}{SALES}"));
    daemon.start();
    fails(&daemon, &["owners", "away", "ana", "2026-12-24..2027-01-02"], "did you mean `anna`?");
    fails(&daemon, &["owners", "away", "anna", "24.12.2026"], "2026-12-24");
    fails(&daemon, &["owners", "away", "anna", "2099-12-24..2099-12-20"], "before it begins");
    fails(&daemon, &["owners", "away", "anna", "2020-01-01..2020-01-02"], "over already");
    fails(&daemon, &["owners", "leave", "lee"], "did you mean `lea`?");
    fails(&daemon, &["owners", "simulate", "--team", "sals"], "did you mean `sales`?");
    let simulated = daemon.cli(&["owners", "simulate", "--from", "24.12.2026"]);
    assert!(String::from_utf8_lossy(&simulated.stderr).contains("2026-12-24"), "{simulated:?}");
    post(&daemon, 1);
    let lead = daemon.json(&["leads", "list"]).remove(0);
    let id = lead["id"].as_str().unwrap();
    fails(&daemon, &["leads", "decline", id, "--reason", " "], "needs a reason");
    assert_eq!(daemon.cli(&["leads", "decline", id]).status.code(), Some(2));
    let said = daemon.ok(&["leads", "decline", id, "--reason", "a competitor of my customer"]);
    assert!(said.contains("is now jonas's"), "{said}");
    let why = daemon.ok(&["leads", "why", id]);
    assert!(why.contains("anna declined it: a competitor of my customer") && why.contains("had this lead before"));
}

#[test]
fn spam_gives_the_turn_back_and_the_counters_say_so() {
    let mut daemon = Daemon::with(&format!("{TEAM}{SALES}"));
    daemon.start();
    (0..2).for_each(|number| post(&daemon, number));
    let spam = daemon.json(&["leads", "list", "--owner", "anna"]).remove(0);
    let id = spam["id"].as_str().unwrap();
    daemon.ok(&["leads", "stage", id, "lost", "--reason", "Spam"]);
    let anna = daemon.json(&["owners"]).remove(0);
    assert_eq!((&anna["assigned"], &anna["refunded"], &anna["owed"]), (&json!(0), &json!(1), &json!(1)));
    (2..4).for_each(|number| post(&daemon, number));
    assert_eq!(owners_of_leads(&daemon)[2..], ["anna", "anna"], "the one made up, and her turn");

    let supplier = daemon.json(&["leads", "list", "--owner", "jonas"]).remove(0);
    let id = supplier["id"].as_str().unwrap();
    let refunded = |daemon: &Daemon| daemon.json(&["owners"]).remove(1)["refunded"].clone();
    daemon.ok(&["leads", "set", id, "disposition=disqualified", "reason=supplier"]);
    assert_eq!(refunded(&daemon), json!(1));
    daemon.ok(&["leads", "set", id, "disposition=qualified"]);
    assert_eq!(refunded(&daemon), json!(0), "they are a customer after all");
    let audit = http::request(daemon.private(), "GET", "/api/v1/audit", &[&daemon.bearer()], b"").unwrap();
    assert_eq!(audit.json()["items"], json!([]));
}

#[test]
fn the_settings_say_what_is_wrong_with_hours_holidays_and_names() {
    let daemon = Daemon::with(&format!(
        "{TEAM}{SALES}strategy = \"roundrobin\"\nleader = \"leo\"\n[owners.mia]\nnotify = [\"out\"]\nhours = \"Mo-Fr 9am-5pm\"\n\
         holidays = \"DE-BV\"\nstand_in = \"mia\"\n[owners.old]\nnotify = [\"out\"]\nactive = false\n[teams.two]\nmembers = [\"old\"]\nfallback = \"old\"\n"
    ));
    let output = daemon.cli(&["check"]);
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success());
    for said in [
        "did you mean `round_robin`?",
        "there is no owner `leo`",
        "no span of time such as 09:00-17:30",
        "no public holidays are known for `DE-BV`",
        "nobody stands in for themselves",
        "`old` is not active",
    ] {
        assert!(report.contains(said), "{said}:\n{report}");
    }
}

#[test]
fn a_calendar_file_keeps_its_owner_free_of_leads_and_a_simulation_shows_it() {
    let daily = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Leave\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let settings = format!("{TEAM}{SALES}").replace("name = \"Anna\"", "calendar = \"anna.ics\"");
    let mut daemon = Daemon::with(&settings);
    fs::write(daemon.path("anna.ics"), daily).unwrap();
    daemon.start();
    daemon.until("the calendar is read", Duration::from_secs(20), |daemon| {
        daemon.json(&["owners"])[0]["available"] == json!(false)
    });
    (0..3).for_each(|number| post(&daemon, number));
    assert!(owners_of_leads(&daemon).iter().all(|owner| owner == "jonas"));
    let simulated = daemon.object(&["owners", "simulate", "--leads", "50"]);
    assert_eq!((&simulated["owners"][0]["leads"], &simulated["owners"][1]["leads"]), (&json!(0), &json!(50)));
    assert!(daemon.ok(&["owners", "simulate", "--leads", "50", "--from", "2026-12-14"]).contains("█"));
    // A calendar that breaks says so in the log, and what it said last counts.
    fs::write(daemon.path("anna.ics"), "<html>log in</html>").unwrap();
    daemon.until("the log says it", Duration::from_secs(20), |daemon| daemon.log().contains("calendar cannot be used"));
    assert_eq!(daemon.json(&["owners"])[0]["available"], json!(false));
    fs::write(daemon.path("anna.ics"), "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").unwrap();
    daemon.until("she is free again", Duration::from_secs(20), |daemon| {
        daemon.json(&["owners"])[0]["available"] == json!(true)
    });
}

#[test]
fn who_does_not_accept_in_time_loses_the_lead_and_then_the_leader_is_told() {
    let mut daemon = Daemon::with(&format!("{TEAM}{SALES}leader = \"lea\"\naccept_within = \"2s\"\n"));
    daemon.start();
    post(&daemon, 1);
    let told = |daemon: &Daemon, event: &str, owner: &str| {
        daemon
            .json(&["outbox", "list"])
            .iter()
            .any(|notice| notice["event"] == event && notice["owner"] == owner && notice["state"] == "delivered")
    };
    daemon.until("lea is told", Duration::from_mins(1), |daemon| told(daemon, "lead.overdue", "lea"));
    assert!(told(&daemon, "lead.created", "anna") && told(&daemon, "lead.assigned", "jonas"));
    assert_eq!(owners_of_leads(&daemon), ["jonas"]);
    let lead = daemon.json(&["leads", "list"]).remove(0);
    assert_eq!(lead["handling"]["had"], json!(["anna"]));
    let shown = daemon.ok(&["leads", "show", lead["id"].as_str().unwrap()]);
    assert!(shown.contains("anna did not accept it in time") && shown.contains("lea is told"), "{shown}");
}

/// How many leads the great run takes in; the whole is 10000.
fn size() -> usize {
    std::env::var("LOTSE_LEADS").ok().and_then(|text| text.parse().ok()).unwrap_or(1000)
}

#[test]
fn thousands_of_leads_over_three_channels_with_kills_are_counted_exactly() {
    const WEIGHTS: [(&str, u64); 3] = [("anna", 1), ("jonas", 2), ("mia", 3)];
    let mut settings = "[channels.website]\nkind = \"webhook\"\nrate = \"1000000/s\"\n[channels.chat]\nkind = \"webhook\"\nrate = \"1000000/s\"\n\
         [channels.fairs]\nkind = \"csv\"\nfolder = \"fairs\"\nsettle = \"200ms\"\n[notify.out]\nkind = \"file\"\npath = \"out\"\n"
        .to_owned();
    for (owner, weight) in WEIGHTS {
        settings += &format!("[owners.{owner}]\nnotify = [\"out\"]\nweight = {weight}\n");
    }
    settings += "[teams.sales]\nmembers = [\"anna\", \"jonas\", \"mia\"]\n";
    let mut daemon = Daemon::with(&settings);
    daemon.start();
    daemon.until("the folder is watched", Duration::from_secs(20), |daemon| daemon.path("fairs/done").exists());
    let each = size() / 3;
    let total = each * 3;
    let fairs = daemon.path("fairs");
    for (number, part) in (0..each).collect::<Vec<_>>().chunks(100).enumerate() {
        let rows: Vec<String> = part.iter().map(|n| format!("P{n};p@fairs{n}.example")).collect();
        let rows = rows.join("\n");
        fs::write(fairs.join(format!(".{number}.new")), format!("Name;E-Mail\n{rows}")).unwrap();
        fs::rename(fairs.join(format!(".{number}.new")), fairs.join(format!("{number}.csv"))).unwrap();
    }
    let public = Arc::new(std::sync::Mutex::new(daemon.public()));
    let senders: Vec<_> = ["website", "chat"]
        .into_iter()
        .map(|channel| {
            let public = Arc::clone(&public);
            std::thread::spawn(move || {
                for part in (0..each).collect::<Vec<_>>().chunks(20) {
                    let items: Vec<Value> = part
                        .iter()
                        .map(|n| json!({ "name": format!("P{n}"), "email": format!("p@{channel}{n}.example") }))
                        .collect();
                    let (body, key) = (json!(items).to_string(), format!("Idempotency-Key: {channel}-{}", part[0]));
                    let headers = ["Content-Type: application/json", &key];
                    // Until somebody says "got it".
                    loop {
                        let to = *public.lock().unwrap();
                        let answer = http::request(to, "POST", &format!("/hooks/{channel}"), &headers, body.as_bytes());
                        if answer.is_ok_and(|answer| answer.status == 200) {
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
            })
        })
        .collect();
    let started = Instant::now();
    for _ in 0..6 {
        std::thread::sleep(Duration::from_millis(700));
        daemon.kill();
        daemon.start();
        *public.lock().unwrap() = daemon.public();
    }
    for sender in senders {
        sender.join().unwrap();
    }
    daemon.until("every lead is there", Duration::from_mins(10), |daemon| {
        let sum: u64 = daemon.json(&["owners"]).iter().map(|owner| owner["assigned"].as_u64().unwrap()).sum();
        std::thread::sleep(Duration::from_millis(200));
        sum >= total as u64
    });
    eprintln!("{total} leads in {:?}", started.elapsed());
    let owners = daemon.json(&["owners"]);
    let mut owned: BTreeMap<String, u64> = BTreeMap::new();
    for lead in daemon.json(&["leads", "list"]) {
        *owned.entry(lead["owner"].as_str().expect("nobody is without an owner").to_owned()).or_default() += 1;
    }
    assert_eq!(owned.values().sum::<u64>(), total as u64, "each lead once");
    for (owner, weight) in WEIGHTS {
        let state = owners.iter().find(|state| state["id"] == owner).unwrap();
        assert_eq!((state["assigned"].as_u64(), state["open"].as_u64()), (Some(owned[owner]), Some(owned[owner])));
        let off = (owned[owner] * 6).abs_diff(total as u64 * weight);
        assert!(off <= 6, "{owner} has {} of {total}", owned[owner]);
    }
    let audit = http::request(daemon.private(), "GET", "/api/v1/audit", &[&daemon.bearer()], b"").unwrap();
    assert_eq!(audit.json()["items"], json!([]));
}
