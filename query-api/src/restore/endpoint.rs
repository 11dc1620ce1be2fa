//! Where the tenant's application is asked to restore what was deleted. Secrets are shown once, when they are made.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use runtime::settings::Snapshot;
use schemas::restore::RestoreEndpoint;
use schemas::topics::SettingsKey;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

use crate::alerts::alerting::new_secret;
use crate::audit::{StaffEvent, differences};
use crate::http::answer::not_changed;
use crate::http::body::{body, invalid};
use crate::http::caller::Caller;
use crate::http::extract::{NoParameters, ReadTenant};
use crate::state::QueryApi;

/// Why the endpoint changed whose secret was made anew: after the second time their number is the same.
const ROTATED: &str = "a new secret";

/// The endpoint, without its secrets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RestoreEndpointView {
    /// Address that is posted to.
    #[schema(example = "https://crm.example.com/usertrail/restore")]
    pub url: String,
    /// How many secrets sign at the moment: two while the receiver changes over.
    pub secrets: usize,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<&RestoreEndpoint> for RestoreEndpointView {
    fn from(endpoint: &RestoreEndpoint) -> Self {
        Self { url: endpoint.url.clone(), secrets: endpoint.secrets.len(), updated_at: endpoint.updated_at }
    }
}

/// The endpoint, with the secret if one was just made.
#[derive(Serialize, ToSchema)]
pub struct RestoreSecretView {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: RestoreEndpointView,
    /// The secret that requests are signed with, by Standard Webhooks. It is never shown again. Null when none was made.
    #[schema(required = true, example = "whsec_…")]
    pub secret: Option<String>,
}

/// Where to call.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RestoreEndpointChange {
    /// Address, `https` or `http`, of a public host.
    pub url: String,
}

fn known(settings: &Snapshot, tenant: &str) -> Result<Arc<RestoreEndpoint>, Problem> {
    let found = settings.restore_endpoint(tenant).cloned();
    found.ok_or_else(|| Problem::not_found("there is no endpoint for restores; set one with PUT"))
}

/// Puts an endpoint in force, or deletes it (`None`), as a change of what a snapshot says.
async fn write(
    api: &QueryApi,
    made_from: &Snapshot,
    tenant: &str,
    endpoint: Option<&RestoreEndpoint>,
) -> Result<(), Problem> {
    let value = endpoint.map(serde_json::to_vec).transpose().map_err(Problem::internal)?;
    let key = SettingsKey::RestoreEndpoint(tenant);
    let put = api.settings().put(key, made_from.version(key), value.as_deref());
    let in_force =
        || known(&api.settings().snapshot(), tenant).ok().map(|endpoint| RestoreEndpointView::from(&*endpoint));
    put.await.map_err(|error| not_changed(error, in_force))
}

/// Puts an endpoint in force and records what changed; of its secrets how many there are.
async fn put(
    api: &QueryApi,
    caller: &Caller,
    made_from: &Snapshot,
    new: &RestoreEndpoint,
    reason: &str,
) -> Result<RestoreEndpointView, Problem> {
    new.validate().map_err(invalid)?;
    write(api, made_from, &new.tenant, Some(new)).await?;
    let old = made_from.restore_endpoint(&new.tenant).map(|endpoint| &**endpoint);
    let (old, new, tenant) = (old.map(RestoreEndpointView::from), RestoreEndpointView::from(new), &new.tenant);
    record(api, caller, tenant, old.as_ref(), Some(&new), reason).await?;
    Ok(new)
}

async fn record(
    api: &QueryApi,
    caller: &Caller,
    tenant: &str,
    old: Option<&RestoreEndpointView>,
    new: Option<&RestoreEndpointView>,
    reason: &str,
) -> Result<(), Problem> {
    let event = StaffEvent {
        kind: "setting.changed",
        object_type: "setting",
        object_id: "restore_endpoint".to_owned(),
        object_name: "restore_endpoint".to_owned(),
        reason: reason.to_owned(),
        changes: differences(&["url", "secrets"], old, new),
    };
    api.audit().record(caller, tenant, event).await?;
    Ok(())
}

/// Get the restore endpoint
///
/// Where restores are asked for. Its secret is not shown.
#[utoipa::path(
    get,
    path = "/v1/settings/restore-endpoint",
    tag = "settings",
    operation_id = "getRestoreEndpoint",
    params(crate::openapi::TenantParam),
    responses(
        (status = 200, description = "Without secrets", body = RestoreEndpointView, example = json!(crate::restore::examples::restore_endpoint())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    ReadTenant(tenant): ReadTenant,
) -> Result<Json<RestoreEndpointView>, Problem> {
    Ok(Json(RestoreEndpointView::from(&*known(&api.settings().snapshot(), &tenant.id)?)))
}

/// Set the restore endpoint
///
/// Where restores are asked for. The first time, a secret is made; it is in this answer and nowhere else.
#[utoipa::path(
    put,
    path = "/v1/settings/restore-endpoint",
    tag = "settings",
    operation_id = "putRestoreEndpoint",
    request_body(content = RestoreEndpointChange, example = json!({"url": "https://crm.example.com/usertrail/restore"})),
    responses(
        (status = 200, description = "Changed and in force; the secrets are as they were", body = RestoreSecretView, example = json!(crate::restore::examples::restore_secret(false))),
        (status = 201, description = "Made and in force", body = RestoreSecretView, example = json!(crate::restore::examples::restore_secret(true))),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn replace(
    State(api): State<QueryApi>,
    caller: Caller,
    _: NoParameters,
    request: Request,
) -> Result<(StatusCode, Json<RestoreSecretView>), Problem> {
    let tenant = caller.own_tenant()?;
    let RestoreEndpointChange { url } = body(request).await?;
    api.alerting().check_url(&url).await?;
    let _one_at_a_time = api.alerting().one_at_a_time().await;
    let settings = api.settings().snapshot();
    let current = known(&settings, &tenant.id).ok();
    let (status, secret, secrets) = match &current {
        Some(current) => (StatusCode::OK, None, current.secrets.clone()),
        None => {
            let secret = new_secret()?;
            (StatusCode::CREATED, Some(secret.clone()), vec![secret])
        }
    };
    let wanted = RestoreEndpoint { tenant: tenant.id.clone(), url, secrets, updated_at: Utc::now() };
    let endpoint = put(&api, &caller, &settings, &wanted, "").await?;
    Ok((status, Json(RestoreSecretView { endpoint, secret })))
}

/// Remove the restore endpoint
///
/// Nothing can be restored until there is one again.
#[utoipa::path(
    delete,
    path = "/v1/settings/restore-endpoint",
    tag = "settings",
    operation_id = "deleteRestoreEndpoint",
    responses(
        (status = 200, description = "Deleted; as it was", body = RestoreEndpointView, example = json!(crate::restore::examples::restore_endpoint())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn delete(
    State(api): State<QueryApi>,
    caller: Caller,
    _: NoParameters,
) -> Result<Json<RestoreEndpointView>, Problem> {
    let tenant = caller.own_tenant()?;
    let _one_at_a_time = api.alerting().one_at_a_time().await;
    let settings = api.settings().snapshot();
    let last = RestoreEndpointView::from(&*known(&settings, &tenant.id)?);
    write(&api, &settings, &tenant.id, None).await?;
    record(&api, &caller, &tenant.id, Some(&last), None, "").await?;
    Ok(Json(last))
}

/// Rotate the restore endpoint's secret
///
/// Makes a new secret, which is in this answer and nowhere else. The one before stays valid beside it, until the next
/// time.
#[utoipa::path(
    post,
    path = "/v1/settings/restore-endpoint/rotate-secret",
    tag = "settings",
    operation_id = "rotateRestoreSecret",
    responses(
        (status = 200, description = "Both secrets sign from now on", body = RestoreSecretView, example = json!(crate::restore::examples::restore_secret(true))),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn rotate(
    State(api): State<QueryApi>,
    caller: Caller,
    _: NoParameters,
) -> Result<Json<RestoreSecretView>, Problem> {
    let tenant = caller.own_tenant()?;
    let _one_at_a_time = api.alerting().one_at_a_time().await;
    let settings = api.settings().snapshot();
    let current = known(&settings, &tenant.id)?;
    let secret = new_secret()?;
    let secrets = [&secret].into_iter().chain(current.secrets.first()).cloned().collect();
    let wanted = RestoreEndpoint { secrets, updated_at: Utc::now(), ..RestoreEndpoint::clone(&current) };
    let endpoint = put(&api, &caller, &settings, &wanted, ROTATED).await?;
    Ok(Json(RestoreSecretView { endpoint, secret: Some(secret) }))
}
