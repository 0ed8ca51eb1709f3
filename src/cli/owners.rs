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

/// What to say of open leads whose owner cannot work them, and how they are handed on.
pub(super) fn left_behind(owner: &str, open: u64, reason: &str) -> String {
    let leads = if open == 1 { "1 open lead belongs".to_owned() } else { format!("{open} open leads belong") };
    format!(
        "{leads} to `{owner}`, who is {reason}; see `lotse leads list --owner {owner}`, hand on with `lotse leads assign ID OWNER`"
    )
}
