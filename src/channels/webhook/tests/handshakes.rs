//! What a provider asks before it sends anything.

use axum::http::Method;
use axum::response::IntoResponse;

use super::*;
use crate::channels::webhook::providers::Provider;
use crate::normalize::form::Schema;

/// A provider that asks with `GET ?challenge=…`, and by a post whose body begins with `challenge`.
fn asking() -> &'static Provider {
    Box::leak(Box::new(Provider {
        schema: Schema::plain("asking"),
        handshake: |request, body, _| {
            let asked = match request.method {
                Method::GET | Method::HEAD => request.uri.query()?.strip_prefix("challenge=")?,
                _ => std::str::from_utf8(body).ok()?.strip_prefix("challenge:")?,
            };
            Some(asked.to_owned().into_response())
        },
        ..GENERIC
    }))
}

#[tokio::test]
async fn a_provider_that_asks_nothing_is_not_answered_to_get() {
    let side = Side::with(open()).await;
    side.ask("GET /hooks/website", &[], "").await.refuses(405);
}

#[tokio::test]
async fn a_question_is_answered_and_is_no_item() {
    let side = Side::with(Config { provider: asking(), ..secured() }).await;
    let answer = side.ask("GET /hooks/website?challenge=17", &[], "").await;
    assert_eq!((answer.status, &*answer.body), (200, "17"));
    side.ask("GET /hooks/website", &[], "").await.refuses(405);
    let proof = ("authorization", "Bearer s3cret");
    let answer = side.post(&[proof, ("content-type", "application/json")], "challenge:18").await;
    assert_eq!((answer.status, &*answer.body), (200, "18"));
    assert_eq!(side.stored().len(), 0);
    side.post(&[proof], "email=a%40x.example").await.receipt();
    assert_eq!(side.stored().len(), 1);
}

#[tokio::test]
async fn meta_is_told_whether_its_token_is_wrong_or_there_is_none() {
    let asked =
        |token: &str| format!("GET /hooks/website?hub.mode=subscribe&hub.challenge=17&hub.verify_token={token}");
    for name in ["whatsapp", "meta_lead_ads"] {
        let provider = crate::channels::webhook::providers::find(name).unwrap();
        let side = Side::with(Config { provider, ..open() }).await;
        let answer = side.ask(&asked("word"), &[], "").await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains("no verify token in the settings"), "{}", answer.body);
        let side = Side::with(Config { provider, ..secured() }).await;
        let answer = side.ask(&asked("word"), &[], "").await;
        assert_eq!((answer.status, &*answer.body), (403, "The verify token is not that of the settings.\n"));
        assert_eq!(side.ask(&asked("s3cret"), &[], "").await.body, "17");
    }
}

#[tokio::test]
async fn a_posted_question_that_proves_nothing_is_not_answered() {
    let side = Side::with(Config { provider: asking(), ..secured() }).await;
    side.post(&[("content-type", "application/json")], "challenge:18").await.refuses(401);
}
