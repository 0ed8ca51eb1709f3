//! Reads `[channels.NAME.canary]`.

use std::time::Duration;

use super::Config;
use crate::config::problem::Wrong;
use crate::config::section::Section;
use crate::config::{Severity, values};

/// Reads the canary of a mailbox of this user name; `None` where there is none, or a mistake was
/// reported.
pub(crate) fn read(channel: &mut Section<'_>, username: &str) -> Option<Config> {
    let field = channel.key("canary");
    if !field.is_present() {
        return None;
    }
    let mut section = field.section()?;
    let every = section.key("every").required().duration(Duration::from_secs(10)..=Duration::from_hours(24 * 7));
    let via = section.key("via").required().parse(values::name);
    let late_after = section.key("late_after").duration(Duration::from_secs(1)..=Duration::from_hours(24));
    let to = section.key("to");
    let (has_to, own) = (to.is_present(), values::email(username).ok());
    let to = to.parse(values::email);
    if !has_to && own.is_none() {
        let wrong = Wrong::new("is missing, and the mailbox's user name is no address");
        section.missing(Severity::Error, "to", wrong.hint("add the address whose mail comes into the mailbox"));
    }
    section.finish();
    let to = if has_to { to } else { own };
    Some(Config { every: every?, via: via?, to: to?, late_after: late_after.unwrap_or(Duration::from_mins(10)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const MAILBOX: &str = "[organisation]\ndomains = [\"example.com\"]\n[notify.mail]\nkind = \"smtp\"\nhost = \"smtp.example.com\"\n\
         from = \"Lotse <lotse@example.com>\"\n[notify.out]\nkind = \"file\"\npath = \"out\"\n[channels.sales]\nkind = \"imap\"\n\
         host = \"imap.example.com\"\npassword = \"x\"\n";

    #[test]
    fn a_canary_goes_to_the_mailbox_itself_unless_told_otherwise() {
        let canary = |keys: &str, username: &str| {
            let loaded = parse(&format!("{MAILBOX}username = \"{username}\"\n[channels.sales.canary]\n{keys}"), None);
            loaded.config.and_then(|mut config| config.channels.remove(0).canary)
        };
        let usual = canary("every = \"1h\"\nvia = \"mail\"\n", "sales@example.com").unwrap();
        assert_eq!((usual.to.as_str(), usual.late_after), ("sales@example.com", Duration::from_mins(10)));
        let other = canary("every = \"1h\"\nvia = \"mail\"\nto = \"in@example.com\"\nlate_after = \"5m\"\n", "sales");
        let other = other.unwrap();
        assert_eq!((other.to.as_str(), other.late_after), ("in@example.com", Duration::from_mins(5)));
    }

    #[test]
    fn a_canary_that_cannot_fly_is_a_mistake_that_says_what_to_do() {
        for (keys, told) in [
            ("via = \"mail\"", "every: is missing"),
            ("every = \"1h\"", "via: is missing"),
            ("every = \"1s\"\nvia = \"mail\"", "is out of range"),
            (
                "every = \"1h\"\nto = \"in@example.com\"\nvia = \"mial\"",
                "there is no notifier `mial`; did you mean `mail`?",
            ),
            ("every = \"1h\"\nto = \"in@example.com\"\nvia = \"out\"", "`out` sends no mail; use one of mail"),
            ("every = \"1h\"\nvia = \"mail\"", "to: is missing, and the mailbox's user name is no address"),
            ("every = \"1h\"\nvia = \"mail\"\nlate_afer = \"1m\"", "did you mean `late_after`?"),
        ] {
            let loaded = parse(&format!("{MAILBOX}username = \"sales\"\n[channels.sales.canary]\n{keys}\n"), None);
            let said: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
            assert!(loaded.config.is_none() && said.iter().any(|line| line.contains(told)), "{keys}\n{said:?}");
        }
        let form =
            "[channels.website]\nkind = \"webhook\"\n[channels.website.canary]\nevery = \"1h\"\nvia = \"mail\"\n";
        let said: Vec<String> = parse(form, None).problems.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|line| line.contains("channels.website.canary: unknown key")), "{said:?}");
    }
}
