//! Chats on the shipped binary: a conversation is one lead, whoever writes in it and whenever details come.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::daemon::Daemon;
use support::http::{post, request};

const SETTINGS: &str = r#"
[owners.anna]
name = "Anna Schmidt"
notify = ["out"]
[owners.jonas]
name = "Jonas Weber"
notify = ["out"]
[teams.sales]
members = ["anna", "jonas"]
default = true
[notify.out]
kind = "file"
path = "outbox"
[channels.chatwoot]
kind = "webhook"
provider = "chatwoot"
[channels.crisp]
kind = "webhook"
provider = "crisp"
[channels.tawk]
kind = "webhook"
provider = "tawk"
[channels.whatsapp]
kind = "webhook"
provider = "whatsapp"
verify_token = "open-sesame"
[channels.slack]
kind = "webhook"
provider = "slack"
[channels.intercom]
kind = "webhook"
provider = "intercom"
[channels.teams]
kind = "webhook"
provider = "teams"
[channels.twilio]
kind = "webhook"
provider = "twilio"
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

fn outcomes(daemon: &Daemon, outcome: &str) -> usize {
    daemon.json(&["intake", "list", "--outcome", outcome]).len()
}

/// Message `number` of a conversation in Chatwoot.
fn chatwoot(number: u32, kind: &str, text: &str) -> Value {
    let sender = match kind {
        "incoming" => json!({"id": 7, "name": "misty-dew-123", "type": "contact"}),
        _ => json!({"id": 1, "name": "Support", "email": "support@shop.example", "type": "user"}),
    };
    json!({"event": "message_created", "id": number, "content": text, "message_type": kind, "sender": sender,
        "conversation": {"id": 41, "meta": {"sender": {"id": 7}}}})
}

#[test]
fn a_conversation_of_twenty_messages_is_one_lead_with_one_owner_and_one_first_notice() {
    let daemon = running();
    for number in 0..20 {
        let (kind, text) = match number {
            1 | 8 | 15 => ("outgoing", "How can we help you?"),
            5 => ("template", "Leave your address"),
            12 => ("incoming", "You reach me at ida.berg@firma.example"),
            _ => ("incoming", "One more question about your offer"),
        };
        send(&daemon, "chatwoot", &chatwoot(number, kind, text));
    }
    // One of them comes twice.
    send(&daemon, "chatwoot", &chatwoot(3, "incoming", "One more question about your offer"));

    let leads = daemon.json(&["leads", "list"]);
    assert_eq!(leads.len(), 1, "{leads:#?}");
    assert_eq!(leads[0]["touch_count"], 16);
    assert_eq!(leads[0]["emails"], json!(["ida.berg@firma.example"]));
    assert_eq!(leads[0]["name"], Value::Null, "a name that Chatwoot made up is none");
    assert!(leads[0]["owner"].is_string());
    let counts = ["created", "touched", "ignored", "redelivered", "quarantined"].map(|kind| outcomes(&daemon, kind));
    assert_eq!(counts, [1, 15, 4, 1, 0]);
    let notices = daemon.json(&["outbox", "list"]);
    let first: Vec<&Value> = notices.iter().filter(|notice| notice["event"] == "lead.created").collect();
    assert_eq!(first.len(), 1, "{notices:#?}");
    assert!(notices.iter().all(|notice| notice["owner"] == leads[0]["owner"]), "{notices:#?}");
    for row in daemon.json(&["intake", "list", "--outcome", "ignored"]) {
        let reason = row["reason"].as_str().unwrap();
        assert!(["an operator's message", "a program's message"].contains(&reason), "{reason}");
    }
}

#[test]
fn details_that_come_later_fill_a_lead_in_and_another_session_is_another_lead() {
    let daemon = running();
    let event = |event: &str, session: &str, data: Value| {
        let mut body = json!({"website_id": "w", "event": event, "data": data});
        body["data"]["session_id"] = session.into();
        body
    };
    let text = |number: u32, from: &str| json!({"from": from, "type": "text", "content": "Hello", "fingerprint": number, "user": {"nickname": "visitor12"}});
    send(&daemon, "crisp", &event("message:send", "s1", text(1, "user")));
    send(&daemon, "crisp", &event("message:received", "s1", text(2, "operator")));
    send(&daemon, "crisp", &event("session:set_email", "s1", json!({"email": "max@firma.example"})));
    send(&daemon, "crisp", &event("session:set_nickname", "s1", json!({"nickname": "Max Muster"})));
    send(&daemon, "crisp", &event("session:set_phone", "s1", json!({"phone": "+493012345678"})));
    send(&daemon, "crisp", &event("message:send", "s2", text(1, "user")));
    let leads = daemon.json(&["leads", "list"]);
    assert_eq!(leads.len(), 2, "{leads:#?}");
    let known = leads.iter().find(|lead| lead["name"] == "Max Muster").unwrap();
    assert_eq!(known["emails"], json!(["max@firma.example"]));
    assert_eq!((&known["phones"], &known["touch_count"]), (&json!(["+493012345678"]), &json!(4)));
    let notices = daemon.json(&["outbox", "list"]);
    assert!(notices.len() == 2 && notices.iter().all(|notice| notice["event"] == "lead.created"), "{notices:#?}");
}

#[test]
fn what_a_chat_makes_up_gives_way_to_what_its_visitor_says() {
    let daemon = running();
    let intercom = |id: &str, topic: &str, item: Value| json!({"type": "notification_event", "id": id, "topic": topic, "data": {"item": item}});
    let author = json!({"type": "lead", "id": "l", "name": "Orange Door from Berlin"});
    let opened = json!({"type": "conversation", "id": "c", "source": {"body": "<p>Hi</p>", "author": author}});
    send(&daemon, "intercom", &intercom("1", "conversation.user.created", opened));
    let contact =
        json!({"type": "contact", "role": "lead", "id": "l", "name": "Jas Neu1", "email": "jas@firma.example"});
    send(&daemon, "intercom", &intercom("2", "contact.email.updated", contact));
    let leads = daemon.json(&["leads", "list"]);
    assert_eq!((leads.len(), &leads[0]["name"]), (1, &json!("Jas Neu1")), "{leads:#?}");

    let whatsapp = |id: &str, mut message: Value| {
        message["from"] = "4915112345678".into();
        message["id"] = id.into();
        let value = json!({"metadata": {"phone_number_id": "1"}, "messages": [message]});
        json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]})
    };
    let said = "Guten Tag, ich heiße Karla Crisp und hätte gerne ein Angebot für ein neues Dach";
    send(&daemon, "whatsapp", &whatsapp("w1", json!({"type": "unsupported", "errors": [{"code": 131_051}]})));
    send(&daemon, "whatsapp", &whatsapp("w2", json!({"type": "text", "text": {"body": said}})));
    let leads = daemon.json(&["leads", "list"]);
    let lead = leads.iter().find(|lead| lead["phones"] == json!(["+4915112345678"])).unwrap();
    assert_eq!((leads.len(), &lead["name"], &lead["touch_count"]), (2, &json!("Karla Crisp"), &json!(2)), "{lead:#}");
    let lead = &daemon.json(&["leads", "show", lead["id"].as_str().unwrap()])[0];
    assert_eq!((&lead["message"], &lead["language"]), (&json!(said), &json!("de")), "{lead:#}");
}

#[test]
fn a_transcript_is_attached_to_the_lead_of_its_chat() {
    let daemon = running();
    send(
        &daemon,
        "tawk",
        &json!({"event": "chat:start", "chatId": "c1", "message": {"sender": {"type": "visitor"}, "type": "msg",
            "text": "Name : Mia Berg\r\nPhone : 030 1234567\r\nMessage : Do you deliver?"}, "visitor": {"name": "V1699999999999"}}),
    );
    send(&daemon, "tawk", &json!({"event": "chat:end", "chatId": "c1", "visitor": {"name": "V1699999999999"}}));
    let said = |who: &str, name: &str, text: &str| json!({"sender": {"t": who, "n": name}, "type": "msg", "msg": text});
    let chat = json!({"id": "c1", "visitor": {"name": "Mia Berg", "email": "mia@firma.example"},
        "messages": [said("v", "Mia", "Do you deliver?"), said("a", "Support", "Yes, we do.")]});
    send(&daemon, "tawk", &json!({"event": "chat:transcript_created", "chat": chat}));
    let leads = daemon.json(&["leads", "list"]);
    assert_eq!(leads.len(), 1, "{leads:#?}");
    assert_eq!((&leads[0]["name"], &leads[0]["message"]), (&"Mia Berg".into(), &"Do you deliver?".into()));
    assert_eq!((&leads[0]["emails"], &leads[0]["phones"]), (&json!(["mia@firma.example"]), &json!(["+49301234567"])));
    let lead = daemon.object(&["leads", "show", leads[0]["id"].as_str().unwrap()]);
    let touches = lead["touches"].as_array().unwrap();
    assert_eq!(touches.len(), 2);
    assert!(touches.iter().any(|touch| touch["text"] == "Mia: Do you deliver?\nSupport: Yes, we do."), "{lead:#}");
}

#[test]
fn messages_in_one_post_are_leads_of_their_writers_and_states_are_none() {
    let daemon = running();
    let value = |from: &[&str]| {
        let messages: Vec<Value> = from
            .iter()
            .map(|from| json!({"from": from, "id": format!("wamid.{from}"), "type": "text", "text": {"body": "Hello"}}))
            .collect();
        let contacts: Vec<Value> =
            from.iter().map(|from| json!({"profile": {"name": format!("Max {from}")}, "wa_id": from})).collect();
        json!({"metadata": {"display_phone_number": "+1 555 000 1111", "phone_number_id": "1"}, "contacts": contacts, "messages": messages})
    };
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "1", "changes": [{"field": "messages", "value": value(&["4915112345678", "4915187654321"])}]},
        {"id": "1", "changes": [{"field": "messages", "value": {"metadata": {"phone_number_id": "1"}, "statuses": [{"id": "x", "status": "read"}]}}]}]});
    send(&daemon, "whatsapp", &body);
    send(&daemon, "whatsapp", &body);
    let mut names: Vec<String> =
        daemon.json(&["leads", "list"]).iter().map(|lead| lead["phones"][0].as_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["+4915112345678", "+4915187654321"]);
    assert_eq!(["created", "ignored", "redelivered"].map(|kind| outcomes(&daemon, kind)), [2, 1, 3]);
}

#[test]
fn who_asks_before_it_sends_is_answered_as_it_wants_and_nothing_is_stored() {
    let daemon = running();
    let get = |path: &str| request(daemon.public(), "GET", path, &[], b"").unwrap();
    let asked = "/hooks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    let answer = get(&format!("{asked}open-sesame"));
    assert_eq!((answer.status, &*answer.body), (200, "1158201444"));
    assert_eq!(get(&format!("{asked}guess")).status, 403);
    assert_eq!(get("/hooks/whatsapp").status, 405);
    assert_eq!(request(daemon.public(), "HEAD", "/hooks/intercom", &[], b"").unwrap().status, 200);
    let challenge =
        r#"{"token":"t","type":"url_verification","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}"#;
    let answer = post(daemon.public(), "/hooks/slack", "application/json", challenge).unwrap();
    assert_eq!(answer.json(), json!({"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}));
    assert!(daemon.json(&["intake", "list"]).is_empty());
    // A test is stored, and is no lead.
    send(
        &daemon,
        "intercom",
        &json!({"type": "notification_event", "id": "n1", "topic": "ping", "data": {"item": {"type": "ping", "message": "hi"}}}),
    );
    assert_eq!((outcomes(&daemon, "ignored"), daemon.json(&["leads", "list"]).len()), (1, 0));
}

#[test]
fn who_reads_our_answer_is_given_one_that_it_understands() {
    let daemon = running();
    let teams = json!({"type": "message", "id": "1", "from": {"id": "29:1", "name": "Mia Berg"},
        "conversation": {"id": "19:a@thread.tacv2;messageid=1"}, "text": "<at>Lotse</at>&nbsp;Please call me, 030 1234567"});
    let answer = post(daemon.public(), "/hooks/teams", "application/json", &teams.to_string()).unwrap();
    assert_eq!(answer.json()["type"], "message");
    let sms = "MessageSid=SM1&From=whatsapp%3A%2B4915112345678&To=whatsapp%3A%2B15550001111&Body=Hello&ProfileName=Max";
    let answer = post(daemon.public(), "/hooks/twilio", "application/x-www-form-urlencoded", sms).unwrap();
    assert_eq!((answer.status, &*answer.body), (200, "<Response/>"));
    assert!(answer.head.to_lowercase().contains("content-type: text/xml"), "{answer:?}");
    let leads = daemon.json(&["leads", "list"]);
    assert_eq!(leads.len(), 2, "{leads:#?}");
    assert!(leads.iter().any(|lead| lead["message"] == "Please call me, 030 1234567"), "{leads:#?}");
    daemon.until("both owners are told", Duration::from_secs(20), |daemon| {
        daemon.json(&["outbox", "list", "--state", "delivered"]).len() == 2
    });
}
