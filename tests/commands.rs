//! Commands as a person types them: with broken rules, without a store, without the daemon, with wrong words.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::time::Duration;

use support::daemon::Daemon;
use support::http;
use support::office::{self, SETTINGS, fails_with, says};

const GOOD: &str = "[[rule]]\nname = \"a\"\nwhen = 'lists.words.size() > 0'\nscore = 50\ntags = [\"good\"]\n";
const BROKEN: &str = "[[rule]]\nname = \"a\"\nwhen = 'lists.words.size() >'\nscore = 50\ntags = [\"good\"]\n";

fn with_rules(rule: &str) -> Daemon {
    let daemon = Daemon::with(SETTINGS);
    daemon.write("rules/lists/words.txt", "price\n");
    daemon.write("rules/10.toml", rule);
    daemon
}

fn send(daemon: &Daemon, who: &str) {
    office::send(daemon, &format!("{who}@firma.example"), "Bitte ein Angebot");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_start_with_broken_rules_uses_the_last_good_ones_and_says_so() {
    let mut daemon = with_rules(GOOD);
    daemon.start();
    send(&daemon, "first");
    daemon.stop();
    daemon.write("rules/10.toml", BROKEN);
    fs::remove_file(daemon.path("rules/lists/words.txt")).unwrap();

    // Without the daemon: looking and changing both work.
    let lead = daemon.json(&["leads", "list"]).remove(0);
    let id = lead["id"].as_str().unwrap();
    daemon.ok(&["leads", "note", id, "called"]);
    assert!(daemon.object(&["status"])["settings"]["error"].as_str().unwrap().contains("10.toml:3"));

    daemon.start();
    assert!(daemon.log().contains("the last good ones are") && daemon.log().contains("10.toml:3"), "{}", daemon.log());
    send(&daemon, "second");
    assert_eq!(daemon.json(&["leads", "list"])[0]["tags"][0], "good");
    assert!(daemon.ok(&["status"]).contains("NOT IN FORCE"));
    let ready = http::request(daemon.private(), "GET", "/readyz", &[], b"").unwrap();
    assert!(ready.status == 200 && ready.body.contains("10.toml:3"), "{ready:?}");

    fs::write(
        daemon.path("rules/10.toml"),
        GOOD.replace("\"good\"", "\"mended\"").replace("lists.words.size() > 0", "true"),
    )
    .unwrap();
    daemon.until("the mended rules are in force", Duration::from_secs(20), |daemon| {
        daemon.object(&["status"])["settings"]["error"].is_null()
    });
    send(&daemon, "third");
    assert_eq!(daemon.json(&["leads", "list"])[0]["tags"][0], "mended");
    daemon.stop();
    daemon.write("rules/10.toml", BROKEN);
    daemon.start();
    send(&daemon, "fourth");
    assert_eq!(daemon.json(&["leads", "list"])[0]["tags"][0], "mended", "a reload is kept, too");
}

#[test]
fn a_first_start_with_broken_rules_refuses_with_every_mistake_and_makes_nothing() {
    let daemon = with_rules(&format!("{BROKEN}\n[[rule]]\nname = \"b\"\nwhen = 'lead.emial == \"\"'\nscore = 1\n"));
    fails_with(&daemon.cli(&["run"]), 1, &["10.toml:3", "10.toml:9", "emial"]);
    fs::write(daemon.path("fair.csv"), "Name;E-Mail\nMax;max@firma.example\n").unwrap();
    fails_with(&daemon.cli(&["import", "fair.csv", "--channel", "fairs"]), 1, &["10.toml:3", "10.toml:9"]);
    assert!(!daemon.path("store").exists());
}

#[test]
fn where_no_rules_were_ever_kept_looking_works_and_changing_names_the_mistakes() {
    let mut daemon = with_rules(GOOD);
    daemon.start();
    send(&daemon, "max");
    daemon.stop();
    daemon.write("rules/10.toml", BROKEN);
    fs::remove_file(daemon.path("store/rules.last.toml")).unwrap();
    let lead = daemon.json(&["leads", "list"]).remove(0);
    fails_with(&daemon.cli(&["leads", "note", lead["id"].as_str().unwrap(), "called"]), 1, &["10.toml:3"]);
}

#[test]
fn check_reports_the_mistakes_of_settings_rules_lists_and_tests_in_one_run() {
    let daemon = with_rules(BROKEN);
    daemon.settings(&SETTINGS.replace("settle", "setle"));
    daemon.write("rules/lists/odd.txt", b"price\n\xff\n");
    daemon.write("rules/tests/t.toml", "[[test]]\nnmae = \"x\"\nexpect = { score = 1 }\n");
    let output = daemon.cli(&["check"]);
    let report = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{report}");
    says(&report, &["setle", "10.toml:3", "odd.txt", "t.toml:2", "nmae", "the rule tests were not run"]);
}

#[test]
fn without_a_store_no_command_but_run_and_import_makes_one() {
    let daemon = Daemon::with(SETTINGS);
    fs::write(daemon.path("fair.csv"), "Name;E-Mail\nMax;max@firma.example\n").unwrap();
    for command in [
        &["leads", "list"][..],
        &["leads", "show", "01KAQ3V5Y8Z6N4T2R0P9M7K5H3"],
        &["leads", "assign", "01KAQ3V5Y8Z6N4T2R0P9M7K5H3", "anna"],
        &["intake", "list", "--json"],
        &["owners"],
        &["outbox", "list"],
        &["status"],
    ] {
        fails_with(&daemon.cli(command), 1, &["there is no store in", "lotse.toml", "--config"]);
    }
    fails_with(&daemon.cli(&["import", "fair.csv", "--channel", "fiars"]), 1, &["fairs"]);
    fails_with(&daemon.cli(&["import", "fiar.csv", "--channel", "fairs"]), 1, &["fiar.csv"]);
    assert!(!daemon.path("store").exists());
    assert_eq!(daemon.object(&["import", "fair.csv", "--channel", "fairs"])["created"], 1);
    assert_eq!(daemon.json(&["leads", "list"]).len(), 1);
}

#[test]
fn without_the_daemon_status_shows_the_channels_as_stopped_with_what_the_ledger_says() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    send(&daemon, "max");
    send(&daemon, "eva");
    daemon.stop();
    let status = daemon.object(&["status"]);
    assert_eq!(status["running"], false);
    assert_eq!(status["store"]["items"], 2);
    let website = &status["channels"]["website"];
    assert_eq!((website["state"].as_str(), website["items"].as_u64()), (Some("stopped"), Some(2)));
    assert_eq!(status["channels"]["fairs"]["items"], 0);
    let shown = daemon.ok(&["status"]);
    assert!(shown.starts_with("the daemon does not run") && shown.contains("fairs"), "{shown}");
}

#[test]
fn words_that_a_filter_does_not_know_are_wrong_usage_and_unknown_ids_are_not() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    for (command, known) in [
        (&["leads", "list", "--stage", "acepted"][..], "accepted"),
        (&["leads", "list", "--disposition", "x"], "disqualified"),
        (&["intake", "list", "--outcome", "x"], "quarantined"),
        (&["outbox", "list", "--state", "x"], "delivered"),
        (&["leads", "stage", "01KAQ3V5Y8Z6N4T2R0P9M7K5H3", "x"], "contacted"),
    ] {
        fails_with(&daemon.cli(command), 2, &[known]);
    }
    fails_with(&daemon.cli(&["leads", "show", "01KAQ3V5Y8Z6N4T2R0P9M7K5H3"]), 1, &["there is no lead"]);
    fails_with(&daemon.cli(&["leads", "show", "x"]), 1, &[]);
}

#[test]
fn times_for_people_are_in_the_organisations_time_zone_and_in_json_in_utc() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    send(&daemon, "max");
    let lead = daemon.json(&["leads", "list"]).remove(0);
    let at: jiff::Timestamp = lead["created_at"].as_str().unwrap().parse().unwrap();
    assert!(lead["created_at"].as_str().unwrap().ends_with('Z'));
    let tokyo = at.in_tz("Asia/Tokyo").unwrap().strftime("%Y-%m-%d %H:%M:%S JST").to_string();
    let id = lead["id"].as_str().unwrap();
    let intake = daemon.json(&["intake", "list"]).remove(0);
    for command in
        [&["leads", "show", id][..], &["leads", "why", id], &["intake", "show", intake["id"].as_str().unwrap()]]
    {
        let shown = daemon.ok(command);
        assert!(shown.contains(" JST"), "{shown}");
    }
    assert!(daemon.ok(&["leads", "show", id]).contains(&tokyo), "{tokyo}");
}

#[test]
fn a_lead_for_whom_nobody_was_there_is_listed_and_gets_an_owner_when_somebody_comes() {
    let mut daemon = Daemon::with(&SETTINGS.replace("[owners.anna]\n", "[owners.anna]\nactive = false\n"));
    daemon.start();
    send(&daemon, "first");
    send(&daemon, "second");
    assert_eq!(daemon.json(&["leads", "list", "--unowned"]).len(), 2);
    assert_eq!(daemon.json(&["leads", "list", "--owner", ""]).len(), 2);
    assert_eq!(daemon.object(&["status"])["unowned"], 2);
    assert!(daemon.ok(&["status"]).contains("2 without an owner: lotse leads list --unowned"));
    let token = daemon.bearer();
    let page = http::request(daemon.private(), "GET", "/api/v1/leads?owner=", &[&token], b"").unwrap().json();
    assert_eq!(page["items"].as_array().unwrap().len(), 2);

    daemon.settings(SETTINGS);
    daemon.signal("HUP");
    let given = |daemon: &Daemon, leads: usize| {
        daemon.until("the leads have an owner and she was told", Duration::from_secs(20), |daemon| {
            daemon.json(&["leads", "list", "--owner", "anna"]).len() == leads
                && daemon.json(&["outbox", "list", "--state", "delivered"]).len() == leads
        });
        assert_eq!(daemon.json(&["leads", "list", "--unowned"]).len(), 0);
        assert!(!daemon.ok(&["status"]).contains("without an owner"));
    };
    given(&daemon, 2);
    // The oldest; the other one goes where the company is.
    let lead = daemon.json(&["leads", "list"]).remove(1);
    let why = daemon.ok(&["leads", "why", lead["id"].as_str().unwrap()]);
    assert!(why.contains("it had waited without an owner") && why.contains("it was anna's turn"), "{why}");

    // A start looks, too.
    daemon.stop();
    daemon.settings(&SETTINGS.replace("[owners.anna]\n", "[owners.anna]\nactive = false\n"));
    fs::write(daemon.path("fair.csv"), "Name;E-Mail\nMax;max@firma.example\n").unwrap();
    daemon.ok(&["import", "fair.csv", "--channel", "fairs"]);
    assert_eq!(daemon.json(&["leads", "list", "--unowned"]).len(), 1);
    daemon.settings(SETTINGS);
    daemon.start();
    given(&daemon, 3);
}

#[test]
fn open_leads_of_an_owner_who_left_are_named_by_check_status_log_and_owners_until_they_are_handed_on() {
    let both = format!("{SETTINGS}[owners.jonas]\nnotify = [\"out\"]\n");
    let mut daemon = Daemon::with(&both);
    daemon.start();
    send(&daemon, "first");
    send(&daemon, "second");
    assert!(!daemon.ok(&["check"]).contains("open lead"));
    assert!(!daemon.ok(&["status"]).contains("open lead"));

    let gone = both.replace("anna", "lea");
    daemon.settings(&gone);
    let named = "2 open leads belong to `anna`, who is not in the settings any more";
    let warned = daemon.ok(&["check"]);
    assert!(warned.contains(named) && warned.contains("lotse leads assign ID OWNER"), "before the reload: {warned}");
    daemon.signal("HUP");
    daemon.until("the log names her", Duration::from_secs(20), |daemon| {
        daemon.log().contains("open leads belong to somebody who cannot work them")
    });
    assert!(daemon.ok(&["status"]).contains(named), "{}", daemon.ok(&["status"]));
    assert_eq!(daemon.object(&["status"])["left_behind"][0]["open"], 2);
    assert!(daemon.ok(&["owners"]).contains("not in the settings any more"));
    daemon.stop();
    assert!(daemon.ok(&["check"]).contains(named), "without the daemon");

    for lead in daemon.json(&["leads", "list", "--owner", "anna"]) {
        daemon.ok(&["leads", "assign", lead["id"].as_str().unwrap(), "lea"]);
    }
    for command in ["check", "status", "owners"] {
        assert!(!daemon.ok(&[command]).contains("anna"), "{command}");
    }
    daemon.settings(&gone.replace("[owners.lea]\n", "[owners.lea]\nactive = false\n"));
    assert!(daemon.ok(&["check"]).contains("2 open leads belong to `lea`, who is not active"));
}

#[test]
fn a_name_in_a_filter_that_stands_nowhere_is_an_error_with_the_one_that_was_meant() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    send(&daemon, "first");
    for (command, said) in [
        (&["leads", "list", "--owner", "anan"][..], "there is no owner `anan`; did you mean `anna`?"),
        (&["leads", "list", "--team", "salse"], "did you mean `sales`?"),
        (&["leads", "list", "--channel", "websit"], "did you mean `website`?"),
        (&["intake", "list", "--channel", "zzz"], "there is no channel `zzz`; there are: "),
    ] {
        fails_with(&daemon.cli(command), 1, &[said]);
    }
    let token = daemon.bearer();
    let get = |path: &str| http::request(daemon.private(), "GET", path, &[&token], b"").unwrap();
    let refused = get("/api/v1/leads?owner=anan");
    assert_eq!((refused.status, refused.json()["status"].as_u64()), (400, Some(400)));
    assert!(refused.json()["detail"].as_str().unwrap().contains("anna"), "{refused:?}");
    assert_eq!(get("/api/v1/intake?channel=nowhere").status, 400);
    for limit in ["0", "-1", "abc", "1.5", "%201"] {
        let refused = get(&format!("/api/v1/leads?limit={limit}"));
        assert_eq!(refused.status, 400, "{limit}");
        assert!(refused.json()["detail"].as_str().unwrap().contains("from 1 to 1000"), "{refused:?}");
    }
    for limit in ["1", "1001", "99999999999999999999999"] {
        assert_eq!(get(&format!("/api/v1/leads?limit={limit}")).status, 200, "{limit}");
    }

    // Who left the settings and still stands in the store is known.
    daemon.settings(
        &SETTINGS.replace("anna", "lea").replace("sales", "shop").replace("channels.website", "channels.forms"),
    );
    daemon.signal("HUP");
    daemon.until("the new settings are in force", Duration::from_secs(20), |daemon| {
        daemon.object(&["status"])["channels"]["forms"].is_object()
    });
    for filter in [["--owner", "anna"], ["--team", "sales"], ["--channel", "website"]] {
        assert_eq!(daemon.json(&["leads", "list", filter[0], filter[1]]).len(), 1, "{filter:?}");
    }
}

#[test]
fn a_file_that_is_imported_ends_as_in_the_watched_folder_and_only_folders_import() {
    let daemon = Daemon::with(SETTINGS);
    fs::write(daemon.path("line.csv"), "Bitte Rückruf\n").unwrap();
    for dry in
        [&["import", "line.csv", "--channel", "fairs"][..], &["import", "line.csv", "--channel", "fairs", "--dry-run"]]
    {
        fails_with(&daemon.cli(dry), 1, &["line.csv", "its one line names no column that is known", "write a header"]);
    }
    fs::write(daemon.path("nobody.csv"), "Name;E-Mail\n").unwrap();
    assert!(daemon.ok(&["import", "nobody.csv", "--channel", "fairs"]).contains("a header and no rows"));
    fails_with(
        &daemon.cli(&["import", "nobody.csv", "--channel", "website"]),
        1,
        &["`website` is no channel of files but of kind `webhook`", "fairs"],
    );
    let missing = daemon.cli(&["import", "nowhere.csv", "--channel", "fairs"]);
    fails_with(&missing, 1, &["nowhere.csv", "check its name"]);
    assert_eq!(text(&missing.stderr).matches("No such file").count(), 1, "said once");
}

#[test]
fn a_changed_setting_that_needs_a_restart_is_named_by_log_and_status_until_it_is_in_force() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    let file = fs::read_to_string(daemon.path("lotse.toml")).unwrap();
    fs::write(daemon.path("lotse.toml"), file.replacen("127.0.0.1:0", "127.0.0.2:0", 1)).unwrap();
    let waiting = |daemon: &Daemon| daemon.object(&["status"])["settings"]["waiting"].clone();
    for _ in 0..2 {
        daemon.signal("HUP");
        daemon.until("status names it", Duration::from_secs(20), |daemon| waiting(daemon)[0] == "http.listen");
    }
    assert!(daemon.ok(&["status"]).contains("NEEDS A RESTART: http.listen"));
    assert!(daemon.log().contains("takes effect at the next start only"), "{}", daemon.log());
    daemon.stop();
    daemon.start();
    assert_eq!(waiting(&daemon), serde_json::json!([]));
    assert!(daemon.public().to_string().starts_with("127.0.0.2:"));
    let shown = daemon.ok(&["status"]);
    assert!(!shown.contains("RESTART") && shown.contains("since the start"), "{shown}");
}

#[test]
fn a_shell_without_the_daemons_secrets_can_do_all_that_needs_none_and_is_told_what_it_lacks() {
    let mut daemon = Daemon::with(&format!(
        "{SETTINGS}[channels.locked]\nkind = \"webhook\"\nsecret = {{ env = \"LOTSE_TEST_SECRET\" }}\n"
    ));
    fs::write(daemon.path("fair.csv"), "Name;E-Mail\nMax;max@firma.example\n").unwrap();
    daemon.set("LOTSE_TEST_SECRET", "correct horse");
    daemon.start();
    send(&daemon, "first");
    let bare = |daemon: &Daemon, arguments: &[&str]| {
        let mut command = std::process::Command::new(support::daemon::binary());
        command.arg("--config").arg(daemon.path("lotse.toml")).args(arguments).current_dir(daemon.folder.path());
        let output = command.env_remove("LOTSE_TEST_SECRET").output().unwrap();
        let said = text(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        assert!(said.contains("does not have every secret of the daemon (channels.locked.secret)"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        text(&output.stdout)
    };
    let id = daemon.json(&["leads", "list"])[0]["id"].as_str().unwrap().to_owned();
    for running in [true, false] {
        if !running {
            daemon.stop();
        }
        for arguments in [
            &["leads", "list"][..],
            &["leads", "note", &id, "called"],
            &["intake", "list"],
            &["owners"],
            &["outbox", "list"],
            &["status"],
            &["import", "fair.csv", "--channel", "fairs"],
        ] {
            assert!(!bare(&daemon, arguments).is_empty(), "{arguments:?}");
        }
    }
    daemon.settings(&SETTINGS.replace("settle", "setle"));
    let said = text(&daemon.cli(&["leads", "list"]).stderr);
    assert!(said.contains("have 1 mistake; `lotse check` names them"), "{said}");
}

#[test]
fn rules_are_tested_and_tried_on_disk_without_a_store() {
    let daemon = with_rules(GOOD);
    fs::create_dir_all(daemon.path("rules/tests")).unwrap();
    let test = |score: i64| {
        let test = format!(
            "[[test]]\nname = \"good\"\nlead = {{ email = \"max@firma.example\" }}\nexpect = {{ score = {score}, tags = [\"good\"] }}\n"
        );
        fs::write(daemon.path("rules/tests/a.toml"), test).unwrap();
    };
    test(50);
    assert_eq!(daemon.ok(&["rules", "test"]), "1 rule, 1 rule test: all passed\n");
    test(20);
    let failed = daemon.cli(&["rules", "test"]);
    let said = text(&failed.stdout);
    assert_eq!(failed.status.code(), Some(1));
    says(&said, &["a.toml:1: good\n  - score       20\n  + score       50\n  rules that hit: a\n", "1 failed\n"]);
    fs::remove_file(daemon.path("rules/tests/a.toml")).unwrap();
    let bare = daemon.ok(&["rules", "test"]);
    assert!(bare.starts_with("no test hits the rule `a` (10.toml:1)\n"), "{bare}");
    let json = daemon.json(&["rules", "test"]).pop().unwrap();
    assert_eq!((&json["rules"], &json["failed"], &json["never_hit"][0]), (&1.into(), &0.into(), &"a".into()));

    let tried = daemon.ok(&["rules", "try", "Bitte ein Angebot", "--from", "max@firma.example"]);
    assert!(tried.contains("+50  a (10.toml:1)") && tried.contains("= +50  qualified (qualified from 30)"), "{tried}");
    let from = daemon.ok(&["rules", "try", "Bitte ein Angebot", "--from", "max"]);
    assert!(from.contains("`max` is no e-mail address"), "{from}");
    let explained = daemon.ok(&["rules", "explain", "10.toml"]);
    says(
        &explained,
        &[
            "a (10.toml:1)\n",
            "  when   lists.words.size() > 0\n",
            "  does   +50 points of fit, tag good\n",
            "none hits it",
        ],
    );
    fails_with(&daemon.cli(&["rules", "explain", "11.toml"]), 1, &["no file with rules; there are 10.toml"]);
    let mail = "From: postmaster@firma.example\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am away.";
    let noise = daemon.cli(&["rules", "try", mail]);
    assert!(text(&noise.stdout).starts_with("this makes no lead: "), "{}", text(&noise.stdout));
    assert_eq!(noise.status.code(), Some(1));

    fs::create_dir_all(daemon.path("next")).unwrap();
    fs::write(daemon.path("next/10.toml"), BROKEN).unwrap();
    let next = daemon.path("next");
    let broken = daemon.cli(&["rules", "test", "--rules", next.to_str().unwrap()]);
    fails_with(&broken, 1, &["the rules cannot be used", "10.toml:3"]);
    assert!(!daemon.path("store").exists(), "nothing is made");
}

#[test]
fn other_rules_are_tried_on_the_leads_of_the_past_with_and_without_the_daemon_and_change_nothing() {
    let mut daemon = with_rules(GOOD);
    daemon.start();
    send(&daemon, "max");
    send(&daemon, "eva");
    fs::create_dir_all(daemon.path("next")).unwrap();
    let student = "[[rule]]\nname = \"max\"\nwhen = 'lead.emails[0].startsWith(\"max\")'\n\
                   disposition = \"disqualified\"\nreason = \"student\"\n";
    fs::write(daemon.path("next/10.toml"), student).unwrap();
    let next = daemon.path("next");
    let replay = |daemon: &Daemon, more: &[&str]| {
        let mut words = vec!["rules", "replay", "--rules", next.to_str().unwrap()];
        words.extend_from_slice(more);
        daemon.ok(&words)
    };
    let before = daemon.json(&["leads", "list"]);
    let said = replay(&daemon, &[]);
    says(&said, &["qualified → disqualified: 1 lead", "anna → none: 1 lead", "2 of 2 leads would stand elsewhere"]);
    says(&said, &["tag          -good: 2 leads", "-good; reason none → student"]);
    assert!(replay(&daemon, &["--since", "2099-01-01"]).contains("0 of 0 leads would stand elsewhere"));
    assert!(daemon.ok(&["rules", "replay"]).contains("0 of 2 leads would stand elsewhere"), "the same rules");
    let max = before.iter().find(|lead| lead["emails"][0] == "max@firma.example").unwrap();
    let words = ["rules", "explain", max["id"].as_str().unwrap(), "--rules", next.to_str().unwrap()];
    assert_eq!(daemon.ok(&words), "hits    max (10.toml:1): \u{201c}max@firma.example\u{201d}\n");
    daemon.stop();
    assert_eq!(replay(&daemon, &[]), said, "without the daemon");
    assert_eq!(daemon.json(&["leads", "list"]), before);
    let changes = replay(&daemon, &["--json"]);
    let change: serde_json::Value = serde_json::from_str(changes.lines().next().unwrap()).unwrap();
    assert_eq!((&change["is"]["owner"], &change["would_be"]["owner"]), (&"anna".into(), &serde_json::Value::Null));
}
