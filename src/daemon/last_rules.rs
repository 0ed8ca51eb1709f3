//! The rules that were last in force, kept in the store's folder: a start with broken rules uses them.
//!
//! One TOML file, `rules.last.toml`, replaced as a whole: the texts of all rule files and lists,
//! each with its path below the folder of the rules. It is written for the daemon, not for people.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::qualify::Rules;

/// The file's name in the store's folder.
const NAME: &str = "rules.last.toml";

#[derive(Serialize, Deserialize)]
struct Kept {
    file: Vec<Text>,
}

#[derive(Serialize, Deserialize)]
struct Text {
    path: String,
    text: String,
}

/// Keeps rules that were put in force. Without that they are in force all the same, so a failure is only logged.
pub(super) fn keep(rules: &Rules, store: &Path) {
    let texts = rules.texts().map(|(path, text)| Text { path, text: text.to_owned() });
    let written = toml::to_string(&Kept { file: texts.collect() }).map_err(io::Error::other);
    if let Err(error) = written.and_then(|kept| replace(&store.join(NAME), kept.as_bytes())) {
        tracing::warn!(%error, store = %store.display(), "cannot keep the rules in force for a start with broken ones");
    }
}

/// The rules that were last in force, with the threshold and the teams of these settings; `None` where none
/// were kept, or they do not go with these settings.
pub(super) fn load(config: &Config) -> Option<Rules> {
    let kept: Kept = toml::from_str(&fs::read_to_string(config.store.join(NAME)).ok()?).ok()?;
    let texts: Vec<(&str, &str)> = kept.file.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let teams: Vec<_> = config.teams.iter().map(|team| team.name.clone()).collect();
    Rules::of(&texts, config.rules.qualify_at, &teams).ok()
}

/// Writes a file beside and puts it in place: after a crash the old or the new one is there, whole.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    let fresh = path.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn kept_rules_are_the_same_rules() {
        let folder = tempfile::tempdir().unwrap();
        let rules = Rules::load(None, 30, &[]).unwrap();
        keep(&rules, folder.path());
        let mut config = config::parse("", None).config.unwrap();
        config.store = folder.path().to_owned();
        let kept = load(&config).unwrap();
        assert_eq!((kept.version(), kept.len()), (rules.version(), rules.len()));
        assert!(kept.names().eq(rules.names()));

        fs::write(folder.path().join(NAME), "[[file]]\npath = \"10.toml\"\ntext = \"cut sho").unwrap();
        assert!(load(&config).is_none(), "a damaged file holds no rules");
    }
}
