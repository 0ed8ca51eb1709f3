//! Asks a provider's interface for one document.
//!
//! Each request has a connection of its own, a deadline and a bound on its answer. Redirects are not followed: they
//! would carry the token to another place.

use std::time::Duration;

use axum::http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use super::fetch::{Failure, judge};
use crate::config::Secret;
use crate::tls;

/// Longest wait for an answer, from the first packet to the last.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that an answer may have.
const LARGEST: usize = 1 << 20;

/// A connection.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Any cause.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// The JSON document at an address.
pub(super) async fn get(url: &str, token: &Secret, headers: &[(&str, &str)]) -> Result<Value, Failure> {
    let url = Url::parse(url).map_err(|_| Failure::Refused("its address is none; is `api` right?".to_owned()))?;
    let bearer = format!("Bearer {}", token.expose());
    let mut all = vec![("authorization", bearer.as_str()), ("accept", "application/json")];
    all.extend(headers);
    let (status, after, body) = in_time(&url, &all).await.map_err(|why| Failure::Later(why, None))?;
    let document: Value = serde_json::from_slice(&body).unwrap_or_default();
    match (status.is_success(), document.is_object()) {
        (true, true) => Ok(document),
        (true, false) => Err(Failure::Later("its answer is no JSON object".to_owned(), after)),
        (false, _) => Err(judge(status, &document, after)),
    }
}

/// The status and the bytes at an address that needs no token; the error says in words why there are none.
pub(super) async fn get_bytes(url: &str) -> Result<(StatusCode, Bytes), String> {
    let url = Url::parse(url).map_err(|_| "its address is none".to_owned())?;
    in_time(&url, &[]).await.map(|(status, _, body)| (status, body))
}

async fn in_time(url: &Url, headers: &[(&str, &str)]) -> Result<(StatusCode, Option<i64>, Bytes), String> {
    match timeout(PATIENCE, ask(url, headers)).await {
        Ok(asked) => asked.map_err(|cause| format!("it cannot be reached: {cause}")),
        Err(_) => Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
    }
}

async fn ask(url: &Url, headers: &[(&str, &str)]) -> Result<(StatusCode, Option<i64>, Bytes), Cause> {
    let host = url.host_str().ok_or("its address has no host")?.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().ok_or("its address has no port")?;
    let tcp = TcpStream::connect((host, port)).await?;
    let stream: Box<dyn Stream> = if url.scheme() == "https" {
        let connector = TlsConnector::from(tls::client(None)?);
        Box::new(connector.connect(ServerName::try_from(host.to_owned())?, tcp).await?)
    } else {
        Box::new(tcp)
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut request = Request::get(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header(header::HOST, &url[url::Position::BeforeHost..url::Position::AfterPort])
        .header(header::USER_AGENT, concat!("lotse/", env!("CARGO_PKG_VERSION")));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Empty::<Bytes>::new())?;
    let exchange = async move {
        let response = sender.send_request(request).await?;
        let after =
            response.headers().get(header::RETRY_AFTER).and_then(|after| after.to_str().ok()?.trim().parse().ok());
        let (status, body) = (response.status(), response.into_body());
        Ok((status, after, Limited::new(body, LARGEST).collect().await?.to_bytes()))
    };
    // The connection ends when the exchange has let go of its sender; its own error is the exchange's too.
    tokio::join!(exchange, connection).0
}
