//! The soak: a steady stream for minutes or hours, and what the daemon takes for it.
//!
//! `LOTSE_SOAK_MINUTES` (30) says how long, `LOTSE_SOAK_FOLDER` (`target/soak`) where the samples
//! (`soak.csv`) and their plot (`soak.svg`) go. In the end every promise is checked as ever.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::feed::Feed;
use crate::house::House;
use crate::plot;
use crate::record::Record;
use crate::story;
use crate::support::dovecot::Dovecot;

/// Leads a second: posts, rows, and the rest mails.
const A_SECOND: u64 = 50;
const POSTS: u64 = 20;
const POSTERS: u64 = 5;
const ROWS: u64 = 20;
/// Time between two samples.
const SAMPLE: Duration = Duration::from_secs(5);
/// Caches fill in the first third of the run, in this time at most.
const WARM_UP: Duration = Duration::from_mins(10);
/// Memory that may be gained in an hour, MB: no leak of any size stays below it for long.
const MOST_MB_AN_HOUR: f64 = 60.0;

/// The store may take so many times what it holds on the disk.
const MOST_TIMES: f64 = 2.5;

/// What was measured at one time.
struct Sample {
    at: Duration,
    rss_kib: u64,
    descriptors: u64,
    threads: u64,
    store_bytes: u64,
    store_on_disk: u64,
    inputs: u64,
    input_bytes: u64,
    pending: u64,
}

const HEADER: &str =
    "seconds,rss_kib,descriptors,threads,store_bytes,store_on_disk,inputs,input_bytes,outbox_pending\n";

#[test]
#[ignore = "takes as long as LOTSE_SOAK_MINUTES says"]
fn a_soak_neither_grows_nor_leaks() {
    let minutes = std::env::var("LOTSE_SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(30.0);
    let length = Duration::from_secs_f64(minutes * 60.0);
    let folder = PathBuf::from(std::env::var("LOTSE_SOAK_FOLDER").unwrap_or_else(|_| "target/soak".into()));
    fs::create_dir_all(&folder).unwrap();

    let dovecot = Dovecot::start();
    let house = House::open(&dovecot, None, &[]);
    let record = Record::new(0);
    let feed = Feed::new(Arc::clone(&house.doors), &record);
    let started = Instant::now();
    let mut samples = Vec::new();
    std::thread::scope(|scope| {
        // A post waits for its commit; several senders keep up the rate on a slow disk.
        for _ in 0..POSTERS {
            scope.spawn(|| steadily(started, length, POSTS / POSTERS, || feed.post(&feed.fresh_post())));
        }
        scope.spawn(|| steadily(started, length, A_SECOND - POSTS - ROWS, || feed.mail()));
        scope.spawn(|| {
            steadily(started, length, 1, || {
                feed.file(ROWS);
                feed.look_for_done();
            });
        });
        while started.elapsed() < length {
            sleep(SAMPLE);
            samples.push(sample(&house, &record, started));
            write(&folder, &samples);
        }
    });
    let warm_up = WARM_UP.min(length / 3);
    let slope = slope(&samples, warm_up);
    println!(
        "{} samples in {}: {} inputs, {slope:+.2} MB/h of resident memory after warm-up",
        samples.len(),
        folder.display(),
        record.issued()
    );

    let store = house.daemon.object(&["status", "--audit"])["store"].take();
    let [held, on_disk, file] = ["held", "on_disk", "bytes"].map(|what| store[what].as_u64().unwrap() as f64);
    println!(
        "the store holds {held} bytes, {:.2} times as many on disk, in a file {:.2} times as long",
        on_disk / held,
        file / held
    );
    assert!(on_disk <= MOST_TIMES * held, "the store grows by itself");

    let violations = story::judge(&house, &feed, &record);
    assert!(violations.0.is_empty(), "{}", violations.report());
    let last = samples.last().unwrap();
    assert!(
        last.inputs as f64 >= 0.9 * A_SECOND as f64 * length.as_secs_f64(),
        "this machine is too slow for {A_SECOND} a second: {} came in",
        last.inputs
    );
    // A slope over a few minutes says nothing yet.
    assert!(length < Duration::from_mins(10) || slope < MOST_MB_AN_HOUR, "memory grows by {slope:.1} MB/h");
}

/// Does something so many times a second, until `length` is over; what was late is made up for.
fn steadily(started: Instant, length: Duration, a_second: u64, mut work: impl FnMut()) {
    for turn in 0_u32.. {
        let due = Duration::from_secs(1) * turn / u32::try_from(a_second).unwrap();
        if due >= length {
            return;
        }
        sleep(due.saturating_sub(started.elapsed()));
        work();
    }
}

fn sample(house: &House<'_>, record: &Record, started: Instant) -> Sample {
    let process = PathBuf::from(format!("/proc/{}", house.daemon.pid()));
    let status = fs::read_to_string(process.join("status")).unwrap();
    let number = |label: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(label)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    let shown = house.daemon.object(&["status"]);
    Sample {
        at: started.elapsed(),
        rss_kib: number("VmRSS:"),
        descriptors: fs::read_dir(process.join("fd")).unwrap().count() as u64,
        threads: number("Threads:"),
        store_bytes: shown["store"]["bytes"].as_u64().unwrap(),
        store_on_disk: shown["store"]["on_disk"].as_u64().unwrap(),
        inputs: record.issued() as u64,
        input_bytes: record.bytes(),
        pending: shown["outbox"]["pending"].as_u64().unwrap(),
    }
}

fn write(folder: &std::path::Path, samples: &[Sample]) {
    let mut table = HEADER.to_owned();
    for s in samples {
        table += &format!(
            "{:.1},{},{},{},{},{},{},{},{}\n",
            s.at.as_secs_f64(),
            s.rss_kib,
            s.descriptors,
            s.threads,
            s.store_bytes,
            s.store_on_disk,
            s.inputs,
            s.input_bytes,
            s.pending
        );
    }
    fs::write(folder.join("soak.csv"), table).unwrap();
    let line = |label: &'static str, value: &dyn Fn(&Sample) -> f64| plot::Line {
        label,
        points: samples.iter().map(|s| (s.at.as_secs_f64() / 60.0, value(s))).collect(),
    };
    let lines = [
        line("resident memory, MB", &|s| s.rss_kib as f64 / 1024.0),
        line("store's file, MB", &|s| s.store_bytes as f64 / 1e6),
        line("store on disk, MB", &|s| s.store_on_disk as f64 / 1e6),
        line("inputs, MB", &|s| s.input_bytes as f64 / 1e6),
        line("descriptors", &|s| s.descriptors as f64),
        line("threads", &|s| s.threads as f64),
        line("notices pending", &|s| s.pending as f64),
    ];
    fs::write(folder.join("soak.svg"), plot::svg(&lines, "minutes")).unwrap();
}

/// Least squares over the resident memory after the warm-up, MB an hour.
fn slope(samples: &[Sample], warm_up: Duration) -> f64 {
    let points: Vec<(f64, f64)> = samples
        .iter()
        .filter(|s| s.at >= warm_up)
        .map(|s| (s.at.as_secs_f64() / 3600.0, s.rss_kib as f64 * 1024.0 / 1e6))
        .collect();
    let count = points.len().max(1) as f64;
    let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let over: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let under: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if under > 0.0 { over / under } else { 0.0 }
}
