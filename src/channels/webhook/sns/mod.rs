//! Amazon SNS: who signs what it delivers, and how a subscription is confirmed
//! (<https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>).
//!
//! Everybody's topic has a good signature of Amazon: it proves something only together with the topic, which the
//! settings name. The certificate is taken from Amazon alone; that it is Amazon's own is proved by the connection.

mod certificate;
mod confirm;

use axum::http::{HeaderMap, header};
use serde_json::Value;
use url::Url;

pub(super) use certificate::Certificates;
pub(super) use confirm::{look, todo};

use super::answer::Refusal;
use super::signature::text;
use super::verify::HEADER;
use super::{Account, client};

/// What is signed of a delivery, in this order.
const OF_A_NOTICE: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
/// What is signed of a question.
const OF_A_QUESTION: [&str; 7] = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// A message as SNS signs it.
struct Message<'a> {
    body: &'a Value,
    topic: &'a str,
}

/// Lets a post pass that Amazon signed for the topic of the settings; also one that proves our own secret in a way
/// that Amazon cannot.
pub(super) async fn prove(
    account: &Account,
    certificates: &Certificates,
    headers: &HeaderMap,
    bytes: &[u8],
    has_secret: bool,
) -> Result<(), Refusal> {
    let Some(topic) = &account.topic else { return Ok(()) };
    let bearer = text(headers, header::AUTHORIZATION.as_str())
        .and_then(|given| given.split_once(' '))
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    if has_secret && (bearer || headers.contains_key(HEADER)) {
        return Ok(());
    }
    let lack = |why: &str| Refusal::Unproven(why.to_owned());
    let body: Value = serde_json::from_slice(bytes).map_err(|_| lack("it is no message of Amazon SNS"))?;
    let message = Message::of(&body, topic).ok_or_else(|| lack("it is not of the topic in the settings"))?;
    let Some(url) = body["SigningCertURL"].as_str().and_then(|url| certificate_url(url, account)) else {
        return Err(lack("the address of its certificate is none of Amazon's; is raw message delivery off?"));
    };
    let certificate = certificates.get(&url).await.map_err(|why| {
        tracing::warn!(%why, "the certificate of Amazon SNS cannot be fetched; the sender was told to try again");
        Refusal::Unavailable
    })?;
    let signed = message.signed().ok_or_else(|| lack("it holds nothing that Amazon signs"))?;
    let signature = body["Signature"].as_str().unwrap_or_default();
    let version = body["SignatureVersion"].as_str().unwrap_or_default();
    if certificate::has_signed(&certificate, version, signed.as_bytes(), signature) {
        Ok(())
    } else {
        Err(lack("its signature is not Amazon's"))
    }
}

impl<'a> Message<'a> {
    /// A message of this topic.
    fn of(body: &'a Value, topic: &'a str) -> Option<Self> {
        (body["TopicArn"].as_str() == Some(topic)).then_some(Self { body, topic })
    }

    /// What is signed: names and values, a line each; what is not there is left out.
    fn signed(&self) -> Option<String> {
        let names: &[&str] = match self.body["Type"].as_str()? {
            "Notification" => &OF_A_NOTICE,
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &OF_A_QUESTION,
            _ => return None,
        };
        let line = |name: &&str| self.body[*name].as_str().map(|value| format!("{name}\n{value}\n"));
        Some(names.iter().filter_map(line).collect())
    }

    /// The address that confirms the subscription, where it can be called.
    fn subscribe_url(&self, account: &Account) -> Option<String> {
        if self.body["Type"] != "SubscriptionConfirmation" {
            return None;
        }
        let url = amazon(self.body["SubscribeURL"].as_str()?, self.topic, account)?;
        let find =
            |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        let fits = find("Action").as_deref() == Some("ConfirmSubscription")
            && find("TopicArn").as_deref() == Some(self.topic)
            && find("Token").is_some();
        fits.then(|| url.to_string())
    }
}

/// The address of a certificate, where it is Amazon's.
fn certificate_url(url: &str, account: &Account) -> Option<String> {
    let url = amazon(url, account.topic.as_deref()?, account)?;
    let is_certificate = url.path().strip_suffix(".pem").is_some() && url.query().is_none() && url.fragment().is_none();
    is_certificate.then(|| url.to_string())
}

/// An address of Amazon SNS in the topic's region, or below the one in the settings.
fn amazon(url: &str, topic: &str, account: &Account) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let alone = url.username().is_empty() && url.password().is_none();
    if let Some(api) = &account.api {
        let api = Url::parse(api).ok()?;
        return (alone && url.origin() == api.origin()).then_some(url);
    }
    let region = topic.split(':').nth(3)?;
    let host = url.host_str()?;
    let is_amazon = [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|end| host == format!("sns.{region}{end}"));
    (alone && is_amazon && url.scheme() == "https" && url.port().is_none()).then_some(url)
}

/// The name of a topic: `arn:aws:sns:REGION:ACCOUNT:NAME`.
pub(super) fn is_topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    matches!(&parts[..], ["arn", partition, "sns", region, account, name]
        if partition.starts_with("aws") && region.len() >= 3 && [region, account, name].iter().all(|part| plain(part)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:leads";

    fn account(api: Option<&str>) -> Account {
        Account { topic: Some(TOPIC.to_owned()), api: api.map(str::to_owned), ..Account::default() }
    }

    #[test]
    fn only_addresses_of_amazon_in_the_topics_region_are_called() {
        let good = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123.pem";
        assert_eq!(certificate_url(good, &account(None)).as_deref(), Some(good));
        for bad in [
            "http://sns.eu-central-1.amazonaws.com/x.pem",
            "https://sns.eu-central-1.amazonaws.com:8443/x.pem",
            "https://user@sns.eu-central-1.amazonaws.com/x.pem",
            "https://sns.eu-central-1.amazonaws.com/x.der",
            "https://sns.eu-central-1.amazonaws.com/x.pem?a=.pem",
            "https://sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem",
            "https://evil.example/sns.eu-central-1.amazonaws.com/x.pem",
            "https://sns.eu-central-1.amazonaws.com@evil.example/x.pem",
            "https://xsns.eu-central-1.amazonaws.com/x.pem",
            "no address",
        ] {
            assert_eq!(certificate_url(bad, &account(None)), None, "{bad}");
        }
        let local = account(Some("http://127.0.0.1:9"));
        assert!(certificate_url("http://127.0.0.1:9/x.pem", &local).is_some());
        for bad in ["http://127.0.0.1:10/x.pem", "http://127.0.0.1:9@evil.example/x.pem", good] {
            assert_eq!(certificate_url(bad, &local), None, "{bad}");
        }
    }

    #[test]
    fn a_subscription_is_confirmed_for_its_own_topic_alone() {
        let question = |url: &str| {
            let body = json!({"Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "SubscribeURL": url});
            Message::of(&body, TOPIC).unwrap().subscribe_url(&account(None)).is_some()
        };
        let host = "https://sns.eu-central-1.amazonaws.com/?Action=";
        assert!(question(&format!("{host}ConfirmSubscription&TopicArn={TOPIC}&Token=abc")));
        for bad in [
            format!("{host}ConfirmSubscription&TopicArn={TOPIC}2&Token=abc"),
            format!("{host}DeleteTopic&TopicArn={TOPIC}&Token=abc"),
            format!("{host}ConfirmSubscription&TopicArn={TOPIC}"),
            format!("https://evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"),
        ] {
            assert!(!question(&bad), "{bad}");
        }
        assert!(Message::of(&json!({"TopicArn": "arn:aws:sns:eu-central-1:1:other"}), TOPIC).is_none());
    }

    #[test]
    fn the_lines_that_are_signed_are_those_that_are_there() {
        let body = json!({"Type": "Notification", "TopicArn": TOPIC, "MessageId": "1", "Message": "a\nb", "Timestamp": "t", "Token": "x"});
        let signed = Message::of(&body, TOPIC).unwrap().signed().unwrap();
        assert_eq!(
            signed,
            format!("Message\na\nb\nMessageId\n1\nTimestamp\nt\nTopicArn\n{TOPIC}\nType\nNotification\n")
        );
    }

    #[test]
    fn a_topic_has_six_parts() {
        assert!(is_topic(TOPIC) && is_topic("arn:aws-cn:sns:cn-north-1:1:leads.fifo"));
        for bad in ["leads", "arn:aws:sqs:eu-central-1:1:leads", "arn:aws:sns:eu-central-1:1:", "arn:aws:sns:a/b:1:x"] {
            assert!(!is_topic(bad), "{bad}");
        }
    }
}
