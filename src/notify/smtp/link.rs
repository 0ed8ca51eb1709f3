//! A connection to a mail server: encrypted as the settings say, greeted, logged in.
//!
//! STARTTLS (RFC 3207) is spoken here, before lettre takes over the encrypted stream: the server
//! must offer it, and nothing it sent in the clear after its answer is believed (a command
//! injected there would otherwise look as if it came encrypted).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::answer::{self, Stage};
use super::{COMMAND, Failure, Server};
use crate::config::Tls;

/// Longest answer to one command in the clear, bytes.
const LONGEST_ANSWER: u64 = 16 << 10;

/// Connects, encrypts, greets and logs in.
pub(super) async fn open(server: &Server) -> Result<AsyncSmtpConnection, Failure> {
    let config = &server.config;
    let tcp = match timeout(COMMAND, TcpStream::connect((config.host.as_str(), config.port))).await {
        Ok(Ok(tcp)) => tcp,
        Ok(Err(error)) => return Err(Failure::destination(format!("cannot reach {server}: {error}"))),
        Err(_) => return Err(answer::silence(server, Stage::Connecting, COMMAND)),
    };
    // Without it small commands wait for one another; the connection works all the same.
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%error, "cannot send small packets at once");
    }
    let hello = ClientId::default();
    let link = match config.tls {
        Tls::None => Link { stream: Stream::Plain(tcp), greeting: b"" },
        Tls::Implicit => Link { stream: encrypt(server, tcp).await?, greeting: b"" },
        Tls::StartTls => {
            let tcp = start_tls(server, tcp, &hello).await?;
            // After STARTTLS the server greets no more, but lettre waits for it.
            Link { stream: encrypt(server, tcp).await?, greeting: b"220 encrypted\r\n" }
        }
    };
    let greeted = timeout(COMMAND, AsyncSmtpConnection::connect_with_transport(Box::new(link), &hello)).await;
    let mut connection = match greeted {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Err(answer::judge(server, Stage::Greeting, &error)),
        Err(_) => return Err(answer::silence(server, Stage::Greeting, COMMAND)),
    };
    if let Some((user, password)) = &config.login {
        let credentials = Credentials::new(user.clone(), password.expose().to_owned());
        let login = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
        server.said(Stage::Login, timeout(COMMAND, login).await)?;
    }
    Ok(connection)
}

async fn encrypt(server: &Server, tcp: TcpStream) -> Result<Stream, Failure> {
    let config = &server.config;
    let wrong = |why: String| Failure::destination(format!("cannot encrypt the connection to {server}: {why}"));
    let client = crate::tls::client(config.ca_file.as_deref()).map_err(|error| wrong(chain(&error)))?;
    let name = ServerName::try_from(config.host.clone()).map_err(|error| wrong(error.to_string()))?;
    match timeout(COMMAND, TlsConnector::from(Arc::clone(&client)).connect(name, tcp)).await {
        Ok(Ok(stream)) => Ok(Stream::Encrypted(Box::new(stream))),
        Ok(Err(error)) => Err(wrong(match crate::tls::advice(&error, 465, 587) {
            Some(advice) => format!("{advice} ({error})"),
            None => error.to_string(),
        })),
        Err(_) => Err(answer::silence(server, Stage::Encrypting, COMMAND)),
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}

/// Brings the server to the point where the TLS handshake begins.
async fn start_tls(server: &Server, tcp: TcpStream, hello: &ClientId) -> Result<TcpStream, Failure> {
    let mut clear = BufReader::new(tcp);
    clear_command(server, &mut clear, None).await?;
    let offers = clear_command(server, &mut clear, Some(&format!("EHLO {hello}\r\n"))).await?;
    let offered =
        offers.lines().any(|line| line.get(4..).is_some_and(|keyword| keyword.trim().eq_ignore_ascii_case("STARTTLS")));
    if !offered {
        return Err(Failure::pause(
            answer::SETTINGS_PAUSE,
            format!(
                "{server} does not offer STARTTLS, so nothing is sent; if it encrypts from the start, \
                 set tls = \"implicit\" under [notify.{}]",
                server.notifier
            ),
        ));
    }
    clear_command(server, &mut clear, Some("STARTTLS\r\n")).await?;
    if !clear.buffer().is_empty() {
        return Err(Failure::destination(format!(
            "{server} sent more than its answer to STARTTLS; somebody may be tampering with the connection"
        )));
    }
    Ok(clear.into_inner())
}

/// Sends a command in the clear and reads the positive answer to it.
async fn clear_command(
    server: &Server,
    clear: &mut BufReader<TcpStream>,
    command: Option<&str>,
) -> Result<String, Failure> {
    let exchange = async {
        if let Some(command) = command {
            clear.get_mut().write_all(command.as_bytes()).await?;
        }
        let mut bounded = clear.take(LONGEST_ANSWER);
        let mut answer = String::new();
        loop {
            let start = answer.len();
            if bounded.read_line(&mut answer).await? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection or said too much"));
            }
            // `250-` goes on, `250 ` is the last line (RFC 5321, section 4.2).
            if answer.as_bytes().get(start + 3) != Some(&b'-') {
                return Ok(answer);
            }
        }
    };
    match timeout(COMMAND, exchange).await {
        Ok(Ok(answer)) if answer.starts_with('2') => Ok(answer),
        Ok(Ok(answer)) => Err(answer::refused(server, Stage::Greeting, &answer)),
        Ok(Err(error)) => Err(Failure::destination(format!("{server} broke off the greeting: {error}"))),
        Err(_) => Err(answer::silence(server, Stage::Greeting, COMMAND)),
    }
}

/// A stream as lettre wants it.
#[derive(Debug)]
struct Link {
    stream: Stream,
    /// What is read before anything from the server.
    greeting: &'static [u8],
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl AsyncTokioStream for Link {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.stream {
            Stream::Plain(tcp) => tcp.peer_addr(),
            Stream::Encrypted(tls) => tls.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Link {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let link = self.get_mut();
        if !link.greeting.is_empty() {
            let (now, later) = link.greeting.split_at(link.greeting.len().min(buffer.remaining()));
            buffer.put_slice(now);
            link.greeting = later;
            return Poll::Ready(Ok(()));
        }
        match &mut link.stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Stream::Encrypted(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Stream::Encrypted(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Encrypted(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Encrypted(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
