//! Google Ads, lead form (<https://developers.google.com/google-ads/webhook/docs/implementation>): columns by their
//! ids. Nothing is signed; the body holds the key.

use axum::http::StatusCode;

use super::Provider;
use crate::channels::webhook::answer;
use crate::channels::webhook::verify::Proof;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Google Ads.
pub(super) static GOOGLE_ADS: Provider = Provider {
    proof: || Proof::Field("google_key"),
    schema: Schema { arrange, delivery: |body| body.text_at("lead_id"), noise, ..Schema::plain("google_ads") },
    answer: |_, _| answer::body(StatusCode::OK, "application/json", "{}".to_owned()),
    steps: "In Google Ads, open the lead form (Assets, Lead form), and under Export leads from Google Ads choose Other \
        data integration options, Webhook.\n\
        Webhook URL: {url}\n\
        Key: the secret of this channel (50 characters at most).\n\
        Click Send test data: it comes in, and makes no lead.",
    sample: (
        "application/json",
        r#"{"lead_id":"{id}","api_version":"1.0","form_id":1,"campaign_id":2,"gcl_id":"lotse","user_column_data":[{"column_name":"Full Name","string_value":"Erika Muster","column_id":"FULL_NAME"},{"column_name":"User Email","string_value":"erika@firma.example","column_id":"EMAIL"},{"column_name":"Message","string_value":"Please send me an offer.","column_id":"message"}]}"#,
    ),
    ..Provider::like_generic("google_ads", "Google Ads")
};

/// The ids of columns that every form may have, and what they mean.
const COLUMNS: [(&str, &str); 15] = [
    ("FULL_NAME", "name"),
    ("FIRST_NAME", "first name"),
    ("LAST_NAME", "last name"),
    ("EMAIL", "email"),
    ("WORK_EMAIL", "work email"),
    ("PHONE_NUMBER", "phone"),
    ("WORK_PHONE", "work phone"),
    ("COMPANY_NAME", "company"),
    ("JOB_TITLE", "job title"),
    ("POSTAL_CODE", "postal code"),
    ("STREET_ADDRESS", "street"),
    ("CITY", "city"),
    ("REGION", "region"),
    ("COUNTRY", "country"),
    ("WEBSITE", "website"),
];

fn noise(body: &Node) -> Option<String> {
    let is_test = body.at("user_column_data").is_some() && body.at("is_test").is_some_and(Node::is_true);
    is_test.then(|| "a test of the provider (`is_test`)".to_owned())
}

fn arrange(body: Node) -> Node {
    let Some(columns) = body.at("user_column_data") else { return body };
    let column = |column: &Node| {
        let id = column.text_at("column_id").unwrap_or_default();
        let known = COLUMNS.iter().find(|(known, _)| *known == id).map(|(_, label)| (*label).to_owned());
        let label = known.or_else(|| column.text_at("column_name")).unwrap_or(id);
        Some(Node::field(&label, "", Node::Text(column.text_at("string_value")?)))
    };
    let fields = columns.items().iter().filter_map(column).collect();
    let about = [
        ("gcl_id", "gclid"),
        ("form_id", "form id"),
        ("campaign_id", "campaign id"),
        ("adgroup_id", "ad group id"),
        ("creative_id", "creative id"),
        ("asset_group_id", "asset group id"),
    ];
    let about = about.iter().filter_map(|(key, label)| Some(((*label).to_owned(), Node::Text(body.text_at(key)?))));
    Node::form(fields, about.filter(|(_, value)| *value != Node::Text("0".to_owned())).collect())
}
