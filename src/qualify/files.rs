//! Where rules come from: a folder, or the shipped files inside the binary.
//!
//! In: `NAME.toml`, `lists/NAME.txt` and `tests/NAME.toml` of one folder. Out: their texts in
//! file-name order, the short hash that names this set of rules, and what could not be read.

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::problem::{Problem, line_and_column};

/// Bytes that one file may have.
const FILE_LIMIT: u64 = 4 << 20;

/// The shipped rules, by path below `rules/`.
pub(super) static SHIPPED: &[(&str, &str)] = &[
    ("10-intent.toml", include_str!("../../rules/10-intent.toml")),
    ("15-needs.toml", include_str!("../../rules/15-needs.toml")),
    ("20-company.toml", include_str!("../../rules/20-company.toml")),
    ("30-not-customers.toml", include_str!("../../rules/30-not-customers.toml")),
    ("40-routing.toml", include_str!("../../rules/40-routing.toml")),
    ("mail/example.toml", include_str!("../../rules/mail/example.toml")),
    ("mail/example.eml", include_str!("../../rules/mail/example.eml")),
    ("lists/competitors.txt", include_str!("../../rules/lists/competitors.txt")),
    ("lists/freemail.txt", include_str!("../../rules/lists/freemail.txt")),
    ("tests/pack.toml", include_str!("../../rules/tests/pack.toml")),
    ("tests/shipped.toml", include_str!("../../rules/tests/shipped.toml")),
];

/// One file.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Its name without folders: `10-intent.toml`.
    pub(super) name: String,
    /// As a person would open it: `rules/10-intent.toml`.
    pub(super) path: String,
    /// What it says.
    pub(super) text: String,
}

impl File {
    /// Its name without the ending: `freemail`.
    pub(super) fn stem(&self) -> &str {
        self.name.rsplit_once('.').map_or(&*self.name, |(stem, _)| stem)
    }
}

/// All files of one set of rules, each sort in file-name order.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) rules: Vec<File>,
    pub(super) lists: Vec<File>,
    pub(super) tests: Vec<File>,
    /// Templates of mails.
    pub(super) templates: Vec<File>,
    /// Mails that the templates are tested with, by file name.
    pub(super) mails: Vec<(String, Vec<u8>)>,
    /// Test files that could not be read: no reason not to use the rules.
    pub(super) unread_tests: Vec<Problem>,
    /// Files that are passed over, and were probably meant to be read.
    pub(super) passed_over: Vec<Problem>,
}

impl Files {
    /// The shipped files.
    pub(super) fn shipped() -> Self {
        Self::of(SHIPPED)
    }

    /// Files given as texts, each with its path below the folder of the rules.
    pub(super) fn of(texts: &[(&str, &str)]) -> Self {
        let mut files = Self::default();
        for (path, text) in texts {
            let name = path.rsplit('/').next().unwrap_or(path);
            let file = File { name: name.to_owned(), path: format!("rules/{path}"), text: (*text).to_owned() };
            match path.split_once('/') {
                Some(("lists", _)) => files.lists.push(file),
                Some(("mail", name)) if Path::new(name).extension().is_some_and(|ending| ending == "eml") => {
                    files.mails.push((name.to_owned(), text.as_bytes().to_vec()));
                }
                Some(("mail", _)) => files.templates.push(file),
                Some(_) => files.tests.push(file),
                None => files.rules.push(file),
            }
        }
        // Whoever gives them in another order means the same rules, also where two have one name.
        for sort in [&mut files.rules, &mut files.lists, &mut files.tests, &mut files.templates] {
            sort.sort_by(|a, b| (&a.name, &a.path, &a.text).cmp(&(&b.name, &b.path, &b.text)));
        }
        files.mails.sort();
        files
    }

    /// The files of a folder; what could not be read is added to `problems`.
    pub(super) fn of_folder(folder: &Path, problems: &mut Vec<Problem>) -> Self {
        let rules = match folder_files(folder, "toml", problems) {
            Ok(rules) => rules,
            Err(error) => {
                let message = format!("cannot read the folder of the rules: {error}");
                let hint = "make the folder, or leave it out of `[rules]` in the settings";
                problems.push(Problem::whole(folder.display().to_string(), message).hint(hint));
                return Self::default();
            }
        };
        let mut unread_tests = Vec::new();
        let lists = optional(&folder.join("lists"), "txt", problems);
        let tests = optional(&folder.join("tests"), "toml", &mut unread_tests);
        let templates = optional(&folder.join("mail"), "toml", problems);
        let mails = mails(&folder.join("mail"), &mut unread_tests);
        Self { rules, lists, tests, templates, mails, unread_tests, passed_over: passed_over(folder) }
    }

    /// Rule files, lists and templates with their paths below the folder of the rules, as [`Files::of`] takes them.
    pub(super) fn texts(&self) -> impl Iterator<Item = (String, &str)> {
        let rules = self.rules.iter().map(|file| (file.name.clone(), file.text.as_str()));
        let lists = self.lists.iter().map(|file| (format!("lists/{}", file.name), file.text.as_str()));
        let templates = self.templates.iter().map(|file| (format!("mail/{}", file.name), file.text.as_str()));
        rules.chain(lists).chain(templates)
    }

    /// Names this set of rules: changes with every change of a rule, a list or the threshold.
    pub(super) fn version(&self, qualify_at: i64) -> String {
        let mut hash = Sha256::new();
        hash.update(qualify_at.to_be_bytes());
        for (sort, files) in [("rule", &self.rules), ("list", &self.lists)] {
            for file in files {
                for part in [sort, file.name.as_str(), file.text.as_str()] {
                    hash.update((part.len() as u64).to_be_bytes());
                    hash.update(part);
                }
            }
        }
        let nibbles = hash.finalize().into_iter().take(6).flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
    }
}

fn optional(folder: &Path, ending: &str, problems: &mut Vec<Problem>) -> Vec<File> {
    match folder_files(folder, ending, problems) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            problems.push(Problem::whole(folder.display().to_string(), format!("cannot read the folder: {error}")));
            Vec::new()
        }
    }
}

/// The mails beside the templates; one that cannot be read is a mistake of the tests.
fn mails(folder: &Path, problems: &mut Vec<Problem>) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| has_ending(path, "eml")) {
        let name = name_of(&path);
        let large = fs::metadata(&path).is_ok_and(|data| data.len() > FILE_LIMIT);
        match fs::read(&path) {
            Ok(_) if large => {
                problems.push(Problem::whole(path.display().to_string(), "the mail is too large for a test"));
            }
            Ok(bytes) => found.push((name, bytes)),
            Err(error) => {
                problems.push(Problem::whole(path.display().to_string(), format!("cannot read the file: {error}")));
            }
        }
    }
    found.sort();
    found
}

/// Files with an ending, in file-name order. Hidden ones (an editor's locks and copies) are passed over.
fn folder_files(folder: &Path, ending: &str, problems: &mut Vec<Problem>) -> io::Result<Vec<File>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = name_of(&path);
        if name.starts_with('.') || !has_ending(&path, ending) || path.is_dir() {
            continue;
        }
        // One that cannot be read is there all the same: that a list is missing is no second mistake.
        let text = read(&path).unwrap_or_else(|problem| {
            problems.push(problem);
            String::new()
        });
        found.push(File { name, path: path.display().to_string(), text });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// `.TOML` is `.toml`.
fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|is| is.eq_ignore_ascii_case(ending))
}

/// Files that somebody probably meant to be read, and that are not, because of their name or place.
fn passed_over(folder: &Path) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut look = |inside: &str, endings: &[&str], hint: &str| {
        let Ok(entries) = fs::read_dir(folder.join(inside)) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = name_of(&path);
            let known = endings.iter().any(|ending| has_ending(&path, ending));
            let text = OTHERWISE.iter().any(|ending| name.to_lowercase().ends_with(ending));
            if path.is_file() && !name.starts_with('.') && !known && text {
                found.push(Problem::whole(path.display().to_string(), "this file is not read").hint(hint));
            }
        }
    };
    look(
        "",
        &["toml"],
        "rules stand in files whose name ends in `.toml` and in nothing else, lists in `lists/NAME.txt`",
    );
    look("lists", &["txt"], "a list is a text file, `NAME.txt`, with one word a line");
    look("tests", &["toml"], "rule tests stand in files whose name ends in `.toml` and in nothing else");
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        let name = name_of(&entry);
        if entry.is_dir() && !name.starts_with('.') && !FOLDERS.contains(&name.as_str()) {
            let inside = fs::read_dir(&entry).into_iter().flatten().flatten();
            if inside.map(|file| file.path()).any(|file| has_ending(&file, "toml")) {
                let message = "the files in this folder are not read";
                let hint = "rules stand beside each other in one folder; tests in `tests`, mails in `mail`";
                found.push(Problem::whole(entry.display().to_string(), message).hint(hint));
            }
        }
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

/// Folders beside the rules.
const FOLDERS: [&str; 3] = ["lists", "mail", "tests"];

/// How names of files end that were probably meant to be read.
const OTHERWISE: [&str; 8] = [".toml", ".txt", ".csv", ".xlsx", ".xls", ".docx", ".rtf", ".ods"];

fn read(path: &Path) -> Result<String, Problem> {
    let file = path.display().to_string();
    let cannot = |error: io::Error| Problem::whole(file.clone(), format!("cannot read the file: {error}"));
    let size = fs::metadata(path).map_err(cannot)?.len();
    if size > FILE_LIMIT {
        return Err(Problem::whole(file, format!("the file has {size} bytes, more than {FILE_LIMIT}")));
    }
    let bytes = fs::read(path).map_err(cannot)?;
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) || bytes.starts_with(b"{\\rtf")
    {
        let message = "this is a file of Word, Excel or the like, and no plain text";
        return Err(Problem::whole(file, message).hint("save it as plain text, encoding UTF-8"));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Problem::whole(file, "the file is UTF-16, not UTF-8").hint(SAVE_AS));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
        let (line, column) = line_and_column(&before, before.len());
        let message = "the file is not UTF-8: it was probably saved as ANSI (Windows-1252)".to_owned();
        Problem { file: file.clone(), line, column, message, hint: Some(SAVE_AS.into()) }
    })
}

const SAVE_AS: &str = "save it anew with the encoding UTF-8 (in Excel: \"CSV UTF-8\", in an editor: \"Save as\")";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn every_shipped_file_is_in_the_binary() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules");
        let mut on_disk = BTreeSet::new();
        for folder in ["", "lists", "mail", "tests"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    on_disk.insert(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        let embedded: BTreeSet<String> = SHIPPED.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(embedded, on_disk);
    }

    #[test]
    fn the_version_changes_with_a_rule_a_list_and_the_threshold_but_not_with_a_test() {
        let version = |change: &dyn Fn(&mut Files)| {
            let mut files = Files::shipped();
            change(&mut files);
            files.version(30)
        };
        let plain = version(&|_| {});
        assert_eq!(plain.len(), 12);
        assert_ne!(plain, Files::shipped().version(31));
        assert_ne!(plain, version(&|files| files.rules[0].text.push(' ')));
        assert_ne!(plain, version(&|files| files.lists[0].text.push(' ')));
        assert_eq!(plain, version(&|files| files.tests[0].text.push(' ')));
    }
}
