//! Which patterns cannot match a text, told without running them.
//!
//! Most patterns need certain words. The letters of a text are noted once, with the pairs and the pieces of three
//! that they make; a pattern whose words cannot be made of them is passed over. So a thousand patterns cost little more
//! than those that have something to find.

use std::cell::RefCell;

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter texts are searched at once.
const SHORTEST: usize = 128;
/// Letters of a piece.
const PIECE: usize = 3;
/// Numbers that a set may hold; a page of text has some two thousand pieces.
const BITS: usize = 1 << 16;

/// What a text must hold for a pattern to match, written out in one row: a thousand patterns are asked about each
/// text, and what lies apart in memory takes longer to fetch than to compare.
///
/// Each part is its sort, the length of what follows, and that: the pieces of a word, or other parts.
#[derive(Clone, Debug)]
pub(super) struct Needed(Box<[u16]>);

/// All pieces of a word.
const WORD: u16 = 0;
/// All of some parts.
const ALL: u16 = 1;
/// One of some parts.
const ANY: u16 = 2;
/// A letter.
const LETTER: u16 = 3;
/// Two letters in a row.
const PAIR: u16 = 4;

impl Needed {
    /// What a pattern needs; `None` where it may match without any certain word.
    pub(super) fn by(pattern: &Hir) -> Option<Self> {
        let mut row = Vec::new();
        Part::by(pattern)?.write(&mut row)?;
        Some(Self(row.into_boxed_slice()))
    }

    /// Whether a text may hold it. The text asked about last is remembered.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        text.len() < SHORTEST
            || LAST.with_borrow_mut(|last| {
                let note = match last {
                    Some(note) if note.text == text => note,
                    _ => last.insert(Note::of(text)),
                };
                Parts(&self.0).all(|(sort, inside)| holds(sort, inside, note))
            })
    }
}

/// Parts that follow each other: the sort of each, and what is in it.
struct Parts<'r>(&'r [u16]);

impl<'r> Iterator for Parts<'r> {
    type Item = (u16, &'r [u16]);

    fn next(&mut self) -> Option<Self::Item> {
        let [sort, length, rest @ ..] = self.0 else { return None };
        let (inside, rest) = rest.split_at_checked(usize::from(*length))?;
        self.0 = rest;
        Some((*sort, inside))
    }
}

fn holds(sort: u16, inside: &[u16], note: &Note) -> bool {
    match sort {
        WORD => inside.iter().all(|piece| note.pieces.has(*piece)),
        PAIR => inside.iter().all(|pair| note.pairs.has(*pair)),
        LETTER => inside.iter().all(|letter| note.letters.get(usize::from(*letter)).is_none_or(|there| *there)),
        ANY => Parts(inside).any(|(sort, inside)| holds(sort, inside, note)),
        _ => Parts(inside).all(|(sort, inside)| holds(sort, inside, note)),
    }
}

/// A part while a pattern is read.
enum Part {
    Letter(u8),
    Pair(u16),
    Word(Vec<u16>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Part {
    fn by(pattern: &Hir) -> Option<Self> {
        match pattern.kind() {
            HirKind::Literal(_) => Self::in_turn(std::slice::from_ref(pattern)),
            HirKind::Concat(parts) => Self::in_turn(parts),
            HirKind::Capture(capture) => Self::by(&capture.sub),
            HirKind::Repetition(repetition) if repetition.min > 0 => Self::by(&repetition.sub),
            HirKind::Alternation(ways) => Some(Self::Any(ways.iter().map(Self::by).collect::<Option<_>>()?)),
            HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => None,
        }
    }

    /// What parts that follow each other need.
    fn in_turn(parts: &[Hir]) -> Option<Self> {
        let (mut all, mut word) = (Vec::new(), Vec::new());
        for part in parts {
            match part.kind() {
                // Letters beyond ASCII that are the same in another case stand in classes.
                HirKind::Literal(literal) => word.extend(literal.0.iter().map(u8::to_ascii_lowercase)),
                HirKind::Class(class) if letter(class).is_some() => word.extend(letter(class)),
                _ => {
                    all.extend(Self::word(&mut word));
                    all.extend(Self::by(part));
                }
            }
        }
        all.extend(Self::word(&mut word));
        (!all.is_empty()).then_some(Self::All(all))
    }

    /// A word, in small letters; none where there are no letters.
    fn word(letters: &mut Vec<u8>) -> Option<Self> {
        match *std::mem::take(letters) {
            [] => None,
            [one] => Some(Self::Letter(one)),
            [one, two] => Some(Self::Pair(u16::from_be_bytes([one, two]))),
            ref word => {
                let number = |piece: &[u8]| piece.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
                Some(Self::Word(word.windows(PIECE).map(|piece| place(number(piece))).collect()))
            }
        }
    }

    /// Adds it to a row; `None` where it is too long for one.
    fn write(&self, row: &mut Vec<u16>) -> Option<()> {
        let (sort, parts) = match self {
            // One part alone needs no brackets.
            Self::All(parts) | Self::Any(parts) if parts.len() == 1 => return parts[0].write(row),
            Self::Letter(letter) => {
                row.extend([LETTER, 1, u16::from(*letter)]);
                return Some(());
            }
            Self::Pair(pair) => {
                row.extend([PAIR, 1, *pair]);
                return Some(());
            }
            Self::Word(pieces) => {
                row.extend([WORD, u16::try_from(pieces.len()).ok()?]);
                row.extend(pieces);
                return Some(());
            }
            Self::All(parts) => (ALL, parts),
            Self::Any(parts) => (ANY, parts),
        };
        row.extend([sort, 0]);
        let start = row.len();
        parts.iter().try_for_each(|part| part.write(row))?;
        row[start - 1] = u16::try_from(row.len() - start).ok()?;
        Some(())
    }
}

thread_local! {
    static LAST: RefCell<Option<Note>> = const { RefCell::new(None) };
}

/// What a text is made of, in small letters.
struct Note {
    text: String,
    letters: [bool; 256],
    pairs: Set,
    pieces: Set,
}

impl Note {
    fn of(text: &str) -> Self {
        // The only letters beyond ASCII that are the same as one of it in another case (Unicode, CaseFolding.txt).
        let sure = !text.contains(['\u{212a}', '\u{17f}']);
        let mut note =
            Self { text: text.to_owned(), letters: [!sure; 256], pairs: Set::new(sure), pieces: Set::new(sure) };
        let mut last = 0_u32;
        for (at, byte) in text.bytes().enumerate() {
            let letter = byte.to_ascii_lowercase();
            last = (last << 8 | u32::from(letter)) & 0xff_ffff;
            let [_, _, one, two] = last.to_be_bytes();
            note.letters[usize::from(two)] = true;
            if at > 0 {
                note.pairs.add(u16::from_be_bytes([one, two]));
            }
            if at >= PIECE - 1 {
                note.pieces.add(place(last));
            }
        }
        note
    }
}

/// A set of small numbers.
struct Set(Box<[u64; BITS / 64]>);

impl Set {
    /// An empty one; not `sure`, and it holds everything.
    fn new(sure: bool) -> Self {
        Self(Box::new([if sure { 0 } else { u64::MAX }; BITS / 64]))
    }

    fn add(&mut self, number: u16) {
        // Most are in it already; not to write saves waiting for what was written just before.
        let (word, bit) = (&mut self.0[usize::from(number) / 64], 1 << (number % 64));
        if *word & bit == 0 {
            *word |= bit;
        }
    }

    fn has(&self, number: u16) -> bool {
        self.0[usize::from(number) / 64] >> (number % 64) & 1 == 1
    }
}

/// Where a piece is noted. The upper half of a product mixes all of its bits.
fn place(piece: u32) -> u16 {
    u16::try_from(piece.wrapping_mul(0x9E37_79B1) >> 16).unwrap_or(u16::MAX)
}

/// The one letter that a class stands for, in both cases.
fn letter(class: &Class) -> Option<u8> {
    let small = |c: char| match c {
        '\u{212a}' => Some(b'k'),
        '\u{17f}' => Some(b's'),
        c => u8::try_from(c).ok().filter(u8::is_ascii).map(|byte| byte.to_ascii_lowercase()),
    };
    let mut letters = match class {
        Class::Unicode(class) if class.ranges().len() <= 3 => {
            let all = class.ranges().iter().flat_map(|range| (range.start()..=range.end()).take(3));
            all.map(small).collect::<Option<Vec<u8>>>()?
        }
        _ => return None,
    };
    letters.dedup();
    letters.sort_unstable();
    letters.dedup();
    if let [one] = letters[..] { Some(one) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn may_match(pattern: &str, text: &str) -> bool {
        let long = format!("{} {text}", ".".repeat(SHORTEST));
        Needed::by(&regex_syntax::parse(pattern).unwrap()).is_none_or(|needed| needed.may_be_in(&long))
    }

    #[test]
    fn a_pattern_needs_its_words() {
        let cases: [(&str, &[&str], &[&str]); 10] = [
            (r"(?i)\b(angebot|Preis)\b", &["ANGEBOTE", "preis"], &["angebo", "reis"]),
            (r"(?i)r(ü|ue)ckruf", &["rückruf", "Rueckruf"], &["ruf"]),
            (r"(we|i) (can|could) help", &["we could help", "i can help"], &["could help", "we help", "we can hel"]),
            (r"tell (me|us) more", &["tell me more", "tell more of us"], &["more", "tell", "tell more"]),
            (r"(?i)(ca\.?|rund) (€|eur|\$) ?\d", &["ca. 5 €", "rund $5"], &["ca. 5", "rund 5", "5 €"]),
            (r"(?i)in q[1-4]|ök", &["in Q3", "ÖK"], &["in 3", "Qi n o"]),
            (r"(?i)ask", &["task", "ta\u{17f}\u{212a}"], &["as k"]),
            (r"(abc)+x?", &["abc"], &["ab"]),
            (r"(abc)*|abc|de|[a-z]+", &["", "x"], &[]),
            (r"", &[""], &[]),
        ];
        for (pattern, with, without) in cases {
            assert!(with.iter().all(|text| may_match(pattern, text)), "{pattern}");
            assert!(!without.iter().any(|text| may_match(pattern, text)), "{pattern}");
        }
    }

    #[test]
    fn a_long_text_is_asked_for_words_and_a_short_one_searched() {
        let needed = Needed::by(&regex_syntax::parse("(?i)angebot|task").unwrap()).unwrap();
        let long = "Wir freuen uns. ".repeat(20);
        assert!(needed.may_be_in("short"));
        assert!(!needed.may_be_in(&long));
        assert!(needed.may_be_in(&format!("{long} ANGEBOT")));
        assert!(needed.may_be_in(&format!("{long} ta\u{17f}\u{212a}")), "these are letters in another case");
        assert!(!needed.may_be_in(&long), "the text before it is forgotten");
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
            if let (Ok(regex), Some(needed)) = (Regex::new(&source), regex_syntax::parse(&source).ok().and_then(|hir| Needed::by(&hir))) {
                for text in &texts {
                    // Shorter texts are not asked for words.
                    let text = &format!("{}{text}", "-".repeat(SHORTEST));
                    prop_assert!(!regex.is_match(text) || needed.may_be_in(text), "{source} in {text}");
                }
            }
        }
    }
}
