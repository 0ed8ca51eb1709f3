//! Address headers (RFC 5322 § 3.4): from a raw value to mailboxes.

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::headers::Field;
use super::words;
use crate::normalize::text::line;

/// One mailbox of an address header, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mailbox {
    /// Display name, or the comment that serves as one.
    pub(super) name: Option<String>,
    /// The address between the brackets; may be anything.
    pub(super) address: Option<String>,
}

/// The mailboxes of an address header, groups dissolved. A display name with an unquoted comma
/// (`Mustermann, Max <max@…>`) is put together again. `charset` as in [`Field::text`].
pub(super) fn list(field: &Field<'_>, charset: Option<&str>) -> Vec<Mailbox> {
    let value = words::clean(&field.unfolded(charset)) + "\n";
    let HeaderValue::Address(parsed) = MessageStream::new(value.as_bytes()).parse_address() else { return Vec::new() };
    let mut list = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for addr in parsed.iter() {
        let name = addr.name.as_deref().map(tidy).filter(|name| !name.is_empty());
        let address = addr.address.as_deref().map(line).filter(|address| !address.is_empty());
        let (name, address) = split(name, address);
        match (name, address) {
            // An address that stands where names do: `max@firma.example`, or quoted.
            (Some(name), None) if is_address(&name) => {
                list.push(Mailbox { name: joined(&mut names, None), address: Some(name) });
            }
            (Some(name), None) => names.push(name),
            (name, Some(address)) => {
                let name = joined(&mut names, name).filter(|name| !name.eq_ignore_ascii_case(&address));
                list.push(Mailbox { name, address: Some(address) });
            }
            (None, None) => {}
        }
    }
    if !names.is_empty() {
        list.push(Mailbox { name: joined(&mut names, None), address: None });
    }
    list
}

/// A name that stands before the address without brackets: `Max Mustermann max@firma.example`.
fn split(name: Option<String>, address: Option<String>) -> (Option<String>, Option<String>) {
    match address.as_deref().and_then(|text| text.rsplit_once(' ')) {
        Some((before, last)) if name.is_none() && is_address(last) => (Some(tidy(before)), Some(last.to_owned())),
        _ => (name, address),
    }
}

fn is_address(text: &str) -> bool {
    text.contains('@') && !text.contains(char::is_whitespace)
}

fn joined(names: &mut Vec<String>, last: Option<String>) -> Option<String> {
    names.extend(last);
    let name = std::mem::take(names).join(", ");
    (!name.is_empty()).then_some(name)
}

/// A display name without the quotes that some programs put around it twice.
fn tidy(name: &str) -> String {
    let name = line(name);
    let bare = name.trim_matches(['"', '\'']).trim();
    if name.starts_with(['"', '\'']) || name.ends_with('"') { bare.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_found_however_they_are_written() {
        for (value, name, address) in [
            ("Max Mustermann <max@firma.example>", Some("Max Mustermann"), Some("max@firma.example")),
            ("max@firma.example", None, Some("max@firma.example")),
            ("<max@firma.example>", None, Some("max@firma.example")),
            ("max@firma.example (Max Mustermann)", Some("Max Mustermann"), Some("max@firma.example")),
            ("\"Mustermann, Max\" <max@firma.example>", Some("Mustermann, Max"), Some("max@firma.example")),
            ("Mustermann, Max <max@firma.example>", Some("Mustermann, Max"), Some("max@firma.example")),
            ("\"'Max'\" <max@firma.example>", Some("Max"), Some("max@firma.example")),
            ("=?utf-8?Q?M=C3=BCller=2C_Max?= <max@firma.example>", Some("Müller, Max"), Some("max@firma.example")),
            ("\"=?utf-8?Q?M=C3=BCller?=\" <max@firma.example>", Some("Müller"), Some("max@firma.example")),
            ("=?utf-8?Q?M=C3?= =?utf-8?Q?=BCller?= <max@firma.example>", Some("Müller"), Some("max@firma.example")),
            ("=?utf-8?Q?M=C3=BCller?=<max@firma.example>", Some("Müller"), Some("max@firma.example")),
            ("Jörg <jörg@bücher.example>", Some("Jörg"), Some("jörg@bücher.example")),
            ("\"max@firma.example\" <max@firma.example>", None, Some("max@firma.example")),
            ("Sales: Max <max@firma.example>, Mia <mia@firma.example>;", Some("Max"), Some("max@firma.example")),
            ("Max Mustermann max@firma.example", Some("Max Mustermann"), Some("max@firma.example")),
            ("Max", Some("Max"), None),
            ("undisclosed-recipients:;", None, None),
            ("", None, None),
        ] {
            let first =
                list(&Field { name: "From", raw: value.as_bytes() }, None).into_iter().next().unwrap_or_default();
            let expected = Mailbox { name: name.map(str::to_owned), address: address.map(str::to_owned) };
            assert_eq!(first, expected, "{value}");
        }
    }

    #[test]
    fn raw_bytes_in_names_are_read() {
        let field = Field { name: "From", raw: b"J\xf6rg M\xfcller <jm@firma.example>" };
        assert_eq!(list(&field, None)[0].name.as_deref(), Some("Jörg Müller"));
    }
}
