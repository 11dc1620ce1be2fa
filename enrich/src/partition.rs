//! One partition of `events.raw`, as its owner knows it, and how it is taken over from the owner before.
//!
//! [`ledger`]: what goes into which insert. [`changelog`]: what is known of users, as a topic. [`dedup_window`]: the events stored
//! lately. [`memory`]: the last two, from record to record. `restore` brings all of them back.

pub mod changelog;
pub mod dedup_window;
pub mod ledger;
pub mod memory;
pub(crate) mod restore;
