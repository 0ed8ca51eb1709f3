//! `lotse check`: proves settings, rules and their tests without starting.

use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::client::Client;
use super::print::{count, say, text};
use super::{Failed, Outcome, owners};
use crate::assign::ics;
use crate::calendars::{self, Source};
use crate::channels::imap::{Mailbox, oauth2};
use crate::config::{ChannelKind, Config, Loaded, Owner, Problem, Severity};
use crate::lead::Name;
use crate::normalize::Reader;
use crate::notify;
use crate::pipeline::as_if_typed;
use crate::qualify::{self, Rules, TestOutcome};
use crate::store::{self, Records, Store};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Also log in to each mailbox and mail server, and ask each calendar that has an address.
    #[arg(long)]
    connect: bool,
}

/// Settings that can be used; the error lists every mistake. Warnings go to standard error.
pub(super) fn settle(loaded: Loaded) -> Result<Config, Failed> {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        loaded.problems.iter().partition(|problem| problem.severity == Severity::Error);
    for warning in warnings {
        eprintln!("lotse: {warning}");
    }
    let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
    loaded.config.ok_or_else(|| Failed(anyhow!("the settings cannot be used:\n{}", text.join("\n"))))
}

/// Settings that are good enough to reach the daemon or read the store: a mistake in the file, or a
/// secret that only the daemon can read, must not keep anybody from looking.
pub(super) fn settle_for_a_look(loaded: Loaded, looks_at_store: bool) -> Result<Config, Failed> {
    let Loaded { config, draft, problems } = loaded;
    // A draft may name the wrong store: it is only good for one that is there.
    let draft = draft.filter(|draft| !looks_at_store || Store::is_in(&draft.store));
    if let (None, Some(draft)) = (&config, &draft) {
        eprintln!("lotse: {}", shortcomings(&problems, draft));
    }
    match config.or(draft) {
        Some(config) => Ok(config),
        None => settle(Loaded { config: None, draft: None, problems }),
    }
}

/// What a command that only looks goes on without, in one line.
fn shortcomings(problems: &[Problem], draft: &Config) -> String {
    let errors: Vec<&Problem> = problems.iter().filter(|problem| problem.is_error()).collect();
    if errors.iter().all(|problem| problem.only_here) {
        let keys: Vec<&str> = errors.iter().map(|problem| problem.key.as_str()).collect();
        return format!(
            "this shell does not have every secret of the daemon ({}); the command goes on without",
            keys.join(", ")
        );
    }
    let file = draft.file.as_ref().map_or_else(String::new, |file| format!(" {}", file.display()));
    format!(
        "the settings{file} have {}; `lotse check` names them, and the command goes on with the rest",
        count(errors.len(), "mistake")
    )
}

/// Reports every mistake; exit status 1 when there is one that is more than a warning.
pub(super) fn run(wish: &Arguments, loaded: &Loaded) -> Outcome {
    let mut report = Report::default();
    for problem in &loaded.problems {
        report.line(problem.severity == Severity::Error, &problem.to_string())?;
    }
    if let Some(config) = loaded.config.as_ref().or(loaded.draft.as_ref()) {
        expiries(config, Timestamp::now(), &mut report)?;
        calendar_files(config, &mut report)?;
        rules(config, &mut report)?;
        left_behind(config, &mut report)?;
    }
    if let (Some(config), true) = (&loaded.config, wish.connect) {
        connect(config, &mut report)?;
    }
    report.finish()
}

#[derive(Default)]
struct Report {
    errors: usize,
    warnings: usize,
}

impl Report {
    fn line(&mut self, error: bool, text: &str) -> anyhow::Result<()> {
        *(if error { &mut self.errors } else { &mut self.warnings }) += 1;
        say(text)
    }

    fn finish(&self) -> Outcome {
        if self.errors == 0 && self.warnings == 0 {
            say("all is well")?;
        } else {
            say(&format!("{}, {}", count(self.errors, "error"), count(self.warnings, "warning")))?;
        }
        Ok(if self.errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Secrets that expire soon or have expired.
fn expiries(config: &Config, now: Timestamp, report: &mut Report) -> anyhow::Result<()> {
    for channel in &config.channels {
        let ChannelKind::Imap(mailbox) = &channel.kind else { continue };
        if let Some(expiry) = mailbox.secret_expires().and_then(|expires| oauth2::expiry(expires, now)) {
            report.line(false, &format!("channels.{}.oauth2: warning: {}", channel.name, expiry.told))?;
        }
    }
    Ok(())
}

/// Calendars that are files.
fn calendar_files(config: &Config, report: &mut Report) -> anyhow::Result<()> {
    for owner in &config.owners {
        let Some(Source::File(path)) = &owner.calendar else { continue };
        let read = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()));
        let busy = read.and_then(|bytes| ics::busy(&bytes, &zone_of(owner, config), Timestamp::now()));
        if let Err(error) = busy {
            let what = format!("owners.{}.calendar: warning: {error}", owner.id);
            report.line(
                false,
                &format!(
                    "{what}; what it said last counts, and before it was ever read {} gets leads also while busy",
                    owner.id
                ),
            )?;
        }
    }
    Ok(())
}

fn zone_of(owner: &Owner, config: &Config) -> TimeZone {
    owner.time_zone.clone().unwrap_or_else(|| config.organisation.time_zone.clone())
}

/// Rules, lists and rule tests; with mistakes in the settings `config` is a draft of them.
fn rules(config: &Config, report: &mut Report) -> anyhow::Result<()> {
    let folder = config.rules.folder.as_deref();
    if folder.is_some_and(|folder| !folder.is_dir()) {
        // A mistake of the settings, and told with them.
        return Ok(());
    }
    let teams: Vec<_> = config.teams.iter().map(|team| team.name.clone()).collect();
    rules_of(folder, config, &teams, report)?;
    match config.rules.shadow.as_deref() {
        Some(shadow) => {
            say(&format!("the shadow rules, {}:", shadow.display()))?;
            rules_of(Some(shadow), config, &teams, report)
        }
        None => Ok(()),
    }
}

fn rules_of(folder: Option<&Path>, config: &Config, teams: &[Name], report: &mut Report) -> anyhow::Result<()> {
    match Rules::load(folder, config.rules.qualify_at, teams) {
        Ok(rules) => {
            let channels: Vec<_> = config.channels.iter().map(|channel| channel.name.clone()).collect();
            let unknown = rules.unknown_channels(&channels);
            for problem in rules.warnings().iter().chain(&unknown) {
                let message = format!("warning: {}", problem.message);
                report.line(false, &qualify::Problem { message, ..problem.clone() }.to_string())?;
            }
            let reader = Reader::new(config);
            let tests = rules.run_tests(&|fields| as_if_typed(&fields, &reader));
            for failed in tests.iter().filter(|test| !test.passed()) {
                report.line(true, &failed.to_string())?;
            }
            let (mails, differences) = rules.run_mail_tests(reader);
            differences.iter().try_for_each(|problem| report.line(true, &problem.to_string()))?;
            let (rule, templates) = (count(rules.len(), "rule"), count(rules.templates().len(), "mail template"));
            say(&format!(
                "{rule}, {}, {templates}, {}",
                count(TestOutcome::tally(&tests).0, "rule test"),
                count(mails, "template test")
            ))
        }
        Err(problems) => {
            let tests = folder.map(Rules::mistakes_in_tests).unwrap_or_default();
            problems.iter().chain(&tests).try_for_each(|problem| report.line(true, &problem.to_string()))?;
            say("the rule tests were not run: the rules cannot be used")
        }
    }
}

/// Open leads whose owner is not in these settings, or not active; they stay where they are.
fn left_behind(config: &Config, report: &mut Report) -> anyhow::Result<()> {
    if !Store::is_in(&config.store) {
        return Ok(());
    }
    match open_leads(config) {
        Ok(owners) => owners.iter().try_for_each(|(id, open)| {
            let reason = match config.owners.iter().find(|owner| owner.id == *id.as_str()) {
                Some(owner) if owner.active => return Ok(()),
                Some(_) => "not active",
                None => "not in the settings any more",
            };
            report.line(false, &format!("warning: {}", owners::left_behind(id, *open, reason)))
        }),
        Err(error) => say(&format!("the leads in the store were not looked at: {error:#}")),
    }
}

/// Who has open leads, and how many, by the store or by the daemon that has it open.
fn open_leads(config: &Config) -> anyhow::Result<Vec<(String, u64)>> {
    let mut owners = Vec::new();
    match Store::open(&config.store) {
        Ok(store) => {
            for (owner, counts) in store.view(|view| view.all_owner_counts())? {
                owners.push((owner.to_string(), counts.open));
            }
        }
        Err(store::Error::Locked(_)) => {
            let client = Client::open(config)?;
            client.list("/owners", usize::MAX, |owner| {
                owners.push((text(&owner["id"]), owner["open"].as_u64().unwrap_or(0)));
                Ok(())
            })?;
            client.close()?;
        }
        Err(error) => return Err(error.into()),
    }
    owners.retain(|(_, open)| *open > 0);
    Ok(owners)
}

fn connect(config: &Config, report: &mut Report) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for channel in &config.channels {
        if let ChannelKind::Imap(mailbox) = &channel.kind {
            let result = if mailbox.keeps_sign_in() {
                with_sign_in(config, &channel.name).map_err(|error| format!("{error:#}"))
            } else {
                let mailbox = Mailbox::new(channel.name.clone(), mailbox.clone());
                runtime.block_on(mailbox.inspect(None)).map_err(|error| error.in_full())
            };
            tell(&format!("channels.{}", channel.name), result, report)?;
        }
    }
    for owner in &config.owners {
        if let Some(Source::Address(address)) = &owner.calendar {
            let result = runtime.block_on(calendars::probe(address, zone_of(owner, config), Timestamp::now()));
            let result = result.map(|busy| vec![format!("read, with {} ahead", count(busy, "busy time"))]);
            tell(&format!("owners.{}.calendar", owner.id), result, report)?;
        }
    }
    for notifier in &config.notifiers {
        let result = match notify::build(notifier) {
            Ok(way) => runtime.block_on(way.probe()).map(|said| vec![said]).map_err(|failure| failure.message),
            Err(error) => Err(error.to_string()),
        };
        tell(&format!("notify.{}", notifier.name), result, report)?;
    }
    Ok(())
}

/// Logs in where the sign-in is kept: logging in may change it, and only one may do that.
fn with_sign_in(config: &Config, name: &Name) -> anyhow::Result<Vec<String>> {
    let client = Client::open_or_make(config)?;
    let result = client.post(&format!("/mailboxes/{name}/probe"), &Value::Null);
    client.close()?;
    Ok(result?["said"].as_array().into_iter().flatten().map(text).collect())
}

fn tell(what: &str, result: Result<Vec<String>, String>, report: &mut Report) -> anyhow::Result<()> {
    match result {
        Ok(sentences) => sentences.iter().try_for_each(|sentence| say(&format!("{what}: {sentence}"))),
        Err(error) => report.line(true, &format!("{what}: {error}")),
    }
}
