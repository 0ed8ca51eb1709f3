//! What a signature says about its writer: title, company, website. Only what is plain is taken.

use std::sync::LazyLock;

use regex::Regex;

use crate::normalize::{company, text};

/// What a signature says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::normalize::mail) struct Contact {
    /// Position in the company.
    pub(in crate::normalize::mail) job_title: Option<String>,
    /// The company.
    pub(in crate::normalize::mail) company: Option<String>,
    /// Its website.
    pub(in crate::normalize::mail) website: Option<String>,
    /// Street and town.
    pub(in crate::normalize::mail) address: Option<String>,
}

/// Characters of a line of a signature.
const WIDTH: usize = 80;
/// Lines of a signature that are read.
const LINES: usize = 20;

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));
    };
}

// Positions, as whole words or as ends of compounds (`Vertriebsleiter`).
pattern!(
    TITLE,
    r"(?ix) (?:^|[^\p{L}]) (?: ceo | cto | cfo | coo | cmo | cio | vp | svp | evp | gf | founder | co-?founder | owner | partner | president | vice\ president
      | chairman | principal | (?:managing\ |general\ |executive\ |\p{L}+\ )?director | \p{L}*manager(?:in)? | head\ of | team\ lead | lead | supervisor | coordinator | officer | consultant | assistant
      | engineer | developer | architect | designer | analyst | accountant | buyer | purchaser | representative | specialist | administrator | secretary | attorney | lawyer
      | geschäftsführ\p{L}* | \p{L}*leiter(?:in)? | \p{L}*leitung | inhaber(?:in)? | prokurist(?:in)? | vorstand\p{L}* | \p{L}*berater(?:in)? | \p{L}*referent(?:in)? | sachbearbeiter(?:in)? | \p{L}*assistent\p{L}* | \p{L}*ingenieur(?:in)? | \p{L}*einkäufer(?:in)? | abteilung\p{L}*
      | président\p{L}* | pdg | directeur | directrice | gérante? | responsable | chargée? | chef\ de | ingénieure? | acheteu[rs]e? | conseill(?:er|ère)
      | directora? | gerente | jefe | jefa | encargad[oa] | consultora? | ingenier[oa] | propietari[oa] | diretora? | presidente
      | direttore | direttrice | amministratore | titolare | consulente | responsabile | ingegnere
      | directeur | bedrijfsleider | eigenaar | inkoper | adviseur | hoofd | verkoopleider
      | vd | verkställande | direktør | direktör | chef | \p{L}*chef | ansvarig | säljare | selger | sælger | inköpare | innkjøper | toimitusjohtaja | päällikkö | \p{L}*johtaja
      | prezes | dyrektor | kierownik | właściciel\p{L}* | specjalist\p{L}* | ředitel\p{L}* | jednatel\p{L}* | vedoucí | riaditeľ\p{L}* | konateľ\p{L}* | ügyvezető\p{L}* | igazgató\p{L}*
      | директор | генеральный | менеджер | руководитель | начальник | müdür\p{L}* | direktor\p{L}* | administrator | διευθυντ\p{L}* | 部长 | 经理 | 總監 | 部長 | 課長 | 社長 | 대표\p{L}* | 과장 | 부장 ) (?:[^\p{L}]|$)"
);
pattern!(
    COMPANY,
    r"(?x) (?:^|\s) (?: GmbH (?:\s&\sCo\.?\sKG)? | AG | UG | KG | OHG | e\.?\s?K\.? | e\.\s?V\. | SE | Inc\.? | LLC | LLP | Ltd\.? | Limited | PLC | plc | Corp\.? | Corporation | Co\.
      | S\.?A\.?S\.? | SARL | S\.?A\.? | S\.?L\.?U?\.? | S\.?r\.?l\.? | S\.p\.A\.? | SpA | B\.?V\.? | N\.?V\.? | AB | AS | A/S | ApS | Oy | Oyj | Sp\.\s?z\s?o\.\s?o\.? | s\.\s?r\.\s?o\.? | a\.\s?s\.? | Kft\.? | Zrt\.? | d\.o\.o\.? | SRL | A\.Ş\. | Pty\s?Ltd\.? | Lda\.? | OÜ | SIA | UAB ) [.,)]? $"
);
pattern!(LINK, r"(?i)(?:https?://|www\.)[^\s<>|,;]+");
pattern!(ADDRESS, r"(?i)[^\s<>@]@[^\s<>@]+\.|https?://|www\.|skype\s*:");
pattern!(
    TOWN,
    r"^(?:[A-Z]{1,3}[- ])?\d{4,5}(?:[ -]?[A-Z]{2})?\s+\p{Lu}\p{L}|^\d{3} ?\d{2} \p{Lu}\p{L}|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$|, [A-Z]{2} \d{5}(?:-\d{4})?$"
);

/// Reads a signature. `domain` is the writer's own, to tell their website from others.
pub(in crate::normalize::mail) fn read(signature: &str, domain: &str) -> Contact {
    let mut contact = Contact::default();
    let lines: Vec<&str> = signature.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES).collect();
    let pieces =
        || lines.iter().flat_map(|line| line.split(['|', '•', '·'])).map(str::trim).filter(|piece| !piece.is_empty());
    for piece in pieces().filter(|piece| piece.chars().count() <= WIDTH) {
        if contact.company.is_none() && COMPANY.is_match(piece) && !piece.contains(':') {
            contact.company = company::name(piece);
        } else if contact.job_title.is_none() && is_title(piece) {
            title(piece, &mut contact);
        }
    }
    let mut sites = pieces().flat_map(|line| LINK.find_iter(line)).filter_map(|link| company::website(link.as_str()));
    contact.website = sites.find(|site| {
        let host = company::domain(Some(site), &[]);
        !domain.is_empty() && host.as_deref() == Some(&*company::registrable(domain)) && !company::is_freemail(domain)
    });
    contact.address = address(&lines);
    contact
}

/// `CEO at Firma` and `CEO, Firma GmbH` say two things.
fn title(piece: &str, contact: &mut Contact) {
    let (title, house) = [" at ", " bei ", " @ ", " chez "]
        .iter()
        .find_map(|word| piece.split_once(word))
        .or_else(|| piece.split_once(", ").filter(|(_, house)| COMPANY.is_match(house)))
        .map_or((piece, None), |(title, house)| (title, Some(house)));
    contact.job_title = Some(text::line(title)).filter(|title| !title.is_empty());
    if contact.company.is_none() {
        contact.company = house.and_then(company::name);
    }
}

/// Whether a piece of a signature is a position: short, without addresses and sentences.
fn is_title(piece: &str) -> bool {
    piece.split_whitespace().count() <= 8
        && piece.chars().count() <= 70
        && !piece.contains([':', '@', '/', '?', '!'])
        && !piece.chars().any(|c| c.is_ascii_digit())
        && !piece.ends_with('.')
        && TITLE.is_match(piece)
        && !COMPANY.is_match(piece)
}

/// The line with the town, and the street above it.
fn address(lines: &[&str]) -> Option<String> {
    let at = lines.iter().position(|line| line.chars().count() <= WIDTH && TOWN.is_match(line))?;
    let street = at.checked_sub(1).map(|at| lines[at]).filter(|line| {
        line.chars().count() <= WIDTH && line.chars().any(|c| c.is_ascii_digit()) && !line.contains(['@', ':', '+'])
    });
    Some(street.map_or_else(|| lines[at].to_owned(), |street| format!("{street}, {}", lines[at])))
}

/// Whether a line is an address to reach somebody at: mail, web or telephone.
pub(super) fn is_address(line: &str) -> bool {
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    line.chars().count() <= WIDTH && (ADDRESS.is_match(line) && letters < 60 || digits >= 7 && letters <= digits + 4)
}

/// Whether a line looks like a person's name.
pub(super) fn is_name(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    (1..=5).contains(&words.len())
        && line.chars().count() <= 50
        && line.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '-' | '\'' | '’' | ',' | '(' | ')'))
        && !line.ends_with([',', ')'])
        && words.iter().filter(|word| word.chars().next().is_some_and(|c| !c.is_lowercase())).count() * 2 > words.len()
}

/// Whether a line may be one of a signature: name, position, company, address.
pub(super) fn is_part(line: &str) -> bool {
    let count = line.split_whitespace().count();
    let capitals = line.split_whitespace().filter(|word| !word.starts_with(|c: char| c.is_lowercase())).count();
    line.chars().count() <= WIDTH
        && !line.ends_with(['?', '!', ':', ';'])
        && (is_address(line)
            || is_name(line)
            || is_title(line)
            || COMPANY.is_match(line)
            || TOWN.is_match(line)
            || count <= 8 && capitals * 3 >= count * 2 && !(line.ends_with('.') && count > 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_of_a_signature_are_read() {
        let text = "Mara Lindqvist\nHead of Purchasing\nNordholz AB\nStorgatan 5\n12345 Ytterby\nTel. +46 8 123 456 78\nwww.nordholz.example";
        let contact = read(text, "nordholz.example");
        assert_eq!(contact.job_title.as_deref(), Some("Head of Purchasing"));
        assert_eq!(contact.company.as_deref(), Some("Nordholz AB"));
        assert!(contact.website.is_some_and(|site| site.contains("www.nordholz.example")));
        assert_eq!(contact.address.as_deref(), Some("Storgatan 5, 12345 Ytterby"));
        assert_eq!(read(text, "gmail.com").website, None);
    }

    #[test]
    fn titles_are_told_from_sentences() {
        for (line, title) in [
            ("CEO at Pandaland", Some("CEO")),
            ("Vertriebsleiterin", Some("Vertriebsleiterin")),
            ("Directeur commercial", Some("Directeur commercial")),
            ("Managing Director | Nordholz Ltd", Some("Managing Director")),
            ("Geschäftsführer: Max Muster", None),
            ("I am the manager of a house with nine rooms", None),
            ("Mara Lindqvist", None),
        ] {
            assert_eq!(read(line, "").job_title.as_deref(), title, "{line}");
        }
    }
}
