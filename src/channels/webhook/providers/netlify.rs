//! Netlify Forms, outgoing webhook: the fields under `data`, as people read them under
//! `ordered_human_fields`; signed with a JWS that names the hash of the body
//! (<https://docs.netlify.com/site-deploys/notifications/#payload-signature>).

use super::{Provider, first};
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Netlify Forms.
pub(super) static NETLIFY: Provider = Provider {
    proof: || Proof::Jws { header: "x-webhook-signature", issuer: "netlify" },
    schema: Schema { arrange, delivery: |body| first(body, &["id", "payload.id"]), ..Schema::plain("netlify") },
    steps: "In the project's Forms (or Notifications), add a notification: HTTP POST request.\n\
        Event to listen for: New form submission.\n\
        URL to notify: {url}\n\
        JWS secret token: the secret of this channel.",
    sample: (
        "application/json",
        r#"{"id":"{id}","form_name":"contact","name":"Erika Muster","email":"erika@firma.example","data":{"name":"Erika Muster","email":"erika@firma.example","message":"Please send me an offer.","referrer":"https://www.example.com/contact"},"ordered_human_fields":[{"title":"Name","name":"name","value":"Erika Muster"}]}"#,
    ),
    ..Provider::like_generic("netlify", "Netlify Forms")
};

fn arrange(mut body: Node) -> Node {
    // As Netlify's own functions get it.
    let wrapped = body.take("payload");
    let form = wrapped.unwrap_or_else(|| body.clone());
    let titles = form.at("ordered_human_fields").map(Node::items).unwrap_or_default();
    let data = form.at("data").map(Node::entries).unwrap_or_default();
    if data.is_empty() && titles.is_empty() {
        return if form.entries().is_empty() { body } else { form };
    }
    let title = |name: &str| {
        let about = titles.iter().find(|about| about.text_at("name").as_deref() == Some(name))?;
        about.text_at("title")
    };
    let field = |(name, value): &(String, Node)| match &**name {
        "ip" | "user_agent" => None,
        "referrer" => Some(Node::field("page url", "", value.clone())),
        _ => Some(Node::field(&title(name).unwrap_or_else(|| name.clone()), "", value.clone())),
    };
    let mut fields: Vec<Node> = data.iter().filter_map(field).collect();
    let told = |name: Option<String>| data.iter().any(|(known, _)| Some(known) == name.as_ref());
    fields.extend(titles.iter().filter(|about| !told(about.text_at("name"))).cloned());
    let mut named = Vec::new();
    let own = [("form_name", "form name"), ("form_id", "form id"), ("site_url", "site url"), ("email", "email")];
    for (place, label) in own.into_iter().chain([("name", "name"), ("company", "company"), ("phone", "phone")]) {
        // What Netlify lifts out of the fields stands there already.
        let fresh = |node: &&Node| !data.iter().any(|(_, value)| value == *node);
        named.extend(form.at(place).filter(fresh).map(|node| (label.to_owned(), node.clone())));
    }
    Node::form(fields, named)
}
