//! Erasing on a store in a folder, through the service.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::config;
use crate::daemon::{self, Core};
use crate::lead::{Delivery, Inbound, Kind, Name, Original, Receipt};
use crate::store::{Store, Table};

const SETTINGS: &str = "[store]\npath = \"STORE\"\n[organisation]\ndomains = [\"house.example\"]\ncountry = \"DE\"\n\
     [owners.anna]\nnotify = [\"out\"]\n[teams.sales]\nmembers = [\"anna\"]\ndefault = true\n\
     [notify.out]\nkind = \"file\"\npath = \"out\"\n\
     [channels.chat]\nkind = \"webhook\"\nprovider = \"chatwoot\"\nsecret = \"s\"\n";

struct House {
    core: Option<Core>,
    service: Arc<Service>,
    _folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store").display().to_string();
        let config = config::parse(&SETTINGS.replace("STORE", &path), None).config.unwrap();
        let core = Core::open(&config, daemon::start(&config).unwrap()).unwrap();
        Self { service: core.service(), core: Some(core), _folder: folder }
    }

    async fn take(&self, kind: Kind, delivery: Delivery, content_type: &str, bytes: &str) -> Receipt {
        self.take_by("web", kind, delivery, content_type, bytes).await
    }

    async fn take_by(&self, channel: &str, kind: Kind, delivery: Delivery, content_type: &str, bytes: &str) -> Receipt {
        let inbound = Inbound {
            channel: Name::parse(channel).unwrap(),
            kind,
            received_at: Timestamp::now(),
            source: "POST /hooks/web".into(),
            delivery,
            original: Original { content_type: content_type.into(), headers: BTreeMap::new(), bytes: bytes.into() },
            place: None,
            quiet: false,
        };
        self.service.door.submit(inbound).await.unwrap()
    }

    async fn form(&self, id: &str, email: &str, text: &str) -> Receipt {
        let body = serde_json::json!({ "email": email, "message": text }).to_string();
        self.take(Kind::Form, Delivery::Named(id.into()), "application/json", &body).await
    }

    async fn mail(&self, head: &str, text: &str) -> Receipt {
        let (head, text) = (head.trim().replace('\n', "\r\n"), STANDARD.encode(text));
        let mail = format!(
            "{head}\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{text}\r\n"
        );
        self.take(Kind::Mail, Delivery::Mail, "message/rfc822", &mail).await
    }

    async fn row(&self, cells: &[(&str, &str)]) -> Receipt {
        self.take(Kind::Row, Delivery::Row, "application/json", &serde_json::to_string(cells).unwrap()).await
    }

    fn reason(&self, receipt: &Receipt) -> String {
        self.service.intake(receipt.intake).unwrap().0.reason.unwrap_or_default()
    }

    async fn close(mut self) {
        drop(self.service);
        self.core.take().unwrap().close().await.unwrap();
    }
}

/// Every place in which one of these texts stands, in any case.
fn places(store: &Store, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |place: String, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        found.extend(texts.iter().filter(|wanted| text.contains(*wanted)).map(|wanted| format!("{wanted}: {place}")));
    };
    for table in Table::ALL {
        let mut entry = |key: &[u8], plain: &[u8]| {
            look(format!("a key of {}", table.name()), key);
            look(format!("{}: {}", table.name(), String::from_utf8_lossy(plain)), plain);
            Ok(())
        };
        if table != Table::Originals {
            store.each_entry(table, &mut entry).unwrap();
        }
    }
    let original = |id: Id, original: Original| {
        look(format!("original {id}"), &original.bytes);
        look(format!("headers of {id}"), format!("{:?}", original.headers).as_bytes());
        Ok(())
    };
    store.each_original(original).unwrap();
    found
}

fn by_email(email: &str) -> Wish {
    Wish { email: Some(email.to_owned()), reason: Some("asked by letter".into()), ..Wish::default() }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Somebody who came every way, and others who wrote of them.
async fn somebody(house: &House, email: &str, digits: &str) -> Id {
    let typed = email.to_uppercase();
    let first = house.form("first", &typed, "Please call me").await;
    let lead = first.lead.unwrap();
    let encoded: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    let body = format!("email={encoded}&phone=030+{digits}&message=again");
    let again = house.take(Kind::Form, Delivery::Named("second".into()), "application/x-www-form-urlencoded", &body);
    assert_eq!(again.await.lead, Some(lead));
    let head = format!("From: Max <{email}>\nTo: sales@house.example\nSubject: Offer for {email}\nMessage-ID: <1@x>");
    assert_eq!(house.mail(&head, &format!("An offer, please.\n{email}\n+49 30 {digits}")).await.lead, Some(lead));
    assert_eq!(house.row(&[("E-Mail", email), ("Telefon", &format!("030/{digits}"))]).await.lead, Some(lead));
    // Of nobody's lead: a circular, with the address in its text only; and a form that cannot be read.
    let head = "From: News <news@list.example>\nTo: sales@house.example\nSubject: News\nMessage-ID: <2@x>\n\
                List-Unsubscribe: <https://list.example/x>\nPrecedence: bulk";
    let news = house.mail(head, &format!("You get this as {email}")).await;
    assert_eq!(news.outcome, Outcome::Ignored);
    let broken = format!("\u{1}\u{2}{{{{{email}");
    house.take(Kind::Form, Delivery::Content(SignedDuration::from_mins(10)), "application/json", &broken).await;
    lead
}

/// Another lead, whose mail names somebody in its head and, in base64, in its text.
async fn another(house: &House, email: &str) -> Id {
    let head = format!(
        "From: Eva <eva@other.example>\nTo: sales@house.example\nCc: {email}\nSubject: Roof\nMessage-ID: <3@x>"
    );
    let text = format!("We need a new roof.\n{email} told us to ask you.");
    let lead = house.mail(&head, &text).await.lead.unwrap();
    house.service.note(lead, &format!("ask <{email}> first"), "anna").await.unwrap();
    lead
}

#[test]
fn what_operators_wrote_in_somebodys_chat_is_erased_with_it_and_no_other_chat() {
    runtime().block_on(async {
        let house = House::new();
        let say = async |id: u32, conversation: u32, from: &str, text: &str| {
            let sender = match from {
                "operator" => serde_json::json!({"id": 7, "type": "user"}),
                name => serde_json::json!({"id": conversation, "name": name, "type": "contact"}),
            };
            let way = if from == "operator" { "outgoing" } else { "incoming" };
            let message = serde_json::json!({"event": "message_created", "id": id, "content": text, "message_type": way,
                "private": false, "sender": sender, "conversation": {"id": conversation}});
            let delivery = Delivery::Named(id.to_string());
            house.take_by("chat", Kind::Chat, delivery, "application/json", &message.to_string()).await
        };
        let lead = say(1, 1, "Ute Ungar", "Can you come by?").await.lead.unwrap();
        assert_eq!(say(2, 1, "operator", "We noted Seeweg 3.").await.outcome, Outcome::Ignored);
        say(3, 2, "Max Muster", "An offer, please.").await;
        assert_eq!(say(4, 2, "operator", "It comes to Hauptstr. 5.").await.outcome, Outcome::Ignored);
        let texts = ["ungar", "come by", "seeweg", "hauptstr"];
        assert!(texts.iter().all(|text| !places(&house.service.store, &[text]).is_empty()));
        let wish = Wish { lead: Some(lead.to_string()), ..Wish::default() };
        assert!(matches!(house.service.erase(&wish, "anna").await, Ok(erasure) if erasure.items == 2));
        assert_eq!(places(&house.service.store, &texts[..3]), Vec::<String>::new());
        assert!(!places(&house.service.store, &texts[3..]).is_empty());
        house.close().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_whoever_is_erased_no_address_and_no_number_is_left(
        local in "[a-z][a-z0-9]{1,5}[._+-][a-z0-9]{2,6}",
        domain in prop::sample::select(vec!["firma.example", "mail.test", "xn--mller-kva.example"]),
        digits in "[2-8][0-9]{7}",
    ) {
        let email = format!("{local}@{domain}");
        runtime().block_on(async {
            let house = House::new();
            let lead = somebody(&house, &email, &digits).await;
            let other = another(&house, &email).await;
            assert_ne!(lead, other);
            let texts = [email.as_str(), &format!("+4930{digits}"), &format!("030/{digits}"), &format!("030+{digits}")];
            assert!(places(&house.service.store, &texts).len() > 8);

            let foreseen = house.service.foresee_erasure(&by_email(&email)).await.unwrap();
            assert_eq!((foreseen.leads.len(), foreseen.elsewhere), (1, 1), "{foreseen:?}");
            let erasure = house.service.erase(&by_email(&email), "anna").await.unwrap();
            assert_eq!((erasure.leads, erasure.items), (1, 6), "{erasure:?}");
            assert!(erasure.notices > 0 && erasure.struck > 0, "{erasure:?}");

            assert_eq!(places(&house.service.store, &texts), Vec::<String>::new());
            assert_eq!(house.service.store.audit().unwrap(), []);
            assert!(matches!(house.service.lead(lead), Err(Error::Gone(why)) if why.contains("was erased on")));
            let left = house.service.lead(other).unwrap();
            assert!(left.touches[0].text.as_deref().unwrap().contains("We need a new roof"), "{left:?}");
            assert!(left.timeline.iter().any(|entry| entry.text == "ask <[erased]> first"), "{left:?}");
            house.close().await;
        });
    }
}

#[test]
fn what_comes_again_stays_erased_and_what_is_new_is_a_new_lead() {
    runtime().block_on(async {
        let house = House::new();
        let (email, cells) = ("max@firma.example", [("E-Mail", "max@firma.example"), ("Firma", "Muster GmbH")]);
        let first = house.form("first", email, "Please call me").await;
        house.row(&cells).await;
        let head = format!("From: Max <{email}>\nTo: sales@house.example\nSubject: Offer\nMessage-ID: <1@x>");
        house.mail(&head, "An offer, please").await;
        house.service.erase(&by_email(email), "anna").await.unwrap();
        let nothing = || assert_eq!(places(&house.service.store, &[email]), Vec::<String>::new());

        for again in [
            house.form("first", email, "Please call me").await,
            house.form("first", email, "Please call me, attempt 2").await,
            house.row(&cells).await,
            house.mail(&head, "An offer, please").await,
        ] {
            assert_eq!(again.outcome, Outcome::Redelivered);
            assert!(house.reason(&again).contains("it stays erased"), "{}", house.reason(&again));
            nothing();
        }
        // One name for different people's posts: nothing of theirs is lost.
        let eva = house.form("first", "eva@other.example", "Hello").await;
        assert_eq!((eva.outcome, house.reason(&eva).contains("other content")), (Outcome::Redelivered, true));
        assert!(house.service.intake(eva.intake).unwrap().1.is_some());
        assert_eq!(house.service.release(eva.intake, "anna").await.unwrap().outcome, Outcome::Created);
        assert!(house.service.release(eva.intake, "anna").await.is_err(), "once");

        let listed = house.row(&[cells[0], ("Firma", "Muster AG")]).await;
        assert_eq!(listed.outcome, Outcome::Quarantined);
        assert!(house.reason(&listed).contains("a list may be older"), "{}", house.reason(&listed));
        assert_eq!(house.service.release(listed.intake, "anna").await.unwrap().outcome, Outcome::Created);
        house.service.erase(&by_email(email), "anna").await.unwrap();

        let new = house.form("third", email, "I want to buy after all").await;
        assert_eq!(new.outcome, Outcome::Created);
        assert!(new.lead.is_some() && new.lead != first.lead);
        assert_eq!(house.service.store.audit().unwrap(), []);
        house.close().await;
    });
}

#[test]
fn whoever_shares_a_number_or_is_only_alike_stays() {
    runtime().block_on(async {
        let house = House::new();
        let post = async |id: &str, name: &str, email: &str| {
            let body = serde_json::json!({ "name": name, "email": email, "phone": "030 1234567" }).to_string();
            house.take(Kind::Form, Delivery::Named(id.into()), "application/json", &body).await.lead.unwrap()
        };
        let max = post("1", "Max Muster", "max@firma.example").await;
        let eva = post("2", "Eva Groß", "eva@firma.example").await;
        let tmax = house.form("3", "tmax@firma.example", "I am not max").await;
        let wish = Wish { lead: Some(max.to_string()), ..Wish::default() };
        assert_eq!(house.service.erase(&wish, "anna").await.unwrap().leads, 1);
        assert!(house.service.lead(eva).is_ok() && house.service.lead(tmax.lead.unwrap()).is_ok());
        assert_eq!(house.service.lead(eva).unwrap().lead.person.phones.len(), 1);
        assert!(matches!(house.service.erase(&wish, "anna").await, Err(Error::Gone(_))));

        let wish = |email: &str, reason: &str| Wish { reason: Some(reason.into()), ..by_email(email) };
        for (refused, why) in [
            (wish("eva@firma.example", "Eva (eva@firma.example) asked"), "the reason names"),
            (wish("noreply@firma.example", ""), "address of a program"),
            (wish("anna@house.example", ""), "our own people"),
            (wish("nobody", ""), "no e-mail address"),
            (Wish::default(), "one of"),
        ] {
            let error = house.service.erase(&refused, "anna").await.unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        let nobody = house.service.erase(&by_email("udo@firma.example"), "anna").await.unwrap();
        assert_eq!((nobody.leads, nobody.items, nobody.struck), (0, 0, 0));

        // The number of both that are left.
        let wish = Wish { phone: Some("+49 30 1234567".into()), ..Wish::default() };
        assert_eq!(house.service.erase(&wish, "anna").await.unwrap().leads, 1);
        assert!(matches!(house.service.lead(eva), Err(Error::Gone(_))));
        assert_eq!(house.service.erasures(None, 10).unwrap().items.len(), 2, "of nobody nothing is written down");
        assert_eq!(house.service.store.audit().unwrap(), []);
        house.close().await;
    });
}

#[test]
fn what_comes_while_it_is_looked_for_is_erased_with_the_rest() {
    runtime().block_on(async {
        let house = House::new();
        let email = "max@firma.example";
        house.form("first", email, "Please call me").await;
        let whom = Whom::Email(Email(email.into()));
        let plan = house.service.plan_erasure(&whom).await.unwrap();
        house.form("second", email, "Please call me soon").await;
        let tried = house.service.door.change(move |unit| apply(&plan, &whom, None, "anna", unit)).await.unwrap();
        assert_eq!(tried, None, "the plan did not know the second post");
        let erasure = house.service.erase(&by_email(email), "anna").await.unwrap();
        assert_eq!((erasure.leads, erasure.items), (1, 2));
        assert_eq!(places(&house.service.store, &[email]), Vec::<String>::new());
        house.close().await;
    });
}
