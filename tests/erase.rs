//! Somebody is erased, by the command and by the API, and stays erased.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::daemon::Daemon;
use support::http::{self, Answer};

const SETTINGS: &str = "[channels.website]\nkind = \"webhook\"\n[channels.fairs]\nkind = \"csv\"\nfolder = \"fairs\"\n\
                        [channels.crm]\nkind = \"webhook\"\nprovider = \"hubspot\"\ntoken = \"t\"\n\
                        [owners.anna]\nemail = \"anna@house.example\"\nnotify = [\"mail\"]\n\
                        [notify.mail]\nkind = \"smtp\"\nhost = \"127.0.0.1\"\nport = 9\ntls = \"none\"\n\
                        from = \"Lotse <lotse@house.example>\"\n\
                        [teams.sales]\nmembers = [\"anna\"]\ndefault = true\n";

fn post(daemon: &Daemon, key: &str, email: &str, text: &str) -> String {
    let body = json!({ "name": "Max Muster", "email": email, "message": text }).to_string();
    let headers = ["Content-Type: application/json", &format!("Idempotency-Key: {key}")];
    let answer = http::request(daemon.public(), "POST", "/hooks/website", &headers, body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["receipt"].as_str().unwrap().to_owned()
}

fn api(daemon: &Daemon, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [daemon.bearer(), "Content-Type: application/json".to_owned()];
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    http::request(daemon.private(), method, &format!("/api/v1{path}"), &headers, body.as_bytes()).unwrap()
}

fn row(daemon: &Daemon, receipt: &str) -> Value {
    api(daemon, "GET", &format!("/intake/{receipt}"), &Value::Null).json()
}

#[test]
fn an_erasure_that_was_acknowledged_outlives_the_end_of_the_daemon() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    let first = post(&daemon, "a", "max@firma.example", "Please call me");
    let lead = row(&daemon, &first)["lead"].as_str().unwrap().to_owned();
    fs::write(daemon.path("list.csv"), "E-Mail,Firma\nmax@firma.example,Muster GmbH\n").unwrap();
    let import = ["import", "list.csv", "--channel", "fairs", "--quiet"];
    daemon.ok(&import);
    assert!(!daemon.json(&["outbox", "list"]).is_empty());

    let foreseen = api(&daemon, "POST", "/erase", &json!({ "email": "MAX@firma.example", "dry_run": true })).json();
    assert_eq!((&foreseen["leads"][0]["id"], &foreseen["items"]), (&json!(lead), &json!(2)), "{foreseen}");
    let erased = api(&daemon, "POST", "/erase", &json!({ "email": "MAX@firma.example", "reason": "asked by letter" }));
    assert_eq!(erased.status, 200, "{erased:?}");
    daemon.kill();
    daemon.start();

    let gone = api(&daemon, "GET", &format!("/leads/{lead}"), &Value::Null);
    assert_eq!((gone.status, gone.body.contains("was erased on")), (410, true), "{gone:?}");
    for (method, path) in [("DELETE", ""), ("POST", "/note")] {
        let body = if path.is_empty() { Value::Null } else { json!({ "text": "x" }) };
        assert_eq!(api(&daemon, method, &format!("/leads/{lead}{path}"), &body).status, 410, "{method} {path}");
    }
    assert_eq!(api(&daemon, "GET", &format!("/intake/{first}/raw"), &Value::Null).status, 410);
    let said = daemon.cli(&["leads", "why", &lead]);
    assert!(!said.status.success() && String::from_utf8_lossy(&said.stderr).contains("was erased on"), "{said:?}");
    assert!(daemon.json(&["leads", "list"]).is_empty() && daemon.json(&["outbox", "list"]).is_empty());
    let erasure = daemon.object(&["leads", "erased"]);
    assert_eq!((&erasure["leads"], &erasure["items"], &erasure["by"]), (&json!(1), &json!(2), &json!("admin")));
    assert_eq!(erasure["reason"], "asked by letter");

    let again = row(&daemon, &post(&daemon, "a", "max@firma.example", "Please call me"));
    assert_eq!(
        (&again["outcome"], again["reason"].as_str().unwrap().contains("stays erased")),
        (&json!("redelivered"), true)
    );
    daemon.ok(&import);
    assert!(daemon.json(&["leads", "list"]).is_empty(), "a list brings nobody back");
    let new = row(&daemon, &post(&daemon, "b", "max@firma.example", "I want to buy after all"));
    assert_eq!(new["outcome"], "created");
    assert_ne!(new["lead"], json!(lead));
    assert!(!daemon.log().contains("max@firma"), "the log names nobody");

    assert!(daemon.stop().0.success());
    let asked = daemon.cli(&["leads", "erase", "max@firma.example"]);
    assert!(!asked.status.success(), "nobody said yes");
    let seen = String::from_utf8_lossy(&asked.stderr);
    assert!(seen.contains("1 leads, 1 items") && seen.contains("--yes"), "{seen}");
    assert_eq!(daemon.json(&["leads", "list"]).len(), 1);
    let erased = daemon.object(&["leads", "erase", "max@firma.example", "--yes"]);
    assert_eq!((&erased["leads"], daemon.json(&["leads", "list"]).len()), (&json!(1), 0), "{erased}");
    assert!(daemon.ok(&["leads", "erase", "max@firma.example", "--yes"]).contains("there is nothing of them"));
}

#[test]
fn whom_hubspot_is_to_forget_is_forgotten_here_too() {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    let hook = |body: Value| {
        let answer = http::post(daemon.public(), "/hooks/crm", "application/json", &body.to_string()).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["receipt"].as_str().unwrap().to_owned()
    };
    let created = |id: u32, email: &str| {
        hook(json!({"subscriptionType": "contact.creation", "objectId": id, "occurredAt": 1_700_000_000_000_u64,
            "properties": {"email": email, "message": "An offer, please"}}))
    };
    let deleted = |id: u32| {
        hook(
            json!({"subscriptionType": "contact.privacyDeletion", "objectId": id, "occurredAt": 1_700_000_000_001_u64}),
        )
    };
    let (max, eva) = (created(1, "max@firma.example"), created(2, "eva@firma.example"));
    post(&daemon, "x", "eva@firma.example", "And by the form, too");
    let (first, second, third) = (deleted(1), deleted(2), deleted(3));
    let until = |receipt: &str, outcome: &str, why: &str| {
        daemon.until(why, std::time::Duration::from_secs(15), |daemon| {
            let row = row(daemon, receipt);
            row["outcome"] == outcome && row["reason"].as_str().unwrap_or_default().contains(why)
        });
    };
    until(&first, "ignored", "it was erased");
    until(&second, "quarantined", "has written otherwise, too");
    until(&third, "ignored", "nothing is here");
    let lead = |receipt: &str| row(&daemon, receipt)["lead"].as_str().unwrap().to_owned();
    assert_eq!(api(&daemon, "GET", &format!("/leads/{}", lead(&max)), &Value::Null).status, 410);
    assert_eq!(api(&daemon, "GET", &format!("/leads/{}", lead(&eva)), &Value::Null).status, 200);
    assert_eq!(daemon.object(&["leads", "erased"])["by"], "crm");
}
