//! A reader of mail for tests; our country is Germany.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lotse::config::{Config, Http, Organisation, Rules, Web};
use lotse::lead::{Delivery, Inbound, Kind, Name, Original, Reading};
use lotse::normalize::{Reader, Trust};

/// The reader of an organisation with this domain.
pub(crate) fn reader(domain: &str) -> Reader {
    Reader::new(&Config {
        file: None,
        store: PathBuf::from("data"),
        reserve: 0,
        http: Http { listen: ([127, 0, 0, 1], 0).into(), public_url: None, trusted_proxies: Vec::new() },
        web: Web { listen: ([127, 0, 0, 1], 0).into(), token: None },
        organisation: Organisation { domains: vec![domain.into()], country: "DE".into(), time_zone: TimeZone::UTC },
        rules: Rules { folder: None, qualify_at: 30, shadow: None },
        channels: Vec::new(),
        owners: Vec::new(),
        teams: Vec::new(),
        notifiers: Vec::new(),
        alarms: lotse::alarms::Config::default(),
    })
}

/// What a mail says where no lead is known, as it came in or as somebody released it.
pub(crate) fn reading(reader: &Reader, bytes: &[u8], trust: Trust) -> Reading {
    let inbound = Inbound {
        channel: Name::parse("sales").unwrap(),
        kind: Kind::Mail,
        received_at: Timestamp::UNIX_EPOCH,
        source: "INBOX, UID 1".into(),
        delivery: Delivery::Mail,
        original: Original { content_type: "message/rfc822".into(), headers: BTreeMap::new(), bytes: bytes.to_vec() },
        place: None,
        quiet: false,
    };
    reader.read(&inbound, trust).of_a_stranger()
}
