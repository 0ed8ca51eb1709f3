//! Tests beside the rules, and the rules that are shipped.

use super::*;

#[test]
fn failing_rule_tests_say_what_was_expected_and_which_rules_hit() {
    let rules = load(&[
        (
            "a.toml",
            "[[rule]]\nname = \"price\"\nwhen = 'touch.text.contains(\"Angebot\") && lead.domain == \"uni.edu\"'\n\
             score = 20\ntags = [\"t\"]\nteam = \"dach\"\n",
        ),
        (
            "tests/a.toml",
            "[[test]]\nname = \"passes\"\n\
             lead = { email = \"a@b.example\", domain = \"uni.edu\", message = \"Angebot\" }\n\
             touch = { headers = { X-A = \"1\" }, channel = \"fair\", kind = \"mail\" }\n\
             expect = { disposition = \"unqualified\", score = 20, tags = [\"t\"], team = \"dach\", \
             rules = [\"price\"] }\n\n\
             [[test]]\nname = \"fails\"\nlead = { domain = \"uni.edu\" }\ntouch = { text = \"Angebot\" }\n\
             expect = { disposition = \"qualified\", score = 21, tags = [\"u\"], not_tags = [\"t\"], team = \"sales\", \
             reason = \"r\", not_rules = [\"price\"] }\n\n\
             [[test]]\nname = \"odd\"\nleads = {}\nexpect = { scroe = 3 }\n",
        ),
    ])
    .unwrap();
    let outcomes = rules.run_tests(&read);
    let told: Vec<String> = outcomes.iter().map(ToString::to_string).collect();
    let by_name = |name: &str| outcomes.iter().find(|outcome| outcome.name == name).unwrap();
    assert!(by_name("passes").passed(), "{told:?}");
    let fails = by_name("fails");
    assert_eq!(
        (fails.line, fails.failures.len(), fails.hits.as_slice()),
        (7, 7, ["price".to_owned()].as_slice()),
        "{told:?}"
    );
    assert!(fails.to_string().contains("tests/a.toml:7: fails: expected disposition `qualified`, got `unqualified`; "));
    let odd: Vec<_> = outcomes.iter().filter(|outcome| outcome.name.is_empty()).collect();
    assert_eq!(odd.len(), 2, "{told:?}");
    assert!(odd.iter().all(|outcome| !outcome.passed() && (14..=16).contains(&outcome.line)), "{told:?}");
}

#[test]
fn a_rule_test_can_give_what_no_form_carries_and_a_time() {
    let rules = load(&[
        (
            "a.toml",
            &one(r#"lead.emails.size() == 2 && lead.touch_count == 3 && lead.fields.budget == 5
                && lead.stage == "meeting"
                && lead.attribution.utm.source == "x" && touch.headers["x-a"] == "1" && touch.kind == "mail"
                && lead.attribution.channel == "fair" && lead.message == "hi" && now.getFullYear() == 2030"#),
        ),
        (
            "tests/a.toml",
            "[[test]]\nname = \"all\"\nnow = 2030-01-01T00:00:00Z\n\
             lead = { emails = [\"a@b.example\", \"c@d.example\"], touch_count = 3, fields = { budget = 5 }, \
             stage = \"meeting\", attribution = { utm = { source = \"x\" } } }\n\
             touch = { kind = \"mail\", channel = \"fair\", text = \"hi\", headers = { X-A = \"1\" } }\n\
             expect = { rules = [\"one\"] }\n",
        ),
    ])
    .unwrap();
    let outcomes = rules.run_tests(&read);
    assert!(outcomes.len() == 1 && outcomes[0].passed(), "{}", outcomes[0]);
}

#[test]
fn the_shipped_rules_load_without_a_folder_and_pass_their_tests() {
    let rules = Rules::load(None, 30, &[]).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(rules.len() >= 15 && rules.warnings().is_empty());
    let outcomes = rules.run_tests(&read);
    assert!(outcomes.len() >= 12);
    let failed: Vec<String> = outcomes.iter().filter(|outcome| !outcome.passed()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_commented_routing_examples_are_rules_once_the_hashes_are_gone() {
    let (_, text) = Rules::shipped().iter().find(|(path, _)| *path == "40-routing.toml").unwrap();
    let rules: String = text
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| ["[[rule]]", "name =", "when =", "team ="].iter().any(|start| line.starts_with(start)))
        .map(|line| format!("{line}\n"))
        .collect();
    let names = ["dach", "paris", "events", "key-accounts", "night"].map(|name| Name::parse(name).unwrap());
    let dir = folder(&[("40.toml", &rules)]);
    assert_eq!(Rules::load(Some(dir.path()), 30, &names).unwrap().len(), 5);
}

#[test]
fn a_field_that_no_lead_has_is_a_mistake_of_the_rule_test_with_its_line_and_what_was_meant() {
    let rules = load(&[
        ("a.toml", &one("lead.fields.budget == 5")),
        (
            "tests/a.toml",
            "[[test]]\nname = \"typo\"\nlead = { email = \"a@b.example\", compnay = \"Firma GmbH\" }\nexpect = { score = 0 }\n\n\
             [[test]]\nname = \"as on forms\"\nlead = { \"E-Mail\" = \"a@b.example\", Firma = \"Firma GmbH\", fields = { budget = 5 } }\n\
             expect = { rules = [\"one\"] }\n",
        ),
    ])
    .unwrap();
    let told: Vec<String> = rules.run_tests(&read).iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    let typo = told.iter().find(|told| told.contains("compnay")).unwrap();
    assert!(typo.contains("tests/a.toml:3:33: a lead has no `compnay`; did you mean `company`?"), "{typo}");
    assert!(told.iter().any(|told| told.ends_with("as on forms: ok")), "{told:?}");
}

#[test]
fn a_rule_test_that_proves_nothing_or_cannot_be_run_is_told_at_its_line_and_counts_once() {
    let rules = load(&[
        ("a.toml", &one("true").replace("score = 1", "score = 1\ntags = [\"intent:price\"]")),
        (
            "tests/a.toml",
            "[[test]]\nname = \"tag\"\nexpect = { not_tags = [\"intent:prize\"] }\n\
             [[test]]\nname = \"nothing\"\nexpect = { }\n\
             [[test]]\nname = \"empty\"\nexpect = { tags = [] }\n\
             [[test]]\nname = \"twice\"\nexpect = { score = 1 }\n\
             [[test]]\nname = \"twice\"\nexpect = { score = 1 }\n\
             [[test]]\nname = \"future\"\nnow = \"2026-01-01T00:00:00Z\"\n\
             earlier = [{ text = \"a\", at = \"2026-01-02T00:00:00Z\" }]\nexpect = { score = 1 }\n\
             [[test]]\nname = \"time\"\nexpect = { scroe = 1 }\nnow = \"noon\"\n\
             [[test]]\nname = \"fine\"\nexpect = { score = 1, not_tags = [] }\n",
        ),
    ])
    .unwrap();
    let outcomes = rules.run_tests(&read);
    let told: Vec<String> = outcomes.iter().filter(|outcome| !outcome.passed()).map(ToString::to_string).collect();
    for (at, says) in [
        ("a.toml:1: tag: ", "no rule gives the tag `intent:prize`; did you mean `intent:price`?"),
        ("a.toml:6:", "`expect` expects nothing; say what is to come out"),
        ("a.toml:9:", "`expect` expects nothing"),
        ("a.toml:14:8: ", "there is another test with the name `twice` at a.toml:10"),
        ("a.toml:19:", "this touch is not earlier than the one of the test; give the test a later `now`"),
        ("a.toml:23:", " has no `scroe`"),
        ("a.toml:24:7: ", "`now` must be a time with its zone"),
    ] {
        assert!(told.iter().any(|told| told.contains(at) && told.contains(says)), "{at} {says}: {told:#?}");
    }
    assert_eq!(told.len(), 7, "{told:#?}");
    assert_eq!(TestOutcome::tally(&outcomes), (8, 6));
}
