//! `lotse test`: a lead of our own through a channel's real path; where it went, who would get it.

use std::process::ExitCode;

use anyhow::anyhow;
use serde_json::Value;

use super::Outcome;
use super::client::Client;
use super::leads::part;
use super::print::{Format, line, say, text};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The channel, by its name under [channels].
    channel: String,
    #[command(flatten)]
    format: Format,
}

/// Tries a channel out; exit status 1 when the lead did not come in, or something of it stays.
pub(super) fn run(wish: &Arguments, client: &Client) -> Outcome {
    if !client.is_daemon() {
        return Err(anyhow!(
            "the daemon does not run, so a lead would not come in; start it (`lotse run`) and try again"
        )
        .into());
    }
    let tried = client.post(&format!("/channels/{}/test", part(&wish.channel)), &Value::Null)?;
    if wish.format.json {
        line(&tried)?;
    } else {
        print(&tried)?;
    }
    Ok(if tried["left"].is_null() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(tried: &Value) -> anyhow::Result<()> {
    let (sent, removed): (Vec<&Value>, Vec<&Value>) =
        tried["steps"].as_array().into_iter().flatten().partition(|step| step["step"] != "removed");
    sent.into_iter().try_for_each(step)?;
    let outcome = text(&tried["outcome"]);
    say(&format!("outcome   would be {outcome}: {}", text(&tried["reason"])))?;
    let (verdict, routing) = (&tried["verdict"], &tried["routing"]);
    if !verdict.is_null() {
        let reason =
            if verdict["reason"].is_null() { String::new() } else { format!(" ({})", text(&verdict["reason"])) };
        say(&format!("rules     {}{reason}, score {}", text(&tried["disposition"]), tried["score"]))?;
        for hit in verdict["hits"].as_array().into_iter().flatten() {
            say(&format!(
                "          {:+} {} ({})",
                hit["score"].as_i64().unwrap_or(0),
                text(&hit["rule"]),
                text(&hit["place"])
            ))?;
        }
    }
    if !routing.is_null() {
        say(&format!("routing   {}", text(&routing["reason"])))?;
        say(&format!("owner     {}", owner(tried)))?;
    }
    removed.into_iter().try_for_each(step)?;
    if !tried["left"].is_null() {
        say(&format!("LEFT      {}", text(&tried["left"])))?;
    }
    Ok(())
}

/// Who would get the lead, and how they would hear of it.
fn owner(tried: &Value) -> String {
    let id = text(&tried["owner"]);
    if id.is_empty() {
        return "nobody".to_owned();
    }
    let (name, ways) = (text(&tried["owner_name"]), text(&tried["notifiers"]));
    let told =
        if ways.is_empty() { "and would not be told of it".to_owned() } else { format!("and would be told by {ways}") };
    format!("{name} ({id}) would get it {told}")
}

fn step(step: &Value) -> anyhow::Result<()> {
    say(&format!("{:<9} {} ({} ms)", text(&step["step"]), text(&step["text"]), step["ms"]))
}
