//! Mails that are no wish and may say something about a lead that is known: automatic answers,
//! delivery reports, mails of our own people. Only the store knows whether there is such a lead.

use jiff::civil::Date;

use super::headers::Fields;
use super::noise::Noise;
use super::parts::Parts;
use super::{absence, authentication, thread};
use crate::lead::{Aside, Content, Email, Outcome, Reading, Says};
use crate::normalize::{Reader, Trust, robot};

/// A mail that is no wish, with what it says about whoever is behind it.
pub(super) fn of_noise(noise: Noise, parts: &Parts<'_>, reader: &Reader, servers: &[String]) -> Reading {
    let Noise { reason, says: Some(says) } = noise else { return Reading::Noise(noise.reason) };
    let fields = &parts.root().fields;
    let content = match says {
        Says::Automatic => {
            let (mut content, found) = super::words_and_person(parts, reader, Trust::Usual, 0);
            if found.is_err() || content.forwarded_by.is_some() || content.person.emails.is_empty() {
                return Reading::Noise(reason);
            }
            let text = content.text.as_deref().unwrap_or_default();
            content.away_until = sent_on(fields)
                .and_then(|day| absence::until(content.subject.as_deref().unwrap_or_default(), text, day));
            content
        }
        _ => Content { subject: fields.text("subject", None), ..Content::default() },
    };
    let thread = Some(thread::read(fields, content.subject.as_deref(), reader));
    let authentication = authentication::read(fields, servers);
    let content = Content { authentication, thread, ..content };
    Reading::Aside(Box::new(Aside { says, content, outcome: Outcome::Ignored, reason }))
}

/// A mail of one of our own people: where it went to somebody outside, that may be a lead. A program
/// that writes in their name has written to nobody.
pub(super) fn of_a_colleague(
    email: Email,
    content: Content,
    fields: &Fields<'_>,
    outcome: Outcome,
    reason: String,
) -> Reading {
    let outside = content.thread.as_ref().is_some_and(|thread| !thread.to.is_empty());
    let by_hand = matches!(fields.word("auto-submitted").as_str(), "" | "no")
        && !matches!(fields.word("precedence").as_str(), "bulk" | "junk")
        && !fields.has("x-auto-response-suppress");
    if outside && by_hand && !robot::is_robot(&email) {
        return Reading::Aside(Box::new(Aside { says: Says::Colleague(email), content, outcome, reason }));
    }
    if outcome == Outcome::Quarantined { Reading::Unclear(reason) } else { Reading::Noise(reason) }
}

/// The day in `Date`, as the sender's clock showed it.
fn sent_on(fields: &Fields<'_>) -> Option<Date> {
    let date = mail_parser::DateTime::parse_rfc822(&fields.first("date")?.text(None))?;
    let number = |value: u8| i8::try_from(value).ok();
    Date::new(i16::try_from(date.year).ok()?, number(date.month)?, number(date.day)?).ok()
}
