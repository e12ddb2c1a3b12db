//! The terminal: progress bars and log lines share standard error, so whatever writes there goes through here.

use std::io::{IsTerminal as _, Write};
use std::sync::LazyLock;

use indicatif::MultiProgress;
use tracing_subscriber::fmt::MakeWriter;

/// All bars of the process. They are drawn on standard error, and only where that is a terminal.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// All bars of the process.
pub(crate) fn bars() -> &'static MultiProgress {
    &BARS
}

/// Whether somebody watches standard error.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Writes to standard error without tearing the bars.
#[derive(Clone, Copy)]
pub(crate) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        BARS.suspend(|| std::io::stderr().write(buffer))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

impl MakeWriter<'_> for Stderr {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}
