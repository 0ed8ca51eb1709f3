//! Finds the settings file and reads it.
//!
//! In comes a path or none, out go the settings with every mistake at once.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::problem::{Problem, Severity};
use super::report::{Report, Surroundings};
use super::section::Section;
use super::{Config, read};

/// Where settings are looked for, in this order.
const PLACES: [&str; 2] = ["lotse.toml", "/etc/lotse/lotse.toml"];

/// The built-in settings.
const DEMO: &str = include_str!("demo.toml");

/// The settings with the mistakes in them.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings; `None` where a mistake is an error.
    pub config: Option<Config>,
    /// The settings as far as they can be read, with stand-ins where there are mistakes: enough to
    /// find and read the store (a secret of the daemon need not be readable for that), never to run.
    pub draft: Option<Config>,
    /// All mistakes, in the order of the file.
    pub problems: Vec<Problem>,
}

/// Reads the settings: the named file, else `./lotse.toml`, else `/etc/lotse/lotse.toml`, else the
/// built-in demo settings. A file that exists is never passed over, even when it cannot be read.
#[must_use]
pub fn load(explicit: Option<&Path>) -> Loaded {
    load_from(explicit, &PLACES.map(Path::new))
}

/// Reads settings from text. `file` is where the text came from: relative paths start at its
/// folder; `None` stands for the built-in settings, whose paths start at the working directory.
#[must_use]
pub fn parse(text: &str, file: Option<&Path>) -> Loaded {
    parse_with(text, file, &|name| std::env::var_os(name))
}

/// As [`parse`], with the environment to look variables up in.
pub(crate) fn parse_with(text: &str, file: Option<&Path>, variable: &dyn Fn(&str) -> Option<OsString>) -> Loaded {
    let (table, syntax) = DeTable::parse_recoverable(text);
    let surroundings = Surroundings { folder: folder(file), variable, exposed: file.is_some_and(is_exposed) };
    let report = Report::new(text, file, &surroundings, &syntax);
    let config = read::config(Section::root(table.get_ref(), &report), file.map(Path::to_owned));
    let problems = report.into_problems();
    let usable = !problems.iter().any(Problem::is_error);
    Loaded { config: config.clone().filter(|_| usable), draft: config, problems }
}

pub(super) fn load_from(explicit: Option<&Path>, places: &[&Path]) -> Loaded {
    if let Some(file) = explicit {
        return load_file(file);
    }
    let exists = |file: &&&Path| !matches!(file.symlink_metadata(), Err(error) if error.kind() == ErrorKind::NotFound);
    match places.iter().find(exists) {
        Some(file) => load_file(file),
        None => parse(DEMO, None),
    }
}

fn load_file(file: &Path) -> Loaded {
    let unreadable = |message: String, hint: &str| {
        let (severity, file) = (Severity::Error, Some(file.to_owned()));
        let hint = Some(hint.to_owned());
        let problem =
            Problem { severity, file, line: 0, column: 0, key: String::new(), message, hint, only_here: false };
        Loaded { config: None, draft: None, problems: vec![problem] }
    };
    match std::fs::read(file).map(String::from_utf8) {
        Ok(Ok(text)) => parse(&text, Some(file)),
        Ok(Err(error)) => {
            let line =
                error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|byte| **byte == b'\n').count()
                    + 1;
            unreadable(format!("line {line} is not UTF-8"), "save the file as UTF-8")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            unreadable("there is no such file".to_owned(), "name the settings file with --config FILE")
        }
        Err(error) => unreadable(
            format!("cannot read the settings: {error}"),
            "the user that runs Lotse must be able to read the file",
        ),
    }
}

/// The folder relative paths start at, as an absolute path.
fn folder(file: Option<&Path>) -> PathBuf {
    let folder = file.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// Whether others than the owner can read a file.
fn is_exposed(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}
