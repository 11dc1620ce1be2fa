//! A filtered log in figures, as it is shown.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Completeness, PeriodView};
use crate::http::period::Width;

/// What a list of events holds, counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventSummary {
    /// The period as it was understood.
    pub period: PeriodView,
    /// How many events there are.
    pub total: Total,
    /// How many of each class over time.
    pub histogram: Histogram,
    /// How often values occur, of what was asked for. Actors are counted for those who may trace users, rules for those who may see
    /// violations.
    pub facets: Facets,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// A number of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Total {
    /// How many were counted.
    #[schema(example = 1204)]
    pub value: u64,
    /// Whether these are all. False: there are at least so many.
    #[schema(example = true)]
    pub exact: bool,
}

/// Events over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Histogram {
    /// Width of the buckets, by the length of the period: `minute` up to two hours, `hour` up to four days, `day` up to 400 days, or
    /// else `month`; in the tenant's zone.
    pub interval: Width,
    /// Every bucket, empty ones too. A period without a beginning begins with the first event, one without an end ends now.
    pub buckets: Vec<HistogramBucket>,
    /// Whether all events were counted. False: there are at least so many.
    pub exact: bool,
}

/// Events of some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistogramBucket {
    /// First instant inside, with the offset of the tenant's zone.
    #[schema(value_type = String, format = DateTime)]
    pub from: DateTime<FixedOffset>,
    /// First instant outside.
    #[schema(value_type = String, format = DateTime)]
    pub to: DateTime<FixedOffset>,
    /// Events of the class `create`.
    pub create: u64,
    /// Events of the class `change`.
    pub change: u64,
    /// Events of the class `delete`.
    pub delete: u64,
    /// Events of the class `other`.
    pub other: u64,
}

/// How often values occur, by the name of what they are values of.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "a field is named as the facet")]
pub struct Facets {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Facet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Facet>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<Facet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_type: Option<Facet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Facet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Facet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Facet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Facet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<Facet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Facet>,
}

/// How often values occur.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facet {
    /// Those that occur most first.
    pub values: Vec<FacetValue>,
    /// Whether all events were counted. False: each value occurs at least so often, and there may be others.
    pub exact: bool,
    /// Whether there are more values.
    pub more: bool,
}

/// A value, and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetValue {
    /// As the filter takes it; empty: events without one.
    #[schema(example = "update")]
    pub value: String,
    /// What people call it; absent where it has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "change")]
    pub label: Option<String>,
    /// Events with it.
    #[schema(example = 10)]
    pub count: u64,
}
