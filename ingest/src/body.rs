//! Reading the body: bounded for each request, bounded for all of them, bounded in time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use runtime::problem::Problem;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a sender waits that found all memory taken.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The memory that all requests share, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Semaphore>);

/// One request's part of the budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Budget,
    taken: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// An empty share.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), taken: None }
    }
}

impl Share {
    /// Takes `bytes` more. Never waits: whoever waits for memory holds what it has, and all would wait for ever.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        let more = u32::try_from(bytes)
            .ok()
            .and_then(|bytes| Arc::clone(&self.budget.0).try_acquire_many_owned(bytes).ok())
            .ok_or_else(busy)?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }
}

fn busy() -> Problem {
    Problem::unavailable(
        "busy",
        "too many events are being received; nothing of this request was accepted, send it again",
        RETRY_AFTER,
    )
}

/// Reads the whole body.
pub(crate) async fn read(
    body: Body,
    headers: &HeaderMap,
    config: &runtime::config::Ingest,
    share: &mut Share,
) -> Result<Bytes, Problem> {
    let max = config.max_body_bytes;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > max as u64) {
        return Err(too_large(max));
    }
    let reading = read_frames(body, max, share);
    match tokio::time::timeout(Duration::from_millis(config.read_timeout_ms), reading).await {
        Ok(read) => read,
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "too_slow",
            format!("the body was not received within {} ms; nothing was accepted", config.read_timeout_ms),
        )),
    }
}

async fn read_frames(mut body: Body, max: usize, share: &mut Share) -> Result<Bytes, Problem> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::bad_request("incomplete_body", "the body ended before its end"))?;
        if let Ok(data) = frame.into_data() {
            if whole.len() + data.len() > max {
                return Err(too_large(max));
            }
            share.take(data.len())?;
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole.freeze())
}

fn too_large(max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("a body may have {max} bytes; send fewer events at a time"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_given_back() {
        let budget = Budget::new(100);
        let mut first = budget.share();
        first.take(40).unwrap();
        first.take(40).unwrap();
        let mut second = budget.share();
        assert_eq!(second.take(40).unwrap_err().status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(first);
        second.take(100).unwrap();
    }
}
