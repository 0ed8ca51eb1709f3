//! The kinds of channel and notifier there are.
//!
//! In come the sections `[channels.NAME]` and `[notify.NAME]`, out go their typed settings. The
//! error for an unknown kind comes from the same tables, so a new kind is one entry here.

use super::problem::{Severity, Wrong};
use super::section::Section;
use super::{Channel, ChannelKind, Http, Notifier, NotifierKind, Organisation, values};
use crate::canary;
use crate::channels::{csv, imap, webhook};
use crate::lead::Name;
use crate::notify;

/// A kind of channel: the word under `kind` and the reader of its other keys, which may ask our
/// own organisation.
type ChannelReader = (&'static str, fn(&mut Section<'_>, &Organisation) -> ChannelKind);

/// The kinds of channel.
pub(crate) const KINDS: [ChannelReader; 3] = [
    ("imap", |section, us| ChannelKind::Imap(imap::settings::read(section, &us.time_zone))),
    ("webhook", |section, _| ChannelKind::Webhook(webhook::settings::read(section))),
    ("csv", |section, _| ChannelKind::Csv(csv::settings::read(section))),
];

/// How far a kind of notifier is.
#[derive(Clone, Copy)]
enum Reader {
    /// It can be used.
    Ready(fn(&mut Section<'_>) -> NotifierKind),
    /// It is known and cannot be used yet; the keys are checked where they are settled.
    Later(fn(Section<'_>)),
}

/// The kinds of notifier.
const NOTIFIERS: [(&str, Reader); 5] = [
    ("smtp", Reader::Ready(|section| NotifierKind::Smtp(notify::settings::smtp(section)))),
    ("file", Reader::Ready(|section| NotifierKind::File(notify::settings::file(section)))),
    ("webhook", Reader::Later(notify::settings::webhook)),
    ("slack", Reader::Later(|_| ())),
    ("teams", Reader::Later(|_| ())),
];

/// The notifiers of the settings.
pub(crate) struct Notifiers {
    /// Those that can be used.
    pub(crate) ready: Vec<Notifier>,
    /// Names of those whose kind cannot be used yet.
    pub(crate) later: Vec<String>,
    /// All names that stand in the file.
    pub(crate) declared: Vec<String>,
}

/// Reads `[channels.NAME]`; webhooks have an address in the world that the public side's settings tell.
pub(crate) fn channels(root: &mut Section<'_>, us: &Organisation, http: &Http) -> Vec<Channel> {
    let mut channels = Vec::new();
    let sections = root.sections("channels");
    if sections.is_empty() {
        root.missing(Severity::Warning, "channels", Wrong::new("no lead can come in").hint("add [channels.NAME]"));
    }
    for (name, mut section) in sections {
        let name = named(name, &section);
        let Some(read) = section.key("kind").required().one_of(&KINDS) else { continue };
        let mut kind = read(&mut section, us);
        if let (ChannelKind::Webhook(webhook), Some(name), Some(url)) = (&mut kind, &name, &http.public_url) {
            webhook.url.get_or_insert_with(|| format!("{url}/hooks/{name}"));
        }
        let canary = match &kind {
            ChannelKind::Imap(mailbox) => canary::settings::read(&mut section, &mailbox.username),
            ChannelKind::Webhook(_) | ChannelKind::Csv(_) => None,
        };
        section.finish();
        if let Some(name) = name {
            channels.push(Channel { name, kind, canary });
        }
    }
    channels
}

/// Reads `[notify.NAME]`.
pub(crate) fn notifiers(root: &mut Section<'_>) -> Notifiers {
    let mut notifiers = Notifiers { ready: Vec::new(), later: Vec::new(), declared: Vec::new() };
    for (text, mut section) in root.sections("notify") {
        notifiers.declared.push(text.to_owned());
        let name = named(text, &section);
        let kind = section.key("kind").required();
        let spot = kind.place();
        match kind.one_of(&NOTIFIERS) {
            Some(Reader::Ready(read)) => {
                let kind = read(&mut section);
                section.finish();
                if let Some(name) = name {
                    notifiers.ready.push(Notifier { name, kind });
                }
            }
            Some(Reader::Later(read)) => {
                let wrong = Wrong::new("this kind of notifier is not available yet");
                section.report().warning(&spot, wrong.hint("the notifier is left out"));
                notifiers.later.push(text.to_owned());
                read(section);
            }
            None => {}
        }
    }
    notifiers
}

/// The name of a section; a mistake is reported.
pub(crate) fn named(text: &str, section: &Section<'_>) -> Option<Name> {
    values::name(text).map_err(|wrong| section.report().error(section.spot(), wrong)).ok()
}
