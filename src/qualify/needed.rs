//! What a text must contain for a pattern to match it: a look at it costs next to nothing, and most
//! patterns of a thousand need not be run at all.
//!
//! In: the source of a pattern. Out: parts, without regard to case, one of which is in every text that
//! the pattern matches; or none, and the pattern has to be asked.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Parts that are looked for, at most; running the pattern is cheaper than more.
const MOST: usize = 64;
/// Bytes that a part has at least: a single letter is in every text.
const SHORTEST: usize = 2;
/// Letters and digits, the rare ones of German and English first.
const RARE: &[u8] = b"qxj0987654321yvpzkwbfgmcuodlhtsranie";

/// Parts of which a text must contain one.
#[derive(Debug)]
pub(super) struct Needed(Vec<Part>);

#[derive(Debug)]
struct Part {
    /// In lower case where it has a case.
    bytes: Vec<u8>,
    /// Which of its bytes is looked for first.
    rare: usize,
}

/// What is known of a piece of a pattern.
#[derive(Default)]
struct Known {
    /// All that it matches, without regard to case.
    exact: Option<Vec<u8>>,
    /// Parts of which everything that it matches contains one.
    needs: Option<Vec<Vec<u8>>>,
}

impl Needed {
    /// The parts of a pattern; `None` where nothing certain is known.
    pub(super) fn of(source: &str) -> Option<Self> {
        let needs = look(&regex_syntax::parse(source).ok()?).needs?;
        let fits = needs.len() <= MOST && needs.iter().all(|part| part.len() >= SHORTEST);
        fits.then(|| Self(needs.into_iter().map(Part::new).collect()))
    }

    /// Whether the pattern may match this text; `false` is certain.
    pub(super) fn may_match(&self, text: &str) -> bool {
        self.0.iter().any(|part| part.is_in(text.as_bytes()))
    }
}

impl Part {
    fn new(bytes: Vec<u8>) -> Self {
        let rank = |byte: &u8| RARE.iter().position(|known| known == byte).unwrap_or(usize::MAX);
        let rare = bytes.iter().enumerate().min_by_key(|(_, byte)| rank(byte)).map_or(0, |(at, _)| at);
        Self { bytes, rare }
    }

    fn is_in(&self, text: &[u8]) -> bool {
        let Some(first) = self.bytes.get(self.rare) else { return true };
        memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text).any(|at| {
            let start = at.checked_sub(self.rare);
            let there = start.and_then(|start| text.get(start..start + self.bytes.len()));
            there.is_some_and(|there| there.eq_ignore_ascii_case(&self.bytes))
        })
    }
}

fn look(hir: &Hir) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known { exact: Some(Vec::new()), needs: None },
        HirKind::Literal(literal) => exactly(literal.0.to_ascii_lowercase()),
        HirKind::Class(class) => letter(class).map_or_else(Known::default, |letter| exactly(vec![letter])),
        HirKind::Capture(capture) => look(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min == 0 => Known::default(),
        HirKind::Repetition(repetition) => Known { exact: None, needs: look(&repetition.sub).needs },
        HirKind::Concat(all) => sequence(all),
        HirKind::Alternation(all) => {
            let needs: Option<Vec<Vec<Vec<u8>>>> = all.iter().map(|one| look(one).needs).collect();
            Known { exact: None, needs: needs.map(|needs| needs.concat()) }
        }
    }
}

fn exactly(bytes: Vec<u8>) -> Known {
    Known { exact: Some(bytes.clone()), needs: Some(vec![bytes]) }
}

/// A letter in both its cases, or in one, and nothing else: `s` is also `ſ` where case does not count.
fn letter(class: &Class) -> Option<u8> {
    let Class::Unicode(class) = class else { return None };
    let mut all = class.ranges().iter().flat_map(|range| range.start()..=range.end()).take(3);
    let first = all.next().filter(char::is_ascii)?.to_ascii_lowercase();
    all.all(|other| other.to_ascii_lowercase() == first).then(|| u8::try_from(first).ok()).flatten()
}

/// Of pieces one after the other: what is certain of the text between two that are not, or of one of those.
fn sequence(all: &[Hir]) -> Known {
    let (mut best, mut run, mut whole): (Option<Vec<Vec<u8>>>, Vec<u8>, bool) = (None, Vec::new(), true);
    for piece in all {
        let Known { exact, needs } = look(piece);
        if let Some(bytes) = exact {
            run.extend(bytes);
            continue;
        }
        whole = false;
        let before = std::mem::take(&mut run);
        best = better(best, Some(vec![before]));
        best = better(best, needs);
    }
    let exact = whole.then(|| run.clone());
    Known { exact, needs: better(best, Some(vec![run])) }
}

/// The parts that are found more rarely: the longer ones, and of those the fewer.
fn better(a: Option<Vec<Vec<u8>>>, b: Option<Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    let rank = |parts: &Vec<Vec<u8>>| {
        let shortest = parts.iter().map(Vec::len).min().unwrap_or(0);
        (shortest.min(4), std::cmp::Reverse(parts.len()), shortest)
    };
    let useful = |parts: &Vec<Vec<u8>>| parts.len() <= MOST && parts.iter().all(|part| !part.is_empty());
    match (a.filter(useful), b.filter(useful)) {
        (Some(a), Some(b)) => Some(if rank(&a) >= rank(&b) { a } else { b }),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn parts(source: &str) -> Option<Vec<String>> {
        let text = |part: &Part| String::from_utf8_lossy(&part.bytes).into_owned();
        Needed::of(source).map(|needed| needed.0.iter().map(text).collect())
    }

    #[test]
    fn what_a_pattern_needs_is_found_in_words_alternatives_and_repetitions() {
        for (source, needs) in [
            (r"(?i)\b(word17|wort17|angebot 17)\b", Some(vec!["word17", "wort17", "angebot 17"])),
            (r"(?i)preis", Some(vec!["prei"])),
            (r"\d+ seats", Some(vec![" seats"])),
            (r"(?i)r(ü|ue)ckruf", Some(vec!["ruf"])),
            (r"(offer)+ now", Some(vec!["offer"])),
            (r"a{3}", None),
            (r"(offer)?", None),
            (r"x|.*", None),
            (r"\w+", None),
            (r"", None),
        ] {
            let needs = needs.map(|needs| needs.into_iter().map(str::to_owned).collect());
            assert_eq!(parts(source), needs, "{source}");
        }
    }

    proptest! {
        #[test]
        fn no_match_is_ever_missed(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "an", "ge", "bot", "S", "k", "ü", "ß", "ı", "(?i)", "(?i:ks)", "\\b", ".", ".*", "\\w", "[a-c]", "[sS]",
                "[Kk]", "(", ")", "|", "?", "+", "{2}", "{0,2}", " ", "1", "(?s)", "^", "$", "(?-u:\\b)", "K", "ſ",
            ]), 1..12),
            texts in prop::collection::vec("[angebotsSkKüÜßẞſKıİ1 AB]{0,24}", 8),
        ) {
            let source = pieces.concat();
            if let (Ok(regex), Some(needed)) = (Regex::new(&source), Needed::of(&source)) {
                for text in &texts {
                    prop_assert!(!regex.is_match(text) || needed.may_match(text), "{source} in {text}");
                }
            }
        }
    }
}
