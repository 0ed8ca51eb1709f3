//! Mailgun, a route that forwards to an address: a form for each mail, raw where the address ends in `mime`. Its
//! fields hold a signature over time and token; the mail itself is not signed.

use super::{Provider, other_than};
use crate::channels::webhook::gateway::{Field, File, Letter, Post, fields};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;

/// Mailgun.
pub(super) static MAILGUN: Provider = Provider {
    proof: || Proof::SignedToken,
    mail: Some(mail),
    schema: Schema {
        // News of mails that were sent: delivered, opened, failed.
        noise: |body| other_than(&[], body.text_at("event-data.event")),
        ..Schema::plain("mailgun")
    },
    steps: "In Mailgun, open Send, Sending, Domain settings (or API security), and copy the HTTP webhook signing key: it \
        is the secret of this channel.\n\
        Open Receive, Routes, and click Create route. Expression: match_recipient(\"sales@…\").\n\
        Forward: {url}?mime (what ends in `mime` is sent the mail as it was written).\n\
        Point the MX record of the domain to Mailgun.",
    sample: (
        "application/x-www-form-urlencoded",
        "recipient=sales%40example.com&sender=erika%40firma.example&from=Erika+Muster+%3Cerika%40firma.example%3E&subject=Offer&body-plain=Please+send+me+an+offer.&message-headers=%5B%5B%22From%22%2C%22Erika+Muster+%3Cerika%40firma.example%3E%22%5D%2C%5B%22Subject%22%2C%22Offer%22%5D%2C%5B%22Date%22%2C%22Thu%2C+01+Jan+2026+10%3A00%3A00+%2B0000%22%5D%2C%5B%22Message-Id%22%2C%22%3C{id}%40firma.example%3E%22%5D%5D&attachment-count=0",
    ),
    ..Provider::of_mails("mailgun", "Mailgun")
};

fn mail(post: &Post<'_>) -> Option<Vec<u8>> {
    let fields = fields(post);
    let find = |name: &str| fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
    if let Some(raw) = find("body-mime").filter(|raw| !raw.bytes.trim_ascii().is_empty()) {
        return Some(raw.bytes.clone());
    }
    if find("message-headers").is_none() && find("body-plain").is_none() && find("body-html").is_none() {
        return None;
    }
    let mut letter = Letter::default();
    let headers = find("message-headers").map(Field::text).unwrap_or_default();
    let headers: Vec<(String, String)> = serde_json::from_str(&headers).unwrap_or_default();
    for (name, value) in &headers {
        letter.header(name, value);
    }
    for name in ["From", "To", "Cc", "Subject", "Date", "Message-Id", "Reply-To", "X-Mailgun-Sflag"] {
        letter.missing_header(name, &find(name).map(Field::text).unwrap_or_default());
    }
    for (name, kind) in [("body-plain", "text/plain"), ("body-html", "text/html")] {
        let bytes = find(name).map(|field| field.bytes.clone()).unwrap_or_default();
        letter.text(&format!("{kind}; charset=utf-8"), bytes);
    }
    for field in fields.iter().filter(|field| field.name.starts_with("attachment-") && field.file.is_some()) {
        letter.file(File {
            name: field.file.clone().unwrap_or_default(),
            content_type: field.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
            bytes: field.bytes.clone(),
        });
    }
    (!letter.is_empty()).then(|| letter.compose())
}
