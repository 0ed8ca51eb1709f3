//! Owners' calendars behind an address, by the shipped binary and a server on this machine: asked with
//! what is known already, kept over a restart, and what they said last counts while they are out of order.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use support::daemon::Daemon;
use support::http;

/// A calendar server: answers what the test says, and remembers what it was asked.
struct Server {
    address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What it answers.
#[derive(Clone)]
enum Answer {
    /// A calendar with an ETag, or that it did not change.
    Calendar(&'static str, String),
    /// This status, with headers and a body.
    Plain(&'static str, String, String),
    /// The first bytes, and then nothing any more.
    Stalls,
    /// Without an end.
    Endless,
}

impl Server {
    fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            answer: Arc::new(Mutex::new(answer)),
            asked: Arc::default(),
        };
        let (answer, asked) = (Arc::clone(&server.answer), Arc::clone(&server.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, asked) = (Arc::clone(&answer), Arc::clone(&asked));
                std::thread::spawn(move || serve(stream, &answer, &asked));
            }
        });
        server
    }

    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until it was asked once more, and answered.
    fn next(&self, daemon: &Daemon) -> String {
        let before = self.asked().len();
        daemon.until("the calendar is asked", Duration::from_secs(40), |_| self.asked().len() > before);
        self.asked().remove(before)
    }
}

fn serve(mut stream: TcpStream, answer: &Mutex<Answer>, asked: &Mutex<Vec<String>>) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let head = head.join("\n").to_lowercase();
    let answer = answer.lock().unwrap().clone();
    let text = match &answer {
        Answer::Calendar(etag, _) if head.contains(&format!("if-none-match: {etag}")) => {
            "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_owned()
        }
        Answer::Calendar(etag, body) => format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nETag: {etag}\r\nContent-Type: text/calendar\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
        Answer::Plain(status, headers, body) => {
            format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
        }
        Answer::Stalls => "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nBEGIN:VCALENDAR\r\n".to_owned(),
        Answer::Endless => "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nBEGIN:VCALENDAR\r\n".to_owned(),
    };
    stream.write_all(text.as_bytes()).ok();
    asked.lock().unwrap().push(head);
    match answer {
        Answer::Stalls => std::thread::sleep(Duration::from_mins(5)),
        Answer::Endless => while stream.write_all(&[b'x'; 1 << 12]).is_ok() {},
        Answer::Calendar(..) | Answer::Plain(..) => {}
    }
}

/// Somebody who is always away, or never.
fn calendar(away: bool) -> String {
    let event =
        "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Leave\r\nEND:VEVENT\r\n";
    format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n", if away { event } else { "" })
}

fn settings(calendar: &str) -> String {
    format!(
        "[channels.website]\nkind = \"webhook\"\n[owners.anna]\nnotify = [\"out\"]\ncalendar = {calendar}\n\
         [owners.jonas]\nnotify = [\"out\"]\n[teams.sales]\nmembers = [\"anna\", \"jonas\"]\n\
         [notify.out]\nkind = \"file\"\npath = \"out\"\n"
    )
}

fn anna(daemon: &Daemon) -> serde_json::Value {
    daemon.json(&["owners"]).remove(0)
}

fn is_free(daemon: &Daemon, free: bool) {
    daemon
        .until("the calendar is in force", Duration::from_secs(40), |daemon| anna(daemon)["available"] == json!(free));
}

#[test]
fn a_calendar_behind_an_address_is_asked_for_changes_only_and_counts_over_failures_and_restarts() {
    let server = Server::start(Answer::Calendar("\"one\"", calendar(true)));
    let address = format!("http://{}/cal/hush-hush.ics?key=hush", server.address);
    let mut daemon = Daemon::with(&settings(&format!("{{ url = \"{address}\", poll = \"1s\" }}")));
    daemon.start();
    is_free(&daemon, false);
    let first = server.asked().remove(0);
    assert!(
        first.starts_with("get /cal/hush-hush.ics?key=hush http/1.1") && !first.contains("if-none-match"),
        "{first}"
    );
    assert!(server.next(&daemon).contains("if-none-match: \"one\""), "it asks for changes only");
    (0..2).for_each(|number| {
        let body = format!("name=P{number}&email=p%40firma{number}.example&message=Hello");
        let answer = http::post(daemon.public(), "/hooks/website", "application/x-www-form-urlencoded", &body).unwrap();
        assert_eq!(answer.status, 200);
    });
    assert!(daemon.json(&["leads", "list"]).iter().all(|lead| lead["owner"] == "jonas"));

    // Whatever is wrong with it: what it said last counts, and is not asked for in a hurry.
    let failures = [
        (Answer::Plain("503 Service Unavailable", "Retry-After: 1\r\n".into(), String::new()), "it answered 503"),
        (Answer::Plain("200 OK", String::new(), "<html>log in</html>".into()), "no calendar"),
        (Answer::Plain("401 Unauthorized", "Retry-After: 1\r\n".into(), String::new()), "it wants a login"),
    ];
    for (answer, said) in failures {
        server.answers(answer);
        daemon.until(said, Duration::from_secs(40), |daemon| {
            anna(daemon)["calendar"]["error"].as_str().is_some_and(|error| error.contains(said))
        });
        assert_eq!(anna(&daemon)["available"], json!(false));
    }
    let shown = daemon.ok(&["owners"]);
    assert!(
        shown.contains("the calendar of anna cannot be used since") && shown.contains("it wants a login"),
        "{shown}"
    );

    // A restart while it is out of order: the copy counts, and so does what the server knows it by.
    daemon.stop();
    let kept = daemon.path("store/calendars/anna.ics");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), calendar(true));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&kept).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    daemon.start();
    is_free(&daemon, false);
    assert!(anna(&daemon)["calendar"]["read_at"].is_string(), "it knows when it was read last");
    server.answers(Answer::Calendar("\"one\"", calendar(true)));
    assert!(server.next(&daemon).contains("if-none-match: \"one\""));
    server.answers(Answer::Calendar("\"two\"", calendar(false)));
    is_free(&daemon, true);
    assert_eq!(anna(&daemon)["calendar"]["error"], json!(null));
    assert!(!daemon.log().contains("hush"), "the address is a secret: {}", daemon.log());

    // Another address: nothing of the first one counts any more.
    let other = Server::start(Answer::Calendar("\"one\"", calendar(true)));
    daemon.settings(&settings(&format!("\"http://{}/anna.ics\"", other.address)));
    daemon.signal("HUP");
    is_free(&daemon, false);
    assert!(!other.asked()[0].contains("if-none-match"));
    daemon.settings(&settings("\"\"").replace("calendar = \"\"\n", ""));
    daemon.signal("HUP");
    is_free(&daemon, true);
    daemon.until("the copy is gone", Duration::from_secs(20), |_| !kept.exists());
}

#[test]
fn a_login_comes_from_a_secret_and_goes_to_its_own_server_only() {
    let target = Server::start(Answer::Calendar("\"t\"", calendar(true)));
    let to = format!("Location: http://{}/moved.ics\r\n", target.address);
    let server = Server::start(Answer::Plain("302 Found", to, String::new()));
    let mut daemon = Daemon::with(&settings(&format!(
        "{{ url = \"http://{}/anna.ics\", username = \"anna\", password = {{ env = \"ANNA\" }}, poll = \"1s\" }}",
        server.address
    )));
    daemon.set("ANNA", "opensesame");
    let checked = daemon.ok(&["check", "--connect"]);
    assert!(checked.contains("owners.anna.calendar: read, with"), "{checked}");
    daemon.start();
    is_free(&daemon, false);
    // anna:opensesame
    assert!(server.asked().iter().all(|head| head.contains("authorization: basic yw5uytpvcgvuc2vzyw1l")));
    assert!(target.asked().iter().all(|head| head.starts_with("get /moved.ics") && !head.contains("authorization")));
    assert!(!daemon.log().contains("opensesame"));
}

#[test]
fn an_answer_that_stalls_never_ends_or_goes_round_in_circles_does_no_harm() {
    let server = Server::start(Answer::Endless);
    let address = server.address;
    let mut daemon = Daemon::with(&settings(&format!("{{ url = \"http://{address}/anna.ics\", poll = \"1s\" }}")));
    daemon.start();
    let says = |daemon: &Daemon, said: &str| {
        daemon.until(said, Duration::from_mins(2), |daemon| {
            anna(daemon)["calendar"]["error"].as_str().is_some_and(|error| error.contains(said))
        });
    };
    says(&daemon, "larger than 16 MiB");
    server.answers(Answer::Plain(
        "302 Found",
        format!("Retry-After: 1\r\nLocation: http://{address}/\r\n"),
        String::new(),
    ));
    says(&daemon, "redirects more than 5 times");
    server.answers(Answer::Stalls);
    says(&daemon, "did not answer within 30 s");
    assert_eq!(anna(&daemon)["available"], json!(true), "what was never read says nothing");
    server.answers(Answer::Stalls);
    let (_, took) = daemon.stop();
    assert!(took < Duration::from_secs(5), "{took:?}");
}
