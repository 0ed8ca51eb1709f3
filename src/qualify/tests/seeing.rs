//! What a `when` sees: every field, and what is absent.

use super::*;

#[test]
fn a_rule_sees_every_field_of_a_lead_and_its_touch() {
    for when in [
        r#"lead.name == "Max Mustermann" && lead.given_name == "Max" && lead.family_name.startsWith("Mus")"#,
        r#""info@firma.example" in lead.emails && lead.email == "max@firma.example""#,
        r#"lead.emails[1].startsWith("info@") && lead.emails[0] != lead.emails[1]"#,
        r#"lead.phones.size() == 1 && lead.phone.startsWith("+49") && size(lead.phones) < 2"#,
        r#"lead.phones.exists(p, p.startsWith("+49")) && lead.emails.all(e, e.contains("@"))"#,
        r#"lead.emails.filter(e, e.startsWith("info")).size() == 1 && lead.emails.map(e, e.size())[0] == 17"#,
        r#"lead.emails.exists_one(e, e.endsWith("example") && e.startsWith("max"))"#,
        r#"lead.company.size() > 3 && lead["company"] == "Firma GmbH""#,
        r#"lead.country in ["DE", "AT", "CH"] && lead.language == "de""#,
        r"lead.domain in lists.domains && !(lead.domain in lists['freemail'])",
        r#"lists.domains.exists(d, lead.email.endsWith("@" + d)) && lists.domains.size() == 2"#,
        r#"lists.domains == ["firma.example", "other.example"] && (lists.domains + ["x"])[2] == "x""#,
        r#"lead.attribution.channel == "website" && lead.attribution.page.contains("/kontakt")"#,
        r#"lead.attribution.utm.source == "newsletter" && "source" in lead.attribution.utm"#,
        r#"lead.consent != null && has(lead.consent) && lead.consent.text == "ja""#,
        r#"lead.next_step.text == "call back" && lead.next_step.due < now"#,
        r#"lead.fields.Budget == "5000" && int(lead.fields["Budget"]) >= 5000 && has(lead.fields.Budget)"#,
        r"lead.fields.seats + 1 == 251 && lead.fields.share < 1 && lead.fields.eilig",
        r#"lead.fields.exists(key, key.lowerAscii() == "budget")"#,
        r#"lead.attachments.exists(a, a.name.endsWith(".pdf") && a.size > 1000) && lead.attachments[0].name != """#,
        r#"lead.attachments.exists(a, a.danger != null) && lead.attachments[0].danger == "disguised""#,
        r#"lead.stage == "new" && lead.touch_count == 1 && lead.problems.size() == 1"#,
        r#"touch.channel == "website" && touch.kind == "form" && touch.subject != null"#,
        r#"touch.text.matches("(?i)\\bANGEBOT\\b") && matches(touch.text, r"\d{3}")"#,
        r#"touch.from.contains("<Max@") && touch.page.startsWith("https")"#,
        r#"touch.headers["User-Agent"].startsWith("Mozilla") && touch.headers["user-agent"] != null"#,
        r#"now.getHours() == 12 && now.getHours("Europe/Berlin") == 13 && now.getDayOfWeek() == 1"#,
        r#"now - lead.created_at > duration("24h") && now > timestamp("2026-01-01T00:00:00Z")"#,
        r"timestamp(lead.created_at) < now && type(lead.name) == string",
        r#"lead.name.split(" ").size() == 2 && lead.name.replace("x", "y").upperAscii().trim() == "MAY MUSTERMANN""#,
        r#"(lead.country == "DE" ? 1 : 2) == 1 && {"DE": 3}[lead.country] == 3"#,
        r"lead.touch_count + 1 > 1 && double(lead.touch_count) * 1.5 > 1.0 && lead.touch_count < 1.5",
    ] {
        assert_eq!(asked(when, 0), (true, vec![]), "{when}");
    }
}

#[test]
fn a_rule_that_meets_an_absent_value_does_not_hit_and_does_not_fail() {
    for when in [
        r#"lead.domain.endsWith(".edu")"#,
        r#"!lead.domain.endsWith(".edu")"#,
        r#"lead.domain != "firma.example""#,
        r#"!(lead.domain == "firma.example")"#,
        r"!(lead.domain in lists.freemail)",
        r#"!(lead.country in ["DE"])"#,
        "lead.company.size() > 3",
        "size(lead.company) == 0",
        "lead.consent.at < now",
        "lead.next_step.due > now",
        r#"lead.phone.startsWith("+")"#,
        r#"lead.phones[0].startsWith("+")"#,
        r#"lead.emails[0] == "x""#,
        "lead.fields.budget > 100",
        r#"lead.fields["Ihr Budget"].contains("k")"#,
        "int(lead.fields.budget) > 100",
        r#"lead.fields.address.city == "Berlin""#,
        r#"touch.headers["x-mailer"].contains("bulk")"#,
        r#"lead.attribution.utm.campaign == "spring""#,
        r#"touch.text.matches("x") && lead.country == "DE""#,
        r#"lead.name + "x" == "x""#,
        r#"lead.company == "x" ? true : true"#,
        r"[lead.company].size() == 1",
        r#"lead.company < "a""#,
        r"lists.domains.exists(d, lead.domain.endsWith(d))",
    ] {
        assert_eq!(asked(when, 1), (false, vec![]), "{when}");
    }
}

#[test]
fn a_rule_can_ask_whether_something_is_absent() {
    for when in [
        "lead.company == null",
        "null == lead.company",
        "!(lead.company != null)",
        "!has(lead.company)",
        "!has(lead.consent) && lead.consent == null",
        "lead.phones.size() == 0",
        "lead.emails == []",
        "lead.fields.budget == null",
        r#"!("budget" in lead.fields)"#,
        r#"touch.headers["x-mailer"] == null"#,
        "lead.assigned_at == null",
        r#"lead.domain == null || lead.domain.endsWith(".edu")"#,
        r#"lead.domain.endsWith(".edu") || lead.domain == null"#,
        r#"lead.domain == null ? true : lead.domain == "x""#,
        "touch.text == null && touch.subject == null",
        r#"!(lead.phones.exists(p, p.startsWith("+49")))"#,
    ] {
        assert_eq!(asked(when, 1), (true, vec![]), "{when}");
    }
}

#[test]
fn a_hit_tells_the_words_that_made_it() {
    let [(lead, mut touch), _] = samples().unwrap();
    touch.content.text = Some("Guten Tag,\nbitte ein Preisangebot über 250 Stück.".into());
    for (when, words) in [
        (r#"touch.text.matches("(?i)ANGEBOT") || touch.subject.matches("x{9}")"#, vec!["Preisangebot"]),
        (r#"lead.country in ["DE", "AT"] && lead.domain.endsWith(".example")"#, vec!["DE", "firma.example"]),
        (r#"touch.text.contains("250 St") && !touch.text.contains("bitte nicht")"#, vec!["250 Stück."]),
        (r#"lead.country == "DE" && lead.country != "AT""#, vec!["DE"]),
        ("lead.emails.exists(e, e.startsWith('max')) || lead.touch_count > 0", vec![]),
    ] {
        let rules = load(&[("a.toml", &one(when))]).unwrap_or_else(|problems| panic!("{when}: {problems:?}"));
        let hits = rules.judge(&lead, &touch, at_noon()).hits;
        assert_eq!(hits[0].matched, words, "{when}");
    }
}

#[test]
fn a_field_of_the_form_is_found_whatever_its_capitals_and_named_where_it_is_no_number() {
    let rules =
        load(&[("a.toml", &one(r#"int(lead.fields.budget) >= 5000 && lead.fields["Zahl der Plätze"] != null"#))])
            .unwrap();
    let [(mut lead, touch), _] = samples().unwrap();
    let mut asked = |fields: serde_json::Value| {
        lead.fields = fields.as_object().unwrap().clone();
        let verdict = rules.judge(&lead, &touch, at_noon());
        (!verdict.hits.is_empty(), verdict.problems)
    };
    assert_eq!(asked(json!({ "Budget": "5000", "zahl der plätze": "3" })), (true, vec![]));
    assert_eq!(
        asked(json!({ "BUDGET": "9", "Budget": "5000", "budget": "5000", "zahl der PLÄTZE": 3 })),
        (true, vec![])
    );
    assert_eq!(asked(json!({ "Budget": "4000", "budget": "4000", "zahl der plätze": "3" })), (false, vec![]));
    let (hit, problems) = asked(json!({ "Budget": "5.000 Euro", "zahl der plätze": "3" }));
    assert!(!hit && problems[0].ends_with("cannot read what stands in `lead.fields.budget`"), "{problems:?}");
    assert!(!problems[0].contains("Euro"), "what somebody typed is nobody's business");
}
