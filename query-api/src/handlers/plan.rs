//! The tenant's plan (J3, J4): what it allows, and what is said where it ends.

use axum::Json;
use axum::extract::{Extension, RawQuery, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::settings::{Feature, Features, Plan};
use serde::Serialize;
use utoipa::ToSchema;

use crate::QueryApi;
use crate::access::{Caller, refused};
use crate::params::Params;
use crate::period;

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
}

/// The tenant's plan (J3).
#[utoipa::path(
    get,
    path = "/v1/plan",
    tag = "settings",
    operation_id = "getPlan",
    params(crate::openapi::TenantParam),
    responses(
        (status = 200, description = "The plan, and what it allows", body = PlanView, example = json!(crate::openapi::examples::log::plan())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<PlanView>, Problem> {
    let mut params = Params::parse(query.as_deref()).map_err(refused)?;
    let tenant = caller.read_tenant(&api, &mut params)?;
    params.finish().map_err(refused)?;
    let features = tenant.plan.features();
    let look_back_from = features.look_back_days.map(|days| period::days_ago(api.calendar(&tenant), Utc::now(), days));
    Ok(Json(PlanView { plan: tenant.plan, features, look_back_from }))
}

/// Refuses a feature that a plan doesn't have.
pub(crate) fn feature(plan: Plan, feature: Feature) -> Result<(), Problem> {
    if plan.features().has(feature) {
        return Ok(());
    }
    let least = Plan::ALL.into_iter().find(|larger| larger.features().has(feature));
    let needed = least.map(|least| format!("; the plan {} has it", least.as_str())).unwrap_or_default();
    Err(limit(plan, format!("{} is no part of the plan {}{needed}", feature.as_str(), plan.as_str())))
}

/// What is said of a time before the look-back.
pub(crate) fn too_long_ago(plan: Plan) -> Problem {
    limit(plan, format!("this reaches too far back: {}", allowance(plan))).with_pointer("from")
}

/// What is said of dates where there is no choice of them.
pub(crate) fn named_periods_only(plan: Plan) -> Problem {
    limit(plan, format!("from and to can't be chosen: {}", allowance(plan))).with_pointer("from")
}

fn allowance(plan: Plan) -> String {
    let features = plan.features();
    let days = features.look_back_days.map(|days| format!(" of the last {days} days")).unwrap_or_default();
    let dates = if features.free_dates { "" } else { ", by the named periods (such as period=last_30_days)" };
    format!("the plan {} shows the log{days}{dates}", plan.as_str())
}

fn limit(plan: Plan, detail: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "plan_limit", detail).with_member("plan", plan)
}
