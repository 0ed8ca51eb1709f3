//! From settings to a logged-in connection.
//!
//! Connects (each address of the host in turn), protects the connection as the settings say,
//! guards it, reads the greeting and logs in. Every step has a deadline, and every error names the
//! step and the server.

use std::net::SocketAddr;
use std::time::Duration;

use async_imap::Client;
use imap_proto::{Response, ResponseCode, Status};
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::command::{self, Connection, Fault, Stream, Wire, shortened};
use super::offers::Offers;
use super::sasl::{Bearer, Plain};
use super::{Config, advice, name};
use crate::channels::Error;
use crate::config::{Secret, Tls};
use crate::tls;

/// One address of the host may take this part of the usual patience: 5 s of 15.
const ADDRESSES: u32 = 3;
/// A connection on which nothing moves is probed after this time, and given up after two minutes.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// What is shown at the login.
#[derive(Clone, Copy, Debug)]
pub(super) enum Proof<'a> {
    Password(&'a Secret),
    /// An access token (OAuth 2).
    Token(&'a Secret),
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Denied {
    /// The server does not take the password or token.
    Proof(Error),
    /// Anything else.
    Otherwise(Error),
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Proof(error) | Denied::Otherwise(error) => error,
        }
    }
}

/// Connects and logs in.
pub(super) async fn connect(config: &Config, proof: Proof<'_>) -> Result<Connection, Denied> {
    let doing = format!("cannot connect to {}:{}", config.host, config.port);
    let patience = config.timeout;
    let silent = |_| unreachable(&format!("{doing}{}", advice::about_silence(config)), Fault::Silent(patience));
    let greeted = timeout(patience, greet(config, &doing)).await.map_err(silent).and_then(|greeted| greeted);
    let (client, offers) = greeted.map_err(Denied::Otherwise)?;
    log_in(config, client, offers, proof).await
}

/// A server may be out of order for a moment; it is tried again soon, or later where it says so itself.
pub(super) fn unreachable(doing: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let (doing, source) = (doing.to_owned(), source.into());
    if source.downcast_ref().is_some_and(Fault::is_temporary) {
        return Error::Busy { doing, source };
    }
    Error::Unreachable { doing, source }
}

async fn greet(config: &Config, doing: &str) -> Result<(Client<Wire>, Option<Offers>), Error> {
    let tcp = open_socket(config, doing).await?;
    if config.tls != Tls::StartTls {
        let stream: Box<dyn Stream> = match config.tls {
            Tls::None => Box::new(tcp),
            _ => protect(config, Box::new(tcp), doing).await?,
        };
        let mut client = Client::new(Wire::new(stream));
        let offers = read_greeting(&mut client, doing).await?;
        return Ok((client, offers));
    }
    let mut client = Client::new(Wire::new(Box::new(tcp)));
    read_greeting(&mut client, doing).await?;
    let started = client.run_command_and_check_ok("STARTTLS", None).await;
    let doing_so = format!("{doing}: the server does not take STARTTLS{}", advice::in_place_of_starttls(config));
    started.map_err(|e| unreachable(&doing_so, Fault::from(e)))?;
    // What came in after the answer, unprotected, is dropped together with the client (RFC 3207 §6).
    let stream = protect(config, client.into_inner().into_inner(), doing).await?;
    Ok((Client::new(Wire::new(stream)), None))
}

async fn open_socket(config: &Config, doing: &str) -> Result<TcpStream, Error> {
    let found = lookup_host((config.host.as_str(), config.port)).await;
    let found = found.map_err(|e| unreachable(&format!("{doing}: there is no such host (is `host` right?)"), e))?;
    let mut last = unreachable(doing, "the host has no address");
    for address in found {
        if config.tls == Tls::None && !address.ip().is_loopback() {
            return Err(Error::Refused {
                doing: doing.to_owned(),
                answer: "without TLS only this machine is talked to; set tls = \"implicit\" or \"starttls\"".to_owned(),
            });
        }
        match try_address(address, config.timeout / ADDRESSES).await {
            Ok(socket) => return Ok(socket),
            Err(fault) => last = unreachable(&format!("{doing}{}", advice::about_address(&fault)), fault),
        }
    }
    Err(last)
}

async fn try_address(address: SocketAddr, patience: Duration) -> Result<TcpStream, Fault> {
    let socket = timeout(patience, TcpStream::connect(address)).await.map_err(|_| Fault::Silent(patience))??;
    socket.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(&socket, true).map_err(std::io::Error::from)?;
    #[cfg(target_os = "linux")]
    {
        use rustix::net::sockopt::{set_tcp_keepcnt, set_tcp_keepidle, set_tcp_keepintvl};
        set_tcp_keepidle(&socket, KEEPALIVE).map_err(std::io::Error::from)?;
        set_tcp_keepintvl(&socket, KEEPALIVE / 4).map_err(std::io::Error::from)?;
        set_tcp_keepcnt(&socket, 4).map_err(std::io::Error::from)?;
    }
    Ok(socket)
}

async fn protect(config: &Config, stream: Box<dyn Stream>, doing: &str) -> Result<Box<dyn Stream>, Error> {
    let settings = tls::client(config.ca_file.as_deref()).map_err(|e| unreachable(doing, e))?;
    let name = ServerName::try_from(config.host.clone()).map_err(|e| unreachable(doing, e))?;
    let doing = format!("{doing}: no TLS with the server");
    let stream = TlsConnector::from(settings).connect(name, stream).await;
    let stream = stream.map_err(|error| unreachable(&doing, advice::about_tls(error)))?;
    Ok(Box::new(stream))
}

/// Reads the greeting; what the server offers, where it says so right away.
async fn read_greeting(client: &mut Client<Wire>, doing: &str) -> Result<Option<Offers>, Error> {
    let response = client.read_response().await.map_err(|e| unreachable(doing, Fault::from(e)))?;
    let response = response.ok_or_else(|| unreachable(doing, Fault::Closed))?;
    let Response::Data { status, outcome } = response.parsed() else {
        return Err(unreachable(doing, Fault::Garbage));
    };
    let answer = command::answer(outcome.code.as_ref(), outcome.information.as_deref());
    match status {
        Status::Ok => {}
        Status::Bye => return Err(unreachable(doing, Fault::Bye(answer))),
        _ => return Err(unreachable(doing, format!("unexpected greeting: {answer}"))),
    }
    let Some(ResponseCode::Capabilities(offered)) = &outcome.code else { return Ok(None) };
    Ok(Some(Offers::of(offered)))
}

async fn log_in(
    config: &Config,
    client: Client<Wire>,
    offers: Option<Offers>,
    proof: Proof<'_>,
) -> Result<Connection, Denied> {
    let user = config.username.as_str();
    let doing = format!("cannot log in to {} as `{}`", config.host, shortened(user));
    let refused = |answer: &str| Error::Refused { doing: doing.clone(), answer: answer.to_owned() };
    let (Proof::Password(secret) | Proof::Token(secret)) = proof;
    let secret = secret.expose();
    if !name::fits(user) || !name::fits(secret) {
        return Err(Denied::Otherwise(refused("the user name or the password contains a line break or NUL")));
    }
    if secret.is_empty() {
        let answer = "no secret is known for it here, so nothing was sent: what the settings name (a variable, a file, a credential) is missing; set it in this shell, or start the daemon, which has it";
        return Err(Denied::Otherwise(refused(answer)));
    }
    let attempt = async {
        match proof {
            Proof::Password(_) => by_password(client, offers.unwrap_or_default(), user, secret).await,
            Proof::Token(_) => by_token(config, client, offers, secret).await,
        }
    };
    let patience = config.timeout;
    let answered = timeout(patience, attempt).await.unwrap_or(Err(Unanswered::Fault(Fault::Silent(patience))));
    answered.map_err(|unanswered| match unanswered {
        Unanswered::Unasked(why) => Denied::Otherwise(refused(why)),
        Unanswered::Fault(Fault::No(answer)) => {
            let fault = Fault::No(without(&answer, secret));
            if fault.is_temporary() {
                Denied::Otherwise(unreachable(&doing, fault))
            } else {
                Denied::Proof(refused(&format!("{fault}; {}", advice::about_login(config, proof))))
            }
        }
        Unanswered::Fault(Fault::Bad(answer)) => {
            Denied::Otherwise(refused(&Fault::Bad(without(&answer, secret)).to_string()))
        }
        Unanswered::Fault(fault) => Denied::Otherwise(unreachable(&doing, fault)),
    })
}

/// Why nobody is logged in.
enum Unanswered {
    /// The server cannot be asked like this.
    Unasked(&'static str),
    /// It was asked.
    Fault(Fault),
}

impl<C> From<(async_imap::error::Error, C)> for Unanswered {
    fn from((error, _): (async_imap::error::Error, C)) -> Self {
        Self::Fault(error.into())
    }
}

async fn by_password(
    client: Client<Wire>,
    offers: Offers,
    user: &str,
    password: &str,
) -> Result<Connection, Unanswered> {
    if offers.login_disabled && !offers.plain {
        return Err(Unanswered::Unasked(
            "the server takes no password on this connection (LOGINDISABLED); try tls = \"starttls\"",
        ));
    }
    // LOGIN is for ASCII; what goes beyond needs SASL PLAIN, which is UTF-8 (RFC 4616 §2).
    if offers.login_disabled || !user.is_ascii() || !password.is_ascii() {
        return Ok(client.authenticate("PLAIN", Plain { user, password }).await?);
    }
    Ok(client.login(user, password).await?)
}

async fn by_token(
    config: &Config,
    mut client: Client<Wire>,
    offers: Option<Offers>,
    token: &str,
) -> Result<Connection, Unanswered> {
    let offers = match offers {
        Some(offers) => offers,
        None => Offers::ask(&mut client).await.map_err(Unanswered::Fault)?,
    };
    let Some(mechanism) = offers.bearer else {
        return Err(Unanswered::Unasked(
            "the server offers no login with OAuth 2 (XOAUTH2 or OAUTHBEARER); set `password` in place of `oauth2`",
        ));
    };
    let bearer = Bearer::new(mechanism, &config.username, token, (&config.host, config.port));
    Ok(client.authenticate(mechanism.name(), bearer).await?)
}

/// What a server said, without the password or token that it may have repeated.
fn without(answer: &str, secret: &str) -> String {
    if secret.is_empty() { answer.to_owned() } else { answer.replace(secret, "…") }
}
