//! The composition root of `usertrail`: the one crate that knows all others.
//!
//! [`cli`] reads the command line, [`roles`] starts what it names, [`up`] starts all of it on one machine with the
//! embedded broker and engine; [`commands`] are the operator's tools, [`retain`] what takes
//! ended retention off the disk, [`demo`] the believable load.

pub mod cache;
pub mod cli;
pub mod commands;
pub mod demo;
pub mod retain;
pub mod roles;
pub mod up;
