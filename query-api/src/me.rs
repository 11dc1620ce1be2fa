//! Who asks, what they may, and of which tenant: what a screen has to know before it shows anything.

pub(crate) mod examples;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::catalogue::Lang;
use schemas::settings::{Feature, Permission, Tenant, WeekStart};
use schemas::zone::Zone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Completeness, Item};
use crate::http::caller::Caller;
use crate::http::params::Params;
use crate::state::QueryApi;
use crate::tenants::plan::{self, PlanView};
use crate::violations::summary::unreviewed;

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The key or the person.
    pub who: Who,
    /// What they may do, as far as the tenant's plan has it.
    #[schema(example = json!(["read_log", "see_violations"]))]
    pub permissions: Vec<Permission>,
    /// The tenant that is read; null for the platform where it names none.
    #[schema(required = true)]
    pub tenant: Option<MyTenant>,
    /// How many violations `GET /v1/violations?reviewed=false` lists. Absent for those who may not see any, and while the store can't be
    /// asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreviewed_violations: Option<u64>,
    /// Version of the program.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
}

/// A key, or a person who signed in at an identity provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct Who {
    /// Which of them.
    pub kind: WhoKind,
    /// Id of the key or of the person.
    #[schema(example = "k3jq7xw2m5ab")]
    pub id: String,
    /// What people call them; may be empty.
    #[schema(example = "Security desk")]
    pub name: String,
    /// E-mail address of a person, where it is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub email: String,
}

/// What a caller is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhoKind {
    /// An API key.
    Key,
    /// A person.
    Person,
}

/// What everybody who reads a tenant's log may know of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyTenant {
    /// Its id.
    #[schema(example = "acme")]
    pub id: String,
    /// What people call it.
    #[schema(example = "Acme s.r.o.")]
    pub name: String,
    /// Zone of its days and weeks.
    #[schema(value_type = String, example = "Europe/Prague")]
    pub time_zone: Zone,
    /// First day of its week.
    #[schema(example = "monday")]
    pub week_start: WeekStart,
    /// Languages of its staff, most wanted first.
    #[schema(value_type = Vec<String>, example = json!(["cs", "en"]))]
    pub languages: Vec<Lang>,
    /// Whether activity is recorded.
    pub logging: bool,
    /// Its plan.
    pub plan: PlanView,
    /// Before this time nothing is shown today; null where the plan has no such bound.
    #[schema(required = true)]
    pub look_back_from: Option<DateTime<Utc>>,
}

/// Get yourself
///
/// Who asks, what they may do, and of which tenant: its zone, week, languages, logging and plan. The platform may name a
/// tenant. It shows nothing of what others did, and is no event.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "settings",
    operation_id = "getMe",
    params(crate::openapi::TenantParam),
    responses(
        (status = 200, description = "Who asks", body = Item<Me>, example = json!(crate::me::examples::me())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(State(api): State<QueryApi>, caller: Caller, mut params: Params) -> Result<Json<Item<Me>>, Problem> {
    let tenant = caller.read_tenant_if_any(api.settings(), &mut params)?;
    params.finish()?;
    let completeness = Completeness::now(api.freshness());
    let identity = caller.identity();
    let kind = if identity.kind == "user" { WhoKind::Person } else { WhoKind::Key };
    let (id, name, email) = (identity.id.to_owned(), identity.name.to_owned(), identity.email.to_owned());
    let who = Who { kind, id, name, email };
    let (permitted, tenant, unreviewed_violations) = match tenant {
        None => (caller.clone(), None, None),
        Some(tenant) => {
            let features = api.settings().features(&tenant);
            let permitted = caller.clone().within(&features);
            let marks = async {
                let sees = permitted.may(Permission::SeeViolations) && features.has(Feature::Log);
                if sees { known(unreviewed(&api, &permitted, &tenant).await) } else { None }
            };
            let usage = async { known(plan::usage_for(&api, &caller, &tenant).await).flatten() };
            let (marks, usage) = tokio::join!(marks, usage);
            let plan = plan::view(&api, &tenant, usage);
            (permitted, Some(MyTenant::new(&tenant, plan)), marks)
        }
    };
    let permissions = Permission::ALL.into_iter().filter(|permission| permitted.may(*permission)).collect();
    let data = Me { who, permissions, tenant, unreviewed_violations, version: env!("CARGO_PKG_VERSION") };
    Ok(Json(Item { data, completeness }))
}

impl MyTenant {
    fn new(tenant: &Tenant, plan: PlanView) -> Self {
        Self {
            id: tenant.id.clone(),
            name: tenant.name.clone(),
            time_zone: tenant.time_zone,
            week_start: tenant.week_start,
            languages: tenant.languages.clone(),
            logging: tenant.logging,
            look_back_from: plan.look_back_from,
            plan,
        }
    }
}

/// What the store knows. Who asks is answered without it: a screen can say what is wrong only once it knows for whom.
fn known<T>(answer: Result<T, Problem>) -> Option<T> {
    answer
        .inspect_err(|problem| tracing::warn!(?problem, "something is left out of what a caller learns of themselves"))
        .ok()
}
