//! A way to a server that breaks on cue: it cuts, falls silent, or garbles what the server says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Where in what the server says on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Before this byte, from 0.
    Byte(usize),
    /// Before this line, from 0.
    Line(usize),
    /// Before the next line that begins so.
    Text(&'static str),
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Both ends see the connection closed.
    Cut,
    /// Nothing more comes; the connection stays open.
    Stall,
    /// The line is overwritten with bytes that no protocol knows.
    Garble,
}

/// One breakage.
pub(crate) type Fault = (At, How);

/// The proxy; it lives as long as the test.
pub(crate) struct Proxy {
    port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    faults: AtomicUsize,
    first: Mutex<Vec<u8>>,
}

impl Proxy {
    /// A way to a port of this machine. `fault` is asked with the number of the connection, from 0.
    pub(crate) fn to(port: u16, fault: impl Fn(usize) -> Option<Fault> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { port: listener.local_addr().unwrap().port(), seen: Arc::default() };
        let seen = Arc::clone(&proxy.seen);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", port))) else { continue };
                let number = seen.connections.fetch_add(1, Ordering::SeqCst);
                let (fault, seen) = (fault(number), Arc::clone(&seen));
                let (asking, answered) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || pass_questions(asking, answered));
                thread::spawn(move || pass_answers(server, client, number, fault, &seen));
            }
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Faults that came to pass so far.
    pub(crate) fn faults(&self) -> usize {
        self.seen.faults.load(Ordering::SeqCst)
    }

    /// What the server said on the first connection.
    pub(crate) fn recording(&self) -> Vec<u8> {
        self.seen.first.lock().unwrap().clone()
    }
}

fn pass_questions(mut client: TcpStream, mut server: TcpStream) {
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = client.read(&mut piece) {
        if server.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    server.shutdown(Shutdown::Both).ok();
    client.shutdown(Shutdown::Both).ok();
}

fn pass_answers(server: TcpStream, mut client: TcpStream, connection: usize, fault: Option<Fault>, seen: &Seen) {
    let mut answers = BufReader::new(server);
    let (mut bytes, mut lines) = (0, 0);
    loop {
        let mut line = Vec::new();
        if !matches!(answers.read_until(b'\n', &mut line), Ok(1..)) {
            break;
        }
        if connection == 0 {
            seen.first.lock().unwrap().extend(&line);
        }
        let here = |at: At| match at {
            At::Byte(byte) => (bytes..bytes + line.len()).contains(&byte).then(|| byte - bytes),
            At::Line(number) => (number == lines).then_some(0),
            At::Text(start) => line.starts_with(start.as_bytes()).then_some(0),
        };
        let hit = fault.and_then(|(at, how)| Some((here(at)?, how)));
        (bytes, lines) = (bytes + line.len(), lines + 1);
        if hit.is_some() {
            seen.faults.fetch_add(1, Ordering::SeqCst);
        }
        let passed = match hit {
            None => client.write_all(&line),
            Some((_, How::Garble)) => {
                let end = line.len().saturating_sub(2);
                line[..end].fill(0xff);
                client.write_all(&line)
            }
            Some((keep, How::Cut)) => {
                client.write_all(&line[..keep]).ok();
                break;
            }
            Some((keep, How::Stall)) => {
                client.write_all(&line[..keep]).ok();
                // The other thread ends when the client gives up.
                return;
            }
        };
        if passed.is_err() {
            break;
        }
    }
    client.shutdown(Shutdown::Both).ok();
    answers.into_inner().shutdown(Shutdown::Both).ok();
}
