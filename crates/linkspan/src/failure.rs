//! How failures are told: in words, on standard error, with an exit code that scripts can go by.

use std::process::ExitCode;

use crate::output;

/// Something failed.
const FAILED: u8 = 1;
/// The command line cannot be followed; the same code that the parser uses.
const MISUSED: u8 = 2;
/// A signal ended the work before it was done: 128 and the number of SIGINT, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The command line, or what it names, cannot be followed; the text says what to give instead.
#[derive(Debug)]
pub(crate) struct Misuse(pub(crate) String);

impl std::fmt::Display for Misuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// A [`Misuse`] as an error.
pub(crate) fn misuse(text: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Misuse(text.into()))
}

/// Prints an error with its causes and gives the exit code for it.
pub(crate) fn explain(error: &anyhow::Error) -> ExitCode {
    output::note(&format!("error: {}", in_words(error)));
    ExitCode::from(if error.is::<Misuse>() { MISUSED } else { FAILED })
}

/// The error and its causes in one line. Many errors quote their cause themselves: what was said is not repeated.
pub(crate) fn in_words(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn causes_are_told_once() {
        let cause = std::io::Error::other("the disk is full");
        let error = Err::<(), _>(cause).context("cannot write: the disk is full").context("sync failed");
        assert_eq!(in_words(&error.unwrap_err()), "sync failed: cannot write: the disk is full");
    }
}
