//! stub
mod cache;
pub mod device;
pub mod geo;
pub mod rules;
