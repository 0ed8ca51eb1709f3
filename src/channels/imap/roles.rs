//! Folders that are named by what they are for (RFC 6154): `\\Junk`, whatever the server calls it.
//!
//! In comes the role out of the settings, out goes the name of the folder that has it. Servers that
//! do not tell roles are asked for the names that the big providers give.

use std::collections::BTreeSet;

use imap_proto::NameAttribute;

use super::Mailbox;
use super::after::is_same_folder;
use super::command::{Fault, shortened};
use super::connect::unreachable;
use super::folders::{self, Listed};
use super::session::Session;
use crate::channels::Error;
use crate::config::problem::{Wrong, quote};

/// The roles, and how the big providers name such folders where their servers do not say.
const ROLES: [(&str, NameAttribute<'static>, &[&str]); 6] = [
    ("\\All", NameAttribute::All, &["[Gmail]/All Mail", "[Google Mail]/All Mail"]),
    ("\\Archive", NameAttribute::Archive, &["Archive", "Archives", "Archiv"]),
    ("\\Drafts", NameAttribute::Drafts, &["Drafts", "Draft", "Entwürfe", "[Gmail]/Drafts"]),
    (
        "\\Junk",
        NameAttribute::Junk,
        &["Junk Email", "Junk-E-Mail", "Bulk Mail", "Bulk", "Junk", "Spam", "[Gmail]/Spam", "[Google Mail]/Spam"],
    ),
    (
        "\\Sent",
        NameAttribute::Sent,
        &["Sent Items", "Gesendete Elemente", "Sent Messages", "Sent", "[Gmail]/Sent Mail", "[Google Mail]/Sent Mail"],
    ),
    (
        "\\Trash",
        NameAttribute::Trash,
        &["Deleted Items", "Gelöschte Elemente", "Deleted Messages", "Trash", "[Gmail]/Trash", "[Gmail]/Bin"],
    ),
];

/// Whether a folder in the settings is a role; one that begins like a role must be one.
pub(super) fn check(folder: &str) -> Result<(), Wrong> {
    let known = ROLES.map(|(role, ..)| role);
    if !is_role(folder) || known.iter().any(|role| role.eq_ignore_ascii_case(folder)) {
        return Ok(());
    }
    Err(Wrong::unknown(format!("{} is no role of a folder", quote(folder)), folder, &known))
}

/// Why a role stands for nothing.
const NOBODY: &str = "no folder has this role";

/// The folder that the settings mean, by a role or by its name; `None` where it is not there.
pub(super) fn meant<'f>(wanted: &str, there: &'f [Listed]) -> Option<&'f str> {
    if is_role(wanted) { having(wanted, there) } else { folders::meant(wanted, there) }
}

/// The server's name for a folder that mails are moved to, which is made where it has no role and is not
/// there; or what is wrong with it. `read` are the folders that mail is read from, as the settings name them.
pub(super) fn target(wanted: &str, read: &[String], there: &[Listed]) -> Result<String, String> {
    let target = match meant(wanted, there) {
        Some(known) => known.to_owned(),
        None if is_role(wanted) => return Err(format!("{NOBODY}; name one of these: {}", names(there))),
        None => folders::to_make(wanted, there),
    };
    let is_read = |named: &&String| is_same_folder(meant(named, there).unwrap_or(named), &target);
    match read.iter().find(is_read) {
        Some(named) if named == wanted => Err("that is the folder that mail is read from".to_owned()),
        Some(named) => Err(format!("that is the folder that mail is read from (`{}`)", shortened(named))),
        None => Ok(target),
    }
}

/// Whether the settings name a folder by its role.
fn is_role(folder: &str) -> bool {
    folder.starts_with('\\')
}

impl Session {
    /// All folders; where the settings name one by its role, those with a role first: some servers tell roles
    /// only when asked for them.
    pub(super) async fn folders_for(&mut self, named: impl IntoIterator<Item = &String>) -> Result<Vec<Listed>, Fault> {
        let mut there = self.folders("\"\" \"*\"").await?;
        if !named.into_iter().any(|folder| is_role(folder)) {
            return Ok(there);
        }
        match self.folders("(SPECIAL-USE) \"\" \"*\"").await {
            Ok(special) => drop(there.splice(..0, special)),
            Err(Fault::No(_) | Fault::Bad(_)) => {}
            Err(fault) => return Err(fault),
        }
        Ok(there)
    }
}

/// The folder that has the role, of those that are there.
fn having<'f>(role: &str, there: &'f [Listed]) -> Option<&'f str> {
    let (_, attribute, names) = ROLES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(role))?;
    let told = there.iter().find(|folder| folder.attributes.contains(attribute));
    let usual = || names.iter().find_map(|name| there.iter().find(|folder| folder.name == **name));
    told.or_else(usual).map(|folder| folder.name.as_str())
}

/// The first names of the folders that are there.
fn names(there: &[Listed]) -> String {
    const SHOWN: usize = 12;
    let all: BTreeSet<&str> = there.iter().map(|folder| folder.name.as_str()).collect();
    let names: Vec<String> = all.iter().take(SHOWN).map(|name| format!("`{}`", shortened(name))).collect();
    let more = if all.len() > SHOWN { format!(", and {} more", all.len() - SHOWN) } else { String::new() };
    names.join(", ") + &more
}

impl Mailbox {
    /// Finds out which folder a role stands for; nothing to do where the folder has a name.
    pub(super) async fn find_role(&self, session: &mut Session) -> Result<(), Error> {
        let role = &self.config.folder;
        if !is_role(role) {
            return Ok(());
        }
        let doing = format!("cannot find the folder with the role `{role}` at {}", self.config.host);
        let there = session.folders_for([role]).await.map_err(|fault| unreachable(&doing, fault))?;
        let Some(folder) = having(role, &there) else {
            let answer = format!("{NOBODY}; name one of these in `folder`: {}", names(&there));
            return Err(Error::Shut { doing, answer });
        };
        if self
            .siblings
            .as_ref()
            .is_some_and(|siblings| siblings.named.iter().any(|named| is_same_folder(named, folder)))
        {
            let answer = format!("it is `{}`, which `folder` names too; leave one of the two out", shortened(folder));
            return Err(Error::Shut { doing: format!("cannot read the folder with the role `{role}` twice"), answer });
        }
        let before = self.role.lock().unwrap_or_else(std::sync::PoisonError::into_inner).replace(folder.to_owned());
        if before.as_deref() != Some(folder) {
            tracing::info!(channel = %self.name, role, folder = shortened(folder), "the role stands for this folder");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, attributes: &[NameAttribute<'static>]) -> Listed {
        Listed { name: name.to_owned(), separator: Some('/'), attributes: attributes.to_vec() }
    }

    #[test]
    fn a_role_is_found_by_what_the_server_tells_and_else_by_the_names_that_providers_give() {
        let told = [listed("Junk", &[]), listed("Unerwünscht", &[NameAttribute::Junk])];
        assert_eq!(having("\\Junk", &told), Some("Unerwünscht"));
        assert_eq!(having("\\junk", &told[..1]), Some("Junk"));
        assert_eq!(having("\\Junk", &[listed("Junk Email", &[]), listed("Inbox", &[])]), Some("Junk Email"));
        assert_eq!(having("\\Sent", &[listed("Sent Messages", &[])]), Some("Sent Messages"));
        assert_eq!(having("\\All", &told), None);
    }

    #[test]
    fn mails_are_moved_to_a_role_or_a_name_that_is_not_read() {
        let there = [listed("INBOX", &[]), listed("Aussortiert", &[NameAttribute::Junk]), listed("Messe/Köln", &[])];
        let to = |wanted: &str, read: &[&str]| {
            target(wanted, &read.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), &there)
        };
        assert_eq!(to("\\Junk", &["INBOX"]).as_deref(), Ok("Aussortiert"));
        assert_eq!(to("Neu", &["INBOX"]).as_deref(), Ok("Neu"), "is made");
        assert!(to("\\Trash", &["INBOX"]).unwrap_err().starts_with("no folder has this role; name one of these: `Aus"));
        for (wanted, read) in [("inbox", "INBOX"), ("Aussortiert", "\\Junk"), ("\\Junk", "Aussortiert")] {
            assert!(to(wanted, &["Messe/Köln", read]).unwrap_err().contains("is the folder that mail is read from"));
        }
        let dotted = [Listed { separator: Some('.'), ..listed("Messe.Köln", &[]) }];
        assert!(target("Messe.Köln", &["Messe/Köln".to_owned()], &dotted).is_err());
    }

    #[test]
    fn what_begins_like_a_role_must_be_one() {
        assert!(check("INBOX").is_ok() && check("\\Archive").is_ok() && check("\\ARCHIVE").is_ok());
        assert!(check("\\Jnuk").unwrap_err().hint.unwrap().contains("\\Junk"));
    }
}
