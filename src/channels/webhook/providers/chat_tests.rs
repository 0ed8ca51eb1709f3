//! Each chat provider's posts: who is told from whom, and which conversation they stand in.

use super::tests::{json, key, lead, reading, who};
use crate::lead::{Content, Reading};

fn noise(provider: &str, body: &str) -> String {
    match reading(provider, "application/json", body) {
        Reading::Noise(why) => why,
        other => panic!("{provider}: {other:?}"),
    }
}

fn conversations(content: &Content) -> &[String] {
    content.thread.as_ref().map(|thread| &thread.conversations[..]).unwrap_or_default()
}

/// Posts that make no lead, and a word of the reason.
const NO_LEADS: [(&str, &str, &str); 28] = [
    (
        "intercom",
        r#"{"type":"notification_event","id":"1","topic":"contact.lead.created","data":{"item":{"type":"contact","role":"lead","id":"c","name":"Coral Kayak"}}}"#,
        "made up",
    ),
    (
        "intercom",
        r#"{"type":"notification_event","id":"1","topic":"conversation.admin.replied","data":{"item":{"type":"conversation","id":"1"}}}"#,
        "operator",
    ),
    (
        "intercom",
        r#"{"type":"notification_event","id":"1","topic":"conversation.user.replied","data":{"item":{"type":"conversation","id":"1","conversation_parts":{"conversation_parts":[{"body":"<p>Hi</p>","author":{"type":"user","id":"u"}},{"body":"<p>Answer</p>","author":{"type":"bot","id":"b"}}]}}}}"#,
        "program",
    ),
    (
        "intercom",
        r#"{"type":"notification_event","id":"1","topic":"company.created","data":{"item":{"type":"company"}}}"#,
        "company.created",
    ),
    (
        "crisp",
        r#"{"event":"message:send","data":{"session_id":"s","from":"user","type":"text","content":"x","automated":true}}"#,
        "program",
    ),
    (
        "crisp",
        r#"{"event":"message:received","data":{"session_id":"s","from":"operator","type":"text","content":"x"}}"#,
        "operator",
    ),
    ("crisp", r#"{"event":"session:removed","data":{"session_id":"s"}}"#, "session:removed"),
    ("crisp", r#"{"event":"session:set_nickname","data":{"session_id":"s","nickname":"visitor42"}}"#, "made up"),
    (
        "tawk",
        r#"{"event":"chat:transcript_created","chat":{"id":"1","messages":[{"sender":{"t":"a"},"msg":"Hello?"}]}}"#,
        "no visitor",
    ),
    (
        "livechat",
        r#"{"action":"incoming_event","payload":{"chat_id":"C","thread_id":"T","event":{"id":"1","type":"message","text":"Hello","author_id":"anna@shop.example"}}}"#,
        "operator",
    ),
    (
        "livechat",
        r#"{"action":"incoming_event","payload":{"chat_id":"C","thread_id":"T","event":{"id":"1","type":"system_message","text":"x"}}}"#,
        "system_message",
    ),
    (
        "livechat",
        r#"{"action":"incoming_chat","payload":{"chat":{"id":"C","users":[{"id":"c","type":"customer"}],"thread":{"id":"T","events":[]}}}}"#,
        "nobody has said",
    ),
    (
        "tidio",
        r#"{"topic":"conversation.operator_replied","content":{"message":{"message_id":"1","content":"x"}}}"#,
        "operator",
    ),
    ("tidio", r#"{"topic":"conversation.solved_by_operator","content":{}}"#, "operator"),
    (
        "zendesk",
        r#"{"type":"zen:event-type:ticket.comment_added","detail":{"id":"1"},"event":{"comment":{"body":"x","is_public":true,"author":{"is_staff":true}}}}"#,
        "operator",
    ),
    (
        "zendesk",
        r#"{"type":"zen:event-type:ticket.comment_added","detail":{"id":"1"},"event":{"comment":{"body":"x","is_public":false,"author":{"is_staff":false}}}}"#,
        "only operators see",
    ),
    ("zendesk", r#"{"type":"zen:event-type:ticket.status_changed","detail":{"id":"1"}}"#, "ticket.status_changed"),
    (
        "chatwoot",
        r#"{"event":"message_created","id":1,"content":"x","message_type":1,"conversation":{"id":1}}"#,
        "operator",
    ),
    (
        "chatwoot",
        r#"{"event":"message_created","id":1,"content":"x","message_type":"incoming","private":true}"#,
        "only operators see",
    ),
    ("chatwoot", r#"{"event":"webwidget_triggered","id":1}"#, "webwidget_triggered"),
    ("chatwoot", r#"{"event":"contact_created","id":1,"name":"misty-dew-1"}"#, "without an address"),
    (
        "slack",
        r#"{"type":"event_callback","event_id":"1","event":{"type":"message","bot_id":"B1","text":"x"}}"#,
        "program",
    ),
    (
        "slack",
        r#"{"type":"event_callback","event_id":"1","event":{"type":"message","subtype":"message_changed"}}"#,
        "message_changed",
    ),
    (
        "slack",
        r#"{"type":"event_callback","event_id":"1","event":{"type":"reaction_added","user":"U"}}"#,
        "reaction_added",
    ),
    (
        "teams",
        r#"{"type":"conversationUpdate","from":{"id":"29:1"},"conversation":{"id":"19:a"}}"#,
        "conversationUpdate",
    ),
    ("telegram", r#"{"update_id":1,"message":{"from":{"id":1,"is_bot":true},"chat":{"id":1},"text":"x"}}"#, "program"),
    ("telegram", r#"{"update_id":1,"callback_query":{"id":"1"}}"#, "callback_query"),
    (
        "telegram",
        r#"{"update_id":1,"message":{"from":{"id":1},"chat":{"id":-1,"type":"group"},"new_chat_members":[]}}"#,
        "no message",
    ),
];

#[test]
fn operators_programs_and_news_of_other_things_make_no_leads() {
    for (provider, body, why) in NO_LEADS {
        let said = noise(provider, body);
        assert!(said.contains(why), "{provider}: {said}");
    }
    for (body, why) in [
        ("MessageSid=SM1&From=%2B4915112345678&Body=STOP", "no more messages"),
        ("MessageSid=SM1&From=%2B4915112345678&MessageStatus=delivered", "delivered"),
        ("EventType=onMessageAdded&ConversationSid=CH1&Author=anna&Body=Hello&MessageSid=IM1", "operator"),
    ] {
        match reading("twilio", "application/x-www-form-urlencoded", body) {
            Reading::Noise(said) => assert!(said.contains(why), "{said}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_newest_message_of_a_visitor_is_what_counts() {
    let body = r#"{"type":"notification_event","id":"n","topic":"conversation.user.replied","data":{"item":{"type":"conversation","id":"c",
        "source":{"body":"<p>First</p>","author":{"type":"user","id":"u","name":"Mia Berg","email":"mia@firma.example"}},
        "conversation_parts":{"conversation_parts":[{"body":"<p>Second<br>line</p>","author":{"type":"user","id":"u"}}]}}}}"#;
    let content = json("intercom", body);
    assert_eq!(content.text.as_deref(), Some("Second\nline"));
    assert_eq!(who(&content), (Some("Mia Berg"), Some("mia@firma.example")));
    assert_eq!(conversations(&content), ["forms/conversation:c", "forms/contact:u"]);
    let contact = json(
        "intercom",
        r#"{"type":"notification_event","id":"m","topic":"contact.email.updated","data":{"item":{"type":"contact","role":"lead","id":"u","email":"mia@firma.example","phone":"+493012345678","custom_attributes":{"plan":"pro"},"utm_source":"ad"}}}"#,
    );
    assert_eq!(conversations(&contact), ["forms/contact:u"]);
    assert_eq!((&contact.fields["plan"], contact.utm["source"].as_str()), (&"pro".into(), "ad"));
}

#[test]
fn a_name_that_the_provider_made_up_is_none() {
    let told = |topic: &str, item: &str| {
        let body = format!(r#"{{"type":"notification_event","id":"n","topic":"{topic}","data":{{"item":{item}}}}}"#);
        json("intercom", &body).person.name
    };
    let conversation = |author: &str| {
        let item = format!(r#"{{"type":"conversation","id":"c","source":{{"body":"<p>Hi</p>","author":{author}}}}}"#);
        told("conversation.user.created", &item)
    };
    for (author, name) in [
        (r#"{"type":"lead","id":"l","name":"Violet Mountain"}"#, None),
        (r#"{"type":"lead","id":"l","name":"Orange Door from Berlin"}"#, None),
        (r#"{"type":"lead","id":"l","name":"Plaid Gizmo","pseudonym":"Plaid Gizmo"}"#, None),
        (r#"{"type":"lead","id":"l","name":"Jas Neu1","pseudonym":"Plaid Gizmo"}"#, Some("Jas Neu1")),
        (r#"{"type":"lead","id":"l","name":"Violet Miller"}"#, Some("Violet Miller")),
        (r#"{"type":"lead","id":"l","name":"Ruby Fox","email":"ruby@fox.example"}"#, Some("Ruby Fox")),
        (r#"{"type":"user","id":"u","name":"Violet Mountain"}"#, Some("Violet Mountain")),
    ] {
        assert_eq!(conversation(author).as_deref(), name, "{author}");
    }
    let contact = |name: &str, role: &str| {
        let item =
            format!(r#"{{"type":"contact","role":"{role}","id":"l","name":"{name}","email":"jas@firma.example"}}"#);
        told("contact.email.updated", &item)
    };
    assert_eq!(contact("Red Fox from Berlin", "lead"), None);
    assert_eq!(contact("Red Fox", "user").as_deref(), Some("Red Fox"));
    assert_eq!(contact("Jas Neu1", "lead").as_deref(), Some("Jas Neu1"));
    let tawk = |name: &str| {
        let body = format!(
            r#"{{"event":"chat:start","chatId":"c","message":{{"sender":{{"type":"visitor"}},"type":"msg","text":"Hi"}},"visitor":{{"name":"{name}"}}}}"#
        );
        json("tawk", &body).person.name
    };
    assert_eq!(tawk("V1784632"), None);
    assert_eq!(tawk("V1699999999999"), None);
    assert_eq!(tawk("Viola").as_deref(), Some("Viola"));
}

#[test]
fn a_form_before_or_within_a_chat_says_who_it_is() {
    let body = r#"{"action":"incoming_chat","payload":{"chat":{"id":"C","users":[{"id":"c","type":"customer"},{"id":"anna@shop.example","type":"agent","email":"anna@shop.example"}],
        "thread":{"id":"T","events":[{"type":"filled_form","author_id":"c","fields":[{"type":"name","label":"Your name:","answer":"Mia Berg"},{"type":"email","label":"E-mail:","answer":"mia@firma.example"},{"type":"radio","label":"Topic","answer":{"id":"1","label":"Prices"}}]},
        {"type":"message","author_id":"c","text":"Hello"},{"type":"message","author_id":"anna@shop.example","text":"Hi there"}]}}}}"#;
    let content = json("livechat", body);
    assert_eq!(who(&content), (Some("Mia Berg"), Some("mia@firma.example")));
    assert_eq!(content.text.as_deref(), Some("Hello"));
    assert!(serde_json::to_string(&content).unwrap().contains("Prices"), "{content:?}");
    let form = json(
        "chatwoot",
        r#"{"event":"message_updated","id":2,"content":"Leave your address","message_type":"template","content_attributes":{"submitted_email":"mia@firma.example"},"conversation":{"id":9,"contact":{"id":4}}}"#,
    );
    assert_eq!(form.person.emails[0].as_str(), "mia@firma.example");
    assert_eq!(
        (form.text.as_deref(), conversations(&form)),
        (None, &["forms/conversation:9".to_owned(), "forms/contact:4".to_owned()][..])
    );
}

#[test]
fn what_somebody_types_into_a_chat_is_taken_where_nothing_is_known() {
    let telegram = |text: &str| {
        let body = format!(
            r#"{{"update_id":1,"message":{{"from":{{"id":1,"first_name":"Mia"}},"chat":{{"id":1,"type":"private"}},"text":"{text}"}}}}"#
        );
        json("telegram", &body)
    };
    let content = telegram("Call +49 30 12345678 or mail Mia@Firma.example");
    assert_eq!(content.person.emails[0].as_str(), "mia@firma.example");
    assert_eq!(content.person.phones[0].0, "+493012345678");
    assert_eq!(content.person.domain.as_deref(), Some("firma.example"));
    let slack = r#"{"type":"event_callback","team_id":"T","event_id":"E","event":{"type":"message","user":"U","channel":"C","text":"Mail <mailto:a@b.example|a@b.example> &amp; see <https://x.example/y|our page>"}}"#;
    let content = json("slack", slack);
    assert_eq!(content.text.as_deref(), Some("Mail a@b.example & see our page (https://x.example/y)"));
    assert_eq!(conversations(&content), ["forms/T:C:U"]);
}

#[test]
fn a_card_that_somebody_shares_is_the_writers_number_only_where_it_is_their_own() {
    let card = |owner: &str| {
        json(
            "telegram",
            &format!(
                r#"{{"update_id":1,"message":{{"from":{{"id":1,"first_name":"Mia"}},"chat":{{"id":1}},"contact":{{"phone_number":"493012345678","first_name":"Max","user_id":{owner}}}}}}}"#
            ),
        )
    };
    assert_eq!(card("1").person.phones[0].0, "+493012345678");
    assert!(card("2").person.phones.is_empty());
}

#[test]
fn a_slash_command_and_a_message_of_each_kind_are_leads() {
    let command = "token=t&team_id=T&channel_id=C&channel_name=sales&user_id=U&user_name=mia&command=%2Flead&text=Call+mia%40firma.example&trigger_id=9.1";
    let content = lead("slack", "application/x-www-form-urlencoded", command);
    assert_eq!(
        (content.text.as_deref(), conversations(&content)),
        (Some("Call mia@firma.example"), &["forms/T:C:U".to_owned()][..])
    );
    assert!(key("slack", "application/x-www-form-urlencoded", command).ends_with("9.1"));
    let whatsapp = |message: &str| {
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"field":"messages","value":{{"contacts":[{{"wa_id":"4915112345678","profile":{{"name":"Mia"}}}}],"messages":[{{"from":"4915112345678","id":"w",{message}}}]}}}}]}}]}}"#
        );
        json("whatsapp", &body)
    };
    for (message, text) in [
        (r#""type":"button","button":{"text":"Yes, call me"}"#, Some("Yes, call me")),
        (r#""type":"interactive","interactive":{"type":"list_reply","list_reply":{"title":"Prices"}}"#, Some("Prices")),
        (r#""type":"image","image":{"id":"7","caption":"My roof"}"#, Some("My roof")),
        (r#""type":"edit","edit":{"message":{"type":"text","text":{"body":"Corrected"}}}"#, Some("Corrected")),
        (r#""type":"unsupported","errors":[{"code":131051}]"#, None),
        (r#""type":"location","location":{"latitude":52.5,"longitude":13.4}"#, None),
    ] {
        let content = whatsapp(message);
        assert_eq!(
            (content.text.as_deref(), content.person.phones[0].0.as_str()),
            (text, "+4915112345678"),
            "{message}"
        );
    }
}

#[test]
fn details_without_words_are_told_from_messages() {
    for (provider, body, only_details) in [
        ("crisp", r#"{"event":"session:set_email","data":{"session_id":"s","email":"max@firma.example"}}"#, true),
        ("crisp", r#"{"event":"session:set_nickname","data":{"session_id":"s","nickname":"Max Muster"}}"#, true),
        ("crisp", r#"{"event":"session:set_data","data":{"session_id":"s","data":{"plan":"gold"}}}"#, true),
        (
            "crisp",
            r#"{"event":"message:send","data":{"session_id":"s","from":"user","type":"file","content":{"name":"a.pdf","url":"https://files.example/a.pdf"}}}"#,
            false,
        ),
        (
            "crisp",
            r#"{"event":"message:send","data":{"session_id":"s","from":"user","type":"text","content":"Hi"}}"#,
            false,
        ),
        ("chatwoot", r#"{"event":"contact_updated","id":1,"name":"Max Muster","email":"max@firma.example"}"#, true),
        ("tidio", r#"{"topic":"contact.email_added","content":{"contact_id":"1","email":"max@firma.example"}}"#, true),
        (
            "intercom",
            r#"{"type":"notification_event","id":"1","topic":"contact.email.updated","data":{"item":{"type":"contact","id":"c","email":"max@firma.example"}}}"#,
            true,
        ),
        (
            "zendesk",
            r#"{"type":"zen:event-type:user.created","detail":{"id":"1","name":"Max Muster","email":"max@firma.example"},"event":{}}"#,
            true,
        ),
    ] {
        let content = json(provider, body);
        assert_eq!(content.only_details, only_details, "{provider} {body}: {content:?}");
    }
}

#[test]
fn a_bare_number_in_a_message_is_the_visitors() {
    let body = r#"{"event":"message:send","data":{"session_id":"s","from":"user","type":"text","content":"Karl Krause, karl2@maschinen.example, 0171 2345611"}}"#;
    let content = json("crisp", body);
    assert_eq!(content.person.phones, [crate::lead::Phone("+491712345611".into())]);
    assert_eq!(who(&content).1, Some("karl2@maschinen.example"));
}

#[test]
fn a_name_typed_into_a_chat_is_taken_where_none_is_known_and_from_no_form() {
    let crisp = |nickname: &str, text: &str| {
        let body = format!(
            r#"{{"event":"message:send","data":{{"session_id":"s","from":"user","type":"text","content":"{text}","user":{{"nickname":"{nickname}"}}}}}}"#
        );
        json("crisp", &body)
    };
    let content = crisp("visitor12", "mein Name ist Peter Pan von der Pan GmbH, 0221 9988771");
    let person = &content.person;
    assert_eq!(
        (who(&content).0, person.given_name.as_deref(), person.family_name.as_deref()),
        (Some("Peter Pan"), Some("Peter"), Some("Pan"))
    );
    assert_eq!(person.phones, [crate::lead::Phone("+492219988771".into())]);
    assert_eq!(who(&crisp("Mia Berg", "Ich heiße Karla Crisp")).0, Some("Mia Berg"));
    let form = json("generic", r#"{"email":"a@b.example","message":"Ich heiße Karla Crisp"}"#);
    assert_eq!(who(&form).0, None);
}

#[test]
fn what_we_say_of_a_message_is_neither_the_message_nor_its_language() {
    let body = r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"contacts":[{"wa_id":"4915112345678","profile":{"name":"Mia"}}],"messages":[{"from":"4915112345678","id":"w","type":"unsupported","errors":[{"code":131051}]}]}}]}]}"#;
    let content = json("whatsapp", body);
    assert_eq!((content.text.as_deref(), content.person.language.as_deref()), (None, None));
    assert_eq!(content.fields["unread"], "a message of the kind `unsupported`: look at it in WhatsApp");
    assert!(!content.only_details);
}

#[test]
fn a_command_to_the_bot_is_no_message_and_the_word_of_its_link_tells_the_source() {
    let telegram = |text: &str| {
        let body = format!(
            r#"{{"update_id":1,"message":{{"from":{{"id":1,"first_name":"Mia"}},"chat":{{"id":1,"type":"private"}},"text":"{text}"}}}}"#
        );
        json("telegram", &body)
    };
    for (text, source) in [
        ("/start", None),
        ("/start google_ads", Some("google_ads")),
        ("/start@lotse_bot fair-2026", Some("fair-2026")),
        ("/help", None),
    ] {
        let content = telegram(text);
        assert_eq!(content.text, None, "{text}");
        assert_eq!(content.fields["command"], text);
        assert_eq!(content.utm.get("source").map(String::as_str), source, "{text}");
    }
    for text in ["/lead Please call me", "/start with an offer", "/ 2 roofs", "Hello"] {
        let content = telegram(text);
        assert_eq!((content.text.as_deref(), content.utm.len()), (Some(text), 0));
    }
}

#[test]
fn a_pressed_button_is_a_message_with_what_stands_on_it() {
    let pressed = |more: &str| {
        let body = format!(
            r#"{{"update_id":1,"callback_query":{{"id":"9","from":{{"id":7,"first_name":"Mia","language_code":"de"}},"data":"offer"{more}}}}}"#
        );
        json("telegram", &body)
    };
    let under = r#","message":{"message_id":3,"from":{"id":99,"is_bot":true,"first_name":"Bot"},"chat":{"id":7,"type":"private"},"text":"How can we help?","reply_markup":{"inline_keyboard":[[{"text":"Prices","callback_data":"p"}],[{"text":"An offer, please","callback_data":"offer"}]]}}"#;
    let content = pressed(under);
    assert_eq!((content.text.as_deref(), who(&content).0), (Some("An offer, please"), Some("Mia")));
    assert_eq!((&content.fields["button"], conversations(&content)), (&"offer".into(), &["forms/7".to_owned()][..]));
    let bare = pressed("");
    assert_eq!((bare.text.as_deref(), conversations(&bare)), (Some("offer"), &["forms/7".to_owned()][..]));
    let group = pressed(r#","message":{"chat":{"id":-5,"type":"supergroup"}}"#);
    assert_eq!(conversations(&group), ["forms/-5:7"]);
}

#[test]
fn an_order_a_card_and_a_place_in_whatsapp_are_told_whole() {
    let whatsapp = |message: &str| {
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"field":"messages","value":{{"contacts":[{{"wa_id":"4915112345678","profile":{{"name":"Mia"}}}}],"messages":[{{"from":"4915112345678","id":"w",{message}}}]}}}}]}}]}}"#
        );
        json("whatsapp", &body)
    };
    let order = whatsapp(
        r#""type":"order","order":{"catalog_id":"77","text":"By Friday, please","product_items":[{"product_retailer_id":"R-17","quantity":2,"item_price":19.99,"currency":"EUR"},{"product_retailer_id":"R-18","quantity":1}]}"#,
    );
    assert_eq!(order.text.as_deref(), Some("By Friday, please"));
    assert_eq!(order.fields["ordered"], serde_json::json!(["2 × R-17, 19.99 EUR each", "1 × R-18"]));
    assert_eq!(order.fields["catalogue"], "77");
    let card = |number: &str| {
        format!(
            r#""type":"contacts","contacts":[{{"name":{{"formatted_name":"Max Muster"}},"org":{{"company":"Muster GmbH","title":"Einkauf"}},"phones":[{{"phone":"+49 221 1","wa_id":"{number}"}}],"emails":[{{"email":"max@muster.example","type":"WORK"}}],"addresses":[{{"street":"Weg 1","city":"Köln"}}]}}]"#
        )
    };
    let theirs = whatsapp(&card("492211"));
    assert_eq!(
        theirs.fields["shared contact"],
        "Max Muster, company Muster GmbH, title Einkauf, phone +49 221 1, e-mail max@muster.example, address Weg 1, Köln"
    );
    assert!(theirs.person.emails.is_empty() && theirs.person.company.is_none(), "{theirs:?}");
    let own = whatsapp(&card("4915112345678"));
    assert_eq!(
        (who(&own), own.person.company.as_deref()),
        ((Some("Mia"), Some("max@muster.example")), Some("Muster GmbH"))
    );
    let only_mail = whatsapp(r#""type":"contacts","contacts":[{"emails":[{"email":"max@muster.example"}]}]"#);
    assert_eq!(
        (only_mail.person.emails.len(), &only_mail.fields["shared contact"]),
        (0, &"e-mail max@muster.example".into())
    );
    for (place, told) in [
        (
            r#"{"latitude":50.9,"longitude":6.9,"name":"Baustelle","address":"Weg 1, Köln"}"#,
            "Baustelle, Weg 1, Köln (50.9, 6.9)",
        ),
        (r#"{"latitude":50.9,"longitude":6.9}"#, "50.9, 6.9"),
        (r#"{"address":"Weg 1"}"#, "Weg 1"),
    ] {
        assert_eq!(whatsapp(&format!(r#""type":"location","location":{place}"#)).fields["location"], told);
    }
}

#[test]
fn the_click_on_an_advert_that_opened_a_chat_stands_with_the_other_click_ids() {
    let body = r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"messages":[{"from":"4915112345678","id":"w","type":"text","text":{"body":"Hi"},"referral":{"source_url":"https://fb.example/ad","source_id":"120","headline":"Roofs","body":"New roofs","ctwa_clid":"ARAk-1"}}]}}]}]}"#;
    let content = json("whatsapp", body);
    assert_eq!((content.utm["ctwa_clid"].as_str(), content.fields.get("ctwa_clid")), ("ARAk-1", None));
    assert_eq!((&content.fields["advert text"], &content.fields["advert id"]), (&"New roofs".into(), &"120".into()));
    let sms = "MessageSid=SM1&From=whatsapp%3A%2B4915112345678&Body=Hi&ReferralCtwaClid=ARAk-1&ReferralHeadline=Roofs";
    assert_eq!(lead("twilio", "application/x-www-form-urlencoded", sms).utm["ctwa_clid"], "ARAk-1");
}
