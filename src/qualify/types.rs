//! What a `when` can see and call: the types, fields and functions that rules are checked against.

use std::fmt;

/// The type of an expression, as far as it is known before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ty {
    /// Known only when it runs (what a person typed into an unknown field).
    Dyn,
    /// `null`.
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Time,
    Span,
    /// `type(x)`, or the name of a type.
    Type,
    /// A compiled regular expression.
    Pattern,
    List(Item),
    /// Keys are text.
    Map(Item),
    /// Something that only has fields (`lead.consent`).
    Record,
    /// One of `lead.attachments`.
    File,
}

/// What a list or map holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Nothing: `[]`.
    Empty,
    /// Anything.
    Dyn,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Time,
    Span,
    File,
}

impl Ty {
    /// As an element of a list.
    pub(super) const fn item(self) -> Item {
        match self {
            Self::Bool => Item::Bool,
            Self::Int => Item::Int,
            Self::Uint => Item::Uint,
            Self::Double => Item::Double,
            Self::Text => Item::Text,
            Self::Time => Item::Time,
            Self::Span => Item::Span,
            Self::File => Item::File,
            _ => Item::Dyn,
        }
    }

    /// Whether a value of this type may stand where `wanted` is asked for.
    pub(super) fn fits(self, wanted: Self) -> bool {
        match (self, wanted) {
            (Self::Dyn, other) | (other, Self::Dyn) => !matches!(other, Self::Record | Self::Pattern),
            (Self::List(a), Self::List(b)) | (Self::Map(a), Self::Map(b)) => {
                a == Item::Empty || b == Item::Empty || a.ty().fits(b.ty())
            }
            _ => self == wanted,
        }
    }

    /// Whether it is a number, or may be one.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }

    /// Whether `==` between the two can ever be true.
    pub(super) fn comparable(self, other: Self) -> bool {
        self.fits(other) || self.is_number() && other.is_number() || self == Self::Null || other == Self::Null
    }

    /// The type of a value that is one or the other.
    pub(super) fn either(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::List(a), Self::List(b)) => Self::List(a.either(b)),
            (Self::Map(a), Self::Map(b)) => Self::Map(a.either(b)),
            _ => Self::Dyn,
        }
    }
}

impl Item {
    /// As a value of its own.
    pub(super) const fn ty(self) -> Ty {
        match self {
            Self::Empty | Self::Dyn => Ty::Dyn,
            Self::Bool => Ty::Bool,
            Self::Int => Ty::Int,
            Self::Uint => Ty::Uint,
            Self::Double => Ty::Double,
            Self::Text => Ty::Text,
            Self::Time => Ty::Time,
            Self::Span => Ty::Span,
            Self::File => Ty::File,
        }
    }

    /// What a list holds that has elements of both.
    pub(super) fn either(self, other: Self) -> Self {
        match (self, other) {
            (Self::Empty, item) | (item, Self::Empty) => item,
            (a, b) if a == b => a,
            _ => Self::Dyn,
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dyn => "a value",
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Int | Self::Uint => "a whole number",
            Self::Double => "a decimal number",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Time => "a time",
            Self::Span => "a duration",
            Self::Type => "a type",
            Self::Pattern => "a pattern in quotes",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Record => "a group of fields",
            Self::File => "an attachment",
        })
    }
}

/// A field that a `when` can see.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// Its full name.
    pub(super) path: &'static str,
    /// Its type where it is not absent.
    pub(super) ty: Ty,
}

const fn at(path: &'static str, ty: Ty) -> Field {
    Field { path, ty }
}

/// Everything that can be seen, by full name. `email` and `phone` are the first of their lists.
pub(super) static FIELDS: &[Field] = &[
    at("lead.id", Ty::Text),
    at("lead.created_at", Ty::Time),
    at("lead.updated_at", Ty::Time),
    at("lead.name", Ty::Text),
    at("lead.given_name", Ty::Text),
    at("lead.family_name", Ty::Text),
    at("lead.emails", Ty::List(Item::Text)),
    at("lead.email", Ty::Text),
    at("lead.phones", Ty::List(Item::Text)),
    at("lead.phone", Ty::Text),
    at("lead.company", Ty::Text),
    at("lead.domain", Ty::Text),
    at("lead.job_title", Ty::Text),
    at("lead.website", Ty::Text),
    at("lead.country", Ty::Text),
    at("lead.language", Ty::Text),
    at("lead.subject", Ty::Text),
    at("lead.message", Ty::Text),
    at("lead.attribution", Ty::Record),
    at("lead.attribution.channel", Ty::Text),
    at("lead.attribution.form", Ty::Text),
    at("lead.attribution.page", Ty::Text),
    at("lead.attribution.referrer", Ty::Text),
    at("lead.attribution.utm", Ty::Map(Item::Text)),
    at("lead.forwarded_by", Ty::Text),
    at("lead.consent", Ty::Record),
    at("lead.consent.text", Ty::Text),
    at("lead.consent.at", Ty::Time),
    at("lead.fields", Ty::Map(Item::Dyn)),
    at("lead.attachments", Ty::List(Item::File)),
    at("lead.stage", Ty::Text),
    at("lead.stage_reason", Ty::Text),
    at("lead.assigned_at", Ty::Time),
    at("lead.held_until", Ty::Time),
    at("lead.next_step", Ty::Record),
    at("lead.next_step.text", Ty::Text),
    at("lead.next_step.due", Ty::Time),
    at("lead.touch_count", Ty::Int),
    at("lead.problems", Ty::List(Item::Text)),
    at("touch.channel", Ty::Text),
    at("touch.kind", Ty::Text),
    at("touch.subject", Ty::Text),
    at("touch.text", Ty::Text),
    at("touch.from", Ty::Text),
    at("touch.page", Ty::Text),
    at("touch.headers", Ty::Map(Item::Text)),
];

/// What rules decide, and so cannot ask for.
pub(super) const DECIDED: [&str; 10] = [
    "lead.score",
    "lead.fit",
    "lead.engagement",
    "lead.priority",
    "lead.custom",
    "lead.tags",
    "lead.disposition",
    "lead.reason",
    "lead.team",
    "lead.owner",
];

/// Fields of an attachment.
pub(super) const FILE_FIELDS: [(&str, Ty); 5] =
    [("name", Ty::Text), ("content_type", Ty::Text), ("size", Ty::Int), ("sha256", Ty::Text), ("danger", Ty::Text)];

/// The field of this full name.
pub(super) fn field(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.path == path)
}

/// A function, for one choice of types.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is called on; `None` for `name(…)`.
    pub(super) on: Option<Ty>,
    /// What it takes.
    pub(super) takes: &'static [Ty],
    /// What it gives.
    pub(super) gives: Ty,
}

const fn method(name: &'static str, on: Ty, takes: &'static [Ty], gives: Ty) -> Function {
    Function { name, on: Some(on), takes, gives }
}

const fn global(name: &'static str, takes: &'static [Ty], gives: Ty) -> Function {
    Function { name, on: None, takes, gives }
}

const ANY_LIST: Ty = Ty::List(Item::Dyn);
const ANY_MAP: Ty = Ty::Map(Item::Dyn);
const TEXTS: Ty = Ty::List(Item::Text);

/// The functions: the standard ones, and the string extensions whose result cannot grow without bound.
pub(super) static FUNCTIONS: &[Function] = &[
    method("contains", Ty::Text, &[Ty::Text], Ty::Bool),
    method("startsWith", Ty::Text, &[Ty::Text], Ty::Bool),
    method("endsWith", Ty::Text, &[Ty::Text], Ty::Bool),
    method("matches", Ty::Text, &[Ty::Pattern], Ty::Bool),
    global("matches", &[Ty::Text, Ty::Pattern], Ty::Bool),
    method("size", Ty::Text, &[], Ty::Int),
    method("size", ANY_LIST, &[], Ty::Int),
    method("size", ANY_MAP, &[], Ty::Int),
    global("size", &[Ty::Text], Ty::Int),
    global("size", &[ANY_LIST], Ty::Int),
    global("size", &[ANY_MAP], Ty::Int),
    method("lowerAscii", Ty::Text, &[], Ty::Text),
    method("upperAscii", Ty::Text, &[], Ty::Text),
    method("trim", Ty::Text, &[], Ty::Text),
    method("reverse", Ty::Text, &[], Ty::Text),
    method("replace", Ty::Text, &[Ty::Text, Ty::Text], Ty::Text),
    method("split", Ty::Text, &[Ty::Text], TEXTS),
    method("join", TEXTS, &[], Ty::Text),
    method("join", TEXTS, &[Ty::Text], Ty::Text),
    method("substring", Ty::Text, &[Ty::Int], Ty::Text),
    method("substring", Ty::Text, &[Ty::Int, Ty::Int], Ty::Text),
    method("charAt", Ty::Text, &[Ty::Int], Ty::Text),
    method("indexOf", Ty::Text, &[Ty::Text], Ty::Int),
    method("lastIndexOf", Ty::Text, &[Ty::Text], Ty::Int),
    global("string", &[Ty::Dyn], Ty::Text),
    global("bool", &[Ty::Text], Ty::Bool),
    global("bool", &[Ty::Bool], Ty::Bool),
    global("int", &[Ty::Text], Ty::Int),
    global("int", &[Ty::Int], Ty::Int),
    global("int", &[Ty::Uint], Ty::Int),
    global("int", &[Ty::Double], Ty::Int),
    global("int", &[Ty::Time], Ty::Int),
    global("uint", &[Ty::Text], Ty::Uint),
    global("uint", &[Ty::Int], Ty::Uint),
    global("uint", &[Ty::Uint], Ty::Uint),
    global("uint", &[Ty::Double], Ty::Uint),
    global("double", &[Ty::Text], Ty::Double),
    global("double", &[Ty::Int], Ty::Double),
    global("double", &[Ty::Uint], Ty::Double),
    global("double", &[Ty::Double], Ty::Double),
    global("timestamp", &[Ty::Text], Ty::Time),
    global("timestamp", &[Ty::Int], Ty::Time),
    global("timestamp", &[Ty::Time], Ty::Time),
    global("duration", &[Ty::Text], Ty::Span),
    global("duration", &[Ty::Span], Ty::Span),
    global("type", &[Ty::Dyn], Ty::Type),
    global("dyn", &[Ty::Dyn], Ty::Dyn),
    method("getFullYear", Ty::Time, &[], Ty::Int),
    method("getMonth", Ty::Time, &[], Ty::Int),
    method("getDate", Ty::Time, &[], Ty::Int),
    method("getDayOfMonth", Ty::Time, &[], Ty::Int),
    method("getDayOfWeek", Ty::Time, &[], Ty::Int),
    method("getDayOfYear", Ty::Time, &[], Ty::Int),
    method("getHours", Ty::Time, &[], Ty::Int),
    method("getMinutes", Ty::Time, &[], Ty::Int),
    method("getSeconds", Ty::Time, &[], Ty::Int),
    method("getMilliseconds", Ty::Time, &[], Ty::Int),
    method("getFullYear", Ty::Time, &[Ty::Text], Ty::Int),
    method("getMonth", Ty::Time, &[Ty::Text], Ty::Int),
    method("getDate", Ty::Time, &[Ty::Text], Ty::Int),
    method("getDayOfMonth", Ty::Time, &[Ty::Text], Ty::Int),
    method("getDayOfWeek", Ty::Time, &[Ty::Text], Ty::Int),
    method("getDayOfYear", Ty::Time, &[Ty::Text], Ty::Int),
    method("getHours", Ty::Time, &[Ty::Text], Ty::Int),
    method("getMinutes", Ty::Time, &[Ty::Text], Ty::Int),
    method("getSeconds", Ty::Time, &[Ty::Text], Ty::Int),
    method("getMilliseconds", Ty::Time, &[Ty::Text], Ty::Int),
    method("getHours", Ty::Span, &[], Ty::Int),
    method("getMinutes", Ty::Span, &[], Ty::Int),
    method("getSeconds", Ty::Span, &[], Ty::Int),
    method("getMilliseconds", Ty::Span, &[], Ty::Int),
];

/// Names of types, for `type(x) == string`.
pub(super) const TYPE_NAMES: [&str; 10] =
    ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];
