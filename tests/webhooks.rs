//! Webhooks of all providers on the shipped binary: what `lotse webhook` prints works, and what is unsigned
//! leaves no trace.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::process::Command;

use support::daemon::Daemon;
use support::http::post;

/// The providers, all with a secret; `00ff5ec7e7` is text, hexadecimal digits and base64.
const PROVIDERS: [&str; 39] = [
    "generic",
    "typeform",
    "tally",
    "jotform",
    "gravity_forms",
    "contact_form_7",
    "wpforms",
    "fluent_forms",
    "elementor",
    "ninja_forms",
    "webflow",
    "formspree",
    "netlify",
    "framer",
    "squarespace",
    "intercom",
    "crisp",
    "tawk",
    "livechat",
    "tidio",
    "zendesk",
    "chatwoot",
    "slack",
    "teams",
    "telegram",
    "whatsapp",
    "twilio",
    "sendgrid",
    "mailgun",
    "postmark",
    "ses",
    "cloudflare",
    "rfc822",
    "calendly",
    "cal_com",
    "google_ads",
    "meta_lead_ads",
    "linkedin",
    "hubspot",
];

fn settings() -> String {
    let channel = |name: &&str| {
        let channel = name.replace('_', "-");
        format!(
            "[channels.{channel}]\nkind = \"webhook\"\nprovider = \"{name}\"\nsecret = [\"00ff5ec7e8\", \"00ff5ec7e7\"]\nurl = \"https://leads.example.com/hooks/{channel}\"\n"
        )
    };
    PROVIDERS.iter().map(channel).collect()
}

#[test]
fn the_printed_command_line_makes_a_lead_of_each_provider_and_nothing_unsigned_does() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: no curl here");
        return;
    }
    let mut daemon = Daemon::with(&settings());
    daemon.start();
    for provider in PROVIDERS {
        let channel = provider.replace('_', "-");
        let printed = daemon.ok(&["webhook", &channel]);
        assert!(printed.contains(&format!("/hooks/{channel}")) && printed.contains("  1. "), "{printed}");
        assert!(!printed.contains("00ff5ec7e"), "a secret is printed: {printed}");
        let line = &printed[printed.rfind("curl '").unwrap()..];
        let line = line.replace("127.0.0.1:0", &daemon.public().to_string());
        let output = Command::new("sh").args(["-c", &line]).env_remove("http_proxy").output().unwrap();
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            !answer.is_empty() && !answer.contains("\"status\":"),
            "{provider}: {answer}\n{line}\n{}",
            daemon.log()
        );

        // The same without its proof, and with one that is forged.
        let bare: String = line.lines().filter(|line| !is_proof(line)).collect::<Vec<_>>().join("\n");
        let forged = line.replace("Muster", "Mustes");
        for refused in [bare, forged] {
            assert_ne!(refused, line, "{provider}");
            let output = Command::new("sh").args(["-c", &refused]).output().unwrap();
            let answer = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(answer.contains("\"status\":401"), "{provider}: {answer}\n{refused}");
        }
    }
    let ledger = daemon.json(&["intake", "list"]);
    assert_eq!(ledger.len(), PROVIDERS.len(), "{ledger:#?}");
    assert!(ledger.iter().all(|row| row["outcome"] == "created" || row["outcome"] == "touched"), "{ledger:#?}");
    let leads = daemon.json(&["leads", "list"]);
    assert_eq!(leads.len(), 1, "all samples are of one person: {leads:#?}");
    assert_eq!((&leads[0]["name"], &leads[0]["touch_count"]), (&"Erika Muster".into(), &PROVIDERS.len().into()));
    assert!(!daemon.log().contains("00ff5ec7e"));
}

fn is_proof(line: &str) -> bool {
    let line = line.to_lowercase();
    line.contains("-h '") && (line.contains("signature") || line.contains("authorization"))
}

#[test]
fn a_delivery_is_repeated_by_its_providers_id_and_a_test_makes_no_lead() {
    let mut daemon = Daemon::with("[channels.tally]\nkind = \"webhook\"\nprovider = \"tally\"\n");
    daemon.start();
    let body = |id: &str, kind: &str, name: &str| {
        format!(
            r#"{{"eventId":"{id}","eventType":"{kind}","data":{{"fields":[{{"key":"a","label":"E-mail","type":"INPUT_EMAIL","value":"{name}@firma.example"}}]}}}}"#
        )
    };
    for (id, kind, name) in [("1", "FORM_RESPONSE", "max"), ("1", "FORM_RESPONSE", "mia"), ("2", "FORM_TEST", "ida")] {
        let answer = post(daemon.public(), "/hooks/tally", "application/json", &body(id, kind, name)).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let mut outcomes: Vec<String> =
        daemon.json(&["intake", "list"]).iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["created", "ignored", "redelivered"]);
    assert_eq!(daemon.json(&["leads", "list"]).len(), 1);
}

#[test]
fn a_channel_that_is_no_webhook_is_told_from_one_that_is_not_there() {
    let daemon =
        Daemon::with("[channels.website]\nkind = \"webhook\"\n[channels.fairs]\nkind = \"csv\"\nfolder = \"fairs\"\n");
    let said = |name: &str| String::from_utf8(daemon.cli(&["webhook", name]).stderr).unwrap();
    assert!(said("websit").contains("did you mean `website`?"), "{}", said("websit"));
    assert!(said("fairs").contains("of kind `csv`"), "{}", said("fairs"));
    let setup = daemon.object(&["webhook", "website"]);
    assert_eq!((&setup["provider"], &setup["title"]), (&"generic".into(), &"Your own form".into()));
    assert!(setup["html"].as_str().unwrap().contains("<form method=\"post\" action=\"http://"), "{setup}");
}
