//! Entities of HTML in short texts. In: what a form's software encoded for a page before it was sent. Out: the
//! text as it was typed.

use html5gum::{Token, Tokenizer};

/// Bytes of the longest entity that is looked for.
const LONGEST: usize = 32;

/// The text that is meant, where it is plainly encoded: each `&` begins an entity, with its semicolon. Nothing
/// where one does not: somebody has typed it.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let end = at + 1 + rest[at + 1..].bytes().take(LONGEST).position(|byte| byte == b';')?;
        out.push_str(&rest[..at]);
        out.push_str(&character(&rest[at..=end])?);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    (out != text).then_some(out)
}

/// What an entity stands for: one letter or sign, and no control character.
fn character(entity: &str) -> Option<String> {
    let name = entity.strip_prefix('&')?.strip_suffix(';')?;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#') {
        return None;
    }
    let mut text = String::new();
    for Ok(token) in Tokenizer::new(entity) {
        if let Token::String(part) = token {
            text.push_str(&String::from_utf8_lossy(&part));
        }
    }
    // What is no entity stays as it is, or begins with one.
    let is_sign = text.chars().count() <= 2 && !text.contains(|c: char| c.is_control() || c == '\u{fffd}');
    (is_sign && (name == "semi" || !text.ends_with(';'))).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plainly_encoded_is_decoded() {
        for (text, expected) in [
            ("J&uuml;rgen &amp; Söhne", Some("Jürgen & Söhne")),
            ("Jos&eacute; O&#039;Brien", Some("José O'Brien")),
            ("M&#xfc;ller", Some("Müller")),
            ("A &amp;amp; B", Some("A &amp; B")),
            ("Jürgen & Söhne", None),
            ("Schmidt &amp; Co & Partner", None),
            ("R&D; Labs", None),
            ("AT&T", None),
            ("a &notit; b", None),
            ("&;", None),
            ("&#0; &#7;", None),
            ("x &uuml", None),
            ("Max Muster", None),
            ("", None),
        ] {
            assert_eq!(decoded(text).as_deref(), expected, "{text}");
        }
    }
}
