//! What clients may take of a listener: connections, files, time.

use std::time::Duration;

use ipnet::IpNet;

/// What clients may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once. When there is no room for one more, the one that has been idle longest is given
    /// up; where none is idle, new ones wait in the kernel's queue.
    pub connections: usize,
    /// Connections at once of one client (an IPv4 address, an IPv6 /64); more are closed unanswered.
    pub per_client: usize,
    /// Networks whose connections are not counted by client: trusted proxies.
    pub uncounted: Vec<IpNet>,
    /// Time for the whole header of a request; an idle connection is closed after it, too.
    pub header: Duration,
    /// Time that a write may make no progress.
    pub write: Duration,
    /// Time after the stop signal in which requests may finish; then their connections are dropped.
    pub drain: Duration,
}

impl Limits {
    /// For the public side: 10,000 connections, or half of the files this process may open where that is
    /// less; 1,024 a client, trusted proxies excepted.
    #[must_use]
    pub fn new(trusted_proxies: &[IpNet]) -> Self {
        Self {
            connections: 10_000.min(files() / 2).max(1),
            per_client: 1024,
            uncounted: trusted_proxies.to_vec(),
            header: Duration::from_secs(10),
            write: Duration::from_secs(30),
            drain: Duration::from_secs(8),
        }
    }

    /// For the private side and the local socket: 256 connections, or an eighth of the files this process may open.
    #[must_use]
    pub fn private() -> Self {
        let connections = 256.min(files() / 8).max(1);
        Self { connections, per_client: connections, ..Self::new(&[]) }
    }
}

/// Lets this process open as many files as the system allows it: each connection is one.
pub fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// How many files this process may have open.
fn files() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}
