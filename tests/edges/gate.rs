//! A way to a server that breaks at a step of the protocol: it cuts, falls silent both ways, or spoils what
//! the server says. Which step it is shows in what the client says, so any server may be behind it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// A step of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Greeting,
    /// The answer to `STARTTLS`, and the handshake behind it.
    StartTls,
    /// The handshake of TLS from the first byte.
    Tls,
    /// Somewhere behind that.
    BehindTls,
    Login,
    Select,
    Search,
    Sizes,
    Header,
    Literal,
    Idle,
    Move,
    Logout,
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Both ends see the connection closed.
    Cut,
    /// Nothing passes any more, either way; both ends see a connection.
    Stall,
    /// Some bytes are others; in the text of a mail, where nobody could know, some are missing.
    Garble,
}

/// Bytes that are spoilt.
const SPOILT: usize = 12;
/// The longest word that tells a step, in bytes.
const LONGEST_WORD: usize = 20;

impl Step {
    pub(crate) const ALL: [Self; 13] = [
        Self::Greeting,
        Self::StartTls,
        Self::Tls,
        Self::BehindTls,
        Self::Login,
        Self::Select,
        Self::Search,
        Self::Sizes,
        Self::Header,
        Self::Literal,
        Self::Idle,
        Self::Move,
        Self::Logout,
    ];

    /// What the client says in it; nothing where the server, or TLS, begins.
    fn asked(self) -> &'static str {
        match self {
            Self::Greeting | Self::Tls | Self::BehindTls => "",
            Self::StartTls => "STARTTLS",
            Self::Login => "LOGIN ",
            Self::Select => "EXAMINE ",
            Self::Search => "UID SEARCH ",
            Self::Sizes => "RFC822.SIZE",
            Self::Header => "BODY.PEEK[HEADER]",
            Self::Literal => "BODY.PEEK[]",
            Self::Idle => "IDLE\r\n",
            Self::Move => "UID MOVE ",
            Self::Logout => "LOGOUT\r\n",
        }
    }

    /// How many bytes of the answer pass before it breaks; another number in each round.
    fn depth(self, round: usize) -> usize {
        match self {
            Self::Greeting => round * 7 % 40,
            Self::StartTls | Self::Tls => round * 97 % 1400,
            Self::BehindTls => 2300 + round * 211 % 1200,
            Self::Login | Self::Logout => round * 5 % 30,
            Self::Select => round * 17 % 200,
            Self::Search => round * 3 % 12,
            Self::Sizes => round * 11 % 60,
            Self::Header => round * 31 % 400,
            Self::Literal => 80 + round * 37 % 500,
            // Before, in and behind the server's word that it waits.
            Self::Idle => [0, 4, 10][round % 3],
            Self::Move => round * 9 % 50,
        }
    }
}

/// What is to break next.
struct Plan {
    step: Step,
    how: How,
    depth: usize,
    /// Connections that are still to be broken.
    open: usize,
    /// Breakages that are still to come.
    due: usize,
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    /// When the last one of a plan came to pass.
    ended: Option<Instant>,
    lines: Vec<TcpStream>,
}

/// The proxy; it lives as long as the test.
#[derive(Clone)]
pub(crate) struct Gate {
    port: u16,
    state: Arc<Mutex<State>>,
}

/// What becomes of one connection.
#[derive(Default)]
struct Fate {
    fault: Option<(How, usize, Step)>,
    stalled: bool,
    /// The end of what the client said: it may say a command in pieces.
    said: Vec<u8>,
}

type Shared<T> = Arc<Mutex<T>>;

impl Gate {
    /// A way to a port of this machine.
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let gate = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let here = gate.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", port))) else { continue };
                here.pass(client, server);
            }
        });
        gate
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// From now on the next `times` connections break once they are at `step`.
    pub(crate) fn arm(&self, step: Step, how: How, round: usize, times: usize) {
        let mut state = self.lock();
        state.ended = None;
        state.plan = Some(Plan { step, how, depth: step.depth(round), open: times, due: times });
    }

    /// When all that was to break has broken.
    pub(crate) fn ended(&self) -> Option<Instant> {
        self.lock().ended
    }

    /// Cuts all connections that there are.
    pub(crate) fn sever(&self) {
        for line in self.lock().lines.drain(..) {
            line.shutdown(Shutdown::Both).ok();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn pass(&self, client: TcpStream, server: TcpStream) {
        let fate: Shared<Fate> = Arc::default();
        self.see(b"", &fate);
        self.lock().lines.push(client.try_clone().unwrap());
        let (asking, answered) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let (gate, his) = (self.clone(), Arc::clone(&fate));
        thread::spawn(move || gate.pass_questions(asking, answered, &his));
        let gate = self.clone();
        thread::spawn(move || gate.pass_answers(server, client, &fate));
    }

    /// Looks whether a connection is at the step that is to break.
    fn see(&self, said: &[u8], fate: &Shared<Fate>) {
        let (mut state, mut fate) = (self.lock(), fate.lock().unwrap());
        fate.said.extend(said);
        let before = fate.said.len().saturating_sub(said.len() + LONGEST_WORD);
        fate.said.drain(..before);
        let Some(plan) = state.plan.as_mut().filter(|plan| plan.open > 0 && fate.fault.is_none()) else { return };
        let word = plan.step.asked().as_bytes();
        let begins = word.is_empty();
        let there = || !begins && fate.said.windows(word.len()).any(|piece| piece == word);
        if (said.is_empty() && begins) || (!said.is_empty() && there()) {
            plan.open -= 1;
            fate.said.clear();
            fate.fault = Some((plan.how, plan.depth, plan.step));
        }
    }

    fn pass_questions(&self, mut client: TcpStream, mut server: TcpStream, fate: &Shared<Fate>) {
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = client.read(&mut piece) {
            self.see(&piece[..count], fate);
            if !fate.lock().unwrap().stalled && server.write_all(&piece[..count]).is_err() {
                break;
            }
        }
        server.shutdown(Shutdown::Both).ok();
        client.shutdown(Shutdown::Both).ok();
    }

    fn pass_answers(&self, mut server: TcpStream, mut client: TcpStream, fate: &Shared<Fate>) {
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = server.read(&mut piece) {
            let mut said = piece[..count].to_vec();
            let hit = {
                let mut fate = fate.lock().unwrap();
                match fate.fault {
                    Some((_, depth, _)) if depth >= count => {
                        fate.fault = fate.fault.map(|(how, depth, step)| (how, depth - count, step));
                        None
                    }
                    other => {
                        fate.stalled = matches!(other, Some((How::Stall, ..)));
                        fate.fault = None;
                        other
                    }
                }
            };
            let Some((how, depth, step)) = hit else {
                if client.write_all(&said).is_err() {
                    break;
                }
                continue;
            };
            let end = (depth + SPOILT).min(count);
            match how {
                How::Cut | How::Stall => said.truncate(depth),
                How::Garble if step == Step::Literal => drop(said.drain(depth..end)),
                How::Garble => said[depth..end].fill(0xff),
            }
            client.write_all(&said).ok();
            self.note();
            match how {
                How::Cut => break,
                // The other thread ends when the client gives up.
                How::Stall => return,
                How::Garble => {}
            }
        }
        client.shutdown(Shutdown::Both).ok();
        server.shutdown(Shutdown::Both).ok();
        // A connection that ended before its step broke leaves that to another.
        let unused = fate.lock().unwrap().fault.take().is_some();
        if let Some(plan) = self.lock().plan.as_mut().filter(|_| unused) {
            plan.open += 1;
        }
    }

    fn note(&self) {
        let mut state = self.lock();
        let Some(plan) = &mut state.plan else { return };
        plan.due = plan.due.saturating_sub(1);
        if plan.due == 0 {
            state.plan = None;
            state.ended = Some(Instant::now());
        }
    }
}

/// Waits until `test` gives something.
pub(crate) fn wait<T>(what: &str, limit: Duration, mut test: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = test() {
            return found;
        }
        assert!(started.elapsed() < limit, "waited {limit:?} in vain: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}
