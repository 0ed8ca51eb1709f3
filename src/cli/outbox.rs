//! `lotse outbox`: notices.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::client::Client;
use super::leads::{part, query};
use super::print::{Format, Printer, line, say, short, text};
use super::{Outcome, one_of};
use crate::lead::NoticeState;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Notices, newest first.
    List {
        /// In this state.
        #[arg(long, value_parser = one_of(NoticeState::ALL.map(NoticeState::as_str)))]
        state: Option<String>,
        /// At most so many.
        #[arg(long)]
        limit: Option<usize>,
        #[command(flatten)]
        format: Format,
    },
    /// Try a pending or dead notice again now.
    Retry {
        /// Its id.
        id: String,
        #[command(flatten)]
        format: Format,
    },
}

pub(super) fn run(command: &Command, client: &Client) -> Outcome {
    match command {
        Command::List { state, limit, format } => {
            let query = query(&[("state", state.clone())]);
            let header = ["id", "lead", "owner", "notifier", "event", "state", "attempts", "next", "error"];
            let mut printer = Printer::new(*format, &header);
            client.list(&format!("/outbox?{query}"), limit.unwrap_or(usize::MAX), |notice| {
                printer.item(&notice, |notice| {
                    vec![
                        text(&notice["id"]),
                        text(&notice["lead"]),
                        text(&notice["owner"]),
                        text(&notice["notifier"]),
                        text(&notice["event"]),
                        text(&notice["state"]),
                        text(&notice["attempts"]),
                        client.time(&notice["next_at"]),
                        short(&notice["error"], 60),
                    ]
                })
            })?;
            printer.finish("no notices")?;
        }
        Command::Retry { id, format } => {
            let notice = client.post(&format!("/outbox/{}/retry", part(id)), &json!({}))?;
            if format.json {
                line(&notice)?;
            } else {
                let hint = if client.is_daemon() { "" } else { "; it is sent when the daemon runs" };
                say(&format!("{id} is due now{hint}"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
