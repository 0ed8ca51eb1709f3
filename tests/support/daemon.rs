//! The shipped binary as a daemon, in a folder of its own.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with settings, and the daemon that may run on it.
pub struct Daemon {
    pub folder: TempDir,
    child: Option<Child>,
    addresses: Option<(SocketAddr, SocketAddr)>,
    environment: Vec<(String, OsString)>,
    log: Arc<Mutex<String>>,
}

impl Daemon {
    /// Settings in a fresh folder; `[http]`, `[web]` and `[store]` are added.
    pub fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Self { folder, child: None, addresses: None, environment: Vec::new(), log: Arc::default() };
        daemon.settings(settings);
        daemon
    }

    /// Sets a variable in the environment of the daemon and of all commands from now on.
    pub fn set(&mut self, variable: &str, value: impl Into<OsString>) {
        self.environment.push((variable.to_owned(), value.into()));
    }

    /// Replaces the settings as a whole: a daemon that reads them just then sees the old or the new ones.
    pub fn settings(&self, settings: &str) {
        let frame = "[store]\npath = \"store\"\n[http]\nlisten = \"127.0.0.1:0\"\n[web]\nlisten = \"127.0.0.1:0\"\n";
        fs::write(self.path("lotse.toml.new"), format!("{frame}{settings}")).unwrap();
        fs::rename(self.path("lotse.toml.new"), self.path("lotse.toml")).unwrap();
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file in the folder, and the folders that it stands in.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Starts the daemon and waits until it is up.
    pub fn start(&mut self) {
        self.start_by(Command::new(binary()));
    }

    /// The same with a program that becomes the daemon: it is given the daemon's arguments.
    pub fn start_by(&mut self, mut program: Command) {
        let mut child = program
            .arg("--config")
            .arg(self.path("lotse.toml"))
            .arg("run")
            .current_dir(self.folder.path())
            .env("RUST_LOG", "info")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (log, (tell, up)) = (Arc::clone(&self.log), std::sync::mpsc::channel());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.contains("lotse is up") {
                    let address = |key: &str| -> SocketAddr {
                        let value = line.split(key).nth(1).unwrap();
                        value.split_whitespace().next().unwrap().parse().unwrap()
                    };
                    tell.send((address("public="), address("private="))).ok();
                }
                let mut log = log.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        self.child = Some(child);
        match up.recv_timeout(Duration::from_secs(20)) {
            Ok(addresses) => self.addresses = Some(addresses),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout | std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                panic!("the daemon did not come up:\n{}", self.log())
            }
        }
    }

    /// The public address.
    pub fn public(&self) -> SocketAddr {
        self.addresses.unwrap().0
    }

    /// The private address.
    pub fn private(&self) -> SocketAddr {
        self.addresses.unwrap().1
    }

    /// The header that opens the private side.
    pub fn bearer(&self) -> String {
        let token = fs::read_to_string(self.path("store/admin.token")).unwrap();
        format!("Authorization: Bearer {}", token.trim())
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The daemon's process id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// A signal by name (`HUP`).
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap().success());
    }

    /// SIGTERM; waits for the end.
    pub fn stop(&mut self) -> (ExitStatus, Duration) {
        self.signal("TERM");
        let started = Instant::now();
        let mut child = self.child.take().unwrap();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return (status, started.elapsed());
            }
            assert!(started.elapsed() < Duration::from_secs(25), "the daemon does not stop:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it has ended by itself.
    pub fn ended(&mut self, limit: Duration) -> ExitStatus {
        let started = Instant::now();
        let mut child = self.child.take().unwrap();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            if started.elapsed() > limit {
                child.kill().ok();
                panic!("the daemon did not end within {limit:?}:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a command on the same settings.
    pub fn cli(&self, arguments: &[&str]) -> Output {
        Command::new(binary())
            .arg("--config")
            .arg(self.path("lotse.toml"))
            .args(arguments)
            .envs(self.environment.iter().cloned())
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// Standard output of a command that must succeed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.cli(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "lotse {arguments:?} failed: {error}\n{}", self.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON lines of a command that must succeed.
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let mut all = arguments.to_vec();
        all.push("--json");
        self.ok(&all).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one JSON object of a command that must succeed.
    pub fn object(&self, arguments: &[&str]) -> Value {
        self.json(arguments).pop().unwrap()
    }

    /// Waits until `test` holds.
    pub fn until(&self, what: &str, limit: Duration, mut test: impl FnMut(&Self) -> bool) {
        let started = Instant::now();
        while !test(self) {
            assert!(started.elapsed() < limit, "waited {limit:?} in vain: {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The binary under test.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_lotse"))
}
