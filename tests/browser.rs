//! A real browser posts the form of the README to the shipped binary, from a site of its own.
//!
//! The HTML, the script and the settings are read out of the README: only addresses are put in their place.
//! The browser is Debian's Chromium; where there is none, the tests say so and pass.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use support::daemon::Daemon;
use support::readme;
use support::site::Site;

/// A browser on a loaded machine takes its time.
const PATIENCE: Duration = Duration::from_mins(2);

const TEAM: &str = "[owners.anna]\nnotify = [\"out\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n\
                    [teams.sales]\nmembers = [\"anna\"]\ndefault = true\n";

/// A visitor fills the form in: after the time that a person takes, with a file, and by a click.
const VISITOR: &str = r#"<script type="module">
  const form = document.querySelector("form");
  form.name.value = "Jörg Groß";
  form.email.value = "joerg@visitor.example";
  form.message.value = "Bitte ein Angebot über 3 Stück & mehr";
  const files = new DataTransfer();
  files.items.add(new File(["%PDF-1.7 plan"], "Plan Süd.pdf", { type: "application/pdf" }));
  files.items.add(new File(["MZ not a plan"], "plan.pdf", { type: "application/pdf" }));
  form.file.multiple = true;
  form.file.files = files.files;
  setTimeout(() => form.querySelector("button").click(), 3500);
</script>"#;

/// A program fills in all that it finds.
const FILLS_ALL: &str = r#"<script type="module">
  const form = document.querySelector("form");
  for (const field of form.querySelectorAll("input:not([type=file], [type=hidden]), textarea")) {
    field.value = field.name === "email" ? "bot@spam.example" : "buy now";
  }
  setTimeout(() => form.querySelector("button").click(), 3500);
</script>"#;

/// A program does not wait.
const HURRIES: &str = r#"<script type="module">
  const form = document.querySelector("form");
  form.email.value = "hasty@spam.example";
  form.message.value = "buy now";
  form.querySelector("button").click();
</script>"#;

/// A browser with a profile of its own; dropped, it ends.
struct Browser {
    child: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Chromium's path; `None`, said aloud, where there is none.
    fn find() -> Option<PathBuf> {
        let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        let given = std::env::var_os("LOTSE_CHROMIUM").map(PathBuf::from);
        let found = given.or_else(|| known.iter().map(PathBuf::from).find(|path| path.exists()));
        if found.is_none() {
            eprintln!("skipped: there is no Chromium here (apt-get install chromium, or LOTSE_CHROMIUM=/path)");
        }
        found
    }

    /// Opens a page.
    fn open(program: &Path, page: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let child = Command::new(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--remote-debugging-port=0", "--lang=de"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(page)
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, _profile: profile }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The README's form and its settings, with a daemon and a site where the form stands.
struct Stage {
    browser: PathBuf,
    daemon: Daemon,
    site: Site,
    form: String,
    script: String,
}

impl Stage {
    /// `None` where there is no browser. `drop` names lines of the settings that are left out.
    fn set(drop: &[&str]) -> Option<Self> {
        let browser = Browser::find()?;
        let site = Site::start();
        let settings = readme::block("toml", "[channels.contact]");
        let kept = settings.lines().filter(|line| !drop.iter().any(|start| line.starts_with(start)));
        let settings = kept.collect::<Vec<_>>().join("\n").replace("https://www.example.com", &site.address());
        let mut daemon = Daemon::with(&format!("{settings}\n{TEAM}"));
        daemon.start();
        let public = format!("http://{}", daemon.public());
        let form = readme::block("html", "<form").replace("https://leads.example.com", &public);
        assert!(form.contains(&public));
        Some(Self { browser, daemon, site, form, script: readme::block("html", "<script") })
    }

    /// Has the browser open a page with these parts, and waits until `done`.
    fn visit(&self, name: &str, parts: &[&str], done: impl Fn(&Self) -> bool) {
        let page = format!("<!doctype html>\n<meta charset=\"utf-8\">\n<title>Contact</title>\n{}", parts.join("\n"));
        self.site.put(name, &page);
        let _browser = Browser::open(&self.browser, &format!("{}{name}", self.site.address()));
        let started = Instant::now();
        while !done(self) {
            let state = (self.site.asked(), self.daemon.json(&["intake", "list"]));
            assert!(started.elapsed() < PATIENCE, "{name}: waited in vain: {state:?}\n{}", self.daemon.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn rows(&self, outcome: &str) -> Vec<Value> {
        self.daemon.json(&["intake", "list", "--outcome", outcome])
    }

    /// The one lead, in full.
    fn lead(&self) -> Value {
        let leads = self.daemon.json(&["leads", "list"]);
        assert_eq!(leads.len(), 1, "{leads:?}");
        self.daemon.object(&["leads", "show", leads[0]["id"].as_str().unwrap()])
    }

    /// What a browser shows as text after a visit to a page, in German.
    fn shown(&self, page: &str) -> String {
        let profile = tempfile::tempdir().unwrap();
        let output = Command::new(&self.browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--accept-lang=de-DE,de", "--virtual-time-budget=15000", "--dump-dom"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("{}{page}", self.site.address()))
            .env("HOME", profile.path())
            .output()
            .unwrap();
        // What the browser still writes there is of no use.
        fs::remove_dir_all(profile.path()).ok();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The visitor's lead holds all they typed, and what their files are.
    fn prove_visitor(&self, path: &str) {
        let lead = self.lead();
        assert_eq!((&lead["name"], &lead["emails"][0]), (&"Jörg Groß".into(), &"joerg@visitor.example".into()));
        assert_eq!(lead["message"], "Bitte ein Angebot über 3 Stück & mehr");
        assert_eq!(lead["fields"], serde_json::json!({}));
        assert_eq!(lead["problems"], serde_json::json!([]));
        let page = lead["attribution"]["page"].as_str().unwrap();
        assert_eq!(page, format!("{}{path}", self.site.address()), "the page itself, not only its site");
        let files: Vec<_> = lead["attachments"].as_array().unwrap().iter().collect();
        let told: Vec<_> = files.iter().map(|file| (file["name"].as_str().unwrap(), file["danger"].as_str())).collect();
        assert_eq!(told, [("Plan Süd.pdf", None), ("plan.pdf", Some("program"))]);
    }
}

#[test]
fn a_browser_posts_the_form_and_follows_the_redirect() {
    let Some(stage) = Stage::set(&[]) else { return };
    stage.visit("/contact", &[&stage.form, VISITOR], |stage| stage.site.asked().contains(&"/thanks".to_owned()));
    assert_eq!(stage.rows("created").len(), 1, "it was stored before the browser was sent on");
    stage.prove_visitor("/contact");
}

#[test]
fn a_browser_posts_by_fetch_from_another_origin_and_reads_the_answer() {
    let Some(stage) = Stage::set(&[]) else { return };
    // The page tells its own site what it shows in the end.
    let tell = r#"<script type="module">
      new MutationObserver(() => { if (document.body.textContent.includes("has arrived")) fetch("/told"); })
        .observe(document.body, { childList: true, subtree: true });
    </script>"#;
    let parts = [&*stage.form, &*stage.script, tell, VISITOR];
    stage.visit("/fetch", &parts, |stage| stage.site.asked().contains(&"/told".to_owned()));
    stage.prove_visitor("/fetch");
    assert!(!stage.site.asked().contains(&"/thanks".to_owned()), "it stayed on its page");
}

#[test]
fn what_a_visitor_typed_stays_there_when_the_post_is_refused_and_the_page_says_why() {
    let Some(stage) = Stage::set(&[]) else { return };
    let tell = r#"<script type="module">
      const form = document.querySelector("form");
      new MutationObserver(() => {
        const told = form.isConnected && form.textContent.includes("5 files");
        if (told && form.message.value.startsWith("Bitte")) fetch("/told");
      }).observe(document.body, { childList: true, characterData: true, subtree: true });
    </script>"#;
    let many = VISITOR.replace(
        "form.file.multiple",
        "for (let n = 0; n < 5; n++) files.items.add(new File([\"x\"], n + \".txt\"));\n  form.file.multiple",
    );
    stage.visit("/many", &[&*stage.form, &*stage.script, tell, &*many], |stage| {
        stage.site.asked().contains(&"/told".to_owned())
    });
    assert!(stage.daemon.json(&["intake", "list"]).is_empty());
}

#[test]
fn programs_that_fill_the_trap_or_hurry_make_ignored_rows() {
    let Some(stage) = Stage::set(&[]) else { return };
    stage.visit("/all", &[&stage.form, FILLS_ALL], |stage| stage.rows("ignored").len() == 1);
    stage.visit("/hasty", &[&stage.form, HURRIES], |stage| stage.rows("ignored").len() == 2);
    let reasons: Vec<String> = stage.rows("ignored").iter().map(|row| row["reason"].to_string()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("the trap field `fax` was filled in")), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("after it was opened")), "{reasons:?}");
    assert!(stage.daemon.json(&["leads", "list"]).is_empty());
}

#[test]
fn a_browser_that_is_sent_nowhere_is_told_in_its_language() {
    let Some(stage) = Stage::set(&["redirect"]) else { return };
    let page = format!("<!doctype html>\n<meta charset=\"utf-8\">\n{}\n{VISITOR}", stage.form);
    stage.site.put("/alone", &page);
    // A browser that is asked for what it shows may be gone before it shows it; then it is asked again.
    let shown = (0..8).map(|_| stage.shown("/alone")).find(|shown| shown.contains("<h1>Danke</h1>"));
    let shown = shown.expect("the browser shows that the message arrived");
    let rows = stage.daemon.json(&["intake", "list"]);
    assert!(rows.iter().any(|row| shown.contains(row["id"].as_str().unwrap())), "{shown}");
}
