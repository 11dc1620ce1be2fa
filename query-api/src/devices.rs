//! Which devices may in, and who is exempt from the checks.

pub mod access;
pub mod check;
pub(crate) mod examples;
pub mod exemptions;
pub mod list;
