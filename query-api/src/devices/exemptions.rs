//! The checks switched off for one user. Each grant and end is an event of the tenant; what has run out stays to be
//! seen until somebody takes it away.

use axum::Json;
use axum::extract::{Request, State};
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::detection::Exemption;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::audit::StaffEvent;
use crate::devices::access::end_decisions_of_rules;
use crate::http::answer::{List, not_changed};
use crate::http::body::{YEARS_OF_SETTINGS, body, check_time};
use crate::http::caller::Caller;
use crate::http::extract::{InPath, NoParameters, ReadTenant, id, written_id};
use crate::state::QueryApi;

/// An exemption.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExemptionView {
    /// Whose checks are off.
    pub user_id: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// When it was granted.
    pub granted_at: DateTime<Utc>,
    /// When it ends by itself; null: never.
    #[schema(required = true)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it holds now.
    pub holds: bool,
}

impl From<&Exemption> for ExemptionView {
    fn from(exemption: &Exemption) -> Self {
        Self {
            user_id: exemption.user_id.clone(),
            owner: exemption.owner.clone(),
            reason: exemption.reason.clone(),
            granted_at: exemption.granted_at,
            expires_at: exemption.expires_at,
            holds: exemption.holds_at(Utc::now().timestamp_millis()),
        }
    }
}

/// What is asked of a new exemption.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewExemption {
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// When it ends by itself; never, when absent.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether what rules decided about the user's devices ends as well; what staff decided stays.
    #[serde(default)]
    pub end_rule_decisions: bool,
}

/// List exemptions
///
/// Users for whom the checks are switched off, by user, those whose exemption has run out too.
#[utoipa::path(
    get,
    path = "/v1/exemptions",
    tag = "access",
    operation_id = "listExemptions",
    params(crate::openapi::TenantParam),
    responses(
        (status = 200, description = "All exemptions", body = List<ExemptionView>, example = json!(crate::openapi::examples::whole(crate::devices::examples::exemption()))),
        crate::openapi::Problems,
    ),
)]
pub async fn list(
    State(api): State<QueryApi>,
    ReadTenant(tenant): ReadTenant,
) -> Result<Json<List<ExemptionView>>, Problem> {
    let data = api.settings().snapshot().exemptions(&tenant.id).map(|exemption| (&**exemption).into()).collect();
    Ok(Json(List::of(api.freshness(), data)))
}

/// Get a user's exemption
///
/// Who answers for it, why, and until when the checks are switched off.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/exemption",
    tag = "access",
    operation_id = "getExemption",
    params(("id" = String, Path, description = "Id of the user", example = "u-17"), crate::openapi::TenantParam),
    responses(
        (status = 200, description = "The exemption", body = ExemptionView, example = json!(crate::devices::examples::exemption())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    InPath(user): InPath<String>,
    ReadTenant(tenant): ReadTenant,
) -> Result<Json<ExemptionView>, Problem> {
    let snapshot = api.settings().snapshot();
    let known = snapshot.exemption(&tenant.id, &id(user)?);
    let known = known.ok_or_else(|| Problem::not_found("this user has no exemption"))?;
    Ok(Json(ExemptionView::from(&**known)))
}

/// Grant a user an exemption
///
/// Switches the checks off for a user, or changes the exemption that there is. One that still holds keeps the time it
/// was granted. With `end_rule_decisions`, devices of the user that rules blocked, or want asked about, may in again.
#[utoipa::path(
    put,
    path = "/v1/users/{id}/exemption",
    tag = "access",
    operation_id = "grantExemption",
    params(("id" = String, Path, description = "Id of the user", example = "u-17")),
    request_body(content = NewExemption, example = json!({"owner": "Jana Nováková", "reason": "Travels with a sales team", "expires_at": "2026-04-01T00:00:00Z", "end_rule_decisions": true})),
    responses(
        (status = 200, description = "Granted and in force", body = ExemptionView, example = json!(crate::devices::examples::exemption())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn grant(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(user): InPath<String>,
    _: NoParameters,
    request: Request,
) -> Result<Json<ExemptionView>, Problem> {
    let tenant = caller.own_tenant()?;
    let user_id = written_id(user)?;
    let NewExemption { owner, reason, expires_at, end_rule_decisions } = body(request).await?;
    check_time("/expires_at", expires_at, YEARS_OF_SETTINGS)?;
    let snapshot = api.settings().snapshot();
    let wanted = Exemption {
        tenant: tenant.id.clone(),
        user_id: user_id.clone(),
        owner,
        reason,
        granted_at: Utc::now(),
        expires_at,
    };
    let put = api.settings().put_exemption(&snapshot, wanted).await;
    let granted = put.map_err(|error| not_changed(error, || in_force(api.settings(), &tenant.id, &user_id)))?;
    let known = snapshot.exemption(&tenant.id, &user_id).map(|exemption| &**exemption);
    let event = event("exemption.granted", known, Some(&granted));
    api.audit().record(&caller, &granted.tenant, event).await?;
    if end_rule_decisions {
        end_decisions_of_rules(&api, &caller, &tenant, &user_id).await?;
    }
    Ok(Json(ExemptionView::from(&*granted)))
}

/// End a user's exemption
///
/// From now on the user is checked as everybody.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/exemption",
    tag = "access",
    operation_id = "endExemption",
    params(("id" = String, Path, description = "Id of the user", example = "u-17")),
    responses(
        (status = 200, description = "Ended; what it was", body = ExemptionView, example = json!(crate::devices::examples::exemption())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn end(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(user): InPath<String>,
    _: NoParameters,
) -> Result<Json<ExemptionView>, Problem> {
    let tenant = caller.own_tenant()?;
    let user_id = written_id(user)?;
    let put = api.settings().end_exemption(&api.settings().snapshot(), &tenant.id, &user_id).await;
    let ended = put.map_err(|error| not_changed(error, || in_force(api.settings(), &tenant.id, &user_id)))?;
    api.audit().record(&caller, &tenant.id, event("exemption.ended", Some(&ended), None)).await?;
    Ok(Json(ExemptionView { holds: false, ..ExemptionView::from(&*ended) }))
}

fn in_force(settings: &Settings, tenant: &str, user: &str) -> Option<ExemptionView> {
    settings.snapshot().exemption(tenant, user).map(|exemption| (&**exemption).into())
}

fn event(kind: &'static str, old: Option<&Exemption>, new: Option<&Exemption>) -> StaffEvent {
    let fields = |exemption: Option<&Exemption>| match exemption {
        Some(Exemption { owner, reason, expires_at, .. }) => [json!(owner), json!(reason), json!(expires_at)],
        None => [Value::Null, Value::Null, Value::Null],
    };
    let both = fields(old).into_iter().zip(fields(new));
    let changes = ["owner", "reason", "expires_at"].into_iter().zip(both).filter(|(_, (old, new))| old != new);
    let user = new.or(old).map(|exemption| exemption.user_id.clone()).unwrap_or_default();
    StaffEvent {
        kind,
        object_type: "exemption",
        object_id: user.clone(),
        object_name: user,
        reason: new.map(|exemption| exemption.reason.clone()).unwrap_or_default(),
        changes: changes.map(|(name, (old, new))| (name.to_owned(), old, new)).collect(),
    }
}
