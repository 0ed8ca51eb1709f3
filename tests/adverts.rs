//! Providers that send no more than an id, on the shipped binary against servers that play their interfaces: slow,
//! busy, with an expired token, with nothing there. A lead is complete in the end, or says why not.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::daemon::Daemon;
use support::http::{post, request};

const LIMIT: Duration = Duration::from_mins(1);

/// An interface that answers as it is told, and notes what it was asked.
struct Interface {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// Status, a line of the head, the body.
type Answer = (u16, &'static str, Value);

impl Interface {
    /// `answer` is given the path, the token, and how often was asked before.
    fn start(answer: impl Fn(&str, &str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let (noted, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &noted, &*answer));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, noted: &Mutex<Vec<String>>, answer: &dyn Fn(&str, &str, usize) -> Answer) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let path = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
    let mut token = String::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        if let Some(value) = line.to_lowercase().strip_prefix("authorization: bearer ") {
            value.clone_into(&mut token);
        }
    }
    let before = {
        let mut noted = noted.lock().unwrap();
        noted.push(path.clone());
        noted.len() - 1
    };
    let (status, head, body) = answer(&path, &token, before);
    let body = body.to_string();
    let head = if head.is_empty() { String::new() } else { format!("{head}\r\n") };
    let answer =
        format!("HTTP/1.1 {status} X\r\n{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).ok();
}

fn settings(provider: &str, interface: &Interface, token: &str) -> String {
    format!(
        "[channels.ads]\nkind = \"webhook\"\nprovider = \"{provider}\"\ntoken = \"{token}\"\napi = \"http://{}\"\n\
         [owners.anna]\nname = \"Anna\"\nnotify = [\"out\"]\n[notify.out]\nkind = \"file\"\npath = \"outbox\"\n",
        interface.address
    )
}

fn send(daemon: &Daemon, body: &Value) {
    let answer = post(daemon.public(), "/hooks/ads", "application/json", &body.to_string()).unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn reasons(daemon: &Daemon, outcome: &str) -> Vec<String> {
    let rows = daemon.json(&["intake", "list", "--outcome", outcome]);
    rows.iter().map(|row| row["reason"].as_str().unwrap().to_owned()).collect()
}

fn notice(id: u64) -> Value {
    json!({"object": "page", "entry": [{"id": 1, "time": 1, "changes": [{"field": "leadgen", "value": {"leadgen_id": id, "page_id": 2, "form_id": 3}}]}]})
}

fn answers(name: &str) -> Value {
    json!({"id": "1", "field_data": [{"name": "full_name", "values": [name]}, {"name": "email", "values": ["mia@firma.example"]},
        {"name": "phone_number", "values": ["+4930123456"]}], "campaign_name": "Roofs"})
}

#[test]
fn a_lead_waits_in_the_ledger_until_a_busy_and_slow_interface_gives_its_details() {
    let interface = Interface::start(|path, token, before| {
        assert!(path.starts_with("/4711?fields=") && token == "page-token", "{path}");
        if before == 0 {
            let busy = json!({"error": {"code": 4, "message": "Application request limit reached"}});
            return (429, "Retry-After: 2", busy);
        }
        std::thread::sleep(Duration::from_secs(2));
        (200, "", answers("Mia Berg"))
    });
    let mut daemon = Daemon::with(&settings("meta_lead_ads", &interface, "page-token"));
    daemon.start();
    send(&daemon, &notice(4711));
    assert!(daemon.json(&["leads", "list"]).is_empty());
    daemon.until("the row says why it waits", LIMIT, |daemon| {
        reasons(daemon, "quarantined")
            .iter()
            .any(|why| why.contains("waits for its details: attempt 1 failed, it answered 429"))
    });
    daemon.until("the lead is there", LIMIT, |daemon| daemon.json(&["leads", "list"]).len() == 1);
    let lead = daemon.json(&["leads", "list"]).remove(0);
    assert_eq!((&lead["name"], &lead["phones"]), (&"Mia Berg".into(), &json!(["+4930123456"])));
    assert_eq!(lead["attribution"]["utm"]["campaign"], "Roofs");
    assert!(reasons(&daemon, "created")[0].ends_with("its details were fetched"));
    assert!(reasons(&daemon, "quarantined").is_empty());
    // The same notice once more.
    send(&daemon, &notice(4711));
    assert_eq!(reasons(&daemon, "redelivered").len(), 1);
    daemon.until("its owner is told", LIMIT, |daemon| {
        daemon.json(&["outbox", "list", "--state", "delivered"]).len() == 1
    });
    assert_eq!(daemon.json(&["leads", "list"]).len(), 1);
    assert!(!daemon.log().contains("page-token"));
}

#[test]
fn an_expired_token_keeps_a_lead_waiting_and_a_new_one_completes_it_while_what_is_gone_says_so() {
    let interface = Interface::start(|path, token, _| match (path.starts_with("/1?"), token) {
        (false, _) => {
            (400, "", json!({"error": {"code": 100, "error_subcode": 33, "message": "Object does not exist"}}))
        }
        (true, "new") => (200, "", answers("Mia Berg")),
        (true, _) => (400, "", json!({"error": {"code": 190, "message": "Session has expired"}})),
    });
    let mut daemon = Daemon::with(&settings("meta_lead_ads", &interface, "old"));
    daemon.start();
    send(&daemon, &notice(1));
    send(&daemon, &notice(2));
    daemon.until("both rows say what is amiss", LIMIT, |daemon| {
        let said = reasons(daemon, "quarantined");
        said.iter().any(|why| why.contains("Session has expired"))
            && said.iter().any(|why| why.contains("details are gone"))
    });
    let status = daemon.object(&["status"]);
    assert!(status["channels"]["ads"].to_string().contains("cannot fetch the details of leads"), "{status:#}");
    // What the provider says besides stands in the ledger alone.
    assert!(!status["channels"].to_string().contains("Session has expired"), "{status:#}");
    assert!(!daemon.log().contains("Session has expired"), "{}", daemon.log());
    // One waits for a person; the other becomes a lead by itself, and would be an empty one if it were released.
    let waits = daemon.json(&["intake", "list", "--outcome", "quarantined"]);
    let waits = waits.iter().find(|row| row["reason"].as_str().unwrap().contains("it waits for its details")).unwrap();
    let id = waits["id"].as_str().unwrap();
    assert!(daemon.object(&["intake", "show", id]).to_string().contains("becomes a lead by itself"));
    let refused = daemon.cli(&["intake", "release", id]);
    let complaint = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && complaint.contains("waits for its details"), "{complaint}");
    let alarms = |daemon: &Daemon| daemon.object(&["status"])["alarms"].as_array().unwrap().clone();
    daemon.until("an alarm about the one", LIMIT, |daemon| {
        alarms(daemon).iter().any(|alarm| alarm["cause"] == "quarantined" && alarm["count"] == 1)
    });
    daemon.settings(&settings("meta_lead_ads", &interface, "new"));
    daemon.signal("HUP");
    daemon.until("the lead is there", LIMIT, |daemon| daemon.json(&["leads", "list"]).len() == 1);
    assert_eq!(reasons(&daemon, "quarantined").len(), 1);
}

#[test]
fn nothing_is_lost_over_a_kill_and_nothing_comes_twice() {
    let is_up = Arc::new(Mutex::new(false));
    let up = Arc::clone(&is_up);
    let interface = Interface::start(move |path, _, _| {
        let id = path[1..].split('?').next().unwrap().to_owned();
        let lead = json!({"field_data": [{"name": "full_name", "values": [format!("Mia {id}")]}, {"name": "email", "values": [format!("m{id}@firma.example")]}]});
        if *up.lock().unwrap() { (200, "", lead) } else { (503, "", json!({})) }
    });
    let mut daemon = Daemon::with(&settings("meta_lead_ads", &interface, "t"));
    daemon.start();
    (1..=5).for_each(|id| send(&daemon, &notice(id)));
    daemon.until("it was asked", LIMIT, |_| !interface.asked().is_empty());
    daemon.kill();
    *is_up.lock().unwrap() = true;
    daemon.start();
    daemon.until("one lead is there", LIMIT, |daemon| !daemon.json(&["leads", "list"]).is_empty());
    daemon.kill();
    daemon.start();
    daemon.until("all leads are there", LIMIT, |daemon| daemon.json(&["leads", "list"]).len() == 5);
    assert_eq!(reasons(&daemon, "created").len(), 5);
    assert_eq!(daemon.json(&["intake", "list"]).len(), 5);
}

#[test]
fn linkedin_is_answered_its_challenge_and_its_leads_are_read_with_their_questions() {
    let interface = Interface::start(|path, _, _| match path {
        "/rest/leadFormResponses/9" => (
            200,
            "",
            json!({"formResponse": {"answers": [
            {"questionId": 1, "answerDetails": {"textQuestionAnswer": {"answer": "Mia"}}},
            {"questionId": 2, "answerDetails": {"textQuestionAnswer": {"answer": "Berg"}}},
            {"questionId": 3, "answerDetails": {"textQuestionAnswer": {"answer": "mia@firma.example"}}},
            {"questionId": 4, "answerDetails": {"multipleChoiceAnswer": {"options": ["Flat", "Steep"]}}}]}}),
        ),
        "/rest/leadForms/7" => (
            200,
            "",
            json!({"name": "Roofs", "content": {"questions": [
            {"questionId": 1, "predefinedField": "FIRST_NAME"}, {"questionId": 2, "predefinedField": "LAST_NAME"},
            {"questionId": 3, "predefinedField": "EMAIL"}, {"questionId": 4, "question": {"localized": {"en_US": "Which roof?"}}}]}}),
        ),
        _ => (404, "", json!({"message": "not found"})),
    });
    let mut daemon =
        Daemon::with(&settings("linkedin", &interface, "t").replace("token =", "secret = \"li-secret\"\ntoken ="));
    daemon.start();
    let code = "890e4665-4dfe-4ab1-b689-ed553bceeed0";
    let answer = request(daemon.public(), "GET", &format!("/hooks/ads?challengeCode={code}"), &[], b"").unwrap();
    let expected = "adccfdad6bb4ff6c9ee351c23f2afdf40000d4a80206544b92f9bd01a385c27c";
    assert_eq!(answer.json(), json!({"challengeCode": code, "challengeResponse": expected}));
    daemon.settings(&settings("linkedin", &interface, "t"));
    daemon.signal("HUP");
    let notice = |id: u32, action: &str| {
        json!({"type": "LEAD_ACTION", "leadGenFormResponse": format!("urn:li:leadGenFormResponse:{id}"), "leadGenForm": "urn:li:leadGenForm:7",
            "leadType": "SPONSORED", "leadAction": action, "occurredAt": 1})
    };
    daemon.until("unsigned posts are taken", LIMIT, |daemon| {
        post(daemon.public(), "/hooks/ads", "application/json", &notice(9, "CREATED").to_string()).unwrap().status
            == 200
    });
    daemon.until("the lead is there", LIMIT, |daemon| daemon.json(&["leads", "list"]).len() == 1);
    let lead = daemon.json(&["leads", "list"]).remove(0);
    assert_eq!((&lead["name"], &lead["emails"]), (&"Mia Berg".into(), &json!(["mia@firma.example"])), "{lead:#}");
    assert!(
        lead["fields"].to_string().contains("Flat") && lead["fields"].to_string().contains("Which roof?"),
        "{lead:#}"
    );
    send(&daemon, &notice(9, "DELETED"));
    send(&daemon, &notice(10, "CREATED"));
    daemon.until("one row waits for a person", LIMIT, |daemon| {
        reasons(daemon, "quarantined").iter().any(|why| why.contains("details are gone"))
    });
    daemon.until("the lead whose writer had it deleted is erased", LIMIT, |daemon| {
        daemon.json(&["leads", "list"]).is_empty()
            && reasons(daemon, "ignored").iter().any(|why| why.contains("it was erased"))
    });
    send(&daemon, &notice(9, "CREATED"));
    assert!(reasons(&daemon, "redelivered").iter().any(|why| why.contains("it stays erased")));
}

#[test]
fn each_event_of_hubspot_is_an_item_of_its_own() {
    let interface = Interface::start(|path, _, _| {
        if path.starts_with("/crm/v3/objects/contacts/11?") {
            (
                200,
                "",
                json!({"id": "11", "properties": {"email": "mia@firma.example", "firstname": "Mia", "lastname": "Berg", "company": "Firma GmbH", "hs_object_id": "11", "phone": null}}),
            )
        } else {
            (404, "", json!({"status": "error", "message": "resource not found"}))
        }
    });
    let mut daemon = Daemon::with(&settings("hubspot", &interface, "t"));
    daemon.start();
    let event = |id: u32, kind: &str| json!({"eventId": id, "subscriptionId": 1, "portalId": 1, "appId": 1, "occurredAt": 1, "subscriptionType": kind, "objectId": id});
    send(&daemon, &json!([event(11, "contact.creation"), event(12, "contact.creation"), event(13, "deal.creation")]));
    daemon.until("one is a lead, one is gone, one is of another kind", LIMIT, |daemon| {
        daemon.json(&["leads", "list"]).len() == 1
            && reasons(daemon, "quarantined").iter().any(|why| why.contains("details are gone"))
    });
    let lead = daemon.json(&["leads", "list"]).remove(0);
    assert_eq!(
        (&lead["name"], &lead["company"], &lead["fields"]),
        (&"Mia Berg".into(), &"Firma GmbH".into(), &json!({}))
    );
    assert_eq!(reasons(&daemon, "ignored"), ["news of another kind (`deal.creation`)"]);
}
