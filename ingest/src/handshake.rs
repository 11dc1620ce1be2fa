//! The handshake of the CloudEvents web hook
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection>): a sender asks before it
//! delivers to an address that somebody gave it.
//!
//! Consent is the tenant's, so it takes the key that deliveries take. It is given in the answer; an address to call back is
//! never called. An `OPTIONS` without `WebHook-Request-Origin` is no handshake, and is answered for all resources in one place
//! ([`runtime::http::methods`]).

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use runtime::http::methods::WEBHOOK_REQUEST_ORIGIN;
use runtime::problem::Problem;

use crate::{Ingest, access};

const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");
/// Longest name of a sending system: that of a domain.
const MAX_ORIGIN_BYTES: usize = 253;

/// Answers a handshake, `OPTIONS /v1/events`.
pub(crate) async fn answer(State(ingest): State<Ingest>, headers: HeaderMap) -> Response {
    agree(&ingest, &headers).unwrap_or_else(IntoResponse::into_response)
}

/// What a web hook may do.
const POST: HeaderValue = HeaderValue::from_static("POST");

fn agree(ingest: &Ingest, headers: &HeaderMap) -> Result<Response, Problem> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'*');
    let is_name = |origin: &&HeaderValue| {
        !origin.is_empty() && origin.len() <= MAX_ORIGIN_BYTES && origin.as_bytes().iter().all(is_letter)
    };
    let Some(origin) = headers.get(WEBHOOK_REQUEST_ORIGIN).filter(is_name) else {
        let detail = format!("expected the name of a domain, of {MAX_ORIGIN_BYTES} bytes at most");
        return Err(Problem::bad_request("invalid_origin", detail).with_pointer("WebHook-Request-Origin"));
    };
    let settings = &ingest.0.settings;
    let sender = access::sender(settings, headers)?;
    let of_tenant = settings.limits(&sender.tenant.id).events_per_second;
    let of_key = sender.principal.limits.map_or(of_tenant, |limits| limits.events_per_second);
    let a_minute = u64::from(of_tenant.min(of_key)) * 60;
    let agreed = [(header::ALLOW, POST), (ALLOWED_ORIGIN, origin.clone()), (ALLOWED_RATE, a_minute.into())];
    Ok((StatusCode::OK, agreed).into_response())
}
