//! Access tokens for a mailbox whose provider takes no password (OAuth 2, RFC 6749).
//!
//! In come settings and the kept refresh token, out goes an access token that is still good. It is
//! renewed well before it ends, while mail is being read; when that fails, the channel says so at
//! once, and mail is read on with the old one for as long as it is good. A renewal that has begun is not
//! broken off lightly: the answer may hold the only refresh token that will work from then on.

mod device;
mod endpoint;
mod expiry;
mod kept;
pub(super) mod settings;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::channels::Error;
use crate::channels::health::Health;
use crate::config::Secret;
use crate::intake::Refused;
use crate::lead::Name;
use endpoint::{Failure, Issued};
pub(crate) use kept::Vault;

pub use device::{Prompt, sign_in};
pub use expiry::{Expiry, expiry};

/// The pause after a first failed renewal; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause between renewals that may succeed by themselves.
const LONGEST: Duration = Duration::from_mins(5);
/// The pause after a renewal that was refused: somebody has to act.
const REFUSED: Duration = Duration::from_mins(15);
/// How often is looked whether there is a token by now.
const LOOK: Duration = Duration::from_mins(1);
/// How long a renewal may go on when we are to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How long somebody else's renewal may take to reach the store.
const MOMENT: Duration = Duration::from_secs(1);
/// A token is not used in the last moments of its life: it would end on the way.
const LAST_MOMENTS: Duration = Duration::from_secs(10);

/// Settings of the login with OAuth 2 (`[channels.NAME.oauth2]`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where tokens are issued.
    pub token_url: Url,
    /// Where a sign-in begins (RFC 8628); `None` where the provider has no such place.
    pub device_url: Option<Url>,
    /// This program, as the provider knows it.
    pub client_id: String,
    /// The program's own secret; not every provider gives one.
    pub client_secret: Option<Secret>,
    /// The day from which the provider no longer takes that secret, where it is known. Default unknown.
    pub client_secret_expires: Option<Date>,
    /// What the token is for.
    pub scope: Option<String>,
    /// What a token is asked for with.
    pub grant: Grant,
    /// The mailbox's extra root, believed here too.
    pub ca_file: Option<PathBuf>,
}

/// What a token is asked for with.
#[derive(Clone, Debug, PartialEq)]
pub enum Grant {
    /// A person's sign-in; the first refresh token, where it does not come from
    /// `lotse mailbox sign-in`.
    RefreshToken(Option<Secret>),
    /// The program's own right (RFC 6749 §4.4).
    ClientCredentials,
}

/// The access token of one mailbox, and what it takes to renew it.
#[derive(Debug)]
pub(super) struct Tokens {
    channel: Name,
    config: Config,
    held: tokio::sync::Mutex<Held>,
    trouble: Mutex<Option<Trouble>>,
    renewed: Notify,
}

/// Why the last renewal failed.
#[derive(Clone, Debug)]
struct Trouble {
    told: String,
    /// It was refused: somebody has to act.
    refused: bool,
    at: Timestamp,
}

#[derive(Debug, Default)]
struct Held {
    access: Option<Access>,
    /// A new refresh token that the store did not take yet.
    unsaved: Option<Secret>,
}

#[derive(Clone, Debug)]
struct Access {
    token: Secret,
    /// At three quarters of its life.
    renew_at: Instant,
    ends_at: Instant,
}

/// Where a token came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It was there.
    Held,
    /// It was issued just now.
    Issued,
}

impl Access {
    fn new(token: Secret, lasts: Duration) -> Self {
        let now = Instant::now();
        Self { token, renew_at: now + lasts.mul_f64(0.75), ends_at: now + lasts - LAST_MOMENTS.min(lasts / 10) }
    }

    fn is_good(&self) -> bool {
        Instant::now() < self.ends_at
    }
}

impl Tokens {
    /// No token yet, for `channel`.
    pub(super) fn new(channel: Name, config: Config) -> Self {
        let (held, trouble, renewed) = (tokio::sync::Mutex::default(), Mutex::default(), Notify::new());
        Self { channel, config, held, trouble, renewed }
    }

    /// A token that is good, issued now where none is there.
    pub(super) async fn token(
        &self,
        vault: Option<Vault<'_>>,
        stop: &CancellationToken,
    ) -> Result<(Secret, Source), Error> {
        let mut held = self.held.lock().await;
        if let Some(access) = held.access.as_ref().filter(|access| access.is_good()) {
            return Ok((access.token.clone(), Source::Held));
        }
        Ok((self.renew(&mut held, vault, stop).await?, Source::Issued))
    }

    /// Another token in place of one that the server refused.
    pub(super) async fn instead_of(
        &self,
        refused: &Secret,
        vault: Option<Vault<'_>>,
        stop: &CancellationToken,
    ) -> Result<Secret, Error> {
        let mut held = self.held.lock().await;
        match &held.access {
            Some(access) if access.is_good() && access.token != *refused => Ok(access.token.clone()),
            _ => self.renew(&mut held, vault, stop).await,
        }
    }

    /// Renews the token ahead of its end, again and again, until `end`.
    pub(super) async fn keep_fresh(&self, vault: Vault<'_>, health: &Health, end: &CancellationToken) {
        let mut pause = FIRST;
        loop {
            let due = self.held.lock().await.access.as_ref().map(|access| access.renew_at);
            // Another folder's connection may have been the one that heard of a new token.
            let wait = sleep_until(due.unwrap_or_else(|| Instant::now() + LOOK));
            tokio::select! {
                () = end.cancelled() => return,
                () = self.renewed.notified() => continue,
                () = wait => {}
            }
            let mut held = self.held.lock().await;
            if held.access.as_ref().is_none_or(|access| access.renew_at > Instant::now()) {
                continue;
            }
            let renewed = self.renew(&mut held, Some(vault), end).await;
            drop(held);
            if end.is_cancelled() {
                return;
            }
            self.report(health);
            let Err(error) = renewed else {
                pause = FIRST;
                continue;
            };
            let wait = if matches!(error, Error::Refused { .. }) {
                REFUSED
            } else {
                pause.mul_f64(0.75 + rand::random::<f64>() / 2.0)
            };
            pause = (pause * 2).min(LONGEST);
            tracing::warn!(channel = %self.channel, error = %error.in_full(), again_in = ?wait, "the access token could not be renewed; the old one is used while it is good");
            health.renews(Some(wait));
            tokio::select! {
                () = end.cancelled() => {}
                () = health.called() => {}
                () = sleep(wait) => {}
            }
            health.renews(None);
        }
    }

    /// Says how the last renewal went.
    pub(super) fn report(&self, health: &Health) {
        match &*self.trouble.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Trouble { told, refused, at }) => health.unrenewed(told, *refused, *at),
            None => health.renewed(),
        }
    }

    /// Gets a new token, unless we are to stop and the provider takes its time.
    async fn renew(
        &self,
        held: &mut Held,
        vault: Option<Vault<'_>>,
        stop: &CancellationToken,
    ) -> Result<Secret, Error> {
        let stopping = async {
            stop.cancelled().await;
            sleep(GRACE).await;
        };
        let result = tokio::select! {
            biased;
            result = self.exchange(held, vault) => result,
            () = stopping => Err(Refused::Stopping.into()),
        };
        let trouble = match &result {
            // That says nothing of the provider.
            Err(Error::Intake(Refused::Stopping)) => return result,
            Err(error) => {
                let refused = matches!(error, Error::Refused { .. });
                Some(Trouble { told: error.in_full(), refused, at: Timestamp::now() })
            }
            Ok(_) => None,
        };
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        self.renewed.notify_one();
        result
    }

    /// Asks for a token; keeps a new refresh token before anything else is done with the answer.
    async fn exchange(&self, held: &mut Held, vault: Option<Vault<'_>>) -> Result<Secret, Error> {
        let mut refresh = self.refresh_token(held, vault).await?;
        let mut issued = self.ask(refresh.as_ref()).await;
        if refresh.is_some() && matches!(&issued, Err(Failure::Refused { code, .. }) if code == "invalid_grant") {
            // A check, or a new sign-in, may have replaced the refresh token at this very moment.
            sleep(MOMENT).await;
            let newest = self.refresh_token(held, vault).await?;
            if newest != refresh {
                issued = self.ask(newest.as_ref()).await;
                refresh = newest;
            }
        }
        let Issued { access, lasts, refresh: next } = issued.map_err(|failure| self.failed(failure))?;
        held.access = Some(Access::new(access.clone(), lasts));
        if let Some(next) = next.filter(|next| refresh.as_ref().is_some_and(|used| used != next)) {
            held.unsaved = Some(next);
            self.save(held, vault).await?;
        }
        Ok(access)
    }

    async fn ask(&self, refresh: Option<&Secret>) -> Result<Issued, Failure> {
        let Config { token_url, client_id, .. } = &self.config;
        let mut form = vec![("client_id", client_id.as_str())];
        form.extend(self.config.client_secret.as_ref().map(|secret| ("client_secret", secret.expose())));
        form.extend(self.config.scope.as_deref().map(|scope| ("scope", scope)));
        match refresh {
            Some(token) => form.extend([("grant_type", "refresh_token"), ("refresh_token", token.expose())]),
            None => form.push(("grant_type", "client_credentials")),
        }
        endpoint::tokens(token_url, self.config.ca_file.as_deref(), &form).await
    }

    /// The newest refresh token; `None` where the grant needs none.
    async fn refresh_token(&self, held: &mut Held, vault: Option<Vault<'_>>) -> Result<Option<Secret>, Error> {
        let Grant::RefreshToken(given) = &self.config.grant else { return Ok(None) };
        self.save(held, vault).await?;
        let kept = match vault {
            Some(vault) => vault.take_out(&self.config).await?,
            None => None,
        };
        let token = kept.or_else(|| given.clone());
        token.map(Some).ok_or_else(|| {
            self.refused(format!("nobody has signed in yet; sign in with `lotse mailbox sign-in {}`", self.channel))
        })
    }

    async fn save(&self, held: &mut Held, vault: Option<Vault<'_>>) -> Result<(), Error> {
        if let (Some(token), Some(vault)) = (&held.unsaved, vault) {
            vault.keep(&self.config, token).await?;
            held.unsaved = None;
        }
        Ok(())
    }

    /// A failure in words that somebody can act on.
    fn failed(&self, failure: Failure) -> Error {
        let (code, words) = match failure {
            Failure::Unreachable(source) => return Error::Unreachable { doing: self.doing(), source },
            Failure::Refused { code, words } => (code, words),
        };
        let details = match (code.as_str(), words.as_str()) {
            ("", words) => return self.refused(words.to_owned()),
            (code, "") => code.to_owned(),
            (code, words) => format!("{code}: {words}"),
        };
        let personal = matches!(self.config.grant, Grant::RefreshToken(_));
        self.refused(match code.as_str() {
            "invalid_grant" | "interaction_required" | "consent_required" | "login_required" if personal => {
                format!("the sign-in has ended or was withdrawn; {} ({details})", self.remedy())
            }
            "invalid_client" | "unauthorized_client" => format!(
                "the provider does not accept `client_id` and `client_secret`; has the secret expired? ({details})"
            ),
            "invalid_scope" => format!("the provider does not grant this `scope` ({details})"),
            _ => format!("the provider refuses ({details})"),
        })
    }

    /// What to do when the sign-in has ended.
    fn remedy(&self) -> String {
        if self.config.device_url.is_some() {
            return format!("sign in again with `lotse mailbox sign-in {}`", self.channel);
        }
        format!("set a new `refresh_token` under [channels.{}.oauth2]", self.channel)
    }

    fn refused(&self, answer: String) -> Error {
        Error::Refused { doing: self.doing(), answer }
    }

    fn doing(&self) -> String {
        let host = self.config.token_url.host_str().unwrap_or_default();
        format!("cannot get an access token from {host}")
    }
}
