//! What a server offers before the login (RFC 3501 §7.2.1).

use async_imap::Client;
use imap_proto::{Capability, Response, Status};
use tokio::io::AsyncWriteExt;

use super::command::{Fault, Wire};
use super::sasl::Mechanism;

/// The tag of our own question; the library's begin with another letter.
const TAG: &str = "C1";

/// The ways to log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offers {
    /// `LOGIN` is not to be used on this connection.
    pub(super) login_disabled: bool,
    /// SASL PLAIN.
    pub(super) plain: bool,
    /// The mechanism for access tokens that is chosen.
    pub(super) bearer: Option<Mechanism>,
}

impl Offers {
    /// Reads a list of capabilities.
    pub(super) fn of(offered: &[Capability<'_>]) -> Self {
        let has = |wanted: &str| {
            offered.iter().any(|c| matches!(c, Capability::Atom(name) if name.eq_ignore_ascii_case(wanted)))
        };
        let auth = |wanted: &str| {
            offered.iter().any(|c| matches!(c, Capability::Auth(name) if name.eq_ignore_ascii_case(wanted)))
        };
        let bearer = Mechanism::ALL.into_iter().find(|mechanism| auth(mechanism.name()));
        Self { login_disabled: has("LOGINDISABLED"), plain: auth("PLAIN"), bearer }
    }

    /// Asks a server that has not said it with its greeting.
    pub(super) async fn ask(client: &mut Client<Wire>) -> Result<Self, Fault> {
        // Before the login the library has no call that shows the answer.
        client.get_mut().write_all(format!("{TAG} CAPABILITY\r\n").as_bytes()).await?;
        client.get_mut().flush().await?;
        let mut offers = Self::default();
        loop {
            let response = client.read_response().await?.ok_or(Fault::Closed)?;
            match response.parsed() {
                Response::Capabilities(offered) => offers = Self::of(offered),
                Response::Done { tag: closed, status: Status::Ok, .. } if closed.0 == TAG => return Ok(offers),
                Response::Done { .. } => return Err(Fault::Garbage),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mechanism_for_tokens_is_chosen_by_what_is_offered() {
        let offers = |words: &[&'static str]| {
            let words: Vec<_> = words.iter().map(|word| Capability::Auth((*word).into())).collect();
            Offers::of(&words).bearer
        };
        assert_eq!(offers(&["PLAIN", "OAUTHBEARER", "xoauth2"]), Some(Mechanism::XOAuth2));
        assert_eq!(offers(&["PLAIN", "OAuthBearer"]), Some(Mechanism::OAuthBearer));
        assert_eq!(offers(&["PLAIN", "XOAUTH"]), None);
    }
}
