//! `lotse import`: one file now, with a progress bar and a summary by outcome.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::Outcome;
use super::client::Client;
use super::leads::part;
use super::print::{line, say};
use crate::channels::csv::{Item, Unreadable, import};
use crate::config::{ChannelKind, Config};
use crate::lead::Name;
use crate::normalize::Spelling;

/// Rows that are sent at once.
const BATCH: usize = 500;
/// Unreadable lines that a dry run names.
const NAMED: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file.
    file: PathBuf,
    /// The channel whose field names count, and under which the rows stand in the ledger.
    #[arg(long)]
    channel: String,
    /// Only show how the file would be read.
    #[arg(long)]
    dry_run: bool,
    /// Tell nobody about these leads.
    #[arg(long)]
    quiet: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Takes the file in, or says how it would be read. A store is only made for a file that can be read.
pub(super) fn run(wish: &Arguments, config: &Config) -> Outcome {
    let (name, spelling) = channel(config, &wish.channel)?;
    let file = open(&wish.file)?;
    if wish.dry_run {
        dry_run(wish, file, &spelling)?;
    } else {
        let client = Client::open_or_make(config)?;
        let result = take(wish, &name, file, &client);
        client.close()?;
        result?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How the file would be read; needs neither daemon nor store.
fn dry_run(wish: &Arguments, mut file: import::Import, spelling: &Spelling) -> anyhow::Result<()> {
    let (mut rows, mut errors, mut named) = (0_u64, 0_u64, Vec::new());
    for item in &mut file.rows {
        match item.with_context(|| format!("cannot read {}", wish.file.display()))? {
            Item::Row(_) => rows += 1,
            Item::Bad(bad) => {
                errors += bad.count;
                if named.len() < NAMED {
                    named.push(json!({ "line": bad.line, "reason": bad.reason }));
                }
            }
        }
    }
    if rows + errors == 0 {
        refuse_one_line(wish, &file)?;
    }
    let columns = file.columns(spelling);
    if wish.json {
        let answer = json!({ "dialect": file.dialect, "columns": columns, "rows": rows, "errors": errors, "error_lines": named });
        line(&answer)
    } else {
        show(&json!(file.dialect), &columns, rows, &named)
    }
}

fn show(dialect: &Value, columns: &serde_json::Map<String, Value>, rows: u64, errors: &[Value]) -> anyhow::Result<()> {
    let word = |key: &str| dialect[key].to_string();
    say(&format!(
        "{} encoding, delimiter {}, header in line {}",
        word("encoding"),
        word("delimiter"),
        word("header_row")
    ))?;
    for (header, field) in columns {
        say(&format!("  {header:<30} → {}", field.as_str().unwrap_or("kept under its own name")))?;
    }
    for error in errors {
        say(&format!("  line {} cannot be read: {}", error["line"], error["reason"].as_str().unwrap_or_default()))?;
    }
    say(&format!("{rows} rows; nothing was stored"))
}

/// Takes the file in.
fn take(wish: &Arguments, name: &Name, mut file: import::Import, client: &Client) -> anyhow::Result<()> {
    let file_name = wish.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let bar = ProgressBar::new(file.bytes);
    bar.set_style(ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg} (about {eta} left)")?);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut batch = Vec::new();
    loop {
        let next = file.rows.next().transpose().with_context(|| format!("cannot read {}", wish.file.display()))?;
        let ended = next.is_none();
        batch.extend(next.map(|item| package(name, &file_name, &item)));
        if batch.len() == BATCH || (ended && !batch.is_empty()) {
            send(name, wish.quiet, &batch, client, &mut counts)?;
            batch.clear();
            bar.set_position(file.rows.position());
            bar.set_message(format!("{} rows", counts.values().sum::<u64>()));
        }
        if ended {
            break;
        }
    }
    bar.finish_and_clear();
    if counts.is_empty() {
        refuse_one_line(wish, &file)?;
    }
    summary(wish, &counts, client)
}

fn package(channel: &Name, file_name: &str, item: &Item) -> Value {
    let inbound = import::inbound(channel, file_name, item, false);
    json!({
        "source": inbound.source,
        "content_type": inbound.original.content_type,
        "text": String::from_utf8_lossy(&inbound.original.bytes),
    })
}

fn send(
    channel: &Name,
    quiet: bool,
    items: &[Value],
    client: &Client,
    counts: &mut BTreeMap<String, u64>,
) -> anyhow::Result<()> {
    let answer =
        client.post(&format!("/import/{}", part(channel.as_str())), &json!({ "quiet": quiet, "items": items }))?;
    for receipt in answer["items"].as_array().into_iter().flatten() {
        *counts.entry(receipt["outcome"].as_str().unwrap_or("?").to_owned()).or_default() += 1;
    }
    Ok(())
}

fn summary(wish: &Arguments, counts: &BTreeMap<String, u64>, client: &Client) -> anyhow::Result<()> {
    if wish.json {
        return line(&json!(counts));
    }
    let words: Vec<String> = counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
    say(&if words.is_empty() { "the file has a header and no rows".to_owned() } else { words.join(", ") })?;
    if !client.is_daemon() && !wish.quiet && counts.contains_key("created") {
        say("the owners are told when the daemon runs")?;
    }
    Ok(())
}

/// A line that is no known header may be a person: the file as a whole cannot be read.
fn refuse_one_line(wish: &Arguments, file: &import::Import) -> anyhow::Result<()> {
    if file.has_known_header() { Ok(()) } else { Err(unreadable(&wish.file, &Unreadable::OneLine)) }
}

fn open(path: &Path) -> anyhow::Result<import::Import> {
    import::open(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &Unreadable) -> anyhow::Error {
    anyhow!("cannot read {}: {error}; {}", path.display(), error.advice())
}

/// The folder whose settings count: its field names, and its name in the ledger.
fn channel(config: &Config, name: &str) -> anyhow::Result<(Name, Spelling)> {
    let folders = || {
        config.channels.iter().filter_map(|channel| match &channel.kind {
            ChannelKind::Csv(csv) => Some((&channel.name, csv)),
            ChannelKind::Webhook(_) | ChannelKind::Imap(_) => None,
        })
    };
    if let Some((name, csv)) = folders().find(|(known, _)| **known == *name) {
        return Ok((name.clone(), csv.spelling.clone()));
    }
    let what = match config.channels.iter().find(|channel| channel.name == *name) {
        Some(other) => format!("`{name}` is no channel of files but of kind `{}`", other.kind.as_str()),
        None => format!("there is no channel `{name}` in the settings"),
    };
    let names: Vec<&str> = folders().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        bail!("{what}; to import files, add one: [channels.NAME] with kind = \"csv\" and a folder");
    }
    bail!("{what}; files come in through: {}", names.join(", "));
}
