//! `lotse status`: how the daemon is doing; with `--audit` also whether the store agrees with itself.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::Value;

use super::client::Client;
use super::print::{Format, Printer, harmless, line, say, short, text};
use super::{Outcome, owners};
use crate::channels::health::ChannelState;
use crate::config::{self, Config};
use crate::lead::Name;
use crate::store::Total;

/// Letters of a trouble that are shown: what to do stands at its end.
const TOLD: usize = 400;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Also recompute what the store's indexes and counts must hold, and name every difference (exit
    /// status 1 when there is one). Takes seconds for a large store.
    #[arg(long)]
    audit: bool,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(wish: &Arguments, client: &Client, settings: &Config) -> Outcome {
    let mut status = client.get("/status")?;
    status["running"] = client.is_daemon().into();
    if let Some(totals) = client.totals()? {
        status["channels"] = stopped(settings, &totals)?;
        status["store"]["items"] = totals.values().map(|total| total.items).sum::<u64>().into();
    }
    if wish.audit {
        let mut audit = client.get("/audit")?;
        status["audit"] = audit["items"].take();
        status["store"]["held"] = audit["held"].take();
    }
    if wish.format.json {
        line(&status)?;
    } else {
        print(&status, wish.format, client)?;
        audit(&status["audit"])?;
    }
    let sound = status["audit"].as_array().is_none_or(Vec::is_empty);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the audit found; nothing when there was none.
fn audit(found: &Value) -> anyhow::Result<()> {
    let Some(found) = found.as_array() else { return Ok(()) };
    for difference in found {
        let (table, key) = (text(&difference["table"]), text(&difference["key"]));
        say(&format!("audit     {table}: {key}: {}", text(&difference["text"])))?;
    }
    if found.is_empty() { say("audit     the store agrees with itself") } else { Ok(()) }
}

fn print(status: &Value, format: Format, client: &Client) -> anyhow::Result<()> {
    if client.is_daemon() {
        say(&format!("lotse {} runs since {}", text(&status["version"]), client.time(&status["started_at"])))?;
    } else {
        say("the daemon does not run; this is what the store says")?;
    }
    let (store, outbox, rules) = (&status["store"], &status["outbox"], &status["rules"]);
    let file =
        if status["settings"]["file"].is_null() { "built-in demo".into() } else { text(&status["settings"]["file"]) };
    say(&format!("settings  {file}"))?;
    if !status["settings"]["error"].is_null() {
        say(&format!("          NOT IN FORCE: {}", text(&status["settings"]["error"])))?;
    }
    let waiting = text(&status["settings"]["waiting"]);
    if !waiting.is_empty() {
        say(&format!("          NEEDS A RESTART: {waiting}"))?;
    }
    let shadow = text(&rules["shadow"]);
    let shadow = if shadow.is_empty() { shadow } else { format!(", with the shadow rules {shadow}") };
    say(&format!("rules     {} (version {}){shadow}", rules["count"], text(&rules["version"])))?;
    let commits = if client.is_daemon() {
        format!(" in {} commits since the start", store["commits"])
    } else {
        " in all".to_owned()
    };
    let held = store["held"].as_u64().map(|held| format!(" ({held} of them held)")).unwrap_or_default();
    say(&format!("store     {} bytes on disk{held}, {} items{commits}", store["on_disk"], store["items"]))?;
    if !store["trouble"].is_null() {
        say(&format!("          TAKES NOTHING IN: {}", text(&store["trouble"])))?;
    }
    say(&format!("outbox    {} pending, {} dead  {}", outbox["pending"], outbox["dead"], text(&outbox["last_error"])))?;
    if status["unowned"] != 0 {
        say(&format!("leads     {} without an owner: lotse leads list --unowned", status["unowned"]))?;
    }
    for left in status["left_behind"].as_array().into_iter().flatten() {
        say(&format!(
            "leads     {}",
            owners::left_behind(&text(&left["owner"]), left["open"].as_u64().unwrap_or(0), &text(&left["reason"]))
        ))?;
    }
    for (name, notifier) in status["notifiers"].as_object().into_iter().flatten() {
        if !notifier["last_error"].is_null() {
            let trouble = dated(&notifier["last_error_at"], &notifier["last_error"], client);
            say(&format!("notify    {name} is in trouble, {trouble}"))?;
        }
    }
    for alarm in status["alarms"].as_array().into_iter().flatten() {
        let names = ["channel", "notifier", "template", "owner"].map(|key| &alarm[key]);
        let of = names.into_iter().find(|name| !name.is_null()).unwrap_or(&Value::Null);
        let folder = alarm["folder"].as_str().map(|folder| format!("`{}`", harmless(folder)));
        let what = [text(&alarm["cause"]), text(of), folder.unwrap_or_default()].join(" ");
        say(&format!(
            "ALARM     {} since {}  {}",
            what.trim(),
            client.time(&alarm["since"]),
            short(&alarm["error"], TOLD)
        ))?;
    }
    for (name, canary) in status["canaries"].as_object().into_iter().flatten() {
        say(&format!("canary    {name} {}", flight(canary, client)))?;
    }
    let items = if client.is_daemon() { "items since the start" } else { "items in all" };
    let header = ["channel", "kind", "state", items, "last item", "last ok", "last trouble"];
    let mut printer = Printer::new(format, &header);
    for (name, channel) in status["channels"].as_object().into_iter().flatten() {
        printer.item(channel, |channel| {
            vec![
                name.clone(),
                text(&channel["kind"]),
                text(&channel["state"]),
                text(&channel["items"]),
                client.time(&channel["last_item"]),
                client.time(&channel["last_ok"]),
                again(dated(&channel["last_error_at"], &channel["last_error"], client), channel, client),
            ]
        })?;
        for (folder, state) in channel["folders"].as_object().into_iter().flatten() {
            printer.item(state, |state| {
                let (ok, error) = (client.time(&state["last_ok"]), short(&state["last_error"], TOLD));
                let error = again(error, state, client);
                let none = String::new;
                vec![format!("  {}", harmless(folder)), none(), text(&state["state"]), none(), none(), ok, error]
            })?;
        }
    }
    printer.finish("no channels")
}

/// How a canary is doing, in words.
fn flight(canary: &Value, client: &Client) -> String {
    let arrived = match canary["took"].as_f64() {
        Some(took) => format!("arrived {} after {took:.1} s", client.time(&canary["arrived_at"])),
        None => "has not arrived yet".to_owned(),
    };
    let waits = match canary["waiting_since"].as_str() {
        Some(_) => format!("; one is under way since {}", client.time(&canary["waiting_since"])),
        None => String::new(),
    };
    let error = match canary["error"].as_str() {
        Some(_) => format!("; {}", short(&canary["error"], 200)),
        None => String::new(),
    };
    format!("{arrived}{waits}{error}")
}

/// The channels of the settings while the daemon does not run, with what the ledger says of them.
fn stopped(settings: &Config, totals: &BTreeMap<Name, Total>) -> anyhow::Result<Value> {
    let state = |channel: &config::Channel| {
        let Total { items, last } = totals.get(&channel.name).copied().unwrap_or_default();
        let kind = channel.kind.as_str();
        (
            channel.name.clone(),
            ChannelState { kind, state: "stopped", last_item: last, items, ..ChannelState::default() },
        )
    };
    let states: BTreeMap<Name, ChannelState> = settings.channels.iter().map(state).collect();
    Ok(serde_json::to_value(states)?)
}

/// A trouble, and when it is tried again.
fn again(told: String, state: &Value, client: &Client) -> String {
    let next = &state["next_try"];
    if next.is_null() { told } else { format!("{told}; next try {}", client.time(next)) }
}

/// A trouble with its time, if there was one.
fn dated(at: &Value, error: &Value, client: &Client) -> String {
    if error.is_null() { String::new() } else { format!("{}: {}", client.time(at), short(error, TOLD)) }
}
