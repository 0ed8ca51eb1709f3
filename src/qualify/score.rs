//! Two scores from the points of the rules that hit: fit (who) and engagement (what they do).
//!
//! Points belong to groups. A group may have a cap, and one of engagement a half-life: what hit at an
//! earlier touch counts half after that time, a quarter after twice the time. All of it is whole
//! numbers, so that every machine comes to the same sum, and each step of it is kept in the verdict.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::problem::did_you_mean;
use super::read::{Placed, Table};
use super::{Problem, read};
use crate::config::values;
use crate::lead::{Hit, Score, Sum, Verdict};

const KEYS: [&str; 4] = ["name", "of", "cap", "half_life"];

/// Points that a group may count at most.
const CAP_LIMIT: i64 = 1_000_000;
/// The shortest and the longest half-life.
const HALF_LIVES: [SignedDuration; 2] = [SignedDuration::from_hours(1), SignedDuration::from_hours(24 * 3650)];

/// A group of points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Which score it counts for.
    pub(super) of: Score,
    /// The most that it counts.
    pub(super) cap: Option<i64>,
    /// After how long its points count half.
    pub(super) half_life: Option<SignedDuration>,
}

/// All groups, by name. `fit` and `engagement` are always there: rules without a group are in one of them.
#[derive(Debug)]
pub(super) struct Groups {
    all: BTreeMap<String, Group>,
    /// Where each was described.
    places: BTreeMap<String, String>,
}

impl Default for Groups {
    fn default() -> Self {
        let plain = |of: Score| (of.as_str().to_owned(), Group { of, cap: None, half_life: None });
        Self { all: Score::ALL.map(plain).into(), places: BTreeMap::new() }
    }
}

impl Groups {
    /// Reads one `[[group]]`.
    pub(super) fn add(&mut self, table: &Table<'_>, file: &str, problems: &mut Vec<Problem>) {
        table.only(&KEYS, problems);
        let name = table.text("name", problems);
        if table.get("name").is_none() {
            problems.push(table.problem("the group has no `name`").hint("rules name it: group = \"…\""));
        }
        let built_in = name.as_ref().and_then(|name| Score::ALL.into_iter().find(|of| of.as_str() == name.value));
        let of = word(table, "of", Score::ALL, Score::as_str, problems);
        let known = of.is_some() || table.get("of").is_none();
        let of = match (built_in, of) {
            (Some(own), Some(of)) if own != of => {
                let message = format!("the group `{}` is always of `{}`", own.as_str(), own.as_str());
                problems.push(table.problem(message).hint("leave out `of`, or give the group another name"));
                own
            }
            (Some(own), _) => own,
            (None, of) => of.unwrap_or_default(),
        };
        let cap = table.number("cap", problems);
        if let Some(cap) = cap.as_ref().filter(|cap| !(0..=CAP_LIMIT).contains(&cap.value)) {
            problems.push(
                table.problem_at(cap.span.start, format!("`cap` must be between 0 and {CAP_LIMIT}")).hint("cap = 50"),
            );
        }
        // Of a score that there is none of nothing more is known.
        let fades = if known || built_in.is_some() { of } else { Score::Engagement };
        let half_life = half_life(table, fades, problems);
        let Some(name) = name else { return };
        let place = format!("{file}:{}", table.line());
        if let Some(first) = self.places.get(name.value) {
            let message = format!("there is another group with the name `{}` at {first}", name.value);
            problems.push(table.problem_at(name.span.start, message).hint("describe a group once, for all files"));
            return;
        }
        self.places.insert(name.value.to_owned(), place);
        self.all.insert(name.value.to_owned(), Group { of, cap: cap.map(|cap| cap.value), half_life });
    }

    /// The group of this name; an unknown one is told.
    pub(super) fn find(
        &self,
        name: &Placed<&str>,
        table: &Table<'_>,
        problems: &mut Vec<Problem>,
    ) -> Option<(String, Score)> {
        let found = self.all.get(name.value);
        if found.is_none() {
            let hint = did_you_mean(name.value, self.all.keys().map(String::as_str));
            let hint = hint.unwrap_or_else(|| {
                format!("describe it: [[group]] with name = \"{}\", and a `cap` or a `half_life`", name.value)
            });
            problems.push(table.problem_at(name.span.start, format!("there is no group `{}`", name.value)).hint(hint));
        }
        found.map(|group| (name.value.to_owned(), group.of))
    }

    /// Groups that were described, with their places.
    pub(super) fn described(&self) -> impl Iterator<Item = (&str, &str)> {
        self.places.iter().map(|(name, place)| (name.as_str(), place.as_str()))
    }

    /// Works out what each hit counts at `now`, the groups, and both scores.
    pub(super) fn count(&self, verdict: &mut Verdict, now: Timestamp) {
        let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
        for hit in &mut verdict.hits {
            let group = self.all.get(&hit.group);
            let counted = match (group.and_then(|group| group.half_life), hit.at) {
                (Some(half_life), Some(at)) => decayed(hit.score, millis(at, now), half_life),
                _ => hit.score,
            };
            hit.counted = Some(counted);
            // A group that later rules do not have any more goes on without bound.
            hit.of = group.map_or(hit.of, |group| group.of);
            if hit.score == 0 {
                continue;
            }
            let sum = sums.entry(hit.group.as_str()).or_insert_with(|| Sum {
                group: hit.group.clone(),
                of: hit.of,
                points: 0,
                cap: group.and_then(|group| group.cap),
                half_life: group.and_then(|group| group.half_life).and_then(|time| time.as_millis().try_into().ok()),
                counted: 0,
            });
            sum.points = sum.points.saturating_add(counted);
        }
        let mut groups: Vec<Sum> = sums.into_values().collect();
        for sum in &mut groups {
            sum.counted = sum.cap.map_or(sum.points, |cap| sum.points.min(cap));
        }
        let of = |of: Score| {
            groups.iter().filter(|sum| sum.of == of).fold(0_i64, |sum, group| sum.saturating_add(group.counted))
        };
        (verdict.fit, verdict.engagement) = (of(Score::Fit), of(Score::Engagement));
        verdict.score = verdict.fit.saturating_add(verdict.engagement);
        verdict.groups = groups;
    }
}

/// Adds what an earlier verdict on the same lead said: its hits count on, each rule once.
pub(super) fn join(verdict: &mut Verdict, earlier: &Verdict) {
    for hit in &earlier.hits {
        if verdict.hits.iter().any(|known| known.rule == hit.rule) {
            continue;
        }
        for tag in &hit.tags {
            if !verdict.tags.contains(tag) {
                verdict.tags.push(tag.clone());
            }
        }
        verdict.hits.push(Hit { disposition: None, team: None, ..hit.clone() });
    }
}

/// One of some words.
pub(super) fn word<T: Copy, const N: usize>(
    table: &Table<'_>,
    key: &str,
    all: [T; N],
    as_str: impl Fn(T) -> &'static str + Copy,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let typed = table.text(key, problems)?;
    let found = all.into_iter().find(|one| as_str(*one) == typed.value);
    if found.is_none() {
        let words = all.map(as_str);
        let hint = did_you_mean(typed.value, words).unwrap_or_else(|| format!("there are {}", words.join(", ")));
        let message = format!("there is no {} `{}`", if key == "of" { "score" } else { key }, typed.value);
        problems.push(table.problem_at(typed.span.start, message).hint(hint));
    }
    found
}

fn half_life(table: &Table<'_>, of: Score, problems: &mut Vec<Problem>) -> Option<SignedDuration> {
    let typed: read::Placed<&str> = table.text("half_life", problems)?;
    let at = typed.span.start;
    if of == Score::Fit {
        let hint = "write `of = \"engagement\"`, or leave out `half_life`";
        problems.push(table.problem_at(at, "who somebody is does not fade: `fit` has no `half_life`").hint(hint));
        return None;
    }
    let wrong = || {
        let message = format!("`half_life` cannot be `{}`", typed.value);
        table.problem_at(at, message).hint("write a time between 1 hour and 10 years, such as \"36h\" or \"30d\"")
    };
    let time = values::duration(typed.value).ok().and_then(|time| SignedDuration::try_from(time).ok());
    let time = time.filter(|time| (HALF_LIVES[0]..=HALF_LIVES[1]).contains(time));
    if time.is_none() {
        problems.push(wrong());
    }
    time
}

/// Milliseconds from a hit to now; a clock that went back makes nothing younger than now. Both are cut
/// to what the id of a touch keeps.
fn millis(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.as_millisecond().saturating_sub(at.as_millisecond())).unwrap_or(0)
}

/// 2^(-1/2^k) for k from 1 to 20, in units of 2^-62.
const ROOTS: [u128; 20] = roots();

const fn roots() -> [u128; 20] {
    let mut roots = [0; 20];
    // One half; each is the square root of the one before.
    let mut value: u128 = 1 << 61;
    let mut at = 0;
    while at < roots.len() {
        value = root(value << 62);
        roots[at] = value;
        at += 1;
    }
    roots
}

/// The whole part of a square root.
const fn root(value: u128) -> u128 {
    let (mut low, mut high) = (0_u128, 1_u128 << 62);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if middle * middle <= value { low = middle } else { high = middle - 1 }
    }
    low
}

/// What points count after `age` milliseconds, rounded to the nearest whole number.
fn decayed(points: i64, age: u64, half_life: SignedDuration) -> i64 {
    let half_life = u64::try_from(half_life.as_millis()).unwrap_or(u64::MAX).max(1);
    let halvings = u32::try_from(age / half_life).unwrap_or(u32::MAX);
    if halvings >= 62 {
        return 0;
    }
    let mut factor: u128 = 1 << 62;
    let mut rest = u128::from(age % half_life);
    for root in ROOTS {
        rest *= 2;
        if rest >= u128::from(half_life) {
            rest -= u128::from(half_life);
            factor = (factor * root) >> 62;
        }
    }
    factor >>= halvings;
    let whole = (u128::from(points.unsigned_abs()) * factor + (1 << 61)) >> 62;
    let whole = i64::try_from(whole).unwrap_or(i64::MAX);
    if points < 0 { -whole } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_count_half_after_each_half_life_to_the_last_point() {
        let day = 24 * 3_600_000;
        let half_life = SignedDuration::from_hours(24 * 30);
        for (points, days, counts) in [
            (100, 0, 100),
            (100, 30, 50),
            (100, 60, 25),
            (100, 15, 71),
            (-100, 30, -50),
            (25, 1, 24),
            (1, 30, 1),
            (1, 31, 0),
            (1_000_000, 10, 793_701),
            (1_000_000, 45, 353_553),
            (100, 3000, 0),
            (100, 300_000, 0),
        ] {
            assert_eq!(decayed(points, days * day, half_life), counts, "{points} after {days} days");
        }
        assert_eq!(decayed(1_000_000, 1, half_life), 1_000_000);
        assert_eq!(decayed(i64::MIN, 1, half_life), -i64::MAX);
        assert_eq!(decayed(7, u64::MAX, SignedDuration::from_millis(1)), 0);
    }

    #[test]
    fn the_factor_is_that_of_the_formula() {
        let half_life = SignedDuration::from_hours(720);
        for hours in 0_u32..2000 {
            let exact = 1e6 * 0.5_f64.powf(f64::from(hours) / 720.0);
            #[expect(clippy::cast_precision_loss, reason = "a million is a small number")]
            let counted = decayed(1_000_000, u64::from(hours) * 3_600_000, half_life) as f64;
            assert!((counted - exact).abs() < 2.0, "{hours} h: {counted}, not {exact}");
        }
    }
}
