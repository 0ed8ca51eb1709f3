//! Webhooks: forms and chats that post to `/hooks/NAME`.
//!
//! In: HTTP requests on the public side. Out: items at the front door; the sender is told "got it" after
//! their commit. [`listener`] carries the connections, [`router`] knows the addresses, `receive` takes one
//! post from request to answer; around it stand who asks (`address`), how often (`rate`), whether it may
//! (`verify`, `cors`), what it brings (`body`) and what it reads back (`answer`).

mod address;
mod algorithm;
mod answer;
mod body;
mod client;
mod connection;
mod cors;
mod encoding;
pub(crate) mod fetch;
mod gateway;
mod idle;
mod jws;
mod lack;
mod limits;
mod linger;
pub mod listener;
mod page;
mod post;
mod prove;
pub mod providers;
mod public_key;
mod rate;
mod receive;
pub(crate) mod settings;
mod setup;
mod signature;
mod signed_token;
mod sns;
mod stall;
mod unknown;
mod unpack;
mod uploads;
mod used;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::routing::{any, get};
use ipnet::IpNet;
use tokio_util::task::TaskTracker;

use super::health::Board;
use crate::config::{self, ChannelKind, Rate, Secret};
use crate::intake::Door;
use crate::lead::Name;
use crate::normalize::Spelling;
pub use algorithm::{Algorithm, Key};
pub use encoding::Encoding;
pub use post::{Posted, post};
use providers::Provider;
use receive::{Bounds, Desk};
pub use setup::{Setup, counts_for, setup};
pub use signature::{Piece, Signature};
use unpack::Unpacker;
pub use uploads::Uploads;
pub use verify::{Post, Proof, verify};

/// Settings of one webhook (`kind = "webhook"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Who posts; `generic` by default.
    pub provider: &'static Provider,
    /// Accepted secrets (several while rotating); none: unsigned posts are taken.
    pub secrets: Vec<Secret>,
    /// What else we and the provider have agreed on.
    pub account: Box<Account>,
    /// How a post proves that its sender knows one of them: as `signature` describes, else as the provider does.
    pub proof: Proof,
    /// The address as senders know it: the key `url`, else `public_url` with `/hooks/NAME`.
    pub url: Option<String>,
    /// Origins that may post from a browser (CORS); empty: any, without credentials.
    pub origins: Vec<String>,
    /// Where a browser's form post is sent after the commit (303).
    pub redirect: Option<String>,
    /// Requests per client address.
    pub rate: Rate,
    /// Files that one post may bring.
    pub uploads: Uploads,
    /// Extra names of canonical fields, and the traps for programs (`honeypot`, `time_trap`).
    pub spelling: Spelling,
}

impl Config {
    /// Whether nobody but Amazon can post: for a topic only what it signed is taken, and no secret opens another way.
    #[must_use]
    pub fn is_amazons_alone(&self) -> bool {
        self.account.topic.is_some() && self.secrets.is_empty()
    }
}

/// What we and the provider have agreed on, beside the secret.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// What it says when it asks whether this is the right address (Meta's "verify token"); none: one of the
    /// secrets.
    pub verify_token: Vec<Secret>,
    /// What opens its interface, where the rest of an item is fetched.
    pub token: Option<Secret>,
    /// Where that interface is; none: where it always is.
    pub api: Option<String>,
    /// The topic of Amazon SNS that may post here, and whose signature counts.
    pub topic: Option<String>,
}

/// The webhooks that receive now, one for each `[channels.NAME]` of this kind.
pub struct Receivers(RwLock<Arc<Hooks>>);

/// The webhooks of one set of settings.
struct Hooks {
    by_name: HashMap<Name, Arc<Hook>>,
    trusted_proxies: Vec<IpNet>,
}

/// One webhook, ready to receive.
struct Hook {
    name: Name,
    config: Config,
    cors: cors::Cors,
    rate: rate::Limiter,
}

impl Receivers {
    /// The webhooks of these settings.
    #[must_use]
    pub fn new(config: &config::Config) -> Self {
        Self(RwLock::new(Arc::new(Hooks::new(webhooks(config), &config.http.trusted_proxies, None))))
    }

    /// Lets the webhooks of these settings receive from now on. Requests on their way finish with those they
    /// began with; a webhook whose settings are the same goes on counting its clients.
    pub fn replace(&self, config: &config::Config) {
        let fresh = Hooks::new(webhooks(config), &config.http.trusted_proxies, Some(&self.current()));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
    }

    fn current(&self) -> Arc<Hooks> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Hooks {
    fn new(
        webhooks: impl IntoIterator<Item = (Name, Config)>,
        trusted_proxies: &[IpNet],
        before: Option<&Self>,
    ) -> Self {
        let ready = |(name, config): (Name, Config)| {
            let known = before.and_then(|hooks| hooks.by_name.get(&name)).filter(|hook| hook.config == config);
            let hook = known.cloned().unwrap_or_else(|| Arc::new(Hook::new(name.clone(), config)));
            (name, hook)
        };
        Self { by_name: webhooks.into_iter().map(ready).collect(), trusted_proxies: trusted_proxies.to_vec() }
    }
}

impl Hook {
    fn new(name: Name, config: Config) -> Self {
        Self { name, cors: cors::Cors::new(&config.origins), rate: rate::Limiter::new(config.rate), config }
    }
}

/// The mail in a post of this provider; `None` where it is no mail gateway, or there is none in it.
#[must_use]
pub fn mail_in(provider: &Provider, content_type: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    provider.mail.and_then(|unwrap| unwrap(&gateway::Post { content_type, bytes }))
}

/// The webhooks among the channels.
fn webhooks(config: &config::Config) -> impl Iterator<Item = (Name, Config)> {
    config.channels.iter().filter_map(|channel| match &channel.kind {
        ChannelKind::Webhook(webhook) => Some((channel.name.clone(), webhook.clone())),
        _ => None,
    })
}

/// The addresses of the public side: `POST /hooks/{channel}` and `GET /healthz`.
///
/// Dropping the router lets go of `door`, once the posts on their way are through.
pub fn router(receivers: Arc<Receivers>, door: Door, board: Board) -> Router {
    router_within(receivers, door, board, Bounds::default())
}

fn router_within(receivers: Arc<Receivers>, door: Door, board: Board, bounds: Bounds) -> Router {
    let budget = body::Budget::new(bounds.in_flight);
    let (unpacker, bounds, commits) = (Unpacker::default(), Arc::new(bounds), TaskTracker::new());
    let (used, certificates, unknown, linger) = Default::default();
    let desk = Desk { receivers, door, board, bounds, budget, unpacker, commits, used, certificates, unknown, linger };
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/hooks/{channel}", any(receive::answer))
        // Typed into a form builder with one stroke too many: an answer 404 would be a lost lead.
        .route("/hooks/{channel}/", any(receive::answer))
        .fallback(receive::nothing_here)
        .with_state(desk)
}
