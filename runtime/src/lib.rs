//! What every role needs of the outside world: one file for each outside thing. A role reads its [`config`], starts
//! [`telemetry`], serves [`ops`], keeps [`settings`] in memory, and stops by [`shutdown`]; [`probe`] and
//! [`shutdown`] see to it that [`ops`] reports truly what is there.

pub mod access;
pub mod backoff;
pub mod clickhouse;
pub mod client_ip;
mod compacted;
pub mod config;
pub mod freshness;
pub mod http;
pub mod kafka;
pub mod limiter;
pub mod memory;
pub mod metrics;
pub mod oidc;
pub mod ops;
pub mod outbound;
pub mod principal;
pub mod probe;
pub mod problem;
pub mod receipts;
pub mod retry_action;
pub mod seal;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod throttle;
pub mod unreadable;
pub mod webhook;
pub mod zones;
