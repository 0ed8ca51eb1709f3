//! Nothing that a rule or a lead contains stops the rest, or takes long: what it takes is counted, not timed.

use super::*;
use crate::qualify::view::BUDGET;

/// What one rule may cost: its budget, and what goes through a list after nothing of it is left.
const LIMIT: i64 = 2 * BUDGET;

/// What the most expensive rule costs, asked about a lead.
fn cost(rules: &Rules, lead: &Lead, touch: &Touch) -> i64 {
    let of = |rule: &Rule| {
        let view = View::new(lead, touch, at_noon(), &rule.when.constants);
        std::hint::black_box(ask(&rule.when, &rules.env, &view));
        view.spent()
    };
    rules.in_order.iter().map(of).max().unwrap_or(0)
}

#[test]
fn hostile_rules_are_refused_or_cost_little() {
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
    for when in &refused {
        let problems = load(&[("a.toml", &one(when))]).err().unwrap_or_else(|| panic!("{when:.40} was taken"));
        assert!(problems.iter().all(|problem| problem.hint.is_some()), "{when:.40}: {problems:?}");
    }
    let (lead, touch) = &samples().unwrap()[0];
    for when in &strange {
        if let Ok(rules) = load(&[("a.toml", &one(when))]) {
            assert!(cost(&rules, lead, touch) < 10, "{when:.40}");
        }
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
    let verdict = rules.judge(&lead, &touch, at_noon());
    assert!(verdict.hits.is_empty());
    assert!(verdict.problems[0].contains("was stopped"), "{:?}", verdict.problems);
    let cost = cost(&rules, &lead, &touch);
    assert!((BUDGET..LIMIT).contains(&cost), "{cost}");
    touch.content.text = Some("this is word19999".into());
    assert_eq!(rules.judge(&lead, &touch, at_noon()).hits.len(), 1);
}

#[test]
fn a_pattern_that_is_slow_to_run_is_paid_for_and_a_loop_of_it_is_stopped() {
    let (lead, mut touch) = samples().unwrap()[0].clone();
    touch.content.text = Some("a".repeat(60_000));
    let of = |pattern: &str| {
        let when = format!("touch.text.matches(r\"{pattern}\") || touch.subject == \"\"");
        cost(&load(&[("a.toml", &one(&when))]).unwrap(), &lead, &touch)
    };
    let (quick, slow) = (of("(?i)b(c|d)[ef]"), of(".{0,1000}[xy]"));
    assert!(quick * 5 < slow && slow < BUDGET / 10, "{quick} {slow}");

    let words: String = (0..2_000).map(|n| format!("word{n}\n")).collect();
    let when = "lists.words.exists(w, touch.text.matches(r\".{0,1000}[xy]\") && w == \"\")";
    let rules = load(&[("a.toml", &one(when)), ("lists/words.txt", &words)]).unwrap();
    let verdict = rules.judge(&lead, &touch, at_noon());
    assert!(verdict.problems[0].contains("was stopped"), "{:?}", verdict.problems);
    assert!((BUDGET..LIMIT).contains(&cost(&rules, &lead, &touch)));
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
            if let Ok(rules) = load(&[("a.toml", &file), ("lists/x.txt", &odd)]) {
                for (lead, touch) in &samples().unwrap() {
                    std::hint::black_box(rules.judge(lead, touch, at_noon()));
                    prop_assert!(cost(&rules, lead, touch) < LIMIT, "{file}");
                }
            }
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
