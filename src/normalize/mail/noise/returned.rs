//! Which mail came back, and whom it did not reach: from a delivery report (RFC 3464, and the usual
//! words of servers that do not write one).

use std::sync::LazyLock;

use regex::Regex;

use super::super::headers::{Fields, Place};
use super::super::parts::{Part, Parts};
use super::super::{body, sender, thread};
use crate::lead::{Email, Returned};
use crate::normalize::email;
use crate::normalize::text::{line, shorten};

/// Bytes of a part that are looked at.
const PART: usize = 64 << 10;
/// Bytes of the text that are looked at.
const TEXT: usize = 8 << 10;
/// Recipients in one report that are looked at.
const RECIPIENTS: usize = 20;
/// Names of mails in one report that are looked at.
const NAMES: usize = 100;
/// Characters of what the other server said.
const WHY: usize = 300;

/// A report that a mail is late: it may still arrive.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static LATE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)\bdelay(?:ed)?\b|will (?:continue|keep|be re|try again|retry)|not yet been delivered|verzögert|weiterhin versucht|retardé|retrasad";
    Regex::new(pattern).expect("a constant pattern")
});

/// Reads a delivery report.
pub(super) fn read(parts: &Parts<'_>) -> Returned {
    let root = &parts.root().fields;
    let mut found = Returned { ids: thread::answers(root), ..Returned::default() };
    let mut reported = false;
    for number in parts.of_kind(|kind| kind.ends_with("delivery-status")) {
        reported = true;
        status(&decoded(parts, parts.get(number)), &mut found);
    }
    for failed in root.all("x-failed-recipients").flat_map(|field| email::parse_all(&field.text(None))) {
        keep(&mut found.recipients, failed);
    }
    let is_returned =
        |kind: &str| matches!(kind, "message/rfc822" | "message/global") || kind.ends_with("rfc822-headers");
    for number in parts.of_kind(|kind| is_returned(kind) || kind == "message/global-headers").take(RECIPIENTS) {
        if let Some(inner) = parts.children(number).next() {
            returned(&parts.get(inner).fields, &mut found);
        } else {
            let head = decoded(parts, parts.get(number));
            returned(&Fields::scan(&head, 0, Place::Mail, |_| false).0, &mut found);
        }
    }
    if !reported && found.recipients.is_empty() {
        let text = body::read(parts).text.unwrap_or_default();
        let words = own_words(shorten(&text, TEXT));
        if !LATE.is_match(&root.word("subject")) && !LATE.is_match(&words) {
            found.recipients = email::parse_all(&words);
        }
    }
    found.ids.truncate(NAMES);
    found
}

/// What a server says itself, above a copy of the mail that came back.
fn own_words(text: &str) -> String {
    let copy = |line: &&str| {
        let lower = line.to_lowercase();
        let told = ["return", "original", "copy", "header", "message"].iter().any(|word| lower.contains(word));
        let marked = line.starts_with("--") && told && !line.contains('@');
        marked || ["Received:", "Return-Path:", "Message-ID:", "From:"].iter().any(|name| line.starts_with(name))
    };
    text.lines().map(str::trim).take_while(|line| !copy(line)).fold(String::new(), |words, line| words + line + "\n")
}

fn decoded(parts: &Parts<'_>, part: &Part<'_>) -> Vec<u8> {
    let raw = parts.raw(part);
    part.encoding.text(&raw[..raw.len().min(PART)]).0
}

/// The fields of each recipient (RFC 3464 § 2.3).
fn status(bytes: &[u8], found: &mut Returned) {
    let mut at = 0;
    while at < bytes.len() && found.recipients.len() < RECIPIENTS {
        let (fields, next) = Fields::scan(bytes, at, Place::Part, |_| false);
        if next <= at {
            break;
        }
        at = next;
        let action = fields.word("action");
        let lasting = action == "failed" || action.is_empty() && fields.word("status").starts_with('5');
        let of = |name: &str| {
            let value = fields.text(name, None)?;
            email::parse(value.split_once(';').map_or(value.as_str(), |(_, address)| address))
        };
        // What was written to counts before what that was forwarded to.
        if let Some(failed) = of("original-recipient").or_else(|| of("final-recipient")).filter(|_| lasting) {
            keep(&mut found.recipients, failed);
            if let Some(failed) = of("final-recipient") {
                keep(&mut found.recipients, failed);
            }
            let said = fields.text("diagnostic-code", None).or_else(|| fields.text("status", None));
            let said = said.map(|said| line(said.trim_start_matches("smtp;")));
            found.why = found.why.take().or(said.map(|said| shorten(&said, WHY).to_owned()));
        }
    }
}

/// What the mail that came back says of itself.
fn returned(fields: &Fields<'_>, found: &mut Returned) {
    found.ids.extend(thread::ids(fields));
    found.ids.extend(thread::answers(fields));
    for (_, email) in sender::mailboxes(fields, "to", None) {
        keep(&mut found.named, email);
    }
}

fn keep(list: &mut Vec<Email>, email: Email) {
    if list.len() < RECIPIENTS && !list.contains(&email) {
        list.push(email);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mail: &str) -> Returned {
        read(&Parts::of(mail.as_bytes()).unwrap())
    }

    fn report(action: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; max@firma.example\nAction: {action}\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such\n user\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <1@example.com>\nReferences: <0@example.com>\nTo: Max <m.mustermann@firma.example>\n--b--\n"
        )
    }

    #[test]
    fn a_report_says_whom_which_mail_did_not_reach() {
        let found = of(&report("failed"));
        assert_eq!(found.recipients, [Email("max@firma.example".into())]);
        assert_eq!(found.named, [Email("m.mustermann@firma.example".into())]);
        assert_eq!(found.ids, ["1@example.com", "0@example.com"]);
        assert_eq!(found.why.as_deref(), Some("550 5.1.1 no such user"));
        for harmless in ["delayed", "delivered", "relayed"] {
            assert!(of(&report(harmless)).recipients.is_empty(), "{harmless}");
        }
    }

    #[test]
    fn a_report_in_words_names_it_too() {
        let exim = "From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: max@firma.example\n\nx";
        let qmail =
            "From: MAILER-DAEMON@mx.example\n\nHi. This is the program.\n\n<max@firma.example>:\n550 no such user\n";
        for mail in [exim, qmail] {
            assert_eq!(of(mail).recipients, [Email("max@firma.example".into())], "{mail}");
        }
        for late in ["The mail to max@firma.example is delayed.", "max@firma.example: will keep trying"] {
            assert_eq!(of(&format!("From: MAILER-DAEMON@mx.example\n\n{late}")), Returned::default());
        }
    }
}
