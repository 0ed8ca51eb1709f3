//! `lotse leads why`: what was decided about a lead, as a person would tell it.

use serde_json::Value;

use crate::cli::client::Client;
use crate::cli::print::{Format, harmless, line, say, text};

/// Every decision, newest first, as sentences; as JSON the newest.
pub(super) fn why(lead: &Value, format: Format, client: &Client) -> anyhow::Result<()> {
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
pub(super) fn judged(lead: &Value, client: &Client) -> String {
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
pub(in crate::cli) fn quoted(hit: &Value) -> String {
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
pub(in crate::cli) fn verdict(verdict: &Value) -> anyhow::Result<()> {
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
    let priority = text(&verdict["priority"]);
    if !priority.is_empty() {
        say(&format!("  {:>5}  priority {priority}", ""))?;
    }
    let tags: Vec<String> = verdict["tags"].as_array().into_iter().flatten().map(text).collect();
    if !tags.is_empty() {
        say(&format!("  {:>5}  tags {}", "", tags.join(", ")))?;
    }
    for (field, value) in verdict["custom"].as_object().into_iter().flatten() {
        say(&format!("  {:>5}  {} = {}", "", harmless(field), text(value)))?;
    }
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
