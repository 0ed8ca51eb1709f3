//! One post, from the request to the answer.
//!
//! In: requests for `/hooks/{channel}`. Out: items at the front door, and after their commit an answer. The
//! order is fixed: known channel, method, rate, body within bounds, proof, handshake, content, store, answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use super::address::{Client, Peer};
use super::answer::Refusal;
use super::body::{self, Budget, Held, Items};
use super::cors::Cors;
use super::lack::lack;
use super::linger::Linger;
use super::unknown::Unknown;
use super::unpack::{self, Coding, Unpacker};
use super::used::{Ticket, Used};
use super::verify::{Post, Proof, verify};
use super::{Hook, Hooks, Receivers, page, signed_token, sns};
use crate::channels::health::Board;
use crate::intake::{Door, Refused};
use crate::lead::{Inbound, Name, Receipt};

/// Bytes of the largest body, one with files.
pub(super) const LARGEST_BODY: usize = 25 << 20;

/// Sizes and deadlines of requests.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// Bytes of a JSON or urlencoded body without files.
    pub(super) text: usize,
    /// Bytes of a body with files.
    pub(super) multipart: usize,
    /// Bytes of all bodies that were not stored yet.
    pub(super) in_flight: usize,
    /// Longest pause within a body.
    pub(super) pause: Duration,
    /// Time for the whole body.
    pub(super) body: Duration,
    /// Time for the commit once the body is there.
    pub(super) commit: Duration,
    /// Time for the whole request.
    pub(super) total: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            text: 1024 * 1024,
            multipart: LARGEST_BODY,
            in_flight: 256 * 1024 * 1024,
            pause: Duration::from_secs(10),
            body: Duration::from_secs(25),
            commit: Duration::from_secs(25),
            total: Duration::from_secs(30),
        }
    }
}

/// What every request needs.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) receivers: Arc<Receivers>,
    pub(super) door: Door,
    pub(super) board: Board,
    pub(super) bounds: Arc<Bounds>,
    pub(super) budget: Budget,
    pub(super) unpacker: Unpacker,
    pub(super) commits: TaskTracker,
    pub(super) used: Used,
    pub(super) certificates: sns::Certificates,
    pub(super) unknown: Unknown,
    pub(super) linger: Linger,
}

/// Answers a request for `/hooks/{channel}`.
pub(super) async fn answer(
    State(desk): State<Desk>,
    channel: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let hooks = desk.receivers.current();
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer::Local);
    let (request, mut body) = request.into_parts();
    let response = desk.answer(&hooks, channel, peer, request, &mut body).await;
    // A proxy that is answered before it has sent everything may lose the answer.
    if peer.is_in(&hooks.trusted_proxies) {
        desk.linger.hear_out(&mut body).await;
    }
    response
}

/// Answers everything else.
pub(super) async fn nothing_here() -> Response {
    count("unknown", 404);
    Refusal::NoSuchAddress.into_response()
}

fn count(channel: &str, status: u16) {
    let labels = [("channel", channel.to_owned()), ("status", status.to_string())];
    metrics::counter!("lotse_http_requests_total", &labels).increment(1);
}

impl Desk {
    async fn answer(
        &self,
        hooks: &Hooks,
        channel: Result<Path<String>, PathRejection>,
        peer: Peer,
        request: Parts,
        body: &mut Body,
    ) -> Response {
        let started = Instant::now();
        let name = channel.map(|Path(name)| name).unwrap_or_default();
        let Some(hook) = hooks.by_name.get(name.as_str()) else {
            count("unknown", 404);
            // A browser's question before a post says no more than the post.
            if request.method != Method::OPTIONS {
                let known: Vec<&str> = hooks.by_name.keys().map(Name::as_str).collect();
                self.unknown.tell(&name, &known, started.into_std());
            }
            return Refusal::NoSuchAddress.into_response();
        };
        let asked = request.headers.clone();
        let mut why = None;
        let mut response = match request.method {
            Method::OPTIONS => Cors::preflight(&asked),
            Method::POST => {
                let client = Client::behind(peer, &asked, &hooks.trusted_proxies);
                let post = self.post(hook, client, request, body, started);
                match AssertUnwindSafe(post).catch_unwind().await {
                    Ok(Ok(response)) => {
                        why = hook.cors.unlisted(&asked).map(|origin| {
                        format!("its page is at {origin}, which `origins` does not name: a script there cannot read this answer")
                    });
                        response
                    }
                    Ok(Err(refusal)) => {
                        why = Some(refusal.why());
                        if page::is_for_a_person(&asked) {
                            page::refused(&asked, &refusal)
                        } else {
                            refusal.into_response()
                        }
                    }
                    Err(_) => {
                        tracing::error!(channel = %hook.name, "a request could not be handled: a panic");
                        Refusal::Broken.into_response()
                    }
                }
            }
            Method::GET | Method::HEAD => {
                hook.handshake(&request, b"").unwrap_or_else(|| Refusal::Method.into_response())
            }
            _ => Refusal::Method.into_response(),
        };
        hook.cors.open(&asked, response.headers_mut());
        // Amazon sends its password only when it is asked for one.
        if response.status() == StatusCode::UNAUTHORIZED && hook.config.provider.mail.is_some() {
            response.headers_mut().append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"lotse\""));
        }
        let status = response.status().as_u16();
        count(hook.name.as_str(), status);
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(channel = %hook.name, status, ms, why = why.as_deref(), "answered a request");
        response
    }

    async fn post(
        &self,
        hook: &Hook,
        client: Client,
        request: Parts,
        body: &mut Body,
        started: Instant,
    ) -> Result<Response, Refusal> {
        hook.rate.check(client).map_err(Refusal::Rate)?;

        let bounds = &self.bounds;
        let provider = hook.config.provider;
        let large = provider.mail.is_some() || provider.holds_files || is_multipart(&request.headers);
        let limit = if large { bounds.multipart } else { bounds.text };
        let (bytes, held) = body::receive(body, limit, bounds.pause, started + bounds.body, &self.budget).await?;
        let (bytes, mut held) = self.prove(hook, &request, limit, bytes, held).await?;
        if let Some(answer) = hook.handshake(&request, &bytes) {
            return Ok(answer);
        }
        let has_secret = !hook.config.secrets.is_empty();
        sns::prove(&hook.config.account, &self.certificates, &request.headers, &bytes, has_secret).await?;
        let ticket = self.use_token(hook, &request, &bytes)?;
        hook.config.uploads.check(&request.headers, &bytes).map_err(Refusal::Uploads)?;
        let items = body::split(&hook.name, hook.config.provider, hook.delivery_header(), &request, bytes)?;
        let (items, is_array) = match items {
            Items::One(item) => (vec![*item], false),
            Items::Many(items) => (items, true),
        };
        held.take_items(items.len())?;
        let deadline = (Instant::now() + bounds.commit).min(started + bounds.total);
        let receipts = self.submit(hook, items, held, deadline).await?;
        if let Some(ticket) = ticket {
            ticket.keep();
        }

        match &*receipts {
            all if page::is_for_a_person(&request.headers) => {
                Ok(page::arrived(&request.headers, hook.config.redirect.as_deref(), all))
            }
            all => Ok((hook.config.provider.answer)(all, is_array)),
        }
    }

    /// Lets a body pass that proves where it comes from, and unpacks it. A sender signs what it wrote or what its
    /// client made of it on the way: both are proofs. What proves nothing is told nothing else.
    async fn prove(
        &self,
        hook: &Hook,
        request: &Parts,
        limit: usize,
        bytes: Vec<u8>,
        held: Held,
    ) -> Result<(Vec<u8>, Held), Refusal> {
        let is_proven =
            |bytes: &[u8]| verify(&hook.config, &Hook::as_posted(request, hook.url(request).as_deref(), bytes));
        let unproven = |bytes: &[u8]| {
            Refusal::Unproven(lack(&hook.config, &Hook::as_posted(request, hook.url(request).as_deref(), bytes)))
        };
        let as_sent = is_proven(&bytes);
        match unpack::coding(&request.headers) {
            Coding::Plain if as_sent => Ok((bytes, held)),
            Coding::Other if as_sent => Err(Refusal::Coding),
            Coding::Gzip => match self.unpacker.gunzip(bytes, limit, held).await {
                Ok((plain, held)) if as_sent || is_proven(&plain) => Ok((plain, held)),
                Err(refusal) if as_sent => Err(refusal),
                Ok((plain, _)) => Err(unproven(&plain)),
                Err(_) => Err(unproven(b"")),
            },
            _ => Err(unproven(&bytes)),
        }
    }

    /// A post that is signed by a token alone is taken once by each.
    fn use_token(&self, hook: &Hook, request: &Parts, body: &[u8]) -> Result<Option<Ticket>, Refusal> {
        if hook.config.proof != Proof::SignedToken || hook.config.secrets.is_empty() {
            return Ok(None);
        }
        let Some(token) = signed_token::token(&Hook::as_posted(request, None, body)) else { return Ok(None) };
        let ticket = self.used.take(&hook.name, &token, Instant::now().into_std());
        ticket.map(Some).ok_or_else(|| Refusal::Unproven("its token was used before".to_owned()))
    }

    /// Hands the items in and waits for the commit, as long as there is time. They go in to the end even
    /// when nobody waits any more (the sender hung up, the deadline passed): half an array would be worse,
    /// and their memory stays counted until the pipeline has them behind it.
    async fn submit(
        &self,
        hook: &Hook,
        items: Vec<Inbound>,
        held: Held,
        deadline: Instant,
    ) -> Result<Vec<Receipt>, Refusal> {
        let door = self.door.clone();
        let (board, channel) = (self.board.clone(), hook.name.clone());
        let handed_in = self.commits.spawn(async move {
            let result = door.submit_all(items).await;
            drop(held);
            let health = board.known(&channel);
            match &result {
                Ok(receipts) => {
                    health.ok();
                    receipts.iter().filter(|receipt| receipt.is_from_outside()).for_each(|_| health.item());
                }
                Err(Refused::Stopping) => {}
                Err(error) => {
                    health.trouble(&error.to_string());
                    tracing::error!(%channel, %error, "a post could not be stored; its sender was told to try again");
                }
            }
            result
        });
        match timeout_at(deadline, handed_in).await {
            Ok(Ok(Ok(receipts))) => return Ok(receipts),
            Ok(Ok(Err(_))) => {}
            Ok(Err(_)) => tracing::error!(channel = %hook.name, "a post could not be handed in: a panic"),
            Err(_) => tracing::warn!(channel = %hook.name, "a commit takes too long; its sender was told to try again"),
        }
        Err(Refusal::Unavailable)
    }
}

impl Hook {
    /// The address as the sender called it, where it is known.
    fn url(&self, request: &Parts) -> Option<String> {
        // An address that the settings give with a query is the whole address.
        self.config.url.as_ref().map(|address| match request.uri.query() {
            Some(query) if !address.contains('?') => format!("{address}?{query}"),
            _ => address.clone(),
        })
    }

    /// The request as proofs speak of it.
    fn as_posted<'a>(request: &'a Parts, url: Option<&'a str>, body: &'a [u8]) -> Post<'a> {
        let (method, headers, query) = (request.method.as_str(), &request.headers, request.uri.query());
        Post { method, url, query, headers, body, now: Timestamp::now() }
    }

    /// The header with the id by which the sender repeats a delivery; the settings' signature may name one.
    fn delivery_header(&self) -> Option<&str> {
        let signed = match &self.config.proof {
            Proof::Signature(signature) => signature.id.as_deref(),
            _ => None,
        };
        self.config.provider.delivery.or(signed)
    }

    /// Our answer where the provider asks something instead of bringing it.
    fn handshake(&self, request: &Parts, body: &[u8]) -> Option<Response> {
        let config = &self.config;
        let secrets =
            if config.account.verify_token.is_empty() { &config.secrets } else { &config.account.verify_token };
        (config.provider.handshake)(request, body, secrets)
    }
}

/// Whether the body is said to be a multipart form, which may carry files.
fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], header::HeaderValue::as_bytes);
    kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"))
}
