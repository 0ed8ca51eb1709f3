//! What several of these tests need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::daemon::Daemon;
use crate::support::dovecot::Dovecot;
use crate::support::http::{self, Answer};

/// A team of one that is told by files.
pub(crate) const TEAM: &str = r#"
[notify.out]
kind = "file"
path = "outbox"
[owners.anna]
notify = ["out"]
[teams.sales]
members = ["anna"]
"#;

/// A form.
pub(crate) const FORM: &str = "[channels.website]\nkind = \"webhook\"\nrate = \"100000/s\"\n";

/// A folder for spreadsheets.
pub(crate) const FOLDER: &str = "[channels.fairs]\nkind = \"csv\"\nfolder = \"fairs\"\nsettle = \"200ms\"\n";

/// A mailbox of this server that is read from its beginning.
pub(crate) fn mailbox(dovecot: &Dovecot) -> String {
    format!(
        "[channels.sales]\nkind = \"imap\"\nhost = \"localhost\"\nport = {}\nca_file = \"{}\"\nusername = \"sales\"\npassword = \"secret\"\nstart = \"all\"\n",
        dovecot.port(),
        dovecot.ca_file().display()
    )
}

/// A usual mail, told apart by `n`.
pub(crate) fn mail(n: usize) -> Vec<u8> {
    format!(
        "From: Max Nr{n} <m{n}@mail{n}.example>\r\nTo: sales@our.example\r\nSubject: Inquiry {n}\r\nMessage-ID: <m{n}@mail{n}.example>\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlease send us an offer for {n} seats.\r\n"
    )
    .into_bytes()
}

/// Posts the form number `n`, with `extra` behind its message; the same number is the same post.
pub(crate) fn post(daemon: &Daemon, n: usize, extra: &str) -> std::io::Result<Answer> {
    let body = format!(
        r#"{{"name":"Form Nr{n}","email":"f{n}@web{n}.example","message":"Please call us about order {n}. {extra}"}}"#
    );
    let headers = [format!("Idempotency-Key: form-{n}"), "Content-Type: application/json".into()];
    http::request(daemon.public(), "POST", "/hooks/website", &headers.each_ref().map(String::as_str), body.as_bytes())
}

/// The addresses of all leads, sorted.
pub(crate) fn addresses(daemon: &Daemon) -> Vec<String> {
    let leads = daemon.json(&["leads", "list", "--limit", "100000"]);
    let mut all: Vec<String> =
        leads.iter().map(|lead| lead["emails"][0].as_str().unwrap_or("no address").to_owned()).collect();
    all.sort();
    all
}

/// Status of `/readyz`.
pub(crate) fn ready(daemon: &Daemon) -> Answer {
    http::request(daemon.private(), "GET", "/readyz", &[], b"").unwrap()
}

/// A disk of its own, in memory.
pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// A disk of so many MiB; `None`, said on standard error, where it cannot be mounted.
    pub(crate) fn of(megabytes: u32) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("lotse-disk-").tempdir_in("/tmp").unwrap();
        let size = format!("size={megabytes}m,mode=0700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "lotse-test"]).arg(folder.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { folder }),
            other => {
                eprintln!("skipped: no disk can be mounted here (that takes root): {other:?}");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Mounts it anew, `ro` or `rw`.
    pub(crate) fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let mounted = Command::new("mount").args(["-o", &options]).arg(self.path()).status().unwrap();
        assert!(mounted.success());
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Fills it until `left` bytes are free.
    pub(crate) fn fill(&self, left: u64) {
        use std::io::Write;
        let mut file = fs::OpenOptions::new().create(true).append(true).open(self.ballast()).unwrap();
        let disk = rustix::fs::statvfs(self.path()).unwrap();
        let free = disk.f_bavail * disk.f_frsize;
        let page = vec![0; 4096];
        for _ in 0..free.saturating_sub(left) / 4096 {
            // Others write as well.
            match file.write_all(&page) {
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => break,
                written => written.unwrap(),
            }
        }
    }

    /// Gives back what filled it.
    pub(crate) fn make_room(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    /// Puts the daemon's store here, with a reserve.
    pub(crate) fn hold_store_of(&self, daemon: &Daemon, reserve: &str) {
        let file = daemon.path("lotse.toml");
        let there = format!("path = \"{}\"\nreserve = \"{reserve}\"", self.path().join("store").display());
        let settings = fs::read_to_string(&file).unwrap();
        fs::write(&file, settings.replacen("path = \"store\"", &there, 1)).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(self.folder.path()).status().ok();
    }
}

/// Ten seconds: the promise for most recoveries.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A figure from a process's status, in MiB: `VmRSS`, or `VmHWM` for the most it ever had.
pub(crate) fn memory(pid: u32, figure: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
