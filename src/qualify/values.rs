//! Two values the rule engine does not bring: word lists that answer `in` at once, and patterns
//! compiled when the rules are loaded.

use std::any::Any;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use cel::common::traits::{self, Adder, Container, Indexer, Iterable, Sizer};
use cel::common::types::{
    CelBool, CelInt, CelList, CelMap, CelMapKey, CelString, DYN_TYPE, LIST_TYPE, STRING_TYPE, Type,
};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{DeclarationError, Env, ExecutionError};
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, LookSet, Repetition};

use super::lists;
use super::sieve::Needed;
use super::view::work;

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
    /// Reads a list file.
    pub(super) fn parse(text: &str) -> Self {
        lists::words(text).map(|(_, word)| word.to_owned()).collect()
    }

    /// The words, in the order of the list.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.items.iter().map(CelString::inner)
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
    exact: Regex,
    /// The same without its word boundaries, so that it matches wherever that one does, and more. The fast
    /// engine gives up on a word boundary as soon as a text holds an umlaut, and the others take some
    /// fifty times as long: so they only look where there may be something.
    wide: Option<Regex>,
    /// Words without which it does not match.
    needed: Option<Arc<Needed>>,
    /// How much there is to run at each letter.
    weight: usize,
}

/// Letters times weight that are run in the time of one unit of a rule's budget.
const RUN_AT_ONCE: usize = 8192;

impl Pattern {
    /// Compiles a pattern; the error is one line.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        let exact = build(source).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too big when compiled".to_owned(),
            error => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.trim().trim_start_matches("error: ").to_owned()
            }
        })?;
        let whole = regex_syntax::parse(source).ok();
        let needed = whole.as_ref().and_then(Needed::by).map(Arc::new);
        let weight = whole.as_ref().map_or(usize::MAX, weight);
        let wide = whole.and_then(without_boundaries).and_then(|source| build(&source).ok());
        Ok(Self { exact, wide, needed, weight })
    }

    /// What of a text it matches first.
    pub(super) fn find(&self, text: &str) -> Option<Range<usize>> {
        self.exact.find_at(text, self.start(text)?).map(|found| found.range())
    }

    /// Whether a text holds it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.start(text).is_some_and(|start| self.exact.is_match_at(text, start))
    }

    /// Where in a text a match may begin at the earliest.
    fn start(&self, text: &str) -> Option<usize> {
        if self.needed.as_ref().is_some_and(|needed| !needed.may_be_in(text)) {
            return None;
        }
        work(self.weight.saturating_mul(text.len()) / RUN_AT_ONCE);
        match &self.wide {
            Some(wide) if !text.is_ascii() => wide.find(text).map(|found| found.start()),
            _ => Some(0),
        }
    }
}

fn build(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source).size_limit(PATTERN_LIMIT).dfa_size_limit(PATTERN_LIMIT).build()
}

/// How many steps a pattern has, each repetition written out.
fn weight(pattern: &Hir) -> usize {
    match pattern.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().max(1),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len().max(1),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1));
            weight(&repetition.sub).saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
        }
        HirKind::Capture(capture) => weight(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(0, |sum, part| sum.saturating_add(weight(part)))
        }
    }
}

/// A pattern without its word boundaries; `None` where it has none.
fn without_boundaries(whole: Hir) -> Option<String> {
    whole.properties().look_set().contains_word_unicode().then(|| bare(whole).to_string())
}

fn bare(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Look(look) if LookSet::singleton(look).contains_word_unicode() => Hir::empty(),
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(bare(*repetition.sub)), ..repetition })
        }
        HirKind::Capture(capture) => bare(*capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(bare).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(bare).collect()),
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
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
        (Some(text), Some(pattern)) => Ok(CowVal::owned(CelBool::from(pattern.is_in(text.inner())))),
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
    use proptest::prelude::*;

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
    fn a_pattern_weighs_what_it_takes_to_run() {
        let weight = |source: &str| Pattern::compile(source).unwrap().weight;
        assert_eq!([weight("abc"), weight("a|bc"), weight("(ab){3}"), weight("[a-cx]+")], [3, 3, 6, 4]);
        assert!(weight(r"(?i)\b(angebot|preis)\b") < 100 && weight(".{0,1000}x") > 1000);
    }

    proptest! {
        #[test]
        fn a_pattern_matches_the_same_whatever_letters_stand_around_it(
            text in "([abü ]|preis|Übung|call me|-){0,12}",
            before in prop::sample::select(vec![String::new(), "lange Texte ".repeat(20), "größere Mengen, ".repeat(20)]),
            pattern in prop::sample::select(vec![
                r"(?i)\b(preis|übung)\b", r"\bcall (me|us)\b", r"(?i)b\B.{0,3}\bübung", r"(\b|a)preis", r"\b", r"(\bü)+-?\b",
            ]),
        ) {
            let text = before + &text;
            let (pattern, exact) = (Pattern::compile(pattern).unwrap(), Regex::new(pattern).unwrap());
            prop_assert_eq!(pattern.find(&text), exact.find(&text).map(|found| found.range()));
            prop_assert_eq!(pattern.is_in(&text), exact.is_match(&text));
        }
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
