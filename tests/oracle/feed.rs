//! The feeders: three sorts of senders at once, each as careful as a good sender is.
//!
//! A poster repeats a post until it has a receipt, with the same key or the same content; at times
//! it sends an old one again. Files and mails are left where they have to be taken from, and at
//! times an old one is put there again.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Scope, sleep};
use std::time::{Duration, Instant};

use crate::house::Doors;
use crate::input::{Input, Way, chance};
use crate::record::Record;
use crate::support::http;
use crate::wire::{self, Post};

/// How much is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Posters at once.
    pub(crate) posters: usize,
    /// Longest pause of a poster between two posts.
    pub(crate) pause: Duration,
    /// One mail in this time.
    pub(crate) mail_every: Duration,
    /// Files are written while fewer posts and rows than this are in flight.
    pub(crate) in_flight: usize,
    /// New mails and posts for each life of the daemon.
    pub(crate) a_life: usize,
}

/// A poster that cannot get its receipt for so long gives up, and the checks say what is missing.
const PATIENCE: Duration = Duration::from_secs(30);
/// Content without a key is a repetition for ten minutes; older posts are not sent again.
const MEMORY: Duration = Duration::from_mins(8);

/// All who send, and what they could send again.
pub(crate) struct Feed<'a> {
    doors: Arc<Doors<'a>>,
    pub(crate) record: &'a Record,
    posts: Mutex<Vec<(Instant, Post)>>,
    mails: Mutex<Vec<String>>,
    files: Mutex<Vec<(Instant, Vec<Input>)>>,
    /// Files that lie in the folder, with their rows.
    pending: Mutex<BTreeMap<String, Vec<Input>>>,
    names: AtomicUsize,
    repeated_mails: AtomicUsize,
    /// How many mails and posts may still be issued.
    allowed: AtomicUsize,
    stop: AtomicBool,
}

impl<'a> Feed<'a> {
    pub(crate) fn new(doors: Arc<Doors<'a>>, record: &'a Record) -> Self {
        Self {
            doors,
            record,
            posts: Mutex::default(),
            mails: Mutex::default(),
            files: Mutex::default(),
            pending: Mutex::default(),
            names: AtomicUsize::new(0),
            repeated_mails: AtomicUsize::new(0),
            allowed: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        }
    }

    /// Starts all senders.
    pub(crate) fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, load: Load) {
        for poster in 0..load.posters {
            scope.spawn(move || self.keep_posting(poster as u64, load.pause));
        }
        scope.spawn(move || self.keep_mailing(load.mail_every));
        scope.spawn(move || self.keep_filing(load.in_flight));
    }

    /// Allows so many new mails and posts from now on.
    pub(crate) fn allow(&self, inputs: usize) {
        self.allowed.store(inputs, Ordering::Relaxed);
    }

    /// Takes as many as are allowed of so many new ones.
    fn allowed(&self, wanted: usize) -> usize {
        let take = |left: usize| Some(left.saturating_sub(wanted));
        self.allowed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).map_or(0, |left| left.min(wanted))
    }

    /// Lets the senders finish what they have begun.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Mails that were delivered a second time.
    pub(crate) fn repeated_mails(&self) -> usize {
        self.repeated_mails.load(Ordering::Relaxed)
    }

    fn keep_posting(&self, poster: u64, pause: Duration) {
        for turn in 0.. {
            if self.stopped() {
                return;
            }
            let luck = chance(turn, 1000 + poster);
            match self.old_post(luck) {
                Some(post) if luck.is_multiple_of(8) => self.post(&post),
                _ if luck.is_multiple_of(3) => {
                    self.fresh_array(self.allowed(2 + usize::try_from(luck / 3 % 12).unwrap()));
                }
                _ if self.allowed(1) == 1 => self.post(&self.fresh_post()),
                _ => {}
            }
            let pause = u64::try_from(pause.as_micros()).unwrap();
            sleep(Duration::from_micros(chance(turn, 2000 + poster) % (pause + 1)));
        }
    }

    fn fresh_array(&self, inputs: usize) {
        if inputs > 0 {
            let inputs = (0..inputs).map(|_| self.record.issue(Way::Array)).collect();
            self.post(&self.keep(wire::array(inputs)));
        }
    }

    /// A new post of one input.
    pub(crate) fn fresh_post(&self) -> Post {
        self.keep(wire::post(self.record.issue(Way::Post)))
    }

    fn keep(&self, post: Post) -> Post {
        self.record.sent(post.body.len());
        self.posts.lock().unwrap().push((Instant::now(), post.clone()));
        post
    }

    fn old_post(&self, luck: u64) -> Option<Post> {
        let posts = self.posts.lock().unwrap();
        let (sent, post) = posts.get(usize::try_from(luck / 8).unwrap() % posts.len().max(1))?;
        is_known(sent, post).then(|| post.clone())
    }

    /// Posts until there is a receipt for every input, and writes down which.
    pub(crate) fn post(&self, post: &Post) {
        let path = format!("/hooks/{}", self.doors.site);
        let mut headers = vec![format!("Content-Type: {}", post.content_type)];
        headers.extend(post.key.as_ref().map(|key| format!("Idempotency-Key: {key}")));
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            match http::request(self.doors.public(), "POST", &path, &headers, post.body.as_bytes()) {
                Ok(answer) if answer.status == 200 => return self.receipts(post, &answer.body),
                // 404: a port that was ours is another daemon's by now.
                Ok(answer) if !matches!(answer.status, 404 | 503) => panic!("a post was refused: {answer:?}"),
                _ => sleep(Duration::from_millis(20)),
            }
        }
    }

    fn receipts(&self, post: &Post, body: &str) {
        let answer: serde_json::Value = serde_json::from_str(body).unwrap();
        let one = std::slice::from_ref(&answer);
        let receipts = answer.as_array().map_or(one, Vec::as_slice);
        assert_eq!(receipts.len(), post.inputs.len(), "receipts for a post of {} inputs", post.inputs.len());
        for (input, receipt) in post.inputs.iter().zip(receipts) {
            self.record.acknowledge(input, Some(receipt["receipt"].as_str().unwrap()));
        }
    }

    fn keep_mailing(&self, every: Duration) {
        for turn in 0_u64.. {
            if self.stopped() {
                return;
            }
            if self.allowed(1) == 1 {
                self.mail();
                if turn % 10 == 9 {
                    self.mail_again(usize::try_from(chance(turn, 3) % turn).unwrap());
                }
            }
            sleep(every);
        }
    }

    /// Delivers a new mail.
    pub(crate) fn mail(&self) {
        let mail = wire::mail(&self.record.issue(Way::Mail));
        self.record.sent(mail.len());
        self.doors.dovecot.deliver(&self.doors.user, mail.as_bytes());
        self.mails.lock().unwrap().push(mail);
    }

    fn mail_again(&self, index: usize) {
        let Some(mail) = self.mails.lock().unwrap().get(index).cloned() else { return };
        self.doors.dovecot.deliver(&self.doors.user, format!("Received: from elsewhere\r\n{mail}").as_bytes());
        self.repeated_mails.fetch_add(1, Ordering::Relaxed);
    }

    /// Rows keep enough in flight, whatever else is allowed.
    fn keep_filing(&self, in_flight: usize) {
        for turn in 0_u64.. {
            self.look_for_done();
            if self.stopped() {
                return;
            }
            if self.record.in_flight() < in_flight {
                self.file(5 + chance(turn, 4) % 40);
                if turn % 6 == 5 {
                    self.file_again(usize::try_from(chance(turn, 5) % (turn + 1)).unwrap());
                }
            }
            sleep(Duration::from_millis(5));
        }
    }

    /// Puts a file of new rows into the folder.
    pub(crate) fn file(&self, rows: u64) {
        let inputs: Vec<Input> = (0..rows).map(|_| self.record.issue(Way::Row)).collect();
        self.record.sent(wire::file(&inputs).len());
        self.put(&inputs);
        self.files.lock().unwrap().push((Instant::now(), inputs));
    }

    fn file_again(&self, index: usize) {
        let file = self.files.lock().unwrap().get(index).cloned();
        if let Some((_, inputs)) = file {
            self.put(&inputs);
        }
    }

    fn put(&self, inputs: &[Input]) {
        let name = format!("messe-{}.csv", self.names.fetch_add(1, Ordering::Relaxed));
        let (aside, path) = (self.doors.fairs.join(format!(".{name}")), self.doors.fairs.join(&name));
        self.pending.lock().unwrap().insert(name, inputs.to_vec());
        fs::write(&aside, wire::file(inputs)).unwrap();
        fs::rename(aside, path).unwrap();
    }

    /// Sends some of the oldest again: what was taken before several restarts has to be known.
    pub(crate) fn repeat_the_oldest(&self) {
        let posts: Vec<Post> = {
            let posts = self.posts.lock().unwrap();
            posts.iter().filter(|(sent, post)| is_known(sent, post)).take(10).map(|(_, post)| post.clone()).collect()
        };
        for post in &posts {
            self.post(post);
        }
        (0..5).for_each(|index| self.mail_again(index));
        (0..3).for_each(|index| self.file_again(index));
    }

    /// Acknowledges the rows of files that lie in `done/`; says how many files are still waiting.
    pub(crate) fn look_for_done(&self) -> usize {
        let mut pending = self.pending.lock().unwrap();
        let done = self.doors.fairs.join("done");
        pending.retain(|name, inputs| {
            let taken = done.join(name).exists();
            if taken {
                for input in inputs.iter() {
                    self.record.acknowledge(input, None);
                }
            }
            !taken
        });
        pending.len()
    }
}

/// Whether a post that is sent again has to be recognised.
fn is_known(sent: &Instant, post: &Post) -> bool {
    post.key.is_some() || sent.elapsed() < MEMORY
}
