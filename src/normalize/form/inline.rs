//! Files in a body that has no parts. In: a value of a form. Out: the file that it holds, or the address where
//! the file lies.
//!
//! Contact Form 7's plug-in sends `{"filename": …, "content": BASE64}`, signature fields send data URLs
//! (RFC 2397), services that keep files themselves send `{"name": …, "url": …, "size": …}`.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::tree::Node;
use crate::normalize::fields::label;

/// Base64, whether padded or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Keys of an object that is a file.
const NAME: [&str; 4] = ["filename", "originalname", "originalfilename", "name"];
const CONTENT: [&str; 6] = ["content", "contents", "contentbase64", "base64", "data", "filedata"];
const URL: [&str; 5] = ["url", "fileurl", "downloadurl", "link", "href"];
const TYPE: [&str; 4] = ["type", "mimetype", "contenttype", "mediatype"];
const OTHER: [&str; 6] = ["size", "filesize", "encoding", "id", "extension", "disposition"];

/// A file that came within a value.
pub(super) struct File {
    /// Its name.
    pub(super) name: String,
    /// Its media type, where it is said.
    pub(super) content_type: Option<String>,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
}

/// A file that lies elsewhere.
pub(super) struct Link {
    /// Its name, where the address does not tell it.
    pub(super) name: Option<String>,
    /// Where it lies.
    pub(super) url: String,
}

/// The file that an object holds.
pub(super) fn held(entries: &[(String, Node)]) -> Option<File> {
    consists_of(entries, &[&NAME, &CONTENT, &TYPE, &OTHER]).then_some(())?;
    let name = first(entries, &NAME).filter(|name| name.contains('.') || !is_called(entries, "name"))?;
    let content = first(entries, &CONTENT)?;
    if let Some(file) = from_data_url(&name, &content) {
        return Some(File { name, ..file });
    }
    let bytes = decode(&content)?;
    Some(File { name, content_type: first(entries, &TYPE).filter(|kind| kind.contains('/')), bytes })
}

/// The address of a file that an object describes.
pub(super) fn linked(entries: &[(String, Node)]) -> Option<Link> {
    consists_of(entries, &[&NAME, &URL, &TYPE, &OTHER]).then_some(())?;
    let url = first(entries, &URL).filter(|url| url.starts_with("http"))?;
    let is_file = entries.iter().any(|(key, _)| {
        let key = label::compact(key);
        NAME.contains(&&*key) || TYPE[1..].contains(&&*key) || key.ends_with("size")
    });
    let name = first(entries, &NAME).filter(|name| !url.contains(&**name));
    is_file.then_some(Link { name, url })
}

/// The file in a data URL, named after its field.
pub(super) fn from_data_url(label: &str, text: &str) -> Option<File> {
    let (kind, content) = text.trim().strip_prefix("data:")?.split_once(";base64,")?;
    let content_type = kind.split(';').next().filter(|kind| kind.contains('/') && kind.len() <= 100)?;
    let ending: String = content_type.rsplit('/').next()?.chars().take_while(char::is_ascii_alphanumeric).collect();
    let name = format!("{}.{ending}", label.rsplit('.').next().unwrap_or(label));
    Some(File { name, content_type: Some(content_type.to_owned()), bytes: decode(content)? })
}

/// Base64, with line breaks or without; `None` where it is none, or empty.
fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(compact).ok().filter(|bytes| !bytes.is_empty())
}

fn consists_of(entries: &[(String, Node)], keys: &[&[&str]]) -> bool {
    let known = |key: &str| keys.iter().any(|keys| keys.contains(&key));
    entries.len() > 1 && entries.iter().all(|(key, node)| known(&label::compact(key)) && node.is_single())
}

fn first(entries: &[(String, Node)], keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|wanted| entries.iter().find(|(key, _)| label::compact(key) == *wanted)?.1.text())
}

/// Whether the file's name stands under this key, and under no other.
fn is_called(entries: &[(String, Node)], wanted: &str) -> bool {
    let names = entries.iter().map(|(key, _)| label::compact(key)).filter(|key| NAME.contains(&&**key));
    names.eq([wanted])
}
