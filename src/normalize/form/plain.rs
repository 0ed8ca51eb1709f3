//! Bodies sent as `text/plain`. In: bytes. Out: a form, or where the JSON in it breaks off.
//!
//! Scripts send JSON and urlencoded values under this type, HTML forms lines of `name=value`,
//! mailing scripts lines of `Label: value`. What is none of these is a letter, and stays one: nothing
//! in it is taken for a name.

use super::tree::Node;
use super::{Form, charset, json, urlencoded};
use crate::normalize::fields::Pair;
use crate::normalize::fields::label::{self, Slot};
use crate::normalize::mail;
use crate::normalize::text::clean;

/// Reads a body into a tree, or where it is none into the form itself; fails where it begins like JSON and
/// is none.
pub(super) fn read(bytes: &[u8], charset: Option<&str>, form: &mut Form) -> Result<Option<Node>, String> {
    let mut problems = Vec::new();
    let error = match json::read(bytes, charset, &mut problems) {
        Ok(node) => {
            form.problems = problems;
            return Ok(Some(node));
        }
        Err(error) => error,
    };
    let text = charset::decode(bytes, charset, &mut form.problems).into_owned();
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with(['{', '[']) {
        // Sent as urlencoded, JSON becomes the name of a value that is not there.
        let name = text.strip_suffix('=').and_then(|text| json::parse(text).ok());
        return name.map(Some).ok_or(error);
    }
    if is_urlencoded(text) {
        return Ok(Some(urlencoded::read(text.as_bytes(), None, &mut form.problems)));
    }
    if let Some(pairs) = lines(text) {
        form.pairs = pairs;
    } else if let Some(pairs) = mail::labelled(text) {
        form.pairs = with_the_rest(pairs, text);
    } else {
        form.letter = Some(clean(text)).filter(|text| !text.is_empty());
    }
    Ok(None)
}

/// Opens up a message that holds the whole form as labelled lines, as templates for chat services write it:
/// where nothing else in the form names a person.
pub(super) fn open_up(form: &mut Form) {
    let is_message = |pair: &Pair| matches!(label::slot(&pair.label), Some((Slot::Message, _)));
    let Some(at) = form.pairs.iter().position(is_message) else { return };
    if form.pairs.iter().any(|pair| label::is_person(&pair.label) || pair.kind.is_some()) {
        return;
    }
    let text = form.pairs[at].value.as_str().map(clean).filter(|text| text.contains('\n'));
    let pairs = text.and_then(|text| Some(with_the_rest(mail::labelled(&text)?, &text)));
    if let Some(pairs) = pairs.filter(|pairs| pairs.iter().any(|pair| label::is_person(&pair.label))) {
        form.pairs.splice(at..=at, pairs);
    }
}

/// One line of `name=value&name=value`, without blanks.
fn is_urlencoded(text: &str) -> bool {
    let named = |piece: &str| piece.split_once('=').is_some_and(|(name, _)| !name.is_empty());
    text.contains('&') && !text.contains(['\r', '\n']) && {
        let mut pieces = text.split('&');
        // Values that somebody forgot to escape may hold blanks, names may not.
        pieces.all(|piece| named(piece) && !piece.split('=').next().unwrap_or_default().contains(char::is_whitespace))
    }
}

/// Lines of `name=value` (an HTML form with `enctype="text/plain"`); `None` where the first is none.
fn lines(text: &str) -> Option<Vec<Pair>> {
    let is_name = |name: &str| {
        (1..=60).contains(&name.len())
            && !name.ends_with(' ')
            && name.split(' ').count() <= 4
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '[' | ']' | ' ' | '.'))
    };
    let mut pairs: Vec<Pair> = Vec::new();
    for line in text.lines() {
        match (line.split_once('=').filter(|(name, _)| is_name(name)), pairs.last_mut()) {
            (Some((name, value)), _) => pairs.push(Pair::new(name.trim(), value.trim())),
            // A value of several lines goes on until the next name.
            (None, Some(last)) => last.append_line(line),
            (None, None) => return None,
        }
    }
    (!pairs.is_empty()).then_some(pairs)
}

/// The pairs, and the whole text where it says more than they do: as the message, if none has one.
fn with_the_rest(mut pairs: Vec<Pair>, text: &str) -> Vec<Pair> {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let said: usize = pairs.iter().map(|pair| letters(&pair.label) + pair.value.as_str().map_or(0, letters)).sum();
    let message = pairs.iter().any(|pair| matches!(label::slot(&pair.label), Some((Slot::Message, _))));
    if said < letters(text) {
        pairs.push(Pair::new(if message { "as typed" } else { "message" }, clean(text)));
    }
    pairs
}
