//! The API over the real engine, with rows put there by SQL. One engine serves all tests; each has a database of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod access;
mod admin;
mod filters;
mod paging;
mod plans;
mod problems;
mod statistics;
mod support;
mod tables;
