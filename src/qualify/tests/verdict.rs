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
