//! Labels. In: what a form, a table or a mail calls a value, in the languages of Europe. Out: the
//! canonical field it means, or none.
//!
//! A label is compared as bare letters (`Ihre E-Mail-Adresse *` and `your_email_address` are both
//! an e-mail address), first whole, then without the words that say nothing.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use deunicode::deunicode;

use super::questions::QUESTIONS;
use super::synonyms::{CONTAINERS, FILLERS, QUALIFIERS, SYNONYMS};
use crate::normalize::text::shorten;

/// A canonical field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// E-mail address; several are kept.
    Email,
    /// Telephone number; several are kept.
    Phone,
    /// Full name.
    Name,
    /// First name.
    GivenName,
    /// Last name.
    FamilyName,
    /// Company.
    Company,
    /// Website of the company.
    Website,
    /// Position in the company.
    JobTitle,
    /// Country.
    Country,
    /// Language.
    Language,
    /// Subject line.
    Subject,
    /// What they want to say.
    Message,
    /// Consent to being contacted or to the privacy notice.
    Consent,
    /// The form's name or id.
    Form,
    /// The page the form stands on.
    Page,
    /// The page before that.
    Referrer,
    /// A campaign parameter without `utm_`, or a click id by its name.
    Utm(String),
}

/// How surely a label means a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The channel's settings say so.
    Configured,
    /// The label is a name of the field.
    Named,
    /// The label is often used for the field, and for others.
    Usual,
}

/// Click ids of advertising networks, as bare letters and as they are called.
const CLICK_IDS: [(&str, &str); 22] = [
    ("gclid", "gclid"),
    ("googleclickid", "gclid"),
    ("gclsrc", "gclsrc"),
    ("gbraid", "gbraid"),
    ("wbraid", "wbraid"),
    ("dclid", "dclid"),
    ("gadsource", "gad_source"),
    ("gadcampaignid", "gad_campaignid"),
    ("fbclid", "fbclid"),
    ("facebookclickid", "fbclid"),
    ("msclkid", "msclkid"),
    ("ttclid", "ttclid"),
    ("twclid", "twclid"),
    ("lifatid", "li_fat_id"),
    ("yclid", "yclid"),
    ("igshid", "igshid"),
    ("mccid", "mc_cid"),
    ("mceid", "mc_eid"),
    ("rdtcid", "rdt_cid"),
    ("sccid", "sccid"),
    ("epik", "epik"),
    ("mtmcampaign", "mtm_campaign"),
];

static NAMES: LazyLock<HashMap<String, (Slot, Certainty)>> = LazyLock::new(|| {
    let named = SYNONYMS.iter().map(|(slot, certainty, names)| (slot, certainty, names.split_whitespace().collect()));
    let asked = QUESTIONS.iter().map(|(slot, certainty, names)| (slot, certainty, names.split('|').collect()));
    let all = asked.chain(named).flat_map(|(slot, certainty, names): (_, _, Vec<&str>)| {
        names.into_iter().map(|name| (fold(&compact(name)).into_owned(), (slot.clone(), *certainty)))
    });
    all.collect()
});

/// Words of a list, folded.
fn folded(words: &[&str]) -> HashSet<String> {
    words.iter().map(|word| fold(word).into_owned()).collect()
}

static WITHOUT_MEANING: LazyLock<HashSet<String>> = LazyLock::new(|| folded(FILLERS));
static AROUND: LazyLock<HashSet<String>> = LazyLock::new(|| folded(CONTAINERS));
static WHICH_ONE: LazyLock<HashSet<String>> = LazyLock::new(|| folded(QUALIFIERS));

impl Slot {
    /// The field by its canonical name (`email`, `given_name`, `utm_source`), as settings write it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let slot = match name {
            "email" => Self::Email,
            "phone" => Self::Phone,
            "name" => Self::Name,
            "given_name" => Self::GivenName,
            "family_name" => Self::FamilyName,
            "company" => Self::Company,
            "website" => Self::Website,
            "job_title" => Self::JobTitle,
            "country" => Self::Country,
            "language" => Self::Language,
            "subject" => Self::Subject,
            "message" => Self::Message,
            "consent" => Self::Consent,
            "form" => Self::Form,
            "page" => Self::Page,
            "referrer" => Self::Referrer,
            other => return tracking(other).map(Self::Utm),
        };
        Some(slot)
    }
}

/// The field a label means: all of it, the last of a dotted one, what it names twice, or one of its sentences.
#[must_use]
pub fn slot(label: &str) -> Option<(Slot, Certainty)> {
    whole(label).or_else(|| innermost(label)).or_else(|| alternatives(label)).or_else(|| sentence(label))
}

/// What a label means that names one field in several ways: `Unternehmen / Verein`, `Firma oder Organisation`.
fn alternatives(label: &str) -> Option<(Slot, Certainty)> {
    if label.len() > 100 {
        return None;
    }
    let between = [" oder ", " bzw. ", " or ", " ou "];
    let parts = between.iter().fold(label.to_lowercase(), |label, word| label.replace(word, "/"));
    let parts: Vec<(Slot, Certainty)> = parts.split(['/', '|']).map(whole).collect::<Option<_>>()?;
    let (slot, _) = parts.first()?;
    let one = parts.len() > 1 && parts.iter().all(|(other, _)| other == slot);
    one.then(|| (slot.clone(), parts.iter().map(|(_, certainty)| *certainty).max().unwrap_or(Certainty::Usual)))
}

/// The last part of a nested label (`step_1.email`, `message.subject`), where what is around it says nothing.
fn innermost(label: &str) -> Option<(Slot, Certainty)> {
    const CALLED: [&str; 12] =
        ["name", "nom", "nombre", "nome", "naam", "nazwa", "nazev", "nazov", "navn", "namn", "nimi", "bezeichnung"];
    let (around, last) = label.rsplit_once('.').or_else(|| label.strip_suffix(']')?.rsplit_once('['))?;
    let around = spelled(around);
    let says_nothing =
        |word: &str| is_number(word) || WITHOUT_MEANING.contains(&*fold(word)) || AROUND.contains(&*fold(word));
    if !around.is_empty() && words(&around).all(says_nothing) {
        return whole(last);
    }
    let is_company = |word: &str| matches!(named(&[word]), Some((Slot::Company, Certainty::Named)));
    // `firma[name]`
    if CALLED.contains(&&*compact(last)) && words(&around).last().is_some_and(is_company) {
        return Some((Slot::Company, Certainty::Named));
    }
    // What a message or a page has beside itself.
    let is_of = |name: &str| words(&around).last() == Some(name);
    match whole(last)?.0 {
        slot @ Slot::Subject if is_of("message") => Some((slot, Certainty::Named)),
        slot @ Slot::Referrer if is_of("page") => Some((slot, Certainty::Named)),
        _ => None,
    }
}

/// One sentence of a label of several: `Hi there! What's your first name?`, `First up, what's your name?`.
fn sentence(label: &str) -> Option<(Slot, Certainty)> {
    if label.len() > 300 || !label.contains(['?', '!']) {
        return None;
    }
    label.split(['?', '!']).flat_map(|part| part.split(". ")).find_map(|part| {
        let last = part.rsplit([',', ':', '–']).next().unwrap_or(part);
        whole(part).or_else(|| whole(last)).filter(|(slot, _)| !matches!(slot, Slot::Form | Slot::Page))
    })
}

fn whole(label: &str) -> Option<(Slot, Certainty)> {
    let spelled = spelled(label);
    if let Some(name) = tracking_in(&spelled, label) {
        return Some((Slot::Utm(name), Certainty::Named));
    }
    // Contact Form 7's mail tag for the page.
    if label == "_url" {
        return Some((Slot::Page, Certainty::Named));
    }
    let all: Vec<&str> = words(&spelled).collect();
    if let Some(found) = named(&all) {
        return Some(found);
    }
    let without_numbers: Vec<&str> = all.iter().copied().filter(|word| !is_number(word)).collect();
    // `text-123`, `input_text_1`: a line of text, which may hold anything.
    let is_line = matches!(without_numbers[..], ["text"] | ["input", "text"]);
    if is_line && (all.len() > without_numbers.len() || all.len() == 2) {
        return None;
    }
    if without_numbers.len() < all.len()
        && let Some(found) = named(&without_numbers)
    {
        return Some(found);
    }
    let telling: Vec<&str> =
        without_numbers.iter().copied().filter(|word| !WITHOUT_MEANING.contains(&*fold(word))).collect();
    if telling.len() < without_numbers.len()
        && let Some(found) = named(&telling)
    {
        return Some(found);
    }
    // `work phone`, `E-Mail privat`: which of the addresses it is does not matter.
    let core: Vec<&str> = telling.into_iter().filter(|word| !WHICH_ONE.contains(&*fold(word))).collect();
    // `email2`, `phone1`
    let bare: Vec<&str> = core.iter().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit())).collect();
    named(&core).or_else(|| named(&bare)).filter(|(slot, _)| matches!(slot, Slot::Email | Slot::Phone))
}

/// A part of a name that stands in a field of its own, beside first and last name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A further first name.
    Middle,
    /// What stands before the last name: `van der`, `von`.
    Particle,
    /// A second last name, as in Spain.
    SecondFamily,
}

/// The part of a name that a label means.
#[must_use]
pub fn name_part(label: &str) -> Option<Part> {
    let name = compact(label.rsplit('.').next().unwrap_or(label));
    Some(match &*name {
        "middle" | "middlename" | "middlenames" | "middleinitial" | "secondname" | "zweitervorname"
        | "weiterevornamen" | "deuxiemeprenom" | "segundonombre" | "secondonome" | "drugieimie" => Part::Middle,
        "tussenvoegsel" | "tussenvoegsels" | "namenszusatz" | "namensvorsatz" | "vorsatzwort" | "adelszusatz" => {
            Part::Particle
        }
        "apellido2" | "segundoapellido" | "apellidomaterno" | "secondlastname" | "secondsurname" => Part::SecondFamily,
        _ => return None,
    })
}

/// What words mean together.
fn named(words: &[&str]) -> Option<(Slot, Certainty)> {
    NAMES.get(&*fold(&words.concat())).cloned()
}

/// Whether the label speaks of a telephone number, among other things.
#[must_use]
pub fn speaks_of_phone(label: &str) -> bool {
    let phone = |word: &str| {
        let word = fold(word);
        ["telefon", "telephone", "phone", "mobil", "handy", "whatsapp", "ruckruf"]
            .iter()
            .any(|stem| word.contains(stem))
            || word == "tel"
    };
    words(&spelled(label)).any(phone)
}

/// Whether the label names the part of a telephone number that stands before the rest.
#[must_use]
pub fn is_dial_code(label: &str) -> bool {
    let name = compact(label);
    let bare = ["phonenumber", "phone", "telefon", "telephone", "telefono", "tel", "mobile"]
        .iter()
        .find_map(|phone| name.strip_prefix(phone).or_else(|| name.strip_suffix(phone)))
        .unwrap_or("");
    matches!(
        &*name,
        "vorwahl"
            | "countrycode"
            | "landesvorwahl"
            | "landervorwahl"
            | "areacode"
            | "dialcode"
            | "diallingcode"
            | "callingcode"
            | "countrycallingcode"
            | "countrydialcode"
            | "indicatif"
            | "indicatifpays"
            | "prefisso"
            | "landnummer"
    ) || matches!(bare, "prefix" | "countrycode" | "code" | "areacode" | "dialcode" | "area" | "vorwahl" | "country")
}

/// Whether the label is one that a form builder gives to a box, and says nothing about it: `checkbox-123`.
#[must_use]
pub(super) fn is_bare_box(label: &str) -> bool {
    const BOXES: [&str; 14] = [
        "checkbox",
        "checkboxes",
        "check",
        "box",
        "cb",
        "chk",
        "choice",
        "choices",
        "option",
        "kontrollkastchen",
        "casilla",
        "acceptance",
        "optin",
        "legal",
    ];
    let says_nothing = |word: &str| {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
        is_number(word) || BOXES.contains(&bare) || WITHOUT_MEANING.contains(&*fold(word))
    };
    words(&spelled(label)).all(says_nothing)
}

/// Whether the label names what only a person has: an address, a number, a name.
#[must_use]
pub fn is_person(label: &str) -> bool {
    use Slot::{Email, FamilyName, GivenName, Name, Phone};
    slot(label).is_some_and(|(slot, _)| matches!(slot, Email | Phone | Name | GivenName | FamilyName))
}

/// The label as bare ASCII letters and digits.
#[must_use]
pub fn compact(label: &str) -> String {
    let mut spelled = spelled(label);
    spelled.retain(|c| c != ' ');
    spelled
}

/// Whether two labels are the same but for case, umlauts, punctuation and blank space.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    a == b || (fold(&compact(a)) == fold(&compact(b)) && !compact(a).is_empty())
}

/// Whether this campaign parameter, as it is called without `utm_`, is the id of one click.
#[must_use]
pub fn is_click_id(name: &str) -> bool {
    CLICK_IDS.iter().any(|(_, id)| *id == name)
}

/// The campaign parameter or click id a label means: `utm_source`, `UTM Source`, `hidden[utm_term]`.
fn tracking(label: &str) -> Option<String> {
    tracking_in(&spelled(label), label)
}

fn tracking_in(spelled: &str, label: &str) -> Option<String> {
    if label.len() > 200 {
        return None;
    }
    let by = |bare: &str| CLICK_IDS.iter().find(|(letters, _)| *letters == bare).map(|(_, name)| (*name).to_owned());
    let last = label.rsplit_once(['.', '[']).and_then(|(_, last)| by(&compact(last)));
    if let Some(name) = last.or_else(|| by(&spelled.replace(' ', ""))) {
        return Some(name);
    }
    let rest: Vec<&str> = words(spelled).skip_while(|word| *word != "utm").skip(1).collect();
    (!rest.is_empty() && rest.len() <= 3).then(|| rest.join("_"))
}

/// The words of a label, with a space between: ASCII letters and digits, lower case, `camelCase` apart.
pub(super) fn spelled(label: &str) -> String {
    let label = shorten(label, 500);
    let mut spaced = String::with_capacity(label.len() + 8);
    let mut before = ' ';
    let mut chars = label.chars().peekable();
    while let Some(c) = chars.next() {
        let starts_word =
            before.is_lowercase() || (before.is_uppercase() && chars.peek().is_some_and(|c| c.is_lowercase()));
        if c.is_uppercase() && starts_word {
            spaced.push(' ');
        }
        spaced.push(if is_picture(c) { ' ' } else { c });
        before = c;
    }
    if !spaced.is_ascii() {
        spaced = deunicode(&spaced);
    }
    let mut spelled = String::with_capacity(spaced.len());
    for word in spaced.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if !spelled.is_empty() {
            spelled.push(' ');
        }
        spelled.push_str(word);
    }
    spelled.make_ascii_lowercase();
    spelled
}

/// Whether it is a picture or a sign, which would be spelled out in words.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// The words of what is [`spelled`].
pub(super) fn words(spelled: &str) -> impl Iterator<Item = &str> {
    spelled.split(' ').filter(|word| !word.is_empty())
}

/// `ae`, `oe`, `ue` as the umlauts they may stand for, without dots.
pub(super) fn fold(word: &str) -> Cow<'_, str> {
    let stands = |pair: &[u8]| matches!(pair, b"ae" | b"oe" | b"ue");
    if !word.as_bytes().windows(2).any(stands) {
        return word.into();
    }
    word.replace("ae", "a").replace("oe", "o").replace("ue", "u").into()
}

/// Numbers, and the numbers form builders give to fields (`q3`, `f12`).
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix(['q', 'f']).unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_eight_languages_mean_the_same_fields() {
        let cases = [
            (
                Slot::Email,
                "email | E-Mail | eMail | EMAIL ADDRESS | Ihre E-Mail-Adresse * | your-email | \
                 fields[email][value] | fields.email | contactEmail | E-mail 2 Address | User Email | \
                 Primary Email | Email ID | q4_email | _replyto | work_email | Adresse e-mail | \
                 Correo electrónico | Indirizzo email | E-mailadres | Adres e-mail | Endereço de e-mail | \
                 Courriel | emails | What's your email? | E-Mail (geschäftlich) | E-Mail wiederholen | \
                 E-mail 1 - Value | E-Mail-Adresse (Pflichtfeld)",
            ),
            (
                Slot::Phone,
                "phone | Telefon | Telefonnummer | Tel. | Tel/WhatsApp | Mobil | Handynummer | Phone 1 - Value | \
                 Mobile Phone | Work Direct Phone | phone_number | Contact No. 1 | Whatsapp Number | Téléphone | \
                 Teléfono | Cellulare | Telefoonnummer | Numer telefonu | Telefone | Celular | Rückrufnummer | \
                 Rueckrufnummer | User Phone | your-tel",
            ),
            (
                Slot::Name,
                "name | Name * | Ihr Name | your-name | Full Name | Vor- und Nachname | Ansprechpartner | \
                 Lead Name | What is your name? | Name of Buyer | Nom complet | Imię i nazwisko | \
                 Wie heißen Sie? | contact.name",
            ),
            (
                Slot::GivenName,
                "First Name | firstname | FirstName | Vorname | Prénom | given_name | Imię | Voornaam | \
                 names.first | name[first] | q3_name.first | Ihr Vorname",
            ),
            (
                Slot::FamilyName,
                "Last Name | Nachname | Familienname | surname | Cognome | Apellidos | Achternaam | Nazwisko | \
                 names[last_name] | Nom de famille",
            ),
            (
                Slot::Company,
                "Company | Firma | Unternehmen | Firmenname | Name der Firma | Company Name | Organisation | \
                 Entreprise | Société | Empresa | Azienda | Bedrijf | Nazwa firmy | Ihr Unternehmen | \
                 company.name",
            ),
            (
                Slot::Website,
                "Website | Webseite | Homepage | Site web | Sitio web | Strona internetowa | Company Website",
            ),
            (
                Slot::JobTitle,
                "Job Title | Position | Funktion | Berufsbezeichnung | jobTitle | Poste | Cargo | Functie | \
                 Stanowisko | Title",
            ),
            (Slot::Country, "Country | Land | Pays | País | Paese | Kraj | Country/Region | address.country"),
            (
                Slot::Subject,
                "Subject | Betreff | your-subject | _subject | Objet | Asunto | Oggetto | Onderwerp | Temat | \
                 Assunto",
            ),
            (
                Slot::Message,
                "Message | Nachricht | Ihre Nachricht an uns | your-message | Kommentar | How can we help you? | \
                 Mensaje | Messaggio | Bericht | Wiadomość | Mensagem | Questions / Comments | Bemerkungen | \
                 Ihr Anliegen",
            ),
            (Slot::Consent, "consent | Datenschutz | gdpr | Einwilligung | privacy_policy | acceptance-123"),
            (Slot::Form, "form_name | formName | form.name | Formular | form_id | formTitle"),
            (Slot::Page, "Page URL | page | _url | source_url | meta[page_url]"),
            (Slot::Referrer, "referrer | Referer | referrer_url"),
            (Slot::Language, "language | Sprache | locale | Langue"),
        ];
        for (expected, labels) in cases {
            for label in labels.split('|').map(str::trim) {
                assert_eq!(slot(label).map(|(slot, _)| slot), Some(expected.clone()), "{label}");
            }
        }
    }

    #[test]
    fn questions_and_nested_labels_mean_the_field_they_ask_for() {
        for (label, expected) in [
            ("Hi there! What's your first name?", Slot::GivenName),
            ("First up, what's your name?", Slot::Name),
            ("What is your e-mail? We promise not to spam.", Slot::Email),
            ("Comment vous appelez-vous ?", Slot::Name),
            ("Hoe heet je?", Slot::Name),
            ("Which company do you work for?", Slot::Company),
            ("Unter welcher Nummer erreichen wir Sie?", Slot::Phone),
            ("Parlez-nous de votre projet", Slot::Message),
            ("Waarmee kunnen we je helpen?", Slot::Message),
            ("step_1.email", Slot::Email),
            ("personal_details[last_name]", Slot::FamilyName),
            ("kontaktdaten.vorname", Slot::GivenName),
            ("message.subject", Slot::Subject),
            ("page.referrer", Slot::Referrer),
            ("firma[name]", Slot::Company),
            ("unternehmen.name", Slot::Company),
            ("empresa[nombre]", Slot::Company),
            ("Unternehmen/Verein", Slot::Company),
            ("Unternehmen / Verein *", Slot::Company),
            ("Firma oder Organisation", Slot::Company),
            ("Telefon / Handy", Slot::Phone),
            ("nname", Slot::FamilyName),
            ("nachr", Slot::Message),
            ("Tfno", Slot::Phone),
            ("Tfno.", Slot::Phone),
            ("email2", Slot::Email),
            ("phone1", Slot::Phone),
        ] {
            assert_eq!(slot(label).map(|(slot, _)| slot), Some(expected), "{label}");
        }
        for label in [
            "owner.name",
            "sales_rep.email",
            "product.title",
            "page.title",
            "Do you like it?",
            "street2",
            "Firma / PLZ",
            "E-Mail / Telefon",
            "vn",
            "nn",
        ] {
            assert_eq!(slot(label), None, "{label}");
        }
    }

    #[test]
    fn labels_that_only_resemble_a_field_are_none() {
        for label in [
            "",
            "*",
            "Email Status",
            "E-mail 1 - Type",
            "Company Name for Emails",
            "Person Linkedin Url",
            "Contact owner",
            "Product name",
            "username",
            "Newsletter",
            "Straße",
            "PLZ",
            "Ort",
            "City",
            "Zip",
            "Anrede",
            "Budget",
            "Remote IP",
            "User Agent",
            "Date",
            "Time",
            "Sales Rep",
            "Name of Dealer",
            "File No.",
            "Domain knowledge",
            "event name",
            "# Employees",
            "Rückruf erwünscht",
            "Wunschtermin",
            "id",
            "created_at",
            "status",
            "Lead Source",
        ] {
            assert_eq!(slot(label), None, "{label}");
        }
    }

    #[test]
    fn campaign_parameters_lose_their_prefix_and_click_ids_keep_their_name() {
        let cases = [
            ("utm_source", "source"),
            ("UTM Campaign", "campaign"),
            ("utmMedium", "medium"),
            ("hidden[utm_term]", "term"),
            ("utm.content", "content"),
            ("gclid", "gclid"),
            ("Google Click ID", "gclid"),
            ("li_fat_id", "li_fat_id"),
            ("hidden.fbclid", "fbclid"),
            ("utm_source_platform", "source_platform"),
        ];
        for (label, name) in cases {
            assert_eq!(slot(label), Some((Slot::Utm(name.into()), Certainty::Named)), "{label}");
        }
    }

    #[test]
    fn canonical_names_are_labels_of_themselves() {
        for name in super::super::CANONICAL.into_iter().chain(["utm_source"]) {
            assert_eq!(slot(name).map(|(slot, _)| slot), Slot::parse(name), "{name}");
        }
    }
}
