//! A real IMAP server for tests: Dovecot in a folder of its own, on free ports of the loopback.
//!
//! Every user name is an account with the password `secret` and a mailbox of its own, so tests can
//! share one server. Dovecot refuses to work as root; started by root it runs as `nobody`. Where it
//! is missing the tests fail and name the command that installs it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

/// The password of every account.
pub(crate) const PASSWORD: &str = "secret";

/// A running server; dropped, it stops.
pub(crate) struct Dovecot {
    folder: tempfile::TempDir,
    server: Child,
    imaps: u16,
    imap: u16,
    account: Account,
}

/// The system account that the server runs as.
struct Account {
    user: String,
    group: String,
    uid: u32,
    gid: u32,
}

static DELIVERIES: AtomicU64 = AtomicU64::new(0);

impl Dovecot {
    /// Starts a server and waits until it listens.
    pub(crate) fn start() -> Self {
        Self::with(|settings, _| settings)
    }

    /// Starts a server that offers these capabilities and no others.
    #[allow(dead_code, reason = "not every test cares")]
    pub(crate) fn offering(capabilities: &str) -> Self {
        Self::with(|settings, _| format!("{settings}imap_capability = {capabilities}\n"))
    }

    /// Starts a server that also takes access tokens with these mechanisms, and asks
    /// `http://127.0.0.1:PORT/introspect` about each.
    #[allow(dead_code, reason = "not every test has tokens")]
    pub(crate) fn with_tokens(mechanisms: &str, port: u16) -> Self {
        Self::with(|settings, dir| {
            let file = dir.join("oauth2.conf");
            fs::write(&file, introspection(port)).unwrap();
            let passwords = "  driver = static\n  args = password";
            let by_password = "  driver = static\n  mechanisms = plain login\n  args = password";
            assert!(settings.contains(passwords));
            format!(
                "{}auth_mechanisms = plain login {mechanisms}\npassdb {{\n  driver = oauth2\n  mechanisms = {mechanisms}\n  args = {}\n}}\nservice auth {{\n  chroot =\n}}\n",
                settings.replace(passwords, by_password),
                file.display()
            )
        })
    }

    fn with(change: impl FnOnce(String, &Path) -> String) -> Self {
        let installed = Command::new("dovecot").arg("--version").stdout(Stdio::null()).status();
        assert!(
            installed.is_ok_and(|status| status.success()),
            "dovecot is not installed; `tests/run` installs what the tests need (Debian: apt-get install dovecot-imapd)"
        );
        // Socket paths must be short, so the folder lies directly under /tmp.
        let folder = tempfile::Builder::new().prefix("lotse-").tempdir_in("/tmp").unwrap();
        let account = Account::for_server();
        let (imap, imaps) = (free_port(), free_port());
        let dir = folder.path();
        for part in ["base", "log", "mail", "ssl"] {
            fs::create_dir(dir.join(part)).unwrap();
        }
        make_certificate(&dir.join("ssl"));
        let settings = change(settings(dir, &account, imap, imaps), dir);
        fs::write(dir.join("dovecot.conf"), settings).unwrap();
        account.own(dir);
        let server = launch(&account, dir);
        let mut dovecot = Self { folder, server, imaps, imap, account };
        dovecot.wait_until_it_listens();
        dovecot
    }

    /// Stops the server, and all its sessions with it.
    pub(crate) fn stop(&mut self) {
        let pid = self.master();
        signal("-TERM", pid);
        let until = Instant::now() + Duration::from_secs(10);
        while matches!(self.server.try_wait(), Ok(None)) {
            if Instant::now() > until {
                signal("-KILL", pid);
                drop(self.server.kill());
            }
            sleep(Duration::from_millis(20));
        }
    }

    /// Starts a stopped server on the same ports and mailboxes.
    pub(crate) fn start_again(&mut self) {
        self.server = launch(&self.account, self.folder.path());
        self.wait_until_it_listens();
    }

    /// The port for TLS from the first byte.
    pub(crate) fn port(&self) -> u16 {
        self.imaps
    }

    /// The port without TLS, which also offers STARTTLS.
    pub(crate) fn plain_port(&self) -> u16 {
        self.imap
    }

    /// The server's own certificate (for `localhost` and `127.0.0.1`), a PEM file.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ssl/cert.pem")
    }

    /// Delivers a mail into a user's INBOX, as a mail server does: written aside, then renamed.
    pub(crate) fn deliver(&self, user: &str, mail: &[u8]) -> PathBuf {
        let maildir = self.maildir(user);
        let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let count = DELIVERIES.fetch_add(1, Ordering::Relaxed);
        let name = format!("{seconds}.M{count:09}P{}.localhost", std::process::id());
        let (aside, delivered) = (maildir.join("tmp").join(&name), maildir.join("new").join(&name));
        fs::write(&aside, mail).unwrap();
        self.account.own(&aside);
        fs::rename(&aside, &delivered).unwrap();
        delivered
    }

    /// Makes the server number a user's INBOX anew, with another UIDVALIDITY.
    pub(crate) fn new_uidvalidity(&self, user: &str) {
        // UIDVALIDITY is the time in seconds, so a second has to pass.
        sleep(Duration::from_millis(1100));
        for entry in fs::read_dir(self.maildir(user)).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("dovecot")) {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// The file names of the mails in a user's INBOX (their flags stand behind `:2,`) with the
    /// folder they lie in, sorted: equal before and after if nothing was touched.
    pub(crate) fn list(&self, user: &str) -> Vec<String> {
        let mut names = Vec::new();
        for part in ["new", "cur"] {
            for entry in fs::read_dir(self.maildir(user).join(part)).unwrap() {
                names.push(format!("{part}/{}", entry.unwrap().file_name().to_string_lossy()));
            }
        }
        names.sort();
        names
    }

    /// Ends the server's side of all sessions, as a crash of them would; says how many there were.
    pub(crate) fn kill_sessions(&self) -> usize {
        let master = self.master();
        let mut killed = 0;
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
            // `4711 (imap) S 4709 …`: name and parent.
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let Some((name, rest)) = stat.rsplit_once(") ") else { continue };
            if name.ends_with("(imap") && rest.split(' ').nth(1) == Some(&master.to_string()) {
                killed += usize::from(signal("-KILL", pid));
            }
        }
        killed
    }

    /// The folder of a user's INBOX; made when missing.
    pub(crate) fn maildir(&self, user: &str) -> PathBuf {
        let maildir = self.folder.path().join("mail").join(user).join("Maildir");
        if !maildir.join("tmp").exists() {
            self.make_folder(&maildir);
            self.account.own(&self.folder.path().join("mail").join(user));
        }
        maildir
    }

    /// Delivers a mail into another folder, given under the name of its Maildir (`.Messe.K&APY-ln`).
    #[allow(dead_code, reason = "not every test has further folders")]
    pub(crate) fn deliver_to(&self, user: &str, folder: &str, mail: &[u8]) -> PathBuf {
        self.move_to(&self.deliver(user, mail), user, folder)
    }

    /// Moves a delivered mail to another folder, as a colleague does.
    #[allow(dead_code, reason = "not every test has further folders")]
    pub(crate) fn move_to(&self, mail: &Path, user: &str, folder: &str) -> PathBuf {
        let there = self.maildir(user).join(folder);
        if !there.join("tmp").exists() {
            self.make_folder(&there);
        }
        let moved = there.join("new").join(mail.file_name().unwrap());
        fs::rename(mail, &moved).unwrap();
        moved
    }

    /// Makes a folder as a Maildir.
    pub(crate) fn make_folder(&self, folder: &Path) {
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        self.account.own(folder);
    }

    /// What the server logged; for the message of a failing test.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/dovecot.log")).unwrap_or_default()
    }

    /// The process id of the server itself (started by root it is not our child).
    fn master(&self) -> u32 {
        let pid = fs::read_to_string(self.folder.path().join("base/master.pid")).unwrap_or_default();
        pid.trim().parse().unwrap_or(self.server.id())
    }

    fn wait_until_it_listens(&mut self) {
        let until = Instant::now() + Duration::from_secs(20);
        let listens = |port| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        while !(listens(self.imap) && listens(self.imaps)) {
            let ended = self.server.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "dovecot does not start: {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if matches!(self.server.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

impl Account {
    fn for_server() -> Self {
        let id = |arguments: &[&str]| {
            let out = Command::new("id").args(arguments).output().unwrap();
            String::from_utf8(out.stdout).unwrap().trim().to_owned()
        };
        let who: &[&str] = if id(&["-u"]) == "0" { &["nobody"] } else { &[] };
        let ask = |what| id(&[&[what], who].concat());
        Self { user: ask("-un"), group: ask("-gn"), uid: ask("-u").parse().unwrap(), gid: ask("-g").parse().unwrap() }
    }

    /// Gives a file, or a folder with all in it, to the account.
    fn own(&self, path: &Path) {
        chown(path, Some(self.uid), Some(self.gid)).unwrap();
        if path.is_dir() {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
            for entry in fs::read_dir(path).unwrap() {
                self.own(&entry.unwrap().path());
            }
        }
    }

    /// A command that runs as the account.
    fn command(&self, program: &str) -> Command {
        let out = Command::new("id").arg("-u").output().unwrap();
        if String::from_utf8_lossy(&out.stdout).trim() != "0" {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", &self.user, "--", program]);
        command
    }
}

fn launch(account: &Account, dir: &Path) -> Child {
    let mut server = account.command("dovecot");
    server.arg("-F").arg("-c").arg(dir.join("dovecot.conf"));
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn signal(which: &str, pid: u32) -> bool {
    Command::new("kill").args([which, &pid.to_string()]).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A self-signed certificate that is no authority, so that TLS clients accept it as a server's.
pub(crate) fn make_certificate(folder: &Path) {
    let arguments = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj /CN=localhost \
                     -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE";
    let out = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output().unwrap();
    assert!(out.status.success(), "openssl: {}", String::from_utf8_lossy(&out.stderr));
}

/// How the server asks about a token.
fn introspection(port: u16) -> String {
    format!(
        "introspection_mode = post
introspection_url = http://127.0.0.1:{port}/introspect
username_attribute = email
active_attribute = active
active_value = true
openid_configuration_url = http://127.0.0.1:{port}/.well-known/openid-configuration
client_id = dovecot
client_secret = s3cret
use_grant_password = no
force_introspection = yes
"
    )
}

fn settings(dir: &Path, account: &Account, imap: u16, imaps: u16) -> String {
    let (dir, user, group) = (dir.display(), &account.user, &account.group);
    format!(
        "base_dir = {dir}/base
state_dir = {dir}/base
log_path = {dir}/log/dovecot.log
info_log_path = {dir}/log/dovecot.log
debug_log_path = {dir}/log/dovecot.log
instance_name = lotse-test
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_home = {dir}/mail/%u
mail_location = maildir:~/Maildir
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 0
first_valid_gid = 0
ssl = yes
ssl_cert = <{dir}/ssl/cert.pem
ssl_key = <{dir}/ssl/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 1000
mailbox_idle_check_interval = 1 secs
shutdown_clients = yes
namespace inbox {{
  inbox = yes
  mailbox Aussortiert {{
    special_use = \\Junk
  }}
}}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={dir}/mail/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
"
    )
}
