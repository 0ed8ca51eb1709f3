//! Asks an address for a calendar, or whether it changed.
//!
//! Each request has a deadline. Redirects are followed, a few, never from https to http, and with the
//! login only to the very place it is for. No address stands in any message: who knows it may read the
//! calendar.

use std::time::Duration;

use axum::http::{HeaderMap, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use url::Url;

use super::{Address, Login};
use crate::assign::ics;
use crate::call::{Cause, Reply, call};

/// Longest wait for an answer, from the first packet to the last, redirects included.
const PATIENCE: Duration = Duration::from_secs(30);
/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// By what a server knows a version of a document (RFC 9110, 8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validators {
    /// `ETag`.
    pub(super) etag: Option<String>,
    /// `Last-Modified`.
    pub(super) modified: Option<String>,
}

/// What an address says.
#[derive(Debug)]
pub(super) enum Answer {
    /// Nothing changed.
    Same,
    /// A document.
    New(Vec<u8>, Validators),
}

/// Why it says nothing that can be used.
#[derive(Debug)]
pub(super) struct Failure {
    /// In words, without the address.
    pub(super) message: String,
    /// For how long the server does not want to be asked.
    pub(super) after: Option<Duration>,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), after: None }
    }
}

/// Asks an address once, and reads what it says; how many busy times lie ahead. The error says in words
/// why it cannot be used.
pub async fn probe(address: &Address, zone: jiff::tz::TimeZone, now: Timestamp) -> Result<usize, String> {
    match fetch(address, None).await {
        Ok(Answer::New(bytes, _)) => super::busy(bytes, zone, now).await.map(|busy| busy.len()),
        Ok(Answer::Same) => Err("it answered that nothing changed, and was not asked that".to_owned()),
        Err(failure) => Err(failure.message),
    }
}

/// What an address says; with `have` only where that is something else.
pub(super) async fn fetch(address: &Address, have: Option<&Validators>) -> Result<Answer, Failure> {
    let silent = || Failure::new(format!("it did not answer within {} s", PATIENCE.as_secs()));
    timeout(PATIENCE, follow(address, have)).await.map_err(|_| silent())?
}

async fn follow(address: &Address, have: Option<&Validators>) -> Result<Answer, Failure> {
    let first = Url::parse(address.url.expose()).map_err(|_| Failure::new("its address is none"))?;
    let mut url = first.clone();
    for _ in 0..=REDIRECTS {
        // Whoever is redirected to gets no password of another place.
        let login = if url.origin() == first.origin() { &address.login } else { &Login::None };
        let reply = ask(&url, login, address, have).await.map_err(|cause| reason(&cause))?;
        let location = reply.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
        match (reply.status, location) {
            (StatusCode::OK, _) => {
                let text = |name| reply.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
                let validators = Validators { etag: text(header::ETAG), modified: text(header::LAST_MODIFIED) };
                return Ok(Answer::New(reply.body.to_vec(), validators));
            }
            (StatusCode::NOT_MODIFIED, _) if have.is_some() => return Ok(Answer::Same),
            (status, Some(to)) if status.is_redirection() => {
                let next = url.join(to).map_err(|_| Failure::new(format!("it answered {status} to no address")))?;
                if next.scheme() != "https" && (next.scheme() != "http" || url.scheme() == "https") {
                    return Err(Failure::new(format!("it answered {status} to an address without TLS")));
                }
                url = next;
            }
            (status, _) => {
                return Err(Failure { message: refusal(status, &address.login), after: after(&reply.headers) });
            }
        }
    }
    Err(Failure::new(format!("it redirects more than {REDIRECTS} times")))
}

/// What an answer that is no calendar means.
fn refusal(status: StatusCode, login: &Login) -> String {
    let hint = match (status.as_u16(), login) {
        (401 | 403, Login::None) => ": it wants a login (`username` and `password`, or `token`), or another address",
        (401 | 403, _) => ": the login is not accepted",
        (404 | 410, _) => ": the calendar is not there (any more); is its address right?",
        _ => "",
    };
    format!("it answered {status}{hint}")
}

/// `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
fn after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(at.duration_since(Timestamp::now())).ok()
}

/// A cause in words.
fn reason(cause: &Cause) -> Failure {
    if cause.is::<http_body_util::LengthLimitError>() {
        return Failure::new(format!("its answer is larger than {} MiB", ics::LARGEST >> 20));
    }
    let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let refused = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if matches!(refused, Some(rustls::Error::InvalidCertificate(_))) {
        let hint = "if the server is your own, name its certificate as `ca_file`";
        return Failure::new(format!("its certificate is not believed: {cause}; {hint}"));
    }
    Failure::new(format!("it cannot be reached: {cause}"))
}

async fn ask(url: &Url, login: &Login, address: &Address, have: Option<&Validators>) -> Result<Reply, Cause> {
    let mut request = Request::get("/")
        .header(header::ACCEPT, "text/calendar, */*;q=0.5")
        .header(header::ACCEPT_ENCODING, "identity");
    request = match login {
        Login::None => request,
        Login::Password(name, password) => {
            let pair = STANDARD.encode(format!("{name}:{}", password.expose()));
            request.header(header::AUTHORIZATION, format!("Basic {pair}"))
        }
        Login::Token(token) => request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose())),
    };
    if let Some(have) = have {
        if let Some(etag) = &have.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(modified) = &have.modified {
            request = request.header(header::IF_MODIFIED_SINCE, modified);
        }
    }
    call(url, address.ca_file.as_deref(), request, Bytes::new(), ics::LARGEST).await
}
