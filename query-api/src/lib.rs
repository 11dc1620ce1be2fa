//! The last leg of an event's path: ClickHouse → HTTP.
//!
//! A request goes through [`guard`] ([who asks](access), may they, how often), to the handler that [`routes`] names, is read by [`params`], [`filter`] and [`period`], becomes a
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
mod guard;
pub mod handlers;
pub mod history;
pub mod keep;
pub mod object_state;
pub mod openapi;
pub mod params;
pub mod period;
pub mod restore;
mod routes;
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

use crate::alerting::Alerting;
use crate::audit::Audit;
use crate::bodies::Bodies;
use crate::export::Exports;
use crate::guard::Guard;
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

    /// What its requests are let through by.
    pub(crate) fn guard(&self) -> Guard {
        let Parts { settings, oidc, limiter, .. } = &self.0.parts;
        Guard {
            settings: settings.clone(),
            oidc: oidc.clone(),
            limiter: limiter.clone(),
            default_limits: self.0.default_limits,
            bodies: self.0.bodies.clone(),
            viewed: self.0.viewed.clone(),
        }
    }

    pub(crate) fn freshness(&self) -> &Freshness {
        &self.0.parts.freshness
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.0.exports
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

/// The document of this API alone. The program merges it with those of its other roles and serves the whole.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = routes::document();
    openapi::formats::offer(&mut document);
    openapi::headers::describe(&mut document);
    document
}

/// The routes, without fallbacks, so that they can be merged with those of other roles; see [`finish`].
pub fn router(api: QueryApi) -> Router {
    routes::router(api)
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
