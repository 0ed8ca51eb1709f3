//! What the daemon shows: everything there is, read through its command line and private API.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::Mutex;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::house::House;
use crate::support::daemon::Daemon;
use crate::support::http;

/// A ledger row.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) channel: String,
    pub(crate) received_at: Timestamp,
    pub(crate) outcome: String,
    pub(crate) lead: Option<String>,
    pub(crate) source: String,
    pub(crate) same_as: Option<String>,
}

/// A lead in full.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Lead {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) emails: Vec<String>,
    pub(crate) phones: Vec<String>,
    pub(crate) company: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) fields: Map<String, Value>,
    pub(crate) disposition: String,
    pub(crate) stage: String,
    pub(crate) team: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) touch_count: usize,
    pub(crate) touches: Vec<Touch>,
    pub(crate) decision: Option<Decision>,
}

/// The newest decision about a lead.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Decision {
    pub(crate) routing: Routing,
}

/// Who gets a lead by a decision.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Routing {
    pub(crate) owner: Option<String>,
}

/// A touch of a lead.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Touch {
    pub(crate) intake: String,
    pub(crate) subject: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) fields: Map<String, Value>,
}

/// A notice in the outbox.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Notice {
    pub(crate) id: String,
    pub(crate) lead: String,
    pub(crate) owner: Option<String>,
    pub(crate) notifier: String,
    pub(crate) state: String,
    pub(crate) touch: Option<String>,
}

/// An owner's place in the rotation.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Owner {
    pub(crate) id: String,
    pub(crate) open: usize,
    pub(crate) assigned: usize,
}

/// What stands in a file that a notice was delivered as.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Letter {
    pub(crate) owner: Id,
    pub(crate) lead: Id,
}

/// Somebody or something by id.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Id {
    pub(crate) id: String,
}

/// Everything.
pub(crate) struct Seen {
    /// Oldest first.
    pub(crate) rows: Vec<Row>,
    /// By id, which is the order of creation.
    pub(crate) leads: BTreeMap<String, Lead>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) owners: Vec<Owner>,
    pub(crate) status: Value,
    /// Where the store says that it does not agree with itself.
    pub(crate) differences: Vec<Value>,
    /// The originals of rows without a lead, as text.
    pub(crate) originals: BTreeMap<String, String>,
    /// Notices delivered as files, by the notice's id.
    pub(crate) letters: BTreeMap<String, Letter>,
    /// Notices delivered by mail: lead and receiver.
    pub(crate) mails: Vec<(String, String)>,
}

/// The JSON lines of a command, as values of this type.
pub(crate) fn list<T: DeserializeOwned>(daemon: &Daemon, arguments: &[&str]) -> Vec<T> {
    let text = daemon.ok(&[arguments, &["--json"]].concat());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Seen {
    /// Looks at everything.
    pub(crate) fn all(house: &House<'_>) -> Self {
        let daemon = &house.daemon;
        let mut rows: Vec<Row> = list(daemon, &["intake", "list"]);
        rows.reverse();
        let listed: Vec<Id> = list(daemon, &["leads", "list"]);
        let without: Vec<String> = rows
            .iter()
            .filter(|row| row.lead.is_none() && row.outcome != "redelivered")
            .map(|row| row.id.clone())
            .collect();
        let api = Api::of(daemon);
        let leads = api.each(listed.into_iter().map(|lead| lead.id).collect(), |api, id| {
            serde_json::from_str::<Lead>(&api.get(&format!("/leads/{id}")).unwrap_or_else(|why| panic!("{id}: {why}")))
                .unwrap()
        });
        let originals = api.each(without, |api, id| api.get(&format!("/intake/{id}/raw")).unwrap_or_default());
        Self {
            rows,
            leads,
            notices: list(daemon, &["outbox", "list"]),
            owners: list(daemon, &["owners"]),
            status: daemon.object(&["status"]),
            differences: api.get("/audit").map_or_else(|why| vec![why.into()], |answer| audit(&answer)),
            originals,
            letters: letters(daemon),
            mails: house
                .smtp
                .map(|smtp| {
                    smtp.mails().iter().map(|mail| (header(&mail.raw, "X-Lotse-Lead"), mail.rcpt.clone())).collect()
                })
                .unwrap_or_default(),
        }
    }
}

/// What the store itself names as not agreeing.
fn audit(answer: &str) -> Vec<Value> {
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer["items"].as_array().cloned().unwrap_or_else(|| vec![answer.clone()])
}

fn letters(daemon: &Daemon) -> BTreeMap<String, Letter> {
    let Ok(folder) = fs::read_dir(daemon.path("outbox")) else { return BTreeMap::new() };
    let files = folder.map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let letter = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            (path.file_stem().unwrap().to_string_lossy().into_owned(), letter)
        })
        .collect()
}

fn header(mail: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(mail);
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::trim));
    value.unwrap_or_default().to_owned()
}

/// The private API.
pub(crate) struct Api {
    to: SocketAddr,
    authorization: String,
}

/// Calls at once.
const CALLERS: usize = 4;

impl Api {
    pub(crate) fn of(daemon: &Daemon) -> Self {
        let token = fs::read_to_string(daemon.path("store/admin.token")).unwrap();
        Self { to: daemon.private(), authorization: format!("Authorization: Bearer {}", token.trim()) }
    }

    /// The body of an answer; an error says what came instead.
    pub(crate) fn get(&self, path: &str) -> Result<String, String> {
        let answer = http::request(self.to, "GET", &format!("/api/v1{path}"), &[&self.authorization], b"");
        match answer {
            Ok(answer) if answer.status == 200 => Ok(answer.body),
            other => Err(format!("{other:?}")),
        }
    }

    /// Asks for each id, several at once.
    fn each<T: Send>(&self, ids: Vec<String>, ask: impl Fn(&Self, &str) -> T + Sync) -> BTreeMap<String, T> {
        let (left, found) = (Mutex::new(ids), Mutex::new(BTreeMap::new()));
        std::thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| {
                    loop {
                        let Some(id) = left.lock().unwrap().pop() else { return };
                        let value = ask(self, &id);
                        found.lock().unwrap().insert(id, value);
                    }
                });
            }
        });
        found.into_inner().unwrap()
    }
}
