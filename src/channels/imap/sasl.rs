//! What is said at the login, once the server has agreed to a mechanism.

use async_imap::Authenticator;

/// SASL PLAIN (RFC 4616).
pub(super) struct Plain<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
}

impl Authenticator for Plain<'_> {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        format!("\0{}\0{}", self.user, self.password)
    }
}

/// The mechanisms that take an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// Google's and Microsoft's own.
    XOAuth2,
    /// The standard's (RFC 7628).
    OAuthBearer,
}

impl Mechanism {
    /// In the order in which they are chosen: the big providers document the first.
    pub(super) const ALL: [Self; 2] = [Self::XOAuth2, Self::OAuthBearer];

    /// Its name in `AUTH=` and `AUTHENTICATE`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::XOAuth2 => "XOAUTH2",
            Self::OAuthBearer => "OAUTHBEARER",
        }
    }
}

/// Logs in with an access token.
pub(super) struct Bearer<'a> {
    pub(super) mechanism: Mechanism,
    /// The mailbox; for a shared one not the account that the token belongs to.
    pub(super) user: &'a str,
    pub(super) token: &'a str,
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// Whether the token has been said.
    said: bool,
}

impl<'a> Bearer<'a> {
    pub(super) fn new(mechanism: Mechanism, user: &'a str, token: &'a str, (host, port): (&'a str, u16)) -> Self {
        Self { mechanism, user, token, host, port, said: false }
    }
}

impl Authenticator for Bearer<'_> {
    type Response = String;

    /// A challenge after the token tells of an error; it has to be answered before the server
    /// says NO: with nothing, or with one ^A (RFC 7628 §3.2.3).
    fn process(&mut self, _challenge: &[u8]) -> String {
        let again = std::mem::replace(&mut self.said, true);
        match (self.mechanism, again) {
            (Mechanism::XOAuth2, false) => format!("user={}\x01auth=Bearer {}\x01\x01", self.user, self.token),
            (Mechanism::XOAuth2, true) => String::new(),
            (Mechanism::OAuthBearer, false) => {
                // In this place `,` and `=` have a meaning of their own (RFC 5801 §4).
                let user = self.user.replace('=', "=3D").replace(',', "=2C");
                let (host, port, token) = (self.host, self.port, self.token);
                format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {token}\x01\x01")
            }
            (Mechanism::OAuthBearer, true) => "\x01".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn first(mechanism: Mechanism, user: &str, token: &str) -> String {
        STANDARD.encode(Bearer::new(mechanism, user, token, ("server.example.com", 143)).process(b""))
    }

    #[test]
    fn a_token_is_said_as_the_published_examples_have_it() {
        // Microsoft, "Authenticate an IMAP, POP or SMTP connection using OAuth".
        assert_eq!(
            first(Mechanism::XOAuth2, "test@contoso.onmicrosoft.com", "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA"),
            "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0NjbFJDM0VvQUEBAQ=="
        );
        // RFC 7628 §4.1.
        assert_eq!(
            first(Mechanism::OAuthBearer, "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="),
            "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
        );
    }

    #[test]
    fn a_challenge_after_the_token_is_answered_without_it() {
        for (mechanism, answer) in [(Mechanism::XOAuth2, ""), (Mechanism::OAuthBearer, "\x01")] {
            let mut bearer = Bearer::new(mechanism, "a=b,c", "token", ("h", 1));
            assert!(bearer.process(b"").contains("token"));
            assert_eq!(bearer.process(br#"{"status":"401"}"#), answer);
        }
        let said = Bearer::new(Mechanism::OAuthBearer, "a=b,c", "token", ("h", 1)).process(b"");
        assert!(said.starts_with("n,a=a=3Db=2Cc,\x01"), "{said}");
    }
}
