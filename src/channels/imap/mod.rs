//! A mailbox over IMAP (RFC 3501), left exactly as found unless the settings ask for more.
//!
//! New mail goes in as [`Inbound`](crate::lead::Inbound)s; out go their receipts into the place
//! that is kept with them. A connection logs in, opens the folder, brings in what is new, does what
//! is to be done to mails with an outcome (`after`), and then waits for the server's word (`IDLE`,
//! RFC 2177) or for the next look.
//!
//! Any error drops the connection: half-read answers are never taken for whole ones. The next
//! connection starts from the stored place. At level TRACE the client library logs passwords and
//! mail through `log`; the daemon's log filter keeps `async_imap` and `imap_proto` below that.

mod advice;
pub(crate) mod after;
mod again;
mod backfill;
mod command;
mod connect;
mod enter;
mod fetch;
mod folders;
pub mod guard;
mod idle;
mod inspect;
mod labels;
mod name;
pub mod oauth2;
mod offers;
mod owed;
mod patience;
mod place;
mod plant;
mod presets;
mod reconcile;
mod roles;
mod sasl;
mod session;
pub(crate) mod settings;
mod siblings;
mod suspects;

#[cfg(test)]
mod story;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::{Channel, Error, Running};
use crate::config::{Secret, Tls};
use crate::intake::Door;
use crate::lead::{self, Name};
pub use after::After;
use after::Pace;
pub use backfill::{Backfill, Older};
use connect::unreachable;
use enter::examine;
use fetch::{Halt, Reader, unless};
use idle::Woken;
use labels::Labels;
use oauth2::{Tokens, Vault};
use owed::Owed;
use patience::Silences;
use place::{Opening, Place};
pub use plant::{Planted, Uprooted};
pub use reconcile::{Comparison, House, Missing, Wish};
use session::Session;
use siblings::Siblings;
use suspects::Suspects;

/// `IDLE` is renewed at least this often: routers forget quiet connections after five minutes.
const RENEW: Duration = Duration::from_secs(270);

/// Settings of one mailbox (`kind = "imap"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Server name; certificates are checked against it.
    pub host: String,
    /// Default 993 with implicit TLS, else 143.
    pub port: u16,
    /// Default implicit; none only on loopback.
    pub tls: Tls,
    /// An extra root, or the server's own certificate (then accepted for its host name), PEM.
    pub ca_file: Option<PathBuf>,
    /// Login name.
    pub username: String,
    /// What is shown at the login.
    pub login: Login,
    /// Folder, or its role (`\\Junk`), or the first of several. Default `INBOX`.
    pub folder: String,
    /// Further folders.
    pub further: Vec<String>,
    /// What to do with mail already there at the first connect. Default new.
    pub start: Start,
    /// What is done to a mail once it has its outcome. Default keep.
    pub after: After,
    /// Of a larger mail only the header is read, bytes. 64 KiB to 40 MiB. Default 40 MiB.
    pub max_size: u32,
    /// Names of the mail servers whose `Authentication-Results` count (RFC 8601 § 2.5), and of those
    /// whose ARC seals do. Default: whichever put the topmost one there.
    pub authserv_id: Vec<String>,
    /// Fallback where IDLE is missing or silent; 1 s to 1 h. Default 60 s.
    pub poll: Duration,
    /// Without a successful check for this long, an alarm is raised. Default 15 min, or three times
    /// `poll` where that is more.
    pub silence_after: Duration,
    /// Longest silence of a server that owes an answer; shorter steps (an address, IDLE) take a part of
    /// it, and five times as long a mail that was passed by is left alone. 1 s to 10 min. Default 15 s.
    pub timeout: Duration,
}

impl Config {
    /// Its folders, in the order of the settings.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.folder).chain(&self.further).map(String::as_str)
    }

    /// The same mailbox with one folder.
    fn with_folder(&self, folder: &str) -> Self {
        Self { folder: folder.to_owned(), further: Vec::new(), ..self.clone() }
    }

    /// Whether somebody's sign-in opens the mailbox; it is kept in the store and changes there.
    #[must_use]
    pub fn keeps_sign_in(&self) -> bool {
        matches!(&self.login, Login::OAuth2(oauth2) if matches!(oauth2.grant, oauth2::Grant::RefreshToken(_)))
    }

    /// The day from which the provider no longer takes the client secret, where it is known.
    #[must_use]
    pub fn secret_expires(&self) -> Option<Date> {
        match &self.login {
            Login::OAuth2(oauth2) => oauth2.client_secret_expires,
            Login::Password(_) => None,
        }
    }
}

/// What is shown at the login.
#[derive(Clone, Debug, PartialEq)]
pub enum Login {
    /// A password.
    Password(Secret),
    /// An access token of OAuth 2.
    OAuth2(Box<oauth2::Config>),
}

/// What to do with mail that is already there at the first connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Leave it; take only what arrives from now on.
    New,
    /// Take all of it.
    All,
    /// Take what the server received from this time on.
    Since(Timestamp),
}

/// One folder of a mailbox as a channel; those of one mailbox share its name and its access token.
#[derive(Debug)]
pub struct Mailbox {
    name: Name,
    config: Config,
    tokens: Option<Arc<Tokens>>,
    suspects: Mutex<Suspects>,
    owed: Mutex<Owed>,
    pace: Mutex<Pace>,
    silences: Silences,
    /// The folder that has the role in the settings, once it is known.
    role: Mutex<Option<String>>,
    /// Where it is one of several folders.
    siblings: Option<Arc<Siblings>>,
    /// Shared by the folders of a mailbox.
    labels: Arc<Mutex<Labels>>,
}

impl Channel for Mailbox {
    fn name(&self) -> &Name {
        &self.name
    }

    fn run<'a>(&'a self, door: &'a Door, health: &'a Health, stop: &'a CancellationToken) -> Running<'a> {
        Box::pin(self.serve(door, health, stop))
    }
}

impl Mailbox {
    /// The channel `name` with these settings; it runs for the first folder alone.
    #[must_use]
    pub fn new(name: Name, config: Config) -> Self {
        let tokens = match &config.login {
            Login::Password(_) => None,
            Login::OAuth2(oauth2) => Some(Arc::new(Tokens::new(name.clone(), (**oauth2).clone()))),
        };
        Self::with_tokens(name, config, tokens)
    }

    /// One for each folder of these settings, each with a connection of its own when it runs.
    #[must_use]
    pub fn of_each_folder(name: Name, config: &Config) -> Vec<Self> {
        let first = Self::new(name, config.with_folder(&config.folder));
        if config.further.is_empty() {
            return vec![first];
        }
        let siblings = Some(Arc::new(Siblings::new(config.folders().map(ToOwned::to_owned).collect())));
        config.folders().map(|folder| Self { siblings: siblings.clone(), ..first.beside(folder) }).collect()
    }

    /// Another folder of the same mailbox.
    fn beside(&self, folder: &str) -> Self {
        let (config, labels) = (self.config.with_folder(folder), Arc::clone(&self.labels));
        Self { labels, ..Self::with_tokens(self.name.clone(), config, self.tokens.clone()) }
    }

    /// Its folder, as the settings name it.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.config.folder
    }

    /// All folders of its mailbox, as the settings name them.
    fn all_folders(&self) -> Vec<String> {
        match &self.siblings {
            Some(siblings) => siblings.named.clone(),
            None => self.config.folders().map(ToOwned::to_owned).collect(),
        }
    }

    /// The name of the folder that is read: the settings' own, or that of the folder with the role.
    /// The place is kept and the ledger tells of mails under this name.
    fn opened(&self) -> String {
        let role = self.role.lock().unwrap_or_else(PoisonError::into_inner).clone();
        role.unwrap_or_else(|| self.config.folder.clone())
    }

    fn with_tokens(name: Name, config: Config, tokens: Option<Arc<Tokens>>) -> Self {
        Self {
            name,
            config,
            tokens,
            suspects: Mutex::default(),
            owed: Mutex::default(),
            silences: Silences::default(),
            role: Mutex::default(),
            pace: Mutex::default(),
            siblings: None,
            labels: Arc::default(),
        }
    }

    /// Reads mail, and keeps the access token fresh meanwhile.
    async fn serve(&self, door: &Door, health: &Health, stop: &CancellationToken) -> Result<(), Error> {
        let Some(tokens) = &self.tokens else { return self.read(door, health, stop).await };
        let (end, vault) = (stop.child_token(), Vault { door, channel: &self.name });
        let reading = async {
            let result = self.read(door, health, stop).await;
            if !stop.is_cancelled() {
                tokens.report(health);
            }
            end.cancel();
            result
        };
        tokio::join!(reading, tokens.keep_fresh(vault, health, &end)).0
    }

    /// Connects again at once while single mails make the server break off; every other end is
    /// the supervisor's.
    async fn read(&self, door: &Door, health: &Health, stop: &CancellationToken) -> Result<(), Error> {
        loop {
            let halt = match self.connection(door, health, stop).await {
                Ok(()) | Err(End::Halt(Halt::Stop)) => return Ok(()),
                Err(End::Error(error)) => {
                    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref());
                    self.silences.note(source, false);
                    return Err(error);
                }
                Err(End::Halt(halt)) => halt,
            };
            match &halt {
                Halt::Fault(fault) => self.silences.note(Some(fault), false),
                Halt::Broke(fault) => self.silences.note(Some(fault), true),
                Halt::Stop | Halt::Refused(_) | Halt::Failed(_) => {}
            }
            let doing = format!("cannot read the folder `{}` of {}", self.config.folder, self.config.host);
            let why = match halt {
                Halt::Stop => return Ok(()),
                Halt::Fault(fault) => return Err(unreachable(&doing, fault)),
                Halt::Refused(refused) => return Err(refused.into()),
                Halt::Broke(fault) => fault.to_string(),
                Halt::Failed(refused) => refused.to_string(),
            };
            health.trouble(&format!("{doing}: {why}"));
            let pause = self.suspects().pause();
            tracing::warn!(channel = %self.name, %why, again_in = ?pause, "reading mail broke off; its mails are tried one by one");
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Ok(());
            }
        }
    }

    /// One connection from login to its end.
    async fn connection(&self, door: &Door, health: &Health, stop: &CancellationToken) -> Result<(), End> {
        let vault = Vault { door, channel: &self.name };
        let Some(mut session) = self.open(Some(vault), stop).await? else { return Ok(()) };
        session.access = self.config.after.access();
        session.patience = self.silences.patience(self.config.timeout);
        let place = self.starting_place(&mut session, door, stop).await?;
        let owed = door.place(&self.name, &self.owed_key()).await.map_err(Halt::Refused)?;
        self.owed().recall(owed.as_deref(), place.validity);
        let mut reader = Reader::new(self, &mut session, door, health, stop, place);
        reader.begin_after().await?;
        loop {
            reader.catch_up().await?;
            self.checked(health);
            let more = reader.do_after().await?;
            self.checked(health);
            // A server that answers is expected to go on so.
            reader.session.patience = self.config.timeout;
            if more == after::More::AtOnce || reader.session.news {
                continue;
            }
            reader.ask_again().await?;
            if self.wait(reader.session, stop).await? == Woken::Stop {
                session.log_out().await;
                return Ok(());
            }
        }
    }

    /// Says that the mailbox was looked through, and how its sign-in is.
    fn checked(&self, health: &Health) {
        self.silences.answered();
        if let Some(tokens) = &self.tokens {
            tokens.report(health);
        }
        health.ok();
    }

    /// Opens the folder and settles where to read from. Where that is not yet stored, it is before
    /// anything is read: what comes between now and a crash must not be taken for old mail.
    async fn starting_place(&self, session: &mut Session, door: &Door, stop: &CancellationToken) -> Result<Place, End> {
        let (config, name) = (&self.config, self.opened());
        let Some(folder) = stop.run_until_cancelled(examine(session, config, &name)).await else {
            return Err(Halt::Stop.into());
        };
        let mut folder = match folder {
            Ok(folder) => folder,
            Err(error) => {
                self.await_folder(&error, door).await?;
                return Err(error.into());
            }
        };
        if let Some(siblings) = &self.siblings {
            self.read_once(siblings, session)?;
        }
        let kept = door.place(&self.name, &name).await.map_err(Halt::Refused)?;
        let now = Timestamp::now();
        let mut opening = place::open(kept.as_deref(), folder, config.start, now);
        if matches!(opening, Opening::Anew(_)) {
            // Some servers are wrong about UIDNEXT; the last mail's number is right.
            folder.highest = folder.highest.max(unless(stop, session.highest()).await?);
            opening = place::open(kept.as_deref(), folder, config.start, now);
        }
        match opening {
            Opening::GoOn(place) => return Ok(place),
            Opening::First(place) => {
                tracing::info!(channel = %self.name, folder = name, %place, "the folder is read for the first time");
            }
            Opening::Anew(place) => {
                tracing::warn!(channel = %self.name, folder = name, %place, before = kept, "the server has numbered the folder anew; all of it is read again");
            }
        }
        let place = opening.place();
        door.keep_place(&self.name, self.stored(place)).await.map_err(Halt::Refused)?;
        Ok(place)
    }

    /// Notes from when on a folder is waited for that cannot be opened, so that what comes in between is new.
    async fn await_folder(&self, error: &Error, door: &Door) -> Result<(), Halt> {
        let (refused, name) = (matches!(error, Error::Shut { .. }), self.opened());
        if refused && self.config.start == Start::New && door.place(&self.name, &name).await?.is_none() {
            door.keep_place(&self.name, self.stored(Place::awaited(Timestamp::now()))).await?;
        }
        Ok(())
    }

    /// Waits until it is time to look for mail.
    async fn wait(&self, session: &mut Session, stop: &CancellationToken) -> Result<Woken, Halt> {
        let poll = self.pace().shorten(self.config.poll, tokio::time::Instant::now());
        if session.has_idle() {
            let woken = session.idle(poll.min(RENEW), stop).await;
            return if stop.is_cancelled() { woken.map_err(|_| Halt::Stop) } else { Ok(woken?) };
        }
        if stop.run_until_cancelled(tokio::time::sleep(poll)).await.is_none() {
            return Ok(Woken::Stop);
        }
        unless(stop, session.noop()).await?;
        Ok(Woken::Look)
    }

    fn stored(&self, place: Place) -> lead::Place {
        lead::Place::new(self.opened(), Some(place.to_string()))
    }

    fn suspects(&self) -> MutexGuard<'_, Suspects> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Under which key the mails are kept that were passed by.
    fn owed_key(&self) -> String {
        format!("owed:{}", self.opened())
    }

    fn owed(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How what is to be done to mails is getting on.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn labels(&self) -> MutexGuard<'_, Labels> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log_progress(&self, batch: &BTreeSet<u32>, waiting: usize) {
        tracing::debug!(channel = %self.name, mails = batch.len(), waiting, "brought in mail");
    }
}

/// How a connection ended.
enum End {
    Error(Error),
    Halt(Halt),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Halt> for End {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}
