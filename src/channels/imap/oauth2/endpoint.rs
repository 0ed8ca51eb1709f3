//! Asks a provider's endpoints: one form goes out, one JSON object comes back.
//!
//! Each request has a deadline. Nothing of the form stands in any error.

use std::path::Path;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use serde_json::Value;
use tokio::time::timeout;
use url::{Url, form_urlencoded};

use crate::call::{Cause, call};
use crate::channels::imap::command::shortened;
use crate::config::Secret;

/// Longest wait for an answer, from the first packet to the last.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes that an answer may have.
const LARGEST: usize = 64 * 1024;
/// How long a token is taken to last where the provider does not say.
const USUAL: Duration = Duration::from_hours(1);
/// The longest time for which a token is believed.
const LONGEST: Duration = Duration::from_hours(24);

/// Tokens that a provider issued (RFC 6749 §5.1).
#[derive(Debug)]
pub(super) struct Issued {
    /// Opens the mailbox.
    pub(super) access: Secret,
    /// For how long.
    pub(super) lasts: Duration,
    /// Replaces the refresh token that was used.
    pub(super) refresh: Option<Secret>,
}

/// Why an endpoint did not give what was asked for.
#[derive(Debug)]
pub(super) enum Failure {
    /// It does not answer, or not sensibly: try again soon.
    Unreachable(Cause),
    /// It refuses: somebody must act.
    Refused {
        /// The error code of RFC 6749 §5.2, or empty.
        code: String,
        /// What it says besides, shortened.
        words: String,
    },
}

/// Asks a token endpoint for tokens.
pub(super) async fn tokens(url: &Url, ca_file: Option<&Path>, form: &[(&str, &str)]) -> Result<Issued, Failure> {
    let answer = ask(url, ca_file, form).await?;
    let token = |key: &str| answer[key].as_str().filter(|text| is_token(text)).map(Secret::new);
    let access = token("access_token").ok_or_else(|| Failure::Unreachable("it answered without a token".into()))?;
    Ok(Issued { access, lasts: lasts(&answer["expires_in"]), refresh: token("refresh_token") })
}

/// Sends a form; the JSON object of a good answer.
pub(super) async fn ask(url: &Url, ca_file: Option<&Path>, form: &[(&str, &str)]) -> Result<Value, Failure> {
    let silent = || Failure::Unreachable(format!("it did not answer within {} s", PATIENCE.as_secs()).into());
    let (status, body) =
        timeout(PATIENCE, post(url, ca_file, form)).await.map_err(|_| silent())?.map_err(Failure::Unreachable)?;
    judge(status, &body, form)
}

/// What an answer means.
fn judge(status: StatusCode, body: &[u8], form: &[(&str, &str)]) -> Result<Value, Failure> {
    let answer: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    if status.is_success() && answer.is_object() {
        return Ok(answer);
    }
    let code = answer["error"].as_str().map(shortened).unwrap_or_default();
    let busy = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    let for_now = matches!(code.as_str(), "temporarily_unavailable" | "server_error");
    if status.is_server_error() || status.is_success() || busy || for_now {
        return Err(Failure::Unreachable(format!("it answered {status}").into()));
    }
    let words = if status.is_redirection() {
        format!("it answered {status}, which is not followed; is its address right?")
    } else if code.is_empty() {
        format!("it answered {status}; is its address right?")
    } else {
        let said = answer["error_description"].as_str().unwrap_or_default();
        shortened(&without_secrets(said.lines().next().unwrap_or_default(), form))
    };
    Err(Failure::Refused { code: without_secrets(&code, form), words })
}

/// What a provider said, without anything secret that it may have repeated.
fn without_secrets(said: &str, form: &[(&str, &str)]) -> String {
    let secret = ["client_secret", "refresh_token", "device_code"];
    let given = form.iter().filter(|(key, value)| secret.contains(key) && !value.is_empty());
    given.fold(said.to_owned(), |said, (_, value)| said.replace(value, "…"))
}

/// Visible ASCII, as RFC 6749 appendix A.12 has it: it cannot break out of what it is put into.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
}

/// `expires_in`, in seconds; some providers write it as a text.
fn lasts(expires_in: &Value) -> Duration {
    let seconds = expires_in.as_u64().or_else(|| expires_in.as_str()?.parse().ok());
    seconds.map_or(USUAL, Duration::from_secs).clamp(Duration::from_secs(1), LONGEST)
}

async fn post(url: &Url, ca_file: Option<&Path>, form: &[(&str, &str)]) -> Result<(StatusCode, Bytes), Cause> {
    let request = Request::post("/")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json");
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let reply = call(url, ca_file, request, form, LARGEST).await?;
    Ok((reply.status, reply.body))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[(&str, &str)] = &[("client_secret", "hush"), ("refresh_token", "old-token"), ("client_id", "us")];

    fn said(status: u16, body: &str) -> String {
        match judge(StatusCode::from_u16(status).unwrap(), body.as_bytes(), FORM) {
            Ok(answer) => format!("ok {answer}"),
            Err(Failure::Unreachable(cause)) => format!("unreachable: {cause}"),
            Err(Failure::Refused { code, words }) => format!("refused {code}: {words}"),
        }
    }

    #[test]
    fn an_answer_is_good_or_refused_for_now_or_for_good() {
        for (status, body, meaning) in [
            (200, r#"{"access_token":"a"}"#, r#"ok {"access_token":"a"}"#),
            (200, "<html>", "unreachable: it answered 200 OK"),
            (
                400,
                r#"{"error":"invalid_grant","error_description":"AADSTS1: gone\r\nTrace: 7"}"#,
                "refused invalid_grant: AADSTS1: gone",
            ),
            (401, r#"{"error":"invalid_client"}"#, "refused invalid_client: "),
            (400, r#"{"error":"temporarily_unavailable"}"#, "unreachable: it answered 400 Bad Request"),
            (429, r#"{"error":"slow_down"}"#, "unreachable: it answered 429 Too Many Requests"),
            (503, "", "unreachable: it answered 503 Service Unavailable"),
            (404, "not here", "refused : it answered 404 Not Found; is its address right?"),
            (302, "", "refused : it answered 302 Found, which is not followed; is its address right?"),
            (400, r#"{"error":{"code":400}}"#, "refused : it answered 400 Bad Request; is its address right?"),
        ] {
            assert_eq!(said(status, body), meaning, "{status} {body}");
        }
    }

    #[test]
    fn what_a_provider_says_holds_no_secret_of_ours() {
        let said = said(400, r#"{"error":"invalid_grant","error_description":"old-token and hush are wrong for us"}"#);
        assert_eq!(said, "refused invalid_grant: … and … are wrong for us");
    }

    #[test]
    fn the_life_of_a_token_is_read_in_every_usual_form() {
        for (given, seconds) in [
            (Value::from(3599), 3599),
            (Value::from("3599"), 3599),
            (Value::Null, 3600),
            (Value::from("soon"), 3600),
            (Value::from(0), 1),
            (Value::from(u64::MAX), 86_400),
        ] {
            assert_eq!(lasts(&given).as_secs(), seconds, "{given}");
        }
        assert!(is_token("EwBAAl3B/+=._~-") && !is_token("a b") && !is_token("a\u{1}b") && !is_token(""));
    }
}
