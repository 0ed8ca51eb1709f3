//! Watched folders at the start of the daemon.

use std::fmt::Write as _;
use std::fs;

use crate::house::{SOON, TEAM, addresses};
use crate::support::daemon::Daemon;

#[test]
fn a_file_put_into_a_watched_folder_as_soon_as_the_daemon_is_up_comes_in() {
    let folders = (0..20).fold(String::new(), |mut text, n| {
        write!(text, "[channels.f{n}]\nkind = \"csv\"\nfolder = \"in/f{n}\"\nsettle = \"200ms\"\n").unwrap();
        text
    });
    let mut daemon = Daemon::with(&(folders + TEAM));
    daemon.start();
    for n in 0..20 {
        for inside in ["done", "failed"] {
            assert!(daemon.path(&format!("in/f{n}/{inside}")).is_dir(), "f{n}/{inside} is not there yet");
        }
        fs::write(daemon.path(&format!("in/f{n}/list.csv")), format!("Name,E-Mail\nEva,e{n}@fair.example\n")).unwrap();
    }
    daemon.until("a lead from each folder", SOON, |daemon| addresses(daemon).len() == 20);
}

#[test]
fn a_folder_that_cannot_be_made_is_its_channels_trouble_and_no_reason_not_to_start() {
    let bad = "[channels.bad]\nkind = \"csv\"\nfolder = \"occupied/inbox\"\n";
    let good = "[channels.good]\nkind = \"csv\"\nfolder = \"good\"\nsettle = \"200ms\"\n";
    let mut daemon = Daemon::with(&[bad, good, TEAM].concat());
    fs::write(daemon.path("occupied"), "a file where the folder should be").unwrap();
    daemon.start();
    fs::write(daemon.path("good/list.csv"), "Name,E-Mail\nEva,eva@fair.example\n").unwrap();
    daemon.until("the good folder is read", SOON, |daemon| addresses(daemon).len() == 1);
    let status = daemon.object(&["status"]);
    assert_eq!(status["channels"]["bad"]["state"], "trouble", "{status}");
    let error = status["channels"]["bad"]["last_error"].as_str().unwrap();
    assert!(error.contains("occupied/inbox"), "{error}");
    // Once it can be made, it is.
    fs::remove_file(daemon.path("occupied")).unwrap();
    daemon.until("the folder is made and watched", SOON, |daemon| daemon.path("occupied/inbox/done").is_dir());
}
