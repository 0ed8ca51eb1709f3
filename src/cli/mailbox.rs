//! `lotse mailbox`: sign in to a mailbox whose provider takes no password, bring in older mail.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::json;

use super::client::Client;
use super::print::{harmless, say};
use super::{Outcome, backfill};
use crate::channels::imap::{self, Login, oauth2};
use crate::config::{ChannelKind, Config};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bring in older mail that has no outcome yet.
    Backfill(backfill::Arguments),
    /// Sign in with a browser on any device; the sign-in is kept in the store.
    SignIn {
        /// The mailbox: NAME of [channels.NAME].
        name: String,
    },
}

pub(super) fn run(command: Command, settings: &Config, client: &Client) -> Outcome {
    match command {
        Command::Backfill(wish) => backfill::run(&wish, settings, client),
        Command::SignIn { name } => sign_in(&name, settings, client),
    }
}

fn sign_in(name: &str, settings: &Config, client: &Client) -> Outcome {
    let oauth2 = login(settings, name)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let token = runtime
        .block_on(oauth2::sign_in(oauth2, |prompt| {
            let (url, code, minutes) = (harmless(&prompt.url), harmless(&prompt.code), prompt.lasts.as_secs() / 60);
            let text = format!("Open {url} on any device and type the code {code} (good for {minutes} min).");
            if let Err(error) = say(&text) {
                tracing::debug!(%error, "nobody reads what to do");
            }
        }))
        .with_context(|| format!("cannot sign in to the mailbox `{name}`"))?;
    client.post(&format!("/mailboxes/{name}/sign-in"), &json!({ "refresh_token": token.expose() }))?;
    say(&format!("Signed in. The sign-in for `{name}` is kept in the store."))?;
    Ok(ExitCode::SUCCESS)
}

/// Whether the settings have the mailbox that the command is about, before a store is made for it.
pub(super) fn check(command: &Command, settings: &Config) -> anyhow::Result<()> {
    match command {
        Command::Backfill(wish) => mailbox(settings, &wish.name).map(|_| ()),
        Command::SignIn { name } => login(settings, name).map(|_| ()),
    }
}

fn mailbox<'c>(settings: &'c Config, name: &str) -> anyhow::Result<&'c imap::Config> {
    let Some(channel) = settings.channels.iter().find(|channel| channel.name.as_str() == name) else {
        let mailboxes = settings.channels.iter().filter(|channel| matches!(channel.kind, ChannelKind::Imap(_)));
        let names: Vec<&str> = mailboxes.map(|channel| channel.name.as_str()).collect();
        bail!("there is no channel `{name}`; mailboxes are: {}", names.join(", "));
    };
    match &channel.kind {
        ChannelKind::Imap(mailbox) => Ok(mailbox),
        _ => bail!("the channel `{name}` is no mailbox"),
    }
}

/// The mailbox's OAuth 2 settings.
fn login<'c>(settings: &'c Config, name: &str) -> anyhow::Result<&'c oauth2::Config> {
    match &mailbox(settings, name)?.login {
        Login::OAuth2(oauth2) => Ok(oauth2),
        Login::Password(_) => bail!("the mailbox `{name}` logs in with a password; add [channels.{name}.oauth2]"),
    }
}
