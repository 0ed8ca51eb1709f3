//! Which patterns cannot match a text, told without running them.
//!
//! Most patterns need certain words. Of a text is noted once which three letters follow each other in it; a pattern
//! whose words cannot be made of these is passed over. So a thousand patterns cost little more than those that have
//! something to find.

use std::cell::RefCell;

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter texts are searched at once.
const SHORTEST: usize = 128;
/// Bits of the number of a letter.
const BITS: u16 = 5;
/// How many numbers there are for letters.
const LETTERS: usize = 1 << BITS;
/// All bits of a pair of letters.
const PAIRS: u16 = (1 << (2 * BITS)) - 1;
/// All bits of three letters in a row.
const PIECES: u16 = (1 << (3 * BITS)) - 1;

/// What a text must hold for a pattern to match, written out in one row: a thousand patterns are asked about each
/// text, and what lies apart in memory takes longer to fetch than to compare.
///
/// Each part is its sort, the length of what follows, and that: the pieces of a word, or other parts.
#[derive(Clone, Debug)]
pub(super) struct Needed(Box<[u16]>);

/// All pieces of a word, each three letters in a row.
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
        WORD => inside.iter().all(|piece| note.has_piece(*piece)),
        PAIR => inside.iter().all(|pair| note.has_pair(*pair)),
        LETTER => inside.iter().all(|letter| note.has_letter(*letter)),
        ANY => Parts(inside).any(|(sort, inside)| holds(sort, inside, note)),
        _ => Parts(inside).all(|(sort, inside)| holds(sort, inside, note)),
    }
}

/// A part while a pattern is read.
enum Part {
    Letter(u16),
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

    /// A word; none where there are no letters.
    fn word(letters: &mut Vec<u8>) -> Option<Self> {
        let number = |piece: &[u8]| piece.iter().fold(0, |number, byte| number << BITS | class(*byte));
        let word = std::mem::take(letters);
        match word.len() {
            0 => None,
            1 => Some(Self::Letter(number(&word))),
            2 => Some(Self::Pair(number(&word))),
            _ => Some(Self::Word(word.windows(3).map(number).collect())),
        }
    }

    /// Adds it to a row; `None` where it is too long for one.
    fn write(&self, row: &mut Vec<u16>) -> Option<()> {
        let (sort, parts) = match self {
            // One part alone needs no brackets.
            Self::All(parts) | Self::Any(parts) if parts.len() == 1 => return parts[0].write(row),
            Self::Letter(letter) => {
                row.extend([LETTER, 1, *letter]);
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

/// What a text is made of.
struct Note {
    text: String,
    /// For each pair of letters those that follow it, a bit each.
    pieces: Box<[u32; 1 << (2 * BITS)]>,
}

impl Note {
    fn of(text: &str) -> Self {
        // The only letters beyond ASCII that are the same as one of it in another case (Unicode, CaseFolding.txt): such
        // a text may hold everything.
        let sure = !text.contains(['\u{212a}', '\u{17f}']);
        let mut pieces = Box::new([if sure { 0 } else { u32::MAX }; 1 << (2 * BITS)]);
        let mut last = 0;
        // Two blanks more, so that its last letters begin pieces as well.
        for (at, byte) in text.bytes().chain(*b"  ").enumerate() {
            last = (last << BITS | class(byte)) & PIECES;
            let (pair, bit) = (usize::from(last >> BITS), 1 << (last & 31));
            // Most are in it already; not to write saves waiting for what was written just before.
            if at >= 2 && pieces[pair] & bit == 0 {
                pieces[pair] |= bit;
            }
        }
        Self { text: text.to_owned(), pieces }
    }

    fn has_piece(&self, piece: u16) -> bool {
        self.pieces[usize::from(piece >> BITS & PAIRS)] >> (piece & 31) & 1 == 1
    }

    fn has_pair(&self, pair: u16) -> bool {
        self.pieces[usize::from(pair & PAIRS)] != 0
    }

    fn has_letter(&self, letter: u16) -> bool {
        self.pieces.chunks(LETTERS).nth(usize::from(letter)).is_none_or(|pairs| pairs.iter().any(|pair| *pair != 0))
    }
}

/// The number of a letter: of each one of ASCII in both cases, and of sorts of other bytes.
fn class(byte: u8) -> u16 {
    const CLASSES: [u8; 256] = {
        let (mut classes, mut byte) = ([0; 256], 0);
        while byte < classes.len() {
            #[expect(clippy::cast_possible_truncation, reason = "it is less than 256")]
            let small = (byte as u8).to_ascii_lowercase();
            classes[byte] = match small {
                b'a'..=b'z' => small - b'a',
                b'0'..=b'9' => 26,
                // Beyond ASCII: what goes on a letter, and what begins one (RFC 3629, section 3); `€` begins so, too.
                0x80..=0xbf => 27,
                0xc0..=0xdf => 28,
                b'$' | 0xe0..=0xff => 29,
                0..=b' ' => 30,
                _ => 31,
            };
            byte += 1;
        }
        classes
    };
    u16::from(CLASSES[usize::from(byte)])
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
