//! What the API stands on, put together once.

use std::sync::Arc;

use axum::extract::FromRef;
use axum::http::StatusCode;
use detect::rules::RuleError;
use runtime::access::AccessList;
use runtime::config::{self, Config};
use runtime::freshness::Freshness;
use runtime::limiter::Limiter;
use runtime::metrics::{Metrics, Name};
use runtime::oidc::Oidc;
use runtime::problem::Problem;
use runtime::receipts::Receipts;
use runtime::seal::{SealError, SealKeys};
use runtime::settings::Settings;
use runtime::webhook::ClientError;
use schemas::catalogue::{Catalogue, CatalogueEntry, CatalogueError, Lang};
use schemas::settings::{Limits, Tenant};

use crate::alerts::alerting::Alerting;
use crate::audit::Audit;
use crate::audit::read_log::ReadLog;
use crate::console::assets::Assets;
use crate::console::once::OneTimeLink;
use crate::console::shell::Shell;
use crate::export::Exports;
use crate::http::body::Bodies;
use crate::http::guard::Guard;
use crate::http::period::Calendar;
use crate::restore::Restores;
use crate::rules::titles::Titles;
use crate::session::sessions::Sessions;
use crate::store::{Damage, Store};

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
    /// What ingest took and refused, where it is in the same process.
    pub receipts: Receipts,
    /// What the console is built of.
    pub assets: Assets,
    /// The link that signs somebody in without a key, if one was given out.
    pub one_time_link: OneTimeLink,
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
    /// There are no keys to seal the console's cookies with.
    #[error("console.seal_keys: {0}")]
    Seal(#[from] SealError),
}

/// The query API. Clones share everything.
#[derive(Clone)]
pub struct QueryApi(Arc<Inner>);

struct Inner {
    parts: Parts,
    bodies: Bodies,
    store: Store,
    exports: Arc<Exports>,
    read_log: ReadLog,
    sessions: Sessions,
    console: config::Console,
    proxies: config::Ingest,
    alerting: Alerting,
    restores: Arc<Restores>,
    catalogue: Catalogue,
    max_rows: u32,
    default_limits: Limits,
}

impl FromRef<QueryApi> for Settings {
    fn from_ref(api: &QueryApi) -> Self {
        api.settings().clone()
    }
}

impl QueryApi {
    /// An API over the configured store.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(config: &Config, parts: Parts, metrics: &Metrics) -> Result<Self, StartError> {
        let client = runtime::clickhouse::client(&config.clickhouse);
        let name = Name::new("query_views_not_recorded");
        let read_log = ReadLog::new(Arc::clone(&parts.audit), metrics, name);
        let keys = SealKeys::new(&config.console.seal_keys)?;
        let sessions = Sessions::new(config.console.clone(), keys, parts.settings.clone(), parts.oidc.clone());
        Ok(Self(Arc::new(Inner {
            parts,
            bodies: Bodies::new(&config.http),
            store: Store::new(client, config.query.clone(), metrics),
            exports: Arc::new(Exports::new(&config.query)),
            read_log,
            sessions,
            console: config.console.clone(),
            proxies: config.ingest.clone(),
            alerting: Alerting::new(config),
            restores: Arc::new(Restores::new(&config.alert)?),
            catalogue: Catalogue::shipped()?,
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
            sessions: self.0.sessions.clone(),
            limiter: limiter.clone(),
            default_limits: self.0.default_limits,
            bodies: self.0.bodies.clone(),
            read_log: self.0.read_log.clone(),
        }
    }

    pub(crate) fn oidc(&self) -> &Oidc {
        &self.0.parts.oidc
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.0.parts.limiter
    }

    pub(crate) fn bodies(&self) -> &Bodies {
        &self.0.bodies
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn one_time_link(&self) -> &OneTimeLink {
        &self.0.parts.one_time_link
    }

    /// Whose word on where a request came from is believed.
    pub(crate) fn proxies(&self) -> &config::Ingest {
        &self.0.proxies
    }

    /// What browsers are shown, if the console is served.
    #[must_use]
    pub fn shell(&self) -> Option<Shell> {
        self.0.console.enabled.then(|| Shell::new(&self.0.console, self.0.parts.assets.clone()))
    }

    pub(crate) fn freshness(&self) -> &Freshness {
        &self.0.parts.freshness
    }

    pub(crate) fn receipts(&self) -> &Receipts {
        &self.0.parts.receipts
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// What reads find wrong with the tables' files, for readiness.
    #[must_use]
    pub fn damage(&self) -> Damage {
        self.0.store.damage().clone()
    }

    pub(crate) fn exports(&self) -> &Arc<Exports> {
        &self.0.exports
    }

    pub(crate) fn audit(&self) -> &Arc<Audit> {
        &self.0.parts.audit
    }

    pub(crate) fn access(&self) -> &AccessList {
        &self.0.parts.access
    }

    pub(crate) fn alerting(&self) -> &Alerting {
        &self.0.alerting
    }

    pub(crate) fn restores(&self) -> &Arc<Restores> {
        &self.0.restores
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// Titles of a tenant's rules in a language.
    pub(crate) fn titles(&self, tenant: &str, lang: Lang) -> Titles {
        Titles::new(self.settings(), tenant, lang)
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
