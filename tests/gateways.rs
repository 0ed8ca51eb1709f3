//! Mail gateways on the shipped binary: a mail that comes by HTTP is the mail that a mailbox would have held.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use support::daemon::Daemon;
use support::dovecot::Dovecot;
use support::http::request;

const LIMIT: Duration = Duration::from_mins(1);

const GATEWAYS: &str = r#"
[channels.sendgrid]
kind = "webhook"
provider = "sendgrid"
[channels.mailgun]
kind = "webhook"
provider = "mailgun"
[channels.postmark]
kind = "webhook"
provider = "postmark"
[channels.ses]
kind = "webhook"
provider = "ses"
[channels.cloudflare]
kind = "webhook"
provider = "cloudflare"
[channels.pipe]
kind = "webhook"
provider = "rfc822"
secret = "hush"
[owners.anna]
name = "Anna"
"#;

fn mailbox(dovecot: &Dovecot) -> String {
    format!(
        "[channels.sales]\nkind = \"imap\"\nhost = \"localhost\"\nport = {}\nca_file = \"{}\"\nusername = \"gateways\"\npassword = \"secret\"\nstart = \"all\"\npoll = \"1s\"\n",
        dovecot.port(),
        dovecot.ca_file().display()
    )
}

fn send(daemon: &Daemon, channel: &str, content_type: &str, body: &[u8]) {
    let bearer = "Authorization: Bearer hush";
    let headers = [&*format!("Content-Type: {content_type}"), bearer];
    let answer = request(daemon.public(), "POST", &format!("/hooks/{channel}"), &headers, body).unwrap();
    assert_eq!(answer.status, 200, "{channel}: {answer:?}");
}

/// A multipart form of named texts and files.
fn multipart(fields: &[(&str, Option<&str>, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, kind, bytes) in fields {
        let file = file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: {kind}")).unwrap_or_default();
        body.extend(format!("--xYz\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--xYz--\r\n");
    body
}

const MULTIPART: &str = "multipart/form-data; boundary=xYz";
const URLENCODED: &str = "application/x-www-form-urlencoded";

fn urlencoded(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let encode = |bytes: &[u8]| percent_encoding::percent_encode(bytes, percent_encoding::NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&").into_bytes()
}

/// Hands a raw mail in through each gateway, as it would hand it on.
fn send_raw(daemon: &Daemon, mail: &[u8]) {
    use base64::Engine;
    send(daemon, "pipe", "message/rfc822", mail);
    send(daemon, "cloudflare", "message/rfc822", mail);
    send(daemon, "mailgun", URLENCODED, &urlencoded(&[("recipient", b"sales@example.com"), ("body-mime", mail)]));
    send(
        daemon,
        "sendgrid",
        MULTIPART,
        &multipart(&[("to", None, "", b"sales@example.com"), ("email", None, "", mail)]),
    );
    let content = base64::engine::general_purpose::STANDARD.encode(mail);
    let notice = json!({"notificationType": "Received", "receipt": {"action": {"type": "SNS", "encoding": "BASE64"}}, "content": content});
    let sns = json!({"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu:1:t", "Message": notice.to_string()});
    send(daemon, "ses", "text/plain; charset=UTF-8", sns.to_string().as_bytes());
    // Its raw mail is JSON text: only what is UTF-8 survives.
    if let Ok(mail) = std::str::from_utf8(mail) {
        send(
            daemon,
            "postmark",
            "application/json",
            json!({"MessageID": "guid", "RawEmail": mail}).to_string().as_bytes(),
        );
    }
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mail");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    files
}

#[test]
fn a_raw_mail_of_any_gateway_is_the_same_as_the_one_in_the_mailbox() {
    let dovecot = Dovecot::start();
    let mails: Vec<Vec<u8>> = fixtures().iter().step_by(4).map(|path| std::fs::read(path).unwrap()).collect();
    for mail in &mails {
        dovecot.deliver("gateways", mail);
    }
    let mut daemon = Daemon::with(&format!("{}{GATEWAYS}", mailbox(&dovecot)));
    daemon.start();
    daemon.until("the mailbox is read", LIMIT, |daemon| {
        daemon.json(&["intake", "list", "--limit", "1000"]).len() >= mails.len()
    });
    let before = daemon.json(&["leads", "list", "--limit", "1000"]);
    assert!(!before.is_empty());
    for mail in &mails {
        send_raw(&daemon, mail);
    }
    let rows = daemon.json(&["intake", "list", "--limit", "1000"]);
    let posted: Vec<&Value> = rows.iter().filter(|row| row["channel"] != "sales").collect();
    assert!(posted.len() > 5 * mails.len(), "{}", posted.len());
    for row in posted {
        assert_eq!((&row["outcome"], &row["kind"]), (&"redelivered".into(), &"mail".into()), "{row}");
    }
    assert_eq!(daemon.json(&["leads", "list", "--limit", "1000"]), before);
}

/// What a lead says, without what is its own in each store.
fn said(lead: &Value) -> Value {
    let mut lead = lead.clone();
    for key in ["id", "created_at", "updated_at", "assigned_at", "attribution", "problems"] {
        lead.as_object_mut().unwrap().remove(key);
    }
    for file in lead["attachments"].as_array_mut().into_iter().flatten() {
        file.as_object_mut().unwrap().remove("id");
    }
    lead
}

fn leads(daemon: &Daemon) -> Vec<Value> {
    let mut leads: Vec<Value> = daemon.json(&["leads", "list"]).iter().map(said).collect();
    leads.sort_by_key(|lead| lead["emails"].to_string());
    leads
}

#[test]
fn a_mail_that_a_gateway_took_apart_is_the_same_lead_as_the_one_polled() {
    let (text, html) = (
        "Guten Tag,\r\n\r\nbitte ein Angebot für 20 Stück.\r\n\r\n-- \r\nJörg Berg\r\nBerg GmbH\r\n",
        "<p>Guten Tag,</p><p>bitte ein Angebot für 20 Stück.</p>",
    );
    let headers = |number: u32| {
        format!(
            "From: =?utf-8?q?J=C3=B6rg_Berg?= <joerg{number}@berg{number}.example>\r\nTo: sales@example.com\r\nSubject: Angebot {number}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{number}@berg.example>\r\n"
        )
    };
    let whole = |number: u32| {
        format!(
            "{}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n--a\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{html}\r\n--a--\r\n--m\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ=\r\n--m--\r\n",
            headers(number)
        )
    };
    let dovecot = Dovecot::start();
    for number in 1..=3 {
        dovecot.deliver("gateways", whole(number).as_bytes());
    }
    let owner = "[owners.anna]\nname = \"Anna\"\n";
    let mut polled = Daemon::with(&format!("{}{owner}", mailbox(&dovecot)));
    polled.start();
    polled.until("the mailbox is read", LIMIT, |daemon| daemon.json(&["leads", "list"]).len() == 3);

    let mut posted = Daemon::with(GATEWAYS);
    posted.start();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let charsets = br#"{"to":"UTF-8","html":"UTF-8","subject":"UTF-8","from":"UTF-8","text":"iso-8859-1"}"#;
    send(
        &posted,
        "sendgrid",
        MULTIPART,
        &multipart(&[
            ("headers", None, "", format!("{}Content-Type: multipart/mixed; boundary=m\r\n", headers(1)).as_bytes()),
            ("attachments", None, "", b"1"),
            ("text", None, "", &latin),
            ("html", None, "", html.as_bytes()),
            ("from", None, "", b"x"),
            ("charsets", None, "", charsets),
            ("SPF", None, "", b"pass"),
            ("attachment1", Some("plan.pdf"), "application/pdf", b"%PDF-1.4"),
        ]),
    );
    let pairs = |number: u32| -> Vec<(String, String)> {
        headers(number)
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    };
    send(
        &posted,
        "mailgun",
        MULTIPART,
        &multipart(&[
            ("recipient", None, "", b"sales@example.com"),
            ("sender", None, "", b"bounce@x.example"),
            ("message-headers", None, "", serde_json::to_string(&pairs(2)).unwrap().as_bytes()),
            ("body-plain", None, "", text.as_bytes()),
            ("body-html", None, "", html.as_bytes()),
            ("stripped-text", None, "", b"x"),
            ("attachment-count", None, "", b"1"),
            ("attachment-1", Some("plan.pdf"), "application/pdf", b"%PDF-1.4"),
        ]),
    );
    let listed: Vec<Value> = pairs(3)
        .iter()
        .filter(|(name, _)| name == "Message-ID")
        .map(|(name, value)| json!({"Name": name, "Value": value}))
        .collect();
    let postmark = json!({"FromFull": {"Email": "joerg3@berg3.example", "Name": "Jörg Berg"}, "From": "joerg3@berg3.example", "To": "sales@example.com",
        "Subject": "Angebot 3", "Date": "Mon, 23 Nov 2026 10:00:00 +0000", "MessageID": "guid", "TextBody": text, "HtmlBody": html, "Headers": listed,
        "Attachments": [{"Name": "plan.pdf", "Content": "JVBERi0xLjQ=", "ContentType": "application/pdf", "ContentLength": 8}]});
    send(&posted, "postmark", "application/json", postmark.to_string().as_bytes());
    // Sent again, it is the same mail.
    send(&posted, "postmark", "application/json", postmark.to_string().as_bytes());
    assert_eq!(leads(&polled), leads(&posted));
    assert_eq!(posted.json(&["intake", "list", "--outcome", "redelivered"]).len(), 1);
}

#[test]
fn who_does_not_know_the_secret_hands_in_no_mail_and_what_is_no_mail_makes_no_lead() {
    let mut daemon = Daemon::with(GATEWAYS);
    daemon.start();
    let mail = b"From: a@b.example\r\nSubject: x\r\n\r\nHello\r\n";
    let ask = |headers: &[&str]| request(daemon.public(), "POST", "/hooks/pipe", headers, mail).unwrap();
    let refused = ask(&["Content-Type: message/rfc822"]);
    assert_eq!(refused.status, 401);
    assert!(refused.head.to_lowercase().contains("www-authenticate: basic"), "{refused:?}");
    // `lotse:hush`.
    assert_eq!(ask(&["Content-Type: message/rfc822", "Authorization: Basic bG90c2U6aHVzaA=="]).status, 200);
    assert_eq!(ask(&["Content-Type: message/rfc822", "Authorization: Basic bG90c2U6aHVzaQ=="]).status, 401);
    let plain = "text/plain; charset=UTF-8";
    send(
        &daemon,
        "ses",
        plain,
        br#"{"Type":"Notification","Message":"Successfully validated SNS topic for Amazon SES event publishing."}"#,
    );
    send(&daemon, "ses", plain, br#"{"Type":"Notification","Message":"{\"notificationType\":\"Bounce\"}"}"#);
    send(&daemon, "ses", plain, br#"{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-central-1:1:leads","SubscribeURL":"https://sns.example/"}"#);
    send(&daemon, "ses", plain, br#"{"Type":"Notification","Message":"{\"notificationType\":\"Received\",\"receipt\":{\"action\":{\"type\":\"S3\",\"bucketName\":\"b\"}}}"}"#);
    send(&daemon, "mailgun", "application/json", br#"{"signature":{},"event-data":{"event":"delivered"}}"#);
    assert_eq!(daemon.json(&["leads", "list"]).len(), 1);
    assert_eq!(daemon.json(&["intake", "list", "--outcome", "ignored"]).len(), 3);
    let waiting = daemon.json(&["intake", "list", "--outcome", "quarantined"]);
    let reasons: Vec<&str> = waiting.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert!(reasons.iter().any(|why| why.contains("`arn:aws:sns:eu-central-1:1:leads`")), "{reasons:?}");
    assert!(reasons.iter().any(|why| why.contains("bucket of S3")), "{reasons:?}");
}

/// The recorded requests of the corpus: header lines, a blank line, the body.
#[test]
fn recorded_requests_give_the_mails_that_they_hold() {
    let root = std::env::var_os("LOTSE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let folder = root.join("webhooks/mail-gateways");
    if !folder.is_dir() {
        println!("skipped: no folder {}", folder.display());
        return;
    }
    let mut count = 0;
    for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".meta.json") else { continue };
        let meta: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let provider = meta["provider"].as_str().unwrap();
        let expected = &meta["expected"];
        if provider == "simple" || expected["signature_ok"] == false {
            continue;
        }
        let (content_type, body) = if let Ok(recorded) = std::fs::read(folder.join(format!("{stem}.http"))) {
            let at = recorded.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2);
            let at = at.or_else(|| recorded.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)).unwrap();
            (meta["content_type"].as_str().unwrap().to_owned(), recorded[at..].to_vec())
        } else {
            let bytes = std::fs::read(folder.join(format!("{stem}.json"))).unwrap();
            let body: Value = serde_json::from_slice(&bytes).unwrap();
            if provider == "postmark" {
                ("application/json".to_owned(), bytes)
            } else {
                let fields: Vec<(String, Vec<u8>)> = body
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, value)| {
                        (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned).into_bytes())
                    })
                    .collect();
                let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, None, "", &**value)).collect();
                (MULTIPART.to_owned(), multipart(&fields))
            }
        };
        let mut daemon = Daemon::with(GATEWAYS);
        daemon.start();
        send(&daemon, provider, &content_type, &body);
        let rows = daemon.json(&["intake", "list"]);
        assert_eq!((rows.len(), &rows[0]["kind"]), (1, &"mail".into()), "{stem}: {rows:?}");
        count += 1;
        let find = |field: &str, others: &[&str]| {
            let key = others.iter().chain([&field]).find(|key| expected[**key].is_string())?;
            Some(expected[*key].as_str().unwrap().to_owned())
        };
        let lead = daemon.json(&["leads", "list"]).pop();
        let Some(email) = find("email", &["from"]) else { continue };
        let lead = lead.unwrap_or_else(|| panic!("{stem}: no lead: {rows:?}"));
        // Who is answered elsewhere wants to be reached there.
        let reply_to = find("reply_to", &[]).unwrap_or_else(|| email.clone());
        assert!([email, reply_to].iter().any(|email| lead["emails"][0] == **email), "{stem}: {lead:#}");
        for (field, expected) in [
            ("name", find("name", &["from_name"])),
            ("subject", find("subject", &[])),
            ("message", find("message", &[])),
        ] {
            if let Some(expected) = expected {
                assert_eq!(lead[field], expected, "{stem}: {lead:#}");
            }
        }
    }
    println!("{count} requests");
    assert!(count > 0);
}

#[test]
fn a_token_of_mailgun_is_good_for_one_post() {
    use hmac::{Hmac, KeyInit, Mac};
    let secret = "key-0123456789";
    let mut daemon = Daemon::with(&format!(
        "[channels.mailgun]\nkind = \"webhook\"\nprovider = \"mailgun\"\nsecret = \"{secret}\"\n[owners.anna]\nname = \"Anna\"\n"
    ));
    daemon.start();
    let time = jiff::Timestamp::now().as_second().to_string();
    let post = |token: &str, text: &str| {
        let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let digest = mac.chain_update(&time).chain_update(token).finalize().into_bytes();
        let signature = digest.iter().fold(String::new(), |all, byte| all + &format!("{byte:02x}"));
        let mail = format!("From: {text}@firma.example\r\nSubject: Offer\r\nMessage-ID: <{text}@x>\r\n\r\nHello\r\n");
        let fields =
            [("timestamp", &time), ("token", &token.to_owned()), ("signature", &signature), ("body-mime", &mail)];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = ["Content-Type: application/x-www-form-urlencoded"];
        request(daemon.public(), "POST", "/hooks/mailgun", &headers, body.as_bytes()).unwrap().status
    };
    assert_eq!(post("first", "max"), 200);
    assert_eq!(post("first", "max"), 401, "the same post");
    assert_eq!(post("first", "eva"), 401, "another mail by a token that somebody saw");
    assert_eq!(post("second", "eva"), 200);
    assert_eq!(daemon.json(&["leads", "list"]).len(), 2);
    assert!(daemon.log().contains("its token was used before"));
}
