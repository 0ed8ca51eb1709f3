//! One rule: read from its table, checked, compiled.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::Env;
use jiff::Timestamp;

use super::compile::{Compiled, compile};
use super::evaluate::{Answer, ask};
use super::files::File;
use super::problem::{Problem, did_you_mean, offset_in_string};
use super::reach::Reach;
use super::read::{Placed, Table, parse, problem_at, tables};
use super::values::Words;
use super::view::View;
use crate::lead::{Disposition, Hit, Lead, Name, Touch};

const KEYS: [&str; 7] = ["name", "when", "score", "tags", "disposition", "reason", "team"];

/// Points that one rule may add or take off.
const SCORE_LIMIT: i64 = 1_000_000;

/// A rule that can be asked.
#[derive(Debug)]
pub(super) struct Rule {
    /// What it adds to the verdict when it hits.
    pub(super) hit: Hit,
    pub(super) when: Compiled,
}

/// What rules are checked against, and what was found.
pub(super) struct Reading<'a> {
    pub(super) env: &'a Arc<Env>,
    pub(super) lists: &'a BTreeMap<String, Words>,
    pub(super) teams: &'a [Name],
    /// Leads that every rule is tried on.
    pub(super) samples: &'a [(Lead, Touch)],
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    reach: Reach,
    /// Where each name was first used.
    names: HashMap<String, String>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        env: &'a Arc<Env>,
        lists: &'a BTreeMap<String, Words>,
        teams: &'a [Name],
        samples: &'a [(Lead, Touch)],
    ) -> Self {
        Self {
            env,
            lists,
            teams,
            samples,
            problems: Vec::new(),
            warnings: Vec::new(),
            reach: Reach::default(),
            names: HashMap::new(),
        }
    }

    /// Reads the rules of one file, in order; mistakes go to `problems`.
    pub(super) fn file(&mut self, file: &File) -> Vec<Rule> {
        let Some(parsed) = parse(file, &mut self.problems) else { return Vec::new() };
        let tables = tables(file, &parsed, "rule", "a rule", &mut self.problems);
        tables.iter().filter_map(|table| self.rule(file, table)).collect()
    }

    fn rule(&mut self, file: &File, table: &Table<'_>) -> Option<Rule> {
        table.only(&KEYS, &mut self.problems);
        let place = format!("{}:{}", file.name, table.line());
        let name = self.name(file, table, &place);
        let hit = self.effects(file, table, place, name.clone().unwrap_or_default());
        let when = self.when(file, table);
        name?;
        let rule = Rule { hit, when: when? };
        let found = self.reach.of(&rule).into_iter();
        self.warnings.extend(found.map(|(message, hint)| table.problem(message).hint(hint)));
        Some(rule)
    }

    fn name(&mut self, file: &File, table: &Table<'_>, place: &str) -> Option<String> {
        let Some(name) = table.text("name", &mut self.problems) else {
            if table.get("name").is_none() {
                self.problems.push(table.problem("the rule has no `name`").hint("say what it looks for"));
            }
            return None;
        };
        let text = name.value.trim().to_owned();
        if let Some(first) = self.names.get(&text) {
            let message = format!("there is another rule with the name `{text}` at {first}");
            self.problems.push(problem_at(file, name.span.start, message).hint("names tell rules apart in decisions"));
        } else {
            self.names.insert(text.clone(), place.to_owned());
        }
        Some(text)
    }

    fn effects(&mut self, file: &File, table: &Table<'_>, place: String, rule: String) -> Hit {
        let problems = &mut self.problems;
        let score = table.number("score", problems);
        if let Some(score) = &score
            && score.value.abs() > SCORE_LIMIT
        {
            let message = format!("`score` must be between -{SCORE_LIMIT} and {SCORE_LIMIT}");
            problems.push(problem_at(file, score.span.start, message));
        }
        let tags = table.texts("tags", problems);
        let reason = table.text("reason", problems).map(|reason| reason.value.trim().to_owned());
        let disposition = self.disposition(file, table);
        let team = self.team(file, table);
        if ["score", "tags", "disposition", "team"].iter().all(|key| table.get(key).is_none()) {
            let hint = "give it a `score`, `tags`, a `disposition` or a `team`";
            self.problems.push(table.problem("the rule has no effect").hint(hint));
        }
        match (disposition, &reason) {
            (Some(Disposition::Disqualified), None) if table.get("reason").is_none() => {
                let message = "the rule disqualifies without a `reason`; its name is given as the reason";
                self.warnings.push(table.problem(message));
            }
            (None, Some(_)) if table.get("disposition").is_none() => {
                self.warnings.push(table.problem("a `reason` without a `disposition` is never shown"));
            }
            _ => {}
        }
        let reason = reason.or_else(|| match disposition {
            Some(Disposition::Disqualified | Disposition::Review) => Some(rule.clone()),
            _ => None,
        });
        let score = score.map_or(0, |score| score.value);
        Hit { rule, place, score, tags: tags.unwrap_or_default(), disposition, reason, team, matched: Vec::new() }
    }

    fn disposition(&mut self, file: &File, table: &Table<'_>) -> Option<Disposition> {
        let word = table.text("disposition", &mut self.problems)?;
        let found = Disposition::ALL.into_iter().find(|disposition| disposition.as_str() == word.value);
        if found.is_none() {
            let words = Disposition::ALL.map(Disposition::as_str);
            let hint = did_you_mean(word.value, words).unwrap_or_else(|| format!("there are {}", words.join(", ")));
            let message = format!("there is no disposition `{}`", word.value);
            self.problems.push(problem_at(file, word.span.start, message).hint(hint));
        }
        found
    }

    fn team(&mut self, file: &File, table: &Table<'_>) -> Option<Name> {
        let word = table.text("team", &mut self.problems)?;
        let found = self.teams.iter().find(|team| team.as_str() == word.value);
        if found.is_none() {
            let known = self.teams.iter().map(Name::as_str);
            let hint = did_you_mean(word.value, known.clone()).unwrap_or_else(|| {
                if self.teams.is_empty() {
                    return "set teams up in the settings, under [teams.NAME]".to_owned();
                }
                format!("there are {}", known.collect::<Vec<_>>().join(", "))
            });
            let message = format!("there is no team `{}`", word.value);
            self.problems.push(problem_at(file, word.span.start, message).hint(hint));
        }
        found.cloned()
    }

    fn when(&mut self, file: &File, table: &Table<'_>) -> Option<Compiled> {
        let Some(source) = table.text("when", &mut self.problems) else {
            if table.get("when").is_none() {
                let hint = "a rule that always hits has `when = 'true'`";
                self.problems.push(table.problem("the rule has no `when`").hint(hint));
            }
            return None;
        };
        match compile(source.value, self.env, self.lists) {
            Ok(when) => {
                self.dry_run(file, &source, &when);
                Some(when)
            }
            Err(faults) => {
                self.problems.extend(faults.into_iter().map(|fault| {
                    let offset = offset_in_string(&file.text, &source.span, fault.offset);
                    Problem { hint: fault.hint, ..problem_at(file, offset, fault.message) }
                }));
                None
            }
        }
    }

    /// Asks the rule about the samples. What fails there and depends on nothing a person typed
    /// (`duration("soon")`) fails always.
    fn dry_run(&mut self, file: &File, source: &Placed<&str>, when: &Compiled) {
        if when.dynamic {
            return;
        }
        for (lead, touch) in self.samples {
            let view = View::new(lead, touch, Timestamp::UNIX_EPOCH, &when.constants);
            if let Answer::Failed(why) = ask(when, self.env, &view) {
                let start = offset_in_string(&file.text, &source.span, 0);
                let problem = problem_at(file, start, format!("`when` fails when it is tried: {why}"));
                self.problems.push(problem.hint("it was tried on a lead with all fields and on one with none"));
                return;
            }
        }
    }
}
