//! The last leg of an event's path: ClickHouse → HTTP.
//!
//! A request goes through [`access`] (who asks, and may they), is read by [`params`], [`filter`] and [`period`], becomes a
//! named query of [`sql`] with the cutoffs of [`keep`], runs in [`store`], comes back as [`rows`] and is shown as [`view`].
//! Lists are paged by [`cursor`]; every answer says how complete it is, which [`runtime::freshness`] knows. Lists and reports are
//! also handed out whole, as files ([`export`]).
//!
//! Administrators change settings here as well; they are written to Kafka by [`runtime::settings`], never to ClickHouse.

pub mod access;
pub mod alerting;
mod asking;
pub mod audit;
mod bodies;
pub mod cursor;
pub mod export;
pub mod fair;
pub mod filter;
pub mod handlers;
pub mod history;
pub mod keep;
pub mod object_state;
pub mod openapi;
pub mod params;
pub mod period;
pub mod restore;
pub mod rows;
pub mod rules;
pub mod sql;
pub mod store;
pub mod table;
mod tenant_changes;
mod titles;
pub mod trace;
pub mod view;
pub mod viewed;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use detect::rules::{RuleError, RuleSet};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::limiter::Limiter;
use runtime::metrics::{Metrics, Name};
use runtime::oidc::Oidc;
use runtime::problem::{Problem, in_language};
use runtime::settings::Settings;
use runtime::webhook::ClientError;
use schemas::catalogue::{Catalogue, CatalogueEntry, CatalogueError, Lang, Texts};
use schemas::settings::{Limits, Tenant};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::alerting::Alerting;
use crate::audit::Audit;
use crate::bodies::Bodies;
use crate::export::Exports;
use crate::period::Calendar;
use crate::restore::Restores;
use crate::store::Store;
use crate::viewed::Viewed;
use runtime::freshness::Freshness;

/// Most rows of a page whatever the configuration says.
const MAX_PAGE: u64 = 1000;

/// What the API stands on, besides the store.
#[derive(Debug)]
pub struct Parts {
    /// Tenants, keys, rules and exemptions.
    pub settings: Settings,
    /// Whose tokens are believed.
    pub oidc: Oidc,
    /// Which devices may in.
    pub access: AccessList,
    /// Where staff's events go.
    pub audit: Arc<Audit>,
    /// Who asks too much.
    pub limiter: Limiter,
    /// Up to when answers are complete.
    pub freshness: Freshness,
}

/// Why the API can't be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The shipped catalogue is broken, which a test of `schemas` rules out.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A rule that comes with the program is broken, which a test of `detect` rules out.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// There is no way to call applications.
    #[error(transparent)]
    Webhooks(#[from] ClientError),
}

/// The query API. Clones share everything.
#[derive(Clone)]
pub struct QueryApi(Arc<Inner>);

struct Inner {
    parts: Parts,
    bodies: Bodies,
    store: Store,
    exports: Exports,
    viewed: Viewed,
    alerting: Alerting,
    restores: Restores,
    catalogue: Catalogue,
    titles: HashMap<Arc<str>, Texts>,
    max_rows: u32,
    default_limits: Limits,
}

impl QueryApi {
    /// An API over the configured store.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(config: &Config, parts: Parts, metrics: &Metrics) -> Result<Self, StartError> {
        let client = runtime::clickhouse::client(&config.clickhouse);
        let rules = RuleSet::shipped()?;
        let titles = rules.rules().iter().map(|rule| {
            let [en, ru, cs] = Lang::ALL.map(|lang| rule.title_in(lang).to_owned());
            (Arc::clone(&rule.name), Texts { en, ru, cs })
        });
        let name = Name::new("query_views_not_recorded");
        let viewed = Viewed::new(Arc::clone(&parts.audit), metrics, name);
        Ok(Self(Arc::new(Inner {
            parts,
            bodies: Bodies::new(&config.http),
            store: Store::new(client, config.query.clone(), metrics),
            exports: Exports::new(&config.query),
            viewed,
            alerting: Alerting::new(config),
            restores: Restores::new(&config.alert)?,
            catalogue: Catalogue::shipped()?,
            titles: titles.collect(),
            max_rows: u32::try_from(config.query.max_rows.min(MAX_PAGE)).unwrap_or(1),
            default_limits: config.limits,
        })))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    pub(crate) fn oidc(&self) -> &Oidc {
        &self.0.parts.oidc
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.0.parts.limiter
    }

    pub(crate) fn freshness(&self) -> &Freshness {
        &self.0.parts.freshness
    }

    pub(crate) fn bodies(&self) -> &Bodies {
        &self.0.bodies
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.0.exports
    }

    pub(crate) fn viewed(&self) -> &Viewed {
        &self.0.viewed
    }

    pub(crate) fn audit(&self) -> &Audit {
        &self.0.parts.audit
    }

    pub(crate) fn access(&self) -> &AccessList {
        &self.0.parts.access
    }

    pub(crate) fn alerting(&self) -> &Alerting {
        &self.0.alerting
    }

    pub(crate) fn restores(&self) -> &Restores {
        &self.0.restores
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// The title of a rule that comes with the program.
    pub(crate) fn shipped_title(&self, name: &str, lang: Lang) -> Option<&str> {
        self.0.titles.get(name).map(|title| title.get(lang))
    }

    pub(crate) fn max_rows(&self) -> u32 {
        self.0.max_rows
    }

    pub(crate) fn default_limits(&self) -> Limits {
        self.0.default_limits
    }

    pub(crate) fn calendar(&self, tenant: &Tenant) -> Calendar {
        Calendar::of(tenant)
    }

    /// Whether a tenant that has declared `current` may declare these event types. What it has declared already it may keep, though
    /// the catalogue has the type by now, whose own entry holds: no other change is refused for that.
    pub(crate) fn check_types(&self, types: &[CatalogueEntry], current: &[CatalogueEntry]) -> Result<(), Problem> {
        self.0.catalogue.check_tenant_types(types, current).map_err(|error| {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_setting", error.to_string())
                .with_pointer("/event_types")
        })
    }
}

fn routes() -> OpenApiRouter<QueryApi> {
    use handlers::alerts::{self, deliveries, silences};
    use handlers::{
        activities, catalogue, check, configuration, devices_access, events, exemptions, explanations, keys, objects,
        own_rules, plan, restore_endpoint, restores, retention, reviews, rules, settings, statistics,
        tenant_statistics, tenants, timeline, trials, unknown_types, usage, used_kinds, user_log, users, violations,
    };
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .routes(routes!(events::list))
        .routes(routes!(events::get))
        .routes(routes!(restores::get, restores::restore))
        .routes(routes!(objects::history))
        .routes(routes!(configuration::list))
        .routes(routes!(users::list))
        .routes(routes!(users::get))
        .routes(routes!(user_log::devices))
        .routes(routes!(user_log::sessions))
        .routes(routes!(user_log::sign_ins))
        .routes(routes!(statistics::get))
        .routes(routes!(timeline::get))
        .routes(routes!(activities::list))
        .routes(routes!(tenant_statistics::get))
        .routes(routes!(user_log::violations))
        .routes(routes!(violations::list))
        .routes(routes!(violations::get))
        .routes(routes!(reviews::put, reviews::withdraw))
        .routes(routes!(catalogue::get))
        .routes(routes!(unknown_types::list))
        .routes(routes!(used_kinds::list))
        .routes(routes!(tenants::list, tenants::create))
        .routes(routes!(tenants::get, tenants::replace, tenants::modify))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(keys::limit))
        .routes(routes!(usage::get))
        .routes(routes!(settings::get_logging, settings::put_logging))
        .routes(routes!(settings::get_retention, settings::put_retention))
        .routes(routes!(retention::preview))
        .routes(routes!(settings::get_time_zone, settings::put_time_zone))
        .routes(routes!(settings::get_event_types, settings::put_event_types))
        .routes(routes!(settings::get_trusted_proxies, settings::put_trusted_proxies))
        .routes(routes!(settings::get_detection, settings::put_detection))
        .routes(routes!(settings::get_limits))
        .routes(routes!(restore_endpoint::get, restore_endpoint::replace, restore_endpoint::delete))
        .routes(routes!(restore_endpoint::rotate))
        .routes(routes!(plan::get))
        .routes(routes!(plan::list, plan::replace))
        .routes(routes!(check::get))
        .routes(routes!(devices_access::get, devices_access::put, devices_access::reset))
        .routes(routes!(exemptions::list))
        .routes(routes!(exemptions::get, exemptions::grant, exemptions::end))
        .routes(routes!(rules::list, own_rules::create))
        .routes(routes!(rules::get, own_rules::replace, own_rules::delete))
        .routes(routes!(rules::versions))
        .routes(routes!(own_rules::enable))
        .routes(routes!(trials::test))
        .routes(routes!(explanations::violation))
        .routes(routes!(explanations::of_event))
        .routes(routes!(alerts::list, alerts::create))
        .routes(routes!(alerts::get, alerts::modify, alerts::delete))
        .routes(routes!(alerts::rotate))
        .routes(routes!(alerts::test))
        .routes(routes!(deliveries::list))
        .routes(routes!(silences::list, silences::create))
        .routes(routes!(silences::delete))
}

/// The document of this API alone. The program merges it with those of its other roles and serves the whole.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = routes().into_openapi();
    openapi::formats::offer(&mut document);
    openapi::headers::describe(&mut document);
    document
}

/// The routes, without fallbacks, so that they can be merged with those of other roles; see [`finish`].
pub fn router(api: QueryApi) -> Router {
    let (router, _) = routes().split_for_parts();
    let guard = axum::middleware::from_fn_with_state(api.clone(), access::guard);
    router.route_layer(guard).with_state(api)
}

/// Serves the (merged) document at `/openapi.json`, and answers problems for unknown routes and methods, and for panics.
/// To be applied once, to all routes of a process.
pub fn finish(router: Router, document: &utoipa::openapi::OpenApi) -> Router {
    let text = document.to_json().unwrap_or_default();
    let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
    router
        .route("/openapi.json", axum::routing::get(move || async move { (json, text) }))
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this can't be done here; see Allow")
        })
        .fallback(|| async { Problem::not_found("there is nothing here; see /openapi.json") })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(axum::middleware::from_fn(in_language))
}

fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::internal(text.unwrap_or_else(|| "panic".to_owned())).into_response()
}

/// A value as `serde_json::json!` has it, with numbers of any length.
#[cfg(test)]
macro_rules! json {
    ($($json:tt)+) => { schemas::json::Value::from(serde_json::json!($($json)+)) };
}
#[cfg(test)]
pub(crate) use json;
