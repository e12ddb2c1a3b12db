//! A server to misbehave, and a client for it.

use std::net::SocketAddr;
use std::sync::Once;
use std::time::Duration;

use axum::Router;
use linkspan_atlassian::client::{ClientLimits, Endpoints, Site, Upstream};
use linkspan_model::clock::Clock;
use linkspan_model::secret::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

/// The path of the site under the gateway.
pub(crate) const JIRA: &str = "/ex/jira/cloud-1";
/// The path of the site's Confluence under the gateway.
pub(crate) const CONFLUENCE: &str = "/ex/confluence/cloud-1";

/// A running server; it ends when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Serves `router`.
    pub(crate) async fn of(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, _tasks: tasks }
    }

    /// Answers every connection with these bytes, waits, and closes it: whatever HTTP libraries would not send.
    pub(crate) async fn raw(answer: impl Into<Vec<u8>>, then_wait: Duration) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let (mut connection, _) = listener.accept().await.unwrap();
                let mut request = [0; 8192];
                let _ = connection.read(&mut request).await;
                let _ = connection.write_all(&answer).await;
                let _ = connection.flush().await;
                tokio::time::sleep(then_wait).await;
            }
        });
        Self { address, _tasks: tasks }
    }

    /// A URL of this server.
    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// A client for which this server is all of upstream.
    pub(crate) fn upstream(&self) -> Upstream {
        self.upstream_within(ClientLimits::default())
    }

    /// The same within these limits.
    pub(crate) fn upstream_within(&self, limits: ClientLimits) -> Upstream {
        install_tls();
        Upstream::new(Endpoints::single_origin(&self.url("/")).unwrap(), limits, Clock::system()).unwrap()
    }
}

/// The site of all tests.
pub(crate) fn site() -> Site {
    Site::new("cloud-1")
}

/// A token that must not be seen anywhere but in the header it belongs in.
pub(crate) fn token() -> Secret {
    Secret::new("canary-token")
}

/// `reqwest` builds no client without a TLS provider, even for plain HTTP.
pub(crate) fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
}
