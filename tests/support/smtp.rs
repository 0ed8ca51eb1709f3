//! Mail servers for tests: a real one (Exim, as Debian ships it) and one that misbehaves on demand.
//!
//! Exim runs in a folder of its own on free ports of the loopback, with a certificate for
//! `localhost`, wants TLS and a login, and keeps whatever it takes. Started by root it runs as
//! `nobody`. Where it is missing the tests fail and name the command that installs it.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The login that the server takes.
pub const USER: &str = "lotse";
/// Its password.
pub const PASSWORD: &str = "secret";

const EXIM: &str = "/usr/sbin/exim4";

/// A running mail server; dropped, it stops.
pub struct SmtpServer {
    folder: tempfile::TempDir,
    account: Account,
    server: Option<Child>,
    port: u16,
    implicit_port: u16,
}

/// A mail that the server took.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// To whom it went.
    pub rcpt: String,
    /// The mail with what the server put above it (`Received`).
    pub raw: Vec<u8>,
}

/// The system account that the server runs as.
struct Account {
    user: String,
    group: String,
    uid: u32,
    gid: u32,
}

impl SmtpServer {
    /// Starts a server and waits until it listens.
    pub fn start() -> Self {
        assert!(
            Path::new(EXIM).exists(),
            "exim4 is not installed; `tests/run` installs what the tests need (Debian: apt-get install exim4-daemon-light)"
        );
        let folder = tempfile::Builder::new().prefix("lotse-").tempdir_in("/tmp").unwrap();
        let account = Account::for_server(folder.path());
        let (port, implicit_port) = (free_port(), free_port());
        for part in ["spool", "log", "mail"] {
            fs::create_dir(folder.path().join(part)).unwrap();
        }
        make_certificate(folder.path());
        fs::write(folder.path().join("exim.conf"), settings(folder.path(), &account, port, implicit_port)).unwrap();
        account.own(folder.path());
        let mut server = Self { folder, account, server: None, port, implicit_port };
        server.start_again();
        server
    }

    /// The port for STARTTLS.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port for TLS from the first byte.
    pub fn implicit_port(&self) -> u16 {
        self.implicit_port
    }

    /// The server's own certificate (for `localhost` and `127.0.0.1`), a PEM file.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// Kills the server with all its connections.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // Its group, so that the processes that serve connections end as well.
        let group = format!("-{}", server.id());
        Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status().ok();
        server.wait().ok();
    }

    /// Starts it on the same ports, with the mails it had.
    pub fn start_again(&mut self) {
        assert!(self.server.is_none(), "it runs");
        let mut command = Command::new(EXIM);
        command.arg("-C").arg(self.folder.path().join("exim.conf")).arg("-bdf").process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if self.account.is_other() {
            command.uid(self.account.uid).gid(self.account.gid);
        }
        self.server = Some(command.spawn().unwrap());
        let until = Instant::now() + Duration::from_secs(20);
        let listens = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        while !(listens(self.port) && listens(self.implicit_port)) {
            let ended = self.server.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "exim does not start: {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    /// What it took so far, one for each receiver, in the order of arrival.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        let Ok(folder) = fs::read_dir(self.folder.path().join("mail/new")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
        files.sort_by_key(|path| {
            let about = fs::metadata(path).unwrap();
            (about.mtime(), about.mtime_nsec(), path.clone())
        });
        files.iter().map(|path| received(&fs::read(path).unwrap())).collect()
    }

    /// Waits for this many mails.
    pub fn wait_for(&self, count: usize) -> Vec<ReceivedMail> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            assert!(Instant::now() < until, "{} mails instead of {count}: {}", mails.len(), self.log());
            sleep(Duration::from_millis(10));
        }
    }

    /// What the server logged; also for the message of a failing test.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/mainlog")).unwrap_or_default()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Splits off the line with the receiver, which the server puts on top.
fn received(stored: &[u8]) -> ReceivedMail {
    let end = stored.iter().position(|byte| *byte == b'\n').unwrap();
    let first = String::from_utf8(stored[..end].to_vec()).unwrap();
    let rcpt = first.strip_prefix("Envelope-to: ").unwrap().trim().to_owned();
    ReceivedMail { rcpt, raw: stored[end + 1..].to_vec() }
}

impl Account {
    /// The account that owns `folder`, which we just made; for root it is `nobody`.
    fn for_server(folder: &Path) -> Self {
        let id = |arguments: &[&str]| {
            let out = Command::new("id").args(arguments).output().unwrap();
            String::from_utf8(out.stdout).unwrap().trim().to_owned()
        };
        let who: &[&str] = if fs::metadata(folder).unwrap().uid() == 0 { &["nobody"] } else { &[] };
        let ask = |what| id(&[&[what], who].concat());
        Self { user: ask("-un"), group: ask("-gn"), uid: ask("-u").parse().unwrap(), gid: ask("-g").parse().unwrap() }
    }

    /// Whether it is another one than ours.
    fn is_other(&self) -> bool {
        fs::metadata("/proc/self").unwrap().uid() != self.uid
    }

    /// Gives a folder with all in it to the account.
    fn own(&self, path: &Path) {
        chown(path, Some(self.uid), Some(self.gid)).unwrap();
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                self.own(&entry.unwrap().path());
            }
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A self-signed certificate that is no authority, so that TLS clients accept it as a server's.
fn make_certificate(folder: &Path) {
    let arguments = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem \
                     -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
                     -addext basicConstraints=critical,CA:FALSE";
    let out = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output().unwrap();
    assert!(out.status.success(), "openssl: {}", String::from_utf8_lossy(&out.stderr));
}

fn settings(dir: &Path, account: &Account, port: u16, implicit_port: u16) -> String {
    let (dir, user, group) = (dir.display(), &account.user, &account.group);
    format!(
        "exim_path = {EXIM}
keep_environment =
exim_user = {user}
exim_group = {group}
deliver_drop_privilege = true
primary_hostname = localhost
spool_directory = {dir}/spool
log_file_path = {dir}/log/%slog
pid_file_path = {dir}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port} : {implicit_port}
tls_on_connect_ports = {implicit_port}
tls_advertise_hosts = *
log_selector = +incoming_port
tls_certificate = {dir}/cert.pem
tls_privatekey = {dir}/key.pem
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
message_size_limit = 20M
acl_smtp_rcpt = receiver
acl_smtp_data = content

begin acl
receiver:
  deny !authenticated = *
       message = 5.7.0 log in first
  deny local_parts = unknown
       message = 5.1.1 no such user
  defer local_parts = busy
       message = 4.2.1 mailbox busy
  accept
content:
  accept

begin routers
everybody:
  driver = accept
  transport = keep

begin transports
keep:
  driver = appendfile
  directory = {dir}/mail
  maildir_format
  create_directory
  envelope_to_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{USER}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = ${{if def:tls_in_cipher}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{USER}}}}}{{eq{{$auth2}}{{{PASSWORD}}}}}}}}}
  server_set_id = $auth1
  server_advertise_condition = ${{if def:tls_in_cipher}}
"
    )
}

/// What a scripted server does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Says this (without the line end).
    Say(&'static str),
    /// Closes the connection.
    Cut,
    /// Says nothing more.
    Hang,
}

/// A server without TLS that does on cue what real ones do only in bad hours.
pub struct ScriptedSmtp {
    port: u16,
    seen: Arc<Mutex<Seen>>,
}

/// What a scripted server saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Connections so far.
    pub connections: usize,
    /// First words of all commands.
    pub commands: Vec<String>,
    /// All mails that came whole, whatever was answered.
    pub mails: Vec<String>,
}

impl ScriptedSmtp {
    /// `script` is asked with the number of the connection (from 1) and `""` for the greeting, the
    /// first word of a command, or `"."` after a whole mail; `None` is what a friendly server does.
    pub fn start(script: impl Fn(usize, &str) -> Option<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, script) = (Arc::new(Mutex::new(Seen::default())), Arc::new(script));
        let to_seen = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, script) = (Arc::clone(&to_seen), Arc::clone(&script));
                std::thread::spawn(move || serve(&stream.unwrap(), &seen, &*script));
            }
        });
        Self { port, seen }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it saw so far.
    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(stream: &TcpStream, seen: &Mutex<Seen>, script: &dyn Fn(usize, &str) -> Option<Act>) {
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.connections += 1;
        seen.connections
    };
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut cue = String::new();
    loop {
        match script(number, &cue).unwrap_or_else(|| friendly(&cue)) {
            Act::Say(answer) => {
                let mut stream = stream;
                if stream.write_all(format!("{answer}\r\n").as_bytes()).is_err() || answer.starts_with("221") {
                    return;
                }
                if cue == "DATA" && answer.starts_with('3') {
                    let Some(mail) = whole_mail(&mut reader) else { return };
                    seen.lock().unwrap().mails.push(mail);
                    ".".clone_into(&mut cue);
                    continue;
                }
            }
            Act::Cut => return,
            Act::Hang => {
                reader.read_to_end(&mut Vec::new()).ok();
                return;
            }
        }
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        cue = line.split_whitespace().next().unwrap_or("?").to_uppercase();
        seen.lock().unwrap().commands.push(cue.clone());
    }
}

fn friendly(cue: &str) -> Act {
    Act::Say(match cue {
        "" => "220 scripted",
        "EHLO" => "250-scripted\r\n250 AUTH PLAIN LOGIN",
        "AUTH" => "235 2.7.0 welcome",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 2.0.0 fine",
    })
}

fn whole_mail(reader: &mut impl BufRead) -> Option<String> {
    let mut mail = String::new();
    while !mail.ends_with("\r\n.\r\n") {
        if reader.read_line(&mut mail).unwrap_or(0) == 0 {
            return None;
        }
    }
    mail.truncate(mail.len() - 3);
    Some(mail)
}
