//! Who posts: one file for each provider, one entry in `PROVIDERS`.
//!
//! A file declares how its provider proves itself, shakes hands and names its deliveries, how it spells a
//! form, what it wants to be answered, which of its posts are no leads, and what a person does on its side to
//! connect it. Whatever a file does not say is as for `generic`.

mod contact_form_7;
mod elementor;
mod fluent_forms;
mod formspree;
mod framer;
mod generic;
mod gravity_forms;
mod jotform;
mod netlify;
mod ninja_forms;
mod squarespace;
mod tally;
mod typeform;
mod webflow;
mod wpforms;

use std::fmt;

use axum::http::request::Parts;
use axum::response::Response;

use super::answer;
use super::verify::Proof;
use crate::config::Secret;
use crate::lead::Receipt;
use crate::normalize::form::Schema;
use crate::normalize::form::tree::Node;

pub use generic::GENERIC;

/// The providers whose posts can be taken.
pub(crate) static PROVIDERS: [&Provider; 15] = [
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
    /// The header with the id by which it repeats a delivery, lower case.
    pub delivery: Option<&'static str>,
    /// How it spells a form.
    pub schema: Schema,
    /// Whether its JSON holds files, so that a body may be as large as one in parts.
    pub holds_files: bool,
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
            delivery: None,
            schema: Schema::plain(name),
            holds_files: false,
            handshake: |_, _, _| None,
            answer: answer::whole,
            steps: "",
            sample: ("application/json", generic::SAMPLE),
        }
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

/// What a post about something else than `wanted` is about; a body that does not say is passed over.
fn other_than(wanted: &[&str], said: Option<String>) -> Option<String> {
    let said = said.filter(|said| !wanted.contains(&said.as_str()))?;
    let said: String = said.chars().filter(|c| !c.is_control()).take(60).collect();
    Some(format!("news of another kind (`{said}`)"))
}

#[cfg(test)]
mod tests;
