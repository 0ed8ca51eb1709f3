//! Payloads, rows, addresses and numbers as the world sends them, from the folder in
//! `LOTSE_CORPUS` (default `../shared/data`): every one gets a reading. Skipped where the folder
//! is not there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lotse::config;
use lotse::lead::{Content, Delivery, Inbound, Kind, Name, Original, Phone, Reading};
use lotse::normalize::{Reader, Trust, email, phone, read_bytes};
use serde_json::Value;

fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LOTSE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no folder {}", folder.display());
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn lead(reading: Reading, what: &str) -> Content {
    match reading {
        Reading::Lead(content) => *content,
        other => panic!("{what}: {other:?}"),
    }
}

/// A post to a channel of this provider; to a generic one where the settings do not know it.
fn reader(provider: &str) -> Reader {
    let settings = |provider: &str| format!("[channels.forms]\nkind = \"webhook\"\nprovider = \"{provider}\"\n");
    let known = config::parse(&settings(provider), None).config;
    Reader::new(&known.unwrap_or_else(|| config::parse(&settings("generic"), None).config.unwrap()))
}

fn post(content_type: &str, bytes: Vec<u8>) -> Inbound {
    Inbound {
        channel: Name::parse("forms").unwrap(),
        kind: Kind::Form,
        received_at: jiff::Timestamp::UNIX_EPOCH,
        source: String::new(),
        delivery: Delivery::Content(jiff::SignedDuration::from_mins(10)),
        original: Original { content_type: content_type.into(), headers: BTreeMap::new(), bytes },
        place: None,
        quiet: true,
    }
}

#[test]
fn every_form_payload_is_a_lead_of_whom_it_names() {
    let Some(folder) = folder("webhooks/forms") else { return };
    let mut tally: BTreeMap<String, u32> = BTreeMap::new();
    for meta in files(&folder).iter().filter(|path| path.to_string_lossy().ends_with(".meta.json")) {
        let meta = json(meta);
        let (file, content_type) = (meta["body_file"].as_str().unwrap(), meta["content_type"].as_str().unwrap());
        let post = post(content_type, std::fs::read(folder.join(file)).unwrap());
        let reader = reader(meta["provider"].as_str().unwrap());
        let content = lead(reader.read(&post, Trust::Usual), file);
        *tally.entry("payloads".into()).or_default() += 1;
        let all = serde_json::to_string(&content).unwrap();
        for (field, expected) in meta["expected"].as_object().into_iter().flatten() {
            let Some(expected) = expected.as_str() else { continue };
            let person = &content.person;
            let found = match &**field {
                "name" => person.name.clone(),
                "first_name" => person.given_name.clone(),
                "last_name" => person.family_name.clone(),
                "company" => person.company.clone(),
                "email" => person.emails.first().map(ToString::to_string),
                "phone" => person.phones.first().map(ToString::to_string),
                "message" => content.text.clone(),
                "external_id" => reader.identity(&post).key.rsplit('\0').next().map(str::to_owned),
                // Whatever else is labelled stands somewhere, as it was typed.
                _ => all
                    .contains(serde_json::to_string(expected).unwrap().trim_matches('"'))
                    .then(|| expected.to_owned()),
            };
            assert_eq!(found.as_deref(), Some(expected), "{file}: {field} of {content:#?}");
            *tally.entry(field.clone()).or_default() += 1;
        }
    }
    println!("{tally:?}");
    assert!(tally["payloads"] > 0);
}

#[test]
fn every_row_of_a_contact_table_is_read() {
    let Some(folder) = folder("csv/contacts") else { return };
    let mut tally: BTreeMap<&str, u32> = BTreeMap::new();
    let labels = json(&folder.join("labels.json"));
    for path in files(&folder).iter().filter(|path| path.extension().is_some_and(|extension| extension == "csv")) {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).trim_start_matches('\u{feff}').to_owned();
        // The tables' own quirks (preambles, dialects) are another stage's work.
        let header_row = labels[&*path.file_name().unwrap().to_string_lossy()]["header_row"].as_u64().unwrap_or(1);
        let header_row = usize::try_from(header_row).unwrap() - 1;
        let text: String = text.lines().skip(header_row).collect::<Vec<_>>().join("\n");
        let delimiter = if text.lines().next().unwrap_or_default().contains(';') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
        let headers = reader.headers().unwrap().clone();
        for record in reader.records() {
            let record = record.unwrap();
            let cells: Vec<(&str, &str)> = headers.iter().zip(record.iter()).collect();
            let original = serde_json::to_vec(&cells).unwrap();
            let address = record.iter().find_map(email::parse);
            match read_bytes(Kind::Row, "application/json", &original) {
                Reading::Lead(content) => {
                    *tally.entry("rows").or_default() += 1;
                    *tally.entry("with a name").or_default() += u32::from(content.person.name.is_some());
                    *tally.entry("with a number").or_default() += u32::from(!content.person.phones.is_empty());
                    *tally.entry("with a problem").or_default() += u32::from(!content.problems.is_empty());
                    assert!(
                        address.is_none_or(|address| content.person.emails.contains(&address)),
                        "{}: {cells:?}",
                        path.display()
                    );
                }
                Reading::Unclear(why) => assert_eq!(why, "the row is empty", "{}: {cells:?}", path.display()),
                Reading::Aside(aside) => panic!("{}", aside.reason),
                Reading::Noise(why) => panic!("{why}"),
            }
        }
    }
    println!("{tally:?}");
}

#[test]
fn numbers_agree_with_the_reference_library() {
    let Some(folder) = folder("validators") else { return };
    let (mut valid, mut agreed, mut invalid, mut refused) = (0, 0, 0, 0);
    let cases = ["phones_examples.json", "phones_libphonenumber_inputs.json"]
        .map(|file| json(&folder.join(file))["cases"].clone());
    for case in cases.iter().flat_map(|cases| cases.as_array().unwrap()) {
        let (raw, region) = (case["raw"].as_str().unwrap(), case["region"].as_str().unwrap_or("ZZ"));
        let numbers = phone::read(raw, region);
        if case["expect"]["valid"] == true {
            valid += 1;
            let first = numbers.phones.first().map(Phone::as_str);
            agreed += i32::from(first == case["expect"]["e164"].as_str());
        } else {
            invalid += 1;
            refused += i32::from(numbers.phones.is_empty());
        }
    }
    println!("{agreed} of {valid} valid numbers agree, {refused} of {invalid} invalid ones are none");
    // The rest is deliberate: letters are never read as keys, what stands beside a number is no reason to drop it.
    assert!(agreed * 1000 >= valid * 990 && refused * 100 >= invalid * 85);
}

#[test]
fn addresses_agree_with_the_published_cases() {
    let Some(folder) = folder("validators") else { return };
    for case in json(&folder.join("email_isemail.json"))["cases"].as_array().unwrap() {
        let address = case["address"].as_str().unwrap();
        match case["category"].as_str().unwrap() {
            "ISEMAIL_VALID_CATEGORY" | "ISEMAIL_DNSWARN" if address.len() <= 254 => {
                let expected = address.to_lowercase();
                assert_eq!(email::parse(address).map(|email| email.to_string()), Some(expected), "{address}");
            }
            _ => {}
        }
    }
    for case in json(&folder.join("email_validator_py.json"))["valid"].as_array().unwrap() {
        let address = case["address"].as_str().unwrap();
        let (_, email) = email::parse_mailbox(address).unwrap_or_else(|| panic!("{address}"));
        assert_eq!(Some(email.domain()), case["ascii_domain"].as_str(), "{address}");
    }
}
