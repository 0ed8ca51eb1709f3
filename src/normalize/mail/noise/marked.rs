//! Mail that other programs marked: spam, by the verdict of the server that took it, and answers to
//! invitations, by their calendar part.

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
    let method = text.lines().find_map(|line| line.trim().strip_prefix("METHOD:").map(str::to_owned))?;
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
    fn answers_to_invitations_are_told_from_invitations() {
        for (method, noise) in [("REPLY", true), ("CANCEL", true), ("REQUEST", false), ("PUBLISH", false)] {
            let mail = format!("From: a@b.example\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:{method}\n");
            assert_eq!(calendar(&Parts::of(mail.as_bytes()).unwrap()).is_some(), noise, "{method}");
        }
    }
}
