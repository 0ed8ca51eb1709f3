//! Amazon SES, receipt rule with an SNS action: the mail within a JSON text within the JSON of SNS
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>). SNS signs for anybody's topic, so
//! its signature counts with the `topic` of the settings; without one, the address holds a password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Provider, other_than};
use crate::channels::webhook::gateway::{Post, is_mail};
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Amazon SES.
pub(super) static SES: Provider = Provider {
    mail: Some(mail),
    topics: true,
    schema: Schema { noise, unclear, delivery: |body| body.text_at("MessageId"), ..Schema::plain("ses") },
    steps: "In the Amazon SNS console, create a topic (Standard) and a subscription of the protocol HTTPS.\n\
        Endpoint: {url} with lotse:SECRET@ in front of the host (https://lotse:SECRET@…): the secret of this channel. \
        Leave raw message delivery off.\n\
        Set `topic` to the topic's ARN: then only what Amazon signed for it is taken, and the subscription is confirmed \
        by itself. Without it, look for the item in lotse (lotse intake list --outcome quarantined), and open the \
        SubscribeURL in it (lotse intake raw ID).\n\
        In SES, open Email receiving, and add a rule with the action Publish to Amazon SNS topic, encoding Base64. That \
        action takes mails of up to 150 KB.",
    sample: (
        "text/plain; charset=UTF-8",
        r#"{"Type":"Notification","MessageId":"lotse","TopicArn":"arn:aws:sns:eu-central-1:1:leads","Message":"{\"notificationType\":\"Received\",\"mail\":{\"messageId\":\"lotse\"},\"receipt\":{\"action\":{\"type\":\"SNS\",\"encoding\":\"UTF8\"}},\"content\":\"From: Erika Muster <erika@firma.example>\\r\\nSubject: Offer\\r\\nDate: Thu, 01 Jan 2026 10:00:00 +0000\\r\\nMessage-ID: <{id}@firma.example>\\r\\n\\r\\nPlease send me an offer.\\r\\n\"}"}"#,
    ),
    ..Provider::of_mails("ses", "Amazon SES")
};

fn mail(post: &Post<'_>) -> Option<Vec<u8>> {
    let body: Value = serde_json::from_slice(post.bytes).ok()?;
    // With raw message delivery the notice comes without its envelope.
    let inner: Option<Value> = body["Message"].as_str().and_then(|text| serde_json::from_str(text).ok());
    let notice = inner.as_ref().unwrap_or(&body);
    let content = notice["content"].as_str()?;
    let compact = || content.split_ascii_whitespace().collect::<String>();
    let is_encoded =
        notice["receipt"]["action"]["encoding"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("base64"));
    if is_encoded || !is_mail(content.as_bytes()) {
        return STANDARD.decode(compact()).ok().filter(|mail| is_mail(mail));
    }
    Some(content.as_bytes().to_vec())
}

fn noise(body: &Node) -> Option<String> {
    let kind = body.text_at("Type");
    if kind.as_deref() == Some("Notification") {
        let message = body.at("Message")?;
        // `Successfully validated SNS topic …`
        let Some(notice) = message.json() else { return Some("a notice of Amazon that holds no mail".to_owned()) };
        return other_than(&["Received"], notice.text_at("notificationType").or_else(|| notice.text_at("eventType")));
    }
    other_than(&["SubscriptionConfirmation"], kind)
}

/// What a person must see to: a subscription to confirm, a mail that lies elsewhere.
fn unclear(body: &Node) -> Option<String> {
    match body.text_at("Type").as_deref() {
        Some("SubscriptionConfirmation") => {
            let topic = body.text_at("TopicArn").unwrap_or_default();
            let topic: String =
                topic.chars().filter(|c| c.is_ascii_alphanumeric() || "-:_.".contains(*c)).take(120).collect();
            Some(format!(
                "Amazon asks whether the topic `{topic}` may post here: where it is yours, open the SubscribeURL that \
                 `lotse intake raw` shows of this item"
            ))
        }
        Some("Notification") => {
            let notice = body.at("Message")?.json()?;
            let bucket = notice.text_at("receipt.action.bucketName");
            let place =
                bucket.map_or_else(|| "is not in the notice".to_owned(), |_| "lies in a bucket of S3".to_owned());
            Some(format!("the mail {place}: let the rule publish it to the topic"))
        }
        _ => None,
    }
}
