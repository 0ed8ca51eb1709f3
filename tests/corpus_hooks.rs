//! Posts of chats, booking pages and adverts as the world sends them, from the folder in `LOTSE_CORPUS`
//! (default `../shared/data`): each yields what its label expects. Skipped where the folder is not there.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lotse::config;
use lotse::lead::{Content, Delivery, Inbound, Kind, Name, Original, Reading};
use lotse::normalize::{Reader, Trust};
use serde_json::Value;

fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LOTSE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let folder = root.join("webhooks").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no folder {}", folder.display());
    None
}

/// Bodies by their names.
type Bodies = Vec<(String, Vec<u8>)>;

/// The labels of a folder: each with the bodies that it is about.
fn labelled(folder: &Path) -> Vec<(Value, Bodies)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let labels = files.iter().filter(|path| path.to_string_lossy().ends_with(".meta.json"));
    let read = |path: &PathBuf| {
        let meta: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let name = meta["body_file"].as_str().unwrap().to_owned();
        let bytes = std::fs::read(folder.join(&name)).unwrap();
        let bodies = match serde_json::from_slice::<Value>(&bytes) {
            // One file holds several, by what they are.
            Ok(Value::Object(set)) if name.contains("_set.") => {
                set.iter().map(|(case, body)| (format!("{name}/{case}"), body.to_string().into_bytes())).collect()
            }
            _ => vec![(name, bytes)],
        };
        (meta, bodies)
    };
    labels.map(read).collect()
}

/// The name in our settings.
fn provider(label: &str) -> &str {
    match label {
        "twilio_sms" => "twilio",
        "whatsapp_cloud" => "whatsapp",
        "meta_leadgen" => "meta_lead_ads",
        other => other,
    }
}

fn reader(provider: &str) -> Reader {
    let settings = format!("[channels.c]\nkind = \"webhook\"\nprovider = \"{provider}\"\n");
    let loaded = config::parse(&settings, None);
    Reader::new(&loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.problems)))
}

fn post(kind: Kind, content_type: &str, bytes: Vec<u8>) -> Inbound {
    Inbound {
        channel: Name::parse("c").unwrap(),
        kind,
        received_at: jiff::Timestamp::UNIX_EPOCH,
        source: String::new(),
        delivery: Delivery::Content(jiff::SignedDuration::from_mins(10)),
        original: Original { content_type: content_type.into(), headers: BTreeMap::new(), bytes },
        place: None,
        quiet: true,
    }
}

/// What a lead says of what a label expects; `None`: nothing.
fn found(field: &str, expected: &str, content: &Content, key: &str) -> Option<String> {
    let person = &content.person;
    match field {
        "name" => person.name.clone(),
        "email" => person.emails.first().map(ToString::to_string),
        "phone_e164" => person.phones.first().map(ToString::to_string),
        "message" => content
            .text
            .clone()
            .or_else(|| content.fields.values().any(|value| value == expected).then(|| expected.to_owned())),
        "external_id" => {
            let names = content.thread.iter().flat_map(|thread| &thread.conversations);
            names.map(String::as_str).chain([key]).any(|name| name.ends_with(expected)).then(|| expected.to_owned())
        }
        "utm_source" | "utm_campaign" => content.utm.get(&field[4..]).cloned(),
        // A number that is none stands among the fields as it was typed.
        _ => serde_json::to_string(content).unwrap().contains(expected).then(|| expected.to_owned()),
    }
}

#[test]
fn every_chat_message_is_a_lead_of_whom_it_names_or_no_lead_at_all() {
    let Some(folder) = folder("chat") else { return };
    let (mut leads, mut noise, mut checked) = (0, 0, 0);
    for (meta, bodies) in labelled(&folder) {
        let reader = reader(provider(meta["provider"].as_str().unwrap()));
        for (name, bytes) in bodies {
            let inbound = post(Kind::Chat, meta["content_type"].as_str().unwrap(), bytes);
            let key = reader.identity(&inbound).key;
            match reader.read(&inbound, Trust::Usual) {
                Reading::Lead(content) => {
                    leads += 1;
                    for (field, expected) in meta["expected"].as_object().into_iter().flatten() {
                        let Some(expected) = expected.as_str() else { continue };
                        assert_eq!(
                            found(field, expected, &content, &key).as_deref(),
                            Some(expected),
                            "{name}: {field} of {content:#?}"
                        );
                        checked += 1;
                    }
                    if name.contains("whatsapp") {
                        assert_eq!(
                            content.person.name.as_deref().map(|name| name.starts_with("Test")),
                            Some(true),
                            "{name}: {content:#?}"
                        );
                        assert!(content.thread.is_some(), "{name}");
                    }
                }
                Reading::Noise(why) => {
                    noise += 1;
                    let wanted = ["status_set", "system_set", "deleted_message", "reaction", "object_conversation"];
                    assert!(wanted.iter().any(|wanted| name.contains(wanted)), "{name}: {why}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    println!("{leads} leads with {checked} values as expected, {noise} that are none");
    assert!(leads > 0 && noise > 0 && checked > 0);
}

#[test]
fn a_booked_meeting_is_a_lead_and_a_cancelled_one_is_none() {
    let Some(folder) = folder("booking") else { return };
    let (mut leads, mut none) = (0, 0);
    for (meta, bodies) in labelled(&folder) {
        let reader = reader(provider(meta["provider"].as_str().unwrap()));
        for (name, bytes) in bodies {
            let inbound = post(Kind::Form, meta["content_type"].as_str().unwrap(), bytes);
            let key = reader.identity(&inbound).key;
            match reader.read(&inbound, Trust::Usual) {
                Reading::Lead(content) => {
                    leads += 1;
                    assert!(content.meeting.is_some(), "{name}");
                    for (field, expected) in meta["expected"].as_object().into_iter().flatten() {
                        let expected = expected.as_str().unwrap();
                        let found = found(field, expected, &content, &key);
                        assert_eq!(found.as_deref(), Some(expected), "{name}: {field} of {content:#?}");
                    }
                }
                other => {
                    none += 1;
                    assert!(meta["expected"]["not_a_new_lead"] == true, "{name}: {other:?}");
                    assert!(matches!(other.of_a_stranger(), Reading::Noise(_)), "{name}");
                }
            }
        }
    }
    assert!(leads > 0 && none > 0);
}

#[test]
fn an_advert_that_sends_an_id_waits_for_its_details_under_that_id() {
    let Some(folder) = folder("ads") else { return };
    let (mut leads, mut waiting) = (0, 0);
    for (meta, bodies) in labelled(&folder) {
        let reader = reader(provider(meta["provider"].as_str().unwrap()));
        for (name, bytes) in bodies {
            // An array is posted as its elements.
            let bytes = match serde_json::from_slice::<Value>(&bytes).unwrap() {
                Value::Array(list) => list[0].to_string().into_bytes(),
                _ => bytes,
            };
            let inbound = post(Kind::Form, meta["content_type"].as_str().unwrap(), bytes);
            let key = reader.identity(&inbound).key;
            let expected = &meta["expected"];
            match reader.read(&inbound, Trust::Usual) {
                Reading::Lead(content) => {
                    leads += 1;
                    assert_eq!(content.person.name.as_deref(), expected["name"].as_str(), "{name}");
                    assert_eq!(content.person.emails[0].as_str(), expected["email"].as_str().unwrap(), "{name}");
                    let all = serde_json::to_string(&content).unwrap();
                    assert!(all.contains(expected["phone_raw"].as_str().unwrap()), "{name}: {all}");
                }
                Reading::Unclear(why) => {
                    waiting += 1;
                    assert!(expected["needs_fetch"] == true && why.contains("waits for its details"), "{name}: {why}");
                    assert!(key.ends_with(expected["external_id"].as_str().unwrap()), "{name}: {key}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    assert!(leads > 0 && waiting > 0);
}
