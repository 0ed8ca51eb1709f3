//! Mails that a form plugin wrote: lines of label and value.
//!
//! In: readable text. Out: the pairs, when they name an e-mail address and one thing more about a
//! person. A label is followed by a colon, by a tab (a table in HTML) or, when it is a known one,
//! by its value in the next line. A message may run over many lines; anything else ends with its
//! paragraph.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::lead::Email;
use crate::normalize::email;

/// What a form says.
#[derive(Debug, PartialEq)]
pub(super) struct Form {
    /// The address of whoever filled it in.
    pub(super) email: Email,
    /// All pairs, in order.
    pub(super) pairs: Vec<Pair>,
}

/// One label with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    /// As written, without decoration.
    pub(super) label: String,
    /// What it means.
    pub(super) meaning: Meaning,
    /// As typed; message and unknown values may have several lines.
    pub(super) value: String,
}

/// What a label means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Full name.
    Name,
    /// First name.
    GivenName,
    /// Last name.
    FamilyName,
    /// E-mail address.
    Email,
    /// Telephone number.
    Phone,
    /// Company.
    Company,
    /// Position in the company.
    JobTitle,
    /// Website of the person.
    Website,
    /// What they want.
    Message,
    /// What it is about.
    Subject,
    /// Page of the form.
    Page,
    /// A name and address in one: `From: Max <max@…>`.
    Mailbox,
    /// Something else.
    Other,
}

/// Bytes of a label; longer ones are sentences.
const LABEL: usize = 80;
/// Lines that are looked at.
const LINES: usize = 2_000;

/// Whole labels by meaning, without case and punctuation.
const LABELS: [(Meaning, &[&str]); 12] = [
    (
        Meaning::Name,
        &[
            "name",
            "your name",
            "full name",
            "ihr name",
            "vor und nachname",
            "vorname und nachname",
            "vollständiger name",
            "ansprechpartner",
            "kontaktperson",
            "contact name",
            "nome",
            "nome completo",
            "seu nome",
            "nombre",
            "nombre completo",
            "nombre y apellidos",
            "nom",
            "nom complet",
            "votre nom",
            "nom et prénom",
            "nome e cognome",
            "naam",
            "uw naam",
            "volledige naam",
            "imię i nazwisko",
            "namn",
            "navn",
            "имя",
            "jméno",
        ],
    ),
    (
        Meaning::GivenName,
        &[
            "first name",
            "firstname",
            "given name",
            "vorname",
            "prénom",
            "voornaam",
            "primeiro nome",
            "förnamn",
            "fornavn",
            "imię",
        ],
    ),
    (
        Meaning::FamilyName,
        &[
            "last name",
            "lastname",
            "surname",
            "family name",
            "nachname",
            "familienname",
            "nom de famille",
            "apellido",
            "apellidos",
            "cognome",
            "sobrenome",
            "achternaam",
            "efternamn",
            "etternavn",
            "efternavn",
            "nazwisko",
        ],
    ),
    (Meaning::Email, &["email", "e mail", "mail", "courriel", "correo", "correo electrónico", "your email", "почта"]),
    (
        Meaning::Phone,
        &[
            "phone",
            "tel",
            "telefon",
            "telephone",
            "fon",
            "mobil",
            "mobile",
            "handy",
            "cell",
            "rufnummer",
            "celular",
            "móvil",
            "téléphone",
            "teléfono",
            "telefone",
            "telefono",
            "cellulare",
            "whatsapp",
            "telefoonnummer",
            "telefoon",
            "телефон",
        ],
    ),
    (
        Meaning::Company,
        &[
            "company",
            "company name",
            "firma",
            "firmenname",
            "unternehmen",
            "organisation",
            "organization",
            "business name",
            "société",
            "entreprise",
            "empresa",
            "azienda",
            "bedrijf",
            "bedrijfsnaam",
            "företag",
            "firmy",
            "ihre firma",
            "ihr unternehmen",
        ],
    ),
    (
        Meaning::JobTitle,
        &["job title", "position", "role", "funktion", "ihre position", "cargo", "fonction", "poste", "functie"],
    ),
    (
        Meaning::Website,
        &["website", "web site", "webseite", "homepage", "internetseite", "your website", "site web", "sitio web"],
    ),
    (
        Meaning::Message,
        &[
            "message",
            "your message",
            "message body",
            "comments",
            "comment",
            "questions comments",
            "question",
            "enquiry",
            "inquiry",
            "nachricht",
            "ihre nachricht",
            "nachrichtentext",
            "mitteilung",
            "anfrage",
            "ihre anfrage",
            "kommentar",
            "anliegen",
            "ihr anliegen",
            "bemerkung",
            "bemerkungen",
            "mensagem",
            "sua mensagem",
            "corpo da mensagem",
            "mensaje",
            "messaggio",
            "votre message",
            "bericht",
            "uw bericht",
            "opmerking",
            "meddelande",
            "besked",
            "melding",
            "wiadomość",
            "сообщение",
            "zpráva",
        ],
    ),
    (
        Meaning::Subject,
        &["subject", "betreff", "assunto", "asunto", "objet", "sujet", "oggetto", "onderwerp", "ämne", "emne", "temat"],
    ),
    (Meaning::Page, &["page url", "page", "seite", "url", "page link", "referrer url"]),
    (Meaning::Mailbox, &["from", "von", "de", "da", "van", "från", "fra", "od"]),
];

static KNOWN: LazyLock<HashMap<&'static str, Meaning>> = LazyLock::new(|| {
    LABELS.iter().flat_map(|(meaning, labels)| labels.iter().map(|label| (*label, *meaning))).collect()
});

/// Reads a form; `None` when the text is none, or names no address that `takes` accepts.
pub(super) fn find(text: &str, takes: impl Fn(&Email) -> bool) -> Option<Form> {
    let mut pairs = pairs(text);
    pairs.retain(|pair| !matches!(pair.value.as_str(), "" | "-" | "–" | "N/A" | "n/a"));
    let addresses = pairs.iter().filter(|pair| matches!(pair.meaning, Meaning::Email | Meaning::Mailbox));
    let email = addresses.filter_map(|pair| email::parse_all(&pair.value).into_iter().next()).find(takes)?;
    let known = pairs.iter().filter(|pair| !matches!(pair.meaning, Meaning::Other | Meaning::Page | Meaning::Subject));
    (known.count() >= 2).then_some(Form { email, pairs })
}

impl Form {
    /// The first value of this meaning.
    pub(super) fn value(&self, meaning: Meaning) -> Option<&str> {
        self.pairs.iter().find(|pair| pair.meaning == meaning).map(|pair| pair.value.as_str())
    }
}

/// What a label means, by the whole label, else by a telling word in it.
pub(super) fn meaning(label: &str) -> Meaning {
    let words: Vec<String> =
        label.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    if let Some(meaning) = KNOWN.get(words.join(" ").as_str()) {
        return *meaning;
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if words.len() > 5 || has(&["fax", "telefax", "datum", "date", "newsletter"]) {
        Meaning::Other
    } else if has(&["email", "emailadresse", "mailadresse", "courriel"])
        || words.windows(2).any(|pair| pair[0] == "e" && pair[1].starts_with("mail"))
    {
        Meaning::Email
    } else if has(&[
        "phone",
        "tel",
        "telefon",
        "telefonnummer",
        "telephone",
        "handynummer",
        "mobilnummer",
        "mobiltelefon",
        "rückrufnummer",
        "whatsapp",
        "téléphone",
        "teléfono",
        "telefone",
        "telefono",
        "celular",
        "mobile",
    ]) {
        Meaning::Phone
    } else {
        Meaning::Other
    }
}

/// All labels with their values, also empty ones.
fn pairs(text: &str) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut running = Running::Closed;
    for line in text.lines().take(LINES) {
        let line = line.trim();
        if is_rule(line) || is_footer(line) {
            running = Running::Closed;
        } else if let Some((label, value)) = labelled(line).filter(|(label, _)| running.lets_in(meaning(label))) {
            let meaning = meaning(label);
            running = Running::after(meaning, value);
            pairs.push(Pair { label: label.to_owned(), meaning, value: value.to_owned() });
        } else if let Some(meaning) = bare_label(line, running) {
            running = Running::after(meaning, "");
            pairs.push(Pair { label: line.trim_matches('*').to_owned(), meaning, value: String::new() });
        } else if let Some(pair) = pairs.last_mut() {
            running = running.take(line, pair);
        }
    }
    for pair in &mut pairs {
        pair.value.truncate(pair.value.trim_end().len());
    }
    pairs
}

/// How a value goes on in the lines after it.
#[derive(Clone, Copy, PartialEq)]
enum Running {
    /// It does not.
    Closed,
    /// The value is in the next line that is not empty.
    Due,
    /// It goes on up to the next empty line.
    Paragraph,
    /// A message that began beside its label: any label ends it.
    Message,
    /// A message under its label: only a known label ends it.
    Letter,
}

impl Running {
    fn after(meaning: Meaning, value: &str) -> Self {
        match (meaning, value.is_empty()) {
            (Meaning::Message, true) => Self::Letter,
            (Meaning::Message, false) => Self::Message,
            (_, true) => Self::Due,
            (Meaning::Other | Meaning::Company, false) => Self::Paragraph,
            _ => Self::Closed,
        }
    }

    fn lets_in(self, meaning: Meaning) -> bool {
        self != Self::Letter || !matches!(meaning, Meaning::Other | Meaning::Mailbox | Meaning::Subject)
    }

    /// Adds a line without a label to the value before it.
    fn take(self, line: &str, pair: &mut Pair) -> Self {
        match (self, line.is_empty()) {
            (Self::Closed, _) | (Self::Paragraph, true) => Self::Closed,
            (Self::Due, true) => Self::Due,
            (Self::Due, false) => {
                line.clone_into(&mut pair.value);
                Self::after(pair.meaning, line)
            }
            (Self::Paragraph | Self::Message | Self::Letter, _) => {
                if !pair.value.is_empty() {
                    pair.value.push('\n');
                }
                pair.value.push_str(line);
                self
            }
        }
    }
}

/// A line of label and value: `*Name*: Max`, `Name : Max`, `Name<tab>Max`.
fn labelled(line: &str) -> Option<(&str, &str)> {
    let colon = line.find([':', '：', '\t'])?;
    let (label, value) = line.split_at(colon);
    let label = label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '•' | '-' | '–' | '>' | '·'));
    let value = value
        .trim_start_matches([':', '：', '\t', ' ', '*', '_'])
        .trim_matches(|c: char| c.is_whitespace() || c == '*');
    let legal =
        !label.is_empty() && label.len() <= LABEL && label.starts_with(char::is_alphabetic) && !label.contains('@');
    (legal && !value.starts_with("//")).then_some((label, value))
}

/// A line that consists of a known label and nothing else.
fn bare_label(line: &str, running: Running) -> Option<Meaning> {
    let label = line.trim_matches('*');
    if label.is_empty() || label.len() > 40 || running == Running::Due || label.ends_with(['.', '!', ',']) {
        return None;
    }
    let meaning = KNOWN.get(label.to_lowercase().replace('-', " ").as_str()).copied()?;
    (meaning != Meaning::Mailbox && meaning != Meaning::Page).then_some(meaning)
}

/// A line drawn between things: `---`, `-- `, `____`.
fn is_rule(line: &str) -> bool {
    line.len() >= 2 && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '–' | '—' | '*' | '~'))
}

/// What form plugins add under the values.
fn is_footer(line: &str) -> bool {
    let line = crate::normalize::text::shorten(line, 60).to_lowercase();
    let starts = [
        "this e-mail was sent from",
        "this email was sent from",
        "this mail is sent via",
        "diese e-mail wurde",
        "dies ist eine benachrichtigung",
        "esse e-mail foi enviado",
        "este e-mail foi enviado",
        "este mensaje se ha enviado",
        "cet e-mail a été envoyé",
        "deze e-mail is verstuurd",
    ];
    starts.iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(Meaning, String)> {
        let form = find(text, |_| true);
        form.map(|form| form.pairs.into_iter().map(|pair| (pair.meaning, pair.value)).collect()).unwrap_or_default()
    }

    #[test]
    fn forms_are_read_however_their_plugin_lays_them_out() {
        use Meaning::{Company, Email, Mailbox, Message, Name, Other, Page, Phone, Subject};
        let max = "max@firma.example";
        let cases: [(&str, &[(Meaning, &str)]); 8] = [
            (
                "Name: Max M\nE-Mail: max@firma.example\nTelefon: 030 1234567",
                &[(Name, "Max M"), (Email, max), (Phone, "030 1234567")],
            ),
            (
                "*Nome*: Max\n*E-mail*: max@firma.example\n*Mensagem*:\nOlá,\n\nNota: um\n*Telefone*: 11",
                &[(Name, "Max"), (Email, max), (Message, "Olá,\n\nNota: um"), (Phone, "11")],
            ),
            (
                "Nome\nMax\nEmail\nmax@firma.example\nCelular\n1194\nMensagem\nMensagem de Teste",
                &[(Name, "Max"), (Email, max), (Phone, "1194"), (Message, "Mensagem de Teste")],
            ),
            ("Name\tMax\nEmail\tmax@firma.example", &[(Name, "Max"), (Email, max)]),
            (
                "From: Max <max@firma.example>\nSubject: Hi\n\nMessage Body:\nHello: there\n\nBye\n\n-- \nThis e-mail was sent from a contact form on X (https://x.example)",
                &[(Mailbox, "Max <max@firma.example>"), (Subject, "Hi"), (Message, "Hello: there\n\nBye")],
            ),
            (
                "Name : Max\nE-mail do Interessado: max@firma.example\nTel/WhatsApp: 11\n\n---\n\nDate: 02/12/2022\nPage URL: https://x.example/a",
                &[(Name, "Max"), (Email, max), (Phone, "11"), (Other, "02/12/2022"), (Page, "https://x.example/a")],
            ),
            (
                "Firma: Firma GmbH\nAdresse: Weg 1\n12345 Berlin\n\nIhre Nachricht: Bitte\num Rückruf\nWunschtermin: morgen\nE-Mail-Adresse: max@firma.example",
                &[
                    (Company, "Firma GmbH"),
                    (Other, "Weg 1\n12345 Berlin"),
                    (Message, "Bitte\num Rückruf"),
                    (Other, "morgen"),
                    (Email, max),
                ],
            ),
            ("Name: Max\nE-Mail:\nmax@firma.example\nFax: -", &[(Name, "Max"), (Email, max)]),
        ];
        for (text, pairs) in cases {
            let pairs: Vec<_> = pairs.iter().map(|(meaning, value)| (*meaning, (*value).to_owned())).collect();
            assert_eq!(of(text), pairs, "{text}");
        }
    }

    #[test]
    fn letters_are_no_forms() {
        for text in [
            "Hello,\n\nplease call me.\n\nMax\nTel: 030 1234567\nWeb: www.firma.example",
            "See https://firma.example/a\nTime: 10:30",
            "E-Mail: max@firma.example",
            "Name: Max\nE-Mail: none",
            "",
        ] {
            assert_eq!(of(text), [], "{text}");
        }
    }
}
