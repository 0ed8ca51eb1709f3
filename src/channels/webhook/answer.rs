//! What the sender reads: receipts, or why not. (`page` says it to a person.)
//!
//! In: receipts or a [`Refusal`]. Out: responses as CONTRACT's "Addresses" promises them. Nothing in them
//! tells whether a person was already known, what stands inside, or what a proof would look like.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::cors;
use super::uploads::Excess;
use crate::lead::Receipt;
use crate::normalize::form::BodyFault;

/// Seconds after which a sender should try again when we could not take its post.
const TRY_AGAIN: u64 = 5;

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// Nothing lives at this address.
    #[error("There is nothing at this address. Webhooks are posted to /hooks/NAME.")]
    NoSuchAddress,
    /// A method that `/hooks/{channel}` does not have.
    #[error("Post your data to this address.")]
    Method,
    /// Too many requests of this client; the time to wait.
    #[error("Too many requests. Try again after {} s.", .0.as_secs())]
    Rate(Duration),
    /// The body is larger than this many bytes.
    #[error("The body is larger than {} KiB.", .0 / 1024)]
    TooLarge(usize),
    /// More or larger files than the channel takes.
    #[error("{0}")]
    Uploads(Excess),
    /// The body did not arrive in time.
    #[error("The body did not arrive in time.")]
    TooSlow,
    /// The body could not be received.
    #[error("The body broke off.")]
    BrokenOff,
    /// No valid signature, key or token; what it lacks, which its sender is not told.
    #[error("The signature, key or token is missing or wrong.")]
    Unproven(String),
    /// A body that is coded in a way we do not read.
    #[error("Of compressed bodies only gzip is read. Send it so, or without Content-Encoding.")]
    Coding,
    /// A body without a mail where mails come in, or what else that gateway posts.
    #[error(
        "There is no mail in the body. Post it as it was written, from its first header on, or as the mail gateway \
             of this channel sends it."
    )]
    NoMail,
    /// A body that carries nothing.
    #[error("{}.", capital(&.0.to_string()))]
    Body(BodyFault),
    /// It cannot be stored now.
    #[error("Your data could not be stored. Send it again in a few seconds.")]
    Unavailable,
    /// A handler panicked.
    #[error("Something went wrong here. Send it again in a few seconds.")]
    Broken,
}

impl Refusal {
    /// Why, for the log.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Unproven(lack) => lack.clone(),
            other => other.to_string(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchAddress => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Rate(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) | Self::Uploads(_) | Self::Body(BodyFault::TooMany) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff | Self::Body(BodyFault::Empty | BodyFault::Binary) => StatusCode::BAD_REQUEST,
            Self::Unproven(_) => StatusCode::UNAUTHORIZED,
            Self::Coding | Self::NoMail | Self::Body(BodyFault::UnsupportedType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    /// Problem details (RFC 9457).
    fn into_response(self) -> Response {
        let status = self.status();
        let problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        let mut response = body(status, "application/problem+json", problem.to_string());
        let headers = response.headers_mut();
        match self {
            Self::Method => {
                headers.insert(header::ALLOW, HeaderValue::from_static(cors::METHODS));
            }
            Self::Rate(wait) => {
                headers.insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
            }
            Self::Unavailable | Self::Broken => {
                headers.insert(header::RETRY_AFTER, TRY_AGAIN.into());
            }
            Self::Unproven(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            // RFC 9110, 12.5.3: what would have been read.
            Self::Coding => {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
            }
            Self::TooSlow => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// The first letter as a capital: our sentences for developers become sentences for strangers.
fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The receipt of one item.
fn receipt(receipt: &Receipt) -> Response {
    body(StatusCode::OK, "application/json", json!({ "receipt": receipt.intake }).to_string())
}

/// The receipts of an array, in its order.
fn receipts(receipts: &[Receipt]) -> Response {
    let all: Value = receipts.iter().map(|receipt| json!({ "receipt": receipt.intake })).collect();
    body(StatusCode::OK, "application/json", all.to_string())
}

/// What senders read who want nothing of their own: a receipt, or for an array all receipts.
pub(super) fn whole(all: &[Receipt], is_array: bool) -> Response {
    match all {
        [one] if !is_array => receipt(one),
        all => receipts(all),
    }
}

/// A response that no cache keeps and no browser takes for something else.
pub(super) fn body(status: StatusCode, content_type: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let rate = Refusal::Rate(Duration::from_secs(17)).into_response();
        assert_eq!((rate.status().as_u16(), rate.headers()[header::RETRY_AFTER].as_bytes()), (429, &b"17"[..]));
        let store = Refusal::Unavailable.into_response();
        assert_eq!((store.status().as_u16(), store.headers()[header::RETRY_AFTER].as_bytes()), (503, &b"5"[..]));
    }
}
