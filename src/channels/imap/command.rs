//! Commands whose answer is checked to the end.
//!
//! In goes a command, out comes what its untagged responses told a closure, and only when the
//! server closed it with a tagged `OK` (RFC 3501 §7.1): `NO`, `BAD`, `BYE`, the end of the
//! connection and silence are a [`Fault`], never "that was all". After a fault that is not
//! [`Fault::No`] or [`Fault::Bad`] the connection must be dropped.
//!
//! The client library logs whole commands, passwords among them, and answers at level TRACE
//! through `log`; whoever installs the log filter must cap `async_imap` at DEBUG.

use std::fmt::Debug;
use std::io;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use imap_proto::{RequestId, Response, ResponseCode, Status};
use tokio::io::{AsyncRead, AsyncWrite};

use super::guard::{Guarded, Violation};
use super::patience::Patience;

/// Characters of a server's words that are passed on.
const LONGEST_ANSWER: usize = 200;

/// What a server says while it is out of order for now; many name too many connections in words of
/// their own.
const TEMPORARY: [&str; 8] = [
    "[UNAVAILABLE]",
    "[INUSE]",
    "[LIMIT]",
    "[THROTTLED]",
    "TOO MANY SIMULTANEOUS CONNECTIONS",
    "TOO MANY OPEN CONNECTIONS",
    "TOO MANY CONNECTIONS",
    "MAXIMUM NUMBER OF CONNECTIONS",
];

/// Any two-way stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Debug {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + Debug> Stream for S {}

/// A connection to a server, guarded.
pub(super) type Wire = Guarded<Box<dyn Stream>>;
/// A logged-in connection.
pub(super) type Connection = async_imap::Session<Wire>;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The server refuses.
    #[error("the server answered NO: {0}")]
    No(String),
    /// The server does not understand.
    #[error("the server answered BAD: {0}")]
    Bad(String),
    /// The server ends the session.
    #[error("the server ended the session: {0}")]
    Bye(String),
    /// The connection ended.
    #[error("the server closed the connection")]
    Closed,
    /// The server is silent.
    #[error("the server did not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// What the server sent cannot be read.
    #[error("the server sent something that is no IMAP response")]
    Garbage,
    /// The server sent more than is good for us.
    #[error(transparent)]
    Hostile(#[from] Violation),
    /// The server sent more mail than was asked for.
    #[error("the server sent far more than was asked for")]
    TooMuch,
    /// The server says that mails are there, and does not hand them over.
    #[error("the server does not hand over a mail that it lists")]
    Withheld,
    /// The server numbered the folder anew while we were at it.
    #[error("the server has numbered the folder anew")]
    Renumbered,
    /// The connection failed.
    #[error("the connection failed")]
    Io(#[source] io::Error),
}

impl Fault {
    /// Whether the server says that it is only out of order for now (RFC 5530 §3), or that we have
    /// too many connections.
    pub(super) fn is_temporary(&self) -> bool {
        let (Self::No(answer) | Self::Bye(answer)) = self else { return false };
        let answer = answer.to_ascii_uppercase();
        TEMPORARY.iter().any(|words| answer.contains(words))
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if let Some(violation) = error.get_ref().and_then(|inner| inner.downcast_ref::<Violation>()) {
            return Self::Hostile(*violation);
        }
        match error.kind() {
            // The library's words for a parse error hold everything it could not parse.
            io::ErrorKind::Other => Self::Garbage,
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

impl From<async_imap::error::Error> for Fault {
    fn from(error: async_imap::error::Error) -> Self {
        use async_imap::error::Error as E;
        match error {
            E::Io(error) => error.into(),
            E::No(answer) => Self::No(spoken(&answer)),
            E::Bad(answer) => Self::Bad(spoken(&answer)),
            E::ConnectionLost => Self::Closed,
            _ => Self::Garbage,
        }
    }
}

/// Runs `command` and shows each untagged response to `each`.
pub(super) async fn run(
    connection: &mut Connection,
    command: &str,
    patience: impl Into<Patience>,
    each: impl FnMut(&Response<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let heard = connection.get_ref().heard();
    let whole = async {
        let tag = connection.run_command(command).await?;
        until_done(connection, &tag, each).await
    };
    patience.into().with(heard, whole).await
}

/// Reads responses until the one that closes the command `tag`.
pub(super) async fn until_done(
    connection: &mut Connection,
    tag: &RequestId,
    mut each: impl FnMut(&Response<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    loop {
        let closed = read(connection, |response| match response {
            Response::Done { tag: closed, status, outcome } if closed == tag => {
                let answer = || answer(outcome.code.as_ref(), outcome.information.as_deref());
                Some(match status {
                    Status::Ok => Ok(()),
                    Status::Bad => Err(Fault::Bad(answer())),
                    _ => Err(Fault::No(answer())),
                })
            }
            other => each(other).err().map(Err),
        })
        .await?;
        if let Some(result) = closed {
            return result;
        }
    }
}

/// Reads one response and shows it to `look`; `BYE` is a fault. Nothing is lost when the future
/// is dropped before it is ready.
pub(super) async fn read<T>(connection: &mut Connection, look: impl FnOnce(&Response<'_>) -> T) -> Result<T, Fault> {
    // The parser panics on some responses (`INTERNALDATE NIL`); that is the server's fault too.
    let response = match AssertUnwindSafe(connection.read_response()).catch_unwind().await {
        Ok(response) => response?.ok_or(Fault::Closed)?,
        Err(_) => return Err(Fault::Garbage),
    };
    match response.parsed() {
        Response::Data { status: Status::Bye, outcome } => {
            Err(Fault::Bye(answer(outcome.code.as_ref(), outcome.information.as_deref())))
        }
        other => Ok(look(other)),
    }
}

/// What the server said with a status, fit for a log line.
pub(super) fn answer(code: Option<&ResponseCode<'_>>, text: Option<&str>) -> String {
    match (code, text) {
        (_, Some(text)) if !text.trim().is_empty() => shortened(text),
        (Some(ResponseCode::TryCreate), _) => "[TRYCREATE]".to_owned(),
        _ => "(no reason given)".to_owned(),
    }
}

/// A foreign text on one line, without control characters, of at most 200 characters.
pub(super) fn shortened(text: &str) -> String {
    let clean: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match clean.char_indices().nth(LONGEST_ANSWER) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

/// What the server said, out of the library's `code: …, info: Some("…")`.
fn spoken(answer: &str) -> String {
    let text = answer.split_once("info: Some(\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
    match text {
        Some(text) => shortened(&text.replace("\\\"", "\"").replace("\\\\", "\\")),
        None => "(no reason given)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_short_and_on_one_line() {
        assert_eq!(shortened(" no\r\n\u{1b}[31msuch mailbox "), "no   [31msuch mailbox");
        let long = shortened(&"ü".repeat(500));
        assert_eq!((long.chars().count(), long.ends_with('…')), (201, true));
        assert_eq!(spoken(r#"code: None, info: Some("[LIMIT] \"too\" many")"#), r#"[LIMIT] "too" many"#);
        assert_eq!(spoken("code: None, info: None"), "(no reason given)");
    }

    #[test]
    fn only_what_the_server_calls_temporary_is_temporary() {
        assert!(Fault::No("[UNAVAILABLE] try later".into()).is_temporary());
        assert!(Fault::Bye("[limit] too many".into()).is_temporary());
        assert!(Fault::No("[ALERT] Too many simultaneous connections. (Failure)".into()).is_temporary());
        assert!(!Fault::No("[AUTHENTICATIONFAILED] no".into()).is_temporary());
        assert!(!Fault::Closed.is_temporary());
    }
}
