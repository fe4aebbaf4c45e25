//! Request bodies: bounded in size and in time.
//!
//! A body that comes in one piece, as nearly all do, is taken as it is. One that is too large is refused as soon as that
//! is known, from its announced length if it has one, and never read to its end.

use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::timeout;

/// Why a body could not be read on.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyFault {
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the body did not arrive in time")]
    Late,
    #[error("the body ended early")]
    Broken(#[source] Cause),
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read<B: Body<Data = Bytes, Error: Into<Cause>>>(
    body: B,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, BodyFault> {
    if body.size_hint().lower() > limit as u64 {
        return Err(BodyFault::TooLarge(limit));
    }
    let mut whole = pin!(collect(body, limit));
    // Nearly always all of it is there, and nothing has to be timed.
    match poll_fn(|context| Poll::Ready(whole.as_mut().poll(context))).await {
        Poll::Ready(whole) => whole,
        Poll::Pending => timeout(patience, whole).await.unwrap_or(Err(BodyFault::Late)),
    }
}

async fn collect<B: Body<Data = Bytes, Error: Into<Cause>>>(
    body: B,
    limit: usize,
) -> Result<Bytes, BodyFault> {
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyFault::Broken(error.into()))?;
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
