//! Which rules and words tell leads that were converted from leads that were lost.
//!
//! In: how each closed lead ended, the rules that hit when it came in, and the words of its first
//! message. Out: the signs that tell them apart, with counts and intervals. Nothing is applied: chance
//! and habit of the house look the same as a reason, and a person has to tell them apart.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// Leads of each sort below which nothing is said.
pub const ENOUGH: u64 = 20;
/// Leads that a sign must be seen in: a word of fewer is chance, or somebody's name.
const SEEN: u64 = 10;
/// Signs that are told, for and against each.
const TOLD: usize = 20;
/// Letters that a word has.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=30;
/// Different words of one lead that are looked at.
const WORDS: usize = 1000;
/// Different words that are counted at a time; rare ones are dropped beyond.
const VOCABULARY: usize = 200_000;

/// How often something was seen, in leads.
type Seen = [u64; 2];

/// Closed leads, counted.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// Converted and lost.
    all: Seen,
    rules: BTreeMap<String, Seen>,
    words: BTreeMap<String, Seen>,
}

/// What a sign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// A rule that hit.
    Rule,
    /// A word of the first message.
    Word,
}

/// What tells converted leads from lost ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sign {
    /// What it is.
    pub sort: Sort,
    /// The rule's name, or the word.
    pub sign: String,
    /// Converted leads with it,
    pub converted: u64,
    /// and lost ones.
    pub lost: u64,
    /// Part of the leads with it that were converted, 0 to 1,
    pub rate: f64,
    /// and between which bounds that part lies with 95 % confidence (Wilson).
    pub between: [f64; 2],
    /// Part of the leads without it that were converted.
    pub rate_without: f64,
    /// Bounds of the difference between the two (Newcombe), so wide that among all signs that were looked
    /// at none is expected to be chance: 95 % for all of them together.
    pub difference: [f64; 2],
}

impl Outcomes {
    /// Counts a closed lead.
    pub fn add<'a>(
        &mut self,
        converted: bool,
        rules: impl Iterator<Item = &'a str>,
        texts: impl Iterator<Item = &'a str>,
    ) {
        let at = usize::from(!converted);
        self.all[at] += 1;
        for rule in rules.collect::<BTreeSet<_>>() {
            self.rules.entry(rule.to_owned()).or_default()[at] += 1;
        }
        for word in words(texts) {
            self.words.entry(word).or_default()[at] += 1;
        }
        if self.words.len() > VOCABULARY {
            self.words.retain(|_, seen| seen[0] + seen[1] > 1);
        }
    }

    /// Converted and lost leads that were counted.
    #[must_use]
    pub fn counted(&self) -> (u64, u64) {
        (self.all[0], self.all[1])
    }

    /// Signs for and against, the clearest first; none where there are not [`ENOUGH`] leads of each sort.
    #[must_use]
    pub fn signs(&self) -> Vec<Sign> {
        if self.all.iter().any(|leads| *leads < ENOUGH) {
            return Vec::new();
        }
        let rules = self.rules.iter().map(|(rule, seen)| (Sort::Rule, rule, *seen));
        let words = self.words.iter().map(|(word, seen)| (Sort::Word, word, *seen));
        let often = |seen: Seen| {
            let with = seen[0] + seen[1];
            with >= SEEN && self.all[0] + self.all[1] - with >= SEEN
        };
        let all: Vec<_> = rules.chain(words).filter(|(_, _, seen)| often(*seen)).collect();
        let strict = quantile(0.05 / (2.0 * number(all.len() as u64).max(1.0)));
        let mut signs: Vec<Sign> =
            all.into_iter().map(|(sort, sign, seen)| self.sign(sort, sign, seen, strict)).collect();
        signs.retain(|sign| sign.difference[0] > 0.0 || sign.difference[1] < 0.0);
        signs.sort_by(|a, b| b.clear().total_cmp(&a.clear()).then_with(|| (a.sort, &a.sign).cmp(&(b.sort, &b.sign))));
        let (speaks_for, against): (Vec<Sign>, Vec<Sign>) =
            signs.into_iter().partition(|sign| sign.difference[0] > 0.0);
        speaks_for.into_iter().take(TOLD).chain(against.into_iter().take(TOLD)).collect()
    }

    fn sign(&self, sort: Sort, sign: &str, with: Seen, strict: f64) -> Sign {
        let without = [self.all[0] - with[0], self.all[1] - with[1]];
        let (rate, rate_without) = (rate(with), rate(without));
        let ([low, high], [low_without, high_without]) = (wilson(with, strict), wilson(without, strict));
        let gap = rate - rate_without;
        let difference = [
            gap - ((rate - low).powi(2) + (high_without - rate_without).powi(2)).sqrt(),
            gap + ((high - rate).powi(2) + (rate_without - low_without).powi(2)).sqrt(),
        ];
        let between = wilson(with, quantile(0.025));
        Sign { sort, sign: sign.to_owned(), converted: with[0], lost: with[1], rate, between, rate_without, difference }
    }
}

impl Sign {
    /// How far the difference is from none.
    fn clear(&self) -> f64 {
        self.difference[0].max(-self.difference[1])
    }
}

/// The different words of some texts, in lower case.
fn words<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let words = texts.flat_map(|text| text.split(|c: char| !c.is_alphabetic()));
    words.filter(|word| LETTERS.contains(&word.chars().count())).map(str::to_lowercase).take(WORDS).collect()
}

fn number(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are never so many leads")]
    let number = count as f64;
    number
}

fn rate(seen: Seen) -> f64 {
    number(seen[0]) / number(seen[0] + seen[1]).max(1.0)
}

/// Wilson's interval of a part.
fn wilson(seen: Seen, z: f64) -> [f64; 2] {
    let (n, part, z2) = (number(seen[0] + seen[1]).max(1.0), rate(seen), z * z);
    let middle = (part + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = z / (1.0 + z2 / n) * (part * (1.0 - part) / n + z2 / (4.0 * n * n)).sqrt();
    [(middle - half).max(0.0), (middle + half).min(1.0)]
}

/// The value that a standard normal exceeds with this small probability (Abramowitz and Stegun 26.2.23;
/// the error is below 0.00045).
fn quantile(tail: f64) -> f64 {
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    t - above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_textbook() {
        assert!((quantile(0.025) - 1.96).abs() < 0.001);
        assert!((quantile(0.000_05) - 3.8906).abs() < 0.001);
        // Wilson's interval of 9 of 10.
        let [low, high] = wilson([9, 1], 1.959_964);
        assert!((low - 0.5958).abs() < 0.0005 && (high - 0.9821).abs() < 0.0005, "{low} {high}");
    }

    #[test]
    fn what_separates_converted_from_lost_is_told_with_its_counts_and_chance_is_not() {
        let mut outcomes = Outcomes::default();
        for number in 0_u32..200 {
            let converted = number % 2 == 0;
            let rules = if number % 10 < 7 { converted } else { !converted };
            // Four of five with the word were lost; `und` says nothing.
            let word = if number % 5 == 0 { converted } else { !converted };
            let text = if word { "Praktikum und mehr" } else { "Preise und mehr" };
            let rules = if rules { vec!["asks for a price"] } else { vec!["gives a phone number"] };
            outcomes.add(converted, rules.into_iter(), [text].into_iter());
        }
        let signs = outcomes.signs();
        let told: Vec<(Sort, &str)> = signs.iter().map(|sign| (sign.sort, sign.sign.as_str())).collect();
        assert!(told.contains(&(Sort::Word, "preise")) && told.contains(&(Sort::Word, "praktikum")), "{told:?}");
        assert!(told.contains(&(Sort::Rule, "asks for a price")), "{told:?}");
        assert!(!told.iter().any(|(_, sign)| ["und", "mehr"].contains(sign)), "{told:?}");
        let praktikum = signs.iter().find(|sign| sign.sign == "praktikum").unwrap();
        assert!(praktikum.difference[1] < 0.0 && praktikum.lost > 3 * praktikum.converted, "{praktikum:?}");
        assert_eq!(praktikum.converted + praktikum.lost, 100);
    }

    #[test]
    fn few_leads_and_pure_chance_say_nothing() {
        let mut few = Outcomes::default();
        for number in 0..39 {
            few.add(number % 2 == 0, std::iter::empty(), [if number % 2 == 0 { "good" } else { "bad" }].into_iter());
        }
        assert_eq!((few.counted(), few.signs()), ((20, 19), Vec::new()));
        let mut chance = Outcomes::default();
        // 300 words that stand in every lead or not by a fixed, outcome-blind pattern.
        let letters: Vec<char> = ('a'..='z').collect();
        for number in 0_u64..100 {
            let word = |word: &usize| {
                let salt = 6_364_136_223_846_793_005 + 2 * u64::try_from(*word).unwrap();
                (number.wrapping_mul(salt).rotate_left(17) >> 7) & 1 == 0
            };
            let name = |word: usize| format!("w{}{}", letters[word / 26], letters[word % 26]);
            let text = (0..300).filter(word).map(name).collect::<Vec<_>>().join(" ");
            chance.add(number % 3 == 0, std::iter::empty(), [text.as_str()].into_iter());
        }
        let told = chance.signs().len();
        assert!(told <= 1, "{told} signs of chance");
    }
}
