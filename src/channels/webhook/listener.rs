//! The HTTP/1.1 listener of the public and the private side: a loop of our own around hyper.
//!
//! In: a bound listener, the routes, [`Limits`], the stop signal. Out: requests for the routes, each with
//! its [`Peer`] among the extensions. `axum::serve` sets no deadlines, so that a client which sends half a
//! header keeps its connection, and the daemon's stop, for ever; here every connection has a deadline for
//! its headers and for its reads of our answers, there are caps on connections, and a stop ends within
//! [`Limits::drain`] whatever clients do. HTTP/2 is left to a reverse proxy.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use super::address::Peer;
use super::address::{Client, is_in};
use super::connection::{self, Common, Stream};
use super::idle::Idle;
pub use super::limits::{Limits, allow_many_files};
use super::linger::Linger;

/// Pause after an error that means "no more files or memory": without it the loop would spin.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until `stop`, then lets requests in flight finish within [`Limits::drain`].
///
/// Errors of a connection end that connection; errors of the listener are waited out.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: CancellationToken) {
    serve_from(listener, router, limits, stop).await;
}

/// [`serve`] over a socket in the file system; the peer of its requests is [`Peer::Local`].
pub async fn serve_unix(listener: UnixListener, router: Router, limits: Limits, stop: CancellationToken) {
    serve_from(listener, router, limits, stop).await;
}

async fn serve_from<S: Source>(source: S, router: Router, limits: Limits, stop: CancellationToken) {
    let idle = Idle::default();
    let mut gate = Gate::new(source, limits.connections, idle.clone());
    let drain = limits.drain;
    let common = Arc::new(Common { router, limits, linger: Linger::default(), stop: stop.clone() });
    let crowd = Crowd::default();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(ended) = connections.join_next() => { report(ended); continue }
            accepted = gate.accept() => accepted,
        };
        let Some((stream, peer, slot)) = accepted else { continue };
        let Some(place) = crowd.enter(peer, &common.limits) else { continue };
        let (common, seat) = (Arc::clone(&common), idle.enter());
        connections.spawn(async move {
            let given_up = seat.given_up();
            let served = connection::serve(stream, peer, &common, seat);
            // Dropping the connection closes it.
            given_up.run_until_cancelled(served).await;
            drop((slot, place));
        });
    }
    drop((gate, common));
    // Each connection keeps the deadline itself; the second more is for one whose thread is held up.
    let all_gone = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    if timeout(drain + Duration::from_secs(1), all_gone).await.is_err() {
        connections.shutdown().await;
    }
}

/// Says in the log when a handler panicked; its connection is gone, nothing else.
fn report(ended: Result<(), tokio::task::JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("a connection ended in a panic");
    }
}

/// What connections come from.
trait Source: Send + 'static {
    type Stream: Stream;

    /// The next connection; may be dropped while it waits.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Peer)>> + Send;
}

impl Source for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, address) = self.accept().await?;
        // Answers are small and complete: waiting for more to send only adds latency.
        stream.set_nodelay(true)?;
        Ok((stream, Peer::Tcp(address)))
    }
}

impl Source for UnixListener {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<(UnixStream, Peer)> {
        self.accept().await.map(|(stream, _)| (stream, Peer::Local))
    }
}

/// A source and the slots for its connections.
struct Gate<S: Source> {
    source: S,
    slots: Arc<Semaphore>,
    idle: Idle,
    /// Taken, and without a slot yet.
    waiting: Option<(S::Stream, Peer)>,
    /// Whether the last try failed: a trouble is told once, not ten times a second.
    failing: AtomicBool,
}

impl<S: Source> Gate<S> {
    fn new(source: S, connections: usize, idle: Idle) -> Self {
        let slots = Arc::new(Semaphore::new(connections));
        Self { source, slots, idle, waiting: None, failing: AtomicBool::new(false) }
    }

    /// A slot for one more connection, if need be that of an idle one.
    async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            if self.slots.available_permits() == 0 {
                self.idle.give_up_oldest();
            }
            let slot = Arc::clone(&self.slots).acquire_owned();
            // All may be busy now and idle in a moment.
            if let Ok(slot) = timeout(PAUSE, slot).await {
                return slot.ok();
            }
        }
    }

    /// The next connection, once there is a slot for it; `None` when it was not to be had. May be dropped
    /// while it waits.
    async fn accept(&mut self) -> Option<(S::Stream, Peer, OwnedSemaphorePermit)> {
        if self.waiting.is_none() {
            self.waiting = Some(self.next().await?);
        }
        let slot = self.slot().await?;
        self.waiting.take().map(|(stream, peer)| (stream, peer, slot))
    }

    async fn next(&self) -> Option<(S::Stream, Peer)> {
        match self.source.next().await {
            Ok(accepted) => {
                self.failing.store(false, Ordering::Relaxed);
                Some(accepted)
            }
            Err(error) if gone_already(&error) => None,
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "cannot take connections; trying again until it works");
                }
                sleep(PAUSE).await;
                None
            }
        }
    }
}

/// Whether only this one connection failed, before it was taken.
fn gone_already(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, InvalidInput, NotConnected};
    // The last two are `set_nodelay` on a connection that is closed again.
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | InvalidInput | NotConnected)
}

/// Counts the connections of each client.
#[derive(Clone, Default)]
struct Crowd(Arc<Mutex<HashMap<Client, usize>>>);

/// One connection's place in the crowd, until it is dropped; `client` is who it counts for.
struct Place {
    crowd: Crowd,
    client: Option<Client>,
}

impl Crowd {
    /// A place for one more connection of this peer; `None` when it has its share.
    fn enter(&self, peer: Peer, limits: &Limits) -> Option<Place> {
        let uncounted = Place { crowd: self.clone(), client: None };
        let Peer::Tcp(address) = peer else { return Some(uncounted) };
        if is_in(address.ip(), &limits.uncounted) {
            return Some(uncounted);
        }
        let client = Client::at(address.ip());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_insert(0);
        if *count >= limits.per_client {
            return None;
        }
        *count += 1;
        Some(Place { crowd: self.clone(), client: Some(client) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(client) = self.client else { return };
        let mut counts = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&client);
            }
        }
    }
}
