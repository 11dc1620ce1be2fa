//! The tables: their definitions, how they come to the shape of this program, and how rows leave them.
//!
//! [`ddl`] holds the numbered SQL files of `storage/clickhouse/` and what their placeholders become; [`migrate()`] applies them;
//! [`retention`] deletes what the tenants' settings have ended, and keeps what they have extended. Who writes and reads rows stands
//! elsewhere: `enrich` and `query-api`, `bi`.

pub mod ddl;
mod migrate;
pub mod retention;

pub use crate::migrate::{MigrateError, migrate};
