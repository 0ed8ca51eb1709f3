//! One post to a webhook of our own, as a stranger would send it: how `lotse test` tries one out.
//!
//! In: where the public side listens, the channel and its settings, a body. Out: what was answered.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::TcpStream;

use super::Config;
use super::address::reachable;
use super::prove::{Secrecy, prove};
use super::verify;
use crate::lead::Name;

/// Longest wait for the answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The whole address.
    pub url: String,
    /// The answer's status.
    pub status: u16,
}

/// Posts a JSON body to `/hooks/{channel}`, with the proof that the channel asks for.
///
/// The error says why there was no answer.
pub async fn post(listen: SocketAddr, channel: &Name, config: &Config, body: String) -> Result<Posted, String> {
    if config.is_amazons_alone() {
        return Err(format!(
            "nothing was sent: the channel `{channel}` cannot be tried from here, because only what Amazon signs for its \
             `topic` is taken; send a mail to an address that Amazon SES receives for"
        ));
    }
    let address = reachable(listen);
    let url = format!("http://{address}/hooks/{channel}");
    let asked = tokio::time::timeout(PATIENCE, ask(address, channel, config, body)).await;
    match asked {
        Ok(Ok(status)) => Ok(Posted { url, status }),
        Ok(Err(error)) => Err(format!("cannot post to {url}: {error:#}")),
        Err(_) => Err(format!("{url} did not answer within {} s", PATIENCE.as_secs())),
    }
}

async fn ask(address: SocketAddr, channel: &Name, config: &Config, body: String) -> anyhow::Result<u16> {
    let mut request = Request::post(format!("/hooks/{channel}"))
        .header(header::HOST, address.to_string())
        .header(header::CONTENT_TYPE, "application/json");
    let (headers, now) = (HeaderMap::new(), Timestamp::now());
    let url = config.url.as_deref();
    let post = verify::Post { method: "POST", url, query: None, headers: &headers, body: body.as_bytes(), now };
    for (name, value) in prove(config, &post, Secrecy::Shown) {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(TcpStream::connect(address).await?)).await?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        response.into_body().collect().await?;
        anyhow::Ok(status)
    };
    tokio::select! {
        status = exchange => status,
        ended = connection => Err(ended.map_or_else(Into::into, |()| anyhow::anyhow!("the connection ended"))),
    }
}
