//! What rules make of the stored leads: those on disk, the shadow rules, and what outcomes say about them.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Value, json};

use super::super::client::Client;
use super::super::print::{Format, Printer, count, harmless, line, percent, say, short, text};
use super::Replay;
use crate::config::Config;

pub(super) fn replay(wish: &Replay, config: &Config, client: &Client) -> anyhow::Result<()> {
    let rules = wish.which.load(config)?;
    let zone = config.organisation.time_zone.clone();
    let since = wish.since.map(|since| since.to_zoned_datetime(zone)).transpose();
    let since = since.context("this day is out of range")?.map(|since| since.timestamp());
    let files: Vec<(String, &str)> = rules.texts().collect();
    let wanted = json!({ "files": files, "qualify_at": config.rules.qualify_at, "since": since });
    let replayed = client.post("/rules/replay", &wanted)?;
    let mut printer = Printer::new(wish.format, &["id", "lead", "disposition", "score", "team", "owner", "and"]);
    let mut moved: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for change in replayed["changes"].as_array().into_iter().flatten() {
        for part in ["disposition", "team", "owner", "priority"] {
            if change["is"][part] != change["would_be"][part] {
                *moved.entry((part, arrow(change, part))).or_default() += 1;
            }
        }
        for tag in tags(change) {
            *moved.entry(("tag", tag)).or_default() += 1;
        }
        let parts = ["disposition", "score", "team", "owner"];
        printer.item(change, |change| {
            let stands = parts.iter().map(|part| arrow(change, part));
            let first = [text(&change["id"]), short(&change["who"], 30)].into_iter();
            first.chain(stands).chain([short(&json!(and(change).join("; ")), 60)]).collect()
        })?;
    }
    if wish.format.json {
        return Ok(());
    }
    printer.finish("every lead stands where these rules would put it")?;
    for ((part, arrow), leads) in moved {
        say(&harmless(&format!("{part:<12} {arrow}: {}", count(leads, "lead"))))?;
    }
    let changed = replayed["changes"].as_array().map_or(0, Vec::len);
    say(&format!("{} of {} leads would stand elsewhere; nothing was changed", changed, replayed["leads"]))
}

/// Tags that would come (`+intent:price`) and go (`-intent:price`).
fn tags(change: &Value) -> Vec<String> {
    let of = |side: &str| change[side]["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (is, would_be) = (of("is"), of("would_be"));
    let come = would_be.iter().filter(|tag| !is.contains(tag)).map(|tag| format!("+{}", text(tag)));
    let go = is.iter().filter(|tag| !would_be.contains(tag)).map(|tag| format!("-{}", text(tag)));
    come.chain(go).collect()
}

/// What else would be otherwise: tags, priority, reason and the fields that rules set.
fn and(change: &Value) -> Vec<String> {
    let mut said = tags(change);
    if said.is_empty() && change["is"]["tags"] != change["would_be"]["tags"] {
        said.push("tags in another order".to_owned());
    }
    for part in ["priority", "reason"] {
        if change["is"][part] != change["would_be"][part] {
            said.push(format!("{part} {}", arrow(change, part)));
        }
    }
    let of = |side: &str| change[side]["custom"].as_object().into_iter().flatten().map(|(field, _)| field.clone());
    let mut fields: Vec<String> = of("is").chain(of("would_be")).collect();
    fields.sort_unstable();
    fields.dedup();
    for field in fields {
        let pair = json!({ "is": change["is"]["custom"], "would_be": change["would_be"]["custom"] });
        if pair["is"][&field] != pair["would_be"][&field] {
            said.push(format!("{field} {}", arrow(&pair, &field)));
        }
    }
    // Points may move between the two scores.
    if change["is"]["fit"] != change["would_be"]["fit"] && change["is"]["score"] == change["would_be"]["score"] {
        said.push(format!("fit {}, engagement {}", arrow(change, "fit"), arrow(change, "engagement")));
    }
    said
}

/// `was → would be`, or what it stays.
fn arrow(change: &Value, part: &str) -> String {
    let word = |value: &Value| if value.is_null() { "none".to_owned() } else { text(value) };
    let (is, would_be) = (word(&change["is"][part]), word(&change["would_be"][part]));
    if is == would_be { is } else { format!("{is} → {would_be}") }
}

/// Leads that the shadow rules judge otherwise, and what moves where.
pub(super) fn shadow(format: Format, client: &Client) -> anyhow::Result<()> {
    let shadowed = client.get("/rules/shadow")?;
    let parts = ["disposition", "reason", "score", "team", "priority"];
    let mut printer = Printer::new(format, &["id", "lead", "disposition", "reason", "score", "team", "priority"]);
    let mut moved: BTreeMap<String, usize> = BTreeMap::new();
    for lead in shadowed["differences"].as_array().into_iter().flatten() {
        if lead["is"]["disposition"] != lead["would_be"]["disposition"] {
            *moved.entry(arrow(lead, "disposition")).or_default() += 1;
        }
        printer.item(lead, |lead| {
            let stands = parts.iter().map(|part| arrow(lead, part));
            [text(&lead["id"]), short(&lead["who"], 30)].into_iter().chain(stands).collect()
        })?;
    }
    if format.json {
        return Ok(());
    }
    printer.finish("no lead is judged otherwise by the shadow rules")?;
    for (arrow, leads) in moved {
        say(&format!("disposition  {arrow}: {}", count(leads, "lead")))?;
    }
    let version = text(&shadowed["rules_version"]);
    if version.is_empty() {
        return say("there are no shadow rules: name their folder as `shadow` in `[rules]`");
    }
    let differ = shadowed["differences"].as_array().map_or(0, Vec::len);
    say(&format!("the shadow rules {version} judge {differ} of {} leads otherwise", shadowed["leads"]))
}

/// What tells converted leads from lost ones.
pub(super) fn suggest(format: Format, client: &Client) -> anyhow::Result<()> {
    let suggested = client.get("/rules/suggest")?;
    if format.json {
        return line(&suggested);
    }
    let number = |key: &str| suggested[key].as_u64().unwrap_or(0);
    let (converted, lost, needed) = (number("converted"), number("lost"), number("needed"));
    if converted < needed || lost < needed {
        return say(&format!(
            "too early: {converted} converted and {lost} lost leads are known, and {needed} of each are needed; \
             `lotse leads stage ID converted` and `lotse leads stage ID lost --reason R` tell how leads ended"
        ));
    }
    let header = ["", "sign", "converted", "lost", "rate", "95 % between", "without", "difference"];
    let mut printer = Printer::new(format, &header);
    for sign in suggested["signs"].as_array().into_iter().flatten() {
        printer.item(sign, |sign| {
            let bounds = |bounds: &Value| format!("{} – {}", percent(&bounds[0]), percent(&bounds[1]));
            vec![
                text(&sign["sort"]),
                short(&sign["sign"], 40),
                text(&sign["converted"]),
                text(&sign["lost"]),
                percent(&sign["rate"]),
                bounds(&sign["between"]),
                percent(&sign["rate_without"]),
                bounds(&sign["difference"]),
            ]
        })?;
    }
    printer.finish("no rule and no word tells converted leads from lost ones")?;
    say(&format!(
        "of {converted} converted and {lost} lost leads; the bounds of the difference leave chance out, not habit: \
         nothing is changed, and `lotse rules replay` shows what a changed rule would do"
    ))
}
