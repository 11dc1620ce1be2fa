//! Restoring what was deleted.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::catalogue::{Catalogue, Lang};
use schemas::settings::{Feature, Tenant};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::Item;
use crate::http::caller::Caller;
use crate::http::extract::InPath;
use crate::http::language::language;
use crate::http::page::ReadRequest;
use crate::http::params::Params;
use crate::log::rows::EventRow;
use crate::log::which::Which;
use crate::restore::Order;
use crate::restore::outcome::{Outcome, RestoreStatus, message_id};
use crate::restore::past::RestoreHistory;
use crate::restore::refusal::Refusal;
use crate::state::QueryApi;

/// A restore and how it ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Restore {
    /// How it stands. `requested` without an outcome for minutes means that it never got one: ask again.
    pub status: RestoreStatus,
    /// Id of the message that the application gets, the same however often it is called (`webhook-id`).
    #[schema(example = "msg_5f2b7c0e9d1a4b3f8e6d2c1b0a998877")]
    pub message_id: String,
    /// Calls that were made.
    pub attempts: u32,
    /// Status of the last answer; null when there was none.
    #[schema(required = true)]
    pub answer_status: Option<u16>,
    /// Why it failed; at most 500 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "409 Conflict: the number is taken")]
    pub reason: String,
    /// When that was.
    pub at: DateTime<Utc>,
    /// Who asked for it.
    pub by: Requester,
    /// The event that asked for it; empty while it has no outcome.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub requested_event_id: String,
    /// The event that records this.
    pub event_id: String,
}

/// Who asked for a restore.
#[derive(Debug, Serialize, ToSchema)]
pub struct Requester {
    /// `user`, `system` or `api_key`.
    #[schema(example = "api_key")]
    pub kind: String,
    /// Id of the user or key.
    #[schema(example = "k3jq7xw2m5ab")]
    pub id: String,
    /// Display name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "Back office")]
    pub name: String,
}

impl Restore {
    fn new(tenant: &Tenant, deletion: &str, outcome: Outcome) -> Self {
        let [kind, id, name] = outcome.by;
        Self {
            status: outcome.status,
            message_id: message_id(&tenant.id, deletion),
            attempts: outcome.effort.attempts,
            answer_status: outcome.effort.answer_status,
            reason: outcome.reason,
            at: outcome.at,
            by: Requester { kind, id, name },
            requested_event_id: outcome.effort.requested,
            event_id: outcome.event_id,
        }
    }
}

/// Whether an event can be restored, by what it is.
fn check(catalogue: &Catalogue, tenant: &Tenant, event: &EventRow, lang: Lang) -> Result<(), Problem> {
    let catalogue = catalogue.with_tenant_types(&tenant.event_types);
    Refusal::check(event, catalogue.get(&event.event_type)).map_err(|refusal| refusal.problem(lang))
}

/// Restore a deleted object
///
/// The application is called at the tenant's restore endpoint, signed by Standard Webhooks, with the last state of the
/// object as its history shows it: up to three times within 20 seconds, while nobody answers or the answer is 408, 429
/// or 5xx. Any other answer that is not 2xx refuses, and its text is the reason. What was asked and how it ended are
/// events of the tenant.
///
/// Asked again after a success, the same outcome is returned and nobody is called; after a failure, the application is
/// called again, under the same `webhook-id`. It takes a plan that has restores.
#[utoipa::path(
    post,
    path = "/v1/events/{id}/restore",
    tag = "events",
    operation_id = "restoreObject",
    params(
        ("id" = String, Path, description = "Id of the event that deleted it"),
        ("source" = Option<String>, Query, description = "Of several events with this id, the one of this source; empty: the one without a source"),
        ("key_id" = Option<String>, Query, description = "Of several events with this id, the one that came with this API key; empty: the one that came straight to Kafka"),
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`: the language of the reason why not; wins over Accept-Language"),
        ("accept-language" = Option<String>, Header, description = "Language of the reason why not"),
    ),
    responses(
        (status = 200, description = "How it ended", body = Item<Restore>, example = json!(crate::restore::examples::restore())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn restore(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    mut params: Params,
) -> Result<Json<Item<Restore>>, Problem> {
    let which = Which::take(&mut params)?;
    let tenant = caller.own_tenant()?;
    let lang = language(&mut params, &caller, Some(&tenant))?;
    params.finish()?;
    let reading = ReadRequest::begin(api.clone(), caller.clone(), Params::default())?;
    reading.feature(Feature::Restore)?;
    let completeness = reading.completeness;
    let past =
        RestoreHistory { store: api.store(), caller: &reading.caller, tenant: &tenant.id, keep: reading.cutoffs() };
    let Some(deletion) = past.event(&id, &which).await? else {
        return Err(completeness.not_found("there is no such event, or not yet, or no longer"));
    };
    reading.reaches(deletion.occurred_at)?;
    check(api.catalogue(), &tenant, &deletion, lang)?;
    let shown = |outcome| Json(Item { data: Restore::new(&tenant, &id, outcome), completeness });

    let message = message_id(&tenant.id, &id);
    if let Some(running) = api.restores().join(&message) {
        return Ok(shown(running.await?));
    }
    if let Some(outcome) = past.outcome(&deletion).await?.filter(|outcome| outcome.status == RestoreStatus::Succeeded) {
        return Ok(shown(outcome));
    }
    let endpoint = api.settings().snapshot().restore_endpoint(&tenant.id).cloned();
    let endpoint = endpoint.ok_or_else(|| Refusal::NoEndpoint.problem(lang))?;
    if past.lives_again(&deletion).await? {
        return Err(Refusal::LivesAgain.problem(lang));
    }
    let last = past.last_state(&deletion).await?;
    let order = Order { caller, endpoint, deletion, last };
    let (restores, audit) = (Arc::clone(api.restores()), Arc::clone(api.audit()));
    let restoring = async move { order.execute(&restores, &audit).await };
    let running = api.restores().begin(&message, &tenant.id, restoring)?;
    Ok(shown(running.await?))
}

/// Get a restore's outcome
///
/// How restoring what an event deleted ended, as the log has it: that it succeeded, or else what happened last.
#[utoipa::path(
    get,
    path = "/v1/events/{id}/restore",
    tag = "events",
    operation_id = "getRestore",
    params(
        ("id" = String, Path, description = "Id of the event that deleted it"),
        ("source" = Option<String>, Query, description = "Of several events with this id, the one of this source; empty: the one without a source"),
        ("key_id" = Option<String>, Query, description = "Of several events with this id, the one that came with this API key; empty: the one that came straight to Kafka"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "How it stands", body = Item<Restore>, example = json!(crate::restore::examples::restore())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    InPath(id): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Json<Item<Restore>>, Problem> {
    let which = Which::take(&mut reading.params)?;
    reading.one()?;
    let (tenant, completeness) = (reading.tenant.clone(), reading.completeness);
    let past =
        RestoreHistory { store: api.store(), caller: &reading.caller, tenant: &tenant.id, keep: reading.cutoffs() };
    let outcome = match past.event(&id, &which).await? {
        Some(deletion) => {
            reading.reaches(deletion.occurred_at)?;
            past.outcome(&deletion).await?
        }
        None => None,
    };
    let outcome =
        outcome.ok_or_else(|| completeness.not_found("nobody asked to restore this, or not yet, or no longer"))?;
    Ok(Json(Item { data: Restore::new(&tenant, &id, outcome), completeness }))
}
