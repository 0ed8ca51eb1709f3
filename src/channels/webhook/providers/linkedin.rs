//! LinkedIn Lead Sync (<https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/leadsync>): a notice with the
//! lead's name alone; its answers and the form's questions are fetched. Signed over the body with a word in front.

use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{LACKS, Provider, first, in_path, other_than};
use crate::channels::webhook::answer;
use crate::channels::webhook::fetch::{Deletion, Fetching};
use crate::channels::webhook::signature::{Piece, Signature};
use crate::channels::webhook::verify::Proof;
use crate::config::Secret;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;
use crate::normalize::hex;

/// LinkedIn.
pub(super) static LINKEDIN: Provider = Provider {
    proof: || {
        let signed = vec![Piece::Text("hmacsha256=".to_owned()), Piece::Body];
        let usual = Signature { signed, ..Signature::of_body("x-li-signature") };
        // Some receivers report the word in the header, too.
        Proof::AnyOf(vec![usual.clone(), Signature { prefix: "hmacsha256=".to_owned(), ..usual }])
    },
    handshake,
    fetch: Some(&Fetching {
        api: "https://api.linkedin.com",
        wants: |body| lacks(body).then(|| delivery_of(body["leadGenFormResponse"].as_str()?, "CREATED")).flatten(),
        paths: |body| {
            let id = |key: &str| body[key].as_str().and_then(|urn| urn.rsplit(':').next()).map(in_path);
            let response = id("leadGenFormResponse").map(|id| format!("/rest/leadFormResponses/{id}"));
            let form = id("leadGenForm").map(|id| format!("/rest/leadForms/{id}"));
            response.into_iter().chain(form).collect()
        },
        headers: &[("LinkedIn-Version", "202506"), ("X-Restli-Protocol-Version", "2.0.0")],
        complete: |mut body, documents| {
            let mut documents = documents.into_iter();
            body["response"] = documents.next().unwrap_or_default();
            body["form"] = documents.next().unwrap_or_default();
            body
        },
        erases: |body| {
            let urn = body["leadGenFormResponse"].as_str().filter(|_| body["leadAction"] == "DELETED")?;
            let (of, conversation) = (urn.to_owned(), urn.to_owned());
            delivery_of(urn, "DELETED").map(|delivery| Deletion { delivery, of, conversation })
        },
    }),
    schema: Schema {
        arrange,
        delivery: |body| {
            let (urn, action) = (body.text_at("leadGenFormResponse")?, body.text_at("leadAction"));
            delivery_of(&urn, action.as_deref().unwrap_or("CREATED"))
        },
        noise: |body| {
            other_than(&["LEAD_ACTION"], body.text_at("type").filter(|_| body.at("leadGenFormResponse").is_some()))
        },
        unclear,
        conversations: |body| body.text_at("leadGenFormResponse").into_iter().collect(),
        ..Schema::plain("linkedin")
    },
    steps: "On developer.linkedin.com, open your app (with access to Lead Sync), and copy its Client secret: it is the \
        secret of this channel. Set `token` to an access token with r_marketing_leadgen_automation. Start lotse with both.\n\
        Open Webhooks, click Create webhook, and enter {url}. LinkedIn asks at once, and every two hours.\n\
        Make a subscription for the leads of your account: POST /rest/leadNotifications with this address.",
    sample: (
        "application/json",
        r#"{"type":"LEAD_ACTION","leadGenFormResponse":"urn:li:leadGenFormResponse:{id}","leadGenForm":"urn:li:leadGenForm:1","leadType":"SPONSORED","leadAction":"CREATED","occurredAt":1700000000000,"response":{"formResponse":{"answers":[{"questionId":1,"answerDetails":{"textQuestionAnswer":{"answer":"Erika Muster"}}},{"questionId":2,"answerDetails":{"textQuestionAnswer":{"answer":"erika@firma.example"}}},{"questionId":3,"answerDetails":{"textQuestionAnswer":{"answer":"Please send me an offer."}}}]}},"form":{"content":{"questions":[{"questionId":1,"name":"Full name"},{"questionId":2,"predefinedField":"EMAIL"},{"questionId":3,"name":"Message"}]}}}"#,
    ),
    ..Provider::like_generic("linkedin", "LinkedIn Lead Sync")
};

/// `GET ?challengeCode=…`: the code, and its HMAC-SHA256 under the client secret.
fn handshake(request: &Parts, _: &[u8], secrets: &[Secret]) -> Option<Response> {
    if request.method != Method::GET {
        return None;
    }
    let query = request.uri.query().unwrap_or_default();
    let code = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "challengeCode")?.1;
    let secret = secrets.iter().find(|secret| !secret.expose().is_empty())?;
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.expose().as_bytes()).ok()?;
    let response = hex(&mac.chain_update(code.as_bytes()).finalize().into_bytes());
    let answered = json!({ "challengeCode": code, "challengeResponse": response });
    Some(answer::body(StatusCode::OK, "application/json", answered.to_string()))
}

fn delivery_of(urn: &str, action: &str) -> Option<String> {
    (!urn.is_empty()).then(|| if action == "CREATED" { urn.to_owned() } else { format!("{urn}:{action}") })
}

fn lacks(body: &Value) -> bool {
    body["leadGenFormResponse"].is_string() && body["leadAction"] != "DELETED" && body["response"].is_null()
}

fn unclear(body: &Node) -> Option<String> {
    body.at("leadGenFormResponse")?;
    if body.text_at("leadAction").as_deref() == Some("DELETED") {
        return Some("its writer asks LinkedIn to delete a lead: it is being erased here, too".to_owned());
    }
    body.at("response").is_none().then(|| LACKS.to_owned())
}

fn arrange(body: Node) -> Node {
    let places = ["response.formResponse.answers", "response.answers"];
    let Some(answers) = places.iter().find_map(|place| body.at(place)) else { return body };
    let questions = ["form.content.questions", "form.questions"];
    let questions = questions.iter().find_map(|place| body.at(place)).map(Node::items).unwrap_or_default();
    let field = |answer: &Node| {
        let id = answer.text_at("questionId").unwrap_or_default();
        let question = questions.iter().find(|question| question.text_at("questionId").as_deref() == Some(id.as_str()));
        let known = question
            .and_then(|question| question.text_at("predefinedField"))
            .map(|name| name.replace('_', " ").to_lowercase());
        let asked =
            question.and_then(|question| first(question, &["label", "name", "question", "question.localized.en_US"]));
        let value = ["answerDetails.textQuestionAnswer.answer", "answerDetails.multipleChoiceAnswer.options", "answer"];
        let value = value.iter().find_map(|place| answer.at(place))?;
        Some(Node::field(&known.or(asked).unwrap_or(id), "", value.clone()))
    };
    let about =
        [("leadGenForm", "form id"), ("form.name", "form name"), ("associatedEntity.associatedCreative", "advert")];
    let about = about.iter().filter_map(|(place, label)| Some(((*label).to_owned(), Node::Text(body.text_at(place)?))));
    Node::form(answers.items().iter().filter_map(field).collect(), about.collect())
}
