//! The settings of the caller's own tenant, one subject each. A change is in force when it is answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use ipnet::IpNet;
use runtime::problem::Problem;
use runtime::settings::PutError;
use schemas::catalogue::CatalogueEntry;
use schemas::detection::Detection;
use schemas::settings::{Limits, ProxyHeader, Retention, RetentionChange, Tenant, WeekStart};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::answer::not_changed;
use crate::http::body::{body, invalid};
use crate::http::caller::Caller;
use crate::http::extract::{NoParameters, ReadTenant};
use crate::rules::list::TenantRules;
use crate::state::QueryApi;
use crate::tenants::changes;

/// Changes of one subject don't touch the others, so a change that lost a race is simply made again.
const ATTEMPTS: u32 = 5;

/// A subject of a tenant's settings.
trait Subject: Serialize {
    fn of(tenant: &Tenant) -> Self;
}

/// What a change says of a subject: mostly all of it.
trait Change: Clone + Serialize + DeserializeOwned {
    type Subject: Subject;
    fn put(self, tenant: &mut Tenant);
    async fn check(&self, _api: &QueryApi, _tenant: &Arc<Tenant>) -> Result<(), Problem> {
        Ok(())
    }
}

/// Whether activity is recorded, and for how long.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Logging {
    /// Off until an administrator turns it on.
    #[schema(example = true)]
    pub enabled: bool,
    /// How long each category is kept.
    pub retention: RetentionDays,
}

impl Subject for Logging {
    fn of(tenant: &Tenant) -> Self {
        Self { enabled: tenant.logging, retention: RetentionDays::of(tenant) }
    }
}

/// Whether activity is to be recorded, and for how long.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LoggingChange {
    /// Off until an administrator turns it on.
    #[schema(example = true)]
    pub enabled: bool,
    /// How long categories are kept; what is not named stays as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionChange>,
}

impl Change for LoggingChange {
    type Subject = Logging;

    fn put(self, tenant: &mut Tenant) {
        tenant.logging = self.enabled;
        if let Some(retention) = self.retention {
            retention.put(tenant);
        }
    }

    async fn check(&self, _api: &QueryApi, _tenant: &Arc<Tenant>) -> Result<(), Problem> {
        self.retention.map_or(Ok(()), |retention| retention.validate("/retention").map_err(invalid))
    }
}

/// How long each category is kept: 30, 90, 180, 365, 730 or 1825 days. A shorter time holds at once.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[allow(missing_docs, reason = "a field says what its type does")]
pub struct RetentionDays {
    #[schema(example = 365)]
    pub sign_ins: u16,
    #[schema(example = 365)]
    pub changes: u16,
    #[schema(example = 90)]
    pub views: u16,
    #[schema(example = 730)]
    pub configuration: u16,
    #[schema(example = 180)]
    pub other: u16,
}

impl Subject for RetentionDays {
    fn of(tenant: &Tenant) -> Self {
        let Retention { sign_ins, changes, views, configuration, other } = tenant.retention;
        Self { sign_ins, changes, views, configuration, other }
    }
}

impl Change for RetentionChange {
    type Subject = RetentionDays;

    fn put(self, tenant: &mut Tenant) {
        tenant.retention = self.of(tenant.retention);
    }

    async fn check(&self, _api: &QueryApi, _tenant: &Arc<Tenant>) -> Result<(), Problem> {
        self.validate("").map_err(invalid)
    }
}

/// How the tenant reads a calendar.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TimeZone {
    /// A name of the IANA database.
    #[schema(value_type = String, example = "Europe/Prague")]
    pub time_zone: schemas::zone::Zone,
    /// First day of the week.
    #[schema(example = "monday")]
    pub week_start: WeekStart,
}

impl Subject for TimeZone {
    fn of(tenant: &Tenant) -> Self {
        Self { time_zone: tenant.time_zone, week_start: tenant.week_start }
    }
}

impl Change for TimeZone {
    type Subject = Self;

    fn put(self, tenant: &mut Tenant) {
        tenant.time_zone = self.time_zone;
        tenant.week_start = self.week_start;
    }
}

/// The tenant's own event types.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EventTypes {
    /// All of them; none may have the name of a shipped type.
    pub event_types: Vec<CatalogueEntry>,
}

impl Subject for EventTypes {
    fn of(tenant: &Tenant) -> Self {
        Self { event_types: tenant.event_types.clone() }
    }
}

impl Change for EventTypes {
    type Subject = Self;

    fn put(self, tenant: &mut Tenant) {
        tenant.event_types = self.event_types;
    }

    async fn check(&self, api: &QueryApi, tenant: &Arc<Tenant>) -> Result<(), Problem> {
        api.check_types(&self.event_types, &tenant.event_types)
    }
}

/// Proxies of the tenant whose word on where a request came from is believed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TrustedProxies {
    /// Networks, such as `192.0.2.0/24`, or addresses.
    #[serde(deserialize_with = "schemas::address::networks")]
    #[schema(value_type = Vec<String>, example = json!(["192.0.2.0/24"]))]
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they say it; `x-forwarded-for` when left out.
    #[serde(default)]
    pub proxy_header: ProxyHeader,
}

impl Subject for TrustedProxies {
    fn of(tenant: &Tenant) -> Self {
        Self { trusted_proxies: tenant.trusted_proxies.clone(), proxy_header: tenant.proxy_header.clone() }
    }
}

impl Change for TrustedProxies {
    type Subject = Self;

    fn put(self, tenant: &mut Tenant) {
        tenant.trusted_proxies = self.trusted_proxies;
        tenant.proxy_header = self.proxy_header;
    }
}

/// How the tenant wants its rules.
impl Subject for Detection {
    fn of(tenant: &Tenant) -> Self {
        Self { profile: Some(tenant.detection.profile()), ..tenant.detection.clone() }
    }
}

impl Change for Detection {
    type Subject = Self;

    fn put(self, tenant: &mut Tenant) {
        tenant.detection = Self { profile: self.profile.or(tenant.detection.profile), ..self };
    }

    async fn check(&self, api: &QueryApi, tenant: &Arc<Tenant>) -> Result<(), Problem> {
        TenantRules::open(api.settings(), Some(Arc::clone(tenant))).await?.check(self).map_err(invalid)
    }
}

async fn change<C: Change>(api: &QueryApi, caller: &Caller, request: Request) -> Result<Json<C::Subject>, Problem> {
    let own = caller.own_tenant()?;
    let wanted: C = body(request).await?;
    wanted.check(api, &own).await?;
    let touched = |tenant: &Tenant| serde_json::to_value(C::Subject::of(tenant)).unwrap_or_default();
    let tenant = change_tenant(api, caller, touched, |tenant| wanted.clone().put(tenant)).await?;
    Ok(Json(C::Subject::of(&tenant)))
}

/// Changes the caller's own tenant and records what was changed. `touched` is what the change is about: when that is not any
/// more what it was as the request came, somebody else was first.
pub(crate) async fn change_tenant<T: PartialEq + Serialize>(
    api: &QueryApi,
    caller: &Caller,
    touched: impl Fn(&Tenant) -> T,
    change: impl Fn(&mut Tenant),
) -> Result<Arc<Tenant>, Problem> {
    let own = caller.own_tenant()?;
    let mut attempts = ATTEMPTS;
    loop {
        let current = api.settings().tenant(&own.id).ok_or_else(Problem::unauthorized)?;
        if touched(&current) != touched(&own) {
            let lost = PutError::Conflict { current: current.version };
            return Err(not_changed(lost, || Some(touched(&current))));
        }
        let mut tenant = Tenant::clone(&current);
        change(&mut tenant);
        match api.settings().put_tenant(tenant).await {
            Ok(tenant) => {
                changes::record(api.audit(), caller, &current, &tenant).await?;
                return Ok(tenant);
            }
            Err(PutError::Conflict { .. }) if attempts > 1 => attempts -= 1,
            Err(error) => return Err(error.into()),
        }
    }
}

macro_rules! subject {
    ($path:literal, $view:ty, $example:tt, $($rest:tt)*) => {
        subject!($path, $view, $example; $view, $example; $($rest)*);
    };
    ($path:literal, $view:ty, $example:tt; $change:ty, $named:tt; $get:ident $get_id:literal $get_summary:literal $get_doc:literal, $put:ident $put_id:literal $put_summary:literal $put_doc:literal) => {
        #[doc = $get_summary]
        #[doc = ""]
        #[doc = $get_doc]
        #[utoipa::path(
            get,
            path = $path,
            tag = "settings",
            operation_id = $get_id,
            params(crate::openapi::TenantParam),
            responses((status = 200, description = "In force", body = $view, example = json!($example)), crate::openapi::Problems),
        )]
        pub async fn $get(
            ReadTenant(tenant): ReadTenant,
        ) -> Json<$view> {
            Json(<$view>::of(&tenant))
        }

        #[doc = $put_summary]
        #[doc = ""]
        #[doc = $put_doc]
        #[utoipa::path(
            put,
            path = $path,
            tag = "settings",
            operation_id = $put_id,
            request_body(content = $change, example = json!($named)),
            responses((status = 200, description = "Changed and in force", body = $view, example = json!($example)), crate::openapi::ChangeProblems),
        )]
        pub async fn $put(
            State(api): State<QueryApi>,
            caller: Caller,
            _: NoParameters,
            request: Request,
        ) -> Result<Json<$view>, Problem> {
            change::<$change>(&api, &caller, request).await
        }
    };
}

subject!(
    "/v1/settings/logging", Logging, {"enabled": true, "retention": {"sign_ins": 365, "changes": 365, "views": 90, "configuration": 730, "other": 180}};
    LoggingChange, {"enabled": true, "retention": {"all": 365, "views": 90}};
    get_logging "getLogging" "Get the logging settings" "Whether activity is recorded, and for how long.",
    put_logging "putLogging" "Turn logging on or off" "Says also for how long categories are kept, if it is given: both or neither. Of the retention, what is not named stays as it is; `all` names every category that is not named itself."
);
subject!(
    "/v1/settings/retention", RetentionDays, {"sign_ins": 365, "changes": 365, "views": 90, "configuration": 730, "other": 180};
    RetentionChange, {"views": 30};
    get_retention "getRetention" "Get the retention" "How long each category is kept, in days.",
    put_retention "putRetention" "Change the retention" "What is not named stays as it is; `all` names every category that is not named itself. A shorter time holds at once, in every answer."
);
subject!(
    "/v1/settings/time-zone", TimeZone, {"time_zone": "Europe/Prague", "week_start": "monday"},
    get_time_zone "getTimeZone" "Get the time zone" "The zone of days and weeks, and the first day of the week.",
    put_time_zone "putTimeZone" "Change the time zone" "Of days and weeks, in reports from now on; no event changes."
);
subject!(
    "/v1/settings/event-types", EventTypes, {"event_types": [{"type": "lead.qualified", "name": {"en": "Lead qualified"}, "class": "change", "category": "changes", "action": "qualify", "sentence": {"en": "{actor} qualified {object}"}}]},
    get_event_types "getEventTypes" "Get the tenant's own event types" "Beside those of the catalogue.",
    put_event_types "putEventTypes" "Replace the tenant's own event types" "Events that come from now on are filed by them."
);
subject!(
    "/v1/settings/trusted-proxies", TrustedProxies, {"trusted_proxies": ["192.0.2.0/24"], "proxy_header": "x-forwarded-for"},
    get_trusted_proxies "getTrustedProxies" "Get the trusted proxies" "Whose header says where a client is.",
    put_trusted_proxies "putTrustedProxies" "Replace the trusted proxies" "Their header is believed about where a client is."
);

subject!(
    "/v1/settings/detection", Detection, {"profile": "recommended", "disabled": ["sign-in-tor"], "limits": {"devices_per_day": 5}, "actions": {"mass-export": "block"}},
    get_detection "getDetection" "Get the detection settings" "The profile that restrictions start from, rules switched on and off, and the limits and actions that differ from the rules' own.",
    put_detection "putDetection" "Replace the detection settings" "The profile (where one is named), which rules are switched on and off, and the limits and actions that differ from the rules' own."
);

/// Get the limits in force
///
/// They are the platform's to change.
#[utoipa::path(
    get,
    path = "/v1/settings/limits",
    tag = "settings",
    operation_id = "getLimits",
    params(crate::openapi::TenantParam),
    responses((status = 200, description = "In force", body = Limits, example = json!({"events_per_second": 5000, "burst": 20000, "queries_per_second": 50, "query_burst": 100})), crate::openapi::Problems),
)]
pub async fn get_limits(State(api): State<QueryApi>, ReadTenant(tenant): ReadTenant) -> Result<Json<Limits>, Problem> {
    Ok(Json(api.settings().limits(&tenant.id)))
}
