//! One file on its way from upstream: counted, hashed, and gone on with where it broke off.

use bytes::Bytes;
use linkspan_atlassian::client::Download;
use linkspan_atlassian::error::{CallError, TransportKind};
use linkspan_store::FileHash;
use sha2::{Digest as _, Sha256};

use super::wanted::ContentCall;
use crate::error::EngineError;
use crate::upstream::SourceClient;

/// Times one file is gone on with after it broke off.
const RESUMES: u32 = 8;

/// A file on its way.
pub(super) struct Transfer {
    client: SourceClient,
    content: ContentCall,
    download: Download,
    /// The size of the whole file, where upstream says so.
    expected: Option<u64>,
    etag: Option<String>,
    cap: u64,
    received: u64,
    hash: Sha256,
    resumes: u32,
    repeated: Option<Repeated>,
}

/// The beginning of a file that upstream sends once more because it cannot go on in the middle: it is compared with what
/// came before and not given out again.
struct Repeated {
    left: u64,
    hash: Sha256,
}

impl Transfer {
    /// Begins to read a file of at most `cap` bytes.
    pub(super) async fn begin(
        client: SourceClient,
        content: ContentCall,
        cap: u64,
    ) -> Result<Self, EngineError> {
        let download = client.download(content.call, &content.params, 0).await?;
        let name = content.call.name;
        if download.start != 0 {
            return Err(malformed(name, "it sent another part of the file than was asked for").into());
        }
        let expected = download.total;
        if expected.is_some_and(|expected| expected > cap) {
            return Err(CallError::BodyTooLarge { call: name, cap }.into());
        }
        let etag = download.etag.clone();
        Ok(Self {
            client,
            content,
            download,
            expected,
            etag,
            cap,
            received: 0,
            hash: Sha256::new(),
            resumes: 0,
            repeated: None,
        })
    }

    /// The size of the whole file, where upstream says so.
    pub(super) fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// The next piece; `None` once the file is whole. A transfer that breaks off is gone on with.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, EngineError> {
        let call = self.content.call.name;
        loop {
            let broken = match self.download.chunk().await {
                Ok(Some(piece)) => match self.take(piece)? {
                    Some(piece) => return Ok(Some(piece)),
                    None => continue,
                },
                Ok(None) if self.is_whole() => return Ok(None),
                Ok(None) => CallError::Truncated { call, why: "it is shorter than announced".to_owned() },
                // The connection may end badly behind the last byte.
                Err(_) if self.expected == Some(self.received) && self.repeated.is_none() => return Ok(None),
                Err(error) => error,
            };
            self.resume(broken).await?;
        }
    }

    /// Size and SHA-256 of what was received.
    pub(super) fn finish(self) -> (u64, FileHash) {
        (self.received, self.hash.finalize().into())
    }

    fn is_whole(&self) -> bool {
        self.repeated.is_none() && self.expected.is_none_or(|expected| expected == self.received)
    }

    /// Takes a piece in; gives what of it is new.
    fn take(&mut self, mut piece: Bytes) -> Result<Option<Bytes>, CallError> {
        let call = self.content.call.name;
        if let Some(mut repeated) = self.repeated.take() {
            let known = usize::try_from(repeated.left).unwrap_or(usize::MAX).min(piece.len());
            repeated.hash.update(piece.split_to(known));
            repeated.left -= known as u64;
            if repeated.left > 0 {
                self.repeated = Some(repeated);
                return Ok(None);
            }
            if repeated.hash.finalize() != self.hash.clone().finalize() {
                return Err(changed(call));
            }
        }
        if piece.is_empty() {
            return Ok(None);
        }
        self.received += piece.len() as u64;
        if self.received > self.expected.unwrap_or(self.cap).min(self.cap) {
            return Err(CallError::BodyTooLarge { call, cap: self.cap });
        }
        self.hash.update(&piece);
        Ok(Some(piece))
    }

    /// Goes on behind the last byte received, with a fresh address of the media host. `broken` is given back when it cannot
    /// help, or was tried too often.
    async fn resume(&mut self, broken: CallError) -> Result<(), EngineError> {
        let can_help = match &broken {
            CallError::Truncated { .. } => true,
            CallError::Transport { kind, .. } => *kind != TransportKind::Redirect,
            _ => false,
        };
        if !can_help || self.resumes >= RESUMES {
            return Err(broken.into());
        }
        self.resumes += 1;
        let call = self.content.call;
        tracing::info!(call = call.name, received = self.received, error = %broken, "a file is gone on with");
        let download = self.client.download(call, &self.content.params, self.received).await?;
        let same_version = match (&self.etag, &download.etag) {
            (Some(before), Some(now)) => before == now,
            _ => true,
        };
        if !same_version
            || download.total.is_some_and(|total| self.expected.is_some_and(|known| known != total))
        {
            return Err(changed(call.name).into());
        }
        self.repeated = match download.start {
            start if start == self.received => None,
            0 => Some(Repeated { left: self.received, hash: Sha256::new() }),
            _ => {
                return Err(
                    malformed(call.name, "it sent another part of the file than was asked for").into()
                );
            }
        };
        self.download = download;
        Ok(())
    }
}

fn malformed(call: &'static str, why: &str) -> CallError {
    CallError::Malformed { call, why: why.to_owned() }
}

fn changed(call: &'static str) -> CallError {
    malformed(call, "the file changed while it was being read")
}
