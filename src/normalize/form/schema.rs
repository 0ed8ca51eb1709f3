//! How one provider spells a form. The generic reading understands most bodies; a schema restates, in its
//! words, what it would not understand, and says what the generic reading cannot know: which id a delivery
//! has, and what is no lead. The channel brings its provider's schema along; this stage knows none but
//! anybody's.

use std::fmt;

use super::tree::Node;
use crate::lead::Meeting;

/// How one provider spells a form. Each function passes over a body that it does not know.
pub struct Schema {
    /// The provider's name in the settings.
    pub provider: &'static str,
    /// The body as the generic reading understands it.
    pub(crate) arrange: fn(Node) -> Node,
    /// The id by which the provider repeats a delivery, where it stands in the body.
    pub(crate) delivery: fn(&Node) -> Option<String>,
    /// Why the body is no lead: a test, or news of something else.
    pub(crate) noise: fn(&Node) -> Option<String>,
    /// Why a person must look at the body: what it is about stands elsewhere.
    pub(crate) unclear: fn(&Node) -> Option<String>,
    /// Whether the body tells details of a person who has written nothing now.
    pub(crate) details: fn(&Node) -> bool,
    /// News of a meeting that the body brings.
    pub(crate) meeting: fn(&Node) -> Option<Meeting>,
    /// The provider's names of the conversation that the body stands in, the narrowest first.
    pub(crate) conversations: fn(&Node) -> Vec<String>,
}

impl Schema {
    /// A schema that changes nothing: bodies are read as anybody's.
    pub(crate) const fn plain(provider: &'static str) -> Self {
        Self {
            provider,
            arrange: |body| body,
            delivery: |_| None,
            noise: |_| None,
            unclear: |_| None,
            details: |_| false,
            meeting: |_| None,
            conversations: |_| Vec::new(),
        }
    }
}

/// Finds the schema of a provider by its name.
pub(crate) type Find = fn(&str) -> Option<&'static Schema>;

/// How anybody spells a form.
pub(crate) const ANYBODY: Schema = Schema {
    noise: |body| body.at("is_test").is_some_and(Node::is_true).then(|| "a test of the sender (`is_test`)".to_owned()),
    ..Schema::plain("generic")
};

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.provider)
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.provider == other.provider
    }
}

impl Default for &'static Schema {
    fn default() -> Self {
        &ANYBODY
    }
}
