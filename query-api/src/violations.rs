//! Broken rules, and what staff said of them.

pub mod bulk;
pub(crate) mod examples;
pub mod filter;
pub mod list;
pub mod reviews;
pub mod rows;
pub mod summary;
pub(crate) mod table;
pub mod view;
