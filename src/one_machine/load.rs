//! `usertrail load`: the demo's company works, at a steady rate.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use tokio_util::sync::CancellationToken;

/// `usertrail load`.
#[derive(Debug, Args)]
pub struct Options {
    /// Where usertrail listens.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// An API key with the role `ingest`.
    #[arg(long, env = "USERTRAIL_KEY", hide_env_values = true)]
    key: String,
    /// Events a second.
    #[arg(long, default_value_t = 20.0, value_parser = rate)]
    rate: f64,
    /// Stop after this many events.
    #[arg(long)]
    count: Option<u64>,
}

/// Reads events a second: more than none, and a number.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| (0.001..=1e6).contains(rate));
    rate.ok_or_else(|| "expected a number from 0.001 to 1000000".to_owned())
}

/// Sends the demo load until a signal.
///
/// # Errors
/// When the signals can't be had.
pub async fn run(load: Options) -> Result<ExitCode> {
    let stop = CancellationToken::new();
    let signalled = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            signalled.cancel();
        }
    });
    let report = demo::load(&load.url, &load.key, load.rate, load.count, stop).await?;
    let (accepted, rejected, retries) = (report.accepted, report.rejected, report.retries);
    writeln!(std::io::stdout(), "{accepted} events accepted, {rejected} rejected, {retries} requests repeated")?;
    Ok(ExitCode::SUCCESS)
}
