//! Rule tests, `rules/tests/*.toml`: what a lead says, and what the rules must make of it.
//!
//! In: `[[test]]` tables and somebody who reads leads the way a form is read. Out: one outcome a
//! test, with what was expected, what came out and which rules hit. A test that cannot be read has
//! failed.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Rules;
use super::expectation::{Expect, Failure, TouchAs};
use super::files::{File, Files};
use super::problem::Problem;
use super::read::{Table, json, parse, tables};
use super::sample::nobody;
use crate::lead::{Fields, Lead, Touch, Verdict};
use crate::normalize::Spelling;
use crate::normalize::fields::{CANONICAL, meaning};

/// Fields of a lead that no form can carry: they are put in after reading.
const AFTER_READING: [&str; 15] = [
    "id",
    "domain",
    "language",
    "attribution",
    "fields",
    "attachments",
    "forwarded_by",
    "consent",
    "stage",
    "next_step",
    "touch_count",
    "problems",
    "created_at",
    "updated_at",
    "assigned_at",
];

/// How one rule test went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestOutcome {
    /// The test's file as a person would open it.
    pub file: String,
    /// The line it begins on, or that cannot be read, from 1.
    pub line: usize,
    /// The column of what cannot be read, from 1; 0 for the test as a whole.
    #[serde(skip_serializing_if = "is_zero")]
    pub column: usize,
    /// Its name; empty when it could not be read.
    pub name: String,
    /// What was expected and did not come out; empty when it passed.
    pub failures: Vec<Failure>,
    /// Names of the rules that hit.
    pub hits: Vec<String>,
    /// The line of the header of its test; 0 for a file as a whole.
    #[serde(skip)]
    begins: usize,
}

impl TestOutcome {
    /// How many tests there are, and how many of them did not pass: each counts once, whatever is wrong with it.
    #[must_use]
    pub fn tally(outcomes: &[Self]) -> (usize, usize) {
        let distinct = |of: &dyn Fn(&&Self) -> bool| {
            outcomes.iter().filter(of).map(|outcome| (&outcome.file, outcome.begins)).collect::<BTreeSet<_>>().len()
        };
        (distinct(&|_| true), distinct(&|outcome| !outcome.passed()))
    }

    /// Whether everything came out as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

impl fmt::Display for TestOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            0 => write!(f, "{}:{}: ", self.file, self.line)?,
            column => write!(f, "{}:{}:{column}: ", self.file, self.line)?,
        }
        if !self.name.is_empty() {
            write!(f, "{}: ", self.name)?;
        }
        if self.passed() {
            return f.write_str("ok");
        }
        let failures: Vec<String> = self.failures.iter().map(Failure::to_string).collect();
        f.write_str(&failures.join("; "))?;
        match self.hits.as_slice() {
            // It was not run.
            [] if self.name.is_empty() => Ok(()),
            [] => f.write_str(" (no rule hit)"),
            hits => write!(f, " (rules that hit: {})", hits.join(", ")),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(column: &usize) -> bool {
    *column == 0
}

/// All tests beside a set of rules.
#[derive(Debug, Default)]
pub(super) struct RuleTests {
    tests: Vec<RuleTest>,
    /// What cannot be read, with the line of its test.
    broken: Vec<(usize, Problem)>,
}

#[derive(Debug)]
struct RuleTest {
    file: String,
    line: usize,
    name: String,
    lead: Fields,
    touch: TouchAs,
    /// Touches before it, and when they were.
    earlier: Vec<(TouchAs, Timestamp)>,
    now: Option<Timestamp>,
    expect: Expect,
}

impl RuleTests {
    /// Reads all test files.
    pub(super) fn read(files: &Files) -> Self {
        let of_files = files.unread_tests.iter().map(|problem| (0, problem.clone()));
        let mut all = Self { tests: Vec::new(), broken: of_files.collect() };
        let mut names = HashMap::new();
        for file in &files.tests {
            let mut broken = Vec::new();
            let parsed = parse(file, &mut broken);
            let tables = parsed.iter().flat_map(|parsed| tables(file, parsed, "test", "a test", &mut broken));
            let tables: Vec<_> = tables.collect();
            all.broken.extend(broken.into_iter().map(|problem| (0, problem)));
            for table in tables {
                let mut broken = Vec::new();
                let test = RuleTest::read(file, &table, &mut broken);
                let place = format!("{}:{}", file.name, table.line());
                if let Some(name) = table.get("name").and_then(|name| name.get_ref().as_str())
                    && let Some(first) = names.insert(name.trim().to_owned(), place)
                {
                    let message = format!("there is another test with the name `{}` at {first}", name.trim());
                    let hint = "give each a name of its own, or take one of them out";
                    broken.push(table.problem_of("name", message).hint(hint));
                }
                if broken.is_empty() {
                    all.tests.extend(test);
                }
                all.broken.extend(broken.into_iter().map(|problem| (table.line(), problem)));
            }
        }
        all
    }

    /// What of them cannot be read.
    pub(super) fn mistakes(self) -> Vec<Problem> {
        self.broken.into_iter().map(|(_, problem)| problem).collect()
    }

    /// Runs them against `rules`.
    pub(super) fn run(
        &self,
        rules: &Rules,
        read: &dyn Fn(Fields) -> Result<(Lead, Touch), String>,
    ) -> Vec<TestOutcome> {
        let broken = self.broken.iter().map(|(begins, problem)| TestOutcome {
            file: problem.file.clone(),
            line: problem.line,
            column: problem.column,
            name: String::new(),
            failures: vec![Failure::Told(match &problem.hint {
                Some(hint) => format!("{}; {hint}", problem.message),
                None => problem.message.clone(),
            })],
            hits: Vec::new(),
            begins: *begins,
        });
        broken.chain(self.tests.iter().map(|test| test.run(rules, read))).collect()
    }
}

impl RuleTest {
    fn read(file: &File, table: &Table<'_>, broken: &mut Vec<Problem>) -> Option<Self> {
        table.only(&["name", "lead", "touch", "earlier", "now", "expect"], broken);
        let name = table.text("name", broken).map(|name| name.value.to_owned());
        if table.get("name").is_none() {
            broken.push(table.problem("the test has no `name`"));
        }
        let lead = match table.get("lead").map(|lead| json(lead.get_ref())) {
            Some(Value::Object(lead)) => lead,
            Some(_) => {
                broken.push(table.problem_of("lead", "`lead` must be a table: { email = \"max@firma.example\" }"));
                return None;
            }
            None => Fields::new(),
        };
        if let Some(lead) = table.table("lead", "a lead", broken) {
            let known: Vec<&str> = CANONICAL.into_iter().chain(AFTER_READING).chain(["emails", "phones"]).collect();
            // As people label the fields of forms: `E-Mail`, `Firma`.
            let mut unknown = Vec::new();
            lead.only_or(&known, |name| meaning(name, &Spelling::default()).is_some(), &mut unknown);
            broken.extend(unknown.into_iter().map(|problem| {
                let near = problem.hint.as_ref().is_some_and(|hint| hint.starts_with("did you mean"));
                if near { problem } else { problem.hint("a field of your own stands in `fields = { … }`") }
            }));
        }
        let touch = table.table("touch", "`touch`", broken).map(|touch| TouchAs::read(&touch, broken));
        let now = time(table, "now", broken);
        let earlier = earlier(table, now.unwrap_or_else(Timestamp::now), broken);
        let Some(expect) = table.table("expect", "`expect`", broken) else {
            if table.get("expect").is_none() {
                broken.push(table.problem("the test has no `expect`").hint("{ disposition = \"qualified\" }"));
            }
            return None;
        };
        let expect = Expect::read(&expect, broken);
        let touch = touch.unwrap_or_default();
        Some(Self { file: file.path.clone(), line: table.line(), name: name?, lead, touch, earlier, now, expect })
    }

    fn run(&self, rules: &Rules, read: &dyn Fn(Fields) -> Result<(Lead, Touch), String>) -> TestOutcome {
        let mut outcome = TestOutcome {
            file: self.file.clone(),
            line: self.line,
            column: 0,
            name: self.name.clone(),
            failures: Vec::new(),
            hits: Vec::new(),
            begins: self.line,
        };
        match self.subject(read) {
            Err(why) => outcome.failures.push(Failure::Told(why)),
            Ok((mut lead, touch)) => {
                let mut verdict: Option<Verdict> = None;
                let touches = lead.touch_count;
                for ((said, at), number) in self.earlier.iter().zip(1..) {
                    let (mut then, mut before) = (Lead { touch_count: number, ..lead.clone() }, touch.clone());
                    said.apply(&mut then, &mut before);
                    verdict = Some(rules.judge_after(verdict.as_ref(), &then, &before, *at));
                    lead.touch_count = touches.max(number + 1);
                }
                let now = self.now.unwrap_or(touch.received_at);
                let verdict = rules.judge_after(verdict.as_ref(), &lead, &touch, now);
                outcome.failures = self.expect.failures(&verdict);
                let names: Vec<&str> = rules.names().map(|(name, _)| name).collect();
                let tags: Vec<&str> = rules.in_words().flat_map(|(hit, _)| &hit.tags).map(String::as_str).collect();
                outcome.failures.extend(self.expect.unknown(&names, &tags));
                outcome.hits = verdict.hits.into_iter().map(|hit| hit.rule).collect();
            }
        }
        outcome
    }

    /// The lead and touch the test is about.
    fn subject(&self, read: &dyn Fn(Fields) -> Result<(Lead, Touch), String>) -> Result<(Lead, Touch), String> {
        let mut typed = Fields::new();
        let mut after = Fields::new();
        let mut more = Vec::new();
        for (key, value) in &self.lead {
            match (key.as_str(), value) {
                // Forms have one address and one number.
                ("emails" | "phones", Value::Array(all)) => {
                    let single = key.trim_end_matches('s');
                    let mut all = all.iter().cloned();
                    typed.extend(all.next().map(|first| (single.to_owned(), first)));
                    more.extend(all.map(|other| Fields::from_iter([(single.to_owned(), other)])));
                }
                ("consent", Value::String(_)) => drop(typed.insert(key.clone(), value.clone())),
                (known, _) if AFTER_READING.contains(&known) => drop(after.insert(key.clone(), value.clone())),
                _ => drop(typed.insert(key.clone(), value.clone())),
            }
        }
        let (mut lead, mut touch) = if typed.is_empty() {
            // An empty form would be no lead; the test is about what comes after, or about the touch alone.
            nobody(Timestamp::now()).map_err(|error| error.to_string())?
        } else {
            read(typed).map_err(|why| format!("this is no lead: {why}"))?
        };
        for other in more {
            let (other, _) = read(other).map_err(|why| format!("this is no lead: {why}"))?;
            lead.person.emails.extend(other.person.emails);
            lead.person.phones.extend(other.person.phones);
        }
        self.touch.apply(&mut lead, &mut touch);
        if !after.is_empty() {
            lead = overlaid(&lead, after)?;
        }
        Ok((lead, touch))
    }
}

/// A time in a table.
fn time(table: &Table<'_>, key: &'static str, broken: &mut Vec<Problem>) -> Option<Timestamp> {
    let value = json(table.get(key)?.get_ref());
    let parsed = value.as_str().and_then(|time| time.parse::<Timestamp>().ok());
    if parsed.is_none() {
        let message = format!("`{key}` must be a time with its zone: \"2026-11-23T09:00:00Z\"");
        broken.push(table.problem_of(key, message));
    }
    parsed
}

/// Touches before the one that the test is about, which is at `now`.
fn earlier(table: &Table<'_>, now: Timestamp, broken: &mut Vec<Problem>) -> Vec<(TouchAs, Timestamp)> {
    let wrong =
        "`earlier` must be a list of touches with their times: [{ text = \"…\", at = \"2026-11-01T09:00:00Z\" }]";
    let Some(touches) = table.tables("earlier", "an earlier touch") else {
        if table.get("earlier").is_some() {
            broken.push(table.problem_of("earlier", wrong));
        }
        return Vec::new();
    };
    let mut read = |touch: Table<'_>| {
        let at = time(&touch, "at", broken);
        if touch.get("at").is_none() {
            broken.push(touch.problem("the earlier touch has no time `at`"));
        }
        if at.is_some_and(|at| at > now) {
            let hint = "give the test a later `now`, or this touch an earlier time";
            broken.push(touch.problem_of("at", "this touch is not earlier than the one of the test").hint(hint));
        }
        let said = TouchAs::read_with(&touch, &["at"], broken);
        Some((said, at?))
    };
    touches.into_iter().filter_map(&mut read).collect()
}

/// The lead with some of its JSON replaced.
fn overlaid(lead: &Lead, after: Fields) -> Result<Lead, String> {
    let unfit = |error: serde_json::Error| format!("`lead` does not fit: {error}");
    let mut json = serde_json::to_value(lead).map_err(unfit)?;
    for (key, value) in after {
        match (json.get_mut(&key), value) {
            (Some(Value::Object(inside)), Value::Object(more)) => inside.extend(more),
            (Some(place), value) => *place = value,
            (None, _) => return Err(format!("a lead has no `{key}`")),
        }
    }
    serde_json::from_value(json).map_err(unfit)
}
