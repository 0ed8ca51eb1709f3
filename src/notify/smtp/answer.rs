//! What a mail server's answer, or its silence, means for a letter.
//!
//! RFC 5321, section 4.2.1: 4yz is temporary, 5yz permanent; RFC 3463: the enhanced code says more
//! and wins. What concerns our login or our sender is nobody's letter but the settings: it is
//! tried again after a long pause, with a message that says what to correct.

use std::error::Error as _;
use std::time::Duration;

use lettre::transport::smtp::Error;

use super::Server;
use crate::notify::letter::line;
use crate::notify::{Failure, FailureKind, Trouble};

/// Pause after a mistake in the settings: enough not to lock the account.
pub(super) const SETTINGS_PAUSE: Duration = Duration::from_mins(15);
/// Longest quoted answer, characters.
const LONGEST_QUOTE: usize = 300;

/// How far a letter had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Connecting,
    Encrypting,
    Greeting,
    Login,
    Sender,
    Receiver,
    Data,
    Content,
}

impl Stage {
    fn doing(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Encrypting => "the TLS handshake",
            Self::Greeting => "the greeting",
            Self::Login => "the login",
            Self::Sender => "the sender",
            Self::Receiver => "the receiver",
            Self::Data => "the start of the mail",
            Self::Content => "the mail",
        }
    }
}

/// What an error means.
pub(super) fn judge(server: &Server, stage: Stage, error: &Error) -> Failure {
    let quote = error.source().map(ToString::to_string).unwrap_or_default();
    if let Some(code) = error.status() {
        return refused(server, stage, &format!("{code} {quote}"));
    }
    if stage == Stage::Login && error.is_client() {
        return settings(
            server,
            &format!("{server} offers neither PLAIN nor LOGIN to log in"),
            "username, password and tls",
        );
    }
    let why = if quote.is_empty() { error.to_string() } else { line(&quote, LONGEST_QUOTE) };
    lost(stage, format!("{server} broke off during {}: {why}", stage.doing()))
}

/// The server said nothing for `time`.
pub(super) fn silence(server: &Server, stage: Stage, time: Duration) -> Failure {
    lost(stage, format!("{server} did not answer within {} s during {}", time.as_secs(), stage.doing()))
}

/// The connection is gone: after the content, the server may have taken the mail.
fn lost(stage: Stage, why: String) -> Failure {
    if stage == Stage::Content {
        Failure::letter(format!("{why}; it may have arrived, and is sent again with the same Message-ID"))
    } else {
        Failure::destination(why)
    }
}

/// The server refused: `answer` is its reply, code first.
pub(super) fn refused(server: &Server, stage: Stage, answer: &str) -> Failure {
    let quote = line(answer, LONGEST_QUOTE);
    let code = answer.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
    let enhanced = answer.get(4..).and_then(enhanced);
    let failed = format!("{server} refuses {}: {quote}", stage.doing());
    match verdict(stage, code, enhanced) {
        Verdict::Settings if stage == Stage::Sender => settings(server, &failed, "from"),
        Verdict::Settings => {
            let advice =
                refused_password(&server.config.host).map_or_else(String::new, |advice| format!(" ({advice})"));
            settings(server, &format!("{failed}{advice}"), "username and password")
        }
        Verdict::Pause => Failure::pause(SETTINGS_PAUSE, failed),
        Verdict::Failure(kind) => Failure { kind, message: failed },
    }
}

/// What the big providers want in place of the account's own password.
fn refused_password(host: &str) -> Option<&'static str> {
    const APP: &str =
        "this provider takes a password that was made for one program (app password), not the account's own";
    match host.to_ascii_lowercase().as_str() {
        "smtp.gmail.com" | "smtp.mail.yahoo.com" | "smtp.mail.me.com" => Some(APP),
        "smtp.office365.com" => {
            Some("Microsoft 365 takes a password here only where SMTP AUTH is switched on for the mailbox")
        }
        _ => None,
    }
}

fn settings(server: &Server, failed: &str, keys: &str) -> Failure {
    Failure::pause(SETTINGS_PAUSE, format!("{failed}; check {keys} under [notify.{}]", server.notifier))
}

/// An enhanced status code (RFC 3463): class, subject, detail.
type Enhanced = (u16, u16, u16);

fn enhanced(text: &str) -> Option<Enhanced> {
    let first = text.split_whitespace().next()?;
    let mut parts = first.split('.').map(|part| part.parse::<u16>().ok());
    let code = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && matches!(code.0, 2 | 4 | 5)).then_some(code)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Our settings are wrong.
    Settings,
    /// The server does not want us at the moment.
    Pause,
    Failure(FailureKind),
}

const fn temporary(trouble: Trouble) -> Verdict {
    Verdict::Failure(FailureKind::Temporary { trouble, retry_after: None })
}

fn verdict(stage: Stage, code: u16, enhanced: Option<Enhanced>) -> Verdict {
    let for_good = code >= 500 && enhanced.is_none_or(|(class, ..)| class == 5);
    match (stage, code) {
        // Authentication required, too weak, failed, or only encrypted (RFC 4954, section 6).
        (_, 530 | 534 | 535 | 538) => Verdict::Settings,
        (Stage::Login | Stage::Sender, _) if for_good => Verdict::Settings,
        (Stage::Connecting | Stage::Encrypting | Stage::Greeting, _) if for_good => Verdict::Pause,
        (Stage::Connecting | Stage::Encrypting | Stage::Greeting | Stage::Login, _) => temporary(Trouble::Destination),
        _ if for_good => refused_for_good(code, enhanced),
        (_, 421) => temporary(Trouble::Destination),
        _ => temporary(whose(code, enhanced)),
    }
}

fn refused_for_good(code: u16, enhanced: Option<Enhanced>) -> Verdict {
    match enhanced {
        // A full mailbox, or a full server, is so only for a while.
        Some((_, 2, 2)) => temporary(Trouble::Letter),
        Some((_, 3, 1)) => temporary(Trouble::Destination),
        // "Exceeded storage allocation" (RFC 5321, section 4.2.3) without saying whose: the mailbox.
        None if code == 552 => temporary(Trouble::Letter),
        _ => Verdict::Failure(FailureKind::Permanent),
    }
}

/// Whether a temporary refusal is about this letter or about the server.
fn whose(code: u16, enhanced: Option<Enhanced>) -> Trouble {
    match enhanced {
        // Mail system, network and protocol are the server's; address, mailbox, content and
        // policy (greylisting) are the letter's.
        Some((_, 3..=5, _)) => Trouble::Destination,
        None if matches!(code, 421 | 432 | 451 | 454) => Trouble::Destination,
        _ => Trouble::Letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Tls;
    use crate::lead::Name;
    use crate::notify::smtp::Config;

    fn server() -> Server {
        let config = Config {
            host: "smtp.example.com".to_owned(),
            port: 587,
            tls: Tls::StartTls,
            ca_file: None,
            login: None,
            from: "lotse@example.com".to_owned(),
        };
        Server { notifier: Name::parse("mail").unwrap(), config }
    }

    #[test]
    fn each_answer_is_judged_by_its_codes_and_its_stage() {
        let permanent = Verdict::Failure(FailureKind::Permanent);
        let (server, letter) = (temporary(Trouble::Destination), temporary(Trouble::Letter));
        for (stage, answer, want) in [
            (Stage::Receiver, "550 5.1.1 no such user", permanent),
            (Stage::Receiver, "550 no such user", permanent),
            (Stage::Receiver, "550 5.2.1 mailbox disabled", permanent),
            (Stage::Receiver, "551 user not local", permanent),
            (Stage::Receiver, "553 5.1.3 bad address", permanent),
            (Stage::Content, "554 5.7.1 looks like spam", permanent),
            (Stage::Content, "552 5.3.4 too big", permanent),
            (Stage::Receiver, "552 5.2.2 mailbox full", letter),
            (Stage::Receiver, "550 5.2.2 over quota", letter),
            (Stage::Receiver, "552 mailbox full", letter),
            (Stage::Content, "552 5.3.1 system full", server),
            (Stage::Receiver, "450 4.2.1 try later", letter),
            (Stage::Receiver, "450 mailbox busy", letter),
            (Stage::Receiver, "451 4.7.1 greylisted", letter),
            (Stage::Receiver, "452 4.2.2 mailbox full", letter),
            (Stage::Receiver, "452 4.3.1 no space", server),
            (Stage::Receiver, "451 local problem", server),
            (Stage::Content, "451 4.3.0 local problem", server),
            (Stage::Content, "450 5.1.1 says both: not for good", letter),
            (Stage::Receiver, "550 4.2.1 says both: not for good", letter),
            (Stage::Content, "421 4.3.2 shutting down", server),
            (Stage::Content, "421 4.7.0 too many mails", server),
            (Stage::Login, "535 5.7.8 bad credentials", Verdict::Settings),
            (Stage::Login, "534 5.7.9 use an app password", Verdict::Settings),
            (Stage::Login, "504 mechanism unknown", Verdict::Settings),
            (Stage::Login, "454 4.7.0 temporary", server),
            (Stage::Sender, "530 5.7.0 authentication required", Verdict::Settings),
            (Stage::Receiver, "530 authentication required", Verdict::Settings),
            (Stage::Sender, "553 5.7.1 sender not owned", Verdict::Settings),
            (Stage::Sender, "451 4.1.8 sender unknown now", letter),
            (Stage::Greeting, "554 no service", Verdict::Pause),
            (Stage::Greeting, "421 busy", server),
        ] {
            let code = answer[..3].parse().unwrap();
            assert_eq!(verdict(stage, code, enhanced(&answer[4..])), want, "{stage:?} {answer}");
        }
    }

    #[test]
    fn a_refused_login_says_what_to_correct_and_waits_long() {
        let failure = refused(&server(), Stage::Login, "535 5.7.8 Error:\r\n authentication failed");
        assert_eq!(
            failure.message,
            "the mail server `smtp.example.com:587` refuses the login: 535 5.7.8 Error: authentication failed; \
             check username and password under [notify.mail]"
        );
        assert!(failure.is_destination());
        assert_eq!(failure.retry_after(), Some(SETTINGS_PAUSE));
    }

    #[test]
    fn a_lost_last_answer_is_the_letters_trouble_and_every_other_the_servers() {
        assert!(!silence(&server(), Stage::Content, Duration::from_secs(1)).is_destination());
        for stage in [Stage::Connecting, Stage::Greeting, Stage::Login, Stage::Receiver, Stage::Data] {
            assert!(silence(&server(), stage, Duration::from_secs(1)).is_destination(), "{stage:?}");
        }
    }

    #[test]
    fn only_real_enhanced_codes_are_read() {
        assert_eq!(enhanced("5.7.1 no"), Some((5, 7, 1)));
        assert_eq!(enhanced("4.10.255"), Some((4, 10, 255)));
        for text in ["", "no", "5.7", "5.7.1.2 no", "192.168.0 no", "5.x.1"] {
            assert_eq!(enhanced(text), None, "{text}");
        }
    }
}
