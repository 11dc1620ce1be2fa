//! What the catalogue doesn't know: types that the tenant's applications send and nobody declared.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use runtime::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::answer::{Completeness, PeriodView};
use crate::http::page::ReadRequest;
use crate::log::catalogue::kinds::{self, Kinds, SHOWN};
use crate::state::QueryApi;
use crate::store::sql::{NamedQuery, query};

/// Types of events, counted.
pub const EVENT_TYPES: NamedQuery = query!("event_types");

/// Most types that are looked at, known ones included.
const MOST_TYPES: u32 = 20_000;

/// Types that are in no catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnknownTypes {
    /// Those with the most events first; at most 1000.
    pub data: Vec<UnknownType>,
    /// Whether there are more.
    pub has_more: bool,
    /// The period as it was understood.
    pub period: PeriodView,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// A type that is in no catalogue, and how its name is understood.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnknownType {
    /// As it is sent.
    #[serde(rename = "type")]
    #[schema(example = "com.example.order.deleted.v1")]
    pub event_type: String,
    /// Events of the period.
    pub events: u64,
    /// When the first of them occurred.
    pub first_at: DateTime<Utc>,
    /// When the last of them did.
    pub last_at: DateTime<Utc>,
    /// The class that one of them was filed under.
    #[schema(example = "delete")]
    pub class: String,
    /// The action that one of them was filed under.
    #[schema(example = "delete")]
    pub action: String,
}

impl From<EventTypeRow> for UnknownType {
    fn from(row: EventTypeRow) -> Self {
        let EventTypeRow { event_type, events, first_at, last_at, filed_class, filed_action } = row;
        Self { event_type, events, first_at, last_at, class: filed_class, action: filed_action }
    }
}

/// List unknown event types
///
/// Types of events that are neither in the catalogue nor among the tenant's own, with how often and when they came.
/// Events of such types are kept as all others, and filed by the words of their names. Of the last 30 days unless a
/// period is given.
#[utoipa::path(
    get,
    path = "/v1/catalogue/unknown",
    tag = "catalogue",
    operation_id = "listUnknownTypes",
    params(crate::openapi::PeriodParams, crate::openapi::TenantParam),
    responses(
        (status = 200, description = "What the catalogue doesn't know", body = UnknownTypes, example = json!(crate::log::examples::unknown_types())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let Kinds { rows, period, mut has_more } = kinds::count(api.store(), &mut reading, EVENT_TYPES, MOST_TYPES).await?;
    let catalogue = api.catalogue().with_tenant_types(&reading.tenant.event_types);
    let unknown = rows.into_iter().filter(|row: &EventTypeRow| catalogue.get(&row.event_type).is_none());
    let mut data: Vec<UnknownType> = unknown.map(UnknownType::from).collect();
    has_more |= data.len() > SHOWN;
    data.truncate(SHOWN);
    let records = data.len();
    let understood = PeriodView { from: period.from, to: period.to };
    let answer = UnknownTypes { data, has_more, period: understood, completeness: reading.completeness };
    Ok(kinds::answer(records, period, Json(answer)))
}

/// A row of `event_types.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct EventTypeRow {
    pub event_type: String,
    pub events: u64,
    #[serde(with = "millis")]
    pub first_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub last_at: DateTime<Utc>,
    pub filed_class: String,
    pub filed_action: String,
}
