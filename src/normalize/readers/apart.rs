//! Reading an item in a process of its own, so that nothing it does to its reader touches this one.
//!
//! The child is this very program, with the hidden command `read-apart`: the item on standard input, what it
//! says on standard output, both as MessagePack in memory files, so that neither side can wait for the
//! other. The child limits itself before it looks at a byte: memory, processor time, size of the answer, no
//! core dump; it dies with its parent, and the parent ends it after `PATIENCE`.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Resource, Rlimit, Signal};
use serde::{Deserialize, Serialize};

use super::{STACK, Trust, Understood, contained, read};
use crate::lead::{Inbound, Name, Reading};
use crate::normalize::form::schema::Find;
use crate::normalize::{Reader, identity};

/// The hidden command of the child.
pub const COMMAND: &str = "read-apart";

/// How long the child may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Seconds of processor time it may take.
const SECONDS: u64 = 10;
/// Bytes of its address space: the program, the stack of the reading thread, and some 600 MiB for the item.
const MEMORY: u64 = 1 << 30;
/// Bytes of its answer.
const ANSWER: u64 = 256 << 20;
/// Between looks whether it has ended.
const LOOK: Duration = Duration::from_millis(2);

/// How the item is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Depth {
    /// As any other.
    Whole,
    /// Only its text, and the addresses and numbers in it.
    Text,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// There was no child, or it could not begin: nothing is known about the item.
    #[error("it could not be read in a process of its own: {0}")]
    NotTried(String),
    /// The item is to blame.
    #[error("{0}")]
    Deadly(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::NotTried(error.to_string())
    }
}

/// What the child is to do.
#[derive(Serialize)]
struct Task<'a> {
    reader: &'a Reader,
    schemas: HashMap<&'a Name, &'static str>,
    inbound: &'a Inbound,
    trust: Trust,
    depth: Depth,
}

/// The same, as the child gets it.
#[derive(Deserialize)]
struct Order {
    reader: Reader,
    schemas: HashMap<Name, String>,
    inbound: Inbound,
    trust: Trust,
    depth: Depth,
}

/// Reads an item in a process of its own; blocks until that has ended.
pub(super) fn read_apart(
    reader: &Reader,
    inbound: &Inbound,
    trust: Trust,
    depth: Depth,
) -> Result<Understood, Failure> {
    let wrong = |error: &dyn std::error::Error| Failure::NotTried(error.to_string());
    let mut question = memory_file()?;
    let mut writer = BufWriter::new(&mut question);
    let task = Task { reader, schemas: reader.schemas(), inbound, trust, depth };
    rmp_serde::encode::write_named(&mut writer, &task).map_err(|e| wrong(&e))?;
    writer.flush()?;
    drop(writer);
    question.rewind()?;
    let mut answer = memory_file()?;
    let status = run(question, answer.try_clone()?)?;
    if !status.success() {
        return Err(failure(status));
    }
    answer.rewind()?;
    rmp_serde::from_read(BufReader::new(answer)).map_err(|error| wrong(&error))
}

/// Starts the child and waits for its end, or makes it end.
fn run(question: File, answer: File) -> Result<ExitStatus, Failure> {
    // Not the path, behind which a newer version may lie by now.
    let mut child = Command::new("/proc/self/exe")
        .arg0("lotse")
        .arg(COMMAND)
        // Ctrl-C is for the parent.
        .process_group(0)
        .stdin(question)
        .stdout(answer)
        .stderr(Stdio::null())
        .spawn()?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if started.elapsed() > PATIENCE {
            return end(&mut child);
        }
        thread::sleep(LOOK);
    }
}

fn end(child: &mut Child) -> Result<ExitStatus, Failure> {
    child.kill()?;
    child.wait()?;
    Err(Failure::Deadly(format!("its reading did not end within {} s", PATIENCE.as_secs())))
}

/// What the end of a child means.
fn failure(status: ExitStatus) -> Failure {
    let is = |signals: &[Signal]| signals.iter().any(|signal| Some(signal.as_raw()) == status.signal());
    if is(&[Signal::XCPU, Signal::KILL]) {
        Failure::Deadly(format!("its reading takes more than {SECONDS} s of processor time, or all memory"))
    } else if is(&[Signal::ABORT, Signal::SEGV, Signal::BUS, Signal::ILL]) {
        Failure::Deadly(format!("its reading ends the process that does it ({status})"))
    } else if is(&[Signal::XFSZ]) {
        Failure::Deadly("its reading makes more of it than can be kept".to_owned())
    } else {
        // It was told to end, or could not begin: the item is not to blame.
        Failure::NotTried(format!("it ended with {status}"))
    }
}

/// A file in memory that nobody else sees.
fn memory_file() -> io::Result<File> {
    Ok(memfd_create("lotse-item", MemfdFlags::CLOEXEC)?.into())
}

/// The child's part, from the first to the last; `find` knows the providers' schemas by their names.
#[must_use]
pub(crate) fn main(find: Find) -> ExitCode {
    match limit_ourselves().and_then(|()| answer(find)) {
        Ok(()) => ExitCode::SUCCESS,
        // The parent says what is to be said, and the error may quote the item.
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer(find: Find) -> io::Result<()> {
    let mut question = Vec::new();
    io::stdin().lock().read_to_end(&mut question)?;
    let Order { reader, schemas, inbound, trust, depth } =
        rmp_serde::from_slice(&question).map_err(io::Error::other)?;
    let reader = reader.with_schemas(&schemas, find);
    drop(question);
    let work = move || match depth {
        Depth::Whole => read(&reader, &inbound, trust),
        Depth::Text => {
            let why = "its reading ends the process that does it";
            let identity = identity::of_bytes(&inbound);
            let text = contained(|| Reading::Lead(Box::new(reader.as_text(&inbound, why))));
            Understood::new(identity, text.unwrap_or_else(Reading::Unclear))
        }
    };
    // A panic is contained within.
    let reading = thread::Builder::new().name("reader-apart".into()).stack_size(STACK).spawn(work)?;
    let answer = reading.join().map_err(|_| io::Error::other("a panic"))?;
    let mut out = BufWriter::new(io::stdout().lock());
    rmp_serde::encode::write_named(&mut out, &answer).map_err(io::Error::other)?;
    out.flush()
}

/// Takes from this process what a hostile item could misuse.
fn limit_ourselves() -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    // When memory is short altogether, this process is to go and not the daemon.
    fs::write("/proc/self/oom_score_adj", "1000").ok();
    for (resource, most) in
        [(Resource::Core, 0), (Resource::As, MEMORY), (Resource::Cpu, SECONDS), (Resource::Fsize, ANSWER)]
    {
        let most = Some(rustix::process::getrlimit(resource).maximum.map_or(most, |hard| hard.min(most)));
        rustix::process::setrlimit(resource, Rlimit { current: most, maximum: most })?;
    }
    Ok(())
}
