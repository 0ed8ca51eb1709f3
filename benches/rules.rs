//! What rules cost: one judgement under 10, 100 and 1,000 rules with patterns, with patterns and
//! expressions that are made to be expensive, and a replay of stored leads (`LOTSE_REPLAY_LEADS`,
//! default 10,000). Ratios are of one run.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a benchmark that cannot go on should say where")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use lotse::config;
use lotse::daemon::{Core, start};
use lotse::lead::{Delivery, Fields, Inbound, Kind, Lead, Name, Original, Touch};
use lotse::normalize::Reader;
use lotse::pipeline::as_if_typed;
use lotse::qualify::Rules;

const SETTINGS: &str = "[store]\npath = \"store\"\n[channels.web]\nkind = \"webhook\"\nrate = \"100000/s\"\n[owners.anna]\n\
     [owners.jonas]\n[teams.sales]\nmembers = [\"anna\", \"jonas\"]\n";

/// So many rules, each with a pattern of its own over the text.
fn rules(count: usize) -> Rules {
    let rule = |number: usize| {
        let pattern = format!(r"(?i)\b(word{number}|wort{number}|angebot {number})\b");
        format!("[[rule]]\nname = \"rule {number}\"\nwhen = 'touch.text.matches(r\"{pattern}\")'\nscore = 1\n")
    };
    let text: String = (0..count).map(rule).collect();
    Rules::of(&[("10.toml", &text)], 30, &[]).unwrap()
}

/// A lead with a message of so many words.
fn lead(words: usize) -> (Lead, Touch) {
    let mut message = "Guten Tag, bitte senden Sie uns ein Angebot 17 über Wort9. ".to_owned();
    message.extend(std::iter::repeat_n("Vielen Dank im Voraus ", words / 4));
    let typed: Fields = [("email", "max@firma.example"), ("message", &message)]
        .map(|(k, v)| (k.to_owned(), v.into()))
        .into_iter()
        .collect();
    as_if_typed(&typed, &Reader::default()).unwrap()
}

/// How long one judgement takes.
fn each(rules: &Rules, lead: &(Lead, Touch)) -> Duration {
    let (started, mut times) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(1) || times == 0 {
        black_box(rules.judge(&lead.0, &lead.1, lead.1.received_at));
        times += 1;
    }
    started.elapsed() / times
}

fn growth() {
    let lead = lead(200);
    let mut ten = None;
    for count in [10, 100, 1000] {
        let started = Instant::now();
        let rules = rules(count);
        let loaded = started.elapsed();
        let each = each(&rules, &lead);
        let ten = *ten.get_or_insert(each);
        let times = each.as_secs_f64() / ten.as_secs_f64();
        println!("{count:>5} rules: loaded in {loaded:.1?}, {each:>8.1?} a lead, {times:.1} times 10 rules");
    }
}

fn expensive() {
    let lead = lead(20_000);
    for (name, when) in [
        ("nested repetition", r#"touch.text.matches("(a*)*(V*i*e*l*e*n* *)*x$")"#),
        ("counted repetition", r#"touch.text.matches("(?:\\w+ ?){40}x")"#),
        ("loops in loops", "touch.text.split(' ').exists(a, touch.text.split(' ').exists(b, a + b == 'x'))"),
    ] {
        let text = format!("[[rule]]\nname = \"r\"\nwhen = '''{when}'''\nscore = 1\n");
        match Rules::of(&[("10.toml", &text)], 30, &[]) {
            Ok(rules) => println!("{name}: {:.1?} a lead of 120 KB", each(&rules, &lead)),
            Err(problems) => println!("{name}: refused at load, {}", problems[0].message),
        }
    }
}

fn replay() {
    let leads: usize = std::env::var("LOTSE_REPLAY_LEADS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lotse.toml");
    std::fs::write(&file, SETTINGS).unwrap();
    let config = config::load(Some(&file)).config.unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let core = runtime.block_on(async { Core::open(&config, start(&config).unwrap()) }).unwrap();
    let service = core.service();
    runtime.block_on(async {
        let numbers: Vec<usize> = (0..leads).collect();
        for some in numbers.chunks(500) {
            let waiting = some.iter().map(|number| service.door.submit(post(*number)));
            futures_util::future::join_all(waiting).await.into_iter().for_each(|receipt| assert!(receipt.is_ok()));
        }
    });
    let rules = Rules::load(None, 30, &[]).unwrap();
    let count = rules.len();
    let started = Instant::now();
    let replayed = service.replay(rules, None).unwrap();
    let took = started.elapsed();
    println!(
        "replay of {} leads under {count} rules: {took:.1?}; {} would change",
        replayed.leads,
        replayed.changes.len()
    );
    drop(service);
    runtime.block_on(core.close()).unwrap();
}

fn post(number: usize) -> Inbound {
    let body = format!(
        r#"{{"name":"Max Nr{number}","email":"p{number}@c{}.example","message":"Bitte ein Angebot über {number} Stück, dringend."}}"#,
        number % 997
    );
    Inbound {
        channel: Name::parse("web").unwrap(),
        kind: Kind::Form,
        received_at: Timestamp::now(),
        source: "benchmark".into(),
        delivery: Delivery::Unique,
        original: Original { content_type: "application/json".into(), bytes: body.into_bytes(), ..Original::default() },
        place: None,
        quiet: true,
    }
}

fn main() {
    growth();
    expensive();
    replay();
}
