//! Rules on a running daemon: their shadow, a person's own verdict, what outcomes tell, and broken ones.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::process::Command;
use std::time::Duration;

use lotse::qualify::Rules;
use serde_json::Value;
use support::daemon::{Daemon, binary};
use support::http::{self, post};
use support::office::{id, says, send, settings_and};
use support::readme::blocks;

const LIMIT: Duration = Duration::from_mins(1);

const SHADOW: &str = "[rules]\npath = \"rules\"\nshadow = \"rules-next\"\n";

const RULES: &str = "[[rule]]\nname = \"asks for a price\"\nwhen = 'touch.text.contains(\"Preis\")'\nscore = 40\n\n\
     [[rule]]\nname = \"studies\"\nwhen = 'lead.domain.endsWith(\".edu\")'\ndisposition = \"disqualified\"\nreason = \"student\"\n";
const NEXT: &str = "[[group]]\nname = \"intent\"\nof = \"engagement\"\ncap = 20\n\n\
     [[rule]]\nname = \"asks for a price\"\nwhen = 'touch.text.contains(\"Preis\")'\nscore = 40\ngroup = \"intent\"\n";

fn with_shadow() -> Daemon {
    let mut daemon = Daemon::with(&settings_and(SHADOW));
    daemon.write("rules/10.toml", RULES);
    daemon.write("rules-next/10.toml", NEXT);
    daemon.start();
    daemon
}

#[test]
fn shadow_rules_judge_every_new_lead_decide_nothing_and_the_difference_is_told() {
    let daemon = with_shadow();
    let max = send(&daemon, "max@firma.example", "Was ist der Preis?");
    assert_eq!((&max["disposition"], &max["score"], &max["owner"]), (&"qualified".into(), &40.into(), &"anna".into()));
    assert_eq!((&max["fit"], &max["engagement"]), (&0.into(), &40.into()));
    send(&daemon, "eva@firma.example", "Guten Tag");

    let why = daemon.ok(&["leads", "why", id(&max)]);
    assert!(why.contains("fit 0, engagement 40\n"), "{why}");
    assert!(why.contains("the shadow rules (") && why.contains(") would say: +20, unqualified"), "{why}");
    let said = daemon.ok(&["rules", "shadow"]);
    says(&said, &["qualified → unqualified: 1 lead", "40 → 20", "judge 1 of 2 leads otherwise"]);
    let status = daemon.object(&["status"]);
    assert_ne!(status["rules"]["shadow"], status["rules"]["version"]);

    // A broken shadow is named, raises the alarm, and leads are judged on.
    daemon.write("rules-next/10.toml", NEXT.replace("touch.text", "touch.txt"));
    let alarmed = |daemon: &Daemon| {
        let status = daemon.object(&["status"]);
        let named = status["settings"]["error"].as_str().is_some_and(|error| error.contains("touch.txt"));
        named && status["alarms"].as_array().unwrap().iter().any(|alarm| alarm["cause"] == "settings")
    };
    daemon.until("the operators are told", LIMIT, alarmed);
    assert!(daemon.ok(&["status"]).contains("NOT IN FORCE"));
    assert_eq!(send(&daemon, "tom@firma.example", "Preis?")["score"], 40);
    assert_eq!(daemon.cli(&["check"]).status.code(), Some(1), "check names the mistake in the shadow rules");
    daemon.write("rules-next/10.toml", NEXT);
    daemon.until("it is over", LIMIT, |daemon| {
        let status = daemon.object(&["status"]);
        status["settings"]["error"].is_null() && status["alarms"].as_array().unwrap().is_empty()
    });
}

#[test]
fn a_mistake_in_the_shadow_rules_holds_no_change_of_the_rules_back() {
    let mut daemon = with_shadow();
    let shadow = |daemon: &Daemon| daemon.object(&["status"])["rules"]["shadow"].clone();
    let good = shadow(&daemon);
    daemon.write("rules-next/99.toml", "[[rule]\nname = ");
    daemon.write("rules/10.toml", RULES.replace("score = 40", "score = 50"));
    let mut sent = 0;
    daemon.until("the change is in force", LIMIT, |daemon| {
        sent += 1;
        send(daemon, &format!("p{sent}@firma.example"), "Preis?")["score"] == 50
    });
    let named = |daemon: &Daemon| {
        let status = daemon.object(&["status"]);
        status["settings"]["error"].as_str().is_some_and(|error| {
            error.starts_with("the shadow rules alone cannot be used, the rules are in force:\n")
                && error.contains("rules-next/99.toml:1:")
        })
    };
    assert!(named(&daemon), "{}", daemon.object(&["status"]));
    assert_eq!(shadow(&daemon), good, "the last good shadow goes on");
    daemon.until("the operators are told", LIMIT, |daemon| daemon.ok(&["status"]).contains("ALARM     settings"));
    assert!(daemon.log().contains("the shadow rules are not in force"), "{}", daemon.log());

    daemon.stop();
    daemon.write("rules/10.toml", RULES.replace("score = 40", "score = 60"));
    daemon.start();
    assert!(named(&daemon) && shadow(&daemon).is_null(), "no shadow is known at the start");
    assert_eq!(send(&daemon, "tom@firma.example", "Preis?")["score"], 60);

    fs::remove_dir_all(daemon.path("rules-next")).unwrap();
    daemon.write("rules/10.toml", RULES.replace("score = 40", "score = 70"));
    daemon.until("without its folder, too", LIMIT, |daemon| {
        sent += 1;
        send(daemon, &format!("p{sent}@firma.example"), "Preis?")["score"] == 70
    });
    assert_eq!(daemon.cli(&["check"]).status.code(), Some(1), "check names the missing folder");
}

#[test]
fn check_marks_what_is_only_warned_of_and_knows_the_channels_of_the_settings() {
    let daemon = Daemon::with(&settings_and(""));
    daemon.write("rules/10.toml", "[[rule]]\nname = \"a\"\nwhen = 'touch.channel == \"webseite\"'\nscore = 1\n");
    let output = daemon.cli(&["check"]);
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = "rules/10.toml:3:8: warning: there is no channel `webseite` in the settings; did you mean `website`?\n";
    assert!(output.status.success() && report.contains(told), "{report}");
    daemon.write("rules/10.toml", "[[rule]]\nname = \"a\"\nwhen = 'touch.channel == \"website\"'\nscore = 1\n");
    let report = daemon.ok(&["check"]);
    assert!(!report.contains("there is no channel"), "{report}");
}

#[test]
fn rules_whose_tests_fail_are_in_force_with_a_warning_in_the_log() {
    let warned = |daemon: &Daemon| {
        let log = daemon.log();
        log.lines().filter(|line| line.contains("tests of them fail: see `lotse rules test`")).count()
    };
    let mut daemon = Daemon::with(&settings_and(""));
    daemon.write("rules/10.toml", RULES);
    daemon.write(
        "rules/tests/10.toml",
        "[[test]]\nname = \"a\"\nlead = { message = \"Preis\" }\nexpect = { score = 41 }\n",
    );
    daemon.start();
    assert_eq!(warned(&daemon), 1, "{}", daemon.log());
    assert_eq!(send(&daemon, "max@firma.example", "Preis?")["score"], 40);
    daemon.write("rules/10.toml", RULES.replace("score = 40", "score = 42"));
    daemon.until("it is said again", LIMIT, |daemon| warned(daemon) == 2);
    daemon.write("rules/10.toml", RULES.replace("score = 40", "score = 41"));
    let mut sent = 0;
    daemon.until("the test passes", LIMIT, |daemon| {
        sent += 1;
        send(daemon, &format!("p{sent}@firma.example"), "Preis?")["score"] == 41
    });
    assert_eq!(warned(&daemon), 2);
}

#[test]
fn the_example_of_the_readme_works_beside_the_shipped_rules_and_a_broad_rule_breaks_few_of_their_tests() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let team = "[owners.a]\nnotify = [\"out\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n[teams.dach]\nmembers = [\"a\"]\n";
    write("lotse.toml", team);
    for (path, text) in Rules::shipped() {
        write(&format!("rules/{path}"), text);
    }
    let mut own = 0;
    for block in blocks("toml").into_iter().chain(blocks("text")) {
        let first = block.lines().next().unwrap().trim_start_matches("# ").trim_end_matches(", a line each");
        if first.starts_with("rules/") {
            write(first, &block);
            own += 1;
        }
    }
    assert!(own >= 4, "rules, their tests, a list and a template");
    let checked = || Command::new(binary()).arg("check").current_dir(folder.path()).output().unwrap();
    let report = String::from_utf8_lossy(&checked().stdout).into_owned();
    assert!(report.ends_with("\n0 errors, 1 warning\n") && report.contains("no lead can come in"), "{report}");

    write("rules/60-all.toml", "[[rule]]\nname = \"everybody\"\nwhen = 'true'\nscore = 3\ngroup = \"wishes\"\n");
    let output = checked();
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed: Vec<&str> = report.lines().filter(|line| line.contains("expected ")).collect();
    assert!(failed.len() <= 2, "only those of the arithmetic itself: {report}");
}

#[test]
fn a_persons_own_verdict_wins_is_kept_with_its_reason_and_can_be_taken_back() {
    let mut daemon = with_shadow();
    let kim = send(&daemon, "kim@uni.edu", "Hello");
    assert_eq!((&kim["disposition"], &kim["owner"]), (&"disqualified".into(), &Value::Null));

    let set = |daemon: &Daemon, fields: &[&str]| daemon.cli(&[&["leads", "set", id(&kim)], fields].concat());
    let wrong = set(&daemon, &["colour=red"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("there are: disposition, reason"));
    assert_eq!(set(&daemon, &["disposition=disqualified"]).status.code(), Some(1), "a reason is due");
    assert_eq!(set(&daemon, &["disposition=qualified", "reason=buys for the university"]).status.code(), Some(0));
    let shown = daemon.object(&["leads", "show", id(&kim)]);
    let stands = (&shown["disposition"], &shown["reason"], &shown["owner"]);
    assert_eq!(stands, (&"qualified".into(), &"buys for the university".into(), &"anna".into()), "it has an owner now");

    let again = send(&daemon, "kim@uni.edu", "Preis?");
    assert_eq!((&again["disposition"], &again["score"]), (&"qualified".into(), &40.into()), "the score goes on");
    assert!(!again["judged"]["by"].as_str().unwrap().is_empty());
    let why = daemon.ok(&["leads", "why", id(&kim)]);
    assert!(why.contains("buys for the university; no rule changes that"), "{why}");
    assert!(daemon.ok(&["rules", "replay"]).contains("0 of 1 leads would stand elsewhere"), "for a replay, too");
    daemon.stop();
    assert_eq!(set(&daemon, &["disposition="]).status.code(), Some(0), "without the daemon");
    let shown = daemon.object(&["leads", "show", id(&kim)]);
    assert_eq!((&shown["judged"], &shown["disposition"]), (&Value::Null, &"disqualified".into()), "the rules again");
    assert!(daemon.ok(&["leads", "show", id(&kim)]).contains("the rules decide again"));
}

#[test]
fn suggestions_wait_for_enough_outcomes_and_then_tell_what_separates_them() {
    let daemon = with_shadow();
    send(&daemon, "first@firma.example", "Guten Tag");
    assert!(daemon.ok(&["rules", "suggest"]).starts_with("too early: 0 converted and 0 lost leads are known"));
    for number in 0..56 {
        let message = if number % 2 == 0 { "Der Preis für ein Projekt" } else { "Ein Praktikum als Projekt" };
        let body = format!(r#"{{"email":"p{number}@firma.example","message":"{message}"}}"#);
        assert_eq!(post(daemon.public(), "/hooks/website", "application/json", &body).unwrap().status, 200);
    }
    let bearer = daemon.bearer();
    for lead in daemon.json(&["leads", "list"]) {
        let asks = lead["message"].as_str().unwrap().contains("Preis");
        let stage = if asks { r#"{"stage":"converted"}"# } else { r#"{"stage":"lost","reason":"no need"}"# };
        let path = format!("/api/v1/leads/{}/stage", id(&lead));
        let headers = [bearer.as_str(), "Content-Type: application/json"];
        assert_eq!(http::request(daemon.private(), "POST", &path, &headers, stage.as_bytes()).unwrap().status, 200);
    }
    let suggested = daemon.object(&["rules", "suggest"]);
    let signs = suggested["signs"].as_array().unwrap();
    let find = |sign: &str| signs.iter().find(|known| known["sign"] == sign);
    let (price, intern) = (find("asks for a price").unwrap(), find("praktikum").unwrap());
    assert_eq!((&price["sort"], &price["converted"], &price["lost"]), (&"rule".into(), &28.into(), &0.into()));
    assert_eq!((&intern["sort"], &intern["converted"], &intern["lost"]), (&"word".into(), &0.into(), &28.into()));
    assert!(find("projekt").is_none(), "what both have says nothing");
    let said = daemon.ok(&["rules", "suggest"]);
    assert!(said.contains("praktikum") && said.contains("28 converted and 29 lost leads"), "{said}");
}
