//! Reviews of many violations at once. Each is recorded as one by itself is, so whoever reads the log finds no difference.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use futures::{StreamExt as _, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use runtime::problem::Problem;
use schemas::settings::Invalid;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::http::answer::Completeness;
use crate::http::body::{YEARS, body, check_time, invalid};
use crate::http::caller::Caller;
use crate::http::page::{ReadRequest, look_back_of_violations};
use crate::http::params::{MAX_VALUE_BYTES, Params};
use crate::http::period::PeriodSpec;
use crate::state::QueryApi;
use crate::store::sql::Clauses;
use crate::violations::filter::ViolationFilter;
use crate::violations::list::{add_to, check_rules};
use crate::violations::reviews::{APPLIED, LOOK, check_note, event, whole};
use crate::violations::rows::{VIOLATIONS, ViolationRow};

/// Most violations that one request reviews.
const MAX: u32 = 500;
/// Reviews that are being recorded at a time.
const AT_ONCE: usize = 16;
/// Those that nobody has reviewed come first, so that what is asked again goes on.
const ORDER: &str = "reviewed ASC, window_at DESC, violation_id DESC";

/// Which violations are reviewed, and what staff have to say of them: either `ids`, or `filter` and `until`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewReviews {
    /// Their ids, at most 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// Parameters of `GET /v1/violations`, as a query string has them: those that it lists, at most 500 at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({"rule": "too-many-devices", "period": "this_week"}))]
    pub filter: Option<BTreeMap<String, String>>,
    /// Leaves out violations of which anything was received later: the `complete_until` of the list that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// What was found out; at most 1024 bytes.
    #[serde(default)]
    #[schema(example = "Travels of the sales team")]
    pub note: String,
}

/// What became of reviews.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewsAnswer {
    /// How many, and which not.
    pub data: Reviewed,
    /// Whether every answer shows them. False: they are recorded for good, and will show soon.
    pub applied: bool,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// How many violations were reviewed.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Reviewed {
    /// Reviewed by this request.
    #[schema(example = 12)]
    pub reviewed: usize,
    /// Reviewed before, and left as they were; of a filter, as far as they were looked at.
    #[schema(example = 2)]
    pub already: usize,
    /// Ids that no violation has, or not yet, or no longer.
    pub missing: Vec<String>,
    /// Ids of violations whose review could not be recorded: sending them again is safe.
    pub failed: Vec<String>,
    /// Whether the filter has more that nobody has reviewed: send it again.
    pub more: bool,
}

/// Review violations together
///
/// Marks violations as reviewed, each as far as it has come, by their ids or by a filter of the list. Those that are reviewed
/// already stay as they are, so that sending it again is safe. Each review is recorded as one by itself is.
#[utoipa::path(
    post,
    path = "/v1/violations/reviews",
    tag = "violations",
    operation_id = "reviewViolations",
    params(crate::openapi::TenantParam),
    request_body(content = NewReviews, example = json!({"ids": ["5f2b7c0e9d1a4b3f8e6d2c1b0a998877"], "note": "Travels of the sales team"})),
    responses(
        (status = 200, description = "Reviewed; every answer shows it", body = ReviewsAnswer, example = json!(crate::violations::examples::reviews(true))),
        (status = 202, description = "Recorded, but not yet shown after 10 s", body = ReviewsAnswer, example = json!(crate::violations::examples::reviews(false))),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn review(
    State(api): State<QueryApi>,
    caller: Caller,
    mut reading: ReadRequest,
    request: Request,
) -> Result<(StatusCode, Json<ReviewsAnswer>), Problem> {
    std::mem::take(&mut reading.params).finish()?;
    let asked: NewReviews = body(request).await?;
    check_note(&asked.note)?;
    let (rows, mut data) = match (&asked.ids, &asked.filter, asked.until) {
        (Some(ids), None, None) => by_ids(&api, &reading, ids).await?,
        (None, Some(filter), Some(until)) => by_filter(&api, &reading, filter, until).await?,
        (None, Some(_), None) => return Err(refused("/until", "goes with filter: up to when the list was looked at")),
        (None, None, _) => return Err(refused("/ids", "either ids or filter is wanted")),
        (Some(_), Some(_), _) => return Err(refused("/filter", "either ids or filter is wanted")),
        (Some(_), None, Some(_)) => return Err(refused("/until", "goes with filter alone")),
    };
    let (reviewed, open): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.reviewed);
    data.already = reviewed.len();
    // Times of events are kept in milliseconds.
    let begun = Utc::now().duration_trunc(TimeDelta::milliseconds(1)).map_err(Problem::internal)?;
    let recorded = record(&api, (&caller, &reading), &open, &asked.note, &mut data).await?;
    let applied = shown(&api, &reading, &recorded, begun).await;
    let status = if applied { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(ReviewsAnswer { data, applied, completeness: reading.completeness })))
}

fn refused(pointer: &str, detail: &str) -> Problem {
    invalid(Invalid { pointer: pointer.to_owned(), detail: detail.to_owned() })
}

/// Violations of some ids, and which ids have none.
async fn by_ids(
    api: &QueryApi,
    reading: &ReadRequest,
    ids: &[String],
) -> Result<(Vec<ViolationRow>, Reviewed), Problem> {
    if ids.is_empty() || ids.len() > MAX as usize {
        return Err(refused("/ids", &format!("from 1 to {MAX} ids are wanted")));
    }
    if let Some(at) = ids.iter().position(|id| id.is_empty() || id.len() > MAX_VALUE_BYTES) {
        return Err(refused(&format!("/ids/{at}"), &format!("an id has from 1 to {MAX_VALUE_BYTES} bytes")));
    }
    let rows = of_ids(api, reading, ids).await?;
    let mut missing: BTreeSet<&String> = ids.iter().collect();
    for row in &rows {
        missing.remove(&row.violation_id);
    }
    let data = Reviewed { missing: missing.into_iter().cloned().collect(), ..Reviewed::default() };
    Ok((rows, data))
}

async fn of_ids(api: &QueryApi, reading: &ReadRequest, ids: &[String]) -> Result<Vec<ViolationRow>, Problem> {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    clauses.bind_number("rows", MAX);
    clauses.order(ORDER);
    clauses.texts("violation_id IN {violation_id:Array(String)}", "violation_id", ids);
    reading.cutoffs().add_to(&mut clauses);
    reading.bind_hidden(&mut clauses);
    look_back_of_violations(reading.earliest, &mut clauses);
    Ok(api.store().rows(VIOLATIONS, clauses).await?)
}

/// Violations that a filter lists as they had come by a time, those that nobody has reviewed first.
async fn by_filter(
    api: &QueryApi,
    reading: &ReadRequest,
    filter: &BTreeMap<String, String>,
    until: DateTime<Utc>,
) -> Result<(Vec<ViolationRow>, Reviewed), Problem> {
    check_time("/until", Some(until), YEARS)?;
    let within = |problem: Problem| {
        let pointer = problem.pointer().map(|name| format!("/filter/{name}"));
        match pointer {
            Some(pointer) => problem.with_pointer(pointer),
            None => problem,
        }
    };
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let parameter = |(name, value): (&String, &String)| format!("{}={}", encoded(name), encoded(value));
    let query: Vec<String> = filter.iter().map(parameter).collect();
    let (users, filter, spec) = taken(&query.join("&")).map_err(within)?;
    check_rules(api, reading, ("rule", &filter.rule)).await.map_err(within)?;
    let (_, period) = reading.allowed(&spec).map_err(within)?;
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    clauses.bind_number("rows", MAX + 1);
    clauses.order(ORDER);
    add_to(&mut clauses, reading, (&users, &filter, period));
    clauses.time("received_at <= {until:DateTime64(3, 'UTC')}", "until", until);
    let mut rows: Vec<ViolationRow> = api.store().rows(VIOLATIONS, clauses).await?;
    let more = rows.get(MAX as usize).is_some_and(|row| !row.reviewed);
    rows.truncate(MAX as usize);
    Ok((rows, Reviewed { more, ..Reviewed::default() }))
}

/// What a query string of the list narrows to.
fn taken(query: &str) -> Result<(Vec<String>, ViolationFilter, PeriodSpec), Problem> {
    let mut params = Params::parse(Some(query))?;
    let users = params.ids_or_empty("user_id")?;
    let filter = ViolationFilter::take(&mut params)?;
    let spec = PeriodSpec::take(&mut params)?;
    params.finish()?;
    Ok((users, filter, spec))
}

/// Records reviews; the ids of those that were. Where none could be, that is the answer.
async fn record(
    api: &QueryApi,
    (caller, reading): (&Caller, &ReadRequest),
    open: &[ViolationRow],
    note: &str,
    data: &mut Reviewed,
) -> Result<Vec<String>, Problem> {
    let one = |row: &ViolationRow| {
        let id = row.violation_id.clone();
        let event = event(api, &reading.tenant.id, row, ("violation.reviewed", note.to_owned(), whole(row)));
        async move { (id, api.audit().record(caller, &reading.tenant.id, event).await) }
    };
    let reviews: Vec<_> = open.iter().map(one).collect();
    let mut recording = stream::iter(reviews).buffer_unordered(AT_ONCE);
    let (mut recorded, mut failure) = (Vec::new(), None);
    while let Some((id, result)) = recording.next().await {
        match result {
            Ok(_) => recorded.push(id),
            Err(problem) => {
                tracing::warn!(%id, ?problem, "a review is not recorded");
                data.failed.push(id);
                failure = Some(problem);
            }
        }
    }
    data.reviewed = recorded.len();
    match failure {
        Some(problem) if recorded.is_empty() => Err(problem),
        _ => Ok(recorded),
    }
}

/// Waits until every answer shows the reviews, none of which is older than `begun`; whether they do.
async fn shown(api: &QueryApi, reading: &ReadRequest, ids: &[String], begun: DateTime<Utc>) -> bool {
    let deadline = Instant::now() + APPLIED;
    while !ids.is_empty() {
        match of_ids(api, reading, ids).await {
            Ok(rows) if rows.len() >= ids.len() && rows.iter().all(|row| row.reviewed_at >= begun) => return true,
            Ok(_) => {}
            Err(problem) => tracing::warn!(?problem, "reviews are recorded, but can't be read back yet"),
        }
        if Instant::now() >= deadline {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
    true
}
