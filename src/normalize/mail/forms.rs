//! Mails that a form plugin wrote: lines of label and value.
//!
//! In: readable text. Out: the pairs, when they name at least two things about a person;
//! `fields` knows what they mean. A label is followed by a colon, by a tab (a table in
//! HTML) or, when it is a known one, by its value in the next line. A message may run over many
//! lines; anything else ends with its paragraph.

use crate::lead::Email;
use crate::normalize::email;
use crate::normalize::fields::Pair;
use crate::normalize::fields::label::{self, Certainty, Slot};
use crate::normalize::text;

/// Bytes of a label; longer ones are sentences.
const LABEL: usize = 80;
/// Lines that are looked at.
const LINES: usize = 2_000;
/// Lines of greeting before the first label of a text that is a form all through.
const GREETING: usize = 2;

/// What a form says.
#[derive(Debug, PartialEq)]
pub(super) struct Form {
    /// The address of whoever filled it in, where it names one.
    pub(super) email: Option<Email>,
    /// All pairs, in order.
    pub(super) pairs: Vec<Pair>,
    /// Whether the text begins with it; labels further down may be a signature.
    pub(super) leads: bool,
}

/// A pair on its way: what it means goes with it.
struct Line {
    label: String,
    slot: Option<(Slot, Certainty)>,
    value: String,
}

/// Reads a form; `None` when the text is none, or names only addresses that `takes` refuses.
pub(super) fn find(text: &str, takes: impl Fn(&Email) -> bool) -> Option<Form> {
    let (mut lines, leads) = scan(text);
    lines.retain(|line| !matches!(line.value.as_str(), "" | "-" | "–" | "N/A" | "n/a"));
    let addresses = lines.iter().filter(|line| line.means(&Slot::Email));
    let mut addresses = addresses.flat_map(|line| email::parse_all(&line.value)).peekable();
    let refused = addresses.peek().is_some();
    let email = addresses.find(takes);
    if refused && email.is_none() {
        return None;
    }
    let personal = lines.iter().filter(|line| {
        use Slot::{Company, Email, FamilyName, GivenName, JobTitle, Message, Name, Phone, Website};
        matches!(
            line.slot,
            Some((Email | Name | GivenName | FamilyName | Phone | Company | JobTitle | Website | Message, _))
        )
    });
    if personal.count() < 2 {
        return None;
    }
    // `De: Max` without an address is a name.
    let named = |line: &Line| line.slot == Some((Slot::Email, Certainty::Usual)) && !line.value.contains('@');
    let label = |line: &Line| if named(line) { "name".to_owned() } else { line.label.clone() };
    let pairs = lines.into_iter().map(|line| Pair::new(label(&line), line.value)).collect();
    Some(Form { email, pairs, leads })
}

impl Line {
    fn new(label: &str, slot: Option<(Slot, Certainty)>, value: &str) -> Self {
        Self { label: label.to_owned(), slot, value: value.to_owned() }
    }

    fn means(&self, slot: &Slot) -> bool {
        self.slot.as_ref().is_some_and(|(found, _)| found == slot)
    }
}

/// All labels with their values, also empty ones, and whether the text begins with them.
fn scan(text: &str) -> (Vec<Line>, bool) {
    let mut lines: Vec<Line> = Vec::new();
    let mut running = Running::Closed;
    let (mut before, mut leads) = (0, false);
    for line in text.lines().take(LINES).map(str::trim) {
        if is_rule(line) || is_footer(line) {
            running = Running::Closed;
            continue;
        }
        let pair = labelled(line).map(|(label, value)| (label, label::slot(label), value));
        if let Some((label, slot, value)) = pair.filter(|(_, slot, _)| running.lets_in(slot.as_ref())) {
            leads |= before <= GREETING;
            running = Running::after(slot.as_ref(), value);
            lines.push(Line::new(label, slot, value));
        } else if let Some(slot) = bare_label(line, running) {
            leads |= before <= GREETING;
            running = Running::after(Some(&slot), "");
            lines.push(Line::new(line.trim_matches('*'), Some(slot), ""));
        } else if let Some(pair) = lines.last_mut() {
            running = running.take(line, pair);
        }
        before += usize::from(!line.is_empty());
    }
    for line in &mut lines {
        line.value.truncate(line.value.trim_end().len());
    }
    (lines, leads)
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
    fn after(slot: Option<&(Slot, Certainty)>, value: &str) -> Self {
        match (slot.map(|(slot, _)| slot), value.is_empty()) {
            (Some(Slot::Message), true) => Self::Letter,
            (Some(Slot::Message), false) => Self::Message,
            (_, true) => Self::Due,
            (None | Some(Slot::Company), false) => Self::Paragraph,
            _ => Self::Closed,
        }
    }

    fn lets_in(self, slot: Option<&(Slot, Certainty)>) -> bool {
        self != Self::Letter
            || slot.is_some_and(|(slot, certainty)| *certainty == Certainty::Named && *slot != Slot::Subject)
    }

    /// Adds a line without a label to the value before it.
    fn take(self, line: &str, pair: &mut Line) -> Self {
        match (self, line.is_empty()) {
            (Self::Closed, _) | (Self::Paragraph, true) => Self::Closed,
            (Self::Due, true) => Self::Due,
            (Self::Due, false) => {
                line.clone_into(&mut pair.value);
                Self::after(pair.slot.as_ref(), line)
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
fn bare_label(line: &str, running: Running) -> Option<(Slot, Certainty)> {
    let label = line.trim_matches('*');
    let short = !label.is_empty() && label.len() <= 40 && label.split_whitespace().count() <= 4;
    if !short || running == Running::Due || label.ends_with(['.', '!', ',', ';']) || label.contains(['@', '/']) {
        return None;
    }
    let (slot, certainty) = label::slot(label)?;
    let sure = certainty == Certainty::Named || slot == Slot::Name;
    (sure && running.lets_in(Some(&(slot.clone(), certainty)))).then_some((slot, certainty))
}

/// A line drawn between things: `---`, `-- `, `____`.
fn is_rule(line: &str) -> bool {
    line.len() >= 2 && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '–' | '—' | '*' | '~'))
}

/// What form plugins add under the values.
fn is_footer(line: &str) -> bool {
    let line = text::shorten(line, 60).to_lowercase();
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

    fn of(text: &str) -> Vec<(String, String)> {
        let form = find(text, |_| true);
        let pairs = form.into_iter().flat_map(|form| form.pairs);
        pairs.map(|pair| (pair.label, pair.value.as_str().unwrap_or_default().to_owned())).collect()
    }

    #[test]
    fn forms_are_read_however_their_plugin_lays_them_out() {
        let max = "max@firma.example";
        let cases: [(&str, &[(&str, &str)]); 9] = [
            (
                "Name: Max M\nE-Mail: max@firma.example\nTelefon: 030 1234567",
                &[("Name", "Max M"), ("E-Mail", max), ("Telefon", "030 1234567")],
            ),
            (
                "*Nome*: Max\n*E-mail*: max@firma.example\n*Mensagem*:\nOlá,\n\nNota: um\n*Telefone*: 11",
                &[("Nome", "Max"), ("E-mail", max), ("Mensagem", "Olá,\n\nNota: um"), ("Telefone", "11")],
            ),
            (
                "Nome\nMax\nEmail\nmax@firma.example\nCelular\n1194\nMensagem\nMensagem de Teste",
                &[("Nome", "Max"), ("Email", max), ("Celular", "1194"), ("Mensagem", "Mensagem de Teste")],
            ),
            ("Name\tMax\nEmail\tmax@firma.example", &[("Name", "Max"), ("Email", max)]),
            (
                "From: Max <max@firma.example>\nSubject: Hi\n\nMessage Body:\nHello: there\n\nBye\n\n-- \nThis e-mail was sent from a contact form on X (https://x.example)",
                &[("From", "Max <max@firma.example>"), ("Subject", "Hi"), ("Message Body", "Hello: there\n\nBye")],
            ),
            (
                "Name : Max\nE-mail do Interessado: max@firma.example\nTel/WhatsApp: 11\n\n---\n\nDate: 02/12/2022\nPage URL: https://x.example/a",
                &[
                    ("Name", "Max"),
                    ("E-mail do Interessado", max),
                    ("Tel/WhatsApp", "11"),
                    ("Date", "02/12/2022"),
                    ("Page URL", "https://x.example/a"),
                ],
            ),
            (
                "Firma: Firma GmbH\nAdresse: Weg 1\n12345 Berlin\n\nIhre Nachricht: Bitte\num Rückruf\nWunschtermin: morgen\nE-Mail-Adresse: max@firma.example",
                &[
                    ("Firma", "Firma GmbH"),
                    ("Adresse", "Weg 1\n12345 Berlin"),
                    ("Ihre Nachricht", "Bitte\num Rückruf"),
                    ("Wunschtermin", "morgen"),
                    ("E-Mail-Adresse", max),
                ],
            ),
            ("De: Max\nTel: 11\nE-mail: max@firma.example", &[("name", "Max"), ("Tel", "11"), ("E-mail", max)]),
            ("Name: Max\nE-Mail:\nmax@firma.example\nFax: -", &[("Name", "Max"), ("E-Mail", max)]),
        ];
        for (text, pairs) in cases {
            let pairs: Vec<_> = pairs.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
            assert_eq!(of(text), pairs, "{text}");
        }
    }

    #[test]
    fn letters_are_no_forms() {
        for text in ["See https://firma.example/a\nTime: 10:30", "E-Mail: max@firma.example", ""] {
            assert_eq!(of(text), [], "{text}");
        }
        let unsigned = "Hello,\n\nplease call me.\n\nMax\nTel: 030 1234567\nWeb: www.firma.example";
        assert_eq!(find(unsigned, |_| true).map(|form| (form.leads, form.email)), Some((false, None)));
        assert_eq!(find("Name: Max\nE-Mail: a@b.example", |_| false), None);
        let signed = "Hello,\nwe need twelve.\nThanks\nMax\nTel: 030 1234567\nE-Mail: max@firma.example";
        assert_eq!(find(signed, |_| true).map(|form| form.leads), Some(false));
        assert_eq!(
            find("You have mail.\n\nName: Max\nE-Mail: a@b.example", |_| true).map(|form| form.leads),
            Some(true)
        );
    }
}
