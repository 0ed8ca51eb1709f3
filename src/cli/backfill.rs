//! `lotse mailbox backfill`: older mail of a mailbox, with a progress bar and a summary by outcome.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::Outcome;
use super::client::Client;
use super::leads::part;
use super::print::{harmless, line, say};
use crate::config::{Config, values};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The mailbox: NAME of [channels.NAME].
    pub(super) name: String,
    /// Mail that the server received from this day on, such as 2026-11-01; it begins where the organisation is.
    #[arg(long, value_name = "DATE", value_parser = day)]
    since: Date,
    /// Only this folder of the mailbox, as the settings name it.
    #[arg(long)]
    folder: Option<String>,
    /// Tell nobody about these leads.
    #[arg(long)]
    quiet: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub(super) fn day(text: &str) -> Result<Date, String> {
    values::date(text).map_err(|wrong| match wrong.hint {
        Some(hint) => format!("{}; {hint}", wrong.message),
        None => wrong.message,
    })
}

/// Brings in what has no outcome yet, folder by folder; broken off, it may be called again.
pub(super) fn run(wish: &Arguments, settings: &Config, client: &Client) -> Outcome {
    let zone = settings.organisation.time_zone.clone();
    let since = wish.since.to_zoned_datetime(zone).context("this day is out of range")?.timestamp();
    if since > Timestamp::now() {
        return Err(anyhow!("{} is still to come: name a day in the past", wish.since).into());
    }
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {pos}/{len} {msg} (about {eta} left; Ctrl-C stops it, the same command goes on)",
    )?);
    let mut sum = Sum::default();
    let (mut folder, mut after) = (json!(wish.folder), Value::from(0));
    loop {
        let path = format!("/channels/{}/backfill", part(&wish.name));
        let wanted = json!({ "since": since, "folder": folder, "after": after, "quiet": wish.quiet });
        let answer = match client.post(&path, &wanted) {
            Ok(answer) => answer,
            Err(error) => {
                bar.finish_and_clear();
                return Err(sum.broken_off(error).into());
            }
        };
        sum.add(&answer);
        // Of each folder it is known how much is left only when its turn has come.
        bar.set_message(format!("mails of {}", harmless(answer["folder"].as_str().unwrap_or_default())));
        bar.set_length(sum.done + count(&answer["left"]));
        bar.set_position(sum.done);
        match (&answer["next"], &answer["next_folder"]) {
            (Value::Null, Value::Null) => break,
            (Value::Null, _) if wish.folder.is_some() => break,
            (Value::Null, next) => (folder, after) = (next.clone(), Value::from(0)),
            (next, _) => after = next.clone(),
        }
    }
    bar.finish_and_clear();
    sum.tell(wish, client)?;
    Ok(ExitCode::SUCCESS)
}

/// What became of the mails so far.
#[derive(Default)]
struct Sum {
    done: u64,
    known: u64,
    unfetched: u64,
    waiting: BTreeMap<String, u64>,
    outcomes: BTreeMap<String, u64>,
}

impl Sum {
    fn add(&mut self, answer: &Value) {
        self.done += count(&answer["done"]);
        self.known += count(&answer["known"]);
        self.unfetched += count(&answer["unfetched"]);
        // Each answer counts all of its folder.
        self.waiting.insert(answer["folder"].to_string(), count(&answer["waiting"]));
        for (outcome, more) in answer["outcomes"].as_object().into_iter().flatten() {
            *self.outcomes.entry(outcome.clone()).or_default() += count(more);
        }
    }

    /// What is done is done: the error says so.
    fn broken_off(&self, error: anyhow::Error) -> anyhow::Error {
        if self.done == 0 {
            return error;
        }
        error.context(format!(
            "broken off behind {} mails; call it again, and what has an outcome is passed over",
            self.done
        ))
    }

    fn tell(&self, wish: &Arguments, client: &Client) -> anyhow::Result<()> {
        let waiting: u64 = self.waiting.values().sum();
        if wish.json {
            let mut counts = json!(self.outcomes);
            counts["known"] = self.known.into();
            counts["waiting"] = waiting.into();
            if self.unfetched > 0 {
                counts["unfetched"] = self.unfetched.into();
            }
            return line(&counts);
        }
        let words: Vec<String> = self.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        let words = if words.is_empty() { "nothing to bring in".to_owned() } else { words.join(", ") };
        say(&format!("{words}; {} had an outcome already", self.known))?;
        if self.unfetched > 0 {
            let (count, name) = (self.unfetched, &wish.name);
            say(&format!("the server does not hand over {count} of them; `lotse reconcile {name}` names them"))?;
        }
        if waiting > 0 {
            say(&format!("{waiting} more come in by themselves: the mailbox has not come to them yet"))?;
        }
        if !client.is_daemon() && !wish.quiet && self.outcomes.contains_key("created") {
            say("the owners are told when the daemon runs")?;
        }
        Ok(())
    }
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}
