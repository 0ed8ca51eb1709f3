//! Twilio: a text message or a message through WhatsApp, urlencoded
//! (<https://www.twilio.com/docs/usage/security>). Signed with HMAC-SHA1 over the address and the parameters; what
//! is no form is signed by its hash in the address.

use axum::http::StatusCode;

use super::{OPERATOR, Provider, first, other_than, said};
use crate::channels::webhook::algorithm::Algorithm;
use crate::channels::webhook::answer;
use crate::channels::webhook::encoding::Encoding;
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Twilio.
pub(super) static TWILIO: Provider = Provider {
    proof: || {
        let of_form = Signature {
            algorithm: Algorithm::HmacSha1,
            encoding: Encoding::Base64,
            signed: vec![Piece::Url, Piece::Params],
            ..Signature::of_body("x-twilio-signature")
        };
        Proof::AnyOf(vec![of_form.clone(), Signature { signed: vec![Piece::HashedUrl], ..of_form }])
    },
    schema: Schema {
        arrange,
        delivery: |body| first(body, &["MessageSid", "SmsMessageSid", "SmsSid"]),
        noise,
        conversations,
        ..Schema::plain("twilio")
    },
    // An empty answer in TwiML: no message goes back.
    answer: |_, _| answer::body(StatusCode::OK, "text/xml", "<Response/>".to_owned()),
    steps: "In the Twilio Console, open Phone Numbers, Manage, Active numbers, and choose the number (for WhatsApp: \
        Messaging, Senders).\n\
        A message comes in: Webhook, {url}, HTTP POST.\n\
        Set the Auth Token of the account as the secret of this channel, and `public_url` to the address that Twilio \
        calls: it is signed.",
    sample: (
        "application/x-www-form-urlencoded",
        "MessageSid={id}&AccountSid=AC1&From=%2B4915112345678&To=%2B15550001111&Body=Please+send+me+an+offer%2C+to+erika%40firma.example&NumMedia=0&ProfileName=Erika+Muster&FromCountry=DE",
    ),
    ..Provider::of_chats("twilio", "Twilio")
};

/// Words that end a subscription, alone in a message.
const STOP: [&str; 7] = ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke"];

/// Whoever wrote: a number, with the way it came in front of it. `Author` is that of Twilio Conversations.
fn from(body: &Node) -> Option<String> {
    first(body, &["From", "Author"]).filter(|_| first(body, &["MessageSid", "SmsSid", "ConversationSid"]).is_some())
}

fn number(from: &str) -> &str {
    from.split_once(':').map_or(from, |(_, number)| number)
}

fn noise(body: &Node) -> Option<String> {
    let from = from(body)?;
    if let Some(other) = other_than(&["onMessageAdded"], body.text_at("EventType")) {
        return Some(other);
    }
    if body.text_at("EventType").is_some() && !number(&from).starts_with('+') {
        return Some(OPERATOR.to_owned());
    }
    let text = body.text_at("Body").unwrap_or_default().trim().to_ascii_lowercase();
    if body.text_at("OptOutType").is_some_and(|kind| kind.eq_ignore_ascii_case("stop")) || STOP.contains(&&*text) {
        return Some("its writer wants no more messages".to_owned());
    }
    let state = first(body, &["MessageStatus", "SmsStatus"]).filter(|state| state != "received");
    if body.text_at("Body").is_none() { other_than(&[], state) } else { None }
}

fn conversations(body: &Node) -> Vec<String> {
    let Some(from) = from(body) else { return Vec::new() };
    let conversation = body.text_at("ConversationSid");
    let pair = body.text_at("To").map(|to| format!("{from}:{to}"));
    conversation.into_iter().chain(pair).collect()
}

fn arrange(body: Node) -> Node {
    let Some(from) = from(&body) else { return body };
    let mut entries: Vec<_> = [
        said("name", body.text_at("ProfileName")),
        said("phone", Some(number(&from).to_owned()).filter(|number| number.starts_with('+'))),
        said("message", body.text_at("Body")),
        said("city", body.text_at("FromCity")),
        said("country", body.text_at("FromCountry")),
        said("page url", body.text_at("ReferralSourceUrl")),
        said("utm_ctwa_clid", body.text_at("ReferralCtwaClid")),
        said("advert", body.text_at("ReferralHeadline")),
    ]
    .into_iter()
    .flatten()
    .collect();
    entries.extend((0..10).filter_map(|at| said("file", body.text_at(&format!("MediaUrl{at}")))));
    Node::Map(entries)
}
