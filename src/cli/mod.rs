//! The command line: one file for each group of commands.
//!
//! Commands that look at or change leads are calls of the private API: through `STORE/lotse.sock`
//! while the daemon runs, else on the store itself, opened for the length of the command.

mod backfill;
mod check;
mod client;
mod erase;
mod import;
mod intake;
mod leads;
mod mailbox;
mod outbox;
mod owners;
mod print;
mod reconcile;
mod rules;
mod simulate;
mod status;
mod test;
mod webhook;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

use crate::channels::webhook::providers;
use crate::config;
use crate::normalize::apart;
use crate::store::{OPENING, Store};
use client::Client;

/// Brings every inbound lead to exactly one owner, and can say why.
#[derive(Debug, Parser)]
#[command(name = "lotse", version, about, disable_help_subcommand = true)]
pub struct Arguments {
    /// Settings; default ./lotse.toml, else /etc/lotse/lotse.toml, else built-in demo settings.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon (the default).
    Run,
    /// Prove settings, rules and their tests without starting.
    Check(check::Arguments),
    /// Take in one CSV file now.
    Import(import::Arguments),
    /// Work with leads.
    #[command(subcommand)]
    Leads(leads::Command),
    /// The ledger: what became of each inbound item.
    #[command(subcommand)]
    Intake(intake::Command),
    /// Sign in to a mailbox whose provider takes no password; bring in older mail.
    #[command(subcommand)]
    Mailbox(mailbox::Command),
    /// The rotation: everybody's share, open leads, availability.
    Owners(owners::Arguments),
    /// Notices and their state.
    #[command(subcommand)]
    Outbox(outbox::Command),
    /// Compare a mailbox with the ledger and name every mail without an outcome.
    Reconcile(reconcile::Arguments),
    /// The rules on disk: run their tests, try them on a text.
    #[command(subcommand)]
    Rules(rules::Command),
    /// Channels, queues, last errors, rules.
    Status(status::Arguments),
    /// Send a marked lead through a channel; where it went and who would get it. It is removed.
    Test(test::Arguments),
    /// How to connect a webhook: address, steps, snippets for a page, a signed command line.
    Webhook(webhook::Arguments),
    /// Read one item from standard input; the daemon starts this for items that may be dangerous.
    #[command(name = apart::COMMAND, hide = true)]
    ReadApart,
}

/// The command failed; the message has been made for the user. Exit status 1.
#[derive(Debug)]
pub struct Failed(pub anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// What a command ends with.
type Outcome = Result<ExitCode, Failed>;

/// A word of a list: another one is wrong usage, and answered with the list and what may have been meant.
fn one_of<const N: usize>(words: [&'static str; N]) -> PossibleValuesParser {
    PossibleValuesParser::new(words)
}

/// Parses the command line, does the command, prints one error chain.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(help) => {
            let wrong = help.use_stderr();
            // A closed pipe is no reason to complain about the help text.
            return if help.print().is_ok() && !wrong { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    if matches!(arguments.command, Some(Command::ReadApart)) {
        return apart::main(providers::schema);
    }
    tell_damage_once();
    match dispatch(arguments) {
        Ok(code) => code,
        Err(Failed(error)) => {
            eprintln!("lotse: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A panic over a damaged store becomes the command's error; it needs no message of its own.
fn tell_damage_once() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(OPENING) {
            usual(panic);
        }
    }));
}

fn dispatch(arguments: Arguments) -> Outcome {
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed before");
    }
    let loaded = config::load(arguments.config.as_deref());
    let command = arguments.command.unwrap_or(Command::Run);
    if let Command::Check(wish) = command {
        return check::run(&wish, &loaded);
    }
    if matches!(command, Command::Run) {
        return crate::daemon::main(check::settle(loaded)?);
    }
    let settings = check::settle_for_a_look(loaded, !matches!(command, Command::Webhook(_)))?;
    if let Command::Import(wish) = command {
        return import::run(&wish, &settings);
    }
    if let Command::Rules(command) = command {
        return rules::run(&command, &settings);
    }
    if let Command::Owners(owners::Arguments { command: Some(owners::Command::Simulate(wish)), .. }) = command {
        return simulate::run(&wish, &settings);
    }
    if let Command::Webhook(wish) = command {
        return webhook::run(&wish, &settings);
    }
    let client = if let Command::Mailbox(command) = &command {
        if !Store::is_in(&settings.store) {
            mailbox::check(command, &settings)?;
        }
        Client::open_or_make(&settings)?
    } else {
        Client::open(&settings)?
    };
    let result = match command {
        Command::Run
        | Command::Check(_)
        | Command::Import(_)
        | Command::Rules(_)
        | Command::Webhook(_)
        | Command::ReadApart => Ok(ExitCode::SUCCESS),
        Command::Leads(command) => leads::run(command, &client),
        Command::Intake(command) => intake::run(&command, &client),
        Command::Mailbox(command) => mailbox::run(command, &settings, &client),
        Command::Owners(wish) => owners::run(&wish, &client),
        Command::Reconcile(wish) => reconcile::run(&wish, &client),
        Command::Outbox(command) => outbox::run(&command, &client),
        Command::Status(wish) => status::run(&wish, &client, &settings),
        Command::Test(wish) => test::run(&wish, &client),
    };
    client.close()?;
    result
}
