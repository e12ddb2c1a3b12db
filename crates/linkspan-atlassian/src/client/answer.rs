//! Reading an answer's body within bounds.

use bytes::{Bytes, BytesMut};

use crate::error::{CallError, TransportKind};

/// What the first allocation of a body takes at most, whatever `Content-Length` promises.
const FIRST_ALLOCATION: u64 = 1 << 20;

/// Reads the body as a stream, at most `cap` bytes of it.
pub(crate) async fn read_capped(
    call: &'static str,
    mut response: reqwest::Response,
    cap: u64,
) -> Result<Bytes, CallError> {
    let promised = response.content_length().unwrap_or(0);
    if promised > cap {
        return Err(CallError::BodyTooLarge { call, cap });
    }
    let first = response.chunk().await.map_err(|error| broken_body(call, &error))?;
    let Some(first) = first else { return Ok(Bytes::new()) };
    if first.len() as u64 == promised {
        // The usual small answer: one piece, no copy. The next read only confirms the end.
        match response.chunk().await.map_err(|error| broken_body(call, &error))? {
            None => return Ok(first),
            Some(more) => return read_rest(call, response, cap, promised, &[first, more]).await,
        }
    }
    read_rest(call, response, cap, promised, &[first]).await
}

async fn read_rest(
    call: &'static str,
    mut response: reqwest::Response,
    cap: u64,
    promised: u64,
    pieces: &[Bytes],
) -> Result<Bytes, CallError> {
    let capacity = usize::try_from(promised.min(FIRST_ALLOCATION)).unwrap_or(0);
    let mut body = BytesMut::with_capacity(capacity);
    for piece in pieces {
        append(call, &mut body, piece, cap)?;
    }
    while let Some(piece) = response.chunk().await.map_err(|error| broken_body(call, &error))? {
        append(call, &mut body, &piece, cap)?;
    }
    Ok(body.freeze())
}

fn append(call: &'static str, body: &mut BytesMut, piece: &Bytes, cap: u64) -> Result<(), CallError> {
    if (body.len() + piece.len()) as u64 > cap {
        return Err(CallError::BodyTooLarge { call, cap });
    }
    body.extend_from_slice(piece);
    Ok(())
}

/// A body that stopped arriving.
pub(super) fn broken_body(call: &'static str, error: &reqwest::Error) -> CallError {
    if error.is_timeout() {
        return CallError::Transport { call, kind: TransportKind::Timeout };
    }
    let why = if error.is_decode() {
        "it is shorter than promised, or its compression is broken"
    } else {
        "the connection closed"
    };
    CallError::Truncated { call, why: why.to_owned() }
}

/// An answer whose head never came. The error's own text is dropped: it may hold the URL.
pub(crate) fn transport(call: &'static str, error: &reqwest::Error) -> CallError {
    let kind = if error.is_timeout() {
        TransportKind::Timeout
    } else if error.is_connect() {
        TransportKind::Connect
    } else if error.is_redirect() {
        TransportKind::Redirect
    } else {
        TransportKind::Broken
    };
    CallError::Transport { call, kind }
}
