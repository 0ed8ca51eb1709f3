//! Each setting does what it says, and only to mails with an outcome.

use std::collections::BTreeSet;

use crate::support::cyrus::Cyrus;
use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;
use crate::support::look::{Look, Seen};
use crate::support::server::Server;
use crate::{LIMIT, WITHOUT_MOVE, WITHOUT_UIDPLUS, colleague, daemon, lead, rows, unclear};

/// A folder with mail of every sort; one more is there that somebody else has marked as deleted.
struct Scene {
    daemon: Daemon,
    look: Look,
    before: (String, Vec<Seen>),
}

/// What the mails of the scene that get an outcome are called.
const SETTLED: [&str; 3] = ["ada", "ben", "lunch"];

fn scene(server: &dyn Server, user: &str, after: &str) -> Scene {
    lead(server, user, "old");
    let mut look = Look::at(server.plain(), user);
    look.ask("SELECT INBOX").unwrap();
    look.ask("STORE 1 +FLAGS.SILENT (\\Deleted \\Flagged)").unwrap();
    let mut daemon = daemon(server.plain(), user, after);
    daemon.start();
    daemon.until("the folder was read", LIMIT, |daemon| daemon.log().contains("read for the first time"));
    daemon.stop();
    lead(server, user, "ada");
    unclear(server, user, "unclear");
    colleague(server, user, "lunch");
    lead(server, user, "ben");
    let before = look.folder("INBOX");
    daemon.start();
    rows(&daemon, 4);
    Scene { daemon, look, before }
}

impl Scene {
    fn until(&mut self, what: &str, test: impl Fn(&mut Look) -> bool) {
        let (daemon, look) = (&self.daemon, &mut self.look);
        daemon.until(what, LIMIT, |_| test(look));
    }

    /// Lets the daemon look at the mailbox a few times more.
    fn rest(&self) {
        std::thread::sleep(std::time::Duration::from_secs(3));
        assert_eq!(self.daemon.object(&["status"])["channels"]["sales"]["state"], "ok", "{}", self.daemon.log());
    }

    /// The folder without some mails, as it was before.
    fn without(&self, gone: &[&str]) -> Vec<Seen> {
        self.before.1.iter().filter(|mail| !gone.contains(&mail.who.as_str())).cloned().collect()
    }
}

fn flags(flags: &[&str]) -> BTreeSet<String> {
    flags.iter().map(|flag| (*flag).to_owned()).collect()
}

/// The servers that there are.
fn servers() -> Vec<Box<dyn Server>> {
    let dovecot: Box<dyn Server> = Box::new(Dovecot::start());
    std::iter::once(dovecot).chain(Cyrus::start().map(|cyrus| Box::new(cyrus) as Box<dyn Server>)).collect()
}

#[test]
fn with_keep_flags_dates_and_order_of_every_mail_stay_as_they_were() {
    let servers = servers();
    for (server, after) in servers.iter().flat_map(|server| ["", "after = \"keep\""].map(|after| (&**server, after))) {
        let user = format!("keep{}", after.len());
        let mut scene = scene(server, &user, after);
        scene.rest();
        scene.daemon.stop();
        let now = scene.look.folder("INBOX");
        assert_eq!(now, scene.before);
        assert_eq!(now.1.len(), 5);
        assert_eq!(now.1[0].flags, flags(&["\\Deleted", "\\Flagged"]));
        assert!(now.1[1..].iter().all(|mail| mail.flags.is_empty()), "{now:?}");
    }
}

#[test]
fn with_seen_mails_with_an_outcome_are_marked_as_read_and_no_others() {
    let dovecot = Dovecot::start();
    let mut scene = scene(&dovecot, "seen", "after = \"seen\"");
    let read = |look: &mut Look| {
        let mails = look.folder("INBOX").1.into_iter();
        mails.filter(|mail| mail.flags.contains("\\Seen")).map(|mail| mail.who).collect::<BTreeSet<_>>()
    };
    scene.until("they are marked", |look| read(look) == flags(&SETTLED));
    scene.rest();
    assert_eq!(read(&mut scene.look), flags(&SETTLED));
    let expected: Vec<Seen> = scene
        .before
        .1
        .iter()
        .cloned()
        .map(|mut mail| {
            if SETTLED.contains(&mail.who.as_str()) {
                mail.flags.insert("\\Seen".to_owned());
            }
            mail
        })
        .collect();
    assert_eq!(scene.look.folder("INBOX"), (scene.before.0.clone(), expected));

    // Somebody marks one as unread again: that stands, even over a restart.
    scene.look.ask("SELECT INBOX").unwrap();
    scene.look.ask("STORE 2 -FLAGS.SILENT (\\Seen)").unwrap();
    scene.daemon.stop();
    scene.daemon.start();
    lead(&dovecot, "seen", "cleo");
    rows(&scene.daemon, 5);
    let unread = scene.before.1[1].who.clone();
    scene.until("the next one is marked", |look| read(look).contains("cleo"));
    assert!(!read(&mut scene.look).contains(&unread));
}

#[test]
fn with_delete_mails_with_an_outcome_are_gone_and_no_others() {
    for server in servers() {
        let mut scene = scene(&*server, "delete", "after = \"delete\"");
        scene.until("they are gone", |look| look.folder("INBOX").1.len() == 2);
        scene.rest();
        assert_eq!(scene.look.folder("INBOX").1, scene.without(&SETTLED), "nor is what others marked as deleted");
        assert_eq!(scene.daemon.json(&["leads", "list"]).len(), 2);
    }
}

#[test]
fn with_move_mails_with_an_outcome_lie_in_a_folder_that_is_made_and_no_others_do() {
    let (without_move, user): (Box<dyn Server>, _) = (Box::new(Dovecot::offering(WITHOUT_MOVE)), "move");
    for server in servers().into_iter().chain([without_move]) {
        let mut scene = scene(&*server, user, "after = { move = \"Ablage/Geprüfte Anfragen\" }");
        let target = &format!("Ablage{}Gepr&APw-fte Anfragen", server.separator());
        scene.until("they are moved", |look| look.folder(target).1.len() == 3);
        scene.rest();
        assert_eq!(scene.look.folder("INBOX").1, scene.without(&SETTLED));
        assert_eq!(scene.look.who(target), SETTLED);
        let mails = scene.look.folder(target).1;
        for mail in &mails {
            let before = scene.before.1.iter().find(|before| before.who == mail.who).unwrap();
            assert_eq!((&mail.date, &mail.flags), (&before.date, &before.flags));
        }

        // A person releases the one in quarantine: it has left our hands, and stays.
        let quarantined = scene.daemon.json(&["intake", "list", "--outcome", "quarantined"]);
        scene.daemon.ok(&["intake", "release", quarantined[0]["id"].as_str().unwrap()]);
        // The same mail again is moved too; the same as one in quarantine is not.
        lead(&*server, user, "ada");
        rows(&scene.daemon, 5);
        scene.until("the repetition is moved", |look| look.folder(target).1.len() == 4);
        assert_eq!(scene.look.who(target), ["ada", "ada", "ben", "lunch"]);
        assert_eq!(scene.look.who("INBOX"), ["unclear"]);
        assert_eq!(scene.daemon.json(&["intake", "list", "--outcome", "redelivered"]).len(), 1);
    }
}

#[test]
fn the_repetition_of_a_quarantined_mail_stays_too() {
    let dovecot = Dovecot::start();
    let mut scene = scene(&dovecot, "again", "after = \"delete\"");
    unclear(&dovecot, "again", "unclear");
    rows(&scene.daemon, 5);
    assert_eq!(scene.daemon.json(&["intake", "list", "--outcome", "redelivered"]).len(), 1);
    scene.until("the others are gone", |look| look.folder("INBOX").1.len() == 3);
    scene.rest();
    assert_eq!(scene.look.who("INBOX"), ["unclear", "unclear"]);
}

#[test]
fn without_uidplus_a_moved_mail_stays_marked_as_deleted_and_others_deleted_mail_stays_at_all() {
    let dovecot = Dovecot::offering(WITHOUT_UIDPLUS);
    let mut scene = scene(&dovecot, "marked", "after = { move = \"Done\" }");
    let report = scene.daemon.ok(&["check", "--connect"]);
    assert!(report.contains("are moved to `Done`, but the server has no UIDPLUS"), "{report}");
    scene.until("they are moved", |look| look.who("Done") == SETTLED && look.who("INBOX") == ["unclear"]);
    scene.rest();
    let mails = scene.look.folder("INBOX").1;
    assert_eq!(mails.len(), 5, "nothing is expunged: {mails:?}");
    assert_eq!(mails[0], scene.before.1[0]);
    assert_eq!(scene.look.who("Done"), SETTLED);
    assert!(scene.daemon.log().contains("the server has no UIDPLUS"));

    // Numbered anew, all of it is read again; what is marked was dealt with.
    dovecot.new_uidvalidity("marked");
    lead(&dovecot, "marked", "cleo");
    scene.until("the next one is moved", |look| look.who("Done").contains(&"cleo".to_owned()));
    rows(&scene.daemon, 9);
    scene.rest();
    assert_eq!(scene.look.who("Done"), ["ada", "ben", "cleo", "lunch"]);
}

#[test]
fn what_came_while_mails_were_kept_stays_when_the_setting_changes() {
    let dovecot = Dovecot::start();
    let mut scene = scene(&dovecot, "change", "");
    scene.daemon.stop();
    let mut daemon = daemon(dovecot.plain_port(), "change", "after = { move = \"Done\" }");
    std::fs::rename(scene.daemon.path("store"), daemon.path("store")).unwrap();
    daemon.start();
    lead(&dovecot, "change", "cleo");
    let look = &mut scene.look;
    daemon.until("the new one is moved", LIMIT, |_| look.who("Done") == ["cleo"]);
    assert_eq!(look.folder("INBOX"), scene.before);
}
