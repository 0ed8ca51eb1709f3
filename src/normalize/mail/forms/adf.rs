//! Leads of the automotive trade: the XML named Auto-lead Data Format (ADF 1.0), as text of a mail or
//! as a file.
//!
//! In: XML, well-formed or not. Out: pairs; only what stands under `customer` is about the person,
//! because dealer and portal have addresses and numbers as well.

use super::Line;
use crate::normalize::fields::label;
use crate::normalize::text::shorten;

/// Elements that may be open at once; deeper ones are read as if they stood at this depth.
const DEPTH: usize = 32;
/// Values of one lead.
const VALUES: usize = 200;

/// Whether a text is such a lead.
pub(super) fn is_in(text: &str) -> bool {
    let start = shorten(text, 4_000);
    start.contains("<adf") && text.contains("<prospect") || start.contains("<?adf") || start.contains("<?ADF")
}

/// An element that is open.
struct Open<'a> {
    name: String,
    attributes: &'a str,
    text: String,
}

/// The pairs of the first prospect; `None` where there is none.
pub(super) fn read(xml: &str) -> Option<Vec<Line>> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut rest = xml;
    while let Some(start) = rest.find('<') {
        if let Some(last) = open.last_mut() {
            last.text.push_str(&unescaped(&rest[..start]));
        }
        rest = &rest[start..];
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let end = data.find("]]>").unwrap_or(data.len());
            if let Some(last) = open.last_mut() {
                last.text.push_str(&data[..end]);
            }
            rest = data.get(end + 3..).unwrap_or_default();
            continue;
        }
        let end = if rest.starts_with("<!--") { rest.find("-->").map(|at| at + 2) } else { rest.find('>') };
        let Some(end) = end else { break };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            close(&mut open, name.trim(), &mut lines);
            if name.trim().eq_ignore_ascii_case("prospect") {
                break;
            }
        } else if !tag.starts_with(['?', '!']) && open.len() < DEPTH && lines.len() < VALUES {
            let whole = tag.strip_suffix('/');
            let tag = whole.unwrap_or(tag);
            let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
            if whole.is_none() {
                open.push(Open { name: name.to_ascii_lowercase(), attributes, text: String::new() });
            }
        }
    }
    (!lines.is_empty()).then_some(lines)
}

/// Closes an element, and those left open inside it.
fn close(open: &mut Vec<Open<'_>>, name: &str, lines: &mut Vec<Line>) {
    let Some(at) = open.iter().rposition(|element| element.name.eq_ignore_ascii_case(name)) else { return };
    open.truncate(at + 1);
    let Some(element) = open.pop() else { return };
    let text = element.text.trim();
    if text.is_empty() {
        return;
    }
    let path: Vec<&str> = open.iter().map(|element| element.name.as_str()).collect();
    let name = match path.iter().position(|name| *name == "customer") {
        Some(_) => Some(of_customer(&path, &element)),
        None => of_others(&path, &element),
    };
    if let Some(name) = name {
        lines.push(Line::new(&name, label::slot(&name), text));
    }
}

/// What a value under `customer` is called.
fn of_customer(path: &[&str], element: &Open<'_>) -> String {
    let part = attribute(element.attributes, "part");
    let name = match (element.name.as_str(), part) {
        ("name", Some("first")) => "given_name",
        ("name", Some("last")) => "family_name",
        ("name", Some("middle" | "suffix")) => "name.other",
        ("name", _) if attribute(element.attributes, "type") == Some("business") => "company",
        ("name", _) => "name",
        ("email", _) => "email",
        ("phone", _) if attribute(element.attributes, "type") == Some("fax") => "fax",
        ("phone", _) => "phone",
        ("comments", _) => "message",
        ("country", _) => "country",
        ("street" | "apartment" | "city" | "regioncode" | "postalcode" | "url", _) if path.contains(&"address") => {
            return format!("address.{}", element.name);
        }
        (other, _) => return format!("customer.{other}"),
    };
    name.to_owned()
}

/// What any other value is called: `vehicle.make`, `provider.name`. Dealer and portal tell nothing
/// about the person, so that none of their addresses may be taken for theirs.
fn of_others(path: &[&str], element: &Open<'_>) -> Option<String> {
    let owner = path.iter().find(|name| !matches!(**name, "adf" | "prospect"));
    match (owner, element.name.as_str()) {
        (None, name) => Some(format!("adf.{name}")),
        (
            Some(&"vendor" | &"provider"),
            "email" | "phone" | "street" | "city" | "regioncode" | "postalcode" | "country",
        ) => None,
        (Some(&"vehicle"), "comments") => Some("vehicle.notice".into()),
        (Some(owner), "name") => Some(format!("{owner}.title")),
        (Some(owner), name) => Some(format!("{owner}.{name}")),
    }
}

/// The value of an attribute.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    while let Some((before, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, next) = after[1..].split_once(quote)?;
        if before.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = next;
    }
    None
}

/// Text with its entities as characters.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        let c = end.and_then(|end| entity(&rest[1..end]));
        if let (Some(c), Some(end)) = (c, end) {
            out.push(c);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}
