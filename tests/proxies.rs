//! The reverse proxies of the README carry posts by HTTPS to the shipped binary: with the examples as they
//! stand there, but for names, ports and certificates.
//!
//! Caddy and nginx are Debian's; where one is missing, its test says so and passes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::daemon::Daemon;
use support::readme;

const SETTINGS: &str = "[channels.website]\nkind = \"webhook\"\nrate = \"2/h\"\n\
                        [owners.anna]\nnotify = [\"out\"]\n[notify.out]\nkind = \"file\"\npath = \"out\"\n\
                        [teams.sales]\nmembers = [\"anna\"]\ndefault = true\n";

/// The program; `None`, said aloud, where it is not to be had.
fn find(variable: &str, usual: &str) -> Option<PathBuf> {
    let given = std::env::var_os(variable).map(PathBuf::from);
    let found = given.or_else(|| Some(PathBuf::from(usual)).filter(|path| path.exists()));
    if found.is_none() {
        eprintln!("skipped: {usual} is not here (install Debian's package, or {variable}=/path)");
    }
    found
}

/// A proxy that runs; dropped, it ends.
struct Proxy {
    child: Child,
    port: u16,
}

impl Proxy {
    fn start(mut command: Command, port: u16, log: &Path) -> Self {
        let log = fs::File::create(log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Self { child, port }
    }

    /// Posts with curl from an address of this machine; says status and body. Status 0: no answer.
    fn post(&self, from: &str, arguments: &[&str]) -> (u16, String) {
        let address = format!("https://localhost:{}/hooks/website", self.port);
        let output = Command::new("curl")
            .args(["-sk", "-4", "--max-time", "60", "--interface", from, "-w", "\n%{http_code}"])
            .args(arguments)
            .arg(address)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Asked kindly, nginx ends its workers, too.
        Command::new("kill").arg(self.child.id().to_string()).status().ok();
        self.child.wait().ok();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A daemon that believes a proxy at 127.0.0.1.
fn daemon() -> Daemon {
    let mut daemon = Daemon::with(SETTINGS);
    let file = daemon.path("lotse.toml");
    let settings = fs::read_to_string(&file).unwrap();
    let believing = settings.replacen("[http]\n", "[http]\ntrusted_proxies = [\"127.0.0.1/32\"]\n", 1);
    fs::write(&file, believing).unwrap();
    daemon.start();
    daemon
}

/// What holds behind either proxy.
fn prove(daemon: &Daemon, proxy: &Proxy, log: &Path) {
    let form = |n: usize| format!("email=p{n}@proxy.example&message=hello");
    let started = Instant::now();
    let (status, body) = loop {
        let answer = proxy.post("127.0.0.2", &["-d", &form(0)]);
        let waited = started.elapsed() < Duration::from_mins(1);
        if answer.0 != 0 && answer.0 != 502 {
            break answer;
        }
        assert!(waited, "the proxy does not answer: {}", fs::read_to_string(log).unwrap());
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(status == 200 && body.contains("receipt"), "{status} {body}");
    // Each visitor has a rate of their own, and nobody can pretend to be another.
    assert_eq!(proxy.post("127.0.0.2", &["-d", &form(1)]).0, 200);
    assert_eq!(proxy.post("127.0.0.2", &["-d", &form(2)]).0, 429);
    assert_eq!(proxy.post("127.0.0.2", &["-H", "X-Forwarded-For: 198.51.100.7", "-d", &form(2)]).0, 429);
    // The largest body that Lotse takes comes through, and one that is larger is Lotse's to refuse.
    let (large, larger) = (daemon.path("large"), daemon.path("larger"));
    fs::write(&large, vec![b'x'; (25 << 20) - 1000]).unwrap();
    fs::write(&larger, vec![b'x'; (25 << 20) - 100]).unwrap();
    let file = |path: &Path| format!("file=@{}", path.display());
    assert_eq!(proxy.post("127.0.0.3", &["-F", "email=large@proxy.example", "-F", &file(&large)]).0, 200);
    let (status, body) = proxy.post("127.0.0.3", &["-F", &file(&larger)]);
    assert!(status == 413 && body.contains("The body is larger than"), "{status} {body}");
    assert_eq!(daemon.json(&["leads", "list"]).len(), 3);
}

#[test]
fn caddy_carries_posts_by_https() {
    let Some(caddy) = find("LOTSE_CADDY", "/usr/bin/caddy") else { return };
    let (mut daemon, port) = (daemon(), free_port());
    let options = format!(
        "{{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tstorage file_system \"{}\"\n}}\n",
        daemon.path("caddy").display()
    );
    let site = readme::block("caddy", "reverse_proxy")
        .replacen("leads.example.com {", &format!("https://localhost:{port} {{\n\ttls internal"), 1)
        .replacen("127.0.0.1:8080", &daemon.public().to_string(), 1);
    let (file, log) = (daemon.path("Caddyfile"), daemon.path("caddy.log"));
    fs::write(&file, options + &site).unwrap();
    let mut run = Command::new(caddy);
    run.args(["run", "--adapter", "caddyfile", "--config"]).arg(&file).env("HOME", daemon.folder.path());
    let proxy = Proxy::start(run, port, &log);
    prove(&daemon, &proxy, &log);
    drop(proxy);
    assert!(daemon.stop().0.success());
}

#[test]
fn nginx_carries_posts_by_https() {
    let Some(nginx) = find("LOTSE_NGINX", "/usr/sbin/nginx") else { return };
    let (mut daemon, port) = (daemon(), free_port());
    let folder = daemon.folder.path().display().to_string();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-keyout", "privkey.pem", "-out", "fullchain.pem"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let server = readme::block("nginx", "proxy_pass")
        .replacen("443", &port.to_string(), 1)
        .replacen("leads.example.com", "localhost", 1)
        .replace("/etc/letsencrypt/live/leads.example.com", &folder)
        .replacen("127.0.0.1:8080", &daemon.public().to_string(), 1);
    let own = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {folder}/{what};\n"))
        .concat();
    // As root it would give its work to a user who may not read this folder.
    let user = if rustix::process::getuid().is_root() { "user root;\n" } else { "" };
    let (file, log) = (daemon.path("nginx.conf"), daemon.path("nginx.log"));
    let around = format!("{user}daemon off;\npid {folder}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{own}");
    fs::write(&file, format!("{around}{server}}}\n")).unwrap();
    let mut run = Command::new(nginx);
    run.args(["-e", "stderr", "-p", &folder, "-c"]).arg(&file);
    let proxy = Proxy::start(run, port, &log);
    prove(&daemon, &proxy, &log);
    drop(proxy);
    assert!(daemon.stop().0.success());
}
