//! How one provider spells a form. The generic reading understands most bodies; a schema restates, in its
//! words, what it would not understand, and says what the generic reading cannot know: which id a delivery
//! has, and what is no lead.

use std::fmt;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize, Serializer};

use super::tree::Node;
use crate::channels::webhook::providers;
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
            meeting: |_| None,
            conversations: |_| Vec::new(),
        }
    }
}

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
        &providers::GENERIC.schema
    }
}

/// Writes a schema as the name of its provider: a reader in another process finds it again by that.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands on a reference")]
pub(crate) fn serialize<S: Serializer>(schema: &&'static Schema, to: S) -> Result<S::Ok, S::Error> {
    schema.provider.serialize(to)
}

/// Finds a schema by the name of its provider; the generic one where there is none.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<&'static Schema, D::Error> {
    let name = String::deserialize(from)?;
    Ok(providers::find(&name).map(|provider| &provider.schema).unwrap_or_default())
}
