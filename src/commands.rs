//! The operator's tools.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use runtime::config::Config;

/// `usertrail dead-letter …`.
#[derive(Debug, Subcommand)]
pub enum DeadLetterCommand {
    /// Lists them, one JSON object a line.
    List(Wanted),
    /// Sends them to their topic again, each once, after what was wrong has been mended.
    Replay(Wanted),
}

/// Which dead letters.
#[derive(Debug, Args)]
pub struct Wanted {
    /// Only those with this reason, e.g. unknown_tenant.
    #[arg(long)]
    reason: Option<String>,
    /// Only those of this partition of events.raw.
    #[arg(long, value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,
}

impl Wanted {
    fn picks(&self, letter: &enrich::dead_letter::DeadLetter) -> bool {
        self.reason.as_ref().is_none_or(|reason| *reason == letter.reason)
            && self.partition.is_none_or(|partition| partition == letter.partition)
    }
}

/// `usertrail rules …`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Lists the rules in force.
    List,
}

/// Creates topics and tables.
///
/// # Errors
/// When Kafka or ClickHouse refuses.
pub async fn migrate(config: &Config) -> Result<ExitCode> {
    runtime::kafka::ensure_topics(&config.kafka).await?;
    let applied = storage::migrate(config).await?;
    let mut out = std::io::stdout().lock();
    match applied.as_slice() {
        [] => writeln!(out, "topics and tables are up to date")?,
        names => writeln!(out, "applied {}", names.join(", "))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Reconciles; exit code 1 when the books don't balance.
///
/// # Errors
/// When Kafka or ClickHouse can't be read.
pub async fn verify(config: &Config) -> Result<ExitCode> {
    let client = runtime::clickhouse::client(&config.clickhouse);
    let accounts = enrich::verify::verify(config, &client).await?;
    let mut out = std::io::stdout().lock();
    for account in &accounts {
        let verdict = if account.balances() { "balanced" } else { "DOES NOT BALANCE" };
        writeln!(
            out,
            "events.raw/{}: offsets {}..{} = {} rows + {} retries + {} dead letters; {} not committed yet: {verdict}",
            account.partition, account.from, account.to, account.rows, account.duplicates, account.dead, account.lag
        )?;
    }
    let sum = |count: fn(&enrich::verify::Account) -> u64| accounts.iter().map(count).sum::<u64>();
    let balanced = accounts.iter().all(enrich::verify::Account::balances);
    writeln!(
        out,
        "{}: {} offsets in = {} rows + {} retries + {} dead letters over {} partitions",
        if balanced { "balanced" } else { "DOES NOT BALANCE" },
        sum(|account| account.to - account.from),
        sum(|account| account.rows),
        sum(|account| account.duplicates),
        sum(|account| account.dead),
        accounts.len()
    )?;
    Ok(if balanced { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lists or replays dead letters.
///
/// # Errors
/// When Kafka can't be read or doesn't acknowledge.
pub async fn dead_letter(config: &Config, command: DeadLetterCommand) -> Result<ExitCode> {
    match command {
        DeadLetterCommand::List(wanted) => {
            let kafka = config.kafka.clone();
            let letters = tokio::task::spawn_blocking(move || enrich::dead_letter::list(&kafka)).await??;
            let mut out = std::io::stdout().lock();
            for letter in letters.iter().filter(|letter| wanted.picks(letter)) {
                let bytes = letter.payload.as_deref().unwrap_or_default();
                let line = serde_json::json!({
                    "topic": letter.topic,
                    "partition": letter.partition,
                    "offset": letter.offset,
                    "timestamp_ms": letter.timestamp,
                    "reason": letter.reason,
                    "detail": letter.detail,
                    "replayed": letter.replayed,
                    "key": letter.key.as_deref().map(String::from_utf8_lossy),
                    "bytes": letter.bytes,
                    "cut": letter.cut,
                    "sha256": letter.cut.then_some(&letter.sha256),
                    "payload": String::from_utf8_lossy(bytes),
                });
                writeln!(out, "{line}")?;
            }
        }
        DeadLetterCommand::Replay(wanted) => {
            let replayed = enrich::dead_letter::replay(&config.kafka, |letter| wanted.picks(letter)).await?;
            let mut out = std::io::stdout().lock();
            writeln!(out, "sent {} records again", replayed.sent)?;
            for (letter, why) in &replayed.left {
                writeln!(out, "{}/{} offset {} is not sent: {why}", letter.topic, letter.partition, letter.offset)?;
            }
            if !replayed.left.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists the rules.
///
/// # Errors
/// When a shipped rule doesn't compile.
pub fn rules(command: &RulesCommand) -> Result<ExitCode> {
    let RulesCommand::List = command;
    let rules = detect::rules::RuleSet::shipped()?;
    let mut out = std::io::stdout().lock();
    for rule in rules.rules().iter().filter(|rule| !rule.hidden) {
        writeln!(out, "{:<36} v{} {:<13} {}", rule.name, rule.version, rule.level.as_str(), rule.title)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the OpenAPI description.
///
/// # Errors
/// When standard output is closed.
pub fn openapi() -> Result<ExitCode> {
    let text = openapi_document().to_pretty_json().context("the OpenAPI description")?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

/// The OpenAPI description of all roles.
#[must_use]
pub fn openapi_document() -> utoipa::openapi::OpenApi {
    let mut document = query_api::openapi();
    document.merge(ingest::openapi());
    document
}
