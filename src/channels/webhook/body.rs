//! The body of a post: received within bounds, then split into items.
//!
//! In: a request's body, its limit, its deadlines, and what all bodies together may take. Out: the raw
//! bytes, with the share of memory they hold until their items are stored; from them the items of a
//! generic post as the front door takes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::yield_now;
use tokio::time::{Instant, timeout_at};

use super::answer::Refusal;
use super::fetch;
use super::mail_in;
use super::providers::Provider;
use super::sns;
use crate::lead::{Delivery, Inbound, Kind, Name, Original};
use crate::normalize::form::{self, BodyFault};

/// Equal content counts as a repetition for this long.
const REPEAT: SignedDuration = SignedDuration::from_mins(10);
/// Longest header, and longest query, that is kept.
const HEADER_BYTES: usize = 1024;
const QUERY_BYTES: usize = 4096;
/// Longest `Idempotency-Key` that is kept as it is.
const KEY_BYTES: usize = 255;
/// Bytes of a body after which others have their turn: who sends without end keeps nobody waiting.
const TURN: usize = 64 << 10;
/// What an item takes in memory beside its bytes, roughly.
const ITEM_BYTES: usize = 4096;
/// Request headers that are kept with the item.
const KEPT: [HeaderName; 4] = [header::REFERER, header::ORIGIN, header::USER_AGENT, header::ACCEPT_LANGUAGE];
/// Where the query of the hook's address is kept.
const QUERY: &str = "x-query";
/// Query parameters that hold secrets, which are not kept.
const SECRET_PARAMETERS: [&str; 8] =
    ["secret", "token", "key", "signature", "api_key", "apikey", "access_token", "password"];

/// The memory that all bodies on their way may take together.
#[derive(Clone)]
pub(super) struct Budget(Arc<Semaphore>);

/// A share of the budget, given back when dropped.
pub(super) struct Held {
    budget: Budget,
    share: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// A budget of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// Nothing yet.
    pub(super) fn open(&self) -> Held {
        Held { budget: self.clone(), share: None }
    }

    /// Bytes that are free.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.0.available_permits()
    }
}

impl Held {
    /// Takes so many bytes more, or refuses: whoever waits with half a body would hold the other half.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        let bytes = u32::try_from(bytes).map_err(|_| Refusal::Unavailable)?;
        let more = Arc::clone(&self.budget.0).try_acquire_many_owned(bytes).map_err(|_| Refusal::Unavailable)?;
        match &mut self.share {
            Some(share) => share.merge(more),
            None => self.share = Some(more),
        }
        Ok(())
    }

    /// Takes what so many items need beside their bytes.
    pub(super) fn take_items(&mut self, items: usize) -> Result<(), Refusal> {
        self.take(items.saturating_mul(ITEM_BYTES))
    }
}

/// Receives a body of at most `limit` bytes; no pause may be longer than `pause`, and all must be there
/// before `deadline`. Memory is taken as bytes arrive, not as they are announced.
pub(super) async fn receive(
    body: &mut Body,
    limit: usize,
    pause: Duration,
    deadline: Instant,
    budget: &Budget,
) -> Result<(Vec<u8>, Held), Refusal> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Refusal::TooLarge(limit));
    }
    let (mut bytes, mut held, mut turn) = (Vec::new(), budget.open(), 0);
    loop {
        let patience = deadline.min(Instant::now() + pause);
        let Some(frame) = timeout_at(patience, body.frame()).await.map_err(|_| Refusal::TooSlow)? else { break };
        // A trailer is no part of the body.
        let Ok(data) = frame.map_err(|_| Refusal::BrokenOff)?.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Err(Refusal::TooLarge(limit));
        }
        held.take(data.len())?;
        bytes.extend_from_slice(&data);
        turn += data.len();
        if turn >= TURN {
            turn = 0;
            yield_now().await;
        }
    }
    Ok((bytes, held))
}

/// The items of a post.
pub(super) enum Items {
    /// The whole body is one.
    One(Box<Inbound>),
    /// The elements of a JSON array.
    Many(Vec<Inbound>),
}

/// Splits a body into items, each with what is needed to recognise and to read it again. `named` is the header
/// in which this sender names its deliveries.
pub(super) fn split(
    channel: &Name,
    provider: &Provider,
    named: Option<&str>,
    request: &Parts,
    bytes: Vec<u8>,
) -> Result<Items, Refusal> {
    let content_type = text(&request.headers, &header::CONTENT_TYPE).unwrap_or_default();
    if let Some(mail) = mail_in(provider, &content_type, &bytes) {
        return Ok(Items::One(Box::new(of_mail(channel, mail))));
    }
    let refused = |fault| match fault {
        // Of a mail channel nobody wants a form.
        BodyFault::UnsupportedType if provider.mail.is_some() && !bytes.trim_ascii().is_empty() => Refusal::NoMail,
        BodyFault::UnsupportedType if provider.mail.is_some() => Refusal::Body(BodyFault::Empty),
        fault => Refusal::Body(fault),
    };
    form::check(&content_type, &bytes).map_err(refused)?;
    let elements = form::items(&content_type, &bytes).map_err(Refusal::Body)?;
    let elements = elements.or_else(|| bundled(provider, &bytes));

    let named = named.and_then(|header| delivery_name(&request.headers, header));
    let key = named.or_else(|| delivery_name(&request.headers, "idempotency-key"));
    let inbound = |delivery: Option<String>, source: String, content_type: &str, bytes: Vec<u8>| Inbound {
        channel: channel.clone(),
        kind: provider.kind,
        received_at: Timestamp::now(),
        source,
        delivery: delivery.map_or(Delivery::Content(REPEAT), Delivery::Named),
        place: fetch::todo(provider, &bytes).or_else(|| sns::todo(provider, &bytes)),
        original: Original { content_type: content_type.to_owned(), headers: kept(request), bytes },
        quiet: false,
    };
    let Some(elements) = elements else {
        return Ok(Items::One(Box::new(inbound(key, format!("POST /hooks/{channel}"), &content_type, bytes))));
    };
    if elements.is_empty() {
        return Err(Refusal::Body(BodyFault::Empty));
    }
    // Elements are text by now: a charset that the array was sent in is no longer theirs.
    let content_type = content_type.split(';').next().unwrap_or_default().trim();
    let each = elements.iter().enumerate().map(|(i, element)| {
        let source = format!("POST /hooks/{channel} item {}", i + 1);
        inbound(key.as_ref().map(|key| format!("{key}#{i}")), source, content_type, element.get().as_bytes().to_vec())
    });
    Ok(Items::Many(each.collect()))
}

/// A mail, as it would have come from a mailbox.
fn of_mail(channel: &Name, bytes: Vec<u8>) -> Inbound {
    Inbound {
        channel: channel.clone(),
        kind: Kind::Mail,
        received_at: Timestamp::now(),
        source: format!("POST /hooks/{channel}"),
        delivery: Delivery::Mail,
        original: Original { content_type: "message/rfc822".to_owned(), headers: BTreeMap::new(), bytes },
        place: None,
        quiet: false,
    }
}

/// The items of a post that its provider bundled under one envelope, each in an envelope of its own; `None`
/// where it is one.
fn bundled(provider: &Provider, bytes: &[u8]) -> Option<Vec<Box<RawValue>>> {
    let items = (provider.items)(&serde_json::from_slice(bytes).ok()?);
    let items = items.iter().take(form::MAX_ITEMS).map(serde_json::value::to_raw_value);
    let items: Vec<_> = items.collect::<Result<_, _>>().ok()?;
    (items.len() > 1).then_some(items)
}

/// The sender's own name for this delivery. A key that is too long to keep is kept as its hash.
fn delivery_name(headers: &HeaderMap, header: &str) -> Option<String> {
    let given = headers.get(header)?.as_bytes();
    let text = String::from_utf8_lossy(given);
    // A structured-field string stands in quotes, older habits do without: both are the same key.
    let text = text.trim();
    let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if key.len() > KEY_BYTES {
        let digest = Sha256::digest(given);
        return Some(digest.iter().fold("sha256:".to_owned(), |name, byte| format!("{name}{byte:02x}")));
    }
    (!key.is_empty()).then(|| key.to_owned())
}

/// The headers that are kept with an item, and the query without its secrets.
fn kept(request: &Parts) -> BTreeMap<String, String> {
    let mut kept: BTreeMap<_, _> = KEPT
        .iter()
        .filter_map(|name| Some((name.as_str().to_owned(), shorten(text(&request.headers, name)?, HEADER_BYTES))))
        .collect();
    if let Some(query) = request.uri.query().map(without_secrets).filter(|query| !query.is_empty()) {
        kept.insert(QUERY.to_owned(), query);
    }
    kept
}

/// A query without the parameters that hold secrets, whole parameters only.
fn without_secrets(query: &str) -> String {
    let is_secret = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        SECRET_PARAMETERS.iter().any(|secret| name.trim().eq_ignore_ascii_case(secret))
    };
    let mut rest = String::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty() && !is_secret(parameter)) {
        if rest.len() + 1 + parameter.len() > QUERY_BYTES {
            break;
        }
        if !rest.is_empty() {
            rest.push('&');
        }
        rest.push_str(parameter);
    }
    rest
}

/// A header as text, whatever its bytes.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

/// At most so many bytes, whole characters only.
fn shorten(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_kept_without_its_secrets() {
        for (query, rest) in [
            ("utm_source=a&utm_medium=b", "utm_source=a&utm_medium=b"),
            ("token=x&utm_source=a", "utm_source=a"),
            ("utm_source=a&Secret=x&key=y&keyword=z", "utm_source=a&keyword=z"),
            ("%74oken=x", ""),
            ("&&a=1&", "a=1"),
            ("secret", ""),
        ] {
            assert_eq!(without_secrets(query), rest, "{query}");
        }
        let long = format!("a={}&b=2", "x".repeat(5000));
        assert!(without_secrets(&long).len() <= QUERY_BYTES);
    }

    #[test]
    fn one_key_in_two_spellings_is_one_key() {
        let key = |value: &str| {
            let header = HeaderName::from_static("idempotency-key");
            delivery_name(&HeaderMap::from_iter([(header, value.parse().unwrap())]), "idempotency-key")
        };
        assert_eq!(key("abc").as_deref(), Some("abc"));
        assert_eq!(key("\"abc\""), key("abc"));
        assert_eq!(key(""), None);
        assert_eq!(key("\"\""), None);
        let (one, other) = (key(&"a".repeat(300)).unwrap(), key(&("a".repeat(299) + "b")).unwrap());
        assert!(one != other && one.len() < KEY_BYTES);
    }

    #[tokio::test]
    async fn a_body_gives_its_memory_back() {
        let budget = Budget::new(10_000);
        let soon = Instant::now() + Duration::from_secs(5);
        let (bytes, held) =
            receive(&mut Body::from(vec![b'x'; 8000]), 9000, Duration::from_secs(1), soon, &budget).await.unwrap();
        assert_eq!((bytes.len(), budget.free()), (8000, 2000));
        let too_much = receive(&mut Body::from(vec![b'x'; 3000]), 9000, Duration::from_secs(1), soon, &budget).await;
        assert_eq!(too_much.err(), Some(Refusal::Unavailable));
        assert_eq!(budget.free(), 2000);
        drop(held);
        assert_eq!(budget.free(), 10_000);
    }
}
