//! Each provider's posts, from the bytes to the lead: their shapes as the providers' files tell them, with
//! people and values of our own.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{PROVIDERS, Provider, find};
use crate::channels::webhook::mail_in;
use crate::config;
use crate::lead::{Content, Delivery, Email, Inbound, Kind, Name, Original, Reading};
use crate::normalize::{Reader, Trust};

/// A post as the public side hands it in: of a mail gateway the mail that is in it.
fn inbound(provider: &str, content_type: &str, body: &str) -> Inbound {
    let gateway = find(provider).and_then(|provider| mail_in(provider, content_type, body.as_bytes()));
    let kind = if gateway.is_some() { Kind::Mail } else { find(provider).map_or(Kind::Form, |provider| provider.kind) };
    let body = gateway.unwrap_or_else(|| body.as_bytes().to_vec());
    let original = Original { content_type: content_type.into(), headers: BTreeMap::new(), bytes: body };
    Inbound {
        channel: Name::parse("forms").unwrap(),
        kind,
        received_at: Timestamp::UNIX_EPOCH,
        source: String::new(),
        delivery: if kind == Kind::Mail { Delivery::Mail } else { Delivery::Content(SignedDuration::from_mins(10)) },
        original,
        place: None,
        quiet: true,
    }
}

fn reader(provider: &str) -> Reader {
    let secret = if find(provider).is_some_and(|provider| provider.always_signs) { "secret = \"00ff\"\n" } else { "" };
    let text = format!("[channels.forms]\nkind = \"webhook\"\nprovider = \"{provider}\"\n{secret}");
    let loaded = config::parse(&text, None);
    Reader::new(&loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.problems)))
}

pub(super) fn reading(provider: &str, content_type: &str, body: &str) -> Reading {
    reader(provider).read(&inbound(provider, content_type, body), Trust::Usual)
}

pub(super) fn lead(provider: &str, content_type: &str, body: &str) -> Content {
    match reading(provider, content_type, body) {
        Reading::Lead(content) => *content,
        other => panic!("{provider}: {other:?}"),
    }
}

pub(super) fn json(provider: &str, body: &str) -> Content {
    lead(provider, "application/json", body)
}

pub(super) fn who(content: &Content) -> (Option<&str>, Option<&str>) {
    (content.person.name.as_deref(), content.person.emails.first().map(Email::as_str))
}

/// The identity's key of a post.
pub(super) fn key(provider: &str, content_type: &str, body: &str) -> String {
    reader(provider).identity(&inbound(provider, content_type, body)).key
}

#[test]
fn every_provider_has_a_name_steps_and_a_sample_that_reads() {
    let mut names: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), PROVIDERS.len());
    for Provider { schema, sample: (content_type, body), steps, .. } in PROVIDERS {
        let provider = schema.provider;
        assert!(steps.contains("{url}"), "{provider}");
        let content = lead(provider, content_type, body);
        assert_eq!(who(&content), (Some("Erika Muster"), Some("erika@firma.example")), "{provider}: {content:?}");
        if provider != "squarespace" {
            assert!(content.text.as_deref().unwrap().starts_with("Please send me"), "{provider}: {content:?}");
        }
        assert_eq!(content.problems, [""; 0], "{provider}");
    }
}

#[test]
fn a_delivery_is_known_by_the_providers_own_id() {
    for Provider { schema, sample: (content_type, body), delivery, .. } in
        PROVIDERS.into_iter().filter(|provider| provider.mail.is_none())
    {
        let provider = schema.provider;
        let named = |id: &str| key(provider, content_type, &body.replace("{id}", id));
        if body.contains("{id}") {
            assert_eq!(named("1"), named("1"), "{provider}");
            assert_ne!(named("1"), named("2"), "{provider}");
            assert!(named("1").contains("\0named\0"), "{provider}");
            // What else is said does not count.
            if provider != "formspree" {
                let other = body.replace("{id}", "1").replace("Erika", "Erich");
                assert_eq!(named("1"), key(provider, content_type, &other), "{provider}");
            }
        } else {
            assert!(named("1").contains("\0content\0"), "{provider}: {delivery:?}");
        }
    }
}

#[test]
fn a_body_of_another_kind_is_read_as_anybodys() {
    for provider in PROVIDERS {
        let body = r#"{"name":"Max Muster","email":"max@firma.example","message":"Hello there","extra":"x"}"#;
        let content = json(provider.name(), body);
        assert_eq!(who(&content), (Some("Max Muster"), Some("max@firma.example")), "{provider:?}");
        assert_eq!(content.text.as_deref(), Some("Hello there"), "{provider:?}");
        assert_eq!(content.fields["extra"], "x", "{provider:?}");
    }
}

#[test]
fn tests_and_news_of_other_things_are_no_leads() {
    for (provider, body) in [
        (
            "typeform",
            r#"{"event_id":"1","event_type":"form_response_partial","form_response":{"token":"t","answers":[{"type":"text","text":"Max","field":{"id":"a","ref":"name","type":"short_text"}}]}}"#,
        ),
        ("tally", r#"{"eventId":"1","eventType":"FORM_UPDATED","data":{"email":"a@b.example"}}"#),
        ("webflow", r#"{"triggerType":"site_publish","payload":{"domain":["a.example"]}}"#),
        ("squarespace", r#"{"id":"1","topic":"contact.delete","data":{"email":"a@b.example"}}"#),
        ("squarespace", r#"{"id":"1","topic":"order.create","data":{"orderId":"a"}}"#),
        ("generic", r#"{"is_test":true,"email":"a@b.example"}"#),
    ] {
        let reading = reading(provider, "application/json", body);
        assert!(matches!(reading, Reading::Noise(_)), "{provider}: {reading:?}");
    }
}

#[test]
fn a_ticked_box_is_kept_with_its_title() {
    for (provider, body) in [
        (
            "typeform",
            r#"{"event_type":"form_response","form_response":{"form_id":"f","definition":{"fields":[
                {"id":"1","ref":"r1","type":"email","title":"E-Mail"},{"id":"2","ref":"r2","type":"legal","title":"Datenschutz"}]},
                "answers":[{"type":"email","email":"t@firma.example","field":{"id":"1","ref":"r1","type":"email"}},
                {"type":"boolean","boolean":true,"field":{"id":"2","ref":"r2","type":"legal"}}]}}"#,
        ),
        (
            "webflow",
            r#"{"triggerType":"form_submission","payload":{"name":"Contact","data":{"Email":"t@firma.example","Datenschutz":"on"}}}"#,
        ),
        (
            "elementor",
            r#"{"form":{"id":"7"},"fields":{"email":{"id":"email","type":"email","title":"E-Mail","value":"t@firma.example"},
                "field_3":{"id":"field_3","type":"acceptance","title":"Datenschutz","value":"on"}}}"#,
        ),
    ] {
        let content = json(provider, body);
        let text = content.consent.map(|consent| consent.text).unwrap_or_default();
        assert!(text.starts_with("Datenschutz: "), "{provider}: {text}");
    }
}

#[test]
fn typeform_answers_are_read_by_question_type_and_reference() {
    let body = r#"{"event_id":"e","event_type":"form_response","form_response":{"form_id":"f","token":"t",
      "hidden":{"utm_source":"ad","gclid":"g1"},
      "definition":{"title":"Enquiry","fields":[
        {"id":"1","ref":"r1","type":"short_text","title":"Hi! What's your *first name*?"},
        {"id":"2","ref":"r2","type":"short_text","title":"And your last name, {{field:r1}}?"},
        {"id":"3","ref":"r3","type":"phone_number","title":"Where do we reach you?"},
        {"id":"4","ref":"r4","type":"multiple_choice","title":"Interests"},
        {"id":"5","ref":"r5","type":"legal","title":"Do you accept our terms?"},
        {"id":"6","ref":"r6","type":"dropdown","title":"Size"}]},
      "answers":[
        {"type":"text","text":"Anna","field":{"id":"1","ref":"r1","type":"short_text"}},
        {"type":"text","text":"Berg","field":{"id":"2","ref":"r2","type":"short_text"}},
        {"type":"phone_number","phone_number":"+4930901820","field":{"id":"3","ref":"r3","type":"phone_number"}},
        {"type":"choices","choices":{"labels":["Roof","Wall"],"other":"Door"},"field":{"id":"4","ref":"r4","type":"multiple_choice"}},
        {"type":"boolean","boolean":true,"field":{"id":"5","ref":"r5","type":"legal"}},
        {"type":"choice","choice":{"label":"Large"},"field":{"id":"6","ref":"r6","type":"dropdown"}}]}}"#;
    let content = json("typeform", body);
    assert_eq!(content.person.name.as_deref(), Some("Anna Berg"));
    assert_eq!(content.person.phones[0].as_str(), "+4930901820");
    assert_eq!(content.form.as_deref(), Some("Enquiry"));
    assert_eq!((content.utm["source"].as_str(), content.utm["gclid"].as_str()), ("ad", "g1"));
    assert_eq!(content.fields["Interests"], serde_json::json!(["Roof", "Wall", "Door"]));
    assert_eq!(content.fields["Size"], "Large");
    assert_eq!(content.consent.unwrap().text, "Do you accept our terms?: true");
}

#[test]
fn the_parts_of_a_typeform_block_are_known_by_their_keys() {
    let part = |id: &str, title: &str, key: &str| {
        format!(r#"{{"id":"{id}","ref":"r-{id}","title":"{title}","subfield_key":"{key}","type":"short_text"}}"#)
    };
    let contact = [
        part("s1", "Vorname", "first_name"),
        part("s2", "Wie noch?", "last_name"),
        part("s3", "Nummer", "phone_number"),
        part("s4", "Wohin?", "email"),
        part("s5", "Für wen?", "company"),
    ];
    let address = [
        part("a1", "Straße", "address"),
        part("a2", "Ort", "city"),
        part("a3", "PLZ", "zip_code"),
        part("a4", "Wo?", "country"),
    ];
    let answer = |id: &str, kind: &str, value: &str| {
        format!(r#"{{"type":"{kind}","{kind}":"{value}","field":{{"id":"{id}","ref":"r-{id}","type":"{kind}"}}}}"#)
    };
    let answers = [
        answer("s1", "text", "Anna"),
        answer("s2", "text", "Berg"),
        answer("s3", "phone_number", "+4930901820"),
        answer("s4", "email", "anna@berg.example"),
        answer("s5", "text", "Berg GmbH"),
        answer("a1", "text", "Weg 1"),
        answer("a2", "text", "Wien"),
        answer("a3", "text", "1010"),
        answer("a4", "text", "Austria"),
    ];
    let body = |title: &str| {
        format!(
            r#"{{"event_id":"e","event_type":"form_response","form_response":{{"definition":{{"fields":[
            {{"id":"g","ref":"rg","type":"group","title":"{title}","properties":{{"fields":[
                {{"id":"c","ref":"rc","type":"contact_info","properties":{{"fields":[{}]}}}}]}}}},
            {{"id":"d","ref":"rd","type":"address","title":"Address","properties":{{"fields":[{}]}}}}]}},"answers":[{}]}}}}"#,
            contact.join(","),
            address.join(","),
            answers.join(",")
        )
    };
    let content = json("typeform", &body("About you"));
    let person = &content.person;
    assert_eq!(who(&content), (Some("Anna Berg"), Some("anna@berg.example")));
    assert_eq!((person.given_name.as_deref(), person.family_name.as_deref()), (Some("Anna"), Some("Berg")));
    assert_eq!((person.phones[0].as_str(), person.company.as_deref()), ("+4930901820", Some("Berg GmbH")));
    assert_eq!(person.country.as_deref(), Some("AT"));
    let rest: Vec<_> = content.fields.iter().map(|(label, value)| (&**label, value.as_str().unwrap())).collect();
    assert_eq!(rest, [("Straße", "Weg 1"), ("Ort", "Wien"), ("PLZ", "1010")]);
}

#[test]
fn tally_choices_are_told_in_words_and_boxes_once() {
    let body = r#"{"eventId":"e","eventType":"FORM_RESPONSE","data":{"formName":"Start","fields":[
        {"key":"question_a","label":"Nom","type":"INPUT_TEXT","value":"Zoé Petit"},
        {"key":"question_b","label":"Coordonnées","type":"INPUT_EMAIL","value":"zoe@firme.example"},
        {"key":"question_c","label":"Services","type":"CHECKBOXES","value":["o1","o2"],"options":[{"id":"o1","text":"Conseil"},{"id":"o2","text":"Audit"}]},
        {"key":"question_c_o1","label":"Services (Conseil)","type":"CHECKBOXES","value":true},
        {"key":"question_d","label":"Votre projet","type":"TEXTAREA","value":"Un portail"},
        {"key":"question_e","label":"utm_campaign","type":"HIDDEN_FIELDS","value":"mai"}]}}"#;
    let content = json("tally", body);
    assert_eq!(who(&content), (Some("Zoé Petit"), Some("zoe@firme.example")));
    assert_eq!(content.text.as_deref(), Some("Un portail"));
    assert_eq!(content.fields["Services"], serde_json::json!(["Conseil", "Audit"]));
    assert!(!content.fields.contains_key("Services (Conseil)"), "{:?}", content.fields);
    assert_eq!((content.utm["campaign"].as_str(), content.form.as_deref()), ("mai", Some("Start")));
}

#[test]
fn jotform_answers_have_their_labels_and_their_parts() {
    let raw = r#"{"slug":"submit/1","q3_name":{"first":"Ida","last":"Holm"},"q4_email":"ida@holm.example","q5_phone":{"area":"030","phone":"901820"},"q6_3What6":"A roof","q7_typeA7":"Two lines,\nof text","jsExecutionTracker":"x","temp_upload":{"a":["b"]}}"#;
    let pretty = "Name:Ida Holm, E-mail:ida@holm.example, Phone:030 901820, 3. What do you need, roughly?:A roof, Anything else:Two lines,\nof text";
    let form = |raw: &str| {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("formTitle", "Contact us")
            .append_pair("pretty", pretty)
            .append_pair("rawRequest", raw)
            .finish()
    };
    let content = lead("jotform", "application/x-www-form-urlencoded", &form(raw));
    assert_eq!(who(&content), (Some("Ida Holm"), Some("ida@holm.example")));
    assert_eq!(content.person.phones[0].as_str(), "+4930901820");
    assert_eq!(content.fields["What do you need, roughly?"], "A roof");
    assert_eq!(content.text.as_deref(), Some("Two lines,\nof text"));
    assert_eq!(content.form.as_deref(), Some("Contact us"));
    assert!(!content.fields.contains_key("jsExecutionTracker") && !content.fields.contains_key("slug"));
    // JSON that does not parse leaves the line of text.
    let broken = lead("jotform", "application/x-www-form-urlencoded", &form("{\"q3_name"));
    assert_eq!(broken.person.emails[0].as_str(), "ida@holm.example");
    assert_eq!(broken.person.name.as_deref(), Some("Ida Holm"));
}

#[test]
fn jotforms_labels_are_never_mixed_with_values() {
    let post = |raw: &str, pretty: &str| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("pretty", pretty)
            .append_pair("rawRequest", raw)
            .finish();
        lead("jotform", "application/x-www-form-urlencoded", &body)
    };
    let content = post(
        r#"{"q3_name":{"first":"Ida","last":"Holm"},"q5_phoneNumber":{"area":"0221","phone":"445588"},"q6_typeA6":"Tarea GmbH","q7_typeA7":"ida@holm.example"}"#,
        "Name:Ida Holm, Telefon:(0221) 445588, Firma:Tarea GmbH, Schreiben an:ida@holm.example",
    );
    assert_eq!(content.person.company.as_deref(), Some("Tarea GmbH"));
    assert_eq!((content.person.phones[0].as_str(), who(&content).0), ("+49221445588", Some("Ida Holm")));
    assert!(content.fields.is_empty(), "{:?}", content.fields);
    let content = post(
        r#"{"q4_email":"ida@holm.example","q5_typeA5":["A","B"],"upload":["https://files.example/a b.pdf"],"q6_typeA6":"T5 GmbH","q7_typeA7":"Soon"}"#,
        "E-Mail:ida@holm.example, Interessen:A, B, Plan:https://files.example/a%20b.pdf, Unternehmen:T5 GmbH, Wann, ungefähr?:Soon",
    );
    assert_eq!(content.person.company.as_deref(), Some("T5 GmbH"));
    assert_eq!(content.fields["Interessen"], serde_json::json!(["A", "B"]));
    let labels: Vec<&str> = content.fields.keys().map(String::as_str).collect();
    assert_eq!(labels, ["Interessen", "upload", "Wann, ungefähr?"]);
}

#[test]
fn gravity_entries_are_told_by_their_inputs() {
    let body = r#"{"id":"7","form_id":"2","date_created":"2026-01-01 10:00:00","source_url":"https://a.example/c?utm_source=ad","ip":"192.0.2.1",
        "1.2":"","1.3":"Ole","1.6":"Lund","1.8":"","2":"ole@lund.example","3":"(030) 901820","4":"We need\ntwo roofs",
        "5.1":"Weg 1","5.2":"","5.3":"Berlin","5.4":"","5.5":"10115","5.6":"Germany","6.1":"1","6.2":"I agree to the privacy policy.","6.3":"4","7.1":"Red","7.3":"Blue"}"#;
    let content = json("gravity_forms", body);
    assert_eq!(who(&content), (Some("Ole Lund"), Some("ole@lund.example")));
    assert_eq!(content.person.phones[0].as_str(), "+4930901820");
    assert_eq!((content.text.as_deref(), content.person.country.as_deref()), (Some("We need\ntwo roofs"), Some("DE")));
    assert_eq!(content.consent.unwrap().text, "I agree to the privacy policy.");
    assert_eq!(content.fields["field 7"], serde_json::json!(["Red", "Blue"]));
    assert_eq!(
        (content.page.as_deref(), content.utm["source"].as_str()),
        (Some("https://a.example/c?utm_source=ad"), "ad")
    );
}

#[test]
fn a_template_that_typed_quotes_have_broken_is_read() {
    let body = "{\"your-name\":\"Max \"Mäx\" Muster\",\"your-email\":\"max@firma.example\",\"your-message\":\"Zwei Zeilen,\n\"bitte\"\",\"acceptance-7\":\"1\"}";
    let content = lead("contact_form_7", "text/plain; charset=UTF-8", body);
    assert_eq!(who(&content).1, Some("max@firma.example"));
    assert_eq!(content.text.as_deref(), Some("Zwei Zeilen,\n\"bitte\""));
    assert!(content.consent.is_some());
    assert!(content.problems[0].contains("breaks off"), "{:?}", content.problems);
    let cut = reading("contact_form_7", "text/plain", "{\"your-name\":\"Max\",\"your-email\":\"max@fir");
    assert!(matches!(cut, Reading::Unclear(_)), "{cut:?}");
}

#[test]
fn elementor_is_read_in_both_its_ways() {
    let form =
        |pairs: &[(&str, &str)]| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let simple = form(&[
        ("Name", "Pia Roth"),
        ("No Label email", "pia@roth.example"),
        ("Nachricht", "Hallo"),
        ("Page URL", "https://a.example/k"),
        ("form_name", "Kontakt"),
    ]);
    let advanced = form(&[
        ("form[id]", "x"),
        ("form[name]", "Kontakt"),
        ("fields[name][id]", "name"),
        ("fields[name][type]", "text"),
        ("fields[name][title]", "Name"),
        ("fields[name][value]", "Pia Roth"),
        ("fields[field_a][type]", "email"),
        ("fields[field_a][title]", "Wohin?"),
        ("fields[field_a][value]", "pia@roth.example"),
        ("fields[field_b][type]", "textarea"),
        ("fields[field_b][title]", "Worum geht es?"),
        ("fields[field_b][value]", "Hallo"),
        ("meta[page_url][title]", "Page URL"),
        ("meta[page_url][value]", "https://a.example/k"),
    ]);
    for body in [simple, advanced] {
        let content = lead("elementor", "application/x-www-form-urlencoded", &body);
        assert_eq!(who(&content), (Some("Pia Roth"), Some("pia@roth.example")), "{body}");
        assert_eq!((content.text.as_deref(), content.form.as_deref()), (Some("Hallo"), Some("Kontakt")), "{body}");
        assert_eq!(content.page.as_deref(), Some("https://a.example/k"), "{body}");
    }
}

#[test]
fn the_rest_is_read_where_each_provider_puts_it() {
    let old = json(
        "webflow",
        r#"{"name":"Contact","site":"s","data":{"Name":"Kai Falk","E-mail":"kai@falk.example"},"d":"2022-09-14T12:35:16Z","_id":"1"}"#,
    );
    assert_eq!((who(&old), old.form.as_deref()), ((Some("Kai Falk"), Some("kai@falk.example")), Some("Contact")));
    let netlify = json(
        "netlify",
        r#"{"payload":{"id":"1","form_name":"contact","email":"kai@falk.example","data":{"full-name":"Kai Falk","email":"kai@falk.example","q":"Yes","ip":"192.0.2.1"},"ordered_human_fields":[{"title":"Still free?","name":"q","value":"Yes"}]}}"#,
    );
    assert_eq!(
        (who(&netlify), &netlify.fields["Still free?"]),
        ((Some("Kai Falk"), Some("kai@falk.example")), &"Yes".into())
    );
    let formspree = json(
        "formspree",
        r#"{"form":"f","submission":{"name":"Kai Falk","_replyto":"kai@falk.example","_subject":"Roof","_date":"d"}}"#,
    );
    assert_eq!(
        (who(&formspree), formspree.subject.as_deref()),
        ((Some("Kai Falk"), Some("kai@falk.example")), Some("Roof"))
    );
    let square = json(
        "squarespace",
        r#"{"id":"1","topic":"contact.create","data":{"firstName":"Kai","lastName":"Falk","email":"kai@falk.example","acceptsMarketing":{"acceptsMarketing":true,"joinedOn":"2026-01-01"}}}"#,
    );
    assert_eq!(who(&square), (Some("Kai Falk"), Some("kai@falk.example")));
    assert_eq!(square.consent.unwrap().text, "accepts marketing since 2026-01-01");
    let ninja = lead(
        "ninja_forms",
        "application/x-www-form-urlencoded",
        "anything=%7B%22name%22%3A%22Kai+Falk%22%2C%22email%22%3A%22kai%40falk.example%22%7D",
    );
    assert_eq!(who(&ninja), (Some("Kai Falk"), Some("kai@falk.example")));
}

/// Words of which the bodies of all providers are made, in any nesting.
fn body() -> impl Strategy<Value = serde_json::Value> {
    let word = prop::sample::select(vec![
        "form_response",
        "answers",
        "field",
        "definition",
        "fields",
        "type",
        "text",
        "choice",
        "choices",
        "labels",
        "data",
        "key",
        "label",
        "value",
        "options",
        "id",
        "rawRequest",
        "pretty",
        "q3_name",
        "q4_",
        "first",
        "1.3",
        "1.6",
        "2",
        "form_id",
        "payload",
        "schema",
        "submission",
        "_date",
        "ordered_human_fields",
        "name",
        "email",
        "acceptsMarketing",
        "__submission",
        "meta",
        "hidden",
        "{{",
        "a@b.example",
        "",
        "ä:, \u{0}",
    ]);
    let leaf = prop_oneof![
        word.clone().prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_is_beyond_a_providers_reading(body in body(), provider in 0..PROVIDERS.len()) {
        let provider = PROVIDERS[provider].name();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("rawRequest", &body.to_string())
            .append_pair("pretty", "a:b, c:")
            .finish();
        for (content_type, text) in [("application/json", body.to_string()), ("application/x-www-form-urlencoded", form)] {
            let _ = (reading(provider, content_type, &text), key(provider, content_type, &text));
        }
    }
}

#[test]
fn a_body_of_very_many_values_is_no_form_of_a_provider() {
    let entry = |inputs: usize| {
        let inputs: Vec<String> = (0..inputs).map(|n| format!("\"{n}.3\":\"Ada\",\"{n}.6\":\"Lovelace\"")).collect();
        format!(r#"{{"form_id":"1","email":"ada@b.example",{}}}"#, inputs.join(","))
    };
    assert_eq!(json("gravity_forms", &entry(1)).person.name.as_deref(), Some("Ada Lovelace"));
    let many = json("gravity_forms", &entry(5000));
    assert_eq!(who(&many), (None, Some("ada@b.example")));
    assert!(many.problems.iter().any(|problem| problem.contains("stand only in the original")), "{:?}", many.problems);
}

#[test]
fn contact_form_7_brings_files_and_bodies_as_large_as_they_are() {
    let body = r#"{"your-name":"Ed Berg","your-email":"ed@berg.example","your-message":"See the plan","plan":{"filename":"plan.pdf","content":"JVBERi0xLjcK"},"photos":[{"filename":"a.jpg","content":"/9j/4A=="},{"filename":"b.jpg","content":"/9j/4Q=="}]}"#;
    let content = json("contact_form_7", body);
    assert_eq!(who(&content), (Some("Ed Berg"), Some("ed@berg.example")));
    let files: Vec<_> = content.attachments.iter().map(|file| (&*file.name, file.size)).collect();
    assert_eq!(files, [("plan.pdf", 9), ("a.jpg", 4), ("b.jpg", 4)]);
    assert!(content.fields.is_empty() && find("contact_form_7").unwrap().holds_files, "{:?}", content.fields);
}

#[test]
fn several_choices_of_wpforms_and_gravity_forms_are_a_list() {
    let body =
        r#"{"email":"a@b.example","services":"Roof||Wall","visit":{"value":"2026-03-01 10:00","unix":1772359200}}"#;
    let content = json("wpforms", body);
    assert_eq!(content.fields["services"], serde_json::json!(["Roof", "Wall"]));
    assert_eq!(content.fields["visit"], "2026-03-01 10:00");
    let body = r#"{"id":"1","form_id":"2","1.3":"Ann","1.6":"Lee","3":"ann@lee.example","9":"[\"https://a.example/1.pdf\",\"https://a.example/2.pdf\"]"}"#;
    let files = &json("gravity_forms", body).fields["field 9"];
    assert_eq!(files, &serde_json::json!(["https://a.example/1.pdf", "https://a.example/2.pdf"]));
}

#[test]
fn tables_and_files_of_tally_are_told_in_words() {
    let body = r#"{"eventId":"e","eventType":"FORM_RESPONSE","data":{"fields":[
        {"key":"question_a","label":"Email","type":"INPUT_EMAIL","value":"a@b.example"},
        {"key":"question_b","label":"Rate","type":"MATRIX","value":{"r1":["c2"],"r2":["c1"]},"rows":[{"id":"r1","text":"Price"},{"id":"r2","text":"Speed"}],"columns":[{"id":"c1","text":"Good"},{"id":"c2","text":"Bad"}]},
        {"key":"question_c","label":"Curriculum","type":"FILE_UPLOAD","value":[{"id":"f","name":"cv.pdf","url":"https://files.example/f","mimeType":"application/pdf","size":9}]}]}}"#;
    let fields = json("tally", body).fields;
    assert_eq!((&fields["Rate.Price"], &fields["Rate.Speed"]), (&"Bad".into(), &"Good".into()));
    assert_eq!(
        (&fields["Curriculum"], &fields["Curriculum (file name)"]),
        (&"https://files.example/f".into(), &"cv.pdf".into())
    );
}
