//! Which web pages may post from a browser (CORS, <https://fetch.spec.whatwg.org/#http-cors-protocol>).
//!
//! In: the channel's `origins` and a request's headers. Out: the headers that let the browser read the
//! answer. Cookies and other credentials are never asked for; an origin that is not listed is never named.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Methods of `/hooks/{channel}`.
pub(super) const METHODS: &str = "POST, OPTIONS";
/// Headers a page may send where it does not say which it wants.
const USUAL_HEADERS: &str = "content-type, authorization, idempotency-key, x-lotse-signature";
/// Longest origin that is told in the log: a name has 253 letters at most.
const LONGEST_ORIGIN: usize = 270;
/// Longest list of wanted headers that is answered.
const LONGEST_LIST: usize = 1024;

/// Who may post from a browser.
pub(super) enum Cors {
    /// Every page.
    Anyone,
    /// Pages of these origins, lower case, without a trailing `/`.
    Listed(Vec<String>),
}

impl Cors {
    /// Takes the channel's `origins`; none, or a `*` among them, means every page.
    pub(super) fn new(origins: &[String]) -> Self {
        if origins.is_empty() || origins.iter().any(|origin| origin.trim() == "*") {
            return Self::Anyone;
        }
        Self::Listed(origins.iter().map(|origin| plain(origin)).collect())
    }

    /// Adds to an answer what lets the asking page read it.
    pub(super) fn open(&self, asked: &HeaderMap, answer: &mut HeaderMap) {
        let allowed = match self {
            Self::Anyone => Some(HeaderValue::from_static("*")),
            Self::Listed(origins) => {
                answer.append(header::VARY, HeaderValue::from_static("Origin"));
                let is_listed = |given: &&HeaderValue| given.to_str().is_ok_and(|text| origins.contains(&plain(text)));
                asked.get(header::ORIGIN).filter(is_listed).cloned()
            }
        };
        if let Some(origin) = allowed {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
        }
    }

    /// The page's origin where it is none of the listed: a script there cannot read what is answered.
    pub(super) fn unlisted(&self, asked: &HeaderMap) -> Option<String> {
        let Self::Listed(origins) = self else { return None };
        let origin = plain(asked.get(header::ORIGIN)?.to_str().ok()?);
        let known = origins.contains(&origin) || origin == "null" || origin.len() > LONGEST_ORIGIN;
        (!known).then_some(origin)
    }

    /// The answer to `OPTIONS`: what may be sent. A page that may not post gets no permission from
    /// [`open`](Self::open), which is added to this answer, too.
    pub(super) fn preflight(asked: &HeaderMap) -> Response {
        let mut answer = StatusCode::NO_CONTENT.into_response();
        let headers = answer.headers_mut();
        headers.insert(header::ALLOW, HeaderValue::from_static(METHODS));
        if asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted(asked));
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
            headers.append(header::VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
        }
        // CloudEvents abuse protection (http-webhook, section 4): we are a receiver, and willing.
        if asked.contains_key("webhook-request-origin") {
            headers.insert("webhook-allowed-origin", HeaderValue::from_static("*"));
            headers.insert("webhook-allowed-rate", HeaderValue::from_static("*"));
        }
        answer
    }
}

/// The headers a page wants to send: all of them, as none can do harm without credentials.
fn wanted(asked: &HeaderMap) -> HeaderValue {
    let is_list = |list: &&HeaderValue| {
        let in_list = |b: &u8| b.is_ascii_alphanumeric() || b"-_, ".contains(b);
        list.len() <= LONGEST_LIST && list.as_bytes().iter().all(in_list)
    };
    let list = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).filter(is_list);
    list.cloned().unwrap_or(HeaderValue::from_static(USUAL_HEADERS))
}

/// An origin as it compares: scheme and host in any case, no trailing `/`.
fn plain(origin: &str) -> String {
    origin.trim().trim_end_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origins: &[&str], origin: Option<&str>) -> Option<String> {
        let cors = Cors::new(&origins.iter().map(ToString::to_string).collect::<Vec<_>>());
        let mut asked = HeaderMap::new();
        if let Some(origin) = origin {
            asked.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let mut answer = HeaderMap::new();
        cors.open(&asked, &mut answer);
        assert!(!answer.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        answer.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn only_listed_origins_are_named() {
        let listed = ["https://www.example.com", "https://Shop.example.com/"];
        for (origin, expected) in [
            (Some("https://www.example.com"), Some("https://www.example.com")),
            (Some("https://shop.example.com"), Some("https://shop.example.com")),
            (Some("https://www.example.com.evil.example"), None),
            (Some("https://evil.example"), None),
            (Some("http://www.example.com"), None),
            (Some("https://www.example.com:8443"), None),
            (Some("null"), None),
            (Some("*"), None),
            (None, None),
        ] {
            assert_eq!(allowed(&listed, origin).as_deref(), expected, "{origin:?}");
        }
    }

    #[test]
    fn an_origin_that_is_not_listed_is_told() {
        let told = |origins: &[&str], origin: &str| {
            let mut asked = HeaderMap::new();
            asked.insert(header::ORIGIN, origin.parse().unwrap());
            Cors::new(&origins.iter().map(ToString::to_string).collect::<Vec<_>>()).unlisted(&asked)
        };
        let listed = ["https://www.example.com"];
        assert_eq!(told(&listed, "https://Example.com").as_deref(), Some("https://example.com"));
        assert_eq!(told(&listed, "https://www.example.com"), None);
        assert_eq!(told(&[], "https://example.com"), None);
    }

    #[test]
    fn without_a_list_every_page_may_post_without_credentials() {
        assert_eq!(allowed(&[], Some("https://anything.example")).as_deref(), Some("*"));
        assert_eq!(allowed(&["*"], Some("null")).as_deref(), Some("*"));
    }

    #[test]
    fn an_answer_that_depends_on_the_origin_says_so() {
        let mut answer = HeaderMap::new();
        Cors::new(&["https://a.example".into()]).open(&HeaderMap::new(), &mut answer);
        assert_eq!(answer[header::VARY], "Origin");
    }

    #[test]
    fn a_preflight_allows_the_headers_it_asks_for() {
        let mut asked = HeaderMap::new();
        asked.insert(header::ACCESS_CONTROL_REQUEST_METHOD, "POST".parse().unwrap());
        asked.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type, x-requested-with".parse().unwrap());
        let answer = Cors::preflight(&asked);
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "content-type, x-requested-with");
        asked.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, "x<script>".parse().unwrap());
        assert_eq!(Cors::preflight(&asked).headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], USUAL_HEADERS);
    }
}
