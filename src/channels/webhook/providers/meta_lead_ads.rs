//! Meta Lead Ads: a notice with the lead's id alone; its answers are fetched from the Graph API
//! (<https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving>).

use serde_json::Value;

use super::{Provider, meta, other_than};
use crate::channels::webhook::fetch::Fetching;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Meta Lead Ads.
pub(super) static META_LEAD_ADS: Provider = Provider {
    proof: meta::proof,
    handshake: meta::handshake,
    items: |body| meta::changes(body).map(|(entry, change)| meta::enveloped(body, entry, change)).collect(),
    fetch: Some(&Fetching {
        api: "https://graph.facebook.com/v23.0",
        wants: |body| lacking(body).and_then(|value| text(&value["leadgen_id"])),
        paths: |body| {
            let id = lacking(body).and_then(|value| text(&value["leadgen_id"])).unwrap_or_default();
            let fields = "id,created_time,ad_id,ad_name,campaign_id,campaign_name,form_id,is_organic,platform,field_data,custom_disclaimer_responses";
            vec![format!("/{}?fields={fields}", super::in_path(&id))]
        },
        headers: &[],
        complete: |mut body, documents| {
            let found = body.pointer_mut("/entry/0/changes/0/value").and_then(Value::as_object_mut);
            if let (Some(value), Some(Value::Object(lead))) = (found, documents.into_iter().next()) {
                value.extend(lead.into_iter().filter(|(key, _)| key != "id"));
                // A form without an answer is a form all the same.
                value.entry("field_data").or_insert_with(|| Value::Array(Vec::new()));
            }
            body
        },
        // Meta tells of none.
        erases: |_| None,
    }),
    schema: Schema {
        arrange,
        delivery: |body| lead(body)?.text_at("leadgen_id"),
        noise: |body| {
            let change = meta::change(body)?;
            other_than(&["leadgen"], change.text_at("field"))
        },
        unclear: |body| {
            let lead = lead(body)?;
            (lead.at("leadgen_id").is_some() && lead.at("field_data").is_none()).then(|| super::LACKS.to_owned())
        },
        conversations: |body| lead(body).and_then(|lead| lead.text_at("leadgen_id")).into_iter().collect(),
        ..Schema::plain("meta_lead_ads")
    },
    steps: "On developers.facebook.com, open your app, and copy the App secret (App settings, Basic): it is the secret \
        of this channel. Set `verify_token` to a word of your own, and `token` to a Page access token with \
        leads_retrieval that does not expire. Start lotse with all three.\n\
        Open Webhooks, choose Page, and click Subscribe to this object.\n\
        Callback URL: {url}. Verify token: the same word. Subscribe to the field leadgen.\n\
        Install the app on the page: POST /PAGE_ID/subscribed_apps?subscribed_fields=leadgen with the token.\n\
        Send a lead with the Lead Ads Testing Tool.",
    sample: (
        "application/json",
        r#"{"object":"page","entry":[{"id":"1","time":1700000000,"changes":[{"field":"leadgen","value":{"leadgen_id":"{id}","page_id":"1","form_id":"2","created_time":1700000000,"field_data":[{"name":"full_name","values":["Erika Muster"]},{"name":"email","values":["erika@firma.example"]},{"name":"message","values":["Please send me an offer."]}]}}]}]}"#,
    ),
    ..Provider::like_generic("meta_lead_ads", "Meta Lead Ads")
};

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.is_number().then(|| value.to_string()))
}

/// The lead of a notice that has no answers.
fn lacking(body: &Value) -> Option<&Value> {
    let change = body.pointer("/entry/0/changes/0")?;
    (change["field"] == "leadgen" && change["value"]["field_data"].is_null()).then(|| &change["value"])
}

fn lead(body: &Node) -> Option<&Node> {
    meta::change(body)?.at("value")
}

fn arrange(body: Node) -> Node {
    let Some(lead) = lead(&body).filter(|lead| lead.at("field_data").is_some()) else { return body };
    let answers = lead.at("field_data").map(Node::items).unwrap_or_default();
    let answer = |answer: &Node| Some(Node::field(&answer.text_at("name")?, "", answer.at("values")?.clone()));
    let consents = lead.at("custom_disclaimer_responses").map(Node::items).unwrap_or_default();
    let consents = consents.iter().filter_map(|consent| {
        Some(Node::field(
            &format!("consent {}", consent.text_at("checkbox_key")?),
            "",
            consent.at("is_checked")?.clone(),
        ))
    });
    let fields = answers.iter().filter_map(answer).chain(consents).collect();
    let about =
        [("form_id", "form id"), ("campaign_name", "utm_campaign"), ("ad_name", "advert"), ("platform", "platform")];
    let about = about.iter().filter_map(|(key, label)| Some(((*label).to_owned(), Node::Text(lead.text_at(key)?))));
    Node::form(fields, about.collect())
}
