//! Positions in companies, in the languages of Europe and some beyond.

use std::sync::LazyLock;

use regex::Regex;

use super::contact::{COMPANY, WIDTH};

/// Positions, as whole words or as ends of compounds (`Vertriebsleiter`).
const TITLES: [&str; 16] = [
    // English
    r"c[etfomipr]o|cdo|cso|s?vp|evp|gf|(?:co-?)?founder|owner|partner|president|chair(?:man|woman|person)?|principal|\p{L}*director|\p{L}*manager(?:in)?|managing|head|(?:team\s)?lead(?:er)?|supervisor|coordinator|officer|consultant|\p{L}*assistant\p{L}*",
    r"engineer|developer|architekt(?:in)?|architect|designer(?:in)?|analyst(?:in)?|accountant|bookkeeper|buyer|purchaser|procurement|representative|specialist|administrator|secretary|attorney|lawyer|solicitor|advis[eo]r|executive|technician|researcher|scientist|professor|teacher|editor|journalist|photographer|planner|strategist|receptionist|controller(?:in)?|treasurer|trainee|intern|associate|agent|broker|surveyor|foreman|chef",
    // German
    r"geschäftsführ\p{L}*|geschäftsleit\p{L}*|\p{L}*leiter(?:in)?|leiter\*in|\p{L}*leitung|inhaber(?:in)?|prokurist(?:in)?|vorstand\p{L}*|vorständin|vorsitzende[r]?|\p{L}*berater(?:in)?|\p{L}*referent(?:in)?|\p{L}*bearbeiter(?:in)?|\p{L}*ingenieur(?:in)?|\p{L}*einkäufer(?:in)?|\p{L}*verkäufer(?:in)?|abteilung\p{L}*|\p{L}*meister(?:in)?|\p{L}*techniker(?:in)?|\p{L}*entwickler(?:in)?|\p{L}*beauftragte[r]?|\p{L}*planer(?:in)?|\p{L}*kauf(?:mann|frau)|\p{L}*anwalt|\p{L}*anwältin|\p{L}*koordinator(?:in)?|\p{L}*verwalter(?:in)?|\p{L}*buchhalter(?:in)?|gesellschafter(?:in)?|gründer(?:in)?|disponent(?:in)?|sekretär(?:in)?|sekretariat|sprecher(?:in)?|\p{L}*mitarbeiter(?:in)?|bürgermeister(?:in)?|rektor(?:in)?|dozent(?:in)?|hausmeister(?:in)?|makler(?:in)?|steuerberater(?:in)?|einkauf|vertrieb|außendienst|innendienst|key\saccount|fachkraft",
    // French
    r"président\p{L}*|pdg|dg|directeur|directrice|gérante?|responsable|chargée?|chef(?:fe)?|ingénieure?|acheteu[rs]e?|conseill(?:er|ère)|assistante?|comptable|fondateur|fondatrice|co-?fondateur|co-?fondatrice|technicien(?:ne)?|commerciale?|avocate?|architecte|secrétaire|propriétaire|consultante?|coordinat(?:eur|rice)|dirigeante?|attachée?|adjointe?",
    // Spanish, Portuguese, Catalan
    r"directora?|gerente|jef[ea]|encargad[oa]|responsable|consultora?|ingenier[oa]|propietari[oa]|president[ea]|fundadora?|asesora?|administradora?|coordinadora?|técnic[oa]|comercial|abogad[oa]|contable|comprador[a]?|asistente|secretari[oa]|diretora?|gestora?|engenheir[oa]|sóci[oa](?:-gerente)?|administrativ[oa]|chefe|proprietári[oa]|coordenadora?|analista|advogad[oa]|vendedora?|assistente|socio|socia|cap\sde",
    // Italian
    r"direttore|direttrice|amministrat(?:ore|rice)|titolare|consulente|responsabile|ingegnere|socio|socia|fondat(?:ore|rice)|capo\p{L}*|addett[oa]|impiegat[oa]|architetto|avvocato|geometra|segretari[oa]|coordinat(?:ore|rice)|tecnico|ufficio\sacquisti|presidente",
    // Dutch
    r"directeur|bedrijfsleider|eigenaar|eigenaresse|inkoper|adviseur|hoofd|\p{L}*leider|medewerk(?:er|ster)|oprichter|zaakvoerder|bestuurder|\p{L}*beheerder|ingenieur|accountmanager|\p{L}*meester|verkoper|assistente|coördinator|voorzitter|projectleider",
    // Scandinavian, Finnish, Icelandic
    r"vd|verkställande|direktør|direktör|\p{L}*direktör|\p{L}*direktør|\p{L}*chef|\p{L}*sjef|\p{L}*ansvarig|\p{L}*ansvarlig|daglig\sleder|\p{L}*leder|\p{L}*ledare|säljare|selger|sælger|inköpare|innkjøper|indkøber|ägare|ejer|eier|grundare|grunnlegger|rådgiver|\p{L}*konsulent|\p{L}*konsult|\p{L}*ingeniør|\p{L}*ingenjör|medarbetare|medarbejder|koordinator|assistent",
    r"toimitusjohtaja|\p{L}*päällikkö|\p{L}*johtaja|\p{L}*asiantuntija|\p{L}*insinööri|ostaja|yrittäjä|omistaja|\p{L}*vastaava|\p{L}*sihteeri|framkvæmdastjóri|\p{L}*stjóri|\p{L}*fulltrúi",
    // Polish, Czech, Slovak
    r"prezes\p{L}*|wiceprezes|dyrektor\p{L}*|kierownik\p{L}*|kierowniczka|właściciel\p{L}*|specjalist\p{L}*|koordynator\p{L}*|handlowiec|przedstawiciel\p{L}*|doradc\p{L}*|inżynier|asystent\p{L}*|księgow\p{L}*|współwłaściciel\p{L}*|menedżer\p{L}*|kupiec",
    r"ředitel\p{L}*|jednatel\p{L}*|vedoucí\p{L}*|majitel\p{L}*|obchodní\p{L}*|nákupčí|specialist\p{L}*|asistent\p{L}*|riaditeľ\p{L}*|konateľ\p{L}*|vedúc\p{L}*|obchodn\p{L}*|manažer\p{L}*|manažér\p{L}*|poradce|technik|projektant\p{L}*|inženýr",
    // Hungarian, Romanian
    r"ügyvezető\p{L}*|\p{L}*igazgató\p{L}*|\p{L}*vezető\p{L}*|tulajdonos|beszerző|értékesít\p{L}*|\p{L}*mérnök|munkatárs|asszisztens|director\p{L}*|administrator|manager\p{L}*|inginer\p{L}*|șef\p{L}*|coordonator|asociat|reprezentant",
    // South-eastern Europe, Baltic
    r"direktor\p{L}*|voditelj\p{L}*|vlasnik|vlasnica|komercijalist\p{L}*|rukovoditelj\p{L}*|vodja|lastnik|inženir\p{L}*|komercialist\p{L}*|juhataja|juhatuse\sliige|\p{L}*juht|vadītāj\p{L}*|valdes\sloceklis|direktorius|vadybinink\p{L}*|vadov\p{L}*|управител|мениджър|директор\p{L}*|ръководител",
    r"διευθυντ\p{L}*|διευθύντρια|υπεύθυν\p{L}*|προϊστάμεν\p{L}*|ιδιοκτήτ\p{L}*|μηχανικός|σύμβουλος",
    // Russian, Ukrainian, Turkish
    r"генеральный|менеджер\p{L}*|руководител\p{L}*|начальник|начальница|специалист|инженер|заместитель|владелец|бухгалтер|специаліст|спеціаліст|керівник|власник|інженер|müdür\p{L}*|müdürü|yönetici\p{L}*|\p{L}*uzmanı|mühendis\p{L}*|sorumlu\p{L}*|kurucu\p{L}*|sahibi|temsilcisi|danışman\p{L}*|genel\smüdür|koordinatör\p{L}*",
    // Chinese, Japanese, Korean
    r"部长|经理|總監|总监|總經理|总经理|主管|工程师|董事长|采购|部長|課長|社長|係長|代表取締役|取締役|担当|主任|営業部|대표\p{L}*|과장|부장|차장|대리|팀장|이사",
];

#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    let latin = TITLES[..15].join("|");
    // These scripts do not set words apart.
    let joined = TITLES[15];
    Regex::new(&format!(r"(?i)(?:^|[^\p{{L}}])(?:{latin})(?:[^\p{{L}}]|$)|(?:{joined})")).expect("a constant pattern")
});

/// Whether a piece of a signature is a position: short, without addresses and sentences.
pub(super) fn is_title(piece: &str) -> bool {
    piece.split_whitespace().count() <= 9
        && piece.chars().count() <= WIDTH
        && !piece.contains([':', '@', '?', '!', '+', ';'])
        && !piece.contains("//")
        && !piece.to_lowercase().contains("www.")
        && !piece.chars().any(|c| c.is_ascii_digit())
        && !(piece.ends_with('.') && piece.split_whitespace().count() > 3)
        && is_capital(piece)
        && TITLE.is_match(piece)
        && !COMPANY.is_match(piece)
}

/// Sentences are mostly small letters; positions begin with a capital, or are short.
fn is_capital(piece: &str) -> bool {
    let first = piece.chars().find(|c| c.is_alphabetic());
    first.is_some_and(|c| !c.is_lowercase()) || piece.split_whitespace().count() <= 4
}
