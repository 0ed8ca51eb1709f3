//! One request to somebody else's server, and its answer.
//!
//! Each request has a connection of its own and a bound on its answer; a deadline is for the caller to set. Redirects
//! are not followed: they would carry what is secret to another place.

use std::path::Path;

use axum::http::{HeaderMap, StatusCode, header, request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Position, Url};

use crate::tls;

/// Any cause.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// What it sent.
    pub(crate) body: Bytes,
}

/// A connection.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Sends a request, given by its method and headers, with `body` to `url`.
///
/// Certificates in `ca_file` are believed, too. An answer of more than `largest` bytes is an error
/// ([`http_body_util::LengthLimitError`]), as is a server that cannot be reached or breaks off.
pub(crate) async fn call(
    url: &Url,
    ca_file: Option<&Path>,
    request: request::Builder,
    body: impl Into<Bytes>,
    largest: usize,
) -> Result<Reply, Cause> {
    let request = request
        .uri(&url[Position::BeforePath..Position::AfterQuery])
        .header(header::HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(header::USER_AGENT, concat!("lotse/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(body.into()))?;
    let host = url.host_str().ok_or("its address has no host")?.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().ok_or("its address has no port")?;
    let tcp = TcpStream::connect((host, port)).await?;
    let stream: Box<dyn Stream> = if url.scheme() == "https" {
        let connector = TlsConnector::from(tls::client(ca_file)?);
        Box::new(connector.connect(ServerName::try_from(host.to_owned())?, tcp).await?)
    } else {
        Box::new(tcp)
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async move {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, largest).collect().await?.to_bytes();
        Ok(Reply { status: head.status, headers: head.headers, body })
    };
    tokio::pin!(exchange);
    // Whoever sends without end is not listened to once enough was read.
    tokio::select! {
        biased;
        reply = &mut exchange => reply,
        _ = connection => exchange.await,
    }
}
