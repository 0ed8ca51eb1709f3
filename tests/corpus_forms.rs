//! Payloads, rows, addresses and numbers as the world sends them, from the folder in
//! `LOTSE_CORPUS` (default `../shared/data`): every one gets a reading. Skipped where the folder
//! is not there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lotse::lead::{Content, Kind, Phone, Reading};
use lotse::normalize::{email, phone, read_bytes};
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

#[test]
fn every_form_payload_is_a_lead_with_the_address_it_names() {
    let Some(folder) = folder("webhooks/forms") else { return };
    let mut tally = BTreeMap::new();
    for meta in files(&folder).iter().filter(|path| path.to_string_lossy().ends_with(".meta.json")) {
        let meta = json(meta);
        let (file, content_type) = (meta["body_file"].as_str().unwrap(), meta["content_type"].as_str().unwrap());
        let body = std::fs::read(folder.join(file)).unwrap();
        let content = lead(read_bytes(Kind::Form, content_type, &body), file);
        let all = serde_json::to_string(&content).unwrap();
        for expected in
            meta["expected"].as_object().into_iter().flat_map(|expected| expected.values()).filter_map(Value::as_str)
        {
            let expected = serde_json::to_string(expected).unwrap().to_lowercase();
            let found = all.to_lowercase().contains(expected.trim_matches('"'));
            *tally
                .entry(if found { "expected values kept" } else { "expected values spelled another way" })
                .or_insert(0) += 1;
        }
        if let Some(address) = meta["expected"]["email"].as_str() {
            let found = content.person.emails.iter().any(|email| email.as_str() == address);
            assert!(found, "{file}: {address} is not in {:?}", content.person);
        }
        *tally.entry("payloads").or_insert(0) += 1;
    }
    println!("{tally:?}");
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
