//! What a notifier hands over: a letter about a lead, or an alarm.

use std::sync::Arc;

use super::letter::{self, line};
use super::{House, Letter};
use crate::lead::{Alarm, Email, Notice};

/// What a notifier hands over.
#[derive(Clone, Debug)]
pub enum Message {
    /// To an owner, about a lead.
    Lead(Box<Letter>),
    /// To the operators.
    Alarm(Box<AlarmLetter>),
}

/// An alarm on its way to the operators.
#[derive(Clone, Debug)]
pub struct AlarmLetter {
    /// The notice.
    pub notice: Notice,
    /// The alarm.
    pub alarm: Alarm,
    /// Where mail about alarms goes.
    pub to: Option<Email>,
    /// Who writes.
    pub house: Arc<House>,
}

impl From<Letter> for Message {
    fn from(letter: Letter) -> Self {
        Self::Lead(Box::new(letter))
    }
}

impl Message {
    /// The notice.
    #[must_use]
    pub fn notice(&self) -> &Notice {
        match self {
            Self::Lead(letter) => &letter.notice,
            Self::Alarm(letter) => &letter.notice,
        }
    }

    /// Who writes.
    #[must_use]
    pub fn house(&self) -> &House {
        match self {
            Self::Lead(letter) => &letter.house,
            Self::Alarm(letter) => &letter.house,
        }
    }

    /// The subject, one line.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Lead(letter) => letter::subject(letter),
            Self::Alarm(letter) => letter::alarm::subject(letter),
        }
    }

    /// The whole text, lines ended by `\n`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Lead(letter) => letter::text(letter),
            Self::Alarm(letter) => letter::alarm::text(letter),
        }
    }

    /// What mail programs show together: all about one lead, or one alarm. Answers carry it back.
    #[must_use]
    pub fn thread(&self) -> String {
        match self {
            Self::Lead(letter) => letter.conversation.clone().unwrap_or_else(|| format!("lead-{}", letter.lead.id)),
            Self::Alarm(letter) => {
                let alarm = &letter.alarm;
                let of = alarm.about();
                let of = of.map_or("lotse", |name| name.as_str());
                line(&format!("alarm-{}-{of}-{}", alarm.cause.as_str(), alarm.since.as_second()), 200)
            }
        }
    }
}
