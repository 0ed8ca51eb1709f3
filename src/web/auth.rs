//! Who calls: a bearer token on the network, the file's mode on the socket.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::config::Secret;

/// Who made a change, for a lead's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller(pub String);

/// Header in which the command line names its user; believed on the socket only.
pub const CALLER: &str = "x-lotse-user";

/// Lets only the token in.
pub(super) async fn require(State(token): State<Arc<Secret>>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    if given.is_some_and(|given| token.is(&given)) {
        request.extensions_mut().insert(Caller("admin".into()));
        return next.run(request).await;
    }
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, "send `Authorization: Bearer TOKEN`").into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Takes the caller's word for who it is.
pub(super) async fn trust(mut request: Request, next: Next) -> Response {
    let user = request.headers().get(CALLER).and_then(|value| value.to_str().ok()).unwrap_or("admin").to_owned();
    request.extensions_mut().insert(Caller(user));
    next.run(request).await
}

/// The token of the settings, else the one in `STORE/admin.token`, made now when it is missing.
pub fn token(configured: Option<&Secret>, store: &Path) -> io::Result<Secret> {
    if let Some(secret) = configured {
        return Ok(secret.clone());
    }
    let path = store.join("admin.token");
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(Secret::new(text.trim())),
        Ok(_) => write_token(&path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => write_token(&path),
        Err(error) => Err(error),
    }
}

fn write_token(path: &Path) -> io::Result<Secret> {
    let token: String = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    writeln!(file, "{token}")?;
    file.sync_all()?;
    Ok(Secret::new(token))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_made_once_and_only_the_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = token(None, folder.path()).unwrap();
        assert_eq!(first.expose().len(), 64);
        assert!(token(None, folder.path()).unwrap().is(first.expose()));
        let mode = fs::metadata(folder.path().join("admin.token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(token(Some(&Secret::new("mine")), folder.path()).unwrap().is("mine"));
    }
}
