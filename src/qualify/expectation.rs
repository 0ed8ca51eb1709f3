//! What a rule test says: how its touch differs from the lead, and what the rules must make of it.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::problem::{Problem, did_you_mean};
use super::read::{Table, json};
use super::score::word;
use crate::lead::{Disposition, Fields, Kind, Lead, Name, Priority, Touch, Verdict};

/// What a test may expect.
const KEYS: [&str; 12] = [
    "disposition",
    "score",
    "fit",
    "engagement",
    "tags",
    "not_tags",
    "team",
    "reason",
    "priority",
    "set",
    "rules",
    "not_rules",
];

/// What a test says about the touch, where it is not what the lead says.
#[derive(Debug, Default)]
pub(super) struct TouchAs {
    channel: Option<Name>,
    kind: Option<Kind>,
    subject: Option<String>,
    text: Option<String>,
    from: Option<String>,
    page: Option<String>,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Default)]
pub(super) struct Expect {
    disposition: Option<Disposition>,
    /// `score`, `fit` and `engagement`, as far as they are named.
    scores: Vec<(&'static str, i64)>,
    priority: Option<Priority>,
    set: Fields,
    tags: Vec<String>,
    not_tags: Vec<String>,
    team: Option<String>,
    reason: Option<String>,
    rules: Vec<String>,
    not_rules: Vec<String>,
}

impl TouchAs {
    pub(super) fn read(table: &Table<'_>, broken: &mut Vec<Problem>) -> Self {
        Self::read_with(table, &[], broken)
    }

    /// The same where the table has other keys besides.
    pub(super) fn read_with(table: &Table<'_>, others: &[&str], broken: &mut Vec<Problem>) -> Self {
        let known = ["channel", "kind", "subject", "text", "from", "page", "headers"];
        table.only(&[known.as_slice(), others].concat(), broken);
        let mut text = |key| table.text(key, broken).map(|text| text.value.to_owned());
        let (channel, kind) = (text("channel"), text("kind"));
        let (subject, said, from, page) = (text("subject"), text("text"), text("from"), text("page"));
        let channel = channel.and_then(|name| match Name::parse(&name) {
            Ok(name) => Some(name),
            Err(error) => {
                broken.push(table.problem_of("channel", format!("`channel`: {error}")));
                None
            }
        });
        let kind = kind.and_then(|word| {
            let kinds = Kind::ALL;
            let found = kinds.into_iter().find(|kind| kind.as_str() == word);
            if found.is_none() {
                let words = kinds.map(Kind::as_str);
                let hint = did_you_mean(&word, words).unwrap_or_else(|| format!("there are {}", words.join(", ")));
                broken.push(table.problem_of("kind", format!("there is no kind `{word}`")).hint(hint));
            }
            found
        });
        let headers = match table.get("headers").map(|headers| json(headers.get_ref())) {
            Some(Value::Object(headers)) => headers
                .into_iter()
                .map(|(name, value)| {
                    (name.to_lowercase(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                })
                .collect(),
            Some(_) => {
                broken.push(table.problem_of("headers", "`headers` must be a table: { subject = \"…\" }"));
                Vec::new()
            }
            None => Vec::new(),
        };
        Self { channel, kind, subject, text: said, from, page, headers }
    }

    /// Changes the touch; what the lead does not say itself follows, as it would from a first touch.
    pub(super) fn apply(&self, lead: &mut Lead, touch: &mut Touch) {
        let content = &mut touch.content;
        for (said, of_touch) in [
            (&self.subject, &mut content.subject),
            (&self.text, &mut content.text),
            (&self.from, &mut content.from),
            (&self.page, &mut content.page),
        ] {
            if said.is_some() {
                of_touch.clone_from(said);
            }
        }
        content.headers.extend(self.headers.iter().cloned());
        touch.kind = self.kind.unwrap_or(touch.kind);
        if let Some(channel) = &self.channel {
            touch.channel = channel.clone();
            lead.attribution.channel = channel.clone();
        }
        lead.attribution.page = lead.attribution.page.take().or_else(|| self.page.clone());
        lead.subject = lead.subject.take().or_else(|| self.subject.clone());
        lead.message = lead.message.take().or_else(|| self.text.clone());
    }
}

impl Expect {
    pub(super) fn read(table: &Table<'_>, broken: &mut Vec<Problem>) -> Self {
        let before = broken.len();
        let read = Self::read_all(table, broken);
        if broken.len() == before && read.is_empty() {
            let hint = "say what is to come out: { disposition = \"qualified\", rules = [\"…\"] }";
            broken.push(table.problem("`expect` expects nothing").hint(hint));
        }
        read
    }

    /// Whether every verdict is as expected.
    fn is_empty(&self) -> bool {
        let Self { disposition, scores, priority, set, tags, not_tags, team, reason, rules, not_rules } = self;
        let lists = [tags, not_tags, rules, not_rules];
        let words = team.is_none() && reason.is_none() && disposition.is_none() && priority.is_none();
        words && scores.is_empty() && set.is_empty() && lists.into_iter().all(Vec::is_empty)
    }

    fn read_all(table: &Table<'_>, broken: &mut Vec<Problem>) -> Self {
        table.only(&KEYS, broken);
        let mut text = |key| table.text(key, broken).map(|text| text.value.to_owned());
        let (team, reason) = (text("team"), text("reason"));
        let disposition = word(table, "disposition", Disposition::ALL, Disposition::as_str, broken);
        let priority = word(table, "priority", Priority::ALL, Priority::as_str, broken);
        let mut score = |key: &'static str| Some((key, table.number(key, broken)?.value));
        let scores = ["score", "fit", "engagement"].into_iter().filter_map(&mut score).collect();
        let set = match table.get("set").map(|set| json(set.get_ref())) {
            Some(Value::Object(set)) => set,
            Some(_) => {
                broken.push(table.problem_of("set", "`set` must be a table: { segment = \"large\" }"));
                Fields::new()
            }
            None => Fields::new(),
        };
        let mut texts = |key| table.texts(key, broken).unwrap_or_default();
        let (tags, not_tags, rules, not_rules) = (texts("tags"), texts("not_tags"), texts("rules"), texts("not_rules"));
        Self { disposition, scores, priority, set, tags, not_tags, team, reason, rules, not_rules }
    }

    /// Rules that the test names and that are not there, and tags that must not come out and never can.
    pub(super) fn unknown(&self, rules: &[&str], tags: &[&str]) -> Vec<Failure> {
        let meant = |name: &str, known: &[&str]| {
            did_you_mean(name, known.iter().copied()).map(|hint| format!("; {hint}")).unwrap_or_default()
        };
        let no_rules = self.rules.iter().chain(&self.not_rules).filter(|name| !rules.contains(&name.as_str()));
        let no_tags = self.not_tags.iter().filter(|tag| !tags.contains(&tag.as_str()));
        let no_rules = no_rules.map(|name| format!("there is no rule `{name}`{}", meant(name, rules)));
        let no_tags = no_tags.map(|tag| format!("no rule gives the tag `{tag}`{}", meant(tag, tags)));
        no_rules.chain(no_tags).map(Failure::Told).collect()
    }

    /// What did not come out as expected. A rule that could not be asked is always a failure.
    pub(super) fn failures(&self, verdict: &Verdict) -> Vec<Failure> {
        let mut found = Vec::new();
        let mut one = |what: &'static str, wanted: Option<&str>, got: Option<&str>| {
            if let Some(wanted) = wanted
                && got != Some(wanted)
            {
                found.push(Failure::differs(what, wanted, got.unwrap_or("none")));
            }
        };
        one("disposition", self.disposition.map(Disposition::as_str), Some(verdict.disposition.as_str()));
        one("reason", self.reason.as_deref(), verdict.reason.as_deref());
        one("team", self.team.as_deref(), verdict.team.as_ref().map(Name::as_str));
        one("priority", self.priority.map(Priority::as_str), Some(verdict.priority.unwrap_or_default().as_str()));
        for (what, wanted) in &self.scores {
            let got = match *what {
                "fit" => verdict.fit,
                "engagement" => verdict.engagement,
                _ => verdict.score,
            };
            if *wanted != got {
                found.push(Failure::differs(what, &wanted.to_string(), &got.to_string()));
            }
        }
        for (field, wanted) in &self.set {
            let got = verdict.custom.get(field);
            if got != Some(wanted) {
                let got = got.map_or_else(|| "none".to_owned(), ToString::to_string);
                found.push(Failure::differs("set", &format!("{field} = {wanted}"), &format!("{field} = {got}")));
            }
        }
        let tags = if verdict.tags.is_empty() { "none".to_owned() } else { verdict.tags.join(", ") };
        let has = |tag: &String| verdict.tags.contains(tag);
        found.extend(self.tags.iter().filter(|tag| !has(tag)).map(|tag| Failure::differs("tag", tag, &tags)));
        let unwanted = |tag| Failure::differs("tags", &format!("not {tag}"), &tags);
        found.extend(self.not_tags.iter().filter(|tag| has(tag)).map(unwanted));
        let hit = |rule: &String| verdict.hits.iter().any(|hit| hit.rule == *rule);
        let missed = |rule| Failure::differs("rule", &format!("{rule}: hits"), &format!("{rule}: does not hit"));
        found.extend(self.rules.iter().filter(|rule| !hit(rule)).map(missed));
        let hits = |rule| Failure::differs("rule", &format!("{rule}: does not hit"), &format!("{rule}: hits"));
        found.extend(self.not_rules.iter().filter(|rule| hit(rule)).map(hits));
        found.extend(verdict.problems.iter().cloned().map(Failure::Told));
        found
    }
}

/// Why a rule test did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Failure {
    /// Something came out otherwise.
    Differs {
        /// What: `disposition`, `reason`, `team`, `score`, `fit`, `engagement`, `priority`, `set`, `tag`, `tags`, `rule`.
        what: &'static str,
        /// What the test expects of it.
        expected: String,
        /// What it is; `none` where there is none.
        got: String,
    },
    /// The test could not be read, or a rule not be asked; in words.
    Told(String),
}

impl Failure {
    fn differs(what: &'static str, expected: &str, got: &str) -> Self {
        Self::Differs { what, expected: expected.to_owned(), got: got.to_owned() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { what, expected, got } => write!(f, "expected {what} `{expected}`, got `{got}`"),
            Self::Told(why) => f.write_str(why),
        }
    }
}
