//! Mail that is no lead: reports of mail servers, automatic answers, newsletters, our own notices.
//!
//! In: a mail's parts. Out: the reason and what it may say about a lead that is known, or nothing. `Auto-Submitted: auto-generated` and an empty
//! `Return-Path` are no reasons by themselves: form mailers set them on real enquiries.

mod marked;
mod returned;
mod told;

use crate::lead::Says;
use crate::normalize::{Reader, email};

use super::address;
use super::parts::{Part, Parts};

/// Local parts from which mail servers report.
const DAEMONS: [&str; 6] = ["mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mdaemon", "mailerdeamon"];

/// Words in subjects of delivery reports.
const UNDELIVERED: [&str; 12] = [
    "undeliver",
    "delivery fail",
    "delivery status notification",
    "delivery notification",
    "delivery error",
    "returned mail",
    "mail returned",
    "mail delivery fail",
    "not be delivered",
    "failure notice",
    "unzustellbar",
    "nicht zustellbar",
];

/// How subjects of automatic answers start; a colon or nothing follows.
const AUTOMATIC: [&str; 42] = [
    "automatic reply",
    "automatische antwort",
    "auto-reply",
    "autoreply",
    "auto reply",
    "automatic response",
    "out of office",
    "out of the office",
    "abwesenheitsnotiz",
    "abwesenheitsnachricht",
    "abwesend",
    "réponse automatique",
    "respuesta automática",
    "risposta automatica",
    "automatisch antwoord",
    "resposta automática",
    "autosvar",
    "automatiskt svar",
    "automatisk svar",
    "automaattinen vastaus",
    "automatyczna odpowiedź",
    "automatická odpověď",
    "automatická odpoveď",
    "automatikus válasz",
    "автоматический ответ",
    "автоответ",
    "автоматична відповідь",
    "автоматичен отговор",
    "otomatik yanıt",
    "otomatik cevap",
    "răspuns automat",
    "αυτόματη απάντηση",
    "automatski odgovor",
    "samodejni odgovor",
    "automaatvastus",
    "automātiska atbilde",
    "automatinis atsakymas",
    "自动回复",
    "自動回覆",
    "自動応答",
    "자동 회신",
    "absence du bureau",
];

/// How the reason of a report starts that says what became of a mail of ours.
const DELIVERY: &str = "a delivery report";

/// A mail that is no lead.
pub(super) struct Noise {
    /// Why.
    pub(super) reason: String,
    /// What it may say about a lead that is known.
    pub(super) says: Option<Says>,
}

impl Noise {
    fn only(reason: String) -> Self {
        Self { reason, says: None }
    }
}

/// Why a mail is no lead; `None` when nothing speaks against it.
pub(super) fn find(parts: &Parts<'_>, reader: &Reader) -> Option<Noise> {
    let mail = parts.root();
    if mail.fields.has("x-lotse-instance") {
        return Some(Noise::only("a notice that Lotse itself sent (it carries `X-Lotse-Instance`)".into()));
    }
    if let Some(reason) = report(parts).or_else(|| bounce(mail)).or_else(|| told::reason(parts)) {
        let says = reason.starts_with(DELIVERY).then(|| Says::Failed(returned::read(parts)));
        return Some(Noise { reason, says });
    }
    if let Some(reason) = automatic(mail) {
        return Some(Noise { reason, says: Some(Says::Automatic) });
    }
    let other = marked::calendar(parts).or_else(|| newsletter(mail, reader)).or_else(|| marked::spam(parts));
    other.map(Noise::only)
}

/// Reports by their structure (RFC 3464, 8098, 5965).
fn report(parts: &Parts<'_>) -> Option<String> {
    let mail = parts.root();
    let said = mail.report.as_deref().filter(|_| mail.kind == "multipart/report");
    let within = parts.children(0).map(|child| parts.get(child).kind.as_str());
    let found = said.into_iter().chain(within.filter_map(|kind| kind.strip_prefix("message/")));
    let mut reasons = found.filter_map(|report| match report {
        "delivery-status" | "global-delivery-status" => {
            Some("a delivery report: a mail server says what became of a mail we sent")
        }
        // Some servers refuse a mail with a receipt that it was thrown away unread.
        "disposition-notification" | "global-disposition-notification"
            if mail.fields.word("subject").contains("reject") =>
        {
            Some("a delivery report: a mail server says that it refused a mail we sent")
        }
        "disposition-notification" | "global-disposition-notification" => Some("a read receipt"),
        "feedback-report" => Some("an abuse report about a mail we sent"),
        _ => None,
    });
    reasons.next().map(str::to_owned)
}

/// Reports of servers that do not follow the standard: their sender gives them away, or a
/// postmaster together with the subject.
fn bounce(mail: &Part<'_>) -> Option<String> {
    let from = mail.fields.first("from").map(|field| address::list(field, None)).unwrap_or_default();
    let from = from.into_iter().next().unwrap_or_default();
    let name = from.name.unwrap_or_default().to_lowercase();
    let address = from.address.unwrap_or_default().to_lowercase();
    let local = address.split('@').next().unwrap_or_default();
    let daemon = DAEMONS.contains(&local) || DAEMONS.contains(&name.as_str()) || name.starts_with("mail delivery s");
    let returned = mail.fields.first("return-path").is_some_and(|field| field.text(None) == "<>");
    let subject = mail.fields.word("subject");
    let failed = UNDELIVERED.iter().any(|words| subject.contains(words));
    if daemon || mail.fields.has("x-failed-recipients") || failed && (returned || local == "postmaster") {
        return Some("a delivery report: a mail server says that a mail could not be delivered".into());
    }
    None
}

/// Automatic answers (RFC 3834 and what programs did before it).
fn automatic(mail: &Part<'_>) -> Option<String> {
    let submitted = mail.fields.word("auto-submitted");
    let precedence = mail.fields.word("precedence");
    let marked = ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from"]
        .into_iter()
        .find(|name| mail.fields.has(name) && !matches!(mail.fields.word(name).as_str(), "no" | "false"));
    let subject = mail.fields.word("subject");
    let told = AUTOMATIC.iter().any(|start| {
        let rest = subject.strip_prefix(start).map(str::trim_start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '：']))
    });
    if submitted.starts_with("auto-replied") {
        return Some("an automatic answer (`Auto-Submitted: auto-replied`)".into());
    }
    if let Some(header) = marked {
        return Some(format!("an automatic answer (it carries `{header}`)"));
    }
    if matches!(precedence.as_str(), "auto_reply" | "auto-reply" | "autoreply" | "vacation") {
        return Some(format!("an automatic answer (`Precedence: {precedence}`)"));
    }
    told.then(|| "an automatic answer, by its subject".into())
}

/// Newsletters and mailing lists (RFC 2369, 2919). A list of our own is a shared mailbox.
fn newsletter(mail: &Part<'_>, reader: &Reader) -> Option<String> {
    let precedence = mail.fields.word("precedence");
    let bulk = matches!(precedence.as_str(), "bulk" | "list" | "junk");
    if !mail.fields.has("list-unsubscribe") || !(mail.fields.has("list-id") || bulk) {
        return None;
    }
    let id = mail.fields.word("list-id");
    let id = id.rsplit('<').next().unwrap_or_default().trim_end_matches('>');
    let post = mail.fields.text("list-post", None).unwrap_or_default();
    let posted = email::parse_all(&post);
    let ours = reader.own_domain(id).is_some() || posted.iter().any(|post| reader.own_domain(post.domain()).is_some());
    if ours {
        return None;
    }
    let name =
        if id.is_empty() { String::new() } else { format!(" of `{}`", crate::normalize::text::shorten(id, 100)) };
    Some(format!("a newsletter or mailing list{name} (it carries `List-Unsubscribe`)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::mail::tests::reader;

    fn of(headers: &str) -> Option<String> {
        let mail = format!("{headers}\n\nSome text\n");
        find(&Parts::of(mail.as_bytes()).unwrap(), &reader()).map(|noise| noise.reason)
    }

    #[test]
    fn what_is_no_lead_is_told_with_its_reason() {
        for (headers, why) in [
            ("From: lotse@example.com\nX-Lotse-Instance: 1", "X-Lotse-Instance"),
            ("From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail", "could not be delivered"),
            ("From: MAILER-DAEMON <>\nSubject: x", "could not be delivered"),
            ("From: Mail Delivery System <x@mx.example>", "could not be delivered"),
            ("From: postmaster@mx.example\nSubject: Unzustellbar: Angebot", "could not be delivered"),
            (
                "From: a@b.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nx\n--b--",
                "delivery report",
            ),
            (
                "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/disposition-notification\n\nx\n--b--",
                "read receipt",
            ),
            ("From: a@b.example\nAuto-Submitted: auto-replied (vacation)", "auto-replied"),
            ("From: a@b.example\nX-Autoreply: yes", "x-autoreply"),
            ("From: a@b.example\nPrecedence: auto_reply", "auto_reply"),
            ("From: a@b.example\nSubject: Automatische Antwort: Angebot", "by its subject"),
            ("From: a@b.example\nSubject: =?utf-8?Q?R=C3=A9ponse_automatique_:_Devis?=", "by its subject"),
            (
                "From: a@b.example\nList-Unsubscribe: <mailto:x@b.example>\nList-Id: News <news.b.example>",
                "`news.b.example`",
            ),
            ("From: a@b.example\nList-Unsubscribe: <mailto:x@b.example>\nPrecedence: bulk", "newsletter"),
        ] {
            assert!(of(headers).is_some_and(|reason| reason.contains(why)), "{headers}: {:?}", of(headers));
        }
    }

    #[test]
    fn what_may_be_a_lead_is_let_through() {
        for headers in [
            "From: max@firma.example\nAuto-Submitted: auto-generated",
            "From: max@firma.example\nAuto-Submitted: no",
            "From: max@firma.example\nReturn-Path: <>",
            "From: max@firma.example\nSubject: Undelivered parcel, please help",
            "From: postmaster@firma.example\nSubject: Angebot",
            "From: max@firma.example\nSubject: Automatic reply systems: a quote please",
            "From: max@firma.example\nX-Autoreply: no",
            "From: max@firma.example\nList-Unsubscribe: <mailto:x@b.example>",
            "From: max@firma.example\nPrecedence: bulk",
            "From: max@firma.example\nList-Unsubscribe: <mailto:s+u@example.com>\nList-Id: <sales.example.com>\nPrecedence: list",
            "From: max@firma.example\nDisposition-Notification-To: max@firma.example",
        ] {
            assert_eq!(of(headers), None, "{headers}");
        }
    }
}
