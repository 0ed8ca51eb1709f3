//! The same enquiry as forms, form builders and scripts spell it: nested, numbered, listed, labelled, in many
//! languages. In each, `$name`, `$first`, `$last`, `$mail`, `$tel` and `$text` stand for what somebody typed.

use super::tests::{json, lead};

/// Who writes: name in parts, and a message.
const PEOPLE: [(&str, &str, &str); 3] = [
    ("Erika", "Muster", "Please send us an offer for twenty seats."),
    ("Jürgen", "Groß-Weiß", "Bitte um Rückruf 🙂\nSchöne Grüße"),
    ("דנה", "לוי", "שלום, אשמח לקבל הצעת מחיר."),
];
const MAIL: &str = "erika@firma.example";
const TEL: &str = "030 12345678";

const URLENCODED: &str = "application/x-www-form-urlencoded";

/// Bodies in JSON, by provider.
const JSON: &[(&str, &str)] = &[
    // Scripts and form builders that have no provider of their own.
    ("generic", r#"{"Vorname":"$first","Nachname":"$last","E-Mail":"$mail","Handy":"$tel","Anliegen":"$text"}"#),
    ("generic", r#"{"name":{"first":"$first","last":"$last"},"correo":"$mail","móvil":"$tel","comentarios":"$text"}"#),
    ("generic", r#"{"contact":{"firstName":"$first","lastName":"$last","mail":"$mail","tel":"$tel"},"notes":"$text"}"#),
    (
        "generic",
        r#"{"person":{"name":{"givenName":"$first","familyName":"$last"},"emailAddresses":[{"value":"$mail"}],"phoneNumbers":[{"value":"$tel"}]},"message":"$text"}"#,
    ),
    (
        "generic",
        r#"[{"name":"name","value":"$name"},{"name":"email","value":"$mail"},{"name":"whatsapp","value":"$tel"},{"name":"message","value":"$text"}]"#,
    ),
    (
        "generic",
        r#"{"questions":[{"question":"What is your name?","answer":"$name"},{"question":"What's your email?","answer":"$mail"},{"question":"What is the best number to reach you at?","answer":"$tel"},{"question":"Tell us about your project","answer":"$text"}]}"#,
    ),
    (
        "generic",
        r#"{"data":{"type":"lead","attributes":{"full_name":"$name","email":"$mail","phone_number":"$tel","message":"$text"}}}"#,
    ),
    (
        "generic",
        r#"{"properties":{"email":{"value":"$mail"},"firstname":{"value":"$first"},"lastname":{"value":"$last"},"phone":{"value":"$tel"},"message":{"value":"$text"}}}"#,
    ),
    (
        "generic",
        r#"{"data":[{"title":"Your name","description":null,"type":"text","key":"a1","custom_key":"name","value":"$name"},{"title":"Email","type":"email","key":"b2","value":"$mail"},{"title":"Phone","type":"phone","key":"c3","value":"$tel"},{"title":"Message","type":"text","key":"d4","value":"$text"}],"form_id":"1"}"#,
    ),
    (
        "generic",
        r#"{"fields":[{"id":"id-1","variable":"firstname","label":"Vorname","values":[{"answer":"$first"}]},{"id":"id-2","variable":"lastname","label":"Nachname","values":[{"answer":"$last"}]},{"id":"id-3","variable":"email","label":"E-Mail","values":[{"answer":"$mail"}]},{"id":"id-4","variable":"phone","label":"Telefon","values":[{"answer":"$tel"}]},{"id":"id-5","variable":"msg","label":"Nachricht","values":[{"answer":"$text"}]}]}"#,
    ),
    (
        "generic",
        r#"{"fields":{"f1":{"label":"Name","value":"$name"},"f2":{"label":"E-Mail","value":"$mail"},"f3":{"label":"Telefon","value":"$tel"},"f4":{"label":"Ihre Nachricht an uns","value":"$text"}}}"#,
    ),
    (
        "generic",
        r#"{"namedValues":{"Timestamp":["1/1/2026 10:00:00"],"Email Address":["$mail"],"Your name":["$name"],"Phone number":["$tel"],"Message":["$text"]},"range":{"columnEnd":5}}"#,
    ),
    (
        "generic",
        r#"{"Form":{"Id":"1","Name":"Contact"},"Name":{"First":"$first","Middle":null,"Last":"$last","FirstAndLast":"$name"},"Email":"$mail","Phone":"$tel","Comments":"$text","Entry":{"Number":1,"Status":"Submitted"}}"#,
    ),
    (
        "generic",
        r#"{"et_pb_contact_name_0":"$name","et_pb_contact_email_0":"$mail","et_pb_contact_phone_0":"$tel","et_pb_contact_message_0":"$text"}"#,
    ),
    (
        "generic",
        r#"{"name-1-first-name":"$first","name-1-last-name":"$last","email-1":"$mail","phone-1":"$tel","textarea-1":"$text"}"#,
    ),
    ("generic", r#"{"👤 Name":"$name","📧 E-Mail":"$mail","📞 Telefon":"$tel","💬 Nachricht":"$text"}"#),
    (
        "generic",
        r#"{"name":"$name","email":"$mail","phone":{"countryCode":"+49","number":"3012345678"},"note":"$text"}"#,
    ),
    ("generic", r#"{"name":"$name","email":"$mail","Vorwahl":"030","Telefon":"12345678","Freitext":"$text"}"#),
    ("generic", r#"{"Nome":"$first","Cognome":"$last","E-mail":"$mail","Cellulare":"$tel","Messaggio":"$text"}"#),
    ("generic", r#"{"Prénom *":"$first","Nom *":"$last","Courriel":"$mail","Tél.":"$tel","Votre message":"$text"}"#),
    (
        "generic",
        r#"{"Nombre":"$first","Apellidos":"$last","Correo electrónico":"$mail","Teléfono":"$tel","Consulta":"$text"}"#,
    ),
    ("generic", r#"{"Imię":"$first","Nazwisko":"$last","Adres e-mail":"$mail","Telefon":"$tel","Wiadomość":"$text"}"#),
    (
        "generic",
        r#"{"Voornaam":"$first","Achternaam":"$last","E-mailadres":"$mail","Telefoon":"$tel","Uw vraag":"$text"}"#,
    ),
    ("generic", r#"{"الاسم":"$name","البريد الإلكتروني":"$mail","رقم الهاتف":"$tel","الرسالة":"$text"}"#),
    ("generic", r#"{"שם מלא":"$name","אימייל":"$mail","טלפון":"$tel","הודעה":"$text"}"#),
    // Providers, set up otherwise than in their samples.
    (
        "contact_form_7",
        r#"{"ihr-name":"$name","ihre-email":"$mail","ihre-telefonnummer":"$tel","text-12":"Halle 3","ihre-nachricht":"$text","acceptance-1":"1"}"#,
    ),
    (
        "contact_form_7",
        r#"{"first-name":"$first","last-name":"$last","email-456":"$mail","tel-789":"$tel","text-3":"Halle 3","textarea-12":"$text"}"#,
    ),
    (
        "wpforms",
        r#"{"First Name":"$first","Last Name":"$last","Email":"$mail","Phone":"$tel","Comment or Message":"$text","Topics":"A||B"}"#,
    ),
    (
        "gravity_forms",
        r#"{"id":"7","form_id":"3","source_url":"https://www.example.com/k","1_2":"","1_3":"$first","1_6":"$last","2":"$mail","3":"(030) 12345678","4":"$text"}"#,
    ),
    (
        "fluent_forms",
        r#"{"names":{"first_name":"$first","last_name":"$last"},"email_1":"$mail","phone":"$tel","input_text":"Halle 3","description":"$text","__submission":{"id":"1","form_id":"2"}}"#,
    ),
    (
        "ninja_forms",
        r#"{"firstname_1519":"$first","lastname_1520":"$last","email_1521":"$mail","phone_1522":"$tel","textarea_1523":"$text"}"#,
    ),
    (
        "webflow",
        r#"{"triggerType":"form_submission","payload":{"name":"Contact","data":{"First-Name":"$first","Last-Name":"$last","Email 3":"$mail","Phone Number 2":"$tel","Message 4":"$text"}}}"#,
    ),
    ("framer", r#"{"Full name":"$name","Work email":"$mail","Mobile":"$tel","Message":"$text","Location":"Berlin"}"#),
    (
        "typeform",
        r#"{"event_id":"1","event_type":"form_response","form_response":{"form_id":"f","token":"t","definition":{"title":"Contact","fields":[{"id":"1","ref":"a","type":"short_text","title":"Quel est votre prénom ?"},{"id":"2","ref":"b","type":"short_text","title":"Et votre nom de famille ?"},{"id":"3","ref":"c","type":"email","title":"Où vous écrire ?"},{"id":"4","ref":"d","type":"phone_number","title":"Votre numéro ?"},{"id":"5","ref":"e","type":"long_text","title":"Parlez-nous de votre projet"}]},"answers":[{"type":"text","text":"$first","field":{"id":"1","ref":"a","type":"short_text"}},{"type":"text","text":"$last","field":{"id":"2","ref":"b","type":"short_text"}},{"type":"email","email":"$mail","field":{"id":"3","ref":"c","type":"email"}},{"type":"phone_number","phone_number":"+493012345678","field":{"id":"4","ref":"d","type":"phone_number"}},{"type":"text","text":"$text","field":{"id":"5","ref":"e","type":"long_text"}}]}}"#,
    ),
];

/// Names and values of urlencoded forms.
const FORMS: &[(&str, &[(&str, &str)])] = &[
    (
        "generic",
        &[
            ("fields[0][name]", "name"),
            ("fields[0][value]", "$name"),
            ("fields[1][name]", "email"),
            ("fields[1][value]", "$mail"),
            ("fields[2][name]", "tel"),
            ("fields[2][value]", "$tel"),
            ("fields[3][name]", "message"),
            ("fields[3][value]", "$text"),
        ],
    ),
    (
        "generic",
        &[
            ("lead[first_name]", "$first"),
            ("lead[last_name]", "$last"),
            ("lead[email]", "$mail"),
            ("lead[mobile]", "$tel"),
            ("lead[comments]", "$text"),
        ],
    ),
    (
        "generic",
        &[
            ("data[email]", "$mail"),
            ("data[merges][FNAME]", "$first"),
            ("data[merges][LNAME]", "$last"),
            ("data[merges][PHONE]", "$tel"),
            ("data[merges][MESSAGE]", "$text"),
        ],
    ),
    (
        "generic",
        &[
            ("Field1", "$first"),
            ("Field2", "$last"),
            ("Field3", "$mail"),
            ("Field4", "$tel"),
            ("Field5", "$text"),
            ("EntryId", "7"),
            (
                "FieldStructure",
                r#"{"Fields":[{"Title":"Name","Type":"shortname","ID":"Field1","SubFields":[{"ID":"Field1","Label":"First"},{"ID":"Field2","Label":"Last"}]},{"Title":"Email","Type":"email","ID":"Field3"},{"Title":"Phone","Type":"phone","ID":"Field4"},{"Title":"How can we help?","Type":"textarea","ID":"Field5"}]}"#,
            ),
            ("FormStructure", r#"{"Name":"Contact","Url":"contact"}"#),
        ],
    ),
    (
        "elementor",
        &[
            ("Name", "$name"),
            ("E-Mail", "$mail"),
            ("Telefon", "$tel"),
            ("No Label message", "$text"),
            ("form_name", "Kontakt"),
        ],
    ),
];

/// What a person types in the place of the marks.
fn filled(pattern: &str, (first, last, text): (&str, &str, &str), write: impl Fn(&str) -> String) -> String {
    let name = format!("{first} {last}");
    let marks =
        [("$name", &*name), ("$first", first), ("$last", last), ("$mail", MAIL), ("$tel", TEL), ("$text", text)];
    marks.iter().fold(pattern.to_owned(), |body, (mark, typed)| body.replace(mark, &write(typed)))
}

fn proves(body: &str, content: &crate::lead::Content, (first, last, text): (&str, &str, &str)) {
    let person = &content.person;
    assert_eq!(person.name, Some(format!("{first} {last}")), "{body}\n{content:#?}");
    assert_eq!(person.emails.iter().map(ToString::to_string).collect::<Vec<_>>(), [MAIL], "{body}\n{content:#?}");
    let phones: Vec<String> = person.phones.iter().map(ToString::to_string).collect();
    assert_eq!(phones, ["+493012345678"], "{body}\n{content:#?}");
    assert_eq!(content.text.as_deref(), Some(text), "{body}\n{content:#?}");
}

#[test]
fn an_enquiry_is_read_in_whatever_way_its_form_spells_it() {
    for who in PEOPLE {
        for (provider, pattern) in JSON {
            let body = filled(pattern, who, |typed| serde_json::to_string(typed).unwrap().trim_matches('"').to_owned());
            proves(&body, &json(provider, &body), who);
        }
        for (provider, pairs) in FORMS {
            let written = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
            };
            let pair = |(name, value): &(&str, &str)| {
                format!("{}={}", written(name), written(&filled(value, who, str::to_owned)))
            };
            let body = pairs.iter().map(pair).collect::<Vec<_>>().join("&");
            proves(&body, &lead(provider, URLENCODED, &body), who);
        }
    }
}

#[test]
fn a_line_of_text_is_no_message_and_stays_with_its_name() {
    let content =
        json("contact_form_7", r#"{"text-12":"Halle 3","your-email":"a@firma.example","textarea-4":"Hello"}"#);
    assert_eq!((content.text.as_deref(), &content.fields["text-12"]), (Some("Hello"), &"Halle 3".into()));
}

#[test]
fn an_entry_loses_no_value_whatever_its_name() {
    let body = r#"{"id":"7","form_id":"3","2":"a@firma.example","2nd choice":"blue","3_x":"y"}"#;
    let content = json("gravity_forms", body);
    assert_eq!((&content.fields["2nd choice"], &content.fields["3_x"]), (&"blue".into(), &"y".into()));
}

#[test]
fn a_code_beside_a_number_is_the_start_of_it() {
    for (phone, number) in [
        (r#""phone":{"dialCode":"+33","number":"612345678"}"#, "+33612345678"),
        (r#""phone_code":"0033","phone":"06 12 34 56 78""#, "+33612345678"),
        (r#""prefisso":"+39","telefono":"06 12345678""#, "+390612345678"),
        // The number knows better.
        (r#""country_code":"+33","mobile":"+49 30 12345678""#, "+493012345678"),
        (r#""country_code":"DE","mobile":"030 12345678""#, "+493012345678"),
    ] {
        let content = json("generic", &format!(r#"{{"email":"a@firma.example",{phone}}}"#));
        assert_eq!(content.person.phones.first().map(ToString::to_string).as_deref(), Some(number), "{phone}");
    }
}
