//! Items made to exhaust whoever reads them: each has its outcome within seconds, in bounded memory, and
//! everybody else is served meanwhile.

use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::house::{FOLDER, FORM, TEAM, addresses, mail, mailbox, memory, post};
use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;
use crate::support::http;

/// Within this time each bomb has its outcome. Without optimisation everything takes many times longer, so
/// there is more time then, and bombs are smaller.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 15 });
const PART: usize = if cfg!(debug_assertions) { 8 } else { 1 };
/// What reading bombs may take beside what the daemon has at rest, MiB.
const MEMORY: u64 = 512;

/// `count` times a piece that knows its number, behind a start and before an end.
fn many(start: &str, count: usize, end: &str, mut piece: impl FnMut(&mut String, usize)) -> Vec<u8> {
    let mut text = start.to_owned();
    for n in 0..count / PART {
        piece(&mut text, n);
    }
    text.push_str(end);
    text.into_bytes()
}

/// The same piece, again and again.
fn again(start: &str, count: usize, piece: &str) -> Vec<u8> {
    many(start, count, "", |text, _| text.push_str(piece))
}

/// A message within a message, each encoded as base64.
fn encoded_nest(levels: usize) -> Vec<u8> {
    use base64::Engine;
    let mut inner = b"Subject: x\r\n\r\nhello\r\n".to_vec();
    for _ in 0..levels {
        let mut outer = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
        for line in base64::engine::general_purpose::STANDARD.encode(&inner).as_bytes().chunks(76) {
            outer.extend_from_slice(line);
            outer.extend_from_slice(b"\r\n");
        }
        inner = outer;
    }
    inner
}

/// Mails, each with a name for the report.
fn mails() -> Vec<(&'static str, Vec<u8>)> {
    let html = "Content-Type: text/html; charset=utf-8\r\n\r\n";
    let number = |text: &mut String, format: std::fmt::Arguments<'_>| text.write_fmt(format).unwrap();
    let bombs = vec![
        ("780,000 messages in messages", again("", 780_000, "Content-Type: message/rfc822\r\n\r\n")),
        ("28 messages in messages, encoded", encoded_nest(28)),
        (
            "100,000 parts in parts",
            many("", 100_000, "Content-Type: text/plain\r\n\r\nhello\r\n", |text, n| {
                number(text, format_args!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"));
            }),
        ),
        ("1,000,000 parts", again("Content-Type: multipart/mixed; boundary=b\r\n\r\n", 1_000_000, "--b\r\n\r\nx\r\n")),
        ("1,000,000 headers", many("", 1_000_000, "\r\nbody", |text, n| number(text, format_args!("X-{n}: y\r\n")))),
        (
            "800,000 parameters",
            many("Content-Type: text/plain", 800_000, "\r\n\r\nb", |text, n| number(text, format_args!("; a*{n}=x"))),
        ),
        ("a header of 20 MB", again("Subject: ", 20 << 20, "a")),
        ("700,000 encoded words", again("Subject: ", 700_000, "=?utf-8?q?=C3=BC?= \r\n ")),
        (
            "1,000,000 recipients",
            many("To: ", 1_000_000, "\r\n\r\nb", |text, n| number(text, format_args!("a{n}@x.test, "))),
        ),
        ("1,000,000 comments in comments", again("To: ", 1 << 20, "(")),
        (
            "60 MB of base64",
            again(
                "Content-Transfer-Encoding: base64\r\nContent-Type: application/pdf\r\n\r\n",
                780_000,
                &("A".repeat(76) + "\r\n"),
            ),
        ),
        (
            "38 MB of base64",
            again(
                "Content-Transfer-Encoding: base64\r\nContent-Type: application/pdf\r\n\r\n",
                490_000,
                &("A".repeat(76) + "\r\n"),
            ),
        ),
        (
            "38 MB of base64 text",
            again(
                "Content-Transfer-Encoding: base64\r\nContent-Type: text/html\r\n\r\n",
                490_000,
                &("PGI+".repeat(19) + "\r\n"),
            ),
        ),
        ("20 MB of =", again("Content-Transfer-Encoding: quoted-printable\r\n\r\n", 20 << 20, "=")),
        (
            "38 MB of text",
            again(
                "\r\n",
                38 << 10,
                &("call me at 030 1234567 or max@firma.example. ".repeat(23)[..1022].to_owned() + "\r\n"),
            ),
        ),
        ("100,000 divs in divs", again(html, 100_000, "<div>")),
        ("4,000,000 divs in divs", again(html, 4_000_000, "<div>")),
        ("100,000 tables in tables", again(html, 100_000, "<table><tr><td>x")),
        ("20 MB of <", again(html, 20 << 20, "<")),
        ("20 MB of &", again(html, 20 << 20, "&")),
        ("4,000,000 open comments", again(html, 4_000_000, "<!-- ")),
        (
            "1,000,000 attributes",
            many(&format!("{html}<a "), 1_000_000, ">x", |text, n| number(text, format_args!("a{n}=b "))),
        ),
        (
            "20 MB of boundary",
            again("Content-Type: multipart/mixed; boundary=------------------\r\n\r\n", 20 << 20, "-"),
        ),
        (
            "4,000,000 lines like boundaries",
            again("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n", 4_000_000, "\r\n--c"),
        ),
        ("20 MB of >", again("\r\n", 20 << 20, ">")),
        ("20 MB of empty lines", again("\r\n", 10 << 20, "\r\n")),
        ("20 MB of digits", again("\r\n", 20 << 20, "7")),
        ("20 MB of @", again("\r\n", 20 << 20, "@")),
        ("10 MB of a@", again("\r\n", 10 << 20, "a@")),
        ("10 MB of labels", again("\r\n", 1 << 20, "E-Mail: x\r\n")),
        (
            "4 MB of zero-width marks",
            again("Content-Type: text/plain; charset=utf-8\r\n\r\n", 1 << 20, "\u{301}\u{200b}"),
        ),
    ];
    let whole = |(n, (name, bytes)): (usize, (&'static str, Vec<u8>))| {
        let head = format!("From: Eve <eve@evil.example>\r\nMessage-ID: <{n}@evil.example>\r\n");
        (name, [head.as_bytes(), &bytes].concat())
    };
    bombs.into_iter().enumerate().map(whole).collect()
}

/// Posts: a name, a content type, a body, and the statuses that are right.
fn posts() -> Vec<(&'static str, &'static str, Vec<u8>, &'static [u16])> {
    let (json, urlencoded) = ("application/json", "application/x-www-form-urlencoded");
    let multipart = "multipart/form-data; boundary=b";
    let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n";
    let text = |piece: &str, count: usize| {
        format!(r#"{{"email":"eve@evil.example","message":"{}"}}"#, piece.repeat(count)).into_bytes()
    };
    vec![
        ("arrays 100,000 deep", json, "[".repeat(100_000).into_bytes(), &[200]),
        ("objects 100,000 deep", json, r#"{"a":"#.repeat(100_000).into_bytes(), &[200]),
        ("closed arrays 100,000 deep", json, ("[".repeat(100_000) + &"]".repeat(100_000)).into_bytes(), &[200]),
        ("an array of 500,000 zeros", json, format!("[{}0]", "0,".repeat(500_000)).into_bytes(), &[413]),
        ("100,000 keys", json, many("{", 60_000, "\"z\":1}", |text, n| write!(text, "\"k{n}\":{n},").unwrap()), &[200]),
        (
            "a number of a million digits",
            json,
            format!("{{\"email\":\"eve@evil.example\",\"n\":{}}}", "9".repeat(1_000_000)).into_bytes(),
            &[200],
        ),
        ("a page nested 100,000 deep", json, text("<p>", 100_000), &[200]),
        ("a million digits", json, text("7", 1_000_000), &[200]),
        ("a million @", json, text("@", 1_000_000), &[200]),
        ("half a million a@", json, text("a@", 500_000), &[200]),
        ("170,000 numbers", json, text("030 12 ", 140_000), &[200]),
        ("100,000 lines with a colon", json, text("E: x\\n", 140_000), &[200]),
        ("1,000,000 keys", urlencoded, "ab=c&".repeat(1_000_000).into_bytes(), &[413]),
        ("500,000 keys", urlencoded, again("", 500_000, "a&"), &[200]),
        (
            "2,000 keys 30 deep",
            urlencoded,
            many("", 2_000, "", |text, n| write!(text, "k{n}{}=x&", "[a]".repeat(30)).unwrap()),
            &[200],
        ),
        ("brackets 300,000 deep", urlencoded, again("a", 300_000, "[a]"), &[200]),
        ("350,000 escapes", urlencoded, again("message=", 349_000, "%FC"), &[200]),
        ("100,000 parts", multipart, many("", 100_000, "--b--", |text, _| text.push_str(part)), &[200]),
        ("400,000 parts", multipart, many("", 400_000, "--b--", |text, _| text.push_str(part)), &[200]),
        (
            "a file of 24 MB",
            multipart,
            again("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n", 24 << 20, "x"),
            &[200],
        ),
        (
            "a text of 24 MB",
            multipart,
            again("--b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n", 24 << 20, "x"),
            &[200],
        ),
        (
            "a text of 24 MB of numbers",
            multipart,
            again("--b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n", 3 << 20, "030 123 "),
            &[200],
        ),
        ("26 MB", multipart, [part.as_bytes(), &vec![b'x'; 26 << 20]].concat(), &[413]),
    ]
}

/// Files of the watched folder.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let head = "Name;E-Mail;Message\n";
    vec![
        ("line.csv", again(head, 40 << 20, "x")),
        ("only-line.csv", again("", 40 << 20, "x")),
        ("columns.csv", many("", 1_000_000, "\nEva;eva@evil.example\n", |text, n| write!(text, "c{n};").unwrap())),
        ("cells.csv", again(head, 1_000_000, ";")),
        ("quotes.csv", again(head, 20 << 20, "\"")),
        ("open-quotes.csv", again(head, 20_000, "\"x\n")),
        ("empty-lines.csv", again(head, 20 << 20, "\n")),
        ("nul.csv", again(head, 20 << 20, "\0")),
        ("semicolons.csv", again(head, 300_000, ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;\n")),
    ]
}

/// Posts usual forms until told to stop; says how many, and how long the slowest took.
fn neighbours(daemon: &Daemon, stop: &AtomicBool) -> (usize, Duration) {
    let (mut n, mut slowest) = (0, Duration::ZERO);
    while !stop.load(Ordering::Relaxed) {
        let since = Instant::now();
        assert_eq!(post(daemon, n, "").unwrap().status, 200, "a neighbour is not served");
        slowest = slowest.max(since.elapsed());
        n += 1;
        std::thread::sleep(Duration::from_millis(50));
    }
    (n, slowest)
}

/// Does `bombing` while neighbours post; checks that they and the memory are well.
fn under_fire(daemon: &Daemon, bombing: impl FnOnce() + Send) {
    let (before, pid) = (memory(daemon.pid(), "VmRSS"), daemon.pid());
    let stop = AtomicBool::new(false);
    let (served, slowest) = std::thread::scope(|scope| {
        let served = scope.spawn(|| neighbours(daemon, &stop));
        let bombed = scope.spawn(bombing).join();
        stop.store(true, Ordering::Relaxed);
        bombed.unwrap();
        served.join().unwrap()
    });
    let peak = memory(pid, "VmHWM");
    println!("bombs: {served} neighbours served, the slowest in {slowest:?}; {before} MiB at rest, {peak} MiB at most");
    assert_eq!(addresses(daemon).iter().filter(|address| address.contains("@web")).count(), served);
    assert!(slowest < LIMIT, "a neighbour waited {slowest:?}");
    assert!(peak < before + MEMORY, "{before} MiB at rest, {peak} MiB at most");
}

/// The outcome of the mail with this UID, and its reason, once there is one.
fn outcome(daemon: &Daemon, uid: usize) -> Option<String> {
    let rows = daemon.json(&["intake", "list", "--channel", "sales", "--limit", "10"]);
    let is =
        |row: &&serde_json::Value| row["source"].as_str().is_some_and(|source| source.contains(&format!("UID {uid} ")));
    let row = rows.iter().find(is)?;
    Some(format!("{} {}", row["outcome"].as_str().unwrap(), row["reason"].as_str().unwrap_or_default()))
}

#[test]
fn mail_bombs_have_an_outcome_each_and_their_neighbours_are_leads() {
    let dovecot = Dovecot::start();
    let mut daemon = Daemon::with(&[FORM, &mailbox(&dovecot), TEAM].concat());
    daemon.start();
    daemon
        .until("the mailbox is read", LIMIT, |daemon| daemon.object(&["status"])["channels"]["sales"]["state"] == "ok");
    let count = mails().len();
    under_fire(&daemon, || {
        for (n, (name, bomb)) in mails().into_iter().enumerate() {
            let size = bomb.len() >> 20;
            dovecot.deliver("sales", &bomb);
            drop(bomb);
            dovecot.deliver("sales", &mail(n));
            let since = Instant::now();
            let mut found = None;
            daemon.until(name, LIMIT, |daemon| {
                found = outcome(daemon, 2 * n + 1);
                found.is_some()
            });
            let took = since.elapsed();
            daemon.until("the mail behind it", LIMIT, |daemon| outcome(daemon, 2 * n + 2).is_some());
            println!("bombs: {name} ({size} MiB): {took:.1?}, {:.90}", found.unwrap());
        }
    });
    let leads = addresses(&daemon);
    assert_eq!(leads.iter().filter(|address| address.contains("@mail")).count(), count, "{leads:?}");
    assert!(daemon.stop().0.success());
}

#[test]
fn bombs_in_posts_are_answered_in_time() {
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    daemon.start();
    under_fire(&daemon, || {
        for (name, content_type, body, right) in posts() {
            let since = Instant::now();
            let kind = format!("Content-Type: {content_type}");
            let answer = http::request(daemon.public(), "POST", "/hooks/website", &[&kind], &body).unwrap();
            let took = since.elapsed();
            println!("bombs: {name} ({} KiB): {} in {took:.1?}", body.len() >> 10, answer.status);
            assert!(right.contains(&answer.status), "{name}: {answer:?}");
            assert!(took < LIMIT, "{name}: {took:?}");
        }
    });
    assert!(daemon.stop().0.success());
}

#[test]
fn bombs_in_files_end_in_done_or_failed() {
    let mut daemon = Daemon::with(&[FORM, FOLDER, TEAM].concat());
    daemon.start();
    under_fire(&daemon, || {
        for (name, bytes) in files() {
            let since = Instant::now();
            fs::write(daemon.path("fairs").join(name), &bytes).unwrap();
            daemon.until(name, LIMIT, |daemon| !daemon.path("fairs").join(name).exists());
            let end = ["done", "failed"].into_iter().find(|end| daemon.path("fairs").join(end).join(name).exists());
            println!("bombs: {name} ({} MiB): {end:?} in {:.1?}", bytes.len() >> 20, since.elapsed());
            assert!(end.is_some(), "{name} is gone");
        }
        fs::write(daemon.path("fairs/usual.csv"), "Name;E-Mail\nIna;ina@fair.example\n").unwrap();
        daemon.until("a usual file", LIMIT, |daemon| {
            addresses(daemon).iter().any(|address| address == "ina@fair.example")
        });
    });
    assert!(daemon.stop().0.success());
}
