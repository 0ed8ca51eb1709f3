//! Mail by Amazon SES and SNS, on the shipped binary against a server that plays Amazon: a certificate, and an address
//! that confirms a subscription.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::daemon::Daemon;
use support::http::post;

const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:leads";
const LIMIT: Duration = Duration::from_secs(20);

/// Amazon, as far as we see it.
struct Amazon {
    folder: tempfile::TempDir,
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    /// So many confirmations are answered with 503.
    busy: Arc<AtomicUsize>,
}

fn openssl(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

impl Amazon {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["amazon", "stranger"] {
            let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
            let subject = ["-subj", "/CN=sns.amazonaws.com", "-keyout", &key, "-out", &certificate];
            let make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"];
            openssl(folder.path(), &[&make[..], &subject[..]].concat());
        }
        let certificate = fs::read(folder.path().join("amazon.pem")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, busy) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicUsize::new(0)));
        let (noted, left) = (Arc::clone(&asked), Arc::clone(&busy));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let path = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                let less = |left: usize| left.checked_sub(1);
                let (status, body) = match path.as_str() {
                    "/sns.pem" => ("200 OK", certificate.clone()),
                    path if path.starts_with("/?Action=ConfirmSubscription") => {
                        match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
                            Ok(_) => ("503 Service Unavailable", Vec::new()),
                            Err(_) => ("200 OK", b"<ConfirmSubscriptionResponse/>".to_vec()),
                        }
                    }
                    _ => ("404 Not Found", Vec::new()),
                };
                noted.lock().unwrap().push(path);
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                stream.write_all(&[head.as_bytes(), &body].concat()).ok();
            }
        });
        Self { folder, address, asked, busy }
    }

    fn settings(&self, more: &str) -> String {
        format!(
            "[channels.ses]\nkind = \"webhook\"\nprovider = \"ses\"\ntopic = \"{TOPIC}\"\napi = \"http://{}\"\n{more}[owners.anna]\nname = \"Anna\"\n",
            self.address
        )
    }

    fn asked(&self, start: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|path| path.starts_with(start)).count()
    }

    /// Signs a message as its version says.
    fn sign(&self, mut message: Value, version: &str, signer: &str) -> Value {
        let names: &[&str] = match message["Type"].as_str().unwrap() {
            "Notification" => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            _ => &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
        };
        let lines = names.iter().filter_map(|name| Some(format!("{name}\n{}\n", message[*name].as_str()?)));
        fs::write(self.folder.path().join("signed"), lines.collect::<String>()).unwrap();
        let digest = if version == "1" { "-sha1" } else { "-sha256" };
        let signature = openssl(self.folder.path(), &["dgst", digest, "-sign", &format!("{signer}.key"), "signed"]);
        message["SignatureVersion"] = version.into();
        message["Signature"] = STANDARD.encode(signature).into();
        message["SigningCertURL"] = format!("http://{}/sns.pem", self.address).into();
        message
    }

    fn mail(id: &str) -> Value {
        let mail = format!(
            "From: Erika Muster <erika{id}@firma.example>\r\nSubject: Offer\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\
             Message-ID: <{id}@firma.example>\r\n\r\nPlease send me an offer.\r\n"
        );
        let action = json!({"type": "SNS", "encoding": "BASE64"});
        let notice =
            json!({"notificationType": "Received", "receipt": {"action": action}, "content": STANDARD.encode(mail)});
        json!({"Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Timestamp": "2026-11-23T10:00:00.000Z", "Message": notice.to_string()})
    }

    fn question(&self, id: &str, topic: &str) -> Value {
        let url = format!("http://{}/?Action=ConfirmSubscription&TopicArn={topic}&Token=abc", self.address);
        json!({"Type": "SubscriptionConfirmation", "MessageId": id, "TopicArn": topic, "Token": "abc", "Message": "Confirm?",
            "SubscribeURL": url, "Timestamp": "2026-11-23T10:00:00.000Z"})
    }
}

fn send(daemon: &Daemon, message: &Value) -> u16 {
    post(daemon.public(), "/hooks/ses", "text/plain; charset=UTF-8", &message.to_string()).unwrap().status
}

#[test]
fn only_what_amazon_signed_for_the_topic_is_taken() {
    let amazon = Amazon::start();
    let mut daemon = Daemon::with(&amazon.settings(""));
    daemon.start();
    for version in ["1", "2"] {
        assert_eq!(send(&daemon, &amazon.sign(Amazon::mail(version), version, "amazon")), 200, "version {version}");
    }
    assert_eq!(daemon.json(&["leads", "list"]).len(), 2);
    assert_eq!(amazon.asked("/sns.pem"), 1, "the certificate is fetched once");

    let good = amazon.sign(Amazon::mail("3"), "2", "amazon");
    let with = |name: &str, value: Value| {
        let mut message = good.clone();
        message[name] = value;
        message
    };
    let mut other_topic = Amazon::mail("3");
    other_topic["TopicArn"] = format!("{TOPIC}2").into();
    for (what, message) in [
        ("a stranger's signature", amazon.sign(Amazon::mail("3"), "2", "stranger")),
        ("a stranger's topic", amazon.sign(other_topic, "2", "amazon")),
        ("another mail", with("Message", Amazon::mail("4")["Message"].clone())),
        ("another version", with("SignatureVersion", "1".into())),
        ("no version", with("SignatureVersion", Value::Null)),
        ("no signature", with("Signature", Value::Null)),
        ("another certificate", with("SigningCertURL", "https://sns.eu-central-1.amazonaws.com/x.pem".into())),
        ("no certificate", with("SigningCertURL", Value::Null)),
        ("without its envelope", serde_json::from_str(good["Message"].as_str().unwrap()).unwrap()),
    ] {
        assert_eq!(send(&daemon, &message), 401, "{what}");
    }
    let nowhere = with("SigningCertURL", format!("http://{}/nowhere.pem", amazon.address).into());
    assert_eq!(send(&daemon, &nowhere), 503, "a certificate that is not there now may be there later");
    assert_eq!(send(&daemon, &good), 200);
    assert_eq!((daemon.json(&["leads", "list"]).len(), daemon.json(&["intake", "list"]).len()), (3, 3));
}

#[test]
fn a_subscription_is_confirmed_by_itself_also_after_the_end_of_the_daemon() {
    let amazon = Amazon::start();
    amazon.busy.store(1, Ordering::SeqCst);
    let mut daemon = Daemon::with(&amazon.settings(""));
    daemon.start();
    assert_eq!(send(&daemon, &amazon.sign(amazon.question("1", &format!("{TOPIC}2")), "2", "amazon")), 401);
    assert_eq!(send(&daemon, &amazon.sign(amazon.question("1", TOPIC), "2", "amazon")), 200);
    daemon.until("Amazon was busy", LIMIT, |_| amazon.asked("/?Action") == 1);
    daemon.kill();
    daemon.start();
    daemon.until("the subscription is confirmed", LIMIT, |daemon| {
        daemon
            .json(&["intake", "list", "--outcome", "ignored"])
            .iter()
            .any(|row| row["reason"].as_str().unwrap().contains("was confirmed"))
    });
    assert_eq!(send(&daemon, &amazon.sign(amazon.question("1", TOPIC), "2", "amazon")), 200);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(amazon.asked("/?Action"), 2, "it is confirmed once");
    assert!(daemon.json(&["leads", "list"]).is_empty());
}

#[test]
fn without_a_topic_in_the_settings_a_person_confirms() {
    let amazon = Amazon::start();
    let settings = amazon.settings("secret = \"hush\"\n").replace(&format!("topic = \"{TOPIC}\"\n"), "");
    let mut daemon = Daemon::with(&settings);
    daemon.start();
    let question = amazon.question("1", TOPIC).to_string();
    let answer = post(daemon.public(), "/hooks/ses?token=hush", "text/plain", &question).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(amazon.asked("/"), 0);
    let rows = daemon.json(&["intake", "list", "--outcome", "quarantined"]);
    assert!(rows[0]["reason"].as_str().unwrap().contains("open the SubscribeURL"), "{rows:?}");
}
