//! Reads secrets from where the settings say they are.
//!
//! In comes `{ env = "NAME" }`, `{ file = "PATH" }`, `{ credential = "NAME" }` or a plain text; out
//! goes the secret, or a mistake that names the variable or file and how to set it, never a value.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::Secret;
use super::field::Field;
use super::problem::{Wrong, quote};
use super::report::{Report, Spot};
use super::section::{Section, Value};

/// Bytes a secret may have; more is surely the wrong file.
const LIMIT: u64 = 64 * 1024;

impl<'a> Field<'a> {
    /// One secret.
    pub(crate) fn secret(self) -> Option<Secret> {
        let (value, spot, report) = self.raw()?;
        one(value, &spot, report)
    }

    /// One secret or a list of them; empty without the key.
    pub(crate) fn secrets(self) -> Vec<Secret> {
        let Some((value, spot, report)) = self.raw() else { return Vec::new() };
        let DeValue::Array(list) = value.get_ref() else {
            return one(value, &spot, report).into_iter().collect();
        };
        if list.is_empty() {
            report.error(&spot, Wrong::new("is an empty list").hint("leave the key out to take unsigned posts"));
        }
        let each = |value: &'a Value<'a>| one(value, &Spot { at: value.span().start, key: spot.key.clone() }, report);
        list.iter().filter_map(each).collect()
    }
}

fn one<'a>(value: &'a Value<'a>, spot: &Spot, report: &'a Report<'a>) -> Option<Secret> {
    let found = match value.get_ref() {
        DeValue::String(text) => {
            if report.surroundings.exposed {
                let wrong = Wrong::new("stands in a file that others can read");
                report.warning(
                    spot,
                    wrong.hint("`chmod 600` the file, or keep the secret elsewhere, such as { file = \"PATH\" }"),
                );
            }
            Ok(text.clone().into_owned())
        }
        DeValue::Table(table) => referred(Section::new(Some(table), spot.clone(), report))?,
        _ => Err(shape("must be a text or a table")),
    };
    match found.and_then(usable) {
        Ok(text) => Some(Secret::new(text)),
        Err(wrong) => {
            report.error(spot, wrong);
            None
        }
    }
}

/// Follows a table to the secret; `None` where the table's own mistakes were reported.
fn referred(mut section: Section<'_>) -> Option<Result<String, Wrong>> {
    let surroundings = section.report().surroundings;
    let fields = [section.key("env"), section.key("file"), section.key("credential")];
    section.finish();
    if fields.iter().filter(|field| field.is_present()).count() != 1 {
        return Some(Err(shape("must say one place where the secret is")));
    }
    let [env, file, credential] = fields;
    if env.is_present() {
        return Some(variable(&env.text()?, &surroundings.variable));
    }
    if file.is_present() {
        let path = file.path()?;
        return Some(from_file(&path, "make it, readable by the user that runs Lotse"));
    }
    Some(from_credential(&credential.text()?, &surroundings.variable))
}

fn variable(name: &str, variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Result<String, Wrong> {
    let shown = quote(name);
    let unset = || Wrong::new(format!("the environment variable {shown} is not set")).only_here();
    let hint = format!("set it where Lotse is started: `export {name}=…`, or `Environment=` of the unit");
    let text = variable(name).ok_or_else(|| unset().hint(hint))?;
    text.into_string().map_err(|_| Wrong::new(format!("the environment variable {shown} is not UTF-8")))
}

fn from_credential(name: &str, variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Result<String, Wrong> {
    if name.contains('/') || name.starts_with('.') {
        return Err(Wrong::new(format!("{} is no credential's name", quote(name))).hint("a path goes under `file`"));
    }
    let load = format!("add `LoadCredential={name}:/path/of/the/secret` to the systemd unit");
    let Some(folder) = variable("CREDENTIALS_DIRECTORY") else {
        let wrong =
            Wrong::new(format!("the credential {} cannot be looked up: CREDENTIALS_DIRECTORY is not set", quote(name)));
        return Err(wrong
            .only_here()
            .hint(format!("{load}; outside systemd, set CREDENTIALS_DIRECTORY to a folder with a file of that name")));
    };
    from_file(&PathBuf::from(folder).join(name), &load)
}

/// The content of a file without the line breaks at its end.
fn from_file(path: &Path, remedy: &str) -> Result<String, Wrong> {
    let shown = quote(&path.display().to_string());
    let unreadable = |error: std::io::Error| {
        let wrong = Wrong::new(format!("cannot read {shown}: {error}")).hint(remedy);
        if error.kind() == std::io::ErrorKind::PermissionDenied { wrong.only_here() } else { wrong }
    };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT {
        return Err(Wrong::new(format!("{shown} is larger than 64 KiB")).hint("a secret is one line"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Wrong::new(format!("{shown} is not UTF-8")).hint("a secret is one line of text"))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn usable(text: String) -> Result<String, Wrong> {
    if text.is_empty() {
        return Err(Wrong::new("the secret is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(
            Wrong::new("the secret holds a line break or another control character").hint("a secret is one line")
        );
    }
    Ok(text)
}

fn shape(message: &str) -> Wrong {
    Wrong::new(message)
        .hint("write { env = \"NAME\" }, { file = \"PATH\" }, { credential = \"NAME\" } or the secret itself in quotes")
}
