//! Mail that is no lead: reports of mail servers, automatic answers, newsletters, our own notices.
//!
//! In: a mail's parts. Out: the reason and what it may say about a lead that is known, or nothing.
//! `Auto-Submitted: auto-generated` and an empty `Return-Path` are no reasons by themselves: form mailers set
//! them on real enquiries.

mod automatic;
mod bulk;
mod marked;
mod returned;
mod told;

use crate::lead::Says;
use crate::normalize::Reader;

use super::address;
use super::parts::{Part, Parts};

/// Local parts from which mail servers report.
const DAEMONS: [&str; 6] = ["mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mdaemon", "mailerdeamon"];

/// Words in subjects of delivery reports.
const UNDELIVERED: [&str; 55] = [
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
    "mail failure",
    "blocked by our",
    "unzustellbar",
    "nicht zustellbar",
    "nicht zugestellt",
    "zustellung fehlgeschlagen",
    "zustellstatus",
    "übermittlungsstatus",
    "non remis",
    "échec de remise",
    "échec de la remise",
    "état de remise",
    "non distribu",
    "no se puede entregar",
    "no entregado",
    "estado de entrega",
    "non recapitabile",
    "mancato recapito",
    "notifica sullo stato del recapito",
    "não é possível entregar",
    "não entregue",
    "status de entrega",
    "onbestelbaar",
    "bezorgingsstatus",
    "niedostarcz",
    "nie dostarcz",
    "kan inte levereras",
    "ej levererat",
    "leveransstatus",
    "kan ikke leveres",
    "leveringsstatus",
    "toimitus epäonnistui",
    "ei voi toimittaa",
    "nedoručiteln",
    "stavu doručení",
    "kézbesíthetetlen",
    "nelivrabil",
    "не доставлен",
    "недоставлен",
    "teslim edilemedi",
    "δεν ήταν δυνατή η παράδοση",
    "配信不能",
    "无法送达",
    "退信",
    "전송 실패",
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
    if let Some(reason) =
        report(parts).or_else(|| bounce(mail)).or_else(|| told::reason(parts)).or_else(|| told::receipt(parts))
    {
        let says = reason.starts_with(DELIVERY).then(|| Says::Failed(returned::read(parts)));
        return Some(Noise { reason, says });
    }
    if let Some(reason) = marked::domain_report(parts) {
        return Some(Noise::only(reason));
    }
    if let Some(reason) = automatic::reason(parts) {
        return Some(Noise { reason, says: Some(Says::Automatic) });
    }
    let other = marked::calendar(parts).or_else(|| bulk::newsletter(parts, reader)).or_else(|| marked::spam(parts));
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
    let daemon = daemon || exchange(local) || mail.fields.has("x-ms-exchange-message-is-ndr");
    let returned = mail.fields.first("return-path").is_some_and(|field| field.text(None) == "<>");
    let subject = mail.fields.word("subject");
    let failed = UNDELIVERED.iter().any(|words| subject.contains(words));
    let postmaster = local == "postmaster";
    // Nobody else sends in its name to nobody's account; a form mailer would name whom to answer.
    let report = postmaster && returned && !mail.fields.has("reply-to");
    if daemon || mail.fields.has("x-failed-recipients") || report || failed && (returned || postmaster) {
        return Some("a delivery report: a mail server says that a mail could not be delivered".into());
    }
    None
}

/// Exchange's own mailbox, from which it reports: `microsoftexchange` and 32 hexadecimal digits.
fn exchange(local: &str) -> bool {
    let digits = local.strip_prefix("microsoftexchange");
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
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
            ("Return-Path: <>\nFrom: postmaster@mx.example\nSubject: Non remis : Devis", "could not be delivered"),
            ("Return-Path: <>\nFrom: Microsoft Outlook <postmaster@mx.example>\nSubject: x", "could not be delivered"),
            (
                "From: <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@mx.example>\nSubject: x",
                "could not be delivered",
            ),
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
            "Return-Path: <>\nFrom: postmaster@host.example\nReply-To: max@firma.example\nSubject: Anfrage",
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
