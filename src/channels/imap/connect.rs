//! From settings to a logged-in connection.
//!
//! Connects (each address of the host in turn), protects the connection as the settings say,
//! guards it, reads the greeting and logs in. Every step has a deadline, and every error names the
//! step and the server.

use std::net::SocketAddr;
use std::time::Duration;

use async_imap::{Authenticator, Client};
use imap_proto::{Capability, Response, ResponseCode, Status};
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::command::{self, Connection, Fault, Stream, Wire, shortened};
use super::{Config, name};
use crate::channels::Error;
use crate::config::Tls;
use crate::tls;

/// Greeting and login may each take this part of the usual patience: 30 s of a minute,
const STEPS: u32 = 2;
/// and one address of the host this: 10 s of a minute.
const ADDRESSES: u32 = 6;
/// A connection on which nothing moves is probed after this time, and given up after two minutes.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// Connects and logs in.
pub(super) async fn connect(config: &Config) -> Result<Connection, Error> {
    let doing = format!("cannot connect to {}:{}", config.host, config.port);
    let patience = config.timeout / STEPS;
    let greeted = timeout(patience, greet(config, &doing));
    let (client, greeting) = greeted.await.map_err(|_| unreachable(&doing, Fault::Silent(patience)))??;
    log_in(config, client, greeting).await
}

/// A server may be out of order for a moment; it is tried again soon.
pub(super) fn unreachable(doing: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Unreachable { doing: doing.to_owned(), source: source.into() }
}

/// What the greeting says.
#[derive(Debug, Default)]
struct Greeting {
    login_disabled: bool,
    auth_plain: bool,
}

async fn greet(config: &Config, doing: &str) -> Result<(Client<Wire>, Greeting), Error> {
    let tcp = open_socket(config, doing).await?;
    if config.tls != Tls::StartTls {
        let stream: Box<dyn Stream> = match config.tls {
            Tls::None => Box::new(tcp),
            _ => protect(config, Box::new(tcp), doing).await?,
        };
        let mut client = Client::new(Wire::new(stream));
        let greeting = read_greeting(&mut client, doing).await?;
        return Ok((client, greeting));
    }
    let mut client = Client::new(Wire::new(Box::new(tcp)));
    read_greeting(&mut client, doing).await?;
    let started = client.run_command_and_check_ok("STARTTLS", None).await;
    started.map_err(|e| unreachable(&format!("{doing}: the server does not take STARTTLS"), Fault::from(e)))?;
    // What came in after the answer, unprotected, is dropped together with the client (RFC 3207 §6).
    let stream = protect(config, client.into_inner().into_inner(), doing).await?;
    Ok((Client::new(Wire::new(stream)), Greeting::default()))
}

async fn open_socket(config: &Config, doing: &str) -> Result<TcpStream, Error> {
    let found = lookup_host((config.host.as_str(), config.port)).await.map_err(|e| unreachable(doing, e))?;
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
            Err(fault) => last = unreachable(doing, fault),
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
    let doing = format!("{doing}: no TLS with the server (is the port right; does it need `ca_file`?)");
    let stream = TlsConnector::from(settings).connect(name, stream).await.map_err(|e| unreachable(&doing, e))?;
    Ok(Box::new(stream))
}

async fn read_greeting(client: &mut Client<Wire>, doing: &str) -> Result<Greeting, Error> {
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
    let Some(ResponseCode::Capabilities(offered)) = &outcome.code else { return Ok(Greeting::default()) };
    let offers =
        |wanted: &str| offered.iter().any(|c| matches!(c, Capability::Atom(name) if name.eq_ignore_ascii_case(wanted)));
    let plain = |c: &Capability<'_>| matches!(c, Capability::Auth(name) if name.eq_ignore_ascii_case("PLAIN"));
    Ok(Greeting { login_disabled: offers("LOGINDISABLED"), auth_plain: offered.iter().any(plain) })
}

async fn log_in(config: &Config, client: Client<Wire>, greeting: Greeting) -> Result<Connection, Error> {
    let (user, password) = (config.username.as_str(), config.password.expose());
    let doing = format!("cannot log in to {} as `{}`", config.host, shortened(user));
    let refused = |answer: &str| Error::Refused { doing: doing.clone(), answer: answer.to_owned() };
    if !name::fits(user) || !name::fits(password) {
        return Err(refused("the user name or the password contains a line break or NUL"));
    }
    // LOGIN is for ASCII; what goes beyond needs SASL PLAIN, which is UTF-8 (RFC 4616 §2).
    let by_sasl = greeting.login_disabled || !user.is_ascii() || !password.is_ascii();
    if greeting.login_disabled && !greeting.auth_plain {
        return Err(refused("the server takes no password on this connection (LOGINDISABLED); try tls = \"starttls\""));
    }
    let attempt = async {
        if by_sasl {
            client.authenticate("PLAIN", Plain { user, password }).await
        } else {
            client.login(user, password).await
        }
    };
    let answered = timeout(config.timeout / STEPS, attempt).await;
    let answered = answered.map_err(|_| unreachable(&doing, Fault::Silent(config.timeout / STEPS)))?;
    answered.map_err(|(error, _)| match Fault::from(error) {
        Fault::No(answer) => {
            let fault = Fault::No(without(&answer, password));
            if fault.is_temporary() { unreachable(&doing, fault) } else { refused(&fault.to_string()) }
        }
        Fault::Bad(answer) => refused(&Fault::Bad(without(&answer, password)).to_string()),
        fault => unreachable(&doing, fault),
    })
}

/// What a server said, without the password that it may have repeated.
fn without(answer: &str, password: &str) -> String {
    if password.is_empty() { answer.to_owned() } else { answer.replace(password, "…") }
}

/// SASL PLAIN (RFC 4616).
struct Plain<'a> {
    user: &'a str,
    password: &'a str,
}

impl Authenticator for Plain<'_> {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.password)
    }
}
