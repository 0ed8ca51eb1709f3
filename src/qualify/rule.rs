//! One rule: read from its table, checked, compiled.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cel::Env;
use jiff::Timestamp;

use super::compile::{Compiled, compile};
use super::evaluate::{Answer, ask};
use super::files::File;
use super::never;
use super::problem::{Problem, did_you_mean, offset_in_string};
use super::reach::Reach;
use super::read::{Placed, Table, json, parse, problem_at, tables_beside};
use super::score::{Groups, word};
use super::values::Words;
use super::view::View;
use crate::lead::{Disposition, Fields, Hit, Lead, Name, Priority, Score, Touch};

const KEYS: [&str; 10] = ["name", "when", "score", "group", "tags", "disposition", "reason", "team", "priority", "set"];

/// What makes a rule worth asking.
const EFFECTS: [&str; 6] = ["score", "tags", "disposition", "team", "priority", "set"];

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
    pub(super) groups: Groups,
    /// Channels that rules ask about, with what is to be said where there is none of that name.
    pub(super) channels: Vec<(Problem, String)>,
    /// Lists that a domain or an address is looked up in.
    pub(super) looked_up: BTreeSet<(&'static str, String)>,
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
            groups: Groups::default(),
            channels: Vec::new(),
            looked_up: BTreeSet::new(),
            reach: Reach::default(),
            names: HashMap::new(),
        }
    }

    /// Reads all rules, in order; mistakes go to `problems`. Groups may stand in any file.
    pub(super) fn all(&mut self, files: &[File]) -> Vec<Rule> {
        let parsed: Vec<_> = files.iter().filter_map(|file| Some((file, parse(file, &mut self.problems)?))).collect();
        for (file, parsed) in &parsed {
            let mut found = Vec::new();
            for table in tables_beside(file, parsed, "group", "a group", &["rule"], &mut found) {
                self.groups.add(&table, &file.name, &mut self.problems);
            }
            // What else the file holds is told with the rules.
            found.retain(|problem| problem.message.starts_with("`group`"));
            self.problems.extend(found);
        }
        let mut rules = Vec::new();
        for (file, parsed) in &parsed {
            let tables = tables_beside(file, parsed, "rule", "a rule", &["group"], &mut self.problems);
            rules.extend(tables.iter().filter_map(|table| self.rule(file, table)));
        }
        self.warn_of_unused_groups(files, &rules);
        rules
    }

    fn warn_of_unused_groups(&mut self, files: &[File], rules: &[Rule]) {
        for (group, place) in self.groups.described() {
            let described = place.rsplit_once(':').and_then(|(name, line)| Some((name, line.parse().ok()?)));
            let Some((name, line)) = described else { continue };
            let Some(file) = files.iter().find(|file| file.name == name) else { continue };
            if rules.iter().all(|rule| rule.hit.group != group || rule.hit.score == 0) {
                let message = format!("no rule has points in the group `{group}`");
                let problem = Problem { file: file.path.clone(), line, column: 1, message, hint: None };
                self.warnings.push(problem.hint(format!("write `group = \"{group}\"` in those that have")));
            }
        }
    }

    fn rule(&mut self, file: &File, table: &Table<'_>) -> Option<Rule> {
        table.only(&KEYS, &mut self.problems);
        let place = format!("{}:{}", file.name, table.line());
        let name = self.name(file, table, &place);
        let mut hit = self.effects(file, table, place, name.clone().unwrap_or_default());
        let when = self.when(file, table);
        name?;
        let when = when?;
        if hit.group.is_empty() {
            hit.of = if when.sees_touch { Score::Engagement } else { Score::Fit };
            hit.of.as_str().clone_into(&mut hit.group);
        }
        let rule = Rule { hit, when };
        let found = self.reach.of(&rule).into_iter();
        self.warnings.extend(found.map(|(message, hint)| table.problem(message).hint(hint)));
        let when = table.get("when").map_or(0, |when| when.span().start);
        let found = never::look_through(&rule.when);
        let at = |message: String| table.problem_at(when, message);
        self.warnings.extend(found.warnings.into_iter().map(|(message, hint)| at(message).hint(hint)));
        let no_channel = |name: String| (at(format!("there is no channel `{name}` in the settings")), name);
        self.channels.extend(found.channels.into_iter().map(no_channel));
        self.looked_up.extend(found.lists);
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
            problems.push(problem_at(file, score.span.start, message).hint("from 30 points a lead is qualified"));
        }
        let tags = table.texts("tags", problems);
        let reason = table.text("reason", problems).map(|reason| reason.value.trim().to_owned());
        let group = table.text("group", problems);
        let group = group.and_then(|name| self.groups.find(&name, table, problems));
        if group.is_some() && table.get("score").is_none() {
            problems.push(table.problem("a `group` without a `score` does nothing").hint("give the rule a `score`"));
        }
        let disposition = word(table, "disposition", Disposition::ALL, Disposition::as_str, problems);
        let priority = word(table, "priority", Priority::ALL, Priority::as_str, problems);
        let set = custom(table, problems);
        let team = self.team(file, table);
        if EFFECTS.iter().all(|key| table.get(key).is_none()) {
            let hint = "give it a `score`, `tags`, a `disposition`, a `team`, a `priority` or fields to `set`";
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
        let (group, of) = group.unwrap_or_default();
        Hit {
            rule,
            place,
            score: score.map_or(0, |score| score.value),
            counted: None,
            group,
            of,
            at: None,
            tags: tags.unwrap_or_default(),
            disposition,
            reason,
            team,
            priority,
            set,
            matched: Vec::new(),
        }
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
                let tried = "it was tried on a lead with all fields and on one with none";
                self.problems.push(problem.hint(if why.contains("`duration`") {
                    format!("write a duration as `duration(\"48h\")`; {tried}")
                } else {
                    tried.to_owned()
                }));
                return;
            }
        }
    }
}

/// The custom fields that a rule sets: texts, numbers, true or false.
fn custom(table: &Table<'_>, problems: &mut Vec<Problem>) -> Fields {
    let mut set = Fields::new();
    let Some(fields) = table.table("set", "`set`", problems) else { return set };
    for (key, at) in fields.keys() {
        match fields.get(key).map(|value| json(value.get_ref())) {
            Some(value) if !value.is_object() && !value.is_array() && !value.is_null() => {
                set.insert(key.to_owned(), value);
            }
            _ => {
                let message = format!("`{key}` cannot be set to this");
                let hint = "a custom field is a text, a number, true or false";
                problems.push(fields.problem_at(at, message).hint(hint));
            }
        }
    }
    if set.is_empty() && problems.is_empty() {
        problems.push(table.problem("`set` sets nothing").hint("set = { segment = \"enterprise\" }"));
    }
    set
}
