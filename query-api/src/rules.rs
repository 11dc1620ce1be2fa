//! Rules: what applies, a tenant's own, tried on history, and explained.

pub(crate) mod examples;
pub mod explained;
pub mod explanations;
pub mod history;
pub mod known;
pub mod list;
pub mod own;
pub(crate) mod reasons;
pub(crate) mod titles;
pub mod trials;
