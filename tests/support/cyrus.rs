//! A second real IMAP server for tests: Cyrus in a folder of its own, on free ports of the loopback.
//!
//! Debian lets only one IMAP server be installed, so `tests/run` unpacks Cyrus beside it, into the folder
//! that `LOTSE_CYRUS` names. Any user name is an account, and any password is right.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::dovecot::make_certificate;

/// Who may remove mailboxes.
const ADMIN: &str = "admin";

/// A running server; dropped, it stops.
pub struct Cyrus {
    folder: tempfile::TempDir,
    server: Child,
    port: u16,
    tls_port: u16,
}

impl Cyrus {
    /// Starts a server and waits until it listens; `None`, said on standard error, where there is none.
    pub fn start() -> Option<Self> {
        let Some(root) = std::env::var_os("LOTSE_CYRUS").filter(|root| !root.is_empty()).map(PathBuf::from) else {
            eprintln!("skipped: LOTSE_CYRUS names no folder with an unpacked Cyrus (`tests/run` makes one)");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("lotse-").tempdir_in("/tmp").unwrap();
        let [port, tls_port] =
            [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
        let dir = folder.path();
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        for part in ["conf", "conf/db", "conf/log", "conf/proc", "conf/socket", "spool"] {
            fs::create_dir(dir.join(part)).unwrap();
        }
        let programs = root.join("usr/lib/cyrus/bin");
        let (user, group) = (id("-un"), id("-gn"));
        fs::write(dir.join("imapd.conf"), settings(dir, &user, &group)).unwrap();
        fs::write(dir.join("cyrus.conf"), services(dir, &programs, port, tls_port)).unwrap();
        make_certificate(dir);
        say_yes(&dir.join("auth"));
        for part in
            ["", "auth", "cert.pem", "key.pem", "conf", "conf/db", "conf/log", "conf/proc", "conf/socket", "spool"]
        {
            chown(dir.join(part), Some(id("-u").parse().unwrap()), Some(id("-g").parse().unwrap())).unwrap();
        }
        let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib"].map(|part| root.join(part));
        let server = Command::new(programs.join("master"))
            .arg("-C")
            .arg(dir.join("imapd.conf"))
            .arg("-M")
            .arg(dir.join("cyrus.conf"))
            .arg("-p")
            .arg(dir.join("conf/pid"))
            // Told to end, it tells its whole group: not other tests' servers.
            .process_group(0)
            .env("LD_LIBRARY_PATH", std::env::join_paths(libraries).unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut cyrus = Self { folder, server, port, tls_port };
        cyrus.wait_until_it_listens();
        Some(cyrus)
    }

    /// The port without TLS, which also offers STARTTLS.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port for TLS from the first byte.
    pub fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// The server's own certificate (for `localhost` and `127.0.0.1`), a PEM file.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// Removes a user's INBOX with all that is in it; the next login makes another one.
    pub fn remove(&self, user: &str) {
        let mut line = self.log_in(ADMIN);
        ask(&mut line, format!("a SETACL user/{user} {ADMIN} lrswipkxtecda\r\n").as_bytes());
        ask(&mut line, format!("a DELETE user/{user}\r\n").as_bytes());
        ask(&mut line, b"a LOGOUT\r\n");
    }

    /// Puts mails into a user's INBOX.
    pub fn deliver(&self, user: &str, mails: &[Vec<u8>]) {
        let mut line = self.log_in(user);
        for mail in mails {
            let head = format!("a APPEND INBOX {{{}+}}\r\n", mail.len());
            ask(&mut line, &[head.as_bytes(), mail, b"\r\n"].concat());
        }
        ask(&mut line, b"a LOGOUT\r\n");
    }

    fn log_in(&self, user: &str) -> BufReader<TcpStream> {
        let mut line = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).unwrap());
        line.get_ref().set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        answer(&mut line, "*");
        ask(&mut line, format!("a LOGIN {user} any\r\n").as_bytes());
        line
    }

    /// Waits until both ports are served, and takes its leave at each.
    fn wait_until_it_listens(&mut self) {
        let until = Instant::now() + Duration::from_mins(1);
        for port in [self.port, self.tls_port] {
            let mut stream = loop {
                if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                    break stream;
                }
                let ended = self.server.try_wait().unwrap();
                assert!(
                    ended.is_none() && Instant::now() < until,
                    "Cyrus does not start in {}",
                    self.folder.path().display()
                );
                std::thread::sleep(Duration::from_millis(20));
            };
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            if port == self.port {
                let mut line = BufReader::new(stream);
                answer(&mut line, "*");
                ask(&mut line, b"a LOGOUT\r\n");
            } else {
                // No TLS: it says so and ends.
                stream.write_all(b"a LOGOUT\r\n").unwrap();
                stream.read_to_end(&mut Vec::new()).ok();
            }
        }
    }
}

impl Drop for Cyrus {
    fn drop(&mut self) {
        // The master ends its services before itself.
        Command::new("kill").arg(self.server.id().to_string()).status().ok();
        self.server.wait().ok();
    }
}

/// How often a command is tried that meets another one at the same mailbox.
const TRIES: usize = 5;

fn ask(line: &mut BufReader<TcpStream>, command: &[u8]) {
    let mut said = String::new();
    for _ in 0..TRIES {
        line.get_mut().write_all(command).unwrap();
        said = answer(line, "a ");
        // Two that come at once both make the INBOX, and the later one hears that it is there.
        if !said.contains("Mailbox already exists") {
            break;
        }
    }
    let name = command.split(|byte| *byte == b'\r').next().unwrap_or_default();
    assert!(said.starts_with("a OK"), "{said} to {}", String::from_utf8_lossy(name));
}

fn answer(line: &mut BufReader<TcpStream>, start: &str) -> String {
    loop {
        let mut said = String::new();
        assert!(line.read_line(&mut said).unwrap() > 0, "Cyrus hung up");
        if said.starts_with(start) {
            return said;
        }
    }
}

/// Of the system account that the server runs as: root cannot be it.
fn id(what: &str) -> String {
    let ask = |arguments: &[&str]| {
        String::from_utf8(Command::new("id").args(arguments).output().unwrap().stdout).unwrap().trim().to_owned()
    };
    if ask(&["-u"]) == "0" { ask(&[what, "nobody"]) } else { ask(&[what]) }
}

/// The part of `saslauthd`: whoever asks is let in.
fn say_yes(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    fs::set_permissions(socket, fs::Permissions::from_mode(0o777)).unwrap();
    std::thread::spawn(move || {
        for mut asked in listener.incoming().flatten() {
            let mut question = [0; 4096];
            if asked.read(&mut question).is_ok() {
                asked.write_all(b"\x00\x02OK").ok();
            }
        }
    });
}

fn settings(dir: &Path, user: &str, group: &str) -> String {
    let dir = dir.display();
    format!(
        "configdirectory: {dir}/conf
defaultpartition: default
partition-default: {dir}/spool
cyrus_user: {user}
cyrus_group: {group}
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: {dir}/auth
sasl_mech_list: PLAIN LOGIN
allowplaintext: yes
autocreate_quota: 0
autocreate_users: anyone
unixhierarchysep: yes
delete_mode: immediate
admins: {ADMIN}
tls_server_cert: {dir}/cert.pem
tls_server_key: {dir}/key.pem
virtdomains: off
"
    )
}

fn services(dir: &Path, programs: &Path, port: u16, tls_port: u16) -> String {
    let (dir, programs) = (dir.display(), programs.display());
    format!(
        "START {{
  recover cmd=\"{programs}/ctl_cyrusdb -C {dir}/imapd.conf -r\"
}}
SERVICES {{
  imap cmd=\"{programs}/imapd -C {dir}/imapd.conf\" listen=\"127.0.0.1:{port}\" proto=tcp4 prefork=0
  imaps cmd=\"{programs}/imapd -s -C {dir}/imapd.conf\" listen=\"127.0.0.1:{tls_port}\" proto=tcp4 prefork=0
}}
DAEMON {{
  idled cmd=\"{programs}/idled -C {dir}/imapd.conf\"
}}
"
    )
}
