//! What form programs write around the values: the sentence below them, and their own notes.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::normalize::fields::label;
use crate::normalize::text;

/// How a program's sentence about the mail begins.
const ABOUT: &str =
    "this you diese dieses dies sie du cet ce ceci vous este esta esse essa ha questa questo hai deze dit u ta
    ten niniejsza det denna denne dette detta tämä tento tato toto acest bu";
static BEGINNINGS: LazyLock<HashSet<&str>> = LazyLock::new(|| ABOUT.split_whitespace().collect());
/// First words of all such lines.
static FIRST: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let starts = STARTS.iter().chain(&SITE).chain([&SUBMITTED]).map(|start| first_word(start));
    starts.chain(ABOUT.split_whitespace()).collect()
});
/// Words for the mail, in such a sentence.
const MAIL: &str =
    "mail message notification submission nachricht benachrichtigung courriel mensaje correo notificación
    messaggio notifica mensagem bericht wiadomość powiadomienie e-post epost meddelande besked viesti sähköposti
    zpráva mesaj";
/// Words for having come.
const SENT: &str =
    "sent submitted generated gesendet versendet verschickt gesandt generiert übermittelt erzeugt envoyé enviado
    envió enviada generado inviat verzonden verstuurd wysłan skickad sendt lähet odeslán gönderil";
/// Words for where it was written.
const FORM: &str =
    "form website webseite homepage webshop site modulo módulo skjema lomak stron sitio sivusto stránk hjemmeside
    wordpress";

/// How other lines begin that programs add; lower case.
const STARTS: [&str; 52] = [
    "you can edit this submission",
    "someone just submitted your form",
    "you just got a form submission",
    "log in to view",
    "powered by",
    "sent from your website",
    "sent from your site",
    "sent from the form",
    "sent by an unverified visitor",
    "sent by a verified",
    "sent via form submission",
    "if you think this submission is spam",
    "report it as spam",
    "does this submission look like spam",
    "to edit your email settings",
    "manage submissions",
    "manage form submissions",
    "manage your submissions",
    "view in hubspot",
    "view submission",
    "view entry",
    "view all submissions",
    "view response",
    "see all responses",
    "log in to view or download",
    "turn off email notification",
    "turn off these notification",
    "you are receiving this because",
    "you're receiving this because",
    "you received this email because",
    "you can reply directly",
    "reply directly to this email",
    "reply to this email",
    "to reply to",
    "mark as spam",
    "this form was submitted at",
    "diese anfrage wurde über",
    "gesendet über das kontaktformular",
    "gesendet von ihrer website",
    UNSUBSCRIBE,
    "copyright ©",
    "©",
    "all rights reserved",
    "alle rechte vorbehalten",
    "sie können direkt auf diese",
    "antworten sie direkt auf diese",
    "jetzt antworten",
    "responder agora",
    "répondre directement",
    "submitted from ip",
    "the submission was sent from",
    "powered with",
];

/// How lines begin that name the site, where a link is behind it; lower case.
const SITE: [&str; 5] = ["sent from ", "submitted from ", "gesendet von ", "envoyé depuis ", "enviado desde "];
/// How a short line with a time begins; lower case.
const SUBMITTED: &str = "submitted ";
/// Bytes of a first word that are looked at; those that count are shorter.
const LONGEST: usize = 40;
/// Said by every form of it: `Unsubscribed`, `unsubscribe`.
const UNSUBSCRIBE: &str = "unsubscribe";

/// Labels of what the program notes of itself, as bare letters.
const NOTES: &str =
    "date time datetime dateandtime timestamp datum uhrzeit zeit zeitpunkt zeitstempel dateetheure heure fecha
    hora data ora tijd tidpunkt dato pvm cas ip ipaddress ipadresse remoteip userip senderip adresseip
    direccionip indirizzoip ipadres ipaddresse useragent browser benutzeragent device operatingsystem poweredby
    unterstutztvon proposepar pageurl pagetitle seitentitel submittedon submittedat submissiondate
    submissiontime submissionid entryid entrydate formid formname postid posttitle referenceid eingangsdatum
    gesendetam abgesendetam contactformurl senton dateenvoi createdat";

/// A line drawn between things: `---`, `-- `, `____`.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 2 && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '–' | '—' | '*' | '~' | '─' | '━' | ' '))
}

/// A line that the program added below the values.
pub(super) fn is_footer(line: &str) -> bool {
    let line = line.trim_start_matches(is_around);
    // Most lines begin otherwise, and are not looked at any further.
    let first = text::shorten(first_word(line), LONGEST).to_lowercase();
    if !FIRST.contains(&*first) && !first.starts_with(UNSUBSCRIBE) {
        return false;
    }
    let line = text::shorten(line, 300).to_lowercase();
    let has = |words: &str| words.split_whitespace().any(|word| line.contains(word));
    STARTS.iter().any(|start| line.starts_with(start))
        || line.contains("http") && SITE.iter().any(|start| line.starts_with(start))
        || line.starts_with(SUBMITTED) && line.len() < 50 && line.bytes().filter(u8::is_ascii_digit).count() >= 6
        || BEGINNINGS.contains(&*first) && has(MAIL) && has(SENT) && has(FORM)
}

/// What may stand before the first word.
fn is_around(c: char) -> bool {
    !c.is_alphanumeric() && c != '©'
}

/// The first word, or `©`.
fn first_word(line: &str) -> &str {
    if line.starts_with('©') {
        return &line[..'©'.len_utf8()];
    }
    line.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// Whether a label is one by which the program notes when and from where it was sent.
pub(super) fn is_note(label: &str) -> bool {
    let bare = label::compact(label);
    NOTES.split_whitespace().any(|note| note == bare)
}

/// Whether a value says that there is none.
pub(super) fn is_nothing(value: &str) -> bool {
    let value = value.trim().trim_matches(['(', ')', '[', ']', '<', '>']).to_lowercase();
    matches!(
        &*value,
        "" | "-"
            | "–"
            | "—"
            | "--"
            | "---"
            | "n/a"
            | "n.a."
            | "k.a."
            | "k. a."
            | "keine angabe"
            | "not provided"
            | "not specified"
            | "not set"
            | "none provided"
            | "empty"
            | "leer"
            | "null"
            | "undefined"
            | "nil"
            | "non renseigné"
            | "no value"
            | "/"
    )
}
