//! A letter as a mail (RFC 5322): headers that nobody can inject into, and plain text.
//!
//! Whatever a lead wrote passes [`line`] before it comes near a header: lettre panics at a line
//! break in a display name. The sender is always our own address (a foreign one fails DMARC); the
//! lead stands in `Reply-To`.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};

use crate::lead::Priority;
use crate::notify::letter::{self, line};
use crate::notify::{AlarmLetter, Failure, Letter, Message as Told};

/// Longest display name, characters.
const LONGEST_NAME: usize = 80;
/// The end of the year 9998, seconds since 1970; lettre panics at later dates.
const LAST_SECOND: u64 = 253_370_764_799;

/// The sender from the settings; the error says what is wrong.
pub(super) fn sender(from: &str) -> Result<Mailbox, String> {
    let wrong = || format!("from: `{}` is no sender, write `Lotse <lotse@example.com>`", line(from, 100));
    let mailbox: Mailbox = from.trim().parse().map_err(|_| wrong())?;
    if mailbox.email.domain().starts_with('[') || from.contains(['\r', '\n']) {
        return Err(wrong());
    }
    Ok(Mailbox::new(mailbox.name.and_then(|name| display_name(&name)), mailbox.email))
}

/// Whom it goes to.
pub(super) fn receiver(told: &Told) -> Result<Mailbox, Failure> {
    match told {
        Told::Lead(letter) => owner(letter),
        Told::Alarm(letter) => operators(letter),
    }
}

/// The operators as receiver.
fn operators(letter: &AlarmLetter) -> Result<Mailbox, Failure> {
    let wrong = |why: &str| Failure::permanent(format!("{why}; set email under [alarms]"));
    let email = letter.to.as_ref().ok_or_else(|| wrong("alarms have no address to go to"))?;
    let email = email.as_str().parse().map_err(|_| wrong("the address for alarms cannot be used"))?;
    Ok(Mailbox::new(None, email))
}

/// The owner as receiver.
fn owner(letter: &Letter) -> Result<Mailbox, Failure> {
    let owner = letter
        .owner
        .as_ref()
        .ok_or_else(|| Failure::permanent("a mail needs an owner to go to, and this notice has none"))?;
    let email = owner.email.as_ref().ok_or_else(|| {
        Failure::permanent(format!("the owner `{0}` has no address; set email under [owners.{0}]", owner.id))
    })?;
    let email = email.as_str().parse().map_err(|error| {
        Failure::permanent(format!(
            "the address of the owner `{0}` cannot be used ({error}); see [owners.{0}]",
            owner.id
        ))
    })?;
    Ok(Mailbox::new(display_name(&owner.name), email))
}

/// The mail as it goes over the wire.
pub(super) fn compose(told: &Told, from: &Mailbox, to: &Mailbox) -> Result<Vec<u8>, Failure> {
    let notice = told.notice();
    let domain = from.email.domain();
    let mut mail = Message::builder()
        .from(from.clone())
        .to(to.clone())
        .subject(plain(&told.subject()))
        .date(date(notice.created_at))
        .message_id(Some(format!("<{}@{domain}>", notice.id)))
        // Mail programs show all notices about one lead as one conversation.
        .references(format!("<{}@{domain}>", told.thread()));
    if let Told::Lead(letter) = told
        && let Some(reply_to) = letter::reply_to(&letter.lead).and_then(|address| address.parse().ok())
    {
        let name = letter.lead.person.name.as_deref().and_then(display_name);
        mail = mail.reply_to(Mailbox::new(name, reply_to));
    }
    let importance = match told {
        Told::Lead(letter) => importance(letter.lead.assessment.priority),
        Told::Alarm(_) => "",
    };
    for (name, value) in [
        (HeaderName::new_from_ascii_str("Importance"), importance.to_owned()),
        (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()),
        (HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "All".to_owned()),
        (HeaderName::new_from_ascii_str("X-Lotse-Instance"), line(&told.house().instance, 200)),
        (HeaderName::new_from_ascii_str("X-Lotse-Event"), notice.event.as_str().to_owned()),
        (HeaderName::new_from_ascii_str("X-Lotse-Notice"), notice.id.to_string()),
        (HeaderName::new_from_ascii_str("X-Lotse-Lead"), notice.lead.map_or_else(String::new, |lead| lead.to_string())),
    ] {
        if value.is_empty() {
            continue;
        }
        mail = mail.raw_header(HeaderValue::new(name, value));
    }
    mail.header(lettre::message::header::ContentType::TEXT_PLAIN)
        .body(told.text())
        .map(|message| message.formatted())
        .map_err(|error| Failure::permanent(format!("the notice cannot be written as a mail: {error}")))
}

/// A time that a mail can carry: from 1970 on (a clock may stand before that).
pub(super) fn date(at: Timestamp) -> SystemTime {
    let since_1970 = u64::try_from(at.as_second()).unwrap_or(0).min(LAST_SECOND);
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_1970)
}

/// A display name on one line; `None` when nothing is left of it.
fn display_name(name: &str) -> Option<String> {
    Some(plain(&line(name, LONGEST_NAME))).filter(|name| !name.is_empty())
}

/// Text that is not taken for an encoded word (RFC 2047), which could hide line breaks.
fn plain(line: &str) -> String {
    line.replace("=?", "= ?")
}

/// How mail programs mark what is urgent or can wait (RFC 2156, 5.3.4); nothing for all else.
const fn importance(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "",
        Priority::High => "high",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::Email;
    use crate::notify::letter::samples;

    /// Texts that try to become headers, recipients or bodies.
    const NASTY: [&str; 44] = [
        "Max\r\nBcc: evil@attacker.example",
        "Max\nBcc: evil@attacker.example",
        "Max\rBcc: evil@attacker.example",
        "Max\r\n\r\n<html>injected</html>",
        "\r\n.\r\nMAIL FROM:<a@attacker.example>",
        "Max\n.\nRCPT TO:<x@attacker.example>",
        "Max\u{0}\r\nTo: evil@attacker.example",
        "Max\u{b}Bcc: x",
        "Max\u{c}Bcc: x",
        "Max\u{85}Bcc: evil@attacker.example",
        "Max\u{2028}Bcc: evil@attacker.example",
        "Max\u{2029}Bcc: x",
        "%0d%0aBcc: x",
        "Max\\r\\nBcc: x",
        "=?utf-8?Q?Max=0D=0ABcc:_evil@attacker.example?=",
        "=?utf-8?B?DQpCY2M6IHg=?=",
        "\"Max\" <evil@attacker.example>",
        "Max\" <evil@attacker.example>, \"",
        "evil@attacker.example, Max",
        "Max;evil@attacker.example",
        "<evil@attacker.example>",
        "Max (comment\r\n) x",
        "\\",
        "\"",
        "\"\"",
        "\\\"",
        "Max\\",
        ",",
        ";:",
        "@",
        "Max\u{7f}",
        "\u{1b}[31mMax",
        "\u{202e}elpmaxe.rekcatta@live",
        "\u{feff}Max",
        "Max\u{200b}",
        "\u{0}",
        "\r\n",
        " ",
        "",
        "\t\tMax\t",
        "💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥💥",
        "ÄÖÜäöüßÄÖÜäöüßÄÖÜäöüßÄÖÜäöüßÄÖÜäöüßÄÖÜäöüßÄÖÜäöüßÄÖÜäöüßÄÖÜäöüßÄÖÜäöüß",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "Max\u{d}\u{a} \r\n folded",
    ];

    fn from() -> Mailbox {
        sender("Lotse <lotse@example.com>").unwrap()
    }

    fn composed(letter: &Letter) -> String {
        let told = Told::from(letter.clone());
        String::from_utf8(compose(&told, &from(), &receiver(&told).unwrap()).unwrap()).unwrap()
    }

    /// Header names in order, with the unfolded values.
    fn headers(mail: &str) -> Vec<(String, String)> {
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        unfolded
            .split("\r\n")
            .map(|row| row.split_once(": ").unwrap_or_else(|| panic!("no header: {row:?}")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn nothing_that_a_lead_wrote_becomes_a_header_or_a_receiver() {
        let mut samples_letter = samples::letter();
        let expected: Vec<String> = headers(&composed(&samples_letter)).into_iter().map(|(name, _)| name).collect();
        for nasty in NASTY {
            let person = &mut samples_letter.lead.person;
            person.name = Some(nasty.to_owned());
            person.company = Some(nasty.to_owned());
            samples_letter.lead.subject = Some(nasty.to_owned());
            samples_letter.lead.tags = vec![nasty.to_owned()];
            samples_letter.lead.attribution.page = Some(nasty.to_owned());
            samples_letter.touch.as_mut().unwrap().content.text = Some(nasty.to_owned());
            let mail = composed(&samples_letter);
            assert!(mail.is_ascii(), "{nasty:?}");
            assert!(!mail.replace("\r\n", "").contains(['\r', '\n', '\0']), "{nasty:?}: bare line ends");
            let found = headers(&mail);
            let names: Vec<String> = found.iter().map(|(name, _)| name.clone()).collect();
            assert_eq!(names, expected, "{nasty:?}");
            let value = |name: &str| found.iter().find(|(n, _)| n == name).unwrap().1.as_str();
            assert!(value("Reply-To").contains("max@firma.example"), "{nasty:?}: {}", value("Reply-To"));
            let read = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap();
            let reply_to: Vec<_> = read.reply_to().unwrap().iter().filter_map(|a| a.address()).collect();
            assert_eq!(reply_to, ["max@firma.example"], "{nasty:?}");
            let to: Vec<_> = read.to().unwrap().iter().filter_map(|a| a.address()).collect();
            assert_eq!(to, ["anna@example.com"], "{nasty:?}");
            assert!(!read.subject().unwrap().contains(['\r', '\n', '\0']), "{nasty:?}");
        }
    }

    #[test]
    fn nasty_addresses_and_owners_fail_or_do_no_harm() {
        for nasty in NASTY {
            let mut letter = samples::letter();
            letter.lead.person.emails = vec![Email(nasty.to_owned())];
            assert!(!composed(&letter).contains("Reply-To"), "{nasty:?}");
            letter.owner.as_mut().unwrap().name = nasty.to_owned();
            assert_eq!(headers(&composed(&letter)).iter().filter(|(name, _)| name == "To").count(), 1, "{nasty:?}");
            letter.owner.as_mut().unwrap().email = Some(Email(nasty.to_owned()));
            assert!(receiver(&letter.into()).is_err(), "{nasty:?}");
        }
    }

    #[test]
    fn a_mail_carries_its_marks_and_a_stable_id_and_date() {
        let letter = samples::letter();
        let found = headers(&composed(&letter));
        let value = |name: &str| found.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).unwrap();
        assert_eq!(value("Message-ID"), format!("<{}@example.com>", letter.notice.id));
        assert_eq!(value("References"), "<lotse-lead-x@example.com>");
        assert_eq!(value("Date"), "Mon, 23 Nov 2026 09:12:44 +0000");
        assert_eq!(value("From"), "Lotse <lotse@example.com>");
        assert_eq!(value("To"), "\"Anna Schmidt\" <anna@example.com>");
        assert_eq!(value("Auto-Submitted"), "auto-generated");
        assert_eq!(value("X-Auto-Response-Suppress"), "All");
        assert_eq!(value("X-Lotse-Notice"), letter.notice.id.to_string());
        assert_eq!(value("X-Lotse-Lead"), letter.lead.id.to_string());
        assert_eq!(value("X-Lotse-Instance"), "https://leads.example.com");
        assert_eq!(composed(&letter), composed(&letter));
    }

    #[test]
    fn a_clock_gone_wrong_still_makes_a_mail() {
        for at in [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH] {
            let mut letter = samples::letter();
            letter.notice.created_at = at;
            assert!(composed(&letter).contains("\r\nDate: "));
        }
    }

    #[test]
    fn umlauts_arrive_as_they_were_written() {
        let letter = samples::letter();
        let mail = composed(&letter);
        let read = mail_parser::MessageParser::default().parse(mail.as_bytes()).unwrap();
        assert_eq!(read.subject(), Some("New lead: Max Müstermann (Firma GmbH)"));
        assert_eq!(read.body_text(0).unwrap().replace("\r\n", "\n"), letter::text(&letter));
        assert_eq!(read.reply_to().unwrap().first().unwrap().name(), Some("Max Müstermann"));
    }

    #[test]
    fn a_sender_must_be_a_mail_address() {
        for good in ["lotse@example.com", "Lotse <lotse@example.com>", " \"Müller, Vertrieb\" <lotse@example.com> "] {
            assert!(sender(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Lotse",
            "lotse@",
            "Lotse <lotse@example.com",
            "a@example.com, b@example.com",
            "a@[127.0.0.1]",
            "a\r\n@example.com",
        ] {
            assert!(sender(bad).unwrap_err().contains("Lotse <lotse@example.com>"), "{bad}");
        }
    }
}
