//! Confirms subscriptions: Amazon asks once whether a topic may post here, and an address is to be called.
//!
//! The question waits in the ledger; its to-do stands in the store with it, so that whoever is stopped in between
//! goes on at the next start. It is called only for the topic in the settings, and only at Amazon.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Message, client};
use crate::channels::webhook::fetch::{Failure, Todo};
use crate::channels::webhook::providers::Provider;
use crate::channels::webhook::{Account, Config};
use crate::intake::Refused;
use crate::lead::{Intake, Name, Outcome, Place};
use crate::normalize::named_identity;
use crate::service::Service;
use crate::store::{Records, Unit};

/// What the keys of to-dos begin with among a channel's places.
const PREFIX: &str = "confirm:";
/// For so long Amazon waits.
const PATIENCE: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The to-do that stands in the store with a question.
pub(in crate::channels::webhook) fn todo(provider: &Provider, bytes: &[u8]) -> Option<Place> {
    let body: Value = if provider.topics { serde_json::from_slice(bytes).ok()? } else { return None };
    let id = body["MessageId"].as_str().filter(|_| body["Type"] == "SubscriptionConfirmation")?;
    Some(Place::new(format!("{PREFIX}{}", id.trim()), serde_json::to_string(&Todo::default()).ok()))
}

/// Confirms what is to be confirmed of one channel.
pub(in crate::channels::webhook) async fn look(service: &Arc<Service>, channel: &Name, config: &Config) {
    let todos = service.store.view(|view| view.places(channel, PREFIX)).unwrap_or_else(|error| {
        tracing::error!(%channel, %error, "cannot look for subscriptions to confirm");
        Vec::new()
    });
    for (key, value) in todos {
        let todo: Todo = serde_json::from_str(&value).unwrap_or_default();
        if todo.next_at.is_some_and(|at| at > Timestamp::now()) {
            continue;
        }
        if let Err(error) = errand(service, channel, &config.account, key, todo).await {
            tracing::warn!(%channel, %error, "a confirmation could not be noted; it is done again");
            return;
        }
    }
}

async fn errand(
    service: &Arc<Service>,
    channel: &Name,
    account: &Account,
    key: String,
    todo: Todo,
) -> Result<(), Refused> {
    let identity = named_identity(channel, key.strip_prefix(PREFIX).unwrap_or_default());
    let waiting = service.store.view(|view| {
        let Some(delivered) = view.delivered(&identity.key)? else { return Ok(None) };
        Ok(view.intake(delivered.intake)?.zip(view.original(delivered.intake)?))
    });
    let waiting = waiting.map_err(|error| Refused::Store(error.to_string()))?;
    let done = Place::new(key.clone(), None);
    let Some((row, original)) = waiting.filter(|(row, _)| row.outcome == Outcome::Quarantined) else {
        return service.door.keep_place(channel, done).await;
    };
    let body: Value = serde_json::from_slice(&original.bytes).unwrap_or_default();
    let message = account.topic.as_ref().and_then(|topic| Message::of(&body, topic));
    // Another topic, or none in the settings: a person has to see to it, as the row says.
    let Some(url) = message.and_then(|message| message.subscribe_url(account)) else {
        return service.door.keep_place(channel, done).await;
    };
    match call(&url).await {
        Ok(()) => {
            tracing::info!(%channel, "the subscription of the topic was confirmed");
            note(service, row, Outcome::Ignored, "the subscription of the topic was confirmed".to_owned(), done).await
        }
        Err(Failure::Later(why, after)) if Timestamp::now().duration_since(row.received_at) < PATIENCE => {
            let todo = todo.put_off(Timestamp::now(), after);
            let why = format!("the subscription is not confirmed yet: attempt {} failed, {why}", todo.attempts);
            tracing::warn!(%channel, attempts = todo.attempts, "the subscription of a topic could not be confirmed yet");
            let place = Place::new(key, serde_json::to_string(&todo).ok());
            note(service, row, Outcome::Quarantined, why, place).await
        }
        Err(Failure::Later(why, _) | Failure::Refused(why) | Failure::Gone(why)) => {
            let why = format!("the subscription could not be confirmed: {why}; ask Amazon SNS to request it again");
            note(service, row, Outcome::Quarantined, why, done).await
        }
    }
}

async fn call(url: &str) -> Result<(), Failure> {
    let (status, _) = client::get_bytes(url).await.map_err(|why| Failure::Later(why, None))?;
    match status.as_u16() {
        200..=299 => Ok(()),
        408 | 429 | 500.. => Err(Failure::Later(format!("it answered {status}"), None)),
        _ => Err(Failure::Gone(format!("it answered {status}"))),
    }
}

async fn note(service: &Arc<Service>, row: Intake, outcome: Outcome, why: String, place: Place) -> Result<(), Refused> {
    let change = move |unit: &mut Unit<'_>| {
        unit.keep_place(&row.channel, &place)?;
        match unit.intake(row.id)? {
            Some(row) if row.outcome == Outcome::Quarantined => {
                unit.put_intake(&Intake { outcome, reason: Some(why.clone()), ..row })
            }
            _ => Ok(()),
        }
    };
    service.door.change(change).await
}
