//! Into a mailbox: from its settings to an opened folder.
//!
//! In come settings and, where a sign-in opens the mailbox, the access token; out goes a session,
//! or what somebody has to set right.

use tokio_util::sync::CancellationToken;

use super::after::is_same_folder;
use super::command::{Fault, shortened};
use super::connect::{self, Denied, Proof, unreachable};
use super::oauth2::{Source, Vault};
use super::session::Session;
use super::siblings::Siblings;
use super::{After, Config, Login, Mailbox, folders, place, roles};
use crate::channels::Error;
use crate::intake::{Door, Refused};

impl Mailbox {
    /// Connects, logs in and asks what the server can do; nothing where we are to stop. An access
    /// token that the server refuses is renewed once.
    pub(super) async fn open(
        &self,
        vault: Option<Vault<'_>>,
        stop: &CancellationToken,
    ) -> Result<Option<Session>, Error> {
        let log_in = async |proof: Proof<'_>| stop.run_until_cancelled(connect::connect(&self.config, proof)).await;
        let connection = match (&self.config.login, &self.tokens) {
            (Login::OAuth2(_), Some(tokens)) => {
                let (token, source) = tokens.token(vault, stop).await?;
                match log_in(Proof::Token(&token)).await {
                    Some(Err(Denied::Proof(_))) if source == Source::Held => {
                        let token = tokens.instead_of(&token, vault, stop).await?;
                        log_in(Proof::Token(&token)).await
                    }
                    other => other,
                }
            }
            (Login::Password(password), _) => {
                let attempt = log_in(Proof::Password(password));
                match &self.siblings {
                    Some(siblings) => siblings.log_in(&self.config.folder, attempt).await,
                    None => attempt.await,
                }
            }
            (Login::OAuth2(_), None) => None,
        };
        let Some(connection) = connection.transpose()? else { return Ok(None) };
        let doing = format!("cannot talk to {}", self.config.host);
        let session = stop.run_until_cancelled(Session::begin(connection, self.config.timeout)).await;
        let Some(mut session) = session.transpose().map_err(|fault| unreachable(&doing, fault))? else {
            return Ok(None);
        };
        match stop.run_until_cancelled(self.find_role(&mut session)).await {
            Some(found) => found.map(|()| Some(session)),
            None => Ok(None),
        }
    }

    /// Logs in and opens each folder; what is there in one sentence. A sign-in is kept behind
    /// `door`; mailboxes without one ([`Config::keeps_sign_in`]) need none.
    pub async fn probe(&self, door: Option<&Door>) -> Result<String, Error> {
        let vault = door.map(|door| Vault { door, channel: &self.name });
        let Some(mut session) = self.open(vault, &CancellationToken::new()).await? else {
            return Err(Refused::Stopping.into());
        };
        let (said, _) = self.look_around(&mut session).await?;
        session.log_out().await;
        Ok(said)
    }

    /// Refuses to read a folder that is read for another name in the settings.
    pub(super) fn read_once(&self, siblings: &Siblings, session: &Session) -> Result<(), Error> {
        let (named, opened) = (&self.config.folder, &session.opened);
        let Some(other) = siblings.claim(named, opened) else { return Ok(()) };
        Err(Error::Shut {
            doing: format!("cannot read the folder `{named}` of {} twice", self.config.host),
            answer: format!("`{other}` in `folder` is the same one; leave one of the two out"),
        })
    }

    /// Opens each folder, the first one last; what is there in one sentence, and that folder.
    pub(super) async fn look_around(&self, session: &mut Session) -> Result<(String, place::Folder), Error> {
        let config = &self.config;
        session.access = config.after.access();
        let (mut there, mut first, seen) = (Vec::new(), None, Siblings::new(Vec::new()));
        for name in config.folders().collect::<Vec<_>>().into_iter().rev() {
            let part = self.beside(name);
            part.find_role(session).await?;
            let folder = examine(session, config, &part.opened()).await?;
            part.read_once(&seen, session)?;
            let (name, mails) = (part.opened(), session.exists());
            there.insert(0, format!("`{name}` holds {mails} {}", if mails == 1 { "mail" } else { "mails" }));
            first = Some(folder);
        }
        let news = if session.has_idle() {
            "the server announces new mail at once (IDLE)".to_owned()
        } else {
            format!("the server has no IDLE, so new mail is looked for every {} s", config.poll.as_secs())
        };
        let (there, after) = (there.join(", "), self.afterwards(session).await?);
        let said = format!("logged in to {} as `{}`; {there}; {news}{after}", config.host, config.username);
        Ok((said, first.unwrap_or(place::Folder { validity: 0, highest: 0 })))
    }

    /// What is done to mails afterwards, as the end of a sentence; an error where that cannot be.
    async fn afterwards(&self, session: &mut Session) -> Result<String, Error> {
        let after = &self.config.after;
        let After::Move(wanted) = after else { return Ok(after.on(session.skills)) };
        let doing =
            format!("cannot move mails of {} to `{}`, as `after` asks for", self.config.host, shortened(wanted));
        let read = self.all_folders();
        let there =
            session.folders_for(read.iter().chain([wanted])).await.map_err(|fault| unreachable(&doing, fault))?;
        let target = roles::target(wanted, &read, &there);
        let target = target.map_err(|answer| Error::Refused { doing, answer })?;
        let made =
            if there.iter().any(|folder| is_same_folder(&folder.name, &target)) { "" } else { "; it will be made" };
        Ok(After::Move(target).on(session.skills) + made)
    }
}

/// Opens the folder `wanted`, under the server's own name for it; a server that refuses must be set right
/// by somebody.
pub(super) async fn examine(session: &mut Session, config: &Config, wanted: &str) -> Result<place::Folder, Error> {
    let doing = format!("cannot open the folder `{wanted}` of {}", config.host);
    let fault = match session.examine(wanted).await {
        Ok(folder) => return Ok(folder),
        Err(fault @ (Fault::No(_) | Fault::Bad(_))) if !fault.is_temporary() => fault,
        Err(fault) => return Err(unreachable(&doing, fault)),
    };
    let answer = fault.to_string();
    // The listing only helps: some servers send one that cannot be read.
    let Ok(there) = session.folders("\"\" \"*\"").await else { return Err(Error::Shut { doing, answer }) };
    match folders::meant(wanted, &there) {
        Some(name) if name != wanted => session.examine(name).await.map_err(|fault| unreachable(&doing, fault)),
        Some(_) => Err(Error::Shut { doing, answer }),
        None => Err(Error::Shut { doing, answer: format!("{answer}; {}", folders::hint(wanted, &there)) }),
    }
}
