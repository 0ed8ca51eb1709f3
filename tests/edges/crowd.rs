//! Clients that speak fast and mean no good: bombs, bodies without end, wrong methods, and more addresses than
//! anybody could remember. Each is answered as it deserves, in bounded memory, and healthy posts beside them.
//!
//! `LOTSE_FLOOD=full` makes it ten times as much, so that the figures of the healthy posts mean something.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::flood::{is_full, withstand};
use crate::house::{FORM, TEAM};
use crate::support::daemon::Daemon;

/// Client addresses. Without optimisation everything takes many times longer.
const ADDRESSES: usize = if cfg!(debug_assertions) { 20_000 } else { 100_000 };
/// What remembering them may take together with the healthy posts, MiB.
const REMEMBERED: u64 = 96;
/// What the others may take: 256 MiB for all bodies, and what is behind them.
const FIRED: u64 = 512;
/// Nobody waits longer for an answer.
const ANSWERED: Duration = Duration::from_mins(1);

/// How often everything is done.
fn rounds() -> usize {
    if is_full() { 10 } else { 1 }
}

/// One connection that carries many requests.
struct Line {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Line {
    async fn to(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), read: Vec::new() }
    }

    /// Sends a request and reads its answer; says its status and its head.
    async fn ask(&mut self, head: &str, body: &[u8]) -> (u16, String) {
        let head = format!("{head}\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
        self.stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        timeout(ANSWERED, self.answer()).await.expect("no answer")
    }

    async fn answer(&mut self) -> (u16, String) {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.stream.read_buf(&mut self.read).await.unwrap() > 0, "closed without an answer");
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            assert!(self.stream.read_buf(&mut self.read).await.unwrap() > 0, "the answer breaks off");
        }
        self.read.drain(..length);
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head)
    }
}

fn gzip(bytes: usize) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..bytes >> 20 {
        packer.write_all(&zeros).unwrap();
    }
    packer.finish().unwrap()
}

#[test]
fn compressed_bombs_are_refused_and_the_others_are_served() {
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    daemon.start();
    let to = daemon.public();
    // 100 MiB in 100 KB, as text and as a form with files, which may be 25 times as large.
    let bomb = gzip(100 << 20);
    assert!(bomb.len() < 200 << 10);
    // Every gzip file says at its end how large it is, and may lie.
    let liar = [&bomb[..bomb.len() - 4], &100_u32.to_le_bytes()].concat();
    let bombs = [bomb, liar].map(Arc::new);
    withstand(&daemon, "compressed bombs", FIRED, || async {
        let mut senders = JoinSet::new();
        for (kind, count) in [("application/json", 40), ("multipart/form-data; boundary=b", 5)] {
            for n in 0..4 {
                let bomb = Arc::clone(&bombs[n % 2]);
                senders.spawn(async move {
                    let head =
                        format!("POST /hooks/website HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Encoding: gzip");
                    let mut line = Line::to(to).await;
                    for _ in 0..count * rounds() {
                        assert_eq!(line.ask(&head, &bomb).await.0, 413);
                    }
                    count * rounds()
                });
            }
        }
        senders.join_all().await.iter().sum()
    });
    assert!(daemon.stop().0.success());
}

#[test]
fn bodies_without_end_are_refused_and_the_others_are_served() {
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    daemon.start();
    let to = daemon.public();
    withstand(&daemon, "bodies without end", FIRED, || async {
        let mut all = 0;
        for _ in 0..rounds() {
            let mut senders = JoinSet::new();
            for n in 0..40 {
                senders.spawn(async move {
                    let kind = if n % 8 == 0 { "multipart/form-data; boundary=b" } else { "application/json" };
                    let head = format!("POST /hooks/website HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n");
                    let (mut from, mut into) = TcpStream::connect(to).await.unwrap().into_split();
                    let endless = async move {
                        into.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
                        let piece = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
                        let mut sent = 0;
                        // Until the other side has had enough of it.
                        while into.write_all(piece.as_bytes()).await.is_ok() {
                            sent += 0x4000;
                            assert!(sent < 1 << 30, "somebody reads a body without end");
                        }
                    };
                    let answer = async move {
                        let mut start = [0; 12];
                        from.read_exact(&mut start).await.unwrap();
                        assert_eq!(&start, b"HTTP/1.1 413", "{}", String::from_utf8_lossy(&start));
                        // Closed for good, or reset with bytes still on their way.
                        from.read_to_end(&mut Vec::new()).await.ok();
                    };
                    timeout(ANSWERED, futures_util::future::join(endless, answer)).await.expect("never closed");
                });
            }
            all += senders.join_all().await.len();
        }
        all
    });
    assert!(daemon.stop().0.success());
}

#[test]
fn wrong_methods_are_told_the_right_one_and_the_others_are_served() {
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    daemon.start();
    let to = daemon.public();
    withstand(&daemon, "wrong methods", REMEMBERED, || async {
        let mut senders = JoinSet::new();
        for method in ["GET", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW", "post"] {
            senders.spawn(async move {
                let mut line = Line::to(to).await;
                for n in 0..250 * rounds() {
                    let body = if n % 2 == 0 { &b""[..] } else { b"{\"email\":\"a@wrong.example\"}" };
                    let (status, head) = line.ask(&format!("{method} /hooks/website HTTP/1.1"), body).await;
                    assert_eq!(status, 405, "{method}: {head}");
                    assert!(head.contains("\r\nallow: post, options\r\n"), "{head}");
                    if head.contains("\r\nconnection: close\r\n") {
                        line = Line::to(to).await;
                    }
                }
                250 * rounds()
            });
        }
        senders.join_all().await.iter().sum()
    });
    assert!(daemon.stop().0.success());
}

#[test]
fn a_hundred_thousand_client_addresses_take_bounded_memory_and_nobodys_place() {
    let mut daemon = Daemon::with(&[FORM, TEAM].concat().replace("100000/s", "20000/min"));
    let file = daemon.path("lotse.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, settings.replacen("[http]\n", "[http]\ntrusted_proxies = [\"127.0.0.0/8\"]\n", 1)).unwrap();
    daemon.start();
    let to = daemon.public();
    withstand(&daemon, "client addresses", REMEMBERED, || async {
        let mut senders = JoinSet::new();
        for sender in 0..8 {
            senders.spawn(async move {
                let mut line = Line::to(to).await;
                for n in 0..ADDRESSES / 8 {
                    let at = sender * (ADDRESSES / 8) + n;
                    // One in two is an IPv6 client: a network of its own.
                    let address = if at.is_multiple_of(2) {
                        format!("10.{}.{}.{}", at >> 16, at >> 8 & 255, at & 255)
                    } else {
                        format!("2001:db8:{:x}:{:x}::1", at >> 16, at & 0xffff)
                    };
                    let head = format!("POST /hooks/website HTTP/1.1\r\nX-Forwarded-For: {address}");
                    // Counted, and refused for its empty body: the store has no part in this.
                    assert_eq!(line.ask(&head, b"").await.0, 400);
                }
                ADDRESSES / 8
            });
        }
        senders.join_all().await.iter().sum()
    });
    assert!(daemon.stop().0.success());
}
