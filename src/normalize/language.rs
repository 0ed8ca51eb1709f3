//! The language of a text. In: text. Out: ISO 639-1, only where it is certain.

use whatlang::Lang;

use super::text::shorten;

/// Letters below which nothing is certain.
const MIN_LETTERS: usize = 20;
/// Bytes of a text by which its language is told; more make it no surer.
const LOOKED_AT: usize = 1_000;

/// The language `text` is written in, or `None` where it is short, mixed or doubtful.
#[must_use]
pub fn detect(text: &str) -> Option<&'static str> {
    let text = shorten(text, LOOKED_AT);
    if text.chars().filter(|c| c.is_alphabetic()).count() < MIN_LETTERS {
        return None;
    }
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
}
