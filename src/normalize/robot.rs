//! Addresses that programs write from and nobody reads: they tell nothing about who a lead is.
//!
//! In: an address. Out: whether it is such a one. A portal sends the enquiries of all its visitors
//! from the same address; taken for the person's own, it would make them all one.

use crate::lead::Email;

/// Words that say, wherever they stand in a local part, that nobody reads the answers.
const NO_REPLY: [&str; 13] = [
    "noreply",
    "noreplies",
    "donotreply",
    "dontreply",
    "nichtantworten",
    "keineantwort",
    "nepasrepondre",
    "noresponder",
    "nonrispondere",
    "naoresponda",
    "nietbeantwoorden",
    "autoreply",
    "mailerdaemon",
];

/// Local parts of programs, compared without digits and punctuation.
const WHOLE: [&str; 38] = [
    "www",
    "wwwdata",
    "webserver",
    "webmaster",
    "website",
    "webform",
    "webforms",
    "homepage",
    "apache",
    "nginx",
    "httpd",
    "nobody",
    "root",
    "daemon",
    "cron",
    "server",
    "system",
    "robot",
    "form",
    "forms",
    "formular",
    "formulare",
    "kontaktformular",
    "contactform",
    "formsubmission",
    "formsubmissions",
    "submission",
    "submissions",
    "notify",
    "notifier",
    "alert",
    "alerts",
    "automail",
    "automated",
    "bounce",
    "bounces",
    "maildaemon",
    "mdaemon",
];

/// Words that a program's local part consists of among others: `portal-notifications`.
const AMONG: [&str; 9] = [
    "notification",
    "notifications",
    "benachrichtigung",
    "benachrichtigungen",
    "wordpress",
    "mailer",
    "formmailer",
    "automailer",
    "phpmailer",
];

/// Local parts of desks: people read them, but not the person who wrote.
const DESKS: [&str; 24] = [
    "info",
    "office",
    "contact",
    "kontakt",
    "hello",
    "hallo",
    "mail",
    "team",
    "support",
    "service",
    "help",
    "hilfe",
    "helpdesk",
    "customerservice",
    "kundenservice",
    "kundendienst",
    "sales",
    "vertrieb",
    "privacy",
    "datenschutz",
    "abuse",
    "legal",
    "feedback",
    "postmaster",
];

/// Whether an address is that of a program nobody answers to.
#[must_use]
pub fn is_robot(email: &Email) -> bool {
    let local = local(email);
    let letters: String = local.chars().filter(|c| c.is_alphabetic()).collect();
    let mut words = local.split(|c: char| !c.is_alphabetic());
    NO_REPLY.iter().any(|word| letters.contains(word))
        || WHOLE.contains(&letters.as_str())
        || words.any(|word| AMONG.contains(&word))
}

/// Whether an address is that of a desk (`info@`, `support@`) rather than of one person.
#[must_use]
pub fn is_desk(email: &Email) -> bool {
    let letters: String = local(email).chars().filter(|c| c.is_alphabetic()).collect();
    DESKS.contains(&letters.as_str())
}

/// The local part without a tag: `bounces+4711@…` is `bounces`.
fn local(email: &Email) -> &str {
    let local = email.as_str().rsplit_once('@').map_or("", |(local, _)| local);
    local.split('+').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_people() {
        let is = |local: &str| is_robot(&Email(format!("{local}@host.example")));
        for program in [
            "noreply",
            "no-reply",
            "no_reply2",
            "messages-noreply",
            "do.not.reply",
            "mailer-daemon",
            "notifications",
            "portal-notification",
            "wordpress",
            "www-data",
            "wordpress1",
            "bounces+4711",
            "nobody",
        ] {
            assert!(is(program), "{program}");
        }
        for person in ["max", "info", "anna.form", "maria.root", "systems.max", "norbert.reply", "alertz"] {
            assert!(!is(person), "{person}");
        }
        assert!(is_desk(&Email("Support@host.example".to_lowercase())) && !is_desk(&Email("max@host.example".into())));
    }
}
