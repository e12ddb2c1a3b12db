//! Starting and stopping a sandbox.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::control::Settings;
use crate::gateway::{AppState, Dropped, Gateway};
use crate::info::SandboxInfo;
use crate::options::Options;
use crate::webhooks::Dispatcher;
use crate::world::{Clock, World, WorldError, WorldOptions};

/// Connections served at once; more wait in the operating system's queue.
const MAX_CONNECTIONS: usize = 4096;
/// A client must have sent its request head by then; above the 90 seconds that common clients keep an idle connection.
const HEAD_TIMEOUT: Duration = Duration::from_mins(2);
/// The longest a request may take; above the longest latency that can be injected.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(15);
/// How long a stop waits for requests in flight.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// The wait after a failed `accept`, such as when no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data cannot be made or loaded.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}: {source}; choose another address, or port 0 for any free port")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The callback of the pre-registered app is no address.
    #[error("the redirect URI `{0}` is not an absolute http or https address")]
    RedirectUri(String),
    /// The client that delivers to webhooks cannot be made.
    #[error("cannot prepare deliveries to webhooks: {0}; see that the system's certificates can be read")]
    Client(reqwest::Error),
    /// The thread that made the world ended early.
    #[error("the sandbox's data could not be made: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// The simulator.
#[derive(Debug)]
pub struct Sandbox;

impl Sandbox {
    /// Makes the world, binds the address and serves until [`Handle::stop`].
    ///
    /// Needs a Tokio runtime. Errors: see [`StartError`].
    pub async fn start(options: Options) -> Result<Handle, StartError> {
        let clock =
            options.clock.map_or_else(Clock::system, |start| Clock::starting_at(start.as_millisecond()));
        let world_options = WorldOptions {
            seed: options.seed,
            sites: options.sites.max(1),
            projects: options.projects,
            issues: options.issues,
            spaces: options.spaces,
            pages: options.pages,
            users: options.users,
            groups: options.groups,
            dataset: options.dataset.clone(),
        };
        let world = tokio::task::spawn_blocking(move || World::new(&world_options, clock)).await??;
        let state = AppState::new(world, Settings::new(options.latency_ms, options.points_quota));
        state
            .register_default_app(&options.redirect_uri)
            .map_err(|_| StartError::RedirectUri(options.redirect_uri.clone()))?;
        let listen = |source| StartError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        state.set_origin(origin_of(address));
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Fails only if somebody else came first, which serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let dispatcher = Dispatcher::new(state.clone(), stopping.clone()).map_err(StartError::Client)?;
        tasks.spawn(dispatcher.run());
        tasks.spawn(serve(listener, Gateway::new(state.clone()), stopping.clone(), tasks.clone()));
        tasks.close();
        Ok(Handle { address, state, stopping, tasks })
    }
}

/// A running sandbox. Dropping it stops the sandbox without waiting.
#[derive(Debug)]
pub struct Handle {
    address: SocketAddr,
    state: AppState,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Handle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The object that `--json` prints: origin, control token, app, sites and some people.
    pub fn info(&self) -> SandboxInfo {
        self.state.info()
    }

    /// The running state, for callers in the same process.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Takes no new connections, lets requests in flight finish for a few seconds, and closes.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

async fn serve(listener: TcpListener, gateway: Gateway, stopping: CancellationToken, tasks: TaskTracker) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else { continue };
        let gateway = gateway.clone();
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let answer = gateway.clone().answer(request.map(Body::new));
            async { tokio::time::timeout(REQUEST_TIMEOUT, answer).await.unwrap_or(Err(Dropped)) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), answer);
        let connection = graceful.watch(connection);
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(STOP_PATIENCE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running when the sandbox stopped");
    }
}

type Place = tokio::sync::OwnedSemaphorePermit;

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, Place)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            // Small answers must not wait for the acknowledgement of the one before.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection without TCP_NODELAY");
            }
            Some((stream, place))
        }
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// An address that a client on this machine can use: the unspecified address stands for loopback.
fn origin_of(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}
