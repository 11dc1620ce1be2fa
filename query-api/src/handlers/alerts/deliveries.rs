//! The log of deliveries: how each attempt to report a violation ended (P5).

use axum::Json;
use axum::extract::{Extension, RawQuery, State};
use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use runtime::problem::Problem;
use schemas::settings::Tenant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::QueryApi;
use crate::access::{Caller, refused};
use crate::cursor::{Binding, Position};
use crate::params::{ParamError, Params};
use crate::period::{Period, PeriodSpec};
use crate::sql::{self, Clauses};

use super::super::PeriodView;

const OUTCOMES: &[&str] = &["delivered", "failed", "given_up", "gone", "dropped"];

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
}

/// Filters of `GET /v1/alerts/deliveries`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// Names of endpoints.
    #[param(required = false)]
    pub endpoint: Vec<String>,
    /// Ids of violations.
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
            violation: params.list("violation")?,
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

struct Asked {
    filter: DeliveryFilter,
    period: Period,
    limit: u32,
    after: Option<Position>,
    canonical: String,
}

impl Asked {
    fn parse(api: &QueryApi, tenant: &Tenant, mut params: Params) -> Result<Self, Problem> {
        let filter = DeliveryFilter::take(&mut params).map_err(refused)?;
        let spec = PeriodSpec::take(&mut params).map_err(refused)?;
        let limit = params.number("limit", 1, api.max_rows()).map_err(refused)?.unwrap_or(100);
        let cursor = params.one("cursor").map_err(refused)?;
        params.finish().map_err(refused)?;
        let canonical = serde_json::to_string(&(&filter, &spec)).map_err(Problem::internal)?;
        let after = cursor
            .map(|text| binding(tenant, &canonical).open(&text))
            .transpose()
            .map_err(|error| Problem::bad_request("invalid_cursor", error.to_string()).with_pointer("cursor"))?;
        let period = match &after {
            Some(position) => position.period,
            None => spec.resolve(api.calendar(tenant), Utc::now()).map_err(refused)?,
        };
        Ok(Self { filter, period, limit, after, canonical })
    }

    fn clauses(&self, tenant: &Tenant) -> Clauses {
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &tenant.id);
        clauses.bind_number("rows", self.limit + 1);
        self.filter.add_to(&mut clauses);
        if let Some(from) = self.period.from {
            clauses.time("at >= {from:DateTime64(3, 'UTC')}", "from", from);
        }
        if let Some(to) = self.period.to {
            clauses.time("at < {to:DateTime64(3, 'UTC')}", "to", to);
        }
        if let Some(position) = &self.after {
            clauses.time("at <= {after:DateTime64(3, 'UTC')}", "after", position.at);
            clauses.text(
                "at < {after:DateTime64(3, 'UTC')} OR \
                 concat(message_id, '/', endpoint, '/', violation_id, '/', toString(attempt)) < {after_id:String}",
                "after_id",
                &position.id,
            );
        }
        clauses
    }
}

fn binding<'a>(tenant: &'a Tenant, filter: &'a str) -> Binding<'a> {
    Binding { tenant: &tenant.id, list: "alert-deliveries/newest", filter }
}

/// How attempts to report violations ended, newest first. Kept for 90 days.
#[utoipa::path(
    get,
    path = "/v1/alerts/deliveries",
    tag = "alerts",
    operation_id = "listAlertDeliveries",
    params(DeliveryFilter, crate::openapi::PeriodParams, crate::openapi::PageParams),
    responses(
        (status = 200, description = "A page", body = DeliveryPage, example = json!(crate::openapi::examples::deliveries())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(
    State(api): State<QueryApi>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<DeliveryPage>, Problem> {
    let mut params = Params::parse(query.as_deref()).map_err(refused)?;
    let tenant = caller.read_tenant(&api, &mut params)?;
    let asked = Asked::parse(&api, &tenant, params)?;
    let mut rows: Vec<DeliveryRow> = api.store().rows(sql::ALERT_DELIVERIES, asked.clauses(&tenant)).await?;
    let has_more = rows.len() > asked.limit as usize;
    rows.truncate(asked.limit as usize);
    let binding = binding(&tenant, &asked.canonical);
    let last = rows.last().filter(|_| has_more);
    let next_cursor = last.map(|row| binding.seal(&Position { at: row.at, id: row.id(), period: asked.period }));
    Ok(Json(DeliveryPage {
        data: rows.into_iter().map(Delivery::from).collect(),
        has_more,
        next_cursor,
        period: PeriodView { from: asked.period.from, to: asked.period.to },
    }))
}
