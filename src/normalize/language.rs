//! The language of a text. In: text. Out: ISO 639-1, only where it is certain.
//!
//! Most texts here are German or English, and their small words say so at once. What those leave open is
//! compared with all languages, letter by letter.

use std::collections::HashMap;
use std::sync::LazyLock;

use whatlang::Lang;

use super::text::shorten;

/// Letters below which nothing is certain.
const MIN_LETTERS: usize = 20;
/// Bytes of a text by which its language is told; more make it no surer.
const LOOKED_AT: usize = 1_000;

/// Small words of German that no other language here has, as they stand inside a sentence.
const GERMAN: &[&str] = &[
    "und", "wir", "ich", "ist", "nicht", "ein", "eine", "einen", "einem", "einer", "für", "mit", "auf", "bitte", "sie",
    "ihr", "ihre", "ihnen", "ihrer", "uns", "unser", "unsere", "haben", "von", "zu", "zum", "zur", "auch", "wird",
    "wenn", "oder", "mir", "mich", "über", "können", "könnten", "hätten", "möchten", "würden", "wären", "sind", "der",
    "die", "das", "dass", "bei", "noch", "nach", "aus", "vielen", "gerne", "sehr",
];
/// The same of English.
const ENGLISH: &[&str] = &[
    "the", "and", "you", "your", "with", "would", "could", "should", "please", "this", "that", "these", "those",
    "have", "from", "our", "are", "been", "what", "which", "when", "where", "how", "they", "them", "their", "there",
    "not", "about", "into", "than", "thank", "thanks", "but", "may", "us", "send", "offer", "quote", "need", "any",
    "know", "call", "who", "has", "had", "let", "only",
];
/// Bytes of the longest of them.
const LONGEST: usize = 8;
/// Words that are told from one another, of each language: two that look alike say little.
const DISTINCT: u32 = 4;
/// Of how many words one must be one of them: less, and another language may stand beside it.
const EACH: usize = 8;
/// How many times as many words the one language must have as the other.
const CLEARLY: usize = 4;

/// The language `text` is written in, or `None` where it is short, mixed or doubtful.
#[must_use]
pub fn detect(text: &str) -> Option<&'static str> {
    let text = shorten(text, LOOKED_AT);
    if text.chars().filter(|c| c.is_alphabetic()).count() < MIN_LETTERS {
        return None;
    }
    by_small_words(text).or_else(|| by_letters(text))
}

/// German or English, where the small words of a text leave no doubt.
fn by_small_words(text: &str) -> Option<&'static str> {
    let (mut words, mut seen) = (0, [Seen::default(), Seen::default()]);
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        words += 1;
        if word.len() > LONGEST {
            continue;
        }
        let mut small = [0; LONGEST];
        let small = &mut small[..word.len()];
        small.copy_from_slice(word.as_bytes());
        small.make_ascii_lowercase();
        if let Some(&(language, number)) = SMALL.get(&*small) {
            seen[language].count += 1;
            seen[language].distinct |= 1 << number;
        }
    }
    let told = |one: &Seen, other: &Seen| {
        one.distinct.count_ones() >= DISTINCT && one.count * EACH >= words && one.count >= CLEARLY * other.count
    };
    let [german, english] = seen;
    match (told(&german, &english), told(&english, &german)) {
        (true, _) => Some("de"),
        (_, true) => Some("en"),
        _ => None,
    }
}

/// The small words with their language, 0 or 1, and their number in it.
static SMALL: LazyLock<HashMap<&[u8], (usize, usize)>> = LazyLock::new(|| {
    let of = |language: usize, words: &'static [&'static str]| {
        words.iter().enumerate().map(move |(number, word)| (word.as_bytes(), (language, number)))
    };
    of(0, GERMAN).chain(of(1, ENGLISH)).collect()
});

/// What was seen of a language's small words.
#[derive(Default)]
struct Seen {
    count: usize,
    /// Which ones, a bit each.
    distinct: u64,
}

/// The language whose usual letters and groups of three letters are those of the text.
fn by_letters(text: &str) -> Option<&'static str> {
    let info = whatlang::detect(text).filter(whatlang::Info::is_reliable)?;
    let code = match info.lang() {
        // Written alike: the guess between them is none.
        Lang::Nob => "no",
        Lang::Cmn => "zh",
        Lang::Pes => "fa",
        Lang::Aka => "ak",
        Lang::Epo => return None,
        lang => super::fields::country::language(lang.code())?,
    };
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certain_languages_are_named() {
        let cases = [
            ("Guten Tag, wir hätten gerne ein Angebot für 250 Lizenzen. Können Sie uns bitte anrufen?", Some("de")),
            ("Hello, we would like to receive a quote for the maintenance of our machines, thank you.", Some("en")),
            ("Bonjour, je voudrais un devis pour notre société. Merci de me rappeler demain matin.", Some("fr")),
            ("Dzień dobry, proszę o przesłanie oferty na sto sztuk państwa produktu, dziękuję bardzo.", Some("pl")),
            ("ok", None),
            ("12345 67890 +49 30 123456", None),
            ("", None),
        ];
        for (text, language) in cases {
            assert_eq!(detect(text), language, "{text}");
        }
    }

    #[test]
    fn small_words_agree_with_the_letters_and_leave_other_languages_to_them() {
        let told = [
            ("Guten Tag, wir hätten gerne ein Angebot für 250 Lizenzen. Können Sie uns bitte anrufen?", Some("de")),
            (
                "Hello, would you please send us the terms that your colleague had about this offer? Thank you.",
                Some("en"),
            ),
            ("Please send us an offer for 12 seats.", Some("en")),
            ("Please send it soon.", None),
            ("Der Auftrag: the offer and your terms with this mail. Und wir haben das auch bei uns.", None),
            ("Goedemiddag, we zouden graag een offerte ontvangen voor het onderhoud van onze machines.", None),
            ("Hej, vi vill gärna ha en offert på underhåll av våra maskiner, tack på förhand.", None),
            ("Goeie dag, ons wil graag 'n kwotasie hê vir die instandhouding van ons masjiene.", None),
        ];
        for (text, language) in told {
            assert_eq!(by_small_words(text), language, "{text}");
            let letters = by_letters(text);
            assert!(language.is_none() || letters.is_none_or(|letters| Some(letters) == language), "{text}");
        }
        assert!(GERMAN.len().max(ENGLISH.len()) <= 64 && SMALL.len() == GERMAN.len() + ENGLISH.len());
        assert!(SMALL.keys().all(|word| word.len() <= LONGEST));
    }

    #[test]
    fn small_words_agree_with_the_letters_on_the_mails_of_the_corpus() {
        let folder = std::env::var("LOTSE_CORPUS").unwrap_or_else(|_| "../shared/data".into());
        let (mut told, mut other) = (0, Vec::new());
        let mut folders = vec![std::path::PathBuf::from(&folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "txt" || ending == "eml") {
                    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).replace('\r', "");
                    let body = text.split_once("\n\n").map_or(&*text, |(_, body)| body);
                    let body = shorten(body, LOOKED_AT);
                    if let Some(language) = by_small_words(body) {
                        told += 1;
                        let letters = by_letters(body);
                        if letters.is_some_and(|letters| letters != language) {
                            other.push((path, language, letters));
                        }
                    }
                }
            }
        }
        if told == 0 {
            eprintln!("skipped: no corpus in {folder}");
        }
        eprintln!("{told} texts told by small words in {folder}; otherwise by letters: {other:#?}");
        assert!(other.len() * 100 <= told);
    }
}
