//! HubSpot: events with the contact's id alone, whose properties are fetched; or a workflow's webhook with all of
//! them. Three schemes of signatures are in use
//! (<https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation>).

use serde_json::Value;

use super::{LACKS, Provider, in_path, other_than};
use crate::channels::webhook::algorithm::Algorithm;
use crate::channels::webhook::encoding::Encoding;
use crate::channels::webhook::fetch::{Deletion, Fetching};
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// HubSpot.
pub(super) static HUBSPOT: Provider = Provider {
    proof: || {
        let plain =
            |signed| Signature { algorithm: Algorithm::Sha256, signed, ..Signature::of_body("x-hubspot-signature") };
        let newest = Signature {
            encoding: Encoding::Base64,
            signed: vec![Piece::Method, Piece::Url, Piece::Body, Piece::Timestamp],
            timestamp: Some("x-hubspot-request-timestamp".to_owned()),
            ..Signature::of_body("x-hubspot-signature-v3")
        };
        Proof::AnyOf(vec![plain(vec![Piece::Body]), plain(vec![Piece::Method, Piece::Url, Piece::Body]), newest])
    },
    fetch: Some(&Fetching {
        api: "https://api.hubapi.com",
        wants: |body| is_event(body).then(|| format!("contact.creation:{}", body["objectId"])),
        paths: |body| {
            let id = body["objectId"].to_string();
            vec![format!("/crm/v3/objects/contacts/{}?properties={PROPERTIES}", in_path(id.trim_matches('"')))]
        },
        headers: &[],
        complete: |mut body, documents| {
            let properties = documents.into_iter().next().map(|mut contact| contact["properties"].take());
            body["properties"] =
                properties.filter(Value::is_object).unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            body
        },
        erases: |body| {
            let kind = body["subscriptionType"].as_str()?;
            let is_contact = kind == "contact.privacyDeletion"
                || (kind == "object.privacyDeletion" && body["objectTypeId"] == "0-1");
            let id = body["objectId"].to_string();
            let id = id.trim_matches('"');
            let when = body["occurredAt"].to_string();
            is_contact.then(|| Deletion {
                delivery: format!("contact.privacyDeletion:{id}:{}", when.trim_matches('"')),
                of: format!("contact.creation:{id}"),
                conversation: format!("contact:{id}"),
            })
        },
    }),
    schema: Schema {
        arrange,
        delivery: |body| {
            let (kind, id) = (kind(body)?, body.text_at("objectId")?);
            let when = body.text_at("occurredAt").filter(|_| kind != "contact.creation");
            Some(when.map_or_else(|| format!("{kind}:{id}"), |when| format!("{kind}:{id}:{when}")))
        },
        noise: |body| {
            let kind = kind(body)?;
            other_than(&["contact.creation", "contact.deletion", "contact.privacyDeletion"], Some(kind))
        },
        unclear: |body| match kind(body)?.as_str() {
            "contact.creation" => body.at("properties").is_none().then(|| LACKS.to_owned()),
            "contact.privacyDeletion" => {
                Some("a contact wants to be forgotten: it is being erased here, too".to_owned())
            }
            _ => Some(
                "a contact was deleted in HubSpot; where that is meant for here, too: `lotse leads erase`".to_owned(),
            ),
        },
        conversations: |body| {
            let event = kind(body).and_then(|_| body.text_at("objectId"));
            event.or_else(|| body.text_at("vid")).map(|id| format!("contact:{id}")).into_iter().collect()
        },
        ..Schema::plain("hubspot")
    },
    steps: "In HubSpot, open Settings, Integrations, Private apps (or your developer app), with the scope \
        crm.objects.contacts.read. Set `token` to its access token, and the secret of this channel to its client secret.\n\
        Open Webhooks: Target URL {url}. Subscribe to Contact, Created.\n\
        Set `public_url`: the newer signatures hold the address.\n\
        Or, in a workflow, add the action Send a webhook, POST, {url}, with all contact properties.",
    sample: (
        "application/json",
        r#"{"subscriptionType":"contact.creation","objectId":"{id}","eventId":1,"subscriptionId":1,"portalId":1,"appId":1,"occurredAt":1700000000000,"properties":{"firstname":"Erika","lastname":"Muster","email":"erika@firma.example","message":"Please send me an offer."}}"#,
    ),
    ..Provider::like_generic("hubspot", "HubSpot")
};

/// What is asked of a contact.
const PROPERTIES: &str = "email,firstname,lastname,phone,mobilephone,company,jobtitle,website,city,zip,country,message,hs_language,hs_analytics_source,hs_analytics_first_url,hs_analytics_first_referrer";

/// The properties that the generic reading would not know.
const NAMES: [(&str, &str); 7] = [
    ("firstname", "first name"),
    ("lastname", "last name"),
    ("mobilephone", "mobile phone"),
    ("jobtitle", "job title"),
    ("hs_language", "language"),
    ("hs_analytics_first_url", "page url"),
    ("hs_analytics_first_referrer", "referrer"),
];

fn is_event(body: &Value) -> bool {
    let is_creation = body["subscriptionType"] == "contact.creation"
        || (body["subscriptionType"] == "object.creation" && body["objectTypeId"] == "0-1");
    is_creation && !body["objectId"].is_null() && body["properties"].is_null()
}

/// What happened, in the words of the older events.
fn kind(body: &Node) -> Option<String> {
    let kind = body.text_at("subscriptionType")?;
    let is_contact = body.text_at("objectTypeId").as_deref() == Some("0-1");
    Some(if is_contact { kind.replace("object.", "contact.") } else { kind })
}

fn arrange(body: Node) -> Node {
    let Some(properties) = body.at("properties").filter(|_| kind(&body).is_some() || body.at("vid").is_some()) else {
        return body;
    };
    let property = |(key, value): &(String, Node)| {
        let label = NAMES.iter().find(|(name, _)| name == key).map_or(key.as_str(), |(_, label)| label);
        let own = ["createdate", "lastmodifieddate"].contains(&label) || label.starts_with("hs_");
        let text = value.text_at("value").or_else(|| value.text())?;
        (!own).then(|| Node::field(label, "", Node::Text(text)))
    };
    Node::form(properties.entries().iter().filter_map(property).collect(), Vec::new())
}
