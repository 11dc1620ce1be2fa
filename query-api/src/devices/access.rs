//! Decisions of staff about the devices of a user: in force when answered, on a topic that applications can follow,
//! and each an event of the tenant.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::access::{Access, AccessDecision, BY_RULE, OF_COOKIES, is_device_id};
use schemas::settings::Tenant;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::audit::{Audit, StaffEvent};
use crate::http::body::body;
use crate::http::caller::Caller;
use crate::http::extract::{InPath, NoParameters, ReadTenant, id, written_id};
use crate::log::view::known;
use crate::state::QueryApi;
use crate::store::Store;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::Clauses;
use crate::users::rows::{DeviceRow, USER_DEVICES};

/// A decision about a device doesn't wait longer to hear how sure its id is.
const LONGEST_TO_ASK: Duration = Duration::from_secs(2);

/// Whether a device may in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccessView {
    /// Whose device.
    pub user_id: String,
    /// Which.
    pub device_id: String,
    /// How sure its id is: `high`, `medium` or `low`. Null where that is not known: no event of the user is kept that came
    /// from it, or the store could not be asked. A check is answered from memory, which knows it of devices that are told by their
    /// cookie or were decided about.
    #[schema(required = true, example = "high")]
    pub device_confidence: Option<String>,
    /// `allow` where nothing was decided.
    pub access: Access,
    /// Why.
    pub reason: String,
    /// Who decided: the id of a key, or `rule:<name>`. Null where nothing was decided.
    #[schema(required = true)]
    pub decided_by: Option<String>,
    /// When.
    #[schema(required = true)]
    pub decided_at: Option<DateTime<Utc>>,
    /// The violation that led to it, if a rule decided.
    #[schema(required = true)]
    pub violation_id: Option<String>,
}

impl AccessView {
    /// A decision, or what holds without one.
    pub(crate) fn of(user_id: String, device_id: String, decision: Option<&AccessDecision>) -> Self {
        let decided = decision.and_then(|decision| decision.device_confidence.clone());
        // What can't be an id is the device's cookie.
        let of_cookie = || (!is_device_id(&device_id)).then(|| OF_COOKIES.to_owned());
        Self {
            device_confidence: decided.or_else(of_cookie),
            user_id,
            device_id,
            access: decision.map(|decision| decision.access).unwrap_or_default(),
            reason: decision.map_or("no decision", |decision| &decision.reason).to_owned(),
            decided_by: decision.map(|decision| decision.decided_by.clone()),
            decided_at: decision.map(|decision| decision.decided_at),
            violation_id: decision.and_then(|decision| decision.violation_id.clone()),
        }
    }

    /// As it is, but for what only the events of the device tell.
    async fn by_its_events(mut self, store: &Store, caller: &Caller, tenant: &Tenant) -> Self {
        if self.device_confidence.is_none() {
            self.device_confidence = confidence(store, caller, tenant, (&self.user_id, &self.device_id)).await;
        }
        self
    }
}

/// What is decided about a device.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct NewAccess {
    /// `allow`, `block` or `ask`.
    pub access: Access,
    /// Why; at most 1024 bytes.
    #[serde(default)]
    pub reason: String,
}

/// Get a device's access decision
///
/// What was decided about a device of a user; `allow` where nothing was.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/devices/{device}/access",
    tag = "access",
    operation_id = "getDeviceAccess",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        ("device" = String, Path, description = "Id of the device", example = "d-5"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "What was decided; `allow` where nothing was", body = AccessView, example = json!(crate::devices::examples::access())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(ids): InPath<(String, String)>,
    ReadTenant(tenant): ReadTenant,
) -> Result<Json<AccessView>, Problem> {
    let (user, device) = user_and_device(ids)?;
    let decision = api.access().get(&tenant.id, &user, &device);
    let view = AccessView::of(user, device, decision.as_deref());
    Ok(Json(view.by_its_events(api.store(), &caller, &tenant).await))
}

/// Decide a device's access
///
/// Decides whether a device may in. The last word holds, be it of staff or of a rule.
#[utoipa::path(
    put,
    path = "/v1/users/{id}/devices/{device}/access",
    tag = "access",
    operation_id = "putDeviceAccess",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        ("device" = String, Path, description = "Id of the device", example = "d-5"),
    ),
    request_body(content = NewAccess, example = json!({"access": "block", "reason": "Reported as stolen"})),
    responses(
        (status = 200, description = "Decided and in force", body = AccessView, example = json!(crate::devices::examples::access())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn put(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(ids): InPath<(String, String)>,
    _: NoParameters,
    request: Request,
) -> Result<Json<AccessView>, Problem> {
    let tenant = caller.own_tenant()?;
    let (user, device) = to_change(ids)?;
    let NewAccess { access, reason } = body(request).await?;
    let decision = AccessDecision {
        tenant: tenant.id.clone(),
        user_id: user.clone(),
        device_id: device.clone(),
        device_confidence: confidence(api.store(), &caller, &tenant, (&user, &device)).await,
        access,
        decided_by: caller.key_id().to_owned(),
        reason,
        violation_id: None,
        decided_at: Utc::now(),
    };
    let replaced = api.access().put(decision.clone()).await?;
    let kind = match access {
        Access::Allow => "device.allowed",
        Access::Block => "device.blocked",
        Access::Ask => "device.access_asked",
    };
    let change = Change { kind, old: replaced, new: Some(&decision) };
    change.record(api.audit(), &caller, &tenant, (&user, &device)).await?;
    Ok(Json(AccessView::of(user, device, Some(&decision))))
}

/// Reset a device's access
///
/// Takes a decision back: the device may in, as if nothing had been decided.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/devices/{device}/access",
    tag = "access",
    operation_id = "resetDeviceAccess",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        ("device" = String, Path, description = "Id of the device", example = "d-5"),
    ),
    responses(
        (status = 200, description = "Taken back", body = AccessView, example = json!(crate::devices::examples::no_access())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn reset(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(ids): InPath<(String, String)>,
    _: NoParameters,
) -> Result<Json<AccessView>, Problem> {
    let tenant = caller.own_tenant()?;
    let (user, device) = to_change(ids)?;
    let nothing = || Problem::not_found("nothing was decided about this device");
    api.access().get(&tenant.id, &user, &device).ok_or_else(nothing)?;
    // Somebody else may have taken it back meanwhile.
    let ended = api.access().forget(&tenant.id, &user, &device).await?.ok_or_else(nothing)?;
    let change = Change { kind: "device.access_reset", old: Some(ended), new: None };
    change.record(api.audit(), &caller, &tenant, (&user, &device)).await?;
    Ok(Json(AccessView::of(user, device, None).by_its_events(api.store(), &caller, &tenant).await))
}

/// Takes back what rules decided about the devices of a user; each is an event.
pub(crate) async fn end_decisions_of_rules(
    api: &QueryApi,
    caller: &Caller,
    tenant: &Tenant,
    user: &str,
) -> Result<(), Problem> {
    for decision in api.access().of_user(&tenant.id, user) {
        if !decision.decided_by.starts_with(BY_RULE) {
            continue;
        }
        let device = &decision.device_id;
        let ended = api.access().forget(&tenant.id, user, device).await?;
        let change = Change { kind: "device.access_reset", old: ended, new: None };
        change.record(api.audit(), caller, tenant, (user, device)).await?;
    }
    Ok(())
}

/// How sure the id of a device is, by its events. A device is blocked while the store is away, too; then nobody knows.
async fn confidence(store: &Store, caller: &Caller, tenant: &Tenant, (user, device): (&str, &str)) -> Option<String> {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &tenant.id);
    clauses.bind_text("user_id", user);
    clauses.text("device_id = {device_id:String}", "device_id", device);
    clauses.order("device_id");
    clauses.bind_number("rows", 1);
    RetentionCutoffs::at(Utc::now(), &tenant.retention).bind_oldest(&mut clauses);
    caller.bind_hidden(&mut clauses);
    let asked = store.rows::<DeviceRow>(USER_DEVICES, clauses);
    let found = tokio::time::timeout(LONGEST_TO_ASK, asked).await.ok()?.ok()?;
    found.into_iter().next().and_then(|row| known(row.confidence))
}

fn to_change((user, device): (String, String)) -> Result<(String, String), Problem> {
    Ok((written_id(user)?, written_id(device)?))
}

fn user_and_device((user, device): (String, String)) -> Result<(String, String), Problem> {
    Ok((id(user)?, id(device)?))
}

/// A decision and the one before it.
struct Change<'a> {
    kind: &'static str,
    old: Option<Arc<AccessDecision>>,
    new: Option<&'a AccessDecision>,
}

impl Change<'_> {
    async fn record(
        self,
        audit: &Audit,
        caller: &Caller,
        tenant: &Tenant,
        (user, device): (&str, &str),
    ) -> Result<(), Problem> {
        let word = |decision: Option<&AccessDecision>| match decision {
            Some(decision) => json!(decision.access.as_str()),
            None => Value::Null,
        };
        let event = StaffEvent {
            kind: self.kind,
            object_type: "device",
            object_id: device.to_owned(),
            // A device is told apart within its user.
            object_name: format!("{user}/{device}"),
            reason: self.new.map(|decision| decision.reason.clone()).unwrap_or_default(),
            changes: vec![("access".to_owned(), word(self.old.as_deref()), word(self.new))],
        };
        audit.record(caller, &tenant.id, event).await?;
        Ok(())
    }
}
