//! `lotse leads erase` and `erased`.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::bail;
use serde_json::{Value, json};

use super::Outcome;
use super::client::Client;
use super::print::{Format, Printer, line, say, short, text};
use crate::lead::Id;

/// Shows what would go, asks, and erases.
pub(super) fn run(who: &str, reason: Option<&str>, yes: bool, format: Format, client: &Client) -> Outcome {
    let by = by(who);
    let mut wish = json!({ by: who, "reason": reason, "dry_run": true });
    if !yes {
        let foreseen = client.post("/erase", &wish)?;
        show(&foreseen, client)?;
        if !asked()? {
            eprintln!("lotse: nothing was erased");
            return Ok(ExitCode::FAILURE);
        }
    }
    wish["dry_run"] = Value::Bool(false);
    let erasure = client.post("/erase", &wish)?;
    if format.json {
        line(&erasure)?;
    } else if ["leads", "items", "struck"].iter().all(|part| erasure[part] == 0) {
        say("there is nothing of them")?;
    } else {
        say(&format!(
            "erased: {} leads, {} items, {} notices; struck out of {} records of others",
            erasure["leads"], erasure["items"], erasure["notices"], erasure["struck"]
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the word names: an address, a lead, or else a number.
fn by(who: &str) -> &'static str {
    if who.contains('@') {
        "email"
    } else if who.trim().parse::<Id>().is_ok() {
        "lead"
    } else {
        "phone"
    }
}

/// To standard error: with `--json` only the erasure itself goes to standard output.
fn show(foreseen: &Value, client: &Client) -> anyhow::Result<()> {
    let mut out = std::io::stderr().lock();
    for lead in foreseen["leads"].as_array().into_iter().flatten() {
        let (id, who, since) = (text(&lead["id"]), short(&lead["who"], 40), client.time(&lead["created_at"]));
        writeln!(out, "{id}  {who}  since {since}  {}  {} touches", text(&lead["stage"]), lead["touch_count"])?;
    }
    let leads = foreseen["leads"].as_array().map_or(0, Vec::len);
    writeln!(
        out,
        "{leads} leads, {} items and {} notices would be gone for good, and {} items of others would lose what names them.",
        foreseen["items"], foreseen["notices"], foreseen["elsewhere"]
    )?;
    Ok(())
}

fn asked() -> anyhow::Result<bool> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!("nobody can be asked here; with --yes it is done without");
    }
    eprint!("Erase all of this? [yes/no] ");
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

/// What was erased, newest first.
pub(super) fn list(format: Format, client: &Client) -> anyhow::Result<()> {
    let header = ["id", "at", "by", "leads", "items", "notices", "struck", "reason"];
    let mut printer = Printer::new(format, &header);
    client.list("/erasures", usize::MAX, |erasure| {
        printer.item(&erasure, |erasure| {
            let number = |part: &str| text(&erasure[part]);
            vec![
                text(&erasure["id"]),
                client.time(&erasure["at"]),
                text(&erasure["by"]),
                number("leads"),
                number("items"),
                number("notices"),
                number("struck"),
                short(&erasure["reason"], 40),
            ]
        })
    })?;
    printer.finish("nothing was erased")
}
