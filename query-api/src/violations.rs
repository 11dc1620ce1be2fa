//! Broken rules, and what staff said of them.

pub mod list;
pub mod reviews;
pub mod view;
