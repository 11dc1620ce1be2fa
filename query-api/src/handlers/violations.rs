//! Broken rules (K12). Only staff with the right see them (K16).

use axum::Json;
use axum::extract::{Extension, RawQuery, State};
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::settings::Tenant;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Completeness, PeriodView};
use crate::QueryApi;
use crate::access::{Caller, refused};
use crate::cursor::{Binding, Position};
use crate::filter::ViolationFilter;
use crate::keep::Keep;
use crate::params::Params;
use crate::period::{Period, PeriodSpec};
use crate::rows::ViolationRow;
use crate::sql::{self, Clauses};
use crate::view::Violation;

/// A page of violations.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViolationPage {
    /// In the order that was asked for.
    pub data: Vec<Violation>,
    /// Whether there is more.
    pub has_more: bool,
    /// For the next page, with the same filter and order.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The period as it was understood.
    pub period: PeriodView,
    /// P15.
    #[serde(flatten)]
    pub completeness: Completeness,
}

struct Asked {
    filter: ViolationFilter,
    ascending: bool,
    period: Period,
    limit: u32,
    after: Option<Position>,
    canonical: String,
}

impl Asked {
    fn parse(api: &QueryApi, tenant: &Tenant, mut params: Params, now: DateTime<Utc>) -> Result<Self, Problem> {
        let filter = ViolationFilter::take(&mut params).map_err(refused)?;
        let spec = PeriodSpec::take(&mut params).map_err(refused)?;
        let ascending = params.one_of("order", &["desc", "asc"]).map_err(refused)?.as_deref() == Some("asc");
        let limit = params.number("limit", 1, api.max_rows()).map_err(refused)?.unwrap_or(100);
        let cursor = params.one("cursor").map_err(refused)?;
        params.finish().map_err(refused)?;
        let canonical = serde_json::to_string(&(&filter, &spec)).map_err(Problem::internal)?;
        let after = cursor
            .map(|text| binding(tenant, ascending, &canonical).open(&text))
            .transpose()
            .map_err(|error| Problem::bad_request("invalid_cursor", error.to_string()).with_pointer("cursor"))?;
        let period = match &after {
            Some(position) => position.period,
            None => spec.resolve(api.calendar(tenant), now).map_err(refused)?,
        };
        Ok(Self { filter, ascending, period, limit, after, canonical })
    }
}

fn binding<'a>(tenant: &'a Tenant, ascending: bool, filter: &'a str) -> Binding<'a> {
    Binding { tenant: &tenant.id, list: if ascending { "violations/oldest" } else { "violations/newest" }, filter }
}

/// Broken rules (K12).
#[utoipa::path(
    get,
    path = "/v1/violations",
    tag = "violations",
    operation_id = "listViolations",
    params(
        ViolationFilter,
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("order" = Option<String>, Query, description = "`desc` (default) or `asc` by time", example = "desc"),
    ),
    responses(
        (status = 200, description = "A page", body = ViolationPage, example = json!(crate::openapi::examples::violations())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(
    State(api): State<QueryApi>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<ViolationPage>, Problem> {
    let now = Utc::now();
    let mut params = Params::parse(query.as_deref()).map_err(refused)?;
    let tenant = caller.read_tenant(&api, &mut params)?;
    let asked = Asked::parse(&api, &tenant, params, now)?;
    let completeness = Completeness::now(api.freshness());

    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &tenant.id);
    clauses.bind_number("rows", asked.limit + 1);
    add_keep(&api, &tenant, now, &mut clauses);
    asked.filter.add_to(&mut clauses);
    if let Some(from) = asked.period.from {
        clauses.time("occurred_at >= {from:DateTime64(3, 'UTC')}", "from", from);
    }
    if let Some(to) = asked.period.to {
        clauses.time("occurred_at < {to:DateTime64(3, 'UTC')}", "to", to);
    }
    if let Some(position) = &asked.after {
        add_after(&mut clauses, asked.ascending, position);
    }
    let query = if asked.ascending { sql::VIOLATIONS_OLDEST } else { sql::VIOLATIONS_NEWEST };
    let mut rows: Vec<ViolationRow> = api.store().rows(query, clauses).await?;

    let has_more = rows.len() > asked.limit as usize;
    rows.truncate(asked.limit as usize);
    let binding = binding(&tenant, asked.ascending, &asked.canonical);
    let next = rows
        .last()
        .filter(|_| has_more)
        .map(|row| binding.seal(&Position { at: row.occurred_at, id: row.violation_id.clone(), period: asked.period }));
    Ok(Json(ViolationPage {
        data: rows.into_iter().map(Violation::from).collect(),
        has_more,
        next_cursor: next,
        period: PeriodView { from: asked.period.from, to: asked.period.to },
        completeness,
    }))
}

fn add_after(clauses: &mut Clauses, ascending: bool, position: &Position) {
    let (bound, tie) = if ascending {
        (
            "occurred_at >= {after:DateTime64(3, 'UTC')}",
            "occurred_at > {after:DateTime64(3, 'UTC')} OR violation_id > {after_id:String}",
        )
    } else {
        (
            "occurred_at <= {after:DateTime64(3, 'UTC')}",
            "occurred_at < {after:DateTime64(3, 'UTC')} OR violation_id < {after_id:String}",
        )
    };
    clauses.time(bound, "after", position.at);
    clauses.text(tie, "after_id", &position.id);
}

/// L2: the retention of the category that the event's type belongs to.
fn add_keep(api: &QueryApi, tenant: &Tenant, now: DateTime<Utc>, clauses: &mut Clauses) {
    let keep = Keep::at(now, &tenant.retention);
    clauses.bind_time("oldest", keep.oldest());
    let catalogue = api.catalogue().with_tenant_types(&tenant.event_types);
    let (types, oldest) =
        catalogue.entries().map(|entry| (entry.event_type.clone(), keep.of(entry.category).timestamp_millis())).unzip();
    clauses.bind_texts("types", types);
    clauses.bind_numbers("type_oldest", oldest);
}
