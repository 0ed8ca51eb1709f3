//! How lines become pairs, and what is no form.

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
    assert_eq!(find("You have mail.\n\nName: Max\nE-Mail: a@b.example", |_| true).map(|form| form.leads), Some(true));
}

#[test]
fn letters_and_signatures_of_many_kinds_are_no_form_at_their_start() {
    for text in [
        "Hallo,\n\nder Termin: Montag passt.\n\nViele Grüße\nMax Muster\nMuster GmbH\nTelefon: 030 1234567\nE-Mail: max@firma.example",
        "Dear team,\nas discussed:\nPrice: 300\nDelivery: May\nRegards\nMax\nPhone: 1\nMail: max@firma.example",
        "Guten Tag,\n\nwir suchen einen Tisch.\nMaße: 2 m\nFarbe: rot\n\nMax",
    ] {
        assert!(find(text, |_| true).is_none_or(|form| !form.leads), "{text}");
    }
}

#[test]
fn a_letter_with_a_signature_stays_a_letter() {
    use crate::lead::Reading;
    use crate::normalize::Trust;

    for body in [
        "Content-Type: text/html\n\n<p>Hallo,<br>bitte rufen Sie an.</p><p><b>Max Muster</b><br>Einkauf<br>Tel: 030 1234567<br>E-Mail: max@firma.example</p>",
        "\nHallo,\nbitte rufen Sie an.\nTel: 030 1234567\nE-Mail: max@firma.example",
        "\nHallo,\n\nTermin: Montag\nOrt: Berlin\n\nMax Muster\nTel: 030 1234567\nE-Mail: max@firma.example",
    ] {
        let mail = format!("From: Max Muster <max@firma.example>\nSubject: Termin\n{body}");
        let Reading::Lead(content) =
            super::super::read(mail.as_bytes(), &super::super::tests::reader(), &[], Trust::Usual)
        else {
            panic!("{mail}")
        };
        let by = content.authorship.unwrap().reason;
        assert!(by.contains("From"), "{by}: {mail}");
        assert_eq!(content.person.phones[0].as_str(), "+49301234567", "{mail}");
    }
}

/// A value that a person might have typed: words without what would make it a label.
fn typed() -> impl proptest::strategy::Strategy<Value = String> {
    proptest::string::string_regex("[A-Za-zäöü]{1,12}( [a-z0-9,]{1,12}){0,6}").unwrap()
}

proptest::proptest! {
    #[test]
    fn no_value_of_a_form_is_dropped(
        values in proptest::collection::vec(typed(), 3),
        message in proptest::collection::vec(typed(), 1..5),
        between in proptest::prelude::prop::sample::select(vec![": ", "\t", " = ", ":\n"]),
    ) {
        let [name, product, city] = &values[..] else { panic!() };
        let text = format!(
            "Name{between}{name}\nE-Mail{between}max@firma.example\nProdukt{between}{product}\nStadt{between}{city}\nNachricht{between}{}",
            message.join("\n")
        );
        let form = find(&text, |_| true).expect("a form");
        let said = format!("{}\n{}", form.pairs.iter().map(|pair| pair.value.as_str().unwrap()).collect::<Vec<_>>().join("\n"), form.rest.unwrap_or_default());
        for value in values.iter().chain(&message) {
            proptest::prop_assert!(said.contains(value.trim()), "{value} is not in {said} of {text}");
        }
    }

    #[test]
    fn any_text_is_scanned(text in "(?s).{0,400}") {
        drop(find(&text, |_| true));
        drop(find(&text.replace(' ', ": "), |_| true));
    }
}

#[test]
fn a_value_that_is_also_the_name_of_a_field_is_a_value() {
    let text = "Name:\nMax\nE-Mail:\nmax@firma.example\nProdukt:\nTelefon\nStadt:\nBerlin\nNachricht:\nHallo";
    let found = of(text);
    assert!(found.contains(&("Produkt".to_owned(), "Telefon".to_owned())), "{found:?}");
    let empty = "Name\nMax\nE-Mail\nmax@firma.example\nProdukt\nTelefon\n030 1234567\nNachricht\nHallo";
    let found = of(empty);
    assert!(found.contains(&("Telefon".to_owned(), "030 1234567".to_owned())), "{found:?}");
}
