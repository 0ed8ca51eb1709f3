//! `lotse leads`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::Client;
use super::erase;
use super::print::{Format, Printer, harmless, line, say, short, text};
use super::{Outcome, one_of};
use crate::lead::{Authentication, Disposition, Meeting, Stage};

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
        Command::Show { id, format } => show(&client.get(&format!("/leads/{}", part(&id)))?, format, client)?,
        Command::Why { id, format } => why(&client.get(&format!("/leads/{}", part(&id)))?, format, client)?,
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

fn show(lead: &Value, format: Format, client: &Client) -> anyhow::Result<()> {
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
    for (label, key) in [("accept by", "accept_by"), ("respond by", "respond_by")] {
        if !lead["handling"][key].is_null() {
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
pub(super) fn checked(found: &Value) -> String {
    let found: Option<Authentication> = serde_json::from_value(found.clone()).unwrap_or_default();
    found.map(|found| found.to_string()).unwrap_or_default()
}

/// Every decision, newest first, as sentences; as JSON the newest.
fn why(lead: &Value, format: Format, client: &Client) -> anyhow::Result<()> {
    if format.json {
        return line(&lead["decision"]);
    }
    let own = judged(lead, client);
    if !own.is_empty() {
        say(&format!("{own}; no rule changes that"))?;
    }
    for decision in lead["decisions"].as_array().into_iter().flatten() {
        say(&format!("{}  decided by {}", client.time(&decision["at"]), text(&decision["by"])))?;
        say(&format!("  recognised: {}", text(&decision["identity"])))?;
        verdict(&decision["verdict"])?;
        let routing = &decision["routing"];
        say(&format!("  owner: {}; {}", named(&routing["owner"]), text(&routing["reason"])))?;
        for candidate in routing["candidates"].as_array().into_iter().flatten() {
            let fate = text(&candidate["fate"]);
            say(&format!("    {:<12} {fate:<8} {}", text(&candidate["owner"]), text(&candidate["reason"])))?;
        }
    }
    Ok(())
}

/// A person's own verdict; empty where there is none.
fn judged(lead: &Value, client: &Client) -> String {
    let own = &lead["judged"];
    if own.is_null() {
        return String::new();
    }
    let reason = text(&own["reason"]);
    let because = if reason.is_empty() { reason } else { format!(": {reason}") };
    format!("{} by {} on {}{because}", text(&own["disposition"]), text(&own["by"]), client.time(&own["at"]))
}

fn named(owner: &Value) -> String {
    if owner.is_null() { "nobody".into() } else { text(owner) }
}

/// The words that made a rule hit.
pub(super) fn quoted(hit: &Value) -> String {
    let words: Vec<String> = hit["matched"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|words| format!("\u{201c}{}\u{201d}", text(words)))
        .collect();
    if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) }
}

/// What a rule asked for that an earlier one had decided.
fn overridden(hit: &Value, hits: &[Value]) -> String {
    let mut said = String::new();
    for part in ["disposition", "team", "priority"] {
        let first = hits.iter().find(|hit| !hit[part].is_null());
        if let Some(first) = first.filter(|first| !hit[part].is_null() && first["rule"] != hit["rule"]) {
            said += &format!("; its {part} `{}` was overridden by `{}`", text(&hit[part]), text(&first["rule"]));
        }
    }
    for (field, value) in hit["set"].as_object().into_iter().flatten() {
        let first = hits.iter().find(|hit| !hit["set"][field].is_null());
        if let Some(first) = first.filter(|first| first["rule"] != hit["rule"] && first["set"][field] != *value) {
            said += &format!("; its `{}` was overridden by `{}`", harmless(field), text(&first["rule"]));
        }
    }
    said
}

/// What the rules said, as arithmetic.
pub(super) fn verdict(verdict: &Value) -> anyhow::Result<()> {
    if verdict.is_null() {
        return Ok(());
    }
    let hits = verdict["hits"].as_array().map(Vec::as_slice).unwrap_or_default();
    for hit in hits {
        let score = hit["counted"].as_i64().or_else(|| hit["score"].as_i64()).unwrap_or(0);
        let (rule, place) = (text(&hit["rule"]), text(&hit["place"]));
        let (faded, words, less) = (faded(hit), quoted(hit), overridden(hit, hits));
        let points = if hit["score"] == 0 { String::new() } else { format!("{score:+}") };
        say(&format!("  {points:>5}  {rule} ({place}){faded}{words}{less}"))?;
    }
    groups(verdict)?;
    let reason = text(&verdict["reason"]);
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    say(&format!(
        "  = {:>+3}  {} (qualified from {}){because}",
        verdict["score"].as_i64().unwrap_or(0),
        text(&verdict["disposition"]),
        verdict["qualify_at"],
    ))?;
    for problem in verdict["problems"].as_array().into_iter().flatten() {
        say(&format!("  problem: {}", text(problem)))?;
    }
    shadow(verdict)
}

/// What a hit counted when it was new, where time has passed.
fn faded(hit: &Value) -> String {
    match (hit["score"].as_i64(), hit["counted"].as_i64()) {
        (Some(score), Some(counted)) if score != counted => {
            let since: String = text(&hit["at"]).chars().take(10).collect();
            format!(", {score:+} on {since}")
        }
        _ => String::new(),
    }
}

/// How the points came to two scores.
fn groups(verdict: &Value) -> anyhow::Result<()> {
    let groups: Vec<&Value> = verdict["groups"].as_array().into_iter().flatten().collect();
    if groups.is_empty() {
        return Ok(());
    }
    let score = |of: &str| {
        let parts = groups.iter().filter(|group| group["of"] == of).filter_map(|group| {
            let (name, points, counted) = (text(&group["group"]), &group["points"], &group["counted"]);
            match (name == of, points == counted) {
                (true, true) => None,
                (false, true) => Some(format!("{name} {points}")),
                _ => Some(format!("{name} {points}, at most {}", group["cap"])),
            }
        });
        let parts: Vec<String> = parts.collect();
        let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) };
        format!("{of} {}{parts}", verdict[of])
    };
    say(&format!("         {}, {}", score("fit"), score("engagement")))
}

/// What the shadow rules would have made of it, where that differs.
fn shadow(verdict: &Value) -> anyhow::Result<()> {
    let shadow = &verdict["shadow"];
    let differ =
        ["disposition", "reason", "score", "team", "priority"].iter().any(|part| shadow[part] != verdict[part]);
    if shadow.is_null() || !differ {
        return Ok(());
    }
    let reason = text(&shadow["reason"]);
    let because = if reason.is_empty() { reason } else { format!(": {reason}") };
    let team = text(&shadow["team"]);
    let team = if team.is_empty() { team } else { format!(", team {team}") };
    let (score, said) = (shadow["score"].as_i64().unwrap_or(0), text(&shadow["disposition"]));
    let version = text(&shadow["rules_version"]);
    say(&format!("  the shadow rules ({version}) would say: {score:+}, {said}{because}{team}"))
}
