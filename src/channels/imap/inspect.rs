//! What a mailbox's server can do and what is missing, in words that somebody can act on: for
//! `lotse check --connect`.

use std::collections::BTreeSet;

use imap_proto::{Capability, Response};
use tokio_util::sync::CancellationToken;

use super::command::{Fault, run};
use super::oauth2::Vault;
use super::session::Session;
use super::{Config, Mailbox};
use crate::channels::Error;
use crate::intake::{Door, Refused};

impl Mailbox {
    /// Logs in, opens each folder and asks what the server can do; one sentence a line. A sign-in is
    /// kept behind `door`; mailboxes without one ([`Config::keeps_sign_in`]) need none.
    pub async fn inspect(&self, door: Option<&Door>) -> Result<Vec<String>, Error> {
        let vault = door.map(|door| Vault { door, channel: &self.name });
        let Some(mut session) = self.open(vault, &CancellationToken::new()).await? else {
            return Err(Refused::Stopping.into());
        };
        let (summary, folder) = self.look_around(&mut session).await?;
        let mut said = vec![summary];
        // What follows only informs: a server that cannot answer it is none the worse for us.
        match session.newest(folder.highest).await {
            Ok(newest) => said.extend(newest),
            Err(fault) => tracing::debug!(%fault, "the newest mail cannot be asked for"),
        }
        match session.abilities().await {
            Ok(abilities) => said.extend(told(&abilities, &self.config)),
            Err(fault) => tracing::debug!(%fault, "the server does not say what it can do"),
        }
        session.log_out().await;
        Ok(said)
    }
}

impl Session {
    /// When the newest mail came in, as a sentence.
    async fn newest(&mut self, highest: u32) -> Result<Option<String>, Fault> {
        if self.exists() == 0 {
            return Ok(None);
        }
        let mut sizes = self.sizes(&BTreeSet::from([highest])).await?;
        if sizes.is_empty() {
            // The last number may belong to a mail that is gone.
            let last = self.highest().await?;
            sizes = self.sizes(&BTreeSet::from([last])).await?;
        }
        let received = sizes.into_values().find_map(|size| size.received);
        Ok(received.map(|at| format!("the newest mail came in at {}", at.strftime("%Y-%m-%d %H:%M UTC"))))
    }

    /// What the server says that it can do, in upper case.
    async fn abilities(&mut self) -> Result<BTreeSet<String>, Fault> {
        let (mut abilities, patience) = (BTreeSet::new(), self.patience);
        run(&mut self.connection, "CAPABILITY", patience, |response| {
            if let Response::Capabilities(offered) = response {
                abilities.extend(offered.iter().map(|ability| match ability {
                    Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
                    Capability::Auth(name) => format!("AUTH={}", name.to_ascii_uppercase()),
                    Capability::Atom(name) => name.to_ascii_uppercase(),
                }));
            }
            Ok(())
        })
        .await?;
        Ok(abilities)
    }
}

/// What the abilities mean for whoever runs Lotse.
fn told(abilities: &BTreeSet<String>, config: &Config) -> Vec<String> {
    let has = |name: &str| abilities.contains(name);
    let mut said = Vec::new();
    if !has("IDLE") {
        let seconds = config.poll.as_secs();
        said.push(format!(
            "new mail is noticed every {seconds} s, not at once: the server cannot announce it (IDLE is missing); a shorter `poll` notices it sooner"
        ));
    }
    said.push(
        match (has("MOVE"), has("UIDPLUS")) {
            (true, true) => "single mails can be moved and deleted (MOVE, UIDPLUS)",
            (true, false) => {
                "mails can be moved (MOVE), but not deleted one by one (UIDPLUS is missing): a deleted mail stays, marked as such, until somebody clears the folder"
            }
            (false, true) => {
                "a mail that is moved is copied and then deleted, because the server cannot move it (MOVE is missing)"
            }
            (false, false) => {
                "a mail that is moved is copied, and the old one only marked as deleted until somebody clears the folder: the server can neither move nor delete single mails (MOVE and UIDPLUS are missing)"
            }
        }
        .to_owned(),
    );
    let limit = abilities.iter().find_map(|ability| ability.strip_prefix("APPENDLIMIT=")?.parse::<u64>().ok());
    if let Some(bytes) = limit {
        said.push(format!("the server takes mails of up to {} MB (APPENDLIMIT)", bytes / 1_000_000));
    }
    if !has("IMAP4REV1") && !has("IMAP4REV2") {
        said.push("the server does not say that it knows IMAP4rev1; it may be too old for this".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ChannelKind, parse};

    fn config() -> Config {
        let text = "[channels.sales]\nkind = \"imap\"\nhost = \"h.example\"\nusername = \"u\"\npassword = \"p\"\npoll = \"90s\"\n";
        let draft = parse(text, None);
        let config = draft.config.or(draft.draft).unwrap();
        match config.channels.into_iter().next().unwrap().kind {
            ChannelKind::Imap(config) => config,
            _ => unreachable!(),
        }
    }

    #[test]
    fn what_a_server_lacks_is_told_by_what_it_means() {
        let said = |abilities: &str| told(&abilities.split(' ').map(str::to_owned).collect(), &config()).join("\n");
        assert_eq!(said("IMAP4REV1 IDLE MOVE UIDPLUS"), "single mails can be moved and deleted (MOVE, UIDPLUS)");
        let old = said("IMAP4REV1");
        assert!(old.starts_with("new mail is noticed every 90 s, not at once"), "{old}");
        assert!(old.contains("can neither move nor delete single mails"), "{old}");
        assert!(said("IMAP4REV1 IDLE UIDPLUS").contains("is copied and then deleted"));
        assert!(said("IMAP4REV1 IDLE MOVE").contains("not deleted one by one"));
        assert!(said("IMAP4REV1 IDLE APPENDLIMIT=35651584").contains("up to 35 MB"));
        assert!(said("IDLE").contains("too old"));
    }
}
