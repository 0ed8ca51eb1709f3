//! Keeps channels running: one that fails is started again after a pause, the others never notice.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::channels::health::{Board, Health};
use crate::channels::{Channel, Error, csv, imap};
use crate::config::{self, ChannelKind};
use crate::intake::{Door, Refused};
use crate::lead::Name;
use crate::pipeline::Space;

/// The pause after a first failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest time between two attempts at a source that does not answer: however long it was away, its
/// channel is back within half a minute, also on a machine that is slow.
const LONGEST: Duration = Duration::from_secs(12);
/// The longest pause where the source itself asks to be left alone.
const BUSY: Duration = Duration::from_mins(5);
/// The pause after a refusal (wrong password): more attempts would lock the account.
const REFUSED: Duration = Duration::from_mins(15);
/// The longest pause while only a folder cannot be opened: asking for it locks nothing.
const SHUT: Duration = Duration::from_mins(1);
/// The pause after the first refusal in a row: servers refuse what they took a minute ago when
/// something behind them is out of order.
const ONCE_MORE: Duration = Duration::from_secs(20);
/// The pause after the store's disk was found full, and between looks whether there is room again.
const FULL: Duration = Duration::from_secs(2);
/// A channel that ran this long has recovered: its next failure is a first one.
const STEADY: Duration = Duration::from_mins(1);

/// The running channels.
pub(super) struct Supervisor {
    door: Door,
    board: Board,
    space: Arc<Space>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    running: HashMap<Name, Running>,
}

struct Running {
    settings: config::Channel,
    stop: CancellationToken,
    /// Cancelled once the channel has let go of its source.
    gone: CancellationToken,
}

impl Supervisor {
    /// A supervisor of nothing yet; `stop` ends all it will ever start.
    pub(super) fn new(door: Door, board: Board, space: Arc<Space>, stop: CancellationToken) -> Self {
        Self { door, board, space, stop, tasks: JoinSet::new(), running: HashMap::new() }
    }

    /// Starts what is new, stops what is gone, restarts what changed; the rest runs on.
    pub(super) fn apply(&mut self, channels: &[config::Channel]) {
        let kept = |name: &Name, running: &Running| {
            channels.iter().any(|channel| channel.name == *name && *channel == running.settings)
        };
        let mut leaving = HashMap::new();
        for (name, running) in &self.running {
            if !kept(name, running) {
                running.stop.cancel();
                self.board.remove(name);
                leaving.insert(name.clone(), running.gone.clone());
            }
        }
        self.running.retain(|name, running| kept(name, running));
        for settings in channels {
            if !self.running.contains_key(&settings.name) {
                self.start(settings, leaving.get(&settings.name));
            }
        }
        while self.tasks.try_join_next().is_some() {}
    }

    /// Starts a channel once its predecessor is gone: two at one source would take each item twice.
    fn start(&mut self, settings: &config::Channel, predecessor: Option<&CancellationToken>) {
        let (stop, gone) = (self.stop.child_token(), CancellationToken::new());
        let name = settings.name.clone();
        let kind = settings.kind.as_str();
        let parts: Vec<(Arc<dyn Channel>, Health)> = match &settings.kind {
            ChannelKind::Imap(config) => self.folders(&name, config),
            ChannelKind::Csv(config) => {
                let health = self.board.channel(&name, kind);
                vec![(Arc::new(csv::Folder::new(name.clone(), config.clone())), health)]
            }
            // The listener serves all webhooks.
            ChannelKind::Webhook(_) => {
                self.board.channel(&name, kind).ok();
                gone.cancel();
                self.running.insert(name, Running { settings: settings.clone(), stop, gone });
                return;
            }
        };
        // Dropped by the last part.
        let leave = Arc::new(gone.clone().drop_guard());
        for (channel, health) in parts {
            let (door, space, token) = (self.door.clone(), Arc::clone(&self.space), stop.clone());
            let (predecessor, leave) = (predecessor.cloned(), Arc::clone(&leave));
            self.tasks.spawn(async move {
                if let Some(predecessor) = predecessor {
                    predecessor.cancelled().await;
                }
                keep_running(channel.as_ref(), &door, &space, &health, &token).await;
                drop(leave);
            });
        }
        self.running.insert(name, Running { settings: settings.clone(), stop, gone });
    }

    /// The folders of a mailbox: each runs by itself, and none waits for another.
    fn folders(&self, name: &Name, config: &imap::Config) -> Vec<(Arc<dyn Channel>, Health)> {
        let health = self.board.channel(name, "imap");
        let folders = imap::Mailbox::of_each_folder(name.clone(), config);
        let alone = folders.len() == 1;
        let part = |folder: imap::Mailbox| -> (Arc<dyn Channel>, Health) {
            let health = if alone { health.clone() } else { health.folder(folder.folder()) };
            (Arc::new(folder), health)
        };
        folders.into_iter().map(part).collect()
    }

    /// Stops all channels and waits until each has let go of its source.
    pub(super) async fn close(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn keep_running(channel: &dyn Channel, door: &Door, space: &Space, health: &Health, stop: &CancellationToken) {
    let (mut pause, mut refusals, mut was_shut) = (FIRST, 0_u32, false);
    while !stop.is_cancelled() {
        let started = Instant::now();
        let result = AssertUnwindSafe(channel.run(door, health, stop)).catch_unwind().await;
        if stop.is_cancelled() {
            return;
        }
        let refused = matches!(result, Ok(Err(Error::Refused { .. } | Error::Shut { .. })));
        let shut = matches!(result, Ok(Err(Error::Shut { .. })));
        let full = matches!(result, Ok(Err(Error::Intake(Refused::Full { .. }))));
        let longest = if matches!(result, Ok(Err(Error::Busy { .. }))) { BUSY } else { LONGEST };
        // A login that is refused after a folder was is a first one, and the other way round.
        let before = if shut == was_shut { refusals } else { 0 };
        refusals = if refused { before.saturating_add(1) } else { 0 };
        was_shut = shut;
        let trouble = match result {
            Ok(Ok(())) => "it ended by itself".to_owned(),
            Ok(Err(error)) => error.in_full(),
            Err(_) => "a fault in lotse".to_owned(),
        };
        if started.elapsed() > STEADY {
            pause = FIRST;
        }
        let wait = match refusals {
            0 if longest == BUSY => jittered(pause),
            // An attempt that took its time was a pause, too.
            0 => jittered(pause.min(longest)).saturating_sub(started.elapsed()).max(jittered(FIRST)),
            1 => ONCE_MORE,
            _ if shut => SHUT,
            _ => REFUSED,
        };
        match () {
            () if shut => health.shut(&trouble),
            () if refused => health.refused(&trouble),
            () => health.trouble(&trouble),
        }
        if full {
            tracing::warn!(channel = %channel.name(), error = %trouble, again_in = ?FULL, "a channel waits for room on the disk");
            let room = wait_for_room(space);
            if stop.run_until_cancelled(room).await.is_none() {
                return;
            }
            continue;
        }
        tracing::warn!(channel = %channel.name(), folder = health.of_folder(), error = %trouble, again_in = ?wait, "a channel is in trouble");
        pause = (pause * 2).min(longest);
        health.waits(wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = health.called() => {}
            () = stop.cancelled() => return,
        }
        health.tries();
    }
}

/// Returns when items may come in again: the source is left in peace until then.
async fn wait_for_room(space: &Space) {
    loop {
        tokio::time::sleep(jittered(FULL)).await;
        if space.for_items(0).is_ok() {
            return;
        }
    }
}

/// Between three quarters and five quarters of `pause`, so that many clients do not come back at once.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.75 + rand::random::<f64>() / 2.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::channels::Running;
    use crate::normalize::{Reader, Readers};

    /// What a channel does when it is started.
    #[derive(Clone, Copy)]
    enum Act {
        Panic,
        Fail,
        Refuse,
        /// A folder cannot be opened.
        Shut,
        /// The source asks for peace.
        Busy,
        /// The source says nothing for so long.
        Silent(Duration),
        /// Works for so long, then fails.
        Work(Duration),
        /// Works until told to stop.
        Run,
    }

    /// A channel that acts as told, and notes when it was started.
    struct Scripted {
        name: Name,
        act: Act,
        starts: Mutex<Vec<Instant>>,
    }

    impl Scripted {
        fn new(act: Act) -> Self {
            Self { name: Name::parse("scripted").unwrap(), act, starts: Mutex::default() }
        }

        /// Seconds between one start and the next.
        fn pauses(&self) -> Vec<f64> {
            let starts = self.starts.lock().unwrap();
            starts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect()
        }
    }

    impl Channel for Scripted {
        fn name(&self) -> &Name {
            &self.name
        }

        fn run<'a>(&'a self, _: &'a Door, health: &'a Health, stop: &'a CancellationToken) -> Running<'a> {
            Box::pin(async move {
                self.starts.lock().unwrap().push(Instant::now());
                let failed = Error::Unreachable { doing: "reading".into(), source: "it broke off".into() };
                match self.act {
                    Act::Panic => panic!("a fault for the test"),
                    Act::Fail => Err(failed),
                    Act::Refuse => Err(Error::Refused { doing: "logging in".into(), answer: "no".into() }),
                    Act::Shut => Err(Error::Shut { doing: "opening".into(), answer: "no".into() }),
                    Act::Busy => Err(Error::Busy { doing: "logging in".into(), source: "too many".into() }),
                    Act::Silent(time) => {
                        let stopped = stop.run_until_cancelled(tokio::time::sleep(time)).await.is_none();
                        if stopped { Ok(()) } else { Err(failed) }
                    }
                    Act::Work(time) => {
                        health.ok();
                        let stopped = stop.run_until_cancelled(tokio::time::sleep(time)).await.is_none();
                        if stopped { Ok(()) } else { Err(failed) }
                    }
                    Act::Run => {
                        health.ok();
                        stop.cancelled().await;
                        Ok(())
                    }
                }
            })
        }
    }

    /// Keeps these channels running for a while; gives their states.
    async fn keep(channels: &[&Scripted], time: Duration) -> Vec<(&'static str, Option<String>)> {
        let settings = crate::config::parse("", None).config.unwrap();
        let (door, _queue) = Door::new(Readers::start(Reader::new(&settings)));
        let space = Space::new(std::path::Path::new("/"), 0);
        let (boards, stop): (Vec<Board>, _) =
            (channels.iter().map(|_| Board::default()).collect(), CancellationToken::new());
        let kept = channels.iter().zip(&boards).map(|(channel, board)| {
            let health = board.channel(&channel.name, "csv");
            let (door, space, stop) = (&door, &space, &stop);
            async move { keep_running(*channel, door, space, &health, stop).await }
        });
        let end = async {
            tokio::time::sleep(time).await;
            let states = boards.iter().flat_map(|board| board.states().into_values());
            let states = states.map(|state| (state.state, state.last_error)).collect();
            let stopped = Instant::now();
            stop.cancel();
            (states, stopped)
        };
        let (_, (states, stopped)) = tokio::join!(futures_util::future::join_all(kept), end);
        assert!(stopped.elapsed() < Duration::from_secs(1), "a stop does not wait for a pause");
        states
    }

    fn about(pauses: &[f64], nominal: &[f64]) {
        assert!(pauses.len() >= nominal.len(), "{pauses:?}");
        for (pause, nominal) in pauses.iter().zip(nominal) {
            assert!((nominal * 0.75..=nominal * 1.25 + 0.1).contains(pause), "{pauses:?}, not {nominal:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_that_fails_or_panics_is_started_again_less_and_less_often_and_the_others_go_on() {
        let [panics, fails, runs] = [Act::Panic, Act::Fail, Act::Run].map(Scripted::new);
        let states = keep(&[&panics, &fails, &runs], Duration::from_hours(1)).await;
        for channel in [&panics, &fails] {
            about(&channel.pauses(), &[1.0, 2.0, 4.0, 8.0, 12.0, 12.0, 12.0, 12.0]);
        }
        assert_eq!(states[0], ("trouble", Some("a fault in lotse".to_owned())));
        assert_eq!(states[1], ("trouble", Some("reading: it broke off".to_owned())));
        assert_eq!(states[2], ("ok", None));
        assert_eq!(runs.starts.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_asks_for_peace_gets_it_and_one_that_is_silent_is_found_again_within_half_a_minute() {
        let (busy, silent) = (Scripted::new(Act::Busy), Scripted::new(Act::Silent(Duration::from_secs(10))));
        keep(&[&busy, &silent], Duration::from_hours(1)).await;
        about(&busy.pauses(), &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]);
        let pauses = silent.pauses();
        assert!(pauses.iter().all(|pause| (10.7..17.0).contains(pause)), "from attempt to attempt: {pauses:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_that_waits_says_until_when_and_tries_at_once_when_it_is_called() {
        let (refused, settings) = (Scripted::new(Act::Refuse), crate::config::parse("", None).config.unwrap());
        let (door, _queue) = Door::new(Readers::start(Reader::new(&settings)));
        let (space, board, stop) =
            (Space::new(std::path::Path::new("/"), 0), Board::default(), CancellationToken::new());
        let health = board.channel(&refused.name, "imap");
        let caller = async {
            tokio::time::sleep(Duration::from_mins(1)).await;
            let next = board.states().remove(&refused.name).unwrap().next_try;
            let wait = next.map(|next| next.duration_since(jiff::Timestamp::now()).as_secs());
            board.call();
            tokio::time::sleep(Duration::from_millis(1)).await;
            stop.cancel();
            wait
        };
        let (wait, ()) = tokio::join!(caller, keep_running(&refused, &door, &space, &health, &stop));
        // The clock on the wall does not know of the minute.
        assert!(wait.is_some_and(|wait| (890..=900).contains(&wait)), "{wait:?}");
        about(&refused.pauses(), &[20.0, 40.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_that_is_refused_waits_long_and_one_that_worked_for_a_while_begins_anew() {
        let (refused, shut) = (Scripted::new(Act::Refuse), Scripted::new(Act::Shut));
        let works = Scripted::new(Act::Work(Duration::from_mins(10)));
        keep(&[&refused, &shut, &works], Duration::from_hours(1)).await;
        about(&refused.pauses(), &[20.0, 900.0, 900.0, 900.0]);
        about(&shut.pauses(), &[20.0, 60.0, 60.0, 60.0]);
        assert!(works.pauses().iter().all(|pause| *pause < 602.0), "{:?}", works.pauses());
    }
}
