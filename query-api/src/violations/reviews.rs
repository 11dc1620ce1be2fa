//! Reviews of violations. A review is an event of the tenant, and the event is the only record of it; it changes
//! nothing but the mark.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use runtime::problem::Problem;
use schemas::catalogue::Lang;
use schemas::decode::MAX_REASON_BYTES;
use schemas::settings::Invalid;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::audit::StaffEvent;
use crate::http::answer::Completeness;
use crate::http::body::{body, invalid};
use crate::http::caller::Caller;
use crate::http::extract::InPath;
use crate::http::language::Localized;
use crate::http::page::ReadRequest;
use crate::state::QueryApi;
use crate::violations::list::{find, show};
use crate::violations::rows::ViolationRow;
use crate::violations::view::Violation;

/// Longest wait until a review is in the store.
pub(crate) const APPLIED: Duration = Duration::from_secs(10);
/// Pause between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(200);

/// What staff have to say.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewReview {
    /// What was found out; at most 1024 bytes.
    #[serde(default)]
    #[schema(example = "A business trip, confirmed by phone")]
    pub note: String,
    /// How many events the violation had when it was looked at: its `count`. What it has beyond them stays unreviewed. Absent:
    /// all that it has now.
    #[serde(default)]
    #[schema(example = 3)]
    pub count: Option<u64>,
}

/// What became of a review.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewAnswer {
    /// The violation.
    pub data: Violation,
    /// Whether `data` shows the change. False: it is recorded for good, and will show soon.
    pub applied: bool,
    /// The event that records it; null when there was nothing to change.
    #[schema(required = true)]
    pub event_id: Option<String>,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

pub(crate) type Changes = Vec<(String, Value, Value)>;
type Answer = Result<(StatusCode, Localized<ReviewAnswer>), Problem>;

/// Review a violation
///
/// Marks it as reviewed, as far as it has come: what comes later makes it unreviewed again. Once more, with another
/// note, takes the place of the first.
#[utoipa::path(
    post,
    path = "/v1/violations/{id}/review",
    tag = "violations",
    operation_id = "reviewViolation",
    params(("id" = String, Path, description = "Id of the violation"), crate::openapi::TenantParam),
    request_body(content = NewReview, example = json!({"note": "A business trip, confirmed by phone"})),
    responses(
        (status = 200, description = "Reviewed; every answer shows it", body = ReviewAnswer, example = json!(crate::violations::examples::review(true))),
        (status = 202, description = "Recorded, but not yet shown after 10 s", body = ReviewAnswer, example = json!(crate::violations::examples::review(false))),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn put(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    mut reading: ReadRequest,
    request: Request,
) -> Answer {
    let lang = reading.lang;
    let NewReview { note, count } = body(request).await?;
    check_note(&note)?;
    let violation = find(api.store(), &mut reading, &id).await?;
    let changes = covered(&violation, count)?;
    record(&api, &caller, (reading, lang), violation, ("violation.reviewed", note, changes)).await
}

/// Withdraw a violation's review
///
/// It is unreviewed again. Nothing changes where there is no review.
#[utoipa::path(
    delete,
    path = "/v1/violations/{id}/review",
    tag = "violations",
    operation_id = "withdrawReview",
    params(("id" = String, Path, description = "Id of the violation"), crate::openapi::TenantParam),
    responses(
        (status = 200, description = "Unreviewed; every answer shows it", body = ReviewAnswer, example = json!(crate::violations::examples::review(true))),
        (status = 202, description = "Recorded, but not yet shown after 10 s", body = ReviewAnswer, example = json!(crate::violations::examples::review(false))),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn withdraw(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    mut reading: ReadRequest,
) -> Answer {
    let lang = reading.lang;
    let violation = find(api.store(), &mut reading, &id).await?;
    if !violation.reviewed && !violation.outgrown {
        let data = show(violation, &api.titles(&reading.tenant.id, lang));
        let answer = ReviewAnswer { data, applied: true, event_id: None, completeness: reading.completeness };
        return Ok((StatusCode::OK, Localized(lang, answer)));
    }
    record(&api, &caller, (reading, lang), violation, ("violation.review_withdrawn", String::new(), Vec::new())).await
}

/// Refuses a note that no event can have.
pub(crate) fn check_note(note: &str) -> Result<(), Problem> {
    if note.len() <= MAX_REASON_BYTES {
        return Ok(());
    }
    let detail = format!("at most {MAX_REASON_BYTES} bytes");
    Err(invalid(Invalid { pointer: "/note".to_owned(), detail }))
}

/// What a review is of that covers all that a violation has come to.
pub(crate) fn whole(violation: &ViolationRow) -> Changes {
    covering(violation, violation.count)
}

/// What a review is of: the events that were looked at, and the most that was seen in them. The event says so, for whatever the
/// violation comes to afterwards is not reviewed.
fn covered(violation: &ViolationRow, count: Option<u64>) -> Result<Changes, Problem> {
    let count = count.unwrap_or(violation.count);
    if count == 0 || count > violation.count {
        let detail = format!("the violation has {} events by now", violation.count);
        return Err(invalid(Invalid { pointer: "/count".to_owned(), detail }));
    }
    Ok(covering(violation, count))
}

fn covering(violation: &ViolationRow, count: u64) -> Changes {
    let mut covered = vec![("count".to_owned(), Value::Null, json!(count))];
    // What fewer events came to is not known.
    if count == violation.count && violation.seen > 0.0 {
        covered.push(("seen".to_owned(), Value::Null, json!(violation.seen)));
    }
    covered
}

/// What staff say of a violation, as an event of the tenant.
pub(crate) fn event(
    api: &QueryApi,
    tenant: &str,
    violation: &ViolationRow,
    (kind, reason, changes): (&'static str, String, Changes),
) -> StaffEvent {
    StaffEvent {
        kind,
        object_type: "violation",
        object_id: violation.violation_id.clone(),
        object_name: api.titles(tenant, Lang::En).of(&violation.rule),
        reason,
        changes,
    }
}

/// Records a review, and waits until the store shows it.
async fn record(
    api: &QueryApi,
    caller: &Caller,
    (mut reading, lang): (ReadRequest, Lang),
    violation: ViolationRow,
    said: (&'static str, String, Changes),
) -> Answer {
    // Times of events are kept in milliseconds.
    let begun = Utc::now().duration_trunc(TimeDelta::milliseconds(1)).map_err(Problem::internal)?;
    let event = event(api, &reading.tenant.id, &violation, said);
    let event_id = api.audit().record(caller, &reading.tenant.id, event).await?;
    let (row, applied) = shown(api, &mut reading, violation, begun).await;
    let status = if applied { StatusCode::OK } else { StatusCode::ACCEPTED };
    let data = show(row, &api.titles(&reading.tenant.id, lang));
    let answer = ReviewAnswer { data, applied, event_id: Some(event_id), completeness: reading.completeness };
    Ok((status, Localized(lang, answer)))
}

/// The violation with a review no older than `begun`; as it was, and false, when there is none in time. That the store can't
/// be asked is not the review's failure: it is recorded.
async fn shown(
    api: &QueryApi,
    reading: &mut ReadRequest,
    violation: ViolationRow,
    begun: DateTime<Utc>,
) -> (ViolationRow, bool) {
    let deadline = Instant::now() + APPLIED;
    while Instant::now() < deadline {
        match find(api.store(), reading, &violation.violation_id).await {
            Ok(row) if row.reviewed_at >= begun => return (row, true),
            Ok(_) => {}
            Err(problem) => tracing::warn!(?problem, "a review is recorded, but can't be read back yet"),
        }
        tokio::time::sleep(LOOK).await;
    }
    (violation, false)
}
