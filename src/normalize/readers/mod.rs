//! Threads that read items: their stacks are big enough for any nesting that the bounds let pass,
//! and a panic costs one item, which is then [`Reading::Unclear`].
//!
//! What may end the whole process in spite of that is read in another one: see [`marks`] for how it
//! is recognised, [`apart`] for how it is read.

pub mod apart;
mod marks;
mod suspects;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use self::apart::{Depth, Failure, read_apart};
pub use self::marks::Marks;
use self::marks::{Fingerprint, fingerprint};
use self::suspects::Standing;
use super::identity;
use super::text::shorten;
use super::{Reader, Trust, plain};
use crate::intake::Prepared;
use crate::lead::{Content, Fit, Identity, Inbound, Reading};

/// Bytes of stack of one thread; only what is used is memory.
const STACK: usize = 256 << 20;

/// Threads that read, on any machine: two read faster than one writer stores, and each keeps some megabytes of
/// its own (states of expressions).
const THREADS: usize = 2;
const _: () = assert!(THREADS <= marks::SLOTS, "each thread has a slot of its own");

/// Items that may wait for a thread; more make the sender wait.
const QUEUE: usize = 256;

/// Characters of an item that is released although not even its text can be read.
const EXCERPT: usize = 64 << 10;

/// A pool of reading threads, and one more for suspects. They end when the pool is dropped.
#[derive(Debug)]
pub struct Readers {
    reader: RwLock<Arc<Reader>>,
    queue: mpsc::Sender<Job>,
    suspects: mpsc::Sender<Job>,
}

#[derive(Debug)]
struct Job {
    inbound: Arc<Inbound>,
    trust: Trust,
    reader: Arc<Reader>,
    reply: oneshot::Sender<Answer>,
}

/// What a thread says.
#[derive(Debug)]
enum Answer {
    Read(Box<Understood>),
    /// Not on this thread: it would wait for another process.
    Suspect,
}

impl Readers {
    /// Starts the threads. Without marks: what ends the process once may do so again.
    #[must_use]
    pub fn start(reader: Reader) -> Arc<Self> {
        Self::start_with(reader, Marks::none())
    }

    /// The same, with marks of what is being read.
    #[must_use]
    pub fn start_with(reader: Reader, marks: Marks) -> Arc<Self> {
        let marks = Arc::new(marks);
        let (queue, jobs) = mpsc::channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..THREADS {
            let (jobs, marks) = (Arc::clone(&jobs), Arc::clone(&marks));
            spawn(format!("reader-{number}"), move || work(&jobs, &marks, number));
        }
        let (suspects, jobs) = mpsc::channel(QUEUE);
        spawn("suspects".into(), move || examine(jobs, &marks));
        Arc::new(Self { reader: RwLock::new(Arc::new(reader)), queue, suspects })
    }

    /// Reads with other settings from now on.
    pub fn replace(&self, reader: Reader) {
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(reader);
    }

    /// The settings by which is read now.
    #[must_use]
    pub fn reader(&self) -> Arc<Reader> {
        Arc::clone(&self.reader.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads one item on one of the threads.
    pub async fn read(&self, inbound: Inbound, trust: Trust) -> Prepared {
        self.answered(self.hand_in(inbound, trust).await).await
    }

    /// Hands an item to the threads; [`Self::answered`] waits for what it says. Of many that were handed in, each
    /// wakes its waiter only when it is its turn.
    pub async fn hand_in(&self, inbound: Inbound, trust: Trust) -> Handed {
        let reader = self.reader();
        let inbound = Arc::new(inbound);
        let answer = ask(&self.queue, &inbound, trust, &reader).await;
        Handed { inbound, trust, reader, answer }
    }

    /// What an item says that was handed in.
    pub async fn answered(&self, handed: Handed) -> Prepared {
        let Handed { inbound, trust, reader, answer } = handed;
        let mut answer = heard(answer).await;
        if let Ok(Answer::Suspect) = answer {
            answer = heard(ask(&self.suspects, &inbound, trust, &reader).await).await;
        }
        let Understood { identity, reading, template } = match answer {
            Ok(Answer::Read(understood)) => *understood,
            Ok(Answer::Suspect) => failed(&reader, &inbound, trust, "a suspect was not read"),
            Err(Unheard::Unanswered) => failed(&reader, &inbound, trust, "the reading thread ended"),
            // No thread could be started.
            Err(Unheard::NoThread) => read(&reader, &inbound, trust),
        };
        Prepared { inbound: Arc::unwrap_or_clone(inbound), identity, reading, template }
    }
}

/// An item that waits for its reader.
#[derive(Debug)]
pub struct Handed {
    inbound: Arc<Inbound>,
    trust: Trust,
    reader: Arc<Reader>,
    /// `None` where no thread takes it.
    answer: Option<oneshot::Receiver<Answer>>,
}

/// What reading an item gives.
#[derive(Debug, Serialize, Deserialize)]
struct Understood {
    identity: Identity,
    reading: Reading,
    template: Option<Fit>,
}

impl Understood {
    /// Of no template.
    fn new(identity: Identity, reading: Reading) -> Self {
        Self { identity, reading, template: None }
    }
}

/// Why no thread has answered.
enum Unheard {
    NoThread,
    Unanswered,
}

async fn ask(
    queue: &mpsc::Sender<Job>,
    inbound: &Arc<Inbound>,
    trust: Trust,
    reader: &Arc<Reader>,
) -> Option<oneshot::Receiver<Answer>> {
    let (reply, answer) = oneshot::channel();
    let job = Job { inbound: Arc::clone(inbound), trust, reader: Arc::clone(reader), reply };
    queue.send(job).await.ok().map(|()| answer)
}

async fn heard(answer: Option<oneshot::Receiver<Answer>>) -> Result<Answer, Unheard> {
    answer.ok_or(Unheard::NoThread)?.await.map_err(|_| Unheard::Unanswered)
}

fn spawn(name: String, doing: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name(name).stack_size(STACK).spawn(doing) {
        tracing::error!(%error, "cannot start a reading thread; items are read where they arrive if there is none");
    }
}

/// Reads items until the pool is dropped.
fn work(jobs: &Mutex<mpsc::Receiver<Job>>, marks: &Marks, slot: usize) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(Job { inbound, trust, reader, reply }) = job else { return };
        let item = fingerprint(&inbound);
        let answer = match (marks.standing(&item), trust) {
            (Standing::Unknown, _) => {
                let _mark = marks.set(slot, &item);
                Answer::Read(Box::new(read(&reader, &inbound, trust)))
            }
            (Standing::Condemned(why), Trust::Usual) => {
                let reading = Reading::Unclear(set_aside(&why));
                Answer::Read(Box::new(Understood::new(identity::of_bytes(&inbound), reading)))
            }
            _ => Answer::Suspect,
        };
        // Given back before the answer, so that the bytes are not copied.
        drop(inbound);
        // Nobody waits any more: the sender has gone away and will try again.
        drop(reply.send(answer));
    }
}

/// Reads suspects, one after the other, each in a process of its own, until the pool is dropped.
fn examine(mut jobs: mpsc::Receiver<Job>, marks: &Marks) {
    while let Some(Job { inbound, trust, reader, reply }) = jobs.blocking_recv() {
        let understood = match (marks.standing(&fingerprint(&inbound)), trust) {
            // Another copy that came before it has shown what it is.
            (Standing::Condemned(why), Trust::Usual) => {
                Understood::new(identity::of_bytes(&inbound), Reading::Unclear(set_aside(&why)))
            }
            _ => with_care(&reader, &inbound, trust, marks),
        };
        drop(inbound);
        drop(reply.send(Answer::Read(Box::new(understood))));
    }
}

/// Reads a suspect in another process, and notes what it is.
fn with_care(reader: &Reader, inbound: &Inbound, trust: Trust, marks: &Marks) -> Understood {
    let item: Fingerprint = fingerprint(inbound);
    let why = match read_apart(reader, inbound, trust, Depth::Whole) {
        Ok(answer) => {
            // A person may have released one that was condemned.
            marks.learn(&item, Standing::Suspect);
            return answer;
        }
        Err(Failure::Deadly(why)) => {
            tracing::warn!(channel = %inbound.channel, source = %inbound.source, %why, "an item is set aside: reading it is dangerous");
            marks.learn(&item, Standing::Condemned(why.clone()));
            why
        }
        Err(failure) => {
            tracing::warn!(channel = %inbound.channel, source = %inbound.source, %failure, "a suspect could not be read");
            failure.to_string()
        }
    };
    match trust {
        Trust::Usual => Understood::new(identity::of_bytes(inbound), Reading::Unclear(set_aside(&why))),
        Trust::Released => read_apart(reader, inbound, trust, Depth::Text).unwrap_or_else(|_| {
            Understood::new(identity::of_bytes(inbound), Reading::Lead(Box::new(excerpt(inbound, &why))))
        }),
    }
}

/// The reason in the ledger.
fn set_aside(why: &str) -> String {
    format!("set aside without being read: {why}; to make it a lead all the same: `lotse intake release ID`")
}

/// The start of an item of which not even the text can be read, as it stands.
fn excerpt(inbound: &Inbound, why: &str) -> Content {
    let bytes = &inbound.original.bytes;
    let raw = String::from_utf8_lossy(&bytes[..bytes.len().min(EXCERPT)]);
    let text: String = raw.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    Content {
        text: (!text.trim().is_empty()).then_some(text),
        problems: vec![format!("nothing of it was read: {why}")],
        ..Content::default()
    }
}

fn read(reader: &Reader, inbound: &Inbound, trust: Trust) -> Understood {
    let whole = || {
        let (reading, template) = reader.read_by_template(inbound, trust);
        Understood { identity: reader.identity(inbound), reading, template }
    };
    contained(whole).unwrap_or_else(|why| failed(reader, inbound, trust, &why))
}

/// What becomes of an item that could not be read at all.
fn failed(reader: &Reader, inbound: &Inbound, trust: Trust, why: &str) -> Understood {
    let why = format!("reading failed: {}", shorten(why, 200));
    let identity = contained(|| reader.identity(inbound)).unwrap_or_else(|_| identity::of_bytes(inbound));
    let reading = match trust {
        Trust::Usual => Reading::Unclear(why),
        Trust::Released => {
            let raw = |_| plain(&String::from_utf8_lossy(&inbound.original.bytes), &why);
            Reading::Lead(Box::new(contained(|| reader.as_text(inbound, &why)).unwrap_or_else(raw)))
        }
    };
    Understood::new(identity, reading)
}

/// The result, or what a panic said.
fn contained<T>(doing: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(doing)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        said.unwrap_or("a panic without a message").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::lead::{Delivery, Kind, Name, Original};

    fn reader(country: &str) -> Reader {
        Reader { country: country.into(), ..Reader::default() }
    }

    fn form(body: &str) -> Inbound {
        Inbound {
            channel: Name::parse("website").unwrap(),
            kind: Kind::Form,
            received_at: Timestamp::UNIX_EPOCH,
            source: "test".into(),
            delivery: Delivery::Unique,
            original: Original { content_type: "application/json".into(), bytes: body.into(), ..Original::default() },
            place: None,
            quiet: false,
        }
    }

    fn phone(prepared: &Prepared) -> String {
        let Reading::Lead(content) = &prepared.reading else { panic!("{:?}", prepared.reading) };
        content.person.phones[0].to_string()
    }

    #[tokio::test]
    async fn new_settings_count_from_the_next_item_on() {
        let readers = Readers::start(reader("DE"));
        let body = r#"{"phone":"06 12 34 56 78"}"#;
        readers.replace(reader("FR"));
        let prepared = readers.read(form(body), Trust::Usual).await;
        assert_eq!((phone(&prepared).as_str(), &*prepared.inbound.original.bytes), ("+33612345678", body.as_bytes()));
    }

    #[tokio::test]
    async fn many_items_are_read_at_once_and_each_gets_its_own_answer() {
        let readers = Readers::start(reader("DE"));
        let bodies: Vec<String> = (0..500).map(|n| format!(r#"{{"phone":"030 12345{n:03}"}}"#)).collect();
        let all = bodies.iter().map(|body| readers.read(form(body), Trust::Usual));
        for (n, prepared) in futures_util::future::join_all(all).await.iter().enumerate() {
            assert_eq!(phone(prepared), format!("+493012345{n:03}"));
        }
    }

    #[test]
    fn a_panic_costs_one_item_and_a_released_one_is_still_a_lead() {
        let why = contained(|| -> () { panic!("at byte {}", 7) }).unwrap_err();
        let inbound = form("write to max@firma.example");
        let Understood { reading, .. } = failed(&reader("DE"), &inbound, Trust::Usual, &why);
        assert_eq!(reading, Reading::Unclear("reading failed: at byte 7".into()));
        let Understood { reading, .. } = failed(&reader("DE"), &inbound, Trust::Released, &why);
        let Reading::Lead(content) = reading else { panic!("{reading:?}") };
        assert_eq!(
            (content.text.as_deref(), content.person.emails[0].as_str()),
            (Some("write to max@firma.example"), "max@firma.example")
        );
    }
}
