//! Reads every mail of the development corpus: each within seconds and without a panic, and
//! where the corpus says what a mail holds, that is what is read.
//!
//! The corpus is no part of the project; `LOTSE_CORPUS` names its folder.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

#[path = "support/mail.rs"]
mod mail;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lotse::lead::{Content, Reading};
use lotse::normalize::Trust;
use mail::{reader, reading};
use serde_json::Value;

/// The folder of mails; `None` (and a word about it) where there is none.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("LOTSE_CORPUS").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(root).join("eml");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no corpus at {} (set LOTSE_CORPUS)", folder.display());
    None
}

#[test]
fn every_mail_of_the_corpus_is_read_in_time() {
    let Some(folder) = corpus() else { return };
    let reader = reader("ours.example");
    // The first reading prepares what all share.
    _ = reading(
        &reader,
        b"From: max@firma.example\n\nHello\n\nRegards\nMax\nCEO\n10115 Berlin\nTel. +49 30 1",
        Trust::Usual,
    );
    let mut counts = [0; 3];
    for set in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for path in fs::read_dir(set).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_none_or(|ending| ending != "eml") {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let start = Instant::now();
            let kind = match reading(&reader, &bytes, Trust::Usual) {
                Reading::Lead(_) => 0,
                Reading::Aside(_) | Reading::Noise(_) => 1,
                Reading::Unclear(_) => 2,
            };
            assert!(start.elapsed() < Duration::from_secs(10), "{}: {:?}", path.display(), start.elapsed());
            counts[kind] += 1;
            if std::env::var_os("LOTSE_CORPUS_LIST").is_some() {
                eprintln!("{} {:?}", path.display(), reading(&reader, &bytes, Trust::Usual));
            }
        }
    }
    eprintln!("corpus: {} leads, {} noise, {} unclear", counts[0], counts[1], counts[2]);
    assert!(counts.iter().sum::<usize>() > 0);
}

#[test]
fn labelled_mails_are_read_as_their_labels_say() {
    let Some(folder) = corpus() else { return };
    let reader = reader("ours.example");
    let (mut right, mut wrong) = (0_u32, Vec::new());
    for set in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let Ok(labels) = fs::read(set.join("labels.json")) else { continue };
        let labels: Value = serde_json::from_slice(&labels).unwrap();
        for (name, label) in labels["labels"].as_object().unwrap() {
            let bytes = fs::read(set.join(name)).unwrap_or_default();
            // Noise and what is unclear is read as if somebody released it.
            let content = match reading(&reader, &bytes, Trust::Usual) {
                Reading::Lead(content) => content,
                _ => match reading(&reader, &bytes, Trust::Released) {
                    Reading::Lead(content) => content,
                    other => panic!("{name}: {other:?}"),
                },
            };
            // The label is what From says; the person may be somebody else.
            let from = content.from.as_deref().map(str::to_lowercase);
            let checks = [
                ("from", label["from"].as_str().map(str::to_lowercase), from),
                ("subject", label["subject"].as_str().map(words), content.subject.as_deref().map(words)),
                ("date", label["date_str"].as_str().map(words), content.headers.get("date").map(|date| words(date))),
                ("text", label["text"].as_str().map(words), Some(whole(&content))),
            ];
            let with_mail = content.attachments.iter().any(|file| file.content_type == "message/rfc822");
            let address = content.person.emails.first().map(lotse::lead::Email::as_str);
            for (what, expected, actual) in checks {
                let Some(expected) = expected.filter(|text| !text.is_empty()) else { continue };
                if what == "text" && label["html"].as_str().is_some_and(|html| words(html) == expected) {
                    continue; // The labelling program calls HTML text here.
                }
                let same = match what {
                    "from" => {
                        actual.as_ref().is_some_and(|actual| actual.contains(&expected)) || address == Some(&expected)
                    }
                    // The labelling program reads attached mails as part of the text.
                    "text" if with_mail && actual.as_ref().is_some_and(|actual| expected.starts_with(actual)) => true,
                    // It drops what it cannot decode: what is left must be the same.
                    _ => actual.as_ref() == Some(&expected) || actual.as_deref().map(plain) == Some(plain(&expected)),
                };
                if same {
                    right += 1;
                } else {
                    wrong.push(format!(
                        "{name} {what}\n  expected {expected:.300}\n  actual   {:.300}",
                        actual.unwrap_or_default()
                    ));
                }
            }
        }
    }
    let all = right + u32::try_from(wrong.len()).unwrap();
    let share = f64::from(right) / f64::from(all.max(1)) * 100.0;
    eprintln!("labels: {right} of {all} agree ({share:.1} %)\n{}", wrong.join("\n"));
    assert!(share >= 98.0, "only {share:.1} % of {all} labelled values agree");
}

/// Bodies of form and portal mails, each sent by whom the corpus names, or a program that takes no answer.
#[test]
fn form_mails_name_whom_they_speak_for() {
    let Some(folder) = corpus() else { return };
    let reader = reader("ours.example");
    let (mut right, mut wrong) = (0_u32, Vec::new());
    for path in fs::read_dir(folder.join("../leadmail")).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(body) = fs::read_to_string(path.with_extension("txt")) else { continue };
        let Some(truth) = fs::read(&path).ok().filter(|_| path.extension().is_some_and(|ending| ending == "json"))
        else {
            continue;
        };
        let truth: Value = serde_json::from_slice(&truth).unwrap();
        if truth["is_lead"] != true {
            continue;
        }
        let from = truth["from"].as_str().unwrap_or("no-reply@host.example");
        let subject = truth["subject"].as_str().unwrap_or("x");
        let mail = format!("From: {from}\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{body}");
        let Reading::Lead(content) = reading(&reader, mail.as_bytes(), Trust::Usual) else {
            panic!("{} is no lead", path.display())
        };
        let expected = &truth["expected"];
        let said = serde_json::to_string(&content).unwrap();
        let checks = [
            ("name", content.person.name.clone().unwrap_or_default()),
            ("email", content.person.emails.first().map(ToString::to_string).unwrap_or_default()),
            ("phone_digits", said.chars().filter(char::is_ascii_digit).collect()),
            ("message", content.text.clone().unwrap_or_default()),
            ("product", said.clone()),
        ];
        for (what, actual) in checks {
            let Some(value) = expected[what].as_str() else { continue };
            if actual.contains(value) || what == "phone_digits" && said.contains(value) {
                right += 1;
            } else {
                wrong.push(format!("{} {what}\n  expected {value}\n  actual   {actual:.300}", path.display()));
            }
        }
    }
    let all = right + u32::try_from(wrong.len()).unwrap();
    let share = f64::from(right) / f64::from(all.max(1)) * 100.0;
    eprintln!("form mails: {right} of {all} values found ({share:.1} %)\n{}", wrong.join("\n"));
    assert!(share >= 95.0, "only {share:.1} % of {all} values of form mails were found");
}

/// What became of labelled cases.
#[derive(Default)]
struct Tally {
    right: u32,
    wrong: Vec<String>,
    set_aside: Vec<String>,
}

impl Tally {
    fn share(&self) -> f64 {
        let all = self.right as usize + self.wrong.len() + self.set_aside.len();
        f64::from(self.right) / f64::from(u32::try_from(all.max(1)).unwrap()) * 100.0
    }

    fn tell(&self, what: &str) {
        eprintln!(
            "{what}: {} right ({:.1} %), {} wrong, {} quarantined or ignored\n{}\n{}",
            self.right,
            self.share(),
            self.wrong.len(),
            self.set_aside.len(),
            self.wrong.join("\n"),
            self.set_aside.join("\n")
        );
    }
}

/// Forwards of many mail programs and languages as they come in: the lead is whose mail it was.
#[test]
fn forwards_become_leads_of_whose_mail_it_was() {
    let Some(folder) = corpus() else { return };
    let reader = reader("ours.example");
    let (mut authors, mut values) = (Tally::default(), Tally::default());
    for path in fs::read_dir(folder.join("../forwarded")).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(body) = fs::read_to_string(path.with_extension("txt")) else { continue };
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let truth: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let asserted = |what: &str| truth["asserted_upstream"].as_array().unwrap().iter().any(|field| field == what);
        let forwarded = truth["forwarded"] == true;
        let given = truth["subject_header"].as_str();
        let subjects = match given {
            Some(subject) => vec![subject],
            None if forwarded => vec!["Fwd: x", "x"],
            None => vec!["x"],
        };
        for subject in subjects {
            let mail = format!(
                "From: Anna <anna@ours.example>\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{body}"
            );
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let expected = &truth["expected"];
            let content = match reading(&reader, mail.as_bytes(), Trust::Usual) {
                Reading::Lead(_) if !forwarded => {
                    authors.wrong.push(format!("{name}: is no forward"));
                    continue;
                }
                Reading::Lead(content) => content,
                Reading::Aside(_) | Reading::Noise(_) | Reading::Unclear(_) if !forwarded => {
                    authors.right += 1;
                    continue;
                }
                Reading::Aside(_) => unreachable!("nobody is known"),
                Reading::Noise(why) | Reading::Unclear(why) => {
                    let labelled = asserted("from");
                    let list = if labelled { &mut authors.set_aside } else { continue };
                    list.push(format!("{name}: {why}"));
                    continue;
                }
            };
            if asserted("from") {
                let author = (expected["from"]["address"].as_str(), expected["from"]["name"].as_str());
                let found =
                    (content.person.emails.first().map(lotse::lead::Email::as_str), content.person.name.as_deref());
                if author == found && content.forwarded_by.is_some() {
                    authors.right += 1;
                } else {
                    authors.wrong.push(format!("{name}: {found:?} instead of {author:?}"));
                }
            }
            let remark = content.fields.get("forwarding_note").and_then(Value::as_str).map(str::to_owned);
            let checks = [
                ("subject", expected["subject"].as_str(), content.subject.clone()),
                ("body", expected["body"].as_str(), content.text.clone()),
                ("message", Some(expected["message"].as_str().unwrap_or_default()), remark),
            ];
            for (what, expected, actual) in checks {
                let Some(expected) = expected.filter(|_| asserted(what) && asserted("from")) else { continue };
                let actual = actual.unwrap_or_default();
                if words(expected) == words(&actual) {
                    values.right += 1;
                } else {
                    values.wrong.push(format!("{name} {what}\n  expected {expected:.200}\n  actual   {actual:.200}"));
                }
            }
        }
    }
    authors.tell("authors of forwards");
    values.tell("subjects, texts and remarks of forwards");
    assert!(authors.wrong.is_empty(), "{} forwards have the wrong author", authors.wrong.len());
    assert!(authors.share() >= 98.0, "only {:.1} % of the authors were found", authors.share());
    assert!(values.share() >= 95.0, "only {:.1} % of the values were found", values.share());
}

/// Replies of many mail programs and languages: what was typed is told from quotes and signatures.
#[test]
fn replies_say_what_was_typed() {
    let Some(folder) = corpus() else { return };
    let reader = reader("ours.example");
    let (mut right, mut wrong) = (0_u32, Vec::new());
    let (mut kept, mut signatures) = (0_u32, 0_u32);
    for path in fs::read_dir(folder.join("../replies")).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(body) = fs::read_to_string(path.with_extension("txt")) else { continue };
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let truth: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        // Where the corpus does not say who wrote, nobody's name stands in the text.
        let from = match truth["sender"].as_str() {
            Some(address) if address.contains('@') => address.to_owned(),
            Some(name) => format!("{name} <writer@firma.example>"),
            None => "writer@firma.example".to_owned(),
        };
        let mail = format!("From: {from}\nSubject: Re: x\nContent-Type: text/plain; charset=utf-8\n\n{body}");
        let Reading::Lead(content) = reading(&reader, mail.as_bytes(), Trust::Usual) else {
            wrong.push(format!("{} is no lead", path.display()));
            continue;
        };
        let expected = &truth["expected"];
        if let Some(visible) = expected["visible"].as_str() {
            let actual = content.text.clone().unwrap_or_default();
            if words(visible) == words(&actual) {
                right += 1;
            } else {
                wrong.push(format!("{}\n  expected …{}\n  actual   …{}", path.display(), end(visible), end(&actual)));
            }
        }
        let Some(signature) = expected["signature"].as_str().filter(|text| !text.is_empty()) else { continue };
        signatures += 1;
        let set_apart = content.fields.get("signature").map(ToString::to_string).unwrap_or_default();
        kept += u32::from(signature.split_whitespace().last().is_some_and(|word| set_apart.contains(word)));
    }
    let all = right + u32::try_from(wrong.len()).unwrap();
    let share = f64::from(right) / f64::from(all.max(1)) * 100.0;
    eprintln!(
        "replies: {right} of {all} texts agree ({share:.1} %), {kept} of {signatures} signatures set apart\n{}",
        wrong.join("\n")
    );
    assert!(share >= 95.0, "only {share:.1} % of {all} visible texts agree");
}

/// Reports, complaints and automatic answers are no leads, and say what they are.
#[test]
fn reports_and_automatic_answers_are_ignored_with_their_reason() {
    let Some(folder) = corpus() else { return };
    let reader = reader("ours.example");
    let (mut right, mut wrong) = (0_u32, Vec::new());
    for set in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let Ok(labels) = fs::read(set.join("labels.json")) else { continue };
        let labels: Value = serde_json::from_slice(&labels).unwrap();
        for (name, label) in labels["labels"].as_object().unwrap() {
            let Some(class) = label["class"].as_str() else { continue };
            let reasons: &[&str] = match class {
                "bounce" | "bounce_warning" => &["delivery report"],
                "bounce_or_report" => &["delivery report", "abuse report"],
                "feedback_report" => &["abuse report"],
                "auto_reply" => &["automatic answer"],
                _ => continue, // Not said what it is instead.
            };
            let bytes = fs::read(set.join(name)).unwrap_or_default();
            match reading(&reader, &bytes, Trust::Usual) {
                Reading::Noise(why) if reasons.iter().any(|reason| why.contains(reason)) => right += 1,
                Reading::Noise(why) => wrong.push(format!("{}/{name} {class}: {why}", set.display())),
                Reading::Lead(_) => wrong.push(format!("{}/{name} {class}: taken for a lead", set.display())),
                Reading::Aside(_) => unreachable!("nobody is known"),
                Reading::Unclear(why) => wrong.push(format!("{}/{name} {class}: unclear, {why}", set.display())),
            }
        }
    }
    let all = right + u32::try_from(wrong.len()).unwrap();
    let share = f64::from(right) / f64::from(all.max(1)) * 100.0;
    eprintln!("noise: {right} of {all} recognised ({share:.1} %)\n{}", wrong.join("\n"));
    assert!(share >= 99.0, "only {share:.1} % of {all} reports and automatic answers were recognised");
}

/// All that was read of the text: what was typed, the signature, the quote.
fn whole(content: &Content) -> String {
    let field = |name: &str| content.fields.get(name).and_then(|value| value.as_str().map(str::to_owned));
    let pieces = [content.text.clone(), field("signature"), field("quoted")];
    words(&pieces.into_iter().flatten().collect::<Vec<_>>().join("\n"))
}

/// The end of a text, as one line.
fn end(text: &str) -> String {
    let text = words(text);
    let skip = text.chars().count().saturating_sub(200);
    text.chars().skip(skip).collect()
}

/// The letters that every charset has, where a text has hardly any others.
fn plain(text: &str) -> String {
    let ascii: String = text.chars().filter(char::is_ascii).collect();
    if ascii.len() * 10 < text.chars().count() * 8 { text.to_owned() } else { ascii }
}

/// Text without differences in blank space and invisible characters.
fn words(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c != '\u{ad}' && (!c.is_control() || c.is_whitespace())).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
