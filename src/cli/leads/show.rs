//! `lotse leads show`: a lead with all that came in.

use serde_json::Value;

use super::why::judged;
use crate::cli::client::Client;
use crate::cli::print::{Format, harmless, line, say, text};
use crate::lead::{Authentication, Meeting};

pub(super) fn show(lead: &Value, format: Format, client: &Client) -> anyhow::Result<()> {
    if format.json {
        return line(lead);
    }
    let labels = [
        "id",
        "name",
        "company",
        "job_title",
        "emails",
        "phones",
        "website",
        "country",
        "language",
        "subject",
        "score",
        "fit",
        "engagement",
        "priority",
        "tags",
        "disposition",
        "reason",
        "stage",
        "stage_reason",
        "team",
        "owner",
        "forwarded_by",
        "away_until",
        "problems",
    ];
    for label in labels {
        let value = text(&lead[label]);
        if !value.is_empty() {
            say(&format!("{:<13}{value}", label.replace('_', " ")))?;
        }
    }
    if !lead["held_until"].is_null() {
        say(&format!("{:<13}{}", "held until", client.time(&lead["held_until"])))?;
    }
    let stage = text(&lead["stage"]);
    for (label, key, until) in
        [("accept by", "accept_by", &["new"][..]), ("respond by", "respond_by", &["new", "accepted"])]
    {
        if !lead["handling"][key].is_null() && until.contains(&stage.as_str()) {
            say(&format!("{label:<13}{}", client.time(&lead["handling"][key])))?;
        }
    }
    if !lead["next_step"].is_null() {
        let (step, due) = (text(&lead["next_step"]["text"]), client.time(&lead["next_step"]["due"]));
        say(&format!("{:<13}{step}, {due}", "next step"))?;
    }
    let own = judged(lead, client);
    if !own.is_empty() {
        say(&format!("{:<13}{own}", "judged"))?;
    }
    for (field, value) in lead["custom"].as_object().into_iter().flatten() {
        say(&format!("{:<13}{}: {}", "custom", harmless(field), text(value)))?;
    }
    for failing in lead["failing"].as_array().into_iter().flatten() {
        let why = if failing["why"].is_null() { String::new() } else { format!(": {}", text(&failing["why"])) };
        let at = client.time(&failing["at"]);
        say(&format!("{:<13}{}, mail came back on {at}{why}", "failing", text(&failing["email"])))?;
    }
    for other in lead["others"].as_array().into_iter().flatten() {
        let name = text(&other["name"]);
        let name = if name.is_empty() { name } else { format!(" ({name})") };
        say(&format!("{:<13}{}{name} writes in its conversation", "other", text(&other["email"])))?;
    }
    for (label, value) in lead["fields"].as_object().into_iter().flatten() {
        let is_time = [Meeting::BEGINS, Meeting::ENDS].contains(&label.as_str());
        let time = if is_time { client.time(value) } else { String::new() };
        let value = if time.is_empty() { text(value) } else { time };
        say(&format!("{:<13}{}: {value}", "field", harmless(label)))?;
    }
    for touch in lead["touches"].as_array().into_iter().flatten() {
        show_touch(touch, client)?;
    }
    say("\nhistory")?;
    for entry in lead["timeline"].as_array().into_iter().flatten() {
        say(&format!(
            "  {}  {:<9} {} ({})",
            client.time(&entry["at"]),
            text(&entry["event"]),
            text(&entry["text"]),
            text(&entry["by"])
        ))?;
    }
    Ok(())
}

/// What came in once.
fn show_touch(touch: &Value, client: &Client) -> anyhow::Result<()> {
    say(&format!(
        "\n{}  {} through {}",
        client.time(&touch["received_at"]),
        text(&touch["kind"]),
        text(&touch["channel"])
    ))?;
    for value in [&touch["from"], &touch["subject"], &touch["text"]] {
        let value = text(value);
        if !value.is_empty() {
            say(&format!("  {}", value.replace('\n', "\n  ")))?;
        }
    }
    let from = &touch["attribution"];
    for (label, value) in [("page", &from["page"]), ("referrer", &from["referrer"])] {
        let value = text(value);
        if !value.is_empty() {
            say(&format!("  {label} {value}"))?;
        }
    }
    for (name, value) in from["utm"].as_object().into_iter().flatten() {
        say(&format!("  campaign {}: {}", harmless(name), text(value)))?;
    }
    let sender = checked(&touch["authentication"]);
    if !sender.is_empty() {
        say(&format!("  sender checked: {sender}"))?;
    }
    for file in touch["attachments"].as_array().into_iter().flatten() {
        let danger = file["danger"].as_str().map(|danger| format!(", careful: {danger}")).unwrap_or_default();
        say(&format!("  file {} ({} bytes{danger})", text(&file["name"]), file["size"]))?;
    }
    Ok(())
}

/// What the mail server found out about a sender; empty where it tells nothing.
pub(in crate::cli) fn checked(found: &Value) -> String {
    let found: Option<Authentication> = serde_json::from_value(found.clone()).unwrap_or_default();
    found.map(|found| found.to_string()).unwrap_or_default()
}
