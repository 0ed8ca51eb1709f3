//! Reads `[notify.NAME]`, one function a kind.
//!
//! Where a mistake was reported, an empty value stands for what could not be read.

use super::{file, smtp};
use crate::config::problem::{Wrong, quote};
use crate::config::section::Section;
use crate::config::{Secret, Tls, connection, values};

/// Events a notifier can be told of.
const EVENTS: [&str; 4] = ["lead.created", "lead.touched", "lead.assigned", "lead.stage"];

/// Reads a mail notifier.
pub(crate) fn smtp(section: &mut Section<'_>) -> smtp::Config {
    let (host, tls, ca_file) = connection::protected(section, None, Tls::StartTls);
    let port = connection::port(section, tls, |tls| match tls {
        Tls::StartTls => 587,
        Tls::Implicit => 465,
        Tls::None => 25,
    });
    let login = login(section);
    let from = section.key("from").required().parse(values::mailbox).unwrap_or_default();
    smtp::Config { host, port, tls, ca_file, login, from }
}

/// A login needs both its halves.
fn login(section: &mut Section<'_>) -> Option<(String, Secret)> {
    let (username, password) = (section.key("username"), section.key("password"));
    if username.is_present() != password.is_present() {
        let (there, other) = if username.is_present() { (&username, "password") } else { (&password, "username") };
        there.wrong(
            Wrong::new(format!("stands without `{other}`")).hint("set both, or none for a server without login"),
        );
    }
    let (username, password) = (username.text(), password.secret());
    Some((username?, password?))
}

/// Reads a file notifier.
pub(crate) fn file(section: &mut Section<'_>) -> file::Config {
    let field = section.key("path").required();
    let spot = field.place();
    let folder = field.path().unwrap_or_default();
    if folder.exists() && !folder.is_dir() {
        let wrong = Wrong::new(format!("{} is no folder", quote(&folder.display().to_string())));
        section.report().error(&spot, wrong.hint("name the folder that notices are written to"));
    }
    file::Config { folder }
}

/// Checks the keys of a webhook notifier, which is not available yet. Its secret is not looked
/// up: a missing one would be an error for nothing.
pub(crate) fn webhook(mut section: Section<'_>) {
    section.key("url").required().parse(values::url);
    section.key("secret").raw();
    section.key("events").list(|event| {
        let wrong = || Wrong::unknown(format!("unknown event {}", quote(event)), event, &EVENTS);
        EVENTS.iter().find(|known| **known == event).ok_or_else(wrong)
    });
    section.key("allow_private").boolean();
    section.finish();
}
