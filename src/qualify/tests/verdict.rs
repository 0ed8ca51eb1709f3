//! What becomes of hits: scores, tags, decisions, failures.

use super::*;

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
fn points_add_up_in_groups_to_two_scores_with_caps_and_half_lives() {
    let rules = load(&[
        (
            "20.toml",
            "[[group]]\nname = \"intent\"\nof = \"engagement\"\ncap = 50\nhalf_life = \"30d\"\n\
             [[group]]\nname = \"fit\"\ncap = 12\n",
        ),
        (
            "10.toml",
            "[[rule]]\nname = \"price\"\nwhen = 'touch.text.contains(\"price\")'\nscore = 40\ngroup = \"intent\"\n\
             [[rule]]\nname = \"demo\"\nwhen = 'touch.text.contains(\"demo\")'\nscore = 40\ngroup = \"intent\"\n\
             [[rule]]\nname = \"who\"\nwhen = 'lead.country == \"DE\"'\nscore = 20\n\
             [[rule]]\nname = \"what\"\nwhen = 'touch.kind == \"form\"'\nscore = 3\npriority = \"high\"\nset = { segment = \"a\" }\n",
        ),
    ])
    .unwrap();
    let (lead, mut touch) = samples().unwrap()[0].clone();
    let scores = |verdict: &Verdict| (verdict.fit, verdict.engagement, verdict.score);
    touch.content.text = Some("price and demo".into());
    let first = rules.judge(&lead, &touch, at_noon());
    assert_eq!(scores(&first), (12, 53, 65), "both groups are at their caps; what has no cap has none");
    let sums: Vec<_> = first.groups.iter().map(|sum| (sum.group.as_str(), sum.points, sum.cap, sum.counted)).collect();
    assert_eq!(
        sums,
        [("engagement", 3, None, 3), ("fit", 20, Some(12), 12), ("intent", 80, Some(50), 50)],
        "the arithmetic is kept"
    );
    assert_eq!(first.priority, Some(crate::lead::Priority::High));
    assert_eq!(first.custom["segment"], "a");

    // A month later one of the two is asked again: the other counts half.
    touch.content.text = Some("the demo, please".into());
    touch.kind = Kind::Mail;
    let month = at_noon() + jiff::SignedDuration::from_hours(24 * 30);
    let second = rules.judge_after(Some(&first), &lead, &touch, month);
    assert_eq!(scores(&second), (12, 53, 65), "40 and 20 are more than the cap of 50");
    let half = second.hits.iter().find(|hit| hit.rule == "price").unwrap();
    assert_eq!((half.score, half.counted, half.at), (40, Some(20), Some(at_noon())));
    let quarter = rules.judge_after(Some(&second), &lead, &touch, month + jiff::SignedDuration::from_hours(24 * 30));
    assert_eq!(scores(&quarter), (12, 53, 65));
    touch.content.text = Some("thank you".into());
    let later = rules.judge_after(Some(&first), &lead, &touch, month);
    assert_eq!(scores(&later), (12, 43, 55), "20 and 20, and three points that do not fade");
    assert_eq!(later.disposition, Disposition::Qualified);
}

#[test]
fn the_same_rules_and_touches_give_the_same_verdict_byte_for_byte() {
    let fields = "abcdefghijklmnop".chars().map(|letter| (letter.to_string(), json!(1))).collect::<Fields>();
    let [(mut lead, touch), _] = samples().unwrap();
    lead.fields = fields;
    let first =
        "lead.fields.map(key, key).join(\"\") == \"abcdefghijklmnop\" && lead.fields.filter(key, true)[0] == \"a\"";
    let twin = "[[rule]]\nname = \"twin b\"\nwhen = 'lead.name != null'\nscore = 2\nteam = \"sales\"\n";
    let other = "[[rule]]\nname = \"twin a\"\nwhen = 'lead.company != null'\nscore = 3\nteam = \"dach\"\n";
    let order = one(first);
    let files = [
        ("a.toml", order.as_str()),
        ("b.toml", twin),
        ("b.toml", other),
        ("lists/x.txt", "1\n"),
        ("lists/x.txt", "2\n"),
    ];
    let judge = |files: &[(&str, &str)]| {
        let rules = Rules::of(files, 30, &teams()).unwrap();
        serde_json::to_string(&rules.judge(&lead, &touch, at_noon())).unwrap()
    };
    let wanted = judge(&files);
    assert!(wanted.contains("\"rule\":\"one\"") && wanted.contains("\"team\":\"dach\""), "{wanted}");
    for turn in 0..files.len() {
        let mut turned = files;
        turned.rotate_left(turn);
        assert_eq!(judge(&turned), wanted, "turned by {turn}");
        turned.reverse();
        assert_eq!(judge(&turned), wanted, "turned by {turn} and reversed");
    }
}

#[test]
fn a_shadow_is_asked_about_new_leads_and_those_it_knows_and_decides_nothing() {
    let rules = |score: i64| {
        let text = format!("[[rule]]\nname = \"a\"\nwhen = 'true'\nscore = {score}\n");
        Rules::of(&[("a.toml", &text)], 30, &[]).unwrap()
    };
    let (lead, touch) = &samples().unwrap()[0];
    let (plain, with_shadow) = (rules(40), rules(40).with_shadow(Some(Arc::new(rules(5)))));
    let before = plain.judge(lead, touch, at_noon());
    assert_eq!(with_shadow.judge_after(Some(&before), lead, touch, at_noon()).shadow, None, "it knows too little");
    let new = with_shadow.judge(lead, touch, at_noon());
    let shadow = new.shadow.as_deref().unwrap();
    assert_eq!((new.score, shadow.score, shadow.disposition), (40, 5, Disposition::Unqualified));
    assert_eq!((new.disposition, &new.rules_version), (Disposition::Qualified, &before.rules_version));
    let again = with_shadow.judge_after(Some(&new), lead, touch, at_noon());
    assert_eq!(again.shadow.unwrap().score, 5);
}
