//! Which patterns cannot match a text, told without running them.
//!
//! Most patterns need certain words. The pieces of three letters that a text is made of are noted once;
//! a pattern whose words cannot be made of them is passed over. So a thousand patterns cost little more
//! than those that have something to find.

use std::cell::RefCell;

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter texts are searched at once.
const SHORTEST: usize = 128;
/// Letters of a piece.
const PIECE: usize = 3;
/// Bits of a note; a page of text fills some two thousand.
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
        WORD => inside.iter().all(|piece| note.has(*piece)),
        ANY => Parts(inside).any(|(sort, inside)| holds(sort, inside, note)),
        _ => Parts(inside).all(|(sort, inside)| holds(sort, inside, note)),
    }
}

/// A part while a pattern is read.
enum Part {
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
                HirKind::Literal(literal) => {
                    for &byte in &literal.0 {
                        if byte.is_ascii() {
                            word.push(byte.to_ascii_lowercase());
                        } else {
                            all.extend(Self::word(&mut word));
                        }
                    }
                }
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

    /// A word, in small letters; none where it is too short to tell anything.
    fn word(letters: &mut Vec<u8>) -> Option<Self> {
        let word = std::mem::take(letters);
        let pieces: Vec<u16> = word.windows(PIECE).map(|piece| place(piece[0], piece[1], piece[2])).collect();
        (!pieces.is_empty()).then_some(Self::Word(pieces))
    }

    /// Adds it to a row; `None` where it is too long for one.
    fn write(&self, row: &mut Vec<u16>) -> Option<()> {
        let (sort, parts) = match self {
            // One part alone needs no brackets.
            Self::All(parts) | Self::Any(parts) if parts.len() == 1 => return parts[0].write(row),
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

/// The pieces of a text.
struct Note {
    text: String,
    pieces: Box<[u64]>,
}

impl Note {
    fn of(text: &str) -> Self {
        // The only letters beyond ASCII that are the same as one of it in another case (Unicode, CaseFolding.txt).
        let sure = !text.contains(['\u{212a}', '\u{17f}']);
        let mut pieces = vec![if sure { 0 } else { u64::MAX }; BITS / 64].into_boxed_slice();
        for piece in text.as_bytes().windows(PIECE) {
            let [a, b, c] = [piece[0], piece[1], piece[2]].map(|byte| byte.to_ascii_lowercase());
            let place = usize::from(place(a, b, c));
            pieces[place / 64] |= 1 << (place % 64);
        }
        Self { text: text.to_owned(), pieces }
    }

    fn has(&self, piece: u16) -> bool {
        self.pieces[usize::from(piece) / 64] >> (piece % 64) & 1 == 1
    }
}

fn place(a: u8, b: u8, c: u8) -> u16 {
    let whole = u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c);
    // The upper half of a product mixes all of its bits.
    u16::try_from(whole.wrapping_mul(0x9E37_79B1) >> 16).unwrap_or(u16::MAX)
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
        let cases: [(&str, &[&str], &[&str]); 8] = [
            (r"(?i)\b(angebot|Preis)\b", &["ANGEBOTE", "preis"], &["angebo", "reis"]),
            (r"(?i)r(ü|ue)ckruf", &["rückruf", "Rueckruf"], &["ruf"]),
            (r"(we|i) (can|could) help", &["could help"], &["help", "can hel"]),
            (r"tell (me|us) more", &["tell more"], &["more", "tell"]),
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
