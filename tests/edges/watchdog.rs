//! The heartbeat for the service manager: it proves that the writer still commits.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::house::{FORM, SOON, TEAM, post};
use crate::support::daemon::Daemon;

/// A disk that can be frozen: whoever writes to it waits, as on a disk that hangs.
struct Freezer {
    folder: TempDir,
}

impl Freezer {
    /// `None`, said on standard error, where none can be made (that takes root and a loop device).
    fn new() -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("lotse-disk-").tempdir_in("/tmp").unwrap();
        std::fs::create_dir(folder.path().join("disk")).unwrap();
        let steps = "truncate -s 64M image && mkfs.ext4 -q image && mount -o loop image disk && \
                     fsfreeze -f disk && fsfreeze -u disk";
        let made = Command::new("sh").args(["-c", steps]).current_dir(folder.path()).output().unwrap();
        let freezer = Self { folder };
        if !made.status.success() {
            eprintln!("skipped: no disk can be frozen here: {made:?}");
            return None;
        }
        Some(freezer)
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("disk")
    }

    fn freeze(&self) -> Frozen {
        let frozen = Frozen(self.path());
        assert!(Command::new("fsfreeze").arg("-f").arg(self.path()).status().unwrap().success());
        frozen
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(self.path()).status().ok();
    }
}

/// A frozen disk; dropped, it thaws. Until then whoever writes to it cannot even be killed.
struct Frozen(std::path::PathBuf);

impl Drop for Frozen {
    fn drop(&mut self) {
        Command::new("fsfreeze").arg("-u").arg(&self.0).status().ok();
    }
}

/// Listens as the service manager does.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        Self(socket)
    }

    /// Beats within this time.
    fn beats(&self, time: Duration) -> usize {
        let (started, mut beats, mut text) = (Instant::now(), 0, [0; 1000]);
        while started.elapsed() < time {
            if let Ok(length) = self.0.recv(&mut text) {
                beats += usize::from(text[..length].starts_with(b"WATCHDOG=1"));
            }
        }
        beats
    }
}

#[test]
fn the_heartbeat_stops_while_the_writer_cannot_commit_and_only_then() {
    let Some(disk) = Freezer::new() else { return };
    let mut daemon = Daemon::with(&[FORM, TEAM].concat());
    let file = daemon.path("lotse.toml");
    let there = format!("path = \"{}\"\nreserve = \"0B\"", disk.path().join("store").display());
    let settings = std::fs::read_to_string(&file).unwrap().replacen("path = \"store\"", &there, 1);
    std::fs::write(&file, settings).unwrap();
    let manager = Manager::at(&daemon.path("manager.sock"));
    daemon.set("NOTIFY_SOCKET", daemon.path("manager.sock"));
    daemon.set("WATCHDOG_USEC", "1000000");
    daemon.start();
    assert!(manager.beats(Duration::from_secs(4)) >= 3, "it beats twice a second");

    let frozen = disk.freeze();
    // One may have been under way.
    manager.beats(Duration::from_secs(1));
    let while_frozen = manager.beats(Duration::from_secs(4));
    drop(frozen);
    assert_eq!(while_frozen, 0, "it beats though nothing can be stored");
    assert!(manager.beats(Duration::from_secs(4)) >= 3, "it beats again");
    daemon.until("a post is taken", SOON, |daemon| post(daemon, 1, "").is_ok_and(|answer| answer.status == 200));
    assert!(daemon.stop().0.success());
}
