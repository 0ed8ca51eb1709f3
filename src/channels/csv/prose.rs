//! Whether a file is a text for reading rather than a table: a letter, notes, a readme, one person's
//! details line by line.
//!
//! In: the lines of a file. Out: whether they are sentences, a short note or labelled lines, and
//! whether anybody's address or number stands in them. A list of names or companies is none: its
//! words begin with capitals, and no line ends like a sentence.

use std::collections::HashSet;

use super::header;
use super::lines::Line;
use super::shape::{Shape, is_email};
use crate::normalize::Spelling;

/// Lines with something in them that a note has at most.
const NOTE: usize = 40;

/// How letters begin and end, in small letters.
const GREETINGS: [&str; 30] = [
    "hallo",
    "hi",
    "hello",
    "hey",
    "dear",
    "sehr geehrte",
    "sehr geehrter",
    "guten tag",
    "guten morgen",
    "moin",
    "liebe",
    "lieber",
    "liebes",
    "bonjour",
    "madame",
    "monsieur",
    "buongiorno",
    "gentile",
    "buenos días",
    "estimado",
    "estimada",
    "mit freundlichen grüßen",
    "mit freundlichem gruß",
    "freundliche grüße",
    "viele grüße",
    "mfg",
    "best regards",
    "kind regards",
    "regards",
    "cordialement",
];

/// Whether these lines are sentences.
pub(super) fn is_prose(lines: &[Line]) -> bool {
    let (mut count, mut words, mut small, mut letters, mut ended) = (0_usize, 0_usize, 0_usize, 0_usize, 0_usize);
    for text in filled(lines) {
        count += 1;
        letters += text.chars().filter(|c| c.is_alphabetic()).count();
        ended += usize::from(ends_a_sentence(text));
        for first in text.split_whitespace().filter_map(|word| word.chars().next()).filter(|c| c.is_alphabetic()) {
            words += 1;
            // Scripts without capitals have no small letters either.
            small += usize::from(!first.is_uppercase());
        }
    }
    // Some scripts write no blanks: there a line of many letters is a line of many words.
    let full = words >= 3 * count || letters >= 12 * count && words <= 2 * count && small == words;
    count > 0 && full && small * 5 >= words * 2 && ended * 6 >= count
}

/// Whether these are so few lines that one person may have written them.
pub(super) fn is_short(lines: &[Line]) -> bool {
    filled(lines).count() <= NOTE
}

/// Whether these lines are a short note: greeted like one, or mostly running words.
pub(super) fn is_note(lines: &[Line]) -> bool {
    let filled: Vec<&str> = filled(lines).collect();
    let running = filled.iter().filter(|text| runs(text)).count();
    !filled.is_empty()
        && filled.len() <= NOTE
        && (running * 2 >= filled.len() || filled.iter().any(|text| greets(text)))
}

/// Whether these few lines are one person's details, each after its name: `Name: Max`, `E-Mail: …`.
pub(super) fn is_labelled(lines: &[Line], delimiter: Option<char>) -> bool {
    let filled: Vec<&str> = filled(lines).collect();
    let known = |name: &str| header::field(name.trim().trim_matches('"'), &Spelling::default());
    let label = |text: &&str| {
        let (name, rest) = text.split_once(|c| c == ':' || Some(c) == delimiter)?;
        let value = rest.split(|c| Some(c) == delimiter).next().unwrap_or(rest);
        if known(value).is_some() { None } else { known(name) }
    };
    let labels: Vec<String> = filled.iter().filter_map(label).collect();
    let different: HashSet<&String> = labels.iter().collect();
    filled.len() <= NOTE && labels.len() >= 2 && different.len() == labels.len() && labels.len() * 2 >= filled.len()
}

fn filled(lines: &[Line]) -> impl Iterator<Item = &str> {
    lines.iter().map(|line| line.text.trim()).filter(|text| text.chars().any(char::is_alphanumeric))
}

/// Whether a line is of running words: four or more, not all of them with capitals.
fn runs(text: &str) -> bool {
    let first = text.split_whitespace().filter_map(|word| word.chars().next()).filter(|c| c.is_alphabetic());
    let (words, small) = first.fold((0, 0), |(words, small), c| (words + 1, small + usize::from(c.is_lowercase())));
    words >= 4 && small * 4 >= words
}

fn greets(text: &str) -> bool {
    let text = text.to_lowercase();
    GREETINGS.iter().any(|greeting| {
        let rest = text.strip_prefix(greeting);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',', '!', '.']))
    })
}

/// Whether commas stand as in sentences, with a blank after them, in all but a few lines; not where
/// most of three lines or more have the same number of them.
pub(super) fn are_commas_apart(lines: &[Line]) -> bool {
    let commas = || filled(lines).map(|text| text.matches(',').count());
    let (all, usual) = (commas().count(), header::usual(commas()));
    if all >= 3 && usual >= 2 && commas().filter(|count| *count == usual).count() * 5 >= all * 4 {
        return false;
    }
    let tight = |text: &str| text.as_bytes().windows(2).any(|pair| pair[0] == b',' && !pair[1].is_ascii_whitespace());
    let with = || lines.iter().map(|line| line.text.trim()).filter(|text| text.contains(','));
    with().filter(|text| tight(text)).count() * 5 < with().count()
}

/// Whether somebody's e-mail address or telephone number stands in a line.
pub(super) fn holds_contact(text: &str) -> bool {
    let bare = |word: &str| is_email(word.trim_matches(|c: char| !c.is_alphanumeric()));
    if text.split_whitespace().any(|word| word.contains('@') && bare(word)) {
        return true;
    }
    let part = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '/' | '(' | ')' | '.');
    let runs = text.split(|c: char| !part(c)).map(|run| run.trim_matches([' ', '-', '/', '.', ')']));
    runs.filter(|run| run.bytes().filter(u8::is_ascii_digit).count() >= 7).any(|run| match Shape::of(run) {
        Shape::Phone => true,
        Shape::Number => run.starts_with(['+', '0']),
        _ => false,
    })
}

/// Whether a sentence ends in this line: a mark after a word that is no short form (`Inc.`, `Str.`).
fn ends_a_sentence(text: &str) -> bool {
    let mut before = '\n';
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if matches!(c, '。' | '！' | '？' | '।' | '؟') {
            return true;
        }
        if matches!(c, '.' | '!' | '?' | '…') && before.is_alphabetic() {
            let rest = text[at + c.len_utf8()..].trim_start_matches(['"', '\'', '”', '“', '»', ')']);
            let next = rest.trim_start().chars().next();
            let apart = rest.is_empty() || rest.starts_with(char::is_whitespace);
            let word = &text[start..at];
            let long = word.chars().count() >= 5 || word.chars().count() >= 3 && !word.starts_with(char::is_uppercase);
            if apart && long && next.is_none_or(|next| !next.is_lowercase() && !next.is_ascii_digit()) {
                return true;
            }
        }
        if c.is_whitespace() {
            start = at + c.len_utf8();
        }
        before = c;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Line> {
        text.lines().zip(1..).map(|(text, number)| Line { number, text: text.into(), ..Line::default() }).collect()
    }

    #[test]
    fn letters_are_told_from_lists() {
        for text in [
            "Hello, please send me an offer for two pumps.",
            "Sehr geehrte Damen und Herren,\n\nhiermit bestelle ich zwölf Stück.\n\nMit freundlichen Grüßen\nMax",
            "Notes of the meeting\n\nWe talked about the fair in Berlin and agreed to print new\nflyers until March. Anna asks \
             the printer, Jonas books the\nbooth. Next time we meet in May.",
            "こんにちは。見積もりをお願いします。",
            "Bonjour, je voudrais un devis pour deux pompes !\nMerci d'avance.",
        ] {
            assert!(is_prose(&lines(text)), "{text}");
        }
        for text in [
            "Max Mustermann\nEva Beispiel",
            "Acme Trading Company Inc.\nMiller and Sons Supplies Ltd.\nBäckerei Müller und Söhne GmbH & Co.",
            "Max Muster, Hauptstr. 5, 10115 Berlin\nEva Beispiel, Domplatz 2, 50667 Köln",
            "Name;E-Mail\nMax;a@b.example",
            "",
            "17\n4",
        ] {
            assert!(!is_prose(&lines(text)), "{text}");
        }
    }

    #[test]
    fn short_notes_are_told_from_short_lists() {
        for text in [
            "Hallo,\nbitte rufen Sie mich an: 030 1234567\nMax Mustermann",
            "Frau Schmidt hat angerufen\nmöchte Rückruf wegen Messe\n0171 2345678",
            "Hello\n\nInterested in product X\n\nMax +49 30 1234567",
            "Please call me back.\nMax",
            "Termin am Montag, 10 Uhr, mit Herrn Weber\nRaum 3",
        ] {
            assert!(is_note(&lines(text)), "{text}");
        }
        for text in [
            "Max Mustermann\nEva Beispiel",
            "Aussteller\nFirma A GmbH\nVerein zur Förderung der Kunst e.V.",
            "Hilda Dearing",
            "",
        ] {
            assert!(!is_note(&lines(text)), "{text}");
        }
    }

    #[test]
    fn one_persons_details_line_by_line_are_told_from_a_table() {
        for (text, delimiter) in [
            ("Name: Max\nE-Mail: max@firma.example\nNachricht: Bitte anrufen", Some(':')),
            ("Name;Max\nE-Mail;max@firma.example\nTelefon;030 1234567", Some(';')),
            ("Firma: Müller\nTelefon: 030 1234567\n\nwill ein Angebot\nbis Montag", None),
        ] {
            assert!(is_labelled(&lines(text), delimiter), "{text}");
        }
        for (text, delimiter) in [
            ("Name;E-Mail\nMax;max@firma.example", Some(';')),
            ("Name;Nachricht\nName: Max;Firma: X", Some(';')),
            ("Name:Telefon\nMax:030 1234567\nEva:030 7654321", Some(':')),
            ("Firma\nMüller\nMeier", None),
        ] {
            assert!(!is_labelled(&lines(text), delimiter), "{text}");
        }
    }

    #[test]
    fn a_column_of_sentences_makes_no_letter_of_a_table() {
        let table = "id,answer\n1,\"Well, I think so, at least today.\"\n2,\"Yes, of course.\"\n";
        assert!(!are_commas_apart(&lines(table)));
        let even = "color, red, what the page is painted with\nsize, 12, how large its letters are\nfont, none, one of those we have";
        assert!(!are_commas_apart(&lines(even)));
        assert!(are_commas_apart(&lines("Dear all,\nplease come, and bring cake, on Monday.\nThanks,\nAnna")));
    }

    #[test]
    fn addresses_and_numbers_are_seen_in_text() {
        for text in ["write to max@firma.example.", "call 030 1234567, please", "(+49 171) 2345678", "0301234567"] {
            assert!(holds_contact(text), "{text}");
        }
        for text in ["on 23.11.2026 at 10:00", "on 01.02.2026", "12.345.678,00 Euro", "twelve @ four", "order 4711"] {
            assert!(!holds_contact(text), "{text}");
        }
    }
}
