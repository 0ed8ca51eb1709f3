//! WhatsApp Cloud API, of Meta: messages and their states, several in one post. Signed as GitHub does; before it
//! sends anything it asks with GET.

use serde_json::Value;

use super::{Provider, first, meta, other_than, said};
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// WhatsApp.
pub(super) static WHATSAPP: Provider = Provider {
    proof: meta::proof,
    handshake: meta::handshake,
    items,
    schema: Schema {
        arrange,
        delivery: |body| message(body)?.text_at("id"),
        noise,
        conversations,
        ..Schema::plain("whatsapp")
    },
    steps: "On developers.facebook.com, open your app, and copy the App secret (App settings, Basic): it is the secret \
        of this channel. Set `verify_token` to a word of your own, and start lotse with both.\n\
        Open WhatsApp, Configuration, Webhook, and click Edit.\n\
        Callback URL: {url}. Verify token: the same word.\n\
        Click Verify and save, then Manage, and subscribe to messages.",
    sample: (
        "application/json",
        r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550001111","phone_number_id":"1"},"contacts":[{"profile":{"name":"Erika Muster"},"wa_id":"4915112345678"}],"messages":[{"from":"4915112345678","id":"wamid.{id}","timestamp":"1700000000","type":"text","text":{"body":"Please send me an offer, to erika@firma.example"}}]}}]}]}"#,
    ),
    ..Provider::of_chats("whatsapp", "WhatsApp")
};

/// One post for each message; states and other news of one change stay together.
fn items(body: &Value) -> Vec<Value> {
    let alone = |entry: &Value, change: &Value, key: &str, one: &Value| {
        let mut change = change.clone();
        if let Some(value) = change.get_mut("value").and_then(Value::as_object_mut) {
            ["messages", "statuses"].iter().filter(|other| **other != key).for_each(|other| {
                value.shift_remove(*other);
            });
            value.insert(key.to_owned(), one.clone());
        }
        meta::enveloped(body, entry, &change)
    };
    let mut items = Vec::new();
    for (entry, change) in meta::changes(body) {
        let value = &change["value"];
        let messages = value["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        items.extend(messages.iter().map(|one| alone(entry, change, "messages", &Value::Array(vec![one.clone()]))));
        if !value["statuses"].is_null() {
            items.push(alone(entry, change, "statuses", &value["statuses"]));
        } else if messages.is_empty() {
            items.push(meta::enveloped(body, entry, change));
        }
    }
    items
}

/// What changed.
fn change(body: &Node) -> Option<&Node> {
    body.at("object")?;
    meta::change(body)
}

fn message(body: &Node) -> Option<&Node> {
    change(body)?.at("value.messages")?.items().first()
}

fn noise(body: &Node) -> Option<String> {
    let change = change(body)?;
    let Some(message) = message(body) else {
        let kind =
            if change.at("value.statuses").is_some() { Some("statuses".to_owned()) } else { change.text_at("field") };
        return other_than(&[], kind);
    };
    let ours = change.text_at("value.metadata.display_phone_number").map(|number| digits(&number));
    if ours.is_some() && message.text_at("from").map(|number| digits(&number)) == ours {
        return Some(super::OPERATOR.to_owned());
    }
    match message.text_at("type").as_deref() {
        Some("reaction") => Some("a reaction to a message".to_owned()),
        Some("revoke") => Some("its writer took a message back".to_owned()),
        Some("system" | "request_welcome" | "ephemeral") => Some("news of the chat, no message".to_owned()),
        _ => None,
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

fn conversations(body: &Node) -> Vec<String> {
    let name = || {
        let own = change(body)?.text_at("value.metadata.phone_number_id").unwrap_or_default();
        Some(format!("{own}:{}", message(body)?.text_at("from")?))
    };
    name().into_iter().collect()
}

fn arrange(body: Node) -> Node {
    let (Some(change), Some(message)) = (change(&body), message(&body)) else { return body };
    let contacts = change.at("value.contacts").map(Node::items).unwrap_or_default();
    let from = message.text_at("from");
    let is_writer = |contact: &&Node| contact.text_at("wa_id") == from;
    let contact = contacts.iter().find(is_writer).or_else(|| contacts.first());
    let number = contact.and_then(|contact| contact.text_at("wa_id")).or(from).map(|number| digits(&number));
    let number = number.filter(|number| !number.is_empty()).map(|number| format!("+{number}"));
    let mut entries: Vec<_> = [
        said("name", contact.and_then(|contact| contact.text_at("profile.name"))),
        said("phone", number.clone()),
        said("page url", message.text_at("referral.source_url")),
        // The click that led here, as other click ids stand.
        said("utm_ctwa_clid", message.text_at("referral.ctwa_clid")),
        said("advert", message.text_at("referral.headline")),
        said("advert text", message.text_at("referral.body")),
        said("advert id", message.text_at("referral.source_id")),
    ]
    .into_iter()
    .flatten()
    .collect();
    // An edited message says what it says now.
    let message = message.at("edit.message").unwrap_or(message);
    let own = cards(message).iter().find(|card| is_own(card, number.as_deref()));
    entries.extend(own.map(of_card).unwrap_or_default());
    entries.extend(written(message));
    Node::Map(entries)
}

/// What a message says: its words, what was chosen, a form's answers, a file, a place.
fn written(message: &Node) -> Vec<(String, Node)> {
    let kind = message.text_at("type").unwrap_or_default();
    let places = [
        "text.body",
        "button.text",
        "interactive.button_reply.title",
        "interactive.list_reply.title",
        "image.caption",
        "video.caption",
        "document.caption",
        "order.text",
    ];
    let mut entries: Vec<_> = said("message", first(message, &places)).into_iter().collect();
    if matches!(&*kind, "image" | "video" | "audio" | "voice" | "document" | "sticker") {
        let name = message.text_at(&format!("{kind}.filename"));
        entries.extend(said(
            "file",
            name.or_else(|| message.text_at(&format!("{kind}.id"))).map(|id| format!("{kind} {id}")),
        ));
    }
    entries.extend(said("location", message.at("location").and_then(place)));
    entries.extend(said("catalogue", message.text_at("order.catalog_id")));
    for product in message.at("order.product_items").map(Node::items).unwrap_or_default() {
        entries.extend(said("ordered", ordered(product)));
    }
    if let Some(answers) = message.at("interactive.nfm_reply.response_json") {
        let answers = answers.json();
        let answers = answers.as_ref().map(Node::entries).unwrap_or_default().iter();
        entries.extend(answers.filter(|(key, _)| key != "flow_token").cloned());
    }
    for card in cards(message) {
        entries.extend(said("shared contact", in_words(card)));
    }
    if entries.is_empty() {
        // Words of ours are no message of theirs: the first one that they write is.
        entries.extend(said("unread", Some(format!("a message of the kind `{kind}`: look at it in WhatsApp"))));
    }
    entries
}

/// A place: its name, its address, and where it is on the map.
fn place(place: &Node) -> Option<String> {
    let words = ["name", "address", "url"].map(|key| place.text_at(key));
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let point = || Some(format!("{}, {}", place.text_at("latitude")?, place.text_at("longitude")?));
    match (words.is_empty(), point()) {
        (true, point) => point,
        (_, Some(point)) => Some(format!("{words} ({point})")),
        (_, None) => Some(words),
    }
}

/// One product of an order: `2 × R-17, 19.99 EUR each`.
fn ordered(product: &Node) -> Option<String> {
    let quantity = product.text_at("quantity").map(|quantity| format!("{quantity} × ")).unwrap_or_default();
    let currency = product.text_at("currency").map(|currency| format!(" {currency}")).unwrap_or_default();
    let price = product.text_at("item_price").map(|price| format!(", {price}{currency} each")).unwrap_or_default();
    Some(format!("{quantity}{}{price}", product.text_at("product_retailer_id")?))
}

/// The cards in a message.
fn cards(message: &Node) -> &[Node] {
    message.at("contacts").map(Node::items).unwrap_or_default()
}

/// The texts under a key of each item of a list.
fn each<'a>(card: &'a Node, list: &str, keys: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    let items = card.at(list).map(Node::items).unwrap_or_default().iter();
    items.filter_map(|item| first(item, keys))
}

/// Whether a card is that of the writer, who has this number.
fn is_own(card: &Node, number: Option<&str>) -> bool {
    let own = number.map(digits);
    own.is_some() && each(card, "phones", &["wa_id", "phone"]).any(|number| Some(digits(&number)) == own)
}

/// What the writer's own card says of them.
fn of_card(card: &Node) -> Vec<(String, Node)> {
    let of_company = [("company", "org.company"), ("job title", "org.title")];
    let of_company = of_company.iter().filter_map(|(label, place)| said(label, card.text_at(place)));
    let emails = each(card, "emails", &["email"]).filter_map(|email| said("email", Some(email)));
    let sites = each(card, "urls", &["url"]).filter_map(|site| said("website", Some(site)));
    of_company.chain(emails).chain(sites).collect()
}

/// All that a card says, each detail behind its name: somebody else's address is none of the writer.
fn in_words(card: &Node) -> Option<String> {
    let number = |number: String| format!("phone {number}");
    let address = |address: &Node| {
        let parts = ["street", "zip", "city", "state", "country"].map(|key| address.text_at(key));
        let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        (!parts.is_empty()).then(|| format!("address {parts}"))
    };
    let parts = card.text_at("name.formatted_name").into_iter();
    let parts = parts
        .chain(["company", "department", "title"].iter().filter_map(|key| {
            let text = card.text_at(&format!("org.{key}"))?;
            Some(format!("{key} {text}"))
        }))
        .chain(each(card, "phones", &["phone", "wa_id"]).map(number))
        .chain(each(card, "emails", &["email"]).map(|email| format!("e-mail {email}")))
        .chain(each(card, "urls", &["url"]).map(|url| format!("website {url}")))
        .chain(card.at("addresses").map(Node::items).unwrap_or_default().iter().filter_map(address))
        .chain(card.text_at("birthday").map(|day| format!("birthday {day}")));
    Some(parts.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
}
