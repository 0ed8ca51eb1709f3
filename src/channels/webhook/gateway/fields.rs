//! The fields of a posted form with their bytes: a mail is no text in one charset.

use percent_encoding::percent_decode;

use super::Post;
use crate::normalize::form::{self, raw_parts};

/// One field or file of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::channels::webhook) struct Field {
    /// Its name.
    pub(in crate::channels::webhook) name: String,
    /// The name of the file, where it is one.
    pub(in crate::channels::webhook) file: Option<String>,
    /// Its media type, where it has one.
    pub(in crate::channels::webhook) content_type: Option<String>,
    /// Its bytes as sent.
    pub(in crate::channels::webhook) bytes: Vec<u8>,
}

impl Field {
    /// The bytes as text, for what is UTF-8 by the gateway's word.
    pub(in crate::channels::webhook) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The fields of a multipart or urlencoded form; none of anything else.
pub(in crate::channels::webhook) fn fields(post: &Post<'_>) -> Vec<Field> {
    match &*post.kind() {
        "multipart/form-data" => {
            let parts = raw_parts(post.bytes, form::parameter(post.content_type, "boundary").as_deref());
            let field = |part: form::RawPart| Field {
                name: part.name,
                file: part.file,
                content_type: part.content_type,
                bytes: part.body,
            };
            parts.into_iter().map(field).collect()
        }
        "application/x-www-form-urlencoded" => post.bytes.split(|byte| *byte == b'&').map(pair).collect(),
        _ => Vec::new(),
    }
}

fn pair(pair: &[u8]) -> Field {
    let decoded = |bytes: &[u8]| -> Vec<u8> {
        let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        percent_decode(&spaced).collect()
    };
    let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    let name = String::from_utf8_lossy(&decoded(&pair[..at])).into_owned();
    Field { name, file: None, content_type: None, bytes: decoded(pair.get(at + 1..).unwrap_or_default()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_field_are_kept_whatever_their_charset() {
        let urlencoded =
            Post { content_type: "application/x-www-form-urlencoded", bytes: b"a=1+2&b%5B%5D=%E4%00%0D%0A" };
        let found: Vec<_> = fields(&urlencoded).into_iter().map(|field| (field.name, field.bytes)).collect();
        assert_eq!(found, [("a".to_owned(), b"1 2".to_vec()), ("b[]".to_owned(), b"\xe4\0\r\n".to_vec())]);
        let bytes = b"--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f.bin\"\r\nContent-Type: image/png\r\n\r\n\x89\r\n\0\r\n--x--\r\n";
        let multipart = Post { content_type: "multipart/form-data; boundary=x", bytes };
        let found = fields(&multipart);
        let expected = Field {
            name: "a".into(),
            file: Some("f.bin".into()),
            content_type: Some("image/png".into()),
            bytes: b"\x89\r\n\0".to_vec(),
        };
        assert_eq!(found, [expected]);
    }
}
