//! Every operation, in one table: its handler, what it takes, and what a read by it is recorded as.
//!
//! Method and path are those that the handler says of itself (`#[utoipa::path]`). The router, the guard, the log of reads and the
//! document are all made of this table, so that nothing is served without a permission.

use axum::Router;
use axum::middleware::from_fn_with_state;
use schemas::settings::Permission;
use utoipa::OpenApi as _;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::audit::read_log::Recorded;
use crate::http::guard::{CHECKS, QUERIES, Rule, guard};
use crate::state::QueryApi;
use crate::{alerts, devices, log, me, openapi, restore, rules, statistics, tenants, trace, users, violations};

/// An operation: its handler with its part of the document, and what the guard holds it to.
struct Route {
    handler: UtoipaMethodRouter<QueryApi>,
    rule: Rule,
}

/// Makes the table of rows `handler: Permission, Recorded => Policy;`.
/// Of several permissions any will do. A read that records nothing shows nothing of others. Requests are counted as queries unless
/// a policy is named.
macro_rules! table {
    ($($($handler:ident)::+: $($takes:ident)|+ $(, $recorded:ident)? $(=> $counted:ident)?;)+) => {
        fn table() -> Vec<Route> {
            vec![$(Route {
                handler: utoipa_axum::routes!($($handler)::+),
                rule: Rule {
                    takes: &[$(Permission::$takes),+],
                    recorded: table!(@recorded $($recorded)?),
                    counted: table!(@counted $($counted)?),
                },
            }),+]
        }
    };
    (@recorded) => { None };
    (@recorded $recorded:ident) => { Some(Recorded::$recorded) };
    (@counted) => { QUERIES };
    (@counted $counted:ident) => { $counted };
}

table! {
    me::get: ReadLog | TraceUsers | SeeViolations | ManageAccess | ReadConfiguration | Administer | RunInstallation | QuerySql;
    log::events::list: ReadLog, Log;
    log::summary::get: ReadLog, Log;
    log::events::get: ReadLog, Log;
    restore::handlers::get: ReadLog;
    restore::handlers::restore: Administer;
    log::objects::history: ReadLog, Log;
    log::configuration::list: ReadConfiguration, Log;
    users::list::list: ReadLog, Log;
    users::list::get: ReadLog, User;
    users::pages::devices: SeeViolations, User;
    users::pages::sessions: SeeViolations, User;
    users::sign_ins::of_user: SeeViolations, User;
    users::sign_ins::list: SeeViolations, Log;
    devices::list::list: SeeViolations, Log;
    statistics::user::get: TraceUsers, User;
    trace::timeline::get: TraceUsers, User;
    trace::list::list: TraceUsers, User;
    statistics::tenant::get: ReadLog, Log;
    users::pages::violations: SeeViolations, User;
    violations::list::list: SeeViolations, Log;
    violations::summary::get: SeeViolations, Log;
    violations::list::get: SeeViolations, Log;
    violations::bulk::review: ManageAccess;
    violations::reviews::put: ManageAccess;
    violations::reviews::withdraw: ManageAccess;
    log::catalogue::get: ReadLog;
    log::catalogue::unknown_types::list: ReadLog, Log;
    log::catalogue::used_kinds::list: ReadLog, Log;
    tenants::list::list: RunInstallation;
    tenants::list::create: RunInstallation;
    tenants::list::get: Administer;
    tenants::list::replace: Administer;
    tenants::list::modify: Administer;
    tenants::keys::list: Administer;
    tenants::keys::create: Administer;
    tenants::keys::revoke: Administer;
    tenants::keys::limit: Administer;
    tenants::usage::get: Administer;
    tenants::ingest_status::get: Administer;
    tenants::settings::get_logging: Administer;
    tenants::settings::put_logging: Administer;
    tenants::settings::get_retention: Administer;
    tenants::settings::put_retention: Administer;
    tenants::retention::preview: Administer;
    tenants::settings::get_time_zone: Administer;
    tenants::settings::put_time_zone: Administer;
    tenants::settings::get_event_types: Administer;
    tenants::settings::put_event_types: Administer;
    tenants::settings::get_trusted_proxies: Administer;
    tenants::settings::put_trusted_proxies: Administer;
    tenants::settings::get_detection: SeeViolations;
    tenants::settings::put_detection: Administer;
    tenants::settings::get_limits: Administer;
    restore::endpoint::get: Administer;
    restore::endpoint::replace: Administer;
    restore::endpoint::delete: Administer;
    restore::endpoint::rotate: Administer;
    tenants::plan::get: ReadLog;
    tenants::plan::list: RunInstallation;
    tenants::plan::replace: RunInstallation;
    devices::check::get: SendEvents | SeeViolations => CHECKS;
    devices::access::get: SeeViolations;
    devices::access::put: ManageAccess;
    devices::access::reset: ManageAccess;
    devices::exemptions::list: SeeViolations;
    devices::exemptions::get: SeeViolations;
    devices::exemptions::grant: ManageAccess;
    devices::exemptions::end: ManageAccess;
    rules::list::list: SeeViolations;
    rules::own::create: Administer;
    rules::list::get: SeeViolations;
    rules::own::replace: Administer;
    rules::own::delete: Administer;
    rules::list::versions: SeeViolations;
    rules::own::enable: Administer;
    rules::trials::test: SeeViolations, Log;
    rules::explanations::violation: SeeViolations, Log;
    rules::explanations::of_event: SeeViolations, Log;
    alerts::endpoints::list: SeeViolations;
    alerts::endpoints::create: Administer;
    alerts::endpoints::get: SeeViolations;
    alerts::endpoints::modify: Administer;
    alerts::endpoints::delete: Administer;
    alerts::endpoints::rotate: Administer;
    alerts::endpoints::test: Administer;
    alerts::deliveries::list: SeeViolations;
    alerts::silences::list: SeeViolations;
    alerts::silences::create: Administer;
    alerts::silences::delete: Administer;
}

/// The document of the operations.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    let empty = OpenApiRouter::with_openapi(openapi::Document::openapi());
    table().into_iter().fold(empty, |all, route| all.routes(route.handler)).into_openapi()
}

/// The router of the operations, each behind the guard.
pub(crate) fn router(api: QueryApi) -> Router {
    let guarded = |all: OpenApiRouter<QueryApi>, Route { handler: (schemas, paths, methods), rule }| {
        let layer = from_fn_with_state((api.guard(), rule), guard);
        all.routes((schemas, paths, methods.route_layer(layer)))
    };
    let (router, _) = table().into_iter().fold(OpenApiRouter::new(), guarded).split_for_parts();
    router.with_state(api)
}
