//! What sections of the settings must agree on with each other.
//!
//! In come the settings as read, out go mistakes at the place of the value that can be changed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::problem::{Severity, Wrong, quote};
use super::section::Section;
use super::{ChannelKind, Config, Notifier, NotifierKind, values};

/// Checks what one section alone cannot know.
pub(crate) fn check(config: &Config, root: &Section<'_>) {
    listeners(config, root);
    folders(config, root);
    addresses(config, root);
    mailboxes(config, root);
    canaries(config, root);
}

/// The two listeners need an address each.
fn listeners(config: &Config, root: &Section<'_>) {
    if overlap(config.http.listen, config.web.listen) {
        let wrong = Wrong::new(format!("{} is taken by the public side ([http] listen)", config.web.listen));
        root.report().error(&root.find(&["web", "listen"]), wrong.hint("choose another port"));
    }
}

/// Whether two addresses cannot be listened on at once; port 0 is any free port.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && (one.ip() == other.ip() || everywhere)
}

/// Two channels on one folder would take each other's files.
fn folders(config: &Config, root: &Section<'_>) {
    let mut seen = HashMap::new();
    for channel in &config.channels {
        let ChannelKind::Csv(csv) = &channel.kind else { continue };
        if csv.folder.as_os_str().is_empty() {
            continue;
        }
        if let Some(first) = seen.insert(real(&csv.folder), &channel.name) {
            let spot = root.find(&["channels", channel.name.as_str(), "folder"]);
            let wrong = Wrong::new(format!("the channel `{first}` watches this folder already"));
            root.report().error(&spot, wrong.hint("give each channel a folder of its own"));
        }
    }
}

/// Who signs the address cannot be verified by a receiver that does not know its own.
fn addresses(config: &Config, root: &Section<'_>) {
    for channel in &config.channels {
        let ChannelKind::Webhook(webhook) = &channel.kind else { continue };
        if webhook.url.is_none() && !webhook.secrets.is_empty() && webhook.proof.needs_the_address() {
            let described = ["channels", channel.name.as_str(), "signature", "signed"];
            let by_provider = ["channels", channel.name.as_str(), "provider"];
            let is_described = webhook.proof != (webhook.provider.proof)();
            let spot = if is_described { root.find(&described) } else { root.find(&by_provider) };
            let wrong = Wrong::new("the address is signed, and the settings do not say what the world calls us");
            root.report().error(&spot, wrong.hint("set `public_url` under [http], or `url` for this channel"));
        }
    }
}

/// The folder a path leads to, whatever it is called, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut known = path;
    loop {
        if let Ok(real) = known.canonicalize() {
            return rest.iter().rev().fold(real, |path, part| path.join(part));
        }
        let (Some(parent), Some(name)) = (known.parent(), known.file_name()) else { return path.to_owned() };
        rest.push(name);
        known = parent;
    }
}

/// A canary is a mail.
fn canaries(config: &Config, root: &Section<'_>) {
    let mails = |notifier: &&Notifier| matches!(notifier.kind, NotifierKind::Smtp(_));
    let mailers: Vec<&str> = config.notifiers.iter().filter(mails).map(|notifier| notifier.name.as_str()).collect();
    for channel in &config.channels {
        let Some(via) = channel.canary.as_ref().map(|canary| canary.via.as_str()) else { continue };
        let message = match config.notifiers.iter().find(|notifier| notifier.name == *via) {
            Some(notifier) if mails(&notifier) => continue,
            Some(_) => format!("`{via}` sends no mail"),
            None => format!("there is no notifier `{via}`"),
        };
        let wrong = match mailers[..] {
            [] => Wrong::new(message).hint(format!("add [notify.{via}] with kind = \"smtp\"")),
            _ => Wrong::unknown(message, via, &mailers),
        };
        root.report().error(&root.find(&["channels", channel.name.as_str(), "canary", "via"]), wrong);
    }
}

/// A notice must not come back as mail, and our own people's mail is no lead.
fn mailboxes(config: &Config, root: &Section<'_>) {
    let (mut polled, mut read) = (HashMap::new(), HashMap::new());
    for channel in &config.channels {
        let ChannelKind::Imap(imap) = &channel.kind else { continue };
        let address = values::email(&imap.username).ok();
        polled.insert(address, &channel.name);
        for folder in std::iter::once(&imap.folder).chain(&imap.further) {
            let place = (imap.host.to_lowercase(), imap.username.to_lowercase(), folder);
            let Some(first) = read.insert(place, &channel.name).filter(|first| *first != &channel.name) else {
                continue;
            };
            let spot = root.find(&["channels", channel.name.as_str(), "folder"]);
            let wrong = Wrong::new(format!("the channel `{first}` reads {} of this mailbox already", quote(folder)));
            root.report().warning(&spot, wrong.hint("leave it out of one of the two: every mail would be read twice"));
        }
    }
    for owner in &config.owners {
        if let Some(channel) = owner.email.as_ref().and_then(|email| polled.get(&Some(email.clone()))) {
            let spot = root.find(&["owners", owner.id.as_str(), "email"]);
            let wrong =
                Wrong::new(format!("this is the mailbox of the channel `{channel}`: notices would come back as leads"));
            root.report().error(&spot, wrong.hint("give the owner an address of their own"));
        }
    }
    if let Some(channel) = config.alarms.email.as_ref().and_then(|email| polled.get(&Some(email.clone()))) {
        let spot = root.find(&["alarms", "email"]);
        let wrong =
            Wrong::new(format!("this is the mailbox of the channel `{channel}`: alarms would come back as leads"));
        root.report().error(&spot, wrong.hint("give the operators an address of their own"));
    }
    if !polled.is_empty() && config.organisation.domains.is_empty() {
        let spot = root.find(&["organisation"]);
        let wrong = Wrong::new("no `domains`, so mail from our own people becomes leads");
        let wrong = wrong.hint("add domains = [\"example.com\"] under [organisation]");
        root.report().missing(Severity::Warning, &spot, wrong);
    }
}
