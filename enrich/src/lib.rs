//! The enricher's leg of an event's path: Kafka → geo, device, rules → ClickHouse.
//!
//! ```text
//!  events.raw ─► worker ─► batch: decode ─► seen? ─► stages: geo ─► device ─► rules ─► rows
//!                                  │           └► duplicate, counted                     │ sealed: by time, rows, bytes
//!                                  └► dead letter                                        ▼
//!                                                     commit ◄─ dead letters ◄─ insert ◄─ ledger: what goes into it
//! ```
//!
//! [`stages`] and what they call are pure; the worker, [`partition`], [`sink`] and [`dead_letter`] do I/O.
//! Each record ends in exactly one way: stored, counted as a retry of an event stored already, or in the dead letter.

pub mod batch;
mod cache;
pub mod cross;
pub mod dead_letter;
mod delivery;
pub mod device;
pub mod geo;
mod lag;
mod membership;
pub mod metrics;
pub mod native;
pub mod outgoing;
pub mod partition;
pub mod patience;
pub mod policy;
pub mod record_error;
mod record_headers;
mod reread;
mod role;
pub mod rows;
pub mod rulebook;
mod sending;
pub mod sink;
pub mod stages;
pub mod state;
pub mod stream;
pub mod verify;
mod view;
mod violation_draft;
mod worker;

pub use role::Enricher;
