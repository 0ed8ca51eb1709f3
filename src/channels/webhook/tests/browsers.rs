//! What people with a browser rely on, and pages that post for them.

use super::*;

#[tokio::test]
async fn a_person_is_sent_on_or_thanked_in_their_language() {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let browser = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let side = Side::with(open()).await;
    let german =
        side.post(&[form, browser, ("accept-language", "de-DE,de;q=0.9,en;q=0.5")], "email=a%40x.example").await;
    assert_eq!((german.status, german.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(german.body.contains("<h1>Danke</h1>") && german.body.contains("Eingangsnummer: <code>01"));
    let english = side.post(&[form, browser], "email=a%40x.example").await;
    assert!(english.body.contains("<h1>Thank you</h1>") && english.body.contains("Receipt: <code>01"));
    assert!(!english.body.contains("http"), "it needs nothing from elsewhere: {}", english.body);
    side.post(&[form, ("accept", "application/json")], "email=a%40x.example").await.receipt();

    let redirect = Some("https://www.example.com/thanks".to_owned());
    let side = Side::with(Config { redirect, ..open() }).await;
    let sent_on = side.post(&[form, browser], "email=a%40x.example").await;
    assert_eq!((sent_on.status, sent_on.header("location")), (303, Some("https://www.example.com/thanks")));
    assert_eq!(side.stored().len(), 1, "only after it was stored");
    side.post(&[("content-type", "application/json"), browser], "{\"email\":\"a@x.example\"}").await.receipt();
}

#[tokio::test]
async fn a_person_is_never_thanked_for_what_was_not_stored() {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let german = [form, ("accept", "text/html,*/*;q=0.8"), ("accept-language", "de")];
    let redirect = Some("https://www.example.com/thanks".to_owned());
    let plan = Plan { pipeline: Pipeline::CannotCommit, ..Plan::one(Config { redirect, ..open() }) };
    let side = plan.start().await;
    let answer = side.post(&german, "email=a%40x.example").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.body.contains("<h1>Nicht angekommen</h1>") && answer.body.contains("noch einmal"));
    assert_eq!(answer.header("location"), None);

    let rate = Rate { count: 1, per: Duration::from_hours(1) };
    let side = Side::with(Config { rate, ..open() }).await;
    assert_eq!(side.post(&german[..2], "").await.status, 400);
    let answer = side.post(&german[..2], "email=a%40x.example").await;
    assert_eq!(answer.status, 429);
    assert!(answer.body.contains("has not arrived") && answer.body.contains("seconds"), "{}", answer.body);
}

#[tokio::test]
async fn a_form_with_too_many_or_too_large_files_is_told_the_limit() {
    let uploads = Uploads { files: Some(2), each: Some(3000), total: Some(4000) };
    let side = Side::with(Config { uploads, ..open() }).await;
    let post = async |sizes: &[usize], headers: &[(&str, &str)]| {
        let mut body = "--b\r\ncontent-disposition: form-data; name=\"email\"\r\n\r\na@x.example\r\n".to_owned();
        for size in sizes {
            let head = "--b\r\ncontent-disposition: form-data; name=\"f\"; filename=\"plan.pdf\"";
            body += &format!("{head}\r\ncontent-type: application/pdf\r\n\r\n{}\r\n", "x".repeat(*size));
        }
        let all = [&[("content-type", "multipart/form-data; boundary=b")], headers].concat();
        side.post(&all, body + "--b--\r\n").await
    };
    post(&[], &[]).await.receipt();
    post(&[0, 0, 3000, 1000], &[]).await.receipt();
    for (sizes, told) in [(&[1, 1, 1][..], "2 files"), (&[3001], "2 KB"), (&[2500, 2500], "3 KB")] {
        let answer = post(sizes, &[]).await;
        answer.refuses(413);
        assert!(answer.body.contains(told), "{}", answer.body);
    }
    let answer = post(&[1, 1, 1], &[("accept", "text/html"), ("accept-language", "de")]).await;
    assert!(answer.status == 413 && answer.body.contains("höchstens 2 Dateien"), "{}", answer.body);
    assert_eq!(side.stored().len(), 2);
}

#[tokio::test]
async fn a_listed_page_may_post_and_others_are_not_named() {
    let side = Side::with(Config { origins: vec!["https://www.example.com".into()], ..open() }).await;
    let preflight =
        [("access-control-request-method", "POST"), ("access-control-request-headers", "content-type,idempotency-key")];
    let listed = ("origin", "https://www.example.com");
    let other = ("origin", "https://evil.example");
    let answer = side.ask("OPTIONS /hooks/website", &[preflight[0], preflight[1], listed], "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://www.example.com"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("content-type,idempotency-key"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    for origin in [listed, other] {
        let expected = (origin == listed).then_some("https://www.example.com");
        for answer in [
            side.post(&[("content-type", "application/json"), origin], "{\"email\":\"a@x.example\"}").await,
            side.post(&[("content-type", "image/png"), origin], "x").await,
            side.ask("OPTIONS /hooks/website", &[preflight[0], origin], "").await,
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), expected, "{}", answer.head);
            assert!(answer.header("vary").is_some());
            assert!(!answer.head.contains("evil.example"));
        }
    }
    let anyone = Side::with(open()).await;
    let answer = anyone.post(&[("content-type", "application/json"), other], "{\"email\":\"a@x.example\"}").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
}
