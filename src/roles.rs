//! Roles: what each is made of, and how they are run, alone or all in one process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use clap::Args;
use enrich::stream::Stream;
use query_api::audit::read_log::ReadLog;
use query_api::{OneTimeLink, Shell};
use runtime::access::AccessList;
use runtime::config::Config;
use runtime::freshness::Freshness;
use runtime::http::{self, Counts, Server};
use runtime::limiter::Limiter;
use runtime::metrics::{Metrics, Name};
use runtime::oidc::Oidc;
use runtime::ops::Readiness;
use runtime::probe;
use runtime::receipts::Receipts;
use runtime::settings::Settings;
use runtime::shutdown::{LATE, Shutdown};
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

impl Role {
    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Enrich => "enrich",
            Self::QueryApi => "query-api",
            Self::Alert => "alert",
        }
    }
}

/// An operator's word on data that is lost.
#[derive(Debug, Default, Args)]
pub struct Accept {
    /// Goes on after a loss of data for which the last start was refused; that refusal names the code.
    #[arg(long, value_name = "CODE")]
    pub accept_loss: Option<String>,
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
    /// The link that signs somebody in to the console without a key.
    pub one_time_link: OneTimeLink,
    limiter: Limiter,
    connections: Counts,
    receipts: Receipts,
    stream: Option<Stream>,
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
        settings.register(&metrics);
        access.register(&metrics);
        settings.count_refusals(&metrics);
        runtime::telemetry::report_left_out(&shutdown);
        let connections = Counts::new(&metrics);
        settings.watch(&readiness);
        access.watch(&readiness);
        let (known, decided) = tokio::join!(settings.ready_unless_silent(), access.ready_unless_silent());
        anyhow::ensure!(known && decided, "the settings can't be read: Kafka at {} is silent", config.kafka.brokers);
        Ok(Self {
            config,
            shutdown,
            metrics,
            readiness,
            settings,
            access,
            one_time_link: OneTimeLink::default(),
            limiter,
            connections,
            receipts: Receipts::default(),
            stream: None,
        })
    }

    /// Starts the roles and returns the routes of all of them.
    ///
    /// # Errors
    /// When one can't start.
    pub fn start(&self, roles: &[Role]) -> Result<Router> {
        let (readiness, shutdown) = (&self.readiness, &self.shutdown);
        runtime::probe::broker(&self.config.kafka, readiness, shutdown)?;
        // Ingest does without: what it takes waits in Kafka.
        if roles.iter().any(|role| *role != Role::Ingest) {
            runtime::probe::store(&self.config, readiness, shutdown);
        }
        // Both answer by it.
        let freshness = match roles.iter().any(|role| matches!(role, Role::Ingest | Role::QueryApi)) {
            true => Freshness::spawn(&self.config, &self.metrics, readiness, shutdown)?,
            false => Freshness::unknown(),
        };
        let mut router = runtime::ops::router(self.metrics.clone(), readiness.clone(), shutdown.clone());
        let mut shell = None;
        for role in roles {
            match role {
                Role::Ingest => router = router.merge(self.ingest(freshness.clone())?),
                Role::Enrich => self.enrich()?,
                Role::QueryApi => {
                    let (of_api, shown) = self.query_api(freshness.clone())?;
                    (router, shell) = (router.merge(of_api), shown);
                }
                Role::Alert => self.alert()?,
            }
        }
        router = router.merge(crate::index::router(roles, shell.clone()));
        readiness.log_changes(shutdown);
        Ok(query_api::finish(router, &crate::commands::openapi_document(), shell))
    }

    /// Refuses to go on where tables and topics no longer belong together; `accept` is the code of a loss that is accepted.
    /// To be done before anything is taken in.
    ///
    /// # Errors
    /// [`enrich::stream::Loss`], or Kafka or ClickHouse doesn't answer.
    pub async fn compare(&mut self, accept: Option<&str>) -> Result<()> {
        self.stream = Some(enrich::stream::check(&self.config, accept).await?);
        Ok(())
    }

    fn ingest(&self, freshness: Freshness) -> Result<Router> {
        let receipts = self.receipts.clone();
        let ingest = ingest::Ingest::noting(&self.config, self.settings.clone(), freshness, &self.metrics, receipts)?;
        ingest.follow_usage(&self.shutdown);
        ingest.limiter().keep_small(&self.shutdown);
        Ok(ingest::router(ingest))
    }

    fn enrich(&self) -> Result<()> {
        let stream = self.stream.as_ref().context("tables and topics were not compared")?;
        enrich::Enricher::new(&self.config, stream, self.settings.clone(), self.access.clone(), &self.metrics)?
            .start(&self.readiness, &self.shutdown)
    }

    fn alert(&self) -> Result<()> {
        alert::start(&self.config, self.settings.clone(), &self.metrics, &self.readiness, &self.shutdown)
    }

    fn query_api(&self, freshness: Freshness) -> Result<(Router, Option<Shell>)> {
        let oidc = Oidc::new(&self.config.oidc, &self.metrics).context("the identity providers")?;
        oidc.start(&self.shutdown);
        let parts = query_api::Parts {
            settings: self.settings.clone(),
            oidc,
            access: self.access.clone(),
            audit: Arc::new(query_api::audit::Audit::new(&self.config)?),
            limiter: self.limiter.clone(),
            freshness,
            receipts: self.receipts.clone(),
            assets: crate::console::assets(),
            one_time_link: self.one_time_link.clone(),
        };
        if self.config.console.enabled && self.config.console.seal_keys.is_empty() {
            tracing::warn!("console.seal_keys is empty: sessions of the console end with this process");
        }
        let api = query_api::QueryApi::new(&self.config, parts, &self.metrics)?;
        let damage = api.damage();
        let gate = self.readiness.gate("tables");
        probe::check("probe of the tables", gate, &self.shutdown, move || damage.check());
        let shell = api.shell();
        Ok((query_api::router(api), shell))
    }

    /// Opens the interface for BI tools, if its guards hold, and returns its address. If they don't, everything else goes on
    /// without it.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn sql(&self, address: SocketAddr) -> Result<Option<SocketAddr>> {
        let audit = Arc::new(query_api::audit::Audit::new(&self.config)?);
        let read_log = ReadLog::new(audit, &self.metrics, Name::new("sql_views_not_recorded"));
        let bi = match bi::Bi::open(&self.config, self.settings.clone(), self.limiter.clone(), read_log).await {
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
        self.shutdown.supervise("SQL for BI tools", async move {
            server.serve(listener, bi::router(bi), stop.requested()).await;
        });
        tracing::info!(%address, "SQL for BI tools");
        Ok(Some(address))
    }

    fn server(&self, name: &'static str) -> Server {
        Server::new(name, http::Limits::from(&self.config.http), self.connections.clone())
    }

    /// Serves until asked to stop, then lets everything finish what it began.
    ///
    /// # Errors
    /// When a part of the process has failed.
    pub async fn serve(&self, listener: TcpListener, router: Router) -> Result<ExitCode> {
        let (server, stop) = (self.server("http"), self.shutdown.clone());
        self.shutdown.supervise("HTTP server", async move { server.serve(listener, router, stop.requested()).await });
        self.shutdown.requested().await;
        let drain = self.config.drain();
        let in_time = self.shutdown.drain(drain).await;
        if let Some(failure) = self.shutdown.failure() {
            anyhow::bail!("{failure}");
        }
        if !in_time {
            tracing::error!("not everything was finished within {} s; nothing acknowledged is lost", drain.as_secs());
            return Ok(ExitCode::from(LATE));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Starts something that may wait for others for ever; nothing if everybody is asked to stop before it is done.
///
/// # Errors
/// When it can't start, or a part of it has failed.
pub async fn started<T>(shutdown: &Shutdown, start: impl Future<Output = Result<T>>) -> Result<Option<T>> {
    let started = shutdown.token().run_until_cancelled(start).await.transpose()?;
    match (shutdown.failure(), started) {
        (Some(failure), _) => anyhow::bail!("{failure}"),
        (None, started) => Ok(started),
    }
}

/// Runs roles against the configured Kafka and ClickHouse until a signal.
///
/// # Errors
/// When the address is taken, or Kafka or ClickHouse can't be used.
pub async fn run(config: Config, roles: &[Role], accept: Accept) -> Result<ExitCode> {
    let shutdown = Shutdown::default();
    shutdown.on_signals(config.deadline(), exit_now)?;
    let listener = bind(&config).await?;
    match started(&shutdown, start_alone(config, roles, accept, shutdown.clone())).await? {
        Some((process, router)) => {
            tracing::info!(address = %listener.local_addr()?, ?roles, "listening");
            process.serve(listener, router).await
        }
        None => Ok(ExitCode::SUCCESS),
    }
}

async fn start_alone(config: Config, roles: &[Role], accept: Accept, shutdown: Shutdown) -> Result<(Process, Router)> {
    let mut process = Process::new(config, shutdown).await?;
    if roles.contains(&Role::Enrich) {
        process.compare(accept.accept_loss.as_deref()).await?;
    }
    let admin = admin_key();
    if roles.contains(&Role::QueryApi)
        && let Some(key) = process.settings.ensure_admin_key(admin.as_deref()).await?
    {
        eprintln!("administrator's key (shown once): {}", key.expose());
    }
    let router = process.start(roles)?;
    if let Some(address) = process.config.sql.listen.filter(|_| roles.contains(&Role::QueryApi)) {
        process.sql(address).await?;
    }
    Ok((process, router))
}

/// The administrator's key from the environment; an empty one is none.
#[must_use]
pub fn admin_key() -> Option<String> {
    std::env::var("USERTRAIL_ADMIN_KEY").ok().filter(|key| !key.is_empty())
}

#[cfg(feature = "embedded")]
pub(crate) use embedded::engine::exit_now;

/// Ends the process at once.
#[cfg(not(feature = "embedded"))]
pub(crate) fn exit_now(code: u8) -> ! {
    std::process::exit(code.into())
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
