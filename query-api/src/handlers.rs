//! The operations, one file a subject. What they share is here: how an answer says how complete it is, and how a body is
//! read.

pub mod activities;
pub mod alerts;
pub mod catalogue;
pub mod check;
pub mod configuration;
pub mod devices_access;
pub mod events;
pub mod exemptions;
pub mod explanations;
pub mod figures;
pub mod keys;
mod kinds;
pub mod language;
pub mod objects;
pub mod own_rules;
pub mod page;
pub mod plan;
pub mod restore_endpoint;
pub mod restores;

pub mod retention;
pub mod reviews;
pub mod rules;
pub mod settings;
mod since;
pub mod statistics;
pub mod tenant_statistics;
pub mod tenants;
pub mod timeline;
mod trace;
pub mod trials;
pub mod unknown_types;
pub mod usage;
pub mod used_kinds;
pub mod user_log;
pub mod users;
pub mod violations;
pub(crate) mod which;

use std::ops::RangeInclusive;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request};
use axum::http::{StatusCode, header};
use chrono::{DateTime, Datelike as _, Utc};
use runtime::problem::Problem;
use runtime::settings::PutError;
use schemas::decode::MAX_NAME_BYTES;
use schemas::settings::{Invalid, parse_strict};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::QueryApi;
use crate::bodies;
use runtime::freshness::Freshness;

/// P15: up to when an answer is complete.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Completeness {
    /// Every event received before this time was in the store when it was asked. Null while that is not known.
    #[schema(required = true)]
    pub complete_until: Option<DateTime<Utc>>,
    /// Whether `complete_until` is known.
    pub complete: bool,
}

impl Completeness {
    /// What is claimed now. To be read before the store is asked.
    pub fn now(freshness: &Freshness) -> Self {
        let complete_until = freshness.complete_until();
        Self { complete_until, complete: complete_until.is_some() }
    }

    /// 404 that says up to when it holds: what is missing may still come.
    pub fn not_found(self, detail: &'static str) -> Problem {
        Problem::not_found(detail).with_member("complete_until", self.complete_until)
    }
}

/// One thing, with P15.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct One<T> {
    /// The thing.
    pub data: T,
    /// P15.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// A list that is small enough to be whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Whole<T> {
    /// All there are.
    pub data: Vec<T>,
    /// P15.
    #[serde(flatten)]
    pub completeness: Completeness,
}

impl<T> Whole<T> {
    /// All there are now.
    pub(crate) fn of(api: &QueryApi, data: Vec<T>) -> Self {
        Self { data, completeness: Completeness::now(api.freshness()) }
    }
}

/// A period as it was understood; a missing bound is open.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct PeriodView {
    /// First instant inside.
    #[schema(required = true)]
    pub from: Option<DateTime<Utc>>,
    /// First instant outside.
    #[schema(required = true)]
    pub to: Option<DateTime<Utc>>,
}

/// Reads a JSON body strictly: bounded, of the right type, no unknown field.
pub(crate) async fn body<T: DeserializeOwned + Serialize>(request: Request) -> Result<T, Problem> {
    parse_strict(&text(request).await?).map_err(invalid)
}

/// The text of a JSON body.
pub(crate) async fn text(request: Request) -> Result<axum::body::Bytes, Problem> {
    let json = media_type(&request).is_none_or(|given| given == "application/json");
    read(request, json).await
}

/// Reads a JSON Merge Patch (RFC 7386).
pub(crate) async fn patch(request: Request) -> Result<serde_json::Value, Problem> {
    let known = ["application/merge-patch+json", "application/json"];
    let json = media_type(&request).is_none_or(|given| known.contains(&given.as_str()));
    serde_json::from_slice(&read(request, json).await?)
        .map_err(|error| Problem::bad_request("invalid_json", error.to_string()))
}

fn media_type(request: &Request) -> Option<String> {
    let given = request.headers().get(header::CONTENT_TYPE)?.to_str().unwrap_or("");
    Some(given.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
}

async fn read(request: Request, json: bool) -> Result<axum::body::Bytes, Problem> {
    if !json {
        let detail = "the body must be application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    bodies::read(request).await
}

/// Why a change is not in force; where it lost against another one, with what is in force instead.
pub(crate) fn not_changed<T: Serialize>(error: PutError, in_force: impl FnOnce() -> Option<T>) -> Problem {
    let lost = matches!(error, PutError::Conflict { .. });
    let problem = Problem::from(error);
    if lost { problem.with_member("current", in_force()) } else { problem }
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

/// An id in a path: as in events, where it may hold any character.
pub(crate) fn id(text: String) -> Result<String, Problem> {
    if text.is_empty() || text.len() > MAX_NAME_BYTES {
        let detail = format!("an id has 1 to {MAX_NAME_BYTES} bytes");
        return Err(Problem::bad_request("invalid_path", detail));
    }
    Ok(text)
}

/// An id in a path of something that is to be changed, as events may have it: what was changed has to be told by one.
pub(crate) fn written_id(text: String) -> Result<String, Problem> {
    if let Some(why) = schemas::ids::nonsense(text.trim()) {
        return Err(Problem::bad_request("invalid_path", format!("the id names nothing: {why}")));
    }
    id(text)
}

/// A path parameter, or the problem with it.
pub(crate) fn path<T>(given: Result<Path<T>, PathRejection>) -> Result<T, Problem> {
    match given {
        Ok(Path(value)) => Ok(value),
        Err(rejection) => Err(Problem::bad_request("invalid_path", rejection.body_text())),
    }
}
