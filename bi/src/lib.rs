//! SQL for BI tools: ClickHouse's HTTP interface over a few documented views, each confined to the tenant of the key.
//!
//! A request is read by `request`, its key gives the tenant, and its statement is written anew by [`rewrite`] over the
//! [`views`] and the [`catalogue`]. The [`store`] runs it within settings that confine it once more, and [`endpoint`] passes
//! the result on as it comes, or as [`native`] blocks of the client's version, or compressed. [`selftest`] has to find all of that in order before anything is listened for.

pub mod catalogue;
mod compressed;
pub mod endpoint;
mod failure;
pub mod functions;
mod literals;
pub mod native;
pub mod refusal;
mod request;
pub mod rewrite;
pub mod selftest;
pub mod settings;
pub mod store;
mod types;
mod values;
pub mod views;
mod zones;

pub use endpoint::{Bi, StartError, router};
