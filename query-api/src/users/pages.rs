//! A user's page for security staff: devices, sessions, restriction history. Sign-ins are with those of all users.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use runtime::problem::Problem;
use schemas::access::Access;
use serde::Serialize;
use utoipa::IntoParams;

use crate::http::extract::InPath;
use crate::http::page::{Keyset, Page, PageRequest, ReadRequest, keyset};
use crate::http::params::{ParamError, Params};
use crate::log::filter::device_kinds;
use crate::state::QueryApi;
use crate::store::sql::Clauses;
use crate::users::rows::{DeviceRow, SessionRow, USER_DEVICES, USER_SESSIONS};
use crate::users::since::Since;
use crate::users::view::{Session, UserDevice};
use crate::violations::filter::ViolationFilter;
use crate::violations::list as violations;
use crate::violations::view::Violation;

const DEVICES: Keyset = keyset!("last_seen_at", "device_id", newest);
const SESSIONS: Keyset = keyset!("started_at", "session_key", newest);

/// What a user's devices can be narrowed to.
#[derive(Debug, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeviceFilter {
    /// `true` for devices that the user signed in on, `false` for those where every attempt failed or none was seen.
    #[param(required = false)]
    signed_in: Option<bool>,
    /// Kinds. `phone` is understood as `mobile`.
    #[param(required = false)]
    kind: Vec<String>,
}

impl DeviceFilter {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(Self { signed_in: params.flag("signed_in")?, kind: device_kinds(params, "kind")? })
    }

    fn add_to(&self, clauses: &mut Clauses) {
        match self.signed_in {
            Some(true) => clauses.plain("sign_ins > 0"),
            Some(false) => clauses.plain("sign_ins = 0"),
            None => {}
        }
        if !self.kind.is_empty() {
            clauses.texts("kind IN {kind:Array(String)}", "kind", &self.kind);
        }
    }
}

/// List a user's devices
///
/// The last seen first. A period takes in what was seen both before its end and after its start.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/devices",
    tag = "users",
    operation_id = "listDevices",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        DeviceFilter,
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
    ),
    responses(
        (status = 200, description = "A page", body = Page<UserDevice>, example = json!(crate::users::examples::devices())),
        crate::openapi::Problems,
    ),
)]
pub async fn devices(
    State(api): State<QueryApi>,
    InPath(user): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Response, Problem> {
    let filter = DeviceFilter::take(&mut reading.params)?;
    let asked = reading.page("devices", &(&user, &filter))?;
    let mut clauses = of_user(&asked, &DEVICES, &user);
    filter.add_to(&mut clauses);
    asked.add_period(
        &mut clauses,
        "last_seen_at >= {from:DateTime64(3, 'UTC')}",
        "first_seen_at < {to:DateTime64(3, 'UTC')}",
    );
    let (decisions, tenant) = (api.access().clone(), Arc::clone(&asked.reading.tenant));
    let since = Since::of(api.store(), &asked.reading);
    let show = move |mut rows: Vec<DeviceRow>| {
        let (since, decisions, tenant, user) = (since.clone(), decisions.clone(), Arc::clone(&tenant), user.clone());
        async move {
            since.cut(vec![user.clone()], &mut rows).await?;
            let view = |row: DeviceRow| {
                let decided = decisions.get(&tenant.id, &user, &row.device_id);
                UserDevice::new(row, decided.map_or(Access::Allow, |decided| decided.access))
            };
            Ok(rows.into_iter().map(view).collect())
        }
    };
    asked.list_with(USER_DEVICES, clauses, |row: &DeviceRow| (row.last_seen_at, (&row.device_id).into()), show).await
}

/// What a user's sessions can be narrowed to.
#[derive(Debug, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionFilter {
    /// Ids of devices; empty: sessions without one.
    #[param(required = false)]
    device_id: Vec<String>,
    /// `true` for sessions that the user signed out of.
    #[param(required = false)]
    signed_out: Option<bool>,
}

impl SessionFilter {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(Self { device_id: params.ids_or_empty("device_id")?, signed_out: params.flag("signed_out")? })
    }

    fn add_to(&self, clauses: &mut Clauses) {
        if !self.device_id.is_empty() {
            clauses.texts("device_id IN {device_id:Array(String)}", "device_id", &self.device_id);
        }
        match self.signed_out {
            Some(true) => clauses.plain("signed_out_at > toDateTime64(0, 3, 'UTC')"),
            Some(false) => clauses.plain("signed_out_at = toDateTime64(0, 3, 'UTC')"),
            None => {}
        }
    }
}

/// List a user's sessions
///
/// The last begun first. A period takes in what lasted into it.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/sessions",
    tag = "users",
    operation_id = "listSessions",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        SessionFilter,
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
    ),
    responses(
        (status = 200, description = "A page", body = Page<Session>, example = json!(crate::users::examples::sessions())),
        crate::openapi::Problems,
    ),
)]
pub async fn sessions(
    State(api): State<QueryApi>,
    InPath(user): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Response, Problem> {
    let filter = SessionFilter::take(&mut reading.params)?;
    let asked = reading.page("sessions", &(&user, &filter))?;
    let mut clauses = of_user(&asked, &SESSIONS, &user);
    filter.add_to(&mut clauses);
    asked.add_period(
        &mut clauses,
        "last_activity_at >= {from:DateTime64(3, 'UTC')}",
        "started_at < {to:DateTime64(3, 'UTC')}",
    );
    let since = Since::of(api.store(), &asked.reading);
    let show = move |mut rows: Vec<SessionRow>| {
        let (since, user) = (since.clone(), user.clone());
        async move {
            since.cut(vec![user], &mut rows).await?;
            Ok(rows.into_iter().map(Session::from).collect())
        }
    };
    asked.list_with(USER_SESSIONS, clauses, |row: &SessionRow| (row.started_at, (&row.session_key).into()), show).await
}

fn of_user(asked: &PageRequest, keyset: &Keyset, user: &str) -> Clauses {
    let mut clauses = asked.clauses(keyset);
    clauses.bind_text("user_id", user);
    asked.reading.cutoffs().bind_oldest(&mut clauses);
    asked.reading.bind_hidden(&mut clauses);
    clauses
}

/// List a user's violations
///
/// The restriction history of one user, as `GET /v1/violations` lists those of all.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/violations",
    tag = "users",
    operation_id = "listUserViolations",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        ViolationFilter,
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("order" = Option<String>, Query, description = "`desc` (default) or `asc` by time", example = "desc"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<Violation>, example = json!(crate::violations::examples::violations())),
        crate::openapi::Problems,
    ),
)]
pub async fn violations(
    State(api): State<QueryApi>,
    InPath(user): InPath<String>,
    reading: ReadRequest,
) -> Result<Response, Problem> {
    violations::page(&api, reading, &[user]).await
}
