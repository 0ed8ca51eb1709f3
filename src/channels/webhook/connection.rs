//! One connection of the listener, from its first byte to its end.
//!
//! In: a stream, who is at its other end, the routes, [`Limits`], the stop signal, and the connection's
//! place among the idle ones. Out: requests for the routes. A connection over which nothing was said yet
//! costs a socket and a timer; room for headers and answers is made with the first byte.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::address::Peer;
use super::idle::Seat;
use super::listener::Limits;
use super::stall::Stalling;

/// Bytes of one request's line and headers.
const HEADER_BYTES: usize = 64 * 1024;
/// How long, and how much, is still read from a client whose request was answered before its end.
const LINGER: Duration = Duration::from_secs(3);
const LINGER_BYTES: u64 = 32 * 1024 * 1024;

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

/// Serves the requests of one connection until it ends or `stop` is cancelled; after that at most
/// [`Limits::drain`] more.
pub(super) async fn serve<IO: Stream>(
    io: IO,
    peer: Peer,
    router: Router,
    limits: &Limits,
    stop: &CancellationToken,
    seat: Seat,
) {
    let first_byte = timeout(limits.header, io.speaks());
    if let Some(Ok(Ok(()))) = stop.run_until_cancelled(first_byte).await {
        Box::pin(answer(io, peer, router, limits, stop, seat)).await;
    }
}

/// Answers the requests of a client that has begun to speak.
async fn answer<IO: Stream>(io: IO, peer: Peer, router: Router, limits: &Limits, stop: &CancellationToken, seat: Seat) {
    let seat = Arc::new(seat);
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
        Some(Ok(())) => part(connection.into_parts().io.into_inner(), stop).await,
        Some(Err(error)) => tracing::debug!(%error, "a connection broke off"),
        None => tracing::debug!("a connection was dropped by the stop"),
    }
}

/// Closes a connection so that the last answer arrives: bytes of a request that was refused before its end
/// are still read for a while, for closing over unread bytes makes the kernel reset the connection, and a
/// reset can overtake the answer.
async fn part<IO: AsyncRead + AsyncWrite + Unpin>(mut io: IO, stop: &CancellationToken) {
    if io.shutdown().await.is_err() {
        return;
    }
    let drained = async {
        // What cannot be read any more need not be.
        tokio::io::copy(&mut io.take(LINGER_BYTES), &mut tokio::io::sink()).await.ok();
    };
    tokio::select! {
        _ = timeout(LINGER, drained) => {}
        () = stop.cancelled() => {}
    }
}
