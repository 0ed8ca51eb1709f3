//! The dependencies: licences that fit ours, one TLS stack, no second copy without a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Licences that may stand in the tree.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that must not come back: a second TLS stack, and what is discontinued.
const BANNED: &[&str] = &["ring", "openssl-sys", "native-tls", "async-std", "bincode"];

/// Crates that stand in the tree in more than one version, because their users do not agree yet.
const TWICE: &[&str] = &[
    "asynk-strim", "base64", "bitflags", "block-buffer", "core-foundation", "cpufeatures", "crypto-common", "digest",
    "event-listener", "foldhash", "getrandom", "hashbrown", "heck", "itertools", "logos", "logos-codegen",
    "logos-derive", "nom", "phf", "phf_shared", "r-efi", "rand", "rand_core", "regex-syntax", "rustc-hash", "security-framework", "sha2",
    "strum", "strum_macros", "syn", "thiserror", "thiserror-impl", "toml", "toml_datetime", "toml_edit", "toml_parser",
    "tower-http", "webpki-roots", "windows-link", "windows-sys", "windows-targets", "winnow", "async-channel",
];

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Whether an SPDX expression can be met with licences of the list.
fn fits(expression: &str) -> bool {
    let plain = expression.replace('/', " OR ").replace(['(', ')'], " ");
    plain.split(" AND ").all(|part| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim())))
}

#[test]
fn every_dependency_has_a_licence_that_fits() {
    let wrong: Vec<String> = packages()
        .iter()
        .filter(|package| !package["source"].is_null())
        .filter(|package| !package["license"].as_str().is_some_and(fits))
        .map(|package| format!("{}: {}", package["name"], package["license"]))
        .collect();
    assert!(wrong.is_empty(), "licences to look at: {wrong:#?}");
}

#[test]
fn no_banned_crate_is_in_the_tree() {
    let found: Vec<String> = packages()
        .iter()
        .filter_map(|package| package["name"].as_str().filter(|name| BANNED.contains(name)).map(str::to_owned))
        .collect();
    assert!(found.is_empty(), "banned: {found:?}");
}

#[test]
fn no_crate_stands_in_the_tree_twice_without_a_reason() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages() {
        let text = |key: &str| package[key].as_str().unwrap().to_owned();
        versions.entry(text("name")).or_default().insert(text("version"));
    }
    let new: Vec<_> =
        versions.iter().filter(|(name, all)| all.len() > 1 && !TWICE.contains(&name.as_str())).collect();
    assert!(new.is_empty(), "new duplicates: {new:#?}");
}
