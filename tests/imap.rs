//! The mailbox channel against a real Dovecot, and its essential cases against a real Cyrus as well.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its tasks end with it"
)]

#[allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#[path = "support/cyrus.rs"]
mod cyrus;
#[path = "support/desk.rs"]
mod desk;
#[allow(dead_code, reason = "each test file uses its own part")]
#[path = "support/dovecot.rs"]
mod dovecot;
#[allow(dead_code, reason = "each test file uses its own part")]
#[path = "support/look.rs"]
mod look;
#[path = "support/running.rs"]
mod running;
#[allow(dead_code, reason = "each test file uses its own part")]
#[path = "support/server.rs"]
mod server;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use cyrus::Cyrus;
use desk::Desk;
use dovecot::Dovecot;
use look::Look;
use lotse::channels::Error;
use lotse::channels::imap::{After, Config, Login, Mailbox, Start};
use lotse::config::{Secret, Tls};
use lotse::lead::{Delivery, Name, Reading};
use running::Running;
use server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

fn config(server: &dyn Server, user: &str) -> Config {
    Config {
        host: "localhost".to_owned(),
        port: server.protected(),
        tls: Tls::Implicit,
        ca_file: Some(server.certificate()),
        username: user.to_owned(),
        login: Login::Password(Secret::new(dovecot::PASSWORD)),
        folder: "INBOX".to_owned(),
        further: Vec::new(),
        max_size: 40 << 20,
        authserv_id: Vec::new(),
        start: Start::All,
        poll: Duration::from_mins(1),
        after: After::Keep,
        silence_after: Duration::from_mins(15),
        timeout: Duration::from_secs(15),
    }
}

async fn probe(config: &Config) -> Result<String, Error> {
    Mailbox::new(Name::parse("sales").unwrap(), config.clone()).probe(None).await
}

fn mail(subject: &str) -> Vec<u8> {
    format!(
        "From: Ada <ada@firma.example>\r\nTo: sales@example.com\r\nSubject: {subject}\r\n\
         Message-ID: <{subject}@firma.example>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n"
    )
    .into_bytes()
}

/// One Dovecot for the tests that run at the same time; each uses a mailbox of its own. The last
/// test to let go of it stops it.
static SERVER: Mutex<Weak<Dovecot>> = Mutex::new(Weak::new());

fn server() -> Arc<Dovecot> {
    let mut shared = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Dovecot::start());
        *shared = Arc::downgrade(&server);
        server
    })
}

/// The servers for the essential cases.
fn servers() -> Vec<Arc<dyn Server>> {
    let dovecot: Arc<dyn Server> = server();
    std::iter::once(dovecot).chain(Cyrus::start().map(|cyrus| Arc::new(cyrus) as Arc<dyn Server>)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_mail_comes_in_in_order_and_the_mailbox_is_left_as_found() {
    for server in servers() {
        let desk = Desk::new();
        let subjects: Vec<String> = (1..=250).map(|n| format!("mail-{n:03}")).collect();
        let mails: Vec<Vec<u8>> = subjects.iter().map(|subject| mail(subject)).collect();
        server.put_all("all", &mails);
        let mut look = Look::at(server.plain(), "all");
        let before = look.folder("INBOX");
        let running = Running::start(config(&*server, "all"), &desk);
        desk.wait_for(250).await;
        running.looked().await;
        assert_eq!(running.state().items, 250);
        assert_eq!(running.stop().await.0.len(), 0);

        let items = desk.items();
        let mut came = desk.subjects();
        came.sort();
        assert_eq!(came, subjects);
        let sources: Vec<u32> = items.iter().map(|item| uid(&item.source)).collect();
        assert!(sources.is_sorted(), "in the order of their UIDs");
        assert_eq!(items[0].original.bytes, mail(&desk.subjects()[0]));
        assert_eq!((items[0].original.content_type.as_str(), &items[0].delivery), ("message/rfc822", &Delivery::Mail));
        let validity = desk.place("sales", "INBOX").unwrap().split_once(':').unwrap().0.to_owned();
        assert_eq!(items[16].source, format!("INBOX, UID 17 (UIDVALIDITY {validity})"));
        assert_eq!(desk.place("sales", "INBOX").unwrap(), format!("{validity}:250"));
        assert_eq!(before.1.len(), 250);
        assert_eq!(look.folder("INBOX"), before, "flags, dates and order");
    }
}

/// The UID in `INBOX, UID 17 (UIDVALIDITY 3)`.
fn uid(source: &str) -> u32 {
    source.split("UID ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_start_new_only_what_arrives_after_the_first_connect_comes_in_even_over_a_restart() {
    for server in servers() {
        let desk = Desk::new();
        let settings = Config { start: Start::New, ..config(&*server, "new") };
        server.put("new", &mail("old"));
        let running = Running::start(settings.clone(), &desk);
        running.looked().await;
        assert!(running.stop().await.0.is_empty());
        assert_eq!(desk.subjects(), [""; 0]);

        server.put("new", &mail("while-we-were-away"));
        let running = Running::start(settings, &desk);
        desk.wait_for(1).await;
        server.put("new", &mail("now"));
        desk.wait_for(2).await;
        running.stop().await;
        assert_eq!(desk.subjects(), ["while-we-were-away", "now"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_comes_in_within_a_second_of_its_delivery() {
    for server in servers() {
        let desk = Desk::new();
        server.put_all("idle", &[]);
        let running = Running::start(config(&*server, "idle"), &desk);
        running.looked().await;
        let mut waits = Vec::new();
        for n in 0..5 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            server.put("idle", &mail(&format!("mail-{n}")));
            let delivered = Instant::now();
            waits.push(desk.wait_for(n + 1).await.saturating_duration_since(delivered));
        }
        running.stop().await;
        println!("from delivery to the intake: {waits:?}");
        assert!(waits.iter().all(|wait| *wait < Duration::from_secs(1)), "{waits:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_numbered_anew_is_read_again_but_not_what_was_there_before_us() {
    let (server, desk) = (server(), Desk::new());
    let settings = Config { start: Start::New, poll: Duration::from_secs(1), ..config(&*server, "anew") };
    let old = server.deliver("anew", &mail("old"));
    let hour_ago = std::time::SystemTime::now() - Duration::from_hours(1);
    let is_old = |path| std::fs::File::options().write(true).open(path).unwrap().set_modified(hour_ago).unwrap();
    is_old(old);
    let running = Running::start(settings.clone(), &desk);
    running.looked().await;
    server.deliver("anew", &mail("new"));
    desk.wait_for(1).await;
    running.stop().await;

    is_old(server.deliver("anew", &mail("moved")));
    let running = Running::start(settings.clone(), &desk);
    desk.wait_for(2).await;
    running.stop().await;
    assert_eq!(desk.subjects(), ["new", "moved"], "what somebody moves here comes in, however old it is");
    let place = desk.place("sales", "INBOX").unwrap();

    server.new_uidvalidity("anew");
    let running = Running::start(settings, &desk);
    desk.wait_for(3).await;
    running.looked().await;
    running.stop().await;
    assert_eq!(
        desk.subjects(),
        ["new", "moved", "new"],
        "the old one stays out, the new one is brought in again to be recognised"
    );
    let anew = desk.place("sales", "INBOX").unwrap();
    assert_ne!(place.split(':').next(), anew.split(':').next());
    assert_eq!(place.split(':').nth(2), anew.split(':').nth(2), "the time of the first connect stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_server_loses_is_taken_up_again() {
    let (server, desk) = (Dovecot::start(), Desk::new());
    server.deliver("lost", &mail("one"));
    let running = Running::start(config(&server, "lost"), &desk);
    desk.wait_for(1).await;
    running.looked().await;
    assert!(server.kill_sessions() > 0, "there was a session to kill");
    server.deliver("lost", &mail("two"));
    desk.wait_for(2).await;
    running.looked().await;
    let (errors, _) = running.stop().await;
    assert!(matches!(errors.as_slice(), [Error::Unreachable { .. }]), "{errors:?}");
    assert_eq!(desk.subjects(), ["one", "two"], "nothing came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_says_good_bye_within_two_seconds() {
    let (server, desk) = (server(), Desk::new());
    server.maildir("stop");
    let running = Running::start(config(&*server, "stop"), &desk);
    running.looked().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (errors, took) = running.stop().await;
    assert!(errors.is_empty() && took < Duration::from_secs(2), "{errors:?} {took:?}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let log = server.log();
    assert!(
        log.contains("imap(stop)") && log.lines().any(|l| l.contains("imap(stop)") && l.contains("Logged out")),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_the_server_cannot_hand_over_is_passed_by_and_the_others_flow() {
    let (server, desk) = (server(), Desk::new());
    for n in 1..=5 {
        let path = server.deliver("poison", &mail(&format!("mail-{n}")));
        if n == 3 {
            // A wrong size in the file name makes Dovecot end the session at every attempt to read it.
            let name = format!("{},S=1200", path.file_name().unwrap().to_string_lossy());
            std::fs::rename(&path, path.with_file_name(name)).unwrap();
        }
    }
    let start = Instant::now();
    let running = Running::start(config(&*server, "poison"), &desk);
    desk.wait_for(5).await;
    println!("five mails, one of them poisonous: {:?}", start.elapsed());
    server.deliver("poison", &mail("mail-6"));
    desk.wait_for(6).await;
    running.looked().await;
    assert!(running.stop().await.0.is_empty(), "it deals with it by itself");
    let subjects = desk.subjects();
    let poison = subjects.iter().position(|s| s == "message/rfc822; unfetched=yes").expect("it has an outcome");
    let (mut rest, items) = (subjects.clone(), desk.items());
    rest.remove(poison);
    rest.sort();
    assert_eq!(rest, ["mail-1", "mail-2", "mail-4", "mail-5", "mail-6"]);
    assert!(items[poison].original.bytes.is_empty() && matches!(items[poison].delivery, Delivery::Named(_)));
    assert!(matches!(desk.readings()[poison], Reading::Unclear(_)), "a person has to look at it");
    assert!(start.elapsed() < Duration::from_secs(15));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_huge_mail_the_header_comes_in_and_what_is_deleted_meanwhile_is_gone() {
    let (server, desk) = (server(), Desk::new());
    let mut huge = mail("huge");
    huge.extend(b"x".repeat(76).repeat(600_000));
    server.deliver("huge", &huge);
    server.deliver("huge", &mail("small"));
    let running = Running::start(config(&*server, "huge"), &desk);
    desk.wait_for(2).await;
    running.looked().await;
    let gone = server.deliver("huge", &mail("gone"));
    std::fs::remove_file(gone).unwrap();
    server.deliver("huge", &mail("last"));
    desk.wait_for(3).await;
    running.stop().await;
    let mut subjects = desk.subjects();
    subjects.sort();
    assert_eq!(subjects, ["huge", "last", "small"]);
    let items = desk.items();
    let huge = items.iter().find(|item| item.original.content_type != "message/rfc822").unwrap();
    assert_eq!(huge.original.content_type, "message/rfc822; truncated=yes");
    assert!(huge.original.bytes.ends_with(b"+0000\r\n\r\n"), "only the header");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_handled_is_tried_again_and_nothing_passes_it() {
    let (server, desk) = (server(), Desk::new());
    for n in 1..=4 {
        server.deliver("refused", &mail(&format!("mail-{n}")));
    }
    desk.refuse(|inbound| uid(&inbound.source) == 2 && inbound.original.content_type == "message/rfc822");
    let running = Running::start(config(&*server, "refused"), &desk);
    // 1, 3 and 4 come with the first attempt; 2 is refused, so those behind 1 are brought in again one by one.
    desk.wait_for(6).await;
    running.looked().await;
    running.stop().await;
    let uids: Vec<u32> = desk.items().iter().map(|item| uid(&item.source)).collect();
    assert_eq!(uids, [1, 3, 4, 2, 3, 4]);
    assert_eq!(desk.items()[3].original.content_type, "message/rfc822; unfetched=yes");
    assert!(desk.place("sales", "INBOX").unwrap().ends_with(":4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_protect_the_connection_works_and_a_wrong_certificate_does_not() {
    for server in servers() {
        server.put("tls", &mail("one"));
        let implicit = config(&*server, "tls");
        let said = probe(&implicit).await.unwrap();
        assert_eq!(
            said,
            "logged in to localhost as `tls`; `INBOX` holds 1 mail; the server announces new mail at once (IDLE)"
        );
        let starttls = Config { tls: Tls::StartTls, port: server.plain(), ..implicit.clone() };
        assert_eq!(probe(&starttls).await.unwrap(), said);
        let plain = Config { tls: Tls::None, port: server.plain(), ca_file: None, ..implicit.clone() };
        assert_eq!(probe(&plain).await.unwrap(), said);
        let by_address = Config { host: "127.0.0.1".to_owned(), ..implicit.clone() };
        assert!(probe(&by_address).await.is_ok());

        let untrusted = Config { ca_file: None, ..implicit.clone() };
        assert!(matches!(probe(&untrusted).await, Err(Error::Unreachable { .. })));
        let plain_port = Config { port: server.plain(), ..implicit };
        assert!(matches!(probe(&plain_port).await, Err(Error::Unreachable { .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_or_folder_says_what_to_change_and_no_secret() {
    let server = server();
    let good = config(&*server, "login");
    let wrong = "wrong \"pass\\word";
    let error = probe(&Config { login: Login::Password(Secret::new(wrong)), ..good.clone() }).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("`login`") && text.contains("AUTHENTICATIONFAILED") && !text.contains("wrong"), "{text}");
    let error = probe(&Config { login: Login::Password(Secret::new("geheim-ü")), ..good.clone() }).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { .. }), "by SASL too: {error}");
    let error = probe(&Config { login: Login::Password(Secret::new("a\r\nb")), ..good.clone() }).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { .. }), "{error}");
    let error = probe(&Config { folder: "Anfragen/Für uns".to_owned(), ..good.clone() }).await.unwrap_err();
    assert!(matches!(&error, Error::Shut { .. }) && error.to_string().contains("Anfragen/Für uns"), "{error}");
    let error = probe(&Config { port: 1, ..good }).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_with_any_name_is_read() {
    let (server, desk) = (server(), Desk::new());
    // Maildir++: sub-folders are `.Name` in modified UTF-7.
    let inbox = server.deliver("folders", &mail("inbox"));
    let sub = server.maildir("folders").join(".Anfragen &- Entw&APw-rfe");
    server.make_folder(&sub);
    std::fs::rename(&inbox, sub.join("new").join(inbox.file_name().unwrap())).unwrap();
    let folder = "Anfragen & Entwürfe".to_owned();
    let running = Running::start(Config { folder: folder.clone(), ..config(&*server, "folders") }, &desk);
    desk.wait_for(1).await;
    running.stop().await;
    assert!(desk.items()[0].source.starts_with("Anfragen & Entwürfe, UID 1 "));
    assert!(desk.place("sales", &folder).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_within_another_is_found_whatever_the_server_puts_between_them() {
    let (server, desk) = (server(), Desk::new());
    let inbox = server.deliver("nested", &mail("nested"));
    let sub = server.maildir("nested").join(".Anfragen.Gro&AN8-e Kunden");
    server.make_folder(&sub);
    std::fs::rename(&inbox, sub.join("new").join(inbox.file_name().unwrap())).unwrap();
    // The separator of a Maildir is a dot.
    for (written, came) in [("Anfragen.Große Kunden", 1), ("Anfragen/Große Kunden", 2)] {
        let running = Running::start(Config { folder: written.to_owned(), ..config(&*server, "nested") }, &desk);
        desk.wait_for(came).await;
        assert!(running.stop().await.0.is_empty());
        assert!(desk.place("sales", written).is_some(), "{written}");
    }
    let missing = Config { folder: "Anfragen/Grosse Kunden".to_owned(), ..config(&*server, "nested") };
    let error = probe(&missing).await.unwrap_err();
    let told = "did you mean `Anfragen/Große Kunden`? there are `Anfragen/Große Kunden`, `INBOX`";
    assert!(matches!(&error, Error::Shut { .. }) && error.to_string().ends_with(told), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_day_on_mail_comes_in_and_older_mail_stays_out() {
    let (server, desk) = (server(), Desk::new());
    let day: jiff::Timestamp = "2026-10-31T23:00:00Z".parse().unwrap();
    for (subject, seconds) in [("long-before", -86_400), ("just-before", -1), ("first", 0), ("after", 86_400)] {
        let file = std::fs::File::options().write(true).open(server.deliver("day", &mail(subject))).unwrap();
        let at = u64::try_from(day.as_second() + seconds).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(at)).unwrap();
    }
    let settings = Config { start: Start::Since(day), ..config(&*server, "day") };
    let running = Running::start(settings.clone(), &desk);
    running.looked().await;
    running.stop().await;
    let mut subjects = desk.subjects();
    subjects.sort();
    assert_eq!(subjects, ["after", "first"]);
    assert!(desk.place("sales", "INBOX").unwrap().ends_with(&format!(":4:{}:4", day.as_second())));

    server.new_uidvalidity("day");
    let running = Running::start(settings, &desk);
    desk.wait_for(4).await;
    running.looked().await;
    running.stop().await;
    assert_eq!(desk.subjects().len(), 4, "numbered anew, what is older stays out as well");
}

/// A way to the server's plain port that passes on what `change` makes of each piece of what the
/// server says.
async fn proxy(server: &Dovecot, change: impl Fn(Vec<u8>) -> Vec<u8> + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, to) = (listener.local_addr().unwrap().port(), server.plain_port());
    tokio::spawn(async move {
        loop {
            let (client, change) = (listener.accept().await.unwrap().0, change.clone());
            tokio::spawn(async move {
                let server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                let ((mut said, mut asks), (mut asked, mut says)) = (server.into_split(), client.into_split());
                let upward = tokio::spawn(async move { copy(&mut asked, &mut asks).await });
                let mut piece = vec![0; 4096];
                while let Ok(count @ 1..) = said.read(&mut piece).await {
                    if says.write_all(&change(piece[..count].to_vec())).await.is_err() {
                        break;
                    }
                }
                upward.abort();
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_idle_is_asked_at_every_poll() {
    let (server, desk) = (server(), Desk::new());
    server.maildir("poll");
    let port = proxy(&server, |piece| String::from_utf8(piece).unwrap().replace(" IDLE", " XDLE").into_bytes()).await;
    let settings = Config {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        poll: Duration::from_secs(1),
        ..config(&*server, "poll")
    };
    assert!(probe(&settings).await.unwrap().ends_with("the server has no IDLE, so new mail is looked for every 1 s"));
    let running = Running::start(settings, &desk);
    running.looked().await;
    for n in 1..=2 {
        server.deliver("poll", &mail(&format!("mail-{n}")));
        desk.wait_for(n).await;
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; run it with --ignored --nocapture"]
async fn how_fast_a_large_mailbox_comes_in() {
    let (server, desk) = (server(), Desk::new());
    for n in 0..10_000 {
        server.deliver("large", &mail(&format!("mail-{n}")));
    }
    let start = Instant::now();
    let running = Running::start(config(&*server, "large"), &desk);
    desk.wait_for(1).await;
    let first = start.elapsed();
    desk.wait_for(10_000).await;
    println!("10,000 mails: the first after {first:?}, all after {:?}", start.elapsed());
    running.stop().await;
}
