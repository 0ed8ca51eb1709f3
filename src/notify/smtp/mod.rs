//! Notices by mail, over SMTP submission (RFC 5321, RFC 6409).
//!
//! The protocol is lettre's; the connection is ours (`link`), so that one set of rules says
//! which certificates are believed, STARTTLS is never optional, and each command has its time.
//! Connections are kept for the next letter for a short while. A letter has the Message-ID
//! `<NOTICEID@domain-of-from>` however often it is sent: when the server's last answer gets lost,
//! a receiver can tell the repetition.

mod answer;
mod canary;
mod link;
mod mail;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Noop, Quit, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailParameter};

use super::{Failure, Message, Notifier, Probing, Sending};
use crate::config::{Secret, Tls};
use crate::lead::Name;
use answer::{Stage, judge};

/// Time for one command and its answer.
const COMMAND: Duration = Duration::from_secs(30);
/// Time for one letter, from connecting to the last answer.
const LETTER: Duration = Duration::from_mins(2);
/// Time for a polite goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// A connection that rested longer is not used again.
const REST: Duration = Duration::from_secs(50);
/// Connections that are kept.
const KEPT: usize = 2;

/// Settings of a mail notifier (`kind = "smtp"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Server name; certificates are checked against it.
    pub host: String,
    /// Default 587 with STARTTLS, 465 with implicit TLS, else 25.
    pub port: u16,
    /// Default STARTTLS; none only on loopback.
    pub tls: Tls,
    /// An extra root, or the server's own certificate, PEM.
    pub ca_file: Option<PathBuf>,
    /// Login name and password; `None`: no login.
    pub login: Option<(String, Secret)>,
    /// Sender, `Lotse <lotse@example.com>`.
    pub from: String,
}

/// A mail server that takes notices.
pub struct Smtp {
    server: Server,
    from: Mailbox,
    resting: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// The server as the settings describe it.
struct Server {
    notifier: Name,
    config: Config,
}

impl Smtp {
    /// A notifier with these settings; the error says what is wrong with them.
    pub fn new(notifier: &Name, config: &Config) -> Result<Self, String> {
        let from = mail::sender(&config.from)?;
        let server = Server { notifier: notifier.clone(), config: config.clone() };
        Ok(Self { server, from, resting: Mutex::default() })
    }

    async fn deliver(&self, message: &Message) -> Result<(), Failure> {
        let to = mail::receiver(message)?;
        let message = mail::compose(message, &self.from, &to)?;
        let mut connection = self.connection().await?;
        let sent = self.server.hand_over(&mut connection, &self.from.email, &to.email, &message).await;
        self.let_go(connection, sent.is_ok()).await;
        sent
    }

    /// Keeps a connection for the next letter, if it is still good for one.
    async fn let_go(&self, connection: AsyncSmtpConnection, taken: bool) {
        match taken {
            true => self.keep(connection),
            false if connection.has_broken() => {}
            // The server refused and waits for the next command; a new letter begins cleanly.
            false => farewell(connection).await,
        }
    }

    /// A connection that is logged in: one that rested and still answers, else a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Failure> {
        while let Some((mut resting, since)) = self.wake() {
            let fresh = since.elapsed() < REST;
            if fresh && matches!(tokio::time::timeout(COMMAND, resting.command(Noop)).await, Ok(Ok(_))) {
                return Ok(resting);
            }
        }
        link::open(&self.server).await
    }

    fn wake(&self) -> Option<(AsyncSmtpConnection, Instant)> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if resting.len() < KEPT {
            resting.push((connection, Instant::now()));
        }
    }
}

impl Server {
    /// What a connection proves.
    fn proved(&self) -> String {
        match &self.config.login {
            Some((user, _)) => format!("{self} takes the login of `{user}`"),
            None => format!("{self} answers"),
        }
    }

    /// One transaction: sender, receiver, message.
    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: &Address,
        to: &Address,
        message: &[u8],
    ) -> Result<(), Failure> {
        let mut parameters = Vec::new();
        let plain = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !plain(from) || !plain(to) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(Failure::permanent(format!("{self} does not take addresses outside ASCII (no SMTPUTF8)")));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let mail = Mail::new(Some(from.clone()), parameters);
        self.said(Stage::Sender, tokio::time::timeout(COMMAND, connection.command(mail)).await)?;
        let rcpt = Rcpt::new(to.clone(), Vec::new());
        self.said(Stage::Receiver, tokio::time::timeout(COMMAND, connection.command(rcpt)).await)?;
        self.said(Stage::Data, tokio::time::timeout(COMMAND, connection.command(Data)).await)?;
        // The last answer may take as long as the whole letter may: a server that is asked to
        // hurry here takes the mail, and we would send it again.
        self.said(Stage::Content, Ok(connection.message(message).await))
    }

    /// What an answer, or its absence, means.
    fn said<T>(
        &self,
        stage: Stage,
        answer: Result<Result<T, lettre::transport::smtp::Error>, tokio::time::error::Elapsed>,
    ) -> Result<(), Failure> {
        match answer {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(judge(self, stage, &error)),
            Err(_) => Err(answer::silence(self, stage, COMMAND)),
        }
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the mail server `{}:{}`", self.config.host, self.config.port)
    }
}

/// Says goodbye and closes; whatever the server answers.
async fn farewell(mut connection: AsyncSmtpConnection) {
    if tokio::time::timeout(GOODBYE, connection.command(Quit)).await.is_err() {
        tracing::debug!("a mail server did not answer our goodbye");
    }
}

impl Notifier for Smtp {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            match tokio::time::timeout(LETTER, self.deliver(message)).await {
                Ok(sent) => sent,
                Err(_) => Err(answer::silence(&self.server, Stage::Content, LETTER)),
            }
        })
    }

    fn probe(&self) -> Probing<'_> {
        Box::pin(async move {
            match tokio::time::timeout(LETTER, self.connection()).await {
                Ok(Ok(connection)) => {
                    self.keep(connection);
                    Ok(self.server.proved())
                }
                Ok(Err(failure)) => Err(failure),
                Err(_) => Err(answer::silence(&self.server, Stage::Greeting, LETTER)),
            }
        })
    }

    fn rest(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            while let Some((connection, _)) = self.wake() {
                farewell(connection).await;
            }
        })
    }
}
