//! What the words of a mail tell: reports of servers that follow no standard, challenges of spam
//! filters, complaints.
//!
//! Words alone are never enough: people write to us about mail that did not arrive. A report also
//! has a sender no person writes from, or a subject that reports have and the dialogue of servers.

use std::sync::LazyLock;

use regex::Regex;

use crate::normalize::{email, robot, text};

use super::super::headers::Fields;
use super::super::parts::Parts;
use super::super::vocabulary::{self, Label};
use super::super::{address, body};
use super::UNDELIVERED;

/// Bytes of the text that are looked at.
const TEXT: usize = 8 << 10;

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));
    };
}

// What only servers say.
pattern!(
    DIALOGUE,
    r"(?ix) rcpt\ to: | smtp\ error | \b[45]\d\d[\ -]+\#?\(?\#?[45]\.\d{1,3}\.\d{1,3} | \b5[05]\d\ (?:requested|user|no\ such|unknown|mailbox|recipient|invalid|address)
      | (?:delivery\ attempts\ will|will\ continue\ to\ try\ to\ deliver) | diagnostic-code: | final-recipient: | could\ not\ be\ delivered\ to:?\s*< "
);
// What they say to people.
pattern!(
    FAILED,
    r"(?ix) (?:could|can|was|were|has|have)\s?(?:not|n['’]t|\ not\ been)\ (?:be\ )?(?:delivered|reached) | unable\ to\ deliver | did\ not\ reach\ the\ following | undeliverable
      | (?:user|recipient|mailbox|address|account)\ (?:is\ )?(?:unknown|unavailable|disabled|not\ (?:found|recognized)) | no\ such\ (?:user|recipient|mailbox)
      | (?:invalid|unknown)\ (?:user|recipient|mailbox|address) | mailbox\ (?:is\ )?(?:full|over\ quota) | quota\ exceeded | delivery\ (?:has\ )?(?:failed|been\ delayed|of\ email)
      | (?:message|mail)\ (?:was|has\ been)\ (?:automatically\ )?(?:rejected|returned|blocked|refused) | was\ blocked\ by\ (?:our|the) | original\ (?:mail|message)(?:\ as\ received)?(?:\ is)?\ (?:as\ )?follows
      | konnte\ nicht\ (?:zugestellt|übermittelt) | unzustellbar | n['’]a\ pas\ pu\ être\ (?:remis|délivr|distribu) | no\ se\ (?:pudo|ha\ podido)\ entregar
      | non\ è\ stato\ possibile\ (?:recapitare|consegnare) | não\ (?:pôde|foi\ possível)\ (?:ser\ )?entreg | kon\ niet\ worden\ (?:bezorgd|afgeleverd)
      | nie\ (?:można|udało\ się|mógł\ zostać)\ dostarcz | kunde\ inte\ levereras | не\ (?:может|удалось|было)\ (?:быть\ )?достав | 送信できません | 配信できません | 无法投递 | 無法傳遞 | 전달되지"
);
// A mail provider's complaint in words.
pattern!(
    COMPLAINT,
    r"(?i)^\s*(?:\[?abuse\]?:? )?(?:complaint|abuse report|spam report) (?:about|from|for|regarding) (?:message|mail|e-mail|ip)\b"
);
// Filters that ask the sender to show that they are human.
pattern!(
    CHALLENGE,
    r"(?ix) (?:sender|e-?mail)\ (?:address\ )?verification\ (?:required|request) | (?:confirm|verify)\ (?:that\ you\ (?:are|sent)|you\ (?:are|sent)|your\ (?:message|e-?mail\ to))
      | challenge[- ]response | spam\s?arrest | boxtrapper | your\ (?:e-?mail|message)\ (?:to\ \S+\ )?requires\ (?:verification|confirmation) | (?:to|will)\ (?:have|be)\ .{0,40}delivered.{0,60}(?:click|reply\ to\ this) "
);

/// How subjects of receipts begin, before the colon.
const READ: &str = "read|gelesen|nicht gelesen|not read|lu|non lu|leído|leída|no leído|letto|non letto|lida|lido|não lida|gelezen|niet gelezen|przeczytano|przeczytane|läst|oläst|læst|lest|ulæst|ulest|luettu|lukematta|přečteno|prečítané|olvasott|elolvasva|citit|прочтено|прочитано|прочетено|okundu|διαβάστηκε|αναγνώστηκε|pročitano|prebrano|loetud|izlasīts|perskaityta|開封済み|已读|已讀|읽음";
/// Bytes of a receipt in words.
const RECEIPT: usize = 1_000;

/// Senders from whom servers report, beside those whose name says it.
const KEEPERS: [&str; 4] = ["postmaster", "post_master", "post-master", "system administrator"];

/// What stands in addresses of mail gateways.
const GATEWAYS: [&str; 5] = ["smtp", "mail_service", "gateway", "antivirus", "imss"];

/// Where a mail comes from.
#[derive(Clone, Copy, PartialEq)]
enum Source {
    /// A mail server.
    Server,
    /// A program; form mailers are such, so that their words count for little.
    Program,
    /// Perhaps a person.
    Anybody,
}

/// A receipt without the structure of one: its subject, and a text that repeats the head of the mail that was read.
pub(super) fn receipt(parts: &Parts<'_>) -> Option<String> {
    let subject = parts.root().fields.word("subject");
    let (start, _) = subject.split_once([':', '：'])?;
    if !vocabulary::holds(READ, start.trim()) {
        return None;
    }
    let said = body::read(parts).text.unwrap_or_default();
    let labels: Vec<Label> = said.lines().filter_map(|line| Some(vocabulary::label(line)?.0)).collect();
    let head = [Label::To, Label::Subject].iter().all(|label| labels.contains(label));
    (said.len() < RECEIPT && head && !labels.contains(&Label::From)).then(|| "a read receipt, by its words".into())
}

/// What kind of mail the words make it; `None` where they make it none.
pub(super) fn reason(parts: &Parts<'_>) -> Option<String> {
    let mail = parts.root();
    let subject = mail.fields.word("subject");
    if COMPLAINT.is_match(&subject) && parts.of_kind(|kind| kind == "message/rfc822").next().is_some() {
        return Some("an abuse report about a mail we sent".into());
    }
    let source = source(&mail.fields);
    let failed = UNDELIVERED.iter().any(|words| subject.contains(words));
    let answers = mail.fields.word("auto-submitted").starts_with("auto-");
    if source == Source::Anybody && !answers && !CHALLENGE.is_match(&subject) {
        return None;
    }
    let said = body::read(parts).text.unwrap_or_default();
    let said = text::shorten(&said, TEXT);
    let report = if mail.fields.has("x-amz-sns-message-id") {
        said.contains("notificationType") && ["Bounce", "Complaint"].iter().any(|kind| said.contains(kind))
    } else {
        let attached = parts.of_kind(|kind| matches!(kind, "message/rfc822" | "text/rfc822-headers")).next().is_some();
        match source {
            Source::Server => FAILED.is_match(said) || DIALOGUE.is_match(said),
            Source::Program => DIALOGUE.is_match(said) && (failed || attached),
            Source::Anybody => false,
        }
    };
    if report {
        return Some("a delivery report: it says that a mail could not be delivered".into());
    }
    let asks = CHALLENGE.is_match(&subject) && (source != Source::Anybody || answers || CHALLENGE.is_match(said));
    asks.then(|| "a challenge of a spam filter: it asks the sender to confirm a mail".into())
}

/// Where a mail comes from, by its sender and the address for reports about it.
fn source(fields: &Fields<'_>) -> Source {
    let returned = fields.first("return-path").map(|field| field.text(None).to_lowercase()).unwrap_or_default();
    let from = fields.first("from");
    let raw = from.map(|field| field.text(None).to_lowercase()).unwrap_or_default();
    let raw = raw.trim_start_matches(['<', '"', '\'', ' ']);
    let mailboxes = from.map(|field| address::list(field, None)).unwrap_or_default();
    let address = mailboxes.into_iter().find_map(|mailbox| mailbox.address).unwrap_or_default().to_lowercase();
    let local = address.rsplit_once('@').map_or("", |(local, _)| local);
    let kept = KEEPERS.iter().any(|keeper| raw.starts_with(keeper) || local == *keeper);
    // fml, a list server, reports from the address of its keeper.
    let lists = fields.has("x-mlserver") && !fields.has("list-post") && !fields.has("x-ml-name");
    if returned.contains("mailer-daemon") || kept || lists {
        Source::Server
    } else if returned == "<>"
        || GATEWAYS.iter().any(|word| local.contains(word))
        || email::parse(&address).is_some_and(|email| robot::is_robot(&email))
    {
        Source::Program
    } else {
        Source::Anybody
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mail: &str) -> Option<String> {
        reason(&Parts::of(mail.as_bytes()).unwrap())
    }

    #[test]
    fn reports_in_words_are_recognised() {
        for (mail, why) in [
            (
                "From: Postmaster <>\nSubject: x\n\nYour mail did not reach the following recipient: a@b.example",
                "delivery report",
            ),
            ("From: post_master@b.example\n\n550 - no such user here", "delivery report"),
            (
                "From: x@b.example\nReturn-Path: <MAILER-DAEMON@b.example>\n\nUnable to deliver message",
                "delivery report",
            ),
            ("From: no-reply@b.example\nSubject: Delivery failure\n\n550 5.1.1 gone", "delivery report"),
            (
                "From: no-reply@b.example\nx-amz-sns-message-id: 1\n\n{\"notificationType\":\"Bounce\"}",
                "delivery report",
            ),
            (
                "From: staff@b.example\nSubject: complaint about message from 192.0.2.1\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--b--",
                "abuse report",
            ),
            ("From: keeper@b.example\nX-MLServer: fml\nSubject: Loop\n\nOriginal mail as follows:", "delivery report"),
            ("From: postmaster@b.example\nSubject: x\n\nYour message was blocked by our filter", "delivery report"),
            (
                "From: x@b.example\nAuto-Submitted: auto-replied\nSubject: Please confirm your message\n\nClick.",
                "challenge",
            ),
        ] {
            assert!(of(mail).is_some_and(|reason| reason.contains(why)), "{mail}: {:?}", of(mail));
        }
    }

    #[test]
    fn receipts_in_words_are_told_from_letters() {
        let head = "Ihre Nachricht\n\nAn: anna@example.com\nBetreff: Angebot\nGesendet: 3. März 2026\n\nwurde gelesen.";
        for (subject, text, is) in [
            ("Gelesen: Angebot", head, true),
            ("Lu : Devis", head, true),
            ("Gelesen: Ihr Buch", "Ihr Buch habe ich gelesen und möchte zwölf bestellen", false),
            ("Angebot", head, false),
        ] {
            let mail = format!("From: max@firma.example\nSubject: {subject}\n\n{text}");
            assert_eq!(receipt(&Parts::of(mail.as_bytes()).unwrap()).is_some(), is, "{subject}");
        }
    }

    #[test]
    fn people_may_write_about_mail_that_did_not_arrive() {
        for mail in [
            "From: max@firma.example\nSubject: Undeliverable: my mail to you\n\nI got 550 5.1.1 user unknown",
            "From: noreply@shop.example\nSubject: Contact form\n\nMy parcel could not be delivered.",
            "From: wordpress@shop.example\nReturn-Path: <>\nSubject: Contact form\n\nYour server says 550 5.1.1",
            "From: postmaster@firma.example\nSubject: Offer\n\nPlease send an offer.",
            "From: max@firma.example\nSubject: Please confirm your message about prices\n\nIs it so?",
        ] {
            assert_eq!(of(mail), None, "{mail}");
        }
    }
}
