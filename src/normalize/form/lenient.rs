//! JSON that a template has broken. In: text that is no JSON. Out: its tree, where it is plain what was
//! meant.
//!
//! Form plug-ins put what people typed between the quotes of a template as it is: a quote, a backslash or
//! a line break in a message breaks the JSON, a number that was left out leaves a hole. Here a text ends at
//! the quote behind which the JSON goes on as JSON goes on. Text that is cut off is not mended.

use serde_json::Value;

use super::json::MAX_DEPTH;
use super::tree::Node;

/// Bytes after a quote that are looked at to tell whether it ends a text.
const AHEAD: usize = 300;

/// Reads broken JSON; `None` where it is too broken, or empty.
pub(super) fn parse(text: &str) -> Option<Node> {
    let mut reader = Reader { text, at: 0 };
    reader.blank();
    if !text[reader.at..].starts_with('{') {
        return None;
    }
    let node = reader.map(0)?;
    reader.blank();
    (reader.at == text.len() && !is_hollow(&node)).then_some(node)
}

fn is_hollow(node: &Node) -> bool {
    match node {
        Node::Map(entries) => entries.iter().all(|(_, node)| is_hollow(node)),
        Node::List(items) => items.iter().all(is_hollow),
        Node::Text(text) => text.trim().is_empty(),
        Node::Plain(value) => value.is_null(),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// What a text is: how it may end depends on it.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Key,
    InMap,
    InList,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}']).len();
    }

    fn take(&mut self, c: char) -> bool {
        self.blank();
        let is = self.rest().starts_with(c);
        if is {
            self.at += c.len_utf8();
        }
        is
    }

    fn map(&mut self, depth: usize) -> Option<Node> {
        self.take('{').then_some(())?;
        let mut entries = Vec::new();
        loop {
            // A comma too many.
            while self.take(',') {}
            if self.take('}') {
                return Some(Node::Map(entries));
            }
            let key = self.string(Role::Key)?;
            self.take(':').then_some(())?;
            entries.push((key, self.value(Role::InMap, depth + 1)?));
            self.blank();
            self.rest().starts_with([',', '}']).then_some(())?;
        }
    }

    fn list(&mut self, depth: usize) -> Option<Node> {
        self.take('[').then_some(())?;
        let mut items = Vec::new();
        loop {
            while self.take(',') {}
            if self.take(']') {
                return Some(Node::List(items));
            }
            items.push(self.value(Role::InList, depth + 1)?);
            self.blank();
            self.rest().starts_with([',', ']']).then_some(())?;
        }
    }

    fn value(&mut self, role: Role, depth: usize) -> Option<Node> {
        self.blank();
        match self.rest().chars().next()? {
            _ if depth > MAX_DEPTH => None,
            '{' => self.map(depth),
            '[' => self.list(depth),
            '"' => self.string(role).map(Node::Text),
            _ => Some(self.bare()),
        }
    }

    /// A number, a truth value, a hole, or text that nobody put in quotes; up to the end of the value.
    fn bare(&mut self) -> Node {
        let rest = self.rest();
        let end = rest.find([',', '}', ']', '\n']).unwrap_or(rest.len());
        let text = rest[..end].trim().to_owned();
        self.at += end;
        if text.is_empty() {
            return Node::Plain(Value::Null);
        }
        match serde_json::from_str::<Value>(&text) {
            // Long numbers keep their digits.
            Ok(value) if text == format!("{value}") => Node::Plain(value),
            _ => Node::Text(text),
        }
    }

    /// A text, from its first quote to the one that ends it.
    fn string(&mut self, role: Role) -> Option<String> {
        self.take('"').then_some(())?;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if ends(&self.rest()[at + 1..], role) => {
                    self.at += at + 1;
                    return Some(out);
                }
                '\\' => {
                    let escape = &self.rest()[at..];
                    let length = if escape[1..].starts_with('u') { 6 } else { 2 };
                    let whole = escape
                        .get(..length)
                        .and_then(|escape| serde_json::from_str::<String>(&format!("\"{escape}\"")).ok());
                    match whole {
                        Some(meant) => {
                            out.push_str(&meant);
                            chars.nth(length - 2);
                        }
                        None => out.push(c),
                    }
                }
                c => out.push(c),
            }
        }
        None
    }
}

/// Whether the JSON goes on behind this quote as behind the end of a text.
fn ends(after: &str, role: Role) -> bool {
    let after = &after[..after.floor_char_boundary(AHEAD)];
    let rest = after.trim_start();
    if role == Role::Key {
        return rest.starts_with(':');
    }
    let next = |rest: &str| rest.trim_start().to_owned();
    match (rest.chars().next(), role) {
        // Behind a comma comes the next key, or the next item.
        (Some(','), Role::InMap) => {
            let rest = next(&rest[1..]);
            let key = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
            key.is_some_and(|(key, rest)| !key.contains('\n') && rest.trim_start().starts_with(':'))
                || rest.starts_with('}')
        }
        (Some(','), _) => next(&rest[1..]).starts_with(['"', ']', '{', '[']),
        (Some('}'), Role::InMap) | (Some(']'), Role::InList) => {
            let rest = next(&rest[1..]);
            rest.is_empty() || rest.starts_with([',', '}', ']'])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Option<Vec<(String, String)>> {
        let Node::Map(entries) = parse(text)? else { return None };
        let text = |node: Node| match node {
            Node::Text(text) => text,
            other => format!("{other:?}"),
        };
        Some(entries.into_iter().map(|(key, node)| (key, text(node))).collect())
    }

    #[test]
    fn what_people_type_does_not_break_a_template() {
        let message = "Hallo,\n\"Größe 4\", bitte: C:\\temp \"jetzt\"\tschnell";
        let text = format!(
            "{{\n \"name\": \"Max \"der\" M\",\n \"message\": \"{message}\",\n \"email\": \"a@b.example\"\n}}\n"
        );
        let expected =
            [("name", "Max \"der\" M"), ("message", &message.replace("\\t", "\t")), ("email", "a@b.example")];
        let expected: Vec<_> = expected.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        assert_eq!(pairs(&text), Some(expected));
    }

    #[test]
    fn holes_and_commas_are_passed_over() {
        let text = r#"{"a": , "b": 030 123, "c": "x\u00e4\"y", "d": ["p "q"", "r"],}"#;
        let list = r#"List([Text("p \"q\""), Text("r")])"#;
        let expected = [("a", "Plain(Null)"), ("b", "030 123"), ("c", "xä\"y"), ("d", list)];
        let expected: Vec<_> = expected.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        assert_eq!(pairs(text), Some(expected));
    }

    #[test]
    fn what_is_cut_off_or_no_object_stays_broken() {
        let deep = "{\"a\":".repeat(100_000);
        for text in [r#"{"email":"a@b.c","#, r#"{"email":"a@b"#, "{\n  \"a\": ,\n}", "{} {}", "hello", "", "{", &deep] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
