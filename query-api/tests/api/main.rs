//! The API over the real engine, with rows put there by SQL. Tests that run at the same time share one engine; each
//! has a database of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod access;
mod activities;
mod activity_words;
mod admin;
mod alerts;
mod bodies;
mod bulk_reviews;
mod closed;
mod confidence;
mod configuration;
mod console;
mod counted;
mod devices_access;
mod differential;
mod exemptions;
mod explanations;
mod fairness;

mod export_files;
mod exports;
mod filters;
mod following;
mod ingest_status;
mod log;
mod objects;

mod matrix;
mod me;
mod oidc;
mod paging;
mod plans;
mod problems;
mod races;
mod restore;

mod retention;
mod reviews;
mod rules;
mod search;
mod staff;
mod statistics;
mod summary;
mod support;
mod tables;
mod timeline;
mod traces;

mod tenant_lists;
mod tenant_plans;

mod tenant_statistics;
mod trials;
mod users;
mod violations;
