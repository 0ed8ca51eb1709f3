//! One connection of the listener, from its first byte to its end.
//!
//! In: a stream, who is at its other end, what all connections have in common, and this one's place among the
//! idle ones. Out: requests for the routes. A connection over which nothing was said yet
//! costs a socket and a timer; room for headers and answers is made with the first byte.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::address::Peer;
use super::idle::Seat;
use super::linger::Linger;
use super::listener::Limits;
use super::stall::Stalling;

/// Bytes of one request's line and headers.
const HEADER_BYTES: usize = 64 * 1024;

/// What carries bytes both ways, and can tell when there are some.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Waits for bytes, or for the end; takes none.
    fn speaks(&self) -> impl Future<Output = io::Result<()>> + Send;
}

impl Stream for TcpStream {
    async fn speaks(&self) -> io::Result<()> {
        // `readable` would not wait: tokio takes what it has just accepted for readable until it has tried.
        self.peek(&mut [0]).await.map(drop)
    }
}

impl Stream for UnixStream {
    async fn speaks(&self) -> io::Result<()> {
        self.readable().await
    }
}

/// What all connections of a listener have in common.
pub(super) struct Common {
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) linger: Linger,
    pub(super) stop: CancellationToken,
}

/// Serves the requests of one connection until it ends or the stop is told; after that at most
/// [`Limits::drain`] more.
pub(super) async fn serve<IO: Stream>(io: IO, peer: Peer, common: &Common, seat: Seat) {
    let first_byte = timeout(common.limits.header, io.speaks());
    if let Some(Ok(Ok(()))) = common.stop.run_until_cancelled(first_byte).await {
        Box::pin(answer(io, peer, common, seat)).await;
    }
}

/// Answers the requests of a client that has begun to speak.
async fn answer<IO: Stream>(io: IO, peer: Peer, common: &Common, seat: Seat) {
    let Common { router, limits, linger, stop } = common;
    let (router, seat) = (router.clone(), Arc::new(seat));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let busy = seat.busy();
        let answer = router.clone().oneshot(request);
        let answer = async move {
            let answer = answer.await;
            drop(busy);
            answer
        };
        // Boxed, so that the connection can be taken apart at its end.
        Box::pin(answer) as Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(Stalling::new(io, limits.write)), service);

    let mut end = tokio::select! {
        biased;
        ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => Some(ended),
        () = stop.cancelled() => None,
    };
    if end.is_none() {
        Pin::new(&mut connection).graceful_shutdown();
        end = timeout(limits.drain, poll_fn(|cx| connection.poll_without_shutdown(cx))).await.ok();
    }
    match end {
        Some(Ok(())) => linger.part(connection.into_parts().io.into_inner(), stop).await,
        Some(Err(error)) => tracing::debug!(%error, "a connection broke off"),
        None => tracing::debug!("a connection was dropped by the stop"),
    }
}
