//! The promise of a replay, kept on the whole program: what it says of the stored leads under changed
//! rules is, byte for byte, what comes out when everything is taken in again under them.
//!
//! A few thousand leads in the usual run; as many as you like, with the time that the replay took, with
//! `LOTSE_REPLAY_LEADS=100000 cargo test --release --lib replay_says_byte -- --nocapture`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{json, to_string};

use super::*;
use crate::config::{self, Config};
use crate::daemon::{Core, start};
use crate::lead::{Delivery, Inbound, Kind, Original};
use crate::qualify::Rules;
use crate::service::Service;
use crate::store::{LeadFilter, Records};

/// Leads where `LOTSE_REPLAY_LEADS` names no other number.
const LEADS: usize = if cfg!(debug_assertions) { 300 } else { 2_000 };
/// Items that come in at one time.
const AT_ONCE: usize = 100;
/// Hours from one time to the next: so that it is night, weekend and another day again and again.
const LATER: i64 = 7;
/// A Monday.
const BEGIN: i64 = 1_794_787_200;

/// Weights, hours, the most leads, the fewest leads, companies that keep their owner.
const SETTINGS: &str = r#"
[store]
path = "store"
[organisation]
time_zone = "Europe/Berlin"
domains = ["ours.example"]
[rules]
path = "rules"
[channels.web]
kind = "webhook"
rate = "100000/s"
[channels.mail]
kind = "webhook"
provider = "generic"
[owners.anna]
weight = 2
[owners.jonas]
hours = "Mo-Fr 09:00-17:30"
[owners.lea]
max_per_day = 40
[owners.tom]
max_open = 300
[owners.eva]
email = "eva@ours.example"
[teams.sales]
members = ["anna", "jonas", "lea"]
default = true
[teams.west]
members = ["tom", "eva"]
strategy = "least_open"
[teams.night]
members = ["jonas"]
"#;

/// What the changed rules add; a rule that was there before is changed as well.
const CHANGED: &str = r#"
[[group]]
name = "again"
of = "engagement"
cap = 30
half_life = "2d"

[[rule]]
name = "comes back"
when = 'lead.touch_count > 1'
score = 12
group = "again"
tags = ["again"]

[[rule]]
name = "the west has its own team"
when = 'lead.country in ["CH", "GB"] || lead.domain.startsWith("c1")'
team = "west"
priority = "high"
set = { region = "west" }

[[rule]]
name = "those who only work by day"
when = 'touch.text.contains("Köln")'
team = "night"

[[rule]]
name = "writes from a school"
when = 'lead.domain.endsWith(".edu")'
disposition = "disqualified"
reason = "school"
"#;

/// Numbers that look like chance and are the same each time.
fn some(number: usize, of: usize) -> usize {
    let mut mixed = (number as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    usize::try_from((mixed ^ (mixed >> 31)) % of as u64).unwrap()
}

const SAID: [&str; 12] = [
    "Guten Tag, bitte senden Sie uns ein Angebot über 40 Lizenzen, dringend.",
    "What is the price of your product for 250 users? Our budget is 20.000 EUR.",
    "Können wir nächste Woche einen Termin für eine Vorführung machen?",
    "Ich schreibe meine Masterarbeit und hätte eine Frage zu Ihrem Verfahren.",
    "We can boost your website traffic with our SEO services.",
    "Please unsubscribe me.",
    "Bonjour, je voudrais plus d'informations sur vos produits.",
    "Rufen Sie mich bitte zurück, wir sind in Köln.",
    "Anbei meine Bewerbung als Buchhalter.",
    "Mehr Informationen bitte, wir planen bis Ende Juni.",
    "Wir sind ein führender Hersteller und möchten unser Sortiment vorstellen.",
    "Hello, just a short question about delivery.",
];

/// The item of this number: most are of people who write for the first time; some of them write again,
/// some items are delivered twice, and some people are at one company.
fn item(number: usize) -> Inbound {
    let sent = if some(number, 40) == 0 { number / 2 } else { number };
    let who = if some(sent, 7) == 0 { sent / 3 } else { sent };
    let address = match some(who, 10) {
        0 => format!("p{who}@gmail.com"),
        1 => format!("p{who}@s{}.edu", who % 50),
        _ => format!("p{who}@c{}.example", some(who, 4000)),
    };
    let said = SAID[some(sent.wrapping_mul(3), SAID.len())];
    let phone = format!("+{}{:09}", ["4930", "4120", "4420"][some(who, 3)], 1_000_000 + who);
    let (channel, kind, content_type, body) = if some(sent, 5) == 0 {
        let mail = format!(
            "From: Max Nr{who} <{address}>\r\nTo: sales@ours.example\r\nSubject: Anfrage {sent}\r\n\
             Message-ID: <m{sent}@c.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{said}\r\n"
        );
        ("mail", Kind::Mail, "message/rfc822", mail)
    } else {
        let form = json!({ "name": format!("Max Nr{who}"), "email": address, "phone": phone, "message": said });
        ("web", Kind::Form, "application/json", form.to_string())
    };
    Inbound {
        channel: Name::parse(channel).unwrap(),
        kind,
        received_at: Timestamp::from_second(BEGIN + i64::try_from(sent).unwrap()).unwrap(),
        source: "a test".into(),
        delivery: Delivery::Named(sent.to_string()),
        original: Original { content_type: content_type.into(), bytes: body.into_bytes(), ..Original::default() },
        place: None,
        quiet: true,
    }
}

/// The shipped rules, in a folder; or changed ones.
fn write_rules(folder: &Path, changed: bool) {
    for (path, text) in Rules::shipped() {
        let path = folder.join("rules").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = if changed { text.replace("score = 25", "score = 40") } else { (*text).to_owned() };
        std::fs::write(path, text).unwrap();
    }
    if changed {
        std::fs::write(folder.join("rules/50-changed.toml"), CHANGED).unwrap();
    }
}

/// A store that took all items in under the shipped rules, or under changed ones.
struct Taken {
    core: Core,
    config: Config,
    _folder: tempfile::TempDir,
}

impl Taken {
    async fn all(items: usize, changed: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_rules(folder.path(), changed);
        let file = folder.path().join("lotse.toml");
        std::fs::write(&file, SETTINGS).unwrap();
        let config = config::load(Some(&file)).config.unwrap();
        let now = Arc::new(AtomicI64::new(BEGIN));
        let clock = Arc::clone(&now);
        let clock = Arc::new(move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap());
        let core = Core::open_by(&config, start(&config).unwrap(), clock).unwrap();
        let service = core.service();
        let numbers: Vec<usize> = (0..items).collect();
        for some in numbers.chunks(AT_ONCE) {
            service.door.submit_all(some.iter().copied().map(item).collect()).await.unwrap();
            now.fetch_add(LATER * 3600, Ordering::SeqCst);
        }
        Self { core, config, _folder: folder }
    }

    fn service(&self) -> Arc<Service> {
        self.core.service()
    }

    fn rules(&self) -> Rules {
        let teams: Vec<Name> = self.config.teams.iter().map(|team| team.name.clone()).collect();
        Rules::load(self.config.rules.folder.as_deref(), self.config.rules.qualify_at, &teams).unwrap()
    }

    /// All leads, oldest first.
    fn leads(&self) -> Vec<Lead> {
        let mut leads = self.service().store.leads(&LeadFilter::default(), None, usize::MAX).unwrap().items;
        leads.reverse();
        leads
    }

    /// The last verdict on a lead, and how its owner was found: what is stored of why.
    fn decided(&self, lead: Id) -> (String, String) {
        let (verdict, mut decisions) =
            self.service().store.view(|view| Ok((view.last_verdict(lead)?, view.decisions(lead)?))).unwrap();
        decisions.sort_by_key(|decision| decision.id);
        let routing = decisions.into_iter().map(|decision| decision.routing).filter(|by| by.team.is_some());
        let routing = routing.filter(|by| !by.candidates.is_empty() || by.held_until.is_some()).last();
        (to_string(&verdict).unwrap(), to_string(&routing).unwrap())
    }

    async fn close(self) {
        self.core.close().await.unwrap();
    }
}

/// What a replay under these rules decides about each lead: verdict, and how its owner was found.
fn decided_by_replay(taken: &Taken, leads: &[Lead], rules: Rules) -> HashMap<Id, (String, String)> {
    let service = taken.service();
    let policy = Policy { rules, staff: service.policy.get().staff.clone() };
    let (mut replay, mut decided) = (Replay::default(), HashMap::new());
    for lead in leads {
        let (mut touches, decisions) =
            service.store.view(|view| Ok((view.touches(lead.id)?, view.decisions(lead.id)?))).unwrap();
        touches.sort_by_key(|touch| touch.id);
        let verdict = replay.add(&policy, lead, &touches, &decisions);
        decided.insert(lead.id, (to_string(&verdict).unwrap(), "null".to_owned()));
    }
    replay
        .end_with(&policy, None, |lead, routing| decided.get_mut(&lead).unwrap().1 = to_string(&routing).unwrap())
        .unwrap();
    decided
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_says_byte_for_byte_what_taking_everything_in_again_makes() {
    let items = std::env::var("LOTSE_REPLAY_LEADS").ok().and_then(|text| text.parse().ok()).unwrap_or(LEADS);
    let (before, after) = (Taken::all(items, false).await, Taken::all(items, true).await);
    let (stored, again) = (before.leads(), after.leads());
    let changed = after.rules();
    let (count, version) = (changed.len(), changed.version().to_owned());

    let started = Instant::now();
    let replayed = before.service().replay(changed, None).unwrap();
    let took = started.elapsed();
    assert_eq!((replayed.leads, &replayed.rules_version), (stored.len(), &version));
    assert!(replayed.leads > items / 2 && again.len() == stored.len(), "{} leads of {items} items", replayed.leads);

    let mut moved: BTreeMap<&str, usize> = BTreeMap::new();
    for change in &replayed.changes {
        let (is, would_be) = (&change.is, &change.would_be);
        for (part, differs) in [
            ("disposition", is.disposition != would_be.disposition),
            ("score", is.score != would_be.score),
            ("tags", is.tags != would_be.tags),
            ("priority", is.priority != would_be.priority),
            ("team", is.team != would_be.team),
            ("owner", is.owner != would_be.owner),
        ] {
            *moved.entry(part).or_default() += usize::from(differs);
        }
    }
    assert!(moved.len() == 6 && moved.values().all(|leads| leads * 100 > items), "too little moves: {moved:?}");
    assert!(again.iter().any(|lead| lead.touch_count > 1) && again.iter().any(|lead| lead.held_until.is_some()));

    let said: HashMap<Id, &Change> = replayed.changes.iter().map(|change| (change.id, change)).collect();
    let decided = decided_by_replay(&before, &stored, after.rules());
    for (lead, fresh) in stored.iter().zip(&again) {
        let (is, should_be) = (to_string(&Standing::of(lead)).unwrap(), to_string(&Standing::of(fresh)).unwrap());
        let change = said.get(&lead.id);
        assert_eq!(change.map_or(is.clone(), |change| to_string(&change.is).unwrap()), is);
        assert_eq!(change.map_or(is, |change| to_string(&change.would_be).unwrap()), should_be, "{:?}", lead.who());
        assert_eq!(decided[&lead.id], after.decided(fresh.id), "{:?}", lead.who());
    }
    for taken in [&before, &after] {
        let same = taken.service().replay(taken.rules(), None).unwrap();
        assert_eq!(same.changes, [], "the same rules change nothing");
    }
    println!(
        "{items} items, {} leads under {count} rules: replayed in {took:.1?}; {} would stand elsewhere ({moved:?}), \
         each as it does when all is taken in again",
        stored.len(),
        replayed.changes.len()
    );
    assert!(took < Duration::from_mins(1) || cfg!(debug_assertions), "the replay took {took:?}");
    before.close().await;
    after.close().await;
}
