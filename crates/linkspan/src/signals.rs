//! Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::failure::INTERRUPTED;
use crate::output;

/// Listens for signals until the process ends.
pub(crate) struct Signals {
    stop: CancellationToken,
    /// Keeps the listener where a shutdown of the runtime ends it.
    _tasks: TaskTracker,
}

impl Signals {
    /// Cancelled by the first signal.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }
}

/// Begins to listen. From here on a signal does not end the process by itself.
pub(crate) fn listen() -> std::io::Result<Signals> {
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let mut arrivals = Arrivals::new()?;
    let stopping = stop.clone();
    tasks.spawn(async move {
        arrivals.next().await;
        stopping.cancel();
        output::note("stopping (a second Ctrl-C ends at once)");
        arrivals.next().await;
        std::process::exit(i32::from(INTERRUPTED));
    });
    Ok(Signals { stop, _tasks: tasks })
}

#[cfg(unix)]
struct Arrivals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Arrivals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Arrivals;

#[cfg(not(unix))]
impl Arrivals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the system ends the process itself.
            std::future::pending::<()>().await;
        }
    }
}
