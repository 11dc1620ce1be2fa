//! `usertrail retain`: what retention has ended leaves the disk, once or again and again.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::Utc;
use clap::Args;
use runtime::config::Config;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use storage::retention::{Extended, Retention, RetentionError};

use crate::roles::exit_now;

/// Options of `retain`.
#[derive(Debug, Args)]
pub struct Options {
    /// Again and again, with so many minutes in between; once unless given.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=1440))]
    every: Option<u64>,
}

/// Runs it.
///
/// # Errors
/// When the settings can't be followed, the store is a cluster, or, for a single run, something could not be deleted.
pub async fn run(config: Config, options: Options) -> Result<ExitCode> {
    let retention = Retention::configured(&config)?;
    let shutdown = Shutdown::default();
    shutdown.on_signals(config.deadline(), exit_now)?;
    let settings = Settings::spawn(&config, &shutdown).context("following the settings")?;
    anyhow::ensure!(settings.ready_unless_silent().await, "the settings can't be read: Kafka is silent");
    match options.every {
        None => once(&retention, &settings).await?,
        Some(minutes) => {
            let every = Duration::from_secs(60 * minutes);
            shutdown.token().run_until_cancelled(again(&retention, &settings, every)).await;
        }
    }
    shutdown.request();
    Ok(ExitCode::SUCCESS)
}

/// Runs it for ever; what fails is tried again with the next turn.
pub async fn again(retention: &Retention, settings: &Settings, every: Duration) {
    let mut turns = tokio::time::interval(every);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        if let Err(error) = once(retention, settings).await {
            tracing::warn!(%error, "retention is not on disk yet");
        }
    }
}

/// First what is kept longer, for that can't be brought back; then every tenant. What fails keeps no other from its turn, and
/// the last failure is returned.
async fn once(retention: &Retention, settings: &Settings) -> Result<(), RetentionError> {
    let tenants = settings.tenants();
    let mut outcome = retention.extend_ttl(&tenants).await.map(|done| {
        for Extended { table, is_altered, recalculated, rows } in done {
            tracing::info!(table, is_altered, recalculated, rows, "TTL follows an extended retention");
        }
    });
    for tenant in tenants {
        match retention.tenant(&tenant, Utc::now()).await {
            Ok(deleted) => {
                for one in deleted {
                    tracing::info!(tenant = tenant.id, table = one.table, rows = one.rows, "retention ended");
                }
            }
            Err(error) => outcome = Err(error),
        }
    }
    outcome
}
