//! The examples of the README.

use std::fs;

/// The blocks of one language.
pub fn blocks(language: &str) -> Vec<String> {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let fence = format!("```{language}\n");
    readme.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The block of one language that holds `part`.
pub fn block(language: &str, part: &str) -> String {
    let mut all = blocks(language);
    all.retain(|block| block.contains(part));
    assert_eq!(all.len(), 1, "the README has not one {language} example with {part}");
    all.remove(0)
}
