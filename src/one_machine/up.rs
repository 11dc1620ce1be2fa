//! `usertrail up`: everything on one machine. The broker and the engine are embedded and hand back addresses; from there
//! on nothing differs from a cluster.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use clap::Args;
use embedded::broker::Broker;
use embedded::engine::Engine;
use runtime::config::{Config, Secret};
use runtime::probe;
use runtime::shutdown::Shutdown;
use schemas::settings::KeyText;
use storage::retention::Retention;

use super::demo_tenant::demo_tenant;
use super::load::rate;
use super::parts;
use super::welcome::Welcome;
use crate::retain;
use crate::roles::{self, Accept, Process, Role, exit_now};

/// Options of `up`.
#[derive(Debug, Args)]
pub struct Options {
    /// Adds a demo tenant: a company of believable people, with a past and a steady load.
    #[arg(long)]
    demo: bool,
    /// Partitions of events.raw when it is created. One is the fastest on one machine: fewer, larger inserts.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=1024))]
    partitions: i32,
    /// Demo events a second.
    #[arg(long, default_value_t = 20.0, value_name = "EVENTS", requires = "demo", value_parser = rate)]
    demo_rate: f64,
    /// Days of history that a new demo gets, some 1,800 events each; they are loaded once.
    #[arg(long, default_value_t = 90, value_name = "DAYS", requires = "demo", value_parser = clap::value_parser!(u32).range(0..=365))]
    demo_days: u32,
    /// Logs all that it does, instead of warnings alone; `telemetry.log` says more finely what.
    #[arg(long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    accept: Accept,
}

const ALL: &[Role] = &[Role::Ingest, Role::Enrich, Role::QueryApi, Role::Alert];
/// Where BI tools connect, unless `sql.listen` says otherwise.
const SQL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8124);
/// Between two looks at what retention has ended, which is by whole days.
const RETAIN_EVERY: Duration = Duration::from_secs(15 * 60);
/// Its name in the groups of its broker.
const INSTANCE: &str = "up";

/// Runs it until a signal.
///
/// # Errors
/// When a part can't start.
pub async fn run(mut config: Config, options: Options) -> Result<ExitCode> {
    let shutdown = Shutdown::default();
    shutdown.on_signals(config.deadline(), exit_now)?;
    let listener = roles::bind(&config).await?;
    let address = listener.local_addr()?;
    config.share_processors(std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    writeln!(std::io::stdout(), "starting, which takes some seconds …")?;
    let embedded = roles::started(&shutdown, async {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let broker = parts::start_broker(&config, any).await?;
        config.clickhouse.password = Secret::new(parts::engine_password(&config.data_dir)?);
        Ok((broker, parts::start_engine(&config, any).await?))
    });
    let Some((broker, engine)) = embedded.await? else { return Ok(ExitCode::SUCCESS) };
    let started = roles::started(&shutdown, start(config, options, (&broker, &engine), address, shutdown.clone()));
    let outcome = match started.await {
        Ok(Some((process, router))) => process.serve(listener, router).await,
        Ok(None) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error),
    };
    shutdown.request();
    let stopped = engine.stop().await.context("stopping the engine");
    broker.stop().await;
    let code = outcome?;
    stopped.map(|()| code)
}

/// Starts all roles on the embedded parts, and says where.
async fn start(
    mut config: Config,
    options: Options,
    (broker, engine): (&Broker, &Engine),
    address: SocketAddr,
    shutdown: Shutdown,
) -> Result<(Process, Router)> {
    parts::supervise(broker, engine, &shutdown);
    config.kafka.brokers = broker.bootstrap();
    config.kafka.is_embedded = true;
    config.clickhouse.url = engine.url();
    if config.enrich.geo.city.is_empty() {
        config.enrich.geo.city = embedded::cache::geo_files();
    }
    if config.enrich.workers == 0 {
        // One machine's embedded broker is slower than one worker; more would only shift partitions at every start.
        config.enrich.workers = 1;
    }
    // The broker is this process's alone, so nobody else can come by this name.
    config.kafka.instance_id.get_or_insert_with(|| INSTANCE.to_owned());
    // The embedded engine has no users.
    config.sql.user = None;
    config.kafka.partitions = options.partitions;
    if config.console.enabled && config.console.seal_keys.is_empty() {
        config.console.seal_keys.push(parts::seal_key(&config.data_dir)?);
    }
    storage::migrate(&config).await.context("creating the tables")?;
    let data_dir = config.data_dir.clone();
    let (kafka, clickhouse) = (config.kafka.brokers.clone(), config.clickhouse.url.clone());
    let retention = Retention::configured(&config)?;
    let mut process = Process::new(config, shutdown.clone()).await?;
    process.compare(options.accept.accept_loss.as_deref()).await?;
    let (settings, stop) = (process.settings.clone(), shutdown.token());
    shutdown.supervise("retention", async move {
        stop.run_until_cancelled(retain::again(&retention, &settings, RETAIN_EVERY)).await;
    });
    let admin = roles::admin_key();
    let admin = process.settings.ensure_admin_key(admin.as_deref()).await?;
    let router = process.start(ALL)?;
    probe::disk(&data_dir, process.config.min_free_disk_mb, &process.readiness, &shutdown);
    let files = broker.files();
    probe::check("probe of the broker's files", process.readiness.gate("broker files"), &shutdown, move || {
        files.check()
    });
    let sql = open_sql(&process).await?;
    let demo = if options.demo { Some(demo_tenant(&process, &data_dir, options.demo_days).await?) } else { None };
    let link = one_time_link(&process, address, demo.as_ref().map(|keys| &keys.reader));
    let welcome = Welcome {
        address,
        link: link.as_deref(),
        sql,
        kafka: &kafka,
        clickhouse: &clickhouse,
        data_dir: &data_dir,
        admin: admin.as_ref(),
        demo: demo.as_ref().map(|keys| &keys.reader),
        has_past_to_load: demo.as_ref().is_some_and(|keys| keys.past.is_some()),
    };
    write!(std::io::stdout(), "{welcome}")?;
    if let Some(keys) = demo {
        let (url, stop, rate) = (format!("http://{address}"), shutdown.token(), options.demo_rate);
        shutdown.spawn(async move {
            let key = keys.sender.expose();
            // What is live comes after its past: people would do everything for the first time otherwise.
            if let Some(mut past) = keys.past
                && let Err(error) = past.run(&url, &key, stop.clone()).await
            {
                tracing::warn!("the demo's history is not whole: {error:#}");
            }
            demo::run(&url, &key, rate, stop).await;
        });
    }
    Ok((process, router))
}

/// A way into the console without a key, for whoever is at this machine: as the demo company's administrator, or else as the
/// installation's.
fn one_time_link(process: &Process, address: SocketAddr, demo: Option<&KeyText>) -> Option<String> {
    let console = &process.config.console;
    let is_reached = address.ip().is_loopback() || address.ip().is_unspecified();
    if !console.enabled || console.public_url.is_some() || !is_reached {
        return None;
    }
    let keys = process.settings.keys(None);
    let ours = || keys.iter().find(|key| key.revoked_at.is_none()).map(|key| key.id.as_str());
    let secret = process.one_time_link.give(demo.map(KeyText::id).or_else(ours)?)?;
    let host = if address.ip().is_loopback() { address } else { SocketAddr::from(([127, 0, 0, 1], address.port())) };
    Some(format!("http://{host}/sign-in?once={secret}"))
}

/// Opens SQL for BI tools at its usual address, or at none if that is taken: a second installation on the machine needs another one
/// in its configuration.
async fn open_sql(process: &Process) -> Result<Option<SocketAddr>> {
    if let Some(address) = process.config.sql.listen {
        return process.sql(address).await;
    }
    match process.sql(SQL).await {
        Ok(address) => Ok(address),
        Err(error) => {
            tracing::warn!("no SQL for BI tools: {error:#}");
            Ok(None)
        }
    }
}
