//! Two values the rule engine does not bring: word lists that answer `in` at once, and patterns
//! compiled when the rules are loaded.

use std::any::Any;
use std::collections::HashSet;
use std::sync::Arc;

use cel::common::traits::{self, Adder, Container, Indexer, Iterable, Sizer};
use cel::common::types::{
    CelBool, CelInt, CelList, CelMap, CelMapKey, CelString, DYN_TYPE, LIST_TYPE, STRING_TYPE, Type,
};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{DeclarationError, Env, ExecutionError};
use regex::{Regex, RegexBuilder};

use super::needed::Needed;

/// Bytes that a compiled pattern may take, and its cache while it runs.
const PATTERN_LIMIT: usize = 2 << 20;

/// A list of texts: from `rules/lists/NAME.txt`, or written out in a rule after `in`.
///
/// `in` asks a hash set, so ten thousand entries cost what ten do. Cloning shares the words.
#[derive(Clone, Debug)]
pub(super) struct Words(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    items: Vec<CelString<'static>>,
    set: HashSet<String>,
}

impl FromIterator<String> for Words {
    fn from_iter<T: IntoIterator<Item = String>>(words: T) -> Self {
        let items: Vec<String> = words.into_iter().collect();
        let set = items.iter().cloned().collect();
        Self(Arc::new(Inner { items: items.into_iter().map(CelString::from).collect(), set }))
    }
}

impl Words {
    /// Reads a list file: a word a line; empty lines and what follows a `#` at the start of a line
    /// or after a blank are left out.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        text.lines()
            .map(|line| match line.find(" #").or_else(|| line.find("\t#")) {
                Some(comment) => &line[..comment],
                None => line,
            })
            .map(str::trim)
            .filter(|word| !word.is_empty() && !word.starts_with('#'))
            .map(str::to_owned)
            .collect()
    }

    /// Number of words.
    pub(super) fn len(&self) -> usize {
        self.0.items.len()
    }
}

impl Val for Words {
    fn get_type(&self) -> &Type {
        &LIST_TYPE
    }

    fn cel_type() -> &'static Type {
        &LIST_TYPE
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        if let Some(other) = other.downcast_ref::<Self>() {
            return self.0.items == other.0.items;
        }
        other.downcast_ref::<CelList<'_>>().is_some_and(|list| list.equals(&self.copied()))
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Words {}

impl Words {
    /// As the engine's own list.
    fn copied(&self) -> CelList<'static> {
        let items: Vec<Box<dyn Val>> = self.0.items.iter().map(|word| Box::new(word.clone()) as Box<dyn Val>).collect();
        CelList::from(items)
    }
}

impl Adder for Words {
    fn add<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.copied().add(other).map(|sum| CowVal::Owned(sum.into_owned()))
    }
}

impl Container for Words {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(value.downcast_ref::<CelString<'_>>().is_some_and(|word| self.0.set.contains(word.inner())))
    }
}

impl Indexer for Words {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let index = index.downcast_ref::<CelInt>().map(|index| *index.inner());
        index
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| self.0.items.get(index))
            .map(|word| CowVal::Borrowed(word as &dyn Val))
            .ok_or_else(|| ExecutionError::IndexOutOfBounds(index.unwrap_or(-1).into()))
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}

impl Sizer for Words {
    fn size(&self) -> CelInt {
        CelInt::from(i64::try_from(self.len()).unwrap_or(i64::MAX))
    }
}

impl Iterable for Words {
    fn iter<'b, 'v>(&'b self) -> Box<dyn traits::Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(WordsIter(self.0.items.iter()))
    }
}

struct WordsIter<'b>(std::slice::Iter<'b, CelString<'static>>);

impl<'b, 'v> traits::Iterator<'b, 'v> for WordsIter<'b> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|word| word as &dyn Val)
    }
}

static PATTERN_TYPE: Type = Type::new_unspecified_type("pattern");

/// A compiled regular expression: the argument of `matches`.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// What a text must contain before it is asked.
    needed: Option<Arc<Needed>>,
}

impl Pattern {
    /// Compiles a pattern; the error is one line.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        RegexBuilder::new(source)
            .size_limit(PATTERN_LIMIT)
            .dfa_size_limit(PATTERN_LIMIT)
            .build()
            .map(|regex| Self { regex, needed: Needed::of(source).map(Arc::new) })
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "it is too big when compiled".to_owned(),
                error => {
                    let text = error.to_string();
                    let last = text.lines().last().unwrap_or_default();
                    last.trim().trim_start_matches("error: ").to_owned()
                }
            })
    }
}

impl Pattern {
    /// Whether it matches a text.
    fn is_match(&self, text: &str) -> bool {
        self.needed.as_ref().is_none_or(|needed| needed.may_match(text)) && self.regex.is_match(text)
    }

    /// What of a text it matches first.
    pub(super) fn find(&self, text: &str) -> Option<std::ops::Range<usize>> {
        self.regex.find(text).map(|found| found.range())
    }
}

impl Val for Pattern {
    fn get_type(&self) -> &Type {
        &PATTERN_TYPE
    }

    fn cel_type() -> &'static Type {
        &PATTERN_TYPE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Pattern {}

#[allow(clippy::needless_pass_by_value, reason = "the engine's signature of a function")]
fn matches<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = args.first().and_then(|text| text.downcast_ref::<CelString<'_>>());
    let pattern = args.get(1).and_then(|pattern| pattern.downcast_ref::<Pattern>());
    match (text, pattern) {
        (Some(text), Some(pattern)) => Ok(CowVal::owned(CelBool::from(pattern.is_match(text.inner())))),
        _ => Err(ExecutionError::missing_argument_or_target()),
    }
}

/// The function that gives the keys of a map in order; no rule can write its name.
pub(super) const IN_ORDER: &str = "@in_order";

/// The keys of a map in order; anything else as it is.
#[allow(clippy::needless_pass_by_value, reason = "the engine's signature of a function")]
fn in_order<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let range = args.into_iter().next().ok_or_else(ExecutionError::missing_argument_or_target)?;
    let Some(map) = range.downcast_ref::<CelMap<'_>>() else { return Ok(range) };
    let mut keys: Vec<(String, Box<dyn Val + 'v>)> = map
        .inner()
        .keys()
        .map(|key| -> (String, Box<dyn Val + 'v>) {
            match key {
                CelMapKey::String(text) => {
                    (text.inner().to_owned(), Box::new(CelString::from(text.inner().to_owned())))
                }
                CelMapKey::Int(number) => (format!("{number:?}"), Box::new(*number)),
                CelMapKey::UInt(number) => (format!("{number:?}"), Box::new(*number)),
                CelMapKey::Bool(yes) => (format!("{yes:?}"), Box::new(*yes)),
            }
        })
        .collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(CowVal::owned(CelList::from(keys.into_iter().map(|(_, key)| key).collect::<Vec<_>>())))
}

/// The environment of all rules: the standard library without its own `matches` (which compiles its
/// pattern on each call), with ours, and the string extensions.
pub(super) fn environment() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_overload("matches", "text_matches_pattern", vec![STRING_TYPE, PATTERN_TYPE.to_owned()], matches)?;
    env.add_member_overload("matches", "text_matches_pattern_m", STRING_TYPE, vec![PATTERN_TYPE.to_owned()], matches)?;
    env.add_overload(IN_ORDER, "in_order", vec![DYN_TYPE.to_owned()], in_order)?;
    env.add_extension(cel::extensions::strings)?;
    Ok(env)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_file_is_a_word_a_line_without_its_comments() {
        let words = Words::parse(
            "\u{feff}# freemail\ngmail.com\n\n  gmx.de  # big in Germany\r\nC#\n\t# none\nweb.de\t# too\n",
        );
        let items: Vec<&str> = words.0.items.iter().map(cel::common::types::CelString::inner).collect();
        assert_eq!(items, ["gmail.com", "gmx.de", "C#", "web.de"]);
    }

    #[test]
    fn a_pattern_that_explodes_or_is_wrong_is_refused_in_one_line() {
        for (pattern, says) in [("((a{1000}){1000}){1000}", "too big"), ("(a", "unclosed group"), ("[z-a]", "invalid")]
        {
            let error = Pattern::compile(pattern).unwrap_err();
            assert!(error.contains(says) && !error.contains('\n'), "{pattern}: {error}");
        }
    }
}
