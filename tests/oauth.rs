//! Mailboxes that are opened with access tokens: a real Dovecot that asks a provider about them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its tasks end with it"
)]

#[allow(dead_code, reason = "other tests look at more of it")]
#[path = "support/desk.rs"]
mod desk;
#[path = "support/provider.rs"]
mod provider;
#[path = "support/running.rs"]
mod running;
mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use desk::Desk;
use lotse::channels::Error;
use lotse::channels::imap::oauth2::{self, Grant};
use lotse::channels::imap::{After, Config, Login, Mailbox, Start};
use lotse::config::{Secret, Tls};
use lotse::lead::Name;
use provider::Provider;
use running::Running;
use support::daemon::{Daemon, binary};
use support::dovecot::Dovecot;

const BOTH: &str = "xoauth2 oauthbearer";

fn config(server: &Dovecot, provider: &Provider, user: &str, grant: Grant) -> Config {
    let oauth2 = oauth2::Config {
        token_url: provider.url("token").parse().unwrap(),
        device_url: Some(provider.url("device").parse().unwrap()),
        client_id: "us".to_owned(),
        client_secret: Some(Secret::new("hush")),
        client_secret_expires: None,
        scope: Some("mail".to_owned()),
        grant,
        ca_file: None,
    };
    Config {
        host: "localhost".to_owned(),
        port: server.port(),
        tls: Tls::Implicit,
        ca_file: Some(server.ca_file()),
        username: user.to_owned(),
        login: Login::OAuth2(Box::new(oauth2)),
        folder: "INBOX".to_owned(),
        further: Vec::new(),
        max_size: 40 << 20,
        authserv_id: Vec::new(),
        start: Start::All,
        timeout: Duration::from_secs(15),
        poll: Duration::from_secs(1),
        after: After::Keep,
        silence_after: Duration::from_mins(15),
    }
}

fn signed_in() -> Grant {
    Grant::RefreshToken(Some(Secret::new("refresh-token-0")))
}

fn mail(subject: &str) -> Vec<u8> {
    format!(
        "From: Ada <ada@firma.example>\r\nTo: sales@example.com\r\nSubject: {subject}\r\n\
         Message-ID: <{subject}@firma.example>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nHello\r\n"
    )
    .into_bytes()
}

/// Waits until `test` holds.
async fn until(what: &str, mut test: impl FnMut() -> bool) {
    let start = Instant::now();
    while !test() {
        assert!(start.elapsed() < Duration::from_mins(1), "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_the_mailbox_by_whichever_mechanism_the_server_offers() {
    for mechanisms in [BOTH, "oauthbearer", "xoauth2"] {
        let provider = Provider::start("sales@example.com");
        let (server, desk) = (Dovecot::with_tokens(mechanisms, provider.port), Desk::new());
        server.deliver("sales@example.com", &mail("one"));
        let running = Running::start(config(&server, &provider, "sales@example.com", signed_in()), &desk);
        desk.wait_for(1).await;
        running.looked().await;
        assert!(running.stop().await.0.is_empty(), "{mechanisms}");
        let form = provider.set(|knobs| knobs.forms.clone()).pop().unwrap();
        let sent: Vec<(&str, &str)> = form.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(
            sent,
            [
                ("client_id", "us"),
                ("client_secret", "hush"),
                ("grant_type", "refresh_token"),
                ("refresh_token", "refresh-token-0"),
                ("scope", "mail")
            ]
        );
        assert_eq!(provider.asked(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_server_refuses_is_renewed_once_and_then_the_login_is_given_up() {
    let provider = Provider::start("sales@example.com");
    for mechanism in ["xoauth2", "oauthbearer"] {
        provider.set(|knobs| knobs.forms.clear());
        let (server, desk) = (Dovecot::with_tokens(mechanism, provider.port), Desk::new());
        let running = Running::start(config(&server, &provider, "sales@example.com", signed_in()), &desk);
        running.looked().await;
        assert_eq!(provider.asked(), 1);
        // The server takes the token for expired, and the connection ends: a new login meets the challenge.
        provider.set(|knobs| knobs.good.clear());
        assert!(server.kill_sessions() > 0);
        until("the token is renewed", || provider.asked() == 2).await;
        server.deliver("sales@example.com", &mail("one"));
        desk.wait_for(1).await;
        running.looked().await;
        let errors = running.stop().await.0;
        assert!(matches!(errors.as_slice(), [Error::Unreachable { .. }]), "the lost session alone: {errors:?}");
        assert_eq!(provider.asked(), 2);

        // The tokens open another mailbox: one that was issued just now is not renewed.
        let settings = config(&server, &provider, "other@example.com", signed_in());
        let error = Mailbox::new(Name::parse("sales").unwrap(), settings).probe(Some(&desk.door)).await.unwrap_err();
        let told = error.to_string();
        assert!(matches!(error, Error::Refused { .. }) && told.contains("AUTHENTICATIONFAILED"), "{told}");
        assert!(!told.contains("token-"), "{told}");
        assert_eq!(provider.asked(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_sign_in_is_told_at_once_and_mail_flows_while_the_token_is_good() {
    let provider = Provider::start("sales@example.com");
    provider.set(|knobs| knobs.lasts = 4);
    let (server, desk) = (Dovecot::with_tokens(BOTH, provider.port), Desk::new());
    let running = Running::start(config(&server, &provider, "sales@example.com", signed_in()), &desk);
    running.looked().await;
    until("the token is renewed ahead of its end", || provider.asked() >= 2).await;
    assert_eq!(running.state().state, "ok");
    provider.set(|knobs| knobs.revoked = true);
    until("the trouble shows", || running.state().state == "trouble").await;
    let told = running.state().last_error.unwrap();
    assert!(
        told.ends_with(
            "the sign-in has ended or was withdrawn; sign in again with `lotse mailbox sign-in sales` (invalid_grant: the token … has been revoked)"
        ),
        "{told}"
    );
    server.deliver("sales@example.com", &mail("one"));
    desk.wait_for(1).await;
    let failed_at = running.state().last_error_at;
    until("it counts as checked", || running.state().last_ok > failed_at).await;
    let state = running.state();
    assert_eq!((state.state, state.refused), ("trouble", true), "reading on does not hide it");
    assert!(running.stop().await.0.is_empty(), "the session was not given up");

    let settings = config(&server, &provider, "sales@example.com", signed_in());
    let error = Mailbox::new(Name::parse("sales").unwrap(), settings).probe(Some(&desk.door)).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_is_out_of_order_the_old_token_is_used_and_then_renewed() {
    let provider = Provider::start("sales@example.com");
    provider.set(|knobs| knobs.lasts = 40);
    let (server, desk) = (Dovecot::with_tokens(BOTH, provider.port), Desk::new());
    let running = Running::start(config(&server, &provider, "sales@example.com", signed_in()), &desk);
    running.looked().await;
    provider.set(|knobs| knobs.down = true);
    until("the trouble shows", || running.state().state == "trouble").await;
    let told = running.state().last_error.unwrap();
    assert!(told.ends_with("cannot get an access token from 127.0.0.1: it answered 503 Service Unavailable"), "{told}");
    // Even a new connection is opened with the token that is still good.
    assert!(server.kill_sessions() > 0);
    server.deliver("sales@example.com", &mail("one"));
    desk.wait_for(1).await;
    provider.set(|knobs| knobs.down = false);
    until("all is well again", || running.state().state == "ok").await;
    let errors = running.stop().await.0;
    assert!(errors.iter().all(|error| matches!(error, Error::Unreachable { .. })), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_a_right_of_its_own_opens_a_shared_mailbox() {
    let provider = Provider::start("info@example.com");
    let (server, desk) = (Dovecot::with_tokens("xoauth2", provider.port), Desk::new());
    server.deliver("info@example.com", &mail("one"));
    let settings = config(&server, &provider, "info@example.com", Grant::ClientCredentials);
    let mailbox = Mailbox::new(Name::parse("sales").unwrap(), settings.clone());
    assert!(mailbox.probe(None).await.unwrap().starts_with("logged in to localhost as `info@example.com`"));
    let running = Running::start(settings.clone(), &desk);
    desk.wait_for(1).await;
    running.stop().await;
    let form = provider.set(|knobs| knobs.forms.clone()).pop().unwrap();
    assert_eq!((form["grant_type"].as_str(), form.contains_key("refresh_token")), ("client_credentials", false));

    let Login::OAuth2(mut oauth2) = settings.login.clone() else { panic!() };
    oauth2.client_secret = Some(Secret::new("expired"));
    let wrong = Config { login: Login::OAuth2(oauth2), ..settings };
    let told = Mailbox::new(Name::parse("sales").unwrap(), wrong).probe(None).await.unwrap_err().to_string();
    assert!(told.contains("has the secret expired? (invalid_client: wrong secret)"), "{told}");
}

/// Settings of a daemon whose mailbox is opened with tokens.
fn settings(server: &Dovecot, provider: &Provider, more: &str) -> String {
    format!(
        "[organisation]\ndomains = [\"example.com\"]\n[channels.sales]\nkind = \"imap\"\nhost = \"localhost\"\nport = {}\n\
         ca_file = \"{}\"\nusername = \"sales@example.com\"\nstart = \"all\"\npoll = \"1s\"\n[channels.sales.oauth2]\n\
         token_url = \"{}\"\ndevice_url = \"{}\"\nclient_id = \"us\"\n{more}\n",
        server.port(),
        server.ca_file().display(),
        provider.url("token"),
        provider.url("device"),
    )
}

fn state(daemon: &Daemon) -> String {
    daemon.object(&["status"])["channels"]["sales"]["state"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_newest_refresh_token_survives_kill_9_and_shows_nowhere() {
    let provider = Provider::start("sales@example.com");
    provider.set(|knobs| {
        knobs.rotate = true;
        knobs.lasts = 4;
    });
    let server = Dovecot::with_tokens(BOTH, provider.port);
    let mut daemon = Daemon::with(&settings(&server, &provider, "refresh_token = \"refresh-token-0\""));
    daemon.start();
    for round in 1..=3 {
        server.deliver("sales@example.com", &mail(&format!("mail-{round}")));
        let limit = Duration::from_secs(30);
        daemon.until("the mail is a lead", limit, |daemon| daemon.json(&["intake", "list"]).len() >= round);
        let asked = provider.asked();
        daemon.until("the token is renewed", limit, |_| provider.asked() > asked);
        daemon.until("all is well", limit, |daemon| state(daemon) == "ok");
        // Each refresh token works once: with an older one than the newest, nobody gets in again.
        daemon.kill();
        let report = daemon.ok(&["check", "--connect"]);
        assert!(report.contains("channels.sales: logged in to localhost"), "{report}");
        daemon.start();
        let report = daemon.ok(&["check", "--connect"]);
        assert!(report.contains("channels.sales: logged in to localhost"), "{report}");
    }
    let status = daemon.ok(&["status", "--json"]) + &daemon.ok(&["intake", "list", "--json"]);
    assert!(!status.contains("token-") && !daemon.log().contains("token-"), "{status}\n{}", daemon.log());
    let file = std::fs::read(daemon.path("store/leads.redb")).unwrap();
    assert!(!file.windows(14).any(|piece| piece == b"refresh-token-"), "kept encoded");
}

#[test]
fn somebody_signs_in_and_the_mailbox_is_read_at_once() {
    let provider = Provider::start("sales@example.com");
    provider.set(|knobs| knobs.revoked = true);
    let server = Dovecot::with_tokens(BOTH, provider.port);
    server.deliver("sales@example.com", &mail("one"));
    let mut daemon = Daemon::with(&settings(&server, &provider, ""));
    daemon.start();
    let limit = Duration::from_secs(30);
    daemon.until("it says what to do", limit, |daemon| {
        let status = daemon.object(&["status"]);
        let told = status["channels"]["sales"]["last_error"].as_str().unwrap_or_default();
        told.contains("nobody has signed in yet; sign in with `lotse mailbox sign-in sales`")
    });
    let mut sign_in = Command::new(binary())
        .arg("--config")
        .arg(daemon.path("lotse.toml"))
        .args(["mailbox", "sign-in", "sales"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(sign_in.stdout.take().unwrap()).lines();
    let prompt = lines.next().unwrap().unwrap();
    assert!(prompt.contains("https://login.example/device") && prompt.contains("ABCD-EFGH"), "{prompt}");
    daemon.until("the person is waited for", limit, |_| provider.asked() >= 2);
    provider.set(|knobs| knobs.approved = true);
    assert_eq!(lines.next().unwrap().unwrap(), "Signed in. The sign-in for `sales` is kept in the store.");
    assert!(sign_in.wait().unwrap().success());
    daemon.until("the mail is a lead", limit, |daemon| daemon.json(&["intake", "list"]).len() == 1);

    // Without the daemon the sign-in goes into the store just so.
    daemon.kill();
    let said = daemon.ok(&["mailbox", "sign-in", "sales"]);
    assert!(said.ends_with("is kept in the store.\n"), "{said}");
    let newest = provider.set(|knobs| knobs.refresh.clone());
    daemon.start();
    daemon.until("all is well", limit, |daemon| state(daemon) == "ok");
    assert_eq!(provider.set(|knobs| knobs.forms.last().unwrap()["refresh_token"].clone()), newest);

    let refused = daemon.cli(&["mailbox", "sign-in", "slaes"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("there is no channel `slaes`; mailboxes are: sales"), "{told}");
}

#[test]
fn a_sign_in_that_ends_is_told_as_that_and_the_mailbox_is_not_told_as_silent_while_it_is_read() {
    let provider = Provider::start("sales@example.com");
    provider.set(|knobs| knobs.lasts = 4);
    let server = Dovecot::with_tokens(BOTH, provider.port);
    let settings = settings(&server, &provider, "refresh_token = \"refresh-token-0\"");
    let mut daemon = Daemon::with(&settings.replace("poll = \"1s\"", "poll = \"1s\"\nsilence_after = \"4s\""));
    let alarms = |daemon: &Daemon| -> Vec<(String, String)> {
        let status = daemon.object(&["status"]);
        let text = |alarm: &serde_json::Value, key: &str| alarm[key].as_str().unwrap_or_default().to_owned();
        status["alarms"].as_array().unwrap().iter().map(|alarm| (text(alarm, "cause"), text(alarm, "error"))).collect()
    };
    let limit = Duration::from_mins(1);
    daemon.start();
    daemon.until("all is well", limit, |daemon| state(daemon) == "ok");
    provider.set(|knobs| knobs.down = true);
    daemon.until("the provider is told", limit, |daemon| !alarms(daemon).is_empty());
    std::thread::sleep(Duration::from_secs(6));
    let told = alarms(&daemon);
    assert_eq!((told.len(), told[0].0.as_str()), (1, "unrenewed"), "{told:?}");
    assert!(told[0].1.ends_with("it answered 503 Service Unavailable"), "{told:?}");

    provider.set(|knobs| (knobs.down, knobs.revoked) = (false, true));
    daemon.until("the end of the sign-in is told", limit, |daemon| alarms(daemon).len() == 2);
    let told = alarms(&daemon);
    assert_eq!(told[1].0, "refused", "{told:?}");
    assert!(told[1].1.contains("sign in again with `lotse mailbox sign-in sales`"), "{told:?}");
    server.deliver("sales@example.com", &mail("one"));
    daemon.until("mail is read on", limit, |daemon| daemon.json(&["intake", "list"]).len() == 1);
    let before = daemon.object(&["status"])["channels"]["sales"]["last_ok"].clone();
    daemon.until("it counts as checked", limit, |daemon| {
        daemon.object(&["status"])["channels"]["sales"]["last_ok"].as_str() > before.as_str()
    });
    assert_eq!(state(&daemon), "trouble");
    assert_eq!(alarms(&daemon).len(), 2, "it is not silent");
}
