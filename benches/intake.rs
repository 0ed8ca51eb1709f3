//! How fast items become stored leads, with one, sixteen and 256 senders at once: what group commit
//! is worth on this disk. `cargo bench` prints rates and their ratio to one sender in the same run.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a benchmark that cannot go on should say where")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lotse::config;
use lotse::daemon::{Core, start};
use lotse::lead::{Delivery, Inbound, Kind, Name, Original};

const SETTINGS: &str = "[store]\npath = \"store\"\n[channels.web]\nkind = \"webhook\"\n[notify.out]\nkind = \"file\"\n\
     path = \"out\"\n[owners.anna]\nnotify = [\"out\"]\n[owners.jonas]\nnotify = [\"out\"]\n[teams.sales]\n\
     members = [\"anna\", \"jonas\"]\n";

fn post(sender: usize, number: usize) -> Inbound {
    let phone = 5_000_000 + sender * 10_000 + number;
    let body = format!(
        "name=Max+Nr{number}&email=p{number}%40s{sender}.example&phone=0171+{phone}&message=Bitte+ein+Angebot+{number}"
    );
    Inbound {
        channel: Name::parse("web").unwrap(),
        kind: Kind::Form,
        received_at: Timestamp::now(),
        source: "benchmark".into(),
        delivery: Delivery::Unique,
        original: Original {
            content_type: "application/x-www-form-urlencoded".into(),
            bytes: body.into_bytes(),
            ..Original::default()
        },
        place: None,
        quiet: false,
    }
}

/// Items a second that `senders` get receipts for, each waiting for one before it sends the next.
async fn rate(senders: usize, time: Duration) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lotse.toml");
    std::fs::write(&file, SETTINGS).unwrap();
    let config = config::load(Some(&file)).config.unwrap();
    let core = Core::open(&config, start(&config).unwrap()).unwrap();
    let service = core.service();
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for sender in 0..senders {
        let service = Arc::clone(&service);
        tasks.spawn(async move {
            let mut number = 0;
            while started.elapsed() < time {
                service.door.submit(post(sender, number)).await.unwrap();
                number += 1;
            }
            number
        });
    }
    let all: usize = tasks.join_all().await.into_iter().sum();
    let rate = all as f64 / started.elapsed().as_secs_f64();
    drop(service);
    core.close().await.unwrap();
    rate
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut one = None;
    for senders in [1, 16, 256] {
        let rate = runtime.block_on(rate(senders, Duration::from_secs(4)));
        let one = *one.get_or_insert(rate);
        println!("{senders:>4} senders: {rate:>7.0} leads a second, {:.1} times one sender", rate / one);
    }
}
