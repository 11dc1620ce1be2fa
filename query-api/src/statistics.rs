//! What one user or a whole tenant did, in figures.

pub(crate) mod examples;
pub mod rows;
pub mod tenant;
pub mod user;
pub mod view;
