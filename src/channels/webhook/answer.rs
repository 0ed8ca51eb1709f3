//! What the sender reads: receipts, thanks, or why not.
//!
//! In: receipts or a [`Refusal`]. Out: responses as CONTRACT's "Addresses" promises them. Nothing in them
//! tells whether a person was already known, what stands inside, or what a proof would look like.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::cors;
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
    /// The body did not arrive in time.
    #[error("The body did not arrive in time.")]
    TooSlow,
    /// The body could not be received.
    #[error("The body broke off.")]
    BrokenOff,
    /// No valid signature, key or token.
    #[error("The signature, key or token is missing or wrong.")]
    Unproven,
    /// A compressed body.
    #[error("Compressed bodies are not read. Send it without Content-Encoding.")]
    Compressed,
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
    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchAddress => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Rate(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) | Self::Body(BodyFault::TooMany) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff | Self::Body(BodyFault::Empty | BodyFault::Binary) => StatusCode::BAD_REQUEST,
            Self::Unproven => StatusCode::UNAUTHORIZED,
            Self::Compressed | Self::Body(BodyFault::UnsupportedType) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
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
            Self::Unproven => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
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

/// Whether a person sits before the answer: a browser that left its page to post a form.
pub(super) fn is_for_a_person(asked: &HeaderMap, content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_form = matches!(&*kind, "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain");
    let accepts = |value: &HeaderValue| value.as_bytes().windows(9).any(|part| part.eq_ignore_ascii_case(b"text/html"));
    is_form && asked.get_all(header::ACCEPT).iter().any(accepts)
}

/// Sends a person to the page of the channel's settings, else thanks them here.
pub(super) fn thanks(asked: &HeaderMap, redirect: Option<&str>) -> Response {
    if let Some(location) = redirect.and_then(|url| HeaderValue::try_from(url).ok()) {
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.headers_mut().insert(header::LOCATION, location);
        return response;
    }
    let (language, title, text) = if prefers_german(asked) {
        ("de", "Danke", "Ihre Nachricht ist angekommen. Sie können diese Seite schließen.")
    } else {
        ("en", "Thank you", "Your message has arrived. You can close this page.")
    };
    let page = format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}}\
         :root{{color-scheme:light dark}}</style>\n\
         </head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n</main>\n</body>\n</html>\n"
    );
    let mut response = body(StatusCode::OK, "text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.append(header::VARY, HeaderValue::from_static("Accept-Language"));
    response
}

/// Whether `Accept-Language` (RFC 9110, 12.5.4) ranks German above English.
fn prefers_german(asked: &HeaderMap) -> bool {
    let lines = asked.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let mut best = (0.0, false);
    for range in lines.flat_map(|line| line.split(',')) {
        let (tag, parameter) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameter.trim().strip_prefix("q=").map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
        let language = tag.trim().split('-').next().unwrap_or_default();
        let is_german = language.eq_ignore_ascii_case("de");
        if (is_german || language.eq_ignore_ascii_case("en")) && weight > best.0 {
            best = (weight, is_german);
        }
    }
    best.1
}

/// A response that no cache keeps and no browser takes for something else.
fn body(status: StatusCode, content_type: &'static str, text: String) -> Response {
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

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn the_language_of_the_thanks_is_the_readers() {
        for (given, german) in [
            ("de", true),
            ("de-AT,de;q=0.9,en;q=0.8", true),
            ("en-US,en;q=0.9,de;q=0.8", false),
            ("fr, de;q=0.7, en;q=0.3", true),
            ("fr", false),
            ("", false),
            ("de;q=0", false),
            ("en;q=0.1, DE ; q=0.2", true),
            ("den", false),
        ] {
            assert_eq!(prefers_german(&with(header::ACCEPT_LANGUAGE, given)), german, "{given}");
        }
    }

    #[test]
    fn a_person_is_who_posts_a_form_and_accepts_pages() {
        let browser = with(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");
        let script = with(header::ACCEPT, "*/*");
        for (asked, kind, person) in [
            (&browser, "application/x-www-form-urlencoded", true),
            (&browser, "multipart/form-data; boundary=x", true),
            (&browser, "application/json", false),
            (&script, "application/x-www-form-urlencoded", false),
            (&HeaderMap::new(), "multipart/form-data; boundary=x", false),
        ] {
            assert_eq!(is_for_a_person(asked, kind), person, "{kind}");
        }
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let rate = Refusal::Rate(Duration::from_secs(17)).into_response();
        assert_eq!((rate.status().as_u16(), rate.headers()[header::RETRY_AFTER].as_bytes()), (429, &b"17"[..]));
        let store = Refusal::Unavailable.into_response();
        assert_eq!((store.status().as_u16(), store.headers()[header::RETRY_AFTER].as_bytes()), (503, &b"5"[..]));
    }

    #[test]
    fn a_redirect_that_is_no_header_becomes_thanks() {
        assert_eq!(thanks(&HeaderMap::new(), Some("https://x.example/\r\nA: b")).status(), StatusCode::OK);
        assert_eq!(thanks(&HeaderMap::new(), Some("https://x.example/danke")).status(), StatusCode::SEE_OTHER);
    }
}
