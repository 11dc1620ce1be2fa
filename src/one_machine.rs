//! What the feature `embedded` adds to the program: everything on one machine, its parts alone, and the demo's load.

mod demo_tenant;
mod history;
pub mod load;
mod parts;
pub mod up;
mod welcome;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use runtime::config::Config;

/// Where the embedded broker listens when it runs alone.
const BROKER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9092);
/// Where the embedded engine listens when it runs alone.
const ENGINE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8123);
/// Settings that `up` decides by itself, and what to use instead.
const DECIDED_BY_UP: &[(&str, &str)] = &[
    ("clickhouse.password", "is made by `up` itself"),
    ("clickhouse.url", "is that of `up`'s own engine"),
    ("kafka.brokers", "is that of `up`'s own broker"),
    ("kafka.partitions", "is given to `up` by --partitions"),
    ("sql.user", "is nothing that the embedded engine has"),
];

/// Commands for one machine.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything on one machine: broker, engine, ingest, enrich, query API and alerts.
    Up(up::Options),
    /// The embedded broker alone, on a loopback address.
    Broker,
    /// The embedded ClickHouse engine alone, on a loopback address.
    Engine,
    /// Sends a believable load to a running usertrail.
    Load(load::Options),
}

impl Command {
    /// Whether it listens and keeps data, or does neither.
    pub(crate) fn is_a_server(&self) -> bool {
        !matches!(self, Self::Load(_))
    }

    /// The settings that it decides by itself, and what to use instead.
    pub(crate) fn decided(&self) -> &'static [(&'static str, &'static str)] {
        if matches!(self, Self::Up(_)) { DECIDED_BY_UP } else { &[] }
    }

    /// What it logs where the configuration leaves it open: `up` is for people, who look for what it says, not for a log.
    pub(crate) fn log(&self) -> Option<&'static str> {
        matches!(self, Self::Up(options) if !options.verbose).then_some("warn")
    }

    /// Runs it to its end; `listen` is what the command line says.
    pub(crate) async fn run(self, config: Config, listen: Option<SocketAddr>) -> Result<ExitCode> {
        match self {
            Self::Up(options) => up::run(config, options).await,
            Self::Broker => parts::broker_alone(&config, listen.unwrap_or(BROKER)).await,
            Self::Engine => parts::engine_alone(&config, listen.unwrap_or(ENGINE)).await,
            Self::Load(options) => load::run(options).await,
        }
    }
}
