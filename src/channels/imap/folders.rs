//! The folders that a mailbox has, for one that is not found under its name.
//!
//! In comes the name in the settings, out goes the folder that is meant, or what to say: people
//! write `Anfragen/Kunden` whatever the server puts between the two.

use imap_proto::{MailboxDatum, NameAttribute, Response};

use super::command::{Fault, run, shortened};
use super::name;
use super::session::Session;
use crate::config::problem::nearest;

/// Folders that are remembered of one listing.
const MOST: usize = 1_000;
/// Folders that an error names.
const NAMED: usize = 12;

/// A folder that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its name as people write it to this server.
    pub(super) name: String,
    /// What stands between a folder and one inside it; `None` where there is no inside.
    pub(super) separator: Option<char>,
    /// What it is for, and other marks.
    pub(super) attributes: Vec<NameAttribute<'static>>,
}

impl Session {
    /// The folders that can be opened, of those that `which` asks for (RFC 3501 §6.3.8).
    pub(super) async fn folders(&mut self, which: &str) -> Result<Vec<Listed>, Fault> {
        let mut folders = Vec::new();
        let patience = self.patience;
        run(&mut self.connection, &format!("LIST {which}"), patience, |response| {
            let Response::MailboxData(MailboxDatum::List(folder)) = response else { return Ok(()) };
            if folders.len() < MOST && !folder.name_attributes.contains(&NameAttribute::NoSelect) {
                let separator = folder.delimiter.as_ref().and_then(|text| text.chars().next());
                let attributes = folder.name_attributes.iter().cloned().map(NameAttribute::into_owned).collect();
                folders.push(Listed { name: name::decoded(&folder.name), separator, attributes });
            }
            Ok(())
        })
        .await?;
        Ok(folders)
    }
}

/// The folder that `wanted` stands for, written with `/` where the server has its own separator, or as
/// the server sends it (modified UTF-7).
pub(super) fn meant<'f>(wanted: &str, folders: &'f [Listed]) -> Option<&'f str> {
    let as_written = |folder: &Listed| folder.name == wanted || with_slashes(folder) == wanted;
    let (found, sent) = (folders.iter().find(|folder| as_written(folder)), name::decoded(wanted));
    found.or_else(|| folders.iter().find(|folder| folder.name == sent)).map(|folder| folder.name.as_str())
}

/// The name under which a folder that is not there is made: with the server's own separator.
pub(super) fn to_make(wanted: &str, there: &[Listed]) -> String {
    match there.iter().find_map(|folder| folder.separator) {
        Some(separator) => wanted.replace('/', &separator.to_string()),
        None => wanted.to_owned(),
    }
}

/// What to do about a folder that is not there.
pub(super) fn hint(wanted: &str, folders: &[Listed]) -> String {
    let mut names: Vec<String> = folders.iter().map(with_slashes).collect();
    names.sort();
    let inside = names.iter().find(|name| name.ends_with(&format!("/{wanted}"))).map(String::as_str);
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let guess = inside.or_else(|| nearest(wanted, &known)).map(|name| format!("did you mean `{name}`? "));
    let more = names.len().saturating_sub(NAMED);
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{}`", shortened(name))).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}there are {}{rest}", guess.unwrap_or_default(), shown.join(", "))
}

fn with_slashes(folder: &Listed) -> String {
    match folder.separator {
        Some(separator) if separator != '/' => folder.name.replace(separator, "/"),
        _ => folder.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(separator: char, names: &[&str]) -> Vec<Listed> {
        names
            .iter()
            .map(|name| Listed { name: (*name).to_owned(), separator: Some(separator), attributes: Vec::new() })
            .collect()
    }

    #[test]
    fn a_folder_is_found_whatever_the_server_puts_between_its_parts() {
        let there = folders('.', &["INBOX", "Anfragen", "Anfragen.Große Kunden"]);
        assert_eq!(meant("Anfragen/Große Kunden", &there), Some("Anfragen.Große Kunden"));
        assert_eq!(meant("Anfragen.Große Kunden", &there), Some("Anfragen.Große Kunden"));
        assert_eq!(meant("Anfragen.Gro&AN8-e Kunden", &there), Some("Anfragen.Große Kunden"));
        assert_eq!(meant("Anfragen/Kleine Kunden", &there), None);
        assert_eq!(meant("a.b", &folders('/', &["a/b"])), None, "a dot is no separator there");
    }

    #[test]
    fn a_folder_that_is_made_gets_the_separator_of_the_server() {
        assert_eq!(to_make("Archive/Leads", &folders('.', &["INBOX"])), "Archive.Leads");
        assert_eq!(to_make("Archive/Leads", &folders('/', &["INBOX"])), "Archive/Leads");
        assert_eq!(to_make("Archive/Leads", &[]), "Archive/Leads");
    }

    #[test]
    fn a_folder_that_is_not_there_is_answered_with_those_that_are() {
        let there = folders('.', &["INBOX", "INBOX.Anfragen", "INBOX.Große Kunden"]);
        assert_eq!(
            hint("Anfragen", &there),
            "did you mean `INBOX/Anfragen`? there are `INBOX`, `INBOX/Anfragen`, `INBOX/Große Kunden`"
        );
        assert!(hint("INBOX/Grosse Kunden", &there).starts_with("did you mean `INBOX/Große Kunden`?"));
        let many: Vec<String> = (10..40).map(|n| format!("F{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let said = hint("zebra", &folders('/', &many));
        assert!(said.starts_with("there are `F10`, ") && said.ends_with("`F21` and 18 more"), "{said}");
    }
}
