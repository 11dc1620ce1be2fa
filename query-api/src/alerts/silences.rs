//! Silences: violations that are not reported for a while.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::alerts::{MAX_SILENCES, Silence};
use schemas::settings::Invalid;
use schemas::topics::SettingsKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alerts::alerting::{put_silence, random_hex};
use crate::audit::{StaffEvent, differences};
use crate::http::answer::List;
use crate::http::body::{YEARS_OF_SETTINGS, body, check_time, invalid};
use crate::http::caller::Caller;
use crate::http::extract::{InPath, NoParameters, ReadTenant};
use crate::rules::known::check_names;
use crate::state::QueryApi;

/// What is asked of a new silence. It covers what occurs in its time, however late it becomes known.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewSilence {
    /// Only this rule, which there must be; all when absent.
    #[serde(default)]
    pub rule: Option<String>,
    /// Only this user; all when absent.
    #[serde(default)]
    pub user_id: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// From when; from now when absent.
    #[serde(default)]
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
}

/// List silences
///
/// Violations that are not reported for a while; past silences too.
#[utoipa::path(
    get,
    path = "/v1/alerts/silences",
    tag = "alerts",
    operation_id = "listSilences",
    params(crate::openapi::TenantParam),
    responses(
        (status = 200, description = "All of them", body = List<Silence>, example = json!(crate::openapi::examples::whole(crate::alerts::examples::silence()))),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, ReadTenant(tenant): ReadTenant) -> Result<Json<List<Silence>>, Problem> {
    let data = api.settings().snapshot().silences(&tenant.id).map(|silence| Silence::clone(silence)).collect();
    Ok(Json(List::of(api.freshness(), data)))
}

/// Create a silence
///
/// Violations that it is about are recorded as ever, and not reported until it ends.
#[utoipa::path(
    post,
    path = "/v1/alerts/silences",
    tag = "alerts",
    operation_id = "createSilence",
    request_body(content = NewSilence, example = json!({"rule": "mass-export", "owner": "jana", "reason": "Yearly export", "ends_at": "2026-03-03T00:00:00Z"})),
    responses(
        (status = 201, description = "Made and in force", body = Silence, example = json!(crate::alerts::examples::silence())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn create(
    State(api): State<QueryApi>,
    caller: Caller,
    _: NoParameters,
    request: Request,
) -> Result<(StatusCode, Json<Silence>), Problem> {
    let tenant = caller.own_tenant()?;
    let NewSilence { rule, user_id, owner, reason, starts_at, ends_at } = body(request).await?;
    check_time("/starts_at", starts_at, YEARS_OF_SETTINGS)?;
    check_time("/ends_at", Some(ends_at), YEARS_OF_SETTINGS)?;
    let starts_at = starts_at.unwrap_or_else(Utc::now);
    let user_id = user_id.map(|id| schemas::ids::kept(&id).to_owned());
    let (tenant, id) = (tenant.id.clone(), random_hex()?);
    let silence = Silence { tenant, id, rule, user_id, owner, reason, starts_at, ends_at };
    let _one_at_a_time = api.alerting().one_at_a_time().await;
    if api.settings().snapshot().silences(&silence.tenant).count() >= MAX_SILENCES {
        let detail = format!("a tenant has at most {MAX_SILENCES} silences; delete past ones");
        return Err(invalid(Invalid { pointer: String::new(), detail }));
    }
    silence.validate().map_err(invalid)?;
    let rule = silence.rule.iter().map(|name| ("/rule".to_owned(), name.as_str()));
    check_names(&api.settings().snapshot(), &silence.tenant, rule, &[]).map_err(invalid)?;
    put_silence(api.settings(), &silence).await?;
    api.audit().record(&caller, &silence.tenant, event("alert_silence.created", None, Some(&silence))).await?;
    Ok((StatusCode::CREATED, Json(silence)))
}

/// Delete a silence
///
/// Violations are reported again from now on.
#[utoipa::path(
    delete,
    path = "/v1/alerts/silences/{id}",
    tag = "alerts",
    operation_id = "deleteSilence",
    params(("id" = String, Path, description = "Its id", example = "0f3c5a7e9b1d2c4e")),
    responses(
        (status = 200, description = "Deleted; as it was", body = Silence, example = json!(crate::alerts::examples::silence())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn delete(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
) -> Result<Json<Silence>, Problem> {
    let tenant = caller.own_tenant()?;
    let _one_at_a_time = api.alerting().one_at_a_time().await;
    let snapshot = api.settings().snapshot();
    let known = snapshot.silences(&tenant.id).find(|silence| silence.id == id).cloned();
    let last = known.ok_or_else(|| Problem::not_found("there is no such silence"))?;
    let key = SettingsKey::Silence(&tenant.id, &id);
    api.settings().put(key, snapshot.version(key), None).await?;
    api.audit().record(&caller, &tenant.id, event("alert_silence.deleted", Some(&*last), None)).await?;
    Ok(Json(Silence::clone(&last)))
}

/// What staff did to a silence.
fn event(kind: &'static str, old: Option<&Silence>, new: Option<&Silence>) -> StaffEvent {
    const FIELDS: &[&str] = &["rule", "user_id", "owner", "reason", "starts_at", "ends_at"];
    let silence = new.or(old);
    StaffEvent {
        kind,
        object_type: "alert_silence",
        object_id: silence.map(|silence| silence.id.clone()).unwrap_or_default(),
        object_name: String::new(),
        reason: silence.map(|silence| silence.reason.clone()).unwrap_or_default(),
        changes: differences(FIELDS, old, new),
    }
}
