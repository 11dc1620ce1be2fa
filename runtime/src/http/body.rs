//! Reading a request's body: bounded in size, in the memory that all bodies share, and in time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use tokio::time::Instant;

use crate::config;
use crate::memory::{NoRoom, Reservation};
use crate::problem::Problem;

/// Longest times of a body.
#[derive(Clone, Copy, Debug)]
pub struct BodyTimes {
    /// From the first byte to the last.
    pub whole: Duration,
    /// Without a byte.
    pub stall: Duration,
}

impl From<&config::Http> for BodyTimes {
    fn from(config: &config::Http) -> Self {
        Self {
            whole: Duration::from_millis(config.body_timeout_ms),
            stall: Duration::from_millis(config.stall_timeout_ms),
        }
    }
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is larger than so many bytes.
    #[error("a body may have {0} bytes")]
    TooLarge(usize),
    /// It came too slowly.
    #[error("the body came too slowly")]
    TooSlow,
    /// It broke off.
    #[error("the body ended before its end")]
    Incomplete,
    /// There is no memory for it.
    #[error("there is no room for the body")]
    NoRoom(NoRoom),
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(max) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", error.to_string()).with_member("limit", max)
            }
            BodyError::TooSlow => {
                let detail = "the body was not received in time; nothing of it was accepted";
                Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", detail)
            }
            BodyError::Incomplete => Self::bad_request("incomplete_body", error.to_string()),
            BodyError::NoRoom(reason) => reason.into(),
        }
    }
}

/// Reads a body of at most `max` bytes; what has come is counted in `reservation`.
///
/// # Errors
/// [`BodyError`].
pub async fn read(
    body: Body,
    headers: &HeaderMap,
    max: usize,
    times: BodyTimes,
    reservation: &mut Reservation,
) -> Result<Bytes, BodyError> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > max as u64) {
        return Err(BodyError::TooLarge(max));
    }
    let end = Instant::now() + times.whole;
    let (mut body, mut whole) = (body, BytesMut::new());
    loop {
        let until = end.min(Instant::now() + times.stall);
        let frame = tokio::time::timeout_at(until, body.frame()).await.map_err(|_| BodyError::TooSlow)?;
        let Some(frame) = frame else { return Ok(whole.freeze()) };
        let Ok(data) = frame.map_err(|_| BodyError::Incomplete)?.into_data() else { continue };
        if whole.len() + data.len() > max {
            return Err(BodyError::TooLarge(max));
        }
        reservation.take(data.len()).map_err(BodyError::NoRoom)?;
        whole.extend_from_slice(&data);
    }
}
