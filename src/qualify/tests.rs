//! What the rules promise, on rules written for it and on the shipped ones.

#![allow(clippy::format_collect, reason = "rules are put together from pieces of text")]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::lead::{Attachment, Email, Kind, Phone};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn teams() -> Vec<Name> {
    vec![Name::parse("dach").unwrap(), Name::parse("sales").unwrap()]
}

fn load(files: &[(&str, &str)]) -> Result<Rules, Vec<Problem>> {
    Rules::load(Some(folder(files).path()), 30, &teams())
}

fn one(when: &str) -> String {
    format!("[[rule]]\nname = \"one\"\nscore = 1\nwhen = '''{when}'''\n")
}

/// Reads a lead roughly as a form is read; what the real reader does is tested where it lives.
fn read(typed: Fields) -> Result<(Lead, Touch), String> {
    if typed.is_empty() {
        return Err("the form is empty".into());
    }
    let [_, (mut lead, mut touch)] = samples().unwrap();
    for (key, value) in typed {
        let text = value.as_str().map(str::to_owned);
        match key.as_str() {
            "name" => lead.person.name = text,
            "email" => {
                let email = Email(text.ok_or("an address is text")?.to_lowercase());
                let free = ["gmail.com", "gmx.de"].contains(&email.domain());
                lead.person.domain = (!free).then(|| email.domain().to_owned());
                lead.person.emails = vec![email];
            }
            "phone" => lead.person.phones = vec![Phone(text.unwrap().replace(' ', ""))],
            "company" => lead.person.company = text,
            "job_title" => lead.person.job_title = text,
            "country" => lead.person.country = text,
            "subject" => lead.subject = text,
            "message" => lead.message = text,
            _ => drop(lead.fields.insert(key, value)),
        }
    }
    touch.content.text.clone_from(&lead.message);
    touch.content.subject.clone_from(&lead.subject);
    Ok((lead, touch))
}

fn at_noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// Whether `when` hits, and what went wrong, on the sample with all fields or the one with none.
fn asked(when: &str, which: usize) -> (bool, Vec<String>) {
    let rules = load(&[
        ("a.toml", &one(when)),
        ("lists/freemail.txt", "gmail.com\n"),
        ("lists/domains.txt", "firma.example\nother.example\n"),
    ])
    .unwrap_or_else(|problems| panic!("{when}: {problems:?}"));
    let (lead, touch) = &samples().unwrap()[which];
    let verdict = rules.judge(lead, touch, at_noon());
    (!verdict.hits.is_empty(), verdict.problems)
}

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
fn a_rule_that_fails_is_named_and_does_not_stop_the_others() {
    let rules = load(&[(
        "a.toml",
        "[[rule]]\nname = \"bad\"\nwhen = 'int(lead.fields.note) > 3'\nscore = 50\n\
         [[rule]]\nname = \"typed\"\nwhen = 'lead.fields.note > 3'\nscore = 50\n\
         [[rule]]\nname = \"good\"\nwhen = 'true'\nscore = 7\n",
    )])
    .unwrap();
    let (mut lead, touch) = samples().unwrap()[1].clone();
    lead.fields.insert("note".into(), json!("private words"));
    let verdict = rules.judge(&lead, &touch, at_noon());
    assert_eq!(verdict.score, 7);
    assert_eq!(verdict.problems.len(), 2, "{:?}", verdict.problems);
    assert!(verdict.problems[0].starts_with("rule `bad` (a.toml:1): "), "{:?}", verdict.problems);
    assert!(verdict.problems[1].starts_with("rule `typed` (a.toml:5): "), "{:?}", verdict.problems);
    assert!(!verdict.problems.concat().contains("private"));
}

#[test]
fn all_hits_add_up_and_the_first_that_decides_decides() {
    let rules = load(&[
        (
            "20-b.toml",
            "[[rule]]\nname = \"later\"\nwhen = 'true'\nteam = \"sales\"\nscore = -5\n\
             tags = [\"b\", \"a\"]\ndisposition = \"qualified\"\n",
        ),
        (
            "10-a.toml",
            "# first\n[[rule]]\nname = \"first\"\nwhen = 'true'\nscore = 20\ntags = [\"a\"]\n\n\
             [[rule]]\nname = \"no\"\nwhen = 'true'\ndisposition = \"disqualified\"\nreason = \"student\"\n\n\
             [[rule]]\nname = \"team\"\nwhen = 'true'\nteam = \"dach\"\n\n\
             [[rule]]\nname = \"miss\"\nwhen = 'false'\nscore = 1000\ntags = [\"never\"]\n",
        ),
    ])
    .unwrap();
    let (lead, touch) = &samples().unwrap()[0];
    let verdict = rules.judge(lead, touch, at_noon());
    assert_eq!(verdict.score, 15);
    assert_eq!(verdict.tags, ["a", "b"]);
    assert_eq!((verdict.disposition, verdict.reason.as_deref()), (Disposition::Disqualified, Some("student")));
    assert_eq!(verdict.team.unwrap().as_str(), "dach");
    let hits: Vec<_> = verdict.hits.iter().map(|hit| (hit.rule.as_str(), hit.place.as_str())).collect();
    assert_eq!(
        hits,
        [("first", "10-a.toml:2"), ("no", "10-a.toml:8"), ("team", "10-a.toml:14"), ("later", "20-b.toml:1")]
    );
    assert_eq!(verdict.rules_version, rules.version());
    assert_eq!(rules.names().next(), Some(("first", "10-a.toml:2")));
}

#[test]
fn the_threshold_itself_is_qualified() {
    for (score, disposition) in [(29, Disposition::Unqualified), (30, Disposition::Qualified)] {
        let text = format!("[[rule]]\nname = \"s\"\nwhen = 'true'\nscore = {score}\n");
        let rules = load(&[("a.toml", &text)]).unwrap();
        let (lead, touch) = &samples().unwrap()[0];
        assert_eq!(rules.judge(lead, touch, at_noon()).disposition, disposition);
    }
}

#[test]
fn every_mistake_of_every_file_is_told_at_once_with_its_place() {
    let a = "\
[[rule]]
name = \"typo\"
wehn = 'true'
score = 5

[[rule]]
name = \"typo\"
when = 'lead.emial == \"x\"'
score = 20.5

[[rule]]
when = 'true'
team = \"dahc\"

[[rule]]
name = \"nothing\"
when = 'true'

[[rule]]
name = \"word\"
when = \"lead.name == \\\"\\u00fc\\\" && lead.nam != null\"
disposition = \"disqualifed\"
reason = \"\"
tags = \"one\"
";
    let problems = load(&[("a.toml", a), ("b.toml", "[[rule]\nname = 1\n"), ("c.toml", "[[rules]]\nname = \"x\"\n")]);
    let problems = problems.unwrap_err();
    let told: Vec<String> = problems
        .iter()
        .map(|problem| {
            let text = problem.to_string();
            let file = Path::new(&problem.file).file_name().unwrap().to_str().unwrap().to_owned();
            format!("{file}{}", &text[problem.file.len()..])
        })
        .collect();
    for wanted in [
        "a.toml:1:1: the rule has no `when`",
        "a.toml:3:1: a rule has no `wehn`; did you mean `when`?",
        "a.toml:7:8: there is another rule with the name `typo` at a.toml:1; names tell",
        "a.toml:8:9: there is no `lead.emial`; did you mean `lead.email` or `lead.emails`?",
        "a.toml:9:9: `score` must be a whole number",
        "a.toml:11:1: the rule has no `name`",
        "a.toml:13:8: there is no team `dahc`; did you mean `dach`?",
        "a.toml:15:1: the rule has no effect",
        "a.toml:21:36: there is no `lead.nam`; did you mean `lead.name`?",
        "a.toml:22:15: there is no disposition `disqualifed`; did you mean `disqualified`?",
        "a.toml:23:10: `reason` is empty",
        "a.toml:24:8: `tags` must be a list of texts",
        "b.toml:1:",
        "c.toml:1:3: unknown key `rules`; did you mean `rule`?",
    ] {
        assert!(told.iter().any(|text| text.starts_with(wanted)), "{wanted}\n{}", told.join("\n"));
    }
    assert_eq!(told.len(), 14, "{}", told.join("\n"));
}

#[test]
fn a_wrong_when_is_told_with_its_column_and_what_to_do() {
    for (when, column, says, hint) in [
        ("lead.name =", 11, "`=` does not belong here", "compare with `==`"),
        ("lead.name ==", 13, "ends too early", ""),
        (r#"lead.name == "x" and true"#, 18, "`and` does not belong here", "write `&&`"),
        (r#"lead.name == "x"#, 14, "does not belong here", "a quote is not closed"),
        (r#"lead.name.matches("\d+")"#, 19, "does not belong here", "double each backslash"),
        (r#"lead.name.matches("\b")"#, 19, "backspace", "double the backslash"),
        (r#"lead.name.matches("(a")"#, 19, "the pattern cannot be used: unclosed group", ""),
        ("lead.name.matches(lead.email)", 23, "must be written out in quotes", "contains"),
        ("lead.score > 3", 1, "`lead.score` cannot be seen", ""),
        ("lead.owner == null", 1, "`lead.owner` cannot be seen", ""),
        ("email == null", 1, "there is no `email`", "did you mean `lead.email`?"),
        ("lead == null", 1, "`lead` is a group of fields", "such as `lead.id`"),
        ("lead.attribution.pag == null", 1, "there is no `lead.attribution.pag`", "`lead.attribution.page`"),
        (r"lead.domain in lists.freemial", 16, "there is no list `freemial`", "did you mean `freemail`?"),
        ("lead.phones.size", 12, "a list has no field `size`", "write `size(…)`"),
        ("lead.name.endsWith(3)", 19, "there is no `text.endsWith(int)`", "`text.endsWith(text)`"),
        ("lead.name.lower() == 'x'", 16, "there is no function `lower`", "did you mean `lowerAscii`?"),
        ("lead.phones.startsWith('+')", 23, "there is no `texts.startsWith(text)`", ""),
        ("lead.touch_count == 'x'", 18, "a whole number never equals text", ""),
        ("lead.touch_count + 1.5 > 1", 18, "cannot join a whole number and a decimal number", "double("),
        ("lead.touch_count > 'x'", 18, "neither greater nor smaller", ""),
        ("'x' in lead.name", 5, "`in` looks into a list", "contains"),
        ("lead.touch_count in ['x']", 18, "a whole number is never in a list of text", ""),
        ("lead.name && true", 1, "`&&` takes true or false, and this is text", ""),
        ("!lead.name", 2, "`!` takes true or false, and this is text", ""),
        ("lead.name", 1, "`when` must be true or false, and this is text", ""),
        ("lead.touch_count", 1, "`when` must be true or false, and this is a whole number", ""),
        ("lead.emails.exists(e, e.nam == 'x')", 24, "text has no field `nam`", ""),
        ("lead.attachments.exists(a, a.nmae == 'x')", 29, "an attachment has no `nmae`", "did you mean `name`?"),
        ("lead.?name.orValue('') == ''", 5, "not offered", "x != null"),
        ("lead.created_at.getHours() + 'x' == 3", 28, "cannot join", ""),
        ("now > 5", 5, "neither greater nor smaller", ""),
        ("duration('soon') > duration('1h')", 1, "fails when it is tried", "tried on a lead"),
        ("1 / 0 == 1", 1, "it divides by zero", ""),
        ("Foo{a: 1} == null", 4, "objects cannot be made", ""),
        ("optional.of(1) == null", 1, "there is no", ""),
        ("lead.name.replace(lead.email, 'x') == ''", 18, "written out in quotes", ""),
    ] {
        let problems = load(&[("a.toml", &one(when)), ("lists/freemail.txt", "gmail.com\n")]);
        let problems = problems.err().unwrap_or_else(|| panic!("{when} was taken"));
        let problem = &problems[0];
        let start = "when = '''".len();
        assert_eq!((problem.line, problem.column), (4, start + column), "{when}: {problem}");
        assert!(problem.message.contains(says), "{when}: {problem}");
        assert!(problem.hint.clone().unwrap_or_default().contains(hint), "{when}: {problem}");
    }
}

#[test]
fn what_is_missing_or_unreadable_is_told() {
    let problems = Rules::load(Some(Path::new("/nowhere/rules")), 30, &[]).unwrap_err();
    assert!(problems[0].to_string().starts_with("/nowhere/rules: cannot read the folder"), "{problems:?}");
    let dir = folder(&[("lists/x.txt", "a\n")]);
    fs::write(dir.path().join("a.toml"), b"# \xff\n").unwrap();
    let problems = Rules::load(Some(dir.path()), 30, &[]).unwrap_err();
    assert!(problems[0].message.contains("not UTF-8"), "{problems:?}");
    assert!(load(&[(".#a.toml", "broken ["), ("notes.md", "x"), ("a.toml", "# nothing yet\n")]).unwrap().is_empty());
}

#[test]
fn a_disqualification_without_a_reason_is_taken_and_gives_the_name() {
    let text = "[[rule]]\nname = \"no students\"\nwhen = 'true'\ndisposition = \"disqualified\"\n";
    let rules = load(&[("a.toml", text)]).unwrap();
    assert!(rules.warnings()[0].message.contains("reason"));
    let (lead, touch) = &samples().unwrap()[0];
    assert_eq!(rules.judge(lead, touch, at_noon()).reason.as_deref(), Some("no students"));
}

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
fn hostile_rules_are_refused_or_stopped_in_time() {
    let refused = [
        vec!["1"; 2000].join("+") + " == 1",
        "(".repeat(2000),
        format!("{}true{}", "(".repeat(1500), ")".repeat(1500)),
        format!("{}1{} == 1", "(".repeat(90), ")".repeat(90)),
        format!("{}1{} == []", "[".repeat(1000), "]".repeat(1000)),
        format!("lead{}", ".a".repeat(1900)),
        vec!["true"; 600].join("?") + &":true".repeat(599),
        "lead.emails.all(a, lead.emails.all(b, lead.emails.all(c, true)))".to_owned(),
        "lead.name.split(' ').all(a, lead.name.split(' ').all(b, true))".to_owned(),
        "lead.name.replace('a', 'aaaaaaaaaa').replace('a', 'aaaaaaaaaa') == ''".to_owned(),
        "lead.name.matches('((a{1000}){1000}){1000}')".to_owned(),
        "x".repeat(5000),
        vec!["lead.touch_count"; 50].join("+") + " == 1",
        format!("lead.name{} == ''", ".trim()".repeat(50)),
        format!("lead.fields{} == 1", ".a".repeat(50)),
        format!("{} == 1", "{'a':".repeat(500)),
    ];
    let strange =
        [format!("{}true", "!".repeat(3001)), format!("{}1 == 1", "-".repeat(3000)), " ".repeat(3000) + "true"];
    for when in refused.iter().chain(&strange) {
        let start = Instant::now();
        let told = load(&[("a.toml", &one(when))]);
        assert!(told.is_err() || strange.contains(when), "{when:.40}");
        assert!(start.elapsed() < Duration::from_secs(1), "{when:.40}: {:?}", start.elapsed());
    }
}

#[test]
fn the_deepest_rules_there_are_run_on_a_small_stack() {
    let deep = [
        format!("{} > 0", vec!["lead.touch_count"; 46].join(" + ")),
        format!("lead.name{} != ''", ".trim()".repeat(45)),
        vec!["lead.touch_count == 1"; 45].join(" && "),
        format!("{}1{} > 0", "lead.touch_count + (".repeat(32), ")".repeat(32)),
        format!("{}true{}", "lead.touch_count == 1 ? (".repeat(30), ") : true".repeat(30)),
    ];
    let rules: String =
        deep.iter().enumerate().map(|(n, when)| one(when).replace("\"one\"", &format!("\"{n}\""))).collect();
    let rules = load(&[("a.toml", &rules)]).unwrap_or_else(|problems| panic!("{problems:?}"));
    let (lead, touch) = &samples().unwrap()[0];
    let verdict = thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(2 << 20);
        small.spawn_scoped(scope, || rules.judge(lead, touch, at_noon())).unwrap().join().unwrap()
    });
    assert_eq!((verdict.hits.len(), verdict.problems), (5, vec![]));
}

#[test]
fn a_rule_over_too_much_text_is_stopped_and_named() {
    let words: String = (0..20_000).map(|n| format!("word{n}\n")).collect();
    let rules = load(&[("a.toml", &one("lists.words.exists(w, touch.text.contains(w))")), ("lists/words.txt", &words)]);
    let rules = rules.unwrap();
    let (lead, mut touch) = samples().unwrap()[1].clone();
    touch.content.text = Some("lorem ipsum ".repeat(20_000));
    let start = Instant::now();
    let verdict = rules.judge(&lead, &touch, at_noon());
    assert!(verdict.hits.is_empty());
    assert!(verdict.problems[0].contains("was stopped"), "{:?}", verdict.problems);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    touch.content.text = Some("this is word19999".into());
    assert_eq!(rules.judge(&lead, &touch, at_noon()).hits.len(), 1);
}

/// Prints what judging costs: `cargo test --release qualify -- --ignored --nocapture cost`.
#[test]
#[ignore = "a measurement, not a promise"]
fn cost_of_the_shipped_rules() {
    let start = Instant::now();
    let rules = Rules::load(None, 30, &[]).unwrap();
    let loaded = start.elapsed();
    let (lead, touch) = &samples().unwrap()[0];
    let start = Instant::now();
    for _ in 0..2000 {
        std::hint::black_box(rules.judge(lead, touch, at_noon()));
    }
    let each = start.elapsed() / 2000;
    eprintln!("load {loaded:?}, judge {each:?} for {} rules", rules.len());
}

/// The shipped rules, and one rule for every field there is.
static EVERY_FIELD: LazyLock<[Rules; 2]> = LazyLock::new(|| {
    let fields = types::FIELDS.iter().filter(|field| field.ty != types::Ty::Record);
    let every: String = fields
        .map(|field| format!("[[rule]]\nname = \"{0}\"\nwhen = 'type({0}) != string'\nscore = 1\n", field.path))
        .collect();
    [Rules::load(None, 30, &[]).unwrap(), load(&[("a.toml", &every)]).unwrap()]
});

fn pieces() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "lead",
        "touch",
        "lists",
        "now",
        ".",
        "domain",
        "emails",
        "fields",
        "text",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'x'",
        "r\"\\d\"",
        "\"",
        "'",
        "==",
        "!=",
        "&&",
        "||",
        "!",
        "?",
        ":",
        "+",
        "-",
        "*",
        "/",
        "%",
        "<",
        ">=",
        "in",
        "1",
        "2.5",
        "null",
        "true",
        "has(",
        ".matches(",
        ".exists(e, ",
        ".map(x, ",
        ".size()",
        ",",
        "e",
        "x",
        " ",
        "\n",
        "ä",
        "\\",
        "0u",
        "b'z'",
        "timestamp(",
        "duration(",
        ".split(",
        ".all(a, ",
    ]);
    prop::collection::vec(known, 0..60).prop_map(|pieces| pieces.concat())
}

fn some_text() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop_oneof![any::<String>(), "[a-zäöü0-9 @.:/-]{0,200}", Just("angebot ".repeat(9000))])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_text_panics_or_takes_long_to_load(text in any::<String>(), when in pieces(), odd in any::<String>()) {
        for file in [text, one(&when), format!("[[rule]]\nname = {odd}\nwhen = \"{when}\"\nscore = 1")] {
            let start = Instant::now();
            if let Ok(rules) = load(&[("a.toml", &file), ("lists/x.txt", &odd)]) {
                for (lead, touch) in &samples().unwrap() {
                    std::hint::black_box(rules.judge(lead, touch, at_noon()));
                }
            }
            prop_assert!(start.elapsed() < Duration::from_secs(1), "{file}");
        }
    }

    #[test]
    fn no_lead_makes_judging_panic(
        texts in prop::collection::vec(some_text(), 8),
        emails in prop::collection::vec(any::<String>(), 0..4),
        key in any::<String>(),
        size in any::<u64>(),
        ms in -1_000_000_000_000_i64..4_000_000_000_000,
    ) {
        let (mut lead, mut touch) = samples().unwrap()[0].clone();
        lead.person.domain.clone_from(&texts[0]);
        lead.person.company.clone_from(&texts[1]);
        lead.person.emails = emails.iter().cloned().map(Email).collect();
        lead.message.clone_from(&texts[2]);
        lead.fields.insert(key, json!({ "deep": [1, -2.5, null, texts[3].clone(), size] }));
        let name = texts[3].clone().unwrap_or_default();
        lead.attachments.push(Attachment { name, content_type: String::new(), size, sha256: String::new(), danger: None });
        touch.kind = Kind::Chat;
        touch.content.text.clone_from(&texts[4]);
        touch.content.subject.clone_from(&texts[5]);
        touch.content.from.clone_from(&texts[6]);
        touch.content.headers.insert("x".into(), texts[7].clone().unwrap_or_default());
        let now = Timestamp::from_millisecond(ms).unwrap();
        for rules in &*EVERY_FIELD {
            let verdict = rules.judge(&lead, &touch, now);
            prop_assert_eq!(verdict.problems, Vec::<String>::new());
        }
    }
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
    assert!(typo.contains("tests/a.toml:3: a lead has no `compnay`; did you mean `company`?"), "{typo}");
    assert!(told.iter().any(|told| told.ends_with("as on forms: ok")), "{told:?}");
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
fn rules_that_can_never_do_what_they_are_there_for_are_warned_of() {
    let rule =
        |name: &str, when: &str, effect: &str| format!("[[rule]]\nname = \"{name}\"\nwhen = '{when}'\n{effect}\n");
    let text = [
        rule("a", "false", "score = 1"),
        rule("b", r#"lead.country == "DE" && lead.name != null && "AT" == lead.country"#, "score = 1"),
        rule("c", r#"lead.country == "DE" && lead.country != "DE""#, "score = 1"),
        rule("d", r#"(lead.country == "DE" && lead.country == "AT") || lead.country == "CH""#, "score = 1"),
        rule("e", "true", "team = \"dach\""),
        rule("f", r#"lead.country == "FR""#, "team = \"sales\"\nscore = 1"),
        rule("g", r#"lead.country  ==  "FR""#, "score = 2"),
        rule("h", r#"lead.country != "DE" && lead.country != "AT""#, "score = 2"),
    ];
    let rules = load(&[("a.toml", &text.concat())]).unwrap();
    let told: Vec<String> =
        rules.warnings().iter().map(|problem| format!("{} {}", problem.line, problem.message)).collect();
    assert_eq!(
        told,
        [
            "1 the rule never hits: its `when` is `false`",
            "5 the rule never hits: what it asks of `lead.country` excludes itself",
            "9 the rule never hits: what it asks of `lead.country` excludes itself",
            "21 its team never counts: `e` (a.toml:17) comes first and always hits",
            "26 the rule asks the same as `f` (a.toml:21)",
        ]
    );
}
