//! SQL for BI tools (P10): ClickHouse's HTTP interface over a few documented views, each confined to the tenant of the key.

pub mod catalogue;
pub mod confine;
pub mod refusal;
mod request;
pub mod settings;
pub mod views;
