//! The command line: one subcommand a role, and the operator's tools.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use runtime::config::{BadValue, Config, ConfigError, EXIT_CODE};

#[cfg(feature = "embedded")]
use crate::one_machine;
use crate::{commands, retain, roles};

/// Activity log, sign-in monitor and usage statistics for the tenants of a SaaS product.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

/// Settings from flags; all of them, with their defaults, are in `config.toml`.
#[derive(Debug, Args)]
struct Options {
    /// Configuration file (TOML); it needs only what differs from the defaults.
    #[arg(long, global = true, env = "USERTRAIL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on: of the HTTP interface [default: 127.0.0.1:8080], or of the broker [default: 127.0.0.1:9092] or
    /// engine [default: 127.0.0.1:8123] that runs alone.
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where the embedded parts keep their data [default: data].
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// One setting by its key, e.g. --set kafka.brokers=kafka:9092; may be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "embedded")]
    #[command(flatten)]
    OneMachine(one_machine::Command),
    /// HTTP → Kafka.
    Ingest,
    /// Kafka → ClickHouse. Several share the partitions between them.
    Enrich(roles::Accept),
    /// ClickHouse → HTTP, and the administration of tenants and keys.
    QueryApi,
    /// Violations → webhooks, Slack and Alertmanager. Several share the work.
    Alert,
    /// Creates topics and tables, or brings them up to date. Safe to repeat.
    Migrate,
    /// Reconciles: offsets in = rows + retries + dead letters, for every partition.
    Verify,
    /// Has the tables follow the tenants' retention: deletes what it has ended, keeps what it lengthened. Safe to repeat.
    Retain(retain::Options),
    /// Records that could not be stored.
    #[command(subcommand)]
    DeadLetter(commands::DeadLetterCommand),
    /// The rules that events are checked against.
    #[command(subcommand)]
    Rules(commands::RulesCommand),
    /// Prints the OpenAPI description of the HTTP interface.
    Openapi,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// How long what is left over at the end may take.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// Runs a command; the exit code says how it ended: 0 done, 1 failed, 64 bad configuration, 75 not stopped in time.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let outcome = refuse_unused(&cli).and_then(|()| config(&cli)).and_then(|config| {
        runtime::telemetry::init(&config.telemetry)?;
        // Before any setting is read, since zones are found by their names once.
        let zones = runtime::zones::bring(config.time_zones.as_deref())?;
        tracing::info!(version = zones, "time zones");
        runtime::http::raise_open_files();
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let outcome = threads.block_on(dispatch(cli, config));
        // A start that failed leaves threads that follow Kafka for ever; one that ended well has drained its own.
        threads.shutdown_timeout(LEFTOVERS);
        outcome
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("usertrail: {error:#}");
            if error.downcast_ref::<ConfigError>().is_some() { ExitCode::from(EXIT_CODE) } else { ExitCode::FAILURE }
        }
    }
}

/// Refuses flags that would mean nothing to the command, rather than passing over them.
fn refuse_unused(cli: &Cli) -> Result<()> {
    let Options { listen, data_dir, set, .. } = &cli.options;
    let (listens, keeps_data, decided) = match &cli.command {
        #[cfg(feature = "embedded")]
        Command::OneMachine(command) => (command.is_a_server(), command.is_a_server(), command.decided()),
        Command::Ingest | Command::Enrich(_) | Command::QueryApi | Command::Alert => (true, false, &[][..]),
        Command::Migrate
        | Command::Verify
        | Command::Retain(_)
        | Command::DeadLetter(_)
        | Command::Rules(_)
        | Command::Openapi => (false, false, &[][..]),
    };
    let nothing = "means nothing to this command";
    let mut refused = Vec::new();
    if listen.is_some() && !listens {
        refused.push(("--listen", nothing));
    }
    if data_dir.is_some() && !keeps_data {
        refused.push(("--data-dir", nothing));
    }
    refused.extend(decided.iter().filter(|(key, _)| set.iter().any(|(given, _)| given == key)));
    if refused.is_empty() {
        return Ok(());
    }
    let bad = refused.into_iter().map(|(key, why)| BadValue { key: key.to_owned(), why: why.to_owned() });
    Err(ConfigError::Values(bad.collect()).into())
}

fn config(cli: &Cli) -> Result<Config> {
    let options = &cli.options;
    let mut flags: Vec<(&str, String)> = Vec::new();
    if let Some(listen) = options.listen {
        flags.push(("listen", listen.to_string()));
    }
    if let Some(data_dir) = &options.data_dir {
        flags.push(("data_dir", data_dir.to_str().context("--data-dir is not UTF-8")?.to_owned()));
    }
    flags.extend(options.set.iter().map(|(key, value)| (key.as_str(), value.clone())));
    #[cfg_attr(not(feature = "embedded"), allow(unused_mut, reason = "only `up` changes it"))]
    let mut config = Config::load(options.config.as_deref(), std::env::vars(), &flags)?;
    #[cfg(feature = "embedded")]
    if let Command::OneMachine(command) = &cli.command
        && let Some(log) = command.log()
        && config.telemetry.log == Config::defaults()?.telemetry.log
    {
        log.clone_into(&mut config.telemetry.log);
    }
    Ok(config)
}

async fn dispatch(cli: Cli, config: Config) -> Result<ExitCode> {
    match cli.command {
        #[cfg(feature = "embedded")]
        Command::OneMachine(command) => command.run(config, cli.options.listen).await,
        Command::Ingest => roles::run(config, &[roles::Role::Ingest], roles::Accept::default()).await,
        Command::Enrich(accept) => roles::run(config, &[roles::Role::Enrich], accept).await,
        Command::QueryApi => roles::run(config, &[roles::Role::QueryApi], roles::Accept::default()).await,
        Command::Alert => roles::run(config, &[roles::Role::Alert], roles::Accept::default()).await,
        Command::Migrate => commands::migrate(&config).await,
        Command::Verify => commands::verify(&config).await,
        Command::Retain(options) => retain::run(config, options).await,
        Command::DeadLetter(command) => commands::dead_letter(&config, command).await,
        Command::Rules(command) => commands::rules(&command),
        Command::Openapi => commands::openapi(),
    }
}
