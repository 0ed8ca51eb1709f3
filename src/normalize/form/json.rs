//! JSON bodies. In: bytes. Out: a form, or where the JSON breaks off.
//!
//! Values keep the text they were sent in: repeated keys all count, long numbers keep their digits.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::tree::Node;
use super::{MAX_ITEMS, charset, lenient};

/// Levels of nesting.
pub(super) const MAX_DEPTH: usize = 32;

/// Values of one text: many more than a form has, and few enough for the memory.
const MAX_ALL: usize = 300_000;

/// How often a text may have been encoded.
const MAX_ENCODINGS: usize = 4;

/// Reads a JSON body: an object, or an array of named values; also one that was encoded twice, and one that
/// a template has broken in a way that can be mended.
pub(super) fn read(bytes: &[u8], charset: Option<&str>, problems: &mut Vec<String>) -> Result<Node, String> {
    let text = charset::decode(bytes, charset, problems);
    let node = match parse(&text) {
        Ok(Node::Text(inner)) => within(&inner).unwrap_or(Node::Text(inner)),
        Ok(node) => node,
        Err(error) => {
            let node = lenient::parse(&text).ok_or_else(|| error.clone())?;
            problems.push(format!("{error}; what was meant could be told"));
            node
        }
    };
    if node.is_single() {
        return Err("the JSON is a single value, no form (line 1, column 1)".into());
    }
    Ok(node)
}

/// Reads JSON text.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let text = text.trim_start_matches('\u{feff}');
    if let Some(why) = too_much(text) {
        return Err(why);
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| broken(&error))?;
    serde_json::from_str(text).map(node).map_err(|error| broken(&error))
}

/// The values in a text that is JSON, however often it was encoded: an object, or a list of objects.
pub(super) fn within(text: &str) -> Option<Node> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_ENCODINGS {
        text.trim_start().starts_with(['{', '[', '"']).then_some(())?;
        match parse(&text).ok()? {
            Node::Text(inner) => text = Cow::Owned(inner),
            Node::List(items) if items.is_empty() || !items.iter().all(|item| matches!(item, Node::Map(_))) => {
                return None;
            }
            node => return (!node.is_single()).then_some(node),
        }
    }
    None
}

/// Where the JSON breaks off, and why.
fn broken(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default();
    format!("the JSON breaks off at line {line}, column {column}: {why}")
}

/// Whether all elements are `{"name": …, "value": …}`: a form as one script library sends it.
pub(super) fn is_one_form(items: &[Box<RawValue>]) -> bool {
    let named = |item: &RawValue| {
        let Ok(Entries(entries)) = serde_json::from_str(item.get()) else { return false };
        let mut keys: Vec<&str> = entries.iter().map(|(key, _)| &**key).collect();
        keys.sort_unstable();
        matches!(*keys, ["name" | "label" | "key", "value"])
    };
    !items.is_empty() && items.iter().all(|item| named(item))
}

/// Where the nesting or the number of values passes the bound, and which. The text may be no JSON at all.
fn too_much(text: &str) -> Option<String> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let (mut line, mut column, mut values) = (1, 0, 0_usize);
    for c in text.chars() {
        (line, column) = if c == '\n' { (line + 1, 0) } else { (line, column + 1) };
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '{' | '[' if !in_string => (depth, values) = (depth + 1, values + 1),
            '}' | ']' if !in_string => depth = depth.saturating_sub(1),
            ',' if !in_string => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(format!("the JSON is nested deeper than {MAX_DEPTH} levels at line {line}, column {column}"));
        }
        if values > MAX_ALL {
            return Some("the JSON holds more values than any form".into());
        }
    }
    None
}

/// The tree of a value that is known to be valid and not too deep.
fn node(raw: &RawValue) -> Node {
    let text = raw.get().trim();
    match text.as_bytes().first() {
        Some(b'{') => {
            let Ok(Entries(entries)) = serde_json::from_str(text) else { return Node::Text(text.to_owned()) };
            Node::Map(entries.into_iter().map(|(key, value)| (key, node(value))).collect())
        }
        Some(b'[') => {
            let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) else { return Node::Text(text.to_owned()) };
            Node::List(items.into_iter().map(node).collect())
        }
        // Half a surrogate pair is valid syntax and no text: it stays as it was written.
        Some(b'"') => Node::Text(serde_json::from_str(text).unwrap_or_else(|_| text.trim_matches('"').to_owned())),
        _ => match serde_json::from_str::<Value>(text) {
            Ok(value) => {
                let written = value.to_string();
                if written == text { Node::Plain(value) } else { Node::Text(text.to_owned()) }
            }
            Err(_) => Node::Text(text.to_owned()),
        },
    }
}

/// The elements of an array as they were sent, up to one more than are taken.
pub(super) struct Items(Vec<Box<RawValue>>);

impl Items {
    /// All of them; `None` where they are too many.
    pub(super) fn all(self) -> Option<Vec<Box<RawValue>>> {
        (self.0.len() <= MAX_ITEMS).then_some(self.0)
    }
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Items;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while items.len() <= MAX_ITEMS
                    && let Some(item) = array.next_element()?
                {
                    items.push(item);
                }
                while array.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Items(items))
            }
        }
        from.deserialize_seq(InOrder)
    }
}

/// The entries of an object in order, repeated keys included.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::form::Form;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let mut form = Form::default();
        read(text.as_bytes(), None, &mut Vec::new()).unwrap().pairs(&mut form);
        form.pairs.into_iter().map(|pair| (pair.label, pair.value.to_string())).collect()
    }

    #[test]
    fn values_keep_their_order_their_digits_and_their_repetitions() {
        let text = r#"{"b":"1","a":12345678901234567890123,"b":"2","c":1.50,"d":true,"e":null,"f":"","g":"\ud800"}"#;
        let expected = [
            ("b", "\"1\""),
            ("a", "\"12345678901234567890123\""),
            ("b", "\"2\""),
            ("c", "\"1.50\""),
            ("d", "true"),
            ("g", "\"\\\\ud800\""),
        ];
        assert_eq!(pairs(text), expected.map(|(label, value)| (label.to_owned(), value.to_owned())));
    }

    #[test]
    fn json_that_was_encoded_several_times_is_read() {
        let mut text = r#"{"email":"a@b.c"}"#.to_owned();
        for _ in 0..3 {
            text = serde_json::to_string(&text).unwrap();
            assert_eq!(pairs(&text), [("email".to_owned(), "\"a@b.c\"".to_owned())]);
        }
    }

    #[test]
    fn more_values_than_memory_has_room_for_are_no_form() {
        let text = format!("[{}]", "[],".repeat(MAX_ALL));
        assert!(parse(&text).unwrap_err().contains("more values"));
    }

    #[test]
    fn mended_json_says_where_it_was_broken() {
        let mut problems = Vec::new();
        read(b"{\"message\": \"so \"big\"\"}", None, &mut problems).unwrap();
        assert!(problems[0].contains("line 1, column 18"), "{problems:?}");
    }

    #[test]
    fn broken_json_names_the_place() {
        let cases = [
            (r#"{"email":"a@b.c","#, "line 1, column 17"),
            ("{\n  \"a\": ,\n}", "line 2, column 8"),
            ("{} {}", "line 1, column 4"),
            (&"[".repeat(100_000), "line 1, column 33"),
            (&r#"{"a":"#.repeat(40), "line 1, column"),
            ("\"text\"", "line 1, column 1"),
        ];
        for (text, place) in cases {
            let error = read(text.as_bytes(), None, &mut Vec::new()).unwrap_err();
            assert!(error.contains(place), "{error}");
        }
    }
}
