//! Request bodies: bounded in size and in time.
//!
//! A body that comes in one piece, as nearly all do, is taken as it is. One that is too large is refused as soon as that
//! is known, from its announced length if it has one, and never read to its end.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyFault {
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the body did not arrive in time")]
    Late,
    #[error("the body ended early")]
    Broken(#[source] axum::Error),
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read(body: Body, limit: usize, patience: Duration) -> Result<Bytes, BodyFault> {
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyFault::TooLarge(limit));
    }
    // The timer is registered only when something has to be waited for.
    tokio::time::timeout(patience, collect(body, limit)).await.unwrap_or(Err(BodyFault::Late))
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, BodyFault> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(BodyFault::Broken)?;
        let Ok(data) = frame.into_data() else { continue }; // trailers
        if first.len() + rest.len() + data.len() > limit {
            return Err(BodyFault::TooLarge(limit));
        }
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}
