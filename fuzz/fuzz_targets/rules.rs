//! Rule files, a list and rule tests: a checked set of rules or mistakes, and verdicts without a panic.
#![no_main]

use jiff::Timestamp;
use lotse::lead::Fields;
use lotse::normalize::Reader;
use lotse::pipeline::as_if_typed;
use lotse::qualify::Rules;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let lines = text.split('\n').count();
    let rules = match Rules::of(&[("10.toml", text), ("lists/words.txt", text), ("tests/t.toml", text)], 30, &[]) {
        Ok(rules) => rules,
        Err(problems) => {
            assert!(!problems.is_empty() && problems.iter().all(|problem| problem.line <= lines));
            return;
        }
    };
    let reader = Reader::default();
    assert!(rules.run_tests(&|fields| as_if_typed(&fields, &reader)).iter().all(|test| test.line <= lines));
    let typed = [("name", "Max Mustermann"), ("email", "max@firma.example"), ("message", "Bitte ein Angebot")];
    let typed: Fields = typed.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    let (lead, touch) = as_if_typed(&typed, &reader).expect("a lead");
    let verdict = rules.judge(&lead, &touch, Timestamp::UNIX_EPOCH);
    assert!(verdict.hits.len() <= rules.len());
});
