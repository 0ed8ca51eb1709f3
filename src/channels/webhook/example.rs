//! A command line that posts a lead, for people who try a webhook out.
//!
//! In: the channel's name, where the public side listens, the channel's settings. Out: a line for a shell.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Config, Encoding};
use crate::lead::Name;

/// What the example says.
const BODY: &str = r#"{"name":"Erika Muster","email":"erika@firma.example","message":"Please send me an offer."}"#;

/// A `curl` line that posts a lead to the channel. Where the channel wants a proof, the line names a shell
/// variable for the secret (`WEBSITE_SECRET` for `website`); the secret itself never stands in it.
#[must_use]
pub fn example_curl(channel: &Name, listen: SocketAddr, config: &Config) -> String {
    let url = format!("http://{}/hooks/{channel}", reachable(listen));
    let post = format!("curl {url} -H 'Content-Type: application/json'");
    let secret = variable(channel);
    match (&config.signature, config.secrets.is_empty()) {
        (_, true) => format!("{post} -d '{BODY}'"),
        (None, false) => format!("{post} -H \"Authorization: Bearer ${secret}\" -d '{BODY}'"),
        (Some(signature), false) => {
            let digest = match signature.encoding {
                Encoding::Hex => format!("openssl dgst -sha256 -hmac \"${secret}\" -r | cut -d' ' -f1"),
                Encoding::Base64 => format!("openssl dgst -sha256 -hmac \"${secret}\" -binary | base64"),
            };
            let (header, prefix) = (&signature.header, &signature.prefix);
            format!("BODY='{BODY}'; {post} -H \"{header}: {prefix}$(printf %s \"$BODY\" | {digest})\" -d \"$BODY\"")
        }
    }
}

/// The shell variable for a channel's secret.
fn variable(channel: &Name) -> String {
    let name = channel.as_str().replace('-', "_").to_ascii_uppercase();
    let start = if name.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
    format!("{start}{name}_SECRET")
}

/// Where this machine reaches a listener that listens everywhere.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
