//! The examples of the README work: each is checked by the shipped binary.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::process::Command;

use support::daemon::binary;

/// The blocks of one language, with the file that their first line names.
fn blocks(language: &str) -> Vec<(String, String)> {
    let named = |block: String| (block.lines().next().unwrap().trim_start_matches("# ").to_owned(), block);
    support::readme::blocks(language).into_iter().map(named).collect()
}

#[test]
fn every_example_of_the_readme_passes_the_check() {
    let examples = blocks("toml");
    assert!(examples.len() >= 8, "the README has lost its examples");
    let rules: Vec<_> = examples.iter().filter(|(file, _)| file.starts_with("rules/")).collect();
    for (file, text) in examples.iter().filter(|(file, _)| file == "lotse.toml") {
        check(file, text, &[]);
    }
    assert_eq!(rules.len(), 3);
    let lists: Vec<(String, String)> = blocks("text")
        .into_iter()
        .filter_map(|(file, text)| Some((file.strip_suffix(", a line each")?.to_owned(), text)))
        .collect();
    assert_eq!(lists.len(), 1, "the list that they ask");
    let team = "[owners.a]\nnotify = [\"out\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n[teams.dach]\nmembers = [\"a\"]\n";
    let files: Vec<&(String, String)> = rules.into_iter().chain(&lists).collect();
    check("rules", team, &files);
}

fn check(name: &str, settings: &str, files: &[&(String, String)]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lotse.toml"), settings).unwrap();
    for (file, text) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let output = Command::new(binary())
        .arg("check")
        .current_dir(folder.path())
        .envs(
            [
                "SALES_PASSWORD",
                "M365_SECRET",
                "GOOGLE_SECRET",
                "GOOGLE_REFRESH_TOKEN",
                "WEBSITE_SECRET",
                "TYPEFORM_SECRET",
                "SHOP_SECRET",
                "SMTP_PASSWORD",
                "INTERCOM_SECRET",
                "META_APP_SECRET",
                "META_VERIFY_TOKEN",
                "META_PAGE_TOKEN",
                "PIPE_SECRET",
            ]
            .map(|name| (name, "whsec_c2VjcmV0")),
        )
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}:\n{settings}\n{report}");
    assert!(!report.contains("no effect yet"), "the README shows a setting without effect: {report}");
}
