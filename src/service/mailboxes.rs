//! Mailboxes in people's hands: try one, keep a sign-in.
//!
//! Both go by the settings as they stand on disk, so that what was just changed can be tried.

use super::{Error, Service};
use crate::channels::imap::oauth2::Vault;
use crate::channels::imap::{Config, Login, Mailbox};
use crate::config::{self, ChannelKind, Secret};
use crate::lead::Name;

impl Service {
    /// Logs in to a mailbox and opens its folder; what is there, what its server can do and what is
    /// missing, one sentence a line.
    pub async fn probe_mailbox(&self, name: &Name) -> Result<Vec<String>, Error> {
        let mailbox = Mailbox::new(name.clone(), self.mailbox(name).await?);
        let door = self.door.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "a renewed sign-in must be kept even when nobody waits for the answer any more; it ends by itself"
        )]
        let probing = tokio::spawn(async move { mailbox.inspect(Some(&door)).await });
        let result = probing.await.map_err(|_| Error::Conflict("a fault in lotse; the log has more".to_owned()))?;
        result.map_err(|error| Error::Conflict(error.in_full()))
    }

    /// Keeps the refresh token of a new sign-in, and has the mailbox try it at once.
    pub async fn keep_sign_in(&self, name: &Name, token: &Secret) -> Result<(), Error> {
        let config = self.mailbox(name).await?;
        let Login::OAuth2(oauth2) = &config.login else {
            return Err(Error::Invalid(format!("the mailbox `{name}` logs in with a password")));
        };
        Vault { door: &self.door, channel: name }.keep(oauth2, token).await?;
        self.board.call();
        Ok(())
    }

    /// The settings of a mailbox, as they stand on disk.
    async fn mailbox(&self, name: &Name) -> Result<Config, Error> {
        let file = self.settings().file;
        let read = tokio::task::spawn_blocking(move || config::load(file.as_deref().map(std::path::Path::new)));
        let loaded = read.await.map_err(|_| Error::Conflict("the settings cannot be read".to_owned()))?;
        let config = loaded
            .config
            .ok_or_else(|| Error::Conflict("the settings have mistakes; `lotse check` names them".to_owned()))?;
        let kinds = config.channels.into_iter().filter(|channel| channel.name == *name).map(|channel| channel.kind);
        let mailbox =
            kinds.into_iter().find_map(|kind| if let ChannelKind::Imap(config) = kind { Some(config) } else { None });
        mailbox.ok_or_else(|| Error::NotFound(format!("mailbox `{name}` among the channels")))
    }
}
