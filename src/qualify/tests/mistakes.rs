//! Mistakes in rules, each with its place and what to do.

use super::*;

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
        "a.toml:8:9: there is no `lead.emial`; did you mean `lead.email`?",
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
        ("now > 5", 5, "neither greater nor smaller", "getFullYear()"),
        ("now > '2026-12-01'", 5, "neither greater nor smaller", "write timestamp(\"2026-12-01T00:00:00Z\")"),
        ("'1.12.2026' == now", 13, "never equals", "write timestamp(\"2026-12-01T00:00:00Z\")"),
        ("now - lead.created_at > '48h'", 23, "neither greater nor smaller", "`duration(\"48h\")`"),
        (
            "now > timestamp('2026-12-01')",
            17,
            "`timestamp` cannot read `2026-12-01`",
            "timestamp(\"2026-12-01T00:00:00Z\")",
        ),
        ("now.getHours('Berlin') < 8", 14, "there is no time zone `Berlin`", "write it as \"Europe/Berlin\""),
        ("now.getHours('MEZ') < 8", 14, "there is no time zone `MEZ`", "write it as \"Europe/Berlin\""),
        ("now.hour < 8", 4, "a time has no field `hour`", "`getHours(\"Europe/Berlin\")`"),
        ("now.weekday() == 1", 12, "there is no function `weekday`", "`getDayOfWeek(\"Europe/Berlin\")`"),
        ("touch.text.length() > 5", 18, "there is no function `length`", "`size(touch.text) > 500`"),
        ("touch.text.length > 5", 11, "text has no field `length`", "`size(touch.text) > 500`"),
        ("text.contains('x')", 1, "there is no `text`", "did you mean `touch.text`?"),
        ("channel == 'x'", 1, "there is no `channel`", "did you mean `touch.channel`?"),
        ("lead.name == 'x';", 17, "`;` does not belong here", "leave out the `;`"),
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

#[test]
fn values_that_a_field_never_has_are_warned_of_with_what_to_write() {
    for (when, says, hint) in [
        (r#"lead.country in ["DE", "Deutschland"]"#, "`lead.country` is never `Deutschland`", "write \"DE\""),
        (r#"lead.country == "UK""#, "no country has this code", "write \"GB\""),
        (r#"lead.country == "XX""#, "no country has this code", "such as \"DE\""),
        (r#"lead.language == "zz""#, "no language has this code", "such as \"de\""),
        (r#"lead.language == "deu""#, "two small letters", "write \"de\""),
        (r#"lead.country.startsWith("d")"#, "two capital letters", "startsWith(\"D\")"),
        (r#"lead.domain.endsWith(".EDU")"#, "never ends with `.EDU`: it is in small letters", "endsWith(\".edu\")"),
        (r#"lead.domain.endsWith("@firma.de")"#, "a domain has no @", "`lead.domain == \"firma.de\"`"),
        (r#"lead.domain.contains("@")"#, "a domain has no @", "`lead.email.contains(\"@\")`"),
        (r#"lead.domain.contains("müller")"#, "ASCII form", "xn--mller-kva"),
        (r#"lead.domain.startsWith("https://firma.de")"#, "no blanks, and no /", "startsWith(\"firma.de\")"),
        (r#"lead.domain == "müller.de""#, "ASCII form", "\"xn--mller-kva.de\""),
        (r#"lead.domain == "firma""#, "a domain has a dot", "\"firma.de\""),
        (r#"lead.email == "firma.de""#, "an address has an @", "`lead.domain == \"firma.de\"`"),
        (r#"lead.email.endsWith("@Firma.de")"#, "small letters", "endsWith(\"@firma.de\")"),
        (r#"lead.emails.exists(e, e.endsWith("@Firma.de"))"#, "small letters", "endsWith(\"@firma.de\")"),
        (r#"lead.phone.startsWith("030")"#, "a number is a +", "startsWith(\"+4930\")"),
        (r#"lead.phone.startsWith("0049")"#, "a number is a +", "startsWith(\"+49\")"),
        (r#"lead.phones.exists(p, p.contains("30 123"))"#, "a number is a +", "contains(\"30123\")"),
        (r#"lead.phone == "030 123""#, "a number is a +", "\"+4930123\""),
        (r#"touch.text.lowerAscii().contains("Angebot")"#, "no capital letters", "write \"angebot\""),
        (r#"touch.subject.upperAscii() in ["Demo"]"#, "no small letters", "write \"DEMO\""),
        (r#""Demo" == touch.subject.lowerAscii()"#, "no capital letters", "write \"demo\""),
        ("now.getDayOfWeek() == 7", "`getDayOfWeek()` is never 7: it is 0 to 6", "Sunday is 0"),
        (r#"now.getDayOfWeek("Europe/Berlin") in [6, 7]"#, "is never 7", "Sunday is 0"),
        ("now.getHours() > 24", "never greater than 24", "midnight is 0"),
        ("24 <= now.getHours()", "never as great as 24", "midnight is 0"),
        ("now.getMonth() != 12", "never 12", "December 11"),
        ("lead.created_at.getHours() < 0", "never less than 0", "midnight is 0"),
        ("lead.domain in []", "nothing is in an empty list", "[\"one\", \"two\"]"),
        (r#"lead.company == """#, "`lead.company` is never empty", "`lead.company == null`"),
        (r#"lead.country == "de""#, "two capital letters", "\"DE\""),
        (r#""German" != lead.language"#, "two small letters", "\"de\""),
        (r#"lead.domain == "*.edu""#, "stands for itself", "`lead.domain.endsWith(\".edu\")`"),
        (r#"lead.company == "Firma*""#, "stands for itself", "`lead.company.startsWith(\"Firma\")`"),
        (r#"lead.domain == "Firma.example""#, "small letters", "\"firma.example\""),
        (r#"lead.domain == "https://www.firma.example""#, "a domain alone", "\"firma.example\""),
        (r#""Max@firma.example" in lead.emails"#, "small letters", "\"max@firma.example\""),
        (r#"touch.kind == "email""#, "`touch.kind` is never `email`", "there are mail, form"),
        (r#"lead.stage in ["won"]"#, "`lead.stage` is never `won`", "converted"),
        ("lead.fields.budget > 10000", "never greater or smaller than a number", "int(lead.fields[\"budget\"])"),
        (r#"lead.touch_count > 1 && !(lead.country == "D")"#, "two capital letters", ""),
    ] {
        let rules = load(&[("a.toml", &one(when))]).unwrap_or_else(|problems| panic!("{when}: {problems:?}"));
        let [warning] = rules.warnings() else { panic!("{when}: {:?}", rules.warnings()) };
        assert_eq!((warning.line, warning.column), (4, 8), "{when}");
        assert!(warning.message.contains(says), "{when}: {warning}");
        assert!(warning.hint.as_ref().is_some_and(|told| told.contains(hint)), "{when}: {warning}");
    }
    let fine = r#"lead.country in ["DE", "AT"] && lead.language != "de" && lead.domain == "firma.example"
        && int(lead.fields.budget) > 10000 && touch.kind in ["mail", "form"] && lead.name != "*" && lead.subject == "C*D"
        && lead.country in ["GB", "XK"] && lead.domain.endsWith(".edu") && lead.email.endsWith("@firma.de")
        && lead.phone.startsWith("+49") && lead.phone.contains("30") && touch.text.lowerAscii().contains("übung 3")
        && now.getDayOfWeek() in [0, 6] && now.getHours() >= 23 && now.getHours() < 24 && lead.company != ""
        && lead.fields.plan == "" && (now - lead.created_at).getHours() > 48 && lead.emails.exists(e, e.contains("max"))"#;
    assert_eq!(load(&[("a.toml", &one(fine))]).unwrap().warnings(), []);
}

#[test]
fn files_that_are_not_read_though_they_were_meant_to_be_are_warned_of() {
    let rule = one("lead.domain in lists.partners");
    let rules = load(&[
        ("a.TOML", &rule),
        ("lists/partners.TXT", "firma.example\n"),
        ("b.toml.txt", &rule),
        ("lists/more.csv", "firma.example\n"),
        ("tests/a.txt", ""),
        ("mine/c.toml", &rule),
        ("README.md", ""),
        (".hidden.txt", ""),
        ("old/notes.txt", ""),
    ]);
    let rules = rules.unwrap();
    assert_eq!(rules.len(), 1);
    let told: Vec<String> = rules.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    for (told, says) in told.iter().zip([
        "b.toml.txt: this file is not read; rules stand in files whose name ends in `.toml`",
        "lists/more.csv: this file is not read; a list is a text file",
        "mine: the files in this folder are not read",
        "tests/a.txt: this file is not read",
    ]) {
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn files_of_other_programs_and_in_other_encodings_are_told_with_what_to_do() {
    for (name, bytes, place, says) in [
        ("lists/x.txt", &b"firma.example\nm\xfcller.example\n"[..], "lists/x.txt:2:2: ", "not UTF-8"),
        ("lists/x.txt", &b"\xff\xfea\0"[..], "lists/x.txt: ", "UTF-16"),
        ("lists/x.txt", &b"PK\x03\x04rest"[..], "lists/x.txt: ", "Word, Excel"),
        ("b.toml", &b"PK\x03\x04rest"[..], "b.toml: ", "Word, Excel"),
    ] {
        let dir = folder(&[("a.toml", &one("lead.domain in lists.x")), ("lists/x.txt", "")]);
        fs::write(dir.path().join(name), bytes).unwrap();
        let problems = Rules::load(Some(dir.path()), 30, &[]).unwrap_err();
        let told = problems.iter().map(ToString::to_string).find(|told| told.contains(says)).unwrap_or_default();
        assert!(told.contains(place) && told.contains("; save it "), "{problems:?}");
        assert_eq!(problems.len(), 1, "that the list is not there is no mistake of its own: {problems:?}");
    }
}

#[test]
fn a_list_whose_name_is_not_plain_is_named_as_it_can_be_written() {
    let problems =
        load(&[("a.toml", &one("lead.domain in lists.key-accounts")), ("lists/key-accounts.txt", "a.example\n")]);
    let told = problems.unwrap_err()[0].to_string();
    assert!(told.contains("did you mean `lists[\"key-accounts\"]`?"), "{told}");
    let rules =
        load(&[("a.toml", &one("lead.domain in lists[\"key-accounts\"]")), ("lists/key-accounts.txt", "a.example\n")]);
    assert_eq!(rules.unwrap().len(), 1);
}

#[test]
fn channels_that_the_settings_do_not_have_are_told_with_what_was_meant() {
    let rules = load(&[
        ("a.toml", &one(r#"touch.channel == "webseite" || lead.attribution.channel in ["Website", "fairs"]"#)),
        ("lists/channels.txt", "fairs\nfair\n"),
        ("b.toml", &one("touch.channel in lists.channels").replace("\"one\"", "\"two\"")),
    ])
    .unwrap();
    assert_eq!(rules.warnings(), []);
    let known = ["website", "fairs"].map(|name| Name::parse(name).unwrap());
    let told: Vec<String> = rules.unknown_channels(&known).iter().map(ToString::to_string).collect();
    let [one, other, of_list] = told.as_slice() else { panic!("{told:?}") };
    assert!(
        one.contains("a.toml:4:8: there is no channel `webseite` in the settings; did you mean `website`?"),
        "{one}"
    );
    assert!(other.contains("`Website`") && other.contains("did you mean `website`?"), "{other}");
    assert!(of_list.contains("b.toml:4:8: ") && of_list.contains("`fair`"), "{of_list}");
    assert_eq!(rules.unknown_channels(&[]), [], "where none can be read, none is missing");
}

#[test]
fn a_list_that_domains_are_looked_up_in_is_read_as_domains() {
    let rules = load(&[
        ("a.toml", &one("lead.domain in lists.partners || touch.text in lists.words")),
        ("lists/partners.txt", "firma.example\nFirma GmbH\n"),
        ("lists/words.txt", "Firma GmbH\n"),
    ])
    .unwrap();
    let told: Vec<String> = rules.warnings().iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("partners.txt:2:1: "), "{told:?}");
}

#[test]
fn a_group_of_an_unknown_score_is_told_once() {
    let group = "[[group]]\nname = \"g\"\nof = \"interest\"\nhalf_life = \"30d\"\n";
    let rule = one("true").replace("score = 1", "score = 1\ngroup = \"g\"");
    let problems = load(&[("a.toml", &format!("{group}{rule}"))]).unwrap_err();
    assert!(problems.len() == 1 && problems[0].message.contains("interest"), "{problems:?}");
    let problems = load(&[("a.toml", &one("true").replace("score = 1", "score = 1; # points"))]).unwrap_err();
    assert!(problems[0].to_string().contains("leave out the `;`"), "{problems:?}");
}
