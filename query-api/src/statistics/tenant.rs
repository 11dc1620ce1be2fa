//! What a whole tenant did: in all, over time, by one or two dimensions, and beside the period before.

pub(crate) mod answer;
pub(crate) mod asked;
pub(crate) mod plan;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use runtime::problem::Problem;
use schemas::settings::Permission;

use crate::http::page::ReadRequest;
use crate::http::period::{Period, Preset};
use crate::log::filter::EventFilter;
use crate::state::QueryApi;
use crate::statistics::rows::StatisticsRow;
use crate::statistics::tenant::answer::Answer;
use crate::statistics::tenant::asked::StatisticsRequest;
use crate::statistics::tenant::plan::Plan;
use crate::statistics::view::TenantStatistics;

/// Get a tenant's statistics
///
/// What a whole tenant did in a period. Counts are exact. Numbers of different users and devices are exact while small;
/// above that they are estimates that say so. A file that holds one table has a row for each named group and bucket
/// where both are asked for, or else one for each group, or else one for each bucket. Daily, weekly and monthly active
/// users are `distinct=users` with an `interval` of that length. The cost depends on the length of the period and the
/// kinds of work in it, not on the number of events.
#[utoipa::path(
    get,
    path = "/v1/statistics",
    tag = "statistics",
    operation_id = "getStatistics",
    params(
        crate::openapi::PeriodParams,
        ("by" = Option<Vec<String>>, Query, description = "One or two of `action`, `channel`, `class`, `country`, `device` (its kind), `location`, `object_type` and `user`; users take the permission to trace them", example = json!(["action"])),
        ("interval" = Option<String>, Query, description = "Width of the series' buckets, in the tenant's zone: `minute` (for a day at most), `hour`, `day`, `week` or `month`", example = "day"),
        ("top" = Option<u32>, Query, description = "How many groups are named, by events, from 1 to 100 (default 10); the others come together", example = 10),
        ("distinct" = Option<Vec<String>>, Query, description = "Different `users`, `devices` or both, too", example = json!(["users"])),
        ("compare" = Option<String>, Query, description = "`previous`: beside the whole period before, of the same kind", example = "previous"),
        ("user" = Option<Vec<String>>, Query, description = "Ids of users; empty: events without one"),
        ("action" = Option<Vec<String>>, Query, description = "Actions; empty: events without one"),
        ("object_type" = Option<Vec<String>>, Query, description = "Types of objects; empty: events without one"),
        ("channel" = Option<Vec<String>>, Query, description = "Channels; empty: events without one"),
        ("device" = Option<Vec<String>>, Query, description = "Kinds of devices, as `device.kind` of events has them; `phone` is understood as `mobile`"),
        ("country" = Option<Vec<String>>, Query, description = "Countries, ISO 3166-1 alpha-2, in any case; empty: events without one"),
        ("location" = Option<Vec<String>>, Query, description = "Locations (branches, offices); empty: events without one"),
        ("class" = Option<Vec<String>>, Query, description = "`create`, `delete`, `change` or `other`"),
        ("category" = Option<Vec<String>>, Query, description = "`sign_ins`, `changes`, `views`, `configuration` or `other`"),
        crate::openapi::FormatParam,
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "The statistics; of this month unless a period is given", body = TenantStatistics, example = json!(crate::statistics::examples::tenant_statistics())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let format = reading.format()?;
    let asked = StatisticsRequest::take(&mut reading.params)?;
    std::mem::take(&mut reading.params).finish()?;
    if asked.tells_users_apart() {
        reading.takes(Permission::TraceUsers, "telling users apart takes the permission trace_users", "by")?;
    }
    if asked.compare && asked.interval.is_some() && format.is_some_and(|format| !format.has_several_tables()) {
        let detail = "a file of one table has the buckets of interval= or the comparison, not both; ask for one of them, or for JSON, XLSX or PDF";
        return Err(Problem::bad_request("invalid_parameter", detail).with_pointer("compare"));
    }
    let with_violations = reading.may(Permission::SeeViolations);
    let calendar = api.calendar(&reading.tenant);
    let keep = reading.cutoffs();
    reading.by_default(Preset::ThisMonth);
    let period = reading.allowed(&asked.period)?;
    let plan = Plan::new(&asked, period, calendar, &reading)?;
    let mut clauses = plan.clauses(&reading.tenant.id, keep);
    asked.add_to(&mut clauses);
    EventFilter::visible_to(&reading.caller, &mut clauses);
    let rows: Vec<StatisticsRow> = api.store().rows(plan.query(), clauses).await?;
    let statistics = Answer::new(&rows, &asked, &plan, calendar, with_violations).show(reading.completeness);
    match format {
        None => Ok(Json(statistics).into_response()),
        Some(format) => {
            let period = Period { from: statistics.period.from, to: statistics.period.to };
            reading.export(format, "tenant_statistics", period).report(statistics).await
        }
    }
}
