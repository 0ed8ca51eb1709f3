//! The daemon under test and the servers around it.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;
use crate::support::smtp::SmtpServer;

/// A team: its name and its members with their weights, in the order of the settings.
pub(crate) type Team = (&'static str, &'static [(&'static str, i64)]);

/// Who gets leads of mails and posts: everybody the same.
pub(crate) const SALES: Team = ("sales", &[("anna", 1), ("jonas", 1), ("lea", 1), ("ole", 1), ("uta", 1)]);
/// Who gets leads of files: by weight. An owner is told one thing after the other, so there are many.
pub(crate) const EVENTS: Team = ("events", &[("mia", 3), ("ben", 2), ("ida", 1), ("tom", 3), ("eva", 2), ("pia", 2)]);
/// Who is told by mail besides.
pub(crate) const BY_MAIL: &str = "ida";

const RULES: &str = r#"
[[rule]]
name = "rows of fairs go to those who were there"
when = 'touch.channel == "fairs"'
team = "events"

[[rule]]
name = "applies for a job"
when = 'touch.text.matches("(?i)\\bbewerbe ich mich\\b")'
disposition = "disqualified"
reason = "job application"

[[rule]]
name = "wants something"
when = 'touch.text.matches("(?i)\\b(brauchen|please|chairs|tische)\\b")'
score = 40
"#;

/// Where inputs go; shared by all who send.
pub(crate) struct Doors<'a> {
    pub(crate) dovecot: &'a Dovecot,
    /// The mailbox's user.
    pub(crate) user: String,
    /// The name of the webhook. Every house has its own, so that a post which meets another
    /// daemon on a port that was ours is not taken there.
    pub(crate) site: String,
    /// The watched folder.
    pub(crate) fairs: PathBuf,
    public: Mutex<SocketAddr>,
}

impl Doors<'_> {
    /// Where posts go now.
    pub(crate) fn public(&self) -> SocketAddr {
        *self.public.lock().unwrap()
    }
}

/// The daemon with its doors.
pub(crate) struct House<'a> {
    pub(crate) daemon: Daemon,
    pub(crate) doors: Arc<Doors<'a>>,
    pub(crate) smtp: Option<&'a SmtpServer>,
}

impl<'a> House<'a> {
    /// Starts a daemon of its own, with variables in its environment.
    pub(crate) fn open(dovecot: &'a Dovecot, smtp: Option<&'a SmtpServer>, environment: &[(&str, &str)]) -> Self {
        static HOUSES: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), HOUSES.fetch_add(1, Ordering::Relaxed));
        let (user, site) = (format!("oracle{name}"), format!("site{name}"));
        let mut daemon = Daemon::with(&settings(dovecot, smtp, &user, &site));
        for (variable, value) in environment {
            daemon.set(variable, value);
        }
        fs::create_dir(daemon.path("rules")).unwrap();
        fs::write(daemon.path("rules/rules.toml"), RULES).unwrap();
        let fairs = daemon.path("fairs");
        daemon.start();
        daemon.until("the folder is watched", Duration::from_secs(10), |_| fairs.join("done").exists());
        let public = Mutex::new(daemon.public());
        let doors = Arc::new(Doors { dovecot, user, site, fairs, public });
        Self { daemon, doors, smtp }
    }

    /// `kill -9`, and at once another one.
    pub(crate) fn kill_and_start(&mut self) {
        self.daemon.kill();
        self.daemon.start();
        *self.doors.public.lock().unwrap() = self.daemon.public();
    }
}

fn settings(dovecot: &Dovecot, smtp: Option<&SmtpServer>, user: &str, site: &str) -> String {
    let mut settings = format!(
        r#"
[organisation]
domains = ["our.example"]
country = "DE"
[rules]
path = "rules"
[channels.sales]
kind = "imap"
host = "localhost"
port = {port}
ca_file = "{ca}"
username = "{user}"
password = "secret"
start = "all"
poll = "1s"
[channels.{site}]
kind = "webhook"
rate = "1000000/s"
honeypot = "fax"
[channels.fairs]
kind = "csv"
folder = "fairs"
settle = "500ms"
"#,
        port = dovecot.port(),
        ca = dovecot.ca_file().display()
    );
    for ((team, members), default) in [(SALES, true), (EVENTS, false)] {
        for (owner, weight) in members {
            let mail = if *owner == BY_MAIL && smtp.is_some() { ", \"mail\"" } else { "" };
            // A notifier each, so that no owner's notices wait for another's.
            settings += &format!("[notify.file-{owner}]\nkind = \"file\"\npath = \"outbox\"\n");
            settings += &format!(
                "[owners.{owner}]\nname = \"{owner}\"\nemail = \"{owner}@team.example\"\nnotify = [\"file-{owner}\"{mail}]\nweight = {weight}\n"
            );
        }
        let names: Vec<&str> = members.iter().map(|(owner, _)| *owner).collect();
        settings += &format!("[teams.{team}]\nmembers = {names:?}\ndefault = {default}\nsame_company = false\n");
    }
    if let Some(smtp) = smtp {
        settings += &format!(
            "[notify.mail]\nkind = \"smtp\"\nhost = \"localhost\"\nport = {}\nca_file = \"{}\"\nusername = \"lotse\"\n\
             password = \"secret\"\nfrom = \"Lotse <lotse@our.example>\"\n",
            smtp.port(),
            smtp.ca_file().display()
        );
    }
    settings
}
