//! A settings file: settings that can be used or a mistake, each at a line that is there.
#![no_main]

use lotse::config::parse;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let loaded = parse(text, None);
    let lines = text.split('\n').count();
    assert!(loaded.problems.iter().all(|problem| problem.line <= lines && !problem.to_string().is_empty()));
    assert_eq!(loaded.config.is_none(), loaded.problems.iter().any(|problem| problem.is_error()));
});
