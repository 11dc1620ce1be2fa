//! Users of the tenant's application: the list, and the page of one.

pub(crate) mod examples;
pub mod list;
pub(crate) mod order;
pub mod pages;
pub mod rows;
pub mod sign_ins;
pub(crate) mod since;
pub(crate) mod tables;
pub mod view;
