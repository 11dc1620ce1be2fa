//! Every operation, in one table: its handler, what it takes, and what a read by it is recorded as.
//!
//! Method and path are those that the handler says of itself (`#[utoipa::path]`). The router, the guard, the log of reads and the
//! document are all made of this table, so that nothing is served without a permission.

use axum::Router;
use axum::middleware::from_fn_with_state;
use schemas::settings::Permission;
use utoipa::OpenApi as _;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::guard::{CHECKS, QUERIES, Rule, guard};
use crate::handlers::alerts::{self, deliveries, silences};
use crate::handlers::{
    activities, catalogue, check, configuration, devices_access, events, exemptions, explanations, keys, objects,
    own_rules, plan, restore_endpoint, restores, retention, reviews, rules, settings, statistics, tenant_statistics,
    tenants, timeline, trials, unknown_types, usage, used_kinds, user_log, users, violations,
};
use crate::viewed::Recorded;
use crate::{QueryApi, openapi};

/// An operation: its handler with its part of the document, and what the guard holds it to.
struct Route {
    handler: UtoipaMethodRouter<QueryApi>,
    rule: Rule,
}

/// Rows of `handler: Permission, Recorded => Policy;`. Of several permissions any will do; without the second, a read shows nothing of others.
/// Requests are counted as queries unless the third says otherwise.
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
    events::list: ReadLog, Log;
    events::get: ReadLog, Log;
    restores::get: ReadLog;
    restores::restore: Administer;
    objects::history: ReadLog, Log;
    configuration::list: ReadConfiguration, Log;
    users::list: ReadLog, Log;
    users::get: ReadLog, User;
    user_log::devices: SeeViolations, User;
    user_log::sessions: SeeViolations, User;
    user_log::sign_ins: SeeViolations, User;
    statistics::get: TraceUsers, User;
    timeline::get: TraceUsers, User;
    activities::list: TraceUsers, User;
    tenant_statistics::get: ReadLog, Log;
    user_log::violations: SeeViolations, User;
    violations::list: SeeViolations, Log;
    violations::get: SeeViolations, Log;
    reviews::put: ManageAccess;
    reviews::withdraw: ManageAccess;
    catalogue::get: ReadLog;
    unknown_types::list: ReadLog, Log;
    used_kinds::list: ReadLog, Log;
    tenants::list: RunInstallation;
    tenants::create: RunInstallation;
    tenants::get: Administer;
    tenants::replace: Administer;
    tenants::modify: Administer;
    keys::list: Administer;
    keys::create: Administer;
    keys::revoke: Administer;
    keys::limit: Administer;
    usage::get: Administer;
    settings::get_logging: Administer;
    settings::put_logging: Administer;
    settings::get_retention: Administer;
    settings::put_retention: Administer;
    retention::preview: Administer;
    settings::get_time_zone: Administer;
    settings::put_time_zone: Administer;
    settings::get_event_types: Administer;
    settings::put_event_types: Administer;
    settings::get_trusted_proxies: Administer;
    settings::put_trusted_proxies: Administer;
    settings::get_detection: SeeViolations;
    settings::put_detection: Administer;
    settings::get_limits: Administer;
    restore_endpoint::get: Administer;
    restore_endpoint::replace: Administer;
    restore_endpoint::delete: Administer;
    restore_endpoint::rotate: Administer;
    plan::get: ReadLog;
    plan::list: RunInstallation;
    plan::replace: RunInstallation;
    check::get: SendEvents | SeeViolations => CHECKS;
    devices_access::get: SeeViolations;
    devices_access::put: ManageAccess;
    devices_access::reset: ManageAccess;
    exemptions::list: SeeViolations;
    exemptions::get: SeeViolations;
    exemptions::grant: ManageAccess;
    exemptions::end: ManageAccess;
    rules::list: SeeViolations;
    own_rules::create: Administer;
    rules::get: SeeViolations;
    own_rules::replace: Administer;
    own_rules::delete: Administer;
    rules::versions: SeeViolations;
    own_rules::enable: Administer;
    trials::test: SeeViolations, Log;
    explanations::violation: SeeViolations, Log;
    explanations::of_event: SeeViolations, Log;
    alerts::list: SeeViolations;
    alerts::create: Administer;
    alerts::get: SeeViolations;
    alerts::modify: Administer;
    alerts::delete: Administer;
    alerts::rotate: Administer;
    alerts::test: Administer;
    deliveries::list: SeeViolations;
    silences::list: SeeViolations;
    silences::create: Administer;
    silences::delete: Administer;
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
