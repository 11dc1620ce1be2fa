//! Tenants. The platform creates and lists them; an admin sees and changes the own one, except its plan, limits and quotas.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use runtime::problem::Problem;
use runtime::settings::PutError;
use schemas::detection::Detection;
use schemas::settings::{Invalid, Permission, Retention, RetentionChange, Tenant, parse_strict, read_strict};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::answer::{List, not_changed};
use crate::http::body::{body, invalid, merge, patch, text};
use crate::http::caller::Caller;
use crate::http::extract::{InPath, NoParameters};
use crate::rules::list::TenantRules;
use crate::state::QueryApi;
use crate::tenants::changes;

/// Create a tenant
///
/// Logging is off unless the body turns it on. Its restrictions start from the profile that `detection.profile` names:
/// `none`, `marks_only`, or `recommended`, which is the default.
#[utoipa::path(
    post,
    path = "/v1/tenants",
    tag = "tenants",
    operation_id = "createTenant",
    request_body(content = Tenant, description = "Only `id` is required", example = json!({"id": "acme", "name": "Acme s.r.o.", "time_zone": "Europe/Prague", "detection": {"profile": "marks_only"}})),
    responses(
        (status = 201, description = "Created and in force", body = Tenant, example = json!(crate::tenants::examples::tenant())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn create(
    State(api): State<QueryApi>,
    caller: Caller,
    _: NoParameters,
    request: Request,
) -> Result<(StatusCode, Json<Tenant>), Problem> {
    let mut tenant: Tenant = body(request).await?;
    if api.settings().tenant(&tenant.id).is_some() {
        return Err(exists());
    }
    tenant.version = 0;
    tenant.detection.profile.get_or_insert_default();
    api.check_types(&tenant.event_types, &[])?;
    check_detection(&api, &Tenant::new(tenant.id.as_str(), ""), &tenant).await?;
    let tenant = api.settings().put_tenant(tenant).await.map_err(|error| match error {
        PutError::Conflict { .. } => exists(),
        error => error.into(),
    })?;
    let before = Tenant::new(tenant.id.as_str(), "");
    changes::record(api.audit(), &caller, &before, &tenant).await?;
    Ok((StatusCode::CREATED, Json(Tenant::clone(&tenant))))
}

fn exists() -> Problem {
    Problem::new(StatusCode::CONFLICT, "tenant_exists", "there is a tenant of this id").with_pointer("/id")
}

/// List tenants
///
/// All of the installation, with their settings.
#[utoipa::path(
    get,
    path = "/v1/tenants",
    tag = "tenants",
    operation_id = "listTenants",
    responses(
        (status = 200, description = "All tenants, by id", body = List<Tenant>, example = json!(crate::openapi::examples::whole(crate::tenants::examples::tenant()))),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, _: NoParameters) -> Result<Json<List<Tenant>>, Problem> {
    let data = api.settings().tenants().iter().map(|tenant| Tenant::clone(tenant)).collect();
    Ok(Json(List::of(api.freshness(), data)))
}

/// Get a tenant
///
/// With all its settings, and the `version` that a change has to name.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}",
    tag = "tenants",
    operation_id = "getTenant",
    params(("id" = String, Path, description = "Id of the tenant", example = "acme")),
    responses(
        (status = 200, description = "The tenant", body = Tenant, example = json!(crate::tenants::examples::tenant())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
) -> Result<Json<Tenant>, Problem> {
    Ok(Json(Tenant::clone(&*caller.path_tenant(api.settings(), &id)?)))
}

/// Replace a tenant's settings
///
/// `version` must be the one in force, so that nobody's change is lost. What is left out takes its default, but for the
/// retention of a category, which stays as it is: nothing is deleted that nobody spoke of.
#[utoipa::path(
    put,
    path = "/v1/tenants/{id}",
    tag = "tenants",
    operation_id = "replaceTenant",
    params(("id" = String, Path, description = "Id of the tenant", example = "acme")),
    request_body(content = Tenant, example = json!(crate::tenants::examples::tenant())),
    responses(
        (status = 200, description = "Changed and in force", body = Tenant, example = json!(crate::tenants::examples::tenant())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn replace(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
    request: Request,
) -> Result<Json<Tenant>, Problem> {
    let current = caller.path_tenant(api.settings(), &id)?;
    let text = text(request).await?;
    let mut wanted: Tenant = parse_strict(&text).map_err(invalid)?;
    let Named { retention } = serde_json::from_slice(&text).map_err(Problem::internal)?;
    wanted.retention = retention.of(current.retention);
    change(&api, &caller, &current, wanted).await
}

/// What a tenant's text says of its retention.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    retention: RetentionChange,
}

/// Change a tenant's settings
///
/// Changes some of them, by JSON Merge Patch (RFC 7396): what is null takes its default, but for the retention of a category, which
/// stays as it is. `retention.all` is every category that isn't named itself.
#[utoipa::path(
    patch,
    path = "/v1/tenants/{id}",
    tag = "tenants",
    operation_id = "changeTenant",
    params(("id" = String, Path, description = "Id of the tenant", example = "acme")),
    request_body(content = Object, content_type = "application/merge-patch+json", description = "Fields of a tenant", example = json!({"logging": true, "week_start": "sunday"})),
    responses(
        (status = 200, description = "Changed and in force", body = Tenant, example = json!(crate::tenants::examples::tenant())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn modify(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
    request: Request,
) -> Result<Json<Tenant>, Problem> {
    let current = caller.path_tenant(api.settings(), &id)?;
    let mut changes = patch(request).await?;
    if let Some(retention) =
        changes.get_mut("retention").filter(|retention| retention.is_object() || retention.is_null())
    {
        *retention = whole_retention(retention, current.retention).map_err(invalid)?;
    }
    let mut document = serde_json::to_value(&*current).map_err(Problem::internal)?;
    merge(&mut document, changes);
    change(&api, &caller, &current, read_strict(&document).map_err(invalid)?).await
}

/// A change of retention as the retention that it makes.
fn whole_retention(change: &Value, now: Retention) -> Result<Value, Invalid> {
    let within = |invalid: Invalid| Invalid { pointer: format!("/retention{}", invalid.pointer), ..invalid };
    // Nothing is deleted that nobody spoke of, as where a whole tenant is put.
    let change: RetentionChange =
        if change.is_null() { RetentionChange::default() } else { read_strict(change).map_err(within)? };
    change.validate("/retention")?;
    Ok(json!(change.of(now)))
}

/// Whether what changes about rules is about rules that there are.
async fn check_detection(api: &QueryApi, current: &Tenant, wanted: &Tenant) -> Result<(), Problem> {
    let plain = |tenant: &Tenant| Detection { profile: None, ..tenant.detection.clone() };
    if plain(current) == plain(wanted) {
        return Ok(());
    }
    wanted.validate().map_err(invalid)?;
    let rules = TenantRules::open(api.settings(), Some(Arc::new(current.clone()))).await?;
    let within = |wrong: Invalid| Invalid { pointer: format!("/detection{}", wrong.pointer), ..wrong };
    rules.check(&wanted.detection).map_err(|wrong| invalid(within(wrong)))
}

async fn change(
    api: &QueryApi,
    caller: &Caller,
    current: &Tenant,
    mut wanted: Tenant,
) -> Result<Json<Tenant>, Problem> {
    wanted.detection.profile = wanted.detection.profile.or(current.detection.profile);
    if wanted.id != current.id {
        let detail = "the id of a tenant never changes".to_owned();
        return Err(invalid(Invalid { pointer: "/id".to_owned(), detail }));
    }
    if !caller.may(Permission::RunInstallation) {
        for (pointer, changed) in [
            ("/plan", wanted.plan != current.plan),
            ("/limits", wanted.limits != current.limits),
            ("/quotas", wanted.quotas != current.quotas),
        ] {
            if changed {
                return Err(Problem::forbidden("this is for the platform to change").with_pointer(pointer));
            }
        }
    }
    api.check_types(&wanted.event_types, &current.event_types)?;
    check_detection(api, current, &wanted).await?;
    let in_force = || api.settings().tenant(&current.id).as_deref().cloned();
    let changed = api.settings().put_tenant(wanted).await.map_err(|error| not_changed(error, in_force))?;
    changes::record(api.audit(), caller, current, &changed).await?;
    Ok(Json(Tenant::clone(&changed)))
}
