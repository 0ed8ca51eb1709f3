//! The three listeners: public, private, and the store's socket for the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use axum::Router;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::channels::webhook::listener::{self, Limits};
use crate::config::{Config, Secret};
use crate::web::{Web, public_router, trusted_router};

/// Bound and not yet serving.
pub(super) struct Listeners {
    public: TcpListener,
    private: TcpListener,
    socket: UnixListener,
    socket_path: PathBuf,
}

/// Where they listen.
pub(super) struct Addresses {
    pub(super) public: SocketAddr,
    pub(super) private: SocketAddr,
}

/// Serving.
pub(super) struct Serving {
    tasks: JoinSet<()>,
    socket_path: PathBuf,
}

impl Listeners {
    /// Binds all three; the store must be open, so that a socket left behind is surely stale.
    pub(super) async fn bind(config: &Config) -> anyhow::Result<Self> {
        let tcp = |what: &'static str, address: SocketAddr| async move {
            TcpListener::bind(address)
                .await
                .with_context(|| format!("cannot listen on {address} (`{what}.listen`); is another program there?"))
        };
        let socket_path = config.store.join("lotse.sock");
        if let Err(error) = std::fs::remove_file(&socket_path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("cannot replace {}", socket_path.display()));
        }
        Ok(Self {
            public: tcp("http", config.http.listen).await?,
            private: tcp("web", config.web.listen).await?,
            socket: UnixListener::bind(&socket_path).with_context(|| {
                format!("cannot make {} (a socket's path has at most 107 bytes)", socket_path.display())
            })?,
            socket_path,
        })
    }

    /// Where they listen; differs from the settings for port 0.
    pub(super) fn addresses(&self) -> anyhow::Result<Addresses> {
        Ok(Addresses { public: self.public.local_addr()?, private: self.private.local_addr()? })
    }

    /// Serves until `stop`.
    pub(super) fn serve(
        self,
        public: Router,
        web: Web,
        token: Secret,
        config: &Config,
        stop: &CancellationToken,
    ) -> Serving {
        let open = Limits::new(&config.http.trusted_proxies);
        let mut tasks = JoinSet::new();
        tasks.spawn(listener::serve(self.public, public, open, stop.child_token()));
        let guarded = public_router(web.clone(), token);
        tasks.spawn(listener::serve(self.private, guarded, Limits::private(), stop.child_token()));
        tasks.spawn(listener::serve_unix(self.socket, trusted_router(web), Limits::private(), stop.child_token()));
        Serving { tasks, socket_path: self.socket_path }
    }
}

impl Serving {
    /// Waits until all connections are done or their time is over.
    pub(super) async fn close(mut self) {
        while self.tasks.join_next().await.is_some() {}
        if let Err(error) = std::fs::remove_file(&self.socket_path) {
            tracing::debug!(%error, "the socket was gone already");
        }
    }
}
