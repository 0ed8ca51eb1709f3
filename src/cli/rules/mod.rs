//! `lotse rules`: run the tests of the rules on disk, try them on a text, and on the leads of the past
//! ([`past`]), before new leads meet them.
//!
//! Nothing is written. Tests and texts need neither daemon nor store.

mod past;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use jiff::civil::Date;
use serde_json::json;

use super::Outcome;
use super::backfill::day;
use super::client::Client;
use super::leads::{quoted, verdict};
use super::print::{Format, count, harmless, line, say, text};
use crate::config::Config;
use crate::lead::{Fields, Hit, Id};
use crate::normalize::Reader;
use crate::pipeline::{as_if_mailed, as_if_typed};
use crate::qualify::{Failure, Rules, TestOutcome};

/// A longer text is not tried, in bytes.
const LONGEST: u64 = 16 << 20;

/// What is done with the rules.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Run the rule tests: what differs, and which rules no test hits.
    Test(Test),
    /// What the rules say about a text, or a whole mail.
    Try(Try),
    /// What a file of rules asks and does, or what each rule says about a lead.
    Explain(Explain),
    /// Where the stored leads would stand if these rules had judged them. Changes nothing.
    Replay(Replay),
    /// What the shadow rules (`[rules] shadow`) said otherwise than those in force.
    Shadow(Format),
    /// Which rules and words tell converted leads from lost ones. Changes nothing.
    Suggest(Format),
}

#[derive(Debug, clap::Args)]
pub(super) struct Test {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, clap::Args)]
pub(super) struct Try {
    /// What somebody wrote; `-` reads it from standard input. A whole mail begins with its headers.
    text: String,
    /// Who wrote it, an e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    /// What it is about.
    #[arg(long)]
    subject: Option<String>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// A file of rules (`10-intent.toml`), or a lead by its id.
    #[arg(value_name = "FILE|LEAD")]
    what: String,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    /// Only leads from this day on, in the organisation's time zone: 2026-11-01.
    #[arg(long, value_name = "DATE", value_parser = day)]
    since: Option<Date>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    format: Format,
}

/// Which rules.
#[derive(Debug, clap::Args)]
struct Which {
    /// A folder of rules other than that of the settings.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
}

impl Which {
    /// The rules on disk; the error names every mistake in them.
    fn load(&self, config: &Config) -> anyhow::Result<Rules> {
        let folder = self.rules.as_deref().or(config.rules.folder.as_deref());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(anyhow!("there is no folder of rules at {}", folder.display()));
        }
        let teams: Vec<_> = config.teams.iter().map(|team| team.name.clone()).collect();
        Rules::load(folder, config.rules.qualify_at, &teams).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow!("the rules cannot be used:\n{}", lines.join("\n"))
        })
    }
}

/// Does it; exit status 1 when a test failed, or the text makes no lead.
pub(super) fn run(command: &Command, config: &Config) -> Outcome {
    let well = match command {
        Command::Test(wish) => test(wish, config)?,
        Command::Try(wish) => try_out(wish, config)?,
        Command::Explain(wish) => explain(wish, config)?,
        Command::Replay(wish) => with_store(config, |client| past::replay(wish, config, client))?,
        Command::Shadow(format) => with_store(config, |client| past::shadow(*format, client))?,
        Command::Suggest(format) => with_store(config, |client| past::suggest(*format, client))?,
    };
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Does what needs the stored leads.
fn with_store(config: &Config, work: impl FnOnce(&Client) -> anyhow::Result<()>) -> anyhow::Result<bool> {
    let client = Client::open(config)?;
    let result = work(&client);
    client.close()?;
    result.map(|()| true)
}

fn test(wish: &Test, config: &Config) -> anyhow::Result<bool> {
    let rules = wish.which.load(config)?;
    let reader = Reader::new(config);
    let outcomes = rules.run_tests(&|fields| as_if_typed(&fields, &reader));
    let hit: BTreeSet<&str> = outcomes.iter().flat_map(|outcome| &outcome.hits).map(String::as_str).collect();
    let untested: Vec<(&str, &str)> = rules.names().filter(|(name, _)| !hit.contains(name)).collect();
    let (tests, failed) = TestOutcome::tally(&outcomes);
    if wish.format.json {
        outcomes.iter().try_for_each(|outcome| line(&json!(outcome)))?;
        let never_hit: Vec<&str> = untested.iter().map(|(name, _)| *name).collect();
        line(&json!({ "rules": rules.len(), "tests": tests, "failed": failed, "never_hit": never_hit }))?;
        return Ok(failed == 0);
    }
    outcomes.iter().filter(|outcome| !outcome.passed()).try_for_each(tell)?;
    for (name, place) in &untested {
        say(&format!("no test hits the rule `{}` ({place})", harmless(name)))?;
    }
    let result = if failed == 0 { "all passed".to_owned() } else { format!("{failed} failed") };
    say(&format!("{}, {}: {result}", count(rules.len(), "rule"), count(tests, "rule test")))?;
    Ok(failed == 0)
}

/// A test that failed, as a diff: what was expected, and what came out.
fn tell(outcome: &TestOutcome) -> anyhow::Result<()> {
    let column = if outcome.column > 0 { format!(":{}", outcome.column) } else { String::new() };
    let name = if outcome.name.is_empty() { "cannot be read" } else { &outcome.name };
    say(&harmless(&format!("{}:{}{column}: {name}", outcome.file, outcome.line)))?;
    for failure in &outcome.failures {
        match failure {
            Failure::Differs { what, expected, got } => {
                say(&harmless(&format!("  - {what:<12}{expected}\n  + {what:<12}{got}")))?;
            }
            Failure::Told(why) => say(&harmless(&format!("  ! {why}")))?,
        }
    }
    if outcome.name.is_empty() {
        // It could not be read, and was not run.
        return Ok(());
    }
    let hits = if outcome.hits.is_empty() { "none".to_owned() } else { outcome.hits.join(", ") };
    say(&harmless(&format!("  rules that hit: {hits}")))
}

fn try_out(wish: &Try, config: &Config) -> anyhow::Result<bool> {
    let rules = wish.which.load(config)?;
    let reader = Reader::new(config);
    let written = if wish.text == "-" { standard_input()? } else { wish.text.clone() };
    if written.trim().is_empty() {
        let what = if wish.text == "-" { "standard input is empty" } else { "the text is empty" };
        say(&format!("{what}: there is nothing to try; `lotse rules try - < mail.eml` tries a whole mail"))?;
        return Ok(false);
    }
    if Path::new(&wish.text).is_file() {
        let file = harmless(&wish.text);
        eprintln!("lotse: `{file}` is tried as a text; the file of that name is tried by `lotse rules try - < {file}`");
    }
    let read = if is_mail(&written) {
        as_if_mailed(written.into_bytes(), &reader)
    } else {
        let said = [("email", &wish.from), ("subject", &wish.subject), ("message", &Some(written))];
        let fields: Fields =
            said.into_iter().filter_map(|(field, text)| Some((field.to_owned(), json!(text.as_ref()?)))).collect();
        as_if_typed(&fields, &reader)
    };
    let (lead, touch) = match read {
        Ok(read) => read,
        Err(why) => {
            say(&harmless(&format!("this makes no lead: {why}")))?;
            return Ok(false);
        }
    };
    let judged = rules.judge(&lead, &touch, touch.received_at);
    if wish.format.json {
        line(&json!(judged))?;
        return Ok(true);
    }
    verdict(&json!(judged))?;
    if !judged.tags.is_empty() {
        say(&format!("  tags: {}", judged.tags.join(", ")))?;
    }
    if let Some(priority) = judged.priority {
        say(&format!("  priority: {}", priority.as_str()))?;
    }
    for (field, value) in &judged.custom {
        say(&harmless(&format!("  {field}: {}", text(value))))?;
    }
    match &judged.team {
        Some(team) => say(&format!("  team: {team}"))?,
        None => say("  team: no rule chose one, so the default team")?,
    }
    if lead.person.emails.is_empty() {
        match &wish.from {
            Some(from) => say(&harmless(&format!("  `{from}` is no e-mail address, so nobody's is known here")))?,
            None => say("  nobody's address is known here; give one with --from for rules about who writes")?,
        }
    }
    Ok(true)
}

/// Whether a text is a whole mail: header lines from the first line on, one of which says who wrote it.
fn is_mail(text: &str) -> bool {
    let is_header = |line: &str| {
        let name = line.split_once(':').map(|(name, _)| name);
        name.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()))
    };
    let mut lines = text.lines().take_while(|line| is_header(line) || line.starts_with([' ', '\t']));
    lines.any(|line| line.to_ascii_lowercase().starts_with("from:"))
}

fn explain(wish: &Explain, config: &Config) -> anyhow::Result<bool> {
    let rules = wish.which.load(config)?;
    if let Ok(lead) = wish.what.parse::<Id>() {
        return with_store(config, |client| about_lead(lead, &rules, wish.format, config, client));
    }
    let file = Path::new(&wish.what).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let in_file = |place: &str| place.rsplit_once(':').is_some_and(|(name, _)| *name == *file);
    let those: Vec<(&Hit, &str)> = rules.in_words().filter(|(hit, _)| in_file(&hit.place)).collect();
    if those.is_empty() {
        let mut files: Vec<&str> =
            rules.in_words().filter_map(|(hit, _)| Some(hit.place.rsplit_once(':')?.0)).collect();
        files.dedup();
        return Err(anyhow!("`{}` is no lead, and no file with rules; there are {}", wish.what, files.join(", ")));
    }
    let reader = Reader::new(config);
    let tests = rules.run_tests(&|fields| as_if_typed(&fields, &reader));
    for (hit, when) in those {
        let hit_by = tests.iter().filter(|test| test.hits.contains(&hit.rule)).map(|test| test.name.as_str());
        let hit_by: Vec<&str> = hit_by.collect();
        if wish.format.json {
            let mut rule = json!(hit);
            rule["when"] = json!(when);
            rule["hit_by"] = json!(hit_by);
            line(&rule)?;
            continue;
        }
        say(&harmless(&format!("{} ({})", hit.rule, hit.place)))?;
        say(&harmless(&format!("  when   {}", when.trim().replace('\n', "\n         "))))?;
        say(&harmless(&format!("  does   {}", effects(hit).join(", "))))?;
        let tests = if hit_by.is_empty() { "none hits it".to_owned() } else { hit_by.join("; ") };
        say(&harmless(&format!("  tests  {tests}\n")))?;
    }
    Ok(true)
}

/// What a rule does when it hits.
fn effects(hit: &Hit) -> Vec<String> {
    let mut does = Vec::new();
    if hit.score != 0 {
        let group = if hit.group == hit.of.as_str() { String::new() } else { format!(", in the group {}", hit.group) };
        does.push(format!("{:+} points of {}{group}", hit.score, hit.of.as_str()));
    }
    does.extend(hit.tags.iter().map(|tag| format!("tag {tag}")));
    if let Some(disposition) = hit.disposition {
        let reason = hit.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
        does.push(format!("{}{reason}", disposition.as_str()));
    }
    does.extend(hit.team.iter().map(|team| format!("team {team}")));
    does.extend(hit.priority.map(|priority| format!("{} priority", priority.as_str())));
    does.extend(hit.set.iter().map(|(field, value)| format!("sets {field} = {}", text(value))));
    does
}

/// What each rule says about a lead as it stands now.
fn about_lead(lead: Id, rules: &Rules, format: Format, config: &Config, client: &Client) -> anyhow::Result<()> {
    let files: Vec<(String, &str)> = rules.texts().collect();
    let wanted = json!({ "files": files, "qualify_at": config.rules.qualify_at, "lead": lead });
    let explained = client.post("/rules/explain", &wanted)?;
    for rule in explained["items"].as_array().into_iter().flatten() {
        if format.json {
            line(rule)?;
            continue;
        }
        let hits = rule["hits"] == true;
        let said = if hits { quoted(rule) } else { format!(": {}", text(&rule["why"])) };
        let mark = if hits { "hits  " } else { "no hit" };
        say(&format!("{mark}  {} ({}){said}", text(&rule["rule"]), text(&rule["place"])))?;
    }
    Ok(())
}

fn standard_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin().take(LONGEST).read_to_end(&mut bytes).context("cannot read standard input")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_told_from_a_text_by_its_headers() {
        assert!(is_mail("Received: from a\r\n\tby b\r\nFrom: Max <max@firma.example>\r\n\r\nHello"));
        assert!(!is_mail("Hello,\n\nFrom: the start, we wanted a quote"));
        assert!(!is_mail("Bitte ein Angebot: 250 Stück"));
    }
}
