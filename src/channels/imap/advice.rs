//! What to do about a mailbox that cannot be opened, in words for those who set it up. Pure.

use std::io;

use super::Config;
use super::command::Fault;
use super::connect::Proof;
use super::presets;
use crate::config::Tls;
use crate::tls;

/// The port on which IMAP begins with TLS,
const BEGINS: u16 = 993;
/// and the one on which it changes to it.
const CHANGES: u16 = 143;

/// A failed handshake with what to do about it.
pub(super) fn about_tls(error: io::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match tls::advice(&error, BEGINS, CHANGES) {
        Some(advice) => format!("{advice} ({error})").into(),
        None => error.into(),
    }
}

/// A server that says nothing after the connection: it may wait for us to begin with TLS.
pub(super) fn about_silence(config: &Config) -> String {
    match (config.tls, config.port) {
        (Tls::StartTls | Tls::None, BEGINS) => {
            format!(": the server waits on port {BEGINS} for a connection that begins with TLS; set tls = \"implicit\"")
        }
        (Tls::StartTls | Tls::None, port) if port != CHANGES => {
            format!(": if the server begins with TLS on port {port}, it waits for that; set tls = \"implicit\"")
        }
        _ => String::new(),
    }
}

/// A server without STARTTLS.
pub(super) fn in_place_of_starttls(config: &Config) -> String {
    format!(
        "; nothing was sent unprotected; set tls = \"implicit\" and the port on which {} begins with TLS (usually {BEGINS})",
        config.host
    )
}

/// An address that does not answer.
pub(super) fn about_address(fault: &Fault) -> &'static str {
    match fault {
        Fault::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            ": nothing listens there; are `host` and `port` right (993 with tls = \"implicit\", 143 with \"starttls\"), and is IMAP switched on at the server?"
        }
        Fault::Silent(_) => ": does a firewall between here and there let this port through?",
        _ => "",
    }
}

/// A login that is refused.
pub(super) fn about_login(config: &Config, proof: Proof<'_>) -> String {
    match (presets::by_host(&config.host), proof) {
        (Some(preset), Proof::Password(_)) => preset.refused_password.to_owned(),
        (Some(preset), Proof::Token(_)) => format!(
            "may the account of the sign-in read the mailbox `{}`, and is IMAP switched on for it at {}?",
            config.username, preset.title
        ),
        (None, Proof::Password(_)) if !config.username.contains('@') => {
            "are `username` and `password` right? Many servers want the whole address as `username`".to_owned()
        }
        (None, Proof::Password(_)) => {
            "are `username` and `password` right? Some providers want a password made for this one program".to_owned()
        }
        (None, Proof::Token(_)) => format!("may the sign-in read the mailbox `{}`?", config.username),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::channels::imap::{After, Login, Start};
    use crate::config::Secret;

    fn config(host: &str, port: u16, tls: Tls) -> Config {
        Config {
            host: host.to_owned(),
            port,
            tls,
            ca_file: None,
            username: "sales@example.com".to_owned(),
            login: Login::Password(Secret::new("x")),
            folder: "INBOX".to_owned(),
            further: Vec::new(),
            max_size: 40 << 20,
            authserv_id: Vec::new(),
            start: Start::New,
            after: After::Keep,
            poll: Duration::from_mins(1),
            silence_after: Duration::from_mins(15),
            timeout: Duration::from_mins(1),
        }
    }

    #[test]
    fn a_refused_password_is_answered_with_what_the_provider_wants() {
        let secret = Secret::new("x");
        for (host, told) in [
            ("imap.gmail.com", "app password"),
            ("IMAP.Gmail.com", "app password"),
            ("imap.mail.yahoo.com", "app password"),
            ("imap.mail.me.com", "app-specific password"),
            ("outlook.office365.com", "no passwords"),
            ("imap.example.com", "are `username` and `password` right?"),
        ] {
            let said = about_login(&config(host, 993, Tls::Implicit), Proof::Password(&secret));
            assert!(said.contains(told), "{host}: {said}");
        }
        let said = about_login(&config("outlook.office365.com", 993, Tls::Implicit), Proof::Token(&secret));
        assert!(said.contains("`sales@example.com`") && said.contains("Microsoft 365"), "{said}");
    }

    #[test]
    fn port_and_tls_that_do_not_fit_are_named() {
        assert!(about_silence(&config("h", 993, Tls::StartTls)).contains("set tls = \"implicit\""));
        assert!(about_silence(&config("h", 9993, Tls::None)).contains("on port 9993"));
        assert_eq!(about_silence(&config("h", 143, Tls::StartTls)), "");
        assert_eq!(about_silence(&config("h", 9993, Tls::Implicit)), "");
        let wrong = io::Error::new(
            io::ErrorKind::InvalidData,
            rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType),
        );
        assert!(about_tls(wrong).to_string().contains("set tls = \"starttls\" (usually port 143)"));
        let refused = Fault::Io(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert!(about_address(&refused).contains("993 with tls"));
    }
}
