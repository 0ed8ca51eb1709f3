//! How somebody introduces themselves in a chat. In: what they typed. Out: the name that they say is theirs.
//!
//! Only a plain introduction at the start of a sentence counts (`Ich heiße …`, `My name is …`), perhaps behind a
//! greeting: what stands within a sentence may be about somebody else.

use std::sync::LazyLock;

use regex::Regex;

use super::text;

/// Lines that are searched; whoever introduces themselves does it early.
const LINES: usize = 200;
/// Bytes of a line that are looked at.
const LINE: usize = 2_000;
/// Words of a name, without titles.
const WORDS: usize = 4;
/// Bytes of a name.
const LONGEST: usize = 80;

/// The words before a name.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static OPENING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) (?: ^ | [.!?…] \s+ ) \s*
          (?: (?: hallo | hi | hey | hello | moin(?:\s+moin)? | servus | guten\s+(?:tag|morgen|abend) | gr[üu](?:ß|ss)\s+gott | gr[üu]e?zi
                | dear | good\s+(?:morning|afternoon|evening|day) | bonjour | bonsoir | salut | hola | buen[oa]s(?:\s+(?:d[ií]as|tardes|noches))?
                | ciao | salve | buon(?:giorno|asera) | hoi | dag | goede(?:n?dag|morgen|middag|navond) | ol[áa] | bom\s+dia | boa\s+(?:tarde|noite)
                | dzie[ńn]\s+dobry | cze[śs][ćc] | hej | hei | dobr[ýy]\s+den )
              \b [^,.:!?]{0,40}? \s* [,–-]? \s+ )?
          (?: ich\s+hei(?:ß|ss)e | mein\s+name\s+(?:ist|lautet)
            | my\s+name(?:\s+is|['’]?s)
            | je\s+m\s?['’´`]\s?appelle | mon\s+nom\s+est
            | me\s+llamo | mi\s+nombre\s+es
            | mi\s+chiamo | il\s+mio\s+nome\s+[èe]
            | ik\s+heet | mijn\s+naam\s+is
            | nazywam\s+si[ęe] | mam\s+na\s+imi[ęe]
            | (?:o\s+)?meu\s+nome\s+[ée] | me\s+chamo | chamo-me
            | jag\s+heter | mitt\s+namn\s+[äa]r | jeg\s+he(?:dder|ter) | mit\s+navn\s+er
            | jmenuj[iu]\s+se )
          \s* :? \s+",
    )
    .expect("a constant pattern")
});

/// A line of a transcript, with who said it in front of it.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static SPEAKER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*[\p{Lu}\d][^:,.!?]{0,40}:\s").expect("a constant pattern"));

/// Particles that stand within a name; `von` and `from` say as often of whom somebody comes, and end it.
const PARTICLES: [&str; 26] = [
    "zu", "zum", "zur", "van", "der", "den", "de", "del", "della", "dello", "di", "da", "do", "dos", "du", "la", "le",
    "las", "los", "el", "al", "bin", "ibn", "ter", "ten", "af",
];
/// What stands before a name and is none.
const TITLES: [&str; 19] = [
    "dr",
    "prof",
    "professor",
    "dipl",
    "ing",
    "dipl-ing",
    "mag",
    "med",
    "herr",
    "frau",
    "mr",
    "mrs",
    "ms",
    "miss",
    "monsieur",
    "madame",
    "señor",
    "señora",
    "dott",
];
/// Words that begin something else, though they may be written large.
const OTHERS: [&str; 34] = [
    "ich", "wir", "sie", "ihr", "ihre", "ihnen", "ihren", "es", "er", "das", "und", "oder", "nicht", "bitte", "mein",
    "meine", "i", "we", "you", "and", "not", "please", "my", "the", "je", "nous", "et", "yo", "io", "ik", "wij", "en",
    "y", "e",
];
/// Forms of a company: what ends in one is no person's name.
const COMPANIES: [&str; 22] = [
    "gmbh", "ag", "kg", "ohg", "gbr", "ug", "mbh", "inc", "llc", "ltd", "limited", "corp", "plc", "bv", "nv", "srl",
    "sarl", "sas", "spa", "co", "company", "firma",
];

/// The name by which whoever typed a text introduces themselves.
pub(super) fn name(typed: &str) -> Option<String> {
    let lines = typed.lines().take(LINES).map(|line| text::shorten(line, LINE));
    // A transcript holds what others said, and they say who they are, too.
    let is_said = |line: &&str| {
        SPEAKER.find(line).is_some_and(|speaker| OPENING.find(line).is_none_or(|opening| opening.end() > speaker.end()))
    };
    let own = lines.take_while(|line| !is_said(line)).filter(|line| !line.trim_start().starts_with('>'));
    own.flat_map(|line| OPENING.find_iter(line).map(|opening| &line[opening.end()..])).find_map(at_start)
}

/// The name at the start of a text.
fn at_start(text: &str) -> Option<String> {
    let (mut words, mut particles) = (Vec::new(), Vec::new());
    let (mut capitals, mut end) = (0, 0);
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let folded = bare.to_lowercase();
        let is_word = bare.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.'));
        let is_title = TITLES.contains(&&*folded);
        let is_large = bare.starts_with(char::is_uppercase);
        if COMPANIES.contains(&&*folded) && is_large {
            return None;
        }
        if bare.is_empty() || !is_word || OTHERS.contains(&&*folded) {
            break;
        }
        if is_large || is_title {
            words.append(&mut particles);
            capitals += usize::from(!is_title);
        } else if capitals == 1 && PARTICLES.contains(&&*folded) && word == bare {
            particles.push(bare);
            end += piece.len();
            continue;
        } else {
            break;
        }
        // `J.` and `Dr.` go on, `Crisp.` ends.
        let is_short = word.len() == bare.len() + 1 && word.ends_with('.') && (is_title || bare.chars().count() == 1);
        words.push(if is_short { word } else { bare });
        end += if word == bare || is_short { piece.len() } else { bare.len() };
        if word != bare && !is_short || capitals > WORDS {
            break;
        }
    }
    let name = words.join(" ");
    let is_name = (1..=WORDS).contains(&capitals) && name.len() <= LONGEST && !is_asked(&text[end..]);
    is_name.then_some(name)
}

/// Whether a name is asked for, by what stands behind it: `?`, `, right?`, `, nicht wahr?`.
fn is_asked(rest: &str) -> bool {
    let sentence = rest.find(['.', '!', '?', '\n']).map_or("", |end| &rest[..=end]).to_lowercase();
    let words: Vec<&str> = sentence.split([' ', ',', '?']).filter(|word| word.contains(char::is_alphabetic)).collect();
    sentence.ends_with('?') && (words.len() <= 1 || matches!(words[..], ["nicht", "wahr"] | ["isn't" | "isn’t", "it"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_introduction_names_its_writer() {
        for (text, expected) in [
            ("Ich heiße Karla Crisp", "Karla Crisp"),
            ("Hallo, ich heisse Karla und brauche ein Angebot.", "Karla"),
            ("Guten Tag Herr Meier, mein Name ist Dr. Max Muster. Ich suche …", "Dr. Max Muster"),
            ("My name is John Smith, john@smith-c.example", "John Smith"),
            ("Hi there! My name's J. R. Hartley from Leeds", "J. R. Hartley"),
            ("my name is John Smith of Acme", "John Smith"),
            ("mein Name ist Peter Pan von der Pan GmbH, 0221 9988771", "Peter Pan"),
            ("Mein Name ist: Karla Crisp", "Karla Crisp"),
            ("Danke. Mein Name ist Karla Crisp, können Sie mir ein Angebot schicken?", "Karla Crisp"),
            ("Ich brauche ein Angebot\nIch heiße Karla Crisp\nDanke", "Karla Crisp"),
            ("MEIN NAME IST KARLA CRISP ICH BRAUCHE EIN ANGEBOT", "KARLA CRISP"),
            ("Bonjour, je m'appelle Zoé Petit et je cherche un devis", "Zoé Petit"),
            ("Je m’appelle Jean-Luc Lefèvre de la société Petit", "Jean-Luc Lefèvre"),
            ("Hola, me llamo María García, ¿tienen stock?", "María García"),
            ("Buongiorno, mi chiamo Luca Rossi", "Luca Rossi"),
            ("Hoi, ik heet Jan van der Berg en ik zoek een dak", "Jan van der Berg"),
            ("Dzień dobry, nazywam się Piotr Wiśniewski, proszę o ofertę", "Piotr Wiśniewski"),
            ("Hej, jag heter Åsa Öberg", "Åsa Öberg"),
            ("Olá, meu nome é João Silva", "João Silva"),
        ] {
            assert_eq!(name(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_said_of_others_or_asked_names_nobody() {
        for text in [
            "Mein Kollege heißt Karl Krause",
            "My colleague's name is Karl Krause",
            "Bitte sagen Sie ihm, ich heiße Karla Crisp",
            "Wie heißen Sie?",
            "Ich heiße Karla Crisp?",
            "My name is John Smith, right?",
            "Ich heiße Karla Crisp, nicht wahr?",
            "What is my name?",
            "Mein Name ist Ihnen bekannt",
            "my name is not important",
            "My name is on the list",
            "mein Name ist 0221 445588",
            "my name is john@smith.example",
            "Mein Name ist Pan GmbH",
            "Support: Hello! My name is Anna. How can I help?\nmy name is Ben",
            "> Ich heiße Karla Crisp",
            "Ich heiße",
            "",
        ] {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
