//! Where violations are reported to. Secrets are shown once, when they are made.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use runtime::settings::{Settings, Snapshot};
use schemas::alerts::{AlertEndpoint, AlertFormat, MAX_ENDPOINTS};
use schemas::settings::{Invalid, read_strict};
use schemas::topics::SettingsKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::alerts::alerting::new_secret;
use crate::audit::{StaffEvent, differences};
use crate::http::answer::{List, not_changed};
use crate::http::body::{body, invalid, merge, patch};
use crate::http::caller::Caller;
use crate::http::extract::{InPath, NoParameters, ReadTenant};
use crate::rules::known::check_names;
use crate::state::QueryApi;

/// Why an endpoint changed whose secret was made anew: after the second time their number is the same.
const ROTATED: &str = "a new secret";

/// An endpoint, without its secrets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EndpointView {
    /// Its name.
    #[schema(example = "pager")]
    pub id: String,
    /// Address that is posted to. Of Slack's, which are secrets, the host alone.
    pub url: String,
    /// Form of the body.
    pub format: AlertFormat,
    /// Least level reported, 0 (informational) to 4 (critical).
    pub min_level: u8,
    /// Rules reported, by name; all when empty.
    pub rules: Vec<String>,
    /// A violation that grows is reported again no sooner than this many seconds after the last time.
    pub repeat_seconds: u32,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Why it was switched off, when the program did it.
    pub disabled_reason: String,
    /// How many secrets sign at the moment: two while the receiver changes over.
    pub secrets: usize,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl From<&AlertEndpoint> for EndpointView {
    fn from(endpoint: &AlertEndpoint) -> Self {
        Self {
            id: endpoint.id.clone(),
            url: shown_url(endpoint),
            format: endpoint.format,
            min_level: endpoint.min_level,
            rules: endpoint.rules.clone(),
            repeat_seconds: endpoint.repeat_seconds,
            enabled: endpoint.enabled,
            disabled_reason: endpoint.disabled_reason.clone(),
            secrets: endpoint.secrets.len(),
            updated_at: endpoint.updated_at,
        }
    }
}

/// Whoever has the address of a Slack webhook can write to its channel.
fn shown_url(endpoint: &AlertEndpoint) -> String {
    let host = |url: &str| {
        let (scheme, rest) = url.split_once("://")?;
        Some(format!("{scheme}://{}/…", rest.split(['/', '?', '#']).next()?))
    };
    match endpoint.format {
        AlertFormat::Slack => host(&endpoint.url).unwrap_or_default(),
        AlertFormat::Standard | AlertFormat::Alertmanager => endpoint.url.clone(),
    }
}

/// An endpoint with the secret that was just made for it.
#[derive(Serialize, ToSchema)]
pub struct NewSecretView {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: EndpointView,
    /// The secret that bodies are signed with, by Standard Webhooks. It is never shown again. Null for forms that are not
    /// signed.
    #[schema(required = true, example = "whsec_…")]
    pub secret: Option<String>,
}

/// What is asked of a new endpoint.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct NewEndpoint {
    /// 1 to 63 of a-z, 0-9 and -; never changes.
    pub id: String,
    /// Form of the body; never changes.
    #[serde(default)]
    pub format: AlertFormat,
    /// What may change.
    #[serde(flatten)]
    pub change: EndpointChange,
}

/// What may change of an endpoint.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct EndpointChange {
    /// Address, `https` or `http`, of a public host.
    pub url: String,
    /// Least level reported, 0 (informational) to 4 (critical).
    #[serde(default)]
    pub min_level: u8,
    /// Rules reported, by name; all when empty. At most 100, each one that there is, or that the endpoint has named before.
    #[serde(default)]
    pub rules: Vec<String>,
    /// A violation that grows is reported again no sooner than this many seconds after the last time (1 to 604800).
    #[serde(default = "hour")]
    pub repeat_seconds: u32,
    /// Whether anything is sent.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn hour() -> u32 {
    3600
}

fn yes() -> bool {
    true
}

impl EndpointChange {
    fn of(endpoint: &AlertEndpoint) -> Self {
        Self {
            url: endpoint.url.clone(),
            min_level: endpoint.min_level,
            rules: endpoint.rules.clone(),
            repeat_seconds: endpoint.repeat_seconds,
            enabled: endpoint.enabled,
        }
    }

    fn put(self, endpoint: AlertEndpoint) -> AlertEndpoint {
        let Self { url, min_level, rules, repeat_seconds, enabled } = self;
        // Whoever switches it on again has seen why it was off.
        let disabled_reason = if enabled { String::new() } else { endpoint.disabled_reason };
        let updated_at = Utc::now();
        AlertEndpoint { url, min_level, rules, repeat_seconds, enabled, disabled_reason, updated_at, ..endpoint }
    }
}

/// A test that waits to be sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueuedTest {
    /// What stands in place of a violation's id; `GET /v1/alerts/deliveries?violation=` shows how it ended.
    #[schema(example = "test-0f3c5a7e9b1d2c4e")]
    pub violation_id: String,
}

/// Somebody else's endpoint looks as one that does not exist.
fn known(settings: &Snapshot, tenant: &str, id: &str) -> Result<Arc<AlertEndpoint>, Problem> {
    let found = settings.endpoints(tenant).find(|endpoint| endpoint.id == id).cloned();
    found.ok_or_else(|| Problem::not_found("there is no such endpoint"))
}

/// Refuses rules that there are not, beside those that the endpoint has had.
fn check_rules(settings: &Snapshot, endpoint: &AlertEndpoint, before: &[String]) -> Result<(), Problem> {
    endpoint.validate().map_err(invalid)?;
    let names = endpoint.rules.iter().enumerate().map(|(at, name)| (format!("/rules/{at}"), name.as_str()));
    check_names(settings, &endpoint.tenant, names, before).map_err(invalid)
}

/// Puts an endpoint in force, or deletes it (`None`), as a change of what a snapshot says.
async fn put(
    settings: &Settings,
    made_from: &Snapshot,
    (tenant, id): (&str, &str),
    endpoint: Option<&AlertEndpoint>,
) -> Result<(), Problem> {
    let value = match endpoint {
        Some(endpoint) => {
            endpoint.validate().map_err(invalid)?;
            Some(serde_json::to_vec(endpoint).map_err(Problem::internal)?)
        }
        None => None,
    };
    let key = SettingsKey::AlertEndpoint(tenant, id);
    let put = settings.put(key, made_from.version(key), value.as_deref());
    let in_force = || known(&settings.snapshot(), tenant, id).ok().map(|endpoint| EndpointView::from(&*endpoint));
    put.await.map_err(|error| not_changed(error, in_force))
}

/// What staff did to an endpoint; of its secrets how many there are.
fn event(kind: &'static str, old: Option<&EndpointView>, new: Option<&EndpointView>) -> StaffEvent {
    const FIELDS: &[&str] = &["url", "format", "min_level", "rules", "repeat_seconds", "enabled", "secrets"];
    let id = new.or(old).map(|endpoint| endpoint.id.clone()).unwrap_or_default();
    StaffEvent {
        kind,
        object_type: "alert_endpoint",
        object_name: id.clone(),
        object_id: id,
        reason: String::new(),
        changes: differences(FIELDS, old, new),
    }
}

/// List alert endpoints
///
/// Where violations are reported to, those that are switched off too.
#[utoipa::path(
    get,
    path = "/v1/alerts/endpoints",
    tag = "alerts",
    operation_id = "listAlertEndpoints",
    params(crate::openapi::TenantParam),
    responses(
        (status = 200, description = "All of them, without secrets", body = List<EndpointView>, example = json!(crate::openapi::examples::whole(crate::alerts::examples::endpoint()))),
        crate::openapi::Problems,
    ),
)]
pub async fn list(
    State(api): State<QueryApi>,
    ReadTenant(tenant): ReadTenant,
) -> Result<Json<List<EndpointView>>, Problem> {
    let settings = api.settings().snapshot();
    let data = settings.endpoints(&tenant.id).map(|endpoint| EndpointView::from(&**endpoint)).collect();
    Ok(Json(List::of(api.freshness(), data)))
}

/// Create an alert endpoint
///
/// Its secret is in this answer and nowhere else.
#[utoipa::path(
    post,
    path = "/v1/alerts/endpoints",
    tag = "alerts",
    operation_id = "createAlertEndpoint",
    request_body(content = NewEndpoint, example = json!({"id": "pager", "url": "https://hooks.example.com/usertrail", "min_level": 3})),
    responses(
        (status = 201, description = "Made and in force", body = NewSecretView, example = json!(crate::alerts::examples::new_endpoint())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn create(
    State(api): State<QueryApi>,
    caller: Caller,
    _: NoParameters,
    request: Request,
) -> Result<(StatusCode, Json<NewSecretView>), Problem> {
    let tenant = caller.own_tenant()?;
    let wanted: NewEndpoint = body(request).await?;
    api.alerting().check_url(&wanted.change.url).await?;
    let secret = if wanted.format.is_signed() { Some(new_secret()?) } else { None };
    let endpoint = wanted.change.put(AlertEndpoint {
        tenant: tenant.id.clone(),
        id: wanted.id,
        url: String::new(),
        format: wanted.format,
        min_level: 0,
        rules: Vec::new(),
        secrets: secret.iter().cloned().collect(),
        repeat_seconds: hour(),
        enabled: true,
        disabled_reason: String::new(),
        updated_at: Utc::now(),
    });
    let _one_at_a_time = api.alerting().one_at_a_time().await;
    let settings = api.settings().snapshot();
    if known(&settings, &tenant.id, &endpoint.id).is_ok() {
        let detail = "there is an endpoint of this name";
        return Err(Problem::new(StatusCode::CONFLICT, "exists", detail).with_pointer("/id"));
    }
    if settings.endpoints(&tenant.id).count() >= MAX_ENDPOINTS {
        let detail = format!("a tenant has at most {MAX_ENDPOINTS} endpoints");
        return Err(invalid(Invalid { pointer: String::new(), detail }));
    }
    check_rules(&settings, &endpoint, &[])?;
    put(api.settings(), &settings, (&tenant.id, &endpoint.id), Some(&endpoint)).await?;
    let endpoint = EndpointView::from(&endpoint);
    api.audit().record(&caller, &tenant.id, event("alert_endpoint.created", None, Some(&endpoint))).await?;
    Ok((StatusCode::CREATED, Json(NewSecretView { endpoint, secret })))
}

/// Get an alert endpoint
///
/// Where it is, what is reported to it, and whether it is on. Its secret is not shown.
#[utoipa::path(
    get,
    path = "/v1/alerts/endpoints/{id}",
    tag = "alerts",
    operation_id = "getAlertEndpoint",
    params(("id" = String, Path, description = "Its name", example = "pager"), crate::openapi::TenantParam),
    responses(
        (status = 200, description = "Without secrets", body = EndpointView, example = json!(crate::alerts::examples::endpoint())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    InPath(id): InPath<String>,
    ReadTenant(tenant): ReadTenant,
) -> Result<Json<EndpointView>, Problem> {
    Ok(Json(EndpointView::from(&*known(&api.settings().snapshot(), &tenant.id, &id)?)))
}

/// Change an alert endpoint
///
/// By JSON Merge Patch (RFC 7396): what is null takes its default. Switching it on again clears why it was off.
#[utoipa::path(
    patch,
    path = "/v1/alerts/endpoints/{id}",
    tag = "alerts",
    operation_id = "changeAlertEndpoint",
    params(("id" = String, Path, description = "Its name", example = "pager")),
    request_body(content = EndpointChange, content_type = "application/merge-patch+json", description = "Fields to change", example = json!({"min_level": 2})),
    responses(
        (status = 200, description = "Changed and in force", body = EndpointView, example = json!(crate::alerts::examples::endpoint())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn modify(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
    request: Request,
) -> Result<Json<EndpointView>, Problem> {
    let tenant = caller.own_tenant()?;
    let changes = patch(request).await?;
    let _one_at_a_time = api.alerting().one_at_a_time().await;
    let settings = api.settings().snapshot();
    let current = known(&settings, &tenant.id, &id)?;
    let mut document = serde_json::to_value(EndpointChange::of(&current)).map_err(Problem::internal)?;
    merge(&mut document, changes);
    let change: EndpointChange = read_strict(&document).map_err(invalid)?;
    if change.url != current.url {
        api.alerting().check_url(&change.url).await?;
    }
    let changed = change.put(AlertEndpoint::clone(&current));
    check_rules(&settings, &changed, &current.rules)?;
    put(api.settings(), &settings, (&tenant.id, &id), Some(&changed)).await?;
    let (old, new) = (EndpointView::from(&*current), EndpointView::from(&changed));
    api.audit().record(&caller, &tenant.id, event("alert_endpoint.updated", Some(&old), Some(&new))).await?;
    Ok(Json(new))
}

/// Delete an alert endpoint
///
/// What waits for it is dropped.
#[utoipa::path(
    delete,
    path = "/v1/alerts/endpoints/{id}",
    tag = "alerts",
    operation_id = "deleteAlertEndpoint",
    params(("id" = String, Path, description = "Its name", example = "pager")),
    responses(
        (status = 200, description = "Deleted; as it was", body = EndpointView, example = json!(crate::alerts::examples::endpoint())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn delete(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
) -> Result<Json<EndpointView>, Problem> {
    let tenant = caller.own_tenant()?;
    let _one_at_a_time = api.alerting().one_at_a_time().await;
    let settings = api.settings().snapshot();
    let last = known(&settings, &tenant.id, &id)?;
    put(api.settings(), &settings, (&tenant.id, &id), None).await?;
    let last = EndpointView::from(&*last);
    api.audit().record(&caller, &tenant.id, event("alert_endpoint.deleted", Some(&last), None)).await?;
    Ok(Json(last))
}

/// Rotate an alert endpoint's secret
///
/// Makes a new secret, which is in this answer and nowhere else. The one before stays valid beside it, until the next
/// time.
#[utoipa::path(
    post,
    path = "/v1/alerts/endpoints/{id}/rotate-secret",
    tag = "alerts",
    operation_id = "rotateAlertSecret",
    params(("id" = String, Path, description = "Its name", example = "pager")),
    responses(
        (status = 200, description = "Both secrets sign from now on", body = NewSecretView, example = json!(crate::alerts::examples::new_endpoint())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn rotate(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
) -> Result<Json<NewSecretView>, Problem> {
    let tenant = caller.own_tenant()?;
    let _one_at_a_time = api.alerting().one_at_a_time().await;
    let settings = api.settings().snapshot();
    let current = known(&settings, &tenant.id, &id)?;
    let mut endpoint = AlertEndpoint::clone(&current);
    if !endpoint.format.is_signed() {
        let detail = "what goes to this endpoint is not signed".to_owned();
        return Err(invalid(Invalid { pointer: "/format".to_owned(), detail }));
    }
    let secret = new_secret()?;
    endpoint.secrets.truncate(1);
    endpoint.secrets.insert(0, secret.clone());
    endpoint.updated_at = Utc::now();
    put(api.settings(), &settings, (&tenant.id, &id), Some(&endpoint)).await?;
    let (old, new) = (EndpointView::from(&*current), EndpointView::from(&endpoint));
    let rotated = StaffEvent { reason: ROTATED.to_owned(), ..event("alert_endpoint.updated", Some(&old), Some(&new)) };
    api.audit().record(&caller, &tenant.id, rotated).await?;
    Ok(Json(NewSecretView { endpoint: new, secret: Some(secret) }))
}

/// Test an alert endpoint
///
/// Queues a test, which is sent as a violation would be.
#[utoipa::path(
    post,
    path = "/v1/alerts/endpoints/{id}/test",
    tag = "alerts",
    operation_id = "testAlertEndpoint",
    params(("id" = String, Path, description = "Its name", example = "pager")),
    responses(
        (status = 202, description = "Queued", body = QueuedTest, example = json!({"violation_id": "test-0f3c5a7e9b1d2c4e"})),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn test(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
) -> Result<(StatusCode, Json<QueuedTest>), Problem> {
    let tenant = caller.own_tenant()?;
    let endpoint = known(&api.settings().snapshot(), &tenant.id, &id)?;
    if !endpoint.enabled {
        let detail = "the endpoint is switched off";
        return Err(Problem::new(StatusCode::CONFLICT, "endpoint_disabled", detail));
    }
    let violation_id = api.alerting().queue_test(&endpoint).await?;
    Ok((StatusCode::ACCEPTED, Json(QueuedTest { violation_id })))
}
