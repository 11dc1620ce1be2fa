//! API keys of a tenant. A secret is shown once, when it is made.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use runtime::settings::Bounds;
use schemas::settings::{ApiKey, Invalid, Limits, Permission, Quotas, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::audit::{Audit, StaffEvent};
use crate::http::answer::List;
use crate::http::body::{body, invalid};
use crate::http::caller::Caller;
use crate::http::extract::{InPath, NoParameters};
use crate::state::QueryApi;

/// A key, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeyView {
    /// The public part of the key.
    #[schema(example = "k3jq7xw2m5ab")]
    pub id: String,
    /// What it may do.
    pub role: Role,
    /// What it may do beyond its role.
    pub permissions: Vec<Permission>,
    /// For people.
    pub name: String,
    /// Limits of this key alone.
    #[schema(required = true)]
    pub limits: Option<Limits>,
    /// Quotas of this key alone; `GET /v1/tenants/{id}/usage` shows what is used of them.
    #[schema(required = true)]
    pub quotas: Option<Quotas>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked; it works while this is null.
    #[schema(required = true)]
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<&ApiKey> for KeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.clone(),
            role: key.role,
            permissions: key.permissions.clone(),
            name: key.name.clone(),
            limits: key.limits,
            quotas: key.quotas,
            created_at: key.created_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewKeyView {
    /// The key without its secret.
    #[serde(flatten)]
    pub key: KeyView,
    /// The whole key, for `Authorization: Bearer`. It is not kept and never shown again.
    #[schema(example = "ut_k3jq7xw2m5ab_8Zr0…")]
    pub secret: String,
}

/// What is asked of a new key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewKey {
    /// What it may do: `ingest`, `viewer`, `supervisor`, `security` or `admin`.
    pub role: Role,
    /// What it may do beyond its role, such as `query_sql`.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// Limits of this key alone, beside its tenant's.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// Quotas of this key alone, beside its tenant's.
    #[serde(default)]
    pub quotas: Option<Quotas>,
}

/// Limits and quotas of a key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyLimits {
    /// Those of this key alone, beside its tenant's; null: its tenant's alone.
    #[schema(required = true)]
    pub limits: Option<Limits>,
    /// Likewise, of events in a day and in a month.
    #[serde(default)]
    pub quotas: Option<Quotas>,
}

/// Create an API key
///
/// Its secret is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/v1/tenants/{id}/keys",
    tag = "keys",
    operation_id = "createKey",
    params(("id" = String, Path, description = "Id of the tenant", example = "acme")),
    request_body(content = NewKey, example = json!({"role": "ingest", "name": "CRM production"})),
    responses(
        (status = 201, description = "Made and in force", body = NewKeyView, example = json!(crate::tenants::examples::new_key())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn create(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
    request: Request,
) -> Result<(StatusCode, Json<NewKeyView>), Problem> {
    let tenant = caller.path_tenant(api.settings(), &id)?;
    let wanted: NewKey = body(request).await?;
    if wanted.role == Role::Platform {
        let detail = "a tenant's key can't have the role platform".to_owned();
        return Err(invalid(Invalid { pointer: "/role".to_owned(), detail }));
    }
    let NewKey { role, permissions, name, limits, quotas } = wanted;
    let bounds = Bounds { limits, quotas };
    let (key, text) = api.settings().create_key_limited(Some(&tenant.id), role, &permissions, &name, bounds).await?;
    record(api.audit(), &caller, "api_key.created", &key, given(&key)).await?;
    Ok((StatusCode::CREATED, Json(NewKeyView { key: KeyView::from(&*key), secret: text.expose() })))
}

/// Set an API key's limits
///
/// How many events and queries a second it may send and ask, and how many at once; and its quotas: how many events it
/// may send in a day and in a month. They hold at once, beside those of the tenant.
#[utoipa::path(
    put,
    path = "/v1/tenants/{id}/keys/{key}/limits",
    tag = "keys",
    operation_id = "limitKey",
    params(
        ("id" = String, Path, description = "Id of the tenant", example = "acme"),
        ("key" = String, Path, description = "Public part of the key", example = "k3jq7xw2m5ab"),
    ),
    request_body(content = KeyLimits, example = json!({"limits": {"events_per_second": 100, "burst": 500, "queries_per_second": 5, "query_burst": 20}, "quotas": {"events_per_day": 100000, "events_per_month": null}})),
    responses(
        (status = 200, description = "In force", body = KeyView, example = json!(crate::tenants::examples::key())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn limit(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath((id, key)): InPath<(String, String)>,
    _: NoParameters,
    request: Request,
) -> Result<Json<KeyView>, Problem> {
    let tenant = caller.path_tenant(api.settings(), &id)?;
    // Before the body comes: of two changes that cross, the second doesn't know of the first.
    let seen = api.settings().snapshot();
    let wanted: KeyLimits = body(request).await?;
    let before = seen.key(&key).map(|key| (key.limits, key.quotas)).unwrap_or_default();
    let bounds = Bounds { limits: wanted.limits, quotas: wanted.quotas };
    let changed = api.settings().limit_key(&seen, &tenant.id, &key, bounds).await?;
    let mut change = Vec::new();
    if changed.limits != before.0 {
        change.push(("limits".to_owned(), json!(before.0), json!(changed.limits)));
    }
    if changed.quotas != before.1 {
        change.push(("quotas".to_owned(), json!(before.1), json!(changed.quotas)));
    }
    if !change.is_empty() {
        record(api.audit(), &caller, "api_key.limits_changed", &changed, change).await?;
    }
    Ok(Json(KeyView::from(&*changed)))
}

/// List API keys
///
/// Keys of one tenant, revoked ones too, without their secrets.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}/keys",
    tag = "keys",
    operation_id = "listKeys",
    params(("id" = String, Path, description = "Id of the tenant", example = "acme")),
    responses(
        (status = 200, description = "All keys, without secrets", body = List<KeyView>, example = json!(crate::openapi::examples::whole(crate::tenants::examples::key()))),
        crate::openapi::Problems,
    ),
)]
pub async fn list(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
) -> Result<Json<List<KeyView>>, Problem> {
    let tenant = caller.path_tenant(api.settings(), &id)?;
    let data = api.settings().keys(Some(&tenant.id)).iter().map(|key| KeyView::from(&**key)).collect();
    Ok(Json(List::of(api.freshness(), data)))
}

/// Revoke an API key
///
/// For good. Doing it again changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{id}/keys/{key}",
    tag = "keys",
    operation_id = "revokeKey",
    params(
        ("id" = String, Path, description = "Id of the tenant", example = "acme"),
        ("key" = String, Path, description = "Public part of the key", example = "k3jq7xw2m5ab"),
    ),
    responses(
        (status = 200, description = "Revoked; it does not work any more", body = KeyView, example = json!(crate::tenants::examples::key())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn revoke(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath((id, key)): InPath<(String, String)>,
    _: NoParameters,
) -> Result<Json<KeyView>, Problem> {
    let tenant = caller.path_tenant(api.settings(), &id)?;
    let known = api.settings().snapshot().key(&key).cloned();
    let revoked = api.settings().revoke_key(Some(&tenant.id), &key).await?;
    if known.is_some_and(|known| known.revoked_at.is_none()) {
        let revoked_at = vec![("revoked_at".to_owned(), Value::Null, json!(revoked.revoked_at))];
        record(api.audit(), &caller, "api_key.revoked", &revoked, revoked_at).await?;
    }
    Ok(Json(KeyView::from(&*revoked)))
}

/// What a new key was given.
fn given(key: &ApiKey) -> Vec<(String, Value, Value)> {
    let mut given = vec![("role".to_owned(), Value::Null, json!(key.role))];
    if !key.permissions.is_empty() {
        given.push(("permissions".to_owned(), Value::Null, json!(key.permissions)));
    }
    given.extend(key.limits.map(|limits| ("limits".to_owned(), Value::Null, json!(limits))));
    given.extend(key.quotas.map(|quotas| ("quotas".to_owned(), Value::Null, json!(quotas))));
    given
}

/// What became of a key; neither its secret nor the hash of it.
async fn record(
    audit: &Audit,
    caller: &Caller,
    kind: &'static str,
    key: &ApiKey,
    changes: Vec<(String, Value, Value)>,
) -> Result<(), Problem> {
    let Some(tenant) = &key.tenant else { return Ok(()) };
    let event = StaffEvent {
        kind,
        object_type: "api_key",
        object_id: key.id.clone(),
        object_name: key.name.clone(),
        reason: String::new(),
        changes,
    };
    audit.record(caller, tenant, event).await?;
    Ok(())
}
