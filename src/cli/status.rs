//! `lotse status`.

use std::process::ExitCode;

use super::Outcome;
use super::client::Client;
use super::print::{Format, Printer, line, say, short, text, time};

pub(super) fn run(format: Format, client: &Client) -> Outcome {
    let mut status = client.get("/status")?;
    status["running"] = client.is_daemon().into();
    if format.json {
        line(&status)?;
        return Ok(ExitCode::SUCCESS);
    }
    if client.is_daemon() {
        say(&format!("lotse {} runs since {}", text(&status["version"]), time(&status["started_at"])))?;
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
    say(&format!("rules     {} (version {})", rules["count"], text(&rules["version"])))?;
    say(&format!("store     {} bytes, {} items in {} commits", store["bytes"], store["items"], store["commits"]))?;
    if !store["trouble"].is_null() {
        say(&format!("          TAKES NOTHING IN: {}", text(&store["trouble"])))?;
    }
    say(&format!("outbox    {} pending, {} dead  {}", outbox["pending"], outbox["dead"], text(&outbox["last_error"])))?;
    for (name, notifier) in status["notifiers"].as_object().into_iter().flatten() {
        if !notifier["last_error"].is_null() {
            say(&format!("notify    {name} is in trouble: {}", text(&notifier["last_error"])))?;
        }
    }
    for alarm in status["alarms"].as_array().into_iter().flatten() {
        let of = if alarm["channel"].is_null() { &alarm["notifier"] } else { &alarm["channel"] };
        let what = [text(&alarm["cause"]), text(of)].join(" ");
        say(&format!("ALARM     {} since {}  {}", what.trim(), time(&alarm["since"]), short(&alarm["error"], 100)))?;
    }
    let mut printer = Printer::new(format, &["channel", "kind", "state", "items", "last ok", "last trouble"]);
    for (name, channel) in status["channels"].as_object().into_iter().flatten() {
        printer.item(channel, |channel| {
            vec![
                name.clone(),
                text(&channel["kind"]),
                text(&channel["state"]),
                text(&channel["items"]),
                time(&channel["last_ok"]),
                short(&channel["last_error"], 100),
            ]
        })?;
    }
    printer.finish("no channels")?;
    Ok(ExitCode::SUCCESS)
}
