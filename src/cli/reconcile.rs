//! `lotse reconcile`: a mailbox against the ledger.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::Outcome;
use super::client::Client;
use super::leads::part;
use super::print::{Format, Printer, harmless, say, short, text};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The mailbox, by its name under [channels].
    channel: String,
    /// Bring in the mails that have no outcome.
    #[arg(long)]
    fetch: bool,
    #[command(flatten)]
    format: Format,
}

/// Names every mail without an outcome; exit status 1 when there is one.
pub(super) fn run(wish: &Arguments, client: &Client) -> Outcome {
    let header = ["folder", "uid", "received", "bytes", "from", "subject", "outcome"];
    let mut printer = Printer::new(wish.format, &header);
    let (mut after, mut mails, mut before, mut missing, mut left) = (Value::from(0), 0, 0, 0_u64, 0_u64);
    let (mut wanted, mut folders, mut failed) = (Value::Null, Vec::new(), false);
    loop {
        let path = format!("/channels/{}/reconcile", part(&wish.channel));
        let answer = client.post(&path, &json!({ "folder": wanted, "after": after, "fetch": wish.fetch }))?;
        let folder = format!("`{}`", harmless(&text(&answer["folder"])));
        if let Some(trouble) = answer["trouble"].as_str() {
            eprintln!("lotse: {}", harmless(trouble));
            failed = true;
        } else if folders.last() != Some(&folder) {
            folders.push(folder);
        }
        mails += answer["mails"].as_u64().unwrap_or(0);
        before += answer["before"].as_u64().unwrap_or(0);
        for mail in answer["missing"].as_array().into_iter().flatten() {
            missing += 1;
            left += u64::from(mail["outcome"].is_null());
            let mut mail = mail.clone();
            mail["folder"] = answer["folder"].clone();
            printer.item(&mail, |mail| row(mail, client))?;
        }
        match (&answer["next"], &answer["next_folder"]) {
            (Value::Null, Value::Null) => break,
            (Value::Null, next) => (wanted, after) = (next.clone(), Value::from(0)),
            (next, _) => after = next.clone(),
        }
    }
    if !wish.format.json {
        let none = match (folders.is_empty(), failed) {
            (true, _) => "nothing was compared",
            (false, true) => "every mail that was compared has an outcome",
            (false, false) => "every mail has an outcome",
        };
        printer.finish(none)?;
        let brought = if wish.fetch { format!(", {} of them brought in now", missing - left) } else { String::new() };
        say(&format!(
            "{} {} {mails} mails: {missing} without an outcome{brought}; {before} were there before Lotse and are left alone",
            folders.join(", "),
            if folders.len() == 1 { "holds" } else { "hold" }
        ))?;
    }
    Ok(if left == 0 && !failed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn row(mail: &Value, client: &Client) -> Vec<String> {
    let outcome = match (&mail["outcome"], mail["waiting"] == true) {
        (Value::Null, true) => "comes in by itself".to_owned(),
        (Value::Null, false) => "MISSING".to_owned(),
        (outcome, _) => text(outcome),
    };
    vec![
        short(&mail["folder"], 30),
        text(&mail["uid"]),
        client.time(&mail["date"]),
        text(&mail["size"]),
        short(&mail["from"], 40),
        short(&mail["subject"], 50),
        outcome,
    ]
}
