//! Which mail it is: equal for the same mail in a rebuilt or another mailbox, different for every
//! other one.
//!
//! In: raw bytes. Out: a hash over what the author sent (Message-ID, From, Date, Subject, body),
//! not over what was added on the way (`Received`, `Delivered-To`, `X-…`). The Message-ID alone
//! would not do: some form mailers send the same one with every mail, some send none.

use memchr::memchr2;
use sha2::{Digest, Sha256};

use super::headers::{Field, Fields, Place, with_line_feeds};

/// Headers that the author's side writes once and nobody changes on the way.
const AUTHORED: [&str; 4] = ["message-id", "from", "date", "subject"];

/// The identity of a mail. Linear in its length; folding, line endings and blank lines at the end
/// make no difference.
#[must_use]
pub(in crate::normalize) fn identity(bytes: &[u8]) -> String {
    let bytes = &with_line_feeds(bytes)[..];
    let (fields, body) = Fields::scan(bytes, 0, Place::Mail, |_| false);
    let mut hash = Sha256::new();
    for name in AUTHORED {
        for field in fields.all(name) {
            let value = words_of(field);
            hash.update(name);
            hash.update(value.len().to_be_bytes());
            hash.update(&value);
        }
    }
    hash.update(b"body");
    let mut blank_lines = 0_usize;
    for line in lines(&bytes[body..]) {
        if line.is_empty() {
            blank_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut blank_lines) {
            hash.update(b"\n");
        }
        hash.update(line);
        hash.update(b"\n");
    }
    format!("mail:{}", super::hex(&hash.finalize()))
}

/// A header value with every run of white space as one blank: servers fold anew.
fn words_of(field: &Field<'_>) -> Vec<u8> {
    let mut value = Vec::with_capacity(field.raw.len());
    for word in field.raw.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
        if !value.is_empty() {
            value.push(b' ');
        }
        value.extend_from_slice(word);
    }
    value
}

/// Lines without their ends, be they CRLF, LF or CR.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let now = rest?;
        let Some(end) = memchr2(b'\r', b'\n', now) else {
            rest = None;
            return Some(now);
        };
        let crlf = now[end..].starts_with(b"\r\n");
        rest = Some(&now[end + 1 + usize::from(crlf)..]);
        Some(&now[..end])
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAIL: &str = "From: Max <max@firma.example>\nMessage-ID: <1@firma.example>\nDate: Mon, 23 Nov 2026 09:00:00 +0100\n\
                        Subject: Offer\n please\n\nHello,\n\nplease call.\n";

    #[test]
    fn what_is_added_on_the_way_makes_no_difference() {
        let same = [
            MAIL.replace('\n', "\r\n"),
            MAIL.replace('\n', "\r"),
            format!(
                "Return-Path: <max@firma.example>\nDelivered-To: sales@example.com\nReceived: from a\n\tby b\n{MAIL}"
            ),
            MAIL.replace("Subject: Offer\n please", "X-Spam-Flag: NO\nSUBJECT:  Offer please "),
            format!("{MAIL}\n\n\r\n"),
            MAIL.trim_end().to_owned(),
            format!("\r\n{MAIL}"),
        ];
        for mail in same {
            assert_eq!(identity(mail.as_bytes()), identity(MAIL.as_bytes()), "{mail}");
        }
    }

    #[test]
    fn another_mail_under_the_same_message_id_is_another_mail() {
        let other = [
            MAIL.replace("please call", "please write"),
            MAIL.replace("Offer", "Order"),
            MAIL.replace("max@", "mia@"),
            MAIL.replace("09:00", "09:01"),
            MAIL.replace("<1@", "<2@"),
            MAIL.replace("\n\nplease", "\nplease"),
            MAIL.replace("Message-ID: <1@firma.example>\n", ""),
        ];
        for mail in other {
            assert_ne!(identity(mail.as_bytes()), identity(MAIL.as_bytes()), "{mail}");
        }
    }

    proptest! {
        #[test]
        fn identity_survives_transport(
            lines in proptest::collection::vec("[ -~]{0,40}", 0..20),
            trace in proptest::collection::vec("[ -~]{0,60}", 0..5),
        ) {
            let mail = format!("{}{}", "From: a@b.example\nSubject: x\n\n", lines.join("\n"));
            let added: String = trace.iter().flat_map(|value| ["Received: ", value, "\n"]).collect();
            let moved = format!("{added}{mail}").replace('\n', "\r\n");
            prop_assert_eq!(identity(mail.as_bytes()), identity(moved.as_bytes()));
        }

        #[test]
        fn any_bytes_have_an_identity(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert_eq!(identity(&bytes), identity(&bytes));
        }
    }
}
