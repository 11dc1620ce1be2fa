//! `usertrail up`: everything on one machine. The broker and the engine are embedded and hand back addresses; from there
//! on nothing differs from a cluster.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use clap::Args;
use embedded::broker::{Broker, BrokerConfig};
use embedded::engine::{Engine, EngineConfig, exit_now};
use runtime::config::{Config, Secret};
use runtime::probe;
use runtime::retain::Retain;
use runtime::shutdown::Shutdown;
use schemas::settings::{KeyText, Plan, Role as KeyRole, Tenant};

use crate::roles::{self, Accept, Process, Role};
use crate::{cache, demo, retain};

/// Options of `up`.
#[derive(Debug, Args)]
pub struct Options {
    /// Adds a demo tenant with a steady load of believable people.
    #[arg(long)]
    demo: bool,
    /// Partitions of events.raw when it is created. One is the fastest on one machine: fewer, larger inserts.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=1024))]
    partitions: i32,
    /// Demo events a second.
    #[arg(long, default_value_t = 20.0, value_name = "EVENTS", requires = "demo", value_parser = crate::cli::rate)]
    demo_rate: f64,
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
const DEMO: &str = "demo";

/// Runs it until a signal.
///
/// # Errors
/// When a part can't start.
pub async fn run(mut config: Config, options: Options) -> Result<ExitCode> {
    let shutdown = Shutdown::default();
    shutdown.on_signals(config.deadline(), exit_now)?;
    let listener = roles::bind(&config).await?;
    let address = listener.local_addr()?;
    let embedded = roles::started(&shutdown, async {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let broker = start_broker(&config, any).await?;
        config.clickhouse.password = Secret::new(engine_password(&config.data_dir)?);
        Ok((broker, start_engine(&config, any).await?))
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

/// Starts all roles on the embedded parts, and tells where.
async fn start(
    mut config: Config,
    options: Options,
    (broker, engine): (&Broker, &Engine),
    address: SocketAddr,
    shutdown: Shutdown,
) -> Result<(Process, Router)> {
    supervise(broker, engine, &shutdown);
    config.kafka.brokers = broker.bootstrap();
    config.clickhouse.url = engine.url();
    if config.enrich.geo.city.is_empty() {
        config.enrich.geo.city = cache::geo_files();
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
    runtime::migrate::migrate(&config).await.context("creating the tables")?;
    let data_dir = config.data_dir.clone();
    let (kafka, clickhouse) = (config.kafka.brokers.clone(), config.clickhouse.url.clone());
    let retain = Retain::new(&config)?;
    let mut process = Process::new(config, shutdown.clone()).await?;
    process.compare(options.accept.accept_loss.as_deref()).await?;
    let (settings, stop) = (process.settings.clone(), shutdown.token());
    shutdown.supervise("retention", async move {
        stop.run_until_cancelled(retain::again(&retain, &settings, RETAIN_EVERY)).await;
    });
    let admin = roles::admin_key();
    let admin = process.settings.ensure_admin_key(admin.as_deref()).await?;
    let router = process.start(ALL)?;
    probe::disk(&data_dir, process.config.min_free_disk_mb, &process.readiness, &shutdown);
    let files = broker.files();
    probe::check("probe of the broker's files", process.readiness.gate("broker files"), &shutdown, move || {
        files.check()
    });
    let mut banner = format!("usertrail listens on http://{address}  (Kafka {kafka}, ClickHouse {clickhouse})\n");
    if let Some(sql) = open_sql(&process).await? {
        banner += &format!("SQL for BI tools: http://{sql}\n");
    }
    if let Some(key) = admin {
        banner += &format!("administrator's key (shown once): {}\n", key.expose());
    }
    if options.demo {
        let keys = demo_tenant(&process, &data_dir).await?;
        banner += &format!(
            "demo tenant's key: {key}\n\nWatch events arrive:\n\n  curl -s -H 'Authorization: Bearer {key}' \
             'http://{address}/v1/events?limit=5'\n\n",
            key = keys.reader.expose(),
        );
        let (url, stop, rate) = (format!("http://{address}"), shutdown.token(), options.demo_rate);
        shutdown.spawn(async move {
            let key = keys.sender.expose();
            if keys.is_new
                && let Err(error) = demo::backfill(&url, &key, stop.clone()).await
            {
                tracing::warn!(%error, "the demo has no history");
            }
            demo::run(&url, &key, rate, stop).await;
        });
    }
    std::io::stdout().write_all(banner.as_bytes())?;
    Ok((process, router))
}

/// Without its broker or its engine the process can do nothing.
fn supervise(broker: &Broker, engine: &Engine, shutdown: &Shutdown) {
    for (part, stopped) in [("embedded broker", broker.stopped()), ("embedded engine", engine.stopped())] {
        let stop = shutdown.token();
        shutdown.supervise(part, async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

/// At its usual address, or at none if that is taken: a second installation on the machine needs another one to be told.
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

/// The embedded broker as a process of its own.
///
/// # Errors
/// When it can't start.
pub async fn broker_alone(config: &Config, listen: SocketAddr) -> Result<ExitCode> {
    let shutdown = Shutdown::default();
    shutdown.on_signals(config.deadline(), exit_now)?;
    let broker = start_broker(config, listen).await?;
    writeln!(std::io::stdout(), "broker listens on {}", broker.bootstrap())?;
    let stopped = broker.stopped();
    shutdown.token().run_until_cancelled(stopped.cancelled()).await;
    anyhow::ensure!(!stopped.is_cancelled(), "the embedded broker has stopped");
    broker.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// The embedded engine as a process of its own.
///
/// # Errors
/// When it can't start.
pub async fn engine_alone(config: &Config, listen: SocketAddr) -> Result<ExitCode> {
    let shutdown = Shutdown::default();
    shutdown.on_signals(config.deadline(), exit_now)?;
    let engine = start_engine(config, listen).await?;
    writeln!(std::io::stdout(), "engine listens on {}", engine.url())?;
    let stopped = engine.stopped();
    shutdown.token().run_until_cancelled(stopped.cancelled()).await;
    anyhow::ensure!(!stopped.is_cancelled(), "the embedded engine listens no more");
    engine.stop().await?;
    Ok(ExitCode::SUCCESS)
}

async fn start_broker(config: &Config, listen: SocketAddr) -> Result<Broker> {
    tracing::info!("starting the embedded broker");
    let config = BrokerConfig { data_dir: config.data_dir.join("broker"), listen };
    Broker::start(config).await.context("starting the embedded broker")
}

async fn start_engine(config: &Config, listen: SocketAddr) -> Result<Engine> {
    let library = cache::engine_library();
    anyhow::ensure!(
        library.exists(),
        "the embedded ClickHouse engine is not at {}; `make deps` fetches it",
        library.display()
    );
    tracing::info!("starting the embedded ClickHouse engine");
    let mut engine = EngineConfig::new(library, config.data_dir.join("engine"));
    engine.listen = listen;
    // Less than a stopping process has left when its services have stopped.
    engine.drain_timeout = engine.drain_timeout.min(config.deadline().mul_f64(0.15));
    let password = config.clickhouse.password.expose();
    engine.password = (!password.is_empty()).then(|| password.to_owned());
    Engine::start(engine).await.context("starting the embedded engine")
}

/// The engine reads files with this process's rights for whoever may query it, so other users of the machine may not.
/// The password stays beside the data, for its owner's own clients.
fn engine_password(data_dir: &Path) -> Result<String> {
    let file = data_dir.join("engine.password");
    if let Ok(known) = std::fs::read_to_string(&file)
        && !known.is_empty()
    {
        return Ok(known);
    }
    let password = schemas::settings::hex(&rand::random::<[u8; 16]>());
    write_private(&file, &password).with_context(|| format!("writing {}", file.display()))?;
    Ok(password)
}

struct DemoKeys {
    sender: KeyText,
    reader: KeyText,
    /// The tenant was made just now, and has no history yet.
    is_new: bool,
}

/// Creates the demo tenant on the first start. Its keys are kept beside the data, so that a restart can show them again;
/// no other key ever is.
async fn demo_tenant(process: &Process, data_dir: &Path) -> Result<DemoKeys> {
    let settings = &process.settings;
    let is_new = settings.tenant(DEMO).is_none();
    if is_new {
        let mut tenant = Tenant::new(DEMO, "Demo company");
        tenant.logging = true;
        tenant.time_zone = "Europe/Prague".parse()?;
        tenant.plan = Plan::UNLIMITED;
        settings.put_tenant(tenant).await?;
    }
    Ok(DemoKeys {
        sender: demo_key(process, &data_dir.join("demo-sender.key"), KeyRole::Ingest).await?,
        reader: demo_key(process, &data_dir.join("demo-reader.key"), KeyRole::Admin).await?,
        is_new,
    })
}

async fn demo_key(process: &Process, file: &Path, role: KeyRole) -> Result<KeyText> {
    let known = std::fs::read_to_string(file).ok().and_then(|text| KeyText::parse(text.trim()));
    if let Some(key) = known.filter(|key| process.settings.authenticate(&key.expose()).is_ok()) {
        return Ok(key);
    }
    let (_, key) = process.settings.create_key(Some(DEMO), role, "demo").await?;
    write_private(file, &key.expose()).with_context(|| format!("writing {}", file.display()))?;
    Ok(key)
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(text.as_bytes())
}
