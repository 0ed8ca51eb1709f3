//! Whether a program of others sent a form on, from an address that might be a person's.
//!
//! Portals, shops and agencies mail their leads from `anfragen@…` or `info@…` without a `Reply-To`.
//! A person who writes about somebody else has the same words in the text, but not all signs at once.

use crate::lead::{Content, Email};
use crate::normalize::{company, robot};

use super::forms::Form;
use super::headers::Fields;

/// Signs that must come together.
const ENOUGH: usize = 2;

/// Pieces of the local parts of such addresses.
const SENDERS: [&str; 26] = [
    "form",
    "lead",
    "anfrage",
    "enquir",
    "inquir",
    "request",
    "contact",
    "kontakt",
    "atendimento",
    "portal",
    "notif",
    "web",
    "solicitud",
    "richiest",
    "demande",
    "aanvra",
    "booking",
    "buchung",
    "reserv",
    "order",
    "termin",
    "makler",
    "immo",
    "market",
    "postmaster",
    "mailer",
];

/// Pieces of the subjects of such mails.
const SUBJECTS: [&str; 44] = [
    "form",
    "lead",
    "anfrage",
    "enquir",
    "inquir",
    "interessent",
    "kontakt",
    "contact",
    "new message",
    "neue nachricht",
    "submission",
    "request",
    "proposta",
    "solicita",
    "solicitud",
    "consulta",
    "demande",
    "message de",
    "richiesta",
    "contatt",
    "aanvraag",
    "bericht van",
    "zapytanie",
    "wiadomość",
    "förfrågan",
    "forespørgsel",
    "henvendelse",
    "yhteyden",
    "poptáv",
    "dotaz",
    "quote",
    "angebot",
    "offerte",
    "devis",
    "presupuesto",
    "orçamento",
    "preventivo",
    "booking",
    "termin",
    "visit",
    "callback",
    "rückruf",
    "website",
    "webseite",
];

/// Headers that programs of websites set.
const PROGRAMS: [&str; 8] = [
    "x-php-originating-script",
    "x-php-script",
    "x-wpforms",
    "x-form-id",
    "x-contact-form",
    "x-mailgun-sid",
    "x-sg-eid",
    "x-ses-outgoing",
];

/// Whether so many signs speak for a program that whom the form names is believed against `From`.
pub(super) fn wrote(form: &Form, content: &Content, from: &Email, fields: &Fields<'_>) -> bool {
    let local = from.as_str().split('@').next().unwrap_or_default();
    let subject = content.subject.as_deref().unwrap_or_default().to_lowercase();
    let among = |list: &[&str], text: &str| list.iter().any(|piece| text.contains(piece));
    let mailer = fields.word("x-mailer");
    let program = PROGRAMS.iter().any(|name| fields.has(name))
        || fields.word("auto-submitted").starts_with("auto-generated")
        || ["phpmailer", "wordpress", "wp mail", "wpmailsmtp"].iter().any(|name| mailer.contains(name));
    // Somebody from the same house would rather be one of two colleagues.
    let house = |email: &Email| company::registrable(email.domain());
    let strangers = form.email.as_ref().is_some_and(|typed| house(typed) != house(from));
    let signs =
        [robot::is_desk(from) || among(&SENDERS, local), among(&SUBJECTS, &subject), form.footer, form.leads, program];
    strangers && signs.into_iter().filter(|sign| *sign).count() >= ENOUGH
}
