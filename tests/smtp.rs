//! Notices by mail, against a real mail server and one that misbehaves.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

#[path = "support/smtp.rs"]
mod server;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use lotse::config::{self, NotifierKind, Secret, Tls};
use lotse::lead::{Email, Id, Lead, Name, Notice, Touch};
use lotse::notify::letter::Language;
use lotse::notify::{Failure, FailureKind, House, Letter, Message, Notifier, build, smtp};
use serde_json::json;
use server::{Act, PASSWORD, ScriptedSmtp, SmtpServer, USER};

const TEXT: &str = "Grüß Gott,\n\nwir brauchen 20 Stück für 1.000 €.\n.\n.. und Punkte am Zeilenanfang\nÄÖÜ 株式会社";

fn id(random: u128) -> Id {
    Id::after(Id::MIN, "2026-11-23T09:12:44Z".parse().unwrap(), random)
}

fn letter(number: u128, to: &str) -> Message {
    let lead: Lead = serde_json::from_value(json!({
        "id": id(1), "created_at": "2026-11-23T09:12:44Z", "updated_at": "2026-11-23T09:12:44Z",
        "name": "Jürgen Müßig", "emails": ["juergen@firma.example"], "phones": [], "company": "Bäckerei & Söhne",
        "subject": "Anfrage", "message": TEXT, "attribution": {"channel": "website", "utm": {}}, "fields": {},
        "attachments": [], "score": 45, "tags": [], "disposition": "qualified", "stage": "new", "touch_count": 1,
        "problems": [],
    }))
    .unwrap();
    let touch: Touch = serde_json::from_value(json!({
        "id": id(2), "lead": id(1), "channel": "website", "kind": "form", "received_at": "2026-11-23T09:12:44Z",
        "content": {
            "person": {"emails": [], "phones": []}, "subject": "Anfrage", "text": TEXT, "fields": {}, "attachments": [],
            "utm": {}, "headers": {}, "problems": [],
        },
    }))
    .unwrap();
    let notice: Notice = serde_json::from_value(json!({
        "id": id(number), "lead": id(1), "owner": "anna", "notifier": "mail", "event": "lead.created", "touch": id(2),
        "created_at": "2026-11-23T09:12:44Z", "state": "pending", "attempts": 0, "next_at": null, "error": null,
    }))
    .unwrap();
    let email: Email = serde_json::from_value(json!(to)).unwrap();
    let anna = config::Owner::new(Name::parse("anna").unwrap());
    let owner = config::Owner { name: "Anna Größe".to_owned(), email: Some(email), ..anna };
    let time_zone = TimeZone::get("Europe/Berlin").unwrap();
    let house = House { instance: "https://leads.example.com".to_owned(), language: Language::German, time_zone };
    let (owner, house) = (Some(owner), Arc::new(house));
    Letter { notice, lead, touch: Some(touch), decision: None, owner, conversation: None, house }.into()
}

/// A notifier for a server on the loopback.
fn notifier(tls: Tls, port: u16, ca_file: Option<PathBuf>, login: Option<&str>) -> Arc<dyn Notifier> {
    let login = login.map(|password| (USER.to_owned(), Secret::new(password)));
    let (host, from) = ("localhost".to_owned(), "Lotse Vertrieb <lotse@team.test>".to_owned());
    let kind = NotifierKind::Smtp(smtp::Config { host, port, tls, ca_file, login, from });
    build(&config::Notifier { name: Name::parse("mail").unwrap(), kind }).unwrap()
}

fn for_exim(server: &SmtpServer, password: &str) -> Arc<dyn Notifier> {
    notifier(Tls::StartTls, server.port(), Some(server.ca_file()), Some(password))
}

fn for_scripted(server: &ScriptedSmtp) -> Arc<dyn Notifier> {
    notifier(Tls::None, server.port(), None, Some(PASSWORD))
}

fn is_permanent(failure: &Failure) -> bool {
    failure.kind == FailureKind::Permanent
}

fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    mail.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::trim)
}

#[tokio::test]
async fn a_letter_arrives_whole_over_starttls_and_over_implicit_tls() {
    let server = SmtpServer::start();
    let starttls = for_exim(&server, PASSWORD);
    let implicit = notifier(Tls::Implicit, server.implicit_port(), Some(server.ca_file()), Some(PASSWORD));
    for (number, notifier) in [(3, starttls), (4, implicit)] {
        let proved = notifier.probe().await.unwrap();
        assert!(proved.contains("takes the login of `lotse`"), "{proved}");
        let letter = letter(number, "anna@team.test");
        notifier.send(&letter).await.unwrap();
        let mail = server.wait_for(usize::try_from(number).unwrap() - 2).pop().unwrap();
        assert_eq!(mail.rcpt, "anna@team.test");
        let read = mail_parser::MessageParser::default().parse(&mail.raw).unwrap();
        assert_eq!(read.subject(), Some("Neuer Lead: Jürgen Müßig (Bäckerei & Söhne)"));
        assert_eq!(read.from().unwrap().first().unwrap().address(), Some("lotse@team.test"));
        assert_eq!(read.to().unwrap().first().unwrap().name(), Some("Anna Größe"));
        assert_eq!(read.reply_to().unwrap().first().unwrap().address(), Some("juergen@firma.example"));
        assert_eq!(read.message_id(), Some(format!("{}@team.test", letter.notice().id).as_str()));
        assert_eq!(read.date().unwrap().to_rfc3339(), "2026-11-23T09:12:44Z");
        let body = read.body_text(0).unwrap().replace("\r\n", "\n");
        assert_eq!(body.trim_end(), letter.text().trim_end());
        for line in TEXT.lines() {
            assert!(body.contains(line), "`{line}` is missing in:\n{body}");
        }
        notifier.rest().await;
    }
    let log = server.log();
    assert_eq!(log.matches("X=TLS1.3").count(), 2, "both were encrypted: {log}");
    assert_eq!(log.matches("A=plain:lotse").count(), 2, "both were logged in: {log}");
}

#[tokio::test]
async fn one_connection_carries_several_letters_and_a_dead_one_is_replaced() {
    let mut server = SmtpServer::start();
    let notifier = for_exim(&server, PASSWORD);
    for number in 3..8 {
        notifier.send(&letter(number, "anna@team.test")).await.unwrap();
    }
    server.wait_for(5);
    // The port at our end tells one connection from another.
    let connections: BTreeSet<String> = server
        .log()
        .lines()
        .filter(|line| line.contains("<= lotse@team.test"))
        .map(|line| line.split("[127.0.0.1]:").nth(1).unwrap().split_whitespace().next().unwrap().to_owned())
        .collect();
    assert_eq!(connections.len(), 1, "each letter had a connection of its own: {connections:?}");

    server.stop();
    let failure = notifier.send(&letter(8, "anna@team.test")).await.unwrap_err();
    assert!(failure.is_destination(), "{failure}");
    server.start_again();
    notifier.send(&letter(8, "anna@team.test")).await.unwrap();
    assert_eq!(server.wait_for(6).len(), 6);
}

#[tokio::test]
async fn a_wrong_password_says_what_to_correct_and_is_not_hammered() {
    let server = SmtpServer::start();
    let notifier = for_exim(&server, "wrong");
    for failure in [notifier.probe().await.unwrap_err(), notifier.send(&letter(3, "anna@team.test")).await.unwrap_err()]
    {
        assert!(failure.is_destination(), "{failure}");
        assert_eq!(failure.retry_after(), Some(Duration::from_mins(15)));
        let message = &failure.message;
        assert!(
            message.contains("535") && message.contains("check username and password under [notify.mail]"),
            "{message}"
        );
        assert!(!message.contains("wrong"), "the password is in the message: {message}");
    }
    let without = self::notifier(Tls::StartTls, server.port(), Some(server.ca_file()), None);
    let failure = without.send(&letter(3, "anna@team.test")).await.unwrap_err();
    assert!(is_permanent(&failure) && failure.message.contains("5.7.0 log in first"), "{failure}");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_server_that_is_down_or_unknown_or_not_believed_is_tried_again() {
    let mut server = SmtpServer::start();
    let stranger = notifier(Tls::StartTls, server.port(), None, Some(PASSWORD));
    let failure = stranger.send(&letter(3, "anna@team.test")).await.unwrap_err();
    assert!(failure.is_destination() && failure.message.contains("cannot encrypt"), "{failure}");
    assert!(!server.log().contains("A=plain"), "a login was sent to a server that is not believed");
    server.stop();
    let failure = for_exim(&server, PASSWORD).send(&letter(3, "anna@team.test")).await.unwrap_err();
    assert!(failure.is_destination(), "{failure}");
    assert!(
        failure.message.contains(&format!("cannot reach the mail server `localhost:{}`", server.port())),
        "{failure}"
    );
}

#[tokio::test]
async fn a_receiver_that_does_not_exist_is_refused_for_good_and_harms_no_other() {
    let server = SmtpServer::start();
    let notifier = for_exim(&server, PASSWORD);
    let failure = notifier.send(&letter(3, "unknown@team.test")).await.unwrap_err();
    assert!(is_permanent(&failure) && failure.message.contains("5.1.1 no such user"), "{failure}");
    notifier.send(&letter(4, "anna@team.test")).await.unwrap();
    assert_eq!(server.wait_for(1)[0].rcpt, "anna@team.test");
}

#[tokio::test]
async fn a_cut_after_the_mail_leads_to_the_same_message_id_on_the_retry() {
    let server = ScriptedSmtp::start(|connection, cue| (connection == 1 && cue == ".").then_some(Act::Cut));
    let (notifier, letter) = (for_scripted(&server), letter(3, "anna@team.test"));
    let failure = notifier.send(&letter).await.unwrap_err();
    assert!(!is_permanent(&failure) && failure.message.contains("same Message-ID"), "{failure}");
    notifier.send(&letter).await.unwrap();
    let mails = server.seen().mails;
    assert_eq!(mails.len(), 2);
    assert_eq!(header(&mails[0], "Message-ID").unwrap(), format!("<{}@team.test>", letter.notice().id));
    assert_eq!(mails[0], mails[1], "the repetition is the same mail to the last byte");
}

#[tokio::test]
async fn answers_decide_what_happens_to_a_letter() {
    for (at, answer, permanent, destination) in [
        ("", "421 too busy", false, true),
        ("", "554 no service here", false, true),
        ("EHLO", "421 shutting down", false, true),
        ("AUTH", "535 5.7.8 no", false, true),
        ("AUTH", "454 4.7.0 later", false, true),
        ("MAIL", "530 5.7.0 log in", false, true),
        ("MAIL", "451 local trouble", false, true),
        ("RCPT", "450 4.2.1 greylisted", false, false),
        ("RCPT", "452 4.2.2 full", false, false),
        ("RCPT", "552 5.2.2 full", false, false),
        ("RCPT", "550 5.1.1 nobody", true, false),
        ("RCPT", "553 nobody", true, false),
        ("DATA", "554 5.7.1 no", true, false),
        ("DATA", "451 4.3.0 disk", false, true),
        (".", "554 5.7.1 spam", true, false),
        (".", "452 4.3.1 disk", false, true),
        (".", "421 4.3.2 going down", false, true),
    ] {
        let server = ScriptedSmtp::start(move |_, cue| (cue == at).then_some(Act::Say(answer)));
        let failure = for_scripted(&server).send(&letter(3, "anna@team.test")).await.unwrap_err();
        assert_eq!(
            (is_permanent(&failure), failure.is_destination()),
            (permanent, destination),
            "{at} {answer}: {failure}"
        );
        assert!(failure.message.contains(&answer[..3]), "{at} {answer}: {failure}");
    }
}

#[tokio::test]
async fn a_server_that_breaks_off_is_tried_again_wherever_it_does() {
    for at in ["", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
        let server = ScriptedSmtp::start(move |_, cue| (cue == at).then_some(Act::Cut));
        let failure = for_scripted(&server).send(&letter(3, "anna@team.test")).await.unwrap_err();
        assert_eq!((is_permanent(&failure), failure.is_destination()), (false, at != "."), "{at}: {failure}");
    }
}

#[tokio::test]
async fn after_a_refusal_the_next_letter_begins_cleanly() {
    let server = ScriptedSmtp::start(|connection, cue| {
        (connection == 1 && cue == "RCPT").then_some(Act::Say("450 4.2.1 later"))
    });
    let notifier = for_scripted(&server);
    notifier.send(&letter(3, "anna@team.test")).await.unwrap_err();
    notifier.send(&letter(4, "anna@team.test")).await.unwrap();
    assert_eq!(server.seen().mails.len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_where_starttls_is_wanted() {
    let silent = ScriptedSmtp::start(|_, _| None);
    let injecting = ScriptedSmtp::start(|_, cue| match cue {
        "EHLO" => Some(Act::Say("250-scripted\r\n250-STARTTLS\r\n250 AUTH PLAIN")),
        "STARTTLS" => Some(Act::Say("220 go on\r\n250-injected\r\n250 AUTH PLAIN")),
        _ => None,
    });
    let refusing = ScriptedSmtp::start(|_, cue| match cue {
        "EHLO" => Some(Act::Say("250-scripted\r\n250 STARTTLS")),
        "STARTTLS" => Some(Act::Say("454 4.7.0 not now")),
        _ => None,
    });
    for (server, why) in
        [(silent, "does not offer STARTTLS"), (injecting, "more than its answer to STARTTLS"), (refusing, "454")]
    {
        let notifier = notifier(Tls::StartTls, server.port(), None, Some(PASSWORD));
        let failure = notifier.send(&letter(3, "anna@team.test")).await.unwrap_err();
        assert!(failure.is_destination() && failure.message.contains(why), "{failure}");
        let commands = server.seen().commands;
        assert!(!commands.iter().any(|word| ["AUTH", "MAIL", "DATA"].contains(&word.as_str())), "{why}: {commands:?}");
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_wherever_it_does() {
    for (at, command, limit) in [
        ("", None, 30),
        ("EHLO", Some("EHLO"), 30),
        ("AUTH", Some("AUTH"), 30),
        ("MAIL", Some("MAIL"), 30),
        ("RCPT", Some("RCPT"), 30),
        ("DATA", Some("DATA"), 30),
        // Here it may have taken the mail: it gets as long as the whole letter may take.
        (".", None, 120),
    ] {
        let server = ScriptedSmtp::start(move |_, cue| (cue == at).then_some(Act::Hang));
        let (notifier, letter) = (for_scripted(&server), letter(3, "anna@team.test"));
        let mut sending = notifier.send(&letter);
        let is_silent = || {
            let seen = server.seen();
            seen.connections == 1
                && command.is_none_or(|command| seen.commands.last().is_some_and(|last| last == command))
                && (at != "." || seen.mails.len() == 1)
        };
        while !is_silent() {
            tokio::select! {
                sent = &mut sending => panic!("{at}: {sent:?}"),
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
        }
        tokio::time::pause();
        let silent = tokio::time::Instant::now();
        let failure = sending.await.unwrap_err();
        let waited = silent.elapsed().as_secs_f64();
        tokio::time::resume();
        // A goodbye that is not answered either takes two seconds.
        assert!((f64::from(limit) - 20.0..=f64::from(limit) + 3.0).contains(&waited), "{at}: {waited} s");
        assert_eq!((is_permanent(&failure), failure.is_destination()), (false, at != "."), "{at}: {failure}");
        assert!(failure.message.contains(&format!("did not answer within {limit} s")), "{at}: {failure}");
    }
}
