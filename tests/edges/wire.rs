//! A mailbox behind a wire that breaks: after it heals, every mail has one outcome and one lead,
//! and the mailbox is as it was.
//!
//! The channel, the pipeline and the store are the real ones, in this process, so that hundreds of
//! breakages fit into a test. `LOTSE_EVERY_BYTE=1` cuts at every byte instead of every 32nd.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lotse::channels::Channel;
use lotse::channels::health::Board;
use lotse::channels::imap::Mailbox;
use lotse::config::{self, ChannelKind};
use lotse::daemon::Core;
use lotse::lead::{Name, Outcome};
use lotse::service::Service;
use lotse::store::{IntakeFilter, LeadFilter, Records};
use tempfile::TempDir;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::house::{SOON, TEAM, addresses, mail};
use crate::proxy::{At, Fault, How, Proxy};
use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;

/// Mails in each mailbox.
const MAILS: usize = 3;
/// Runs at the same time.
const TOGETHER: usize = 32;

fn mailbox(port: u16, user: &str, timeout: &str) -> String {
    format!(
        "[channels.sales]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nusername = \"{user}\"\n\
         password = \"secret\"\nstart = \"all\"\npoll = \"1s\"\ntimeout = \"{timeout}\"\n"
    )
}

/// A mailbox channel with the pipeline behind it; started again at once when it fails.
struct Line {
    service: Arc<Service>,
    board: Board,
    stop: CancellationToken,
    task: JoinHandle<Vec<String>>,
    _folder: TempDir,
}

impl Line {
    fn start(port: u16, user: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lotse.toml");
        std::fs::write(&file, format!("[store]\npath = \"store\"\n{}{TEAM}", mailbox(port, user, "2s"))).unwrap();
        let config = config::load(Some(&file)).config.unwrap();
        let core = Core::open(&config).unwrap();
        let (service, board, stop) = (core.service(), Board::default(), CancellationToken::new());
        let channel = config.channels.into_iter().next().unwrap();
        let ChannelKind::Imap(settings) = channel.kind else { panic!("a mailbox was configured") };
        let (door, token) = (service.door.clone(), stop.clone());
        let health = board.channel(&channel.name, "imap");
        let task = tokio::spawn(async move {
            let mailbox = Mailbox::new(channel.name, settings);
            let mut errors = Vec::new();
            while let Err(error) = mailbox.run(&door, &health, &token).await {
                health.trouble(&error.to_string());
                errors.push(error.to_string());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            errors
        });
        Self { service, board, stop, task, _folder: folder }
    }

    /// The addresses of all leads.
    fn leads(&self) -> Vec<String> {
        let leads = self.service.store.view(|view| view.leads(&LeadFilter::default(), None, 1000)).unwrap().items;
        let mut all: Vec<String> = leads.iter().map(|lead| lead.person.emails[0].to_string()).collect();
        all.sort();
        all
    }

    fn is_well(&self) -> bool {
        self.board.states().values().all(|state| state.state == "ok")
    }

    /// Waits until `test` holds; what the channel went through is in the message if it never does.
    async fn until(&self, what: &str, limit: Duration, test: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !test(self) {
            assert!(
                started.elapsed() < limit,
                "{what}: not within {limit:?}; {:?} {:?}",
                self.leads(),
                self.board.states()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops, and proves that each of the mails had one outcome and became one lead.
    async fn prove(self, what: &str, mails: usize) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.task).await.expect("the channel stops").unwrap();
        let rows = self.service.store.view(|view| view.intakes(&IntakeFilter::default(), None, 1000)).unwrap().items;
        let sources: BTreeSet<&str> = rows.iter().map(|row| row.source.as_str()).collect();
        assert_eq!((rows.len(), sources.len()), (mails, mails), "{what}: one row for each mail: {rows:#?}");
        assert!(rows.iter().all(|row| row.outcome == Outcome::Created), "{what}: {rows:#?}");
        let place = self.service.store.view(|view| view.place(&Name::parse("sales").unwrap(), "INBOX")).unwrap();
        assert!(place.as_ref().is_some_and(|place| place.ends_with(&format!(":{mails}"))), "{what}: {place:?}");
    }
}

fn expected(mails: usize) -> Vec<String> {
    (1..=mails).map(|n| format!("m{n}@mail{n}.example")).collect()
}

fn fill(dovecot: &Dovecot, user: &str) -> Vec<String> {
    for n in 1..=MAILS {
        dovecot.deliver(user, &mail(n));
    }
    dovecot.list(user)
}

/// What the server says in a session that nothing disturbs, up to the wait for news.
async fn record(dovecot: &Dovecot) -> Vec<u8> {
    fill(dovecot, "recorded");
    let proxy = Proxy::to(dovecot.plain_port(), |_| None);
    let line = Line::start(proxy.port(), "recorded");
    let idles = |_: &Line| proxy.recording().windows(6).any(|piece| piece == b"+ idli");
    line.until("an undisturbed session", SOON, |line| line.is_well() && idles(line)).await;
    line.prove("an undisturbed session", MAILS).await;
    let mut said = proxy.recording();
    let idle = said.windows(6).position(|piece| piece == b"+ idli").unwrap();
    said.truncate(idle + "+ idling\r\n".len());
    said
}

/// Breaks the first connection once in each of these ways, many at a time.
async fn survive(dovecot: &Dovecot, faults: Vec<Fault>) -> usize {
    let mut happened = 0;
    for (round, some) in faults.chunks(TOGETHER).enumerate() {
        let user = format!("u{:?}-{round}", some[0].1).to_lowercase();
        let before = fill(dovecot, &user);
        let runs: Vec<(Fault, Proxy)> = some
            .iter()
            .map(|&fault| {
                (fault, Proxy::to(dovecot.plain_port(), move |connection| (connection == 0).then_some(fault)))
            })
            .collect();
        let lines: Vec<Line> = runs.iter().map(|(_, proxy)| Line::start(proxy.port(), &user)).collect();
        for ((fault, proxy), line) in runs.iter().zip(&lines) {
            let again = |line: &Line| proxy.connections() > proxy.faults() && line.is_well();
            line.until(&format!("{fault:?}"), Duration::from_secs(30), |line| {
                line.leads() == expected(MAILS) && again(line)
            })
            .await;
        }
        assert_eq!(dovecot.list(&user), before, "the mailbox is as it was");
        dovecot.deliver(&user, &mail(MAILS + 1));
        let mut proofs = JoinSet::new();
        for ((fault, proxy), line) in runs.into_iter().zip(lines) {
            happened += proxy.faults();
            proofs.spawn(async move {
                let what = format!("{fault:?}");
                line.until(&what, SOON, |line| line.leads() == expected(MAILS + 1)).await;
                line.prove(&what, MAILS + 1).await;
            });
        }
        while let Some(proof) = proofs.join_next().await {
            proof.unwrap();
        }
    }
    happened
}

/// The numbers of the lines that are the server's own words, not a mail's text.
fn own_words(said: &[u8]) -> Vec<usize> {
    let lines = said.split_inclusive(|byte| *byte == b'\n').enumerate();
    let own = |line: &[u8]| [&b"* "[..], b"+ ", b"A0", b")"].iter().any(|start| line.starts_with(start));
    lines.filter(|(_, line)| own(line)).map(|(number, _)| number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_cut_anywhere_loses_and_doubles_nothing() {
    let (dovecot, started) = (Dovecot::start(), Instant::now());
    let said = record(&dovecot).await;
    let step = if std::env::var_os("LOTSE_EVERY_BYTE").is_some() { 1 } else { 32 };
    let lines = own_words(&said).into_iter().map(At::Line);
    let cuts: Vec<Fault> = (0..said.len()).step_by(step).map(At::Byte).chain(lines).map(|at| (at, How::Cut)).collect();
    let count = cuts.len();
    let happened = survive(&dovecot, cuts).await;
    println!("{count} cuts in {} bytes, {happened} came to pass, in {:?}", said.len(), started.elapsed());
    assert!(happened * 10 > count * 9, "{happened} of {count} cuts came to pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_falls_silent_or_garbles_at_any_line_loses_and_doubles_nothing() {
    let (dovecot, started) = (Dovecot::start(), Instant::now());
    let said = record(&dovecot).await;
    let lines = own_words(&said).into_iter();
    let stalls = lines.clone().map(At::Line).chain([At::Text("Please send us")]).map(|at| (at, How::Stall));
    let garbled = lines.map(|line| (At::Line(line), How::Garble));
    let (stalls, garbled): (Vec<Fault>, Vec<Fault>) = (stalls.collect(), garbled.collect());
    let (silent, spoilt) = (stalls.len(), garbled.len());
    let happened = survive(&dovecot, stalls).await + survive(&dovecot, garbled).await;
    println!("{silent} stalls and {spoilt} garbled lines, {happened} came to pass, in {:?}", started.elapsed());
    assert!(happened * 10 > (silent + spoilt) * 9);
}

#[test]
fn a_network_that_cuts_the_same_mail_again_and_again_delays_that_mail_and_no_other() {
    let dovecot = Dovecot::start();
    let before = fill(&dovecot, "sales");
    let broken = Arc::new(AtomicBool::new(true));
    let breaks = Arc::clone(&broken);
    let proxy = Proxy::to(dovecot.plain_port(), move |_| {
        breaks.load(Ordering::SeqCst).then_some((At::Text("* 2 FETCH (UID 2 BODY"), How::Cut))
    });
    let mut daemon = Daemon::with(&[&mailbox(proxy.port(), "sales", "1s"), TEAM].concat());
    daemon.start();
    daemon.until("the mails behind it flow", SOON, |daemon| addresses(daemon).len() == 2);
    let waits = daemon.object(&["intake", "list", "--outcome", "quarantined"]);
    assert!(waits["source"].as_str().unwrap().starts_with("INBOX, UID 2 "), "{waits}");
    assert!(waits["reason"].as_str().unwrap().contains("asked for again"), "{waits}");

    broken.store(false, Ordering::SeqCst);
    daemon.until("the mail comes after all", Duration::from_secs(20), |daemon| addresses(daemon) == expected(MAILS));
    let rows = || daemon.json(&["intake", "list"]);
    daemon.until("nothing is left to look at", SOON, |_| rows().iter().all(|row| row["outcome"] != "quarantined"));
    let settled = rows().into_iter().find(|row| row["id"] == waits["id"]).unwrap();
    let came = rows().into_iter().find(|row| row["id"] == settled["same_as"]).unwrap();
    assert_eq!((settled["outcome"].as_str(), came["outcome"].as_str()), (Some("redelivered"), Some("created")));
    assert_eq!((&settled["lead"], &settled["source"]), (&came["lead"], &came["source"]));
    assert_eq!((rows().len(), dovecot.list("sales")), (MAILS + 1, before));
    // It is asked for no more.
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(rows().len(), MAILS + 1);
    assert!(daemon.stop().0.success());
}

#[test]
fn a_mail_that_the_server_could_not_read_comes_in_once_it_can() {
    let dovecot = Dovecot::start();
    let mut poison = None;
    for n in 1..=MAILS {
        let path = dovecot.deliver("sales", &mail(n));
        if n == 2 {
            // A wrong size in the file name makes Dovecot end the session at every attempt to read it.
            let bad = path.with_file_name(format!("{},S=1200", path.file_name().unwrap().to_string_lossy()));
            std::fs::rename(&path, &bad).unwrap();
            poison = Some(bad);
        }
    }
    let mut daemon = Daemon::with(&[&mailbox(dovecot.plain_port(), "sales", "1s"), TEAM].concat());
    daemon.start();
    daemon.until("the mails around it flow", SOON, |daemon| {
        addresses(daemon).len() == 2 && daemon.json(&["intake", "list", "--outcome", "quarantined"]).len() == 1
    });
    // A restart forgets nothing of it.
    assert!(daemon.stop().0.success());
    // Now its size is what the name says.
    let whole = [mail(2), vec![b' '; 1200 - mail(2).len()]].concat();
    std::fs::write(poison.unwrap(), whole).unwrap();
    daemon.start();
    let open = |daemon: &Daemon| daemon.json(&["intake", "list", "--outcome", "quarantined"]);
    daemon.until("the mended mail is a lead, and nothing is left to look at", SOON, |daemon| {
        addresses(daemon) == expected(MAILS) && open(daemon).is_empty()
    });
}

#[test]
fn a_mail_that_goes_while_it_is_owed_is_asked_for_no_more_and_its_row_says_so() {
    let dovecot = Dovecot::start();
    let path = dovecot.deliver("sales", &mail(1));
    let proxy = Proxy::to(dovecot.plain_port(), |_| Some((At::Text("* 1 FETCH (UID 1 BODY"), How::Cut)));
    let mut daemon = Daemon::with(&[&mailbox(proxy.port(), "sales", "1s"), TEAM].concat());
    daemon.start();
    let rows = |daemon: &Daemon| daemon.json(&["intake", "list", "--outcome", "quarantined"]);
    daemon.until("it is passed by", SOON, |daemon| rows(daemon).len() == 1);
    let (folder, name) = (path.parent().unwrap().parent().unwrap(), path.file_name().unwrap());
    // Dovecot may have moved it from new/ to cur/.
    for (part, ending) in [("new", ""), ("cur", ":2,")] {
        std::fs::remove_file(folder.join(part).join(format!("{}{ending}", name.to_string_lossy()))).ok();
    }
    daemon.until("its row says that it is gone", Duration::from_secs(15), |daemon| {
        rows(daemon)[0]["reason"].as_str().unwrap().contains("gone from the folder")
    });
}
