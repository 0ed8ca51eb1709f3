//! Contact Form 7 with the plug-in "CF7 to Webhook": the form's tags by name, one JSON object. A template of
//! one's own may break the JSON; it then comes as `text/plain`. Files come as addresses, or within the JSON.

use super::Provider;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

/// Contact Form 7.
pub(super) static CONTACT_FORM_7: Provider = Provider {
    schema: Schema { arrange, ..Schema::plain("contact_form_7") },
    holds_files: true,
    steps: "Install the plug-in CF7 to Webhook; Contact Form 7 alone sends mail only.\n\
        Edit the form, open the tab Webhook, and tick Send to Webhook.\n\
        Webhook URL: {url}\n\
        Headers: Authorization: Bearer SECRET (the secret of this channel).\n\
        Special Mail Tags: add _url, so that the lead tells the page it came from.\n\
        It is sent once, while the visitor waits, and not again.",
    sample: (
        "application/json",
        r#"{"your-name":"Erika Muster","your-email":"erika@firma.example","your-subject":"Offer","your-message":"Please send me an offer.","_url":"https://www.example.com/contact"}"#,
    ),
    ..Provider::like_generic("contact_form_7", "Contact Form 7")
};

fn arrange(body: Node) -> Node {
    let Node::Map(entries) = body else { return body };
    let mut fields = Vec::new();
    let named = entries.into_iter().filter_map(|(key, value)| match &*key {
        "_url" => Some(("page url".to_owned(), value)),
        // A tag [acceptance-123] holds 1 where it was ticked.
        _ if key.starts_with("acceptance") => {
            fields.push(Node::field(&key, "acceptance", value));
            None
        }
        _ => Some((key, value)),
    });
    let named = named.collect();
    if fields.is_empty() { Node::Map(named) } else { Node::form(fields, named) }
}
