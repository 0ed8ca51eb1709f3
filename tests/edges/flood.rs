//! Clients that hold connections and say nothing, or say it slowly: they cost nobody else anything.
//!
//! `LOTSE_FLOOD=full` makes it 4,000 slow and 10,000 idle ones (or as many as the limit of open files allows:
//! `ulimit -n`); by default it is a tenth of that.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::house::{FORM, SOON, TEAM, addresses, memory};
use crate::support::daemon::Daemon;

/// Connections from one address: below the daemon's limit for a client.
const CROWD: usize = 500;
/// The daemon's limit for headers and for pauses in bodies.
const PATIENCE: Duration = Duration::from_secs(10);
/// Its limit for a body.
const BODY: Duration = Duration::from_secs(25);
/// How much later than its limit a client may be closed.
const LATE: Duration = Duration::from_secs(15);
/// What clients that have begun to speak may take together with the healthy ones, MiB.
const SPEAKING: u64 = 256;
/// The same of clients that say nothing: a few KiB each.
const SILENT: u64 = 96;

/// Whether all of it is asked for.
pub(crate) fn is_full() -> bool {
    std::env::var("LOTSE_FLOOD").is_ok_and(|size| size == "full")
}

/// A tenth, unless all of it is asked for; and no more than this process may open.
fn scaled(clients: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let files = limit.current.map_or(usize::MAX, |files| usize::try_from(files).unwrap());
    let wanted = if is_full() { clients } else { clients / 10 };
    let possible = wanted.min(files.saturating_sub(1000));
    if possible < wanted {
        println!("flood: only {possible} of {wanted} clients, for `ulimit -n` is {files}");
    }
    possible
}

/// A connection from one of many addresses of this machine.
async fn connect(to: SocketAddr, n: usize) -> TcpStream {
    let from =
        Ipv4Addr::new(127, 1, u8::try_from(n / CROWD / 250).unwrap(), u8::try_from(n / CROWD % 250 + 1).unwrap());
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Waits now and then, so that the kernel's queue of new connections does not overflow: it would forget some
/// whose client takes them for open, and the daemon would never hear of those.
async fn pace(n: usize) {
    if n % 50 == 49 {
        sleep(Duration::from_millis(40)).await;
    }
}

/// Sends `start`, then `drip` every second, until the other side closes; says how long that took.
async fn hold(mut stream: impl AsyncRead + AsyncWrite + Unpin, start: &str, drip: &str) -> Duration {
    let since = Instant::now();
    stream.write_all(start.as_bytes()).await.ok();
    let mut buffer = [0; 1024];
    loop {
        match timeout(Duration::from_secs(1), stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return since.elapsed(),
            Ok(Ok(_)) => {}
            Err(_) if stream.write_all(drip.as_bytes()).await.is_err() => return since.elapsed(),
            Err(_) => assert!(since.elapsed() < BODY + LATE, "a client is never closed: {start:?}"),
        }
    }
}

/// What slow clients say, again and again, and when they are to be closed.
const SLOW: [(&str, &str, Duration); 5] = [
    ("", "", PATIENCE),
    ("POST /hooks/website HTTP/1.1\r\nHost: x\r\nX-Slow: ", "", PATIENCE),
    ("POST /hooks/website HTTP/1.1\r\nHost: x\r\nX-Slow: ", "y", PATIENCE),
    ("POST /hooks/website HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf", "", PATIENCE),
    // Twice as long as the others, so only in full.
    ("POST /hooks/website HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf", "z", BODY),
];

/// Posts usual forms until told to stop; says how long each took.
async fn healthy(to: SocketAddr, who: usize, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let (since, n) = (Instant::now(), took.len());
        let body = format!(r#"{{"email":"h{who}.{n}@healthy.example","message":"number {n}"}}"#);
        let head = "POST /hooks/website HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json";
        let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(to).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(Duration::from_secs(30), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        took.push(since.elapsed());
        sleep(Duration::from_millis(100)).await;
    }
    took
}

fn files(daemon: &Daemon) -> usize {
    fs::read_dir(format!("/proc/{}/fd", daemon.pid())).unwrap().count()
}

/// Lets a crowd loose on the daemon while healthy clients post; checks that those are served, and that all
/// is given back afterwards.
pub(crate) fn withstand<F>(daemon: &Daemon, what: &str, most: u64, crowd: impl FnOnce() -> F)
where
    F: Future<Output = usize>,
{
    let (at_rest, open) = (memory(daemon.pid(), "VmRSS"), files(daemon));
    let before = addresses(daemon).len();
    let stop = Arc::new(AtomicBool::new(false));
    // On a thread of their own: what the crowd does in this process is no part of their waiting.
    let (to, over) = (daemon.public(), Arc::clone(&stop));
    let posting = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let all = (0..4).map(|who| healthy(to, who + before, Arc::clone(&over)));
        runtime.block_on(futures_util::future::join_all(all)).concat()
    });
    let clients = Runtime::new().unwrap().block_on(crowd());
    stop.store(true, Ordering::Relaxed);
    let mut took = posting.join().unwrap();
    took.sort();
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    println!(
        "flood: {clients} {what}; {} healthy posts meanwhile: median {:.1?}, p99 {:.1?}, slowest {:.1?}",
        took.len(),
        at(50),
        at(99),
        at(100)
    );
    assert_eq!(addresses(daemon).len(), before + took.len());
    daemon.until("all connections are closed", SOON, |daemon| files(daemon) <= open + 4);
    let peak = memory(daemon.pid(), "VmHWM");
    println!("flood: {at_rest} MiB at rest, {peak} MiB at most; {open} files before, {} after", files(daemon));
    assert!(peak < at_rest + most, "{at_rest} MiB at rest, {peak} MiB at most");
}

#[test]
fn slow_clients_are_closed_in_time_and_the_others_are_served() {
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    daemon.start();
    let (to, clients) = (daemon.public(), scaled(4000));
    let kinds = &SLOW[..if is_full() { 5 } else { 4 }];
    withstand(&daemon, "slow clients", SPEAKING, || async {
        let mut slow = JoinSet::new();
        for n in 0..clients {
            pace(n).await;
            let (start, drip, limit) = kinds[n % kinds.len()];
            slow.spawn(async move { (hold(connect(to, n).await, start, drip).await, limit, start) });
        }
        let (mut earliest, mut latest) = (Duration::MAX, Duration::ZERO);
        while let Some(closed) = slow.join_next().await {
            let (after, limit, start) = closed.unwrap();
            assert!(after < limit + LATE, "closed after {after:?}: {start:?}");
            (earliest, latest) = (earliest.min(after), latest.max(after));
        }
        println!("flood: slow clients were closed after {earliest:.1?} to {latest:.1?}");
        clients
    });
    assert!(daemon.stop().0.success());
}

#[test]
fn idle_connections_keep_nobody_out() {
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    daemon.start();
    let (to, clients) = (daemon.public(), scaled(10_000));
    withstand(&daemon, "idle connections", SILENT, || async {
        let mut idle = JoinSet::new();
        for n in 0..clients {
            pace(n).await;
            idle.spawn(async move { hold(connect(to, n).await, "", "").await });
        }
        let closed = idle.join_all().await;
        let latest = closed.iter().max().unwrap();
        println!("flood: the last idle connection was closed after {latest:.1?}");
        assert!(*latest < PATIENCE + LATE);
        clients
    });
    assert!(daemon.stop().0.success());
}

#[test]
fn the_private_side_and_the_socket_have_the_same_deadlines() {
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    daemon.start();
    let token = fs::read_to_string(daemon.path("store/admin.token")).unwrap();
    let call =
        "POST /api/v1/leads/01K00000000000000000000000/note HTTP/1.1\r\nHost: x\r\nContent-Type: application/json";
    let stalled = format!("{call}\r\nAuthorization: Bearer {}\r\nContent-Length: 1000\r\n\r\n{{", token.trim());
    let unproven = format!("{call}\r\nContent-Length: 1000\r\n\r\n{{");
    let (private, socket) = (daemon.private(), daemon.path("store/lotse.sock"));
    let slow = ["", "GET /api/v1/status HTTP/1.1\r\nX-Slow: ", &stalled, &unproven];
    let closed = Runtime::new().unwrap().block_on(futures_util::future::join_all(slow.map(async |start| {
        let tcp = async { hold(TcpStream::connect(private).await.unwrap(), start, "").await };
        let unix = async { hold(tokio::net::UnixStream::connect(&socket).await.unwrap(), start, "").await };
        tokio::join!(tcp, unix)
    })));
    println!("flood: slow clients of the private side and the socket were closed after {closed:.1?}");
    assert!(closed.iter().all(|(tcp, unix)| *tcp < PATIENCE + LATE && *unix < PATIENCE + LATE), "{closed:?}");
    assert_eq!(daemon.json(&["leads", "list"]).len(), 0);
    assert!(daemon.stop().0.success());
}

#[test]
fn a_stop_does_not_wait_for_stuck_clients() {
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    daemon.start();
    let mut stuck: Vec<Box<dyn Write>> = Vec::new();
    for n in 0..100 {
        let mut stream: Box<dyn Write> = match n % 5 {
            0 => Box::new(UnixStream::connect(daemon.path("store/lotse.sock")).unwrap()),
            1 => Box::new(std::net::TcpStream::connect(daemon.private()).unwrap()),
            _ => Box::new(std::net::TcpStream::connect(daemon.public()).unwrap()),
        };
        stream.write_all(SLOW[n % SLOW.len()].0.as_bytes()).unwrap();
        stuck.push(stream);
    }
    std::thread::sleep(Duration::from_millis(300));
    let (status, took) = daemon.stop();
    println!("flood: stopped after {took:.1?} with 100 stuck clients");
    assert!(status.success() && took < Duration::from_secs(10), "{status} after {took:?}");
}
