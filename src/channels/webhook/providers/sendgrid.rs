//! SendGrid Inbound Parse: a multipart form for each mail, raw or taken apart, each field in a charset of its
//! own. Signed with ECDSA where a security policy is attached, else the address holds a password.

use std::collections::HashMap;

use super::Provider;
use crate::channels::webhook::gateway::{Field, File, Letter, Post, fields};
use crate::channels::webhook::verify::Proof;

/// SendGrid.
pub(super) static SENDGRID: Provider = Provider {
    proof: || Proof::PublicKeyOrToken {
        header: "x-twilio-email-event-webhook-signature",
        timestamp: "x-twilio-email-event-webhook-timestamp",
    },
    mail: Some(mail),
    steps: "In SendGrid, open Settings, Inbound Parse, and click Add Host & URL.\n\
        Destination URL: {url} with lotse:SECRET@ in front of the host (https://lotse:SECRET@…): the secret of this \
        channel.\n\
        Tick POST the raw, full MIME message: lotse then has the mail as it was sent.\n\
        Or attach a security policy with a signature, and set the public key that SendGrid shows as the secret.\n\
        Point the MX record of the host to mx.sendgrid.net.",
    sample: (
        "multipart/form-data; boundary=lotse",
        "--lotse\r\nContent-Disposition: form-data; name=\"headers\"\r\n\r\nFrom: Erika Muster <erika@firma.example>\nTo: sales@example.com\nSubject: Offer\nDate: Thu, 01 Jan 2026 10:00:00 +0000\nMessage-ID: <{id}@firma.example>\n\r\n--lotse\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nPlease send me an offer.\r\n--lotse\r\nContent-Disposition: form-data; name=\"charsets\"\r\n\r\n{\"text\":\"utf-8\"}\r\n--lotse--\r\n",
    ),
    ..Provider::of_mails("sendgrid", "SendGrid Inbound Parse")
};

fn mail(post: &Post<'_>) -> Option<Vec<u8>> {
    let fields = fields(post);
    let find = |name: &str| fields.iter().find(|field| field.name == name);
    if let Some(raw) = find("email").filter(|raw| !raw.bytes.trim_ascii().is_empty()) {
        return Some(raw.bytes.clone());
    }
    let is_known = ["envelope", "headers", "charsets"].iter().any(|name| find(name).is_some());
    if !is_known || (find("from").is_none() && find("headers").is_none()) {
        return None;
    }
    let charsets = find("charsets").map(Field::text).unwrap_or_default();
    let charsets: HashMap<String, String> = serde_json::from_str(&charsets).unwrap_or_default();
    let charset = |name: &str| charsets.get(name).map_or("utf-8", String::as_str);
    let mut letter = Letter::default();
    letter.header_block(&find("headers").map(Field::text).unwrap_or_default());
    for name in ["From", "To", "Cc", "Subject"] {
        let value = find(&name.to_ascii_lowercase()).map(Field::text).unwrap_or_default();
        letter.missing_header(name, &value);
    }
    for (name, kind) in [("text", "text/plain"), ("html", "text/html")] {
        let bytes = find(name).map(|field| field.bytes.clone()).unwrap_or_default();
        letter.text(&format!("{kind}; charset={}", charset(name)), bytes);
    }
    for field in fields.iter().filter(|field| is_attachment(&field.name)) {
        letter.file(File {
            name: field.file.clone().unwrap_or_else(|| field.name.clone()),
            content_type: field.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
            bytes: field.bytes.clone(),
        });
    }
    (!letter.is_empty()).then(|| letter.compose())
}

/// `attachment1`, `attachment2` …
fn is_attachment(name: &str) -> bool {
    let number = name.strip_prefix("attachment").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}
