//! The embedded broker and engine: how `up` starts them, and each as a process of its own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use embedded::broker::{Broker, BrokerConfig};
use embedded::engine::{Engine, EngineConfig};
use runtime::config::{Config, Secret};
use runtime::shutdown::Shutdown;

use crate::roles::exit_now;

/// Queries at once of the product itself in the embedded engine: inserts of its partitions, and what looks after the tables.
const OWN_QUERIES: usize = 16;

/// Without its broker or its engine the process can do nothing.
pub(crate) fn supervise(broker: &Broker, engine: &Engine, shutdown: &Shutdown) {
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

/// The embedded broker as a process of its own.
///
/// # Errors
/// When it can't start.
pub(crate) async fn broker_alone(config: &Config, listen: SocketAddr) -> Result<ExitCode> {
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
pub(crate) async fn engine_alone(config: &Config, listen: SocketAddr) -> Result<ExitCode> {
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

pub(crate) async fn start_broker(config: &Config, listen: SocketAddr) -> Result<Broker> {
    tracing::info!("starting the embedded broker");
    let config = BrokerConfig { data_dir: config.data_dir.join("broker"), listen };
    Broker::start(config).await.context("starting the embedded broker")
}

pub(crate) async fn start_engine(config: &Config, listen: SocketAddr) -> Result<Engine> {
    tracing::info!("starting the embedded ClickHouse engine");
    let mut engine = EngineConfig::new(embedded::cache::engine_library(), config.data_dir.join("engine"));
    engine.listen = listen;
    // Whoever reads can't take what the product itself needs to write: there is a place for each of theirs, and its own.
    engine.max_queries = config.query.places() + config.query.export_places() + config.sql.places() + OWN_QUERIES;
    // Less than a stopping process has left when its services have stopped.
    engine.drain_timeout = engine.drain_timeout.min(config.deadline().mul_f64(0.15));
    let password = config.clickhouse.password.expose();
    engine.password = (!password.is_empty()).then(|| password.to_owned());
    Engine::start(engine).await.context("starting the embedded engine")
}

/// The engine reads files with this process's rights for whoever may query it, so other users of the machine may not.
/// The password stays beside the data, for its owner's own clients.
pub(crate) fn engine_password(data_dir: &Path) -> Result<String> {
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

/// The key that seals the console's cookies, so that sessions outlive a restart.
pub(crate) fn seal_key(data_dir: &Path) -> Result<Secret> {
    let file = data_dir.join("console.seal-key");
    if let Ok(known) = std::fs::read_to_string(&file)
        && !known.trim().is_empty()
    {
        return Ok(Secret::new(known.trim()));
    }
    let key = runtime::seal::new_key()?;
    write_private(&file, key.expose()).with_context(|| format!("writing {}", file.display()))?;
    Ok(key)
}

pub(crate) fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(file)?.write_all(text.as_bytes())
}
