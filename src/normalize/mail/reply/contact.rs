//! What a signature says about its writer: title, company, website, address. Only what is plain is taken.

use std::sync::LazyLock;

use regex::Regex;

use super::{Writer, postal, signature, title};
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
pub(super) const WIDTH: usize = 80;
/// Bytes of a line in which a signature stands one value after another.
const LINE: usize = 600;
/// Lines of a signature that are read.
const LINES: usize = 25;

macro_rules! pattern {
    ($seen:vis $name:ident, $pattern:expr) => {
        $seen static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));
    };
}

// What companies are called, as the last words of a line.
pattern!(
    pub(super) COMPANY,
    r"(?x) (?:^|\s) (?: g?GmbH (?:\s&\sCo\.?\s?(?:KG|KGaA|OHG))? | mbH | AG (?:\s&\sCo\.?\s?KG)? | UG (?:\s\(haftungsbeschränkt\))? | KG | KGaA | OHG | GbR | PartG(?:\s?mbB)? | e\.?\s?K\.? | e\.?\s?Kfm\. | e\.\s?V\. | eG | SE
      | Inc\.? | LLC | LLP | Ltd\.? | Limited | PLC | plc | Corp\.? | Corporation | Co\. | Company | Group | Gruppe | Groep | Gruppo | Holdings? | &\sSöhne | &\sSons | &\sPartner | &\sCie\.?
      | S\.?A\.?S\.?U?\.? | S\.?A\.?R\.?L\.? | EURL | SCOP | S\.?A\.? | S\.?L\.?U?\.? | S\.?r\.?l\.?s?\.? | S\.?p\.?A\.? | S\.?n\.?c\.? | B\.?V\.?B?A? | N\.?V\.? | V\.?O\.?F\.? | AB | AS | ASA | A/S | ApS | I/S | Oy | Oyj | Ab | hf\.? | ehf\.?
      | [Ss]p\.\s?z\s?o\.\s?o\.? | [Ss]p\.\s?[jk]\. | s\.\s?r\.\s?o\.? | a\.\s?s\.? | v\.o\.s\. | Kft\.? | Bt\.? | Zrt\.? | Nyrt\.? | d\.\s?o\.\s?o\.? | d\.d\.? | S\.?R\.?L\.? | A\.\s?Ş\.? | Ltd\.\s?Şti\.? | Şti\.? | EOOD | OOD | ЕООД | ООД
      | Pty\.?\s?Ltd\.? | Pvt\.?\s?Ltd\.? | Sdn\.?\sBhd\.? | Ltda\.? | Lda\.? | Unipessoal | OÜ | SIA | UAB | Α\.?Ε\.? | Ε\.?Π\.?Ε\.? | Ο\.?Ε\.? ) [.,)]? $
      | ^ (?: ООО | ОАО | ПАО | АО | ЗАО | ТОВ | ИП | SC | F\.?H\.?U?\.? | P\.?P?\.?H\.?U\.? ) \s [«\x22„\p{Lu}]
      | (?: 有限公司 | 有限责任公司 | 株式会社 | 合同会社 | 有限会社 | 주식회사 ) | ^\(주\)"
);
pattern!(LINK, r"(?i)(?:https?://|www\.)[^\s<>|,;()]+");
// A piece that is nothing but a website, perhaps with a label before it.
pattern!(
    SITE,
    r"(?i)^(?:(?:web(?:site|seite)?|w|internet|homepage|home|url|site|sito|sitio|strona|www)\s*[:.]?\s+|web(?:site)?:)?<?((?:https?://|www\.)[^\s<>|,;()]+)>?$"
);
pattern!(ADDRESS, r"(?i)[^\s<>@]@[^\s<>@]+\.|https?://|www\.|skype\s*:");

// A line that is nothing but the name of a house's site, perhaps behind a sign.
pattern!(DOMAIN, r"(?i)^[^\p{L}\d]*(?:[\p{L}\d-]+\.)+\p{L}{2,24}/?$");

/// Sites of programs and networks, which stand below mails of anybody.
const EVERYBODYS: [&str; 14] = [
    "avast.com",
    "avg.com",
    "aka.ms",
    "microsoft.com",
    "apple.com",
    "samsung.com",
    "proton.me",
    "zoho.com",
    "hubspot.com",
    "missiveapp.com",
    "frontapp.com",
    "sparkmailapp.com",
    "superhuman.com",
    "mailchimp.com",
];

/// Reads a signature.
pub(in crate::normalize::mail) fn read(signature: &str, writer: Writer<'_>) -> Contact {
    let mut contact = Contact::default();
    let lines: Vec<&str> = signature.lines().map(bare).filter(|line| !line.is_empty()).take(LINES).collect();
    let domain = writer.email.unwrap_or_default().rsplit('@').next().unwrap_or_default();
    for piece in lines.iter().flat_map(|line| pieces(line, writer)).filter(|piece| piece.chars().count() <= WIDTH) {
        if is_company(piece, domain) && !piece.contains(':') {
            contact.company = contact.company.take().or_else(|| company::name(piece));
        } else if contact.job_title.is_none() && title::is_title(piece) && !signature::is_writer(piece, writer) {
            position(piece, domain, &mut contact);
        }
    }
    contact.website = website(&lines, domain);
    contact.address = postal::address(&lines);
    contact
}

/// A line without what frames it.
fn bare(line: &str) -> &str {
    line.trim().trim_matches(['*', '_', '|', '\u{a0}', ' ', '\t']).trim()
}

/// What a line says one after another: `Mara Lindqvist, Head of Purchasing | Nordholz AB`.
fn pieces<'a>(line: &'a str, writer: Writer<'a>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for piece in line.split(['|', '•', '·', '∙', '●', '▪', '\t']).flat_map(|piece| piece.split(" // ")).map(bare)
    {
        found.extend(halves(piece, writer));
    }
    found.retain(|piece| !piece.is_empty());
    found
}

/// A name and what follows it, or what stands before a company.
fn halves<'a>(piece: &'a str, writer: Writer<'a>) -> Vec<&'a str> {
    for mark in [" – ", " — ", " - ", ", ", " / "] {
        let Some((first, rest)) = piece.split_once(mark) else { continue };
        // `Silva & Filhos, Lda.`
        if rest.split_whitespace().count() == 1 && COMPANY.is_match(rest) {
            return vec![piece];
        }
        let named =
            signature::is_writer(first, writer) || is_name(first) && !title::is_title(first) && title::is_title(rest);
        if named || COMPANY.is_match(first) {
            return [vec![bare(first)], halves(bare(rest), writer)].concat();
        }
        if let Some((first, rest)) = piece.rsplit_once(mark)
            && COMPANY.is_match(rest)
            && !COMPANY.is_match(piece.split(mark).next().unwrap_or_default())
        {
            return vec![bare(first), bare(rest)];
        }
    }
    vec![piece]
}

/// `CEO at Firma` says two things.
fn position(piece: &str, domain: &str, contact: &mut Contact) {
    let joined = [" at ", " bei ", " bei der ", " @ ", " chez ", " bij ", " presso ", " en "];
    let (title, house) = joined
        .iter()
        .find_map(|word| piece.split_once(word).filter(|(title, _)| title::is_title(title)))
        .or_else(|| piece.rsplit_once(", ").filter(|(_, house)| is_company(house, domain)))
        .map_or((piece, None), |(title, house)| (title, Some(house)));
    let title = title.trim_start_matches(|c: char| !c.is_alphanumeric());
    let title = if title.contains('(') { title } else { title.trim_end_matches(')') };
    contact.job_title = Some(text::line(title)).filter(|title| !title.is_empty());
    if contact.company.is_none() {
        contact.company = house.and_then(company::name);
    }
}

/// Whether a line ends as the names of companies do, or begins with a position.
pub(super) fn is_house(line: &str) -> bool {
    line.chars().count() <= WIDTH && (COMPANY.is_match(line) || title::is_title(line))
}

/// Whether a piece names a company: by its legal form, or as the writer's domain does.
fn is_company(piece: &str, domain: &str) -> bool {
    if piece.chars().count() > WIDTH || piece.contains('@') {
        return false;
    }
    if COMPANY.is_match(piece) {
        return piece.split_whitespace().count() <= 9;
    }
    let house = company::registrable(domain);
    let label = house.split('.').next().unwrap_or_default().replace('-', "");
    let plain = piece.to_lowercase();
    let folded = [plain.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss"), plain];
    let squeezed = |text: &String| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    label.len() >= 3
        && !company::is_freemail(domain)
        && !piece.contains(['.', ':', '/'])
        && folded.iter().any(|text| squeezed(text) == label)
}

/// The writer's website: on their own domain, else a line that is nothing but one.
fn website(lines: &[&str], domain: &str) -> Option<String> {
    let house = company::registrable(domain);
    let host = |site: &String| company::domain(Some(site), &[]).unwrap_or_default();
    let tidy = |link: &str| company::website(link.trim_end_matches(['.', ')', ']', '>', '*']));
    let all = || lines.iter().flat_map(|line| LINK.find_iter(line)).filter_map(|link| tidy(link.as_str()));
    let own = all().find(|site| !domain.is_empty() && host(site) == house && !company::is_freemail(domain));
    own.or_else(|| {
        let pieces = lines.iter().flat_map(|line| line.split(['|', '•', '·', '\t'])).map(bare);
        let sites = pieces.filter_map(|piece| SITE.captures(piece)?.get(1)).filter_map(|site| tidy(site.as_str()));
        sites.into_iter().find(|site| {
            let host = host(site);
            !company::is_freemail(&host) && !EVERYBODYS.contains(&&*host)
        })
    })
}

/// Whether a line is an address to reach somebody at: mail, web or telephone.
pub(super) fn is_address(line: &str) -> bool {
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    line.chars().count() <= WIDTH
        && (ADDRESS.is_match(line) && letters < 60 || DOMAIN.is_match(line) || digits >= 7 && letters <= digits + 4)
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
    let pieces = || line.split(['|', '•', '·']);
    if line.len() <= LINE && pieces().count() >= 3 && pieces().all(|piece| piece.chars().count() <= WIDTH) {
        return true;
    }
    line.chars().count() <= WIDTH
        && !line.ends_with(['?', '!', ':', ';'])
        && (is_address(line)
            || is_name(line)
            || title::is_title(line)
            || COMPANY.is_match(line)
            || postal::is_town(line)
            || postal::is_street(line)
            || count <= 8 && capitals * 3 >= count * 2 && !(line.ends_with('.') && count > 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, email: &str) -> Contact {
        read(text, Writer { name: Some("Mara Lindqvist"), email: Some(email) })
    }

    #[test]
    fn plain_words_of_a_signature_are_read() {
        let text = "Mara Lindqvist\nHead of Purchasing\nNordholz AB\nStorgatan 5\n12345 Ytterby\nTel. +46 8 123 456 78\nwww.nordholz.example";
        let contact = of(text, "mara@nordholz.example");
        assert_eq!(contact.job_title.as_deref(), Some("Head of Purchasing"));
        assert_eq!(contact.company.as_deref(), Some("Nordholz AB"));
        assert!(contact.website.is_some_and(|site| site.contains("www.nordholz.example")));
        assert_eq!(contact.address.as_deref(), Some("Storgatan 5, 12345 Ytterby"));
        assert_eq!(of(text, "mara@gmail.com").website.as_deref(), Some("https://www.nordholz.example"));
        assert_eq!(of("Get Outlook for iOS <https://aka.ms/x>\nhttps://www.avast.com", "mara@gmail.com").website, None);
        assert_eq!(of("see https://www.other.example for more", "mara@nordholz.example").website, None);
    }

    #[test]
    fn titles_are_told_from_sentences() {
        for (line, title) in [
            ("CEO at Pandaland", Some("CEO")),
            ("Vertriebsleiterin", Some("Vertriebsleiterin")),
            ("Directeur commercial", Some("Directeur commercial")),
            ("Managing Director | Nordholz Ltd", Some("Managing Director")),
            ("Mara Lindqvist, Head of Purchasing", Some("Head of Purchasing")),
            ("Nordholz AB - Inköpschef", Some("Inköpschef")),
            ("Head of Sales, DACH", Some("Head of Sales, DACH")),
            ("Geschäftsführer: Max Muster", None),
            ("I am the manager of a house with nine rooms", None),
            ("Mara Lindqvist", None),
        ] {
            assert_eq!(of(line, "").job_title.as_deref(), title, "{line}");
        }
    }
}
