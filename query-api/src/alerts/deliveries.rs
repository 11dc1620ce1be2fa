//! The log of deliveries: how each attempt to report a violation ended.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use runtime::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::export::table::{Cell, Column, Kind, Tabular};
use crate::http::params::{ParamError, Params};
use crate::state::QueryApi;
use crate::store::sql::{Clauses, NamedQuery, query};

use crate::http::answer::{Completeness, PeriodView};
use crate::http::page::{Keyset, Page, ReadRequest, keyset};

/// How attempts to report violations ended, newest first.
pub const ALERT_DELIVERIES: NamedQuery = query!("alert_deliveries");

pub(crate) const OUTCOMES: &[&str] = &["delivered", "failed", "given_up", "gone", "dropped"];

/// A row of `alert_deliveries`.
#[derive(Debug, Clone, PartialEq, Row, Deserialize)]
struct DeliveryRow {
    #[serde(with = "millis")]
    at: DateTime<Utc>,
    message_id: String,
    attempt: u32,
    endpoint: String,
    violation_id: String,
    outcome: String,
    status: u16,
    reason: String,
    duration_ms: u32,
}

impl DeliveryRow {
    /// As the statement orders rows of the same time.
    fn id(&self) -> String {
        format!("{}/{}/{}/{}", self.message_id, self.endpoint, self.violation_id, self.attempt)
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Delivery {
    /// When.
    pub at: DateTime<Utc>,
    /// Id of the report, the same in all its attempts (`webhook-id`); empty when there was none.
    pub message_id: String,
    /// Which attempt of the report, from 1; 0 when nothing was sent.
    pub attempt: u32,
    /// The endpoint's name.
    pub endpoint: String,
    /// The violation, or the test.
    pub violation_id: String,
    /// `delivered`; `failed`, to be tried again; `given_up`; `gone`, the receiver answered 410; `dropped`, the endpoint was
    /// switched off or deleted.
    pub outcome: String,
    /// The receiver's HTTP status; null without an answer.
    #[schema(required = true)]
    pub status: Option<u16>,
    /// Why it failed.
    pub reason: String,
    /// How long it took, milliseconds.
    pub duration_ms: u32,
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        let DeliveryRow { at, message_id, attempt, endpoint, violation_id, outcome, status, reason, duration_ms } = row;
        let status = (status > 0).then_some(status);
        Self { at, message_id, attempt, endpoint, violation_id, outcome, status, reason, duration_ms }
    }
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPage {
    /// Newest first.
    pub data: Vec<Delivery>,
    /// Whether there is more.
    pub has_more: bool,
    /// For the next page, with the same filter.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The period as it was understood.
    pub period: PeriodView,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// Filters of `GET /v1/alerts/deliveries`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// Names of endpoints.
    #[param(required = false)]
    pub endpoint: Vec<String>,
    /// Ids of violations, or of tests.
    #[param(required = false)]
    pub violation: Vec<String>,
    /// `delivered`, `failed`, `given_up`, `gone` or `dropped`.
    #[param(required = false)]
    pub outcome: Vec<String>,
}

impl DeliveryFilter {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(Self {
            endpoint: params.list("endpoint")?,
            violation: params.ids("violation")?,
            outcome: params.list_of("outcome", OUTCOMES)?,
        })
    }

    fn add_to(&self, clauses: &mut Clauses) {
        for (condition, name, values) in [
            ("endpoint IN {endpoint:Array(String)}", "endpoint", &self.endpoint),
            ("violation_id IN {violation:Array(String)}", "violation", &self.violation),
            ("outcome IN {outcome:Array(String)}", "outcome", &self.outcome),
        ] {
            if !values.is_empty() {
                clauses.texts(condition, name, values);
            }
        }
    }
}

/// Refuses names of endpoints that there are not, unless something was delivered to them before they were deleted.
async fn check_endpoints(api: &QueryApi, reading: &ReadRequest, endpoints: &[String]) -> Result<(), Problem> {
    let settings = api.settings().snapshot();
    let is_known = |name: &str| settings.endpoints(&reading.tenant.id).any(|endpoint| endpoint.id == name);
    for endpoint in endpoints.iter().filter(|name| !is_known(name)) {
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &reading.tenant.id);
        clauses.bind_number("rows", 1);
        clauses.order(NEWEST.order);
        clauses.text("endpoint = {endpoint:String}", "endpoint", endpoint);
        if api.store().rows::<DeliveryRow>(ALERT_DELIVERIES, clauses).await?.is_empty() {
            return Err(ParamError::bad("endpoint", format!("there is no endpoint {endpoint:?}")).into());
        }
    }
    Ok(())
}

const NEWEST: Keyset =
    keyset!("at", "concat(message_id, '/', endpoint, '/', violation_id, '/', toString(attempt))", newest);

/// List alert deliveries
///
/// How attempts to report violations ended, newest first. Kept for 90 days.
#[utoipa::path(
    get,
    path = "/v1/alerts/deliveries",
    tag = "alerts",
    operation_id = "listAlertDeliveries",
    params(DeliveryFilter, crate::openapi::PeriodParams, crate::openapi::PageParams),
    responses(
        (status = 200, description = "A page", body = DeliveryPage, example = json!(crate::alerts::examples::deliveries())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let filter = DeliveryFilter::take(&mut reading.params)?;
    check_endpoints(&api, &reading, &filter.endpoint).await?;
    let asked = reading.page("alert-deliveries/newest", &filter)?;
    let mut clauses = asked.clauses(&NEWEST);
    filter.add_to(&mut clauses);
    asked.add_period(&mut clauses, "at >= {from:DateTime64(3, 'UTC')}", "at < {to:DateTime64(3, 'UTC')}");
    let shown = |rows: Vec<DeliveryRow>| rows.into_iter().map(Delivery::from).collect::<Vec<_>>();
    if let Some(export) = asked.export() {
        return export.rows(ALERT_DELIVERIES, clauses, move |rows| std::future::ready(Ok(shown(rows)))).await;
    }
    let mut rows: Vec<DeliveryRow> = api.store().rows(ALERT_DELIVERIES, clauses).await?;
    let has_more = asked.cut(&mut rows);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|row| asked.position(row.at, row.id()));
    let Page { data, has_more, next_cursor, period, completeness } = asked.paged(shown(rows), has_more, next.as_ref());
    Ok(Json(DeliveryPage { data, has_more, next_cursor, period, completeness }).into_response())
}

impl Tabular for Delivery {
    const COLUMNS: &'static [Column] = &[
        Column::new("at", Kind::Time),
        Column::new("endpoint", Kind::Text),
        Column::new("violation_id", Kind::Text),
        Column::new("message_id", Kind::Text),
        Column::new("attempt", Kind::Whole),
        Column::new("outcome", Kind::Text),
        Column::new("status", Kind::Whole),
        Column::new("reason", Kind::Text),
        Column::new("duration_ms", Kind::Whole),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend([
            self.at.into(),
            (&self.endpoint).into(),
            (&self.violation_id).into(),
            (&self.message_id).into(),
            u64::from(self.attempt).into(),
            Cell::code("outcome", &self.outcome),
            self.status.map(u64::from).into(),
            Cell::code("phrase", &self.reason),
            u64::from(self.duration_ms).into(),
        ]);
    }
}
