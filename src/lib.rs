//! The composition root of `usertrail`: the one crate that knows all others.
//!
//! [`cli`] reads the command line, [`roles`] starts what it names, [`commands`] are the operator's tools, [`retain`] takes
//! ended retention off the disk. The feature `embedded` adds `one_machine`: all roles in one process, on an embedded broker
//! and engine, and the demo.

pub mod cli;
pub mod commands;
pub mod console;
mod index;
#[cfg(feature = "embedded")]
pub mod one_machine;
pub mod retain;
pub mod roles;
