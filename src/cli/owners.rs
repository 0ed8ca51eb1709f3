//! `lotse owners`: the rotation.

use std::process::ExitCode;

use super::Outcome;
use super::client::Client;
use super::print::{Format, Printer, percent, text};

pub(super) fn run(format: Format, client: &Client) -> Outcome {
    let header = ["id", "name", "available", "open", "assigned", "share", "expected", "teams", "reason"];
    let mut printer = Printer::new(format, &header);
    client.list("/owners", usize::MAX, |owner| {
        printer.item(&owner, |owner| {
            vec![
                text(&owner["id"]),
                text(&owner["name"]),
                if owner["available"] == true { "yes".into() } else { "no".into() },
                text(&owner["open"]),
                text(&owner["assigned"]),
                percent(&owner["share"]),
                percent(&owner["expected_share"]),
                text(&owner["teams"]),
                text(&owner["reason"]),
            ]
        })
    })?;
    printer.finish("the settings name no owners ([owners.NAME])")?;
    Ok(ExitCode::SUCCESS)
}
