//! Decisions of staff about the devices of a user: in force when answered, on a topic that applications can follow,
//! and each an event of the tenant.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::access::{Access, AccessDecision, BY_RULE, OF_COOKIES, device_of_cookie, is_device_id};
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
    /// Which, by its id, whether it was asked for by that or by its cookie.
    pub device_id: String,
    /// How sure its id is: `high`, `medium` or `low`. Null where that is not known: no event of the user is kept that came
    /// from it, or the store could not be asked. A check is answered from memory, which knows it of devices that are known by their
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
    pub(crate) fn of(user_id: String, device: KnownDevice, decision: Option<&AccessDecision>) -> Self {
        Self {
            device_confidence: decision.and_then(|decision| decision.device_confidence.clone()).or(device.confidence),
            user_id,
            device_id: device.id,
            access: decision.map(|decision| decision.access).unwrap_or_default(),
            reason: decision.map_or("no decision", |decision| &decision.reason).to_owned(),
            decided_by: decision.map(|decision| decision.decided_by.clone()),
            decided_at: decision.map(|decision| decision.decided_at),
            violation_id: decision.and_then(|decision| decision.violation_id.clone()),
        }
    }
}

/// The one device that an id or a cookie names: what is decided about it is decided under its id.
#[derive(Debug)]
pub(crate) struct KnownDevice {
    pub(crate) id: String,
    /// How sure that is, where it is known.
    confidence: Option<String>,
}

impl KnownDevice {
    /// The device with this cookie.
    pub(crate) fn by_cookie(tenant: &str, cookie: &str) -> Self {
        Self { id: device_of_cookie(tenant, cookie), confidence: Some(OF_COOKIES.to_owned()) }
    }

    /// The device with this id.
    pub(crate) fn by_id(id: String) -> Self {
        Self { id, confidence: None }
    }

    /// The device that staff mean. What can be an id is one, unless only the device with such a cookie is known: something
    /// was decided about it, or else events of the user came from it.
    async fn meant(api: &QueryApi, caller: &Caller, tenant: &Tenant, user: &str, named: String) -> Self {
        let by_cookie = Self::by_cookie(&tenant.id, &named);
        if !is_device_id(&named) {
            return by_cookie;
        }
        let is_decided = |device: &str| api.access().get(&tenant.id, user, device).is_some();
        let devices = vec![named.clone(), by_cookie.id.clone()];
        let seen = seen(api.store(), caller, tenant, user, devices).await;
        let by_id = seen.iter().find(|row| row.device_id == named);
        let is_id = by_id.is_some() || is_decided(&named);
        if !is_id && (!seen.is_empty() || is_decided(&by_cookie.id)) {
            return by_cookie;
        }
        Self { confidence: by_id.and_then(|row| known(row.confidence.clone())), id: named }
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
        ("device" = String, Path, description = "Id of the device, or its cookie", example = "7e330e3789463b61"),
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
    let (user, named) = (id(ids.0)?, id(ids.1)?);
    let device = KnownDevice::meant(&api, &caller, &tenant, &user, named).await;
    let decision = api.access().get(&tenant.id, &user, &device.id);
    Ok(Json(AccessView::of(user, device, decision.as_deref())))
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
        ("device" = String, Path, description = "Id of the device, or its cookie", example = "7e330e3789463b61"),
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
    let (user, named) = to_change(ids)?;
    let NewAccess { access, reason } = body(request).await?;
    let device = KnownDevice::meant(&api, &caller, &tenant, &user, named).await;
    let decision = AccessDecision {
        tenant: tenant.id.clone(),
        user_id: user.clone(),
        device_id: device.id.clone(),
        device_confidence: device.confidence.clone(),
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
    change.record(api.audit(), &caller, &tenant, (&user, &device.id)).await?;
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
        ("device" = String, Path, description = "Id of the device, or its cookie", example = "7e330e3789463b61"),
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
    let (user, named) = to_change(ids)?;
    let device = KnownDevice::meant(&api, &caller, &tenant, &user, named).await;
    let nothing = || Problem::not_found("nothing was decided about this device");
    api.access().get(&tenant.id, &user, &device.id).ok_or_else(nothing)?;
    // Somebody else may have taken it back meanwhile.
    let ended = api.access().forget(&tenant.id, &user, &device.id).await?.ok_or_else(nothing)?;
    let change = Change { kind: "device.access_reset", old: Some(ended), new: None };
    change.record(api.audit(), &caller, &tenant, (&user, &device.id)).await?;
    Ok(Json(AccessView::of(user, device, None)))
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

/// Those of a user's devices with these ids that events came from. A device is blocked while the store is away, too; then nobody
/// knows.
async fn seen(store: &Store, caller: &Caller, tenant: &Tenant, user: &str, devices: Vec<String>) -> Vec<DeviceRow> {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &tenant.id);
    clauses.bind_text("user_id", user);
    clauses.bind_number("rows", devices.len() as u32);
    clauses.texts("device_id IN {device_id:Array(String)}", "device_id", &devices);
    clauses.order("device_id");
    RetentionCutoffs::at(Utc::now(), &tenant.retention).bind_oldest(&mut clauses);
    caller.bind_hidden(&mut clauses);
    let asked = store.rows::<DeviceRow>(USER_DEVICES, clauses);
    tokio::time::timeout(LONGEST_TO_ASK, asked).await.ok().and_then(Result::ok).unwrap_or_default()
}

fn to_change((user, device): (String, String)) -> Result<(String, String), Problem> {
    Ok((written_id(user)?, written_id(device)?))
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
            // The id of a device is unique within its user only.
            object_name: format!("{user}/{device}"),
            reason: self.new.map(|decision| decision.reason.clone()).unwrap_or_default(),
            changes: vec![("access".to_owned(), word(self.old.as_deref()), word(self.new))],
        };
        audit.record(caller, &tenant.id, event).await?;
        Ok(())
    }
}
