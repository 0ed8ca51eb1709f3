//! What the stage promises for every kind of item but mail.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

fn reader() -> Reader {
    let website = Spelling {
        fields: BTreeMap::from([("message".into(), vec!["wunsch".into()])]),
        honeypot: Some("fax".into()),
        ..Spelling::default()
    };
    Reader {
        domains: vec!["firma.example".into()],
        country: "DE".into(),
        spellings: HashMap::from([(Name::parse("website").unwrap(), website)]),
        ..Reader::default()
    }
}

fn inbound(kind: Kind, content_type: &str, bytes: &[u8], delivery: Delivery) -> Inbound {
    Inbound {
        channel: Name::parse("website").unwrap(),
        kind,
        received_at: Timestamp::UNIX_EPOCH,
        source: "test".into(),
        delivery,
        original: Original { content_type: content_type.into(), headers: BTreeMap::new(), bytes: bytes.to_vec() },
        place: None,
        quiet: false,
    }
}

fn read(kind: Kind, content_type: &str, bytes: &[u8], trust: Trust) -> Reading {
    reader().read(&inbound(kind, content_type, bytes, Delivery::Unique), trust).of_a_stranger()
}

fn lead(reading: Reading) -> Content {
    match reading {
        Reading::Lead(content) => *content,
        other => panic!("{other:?}"),
    }
}

const URLENCODED: &str = "application/x-www-form-urlencoded";

#[test]
fn the_same_form_reads_alike_however_it_is_sent() {
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"your-email\"\r\n\r\nmax@kunde.example\r\n--b\r\nContent-Disposition: form-data; \
                     name=\"Wunsch\"\r\n\r\nEin Angebot\r\n--b--\r\n";
    let bodies = [
        ("application/json", r#"{"your-email":"max@kunde.example","Wunsch":"Ein Angebot"}"#),
        ("text/plain; charset=utf-8", r#"{"your-email":"max@kunde.example","Wunsch":"Ein Angebot"}"#),
        ("", r#"{"your-email":"max@kunde.example","Wunsch":"Ein Angebot"}"#),
        (URLENCODED, r#"{"your-email":"max@kunde.example","Wunsch":"Ein Angebot"}"#),
        (URLENCODED, "your-email=max%40kunde.example&Wunsch=Ein+Angebot"),
        ("text/plain", "your-email=max@kunde.example\r\nWunsch=Ein Angebot\r\n"),
        ("text/plain;charset=UTF-8", "your-email=max%40kunde.example&Wunsch=Ein+Angebot"),
        ("text/plain;charset=UTF-8", "your-email=max@kunde.example&Wunsch=Ein Angebot"),
        ("multipart/form-data; boundary=b", multipart),
        (
            "application/vnd.x+json",
            r#"{"data":{"fields":[{"label":"your-email","value":"max@kunde.example"},{"label":"Wunsch","value":"Ein Angebot"}]}}"#,
        ),
    ];
    for (content_type, body) in bodies {
        let content = lead(read(Kind::Form, content_type, body.as_bytes(), Trust::Usual));
        assert_eq!(content.person.emails[0].as_str(), "max@kunde.example", "{content_type}");
        assert_eq!(content.text.as_deref(), Some("Ein Angebot"), "{content_type}");
        assert!(content.fields.is_empty() && content.problems.is_empty(), "{content_type}: {content:?}");
    }
}

#[test]
fn a_plain_text_is_read_by_its_labels_or_is_the_message() {
    let content = |body: &str| lead(read(Kind::Form, "text/plain", body.as_bytes(), Trust::Usual));
    let labelled = content(
        "Name: Max Muster\nE-Mail: max@kunde.example\nTelefon: 030 1234567\nNachricht: Ein Angebot\nbitte = bald",
    );
    assert_eq!(labelled.person.name.as_deref(), Some("Max Muster"));
    assert_eq!(labelled.person.emails[0].as_str(), "max@kunde.example");
    assert_eq!(labelled.person.phones[0].as_str(), "+49301234567");
    assert_eq!(labelled.text.as_deref(), Some("Ein Angebot\nbitte = bald"));
    let unlabelled = content("Name: Max\nE-Mail: max@kunde.example\n\nBitte ein Angebot.");
    assert_eq!(unlabelled.person.name.as_deref(), Some("Max"));
    assert!(unlabelled.text.as_deref().unwrap().contains("Bitte ein Angebot."));
    for text in [
        "Hallo,\nbitte ein Angebot für 12 = 3 * 4 Stück an max@kunde.example\noder Tel. 030 1234567.\nMax Muster",
        "Name und Adresse folgen & sind = geheim. max@kunde.example, rufen Sie mich an: 030 1234567",
        "max@kunde.example\n\nTel.: 030 1234567",
    ] {
        let letter = content(text);
        assert_eq!(letter.person.emails.iter().map(Email::as_str).collect::<Vec<_>>(), ["max@kunde.example"], "{text}");
        assert_eq!(letter.person.phones.len(), 1, "{text}");
        assert_eq!((letter.person.name, letter.text.as_deref()), (None, Some(text)));
        assert!(letter.fields.is_empty(), "{text}: {:?}", letter.fields);
    }
    let two = content("please answer to max@kunde.example and eva@kunde.example");
    assert_eq!((two.person.emails.len(), two.problems.len()), (1, 1));
}

#[test]
fn a_message_that_holds_the_whole_form_is_opened_up() {
    let content = |body: &str| lead(read(Kind::Form, "application/json", body.as_bytes(), Trust::Usual));
    let told =
        content(r#"{"text":"Name: Ida Falk\nE-Mail: ida@falk.example\nTelefon: 030 901820\nNachricht: Ein Angebot"}"#);
    assert_eq!(told.person.name.as_deref(), Some("Ida Falk"));
    assert_eq!((told.person.emails[0].as_str(), told.text.as_deref()), ("ida@falk.example", Some("Ein Angebot")));
    let own = content(r#"{"email":"ida@falk.example","message":"Name: the roof\nE-Mail: a@b.example\nNachricht: x"}"#);
    assert_eq!((own.person.emails[0].as_str(), own.person.name), ("ida@falk.example", None));
    assert!(own.text.unwrap().starts_with("Name: the roof"));
}

#[test]
fn what_cannot_be_read_says_where_and_a_released_one_is_a_lead() {
    let cases: [(Kind, &str, &[u8], &str); 7] = [
        (Kind::Form, "application/json", br#"{"email":"a@b.cc","#, "line 1, column 18"),
        (Kind::Form, "application/json", b"{}", "the form is empty"),
        (Kind::Form, URLENCODED, b"a=&b=", "the form is empty"),
        (Kind::Form, "text/plain", b"{hello there", "line 1, column 2"),
        (Kind::Form, "image/png", b"x", "`image/png` carries no form"),
        (Kind::Row, "application/json", b"[]", "the row is empty"),
        (Kind::Manual, "application/json", b"7", "no form"),
    ];
    for (kind, content_type, body, why) in cases {
        let Reading::Unclear(reason) = read(kind, content_type, body, Trust::Usual) else { panic!("{why}") };
        assert!(reason.contains(why), "{reason}");
        let content = lead(read(kind, content_type, body, Trust::Released));
        assert_eq!(content.text.as_deref(), Some(&*String::from_utf8_lossy(body)));
        assert!(content.problems[0].contains(why));
    }
    let content = lead(read(Kind::Form, "application/json", br#"{"email":"a@kunde.example","#, Trust::Released));
    assert_eq!(content.person.emails[0].as_str(), "a@kunde.example");
}

#[test]
fn a_filled_trap_is_noise_until_it_is_released() {
    let body = br#"{"email":"a@kunde.example","fax":"x"}"#;
    assert_eq!(
        read(Kind::Form, "application/json", body, Trust::Usual),
        Reading::Noise("the trap field `fax` was filled in".into())
    );
    let content = lead(read(Kind::Form, "application/json", body, Trust::Released));
    assert_eq!((content.person.emails.len(), &content.fields["fax"]), (1, &"x".into()));
}

#[test]
fn our_own_people_are_no_leads_by_mail_and_taken_as_typed_elsewhere() {
    let mail = |from: &str| format!("From: {from}\r\nSubject: Hello\r\n\r\nHello\r\n").into_bytes();
    for from in ["anna@firma.example", "anna@berlin.firma.example"] {
        let Reading::Noise(why) = read(Kind::Mail, "message/rfc822", &mail(from), Trust::Usual) else {
            panic!("{from}")
        };
        assert!(why.contains("organisation.domains") && why.contains("lotse intake release ID"), "{why}");
        lead(read(Kind::Mail, "message/rfc822", &mail(from), Trust::Released));
    }
    lead(read(Kind::Mail, "message/rfc822", &mail("a@unsere-firma.example"), Trust::Usual));
    lead(read(Kind::Form, URLENCODED, b"email=anna@firma.example", Trust::Usual));
}

#[test]
fn the_country_comes_from_the_number_where_nobody_names_one() {
    let country = |body: &[u8]| lead(read(Kind::Form, URLENCODED, body, Trust::Usual)).person.country;
    assert_eq!(country(b"email=a@b.example&phone=030 12345678").as_deref(), Some("DE"));
    assert_eq!(country(b"email=a@b.example&phone=%2B43 1 5134000").as_deref(), Some("AT"));
    assert_eq!(country(b"email=a@b.example&phone=030 12345678&land=Schweiz").as_deref(), Some("CH"));
    assert_eq!(country(b"email=a@b.example"), None);
}

#[test]
fn a_mail_without_its_text_says_so() {
    let mail = b"From: a@kunde.example\r\nSubject: Big\r\n\r\n";
    let content = lead(read(Kind::Mail, "message/rfc822; truncated=yes", mail, Trust::Usual));
    assert!(content.problems.iter().any(|problem| problem.contains("too large")), "{:?}", content.problems);
}

#[test]
fn rows_and_entries_by_hand_are_read_by_the_same_labels() {
    let row = br#"[["Nr.","7"],["Nachname","Muster"],["Vorname","Eva"],["E-Mail",""],["Telefon","030 12345678"]]"#;
    let content = lead(read(Kind::Row, "application/json", row, Trust::Usual));
    assert_eq!(
        (content.person.name.as_deref(), content.person.phones[0].as_str()),
        (Some("Eva Muster"), "+493012345678")
    );
    assert_eq!(content.fields["Nr."], "7");
    let content =
        lead(read(Kind::Manual, "", br#"{"email":"a@kunde.example","job_title":"CEO","budget":5000}"#, Trust::Usual));
    assert_eq!((content.person.job_title.as_deref(), &content.fields["budget"]), (Some("CEO"), &5000.into()));
}

#[test]
fn a_row_of_sums_is_nobodys_until_it_is_released() {
    let row = br#"[["Name","Summe"],["E-Mail",""],["Umsatz","4.200,00"]]"#;
    let Reading::Noise(why) = read(Kind::Row, "application/json", row, Trust::Usual) else { panic!("a lead") };
    assert!(why.contains("a row of sums (`Summe`)"), "{why}");
    lead(read(Kind::Row, "application/json", row, Trust::Released));
    lead(read(Kind::Form, "application/json", br#"{"betrag":"4200"}"#, Trust::Usual));
}

#[test]
fn the_page_a_browser_names_is_the_page_of_the_form() {
    let mut item = inbound(Kind::Form, URLENCODED, b"email=a@kunde.example", Delivery::Unique);
    item.original.headers.insert("referer".into(), "https://www.firma.example/kontakt".into());
    let content = lead(reader().read(&item, Trust::Usual));
    assert_eq!(content.page.as_deref(), Some("https://www.firma.example/kontakt"));
    assert_eq!(content.headers["referer"], "https://www.firma.example/kontakt");
}

#[test]
fn repetitions_have_one_identity_and_nothing_else_has() {
    let window = SignedDuration::from_mins(10);
    let key = |content_type: &str, bytes: &[u8], delivery: Delivery| {
        identity(&inbound(Kind::Form, content_type, bytes, delivery))
    };
    assert_eq!(key("", b"a", Delivery::Named("7".into())), key("x/y", b"b", Delivery::Named("7".into())));
    assert_ne!(key("", b"a", Delivery::Named("7".into())), key("", b"a", Delivery::Named("8".into())));
    let content = |content_type: &str, bytes: &[u8]| key(content_type, bytes, Delivery::Content(window));
    assert_eq!(content("a/b", b"x"), content("c/d", b"x"));
    assert_ne!(content("a/b", b"x"), content("a/b", b"y"));
    assert_eq!(content("a/b", b"x").window, Some(window));
    let form = |boundary: &str, value: &str| {
        let body =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{value}\r\n--{boundary}--\r\n");
        content(&format!("multipart/form-data; boundary={boundary}"), body.as_bytes())
    };
    assert_eq!(form("one", "1"), form("two", "1"));
    assert_ne!(form("one", "1"), form("one", "2"));
    assert_ne!(key("", b"a", Delivery::Unique), key("", b"a", Delivery::Unique));
    let mut other = inbound(Kind::Form, "", b"x", Delivery::Content(window));
    other.channel = Name::parse("other").unwrap();
    assert_ne!(identity(&other), content("", b"x"));
}

#[test]
fn receivers_refuse_only_what_can_be_no_form() {
    use form::{BodyFault, check, items};
    let cases: [(&str, &[u8], Result<(), BodyFault>); 10] = [
        ("application/json", b" \r\n", Err(BodyFault::Empty)),
        ("multipart/form-data; boundary=b", b"", Err(BodyFault::Empty)),
        ("application/json", b"\x89PNG\r\n\x1a\n\0", Err(BodyFault::Binary)),
        (URLENCODED, b"a=\0\x01", Err(BodyFault::Binary)),
        ("image/png", b"x", Err(BodyFault::UnsupportedType)),
        ("application/xml", b"<a/>", Err(BodyFault::UnsupportedType)),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n\0\x01\x02\r\n--b--", Ok(())),
        ("application/json", b"{broken", Ok(())),
        (URLENCODED, b"name=J\xf6rg", Ok(())),
        ("Application/JSON; charset=UTF-8", b"{}", Ok(())),
    ];
    for (content_type, bytes, expected) in cases {
        assert_eq!(check(content_type, bytes), expected, "{content_type} {bytes:?}");
    }
    let raw = |items: Option<Vec<Box<serde_json::value::RawValue>>>| {
        items.map(|items| items.iter().map(|item| item.get().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(
        raw(items("application/json", br#" [{"a": 1.50}, {"b":[2]}] "#).unwrap()),
        Some(vec![r#"{"a": 1.50}"#.into(), r#"{"b":[2]}"#.into()])
    );
    assert_eq!(raw(items("application/json", b"[]").unwrap()), Some(Vec::new()));
    for body in [&br#"{"a":1}"#[..], b"[1,", br#"[{"name":"email","value":"x"},{"name":"m","value":"y"}]"#] {
        assert_eq!(raw(items("application/json", body).unwrap()), None);
    }
    assert_eq!(raw(items("multipart/form-data", b"[1]").unwrap()), None);
    let array = |count: usize| format!("[{}]", vec!["{}"; count].join(",")).into_bytes();
    assert_eq!(items("application/json", &array(1000)).unwrap().map(|items| items.len()), Some(1000));
    assert_eq!(items("application/json", &array(1001)).unwrap_err(), BodyFault::TooMany);
}

fn content_types() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "application/json",
        "text/plain",
        URLENCODED,
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "",
        "x/y",
        "text/plain; charset=utf-16",
    ])
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(kind in 0..4_usize, content_type in content_types(), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let kind = [Kind::Form, Kind::Chat, Kind::Row, Kind::Manual][kind];
        let released = read(kind, content_type, &bytes, Trust::Released);
        prop_assert!(matches!(released, Reading::Lead(_)));
        drop(read(kind, content_type, &bytes, Trust::Usual));
        prop_assert_eq!(form::check(content_type, &bytes).is_ok() && form::items(content_type, &bytes).is_err(), false);
    }

    #[test]
    fn no_text_makes_reading_panic(content_type in content_types(), text in "([\\[\\]{}:,\"\\\\&=;%+-]|--b|\r\n|name|email|\\PC){0,60}") {
        drop(read(Kind::Form, content_type, text.as_bytes(), Trust::Usual));
        drop(html::to_text(&text));
        drop(email::parse_mailbox(&text));
        drop(phone::read(&text, "DE"));
        drop(phone::find(&text, "DE"));
        drop(person::split(&text));
        drop(company::website(&text));
    }
}

#[test]
fn a_form_tells_where_it_came_from_by_its_page_and_its_address() {
    let mut post =
        inbound(Kind::Form, "application/json", br#"{"email":"a@b.example","utm_term":"roof"}"#, Delivery::Unique);
    post.original.headers = [
        ("referer".to_owned(), "https://www.example.com/k?utm_source=ad&gclid=g1".to_owned()),
        ("x-query".to_owned(), "utm_medium=mail&utm_term=other&x=1".to_owned()),
    ]
    .into();
    let Reading::Lead(content) = Reader::default().read(&post, Trust::Usual) else { panic!() };
    assert_eq!(content.page.as_deref(), Some("https://www.example.com/k?utm_source=ad&gclid=g1"));
    let utm: Vec<_> = content.utm.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(utm, [("gclid", "g1"), ("medium", "mail"), ("source", "ad"), ("term", "roof")]);
    assert!(content.fields.is_empty(), "{:?}", content.fields);
}
