//! Into a mailbox: from its settings to an opened folder.
//!
//! In come settings and, where a sign-in opens the mailbox, the access token; out goes a session,
//! or what somebody has to set right.

use tokio_util::sync::CancellationToken;

use super::command::Fault;
use super::connect::{self, Denied, Proof, unreachable};
use super::oauth2::{Source, Vault};
use super::session::Session;
use super::{Config, Login, Mailbox, folders, place};
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
            (Login::Password(password), _) => log_in(Proof::Password(password)).await,
            (Login::OAuth2(_), None) => None,
        };
        let Some(connection) = connection.transpose()? else { return Ok(None) };
        let doing = format!("cannot talk to {}", self.config.host);
        let session = stop.run_until_cancelled(Session::begin(connection, self.config.timeout)).await;
        session.transpose().map_err(|fault| unreachable(&doing, fault))
    }

    /// Logs in and opens the folder; what is there in one sentence. A sign-in is kept behind
    /// `door`; mailboxes without one ([`Config::keeps_sign_in`]) need none.
    pub async fn probe(&self, door: Option<&Door>) -> Result<String, Error> {
        let vault = door.map(|door| Vault { door, channel: &self.name });
        let config = &self.config;
        let Some(mut session) = self.open(vault, &CancellationToken::new()).await? else {
            return Err(Refused::Stopping.into());
        };
        session.access = config.after.access();
        examine(&mut session, config).await?;
        let said = summary(&session, config);
        session.log_out().await;
        Ok(said)
    }
}

/// What is there, in one sentence.
pub(super) fn summary(session: &Session, config: &Config) -> String {
    let (folder, mails) = (&config.folder, session.exists());
    let news = if session.has_idle() {
        "the server announces new mail at once (IDLE)".to_owned()
    } else {
        format!("the server has no IDLE, so new mail is looked for every {} s", config.poll.as_secs())
    };
    let mails = if mails == 1 { "1 mail".to_owned() } else { format!("{mails} mails") };
    let after = config.after.on(session.skills);
    format!("logged in to {} as `{}`; `{folder}` holds {mails}; {news}{after}", config.host, config.username)
}

/// Opens the folder, under the server's own name for it; a server that refuses must be set right
/// by somebody.
pub(super) async fn examine(session: &mut Session, config: &Config) -> Result<place::Folder, Error> {
    let doing = format!("cannot open the folder `{}` of {}", config.folder, config.host);
    let fault = match session.examine(&config.folder).await {
        Ok(folder) => return Ok(folder),
        Err(fault @ (Fault::No(_) | Fault::Bad(_))) if !fault.is_temporary() => fault,
        Err(fault) => return Err(unreachable(&doing, fault)),
    };
    let answer = fault.to_string();
    // The listing only helps: some servers send one that cannot be read.
    let Ok(there) = session.folders().await else { return Err(Error::Refused { doing, answer }) };
    match folders::meant(&config.folder, &there) {
        Some(name) if name != config.folder => session.examine(name).await.map_err(|fault| unreachable(&doing, fault)),
        Some(_) => Err(Error::Refused { doing, answer }),
        None => Err(Error::Refused { doing, answer: format!("{answer}; {}", folders::hint(&config.folder, &there)) }),
    }
}
