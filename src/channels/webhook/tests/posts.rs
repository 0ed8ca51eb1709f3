//! What honest senders rely on.

use super::*;
use crate::channels::webhook::providers::{self, PROVIDERS};
use crate::channels::webhook::{Signature, post, setup};
use crate::lead::{Delivery, Kind};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

#[tokio::test]
async fn a_json_post_is_stored_as_sent_and_answered_with_its_receipt() {
    let side = Side::with(open()).await;
    let body = "{ \"email\" : \"max@firma.example\",\n \"message\": \"Grüße\" }";
    let answer = side
        .ask(
            "POST /hooks/website?utm_source=ad&token=hush",
            &[
                ("content-type", "application/json; charset=utf-8"),
                ("referer", "https://www.example.com/kontakt"),
                ("user-agent", "Form/1"),
                ("cookie", "session=hush"),
            ],
            body,
        )
        .await;
    let receipt = answer.receipt();
    assert_eq!(answer.body, format!("{{\"receipt\":\"{receipt}\"}}"));
    let [item] = &side.stored()[..] else { panic!("one item") };
    assert_eq!(item.channel.as_str(), "website");
    assert_eq!(item.kind, Kind::Form);
    assert_eq!(item.source, "POST /hooks/website");
    assert_eq!(item.delivery, Delivery::Content(jiff::SignedDuration::from_mins(10)));
    assert_eq!(item.original.bytes, body.as_bytes());
    assert_eq!(item.original.content_type, "application/json; charset=utf-8");
    let kept: Vec<_> = item.original.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        kept,
        [("referer", "https://www.example.com/kontakt"), ("user-agent", "Form/1"), ("x-query", "utm_source=ad")]
    );
    assert_eq!(side.board.states()["website"].items, 1);
}

#[tokio::test]
async fn an_array_gives_a_receipt_for_each_element_in_order() {
    let side = Side::with(open()).await;
    let elements = ["{\"email\": \"a@x.example\"}", "{ \"email\":\"b@x.example\" , \"n\": 1.50 }", "\"text\""];
    let answer = side
        .post(
            &[("content-type", "application/json"), ("idempotency-key", "batch-7")],
            format!(" [ {} ] ", elements.join(" ,\n")),
        )
        .await;
    assert_eq!(answer.status, 200);
    let receipts: Vec<String> = answer.json().as_array().unwrap().iter().map(receipt_in).collect();
    assert_eq!(receipts.len(), 3);
    assert!(receipts.is_sorted());
    for (i, item) in side.stored().iter().enumerate() {
        assert_eq!(item.original.bytes, elements[i].as_bytes(), "each element exactly as sent");
        assert_eq!(item.source, format!("POST /hooks/website item {}", i + 1));
        assert_eq!(item.delivery, Delivery::Named(format!("batch-7#{i}")));
    }
}

#[tokio::test]
async fn a_thousand_elements_are_taken_and_one_more_is_told_why_not() {
    let side = Side::with(open()).await;
    let array = |n: usize| format!("[{}]", vec!["{\"email\":\"a@x.example\"}"; n].join(","));
    let all = side.post_json(array(1000)).await;
    assert_eq!(all.json().as_array().unwrap().len(), 1000);
    let too_many = side.post_json(array(1001)).await;
    too_many.refuses(413);
    assert!(too_many.body.contains("1,000"), "{}", too_many.body);
    assert_eq!(side.stored().len(), 1000);
    side.post_json("[]").await.refuses(400);
}

#[tokio::test]
async fn forms_of_every_usual_type_are_taken_as_sent() {
    let side = Side::with(open()).await;
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@x.example\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.bin\"\r\n\
                     Content-Type: application/octet-stream\r\n\r\n\0\u{1}\u{2}\r\n--b--\r\n";
    for (kind, body) in [
        ("application/x-www-form-urlencoded", "email=a%40x.example&tags%5B%5D=1&tags%5B%5D=2"),
        ("multipart/form-data; boundary=b", multipart),
        ("text/plain;charset=UTF-8", "{\"email\":\"a@x.example\"}"),
        ("application/vnd.example.lead+json", "{\"email\":\"a@x.example\"}"),
        // Nothing after a receipt can lose a lead: a body nobody can read is kept for a person to look at.
        ("application/json", "{\"email\": \"a@x.example\", \"message\": "),
        ("multipart/form-data", "no boundary at all"),
    ] {
        side.post(&[("content-type", kind)], body).await.receipt();
        let last = side.stored().pop().unwrap();
        assert_eq!((last.original.content_type.as_str(), &*last.original.bytes), (kind, body.as_bytes()));
    }
    // Without a type, whatever it is.
    side.post(&[], "{\"email\":\"a@x.example\"}").await.receipt();
    side.post(&[], "email=a%40x.example").await.receipt();
    assert_eq!(side.stored().pop().unwrap().original.content_type, "");
}

#[tokio::test]
async fn an_array_in_an_old_charset_arrives_as_text() {
    let side = Side::with(open()).await;
    let kind = "application/json; charset=iso-8859-1";
    let answer = side.post(&[("content-type", kind)], b"[{\"name\":\"M\xfcller\"}]").await;
    assert_eq!(answer.status, 200);
    let item = side.stored().pop().unwrap();
    assert_eq!(item.original.bytes, "{\"name\":\"Müller\"}".as_bytes());
    assert_eq!(item.original.content_type, "application/json");
}

#[tokio::test]
async fn what_cannot_be_a_lead_is_refused_with_its_reason() {
    let side = Side::with(open()).await;
    side.ask("POST /hooks/nobody", &[], "a=b").await.refuses(404);
    side.ask("POST /hooks/%ff", &[], "a=b").await.refuses(404);
    side.ask("POST /api/v1/leads", &[], "a=b").await.refuses(404);
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let answer = side.ask(&format!("{method} /hooks/website"), &[], "").await;
        answer.refuses(405);
        assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
    }
    assert_eq!(side.ask("HEAD /hooks/website", &[], "").await.status, 405);
    side.post_json("").await.refuses(400);
    side.post_json(" \r\n ").await.refuses(400);
    side.post_json(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").await.refuses(400);
    side.post(&[("content-type", "image/png")], b"\x89PNG\r\n\x1a\n").await.refuses(415);
    side.post(&[("content-type", "application/xml")], "<a/>").await.refuses(415);
    side.post(&[("content-type", "application/json"), ("content-encoding", "br")], b"\x1f\x8b").await.refuses(415);
    assert_eq!(side.stored().len(), 0);
}

#[tokio::test]
async fn a_stroke_too_many_in_the_address_loses_no_lead() {
    let side = Side::with(open()).await;
    side.ask("POST /hooks/website/", &[], "email=a%40x.example").await.receipt();
}

#[tokio::test]
async fn only_who_knows_a_secret_gets_in_and_nobody_learns_why_not() {
    let side = Side::with(secured()).await;
    let body = "{\"email\":\"a@x.example\"}";
    let mac = Hmac::<Sha256>::new_from_slice(b"s3cret").unwrap().chain_update(body).finalize().into_bytes();
    let hex = mac.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    for proof in
        [("authorization", "Bearer s3cret"), ("authorization", "Bearer old-secret"), ("X-Lotse-Signature", &hex)]
    {
        side.post(&[("content-type", "application/json"), proof], body).await.receipt();
    }
    let mut told = Vec::new();
    for proof in [
        ("x-nothing", "x"),
        ("authorization", "Bearer s3cres"),
        ("X-Lotse-Signature", "sha256=00"),
        ("x-lotse-signature", &hex),
    ] {
        // The last one signs another body.
        let answer = side.post(&[("content-type", "application/json"), proof], format!("{body} ")).await;
        answer.refuses(401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        told.push(answer.body);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    // The proof is asked for before anything is said about the content.
    side.post(&[("content-type", "image/png")], "").await.refuses(401);
    assert_eq!(side.stored().len(), 3);
}

#[tokio::test]
async fn a_described_signature_is_checked_over_the_raw_body() {
    let signature = Signature { prefix: "sha256=".into(), ..Signature::of_body("x-hub-signature-256") };
    let secrets = vec![Secret::new("It's a Secret to Everybody")];
    let side = Side::with(Config { secrets, proof: Proof::Signature(signature), ..open() }).await;
    let digest = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let kind = ("content-type", "text/plain");
    side.post(&[kind, ("X-Hub-Signature-256", digest)], "Hello, World!").await.receipt();
    side.post(&[kind, ("X-Hub-Signature-256", digest)], "Hello, World?").await.refuses(401);
    side.post(&[kind, ("authorization", "Bearer It's a Secret to Everybody")], "Hello, World!").await.refuses(401);
}

#[tokio::test]
async fn a_senders_own_key_names_the_delivery() {
    let side = Side::with(open()).await;
    let kind = ("content-type", "application/json");
    side.post(&[kind, ("Idempotency-Key", "\"8e03978e-40d5\"")], "{\"a\":1}").await.receipt();
    side.post(&[kind, ("idempotency-key", "8e03978e-40d5")], "{\"a\":1}").await.receipt();
    for item in side.stored() {
        assert_eq!(item.delivery, Delivery::Named("8e03978e-40d5".into()));
    }
}

#[tokio::test]
async fn a_store_that_cannot_commit_asks_the_sender_to_try_again() {
    let side = Plan { pipeline: Pipeline::CannotCommit, ..Plan::one(open()) }.start().await;
    let answer = side.post_json("{\"email\":\"a@x.example\"}").await;
    answer.refuses(503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert!(!answer.body.contains("secret-place"), "{}", answer.body);
    assert_eq!(side.board.states()["website"].state, "trouble");
}

#[tokio::test]
async fn a_reload_changes_who_receives_and_forgets_no_clients() {
    let rate = Rate { count: 1, per: Duration::from_mins(1) };
    let settings = |text| settings(&format!("[channels.website]\nkind = \"webhook\"\nrate = \"1/min\"\n{text}"));
    let side = Side::with(Config { rate, ..open() }).await;
    side.receivers.replace(&settings(""));
    side.post_json("{\"a\":1}").await.receipt();
    side.receivers.replace(&settings("[channels.shop]\nkind = \"webhook\"\nsecret = \"s3cret\"\n"));
    side.post_json("{\"a\":1}").await.refuses(429);
    let kind = ("content-type", "application/json");
    side.ask("POST /hooks/shop", &[kind], "{\"a\":1}").await.refuses(401);
    side.ask("POST /hooks/shop", &[kind, ("authorization", "Bearer s3cret")], "{\"a\":1}").await.receipt();
    side.receivers.replace(&settings(""));
    side.ask("POST /hooks/shop", &[kind], "{\"a\":1}").await.refuses(404);
}

#[tokio::test]
async fn health_is_told_to_anyone() {
    let side = Side::with(secured()).await;
    let answer = side.ask("GET /healthz", &[], "").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"));
    assert_eq!(side.ask("HEAD /healthz", &[], "").await.status, 200);
}

#[tokio::test]
async fn requests_are_counted_by_channel_and_status() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let counts = recorder.handle();
    let _here = metrics::set_default_local_recorder(&recorder);
    let side = Side::with(secured()).await;
    let proof = [("content-type", "application/json"), ("authorization", "Bearer s3cret")];
    side.post(&proof, "{\"a\":1}").await.receipt();
    side.post(&proof, "{\"a\":2}").await.receipt();
    side.post_json("{}").await.refuses(401);
    side.ask("POST /hooks/made-up-by-a-stranger", &[], "a=b").await.refuses(404);
    let text = counts.render();
    for line in [
        "lotse_http_requests_total{channel=\"website\",status=\"200\"} 2",
        "lotse_http_requests_total{channel=\"website\",status=\"401\"} 1",
        "lotse_http_requests_total{channel=\"unknown\",status=\"404\"} 1",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("stranger"), "strangers make no series");
}

#[tokio::test]
async fn the_log_says_what_a_refused_body_lacked_and_nothing_that_stood_in_it() {
    let (log, _here) = Log::start();
    let provider = providers::find("livechat").unwrap();
    let side = Side::with(Config { provider, proof: (provider.proof)(), ..secured() }).await;
    side.post_json(r#"{"secret_key":"guess","email":"a@x.example"}"#).await.refuses(401);
    side.post_json(r#"{"email":"a@x.example"}"#).await.refuses(401);
    let text = log.text();
    for why in ["the `secret_key` in its body does not fit the secret", "there is no `secret_key` in its body"] {
        assert!(text.contains(why), "{text}");
    }
    for secret in ["guess", "x.example", "s3cret"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_slip_in_a_channels_name_is_told_in_the_log_once_with_what_was_meant() {
    let (log, _here) = Log::start();
    let side = Side::with(open()).await;
    for _ in 0..3 {
        side.ask("POST /hooks/websit?token=hush", &[], "email=a%40x.example").await.refuses(404);
    }
    let text = log.text();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("a channel that there is not")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert!(lines[0].contains("WARN") && lines[0].contains("\"websit\"") && lines[0].contains("\"website\""), "{text}");
    assert!(!text.contains("hush") && !text.contains("x.example"), "{text}");
}

#[tokio::test]
async fn a_body_without_a_mail_is_refused_in_words_of_mail() {
    let provider = providers::find("rfc822").unwrap();
    let side = Side::with(Config { provider, ..open() }).await;
    for (kind, body, status, words) in [
        ("message/rfc822", "", 400, "The body is empty."),
        ("message/rfc822", " \r\n", 400, "The body is empty."),
        ("text/plain", "", 400, "The body is empty."),
        ("message/rfc822", "{\"a\":1}", 415, "There is no mail in the body."),
        ("image/png", "x", 415, "There is no mail in the body."),
    ] {
        let answer = side.post(&[("content-type", kind)], body).await;
        answer.refuses(status);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(words) && !detail.contains("JSON"), "{kind} {body:?}: {detail}");
    }
    side.post(&[("content-type", "message/rfc822")], "From: a@x.example\r\n\r\nhi").await.receipt();
}

#[tokio::test]
async fn one_connection_carries_many_posts() {
    let side = Side::with(open()).await;
    let mut stream = TcpStream::connect(side.address).await.unwrap();
    let one = "POST /hooks/website HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\na=b&c";
    let last = one.replace("host: x", "host: x\r\nconnection: close");
    // Sent before any answer was read.
    stream.write_all(format!("{one}{one}{last}").as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3, "{text}");
    assert_eq!(side.stored().len(), 3);
}

#[tokio::test]
async fn a_body_in_chunks_is_a_body() {
    let side = Side::with(open()).await;
    let head = "POST /hooks/website HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    side.raw(format!("{head}7\r\nemail=a\r\nc\r\n%40x.example\r\n0\r\n\r\n").as_bytes()).await.receipt();
    assert_eq!(side.stored()[0].original.bytes, b"email=a%40x.example");
}

#[test]
fn what_is_printed_to_connect_a_channel_names_no_secret() {
    let name = Name::parse("web-site").unwrap();
    let everywhere = "0.0.0.0:8080".parse().unwrap();
    let plain = setup(&name, everywhere, &open());
    let curl = plain.curl.unwrap();
    assert!(curl.starts_with("curl 'http://127.0.0.1:8080/hooks/web-site' "), "{curl}");
    assert!(plain.html.unwrap().contains("action=\"http://127.0.0.1:8080/hooks/web-site\""));
    let known = Config { url: Some("https://leads.example.com/hooks/web-site".into()), ..secured() };
    let known = serde_json::to_string(&setup(&name, everywhere, &known)).unwrap();
    assert!(
        known.contains("X-Lotse-Signature") && known.contains("fetch(\\\"https://leads.example.com/hooks/web-site")
    );
    assert!(!known.contains("s3cret") && !known.contains("old-secret"), "{known}");
    let text = "[channels.c]\nkind = \"webhook\"\nsecret = \"s3cret\"\nsignature = { header = \"Stripe-Signature\", \
        part = \"v1\", timestamp = \"t\", signed = \"{timestamp}.{body}\" }\n";
    let config::ChannelKind::Webhook(described) = settings(text).channels.remove(0).kind else { panic!("a webhook") };
    let setup = setup(&name, everywhere, &described);
    let steps = setup.steps.join("\n");
    assert!(steps.contains("It signs `{timestamp}.{body}` by hmac-sha256"), "{steps}");
    assert!(steps.contains("the piece `v1` of the header `stripe-signature`, in hex"), "{steps}");
    assert!(!steps.contains("Bearer") && setup.html.is_none() && setup.fetch.is_none(), "{steps}");
}

#[tokio::test]
async fn a_channel_that_takes_from_amazon_alone_says_so_and_prints_no_line() {
    let provider = providers::find("ses").unwrap();
    let topic = Some("arn:aws:sns:eu-central-1:123456789012:leads".to_owned());
    let account = Box::new(crate::channels::webhook::Account { topic, ..Default::default() });
    let (name, here) = (Name::parse("amazon").unwrap(), "127.0.0.1:8080".parse().unwrap());
    let alone = Config { provider, account, ..open() };
    let connect = setup(&name, here, &alone);
    assert_eq!(connect.curl, None);
    let notes = connect.notes.join("\n");
    assert!(notes.contains("Only Amazon can post here") && !notes.contains("anybody"), "{notes}");
    let tried = post("127.0.0.1:1".parse().unwrap(), &name, &alone, "{}".to_owned()).await;
    assert!(
        tried.is_err_and(|why| why.contains("cannot be tried") && why.contains("Amazon") && !why.contains("secret"))
    );
    // A secret of our own opens another way; without a topic, everybody's is open.
    let with_secret = setup(&name, here, &Config { secrets: vec![Secret::new("s3cret")], ..alone.clone() });
    assert!(with_secret.curl.is_some() && !with_secret.notes.join("\n").contains("Only Amazon"));
    let without_topic = setup(&name, here, &Config { account: Box::default(), ..alone });
    assert!(without_topic.curl.is_some() && without_topic.notes.join("\n").contains("anybody who knows the address"));
}

/// Runs the printed line with the shell, as a person would; needs `curl`.
#[tokio::test]
async fn the_printed_line_posts_a_lead_of_every_provider() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        eprintln!("skipped: no curl here");
        return;
    }
    for provider in PROVIDERS {
        let secrets = vec![Secret::new("00ff5ec7e7")];
        let url = Some("https://leads.example.com/hooks/website".to_owned());
        let config = Config { provider, proof: (provider.proof)(), secrets, url, ..open() };
        let side = Side::with(config.clone()).await;
        let line = setup(&Name::parse("website").unwrap(), side.address, &config).curl.unwrap();
        let mut shell = tokio::process::Command::new("sh");
        let output = shell.args(["-c", &line]).env_remove("http_proxy").output().await.unwrap();
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(!answer.contains("\"status\":"), "{line}\n{answer}");
        assert_eq!(side.stored().len(), 1);
    }
}

#[tokio::test]
async fn the_header_that_a_provider_repeats_a_delivery_by_names_it() {
    let framer = providers::find("framer").unwrap();
    let side = Side::with(Config { provider: framer, ..open() }).await;
    let kind = ("content-type", "application/json");
    side.post(&[kind, ("Framer-Webhook-Submission-Id", "sub_1"), ("idempotency-key", "k")], "{\"a\":1}")
        .await
        .receipt();
    side.post(&[kind, ("idempotency-key", "k")], "{\"a\":1}").await.receipt();
    let names: Vec<Delivery> = side.stored().into_iter().map(|item| item.delivery).collect();
    assert_eq!(names, [Delivery::Named("sub_1".into()), Delivery::Named("k".into())]);
}
