//! Deliberate mistakes, one file each in `fixtures/mistakes`: `lotse check` finds every one at its line, says
//! what to do, and nothing of it is put in force.
//!
//! The first line of a file tells where it stands and on which line the mistake is, what is said of it,
//! and what the hint says: `# FILE:LINE | MESSAGE | HINT`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use lotse::lead::Name;
use lotse::qualify::Rules;
use support::daemon::binary;

const SETTINGS: &str = "[owners.a]\nnotify = [\"out\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n\
     [teams.dach]\nmembers = [\"a\"]\n[channels.web]\nkind = \"webhook\"\n";

/// One mistake, with what is to be said of it.
struct Mistake {
    name: String,
    text: String,
    /// The file it stands in, and its line.
    file: String,
    line: usize,
    says: String,
    hint: String,
}

fn mistakes() -> Vec<Mistake> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mistakes");
    let mut found: Vec<Mistake> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let (name, text) =
                (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
            let first = text.lines().next().unwrap().trim_start_matches("# ");
            let parts: Vec<&str> = first.split(" | ").map(str::trim).collect();
            let [place, says, hint] = parts[..] else { panic!("{name}: {first}") };
            let (file, line) = place.rsplit_once(':').unwrap();
            let (file, line, says, hint) = (file.to_owned(), line.parse().unwrap(), says.to_owned(), hint.to_owned());
            assert!(!says.is_empty() && !hint.is_empty(), "{name} says what is wrong and what to do");
            Mistake { name, text, file, line, says, hint }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[test]
fn every_deliberate_mistake_is_found_at_its_line_with_what_to_do_and_is_never_in_force() {
    let mistakes = mistakes();
    assert!(mistakes.len() >= 50, "{} mistakes", mistakes.len());
    for Mistake { name, text, file, line, says, hint } in mistakes {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(&file);
        fs::create_dir_all(folder.path().join("rules/lists")).unwrap();
        fs::write(folder.path().join("rules/lists/freemail.txt"), "gmail.com\n").unwrap();
        fs::write(folder.path().join("lotse.toml"), SETTINGS).unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();

        let output = Command::new(binary()).arg("check").current_dir(folder.path()).output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {report}{}", String::from_utf8_lossy(&output.stderr));
        let place = format!("{file}:{line}:");
        let found = report.lines().find(|told| told.contains(&place) && told.contains(&says));
        let found = found.unwrap_or_else(|| panic!("{name}: {place} {says}\n{report}"));
        assert!(found.contains(&hint), "{name}: {hint}\n{report}");

        if !file.starts_with("rules/tests/") && file != "lotse.toml" {
            let teams = [Name::parse("dach").unwrap()];
            let problems = Rules::load(Some(&folder.path().join("rules")), 30, &teams).unwrap_err();
            assert!(problems.iter().any(|problem| problem.line == line), "{name}: {problems:?}");
        }
    }
}
