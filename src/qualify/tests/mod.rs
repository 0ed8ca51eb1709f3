//! What the rules promise, on rules written for it and on the shipped ones.

#![allow(clippy::format_collect, reason = "rules are put together from pieces of text")]

mod beside;
mod bounds;
mod mistakes;
mod seeing;
mod verdict;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

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
