//! Stage 4, qualify: what the rules say about a lead.
//!
//! [`Rules::load`] reads a folder of rule files (or the shipped ones) and gives either a whole,
//! checked set of rules or every mistake in it; a set never changes, so it is shared freely and
//! replaced as a whole. [`Rules::judge`] asks each rule about a lead and its newest touch:
//!
//! - every rule that hits adds its score and its tags, also those that hit at an earlier touch;
//! - points add up in groups, to two scores: fit and engagement;
//! - the first hit with a disposition decides that, with its reason; so do a team and a priority;
//! - without such a hit, the score decides: `qualify_at` or more is `qualified`, less `unqualified`.
//!
//! Rules may have a shadow: other rules that are asked as well, whose verdict is kept and decides nothing.
//!
//! A rule that meets an absent value does not hit. A rule that fails does not hit either, and is
//! named in [`Verdict::problems`]; nothing a rule or a lead contains makes `judge` fail.

mod advice;
mod check;
mod compile;
mod evaluate;
mod expectation;
mod files;
mod lists;
mod matched;
mod meant;
mod names;
mod never;
mod never_time;
mod never_value;
mod operators;
mod problem;
mod reach;
mod read;
mod rule;
mod rule_tests;
mod sample;
mod score;
mod sieve;
mod suggest;
mod syntax;
mod templates;
mod types;
mod values;
mod view;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use cel::Env;
use jiff::Timestamp;
use serde::Serialize;

use crate::lead::{Disposition, Fields, Hit, Lead, Name, Touch, Verdict};
use crate::normalize::{Reader, Templates};
use evaluate::{Answer, ask};
use files::Files;
use matched::matched;
use rule::{Reading, Rule};
use rule_tests::RuleTests;
use sample::samples;
use score::{Groups, join};
use templates::MailTests;
use values::{Words, environment};
use view::View;

pub use expectation::Failure;
pub use problem::Problem;
pub use rule_tests::TestOutcome;
pub use suggest::{ENOUGH, Outcomes, Sign, Sort};

/// Stack of the thread that parses rules: the parser recurses with the length of an expression.
const STACK: usize = 64 << 20;

/// A checked set of rules; never changes.
pub struct Rules {
    in_order: Vec<Rule>,
    tests: RuleTests,
    templates: Templates,
    mail_tests: MailTests,
    warnings: Vec<Problem>,
    /// Channels that rules ask about, with what is to be said where there is none of that name.
    channels: Vec<(Problem, String)>,
    files: Files,
    env: Arc<Env>,
    qualify_at: i64,
    version: String,
    groups: Groups,
    shadow: Option<Arc<Self>>,
}

impl Rules {
    /// Reads the rules of `folder`, or the shipped ones when there is none.
    ///
    /// `qualify_at` is the score from which a lead is qualified, `teams` are the names rules may
    /// route to. The error is every mistake in every rule file and list, in file order; mistakes in
    /// rule tests are no reason to refuse the rules, and come out of [`Rules::run_tests`].
    pub fn load(folder: Option<&Path>, qualify_at: i64, teams: &[Name]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let files = folder.map_or_else(Files::shipped, |folder| Files::of_folder(folder, &mut problems));
        let mut rules = Self::compile(files, problems, qualify_at, teams)?;
        if let (Some(folder), true) = (folder, rules.is_empty()) {
            let message = "there are no rules: every lead is judged by its score of 0";
            rules.warnings.push(Problem::whole(folder.display().to_string(), message));
        }
        Ok(rules)
    }

    /// As [`Rules::load`], from texts: each with its path below the folder of the rules
    /// (`10-intent.toml`, `lists/freemail.txt`, `tests/shipped.toml`).
    pub fn of(texts: &[(&str, &str)], qualify_at: i64, teams: &[Name]) -> Result<Self, Vec<Problem>> {
        Self::compile(Files::of(texts), Vec::new(), qualify_at, teams)
    }

    /// Mistakes in the rule tests of `folder`, for rules that are broken, so that no test can be run.
    #[must_use]
    pub fn mistakes_in_tests(folder: &Path) -> Vec<Problem> {
        RuleTests::read(&Files::of_folder(folder, &mut Vec::new())).mistakes()
    }

    /// Compiles on a stack of its own; `problems` were found while the files were read.
    fn compile(files: Files, problems: Vec<Problem>, qualify_at: i64, teams: &[Name]) -> Result<Self, Vec<Problem>> {
        let compiled = thread::scope(|scope| {
            let compiler = thread::Builder::new().name("rules".into()).stack_size(STACK);
            let thread = compiler.spawn_scoped(scope, move || Self::read(files, problems, qualify_at, teams))?;
            thread.join().map_err(|_| std::io::Error::other("the rule engine failed"))
        });
        compiled.unwrap_or_else(|error| Err(vec![cannot_load(&error)]))
    }

    fn read(files: Files, mut problems: Vec<Problem>, qualify_at: i64, teams: &[Name]) -> Result<Self, Vec<Problem>> {
        let env = Arc::new(environment().map_err(|error| vec![cannot_load(&error)])?);
        let samples = samples().map_err(|error| vec![cannot_load(&error)])?;
        let words: BTreeMap<String, Words> =
            files.lists.iter().map(|file| (file.stem().to_owned(), Words::parse(&file.text))).collect();
        let mut reading = Reading::new(&env, &words, teams, &samples);
        let rules = reading.all(&files.rules);
        let Reading { problems: found, mut warnings, groups, channels, looked_up, .. } = reading;
        warnings.splice(0..0, files.passed_over.iter().cloned());
        warnings.extend(files.lists.iter().flat_map(|list| {
            let here = |field| looked_up.contains(&(field, list.stem().to_owned()));
            lists::warnings(list, here("lead.domain"), here("lead.email"))
        }));
        problems.extend(found);
        let (templates, mail_tests) = templates::read(&files, &mut problems);
        if !problems.is_empty() {
            problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
            return Err(problems);
        }
        let version = files.version(qualify_at);
        let tests = RuleTests::read(&files);
        let in_order = rules;
        let shadow = None;
        Ok(Self {
            in_order,
            tests,
            templates,
            mail_tests,
            warnings,
            channels,
            files,
            env,
            qualify_at,
            version,
            groups,
            shadow,
        })
    }

    /// The same with other rules that are asked as well, and decide nothing.
    #[must_use]
    pub fn with_shadow(mut self, shadow: Option<Arc<Self>>) -> Self {
        self.shadow = shadow;
        self
    }

    /// The rules that are asked as well.
    #[must_use]
    pub const fn shadow(&self) -> Option<&Arc<Self>> {
        self.shadow.as_ref()
    }

    /// What the rules say about a lead whose only touch is `touch`.
    ///
    /// Never panics, and needs less than 2 MiB of stack even without optimisation.
    #[must_use]
    pub fn judge(&self, lead: &Lead, touch: &Touch, now: Timestamp) -> Verdict {
        self.judge_after(None, lead, touch, now)
    }

    /// What they say about one whose newest touch is `touch`, after what they said at the touch before:
    /// those hits count on, each rule once. A shadow is asked about leads that are new, and about those
    /// that it knows.
    #[must_use]
    pub fn judge_after(&self, earlier: Option<&Verdict>, lead: &Lead, touch: &Touch, now: Timestamp) -> Verdict {
        let (hits, problems) = self.hits(lead, touch, now);
        let mut verdict = self.empty(hits, problems);
        for tag in verdict.hits.iter().flat_map(|hit| &hit.tags).chain(&touch.content.tags) {
            if !verdict.tags.contains(tag) {
                verdict.tags.push(tag.clone());
            }
        }
        if let Some(earlier) = earlier {
            join(&mut verdict, earlier);
            self.place_in_groups(&mut verdict);
        }
        self.groups.count(&mut verdict, now);
        self.decide(&mut verdict);
        let known = earlier.map(|earlier| earlier.shadow.as_deref());
        verdict.shadow = match (&self.shadow, known) {
            (None, _) | (_, Some(None)) => None,
            (Some(shadow), known) => Some(Box::new(shadow.judge_after(known.flatten(), lead, touch, now))),
        };
        verdict
    }

    /// The rules that hit, and those that could not be asked.
    fn hits(&self, lead: &Lead, touch: &Touch, now: Timestamp) -> (Vec<Hit>, Vec<String>) {
        let (mut hits, mut problems) = (Vec::new(), Vec::new());
        for rule in &self.in_order {
            match self.ask(rule, lead, touch, now) {
                Ok(hit) => hits.push(Hit { at: Some(now), ..hit }),
                Err(Answer::Failed(why)) => {
                    problems.push(format!("rule `{}` ({}): {why}", rule.hit.rule, rule.hit.place));
                }
                Err(_) => {}
            }
        }
        (hits, problems)
    }

    fn empty(&self, hits: Vec<Hit>, problems: Vec<String>) -> Verdict {
        Verdict {
            hits,
            score: 0,
            fit: 0,
            engagement: 0,
            groups: Vec::new(),
            tags: Vec::new(),
            disposition: Disposition::Unqualified,
            reason: None,
            team: None,
            priority: None,
            custom: Fields::new(),
            qualify_at: self.qualify_at,
            rules_version: self.version.clone(),
            problems,
            shadow: None,
        }
    }

    /// Hits of before there were groups belong to that of the rule today.
    fn place_in_groups(&self, verdict: &mut Verdict) {
        for hit in verdict.hits.iter_mut().filter(|hit| hit.group.is_empty()) {
            if let Some(rule) = self.in_order.iter().find(|rule| rule.hit.rule == hit.rule) {
                hit.group.clone_from(&rule.hit.group);
            }
        }
    }

    /// The first hit that decides something decides it; without one the score decides the disposition.
    fn decide(&self, verdict: &mut Verdict) {
        let hits = &verdict.hits;
        let decided = hits.iter().find_map(|hit| Some((hit.disposition?, hit.reason.clone())));
        let by_score = if verdict.score >= self.qualify_at { Disposition::Qualified } else { Disposition::Unqualified };
        verdict.team = hits.iter().find_map(|hit| hit.team.clone());
        verdict.priority = hits.iter().find_map(|hit| hit.priority);
        for (field, value) in hits.iter().flat_map(|hit| &hit.set) {
            if !verdict.custom.contains_key(field) {
                verdict.custom.insert(field.clone(), value.clone());
            }
        }
        (verdict.disposition, verdict.reason) = decided.unwrap_or((by_score, None));
    }

    /// What each rule says about a lead, in the order in which they are asked.
    #[must_use]
    pub fn explain(&self, lead: &Lead, touch: &Touch, now: Timestamp) -> Vec<Explained> {
        let explained = self.in_order.iter().map(|rule| {
            let answer = self.ask(rule, lead, touch, now);
            let hits = answer.is_ok();
            let (hit, why) = match answer {
                Ok(hit) => (hit, None),
                Err(why) => (rule.hit.clone(), Some(why)),
            };
            let why = why.map(|answer| match answer {
                Answer::Absent => "it asks for something that this lead does not have".to_owned(),
                Answer::Failed(why) => why,
                Answer::Hit | Answer::Miss => "it does not hold".to_owned(),
            });
            Explained { hit, when: rule.when.source.clone(), hits, why }
        });
        explained.collect()
    }

    /// The hit with its words, or what else the rule says.
    fn ask(&self, rule: &Rule, lead: &Lead, touch: &Touch, now: Timestamp) -> Result<Hit, Answer> {
        let view = || View::new(lead, touch, now, &rule.when.constants);
        match ask(&rule.when, &self.env, &view()) {
            Answer::Hit => Ok(Hit { matched: matched(&rule.when, &self.env, &view()), ..rule.hit.clone() }),
            other => Err(other),
        }
    }

    /// Each rule in the order in which they are asked: what it does, and its `when` as written.
    pub fn in_words(&self) -> impl Iterator<Item = (&Hit, &str)> {
        self.in_order.iter().map(|rule| (&rule.hit, rule.when.source.as_str()))
    }

    /// Runs the tests beside the rules. `read` makes a lead and a touch of what a test says a person
    /// typed, as a form with these fields would; its error is why that is no lead.
    #[must_use]
    pub fn run_tests(&self, read: &dyn Fn(Fields) -> Result<(Lead, Touch), String>) -> Vec<TestOutcome> {
        self.tests.run(self, read)
    }

    /// The user's own templates of mails.
    #[must_use]
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// Runs the tests beside the templates; `reader` has the settings. The result is how many there
    /// are, and each difference with its file, the mail, the field, what was expected and found.
    #[must_use]
    pub fn run_mail_tests(&self, reader: Reader) -> (usize, Vec<Problem>) {
        let reader = reader.with_templates(&self.templates);
        self.mail_tests.run(&self.files.mails, &reader)
    }

    /// Short hash of all rules, lists and the threshold: 12 hexadecimal digits.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What somebody should look at though the rules can be used.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// What rules ask about channels that are none of these, which are those of the settings; nothing where
    /// there are none at all, or none that can be read.
    #[must_use]
    pub fn unknown_channels(&self, known: &[Name]) -> Vec<Problem> {
        let missing = |name: &String| !known.is_empty() && !known.iter().any(|known| known.as_str() == name);
        let unknown = self.channels.iter().filter(|(_, name)| missing(name));
        let told = unknown.map(|(problem, name)| {
            let names = known.iter().map(Name::as_str);
            let hint = problem::did_you_mean(name, names.clone());
            let hint = hint.unwrap_or_else(|| format!("there are {}", names.collect::<Vec<_>>().join(", ")));
            problem.clone().hint(hint)
        });
        told.collect()
    }

    /// The rule files and lists it was made of, as [`Rules::of`] takes them.
    pub fn texts(&self) -> impl Iterator<Item = (String, &str)> {
        self.files.texts()
    }

    /// Number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.in_order.len()
    }

    /// Whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    /// Each rule in the order in which they are asked: its name, and its place (`10-intent.toml:12`).
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.in_order.iter().map(|rule| (rule.hit.rule.as_str(), rule.hit.place.as_str()))
    }

    /// The shipped files by their path below `rules/`, to be written out and changed.
    #[must_use]
    pub fn shipped() -> &'static [(&'static str, &'static str)] {
        files::SHIPPED
    }
}

/// What one rule says about one lead.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// The rule, and what it does when it hits.
    #[serde(flatten)]
    pub hit: Hit,
    /// What it asks.
    pub when: String,
    /// Whether it hits.
    pub hits: bool,
    /// Why it does not, in words.
    pub why: Option<String>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").field("len", &self.len()).field("version", &self.version).finish_non_exhaustive()
    }
}

fn cannot_load(error: &dyn fmt::Display) -> Problem {
    Problem::whole("rules", format!("cannot load the rules: {error}"))
}

#[cfg(test)]
mod tests;
