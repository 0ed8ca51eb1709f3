//! Loads keep their order, and what is refused stays behind.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::intake::Work;
use crate::lead::{Delivery, Id, Kind, Name, Original, Outcome};
use crate::normalize::{Reader, Readers};

fn item(source: &str, bytes: usize) -> Inbound {
    let text = "a line of a long mail\r\n".repeat(bytes / 20);
    Inbound {
        channel: Name::parse("sales").unwrap(),
        kind: Kind::Mail,
        received_at: Timestamp::UNIX_EPOCH,
        source: source.to_owned(),
        delivery: Delivery::Mail,
        original: Original {
            bytes: format!("From: max@firma.example\r\n\r\n{text}").into_bytes(),
            ..Original::default()
        },
        place: None,
        quiet: false,
    }
}

#[tokio::test]
async fn loads_are_stored_in_their_order_however_long_each_takes_to_read() {
    let (door, mut queue) = Door::new(Readers::start(Reader::default()));
    let mut line = Line::new(door);
    for (load, bytes) in [("slow", 500_000), ("fast", 0), ("last", 0)] {
        line.push(vec![item(load, bytes), item(load, 0)]);
    }
    let mut sources = Vec::new();
    while sources.len() < 6 {
        let Some(Work::Item(prepared, reply)) = queue.recv().await else { panic!("no item") };
        sources.push(prepared.inbound.source);
        let receipt = Receipt { intake: Id::MIN, outcome: Outcome::Created, lead: None, own: None };
        reply.send(if sources.len() == 3 { Err(Refused::Stopping) } else { Ok(receipt) }).unwrap();
    }
    assert_eq!(sources, ["slow", "slow", "fast", "fast", "last", "last"]);
    assert_eq!(line.next().await.unwrap().unwrap().len(), 2);
    assert!(line.next().await.unwrap().is_err(), "one of the second load was refused");
    assert_eq!(line.next().await.unwrap().unwrap().len(), 2);
    assert!(line.next().await.is_none());
}

#[tokio::test]
async fn nothing_goes_in_behind_a_load_that_could_not() {
    let (door, queue) = Door::new(Readers::start(Reader::default()));
    let mut line = Line::new(door);
    drop(queue);
    line.push(vec![item("one", 0)]);
    line.push(vec![item("two", 0)]);
    for _ in 0..2 {
        let answer = tokio::time::timeout(Duration::from_mins(1), line.next()).await.unwrap();
        assert!(matches!(answer, Some(Err(Refused::Stopping))));
    }
}
