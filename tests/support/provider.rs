//! A provider of access tokens for tests: token, device and introspection endpoint in one.
//!
//! A test turns its knobs through [`Provider::set`]; every form that came in can be looked at.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde_json::{Value, json};

type Answer = (StatusCode, axum::Json<Value>);
type Form = BTreeMap<String, String>;

/// A running provider; it ends with the test.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) port: u16,
    knobs: Arc<Mutex<Knobs>>,
}

/// What the provider makes of requests.
#[allow(clippy::struct_excessive_bools, reason = "knobs that are turned one by one")]
pub(crate) struct Knobs {
    /// The refresh token that is good now.
    pub(crate) refresh: String,
    /// Each renewal voids the refresh token and hands out another.
    pub(crate) rotate: bool,
    /// Seconds for which a token is said to last.
    pub(crate) lasts: u64,
    /// It answers 503.
    pub(crate) down: bool,
    /// The sign-in was withdrawn.
    pub(crate) revoked: bool,
    /// The person has typed the code.
    pub(crate) approved: bool,
    /// The mailbox that tokens open.
    pub(crate) mailbox: String,
    /// Access tokens that open it.
    pub(crate) good: HashMap<String, String>,
    /// Forms that the token endpoint got.
    pub(crate) forms: Vec<Form>,
    count: u32,
}

impl Provider {
    /// Starts a provider whose tokens open `mailbox`.
    pub(crate) fn start(mailbox: &str) -> Self {
        let knobs = Knobs {
            refresh: "refresh-token-0".to_owned(),
            rotate: false,
            lasts: 3600,
            down: false,
            revoked: false,
            approved: false,
            mailbox: mailbox.to_owned(),
            good: HashMap::new(),
            forms: Vec::new(),
            count: 0,
        };
        let knobs = Arc::new(Mutex::new(knobs));
        let router = Router::new()
            .route("/token", post(token))
            .route("/device", post(device))
            .route("/introspect", post(introspect).get(introspect))
            .route("/.well-known/openid-configuration", get(async || axum::Json(json!({}))))
            .with_state(Arc::clone(&knobs));
        let (tell, port) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap().port()).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { port: port.recv().unwrap(), knobs }
    }

    /// Looks at the knobs, or turns them.
    pub(crate) fn set<T>(&self, change: impl FnOnce(&mut Knobs) -> T) -> T {
        change(&mut self.knobs.lock().unwrap())
    }

    /// How often the token endpoint was asked.
    pub(crate) fn asked(&self) -> usize {
        self.set(|knobs| knobs.forms.len())
    }

    /// An address of the provider.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }
}

impl Knobs {
    fn issue(&mut self, refresh: bool) -> Answer {
        self.count += 1;
        let access = format!("access-token-{}", self.count);
        self.good.insert(access.clone(), self.mailbox.clone());
        let mut answer = json!({ "access_token": access, "token_type": "Bearer", "expires_in": self.lasts });
        if refresh {
            self.refresh = format!("refresh-token-{}", self.count);
            answer["refresh_token"] = self.refresh.clone().into();
        }
        (StatusCode::OK, axum::Json(answer))
    }
}

fn refuse(error: &str, description: &str) -> Answer {
    (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": error, "error_description": description })))
}

fn read(body: &str) -> Form {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

async fn token(State(knobs): State<Arc<Mutex<Knobs>>>, body: String) -> Answer {
    let (mut knobs, form) = (knobs.lock().unwrap(), read(&body));
    knobs.forms.push(form.clone());
    if knobs.down {
        return (StatusCode::SERVICE_UNAVAILABLE, axum::Json(json!({})));
    }
    let given = |key: &str| form.get(key).map(String::as_str).unwrap_or_default();
    if given("client_id") != "us" {
        return refuse("invalid_client", "unknown client");
    }
    match given("grant_type") {
        "refresh_token" if knobs.revoked || given("refresh_token") != knobs.refresh => {
            refuse("invalid_grant", &format!("the token {} has been revoked", given("refresh_token")))
        }
        "refresh_token" => {
            let rotate = knobs.rotate;
            knobs.issue(rotate)
        }
        "client_credentials" if given("client_secret") == "hush" => knobs.issue(false),
        "client_credentials" => refuse("invalid_client", "wrong secret"),
        "urn:ietf:params:oauth:grant-type:device_code" if given("device_code") != "device-code" => {
            refuse("expired_token", "")
        }
        "urn:ietf:params:oauth:grant-type:device_code" if !knobs.approved => refuse("authorization_pending", ""),
        "urn:ietf:params:oauth:grant-type:device_code" => {
            knobs.revoked = false;
            knobs.issue(true)
        }
        other => refuse("unsupported_grant_type", other),
    }
}

async fn device(body: String) -> Answer {
    if read(&body).get("client_id").is_none_or(|client| client != "us") {
        return refuse("invalid_client", "");
    }
    let answer = json!({
        "device_code": "device-code", "user_code": "ABCD-EFGH", "verification_uri": "https://login.example/device",
        "expires_in": 60, "interval": 1,
    });
    (StatusCode::OK, axum::Json(answer))
}

async fn introspect(State(knobs): State<Arc<Mutex<Knobs>>>, body: String) -> axum::Json<Value> {
    let token = read(&body).remove("token").unwrap_or_default();
    axum::Json(match knobs.lock().unwrap().good.get(&token) {
        Some(mailbox) => json!({ "active": true, "email": mailbox }),
        None => json!({ "active": false }),
    })
}
