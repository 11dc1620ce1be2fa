//! What answers have in common: up to when they are complete, and what one thing and a whole list look like.

use chrono::{DateTime, Utc};
use runtime::freshness::Freshness;
use runtime::problem::Problem;
use runtime::settings::PutError;
use serde::Serialize;
use utoipa::ToSchema;

/// Up to when an answer is complete.
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

/// One thing, with up to when the answer is complete.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Item<T> {
    /// The thing.
    pub data: T,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// A list that is small enough to be whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<T> {
    /// All there are.
    pub data: Vec<T>,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

impl<T> List<T> {
    /// All there are now.
    pub(crate) fn of(freshness: &Freshness, data: Vec<T>) -> Self {
        Self { data, completeness: Completeness::now(freshness) }
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

/// Why a change is not in force; where it lost against another one, with what is in force instead.
pub(crate) fn not_changed<T: Serialize>(error: PutError, in_force: impl FnOnce() -> Option<T>) -> Problem {
    let lost = matches!(error, PutError::Conflict { .. });
    let problem = Problem::from(error);
    if lost { problem.with_member("current", in_force()) } else { problem }
}
