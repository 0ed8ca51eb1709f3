//! Booking pages on the shipped binary: a meeting takes its lead on, is moved without a second lead, and is
//! called off with a word to its owner.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use serde_json::{Value, json};
use support::daemon::Daemon;
use support::http::post;

const SETTINGS: &str = r#"
[organisation]
country = "DE"
time_zone = "Europe/Berlin"
[owners.anna]
name = "Anna Schmidt"
notify = ["out"]
[notify.out]
kind = "file"
path = "outbox"
[channels.calendly]
kind = "webhook"
provider = "calendly"
[channels.cal]
kind = "webhook"
provider = "cal_com"
[channels.ads]
kind = "webhook"
provider = "google_ads"
secret = "shared-key"
"#;

fn running() -> Daemon {
    let mut daemon = Daemon::with(SETTINGS);
    daemon.start();
    daemon
}

fn send(daemon: &Daemon, channel: &str, body: &Value) {
    let answer = post(daemon.public(), &format!("/hooks/{channel}"), "application/json", &body.to_string()).unwrap();
    assert_eq!(answer.status, 200, "{channel}: {answer:?}");
}

fn lead(daemon: &Daemon) -> Value {
    let mut leads = daemon.json(&["leads", "list"]);
    assert_eq!(leads.len(), 1, "{leads:#?}");
    daemon.object(&["leads", "show", leads.pop().unwrap()["id"].as_str().unwrap()])
}

fn events(daemon: &Daemon) -> Vec<String> {
    let mut notices = daemon.json(&["outbox", "list"]);
    notices.sort_by_key(|notice| notice["id"].to_string());
    notices.iter().map(|notice| notice["event"].as_str().unwrap().to_owned()).collect()
}

fn calendly(event: &str, invitee: &str, start: &str, more: &Value) -> Value {
    let mut payload = json!({"uri": invitee, "name": "Mia Berg", "email": "mia@firma.example", "rescheduled": false,
        "questions_and_answers": [{"question": "What is it about?", "answer": "A new roof", "position": 0}],
        "tracking": {"utm_source": "website"},
        "scheduled_event": {"name": "First talk", "start_time": start, "location": {"type": "physical", "location": "Berlin, Hauptstr. 1"}}});
    for (key, value) in more.as_object().unwrap() {
        payload[key] = value.clone();
    }
    json!({"event": event, "payload": payload})
}

#[test]
fn a_meeting_takes_a_lead_on_is_moved_without_a_second_lead_and_called_off_with_a_word_to_the_owner() {
    let daemon = running();
    let (first, second) = ("https://c.example/1/invitees/a", "https://c.example/2/invitees/b");
    send(&daemon, "calendly", &calendly("invitee.created", first, "2030-01-10T09:00:00Z", &json!({})));
    let booked = lead(&daemon);
    assert_eq!((&booked["stage"], &booked["message"]), (&"meeting".into(), &"A new roof".into()));
    assert_eq!(
        booked["next_step"],
        json!({"text": "meeting: First talk, Berlin, Hauptstr. 1", "due": "2030-01-10T09:00:00Z"})
    );
    assert_eq!(booked["attribution"]["utm"]["source"], "website");
    let shown = daemon.ok(&["leads", "show", booked["id"].as_str().unwrap()]);
    let step = "next step    meeting: First talk, Berlin, Hauptstr. 1, 2030-01-10 10:00:00 CET\n";
    let field = "field        meeting begins: 2030-01-10 10:00:00 CET\n";
    assert!(shown.contains(step) && shown.contains(field), "{shown}");

    // The new time may come before the old one is gone, from another address of theirs.
    let moved = json!({"old_invitee": first, "email": "mia@home.example"});
    send(&daemon, "calendly", &calendly("invitee.created", second, "2030-01-11T10:00:00Z", &moved));
    let gone = json!({"rescheduled": true, "new_invitee": second});
    send(&daemon, "calendly", &calendly("invitee.canceled", first, "2030-01-10T09:00:00Z", &gone));
    let again = lead(&daemon);
    assert_eq!((&again["stage"], &again["touch_count"]), (&"meeting".into(), &json!(2)));
    assert_eq!(again["next_step"]["due"], "2030-01-11T10:00:00Z");
    assert_eq!(again["fields"]["meeting begins"], "2030-01-11T10:00:00Z");
    assert_eq!(events(&daemon), ["lead.created", "lead.touched"]);

    let why = json!({"cancellation": {"canceled_by": "Mia Berg", "reason": "ill"}});
    let body = calendly("invitee.canceled", second, "2030-01-11T10:00:00Z", &why);
    send(&daemon, "calendly", &body);
    send(&daemon, "calendly", &body);
    let off = lead(&daemon);
    assert_eq!((&off["stage"], &off["next_step"], &off["touch_count"]), (&"contacted".into(), &Value::Null, &json!(3)));
    assert_eq!(off["fields"]["meeting begins"], Value::Null);
    let said = off["touches"].as_array().unwrap().iter().filter_map(|touch| touch["text"].as_str());
    let said: Vec<&str> = said.filter(|text| text.contains("cancelled")).collect();
    assert_eq!(
        said,
        ["The meeting: First talk, Berlin, Hauptstr. 1 on 2030-01-11T10:00:00Z was cancelled by Mia Berg: ill"]
    );
    assert_eq!(events(&daemon), ["lead.created", "lead.touched", "lead.touched"]);
    let timeline = off["timeline"].to_string();
    assert!(
        timeline.contains("new → meeting") && timeline.contains("moved to") && timeline.contains("meeting → contacted"),
        "{timeline}"
    );
}

#[test]
fn a_booking_of_cal_com_goes_the_same_way_and_what_is_about_nobody_makes_no_lead() {
    let daemon = running();
    let cal = |event: &str, uid: &str, start: &str, more: &Value| {
        let mut payload = json!({"title": "Demo", "startTime": start, "uid": uid, "location": "integrations:daily",
            "metadata": {"videoCallUrl": "https://meet.example/1"}, "additionalNotes": "A price, please",
            "attendees": [{"name": "Max Muster", "email": "max@firma.example", "timeZone": "Europe/Berlin"}],
            "responses": {"name": {"label": "your_name", "value": "Max Muster"}, "team_size": {"label": "Team size", "value": "20"}}});
        for (key, value) in more.as_object().unwrap() {
            payload[key] = value.clone();
        }
        json!({"triggerEvent": event, "payload": payload})
    };
    send(&daemon, "cal", &cal("BOOKING_CANCELLED", "u0", "2030-01-10T09:00:00Z", &json!({})));
    send(&daemon, "cal", &json!({"triggerEvent": "MEETING_ENDED", "title": "Demo"}));
    send(&daemon, "cal", &json!({"triggerEvent": "PING", "payload": {}}));
    assert!(daemon.json(&["leads", "list"]).is_empty());
    assert_eq!(daemon.json(&["intake", "list", "--outcome", "ignored"]).len(), 3);
    send(&daemon, "cal", &cal("BOOKING_CREATED", "u1", "2030-01-10T09:00:00Z", &json!({})));
    send(&daemon, "cal", &cal("BOOKING_RESCHEDULED", "u2", "2030-01-12T09:00:00Z", &json!({"rescheduleUid": "u1"})));
    let lead = lead(&daemon);
    assert_eq!((&lead["stage"], &lead["message"]), (&"meeting".into(), &"A price, please".into()));
    assert_eq!(
        lead["next_step"],
        json!({"text": "meeting: Demo, https://meet.example/1", "due": "2030-01-12T09:00:00Z"})
    );
    assert_eq!((&lead["fields"]["Team size"], &lead["touch_count"]), (&"20".into(), &json!(2)), "{lead:#}");
}

#[test]
fn an_advert_lead_needs_its_key_and_a_test_of_it_makes_no_lead() {
    let daemon = running();
    let body = |key: &str, test: bool| {
        json!({"lead_id": "l1", "google_key": key, "is_test": test, "form_id": 4000, "campaign_id": 12, "gcl_id": "g1", "user_column_data": [
            {"column_id": "FIRST_NAME", "string_value": "Mia"}, {"column_id": "LAST_NAME", "string_value": "Berg"},
            {"column_id": "WORK_EMAIL", "string_value": "mia@firma.example"}, {"column_id": "PHONE_NUMBER", "string_value": "+49 30 1234567"},
            {"column_id": "COMPANY_NAME", "string_value": "Firma GmbH"}, {"column_id": "q_1", "column_name": "Which roof?", "string_value": "Flat"}]})
    };
    let refused = post(daemon.public(), "/hooks/ads", "application/json", &body("guess", false).to_string()).unwrap();
    assert_eq!(refused.status, 401);
    send(&daemon, "ads", &{
        let mut test = body("shared-key", true);
        test["lead_id"] = "t".into();
        test
    });
    let answer =
        post(daemon.public(), "/hooks/ads", "application/json", &body("shared-key", false).to_string()).unwrap();
    assert_eq!((answer.status, &*answer.body), (200, "{}"));
    send(&daemon, "ads", &body("shared-key", false));
    let lead = lead(&daemon);
    assert_eq!(
        (&lead["name"], &lead["company"], &lead["touch_count"]),
        (&"Mia Berg".into(), &"Firma GmbH".into(), &json!(1))
    );
    assert_eq!((&lead["emails"], &lead["phones"]), (&json!(["mia@firma.example"]), &json!(["+49301234567"])));
    assert!(
        lead["fields"].to_string().contains("Which roof?") && lead["attribution"]["utm"].to_string().contains("g1"),
        "{lead:#}"
    );
    assert_eq!(daemon.json(&["intake", "list", "--outcome", "ignored"]).len(), 1);
    assert_eq!(daemon.json(&["intake", "list", "--outcome", "redelivered"]).len(), 1);
    assert!(!daemon.log().contains("shared-key"));
}
