//! The tenant's plan: what it allows, and what is said where it ends.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::settings::{Feature, Features, Plan, Plans, Tenant};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::not_changed;
use crate::http::body::body;
use crate::http::caller::Caller;
use crate::http::extract::{NoParameters, ReadTenant};
use crate::http::period;
use crate::state::QueryApi;
use crate::tenants::usage::{self, UsageView};

/// A tenant's plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    /// The plan.
    pub plan: Plan,
    /// What it allows.
    pub features: Features,
    /// Before this time nothing is shown today; null where the plan has no such bound.
    #[schema(required = true)]
    pub look_back_from: Option<DateTime<Utc>>,
    /// What is used of the tenant's quotas, as far as it is stored. Null for whoever may not read every event: what may not be read
    /// is not counted for them.
    #[schema(required = true)]
    pub usage: Option<UsageView>,
}

/// Get the tenant's plan
///
/// What it allows, and what is used of its quotas.
#[utoipa::path(
    get,
    path = "/v1/plan",
    tag = "settings",
    operation_id = "getPlan",
    params(crate::openapi::TenantParam),
    responses(
        (status = 200, description = "The plan, and what it allows", body = PlanView, example = json!(crate::log::examples::plan())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    caller: Caller,
    ReadTenant(tenant): ReadTenant,
) -> Result<Json<PlanView>, Problem> {
    let usage = usage_for(&api, &caller, &tenant).await?;
    Ok(Json(view(&api, &tenant, usage)))
}

/// A tenant's plan, with what is used of it as far as that is to be shown.
pub(crate) fn view(api: &QueryApi, tenant: &Tenant, usage: Option<UsageView>) -> PlanView {
    let features = api.settings().features(tenant);
    let look_back_from = features.look_back_days.map(|days| period::last_days(api.calendar(tenant), Utc::now(), days));
    PlanView { plan: tenant.plan.clone(), features, look_back_from, usage }
}

/// What is used of a tenant's quotas, for whoever may read every event.
pub(crate) async fn usage_for(api: &QueryApi, caller: &Caller, tenant: &Tenant) -> Result<Option<UsageView>, Problem> {
    match caller.hidden() {
        0 => usage::of(api, tenant).await.map(Some),
        _ => Ok(None),
    }
}

/// List plans
///
/// The plans of the installation, the smallest first.
#[utoipa::path(
    get,
    path = "/v1/plans",
    tag = "tenants",
    operation_id = "listPlans",
    responses(
        (status = 200, description = "All plans, the smallest first", body = Plans, example = json!(crate::log::examples::plans())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, _: NoParameters) -> Result<Json<Plans>, Problem> {
    Ok(Json(Plans::clone(&api.settings().plans())))
}

/// Replace the plans
///
/// The smallest first; what they allow holds at once. `version` must be the one in force, and a plan that a tenant has
/// must stay.
#[utoipa::path(
    put,
    path = "/v1/plans",
    tag = "tenants",
    operation_id = "replacePlans",
    request_body(content = Plans, example = json!(crate::log::examples::plans())),
    responses(
        (status = 200, description = "Changed and in force", body = Plans, example = json!(crate::log::examples::plans())),
        crate::openapi::ChangeProblems,
    ),
)]
pub async fn replace(State(api): State<QueryApi>, _: NoParameters, request: Request) -> Result<Json<Plans>, Problem> {
    let wanted: Plans = body(request).await?;
    let in_force = || Some(Plans::clone(&api.settings().plans()));
    let changed = api.settings().put_plans(wanted).await.map_err(|error| not_changed(error, in_force))?;
    tracing::info!(version = changed.version, "plans changed");
    Ok(Json(Plans::clone(&changed)))
}

/// Refuses a feature that a plan doesn't have.
pub(crate) fn feature(plans: &Plans, plan: &Plan, feature: Feature) -> Result<(), Problem> {
    if plans.features(plan).has(feature) {
        return Ok(());
    }
    let needed = plans.least(feature).map(|least| format!("; the plan {} does", least.as_str())).unwrap_or_default();
    let detail = format!("the plan {} doesn't include {}{needed}", plan.as_str(), named(feature));
    Err(limit(plan, detail).with_member("feature", feature.as_str()))
}

/// What a feature is called in a sentence; a phrase, so that it is worded as well.
const fn named(feature: Feature) -> &'static str {
    match feature {
        Feature::Log => "the event log",
        Feature::Exports => "exports to files",
        Feature::ConfigurationAudit => "the log of configuration changes",
        Feature::Tracing => "tracing of users",
        Feature::Restore => "restoring of objects",
        Feature::Sql => "queries by SQL",
    }
}

/// What is said of a time before the look-back.
pub(crate) fn too_long_ago(plan: &Plan, features: &Features) -> Problem {
    shows_less(plan, features, "this reaches too far back").with_pointer("from")
}

/// What is said of dates where there is no choice of them.
pub(crate) fn named_periods_only(plan: &Plan, features: &Features) -> Problem {
    shows_less(plan, features, "from and to can't be chosen").with_pointer("from")
}

/// What is said of a named period that is none of the plan's.
pub(crate) fn other_periods_only(plan: &Plan, features: &Features) -> Problem {
    shows_less(plan, features, "this period can't be chosen").with_pointer("period")
}

/// With what the plan shows instead.
fn shows_less(plan: &Plan, features: &Features, what: &str) -> Problem {
    limit(plan, format!("{what}: {}", allowance(plan, features)))
        .with_member("look_back_days", features.look_back_days)
        .with_member("periods", &features.periods)
}

fn allowance(plan: &Plan, features: &Features) -> String {
    let days = features.look_back_days.map(|days| format!(" of the last {days} days")).unwrap_or_default();
    let dates = match (features.free_dates, features.periods.as_slice()) {
        (true, _) => String::new(),
        (false, []) => ", by the named periods (such as period=last_30_days)".to_owned(),
        (false, periods) => format!(", by these named periods: {}", periods.join(", ")),
    };
    format!("the plan {} shows the log{days}{dates}", plan.as_str())
}

fn limit(plan: &Plan, detail: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "plan_limit", detail).with_member("plan", plan)
}
