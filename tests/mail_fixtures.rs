//! Reads every mail in `fixtures/mail` and compares it with the reading expected beside it.
//!
//! `NAME.eml` goes with `NAME.lead.json`: `{"lead": {…}}` with the part of the content that
//! matters, `{"noise": "reason"}` or `{"unclear": "reason"}`; `"released": {…}` beside them is what
//! it becomes when a person releases it. What a mail became instead is written to
//! `NAME.actual.json` in the folder for test files.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

#[path = "support/mail.rs"]
mod mail;

use std::fs;
use std::path::Path;

use lotse::lead::Reading;
use lotse::normalize::{Reader, Trust};
use mail::{reader, reading};
use serde_json::{Value, json};

#[test]
fn every_mail_reads_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mail");
    let reader = reader("example.com");
    let mut mails = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "eml") {
            continue;
        }
        mails += 1;
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let expected = folder.join(format!("{name}.lead.json"));
        let expected: Value = serde_json::from_slice(&fs::read(&expected).unwrap_or_default()).unwrap_or_default();
        let actual = as_json(&reader, &fs::read(&path).unwrap());
        let differences = differences(&expected, &actual);
        if !differences.is_empty() {
            let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.actual.json"));
            fs::write(&place, serde_json::to_string_pretty(&actual).unwrap()).unwrap();
            wrong.push(format!("{name} (see {}):\n{}", place.display(), differences.join("\n")));
        }
    }
    assert!(mails >= 25, "only {mails} mails found in {}", folder.display());
    assert!(wrong.is_empty(), "{} of {mails} mails read otherwise:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

fn as_json(reader: &Reader, mail: &[u8]) -> Value {
    let mut value = match reading(reader, mail, Trust::Usual) {
        Reading::Lead(content) => json!({ "lead": content }),
        Reading::Aside(_) => unreachable!("nobody is known"),
        Reading::Noise(reason) => json!({ "noise": reason }),
        Reading::Unclear(reason) => json!({ "unclear": reason }),
    };
    if let Reading::Lead(content) = reading(reader, mail, Trust::Released) {
        value["released"] = json!(content);
    }
    value
}

/// Where the actual value lacks or contradicts what is expected.
fn differences(expected: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", expected, actual, &mut found);
    if expected.is_null() {
        found.push("  no expectation stands beside it".into());
    }
    found
}

fn compare(place: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (key, value) in expected {
                compare(&format!("{place}.{key}"), value, actual.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{place}[{number}]"), one, other, found);
            }
        }
        _ if expected == actual => {}
        _ => found.push(format!("  {place}\n    expected {expected}\n    actual   {actual}")),
    }
}
