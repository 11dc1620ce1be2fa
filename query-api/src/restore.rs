//! Restoring what was deleted: a signed call to the tenant's application with the last state of the object.
//!
//! [`refusal`] says what can't be restored; [`past`] reads what the log says of the object and of former attempts; [`call`]
//! makes the call, again if need be. What was asked and how it ended are events of the tenant: `restore.requested` before
//! the first call, `restore.succeeded` or `restore.failed` after the last. A process that dies in between leaves a request
//! without an outcome; whoever asks again repeats the call under the same `webhook-id`, by which the receiver knows it.

pub(crate) mod call;
pub mod endpoint;
pub(crate) mod examples;
pub mod handlers;
pub mod outcome;
pub mod past;
pub mod refusal;
pub mod rows;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use runtime::config::Alert;
use runtime::problem::Problem;
use runtime::webhook::ClientError;
use schemas::decode::{MAX_NAME_BYTES, MAX_REASON_BYTES};
use schemas::restore::RestoreEndpoint;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::audit::{Audit, actor, clip};
use crate::http::caller::Caller;
use crate::log::rows::EventRow;
use crate::restore::call::Calls;
use crate::restore::outcome::{Attempts, Outcome, RestoreStatus, message_id};
use crate::restore::past::LastState;

/// How long a success is remembered here, until the log shows it.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Most restores of a tenant that are under way at the same time.
const MAX_UNDER_WAY: usize = 20;

type Running = Shared<BoxFuture<'static, Result<Outcome, Problem>>>;

struct Known {
    tenant: String,
    begun: Instant,
    running: Running,
}

impl Known {
    fn is_under_way(&self) -> bool {
        self.running.peek().is_none()
    }

    fn is_worth_keeping(&self) -> bool {
        match self.running.peek() {
            None => true,
            Some(Ok(outcome)) => outcome.status == RestoreStatus::Succeeded && self.begun.elapsed() < REMEMBERED,
            Some(Err(_)) => false,
        }
    }
}

/// What restores share: the calls, and those under way, so that one that is asked for twice is made once.
pub(crate) struct Restores {
    calls: Calls,
    /// By the id of the message.
    known: Mutex<HashMap<String, Known>>,
}

impl Restores {
    /// By the rules for alerts: what may be called, and for how long.
    pub(crate) fn new(config: &Alert) -> Result<Self, ClientError> {
        Ok(Self { calls: Calls::new(config)?, known: Mutex::default() })
    }

    /// The restore that is under way or succeeded lately.
    pub(crate) fn join(&self, id: &str) -> Option<Running> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, each| each.is_worth_keeping());
        known.get(id).map(|each| each.running.clone())
    }

    /// Begins a restore, or joins one that began meanwhile. It goes on when nobody waits for it any more.
    ///
    /// # Errors
    /// 503 when the tenant has too many under way.
    pub(crate) fn begin(
        &self,
        id: &str,
        tenant: &str,
        restore: impl Future<Output = Result<Outcome, Problem>> + Send + 'static,
    ) -> Result<Running, Problem> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(each) = known.get(id).filter(|each| each.is_worth_keeping()) {
            return Ok(each.running.clone());
        }
        if known.values().filter(|each| each.tenant == tenant && each.is_under_way()).count() >= MAX_UNDER_WAY {
            let detail = format!("{MAX_UNDER_WAY} restores are under way; try again when one has ended");
            return Err(Problem::unavailable("busy", detail, Duration::from_secs(5)));
        }
        let task = tokio::spawn(restore);
        let running = async { task.await.unwrap_or_else(|error| Err(Problem::internal(error))) }.boxed().shared();
        let each = Known { tenant: tenant.to_owned(), begun: Instant::now(), running: running.clone() };
        known.insert(id.to_owned(), each);
        Ok(running)
    }
}

/// What an application is sent. The state stands apart, as its numbers may have more digits than any other.
#[derive(Serialize)]
struct RestoreMessage<'a> {
    #[serde(flatten)]
    asked: Value,
    state: &'a schemas::json::Map,
}

/// What is to be restored, by whom, and where to call.
pub(crate) struct Order {
    pub(crate) caller: Caller,
    pub(crate) endpoint: Arc<RestoreEndpoint>,
    pub(crate) deletion: EventRow,
    pub(crate) last: LastState,
}

impl Order {
    /// Records that it was asked for, makes the calls, and records how they ended.
    ///
    /// # Errors
    /// 503 when it is not known whether an event is recorded. Asking again is safe.
    pub(crate) async fn execute(self, restores: &Restores, audit: &Audit) -> Result<Outcome, Problem> {
        let id = message_id(&self.endpoint.tenant, &self.deletion.event_id);
        let requested = self.record(audit, &id, RestoreStatus::Requested, &Attempts::default(), "").await?;
        let body = serde_json::to_vec(&self.message(&id)).map_err(Problem::internal)?;
        let called = restores.calls.make(&self.endpoint, &id, &body).await;
        let status = if called.taken { RestoreStatus::Succeeded } else { RestoreStatus::Failed };
        let effort = Attempts { attempts: called.attempts, answer_status: called.answer_status, requested };
        let event_id = self.record(audit, &id, status, &effort, &called.reason).await?;
        let actor = self.caller.identity();
        let by = [actor.kind, actor.id, actor.name].map(str::to_owned);
        Ok(Outcome { status, effort, reason: called.reason, event_id, at: Utc::now(), by })
    }

    /// What the application is sent.
    fn message(&self, id: &str) -> RestoreMessage<'_> {
        let row = &self.deletion;
        let asked = json!({
            "type": "restore.requested",
            "id": id,
            "timestamp": rfc3339(Utc::now()),
            "tenant": self.endpoint.tenant,
            "object": { "type": row.object_type, "id": row.object_id, "name": row.object_name },
            "state_complete": self.last.complete,
            "deleted_at": rfc3339(row.occurred_at),
            "deleted_by": { "kind": row.actor_kind, "id": row.actor_id, "name": row.actor_name },
            "requested_by": actor(&self.caller),
            "event_id": row.event_id,
        });
        RestoreMessage { asked, state: &self.last.fields }
    }

    /// Records an event about the object, so that it is in the object's history; returns its id.
    async fn record(
        &self,
        audit: &Audit,
        id: &str,
        status: RestoreStatus,
        effort: &Attempts,
        reason: &str,
    ) -> Result<String, Problem> {
        let row = &self.deletion;
        let outcome = if status == RestoreStatus::Failed { "failure" } else { "success" };
        let mut payload = serde_json::to_value(effort).map_err(Problem::internal)?;
        payload["deletion"] = row.event_id.as_str().into();
        let object = json!({
            "type": row.object_type, "id": row.object_id, "name": clip(&row.object_name, MAX_NAME_BYTES),
        });
        let mut fields = Map::from_iter([
            ("type".to_owned(), status.event_type().into()),
            ("object".to_owned(), object),
            ("outcome".to_owned(), outcome.into()),
            ("context".to_owned(), json!({ "request_id": id })),
            ("payload".to_owned(), payload),
        ]);
        if !reason.is_empty() {
            fields.insert("reason".to_owned(), clip(reason, MAX_REASON_BYTES).into());
        }
        audit.record_fields(&self.caller, &self.endpoint.tenant, fields).await
    }
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
