//! Where violations are reported to, and how that went.

pub mod alerting;
pub mod deliveries;
pub mod endpoints;
pub(crate) mod examples;
pub mod silences;
