//! The API over the real engine, with rows put there by SQL. Tests that run at the same time share one engine; each
//! has a database of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod access;
mod admin;
mod alerts;
mod devices_access;
mod exemptions;
mod filters;
mod paging;
mod plans;
mod problems;
mod retention;
mod reviews;
mod rules;
mod staff;
mod statistics;
mod support;
mod tables;
mod tenant_statistics;
mod trials;
mod users;
mod violations;
