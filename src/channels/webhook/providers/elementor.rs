//! Elementor Pro, Webhook action: urlencoded, by label (simple) or with types and titles (advanced data).
//! It shows its visitor a failure for every answer but exactly 200.

use super::Provider;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Elementor.
pub(super) static ELEMENTOR: Provider = Provider {
    schema: Schema { arrange, ..Schema::plain("elementor") },
    steps: "Edit the page, select the form, and add Webhook under Actions After Submit.\n\
        Elementor sends no headers of yours: add the secret of this channel to the address.\n\
        Webhook URL: {url}?token=SECRET\n\
        Advanced Data: Yes, so that each field comes with its type. It is sent once, while the visitor waits.",
    sample: (
        "application/x-www-form-urlencoded",
        "form%5Bid%5D=lotse&form%5Bname%5D=Contact&fields%5Bname%5D%5Bid%5D=name&fields%5Bname%5D%5Btype%5D=text&fields%5Bname%5D%5Btitle%5D=Name&fields%5Bname%5D%5Bvalue%5D=Erika+Muster&fields%5Bemail%5D%5Bid%5D=email&fields%5Bemail%5D%5Btype%5D=email&fields%5Bemail%5D%5Btitle%5D=E-mail&fields%5Bemail%5D%5Bvalue%5D=erika%40firma.example&fields%5Bmessage%5D%5Bid%5D=message&fields%5Bmessage%5D%5Btype%5D=textarea&fields%5Bmessage%5D%5Btitle%5D=&fields%5Bmessage%5D%5Bvalue%5D=Please+send+me+an+offer.&meta%5Bpage_url%5D%5Btitle%5D=Page+URL&meta%5Bpage_url%5D%5Bvalue%5D=https%3A%2F%2Fwww.example.com%2Fcontact",
    ),
    ..Provider::like_generic("elementor", "Elementor")
};

fn arrange(body: Node) -> Node {
    if let Some(fields) = body.at("fields").filter(|fields| !fields.entries().is_empty()) {
        return advanced(&body, fields);
    }
    let Node::Map(entries) = body else { return body };
    // A field without a label comes as "No Label email".
    let named = entries.into_iter().map(|(key, value)| match key.strip_prefix("No Label ") {
        Some(id) => (id.to_owned(), value),
        None if key == "form_name" => ("form name".to_owned(), value),
        None => (key, value),
    });
    Node::Map(named.collect())
}

fn advanced(body: &Node, fields: &Node) -> Node {
    let field = |(id, field): &(String, Node)| {
        let label = field.text_at("title").unwrap_or_else(|| id.clone());
        let value = field.at("value").or_else(|| field.at("raw_value"))?;
        Some(Node::field(&label, &field.text_at("type").unwrap_or_default(), value.clone()))
    };
    let fields = fields.entries().iter().filter_map(field).collect();
    let mut named = Vec::new();
    for (place, label) in [("form.name", "form name"), ("form.id", "form id"), ("meta.page_url.value", "page url")] {
        named.extend(body.at(place).map(|node| (label.to_owned(), node.clone())));
    }
    let meta = body.at("meta").map(Node::entries).unwrap_or_default();
    for (key, about) in meta.iter().filter(|(key, _)| key != "page_url" && key != "credit") {
        named.extend(about.at("value").map(|value| (key.clone(), value.clone())));
    }
    Node::form(fields, named)
}
