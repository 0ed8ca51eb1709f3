//! Who posts: one file for each provider, one entry in `PROVIDERS`.
//!
//! A file declares how its provider proves itself, shakes hands and names its deliveries, how it spells a
//! form, what it wants to be answered, which of its posts are no leads, and what a person does on its side to
//! connect it. Whatever a file does not say is as for `generic`.

mod cal_com;
mod calendly;
mod chatwoot;
mod cloudflare;
mod contact_form_7;
mod crisp;
mod elementor;
mod fluent_forms;
mod formspree;
mod framer;
mod generic;
mod google_ads;
mod gravity_forms;
mod hubspot;
mod intercom;
mod jotform;
mod linkedin;
mod livechat;
mod mailgun;
mod meta;
mod meta_lead_ads;
mod netlify;
mod ninja_forms;
mod postmark;
mod pseudonyms;
mod rfc822;
mod sendgrid;
mod ses;
mod slack;
mod squarespace;
mod tally;
mod tawk;
mod teams;
mod telegram;
mod tidio;
mod twilio;
mod typeform;
mod webflow;
mod whatsapp;
mod wpforms;
mod zendesk;

use std::fmt;

use axum::http::request::Parts;
use axum::response::Response;
use serde_json::Value;

use super::answer;
use super::fetch::Fetching;
use super::gateway;
use super::verify::Proof;
use crate::config::Secret;
use crate::lead::{Kind, Receipt};
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

pub use generic::GENERIC;

/// The providers whose posts can be taken.
pub(crate) static PROVIDERS: [&Provider; 39] = [
    &GENERIC,
    &typeform::TYPEFORM,
    &tally::TALLY,
    &jotform::JOTFORM,
    &gravity_forms::GRAVITY_FORMS,
    &contact_form_7::CONTACT_FORM_7,
    &wpforms::WPFORMS,
    &fluent_forms::FLUENT_FORMS,
    &elementor::ELEMENTOR,
    &ninja_forms::NINJA_FORMS,
    &webflow::WEBFLOW,
    &formspree::FORMSPREE,
    &netlify::NETLIFY,
    &framer::FRAMER,
    &squarespace::SQUARESPACE,
    &intercom::INTERCOM,
    &crisp::CRISP,
    &tawk::TAWK,
    &livechat::LIVECHAT,
    &tidio::TIDIO,
    &zendesk::ZENDESK,
    &chatwoot::CHATWOOT,
    &slack::SLACK,
    &teams::TEAMS,
    &telegram::TELEGRAM,
    &whatsapp::WHATSAPP,
    &twilio::TWILIO,
    &sendgrid::SENDGRID,
    &mailgun::MAILGUN,
    &postmark::POSTMARK,
    &ses::SES,
    &cloudflare::CLOUDFLARE,
    &rfc822::RFC822,
    &calendly::CALENDLY,
    &cal_com::CAL_COM,
    &google_ads::GOOGLE_ADS,
    &meta_lead_ads::META_LEAD_ADS,
    &linkedin::LINKEDIN,
    &hubspot::HUBSPOT,
];

/// The provider of this name.
pub(crate) fn find(name: &str) -> Option<&'static Provider> {
    PROVIDERS.into_iter().find(|provider| provider.schema.provider == name)
}

/// How the provider of this name spells a form.
pub(crate) fn schema(name: &str) -> Option<&'static Schema> {
    find(name).map(|provider| &provider.schema)
}

/// One provider.
pub struct Provider {
    /// Its name as it writes it itself.
    pub title: &'static str,
    /// How its posts prove that they come from it, where the settings describe no signature.
    pub proof: fn() -> Proof,
    /// Whether it signs everything it sends, so that there is always a secret.
    pub always_signs: bool,
    /// A secret that everybody knows: it proves nothing.
    pub public_secret: Option<&'static str>,
    /// The header with the id by which it repeats a delivery, lower case.
    pub delivery: Option<&'static str>,
    /// What its posts are.
    pub kind: Kind,
    /// How it spells a form.
    pub schema: Schema,
    /// Whether its JSON holds files, so that a body may be as large as one in parts.
    pub holds_files: bool,
    /// How the rest of an item is fetched, for a provider that sends no more than an id.
    pub(in crate::channels::webhook) fetch: Option<&'static Fetching>,
    /// Whether it is Amazon SNS that posts, for a topic, and asks whether it may.
    pub topics: bool,
    /// The mail in a post, for a mail gateway; where there is none in it, it is read as a form.
    pub(in crate::channels::webhook) mail: Option<gateway::Unwrap>,
    /// The items that it bundled under one envelope, each in an envelope of its own; none where a post is one item.
    pub items: fn(&Value) -> Vec<Value>,
    /// Our answer where the request is no delivery but the provider's question whether we are the right address;
    /// `None` where it is none. It asks with `GET` (the body is empty; nothing is proved yet), or posts the
    /// question (the body has proved where it comes from).
    pub handshake: fn(&Parts, &[u8], &[Secret]) -> Option<Response>,
    /// What it reads after the commit; the flag says whether it posted an array.
    pub answer: fn(&[Receipt], bool) -> Response,
    /// What a person does to connect it, a step a line; `{url}` is the channel's address.
    pub steps: &'static str,
    /// A post of its kind: content type and body; `{id}` stands for something new in each.
    pub sample: (&'static str, &'static str),
}

impl Provider {
    /// A provider of this name that is in everything as `generic` is.
    const fn like_generic(name: &'static str, title: &'static str) -> Self {
        Self {
            title,
            proof: || Proof::Token,
            always_signs: false,
            public_secret: None,
            delivery: None,
            kind: Kind::Form,
            schema: Schema::plain(name),
            holds_files: false,
            fetch: None,
            topics: false,
            mail: None,
            items: |_| Vec::new(),
            handshake: |_, _, _| None,
            answer: answer::whole,
            steps: "",
            sample: ("application/json", generic::SAMPLE),
        }
    }

    /// A provider of chats that is in everything else as `generic` is.
    const fn of_chats(name: &'static str, title: &'static str) -> Self {
        Self { kind: Kind::Chat, ..Self::like_generic(name, title) }
    }

    /// A mail gateway that is in everything else as `generic` is.
    const fn of_mails(name: &'static str, title: &'static str) -> Self {
        Self { mail: Some(|_| None), ..Self::like_generic(name, title) }
    }

    /// The provider of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        find(name)
    }

    /// Its name in the settings.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.schema.provider
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.schema == other.schema
    }
}

/// The first of these places in a body that holds a text or number.
fn first(body: &Node, places: &[&str]) -> Option<String> {
    places.iter().find_map(|place| body.text_at(place))
}

/// Texts under our own labels, from the first of their places in a body that holds one.
fn named(body: &Node, wanted: &[(&str, &[&str])]) -> Vec<(String, Node)> {
    let text = |(label, places): &(&str, &[&str])| Some(((*label).to_owned(), Node::Text(first(body, places)?)));
    wanted.iter().filter_map(text).collect()
}

/// A text under a label of ours, where there is one.
fn said(label: &str, text: Option<String>) -> Option<(String, Node)> {
    text.map(|text| (label.to_owned(), Node::Text(text)))
}

/// The mail that is the body itself.
fn raw_mail(post: &gateway::Post<'_>) -> Option<Vec<u8>> {
    // curl calls whatever it sends a form, unless it is told otherwise.
    let is_raw = matches!(
        &*post.kind(),
        "message/rfc822"
            | "message/global"
            | "application/octet-stream"
            | "application/x-www-form-urlencoded"
            | "text/plain"
            | ""
    );
    (is_raw && gateway::is_mail(post.bytes)).then(|| post.bytes.to_vec())
}

/// An id in a path.
fn in_path(id: &str) -> String {
    percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Why an item waits that is no more than an id.
const LACKS: &str = "it holds no more than the id of a lead: it waits for its details, which are fetched";

/// Why what people of our own write in a chat is no lead.
const OPERATOR: &str = "an operator's message";
/// Why what a program writes in a chat is no lead.
const BOT: &str = "a program's message";

/// What a post about something else than `wanted` is about; a body that does not say is passed over.
fn other_than(wanted: &[&str], said: Option<String>) -> Option<String> {
    let said = said.filter(|said| !wanted.contains(&said.as_str()))?;
    let said: String = said.chars().filter(|c| !c.is_control()).take(60).collect();
    Some(format!("news of another kind (`{said}`)"))
}

#[cfg(test)]
mod chat_tests;
#[cfg(test)]
mod spelling_tests;
#[cfg(test)]
mod tests;
