//! Users of the tenant's application, as their events show them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::settings::{Permission, Tenant};
use serde::Serialize;
use utoipa::IntoParams;

use crate::http::answer::Item;
use crate::http::caller::Caller;
use crate::http::extract::InPath;
use crate::http::page::{Keyset, Page, ReadRequest, keyset, look_back_of_violations};
use crate::http::params::{ParamError, Params};
use crate::log::filter::search;
use crate::state::QueryApi;
use crate::store::Store;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::Clauses;
use crate::users::rows::{USERS, UserRow};
use crate::users::since::Since;
use crate::users::view::User;
use crate::violations::rows::{UNREVIEWED, UnreviewedRow};

const LATEST: Keyset = keyset!("last_activity_at", "actor_id", newest);

/// What the list of users can be narrowed to.
#[derive(Debug, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Part of the name, the e-mail address or the id, in any case and however its letters are composed; at most 256 bytes.
    #[param(required = false, example = "novak")]
    q: Option<String>,
    /// `true`: deactivated users, too.
    #[param(required = false)]
    include_deactivated: Option<bool>,
    /// `true` for users with violations that nobody has reviewed, `false` for those without. Needs the role security.
    #[param(required = false)]
    marked: Option<bool>,
}

impl UserFilter {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(Self {
            q: params.one("q")?,
            include_deactivated: params.flag("include_deactivated")?,
            marked: params.flag("marked")?,
        })
    }

    fn add_to(&self, clauses: &mut Clauses) {
        if let Some(text) = &self.q {
            clauses.text(search::USER, "q", text);
        }
        if self.include_deactivated != Some(true) {
            clauses.plain("active");
        }
    }
}

/// List users
///
/// The latest active first. Whoever is active while the pages are read moves ahead of them. A period takes in whoever
/// was there in it.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "users",
    operation_id = "listUsers",
    params(UserFilter, crate::openapi::PeriodParams, crate::openapi::PageParams),
    responses(
        (status = 200, description = "A page", body = Page<User>, example = json!(crate::users::examples::users())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let filter = UserFilter::take(&mut reading.params)?;
    if filter.marked.is_some() {
        let detail = "violations take the permission see_violations";
        reading.takes(Permission::SeeViolations, detail, "marked")?;
    }
    reading.of_all();
    let asked = reading.page("users", &filter)?;
    let mut clauses = asked.clauses(&LATEST);
    asked.reading.cutoffs().bind_oldest(&mut clauses);
    asked.reading.bind_hidden(&mut clauses);
    filter.add_to(&mut clauses);
    asked.add_period(
        &mut clauses,
        "greatest(last_activity_at, first_seen_at) >= {from:DateTime64(3, 'UTC')}",
        "first_seen_at < {to:DateTime64(3, 'UTC')}",
    );
    let marks = Marks::of(api.store(), &asked.reading);
    if let Some(marked) = filter.marked {
        let condition = if marked { "actor_id IN" } else { "actor_id NOT IN" };
        let mut unreviewed = marks.unreviewed();
        unreviewed.part("/* users */", "TRUE");
        clauses.found((condition, "actor_id"), UNREVIEWED, unreviewed);
    }
    let show = move |rows| {
        let marks = marks.clone();
        async move { marks.show(rows).await }
    };
    asked.list_with(USERS, clauses, |row: &UserRow| (row.last_activity_at, (&row.actor_id).into()), show).await
}

/// Get a user
///
/// As the events show them, deactivated or not.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    tag = "users",
    operation_id = "getUser",
    params(("id" = String, Path, description = "Id of the user", example = "u-17"), crate::openapi::TenantParam),
    responses(
        (status = 200, description = "The user", body = Item<User>, example = json!(crate::users::examples::one_user())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    InPath(id): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Json<Item<User>>, Problem> {
    let mut clauses = reading.one()?;
    clauses.order(LATEST.order);
    clauses.text("actor_id = {user_id:String}", "user_id", &id);
    reading.cutoffs().bind_oldest(&mut clauses);
    reading.bind_hidden(&mut clauses);
    let rows: Vec<UserRow> = api.store().rows(USERS, clauses).await?;
    let users = Marks::of(api.store(), &reading).show(rows).await?;
    match users.into_iter().next() {
        Some(data) => Ok(Json(Item { data, completeness: reading.completeness })),
        None => Err(reading.completeness.not_found("there is no such user, or not yet, or no longer")),
    }
}

/// Shows users with their unreviewed violations, to callers who may see them.
#[derive(Clone)]
struct Marks {
    store: Store,
    tenant: Arc<Tenant>,
    keep: RetentionCutoffs,
    earliest: Option<DateTime<Utc>>,
    since: Since,
    caller: Caller,
    allowed: bool,
}

impl Marks {
    fn of(store: &Store, reading: &ReadRequest) -> Self {
        let allowed = reading.may(Permission::SeeViolations);
        let since = Since::of(store, reading);
        let (tenant, keep, earliest) = (Arc::clone(&reading.tenant), reading.cutoffs(), reading.earliest);
        let caller = reading.caller.clone();
        Self { store: store.clone(), tenant, keep, earliest, since, caller, allowed }
    }

    /// The conditions of what marks a user, whoever it is.
    fn unreviewed(&self) -> Clauses {
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &self.tenant.id);
        self.caller.bind_hidden(&mut clauses);
        self.keep.add_to(&mut clauses);
        look_back_of_violations(self.earliest, &mut clauses);
        clauses
    }

    async fn show(&self, mut rows: Vec<UserRow>) -> Result<Vec<User>, Problem> {
        self.since.cut(rows.iter().map(|row| row.actor_id.clone()).collect(), &mut rows).await?;
        if !self.allowed {
            return Ok(rows.into_iter().map(|row| User::new(row, None)).collect());
        }
        let mut clauses = self.unreviewed();
        clauses.part("/* users */", "actor_id IN {users:Array(String)}");
        clauses.bind_texts("users", rows.iter().map(|row| row.actor_id.clone()).collect());
        let counts: Vec<UnreviewedRow> = self.store.rows(UNREVIEWED, clauses).await?;
        let marks: HashMap<String, u64> = counts.into_iter().map(|row| (row.actor_id, row.violations)).collect();
        let marked = |row: UserRow| {
            let unreviewed = marks.get(&row.actor_id).copied().unwrap_or(0);
            User::new(row, Some(unreviewed))
        };
        Ok(rows.into_iter().map(marked).collect())
    }
}
