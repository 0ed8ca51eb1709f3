//! The dependencies: licences that fit ours, one TLS stack, no second copy without a reason.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

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
    "async-channel",
    "base64",
    "event-listener",
    "foldhash",
    "getrandom",
    "hashbrown",
    "logos",
    "logos-codegen",
    "logos-derive",
    "nom",
    "rand",
    "rand_core",
    "syn",
    "thiserror",
    "thiserror-impl",
    "unicode-width",
];

/// Name, version and licence of every crate that is built on Linux.
fn crates() -> BTreeSet<(String, String, String)> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--prefix=none", "--no-dedupe", "--edges=normal,build,dev", "--format={p}|{l}"])
        .args(["--target=x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (package, licence) = line.split_once('|').unwrap();
            let mut words = package.split(' ');
            (words.next().unwrap().into(), words.next().unwrap().into(), licence.into())
        })
        .collect()
}

/// Whether an SPDX expression can be met with licences of the list.
fn fits(expression: &str) -> bool {
    let plain = expression.replace('/', " OR ").replace(['(', ')'], " ");
    plain.split(" AND ").all(|part| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim())))
}

#[test]
fn every_dependency_has_a_licence_that_fits() {
    let wrong: Vec<_> = crates().into_iter().filter(|(_, _, licence)| !fits(licence)).collect();
    assert!(wrong.is_empty(), "licences to look at: {wrong:#?}");
}

#[test]
fn no_banned_crate_is_in_the_tree() {
    let found: Vec<_> = crates().into_iter().filter(|(name, _, _)| BANNED.contains(&name.as_str())).collect();
    assert!(found.is_empty(), "banned: {found:?}");
}

#[test]
fn no_crate_stands_in_the_tree_twice_without_a_reason() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, version, _) in crates() {
        versions.entry(name).or_default().insert(version);
    }
    let twice: BTreeSet<&str> =
        versions.iter().filter(|(_, all)| all.len() > 1).map(|(name, _)| name.as_str()).collect();
    let known: BTreeSet<&str> = TWICE.iter().copied().collect();
    assert_eq!(twice, known, "left: what stands twice now, right: what is known to");
}
