//! Who is asking: from the peer's address and the words of trusted proxies to the client that is counted.
//!
//! In: the address of the TCP peer, the request's headers, the networks of trusted proxies. Out: a
//! [`Client`], the unit that rates and connection caps count. An IPv6 client is its /64, because that is
//! what one subscriber gets; an IPv4 address mapped into IPv6 is the IPv4 address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The other end of a connection; handlers find it among the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Over TCP.
    Tcp(SocketAddr),
    /// Over a socket on this machine that has no address.
    Local,
}

impl Peer {
    /// Whether it is at an address of one of the networks.
    pub(super) fn is_in(self, networks: &[IpNet]) -> bool {
        matches!(self, Self::Tcp(address) if is_in(address.ip(), networks))
    }
}

/// One client, as rates and caps count it. Never logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Client {
    /// An IPv4 address.
    V4([u8; 4]),
    /// The first 64 bits of an IPv6 address.
    V6([u8; 8]),
    /// On this machine, without an address.
    Local,
}

impl Client {
    /// The client at this address.
    pub(super) fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.octets()),
            IpAddr::V6(v6) => {
                let mut network = [0; 8];
                network.copy_from_slice(&v6.octets()[..8]);
                Self::V6(network)
            }
        }
    }

    /// The client behind a request: the peer, unless that is a trusted proxy; then the rightmost address in
    /// `X-Forwarded-For` that is no trusted proxy. What stands left of it was written by the client itself
    /// and proves nothing. Where the header breaks off or is unreadable, the last trusted hop counts.
    pub(super) fn behind(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let Peer::Tcp(peer) = peer else { return Self::Local };
        let mut hop = peer.ip().to_canonical();
        if !is_in(hop, trusted) {
            return Self::at(hop);
        }
        for line in headers.get_all("x-forwarded-for").iter().rev() {
            let Ok(line) = line.to_str() else { return Self::at(hop) };
            for entry in line.rsplit(',') {
                let Some(address) = forwarded(entry) else { return Self::at(hop) };
                hop = address;
                if !is_in(hop, trusted) {
                    return Self::at(hop);
                }
            }
        }
        Self::at(hop)
    }
}

/// Whether an address lies in one of the networks.
pub(super) fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
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

/// One entry of `X-Forwarded-For`: an address, or as some proxies write it, with a port or in brackets.
fn forwarded(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> Client {
        let trusted: Vec<IpNet> = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].map(|n| n.parse().unwrap()).into();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        Client::behind(Peer::Tcp(peer.parse().unwrap()), &headers, &trusted)
    }

    fn at(address: &str) -> Client {
        Client::at(address.parse().unwrap())
    }

    #[test]
    fn the_rightmost_untrusted_hop_is_the_client() {
        for (peer, forwarded, expected) in [
            ("203.0.113.9:1", &["198.51.100.1"][..], "203.0.113.9"), // an untrusted peer is not believed
            ("127.0.0.1:1", &[], "127.0.0.1"),
            ("127.0.0.1:1", &["198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1:1", &["6.6.6.6, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
            ("127.0.0.1:1", &["6.6.6.6", "198.51.100.1 , 10.1.2.3"], "198.51.100.1"),
            ("127.0.0.1:1", &["10.9.9.9, 10.1.2.3"], "10.9.9.9"), // only proxies: the outermost
            ("127.0.0.1:1", &["198.51.100.1, unknown, 10.1.2.3"], "10.1.2.3"),
            ("127.0.0.1:1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("[::ffff:127.0.0.1]:1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1:1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("127.0.0.1:1", &["[2001:db8::1]"], "2001:db8::1"),
            ("[fd00::1]:1", &["2001:db8::1"], "2001:db8::1"),
            ("127.0.0.1:1", &[""], "127.0.0.1"),
        ] {
            assert_eq!(client(peer, forwarded), at(expected), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn an_ipv6_client_is_its_64() {
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::9"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        assert_ne!(at("198.51.100.1"), at("198.51.100.2"));
        assert_eq!(at("::ffff:198.51.100.1"), at("198.51.100.1"));
    }
}
