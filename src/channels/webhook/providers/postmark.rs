//! Postmark, inbound: one JSON object for each mail, with the raw mail where that is turned on. Nothing is
//! signed; the address holds a password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Provider, other_than};
use crate::channels::webhook::gateway::{File, Letter, Post};
use crate::normalize::form::Schema;

/// Postmark.
pub(super) static POSTMARK: Provider = Provider {
    mail: Some(mail),
    schema: Schema { noise: |body| other_than(&["Inbound"], body.text_at("RecordType")), ..Schema::plain("postmark") },
    steps: "In Postmark, open your server, the stream Inbound, then Settings.\n\
        Webhook: {url} with lotse:SECRET@ in front of the host (https://lotse:SECRET@…): the secret of this channel.\n\
        Tick Include raw email content in JSON payload: lotse then has the mail as it was sent.\n\
        Point the MX record of your domain to inbound.postmarkapp.com, or forward mail to the inbound address.",
    sample: (
        "application/json",
        r#"{"FromName":"Erika Muster","From":"erika@firma.example","FromFull":{"Email":"erika@firma.example","Name":"Erika Muster"},"To":"sales@example.com","Subject":"Offer","MessageID":"lotse","Date":"Thu, 01 Jan 2026 10:00:00 +0000","TextBody":"Please send me an offer.","Headers":[{"Name":"Message-ID","Value":"<{id}@firma.example>"}],"Attachments":[]}"#,
    ),
    ..Provider::of_mails("postmark", "Postmark")
};

fn mail(post: &Post<'_>) -> Option<Vec<u8>> {
    let body: Value = serde_json::from_slice(post.bytes).ok()?;
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    if !text("RawEmail").trim().is_empty() {
        return Some(text("RawEmail").as_bytes().to_vec());
    }
    body["MessageID"].as_str()?;
    let mut letter = Letter::default();
    for header in body["Headers"].as_array().into_iter().flatten() {
        letter.header(header["Name"].as_str().unwrap_or_default(), header["Value"].as_str().unwrap_or_default());
    }
    letter.missing_header("From", &mailbox(&body["FromFull"]).unwrap_or_else(|| text("From").to_owned()));
    letter.missing_header("To", text("To"));
    letter.missing_header("Cc", text("Cc"));
    letter.missing_header("Reply-To", text("ReplyTo"));
    letter.missing_header("Subject", text("Subject"));
    letter.missing_header("Date", text("Date"));
    letter.missing_header("Message-ID", &format!("<{}@inbound.postmarkapp.com>", text("MessageID")));
    letter.text("text/plain; charset=utf-8", text("TextBody").as_bytes().to_vec());
    letter.text("text/html; charset=utf-8", text("HtmlBody").as_bytes().to_vec());
    for file in body["Attachments"].as_array().into_iter().flatten() {
        let content = file["Content"].as_str().or_else(|| file["Data"].as_str()).unwrap_or_default();
        let compact: String = content.split_ascii_whitespace().collect();
        letter.file(File {
            name: file["Name"].as_str().unwrap_or("unnamed").to_owned(),
            content_type: file["ContentType"].as_str().unwrap_or("application/octet-stream").to_owned(),
            // What is no base64 is kept as it came.
            bytes: STANDARD.decode(&compact).unwrap_or_else(|_| content.as_bytes().to_vec()),
        });
    }
    Some(letter.compose())
}

/// A mailbox as it stands in a header.
fn mailbox(full: &Value) -> Option<String> {
    let (email, name) = (full["Email"].as_str()?, full["Name"].as_str().unwrap_or_default());
    let name: String = name.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
    Some(if name.is_empty() { email.to_owned() } else { format!("\"{name}\" <{email}>") })
}
