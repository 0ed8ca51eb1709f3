//! The end of a connection whose request may have been answered before its end.
//!
//! In: a connection to which the last answer was written, or the rest of a body whose answer is to be written.
//! Out: nothing; it may be closed, or answered. Bytes of a request that was refused are still read for a while,
//! for closing over unread bytes makes the kernel reset the connection, and a reset can overtake the answer. That
//! is a courtesy, so it costs little: all connections of a listener together read some 100 MB a second and no
//! more, whatever their clients send.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long, and how much, is still read from a client.
const LINGER: Duration = Duration::from_secs(3);
const MOST: usize = 32 << 20;
/// Bytes that a read takes.
const PIECE: usize = 64 << 10;
/// Reads of one turn, and the pause before the next one's.
const TURN: usize = 4;
const PAUSE: Duration = Duration::from_millis(1);

/// The turns of the connections of one listener.
#[derive(Clone, Debug)]
pub(super) struct Linger(Arc<Semaphore>);

impl Default for Linger {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Linger {
    /// Closes a connection so that the last answer arrives.
    pub(super) async fn part<IO: AsyncRead + AsyncWrite + Unpin>(&self, mut io: IO, stop: &CancellationToken) {
        if io.shutdown().await.is_err() {
            return;
        }
        tokio::select! {
            _ = timeout(LINGER, self.throw_away(&mut io)) => {}
            () = stop.cancelled() => {}
        }
    }

    /// Reads the rest of a body whose answer is known already, within the same bounds.
    pub(super) async fn hear_out(&self, body: &mut Body) {
        let rest = async {
            let (mut sent, mut since_pause) = (0, 0);
            while sent < MOST {
                let Some(Ok(frame)) = body.frame().await else { break };
                let count = frame.data_ref().map_or(0, Bytes::len);
                sent += count;
                since_pause += count;
                if since_pause >= PIECE * TURN {
                    since_pause = 0;
                    let Ok(_turn) = self.0.acquire().await else { break };
                    sleep(PAUSE).await;
                }
            }
        };
        // What is not there in time comes after the answer, if at all.
        timeout(LINGER, rest).await.ok();
    }

    /// Reads until the client closes too, or has sent too much; says how much that was.
    async fn throw_away(&self, io: &mut (impl AsyncRead + Unpin)) -> usize {
        let mut sent = 0;
        while sent < MOST {
            // Waits without a turn: a client that says nothing holds up nobody.
            match io.read(&mut [0; 64]).await {
                Ok(count) if count > 0 => sent += count,
                // The end; and what cannot be read any more need not be.
                _ => break,
            }
            let Ok(_turn) = self.0.acquire().await else { break };
            sent += waiting(io);
            sleep(PAUSE).await;
        }
        sent
    }
}

/// Reads what has arrived, as far as a turn goes.
fn waiting(io: &mut (impl AsyncRead + Unpin)) -> usize {
    let mut piece = vec![0; PIECE];
    let mut sent = 0;
    for _ in 0..TURN {
        match io.read(&mut piece).now_or_never() {
            Some(Ok(count)) if count > 0 => sent += count,
            _ => break,
        }
    }
    sent
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use tokio::io::{DuplexStream, duplex};
    use tokio::time::Instant;

    use super::*;

    /// A client that sends so many bytes, and its other end.
    fn sender(bytes: usize) -> (DuplexStream, impl Future<Output = std::io::Result<()>>) {
        let (ours, mut theirs) = duplex(1 << 20);
        (ours, async move { theirs.write_all(&vec![b' '; bytes]).await })
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_may_finish_its_request_and_one_without_end_is_left() {
        let linger = Linger::default();
        let (mut io, sends) = sender(25 << 20);
        let (sent, whole) = tokio::join!(linger.throw_away(&mut io), sends);
        whole.unwrap();
        assert_eq!(sent, 25 << 20);
        let (mut io, sends) = sender(100 << 20);
        let lingers = async {
            let sent = linger.throw_away(&mut io).await;
            drop(io);
            sent
        };
        let (sent, cut) = tokio::join!(lingers, sends);
        assert!((MOST..MOST + (1 << 20)).contains(&sent) && cut.is_err(), "{sent}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_heard_out_but_for_one_without_end() {
        let linger = Linger::default();
        let piece = Bytes::from(vec![b' '; PIECE]);
        let of = |pieces: usize| futures_util::stream::iter(vec![piece.clone(); pieces]).map(Ok::<_, std::io::Error>);
        let mut whole = Body::from_stream(of(400));
        linger.hear_out(&mut whole).await;
        assert!(whole.frame().await.is_none());
        let mut large = Body::from_stream(of(4000));
        linger.hear_out(&mut large).await;
        assert!(large.frame().await.is_some());
        let begun = Instant::now();
        linger.hear_out(&mut Body::from_stream(of(1).chain(futures_util::stream::pending()))).await;
        assert_eq!(begun.elapsed(), LINGER);
    }

    #[tokio::test(start_paused = true)]
    async fn many_together_are_read_no_faster_than_one() {
        let linger = Linger::default();
        let begun = Instant::now();
        let crowd = (0..10).map(|_| async {
            let (mut io, sends) = sender(4 << 20);
            tokio::join!(linger.throw_away(&mut io), sends).0
        });
        let sent: usize = futures_util::future::join_all(crowd).await.iter().sum();
        assert_eq!(sent, 40 << 20);
        let least = PAUSE * u32::try_from(sent / (PIECE * (TURN + 1))).unwrap();
        assert!(begun.elapsed() >= least, "{:?} for {least:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_holds_up_nobody() {
        let linger = Linger::default();
        let stop = CancellationToken::new();
        let (silent, _open) = duplex(1024);
        let begun = Instant::now();
        let (mut io, sends) = sender(1 << 20);
        let busy = async {
            let (sent, whole) = tokio::join!(linger.throw_away(&mut io), sends);
            whole.unwrap();
            (sent, begun.elapsed())
        };
        let ((), (sent, took)) = tokio::join!(linger.part(silent, &stop), busy);
        assert!(sent == 1 << 20 && took < LINGER, "{sent} bytes after {took:?}");
        assert_eq!(begun.elapsed(), LINGER, "the silent one is closed in time");
    }
}
