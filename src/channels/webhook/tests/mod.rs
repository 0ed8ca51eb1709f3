//! The public side over real connections: the real listener on a free port, a pipeline that the test plays.

#![expect(clippy::disallowed_methods, reason = "a test ends its tasks with its runtime")]

mod abuse;
mod browsers;
mod compressed;
mod handshakes;
mod posts;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::listener::{Limits, serve};
use super::providers::GENERIC;
use super::receive::Bounds;
use super::{Config, Hooks, Proof, Receivers, Uploads, router_within};
use crate::channels::health::Board;
use crate::config;
use crate::config::{Rate, Secret};
use crate::intake::{Door, Refused, Work};
use crate::lead::{Id, Inbound, Name, Outcome, Receipt};
use crate::normalize::{Reader, Readers, Spelling};

/// What the played pipeline does with an item.
#[derive(Clone, Copy, PartialEq)]
enum Pipeline {
    Stores,
    CannotCommit,
    NeverAnswers,
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to listen, until the guard is dropped.
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A public side that runs.
struct Side {
    address: SocketAddr,
    stored: Arc<Mutex<Vec<Inbound>>>,
    receivers: Arc<Receivers>,
    board: Board,
    stop: CancellationToken,
    served: JoinHandle<()>,
}

/// How a public side is to be.
struct Plan {
    webhooks: Vec<(&'static str, Config)>,
    bounds: Bounds,
    limits: Limits,
    pipeline: Pipeline,
}

/// The settings of a file with this text.
fn settings(text: &str) -> config::Config {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lotse.toml");
    std::fs::write(&file, text).unwrap();
    let loaded = config::load(Some(&file));
    loaded.config.unwrap_or_else(|| panic!("{:?}", loaded.problems))
}

pub(super) fn open() -> Config {
    Config {
        provider: &GENERIC,
        secrets: Vec::new(),
        account: Box::default(),
        proof: Proof::Token,
        url: None,
        origins: Vec::new(),
        redirect: None,
        rate: Rate { count: 600, per: Duration::from_mins(1) },
        uploads: Uploads::default(),
        spelling: Spelling::default(),
    }
}

fn secured() -> Config {
    Config { secrets: vec![Secret::new("old-secret"), Secret::new("s3cret")], ..open() }
}

impl Plan {
    fn one(config: Config) -> Self {
        Self {
            webhooks: vec![("website", config)],
            bounds: Bounds::default(),
            limits: Limits::new(&[]),
            pipeline: Pipeline::Stores,
        }
    }

    async fn start(self) -> Side {
        let (door, mut queue) = Door::new(Readers::start(Reader::new(&settings(""))));
        let stored = Arc::new(Mutex::new(Vec::new()));
        let (keep, pipeline) = (Arc::clone(&stored), self.pipeline);
        tokio::spawn(async move {
            let mut last = Id::MIN;
            let mut unanswered = Vec::new();
            while let Some(work) = queue.recv().await {
                let Work::Item(prepared, reply) = work else { continue };
                match pipeline {
                    Pipeline::Stores => {
                        last = Id::after(last, Timestamp::now(), 0);
                        keep.lock().unwrap().push(prepared.inbound);
                        reply.send(Ok(Receipt { intake: last, outcome: Outcome::Created, lead: None, own: None })).ok();
                    }
                    Pipeline::CannotCommit => {
                        reply.send(Err(Refused::Store("disk full at /var/lib/secret-place".into()))).ok();
                    }
                    Pipeline::NeverAnswers => unanswered.push((prepared, reply)),
                }
            }
        });
        let board = Board::default();
        let hooks = self.webhooks.into_iter().map(|(name, config)| (Name::parse(name).unwrap(), config));
        let hooks = Hooks::new(hooks, &self.limits.uncounted, None);
        for name in hooks.by_name.keys() {
            board.channel(name, "webhook").ok();
        }
        let receivers = Arc::new(Receivers(RwLock::new(Arc::new(hooks))));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = router_within(Arc::clone(&receivers), door, board.clone(), self.bounds);
        let served = tokio::spawn(serve(listener, router, self.limits, stop.clone()));
        Side { address, stored, receivers, board, stop, served }
    }
}

impl Side {
    async fn with(config: Config) -> Self {
        Plan::one(config).start().await
    }

    /// Sends bytes and reads all that comes back.
    async fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that refuses early may close before it has read everything.
        stream.write_all(bytes).await.ok();
        Answer::read(&mut stream).await
    }

    /// A request with a body.
    async fn ask(&self, line: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
        self.raw(&request(line, headers, body.as_ref())).await
    }

    async fn post(&self, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
        self.ask("POST /hooks/website", headers, body).await
    }

    async fn post_json(&self, body: impl AsRef<[u8]>) -> Answer {
        self.post(&[("content-type", "application/json")], body).await
    }

    fn stored(&self) -> Vec<Inbound> {
        self.stored.lock().unwrap().clone()
    }
}

/// The bytes of a request that closes its connection.
fn request(line: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{line} HTTP/1.1\r\nhost: leads.example\r\nconnection: close\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// An answer as it came over the wire.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.ok();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A refusal with this status, told as problem details.
    #[track_caller]
    fn refuses(&self, status: u16) {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for key in ["type", "title", "detail"] {
            assert!(problem[key].is_string(), "{problem}");
        }
    }

    /// The receipt of one item.
    #[track_caller]
    fn receipt(&self) -> String {
        assert_eq!(self.status, 200, "{}\n{}", self.head, self.body);
        assert_eq!(self.header("content-type"), Some("application/json"));
        receipt_in(&self.json())
    }
}

#[track_caller]
fn receipt_in(value: &Value) -> String {
    assert_eq!(value.as_object().unwrap().len(), 1, "{value}");
    let receipt = value["receipt"].as_str().unwrap();
    assert!(receipt.parse::<Id>().is_ok());
    receipt.to_owned()
}
