//! What hostile or broken clients cannot do.

use super::*;
use crate::channels::webhook::listener::{Peer, serve_unix};
use std::time::Instant;
use tokio::time::{sleep, timeout};

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Waits until the other end closes; says how long that took.
async fn closed(stream: &mut TcpStream, at_most: Duration) -> Duration {
    let since = Instant::now();
    let mut rest = Vec::new();
    timeout(at_most, stream.read_to_end(&mut rest)).await.expect("the connection stays open").ok();
    since.elapsed()
}

#[tokio::test]
async fn half_a_header_does_not_keep_a_connection() {
    let plan = Plan::one(open());
    let side = Plan { limits: Limits { header: ms(300), ..plan.limits.clone() }, ..plan }.start().await;
    for start in ["", "P", "POST /hooks/website HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let mut stream = TcpStream::connect(side.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let took = closed(&mut stream, ms(5000)).await;
        assert!(took < ms(2000), "`{start}`: {took:?}");
    }
    // A byte now and then is no way around it.
    let mut stream = TcpStream::connect(side.address).await.unwrap();
    let since = Instant::now();
    while stream.write_all(b"P").await.is_ok() && since.elapsed() < ms(5000) {
        sleep(ms(50)).await;
    }
    assert!(since.elapsed() < ms(2000), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_body_that_stalls_or_drips_is_given_up() {
    let plan = Plan::one(open());
    let bounds = Bounds { pause: ms(200), body: ms(700), ..Bounds::default() };
    let side = Plan { bounds, ..plan }.start().await;
    let head = b"POST /hooks/website HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf";
    let mut stalled = TcpStream::connect(side.address).await.unwrap();
    stalled.write_all(head).await.unwrap();
    let since = Instant::now();
    let answer = Answer::read(&mut stalled).await;
    answer.refuses(408);
    assert!(since.elapsed() < ms(3000));

    let (mut reader, mut writer) = TcpStream::connect(side.address).await.unwrap().into_split();
    let drip = tokio::spawn(async move {
        writer.write_all(head).await.ok();
        while writer.write_all(b"x").await.is_ok() {
            sleep(ms(50)).await;
        }
    });
    let since = Instant::now();
    let mut part = [0; 12];
    timeout(ms(3000), reader.read_exact(&mut part)).await.unwrap().unwrap();
    assert_eq!(&part, b"HTTP/1.1 408");
    assert!(since.elapsed() >= ms(600));
    drip.abort();
    assert_eq!(side.stored().len(), 0);
}

#[tokio::test]
async fn large_bodies_are_refused_whether_announced_or_not() {
    let plan = Plan::one(open());
    let bounds = Bounds { text: 100_000, multipart: 300_000, ..Bounds::default() };
    let side = Plan { bounds, ..plan }.start().await;
    let text = ("content-type", "application/json");
    let files = ("content-type", "multipart/form-data; boundary=b");
    let string = |n: usize| format!("\"{}\"", "x".repeat(n - 2));
    side.post(&[text], string(100_000)).await.receipt();
    side.post(&[text], string(100_001)).await.refuses(413);
    let part =
        |n: usize| format!("--b\r\ncontent-disposition: form-data; name=\"f\"\r\n\r\n{}\r\n--b--\r\n", "x".repeat(n));
    side.post(&[files], part(200_000)).await.receipt();
    side.post(&[files], part(300_000)).await.refuses(413);
    // The answer arrives although megabytes were still on their way.
    side.post(&[text], string(20_000_000)).await.refuses(413);

    let mut chunked =
        b"POST /hooks/website HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
        transfer-encoding: chunked\r\n\r\n"
            .to_vec();
    for _ in 0..200 {
        chunked.extend_from_slice(b"400\r\n");
        chunked.extend_from_slice(&[b' '; 1024]);
        chunked.extend_from_slice(b"\r\n");
    }
    side.raw(&chunked).await.refuses(413);
    assert_eq!(side.stored().len(), 2);
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let side = Side::with(open()).await;
    let endless = format!("POST /hooks/website HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(200_000));
    assert_eq!(side.raw(endless.as_bytes()).await.status, 431);
}

#[tokio::test]
async fn bodies_together_may_not_take_more_than_their_share_of_memory() {
    let plan = Plan::one(open());
    let bounds = Bounds { in_flight: 1_000_000, ..Bounds::default() };
    let side = Plan { bounds, ..plan }.start().await;
    let head =
        "POST /hooks/website HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
    // Announced bytes take nothing; these arrive but for the last.
    let mut stuck = TcpStream::connect(side.address).await.unwrap();
    stuck.write_all(head.as_bytes()).await.unwrap();
    side.post_json("{\"email\":\"a@x.example\"}").await.receipt();
    stuck.write_all(&vec![b' '; 999_000]).await.unwrap();
    sleep(ms(300)).await;
    let refused = side.post_json("{\"email\":\"b@x.example\"}").await;
    refused.refuses(503);
    assert!(refused.header("retry-after").is_some());
    // Gone with its connection.
    drop(stuck);
    sleep(ms(300)).await;
    side.post_json("{\"email\":\"b@x.example\"}").await.receipt();
}

#[tokio::test]
async fn a_pipeline_that_never_answers_is_told_in_time_and_stays_counted() {
    let plan = Plan::one(open());
    let bounds = Bounds { commit: ms(1500), in_flight: 10_000, ..Bounds::default() };
    let side = Plan { bounds, pipeline: Pipeline::NeverAnswers, ..plan }.start().await;
    let since = Instant::now();
    // Two items of 4 KiB and some bytes each fit; what waits for the commit keeps its share.
    for _ in 0..2 {
        let answer = side.post_json("{\"email\":\"a@x.example\"}").await;
        answer.refuses(503);
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
    assert!(since.elapsed() >= ms(3000) && since.elapsed() < ms(8000), "{:?}", since.elapsed());
    let since = Instant::now();
    side.post_json("{\"email\":\"a@x.example\"}").await.refuses(503);
    assert!(since.elapsed() < ms(1200), "refused at once");
}

#[tokio::test]
async fn a_sender_that_hangs_up_has_still_posted() {
    let plan = Plan::one(open());
    let side = plan.start().await;
    let array = format!("[{}]", vec!["{\"email\":\"a@x.example\"}"; 1000].join(","));
    let mut stream = TcpStream::connect(side.address).await.unwrap();
    let bytes = request("POST /hooks/website", &[("content-type", "application/json")], array.as_bytes());
    stream.write_all(&bytes).await.unwrap();
    let since = Instant::now();
    while side.stored().is_empty() && since.elapsed() < ms(5000) {
        tokio::task::yield_now().await;
    }
    drop(stream);
    while side.stored().len() < 1000 && since.elapsed() < ms(5000) {
        sleep(ms(10)).await;
    }
    assert_eq!(side.stored().len(), 1000, "all or, with a crash, some; never half because nobody waited");
}

#[tokio::test]
async fn the_rate_counts_requests_of_one_client_whatever_they_hold() {
    let rate = Rate { count: 3, per: Duration::from_mins(1) };
    let side = Side::with(Config { rate, ..open() }).await;
    for _ in 0..3 {
        let answer = side.post_json("[{\"a\":1},{\"a\":2},{\"a\":3}]").await;
        assert_eq!(answer.status, 200);
    }
    let limited = side.post_json("{\"a\":1}").await;
    limited.refuses(429);
    let wait: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    // What does not post does not count, and is not stopped.
    assert_eq!(side.ask("OPTIONS /hooks/website", &[], "").await.status, 204);
    side.ask("GET /hooks/website", &[], "").await.refuses(405);
    assert_eq!(side.stored().len(), 9);
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_are_told_apart() {
    let rate = Rate { count: 1, per: Duration::from_mins(1) };
    let plan = Plan::one(Config { rate, ..open() });
    let limits = Limits::new(&["127.0.0.0/8".parse().unwrap()]);
    let side = Plan { limits, ..plan }.start().await;
    let from = async |forwarded: &str| {
        side.post(&[("content-type", "application/json"), ("x-forwarded-for", forwarded)], "{\"a\":1}").await.status
    };
    assert_eq!(from("198.51.100.1").await, 200);
    assert_eq!(from("198.51.100.2").await, 200);
    assert_eq!(from("198.51.100.1").await, 429);
    assert_eq!(from("203.0.113.77, 198.51.100.1").await, 429, "what the client wrote itself proves nothing");
    assert_eq!(from("2001:db8:0:1::5").await, 200);
    assert_eq!(from("2001:db8:0:1::6").await, 429, "one /64 is one client");
}

#[tokio::test]
async fn nobody_is_somebody_else_without_a_trusted_proxy() {
    let rate = Rate { count: 1, per: Duration::from_mins(1) };
    let side = Side::with(Config { rate, ..open() }).await;
    let from = async |forwarded: &str| {
        side.post(&[("content-type", "application/json"), ("x-forwarded-for", forwarded)], "{\"a\":1}").await.status
    };
    assert_eq!(from("198.51.100.1").await, 200);
    assert_eq!(from("198.51.100.2").await, 429);
}

#[tokio::test]
async fn one_client_cannot_take_all_connections() {
    let plan = Plan::one(open());
    let limits = Limits { per_client: 3, ..plan.limits.clone() };
    let side = Plan { limits, ..plan }.start().await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(side.address).await.unwrap());
    }
    sleep(ms(100)).await;
    let mut one_more = TcpStream::connect(side.address).await.unwrap();
    closed(&mut one_more, ms(1000)).await;
    held.pop();
    sleep(ms(100)).await;
    side.post_json("{\"a\":1}").await.receipt();
}

#[tokio::test]
async fn idle_connections_give_way_when_there_are_no_more_slots() {
    let plan = Plan::one(open());
    let limits = Limits { connections: 3, ..plan.limits.clone() };
    let side = Plan { limits, ..plan }.start().await;
    let since = Instant::now();
    let mut held = Vec::new();
    for _ in 0..6 {
        let mut half = TcpStream::connect(side.address).await.unwrap();
        half.write_all(b"POST /hooks/website HT").await.unwrap();
        held.push(half);
        side.post_json("{\"a\":1}").await.receipt();
    }
    closed(&mut held[0], ms(1000)).await;
    assert!(since.elapsed() < ms(8000), "nobody waited for a deadline: {:?}", since.elapsed());
    drop(held);
    let since = Instant::now();
    // What is busy stays, and the others wait for it.
    let mut busy = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(side.address).await.unwrap();
        stream.write_all(b"POST /hooks/website HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\nemail").await.unwrap();
        busy.push(stream);
    }
    sleep(ms(300)).await;
    let mut waiting = TcpStream::connect(side.address).await.unwrap();
    waiting.write_all(&request("POST /hooks/website", &[], b"email=b")).await.unwrap();
    sleep(ms(500)).await;
    busy[0].write_all(b"=a").await.unwrap();
    assert_eq!(Answer::read(&mut busy[0]).await.status, 200);
    assert_eq!(Answer::read(&mut waiting).await.status, 200);
    assert!(since.elapsed() < ms(9500), "the busy ones were not given up: {:?}", since.elapsed());
}

#[tokio::test]
async fn a_stop_waits_for_posts_but_not_for_stuck_clients() {
    let plan = Plan::one(open());
    let limits = Limits { drain: ms(700), ..plan.limits.clone() };
    let mut side = Plan { limits, ..plan }.start().await;
    let mut idle = TcpStream::connect(side.address).await.unwrap();
    let mut half = TcpStream::connect(side.address).await.unwrap();
    half.write_all(b"POST /hooks/website HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut stalled = TcpStream::connect(side.address).await.unwrap();
    stalled.write_all(b"POST /hooks/website HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\nx").await.unwrap();
    let mut honest = TcpStream::connect(side.address).await.unwrap();
    let (most, last) = (b"POST /hooks/website HTTP/1.1\r\nhost: x\r\ncontent-length: 7\r\n\r\nemail", b"=a");
    honest.write_all(most).await.unwrap();
    sleep(ms(200)).await;
    let since = Instant::now();
    side.stop.cancel();
    sleep(ms(100)).await;
    honest.write_all(last).await.unwrap();
    let answer = Answer::read(&mut honest).await;
    assert_eq!(answer.status, 200, "a post on its way is finished");
    timeout(ms(3000), &mut side.served).await.expect("the stop hangs").unwrap();
    assert!(since.elapsed() < ms(1500), "{:?}", since.elapsed());
    for stream in [&mut idle, &mut half, &mut stalled] {
        closed(stream, ms(500)).await;
    }
    assert!(TcpStream::connect(side.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_stop_with_nobody_there_is_quick() {
    let mut side = Side::with(open()).await;
    let _idle = TcpStream::connect(side.address).await.unwrap();
    side.post_json("{\"a\":1}").await.receipt();
    let since = Instant::now();
    side.stop.cancel();
    timeout(ms(3000), &mut side.served).await.unwrap().unwrap();
    assert!(since.elapsed() < ms(1500), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_local_socket_is_served_and_stopped_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lotse.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let who = async |peer: axum::Extension<Peer>| format!("{:?}", peer.0);
    let router = axum::Router::new().route("/who", axum::routing::get(who));
    let stop = CancellationToken::new();
    let limits = Limits { drain: ms(300), ..Limits::private() };
    let served = tokio::spawn(serve_unix(listener, router, limits, stop.clone()));
    let mut half = tokio::net::UnixStream::connect(&path).await.unwrap();
    half.write_all(b"GET /who HT").await.unwrap();
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    stream.write_all(b"GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("Local"), "{text}");
    stop.cancel();
    timeout(ms(3000), served).await.expect("the stop hangs").unwrap();
}
