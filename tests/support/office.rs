//! A small office: a form, a watched folder, one owner who is told by file, a team; and what is done there again
//! and again.

use std::process::Output;

use serde_json::Value;

use super::daemon::Daemon;
use super::http::post;

/// Its settings. Its clock is that of Tokyo, which no other clock is taken for.
pub const SETTINGS: &str = r#"
[organisation]
time_zone = "Asia/Tokyo"
[channels.website]
kind = "webhook"
[channels.fairs]
kind = "csv"
folder = "fairs"
settle = "200ms"
[notify.out]
kind = "file"
path = "outbox"
[owners.anna]
notify = ["out"]
[teams.sales]
members = ["anna"]
"#;

/// Settings with more after them.
pub fn settings_and(more: &str) -> String {
    format!("{SETTINGS}{more}")
}

/// Sends the form; the lead that it belongs to.
pub fn send(daemon: &Daemon, address: &str, message: &str) -> Value {
    let body = format!(r#"{{"email":"{address}","message":"{message}"}}"#);
    assert_eq!(post(daemon.public(), "/hooks/website", "application/json", &body).unwrap().status, 200);
    daemon.json(&["leads", "list", address]).remove(0)
}

/// A lead's id.
pub fn id(lead: &Value) -> &str {
    lead["id"].as_str().unwrap()
}

/// A command failed with this status, and said these things.
pub fn fails_with(output: &Output, code: i32, parts: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    says(&error, parts);
}

/// A text has all these parts.
pub fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}
