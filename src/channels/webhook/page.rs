//! What a person reads whose browser left its page to post a form.
//!
//! In: the request's headers, receipts or a [`Refusal`]. Out: the way to the page of the channel's settings,
//! or a page of our own, in German or English, that says whether the message arrived. It needs nothing from
//! elsewhere, and may stand in a frame: a form often does.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answer::{Refusal, body};
use crate::lead::Receipt;
use crate::normalize::form::BodyFault;

/// Whether a person sits before the answer: a browser that left its page to post a form.
pub(super) fn is_for_a_person(asked: &HeaderMap) -> bool {
    let content_type = asked.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_form = matches!(&*kind, "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain");
    let accepts = |value: &HeaderValue| value.as_bytes().windows(9).any(|part| part.eq_ignore_ascii_case(b"text/html"));
    is_form && asked.get_all(header::ACCEPT).iter().any(accepts)
}

/// Sends a person to the page of the channel's settings, else tells them here that all of it arrived.
pub(super) fn arrived(asked: &HeaderMap, redirect: Option<&str>, receipts: &[Receipt]) -> Response {
    if let Some(location) = redirect.and_then(|url| HeaderValue::try_from(url).ok()) {
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.headers_mut().insert(header::LOCATION, location);
        return response;
    }
    let receipts: Vec<String> = receipts.iter().map(|receipt| receipt.intake.to_string()).collect();
    let receipts = receipts.join(", ");
    let page = if prefers_german(asked) {
        let text = "Ihre Nachricht ist angekommen. Sie können diese Seite schließen.";
        document("de", "Danke", text, &format!("Eingangsnummer: <code>{receipts}</code>"))
    } else {
        let text = "Your message has arrived. You can close this page.";
        document("en", "Thank you", text, &format!("Receipt: <code>{receipts}</code>"))
    };
    dressed(body(StatusCode::OK, HTML, page))
}

/// Tells a person that nothing arrived and what to do: the refusal's own status and headers, as a page.
pub(super) fn refused(asked: &HeaderMap, refusal: &Refusal) -> Response {
    let (german, english) = advice(refusal);
    let page = if prefers_german(asked) {
        document("de", "Nicht angekommen", &format!("Ihre Nachricht ist nicht angekommen. {german}"), "")
    } else {
        document("en", "Not delivered", &format!("Your message has not arrived. {english}"), "")
    };
    let mut response = refusal.clone().into_response().map(|_| Body::from(page));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    dressed(response)
}

const HTML: &str = "text/html; charset=utf-8";

/// What a person can do about a refusal, in German and English.
fn advice(refusal: &Refusal) -> (String, String) {
    let again = |german: &str, english: &str| (german.to_owned(), english.to_owned());
    match refusal {
        Refusal::TooLarge(most) => (
            format!("Text und Dateien sind zusammen größer als {} KB.", most / 1024),
            format!("Text and files together are larger than {} KB.", most / 1024),
        ),
        Refusal::Uploads(limit) => (limit.german(), limit.to_string()),
        Refusal::Body(BodyFault::Empty) => again("Das Formular war leer.", "The form was empty."),
        Refusal::Rate(wait) => {
            let seconds = wait.as_secs().max(1);
            (
                format!("Bitte gehen Sie zurück und senden Sie sie in {seconds} Sekunden noch einmal."),
                format!("Please go back and send it again in {seconds} seconds."),
            )
        }
        Refusal::TooSlow | Refusal::BrokenOff | Refusal::Unavailable | Refusal::Broken => again(
            "Bitte gehen Sie zurück und senden Sie sie gleich noch einmal.",
            "Please go back and send it again in a moment.",
        ),
        Refusal::NoSuchAddress
        | Refusal::Method
        | Refusal::Unproven(_)
        | Refusal::Coding
        | Refusal::NoMail
        | Refusal::Body(_) => again(
            "Das Formular ist falsch eingerichtet. Bitte schreiben Sie uns auf einem anderen Weg.",
            "The form is not set up correctly. Please write to us another way.",
        ),
    }
}

fn document(language: &str, title: &str, text: &str, note: &str) -> String {
    let note = if note.is_empty() { String::new() } else { format!("<p><small>{note}</small></p>\n") };
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}}\
         :root{{color-scheme:light dark}}</style>\n\
         </head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n{note}</main>\n</body>\n</html>\n"
    )
}

/// The headers that go with a page of ours: it loads nothing and tells nobody where one came from.
fn dressed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
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
        let (browser, script) = ("text/html,application/xhtml+xml,*/*;q=0.8", "*/*");
        for (accept, kind, person) in [
            (browser, "application/x-www-form-urlencoded", true),
            (browser, "multipart/form-data; boundary=x", true),
            (browser, "application/json", false),
            (script, "application/x-www-form-urlencoded", false),
            ("", "multipart/form-data; boundary=x", false),
        ] {
            let mut asked = with(header::ACCEPT, accept);
            asked.insert(header::CONTENT_TYPE, kind.parse().unwrap());
            assert_eq!(is_for_a_person(&asked), person, "{kind}");
        }
    }

    #[test]
    fn a_redirect_that_is_no_header_becomes_thanks() {
        let to = |url| arrived(&HeaderMap::new(), Some(url), &[]).status();
        assert_eq!(to("https://x.example/\r\nA: b"), StatusCode::OK);
        assert_eq!(to("https://x.example/danke"), StatusCode::SEE_OTHER);
    }
}
