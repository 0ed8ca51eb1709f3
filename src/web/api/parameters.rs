//! Query parameters and bodies as typed values, with an error that says what is wrong.

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::problem::Problem;
use crate::lead::{Id, Name};
use crate::store::{Holder, Page};

/// Items of a list when nothing else is asked for.
const LIMIT: usize = 100;
/// Items of a list at most; more is taken as this.
const MOST: usize = 1000;

/// The query of a list: its page, and filters that are taken out one by one.
pub(super) struct ListQuery {
    pub(super) limit: usize,
    pub(super) after: Option<Id>,
    rest: Vec<(String, String)>,
    empty: Vec<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes()).into_owned();
        let mut list = Self { limit: LIMIT, after: None, rest: Vec::new(), empty: Vec::new() };
        for (key, value) in pairs {
            match key.as_str() {
                _ if value.is_empty() => list.empty.push(key),
                "limit" => {
                    list.limit = limit(&value).ok_or_else(|| {
                        Problem::bad(format!(
                            "`limit` is a number from 1 to {MOST} (more is taken as {MOST}), not `{value}`"
                        ))
                    })?;
                }
                "after" => list.after = Some(value.parse().map_err(|error| Problem::bad(format!("`after`: {error}")))?),
                _ => list.rest.push((key, value)),
            }
        }
        Ok(list)
    }
}

/// Items that are asked for; a number of any length counts, below 1 none does.
fn limit(value: &str) -> Option<usize> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().unwrap_or(MOST).min(MOST);
    (digits && number > 0).then_some(number)
}

impl ListQuery {
    /// Takes one filter out.
    pub(super) fn take(&mut self, key: &str) -> Option<String> {
        let index = self.rest.iter().position(|(name, _)| name == key)?;
        Some(self.rest.remove(index).1)
    }

    /// Takes a filter that is a name out.
    pub(super) fn name(&mut self, key: &str) -> Result<Option<Name>, Problem> {
        self.take(key)
            .map(|text| Name::parse(&text).map_err(|error| Problem::bad(format!("`{key}`: {error}"))))
            .transpose()
    }

    /// Takes the filter by owner out; empty, it asks for what nobody works.
    pub(super) fn holder(&mut self, key: &str) -> Result<Option<Holder>, Problem> {
        let nobody = self.empty.iter().any(|name| name == key).then_some(Holder::Nobody);
        Ok(self.name(key)?.map(Holder::Owner).or(nobody))
    }

    /// Takes a filter that is one of some words out.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.take(key) else { return Ok(None) };
        all.iter().copied().find(|value| word(*value) == text).map(Some).ok_or_else(|| {
            let words: Vec<&str> = all.iter().copied().map(word).collect();
            Problem::bad(format!("`{key}` is one of {}, not `{text}`", words.join(", ")))
        })
    }

    /// No filter may be left: a misspelt one would silently list everything.
    pub(super) fn finish(&self) -> Result<(), Problem> {
        match self.rest.first() {
            Some((key, _)) => Err(Problem::bad(format!("this list has no parameter `{key}`"))),
            None => Ok(()),
        }
    }
}

/// A list as JSON.
pub(super) fn list<T: serde::Serialize>(page: &Page<T>) -> axum::Json<Value> {
    axum::Json(json!({ "items": page.items, "next": page.next }))
}

/// An id from the address.
pub(super) struct ById(pub(super) Id);

impl<S: Send + Sync> FromRequestParts<S> for ById {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|error| Problem::bad(error.to_string()))?;
        text.parse().map(Self).map_err(|error| Problem::new(StatusCode::NOT_FOUND, format!("{error}")))
    }
}

/// A JSON body.
pub(super) fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::bad(format!("the body does not fit: {error}")))
}
