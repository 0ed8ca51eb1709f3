//! A person signs in on any device with a browser (RFC 8628).
//!
//! In come the settings, out goes a refresh token. In between the person sees an address and a
//! code, and the provider is asked from time to time whether they are done.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::endpoint::{Failure, ask, tokens};
use super::{Config, Grant, Issued};
use crate::config::Secret;

/// The name of the grant (RFC 8628 §3.4).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How often the provider is asked where it does not say, and by how much more slowly when it asks for it.
const STEP: Duration = Duration::from_secs(5);

/// What the person has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The address to open.
    pub url: String,
    /// The code to type there.
    pub code: String,
    /// How long the code can be used.
    pub lasts: Duration,
}

/// Why there is no sign-in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings have no place for it.
    #[error(
        "there is no `device_url` for this mailbox; get a refresh token from the provider and set it as `refresh_token`"
    )]
    NoPlace,
    /// The mailbox is opened with the program's own right.
    #[error("with grant = \"client_credentials\" nobody signs in")]
    NoPerson,
    /// The person did not do it in time.
    #[error("the code has expired; try again")]
    Expired,
    /// The person, or an administrator, said no.
    #[error("the sign-in was refused at the provider")]
    Denied,
    /// The provider does not keep the sign-in.
    #[error("the provider gave no refresh token; does `scope` need `offline_access`?")]
    NotKept,
    /// The provider refuses.
    #[error("the provider refuses: {0}")]
    Refused(String),
    /// The provider does not answer.
    #[error("the provider does not answer")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable(cause) => Self::Unreachable(cause),
            Failure::Refused { code, words } => match code.as_str() {
                "access_denied" => Self::Denied,
                "expired_token" | "code_expired" => Self::Expired,
                "" => Self::Refused(words),
                _ => Self::Refused(format!("{code} {words}").trim_end().to_owned()),
            },
        }
    }
}

/// Has somebody sign in; `show` tells them how. Returns the refresh token.
pub async fn sign_in(config: &Config, show: impl FnOnce(&Prompt)) -> Result<Secret, Error> {
    if config.grant == Grant::ClientCredentials {
        return Err(Error::NoPerson);
    }
    let url = config.device_url.as_ref().ok_or(Error::NoPlace)?;
    let mut form = vec![("client_id", config.client_id.as_str())];
    form.extend(config.scope.as_deref().map(|scope| ("scope", scope)));
    let answer = ask(url, config.ca_file.as_deref(), &form).await?;
    let begun = Begun::read(&answer).ok_or_else(|| Error::Refused("it answered without a code".to_owned()))?;
    show(&begun.prompt);
    begun.wait(config).await
}

/// A sign-in that waits for its person.
struct Begun {
    device_code: String,
    prompt: Prompt,
    interval: Duration,
}

impl Begun {
    fn read(answer: &Value) -> Option<Self> {
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        let seconds = |key: &str| answer[key].as_u64().map(Duration::from_secs);
        let url = text("verification_uri").or_else(|| text("verification_url"))?;
        let lasts = seconds("expires_in").unwrap_or(Duration::from_mins(15)).min(Duration::from_hours(1));
        let prompt = Prompt { url, code: text("user_code")?, lasts };
        let interval = seconds("interval").unwrap_or(STEP).clamp(Duration::from_secs(1), Duration::from_mins(1));
        Some(Self { device_code: text("device_code")?, prompt, interval })
    }

    async fn wait(self, config: &Config) -> Result<Secret, Error> {
        let until = Instant::now() + self.prompt.lasts;
        let mut interval = self.interval;
        let mut form = vec![("grant_type", GRANT), ("device_code", self.device_code.as_str())];
        form.push(("client_id", config.client_id.as_str()));
        form.extend(config.client_secret.as_ref().map(|secret| ("client_secret", secret.expose())));
        while Instant::now() < until {
            sleep(interval).await;
            match tokens(&config.token_url, config.ca_file.as_deref(), &form).await {
                Ok(Issued { refresh, .. }) => return refresh.ok_or(Error::NotKept),
                Err(Failure::Refused { code, .. }) if code == "authorization_pending" => {}
                Err(Failure::Refused { code, .. }) if code == "slow_down" => interval += STEP,
                // The person may be done meanwhile: the provider is asked again, more slowly.
                Err(Failure::Unreachable(cause)) => {
                    tracing::debug!(%cause, "the provider does not answer");
                    interval += STEP;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(Error::Expired)
    }
}
