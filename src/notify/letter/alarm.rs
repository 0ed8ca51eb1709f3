//! What an alarm says, in German or English.
//!
//! What a server said of itself stands in it on a line of its own; nothing of any item does.

use std::fmt::Write;

use super::{LONGEST_SUBJECT, LONGEST_VALUE, Language, clean::line};
use crate::lead::{Alarm, Cause, Event};
use crate::notify::AlarmLetter;

/// The subject: whether it begins or is over, and what. One line.
#[must_use]
pub fn subject(letter: &AlarmLetter) -> String {
    let begins = letter.notice.event == Event::AlarmRaised;
    let word = match (letter.house.language, begins) {
        (_, true) => "Alarm",
        (Language::German, false) => "Vorbei",
        (Language::English, false) => "Over",
    };
    line(&format!("{word}: {}", sentence(&letter.alarm, letter.house.language)), LONGEST_SUBJECT)
}

/// The whole text, lines ended by `\n`.
#[must_use]
pub fn text(letter: &AlarmLetter) -> String {
    let (alarm, notice) = (&letter.alarm, &letter.notice);
    let german = letter.house.language == Language::German;
    let local = |at: jiff::Timestamp| {
        at.to_zoned_datetime(letter.house.time_zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
    };
    let over = notice.event == Event::AlarmOver;
    let mut text = match (over, german) {
        (false, _) => format!("{}.\n\n", sentence(alarm, letter.house.language)),
        (true, true) => format!("Diese Störung ist vorbei: {}.\n\n", sentence(alarm, letter.house.language)),
        (true, false) => format!("This is over: {}.\n\n", sentence(alarm, letter.house.language)),
    };
    let mut entry = |word: &str, value: &str| {
        let _infallible = writeln!(text, "  {word}: {}", line(value, LONGEST_VALUE));
    };
    if over {
        entry(if german { "Von" } else { "From" }, &local(alarm.since));
        entry(if german { "Bis" } else { "Until" }, &local(notice.created_at));
    } else {
        entry(if german { "Seit" } else { "Since" }, &local(alarm.since));
    }
    if let Some(error) = &alarm.error {
        let answered =
            !matches!(alarm.cause, Cause::SecretExpires | Cause::CanaryLate | Cause::TemplateDrift | Cause::Settings);
        let word = match (answered, over, german) {
            (false, _, true) => "Näheres",
            (false, _, false) => "Details",
            (true, false, true) => "Antwort",
            (true, false, false) => "Answer",
            (true, true, true) => "Letzte Antwort",
            (true, true, false) => "Last answer",
        };
        entry(word, error);
    }
    if notice.event == Event::AlarmRaised {
        entry(if german { "Ansehen" } else { "Look" }, look(alarm.cause));
    }
    let _infallible = write!(text, "\n-- \nLotse · {} · {}\n", line(&letter.house.instance, LONGEST_VALUE), notice.id);
    text
}

/// The command that shows more.
fn look(cause: Cause) -> &'static str {
    match cause {
        Cause::Silent | Cause::NoMail | Cause::Refused | Cause::Undone | Cause::Unrenewed => {
            "lotse status; lotse check --connect"
        }
        Cause::Folder | Cause::CanaryLate => "lotse status",
        Cause::SecretExpires | Cause::Settings => "lotse check",
        Cause::Calendar => "lotse owners; lotse check --connect",
        Cause::TemplateDrift => "lotse intake list; lotse check",
        Cause::NoticesWait => "lotse outbox list --state pending",
        Cause::NoticesDead => "lotse outbox list --state dead",
        Cause::Quarantined => "lotse intake list --outcome quarantined",
    }
}

/// What is amiss, in one sentence without its full stop.
#[must_use]
pub fn sentence(alarm: &Alarm, language: Language) -> String {
    let name = alarm.about().map_or("?", |name| name.as_str());
    let count = alarm.count;
    let folder = alarm.folder.as_ref().map(|folder| line(folder, LONGEST_VALUE));
    match (language, folder) {
        (Language::English, Some(folder)) => {
            let cannot = if alarm.cause == Cause::Refused { "opened" } else { "checked" };
            format!("the folder `{folder}` of the mailbox `{name}` cannot be {cannot}")
        }
        (Language::German, Some(folder)) => {
            let cannot = if alarm.cause == Cause::Refused { "geöffnet" } else { "abgefragt" };
            format!("der Ordner `{folder}` im Postfach `{name}` kann nicht {cannot} werden")
        }
        (Language::English, None) => match alarm.cause {
            Cause::Silent => format!("the mailbox `{name}` cannot be checked"),
            Cause::NoMail => format!("the mailbox `{name}` has had no mail for unusually long"),
            Cause::Refused => format!("the source of `{name}` refuses us"),
            Cause::Undone => format!("mails of the mailbox `{name}` cannot be marked, moved or deleted"),
            Cause::Folder => format!("the watched folder of `{name}` is in trouble"),
            Cause::Unrenewed => format!("the access token of the mailbox `{name}` cannot be renewed"),
            Cause::CanaryLate => format!("a canary has not arrived in the mailbox `{name}`"),
            Cause::TemplateDrift => format!("the template `{name}` does not fit the mails of its sender any more"),
            Cause::Calendar => format!("the calendar of `{name}` cannot be read; what it said last counts"),
            Cause::Settings => "new settings or rules have mistakes; the last good ones are in force".to_owned(),
            Cause::SecretExpires => format!("the client secret of the mailbox `{name}` expires"),
            Cause::NoticesWait => format!("notices wait for the notifier `{name}`"),
            Cause::NoticesDead if count == 1 => "1 notice was given up".to_owned(),
            Cause::NoticesDead => format!("{count} notices were given up"),
            Cause::Quarantined if count == 1 => "1 item was quarantined and waits for a person".to_owned(),
            Cause::Quarantined => format!("{count} items were quarantined and wait for a person"),
        },
        (Language::German, None) => match alarm.cause {
            Cause::Silent => format!("das Postfach `{name}` kann nicht abgefragt werden"),
            Cause::NoMail => format!("im Postfach `{name}` kommt ungewöhnlich lange keine Mail an"),
            Cause::Refused => format!("die Quelle von `{name}` lehnt uns ab"),
            Cause::Undone => {
                format!("Mails im Postfach `{name}` lassen sich nicht markieren, verschieben oder löschen")
            }
            Cause::Folder => format!("der Ordner von `{name}` macht Schwierigkeiten"),
            Cause::Unrenewed => format!("das Zugriffstoken des Postfachs `{name}` lässt sich nicht erneuern"),
            Cause::CanaryLate => format!("im Postfach `{name}` ist eine Probemail nicht angekommen"),
            Cause::TemplateDrift => format!("die Vorlage `{name}` passt nicht mehr zu den Mails ihres Absenders"),
            Cause::Calendar => format!("der Kalender von `{name}` ist nicht lesbar; es gilt, was zuletzt darin stand"),
            Cause::Settings => {
                "neue Einstellungen oder Regeln haben Fehler; die letzten guten gelten weiter".to_owned()
            }
            Cause::SecretExpires => format!("das Client-Secret des Postfachs `{name}` läuft ab"),
            Cause::NoticesWait => format!("Benachrichtigungen warten auf `{name}`"),
            Cause::NoticesDead if count == 1 => "1 Benachrichtigung wurde aufgegeben".to_owned(),
            Cause::NoticesDead => format!("{count} Benachrichtigungen wurden aufgegeben"),
            Cause::Quarantined if count == 1 => "1 Eingang liegt in Quarantäne und wartet auf jemanden".to_owned(),
            Cause::Quarantined => format!("{count} Eingänge liegen in Quarantäne und warten auf jemanden"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::{Id, Notice};
    use crate::notify::letter::samples::{house, letter as lead_letter, name};

    fn letter(cause: Cause, event: Event, language: Language) -> AlarmLetter {
        let since = "2026-11-23T09:00:00Z".parse().unwrap();
        let alarm = Alarm {
            cause,
            channel: Some(name("sales")),
            folder: None,
            notifier: None,
            template: None,
            owner: None,
            since,
            raised_at: Some(since),
            count: 3,
            last_at: since,
            error: Some("NO\r\nBcc: x@example.com".into()),
        };
        let notice = Notice { id: Id::MIN, lead: None, event, owner: None, ..lead_letter().notice };
        AlarmLetter { notice, alarm, to: None, house: house(language) }
    }

    #[test]
    fn an_alarm_says_what_since_when_and_where_to_look_in_both_languages() {
        let english = letter(Cause::Silent, Event::AlarmRaised, Language::English);
        assert_eq!(subject(&english), "Alarm: the mailbox `sales` cannot be checked");
        let said = text(&english);
        assert!(said.contains("Since: 2026-11-23 10:00 CET\n") && said.contains("Look: lotse status"), "{said}");
        assert!(!said.contains("\nBcc") && !said.contains('\r'), "a server's answer is one line: {said}");
        let german = letter(Cause::Quarantined, Event::AlarmOver, Language::German);
        assert_eq!(subject(&german), "Vorbei: 3 Eingänge liegen in Quarantäne und warten auf jemanden");
        assert!(text(&german).contains("Bis: 2026-11-23 10:12 CET\n"), "{}", text(&german));
    }

    #[test]
    fn what_is_over_does_not_read_as_if_it_went_on() {
        let german = text(&letter(Cause::Silent, Event::AlarmOver, Language::German));
        assert!(german.starts_with("Diese Störung ist vorbei: das Postfach `sales`"), "{german}");
        let english = text(&letter(Cause::Silent, Event::AlarmOver, Language::English));
        assert!(english.starts_with("This is over: the mailbox `sales`"), "{english}");
        for text in [german, english] {
            assert!(!["Seit:", "Since:", "  Answer:", "  Antwort:"].iter().any(|word| text.contains(word)), "{text}");
        }
    }
}
