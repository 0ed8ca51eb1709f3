//! Calendly (<https://developer.calendly.com/api-docs/overview/webhooks>): an invitee of a meeting. A meeting that
//! is moved comes as two events: the old one made way, the new one names it.

use super::{Provider, first, named, other_than, said};
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::lead::{Meeting, News};
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Calendly.
pub(super) static CALENDLY: Provider = Provider {
    proof: || Proof::Signature(Signature::in_parts("calendly-webhook-signature", "v1")),
    schema: Schema { arrange, delivery, noise, meeting, conversations, ..Schema::plain("calendly") },
    steps: "Webhooks need a paid plan, and are made by the API. Create a personal access token (Integrations, API and \
        webhooks).\n\
        Choose a signing key of your own: it is the secret of this channel.\n\
        curl https://api.calendly.com/webhook_subscriptions -H 'Authorization: Bearer TOKEN' -H 'Content-Type: \
        application/json' -d '{\"url\":\"{url}\",\"events\":[\"invitee.created\",\"invitee.canceled\"],\"organization\":\
        \"https://api.calendly.com/organizations/ID\",\"scope\":\"organization\",\"signing_key\":\"SECRET\"}'",
    sample: (
        "application/json",
        r#"{"event":"invitee.created","created_at":"2026-01-01T10:00:00.000000Z","payload":{"uri":"https://api.calendly.com/scheduled_events/1/invitees/{id}","event":"https://api.calendly.com/scheduled_events/1","name":"Erika Muster","email":"erika@firma.example","status":"active","rescheduled":false,"old_invitee":null,"questions_and_answers":[{"question":"What is it about?","answer":"Please send me an offer.","position":0}],"tracking":{"utm_source":"website"},"scheduled_event":{"name":"Demo","start_time":"2030-01-10T09:00:00.000000Z","end_time":"2030-01-10T09:30:00.000000Z","location":{"type":"zoom","join_url":"https://meet.example/1"}}}}"#,
    ),
    ..Provider::like_generic("calendly", "Calendly")
};

fn noise(body: &Node) -> Option<String> {
    body.at("payload")?;
    other_than(&["invitee.created", "invitee.canceled", "routing_form_submission.created"], body.text_at("event"))
}

fn delivery(body: &Node) -> Option<String> {
    Some(format!("{}:{}", body.text_at("event")?, body.text_at("payload.uri")?))
}

/// A meeting that was moved goes on under another name.
fn conversations(body: &Node) -> Vec<String> {
    let places = ["payload.uri", "payload.old_invitee", "payload.new_invitee"];
    places.iter().filter_map(|place| body.text_at(place)).collect()
}

fn meeting(body: &Node) -> Option<Meeting> {
    let event = body.text_at("event")?;
    let was_moved = body.at("payload.rescheduled").is_some_and(Node::is_true);
    let news = match &*event {
        "invitee.created" if body.text_at("payload.old_invitee").is_some() => News::Moved,
        "invitee.created" => News::Booked,
        "invitee.canceled" if was_moved => News::MadeWay,
        "invitee.canceled" => News::Cancelled,
        _ => return None,
    };
    let place = "payload.scheduled_event.location";
    let places = ["join_url", "location", "type"].map(|key| format!("{place}.{key}"));
    Some(Meeting {
        news,
        title: body.text_at("payload.scheduled_event.name"),
        start: body.text_at("payload.scheduled_event.start_time").and_then(|time| time.parse().ok()),
        place: places.iter().find_map(|place| body.text_at(place)),
        by: body.text_at("payload.cancellation.canceled_by"),
        why: body.text_at("payload.cancellation.reason"),
    })
}

fn arrange(body: Node) -> Node {
    if body.text_at("event").is_none() || body.at("payload").is_none() {
        return body;
    }
    let mut named = named(
        &body,
        &[
            ("name", &["payload.name"]),
            ("first name", &["payload.first_name"]),
            ("last name", &["payload.last_name"]),
            ("email", &["payload.email"]),
            ("phone", &["payload.text_reminder_number"]),
            ("subject", &["payload.scheduled_event.name"]),
            ("time zone", &["payload.timezone"]),
            (Meeting::BEGINS, &["payload.scheduled_event.start_time"]),
            (Meeting::ENDS, &["payload.scheduled_event.end_time"]),
        ],
    );
    let calls = body.text_at("payload.scheduled_event.location.type").as_deref() == Some("outbound_call");
    named.extend(said("phone", body.text_at("payload.scheduled_event.location.location").filter(|_| calls)));
    let tracking = body.at("payload.tracking").map(Node::entries).unwrap_or_default().iter();
    named.extend(tracking.filter(|(_, value)| value.text().is_some()).cloned());
    let answers = body.at("payload.questions_and_answers").map(Node::items).unwrap_or_default();
    let answers: Vec<(String, String)> =
        answers.iter().filter_map(|one| Some((one.text_at("question")?, first(one, &["answer"])?))).collect();
    let fields = match &answers[..] {
        // The one thing that was asked is what they want.
        [(question, answer)] => {
            named.push(("message".to_owned(), Node::Text(answer.clone())));
            named.push(("question".to_owned(), Node::Text(question.clone())));
            Vec::new()
        }
        several => {
            several.iter().map(|(question, answer)| Node::field(question, "", Node::Text(answer.clone()))).collect()
        }
    };
    Node::form(fields, named)
}
