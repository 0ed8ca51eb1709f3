//! A canary as a mail: to the mailbox itself, with the seal by which it is known again.

use jiff::Timestamp;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};

use super::{LETTER, Smtp, Stage, answer, mail};
use crate::lead::{Email, FIELD, Name};
use crate::notify::Failure;

/// What it says to whoever finds it in the mailbox.
const TEXT: &str = "Lotse sent this mail to itself to measure how long mail takes to arrive.\n\
     It becomes no lead, and may be deleted at any time.\n";

impl Smtp {
    /// Sends a canary of a channel; `seal` is the word by which it is known again.
    pub async fn send_canary(&self, to: &Email, channel: &Name, seal: &str) -> Result<(), Failure> {
        match tokio::time::timeout(LETTER, self.deliver_canary(to, channel, seal)).await {
            Ok(sent) => sent,
            Err(_) => Err(answer::silence(&self.server, Stage::Content, LETTER)),
        }
    }

    async fn deliver_canary(&self, to: &Email, channel: &Name, seal: &str) -> Result<(), Failure> {
        let unusable = |why: String| Failure::permanent(format!("the canary cannot be written as a mail: {why}"));
        let to = to.as_str().parse().map_err(|_| unusable("the address cannot be used".to_owned()))?;
        let id = format!("<{seal}@{}>", self.from.email.domain());
        let header = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(format!("Canary of {channel}"))
            .date(mail::date(Timestamp::now()))
            .message_id(Some(id))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .raw_header(header(FIELD, seal))
            .header(ContentType::TEXT_PLAIN)
            .body(TEXT.to_owned())
            .map_err(|error| unusable(error.to_string()))?;
        let to = message.envelope().to().first().cloned().ok_or_else(|| unusable("no receiver".to_owned()))?;
        let mut connection = self.connection().await?;
        let sent = self.server.hand_over(&mut connection, &self.from.email, &to, &message.formatted()).await;
        self.let_go(connection, sent.is_ok()).await;
        sent
    }
}
