//! Conversations, on a real mailbox: answers, colleagues, absences, mails that come back, and who
//! only pretends to belong to one.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::cell::Cell;
use std::time::Duration;

use serde_json::Value;
use support::daemon::Daemon;
use support::dovecot::Dovecot;
use support::smtp::SmtpServer;

const LIMIT: Duration = Duration::from_secs(40);

/// A house with one owner, who is told by mail.
struct House {
    dovecot: Dovecot,
    smtp: SmtpServer,
    daemon: Daemon,
    mails: Cell<usize>,
}

impl House {
    fn open() -> Self {
        let (dovecot, smtp) = (Dovecot::start(), SmtpServer::start());
        let settings = format!(
            r#"
[organisation]
domains = ["team.test"]

[channels.sales]
kind = "imap"
host = "localhost"
port = {}
ca_file = "{}"
username = "sales"
password = "secret"
start = "all"

[owners.anna]
name = "Anna Schmidt"
email = "anna@team.test"
notify = ["mail"]

[teams.sales]
members = ["anna"]
default = true

[notify.mail]
kind = "smtp"
host = "localhost"
port = {}
ca_file = "{}"
username = "lotse"
password = "secret"
from = "Lotse <lotse@team.test>"
"#,
            dovecot.port(),
            dovecot.ca_file().display(),
            smtp.port(),
            smtp.ca_file().display(),
        );
        let mut daemon = Daemon::with(&settings);
        daemon.start();
        Self { dovecot, smtp, daemon, mails: Cell::new(0) }
    }

    /// Brings a mail in; its ledger row. Header lines end with `\n`.
    fn mail(&self, headers: &str, text: &str) -> Value {
        let number = self.mails.get() + 1;
        self.mails.set(number);
        let date = "Date: Sat, 28 Nov 2026 10:00:00 +0100\n";
        let id =
            if headers.contains("Message-ID:") { String::new() } else { format!("Message-ID: <n{number}@x.test>\n") };
        let mail = format!("{headers}{date}{id}\n{text}\n").replace('\n', "\r\n");
        self.dovecot.deliver("sales", mail.as_bytes());
        self.daemon.until("the mail has an outcome", LIMIT, |daemon| daemon.json(&["intake", "list"]).len() == number);
        self.daemon.json(&["intake", "list"]).remove(0)
    }

    /// The first mail of a person from a company; the lead's id.
    fn lead(&self, who: &str, domain: &str) -> String {
        let row = self.mail(
            &format!("From: {who} Muster <{who}@{domain}>\nTo: sales@team.test\nCc: Agentur <agentur@werbung.test>\nSubject: Anfrage von {who}\nMessage-ID: <first-{who}@{domain}>\n"),
            "Guten Tag, bitte ein Angebot.",
        );
        assert_eq!(row["outcome"], "created", "{row}");
        row["lead"].as_str().unwrap().to_owned()
    }

    fn show(&self, lead: &str) -> Value {
        self.daemon.object(&["leads", "show", lead])
    }

    /// Waits until so many notices have arrived, and gives the last one.
    fn told(&self, count: usize) -> String {
        self.daemon.until("the owner was told", LIMIT, |_| self.smtp.mails().len() >= count);
        let mails = self.smtp.mails();
        assert_eq!(mails.len(), count, "told too often");
        String::from_utf8_lossy(&mails.last().unwrap().raw).into_owned()
    }

    /// The store agrees with itself.
    fn sound(&self) {
        let audit = self.daemon.ok(&["status", "--audit"]);
        assert!(!audit.contains("threads") && !audit.contains("lead_touches"), "{audit}");
    }
}

fn header(mail: &str, name: &str) -> String {
    mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_default().trim().to_owned()
}

#[test]
fn answers_touch_their_lead_and_open_it_again() {
    let house = House::open();
    let lead = house.lead("max", "firma.test");
    let token = header(&house.told(1), "References");

    let row = house.mail(
        "From: Max Muster <max@firma.test>\nSubject: Re: Angebot\nIn-Reply-To: <first-max@firma.test>\n",
        "Noch eine Frage dazu.",
    );
    assert_eq!((row["outcome"].as_str(), row["lead"].as_str()), (Some("touched"), Some(&*lead)), "{row}");
    assert!(row["reason"].as_str().unwrap().contains("answers a mail"), "{row}");
    assert!(house.told(2).contains("X-Lotse-Event: lead.touched"));

    // Closed leads are open again, and the owner is told, whichever way they were closed.
    for (number, stage) in ["lost", "converted"].into_iter().enumerate() {
        house.daemon.ok(&["leads", "stage", &lead, stage, "--reason", "no answer"]);
        let row = house.mail(
            "From: max@firma.test\nSubject: AW: Angebot\nReferences: <unknown@x.test> <first-max@firma.test>\n",
            "Doch noch Interesse.",
        );
        assert_eq!(row["lead"].as_str(), Some(&*lead));
        let shown = house.show(&lead);
        assert_eq!((&shown["stage"], &shown["stage_reason"]), (&"new".into(), &Value::Null), "{stage}");
        let history = shown["timeline"].to_string();
        assert!(history.contains(&format!("{stage} → new")), "{history}");
        house.told(3 + number);
    }

    // A colleague of the lead joins in, by the name that stands in our notices; a provider has
    // changed that of the notice itself.
    let row = house.mail(
        &format!("From: Eva Klein <eva@firma.test>\nSubject: Re: x\nIn-Reply-To: <changed@provider.test>\nReferences: {token} <changed@provider.test>\n"),
        "Ich übernehme für Max.",
    );
    assert_eq!((row["outcome"].as_str(), row["lead"].as_str()), (Some("touched"), Some(&*lead)), "{row}");
    let shown = house.show(&lead);
    assert_eq!(shown["emails"], serde_json::json!(["max@firma.test"]), "another's address recognises nobody");
    assert_eq!(shown["others"][0]["email"], "eva@firma.test");
    assert!(house.daemon.ok(&["leads", "show", &lead]).contains("eva@firma.test (Eva Klein)"));
    let notice = house.told(5);
    assert!(header(&notice, "Reply-To").contains("max@firma.test"), "{notice}");

    // Without any name of a mail, subject and participants tell.
    let row = house.mail(
        "From: Agentur <agentur@werbung.test>\nTo: sales@team.test, max@firma.test\nSubject: AW: Anfrage von max\n",
        "Dazu von uns.",
    );
    assert_eq!((row["outcome"].as_str(), row["lead"].as_str()), (Some("touched"), Some(&*lead)), "{row}");
    house.sound();
}

#[test]
fn who_names_a_mail_of_anothers_conversation_is_not_the_other() {
    let house = House::open();
    let (max, eva) = (house.lead("max", "firma.test"), house.lead("eva", "anders.test"));
    let token = header(&house.told(2), "References");

    // An outsider who has got hold of a Message-ID is somebody new, and the lead stays as it is.
    let row = house.mail(
        "From: Max Betrug <max@betrug.test>\nReply-To: max@betrug.test\nSubject: Re: Anfrage von max\nIn-Reply-To: <first-max@firma.test>\n",
        "Bitte an mein neues Konto.",
    );
    assert_eq!(row["outcome"], "created", "{row}");
    let problems = house.show(row["lead"].as_str().unwrap())["problems"].to_string();
    assert!(problems.contains(&max), "{problems}");
    assert_eq!((&house.show(&max)["touch_count"], &house.show(&max)["others"]), (&1.into(), &serde_json::json!([])));

    // A name of ours that was changed names nothing.
    let (own, other, domain) =
        if token.contains(&eva) { (&eva, &max, "firma.test") } else { (&max, &eva, "anders.test") };
    assert!(token.contains(own.as_str()), "{token}");
    let row = house.mail(
        &format!("From: Rolf <rolf@{domain}>\nSubject: Re: y\nReferences: {}\n", token.replace(own, other)),
        "Hallo.",
    );
    assert_eq!(row["outcome"], "created", "{row}");
    // Whoever has a lead of their own stays with it.
    let row = house.mail(
        "From: eva@anders.test\nSubject: Re: Anfrage von max\nIn-Reply-To: <first-max@firma.test>\n",
        "Ich bin es.",
    );
    assert_eq!(row["lead"].as_str(), Some(&*eva), "{row}");
    house.sound();
}

#[test]
fn a_colleagues_answer_stops_the_clock_and_tells_nobody() {
    let house = House::open();
    let lead = house.lead("max", "firma.test");
    let notice = house.told(1);
    let (id, token) = (header(&notice, "Message-ID"), header(&notice, "References"));

    // Among ourselves, or by a program in our name, nobody has written to the lead.
    for (headers, text) in [
        (format!("From: Jonas <jonas@team.test>\nTo: Anna <anna@team.test>, sales@team.test\nSubject: Re: x\nIn-Reply-To: {id}\nReferences: {token} {id}\n"), "Machst du das?"),
        ("From: Website <info@team.test>\nTo: max@firma.test\nSubject: Danke\n".to_owned(), "Wir melden uns."),
        ("From: Anna Schmidt <anna@team.test>\nTo: max@firma.test\nSubject: Re: Anfrage von max\nAuto-Submitted: auto-generated\n".to_owned(), "Danke."),
        ("From: Anna Schmidt <anna@team.test>\nTo: max@firma.test\nSubject: Danke\nX-PHP-Originating-Script: 33:form.php\n".to_owned(), "Danke."),
        ("From: noreply@team.test\nTo: max@firma.test\nSubject: Re: Anfrage von max\nIn-Reply-To: <first-max@firma.test>\n".to_owned(), "Danke."),
    ] {
        let row = house.mail(&headers, text);
        assert_eq!((&row["outcome"], &row["lead"]), (&"ignored".into(), &Value::Null), "{headers}");
    }
    assert_eq!(house.show(&lead)["stage"], "new");

    // Somebody who fails the checks of our own mail server is no colleague.
    let forged = "Authentication-Results: mx.team.test; spf=fail smtp.mailfrom=anna@team.test; dkim=none; dmarc=fail header.from=team.test\n";
    let answer = "From: Anna Schmidt <anna@team.test>\nTo: Max <max@firma.test>\nCc: sales@team.test\nSubject: AW: Anfrage von max\nIn-Reply-To: <first-max@firma.test>\nMessage-ID: <answer@team.test>\n";
    let row = house.mail(&format!("{forged}{}", answer.replace("answer@", "forged@")), "Hier das Angebot.");
    assert_eq!(row["outcome"], "quarantined", "{row}");
    assert!(row["reason"].as_str().unwrap().contains("DMARC fail (team.test), as mx.team.test found"), "{row}");
    let forward = "From: Anna Schmidt <anna@team.test>\nTo: sales@team.test\nSubject: Fwd: Auftrag\n";
    let inside = "---------- Forwarded message ---------\nFrom: Kunde <kunde@fremd.test>\nDate: Fri, 27 Nov 2026\nSubject: Auftrag\nTo: <anna@team.test>\n\nBitte liefern.";
    assert_eq!(house.mail(&format!("{forged}{forward}"), inside)["outcome"], "quarantined");
    assert_eq!(house.show(&lead)["stage"], "new");
    assert_eq!(house.mail(forward, inside)["outcome"], "created", "a server that checks nothing is no failure");
    house.told(2);

    let passed = "Authentication-Results: mx.team.test; dmarc=pass header.from=team.test\n";
    let row = house.mail(&format!("{passed}{answer}"), "Hier das Angebot.");
    assert_eq!((&row["outcome"], row["lead"].as_str()), (&"ignored".into(), Some(&*lead)), "{row}");
    let shown = house.show(&lead);
    assert_eq!((&shown["stage"], &shown["touch_count"]), (&"contacted".into(), &1.into()));
    assert!(shown["timeline"].to_string().contains("new → contacted: anna has written"), "{shown}");

    // What is answered to the colleague belongs to the lead, also when a colleague of the lead does.
    let row = house.mail("From: Eva <eva@firma.test>\nSubject: Danke\nIn-Reply-To: <answer@team.test>\n", "Passt.");
    assert_eq!((&row["outcome"], row["lead"].as_str()), (&"touched".into(), Some(&*lead)), "{row}");
    assert!(house.told(3).contains("X-Lotse-Event: lead.touched"));
    assert_eq!(house.show(&lead)["stage"], "contacted");
    house.sound();
}

#[test]
fn an_absence_is_noted_and_a_mail_that_comes_back_marks_the_address() {
    let house = House::open();
    let lead = house.lead("max", "firma.test");
    house.told(1);

    let away =
        "Auto-Submitted: auto-replied\nSubject: Automatische Antwort: Angebot\nIn-Reply-To: <answer@team.test>\n";
    let text = "Ich bin bis 4.12.2026 nicht im Haus und ab 7. Dezember 2026 wieder erreichbar.";
    let row = house.mail(&format!("From: Max Muster <max@firma.test>\n{away}"), text);
    assert_eq!((&row["outcome"], row["lead"].as_str()), (&"touched".into(), Some(&*lead)), "{row}");
    assert!(row["reason"].as_str().unwrap().contains("away until 2026-12-07"), "{row}");
    let shown = house.show(&lead);
    assert_eq!((&shown["away_until"], &shown["touch_count"]), (&"2026-12-07".into(), &2.into()));
    assert_eq!(shown["message"], "Guten Tag, bitte ein Angebot.");
    assert!(house.daemon.ok(&["leads", "show", &lead]).contains("away until   2026-12-07"));
    let row = house.mail(&format!("From: Stranger <x@fremd.test>\n{away}"), text);
    assert_eq!((&row["outcome"], &row["lead"]), (&"ignored".into(), &Value::Null));

    let report = |address: &str, action: &str| {
        let headers = "From: MAILER-DAEMON@mx.team.test\nSubject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n";
        let text = format!(
            "--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.team.test\n\nFinal-Recipient: rfc822; {address}\nAction: {action}\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <answer@team.test>\nTo: max@firma.test\n--b--"
        );
        house.mail(headers, &text)
    };
    for (address, action) in [("other@firma.test", "failed"), ("max@firma.test", "delayed")] {
        assert_eq!(
            (&report(address, action)["outcome"], &house.show(&lead)["failing"]),
            (&"ignored".into(), &serde_json::json!([]))
        );
    }
    let row = report("max@firma.test", "failed");
    assert_eq!((&row["outcome"], row["lead"].as_str()), (&"ignored".into(), Some(&*lead)), "{row}");
    assert_eq!(house.show(&lead)["failing"][0]["why"], "550 5.1.1 no such user");
    let words = house.daemon.ok(&["leads", "show", &lead]);
    assert!(words.contains("failing      max@firma.test, mail came back on"), "{words}");

    // Whoever writes again is back, and has an address that is in use.
    let row = house.mail("From: Max Muster <max@firma.test>\nSubject: Re: Angebot\n", "Ich bin wieder da.");
    assert_eq!(row["outcome"], "touched");
    let shown = house.show(&lead);
    assert_eq!((&shown["failing"], &shown["away_until"]), (&serde_json::json!([]), &Value::Null));
    house.told(2);
    house.sound();
}
