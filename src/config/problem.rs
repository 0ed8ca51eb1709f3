//! A mistake in the settings: where it stands, what is wrong, what to do.
//!
//! In comes a place in the file with what is wrong there; out goes one line a person can act on:
//! ``lotse.toml:12:5: channels.sales.pasword: unknown key; did you mean `password`?``

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// Whether the daemon can run in spite of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The settings cannot be used.
    Error,
    /// The settings can be used; somebody should look.
    Warning,
}

/// One mistake in the settings. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// The file; `None` for the built-in settings.
    pub file: Option<PathBuf>,
    /// Line from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// Column from 1, counted in characters; 0 where the file as a whole is meant.
    pub column: usize,
    /// The key with the sections around it, `channels.sales.port`; empty where there is none.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether it may be none where the daemon runs: a secret that this process cannot get at.
    pub only_here: bool,
}

impl Problem {
    /// Whether the settings cannot be used because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}:", file.display())?,
            None => f.write_str("built-in settings:")?,
        }
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        if self.severity == Severity::Warning {
            f.write_str(" warning:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

/// What is wrong with a value, before it is known where the value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// See [`Problem::only_here`].
    pub(crate) only_here: bool,
}

impl Wrong {
    /// What is wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, only_here: false }
    }

    /// What is wrong and what to do, in one sentence.
    pub(crate) fn sentence(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}; {hint}", self.message),
            None => self.message.clone(),
        }
    }

    /// What to do about it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// It may be right where the daemon runs.
    pub(crate) fn only_here(self) -> Self {
        Self { only_here: true, ..self }
    }

    /// A word that is none of `known`, with the one that was probably meant.
    pub(crate) fn unknown(message: impl Into<String>, given: &str, known: &[&str]) -> Self {
        let hint = match nearest(given, known) {
            Some(name) => format!("did you mean `{name}`?"),
            None if known.is_empty() => return Self::new(message),
            None => format!("use one of {}", known.join(", ")),
        };
        Self::new(message).hint(hint)
    }
}

/// Text from the file as it may stand in a message: one short line between backquotes.
pub(crate) fn quote(text: &str) -> String {
    let mut shown: String = text.chars().take(60).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// The word of `known` that was probably meant by `given`.
pub(crate) fn nearest<'k>(given: &str, known: &[&'k str]) -> Option<&'k str> {
    let given = given.to_lowercase().replace('-', "_");
    let likeness = |name: &str| {
        let name = name.to_lowercase().replace('-', "_");
        strsim::normalized_damerau_levenshtein(&given, &name).max(strsim::jaro_winkler(&given, &name) - 0.15)
    };
    let best = known.iter().map(|name| (likeness(name), *name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.66).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word_and_nonsense_does_not() {
        let known = ["host", "port", "password", "username", "ca_file", "folder", "trusted_proxies"];
        for (given, meant) in [
            ("pasword", Some("password")),
            ("Host", Some("host")),
            ("user", Some("username")),
            ("ca-file", Some("ca_file")),
            ("prot", Some("port")),
            ("trusted_proxy", Some("trusted_proxies")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, &known), meant, "{given}");
        }
    }

    #[test]
    fn a_problem_reads_as_one_line_an_editor_can_jump_to() {
        let mut problem = Problem {
            severity: Severity::Error,
            file: Some("lotse.toml".into()),
            line: 12,
            column: 5,
            key: "channels.sales.pasword".into(),
            message: "unknown key".into(),
            hint: Some("did you mean `password`?".into()),
            only_here: false,
        };
        let line = "lotse.toml:12:5: channels.sales.pasword: unknown key; did you mean `password`?";
        assert_eq!(problem.to_string(), line);
        problem =
            Problem { severity: Severity::Warning, file: None, line: 0, hint: None, key: String::new(), ..problem };
        assert_eq!(problem.to_string(), "built-in settings: warning: unknown key");
    }

    #[test]
    fn text_from_the_file_cannot_break_the_line_it_is_shown_in() {
        assert_eq!(quote("a\u{1b}[2Jb\nc"), "`a\u{fffd}[2Jb\u{fffd}c`");
        assert!(quote(&"ä".repeat(500)).chars().count() < 70);
    }
}
