//! `lotse intake`: the ledger.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::client::Client;
use super::leads::{checked, part, query};
use super::print::{Format, Printer, bytes, line, say, short, text};
use super::{Outcome, one_of};
use crate::lead;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// What became of each inbound item, newest first.
    List {
        /// With this outcome.
        #[arg(long, value_parser = one_of(lead::Outcome::ALL.map(lead::Outcome::as_str)))]
        outcome: Option<String>,
        /// Through this channel.
        #[arg(long)]
        channel: Option<String>,
        /// At most so many.
        #[arg(long)]
        limit: Option<usize>,
        #[command(flatten)]
        format: Format,
    },
    /// One item: what became of it, and how it was read.
    Show {
        /// Its id.
        id: String,
        #[command(flatten)]
        format: Format,
    },
    /// Print an item as it was received, byte for byte.
    Raw {
        /// Its id.
        id: String,
    },
    /// Make an ignored or quarantined item a lead after all.
    Release {
        /// Its id.
        id: String,
        #[command(flatten)]
        format: Format,
    },
}

pub(super) fn run(command: &Command, client: &Client) -> Outcome {
    match command {
        Command::List { outcome, channel, limit, format } => {
            let query = query(&[("outcome", outcome.clone()), ("channel", channel.clone())]);
            let mut printer =
                Printer::new(*format, &["id", "received", "channel", "outcome", "lead", "source", "reason"]);
            client.list(&format!("/intake?{query}"), limit.unwrap_or(usize::MAX), |row| {
                printer.item(&row, |row| {
                    vec![
                        text(&row["id"]),
                        client.time(&row["received_at"]),
                        text(&row["channel"]),
                        text(&row["outcome"]),
                        text(&row["lead"]),
                        short(&row["source"], 40),
                        short(&row["reason"], 90),
                    ]
                })
            })?;
            printer.finish("nothing has come in")?;
        }
        Command::Show { id, format } => {
            let row = client.get(&format!("/intake/{}", part(id)))?;
            if format.json {
                line(&row)?;
            } else {
                for label in ["id", "channel", "kind", "received_at", "outcome", "reason", "lead", "source", "same_as"]
                {
                    let value = if label == "received_at" { client.time(&row[label]) } else { text(&row[label]) };
                    if !value.is_empty() {
                        say(&format!("{:<13}{value}", label.replace('_', " ")))?;
                    }
                }
                let sender = checked(&row["authentication"]);
                if !sender.is_empty() {
                    say(&format!("{:<13}{sender}", "sender"))?;
                }
                if let Some(bytes) = row["original"]["bytes"].as_u64() {
                    say(&format!("{:<13}{bytes} bytes of {}", "original", text(&row["original"]["content_type"])))?;
                }
                for sentence in row["reading"]["sentences"].as_array().into_iter().flatten() {
                    say(&text(sentence))?;
                }
            }
        }
        Command::Raw { id } => bytes(&client.get_bytes(&format!("/intake/{}/raw", part(id)))?)?,
        Command::Release { id, format } => {
            let receipt = client.post(&format!("/intake/{}/release", part(id)), &json!({}))?;
            if format.json {
                line(&receipt)?;
            } else {
                say(&format!("{id} is now `{}`: lead {}", text(&receipt["outcome"]), text(&receipt["lead"])))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
