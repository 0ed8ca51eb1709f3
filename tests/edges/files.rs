//! Spreadsheets whose files and folders change, vanish and fill up while they are read.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use crate::house::{Disk, FOLDER, FORM, SOON, TEAM, addresses, post};
use crate::support::daemon::Daemon;

/// Time for thousands of rows in an unoptimised build on a busy machine.
const LONG: Duration = Duration::from_mins(2);

fn rows(rows: Range<usize>) -> String {
    rows.fold(String::new(), |mut text, n| {
        writeln!(text, "Person {n},p{n}@row{n}.example").unwrap();
        text
    })
}

fn table(of: Range<usize>) -> String {
    format!("Name,E-Mail\n{}", rows(of))
}

fn people(of: Range<usize>) -> Vec<String> {
    let mut all: Vec<String> = of.map(|n| format!("p{n}@row{n}.example")).collect();
    all.sort();
    all
}

/// Rows that a channel brought in since the daemon started.
fn items(daemon: &Daemon, channel: &str) -> u64 {
    daemon.object(&["status"])["channels"][channel]["items"].as_u64().unwrap()
}

fn state(daemon: &Daemon, channel: &str) -> (String, String) {
    let state = &daemon.object(&["status"])["channels"][channel];
    let text = |key: &str| state[key].as_str().unwrap_or_default().to_owned();
    (text("state"), text("last_error"))
}

/// Puts a whole file into a folder, as careful programs do: under a temporary name, then renamed.
fn put(folder: &Path, name: &str, text: &str) {
    let aside = folder.join(format!("{name}.tmp"));
    fs::write(&aside, text).unwrap();
    fs::rename(aside, folder.join(name)).unwrap();
}

#[test]
fn kill_9_in_the_middle_of_a_large_file_brings_each_row_in_once() {
    const ROWS: usize = 5000;
    let mut daemon = Daemon::with(&[FOLDER, TEAM].concat());
    daemon.start();
    put(&daemon.path("fairs"), "large.csv", &table(0..ROWS));
    for kill in 1..=4 {
        daemon.until("some rows are in", LONG, |daemon| items(daemon, "fairs") > 300);
        daemon.kill();
        assert!(daemon.path("fairs/large.csv").is_file(), "kill {kill} came too late to mean anything");
        daemon.start();
    }
    daemon.until("the file is done", LONG, |daemon| daemon.path("fairs/done/large.csv").is_file());
    let ledger = daemon.json(&["intake", "list"]);
    assert_eq!(ledger.len(), ROWS, "one outcome for each row");
    assert!(ledger.iter().all(|row| row["outcome"] == "created"));
    assert_eq!(addresses(&daemon), people(0..ROWS));
    assert!(daemon.stop().0.success());
}

#[test]
fn a_file_that_changes_or_goes_while_it_is_read_makes_one_lead_of_each_of_its_people() {
    let folders: String = ["appended", "replaced", "truncated", "deleted"]
        .map(|name| format!("[channels.{name}]\nkind = \"csv\"\nfolder = \"{name}\"\nsettle = \"200ms\"\n"))
        .concat();
    let mut daemon = Daemon::with(&(folders + TEAM));
    daemon.start();
    let at = |name: &str| daemon.path(&format!("{name}/list.csv"));
    for (number, name) in ["appended", "replaced", "truncated", "deleted"].into_iter().enumerate() {
        put(&daemon.path(name), "list.csv", &table(number * 10_000..number * 10_000 + 2000));
        daemon.until("some rows are in", LONG, |daemon| items(daemon, name) > 200);
        assert!(at(name).is_file(), "{name}: it was read too fast to mean anything");
        match name {
            "appended" => {
                File::options().append(true).open(at(name)).unwrap().write_all(rows(9000..9003).as_bytes()).unwrap();
            }
            "replaced" => put(&daemon.path(name), "list.csv", &table(19_000..19_500)),
            "truncated" => File::options().write(true).open(at(name)).unwrap().set_len(300).unwrap(),
            _ => fs::remove_file(at(name)).unwrap(),
        }
    }
    for name in ["appended", "replaced", "truncated"] {
        daemon.until(name, LONG, |daemon| daemon.path(&format!("{name}/done/list.csv")).is_file());
    }
    put(&daemon.path("deleted"), "next.csv", &table(39_000..39_001));
    daemon.until("the next file", SOON, |daemon| daemon.path("deleted/done/next.csv").is_file());

    let all = addresses(&daemon);
    let mut once = all.clone();
    once.dedup();
    assert_eq!(all, once, "nobody is doubled");
    for person in [people(0..2000), people(9000..9003), people(19_000..19_500), people(39_000..39_001)].concat() {
        assert!(all.binary_search(&person).is_ok(), "{person} is missing");
    }
    assert!(["appended", "replaced", "truncated", "deleted"].iter().all(|name| state(&daemon, name).0 == "ok"));
    assert!(daemon.stop().0.success());
}

#[test]
fn a_file_under_a_temporary_name_waits_for_its_name_and_the_same_file_again_doubles_nobody() {
    let mut daemon = Daemon::with(&[FOLDER, TEAM].concat());
    daemon.start();
    let folder = daemon.path("fairs");
    fs::write(folder.join("list.csv.tmp"), "Name,E-Mail\nPerson 0,p0@row").unwrap();
    put(&folder, "first.csv", &table(100..101));
    daemon.until("the finished one", SOON, |_| folder.join("done/first.csv").is_file());
    assert_eq!(addresses(&daemon), people(100..101), "half a file was read");
    fs::write(folder.join("list.csv.tmp"), table(0..20)).unwrap();
    fs::rename(folder.join("list.csv.tmp"), folder.join("list.csv")).unwrap();
    daemon.until("the renamed one", SOON, |_| folder.join("done/list.csv").is_file());
    put(&folder, "list.csv", &table(0..20));
    daemon.until("the same again", SOON, |_| folder.join("done/list.2.csv").is_file());
    assert_eq!(addresses(&daemon).len(), 21);
    assert_eq!(daemon.json(&["intake", "list", "--outcome", "redelivered"]).len(), 20);
    assert!(daemon.stop().0.success());
}

#[test]
fn a_folder_that_turns_read_only_is_its_channels_trouble_until_it_can_be_written_again() {
    let Some(disk) = Disk::of(8) else { return };
    let folder = disk.path().join("fairs");
    let mut daemon =
        Daemon::with(&[FORM, &FOLDER.replace("fairs\"", &format!("{}\"", folder.display())), TEAM].concat());
    daemon.start();
    put(&folder, "one.csv", &table(1..2));
    daemon.until("the first file", SOON, |_| folder.join("done/one.csv").is_file());

    put(&folder, "two.csv", &table(2..3));
    disk.remount("ro");
    let trouble = |daemon: &Daemon| state(daemon, "fairs");
    daemon.until("the trouble", SOON, |daemon| trouble(daemon).0 == "trouble");
    let why = trouble(&daemon).1;
    assert!(why.contains(&folder.display().to_string()) && why.contains("ead-only"), "{why}");
    assert_eq!(post(&daemon, 1, "").unwrap().status, 200, "the others go on");

    disk.remount("rw");
    daemon.until("the second file", Duration::from_secs(30), |_| folder.join("done/two.csv").is_file());
    daemon.until("the end of the trouble", SOON, |daemon| trouble(daemon).0 == "ok");
    let expected = ["f1@web1.example", "p1@row1.example", "p2@row2.example"];
    assert_eq!(addresses(&daemon), expected);
    assert!(daemon.stop().0.success());
}

#[test]
fn a_folder_on_a_full_disk_is_read_and_its_files_move_away() {
    let Some(disk) = Disk::of(8) else { return };
    let folder = disk.path().join("fairs");
    let mut daemon = Daemon::with(&[&FOLDER.replace("fairs\"", &format!("{}\"", folder.display())), TEAM].concat());
    fs::create_dir(&folder).unwrap();
    put(&folder, "good.csv", &table(0..50));
    fs::write(folder.join("picture.csv"), [0x89, b'P', b'N', b'G', 0, 1, 2, 3, 0, 0, 0, 255]).unwrap();
    disk.fill(0);
    daemon.start();
    daemon.until("both files are away", LONG, |_| {
        folder.join("done/good.csv").is_file() && folder.join("failed/picture.csv").is_file()
    });
    assert_eq!(addresses(&daemon), people(0..50));
    assert_eq!(daemon.json(&["intake", "list"]).len(), 51, "each row once, and the picture");
    disk.make_room();
    put(&folder, "later.csv", &table(50..51));
    daemon.until("a later file", SOON, |_| folder.join("done/later.csv").is_file());
    assert!(daemon.stop().0.success());
}
