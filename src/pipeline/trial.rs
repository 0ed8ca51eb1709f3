//! A lead as it would be, for rule tests and trials: read like any other, judged like any other, stored nowhere.

use jiff::Timestamp;

use crate::dedupe;
use crate::lead::{Delivery, Fields, Id, Inbound, Kind, Lead, Name, Original, Reading, Touch};
use crate::normalize::{Reader, Trust};

/// The lead and touch that a person would make by typing `fields`; the error says why they make none.
pub fn as_if_typed(fields: &Fields, reader: &Reader) -> Result<(Lead, Touch), String> {
    let bytes = serde_json::to_vec(fields).map_err(|error| error.to_string())?;
    as_if(Kind::Manual, "application/json", bytes, reader)
}

/// The lead and touch that this mail would make; the error says why it makes none.
pub fn as_if_mailed(mail: Vec<u8>, reader: &Reader) -> Result<(Lead, Touch), String> {
    as_if(Kind::Mail, "message/rfc822", mail, reader)
}

fn as_if(kind: Kind, content_type: &str, bytes: Vec<u8>, reader: &Reader) -> Result<(Lead, Touch), String> {
    let now = Timestamp::now();
    let channel = Name::parse("test").map_err(|error| error.to_string())?;
    let inbound = Inbound {
        channel: channel.clone(),
        kind,
        received_at: now,
        source: "a trial".into(),
        delivery: Delivery::Unique,
        original: Original { content_type: content_type.into(), bytes, ..Original::default() },
        place: None,
        quiet: true,
    };
    match reader.read(&inbound, Trust::Usual) {
        Reading::Lead(content) => {
            let touch = Touch { id: Id::MIN, lead: Id::MIN, channel, kind, received_at: now, content: *content };
            Ok((dedupe::open(Id::MIN, &touch, now), touch))
        }
        Reading::Noise(why) | Reading::Unclear(why) => Err(why),
        Reading::Aside(aside) => Err(aside.reason),
    }
}
