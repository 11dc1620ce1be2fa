//! Users of the tenant's application: the list, and the page of one.

pub mod list;
pub mod pages;
pub(crate) mod since;
pub(crate) mod tables;
pub mod view;
