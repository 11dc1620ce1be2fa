//! Broken rules, and what staff said of them.

pub(crate) mod examples;
pub mod filter;
pub mod list;
pub mod reviews;
pub mod rows;
pub(crate) mod table;
pub mod view;
