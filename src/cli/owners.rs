//! `lotse owners`: the rotation, and who is away.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::Outcome;
use super::client::Client;
use super::leads::part;
use super::print::{Format, Printer, line, percent, say, short, text};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    format: Format,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Somebody is away: they get no leads then.
    Away {
        /// The owner's id.
        owner: String,
        /// First and last day, `2026-12-24..2027-01-02`, one day, or times: `2026-12-24T12:00..2026-12-24T15:00`.
        span: String,
        /// Why, in a few words.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Somebody is back: forgets what `away` and `leave` noted.
    Back {
        /// The owner's id.
        owner: String,
        #[command(flatten)]
        format: Format,
    },
    /// Somebody has left for good: their open leads are handed on, and they get no more.
    Leave {
        /// The owner's id.
        owner: String,
        #[command(flatten)]
        format: Format,
    },
    /// Who would get what under the present settings; nothing is stored.
    Simulate(super::simulate::Arguments),
}

pub(super) fn run(wish: &Arguments, client: &Client) -> Outcome {
    match &wish.command {
        None => list(wish.format, client)?,
        Some(Command::Away { owner, span, reason, format }) => {
            let (from, until) = from_until(span)?;
            let body = json!({ "from": from, "until": until, "reason": reason });
            let away = client.post(&format!("/owners/{}/away", part(owner)), &body)?;
            if format.json {
                line(&away)?;
            } else {
                say(&format!("{owner} is away:"))?;
                each_absence(&away, client)?;
            }
        }
        Some(Command::Back { owner, format }) => {
            let away = client.post(&format!("/owners/{}/back", part(owner)), &json!({}))?;
            if format.json {
                line(&away)?;
            } else {
                say(&format!("what was noted of {owner} is forgotten; the settings and their calendar still count"))?;
            }
        }
        Some(Command::Leave { owner, format }) => {
            let done = client.post(&format!("/owners/{}/leave", part(owner)), &json!({}))?;
            if format.json {
                line(&done)?;
            } else {
                let (given, held) = (&done["given"], &done["held"]);
                say(&format!(
                    "{owner} gets no more leads; {given} open leads were handed on, {held} wait for an owner"
                ))?;
                say(&format!(
                    "take {owner} out of the settings when convenient; after `lotse owners back {owner}` they get new ones again"
                ))?;
            }
        }
        Some(Command::Simulate(_)) => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// `2026-12-24..2027-01-02`, or one day.
fn from_until(span: &str) -> anyhow::Result<(&str, &str)> {
    if let Some((from, until)) = span.split_once("..") {
        return Ok((from, until.trim_start_matches('.')));
    }
    // Two days with a dash or a word between them.
    if span.trim().chars().filter(|c| matches!(c, '-' | '.')).count() > 3 {
        anyhow::bail!("`{span}` is no day; for several days write two dots between, such as 2026-12-24..2027-01-02");
    }
    Ok((span, span))
}

fn each_absence(away: &Value, client: &Client) -> anyhow::Result<()> {
    for list in ["said", "calendar"] {
        for absence in away[list].as_array().into_iter().flatten() {
            let why = absence["why"].as_str().map(|why| format!(" ({why})")).unwrap_or_default();
            say(&format!("  from {} until {}{why}", client.time(&absence["from"]), client.time(&absence["until"])))?;
        }
    }
    Ok(())
}

fn list(format: Format, client: &Client) -> anyhow::Result<()> {
    let header =
        ["id", "name", "available", "open", "today", "assigned", "share", "expected", "owed", "teams", "reason"];
    let mut printer = Printer::new(format, &header);
    let mut troubles = Vec::new();
    client.list("/owners", usize::MAX, |owner| {
        let calendar = &owner["calendar"];
        if !calendar["error"].is_null() {
            let read = match calendar["read_at"].as_str() {
                Some(_) => format!("what it said at {} counts", client.time(&calendar["read_at"])),
                None => "it was never read".to_owned(),
            };
            let (id, error) = (text(&owner["id"]), short(&calendar["error"], 200));
            troubles.push(format!(
                "the calendar of {id} cannot be used since {}: {error}; {read}",
                client.time(&calendar["trouble_since"])
            ));
        }
        printer.item(&owner, |owner| {
            let most = |is: &Value, most: &Value| {
                if most.is_null() { text(is) } else { format!("{} of {}", text(is), text(most)) }
            };
            let mut reason = text(&owner["reason"]);
            if owner["available"] == false && !owner["until"].is_null() && !reason.starts_with("away until") {
                reason += &format!("; free at {}", client.time(&owner["until"]));
            }
            vec![
                text(&owner["id"]),
                text(&owner["name"]),
                if owner["available"] == true { "yes".into() } else { "no".into() },
                most(&owner["open"], &owner["max_open"]),
                most(&owner["today"], &owner["max_per_day"]),
                text(&owner["assigned"]),
                percent(&owner["share"]),
                percent(&owner["expected_share"]),
                text(&owner["owed"]),
                text(&owner["teams"]),
                reason,
            ]
        })
    })?;
    printer.finish("the settings name no owners ([owners.NAME])")?;
    if !format.json {
        troubles.iter().try_for_each(|trouble| say(trouble))?;
    }
    Ok(())
}

/// What to say of open leads whose owner cannot work them, and how they are handed on.
pub(super) fn left_behind(owner: &str, open: u64, reason: &str) -> String {
    let leads = if open == 1 { "1 open lead belongs".to_owned() } else { format!("{open} open leads belong") };
    format!(
        "{leads} to `{owner}`, who is {reason}; see `lotse leads list --owner {owner}`, hand all on with `lotse owners leave {owner}`, or one with `lotse leads assign ID OWNER`"
    )
}
