//! Names of people. In: what somebody typed as a name, in one field or in several. Out: the full
//! name, and the first and last name where they can be told apart.
//!
//! Nothing is invented: a single word is a name and neither first nor last.

use super::text::{line, shorten};

/// Bytes of a name.
const MAX_NAME: usize = 300;

/// A name in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// As one would address an envelope, without Mr or Mrs.
    pub full: Option<String>,
    /// First name.
    pub given: Option<String>,
    /// Last name.
    pub family: Option<String>,
    /// The form of address that stood before it (`Herr`, `Mrs.`).
    pub salutation: Option<String>,
}

const SALUTATIONS: &[&str] = &[
    "herr",
    "herrn",
    "hr",
    "frau",
    "fr",
    "frl",
    "fräulein",
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "mister",
    "madam",
    "sir",
    "herr/frau",
    "monsieur",
    "madame",
    "mademoiselle",
    "mme",
    "mlle",
    "señor",
    "señora",
    "sr",
    "sra",
    "srta",
    "signor",
    "signora",
    "sig",
    "dhr",
    "mevr",
    "mevrouw",
    "senhor",
    "senhora",
];

/// Forms of address that are first names, too, where no full stop stands behind them.
const NAMES_TOO: &[&str] = &["sig"];

const TITLES: &[&str] = &[
    "dr",
    "prof",
    "professor",
    "dipl",
    "dipl-ing",
    "dipl-kfm",
    "dipl-kffr",
    "dipl-inf",
    "dipl-wirt-ing",
    "dipl-phys",
    "dipl-päd",
    "ing",
    "mag",
    "med",
    "dent",
    "vet",
    "phil",
    "jur",
    "iur",
    "rer",
    "nat",
    "pol",
    "oec",
    "h",
    "c",
    "hc",
    "pd",
    "dott",
    "dra",
];

const SUFFIXES: &[&str] = &[
    "jr", "sr", "ii", "iii", "iv", "phd", "md", "mba", "msc", "bsc", "ma", "ba", "llm", "llb", "esq", "cpa", "cfa",
    "mph", "dds", "jd", "beng", "meng", "bed", "med", "emba", "rn", "pmp",
];

const PARTICLES: &[&str] = &[
    "von", "vom", "zu", "zum", "zur", "van", "der", "den", "de", "del", "della", "dello", "di", "da", "do", "dos",
    "das", "du", "la", "le", "las", "los", "el", "al", "bin", "ibn", "ben", "ter", "ten", "te", "af", "av", "dem",
    "vander", "'t", "st", "san", "y",
];

const COMPANY_WORDS: &[&str] = &[
    "gmbh", "ag", "kg", "ohg", "gbr", "ug", "ev", "eg", "se", "mbh", "inc", "llc", "ltd", "limited", "corp", "plc",
    "bv", "nv", "srl", "spa", "sarl", "sas", "sa", "gruppe",
];

/// A full name taken apart: `Dr. Max von Muster`, `Muster, Max`, `MAX MUSTER`, `Frau Muster`.
#[must_use]
pub fn split(text: &str) -> Name {
    let text = readable(&line(shorten(text, MAX_NAME)));
    let Some(order) = in_order(text.trim_matches([',', ';', ' '])) else {
        return Name { full: Some(text).filter(|text| !text.is_empty()), ..Name::default() };
    };
    let (salutation, rest) = without_salutation(&order.words);
    let salutation = (!salutation.is_empty()).then(|| salutation.join(" "));
    if rest.is_empty() {
        return Name { full: Some(text), ..Name::default() };
    }
    let full = Some(rest.join(" "));
    let core = without_titles(rest);
    let (given, family) = match order.family {
        // `Muster, Max`: the comma has told.
        Some(words) if core.len() > words => {
            (core[..core.len() - words].join(" "), core[core.len() - words..].join(" "))
        }
        Some(_) => (String::new(), core.join(" ")),
        None => told_apart(core, salutation.is_some()),
    };
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let full = full.map(|full| order.suffix.as_ref().map_or(full.clone(), |suffix| format!("{full}, {suffix}")));
    Name { full, given: some(given), family: some(family), salutation }
}

/// One name of what was typed as full name, first name and last name.
#[must_use]
pub fn assemble(full: Option<&str>, given: Option<&str>, family: Option<&str>) -> Name {
    let part =
        |text: Option<&str>| text.map(|text| readable(&line(shorten(text, MAX_NAME)))).filter(|text| !text.is_empty());
    let (given, family) = (part(given), part(family));
    let Some(full) = part(full) else {
        let joined: Vec<&str> = [given.as_deref(), family.as_deref()].into_iter().flatten().collect();
        let words: Vec<&str> = joined.iter().flat_map(|part| part.split(' ')).collect();
        // In its own field it is a first name.
        let is_name = given.as_deref().is_some_and(may_be_name);
        let (salutation, rest) = if is_name { (&[][..], &words[..]) } else { without_salutation(&words) };
        let full = Some(rest.join(" ")).filter(|full| !full.is_empty());
        let salutation = Some(salutation.join(" ")).filter(|text| !text.is_empty());
        let bare = |text: &Option<String>| text.as_deref().and_then(bare_part);
        return Name { full, given: bare(&given), family: bare(&family), salutation };
    };
    let has = |part: &Option<String>| part.as_ref().is_some_and(|part| contains_words(&full, part));
    match (&given, &family) {
        (None, None) => split(&full),
        // `Name` beside `Vorname` is the last name, beside `Cognome` the first, unless it says both.
        (Some(given), None) if !has(&Some(given.clone())) => assemble(None, Some(given), Some(&full)),
        (None, Some(family)) if !has(&Some(family.clone())) => assemble(None, Some(&full), Some(family)),
        (Some(given), Some(family)) if !(has(&Some(given.clone())) && has(&Some(family.clone()))) => {
            // A full name that is somebody else's, or a nickname: the parts are more certain.
            assemble(None, Some(given), Some(family))
        }
        _ => {
            let told = split(&full);
            Name {
                full: told.full,
                given: given.or(told.given),
                family: family.or(told.family),
                salutation: told.salutation,
            }
        }
    }
}

/// Whether all of `part` stands in `full`, whatever the case.
#[must_use]
pub fn contains_words(full: &str, part: &str) -> bool {
    let words = |text: &str| {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let full = words(full);
    words(part).iter().all(|word| full.contains(word))
}

/// Whether the text is only a form of address or a title: `Frau`, `Dr.`, `Herr Prof. Dr.`.
#[must_use]
pub fn is_address(text: &str) -> bool {
    !text.trim().is_empty() && text.split_whitespace().all(|word| is_salutation(&word) || is_title(&word))
}

/// Words in the order one says them, and what a comma told about them.
struct Order<'a> {
    words: Vec<&'a str>,
    /// How many of the last words are the last name, where a comma told.
    family: Option<usize>,
    suffix: Option<String>,
}

/// `None` where the text is no name of one person that could be taken apart.
fn in_order(text: &str) -> Option<Order<'_>> {
    let strange = |c: char| {
        c.is_numeric()
            || matches!(c, '@' | '&' | '+' | '/' | '(' | '"' | '„' | '“' | '|' | ':' | ';' | '?' | '!' | '<' | '_')
    };
    let together = |word: &str| matches!(&*word.to_lowercase(), "und" | "and" | "et" | "e" | "oder" | "or");
    let company = |word: &str| COMPANY_WORDS.contains(&&*bare(word));
    if text.is_empty() || text.contains(strange) || text.split([' ', ',']).any(|word| together(word) || company(word)) {
        return None;
    }
    let pieces: Vec<&str> = text.split(',').map(str::trim).filter(|piece| !piece.is_empty()).collect();
    let suffixes = pieces.iter().skip(1).rev().take_while(|piece| piece.split(' ').all(is_suffix)).count();
    let (names, suffix) = pieces.split_at(pieces.len() - suffixes);
    let suffix = (!suffix.is_empty()).then(|| suffix.join(", "));
    let words = |text: &'_ str| text.split(' ').filter(|word| !word.is_empty()).count();
    let order = match names {
        [name] if words(name) <= 7 => Order { words: name.split(' ').collect(), family: None, suffix },
        [family, given] if words(family) <= 4 && words(given) <= 4 => {
            let family: Vec<&str> = family.split(' ').collect();
            // `Herr Muster, Max` and `Dr. Muster, Max`: what stands before the name stays before it.
            let ahead = family.iter().take_while(|word| is_salutation(word) || is_title(word)).count();
            let mut all = family[..ahead].to_vec();
            all.extend(given.split(' '));
            all.extend(&family[ahead..]);
            Order { words: all, family: Some(family.len() - ahead), suffix }
        }
        _ => return None,
    };
    Some(order)
}

/// First and last name of words in their usual order.
fn told_apart(words: &[&str], addressed: bool) -> (String, String) {
    let tail = words.iter().rev().take_while(|word| is_suffix(word)).count();
    let names = if tail < words.len() { &words[..words.len() - tail] } else { words };
    match names {
        // `Frau Muster`: nobody is addressed by a first name that way.
        [only] if addressed => (String::new(), (*only).to_owned()),
        [] | [_] => (String::new(), String::new()),
        [_, ..] => {
            let particle = names[1..].iter().position(|word| is_particle(word)).map(|at| at + 1);
            let at = particle.filter(|at| *at < names.len() - 1).unwrap_or(names.len() - 1);
            (names[..at].join(" "), names[at..].join(" "))
        }
    }
}

fn without_salutation<'a, 'b>(words: &'b [&'a str]) -> (&'b [&'a str], &'b [&'a str]) {
    let names_after = |at: usize| words[at + 1..].iter().filter(|word| !is_suffix(word)).count();
    // `Sig Hansen` is a whole name.
    let is_one = |(at, word): &(usize, &&str)| is_salutation(word) && (!may_be_name(word) || names_after(*at) > 1);
    let count = words.iter().enumerate().take_while(is_one).count();
    words.split_at(if words.len() > count { count } else { 0 })
}

fn without_titles<'a, 'b>(words: &'b [&'a str]) -> &'b [&'a str] {
    let count = words.iter().take_while(|word| is_title(word)).count();
    if count < words.len() { &words[count..] } else { words }
}

/// A first or last name without forms of address and titles.
fn bare_part(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(' ').collect();
    let (_, rest) = without_salutation(&words);
    let bare = without_titles(rest).join(" ");
    (!bare.is_empty()).then_some(bare)
}

fn bare(word: &str) -> String {
    word.to_lowercase().replace('.', "")
}

fn is_salutation(word: &&str) -> bool {
    SALUTATIONS.contains(&&*bare(word))
}

fn may_be_name(word: &str) -> bool {
    NAMES_TOO.contains(&&*word.to_lowercase())
}

fn is_title(word: &&str) -> bool {
    let bare = bare(word);
    let certain = word.ends_with('.')
        || matches!(&*bare, "dr" | "prof" | "professor" | "ing" | "mag" | "pd")
        || bare.starts_with("dipl");
    certain && TITLES.contains(&bare.trim_end_matches('-')) || bare.starts_with("dipl-")
}

fn is_suffix<T: AsRef<str>>(word: T) -> bool {
    SUFFIXES.contains(&&*bare(word.as_ref()))
}

fn is_particle(word: &str) -> bool {
    PARTICLES.contains(&&*bare(word)) && !word.ends_with('.') || bare(word) == "st"
}

/// A name shouted in capitals, spoken: `MAX VON MÜLLER-LÜDENSCHEIDT` is `Max von Müller-Lüdenscheidt`.
fn readable(text: &str) -> String {
    let loud = text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase);
    let count = text.split(' ').count();
    let several = count > 1;
    // Beside three words or more in small letters a short one is no family name: `Teste Lead Site SIGA`.
    let acronym = |letters: usize| !loud && count > 3 && letters <= 4;
    let calm = |word: &str| {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let capitals = word.chars().filter(|c| c.is_uppercase()).count();
        let initials = word.contains('.') || letters < 2;
        let shout = capitals == letters && !initials && (letters >= 4 || (loud && several && letters >= 2));
        if !shout || acronym(letters) || is_suffix(word) || COMPANY_WORDS.contains(&&*bare(word)) {
            return word.to_owned();
        }
        if is_particle(word) && several { word.to_lowercase() } else { capitalized(word) }
    };
    text.split(' ').map(calm).collect::<Vec<_>>().join(" ")
}

/// The first letter of each part large, the others small.
fn capitalized(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut first = true;
    for c in word.chars() {
        if first {
            out.push(c);
        } else {
            out.extend(c.to_lowercase());
        }
        first = !c.is_alphabetic();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &Name) -> [&str; 3] {
        [&name.full, &name.given, &name.family].map(|part| part.as_deref().unwrap_or(""))
    }

    #[test]
    fn names_are_taken_apart_where_they_can_be() {
        let cases = [
            ("Max Mustermann", ["Max Mustermann", "Max", "Mustermann"]),
            ("Mustermann, Max", ["Max Mustermann", "Max", "Mustermann"]),
            ("von der Heide, Anna Maria", ["Anna Maria von der Heide", "Anna Maria", "von der Heide"]),
            ("Dr. Max Mustermann", ["Dr. Max Mustermann", "Max", "Mustermann"]),
            ("Prof. Dr. med. Eva Muster", ["Prof. Dr. med. Eva Muster", "Eva", "Muster"]),
            ("Herr Max Mustermann", ["Max Mustermann", "Max", "Mustermann"]),
            ("Frau Muster", ["Muster", "", "Muster"]),
            ("Frau Dr. Muster", ["Dr. Muster", "", "Muster"]),
            ("de la Vega, Dr. Juan", ["Dr. Juan de la Vega", "Juan", "de la Vega"]),
            ("Ludwig van Beethoven", ["Ludwig van Beethoven", "Ludwig", "van Beethoven"]),
            ("Van Morrison", ["Van Morrison", "Van", "Morrison"]),
            ("MAX MUSTERMANN", ["Max Mustermann", "Max", "Mustermann"]),
            ("ANNA VON MÜLLER-LÜDENSCHEIDT", ["Anna von Müller-Lüdenscheidt", "Anna", "von Müller-Lüdenscheidt"]),
            ("Jean DUPONT", ["Jean Dupont", "Jean", "Dupont"]),
            ("John Doe III", ["John Doe III", "John", "Doe"]),
            ("John Doe, PhD", ["John Doe, PhD", "John", "Doe"]),
            ("Anna Maria Schmidt", ["Anna Maria Schmidt", "Anna Maria", "Schmidt"]),
            ("J. R. Tolkien", ["J. R. Tolkien", "J. R.", "Tolkien"]),
            ("Max", ["Max", "", ""]),
            ("王小明", ["王小明", "", ""]),
            ("Max und Erika Muster", ["Max und Erika Muster", "", ""]),
            ("Muster GmbH, Berlin", ["Muster GmbH, Berlin", "", ""]),
            ("max@firma.example", ["max@firma.example", "", ""]),
            ("Herr", ["Herr", "", ""]),
            ("Sig Hansen", ["Sig Hansen", "Sig", "Hansen"]),
            ("Hansen, Sig", ["Sig Hansen", "Sig", "Hansen"]),
            ("Sig Hansen Jr.", ["Sig Hansen Jr.", "Sig", "Hansen"]),
            ("Sig. Rossi", ["Rossi", "", "Rossi"]),
            ("Sig Mario Rossi", ["Mario Rossi", "Mario", "Rossi"]),
            ("  Max \n Muster ", ["Max Muster", "Max", "Muster"]),
            ("", ["", "", ""]),
        ];
        for (text, expected) in cases {
            assert_eq!(parts(&split(text)), expected, "{text}");
        }
    }

    #[test]
    fn several_fields_make_one_name() {
        let cases = [
            ((None, Some("Max"), Some("Muster")), ["Max Muster", "Max", "Muster"]),
            ((None, Some("Max"), None), ["Max", "Max", ""]),
            ((None, Some("Sig"), Some("Hansen")), ["Sig Hansen", "Sig", "Hansen"]),
            ((None, Some("Sig"), Some("Hansen Berg")), ["Sig Hansen Berg", "Sig", "Hansen Berg"]),
            ((Some("Sig Hansen"), Some("Sig"), Some("Hansen")), ["Sig Hansen", "Sig", "Hansen"]),
            ((None, Some("Sig. Mario"), Some("Rossi")), ["Mario Rossi", "Mario", "Rossi"]),
            ((None, None, Some("Dr. Muster")), ["Dr. Muster", "", "Muster"]),
            ((Some("Max Muster"), Some("Max"), Some("Muster")), ["Max Muster", "Max", "Muster"]),
            ((Some("Muster"), Some("Max"), None), ["Max Muster", "Max", "Muster"]),
            ((Some("Mario"), None, Some("Rossi")), ["Mario Rossi", "Mario", "Rossi"]),
            ((Some("Max Muster"), Some("Max"), None), ["Max Muster", "Max", "Muster"]),
            ((Some("Kontakt Website"), Some("Max"), Some("Muster")), ["Max Muster", "Max", "Muster"]),
            ((Some("Dr. Max Muster"), None, None), ["Dr. Max Muster", "Max", "Muster"]),
            ((None, None, None), ["", "", ""]),
        ];
        for ((full, given, family), expected) in cases {
            assert_eq!(parts(&assemble(full, given, family)), expected, "{full:?} {given:?} {family:?}");
        }
    }

    #[test]
    fn the_form_of_address_is_kept_apart() {
        assert_eq!(split("Frau Anna Muster").salutation.as_deref(), Some("Frau"));
        assert_eq!(split("Mr. and Mrs. Muster").full.as_deref(), Some("Mr. and Mrs. Muster"));
        assert_eq!(split("Anna Muster").salutation, None);
    }
}
