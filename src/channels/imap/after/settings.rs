//! Reads `after`.

use toml::de::DeValue;

use super::{After, is_same_folder};
use crate::channels::imap::roles;
use crate::config::field::Field;
use crate::config::problem::{Wrong, quote};

/// Reads what is done to a mail of these folders once it has its outcome; keep where nothing is
/// said, or where it cannot be read.
pub(in crate::channels::imap) fn read<'f>(field: Field<'_>, folders: impl IntoIterator<Item = &'f String>) -> After {
    if !field.holds(DeValue::is_table) {
        return field.parse(word).unwrap_or(After::Keep);
    }
    let Some(mut section) = field.section() else { return After::Keep };
    let target = section.key("move").required();
    let (spot, report) = (target.place(), target.report());
    let target = target.text();
    section.finish();
    let Some(target) = target else { return After::Keep };
    if let Err(wrong) = roles::check(&target).and_then(|()| check_parts(&target)) {
        report.error(&spot, wrong);
    }
    if folders.into_iter().any(|folder| is_same_folder(&target, folder)) {
        let wrong = Wrong::new(format!("{} is a folder that mail is read from", quote(&target)));
        report.error(&spot, wrong.hint("name another folder; one that is not there is made"));
    }
    After::Move(target)
}

/// No part of a folder's name may be empty.
fn check_parts(target: &str) -> Result<(), Wrong> {
    if target.split('/').all(|part| !part.trim().is_empty()) {
        return Ok(());
    }
    let wrong = Wrong::new(format!("{} is no name of a folder: nothing stands on one side of a `/`", quote(target)));
    Err(wrong.hint("write the folder as mail programs show it, such as \"Archive/Leads\""))
}

fn word(text: &str) -> Result<After, Wrong> {
    let known = [("keep", After::Keep), ("seen", After::Seen), ("delete", After::Delete)];
    if let Some((_, after)) = known.iter().find(|(word, _)| *word == text) {
        return Ok(after.clone());
    }
    let words = known.each_ref().map(|(word, _)| *word);
    let wrong = Wrong::unknown(format!("unknown value {}", quote(text)), text, &words);
    let hint = wrong.hint.clone().unwrap_or_default();
    Err(wrong.hint(format!("{hint}; or a folder: {{ move = \"Archive/Leads\" }}")))
}
