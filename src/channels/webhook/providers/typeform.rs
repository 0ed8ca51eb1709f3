//! Typeform (<https://www.typeform.com/developers/webhooks/>): answers by question, titles beside them.

use super::{Provider, first, other_than};
use crate::channels::webhook::encoding::Encoding;
use crate::channels::webhook::signature::Signature;
use crate::channels::webhook::verify::Proof;
use crate::normalize::fields::label::{self, Slot};
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Typeform.
pub(super) static TYPEFORM: Provider = Provider {
    // Base64, although the prefix looks like GitHub's.
    proof: || {
        Proof::Signature(Signature {
            prefix: "sha256=".to_owned(),
            encoding: Encoding::Base64,
            ..Signature::of_body("typeform-signature")
        })
    },
    schema: Schema {
        arrange,
        delivery: |body| first(body, &["event_id", "form_response.token", "token"]),
        noise,
        ..Schema::plain("typeform")
    },
    steps: "In your typeform, open Connect, then Webhooks, and click Add a webhook.\n\
        Endpoint: {url}\n\
        Click Edit on the new webhook, set Secret to the secret of this channel, and save.\n\
        Turn the webhook on, and click View deliveries to see each post and our answer.",
    sample: (
        "application/json",
        r#"{"event_id":"{id}","event_type":"form_response","form_response":{"form_id":"lotse","token":"{id}","definition":{"title":"Contact","fields":[{"id":"a","title":"What is your name?","type":"short_text","ref":"a"},{"id":"b","title":"Your e-mail?","type":"email","ref":"b"},{"id":"c","title":"How can we help?","type":"long_text","ref":"c"}]},"answers":[{"type":"text","text":"Erika Muster","field":{"id":"a","type":"short_text","ref":"a"}},{"type":"email","email":"erika@firma.example","field":{"id":"b","type":"email","ref":"b"}},{"type":"text","text":"Please send me an offer.","field":{"id":"c","type":"long_text","ref":"c"}}]}}"#,
    ),
    ..Provider::like_generic("typeform", "Typeform")
};

/// A partial answer is a lead where it says how to reach its writer: who leaves half-way may still want
/// something.
fn noise(body: &Node) -> Option<String> {
    let event = body.text_at("event_type");
    let reachable = |answer: &Node| ["email", "phone_number"].iter().any(|kind| answer.text_at(kind).is_some());
    if event.as_deref() == Some("form_response_partial") {
        let answers = body.at("form_response.answers").map(Node::items).unwrap_or_default();
        return (!answers.iter().any(reachable)).then(|| "a partial answer without an address or number".to_owned());
    }
    other_than(&["form_response"], event)
}

fn arrange(mut body: Node) -> Node {
    // Some relays hand on the inner object alone.
    let wrapped = body.take("form_response");
    let response = wrapped.unwrap_or_else(|| body.clone());
    let Some(answers) = response.at("answers") else { return body };
    let questions = questions(response.at("definition.fields"), NESTED);
    let fields = answers.items().iter().filter_map(|answer| field(answer, &questions));
    let mut named = Vec::new();
    for (place, label) in [("definition.title", "form name"), ("form_id", "form id"), ("calculated.score", "score")] {
        named.extend(response.at(place).map(|node| (label.to_owned(), node.clone())));
    }
    let hidden = response.at("hidden").map(Node::entries).unwrap_or_default();
    let hidden = hidden.iter().map(|(label, value)| Node::field(label, "hidden", value.clone()));
    Node::form(fields.chain(hidden).collect(), named)
}

/// Levels of blocks within blocks whose questions are read.
const NESTED: usize = 4;

/// The questions of a form; those of a block (contact info, address, a group) stand within it.
fn questions(fields: Option<&Node>, levels: usize) -> Vec<&Node> {
    let mut found = Vec::new();
    for field in fields.map(Node::items).unwrap_or_default() {
        found.push(field);
        if levels > 0 {
            found.extend(questions(field.at("properties.fields"), levels - 1));
        }
    }
    found
}

/// The type of what one part of a contact info or address block holds.
fn part(subfield: &str) -> Option<&'static str> {
    Some(match subfield {
        "first_name" => "firstname",
        "last_name" => "lastname",
        "email" => "email",
        "phone_number" => "phone",
        "company" => "company",
        "country" => "country",
        _ => return None,
    })
}

/// One answer as a described field.
fn field(answer: &Node, questions: &[&Node]) -> Option<Node> {
    let (id, name) = (answer.text_at("field.id"), answer.text_at("field.ref"));
    let is = |question: &&Node, key: &str, value: &Option<String>| value.is_some() && question.text_at(key) == *value;
    let question = questions.iter().find(|question| is(question, "id", &id) || is(question, "ref", &name));
    let key = "subfield_key";
    let subfield =
        question.and_then(|question| question.text_at(key)).or_else(|| answer.text_at(&format!("field.{key}")));
    let title = question.and_then(|question| question.text_at("title")).map(|title| plain(&title));
    // Whichever says more: the question as it is read, or what the form's author called it.
    let names: Vec<String> =
        [title, subfield.clone(), name, id].into_iter().flatten().filter(|name| !name.is_empty()).collect();
    // Whoever agrees agrees to what is asked, whatever it is called.
    let is_asked = answer.text_at("field.type").as_deref() == Some("legal");
    let label = names.iter().find(|name| is_asked || label::slot(name).is_some()).or(names.first())?;
    let kind = answer.text_at("type").unwrap_or_default();
    let value = match &*kind {
        "choice" => one_of(answer.at("choice")?)?,
        "choices" => several_of(answer.at("choices")?),
        kind => answer.at(kind)?.clone(),
    };
    let asked = answer.text_at("field.type").unwrap_or(kind);
    let asked = if label::slot(label).is_none() { within(label).unwrap_or(&asked) } else { &asked };
    let asked = subfield.as_deref().and_then(part).unwrap_or(asked);
    Some(Node::field(label, asked, value))
}

/// The type of what is asked in one part of a longer title: `Hi there! What's your first name?`
fn within(title: &str) -> Option<&'static str> {
    title.split(['.', '!', '?', ',', ':', ';']).find_map(|part| {
        Some(match label::slot(part)?.0 {
            Slot::Name => "name",
            Slot::GivenName => "firstname",
            Slot::FamilyName => "lastname",
            Slot::Email => "email",
            Slot::Phone => "phone",
            Slot::Company => "company",
            _ => return None,
        })
    })
}

fn one_of(choice: &Node) -> Option<Node> {
    first(choice, &["label", "other", "ref", "id"]).map(Node::Text)
}

fn several_of(choices: &Node) -> Node {
    let listed = choices.at("labels").or_else(|| choices.at("refs")).map(Node::items).unwrap_or_default();
    Node::List(listed.iter().chain(choices.at("other")).cloned().collect())
}

/// A title without the marks around its words, and without the answers that it quotes.
fn plain(title: &str) -> String {
    let mut text = title.replace(['*', '_'], " ");
    while let Some((before, after)) = text.split_once("{{").and_then(|(a, rest)| Some((a, rest.split_once("}}")?.1))) {
        text = format!("{before}{after}");
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
