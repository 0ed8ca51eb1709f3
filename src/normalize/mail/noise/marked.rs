//! Mail that other programs marked: spam, by the verdict of the server that took it; answers to
//! invitations, by their calendar part; reports about the use of our domain, by their file.

use super::super::parts::Parts;

/// Bytes of a calendar part that are looked at.
const CALENDAR: usize = 16 << 10;

/// Headers with a verdict, and how that of spam begins, lower case. A mail without any is not judged.
const VERDICTS: [(&str, &str); 14] = [
    ("x-spam-flag", "yes"),
    ("x-spam-status", "yes"),
    ("x-spam", "yes"),
    ("x-spam-action", "reject"),
    ("x-rspamd-action", "reject"),
    ("x-rspamd-action", "add header"),
    ("x-bogosity", "spam"),
    ("x-bogosity", "yes"),
    ("x-dspam-result", "spam"),
    ("x-suspected-spam", "true"),
    ("x-gmx-antispam", "6"),
    ("x-mailgun-sflag", "yes"),
    ("x-ses-spam-verdict", "fail"),
    ("x-ses-virus-verdict", "fail"),
];

/// From which spam confidence level on Exchange calls a mail spam (0 to 9).
const LEVEL: i32 = 5;

/// A report that other mail servers send about all mail of a domain: DMARC's aggregate report, by the name of its
/// file (RFC 7489 § 7.2.1.1, `receiver!domain!begin!end.xml.gz`), or one about TLS (RFC 8460).
pub(super) fn domain_report(parts: &Parts<'_>) -> Option<String> {
    let mail = parts.root();
    let tls = mail.fields.has("tls-report-domain") || parts.of_kind(|kind| kind.contains("tlsrpt")).next().is_some();
    let aggregate = |name: &str| {
        let pieces: Vec<&str> = name.split('!').collect();
        let (Some(begin), Some(end)) = (pieces.get(2), pieces.get(3)) else { return false };
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        number(begin) && number(end.split('.').next().unwrap_or_default())
    };
    let named = || parts.of_kind(|_| true).filter_map(|number| parts.get(number).name.as_deref()).any(aggregate);
    (tls || named())
        .then(|| "a report about the use of our domain (DMARC, TLS): a mail server sends it to its owner".into())
}

/// The verdict of the server that took the mail, if it is spam. The first header counts: servers
/// put theirs above what came with the mail.
pub(super) fn spam(parts: &Parts<'_>) -> Option<String> {
    let fields = &parts.root().fields;
    let level = fields.word("x-ms-exchange-organization-scl").parse::<i32>().ok();
    if level.is_some_and(|level| level >= LEVEL) {
        return Some("spam, as the mail server found (`X-MS-Exchange-Organization-SCL`)".into());
    }
    let report = fields.word("x-forefront-antispam-report");
    if ["sfv:spm", "sfv:skb"].iter().any(|verdict| report.contains(verdict)) {
        return Some("spam, as the mail server found (`X-Forefront-Antispam-Report`)".into());
    }
    let found = VERDICTS.iter().find(|(header, verdict)| fields.word(header).starts_with(verdict));
    found.map(|(header, _)| format!("spam, as the mail server found (it carries `{header}`)"))
}

/// An answer to an invitation, or its end. An invitation itself may come from a lead.
pub(super) fn calendar(parts: &Parts<'_>) -> Option<String> {
    let number = parts.of_kind(|kind| kind == "text/calendar" || kind == "application/ics").next()?;
    let part = parts.get(number);
    let raw = parts.raw(part);
    let (bytes, _) = part.encoding.text(&raw[..raw.len().min(CALENDAR)]);
    let text = String::from_utf8_lossy(&bytes).to_ascii_uppercase();
    let method = text.lines().find_map(|line| line.trim().strip_prefix("METHOD:").map(str::to_owned));
    let method = method.or_else(|| {
        let kind = part.fields.word("content-type");
        let (_, method) = kind.split_once("method=")?;
        Some(method.trim_matches('"').split([';', '"', ' ']).next()?.to_ascii_uppercase())
    })?;
    ["REPLY", "CANCEL", "COUNTER", "REFRESH", "DECLINECOUNTER"]
        .contains(&method.trim())
        .then(|| "an answer to an invitation, or its end: a calendar program sent it".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_verdict_counts_and_none_is_none() {
        for (headers, spam_found) in [
            ("X-Spam-Flag: YES", true),
            ("X-Spam-Status: Yes, score=9.1 required=5", true),
            ("X-MS-Exchange-Organization-SCL: 6", true),
            ("X-Forefront-Antispam-Report: CIP:1;SFV:SPM;", true),
            ("X-Spam-Status: No, score=-1", false),
            ("X-MS-Exchange-Organization-SCL: -1", false),
            ("X-Spam-Flag: NO\nX-Spam-Flag: YES", false),
            ("Subject: spam", false),
        ] {
            let mail = format!("From: a@b.example\n{headers}\n\nx");
            assert_eq!(spam(&Parts::of(mail.as_bytes()).unwrap()).is_some(), spam_found, "{headers}");
        }
    }

    #[test]
    fn reports_about_our_domain_are_told_by_their_file() {
        for (name, report) in [
            ("google.com!example.com!1764201600!1764287999.zip", true),
            ("gmx.net!example.com!1764201600!1764287999!x7.xml.gz", true),
            ("offer!.pdf", false),
            ("a!b!c!d.zip", false),
        ] {
            let mail = format!("From: a@b.example\nContent-Type: application/zip; name=\"{name}\"\n\nPK");
            assert_eq!(domain_report(&Parts::of(mail.as_bytes()).unwrap()).is_some(), report, "{name}");
        }
        let tls = "From: a@b.example\nTLS-Report-Domain: example.com\n\nx";
        assert!(domain_report(&Parts::of(tls.as_bytes()).unwrap()).is_some());
    }

    #[test]
    fn answers_to_invitations_are_told_from_invitations() {
        for (method, noise) in [("REPLY", true), ("CANCEL", true), ("REQUEST", false), ("PUBLISH", false)] {
            let mail = format!("From: a@b.example\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:{method}\n");
            assert_eq!(calendar(&Parts::of(mail.as_bytes()).unwrap()).is_some(), noise, "{method}");
            let mail = format!("From: a@b.example\nContent-Type: text/calendar; method={method}\n\nBEGIN:VCALENDAR\n");
            assert_eq!(calendar(&Parts::of(mail.as_bytes()).unwrap()).is_some(), noise, "parameter {method}");
        }
    }
}
