//! Roles: what each is made of, and how they are run, alone or all in one process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use query_api::viewed::Viewed;
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::http::{self, Counts, Server};
use runtime::limiter::Limiter;
use runtime::metrics::{Metrics, Name};
use runtime::oidc::Oidc;
use runtime::ops::Readiness;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use tokio::net::TcpListener;

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// HTTP → Kafka.
    Ingest,
    /// Kafka → ClickHouse.
    Enrich,
    /// ClickHouse → HTTP.
    QueryApi,
    /// Violations → webhooks.
    Alert,
}

/// What all roles of a process share.
#[derive(Clone)]
pub struct Process {
    /// The configuration.
    pub config: Config,
    /// Ends everything.
    pub shutdown: Shutdown,
    /// Served at `/metrics`.
    pub metrics: Metrics,
    /// Served at `/readyz`.
    pub readiness: Readiness,
    /// Tenants and keys, in memory.
    pub settings: Settings,
    /// Decisions about devices, in memory.
    pub access: AccessList,
    limiter: Limiter,
    connections: Counts,
}

impl Process {
    /// Reads the settings from their topic, which takes as long as Kafka takes.
    ///
    /// # Errors
    /// When the topics can't be made or read.
    pub async fn new(config: Config, shutdown: Shutdown) -> Result<Self> {
        runtime::kafka::ensure_topics(&config.kafka).await?;
        let settings = Settings::spawn(&config, &shutdown).context("following the settings")?;
        let access = AccessList::spawn(&config, &shutdown).context("following the decisions about devices")?;
        let limiter = Limiter::default();
        limiter.keep_small(&shutdown);
        let (metrics, readiness) = (Metrics::default(), Readiness::default());
        settings.count_refusals(&metrics);
        runtime::telemetry::report_left_out(&shutdown);
        let connections = Counts::new(&metrics);
        let process = Self { config, shutdown, metrics, readiness, settings, access, limiter, connections };
        let gates = [process.readiness.gate("settings"), process.readiness.gate("access")];
        tokio::join!(process.settings.ready(), process.access.ready());
        gates.iter().for_each(|gate| gate.set(true));
        Ok(process)
    }

    /// Starts the roles and returns the routes of all of them.
    ///
    /// # Errors
    /// When one can't start.
    pub async fn start(&self, roles: &[Role]) -> Result<Router> {
        let mut router = runtime::ops::router(self.metrics.clone(), self.readiness.clone());
        for role in roles {
            match role {
                Role::Ingest => router = router.merge(self.ingest()?),
                Role::Enrich => self.enrich().await?,
                Role::QueryApi => router = router.merge(self.query_api()?),
                Role::Alert => self.alert()?,
            }
        }
        Ok(query_api::finish(router, &crate::commands::openapi_document()))
    }

    fn ingest(&self) -> Result<Router> {
        let ingest = ingest::Ingest::new(&self.config, self.settings.clone(), &self.metrics)?;
        ingest.limiter().keep_small(&self.shutdown);
        Ok(ingest::router(ingest))
    }

    async fn enrich(&self) -> Result<()> {
        enrich::Enricher::new(&self.config, self.settings.clone(), self.access.clone(), &self.metrics)
            .await?
            .start(&self.shutdown)
    }

    fn alert(&self) -> Result<()> {
        let gate = self.readiness.gate("alert");
        alert::start(&self.config, self.settings.clone(), &self.metrics, gate, &self.shutdown)
    }

    fn query_api(&self) -> Result<Router> {
        let freshness = query_api::freshness::Freshness::spawn(&self.config, &self.metrics, &self.shutdown)?;
        let oidc = Oidc::new(&self.config.oidc, &self.metrics).context("the identity providers")?;
        oidc.start(&self.shutdown);
        let parts = query_api::Parts {
            settings: self.settings.clone(),
            oidc,
            access: self.access.clone(),
            audit: Arc::new(query_api::audit::Audit::new(&self.config)?),
            limiter: self.limiter.clone(),
            freshness,
        };
        let api = query_api::QueryApi::new(&self.config, parts, &self.metrics)?;
        Ok(query_api::router(api))
    }

    /// Opens the interface for BI tools, if its guards hold, and tells its address. If they don't, everything else goes on
    /// without it.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn sql(&self, address: SocketAddr) -> Result<Option<SocketAddr>> {
        let audit = Arc::new(query_api::audit::Audit::new(&self.config)?);
        let viewed = Viewed::new(audit, &self.metrics, Name::new("sql_views_not_recorded"));
        let bi = match bi::Bi::open(&self.config, self.settings.clone(), self.limiter.clone(), viewed).await {
            Ok(bi) => bi,
            Err(error) => {
                tracing::error!(%error, "SQL for BI tools is not opened");
                return Ok(None);
            }
        };
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("can't listen on {address} for SQL; see sql.listen"))?;
        let address = listener.local_addr()?;
        let (server, stop) = (self.server("sql"), self.shutdown.clone());
        self.shutdown.spawn(async move { server.serve(listener, bi::router(bi), stop.requested()).await });
        tracing::info!(%address, "SQL for BI tools");
        Ok(Some(address))
    }

    fn server(&self, name: &'static str) -> Server {
        Server::new(name, http::Limits::from(&self.config.http), self.connections.clone())
    }

    /// Serves until asked to stop, then lets everything finish what it began.
    ///
    /// # Errors
    /// When something was not done in time.
    pub async fn serve(&self, listener: TcpListener, router: Router) -> Result<ExitCode> {
        let (server, stop) = (self.server("http"), self.shutdown.clone());
        let drain = self.config.drain();
        let server = self.shutdown.spawn(async move { server.serve(listener, router, stop.requested()).await });
        self.shutdown.requested().await;
        let in_time = self.shutdown.drain(drain).await;
        anyhow::ensure!(
            in_time,
            "not everything was finished within {} s; nothing acknowledged is lost",
            drain.as_secs()
        );
        server.await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs roles against the configured Kafka and ClickHouse until a signal.
///
/// # Errors
/// When the address is taken, or Kafka or ClickHouse can't be used.
pub async fn run(config: Config, roles: &[Role]) -> Result<ExitCode> {
    let shutdown = Shutdown::default();
    shutdown.on_signals()?;
    let listener = bind(&config).await?;
    let process = Process::new(config, shutdown).await?;
    let admin = admin_key();
    if roles.contains(&Role::QueryApi)
        && let Some(key) = process.settings.ensure_admin_key(admin.as_deref()).await?
    {
        eprintln!("administrator's key (shown once): {}", key.expose());
    }
    let router = process.start(roles).await?;
    if let Some(address) = process.config.sql.listen.filter(|_| roles.contains(&Role::QueryApi)) {
        process.sql(address).await?;
    }
    tracing::info!(address = %listener.local_addr()?, ?roles, "listening");
    process.serve(listener, router).await
}

/// The administrator's key from the environment; an empty one is none.
#[must_use]
pub fn admin_key() -> Option<String> {
    std::env::var("USERTRAIL_ADMIN_KEY").ok().filter(|key| !key.is_empty())
}

/// Binds the HTTP address.
///
/// # Errors
/// When it is taken.
pub async fn bind(config: &Config) -> Result<TcpListener> {
    TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("can't listen on {}; choose another address with --listen", config.listen))
}
