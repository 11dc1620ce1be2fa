//! Users of the tenant's application, as their events show them (K2, K3, K8).

use std::collections::HashMap;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, State};
use runtime::problem::Problem;
use schemas::settings::Permission;
use serde::Serialize;
use utoipa::IntoParams;

use super::page::{Keyset, Page, Reading, keyset};
use super::{One, path};
use crate::QueryApi;
use crate::access::{Caller, refused};
use crate::params::{ParamError, Params};
use crate::rows::{UnreviewedRow, UserRow};
use crate::sql::{self, Clauses};
use crate::view::user::User;

const LATEST: Keyset = keyset!("last_activity_at", "actor_id", newest);

/// What the list of users can be narrowed to.
#[derive(Debug, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// K2: part of the name, the e-mail address or the id, in any case; at most 256 bytes.
    #[param(required = false, example = "novak")]
    q: Option<String>,
    /// `true`: deactivated users, too.
    #[param(required = false)]
    include_deactivated: Option<bool>,
}

impl UserFilter {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(Self { q: params.one("q")?, include_deactivated: params.flag("include_deactivated")? })
    }

    fn add_to(&self, clauses: &mut Clauses) {
        if let Some(text) = &self.q {
            clauses.text(
                "positionCaseInsensitiveUTF8(name, {q:String}) > 0 \
                 OR positionCaseInsensitiveUTF8(email, {q:String}) > 0 \
                 OR positionCaseInsensitiveUTF8(actor_id, {q:String}) > 0",
                "q",
                text,
            );
        }
        if self.include_deactivated != Some(true) {
            clauses.plain("active");
        }
    }
}

/// Users (K2), the latest active first.
///
/// Whoever is active while the pages are read moves ahead of them. A period takes in whoever was there in it.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "users",
    operation_id = "listUsers",
    params(UserFilter, crate::openapi::PeriodParams, crate::openapi::PageParams),
    responses(
        (status = 200, description = "A page", body = Page<User>, example = json!(crate::openapi::examples::users())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(
    State(api): State<QueryApi>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<User>>, Problem> {
    let mut reading = Reading::begin(&api, &caller, query.as_deref())?;
    let filter = UserFilter::take(&mut reading.params).map_err(refused)?;
    let asked = reading.page("users", &filter)?;
    let mut clauses = asked.clauses(&LATEST);
    asked.reading.keep().bind_oldest(&mut clauses);
    filter.add_to(&mut clauses);
    asked.add_period(
        &mut clauses,
        "last_activity_at >= {from:DateTime64(3, 'UTC')}",
        "first_seen_at < {to:DateTime64(3, 'UTC')}",
    );
    let rows: Vec<UserRow> = api.store().rows(sql::USERS, clauses).await?;
    let marks = marks(&api, &caller, &asked.reading, &rows).await?;
    Ok(asked.answer(rows, |row| (row.last_activity_at, &row.actor_id), |row| marked(row, marks.as_ref())))
}

/// One user (K2), deactivated or not.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    tag = "users",
    operation_id = "getUser",
    params(("id" = String, Path, description = "Id of the user", example = "u-17"), crate::openapi::TenantParam),
    responses(
        (status = 200, description = "The user", body = One<User>, example = json!(crate::openapi::examples::one_user())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<One<User>>, Problem> {
    let id = path(id)?;
    let mut reading = Reading::begin(&api, &caller, query.as_deref())?;
    let mut clauses = reading.one()?;
    clauses.order(LATEST.order);
    clauses.text("actor_id = {user_id:String}", "user_id", &id);
    reading.keep().bind_oldest(&mut clauses);
    let rows: Vec<UserRow> = api.store().rows(sql::USERS, clauses).await?;
    let marks = marks(&api, &caller, &reading, &rows).await?;
    match rows.into_iter().next() {
        Some(row) => Ok(Json(One { data: marked(row, marks.as_ref()), completeness: reading.completeness })),
        None => Err(reading.completeness.not_found("there is no such user, or not yet, or no longer")),
    }
}

type Marks = HashMap<String, u64>;

/// K3, K16: the unreviewed violations of some users, for callers who may see them.
async fn marks(
    api: &QueryApi,
    caller: &Caller,
    reading: &Reading<'_>,
    rows: &[UserRow],
) -> Result<Option<Marks>, Problem> {
    if !caller.may(Permission::SeeViolations) {
        return Ok(None);
    }
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    clauses.bind_texts("users", rows.iter().map(|row| row.actor_id.clone()).collect());
    reading.keep().add_to(&mut clauses);
    let counts: Vec<UnreviewedRow> = api.store().rows(sql::UNREVIEWED, clauses).await?;
    Ok(Some(counts.into_iter().map(|row| (row.actor_id, row.violations)).collect()))
}

fn marked(row: UserRow, marks: Option<&Marks>) -> User {
    let unreviewed = marks.map(|marks| marks.get(&row.actor_id).copied().unwrap_or(0));
    User::new(row, unreviewed)
}
