//! Sign-ins, and attempts that failed: of one user, and of the whole tenant.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use runtime::problem::Problem;
use schemas::event::Outcome;
use schemas::settings::Tenant;
use serde::Serialize;
use utoipa::IntoParams;

use crate::http::caller::Caller;
use crate::http::extract::InPath;
use crate::http::page::{Keyset, Page, PageRequest, ReadRequest, ascending, keyset};
use crate::http::params::{ParamError, Params};
use crate::log::countries::COUNTRIES;
use crate::log::events::add_period;
use crate::log::filter::words;
use crate::log::rows::{EVENTS_NEWEST, EVENTS_OLDEST, EventRow, LOG_NEWEST, LOG_OLDEST};
use crate::rules::titles::Titles;
use crate::state::QueryApi;
use crate::store::Store;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::Clauses;
use crate::users::rows::{SIGN_IN_SESSIONS, SignInSessionRow};
use crate::users::view::{SignIn, TenantSignIn};

const NEWEST: Keyset = keyset!("occurred_at", event, newest);
const OLDEST: Keyset = keyset!("occurred_at", event, oldest);

/// What a sign-in history can be narrowed to.
#[derive(Debug, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SignInFilter {
    /// `success`, `failure` or `unknown`.
    #[param(required = false)]
    outcome: Vec<String>,
    /// Ids of devices; empty: those from no device that is known.
    #[param(required = false)]
    device_id: Vec<String>,
    /// Countries, ISO 3166-1 alpha-2, in any case; empty: those from none that is known.
    #[param(required = false, example = json!(["CZ"]))]
    country: Vec<String>,
    /// `true` for those that broke a rule, `false` for those that broke none.
    #[param(required = false)]
    violations: Option<bool>,
}

impl SignInFilter {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(Self {
            outcome: params.list_of("outcome", &words(Outcome::ALL, Outcome::as_str))?,
            device_id: params.ids_or_empty("device_id")?,
            country: params.codes_or_empty("country", COUNTRIES)?,
            violations: params.flag("violations")?,
        })
    }

    /// Whether rows are found by time: by nothing that the projection `by_time` doesn't hold.
    fn is_by_time(&self) -> bool {
        self.device_id.is_empty() && self.violations.is_none()
    }

    fn add_to(&self, clauses: &mut Clauses) {
        let sets = [
            ("outcome IN {outcome:Array(String)}", "outcome", &self.outcome),
            ("device_id IN {device_id:Array(String)}", "device_id", &self.device_id),
            ("country IN {country:Array(String)}", "country", &self.country),
        ];
        for (clause, name, values) in sets {
            if !values.is_empty() {
                clauses.texts(clause, name, values);
            }
        }
        match self.violations {
            Some(true) => clauses.plain("notEmpty(violations)"),
            Some(false) => clauses.plain("empty(violations)"),
            None => {}
        }
    }
}

/// List a user's sign-ins
///
/// Failed attempts too, newest first.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/sign-ins",
    tag = "users",
    operation_id = "listSignIns",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        SignInFilter,
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("order" = Option<String>, Query, description = "`desc` (default) or `asc` by time", example = "desc"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<SignIn>, example = json!(crate::users::examples::sign_ins())),
        crate::openapi::Problems,
    ),
)]
pub async fn of_user(
    State(api): State<QueryApi>,
    InPath(user): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Response, Problem> {
    let filter = SignInFilter::take(&mut reading.params)?;
    let (list, statement, keyset) = match ascending(&mut reading.params)? {
        true => ("sign-ins/oldest", EVENTS_OLDEST, &OLDEST),
        false => ("sign-ins/newest", EVENTS_NEWEST, &NEWEST),
    };
    let asked = reading.page(list, &(&user, &filter))?;
    let mut clauses = narrowed(&asked, keyset, &filter);
    clauses.text("actor_id = {user_id:String}", "user_id", &user);
    let sessions = Sessions::of(&api, &asked.reading);
    let show = move |rows| {
        let sessions = sessions.clone();
        async move { sessions.beside(rows, SignIn::new).await }
    };
    asked.list_with(statement, clauses, |row: &EventRow| (row.occurred_at, row.place().into()), show).await
}

/// List sign-ins of all users
///
/// Failed attempts too, also under names that nobody has, newest first.
#[utoipa::path(
    get,
    path = "/v1/sign-ins",
    tag = "users",
    operation_id = "listTenantSignIns",
    params(
        ("user_id" = Option<Vec<String>>, Query, description = "Ids of users; empty: of nobody that is known", example = json!(["u-17"])),
        SignInFilter,
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("order" = Option<String>, Query, description = "`desc` (default) or `asc` by time", example = "desc"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<TenantSignIn>, example = json!(crate::users::examples::tenant_sign_ins())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let users = reading.params.ids_or_empty("user_id")?;
    let filter = SignInFilter::take(&mut reading.params)?;
    let (list, statement, by_time, keyset) = match ascending(&mut reading.params)? {
        true => ("sign-ins/all/oldest", EVENTS_OLDEST, LOG_OLDEST, &OLDEST),
        false => ("sign-ins/all/newest", EVENTS_NEWEST, LOG_NEWEST, &NEWEST),
    };
    let asked = reading.page(list, &(&users, &filter))?;
    let mut clauses = narrowed(&asked, keyset, &filter);
    if !users.is_empty() {
        clauses.texts("actor_id IN {user_id:Array(String)}", "user_id", &users);
    }
    let statement = if asked.is_page() && filter.is_by_time() && users.is_empty() { by_time } else { statement };
    let sessions = Sessions::of(&api, &asked.reading);
    let show = move |rows| {
        let sessions = sessions.clone();
        async move { sessions.beside(rows, TenantSignIn::new).await }
    };
    asked.list_with(statement, clauses, |row: &EventRow| (row.occurred_at, row.place().into()), show).await
}

/// The sign-ins that a list may show.
fn narrowed(asked: &PageRequest, keyset: &Keyset, filter: &SignInFilter) -> Clauses {
    let mut clauses = asked.clauses(keyset);
    asked.reading.narrow(&mut clauses);
    clauses.plain("actor_kind = 'user' AND action IN ('sign_in', 'sign_in_failed')");
    filter.add_to(&mut clauses);
    add_period(&mut clauses, asked.period);
    clauses
}

/// Shows sign-ins beside their sessions.
#[derive(Clone)]
struct Sessions {
    store: Store,
    tenant: Arc<Tenant>,
    keep: RetentionCutoffs,
    caller: Caller,
    titles: Arc<Titles>,
}

impl Sessions {
    fn of(api: &QueryApi, reading: &ReadRequest) -> Self {
        Self {
            store: api.store().clone(),
            tenant: Arc::clone(&reading.tenant),
            keep: reading.cutoffs(),
            caller: reading.caller.clone(),
            titles: Arc::new(api.titles(&reading.tenant.id, reading.lang)),
        }
    }

    async fn beside<T>(
        &self,
        rows: Vec<EventRow>,
        show: fn(EventRow, Option<&SignInSessionRow>, &Titles) -> T,
    ) -> Result<Vec<T>, Problem> {
        let found = self.read(&rows).await?;
        let sessions: HashMap<(&str, &str), &SignInSessionRow> =
            found.iter().map(|row| ((row.actor_id.as_str(), row.session_key.as_str()), row)).collect();
        let beside = |row: EventRow| {
            let session = sessions.get(&(row.actor_id.as_str(), row.session_key.as_str())).copied();
            show(row, session, &self.titles)
        };
        Ok(rows.into_iter().map(beside).collect())
    }

    /// The sessions that some sign-ins belong to, and those of the same names of the same users.
    async fn read(&self, rows: &[EventRow]) -> Result<Vec<SignInSessionRow>, Problem> {
        let in_session = || rows.iter().filter(|row| !row.session_key.is_empty());
        let users: BTreeSet<&String> = in_session().map(|row| &row.actor_id).collect();
        let keys: BTreeSet<&String> = in_session().map(|row| &row.session_key).collect();
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &self.tenant.id);
        clauses.bind_texts("users", users.into_iter().cloned().collect());
        clauses.bind_texts("session_keys", keys.into_iter().cloned().collect());
        self.keep.bind_oldest(&mut clauses);
        self.caller.bind_hidden(&mut clauses);
        Ok(self.store.rows(SIGN_IN_SESSIONS, clauses).await?)
    }
}
