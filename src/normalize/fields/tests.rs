//! What the canonical mapping promises.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::lead::Email;

fn read_with(pairs: &[(&str, &str)], spelling: &Spelling) -> Content {
    let context = Context { spelling, region: "DE", at: Timestamp::UNIX_EPOCH };
    content(pairs.iter().map(|(label, value)| Pair::new(*label, *value)).collect(), &context)
}

fn read(pairs: &[(&str, &str)]) -> Content {
    read_with(pairs, &Spelling::default())
}

#[test]
fn a_german_form_fills_every_canonical_place() {
    let content = read(&[
        ("Anrede", "Frau"),
        ("Vorname *", "Erika"),
        ("Nachname *", "Mustermann"),
        ("Ihre E-Mail-Adresse *", "Erika@Firma.Example"),
        ("Telefon", "030 / 12345678"),
        ("Firma", "Firma GmbH"),
        ("Position", "Einkauf"),
        ("Land", "Deutschland"),
        ("Website", "www.firma.example"),
        ("Betreff", "Anfrage"),
        ("Ihre Nachricht an uns", "Guten Tag,\r\nwir hätten gerne ein Angebot für 250 Lizenzen und eine Schulung."),
        ("Ich habe die Datenschutzerklärung gelesen", "Ja"),
        ("form_name", "Kontakt"),
        ("page_url", "https://www.firma.example/kontakt?utm_source=google&gclid=abc"),
        ("utm_medium", "cpc"),
        ("PLZ", "10115"),
    ]);
    let person = json!({
        "name": "Erika Mustermann", "given_name": "Erika", "family_name": "Mustermann", "emails": ["erika@firma.example"], "phones": ["+493012345678"],
        "company": "Firma GmbH", "domain": "firma.example", "job_title": "Einkauf", "website": "https://www.firma.example", "country": "DE", "language": "de",
    });
    assert_eq!(serde_json::to_value(&content.person).unwrap(), person);
    assert_eq!(content.subject.as_deref(), Some("Anfrage"));
    assert_eq!(
        content.text.as_deref(),
        Some("Guten Tag,\nwir hätten gerne ein Angebot für 250 Lizenzen und eine Schulung.")
    );
    assert_eq!(content.consent.unwrap().text, "Ich habe die Datenschutzerklärung gelesen: Ja");
    assert_eq!(content.form.as_deref(), Some("Kontakt"));
    assert_eq!(
        serde_json::to_value(&content.utm).unwrap(),
        json!({"source": "google", "medium": "cpc", "gclid": "abc"})
    );
    assert_eq!(serde_json::to_value(&content.fields).unwrap(), json!({"Anrede": "Frau", "PLZ": "10115"}));
    assert_eq!(content.from.as_deref(), Some("Erika Mustermann <Erika@Firma.Example>"));
    assert!(content.problems.is_empty(), "{:?}", content.problems);
}

#[test]
fn the_channels_own_spelling_wins() {
    let spelling = Spelling {
        fields: BTreeMap::from([("email".into(), vec!["Kontaktweg".into()]), ("message".into(), vec!["name".into()])]),
        ..Spelling::default()
    };
    let content =
        read_with(&[("email", "a@x.example"), ("kontaktweg", "b@x.example"), ("Name", "Hallo zusammen")], &spelling);
    assert_eq!(content.person.emails[0].as_str(), "b@x.example");
    assert_eq!((content.person.name, content.text.as_deref()), (None, Some("Hallo zusammen")));
}

#[test]
fn what_a_field_cannot_hold_stays_with_a_problem() {
    let content =
        read(&[("E-Mail", "max at firma"), ("Telefon", "abc 12"), ("Land", "Bayern"), ("Website", "kommt noch bald")]);
    assert!(content.person.emails.is_empty() && content.person.phones.is_empty() && content.person.country.is_none());
    assert_eq!(
        serde_json::to_value(&content.fields).unwrap(),
        json!({"E-Mail": "max at firma", "Telefon": "abc 12", "Land": "Bayern", "Website": "kommt noch bald"})
    );
    assert_eq!(content.problems.len(), 3, "{:?}", content.problems);
}

#[test]
fn a_second_value_goes_to_fields_and_equal_labels_become_an_array() {
    let content = read(&[
        ("Nachricht", "eins"),
        ("message", "zwei"),
        ("Interesse", "A"),
        ("Interesse", "B"),
        ("Interesse", "A"),
        ("Kommentar", "drei"),
    ]);
    assert_eq!(content.text.as_deref(), Some("eins"));
    assert_eq!(
        serde_json::to_value(&content.fields).unwrap(),
        json!({"message": "zwei", "Interesse": ["A", "B"], "Kommentar": "drei"})
    );
}

#[test]
fn several_addresses_are_kept_and_a_stray_one_is_found() {
    let content =
        read(&[("email", "a@x.example; b@x.example"), ("E-Mail 2", "c@x.example"), ("Empfohlen von", "d@x.example")]);
    assert_eq!(
        content.person.emails.iter().map(Email::as_str).collect::<Vec<_>>(),
        ["a@x.example", "b@x.example", "c@x.example"]
    );
    assert_eq!(content.fields["Empfohlen von"], "d@x.example");
    let content = read(&[("Wie erreichen wir Sie?", "d@x.example")]);
    assert_eq!(content.person.emails[0].as_str(), "d@x.example");
    assert!(content.fields.is_empty());
    let content = read(&[("name", "d@x.example")]);
    assert_eq!((content.person.emails.len(), content.person.name), (1, None));
    let content = read(&[("E-Mail", "Max Muster <max@x.example>")]);
    assert_eq!(
        (content.person.name.as_deref(), content.person.emails[0].as_str()),
        (Some("Max Muster"), "max@x.example")
    );
}

#[test]
fn a_number_is_read_for_the_country_the_form_names() {
    let content = read(&[("Téléphone", "06 12 34 56 78"), ("Pays", "France")]);
    assert_eq!(content.person.phones[0].as_str(), "+33612345678");
    let content = read(&[("Telefon", "030 12345678 Durchwahl 12")]);
    assert_eq!(content.person.phones[0].as_str(), "+493012345678");
    assert_eq!(content.fields["Telefon"], "030 12345678 Durchwahl 12");
    let content = read(&[("Telefon", "4.93012E+11")]);
    assert!(content.person.phones.is_empty() && content.problems[0].contains("spreadsheet"));
}

#[test]
fn a_number_is_read_for_the_country_that_the_rest_tells() {
    for (pairs, number) in [
        (&[("email", "zoe@fresh-fr.fr"), ("Téléphone", "06 55 44 33 22")][..], "+33655443322"),
        (&[("Telefoon", "06 12345678"), ("email", "jan@vers-nl.nl")], "+31612345678"),
        (&[("email", "zoe@fresh.com"), ("Telefon", "030 12345678")], "+493012345678"),
        // Letters that anybody takes for a name, and a number of ours.
        (&[("email", "zoe@fresh.io"), ("Telefon", "030 12345678")], "+493012345678"),
        (&[("email", "urs@frisch.ch"), ("Telefon", "030 12345678")], "+493012345678"),
        // The country of the form, then that of a number beside it, then that of the address.
        (&[("email", "zoe@fresh.nl"), ("tel", "06 55 44 33 22"), ("Pays", "France")], "+33655443322"),
        (&[("email", "zoe@fresh.nl"), ("Mobil", "06 55 44 33 22"), ("Telefon", "+33 1 42 27 78 30")], "+33655443322"),
        (&[("email", "zoe@fresh.nl"), ("Mobil", "06 55 44 33 22"), ("Telefon", "0033 1 42 27 78 30")], "+33655443322"),
        (&[("email", "zoe@fresh.fr"), ("Vorwahl", "06"), ("Telefon", "55 44 33 22")], "+33655443322"),
    ] {
        assert_eq!(read(pairs).person.phones[0].as_str(), number, "{pairs:?}");
    }
    // Nobody in the Netherlands has this number, so it is nobody's in Frankfurt either.
    let content = read(&[("Telefoon", "06 98765432"), ("email", "jan@vers-nl.nl")]);
    assert!(content.person.phones.is_empty() && content.fields["Telefoon"] == "06 98765432", "{content:?}");
    assert!(content.problems[0].contains("06 98765432"), "{:?}", content.problems);
}

#[test]
fn the_page_is_that_of_the_form_and_campaigns_come_from_both() {
    let landing = ("landing_page", "https://k.example/l?utm_source=bing&gclid=G1");
    let page = ("page_url", "https://k.example/kontakt?gclid=G2");
    for pairs in [[landing, page], [page, landing]] {
        let content = read(&pairs);
        assert_eq!(content.page.as_deref(), Some(page.1));
        assert_eq!(serde_json::to_value(&content.utm).unwrap(), json!({"source": "bing", "gclid": "G2"}));
        assert_eq!(serde_json::to_value(&content.fields).unwrap(), json!({"landing_page": landing.1}));
        let content = read(&[pairs[0], pairs[1], ("utm_source", "mail")]);
        assert_eq!((&*content.utm["source"], &*content.utm["gclid"]), ("mail", "G2"));
    }
    let content = read(&[landing]);
    assert_eq!((content.page.as_deref(), &*content.utm["gclid"]), (Some(landing.1), "G1"));
    assert!(content.fields.is_empty());
}

#[test]
fn the_form_of_address_is_kept_beside_the_name() {
    let content = read(&[("Name", "Frau Dr. Eva Muster")]);
    assert_eq!(
        (content.person.name.as_deref(), content.person.family_name.as_deref()),
        (Some("Dr. Eva Muster"), Some("Muster"))
    );
    assert_eq!(content.fields["salutation"], "Frau");
    let content = read(&[("Title", "Dr."), ("Name", "Eva Muster")]);
    assert_eq!((content.person.job_title, &content.fields["Title"]), (None, &json!("Dr.")));
}

#[test]
fn a_name_in_more_than_two_parts_is_one() {
    for (pairs, name) in [
        (&[("firstName", "Emil"), ("middleName", "Adolf"), ("lastName", "Behring")][..], "Emil Adolf Behring"),
        (&[("voornaam", "Anna"), ("tussenvoegsel", "van der"), ("achternaam", "Berg")], "Anna van der Berg"),
        (&[("nombre", "Lucía"), ("apellido1", "García"), ("apellido2", "Lorca")], "Lucía García Lorca"),
        (&[("name.given", "Adam"), ("name.family", "Ant")], "Adam Ant"),
        (&[("vname", "Eva"), ("nname", "Blau")], "Eva Blau"),
        (&[("VN", "Eva"), ("NN", "Blau")], "Eva Blau"),
        (&[("kontakt.nn", "Blau"), ("kontakt.vn", "Eva")], "Eva Blau"),
        (&[("name", "Eva Blau"), ("middle name", "Rosa")], "Eva Blau"),
    ] {
        let content = read(pairs);
        assert_eq!(content.person.name.as_deref(), Some(name), "{pairs:?}: {content:?}");
    }
}

#[test]
fn names_that_were_encoded_for_a_page_are_as_they_were_typed() {
    let content = read(&[
        ("Name", "J&uuml;rgen O&#039;Brien"),
        ("Firma", "J&uuml;rgen &amp; Söhne"),
        ("Nachricht", "5 &lt; 6 &amp; 7"),
        ("Betreff", "A &amp; B"),
    ]);
    assert_eq!(content.person.name.as_deref(), Some("Jürgen O'Brien"));
    assert_eq!(content.person.company.as_deref(), Some("Jürgen & Söhne"));
    assert_eq!((content.text.as_deref(), content.subject.as_deref()), (Some("5 &lt; 6 &amp; 7"), Some("A &amp; B")));
    assert!(content.fields.is_empty(), "{:?}", content.fields);
    assert_eq!(read(&[("Firma", "Schmidt & Co")]).person.company.as_deref(), Some("Schmidt & Co"));
}

#[test]
fn two_letters_alone_are_no_name() {
    let content = read(&[("email", "a@b.example"), ("vn", "Eva"), ("mn", "Blau")]);
    assert!(content.person.name.is_none() && content.fields["vn"] == "Eva", "{content:?}");
}

#[test]
fn consent_that_was_refused_is_none() {
    for refusal in ["0", "nein", "false", "No"] {
        let content = read(&[("datenschutz", refusal)]);
        assert!(content.consent.is_none() && content.fields["datenschutz"] == refusal, "{refusal}");
    }
    assert_eq!(read(&[("consent", "on")]).consent.unwrap().text, "consent: on");
}

#[test]
fn only_a_filled_trap_is_noise() {
    let spelling = Spelling { honeypot: Some("fax".into()), ..Spelling::default() };
    let trapped = |label: &str, value: &str| trap(&[Pair::new(label, value)], &spelling);
    assert_eq!(trapped("fax", "x").as_deref(), Some("the trap field `fax` was filled in"));
    assert!(trapped("data.Fax", "x").is_some());
    assert!(trapped("fax", " ").is_none() && trapped("telefax", "x").is_none());
    assert!(trap(&[Pair::new("fax", "x")], &Spelling::default()).is_none());
}

#[test]
fn more_fields_than_anybody_types_stand_in_the_original() {
    let many: Vec<Pair> = (0..300).map(|n| Pair::new(format!("k{n}x"), "v")).collect();
    let content = content(many, &Context { spelling: &Spelling::default(), region: "DE", at: Timestamp::UNIX_EPOCH });
    assert_eq!(content.fields.len(), 200);
    assert_eq!(content.problems, ["100 more values stand only in the original"]);
}

/// Letters and digits of a text, apart.
fn tokens(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
        .collect()
}

fn labels() -> impl Strategy<Value = String> {
    let known = [
        "email",
        "phone",
        "Name",
        "Vorname",
        "Nachname",
        "Firma",
        "Website",
        "Position",
        "title",
        "Betreff",
        "Nachricht",
        "comment",
        "consent",
        "form_name",
        "page",
        "url",
        "referrer",
        "utm_source",
        "gclid",
        "from",
        "Budget",
        "",
        "a.b",
        "salutation",
    ];
    prop_oneof![4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9äöüßÄÖÜéł.,;:/+()&\"'<> -]{0,40}",
        1 => "[a-z]{1,8}@[a-z]{1,8}\\.(de|example|com)",
        1 => "[A-Z][a-z]{1,8} <[a-z]{1,8}@[a-z]{1,8}\\.(de|com)>",
        1 => "(Herr |Frau |Dr\\. )?[A-Z][a-z]{1,8},? (von )?[A-Z]{1,8}",
        1 => "(https?://)?(www\\.)?[a-z]{1,9}\\.(de|com)(/[a-z]{0,5})?",
        1 => "(\\+49|0049|0)[ (]?[1-9][0-9]{1,3}[ )/-][0-9 ]{4,9}",
    ]
}

proptest! {
    #[test]
    fn every_typed_token_is_somewhere(pairs in proptest::collection::vec((labels(), values()), 0..12)) {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(label, value)| (&**label, &**value)).collect();
        let content = read(&pairs);
        let said = tokens(&serde_json::to_string(&content).unwrap().replace("\\\"", " ").replace("\\n", " ")).join(" ");
        let phones: String = content.person.phones.iter().map(|phone| phone.as_str().to_owned()).collect();
        for (label, value) in &pairs {
            // A number that became E.164 is spelled another way.
            let number = !crate::normalize::phone::read(value, "DE").phones.is_empty();
            for token in tokens(value) {
                let dialled = number && phones.contains(token.trim_start_matches('0'));
                prop_assert!(said.contains(&token) || dialled, "`{token}` of {label:?}={value:?} is lost: {content:?}");
            }
        }
    }

    #[test]
    fn absent_is_never_empty_text(pairs in proptest::collection::vec((labels(), "\\PC{0,20}"), 0..12)) {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(label, value)| (&**label, &**value)).collect();
        let json = serde_json::to_string(&read(&pairs)).unwrap();
        prop_assert!(!json.contains(":\"\""), "{json}");
    }
}
