//! Calls of the private API: to the daemon's socket, or to the same router in this process.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::assign::Staff;
use crate::config::Config;
use crate::daemon::{self, Core, Start, Trouble};
use crate::lead::Name;
use crate::pipeline::Policy;
use crate::qualify::Rules;
use crate::store::{Store, Total};
use crate::web::{CALLER, Web, trusted_router};

/// How times are written for people.
const TIME: &str = "%Y-%m-%d %H:%M:%S %Z";

/// Where calls go.
pub(super) struct Client {
    runtime: Runtime,
    reach: Reach,
    /// Why nothing can be changed: the rules are broken, and no others were ever in force.
    no_rules: Option<anyhow::Error>,
    user: String,
    zone: TimeZone,
}

enum Reach {
    Daemon(std::path::PathBuf),
    Store(Router, Box<Core>),
}

impl Client {
    /// The daemon when it runs, else the store, which must be there.
    pub(super) fn open(config: &Config) -> anyhow::Result<Self> {
        Self::reach(config, Missing::Refuse)
    }

    /// The daemon when it runs, else the store, which is made where there is none.
    pub(super) fn open_or_make(config: &Config) -> anyhow::Result<Self> {
        Self::reach(config, Missing::Make)
    }

    fn reach(config: &Config, missing: Missing) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let socket = config.store.join("lotse.sock");
        let mut no_rules = None;
        let reach = if runtime.block_on(UnixStream::connect(&socket)).is_ok() {
            Reach::Daemon(socket)
        } else {
            if missing == Missing::Refuse && !Store::is_in(&config.store) {
                return Err(no_store(config));
            }
            let start = match daemon::start(config) {
                // Looking needs no rules; a store that is made now is made to change it.
                Err(error) if missing == Missing::Refuse => {
                    let start = without_rules(config, &error);
                    no_rules = Some(error);
                    start?
                }
                start => start?,
            };
            if let (Some(Trouble::Rules(trouble)), Missing::Make) = (&start.trouble, missing) {
                eprintln!("lotse: {trouble}\nlotse: the rules that were last in force are used");
            }
            let _inside = runtime.enter();
            let core = Core::open(config, start).context("neither the daemon nor the store can be reached")?;
            let router = trusted_router(Web { service: core.service(), metrics: None });
            Reach::Store(router, Box::new(core))
        };
        let user =
            std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| String::from("operator"));
        let user = user.chars().filter(char::is_ascii_graphic).take(64).collect();
        Ok(Self { runtime, reach, no_rules, user, zone: config.organisation.time_zone.clone() })
    }

    /// Whether the daemon answers (and will send the notices).
    pub(super) fn is_daemon(&self) -> bool {
        matches!(self.reach, Reach::Daemon(_))
    }

    /// What came in through each channel by the ledger, where the daemon does not run and could say.
    pub(super) fn totals(&self) -> anyhow::Result<Option<BTreeMap<Name, Total>>> {
        match &self.reach {
            Reach::Daemon(_) => Ok(None),
            Reach::Store(_, core) => Ok(core.service().store.view(|view| Ok(Some(view.intakes_by_channel()?)))?),
        }
    }

    /// A time as a person reads it, in the organisation's time zone.
    pub(super) fn time(&self, value: &Value) -> String {
        let at = value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
        at.map_or_else(String::new, |at| at.to_zoned_datetime(self.zone.clone()).strftime(TIME).to_string())
    }

    /// A `GET`.
    pub(super) fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None)
    }

    /// A `GET` of something else than JSON.
    pub(super) fn get_bytes(&self, path: &str) -> anyhow::Result<Bytes> {
        let (status, bytes) = self.exchange(Method::GET, path, None)?;
        if !status.is_success() {
            answer(status, &bytes)?;
        }
        Ok(bytes)
    }

    /// A `POST` with a JSON body.
    pub(super) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.change(Method::POST, path, body)
    }

    /// A `PATCH` with a JSON body.
    pub(super) fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.change(Method::PATCH, path, body)
    }

    fn change(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        if let Some(error) = &self.no_rules {
            bail!("{error:#}");
        }
        self.call(method, path, Some(body))
    }

    /// All items of a list, page by page, until `enough`.
    pub(super) fn list(
        &self,
        path: &str,
        most: usize,
        mut each: impl FnMut(Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let join = if path.contains('?') { '&' } else { '?' };
        let mut after = String::new();
        let mut left = most;
        while left > 0 {
            let mut page = self.get(&format!("{path}{join}limit={}{after}", left.min(1000)))?;
            let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) else {
                bail!("the answer is no list")
            };
            left -= items.len().min(left);
            for item in items {
                each(item)?;
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        Ok(())
    }

    fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (status, bytes) = self.exchange(method, path, body)?;
        answer(status, &bytes)
    }

    fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::HOST, "lotse")
            .header(header::CONTENT_TYPE, "application/json")
            .header(CALLER, &self.user)
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))?;
        self.runtime.block_on(async {
            let response = match &self.reach {
                Reach::Daemon(socket) => through(socket, request).await?,
                Reach::Store(router, _) => router.clone().oneshot(request).await?,
            };
            let status = response.status();
            let bytes = response.into_body().collect().await?.to_bytes();
            anyhow::Ok((status, bytes))
        })
    }

    /// Ends the call; without a daemon, what was changed is in the store now.
    pub(super) fn close(self) -> anyhow::Result<()> {
        if let Reach::Store(router, core) = self.reach {
            drop(router);
            self.runtime.block_on(core.close())?;
        }
        Ok(())
    }
}

/// What to do where there is no store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Refuse,
    Make,
}

fn no_store(config: &Config) -> anyhow::Error {
    let settings = match &config.file {
        Some(file) => format!("the settings {} name this folder", file.display()),
        None => "these are the built-in demo settings".to_owned(),
    };
    anyhow!(
        "there is no store in {}; {settings}: choose others with `--config FILE`, or make the store with `lotse run`",
        config.store.display()
    )
}

/// Enough to look: nothing is judged.
fn without_rules(config: &Config, why: &anyhow::Error) -> anyhow::Result<Start> {
    let rules = Rules::of(&[], config.rules.qualify_at, &[]).map_err(|_| anyhow!("the rule engine failed"))?;
    Ok(Start { policy: Policy { rules, staff: Staff::new(config) }, trouble: Some(Trouble::Rules(format!("{why:#}"))) })
}

async fn through(socket: &Path, request: Request<Body>) -> anyhow::Result<axum::response::Response> {
    let stream = UnixStream::connect(socket).await.context("the daemon has just stopped")?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await?.to_bytes();
        anyhow::Ok(axum::response::Response::from_parts(parts, Body::from(bytes)))
    };
    tokio::select! {
        response = exchange => response,
        ended = connection => Err(ended.map_or_else(Into::into, |()| anyhow!("the daemon ended the connection"))),
    }
}

fn answer(status: StatusCode, bytes: &[u8]) -> anyhow::Result<Value> {
    let value: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(value);
    }
    match value["detail"].as_str() {
        Some(detail) => bail!("{detail}"),
        None => bail!("the daemon answered {status}"),
    }
}
