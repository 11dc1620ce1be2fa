//! The endpoint over the real engine, with rows of two tenants. Tests that run at the same time share one engine; each has a
//! database of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod clients;
mod drivers;
mod escapes;

mod guards;
mod requests;
mod server;
mod spellings;
mod statements;
mod support;
mod values;
