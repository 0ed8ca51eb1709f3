//! Reads `[alarms]`.

use super::Config;
use crate::config::kinds::Notifiers;
use crate::config::people;
use crate::config::problem::{Severity, Wrong};
use crate::config::section::Section;
use crate::config::{NotifierKind, values};

/// Reads who is told of alarms.
pub(crate) fn read(root: &mut Section<'_>, notifiers: &Notifiers) -> Config {
    let mut section = root.section("alarms");
    let mut notify = Vec::new();
    for item in section.key("notify").items().unwrap_or_default() {
        notify.extend(people::notifier(&section, notifiers, &item));
    }
    let email = section.key("email");
    let (has_email, spot) = (email.is_present(), email.place());
    let email = email.parse(values::email);
    let mails = notify.iter().find(|name| {
        notifiers.ready.iter().any(|ready| ready.name == **name && matches!(ready.kind, NotifierKind::Smtp(_)))
    });
    match mails {
        Some(name) if !has_email => {
            let wrong = Wrong::new(format!("is missing, and the notifier `{name}` sends mail"));
            section.missing(Severity::Error, "email", wrong.hint("add the address of those who run lotse"));
        }
        None if has_email => {
            let wrong = Wrong::new("nothing is mailed there");
            section.report().warning(&spot, wrong.hint("name a mail notifier, such as notify = [\"mail\"]"));
        }
        _ => {}
    }
    section.finish();
    Config { notify, email }
}
