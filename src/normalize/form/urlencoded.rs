//! `application/x-www-form-urlencoded` (WHATWG URL § 5), with the brackets PHP reads as nesting.
//! In: bytes. Out: a tree. Charset: `_charset_`, else the content type's, else UTF-8, and
//! windows-1252 for what is no UTF-8.

use super::charset;
use super::tree::Node;
use super::walk::MAX_VALUES;

pub(super) fn read(bytes: &[u8], charset: Option<&str>, problems: &mut Vec<String>) -> Node {
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = bytes
        .split(|b| *b == b'&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let at = piece.iter().position(|b| *b == b'=');
            let (name, value) = at.map_or((piece, &[][..]), |at| (&piece[..at], &piece[at + 1..]));
            (unescape(name), unescape(value))
        })
        .collect();
    let named = pairs
        .iter()
        .find(|(name, _)| name == b"_charset_")
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    let charset = named.as_deref().or(charset);
    let mut root = Node::Map(Vec::new());
    for (name, value) in pairs.iter().take(MAX_VALUES).filter(|(name, _)| name != b"_charset_") {
        let name = charset::decode(name, charset, problems).into_owned();
        let value = charset::decode(value, charset, problems).into_owned();
        root.insert(name.trim(), Node::Text(value));
    }
    if pairs.len() > MAX_VALUES {
        problems.push(format!("{} more values stand only in the original", pairs.len() - MAX_VALUES));
    }
    problems.dedup();
    root
}

/// `+` is a space, `%41` is a byte; a broken escape stays as it is.
fn unescape(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    percent_encoding::percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::form::Form;

    type Case = (&'static [u8], &'static [(&'static str, &'static str)]);

    fn pairs(body: &[u8]) -> Vec<(String, String)> {
        let mut form = Form::default();
        read(body, None, &mut Vec::new()).pairs(&mut form);
        form.pairs.into_iter().map(|pair| (pair.label, pair.value.as_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn names_and_values_are_unescaped_in_their_charset() {
        let cases: [Case; 7] = [
            (b"name=J%C3%B6rg+M%2BM&email=a%40b.c", &[("name", "Jörg M+M"), ("email", "a@b.c")]),
            (b"name=J%F6rg", &[("name", "Jörg")]),
            (b"_charset_=iso-8859-2&name=%B1", &[("name", "ą")]),
            (b"a=1&&b&c=&=d", &[("a", "1"), ("", "d")]),
            (b"a=100%&b=%zz", &[("a", "100%"), ("b", "%zz")]),
            (b"fields%5Bemail%5D%5Bvalue%5D=x&fields[email][id]=email", &[("email", "x")]),
            (b"i[]=a&i[]=b", &[("i", "a"), ("i", "b")]),
        ];
        for (body, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            assert_eq!(pairs(body), expected, "{}", String::from_utf8_lossy(body));
        }
    }
}
