//! `lotse leads`.

mod show;
mod why;

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::Client;
use super::erase;
use super::print::{Format, Printer, line, say, short, text};
use super::{Outcome, one_of};
use crate::lead::{Disposition, Stage};

pub(super) use show::checked;
pub(super) use why::{quoted, verdict};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Leads, newest first.
    List {
        /// Words that stand in name, address, number, company, subject or message.
        words: Vec<String>,
        /// Worked by this owner.
        #[arg(long)]
        owner: Option<String>,
        /// Waiting without an owner.
        #[arg(long, conflicts_with = "owner")]
        unowned: bool,
        /// Routed to this team.
        #[arg(long)]
        team: Option<String>,
        /// At this stage.
        #[arg(long, value_parser = one_of(Stage::ALL.map(Stage::as_str)))]
        stage: Option<String>,
        /// With this verdict.
        #[arg(long, value_parser = one_of(Disposition::ALL.map(Disposition::as_str)))]
        disposition: Option<String>,
        /// First seen through this channel.
        #[arg(long)]
        channel: Option<String>,
        /// At most so many.
        #[arg(long)]
        limit: Option<usize>,
        #[command(flatten)]
        format: Format,
    },
    /// One lead with its touches and history.
    Show {
        /// Its id.
        id: String,
        #[command(flatten)]
        format: Format,
    },
    /// Why a lead stands where it stands: rules, score, owner.
    Why {
        /// Its id.
        id: String,
        #[command(flatten)]
        format: Format,
    },
    /// Set a lead's disposition yourself: it stands, whatever the rules say later.
    Set {
        /// Its id.
        id: String,
        /// `disposition=qualified`, `reason=…`; `disposition=` lets the rules decide again.
        #[arg(required = true, value_name = "FIELD=VALUE", value_parser = setting)]
        fields: Vec<(String, String)>,
        #[command(flatten)]
        format: Format,
    },
    /// Give a lead to an owner.
    Assign {
        /// Its id.
        id: String,
        /// The owner's id.
        owner: String,
        #[command(flatten)]
        format: Format,
    },
    /// Move a lead to another stage.
    Stage {
        /// Its id.
        id: String,
        /// Where to.
        #[arg(value_parser = one_of(Stage::ALL.map(Stage::as_str)))]
        stage: String,
        /// Why; needed for `lost`.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Give a lead back: it goes to whoever's turn it is.
    Decline {
        /// Its id.
        id: String,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        format: Format,
    },
    /// Erase somebody: their leads, and all that says who they were. It cannot be undone.
    Erase {
        /// Their e-mail address or telephone number, or a lead's id.
        who: String,
        /// Why, in words that name nobody; it is kept.
        #[arg(long)]
        reason: Option<String>,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        format: Format,
    },
    /// What was erased: when, by whom, how much and why.
    Erased {
        #[command(flatten)]
        format: Format,
    },
    /// Add a note to a lead's history.
    Note {
        /// Its id.
        id: String,
        /// The note.
        text: String,
        #[command(flatten)]
        format: Format,
    },
}

pub(super) fn run(command: Command, client: &Client) -> Outcome {
    match command {
        Command::List { words, owner, unowned, team, stage, disposition, channel, limit, format } => {
            let query = query(&[
                ("q", (!words.is_empty()).then(|| words.join(" "))),
                ("owner", if unowned { Some(String::new()) } else { owner }),
                ("team", team),
                ("stage", stage),
                ("disposition", disposition),
                ("channel", channel),
            ]);
            list(&query, limit, format, client)?;
        }
        Command::Show { id, format } => show::show(&client.get(&format!("/leads/{}", part(&id)))?, format, client)?,
        Command::Why { id, format } => why::why(&client.get(&format!("/leads/{}", part(&id)))?, format, client)?,
        Command::Set { id, fields, format } => {
            let fields = fields
                .into_iter()
                .map(|(field, value)| (field, if value.is_empty() { Value::Null } else { Value::String(value) }));
            let wish = Value::Object(fields.collect());
            let lead = client.patch(&format!("/leads/{}", part(&id)), &wish)?;
            changed(&lead, format, &format!("{id} is now {}", text(&lead["disposition"])))?;
        }
        Command::Assign { id, owner, format } => {
            let lead = client.post(&format!("/leads/{}/assign", part(&id)), &json!({ "owner": owner }))?;
            changed(&lead, format, &format!("{id} is now {owner}'s"))?;
        }
        Command::Stage { id, stage, reason, format } => {
            let wish = json!({ "stage": stage, "reason": reason });
            let lead = client.post(&format!("/leads/{}/stage", part(&id)), &wish)?;
            changed(&lead, format, &format!("{id} is now {stage}"))?;
        }
        Command::Decline { id, reason, format } => {
            let lead = client.post(&format!("/leads/{}/decline", part(&id)), &json!({ "reason": reason }))?;
            let now = match lead["owner"].as_str() {
                Some(owner) => format!("{id} is now {owner}'s"),
                None => format!("{id} waits for an owner until {}", client.time(&lead["held_until"])),
            };
            changed(&lead, format, &now)?;
        }
        Command::Erase { who, reason, yes, format } => return erase::run(&who, reason.as_deref(), yes, format, client),
        Command::Erased { format } => erase::list(format, client)?,
        Command::Note { id, text, format } => {
            let lead = client.post(&format!("/leads/{}/note", part(&id)), &json!({ "text": text }))?;
            changed(&lead, format, &format!("noted on {id}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `FIELD=VALUE`.
fn setting(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("write FIELD=VALUE, such as disposition=qualified")?;
    Ok((field.trim().to_owned(), value.trim().to_owned()))
}

/// A query string of the parameters that are there.
pub(super) fn query(parameters: &[(&str, Option<String>)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in parameters {
        if let Some(value) = value {
            query.append_pair(key, value);
        }
    }
    query.finish()
}

/// A text as one part of an address.
pub(super) fn part(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn list(query: &str, limit: Option<usize>, format: Format, client: &Client) -> anyhow::Result<()> {
    let header = [
        "id",
        "created",
        "name",
        "company",
        "address",
        "score",
        "disposition",
        "stage",
        "owner",
        "held until",
        "channel",
    ];
    let mut printer = Printer::new(format, &header);
    client.list(&format!("/leads?{query}"), limit.unwrap_or(usize::MAX), |lead| {
        printer.item(&lead, |lead| {
            let address = if lead["emails"][0].is_null() { &lead["phones"][0] } else { &lead["emails"][0] };
            vec![
                text(&lead["id"]),
                client.time(&lead["created_at"]),
                short(&lead["name"], 28),
                short(&lead["company"], 24),
                short(address, 34),
                text(&lead["score"]),
                text(&lead["disposition"]),
                text(&lead["stage"]),
                text(&lead["owner"]),
                client.time(&lead["held_until"]),
                text(&lead["attribution"]["channel"]),
            ]
        })
    })?;
    printer.finish("no leads")
}

fn changed(lead: &Value, format: Format, sentence: &str) -> anyhow::Result<()> {
    if format.json { line(lead) } else { say(sentence) }
}
