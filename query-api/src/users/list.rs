//! Users of the tenant's application, as their events show them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use runtime::settings::Snapshot;
use schemas::settings::{Permission, Tenant};
use serde::Serialize;
use utoipa::IntoParams;

use crate::http::answer::Item;
use crate::http::caller::Caller;
use crate::http::extract::InPath;
use crate::http::page::{Page, ReadRequest, look_back_of_violations};
use crate::http::params::{ParamError, Params};
use crate::log::filter::search;
use crate::state::QueryApi;
use crate::store::Store;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::Clauses;
use crate::users::order::{LATEST, Order};
use crate::users::rows::{USERS, UserRow};
use crate::users::since::Since;
use crate::users::view::{Mark, User};
use crate::violations::filter::level_name;
use crate::violations::rows::{UNREVIEWED, UnreviewedRow};

/// What the list of users can be narrowed to.
#[derive(Debug, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Part of the name, the e-mail address or the id, in any case and however its letters are composed; at most 256 bytes.
    #[param(required = false, example = "novak")]
    q: Option<String>,
    /// Ids of users.
    #[param(required = false, example = json!(["u-17"]))]
    id: Vec<String>,
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
            id: params.ids("id")?,
            include_deactivated: params.flag("include_deactivated")?,
            marked: params.flag("marked")?,
        })
    }

    fn add_to(&self, clauses: &mut Clauses) {
        if let Some(text) = &self.q {
            clauses.text(search::USER, "q", text);
        }
        if !self.id.is_empty() {
            clauses.texts("actor_id IN {id:Array(String)}", "id", &self.id);
        }
        if self.include_deactivated != Some(true) {
            clauses.plain("active");
        }
    }
}

/// List users
///
/// The latest active first, unless `sort` says otherwise. Whoever is active while the pages are read moves ahead of them. A
/// period takes in whoever was there in it.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "users",
    operation_id = "listUsers",
    params(
        UserFilter,
        ("sort" = Option<String>, Query, description = "`last_activity` (default): the latest active first; `name`; `unreviewed`: those with the most unreviewed violations first, which needs the role security", example = "name"),
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
    ),
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
    let order = Order::take(&mut reading.params)?;
    if order == Order::Ranked {
        let detail = "violations take the permission see_violations";
        reading.takes(Permission::SeeViolations, detail, "sort")?;
    }
    reading.of_all();
    let asked = reading.page(order.list(), &filter)?;
    let mut clauses = asked.clauses(order.keyset());
    asked.reading.cutoffs().bind_oldest(&mut clauses);
    asked.reading.bind_hidden(&mut clauses);
    filter.add_to(&mut clauses);
    asked.add_period(
        &mut clauses,
        "greatest(last_activity_at, first_seen_at) >= {from:DateTime64(3, 'UTC')}",
        "first_seen_at < {to:DateTime64(3, 'UTC')}",
    );
    let marks = Marks::of(&api, &asked.reading);
    match order {
        Order::Ranked => {
            clauses.part("/* rank */", "marks.violations");
            clauses.joined("/* marks */", ("marks", "actor_id"), UNREVIEWED, marks.of_all());
        }
        Order::Latest | Order::Named => unranked(&mut clauses),
    }
    if let Some(marked) = filter.marked {
        let condition = if marked { "actor_id IN" } else { "actor_id NOT IN" };
        clauses.found((condition, "actor_id"), UNREVIEWED, marks.of_all());
    }
    let show = move |rows| {
        let marks = marks.clone();
        async move { marks.show(rows).await }
    };
    asked.list_with(USERS, clauses, |row: &UserRow| (row.last_activity_at, order.place(row)), show).await
}

/// Leaves users without a rank.
fn unranked(clauses: &mut Clauses) {
    clauses.part("/* rank */", "toUInt64(0)");
    clauses.part("/* marks */", "");
}

/// What some users are called, of those who have a name.
pub(crate) async fn names(
    store: &Store,
    reading: &ReadRequest,
    ids: Vec<String>,
) -> Result<HashMap<String, String>, Problem> {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    clauses.bind_number("rows", u32::try_from(ids.len()).unwrap_or(u32::MAX));
    clauses.order(LATEST.order);
    unranked(&mut clauses);
    clauses.texts("actor_id IN {id:Array(String)}", "id", &ids);
    reading.cutoffs().bind_oldest(&mut clauses);
    reading.bind_hidden(&mut clauses);
    let rows: Vec<UserRow> = store.rows(USERS, clauses).await?;
    let named = rows.into_iter().filter(|row| !row.name.is_empty());
    Ok(named.map(|row| (row.actor_id, row.name)).collect())
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
    unranked(&mut clauses);
    clauses.text("actor_id = {user_id:String}", "user_id", &id);
    reading.cutoffs().bind_oldest(&mut clauses);
    reading.bind_hidden(&mut clauses);
    let rows: Vec<UserRow> = api.store().rows(USERS, clauses).await?;
    let users = Marks::of(&api, &reading).show(rows).await?;
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
    settings: Arc<Snapshot>,
}

impl Marks {
    fn of(api: &QueryApi, reading: &ReadRequest) -> Self {
        let (store, settings) = (api.store(), api.settings().snapshot());
        let allowed = reading.may(Permission::SeeViolations);
        let since = Since::of(store, reading);
        let (tenant, keep, earliest) = (Arc::clone(&reading.tenant), reading.cutoffs(), reading.earliest);
        let caller = reading.caller.clone();
        Self { store: store.clone(), tenant, keep, earliest, since, caller, allowed, settings }
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

    /// The conditions of what marks any user.
    fn of_all(&self) -> Clauses {
        let mut clauses = self.unreviewed();
        clauses.part("/* users */", "TRUE");
        clauses
    }

    /// What is known of the marks of one user.
    fn mark(&self, user: &str, unreviewed: Option<&UnreviewedRow>, now: i64) -> Mark {
        let exemption = self.settings.exemption(&self.tenant.id, user);
        Mark {
            unreviewed: unreviewed.map_or(0, |row| row.violations),
            max_level: unreviewed.map(|row| level_name(row.max_level)),
            exempt: exemption.is_some_and(|exemption| exemption.holds_at(now)),
        }
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
        let marks: HashMap<&str, &UnreviewedRow> = counts.iter().map(|row| (row.actor_id.as_str(), row)).collect();
        let now = Utc::now().timestamp_millis();
        let marked = |row: UserRow| {
            let mark = self.mark(&row.actor_id, marks.get(row.actor_id.as_str()).copied(), now);
            User::new(row, Some(mark))
        };
        Ok(rows.into_iter().map(marked).collect())
    }
}
