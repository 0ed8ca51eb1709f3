//! Which patterns cannot match a text, told without running them.
//!
//! Most patterns need one of a few words. The pieces of three letters that a text is made of are noted once;
//! a pattern none of whose words can be made of them is passed over. So a thousand patterns cost little more
//! than those that have something to find.

use std::cell::RefCell;

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter texts are searched at once.
const SHORTEST: usize = 128;
/// Letters of a piece.
const PIECE: usize = 3;
/// Words of which a pattern may need one; more are no help.
const WORDS: usize = 64;
/// Bits of a note; a page of text fills some two thousand.
const BITS: usize = 1 << 16;

/// What a text must hold for a pattern to match: all pieces of one of these words.
#[derive(Clone, Debug)]
pub(super) struct Needed(Vec<Vec<u16>>);

impl Needed {
    /// What a pattern needs; `None` where it may match without any certain word.
    pub(super) fn by(pattern: &Hir) -> Option<Self> {
        let words = words(pattern)?;
        let pieces = |word: &Vec<u8>| word.windows(PIECE).map(|piece| place(piece[0], piece[1], piece[2])).collect();
        Some(Self(words.iter().map(pieces).collect()))
    }

    /// Whether a text may hold it. The text asked about last is remembered.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        text.len() < SHORTEST
            || LAST.with_borrow_mut(|last| {
                let note = match last {
                    Some(note) if note.text == text => note,
                    _ => last.insert(Note::of(text)),
                };
                self.0.iter().any(|pieces| pieces.iter().all(|piece| note.has(*piece)))
            })
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

/// Words, in small letters, of which every match holds one.
fn words(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Concat(_) => best(hir),
        HirKind::Capture(capture) => words(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => words(&repetition.sub),
        HirKind::Alternation(ways) => {
            let all = ways.iter().map(words).collect::<Option<Vec<_>>>()?.concat();
            (all.len() <= WORDS).then_some(all)
        }
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

/// The most telling words among those that follow each other.
fn best(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    let (mut found, mut run) = (Vec::new(), Vec::new());
    for part in parts {
        match part.kind() {
            HirKind::Literal(literal) => {
                for &byte in &literal.0 {
                    if byte.is_ascii() {
                        run.push(byte.to_ascii_lowercase());
                    } else {
                        found.push(vec![std::mem::take(&mut run)]);
                    }
                }
            }
            HirKind::Class(class) if letter(class).is_some() => run.extend(letter(class)),
            _ => {
                found.push(vec![std::mem::take(&mut run)]);
                found.extend(words(part));
            }
        }
    }
    found.push(vec![run]);
    let shortest = |words: &Vec<Vec<u8>>| words.iter().map(Vec::len).min().unwrap_or(0);
    let best = found.into_iter().max_by_key(|words| (shortest(words), usize::MAX - words.len()))?;
    (shortest(&best) >= PIECE).then_some(best)
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
    use super::*;

    fn needed(pattern: &str) -> Option<Vec<String>> {
        let words = words(&regex_syntax::parse(pattern).unwrap())?;
        let mut words: Vec<String> = words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect();
        words.sort();
        Some(words)
    }

    #[test]
    fn a_pattern_needs_its_most_telling_words() {
        let cases: [(&str, Option<&[&str]>); 10] = [
            (r"(?i)\b(angebot|Preis)\b", Some(&["angebot", "preis"])),
            (r"(?i)r(ü|ue)ckruf", Some(&["ckruf"])),
            (r"(we|i) (can|could) help", Some(&[" help"])),
            (r"call (me|us)", Some(&["call "])),
            (r"(?i)ask", Some(&["ask"])),
            (r"(abc)+x?", Some(&["abc"])),
            (r"(abc)*", None),
            (r"abc|de", None),
            (r"[a-z]+", None),
            (r"", None),
        ];
        for (pattern, words) in cases {
            let expected = words.map(|words| words.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(needed(pattern), expected, "{pattern}");
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
}
