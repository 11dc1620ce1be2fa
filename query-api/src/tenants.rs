//! Tenants: their settings, keys, plans and usage.

pub(crate) mod changes;
pub(crate) mod examples;
pub mod ingest_status;
pub mod keys;
pub mod list;
pub mod plan;
pub mod retention;
pub mod settings;
pub mod usage;
