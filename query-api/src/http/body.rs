//! The bodies of requests: how they are read, and what they may take of memory, shared between tenants and keys, and of time.

use std::ops::RangeInclusive;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use chrono::{DateTime, Datelike as _, Utc};
use runtime::config;
use runtime::http::body::{self, BodyTimes};
use runtime::memory::MemoryBudget;
use runtime::problem::Problem;
use schemas::settings::{Invalid, parse_strict};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::caller::Caller;

/// Memory of all bodies that are being received.
const ALL_BYTES: usize = 64 * 1024 * 1024;
/// Largest body of an administrator's request: a tenant with all the event types that it may have.
const MAX_BYTES: usize = 1024 * 1024;

/// What all bodies share. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Bodies {
    memory: MemoryBudget,
    times: BodyTimes,
}

impl Bodies {
    pub(crate) fn new(config: &config::Http) -> Self {
        Self { memory: MemoryBudget::new(ALL_BYTES), times: BodyTimes::from(config) }
    }
}

/// Reads the body of a request that the guard has let through.
pub(crate) async fn read(request: Request) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let (Some(bodies), Some(caller)) = (parts.extensions.get::<Bodies>(), parts.extensions.get::<Caller>()) else {
        return Err(Problem::internal("a body is read of a request that the guard has not seen"));
    };
    let tenant = caller.own().map_or("", |tenant| tenant.id.as_str());
    let mut held = bodies.memory.reservation(tenant, caller.key_id());
    Ok(body::read(body, &parts.headers, MAX_BYTES, bodies.times, &mut held).await?)
}

/// Reads the body of a stranger, of at most so many bytes; `from` is where they are, and what shares its memory.
pub(crate) async fn of_stranger(
    bodies: &Bodies,
    (headers, body): (&HeaderMap, Body),
    from: &str,
    most: usize,
) -> Result<Bytes, Problem> {
    let mut held = bodies.memory.reservation("", from);
    Ok(body::read(body, headers, most, bodies.times, &mut held).await?)
}

/// Reads a JSON body strictly: bounded, of the right type, no unknown field.
pub(crate) async fn body<T: DeserializeOwned + Serialize>(request: Request) -> Result<T, Problem> {
    parse_strict(&text(request).await?).map_err(invalid)
}

/// The text of a JSON body.
pub(crate) async fn text(request: Request) -> Result<Bytes, Problem> {
    let json = media_type(&request).is_none_or(|given| given == "application/json");
    read_json(request, json).await
}

/// Reads a JSON Merge Patch (RFC 7396).
pub(crate) async fn patch(request: Request) -> Result<Value, Problem> {
    let known = ["application/merge-patch+json", "application/json"];
    let json = media_type(&request).is_none_or(|given| known.contains(&given.as_str()));
    serde_json::from_slice(&read_json(request, json).await?)
        .map_err(|error| Problem::bad_request("invalid_json", error.to_string()))
}

/// What a body says that it is, without its parameters.
pub(crate) fn media_type(request: &Request) -> Option<String> {
    let given = request.headers().get(header::CONTENT_TYPE)?.to_str().unwrap_or("");
    Some(given.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
}

async fn read_json(request: Request, json: bool) -> Result<Bytes, Problem> {
    if !json {
        let detail = "the body must be application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    read(request).await
}

/// Years of events.
pub(crate) const YEARS: RangeInclusive<i32> = 1970..=2199;

/// Years of settings, whose end may be as far away as never.
pub(crate) const YEARS_OF_SETTINGS: RangeInclusive<i32> = 1970..=9999;

/// Refuses a time of a body that is out of bounds.
pub(crate) fn check_time(
    pointer: &str,
    time: Option<DateTime<Utc>>,
    years: RangeInclusive<i32>,
) -> Result<(), Problem> {
    match time {
        Some(time) if !years.contains(&time.year()) => {
            let detail = format!("years {} to {} are known", years.start(), years.end());
            Err(invalid(Invalid { pointer: pointer.to_owned(), detail }))
        }
        _ => Ok(()),
    }
}

/// A body that says something impossible.
pub(crate) fn invalid(error: Invalid) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_setting", error.detail).with_pointer(error.pointer)
}

/// RFC 7396: null removes, objects are merged, everything else replaces.
pub(crate) fn merge(target: &mut Value, patch: Value) {
    let Value::Object(changes) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    if let Value::Object(fields) = target {
        for (name, value) in changes {
            if value.is_null() {
                fields.remove(&name);
            } else {
                merge(fields.entry(name).or_insert(Value::Null), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The examples of RFC 7396, appendix A.
    #[test]
    fn merge_patch() {
        for (mut target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            merge(&mut target, patch);
            assert_eq!(target, expected);
        }
    }
}
