//! Cal.com (<https://cal.com/docs/developing/guides/automation/webhooks>): a booking with its attendees, or a
//! routing form.

use super::{Provider, first, named, other_than, said};
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::lead::{Meeting, News};
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Cal.com.
pub(super) static CAL_COM: Provider = Provider {
    proof: || Proof::Signature(Signature::of_body("x-cal-signature-256")),
    schema: Schema { arrange, delivery, noise, meeting, conversations, ..Schema::plain("cal_com") },
    steps: "In Cal.com, open Settings, Developer, Webhooks, and click New.\n\
        Subscriber URL: {url}\n\
        Event triggers: Booking created, Booking rescheduled, Booking canceled, Form submitted.\n\
        Secret: the secret of this channel. Leave the payload template as it is. Click Create webhook.",
    sample: (
        "application/json",
        r#"{"triggerEvent":"BOOKING_CREATED","createdAt":"2026-01-01T10:00:00.000Z","payload":{"title":"Demo","startTime":"2030-01-10T09:00:00Z","endTime":"2030-01-10T09:30:00Z","organizer":{"name":"Anna","email":"anna@example.com"},"attendees":[{"name":"Erika Muster","email":"erika@firma.example","timeZone":"Europe/Berlin"}],"responses":{"name":{"label":"your_name","value":"Erika Muster"},"email":{"label":"email_address","value":"erika@firma.example"}},"additionalNotes":"Please send me an offer.","location":"https://meet.example/1","uid":"{id}"}}"#,
    ),
    ..Provider::like_generic("cal_com", "Cal.com")
};

fn noise(body: &Node) -> Option<String> {
    let wanted = [
        "BOOKING_CREATED",
        "BOOKING_REQUESTED",
        "BOOKING_RESCHEDULED",
        "BOOKING_CANCELLED",
        "BOOKING_REJECTED",
        "FORM_SUBMITTED",
        "FORM_SUBMITTED_NO_EVENT",
    ];
    other_than(&wanted, body.text_at("triggerEvent"))
}

fn delivery(body: &Node) -> Option<String> {
    let (event, uid) = (body.text_at("triggerEvent")?, body.text_at("payload.uid")?);
    Some(format!("{event}:{uid}"))
}

/// A booking that was moved goes on under another name.
fn conversations(body: &Node) -> Vec<String> {
    let places = ["payload.uid", "payload.rescheduleUid", "payload.rescheduledFromUid", "payload.fromReschedule"];
    places.iter().filter_map(|place| body.text_at(place)).collect()
}

fn meeting(body: &Node) -> Option<Meeting> {
    let news = match body.text_at("triggerEvent")?.as_str() {
        "BOOKING_CREATED" => News::Booked,
        "BOOKING_RESCHEDULED" => News::Moved,
        "BOOKING_CANCELLED" | "BOOKING_REJECTED" => News::Cancelled,
        _ => return None,
    };
    let places = ["payload.metadata.videoCallUrl", "payload.videoCallData.url", "payload.location"];
    Some(Meeting {
        news,
        title: first(body, &["payload.title", "payload.eventTitle", "payload.type"]),
        start: body.text_at("payload.startTime").and_then(|time| time.parse().ok()),
        place: first(body, &places).filter(|place| !place.starts_with("integrations:")),
        by: body.text_at("payload.cancelledBy"),
        why: first(body, &["payload.cancellationReason", "payload.rejectionReason"]),
    })
}

/// What was filled in, by the software's names; some stands elsewhere, too.
fn answers(body: &Node) -> Vec<Node> {
    const KNOWN: [&str; 8] =
        ["name", "email", "location", "guests", "title", "notes", "rescheduleReason", "attendeePhoneNumber"];
    let mut fields = Vec::new();
    for place in ["payload.responses", "responses", "payload.userFieldsResponses", "payload.customInputs"] {
        let entries = body.at(place).map(Node::entries).unwrap_or_default().iter();
        for (key, answer) in entries.filter(|(key, _)| place != "payload.responses" || !KNOWN.contains(&&**key)) {
            let value = ["value", "response"].iter().find_map(|key| answer.at(key)).unwrap_or(answer);
            let label = answer.text_at("label").unwrap_or_else(|| key.clone());
            let field = Node::field(&label, "", value.clone());
            let says_something = value.text().is_some() || !value.items().is_empty();
            if says_something && !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    fields
}

fn arrange(body: Node) -> Node {
    if body.text_at("triggerEvent").is_none() {
        return body;
    }
    let attendee = body.at("payload.attendees").map(Node::items).unwrap_or_default().first();
    let of = |key: &str| attendee.and_then(|attendee| attendee.text_at(key));
    let response = |key: &str| body.text_at(&format!("payload.responses.{key}.value"));
    let name = of("name").or_else(|| response("name"));
    let mut entries: Vec<_> = [
        said("name", name),
        said("email", of("email").or_else(|| response("email"))),
        said("phone", of("phoneNumber").or_else(|| response("attendeePhoneNumber"))),
        said("phone", body.text_at("payload.smsReminderNumber")),
        said("language", of("language.locale")),
        said("time zone", of("timeZone")),
    ]
    .into_iter()
    .flatten()
    .collect();
    entries.extend(named(
        &body,
        &[
            ("subject", &["payload.title", "payload.eventTitle"]),
            ("message", &["payload.additionalNotes", "payload.responses.notes.value", "payload.description"]),
            (Meeting::BEGINS, &["payload.startTime"]),
            (Meeting::ENDS, &["payload.endTime"]),
            ("form name", &["payload.formName", "formName"]),
        ],
    ));
    Node::form(answers(&body), entries)
}
