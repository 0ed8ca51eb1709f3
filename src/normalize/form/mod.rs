//! Submitted forms. In: a request body as received. Out: labelled values and files.
//!
//! JSON (also sent as `text/plain`, without a type, or by tools that call everything urlencoded),
//! `application/x-www-form-urlencoded` with PHP brackets, `multipart/form-data`. All three become
//! one tree, so that nested labels, wrappers and lists of named values read alike everywhere.
//! Bounded: 32 levels, 2,000 values, 1 MiB of text.

mod charset;
mod described;
mod inline;
mod json;
mod kinds;
mod lenient;
mod multipart;
mod numbered;
mod plain;
pub(crate) mod schema;
pub(crate) mod tree;
mod urlencoded;
mod walk;

pub(super) use charset::is_binary;

use serde_json::value::RawValue;

use crate::lead::{Attachment, Meeting, Original};
use crate::normalize::fields::Pair;
pub use schema::Schema;
use tree::Node;

/// Values, and maps and lists of them, of a body that a provider's schema is asked about.
pub(crate) const MAX_NODES: usize = 8000;

/// Most items of one JSON array.
pub const MAX_ITEMS: usize = 1000;

/// What a body says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// Labelled values, in order; what stood in a wrapper (`data`, `fields` …) comes first.
    pub pairs: Vec<Pair>,
    /// Files; their bytes stay in the original.
    pub attachments: Vec<Attachment>,
    /// A body in which nothing is labelled, as it stands.
    pub letter: Option<String>,
    /// What could not be read cleanly.
    pub problems: Vec<String>,
    /// Why it is no lead, where its provider says so.
    pub noise: Option<String>,
    /// Why a person must look at it, where its provider says so.
    pub unclear: Option<String>,
    /// Whether it tells details of a person who has written nothing now, as its provider says.
    pub details: bool,
    /// News of a meeting that it brings.
    pub meeting: Option<Meeting>,
    /// The provider's names of the conversation that it stands in.
    pub conversations: Vec<String>,
}

/// A body that is refused before it is stored; everything else is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// Nothing in it (400).
    #[error("the body is empty")]
    Empty,
    /// Binary data where text is due (400).
    #[error("the body is binary where text is due")]
    Binary,
    /// A media type that carries no form (415).
    #[error("this content type carries no form: send JSON, application/x-www-form-urlencoded or multipart/form-data")]
    UnsupportedType,
    /// A JSON array of more than [`MAX_ITEMS`] items (413).
    #[error("an array may hold 1,000 items; send the rest in further requests")]
    TooMany,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Json,
    Urlencoded,
    Multipart,
    /// JSON, labelled lines, or a letter.
    Plain,
}

/// Whether a receiver should take the body at all.
pub fn check(content_type: &str, bytes: &[u8]) -> Result<(), BodyFault> {
    let layout = layout(content_type, bytes).ok_or(BodyFault::UnsupportedType)?;
    let boundary = || parameter(content_type, "boundary").filter(|_| layout == Layout::Multipart);
    let is_end = |boundary: String| bytes.trim_ascii() == format!("--{boundary}--").as_bytes();
    if bytes.iter().all(u8::is_ascii_whitespace) || boundary().is_some_and(is_end) {
        return Err(BodyFault::Empty);
    }
    if layout != Layout::Multipart && charset::is_binary(bytes) {
        return Err(BodyFault::Binary);
    }
    Ok(())
}

/// The elements of a JSON array, each exactly as it was sent; `None` for every other body, also
/// for one that cannot be read and for an array of `{name, value}` objects, which is one form.
///
/// Fails with [`BodyFault::TooMany`] for more than 1,000 elements.
pub fn items(content_type: &str, bytes: &[u8]) -> Result<Option<Vec<Box<RawValue>>>, BodyFault> {
    if !matches!(layout(content_type, bytes), Some(Layout::Json | Layout::Plain)) {
        return Ok(None);
    }
    let text = charset::decode(bytes, parameter(content_type, "charset").as_deref(), &mut Vec::new());
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    let Ok(items) = serde_json::from_str::<json::Items>(&text) else { return Ok(None) };
    let items = items.all().ok_or(BodyFault::TooMany)?;
    Ok((!json::is_one_form(&items)).then_some(items))
}

/// Bytes of each file in a body: in a multipart one as sent, in any other as they are.
#[must_use]
pub fn file_sizes(content_type: &str, bytes: &[u8]) -> Vec<u64> {
    if layout(content_type, bytes) == Some(Layout::Multipart) {
        return multipart::file_sizes(bytes, parameter(content_type, "boundary").as_deref());
    }
    let mut form = Form::default();
    if let Ok(Some(node)) = tree(content_type, bytes, &mut form) {
        node.pairs(&mut form);
    }
    form.attachments.iter().map(|file| file.size).collect()
}

/// A part of a multipart body, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawPart {
    /// The field's name.
    pub(crate) name: String,
    /// The file's name, where it is one.
    pub(crate) file: Option<String>,
    /// Its media type, where it has one.
    pub(crate) content_type: Option<String>,
    /// Its bytes.
    pub(crate) body: Vec<u8>,
}

/// The parts of a multipart body as sent.
pub(crate) fn raw_parts(bytes: &[u8], boundary: Option<&str>) -> Vec<RawPart> {
    multipart::raw_parts(bytes, boundary)
}

/// Reads a body as its provider spells it. An error is a sentence for the person who looks at the
/// quarantined item.
pub fn decode(original: &Original, schema: &Schema) -> Result<Form, String> {
    let mut form = Form::default();
    if let Some(node) = tree(&original.content_type, &original.bytes, &mut form)? {
        form.noise = (schema.noise)(&node);
        form.conversations = (schema.conversations)(&node);
        form.unclear = (schema.unclear)(&node);
        form.details = (schema.details)(&node);
        form.meeting = (schema.meeting)(&node);
        // What a form has is a few hundred values; more are no form of the provider's.
        let node = if node.is_larger_than(MAX_NODES) { node } else { (schema.arrange)(node) };
        node.pairs(&mut form);
        plain::open_up(&mut form);
    }
    form.pairs.sort_by_key(|pair| !pair.inside);
    Ok(form)
}

/// The id by which the provider repeats a delivery, where it stands in the body.
#[must_use]
pub fn delivery(original: &Original, schema: &Schema) -> Option<String> {
    let node = tree(&original.content_type, &original.bytes, &mut Form::default()).ok()??;
    (schema.delivery)(&node).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// The tree of a body; `None` where it is none and its text stands in the form.
fn tree(kind: &str, bytes: &[u8], form: &mut Form) -> Result<Option<Node>, String> {
    let Some(layout) = layout(kind, bytes) else {
        return Err(format!("`{}` carries no form", kind.split(';').next().unwrap_or_default().trim()));
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty".into());
    }
    let charset = parameter(kind, "charset");
    let charset = charset.as_deref();
    let node = match layout {
        Layout::Json => Some(json::read(bytes, charset, &mut form.problems)?),
        Layout::Plain => plain::read(bytes, charset, form)?,
        Layout::Urlencoded => Some(urlencoded::read(bytes, charset, &mut form.problems)),
        Layout::Multipart => Some(multipart::read(bytes, parameter(kind, "boundary").as_deref(), form)?),
    };
    Ok(node.map(Node::unwrapped).map(numbered::labelled))
}

/// A parameter of a media type (`charset`, `boundary`), without quotes.
#[must_use]
pub fn parameter(content_type: &str, name: &str) -> Option<String> {
    let (_, mut rest) = content_type.split_once(';')?;
    loop {
        let (key, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => value.split_once(';').map_or((value, ""), |(value, after)| (value, after)),
        };
        if key.trim_matches([' ', ';', '\t']).eq_ignore_ascii_case(name) {
            let value = value.trim();
            return (!value.is_empty()).then(|| value.to_owned());
        }
        rest = after.trim_start_matches([';', ' ']);
    }
}

fn layout(content_type: &str, bytes: &[u8]) -> Option<Layout> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let like_json = || matches!(bytes.iter().find(|b| !b.is_ascii_whitespace()), Some(b'{' | b'['));
    match &*kind {
        "application/json" | "text/json" | "application/javascript" => Some(Layout::Json),
        kind if kind.ends_with("+json") => Some(Layout::Json),
        "multipart/form-data" | "multipart/mixed" => Some(Layout::Multipart),
        // Command-line tools say urlencoded whatever they send.
        "application/x-www-form-urlencoded" | "" if like_json() => Some(Layout::Plain),
        "application/x-www-form-urlencoded" | "" => Some(Layout::Urlencoded),
        "text/plain" => Some(Layout::Plain),
        _ => None,
    }
}
