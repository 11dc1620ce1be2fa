//! What one user did, as intervals of time. No I/O and no clock.
//!
//! Rows become [activities](activity): what lasts has an interval, what doesn't is a point. [Figures](figures) are measured
//! over them, with how much every activity adds, so that the rows of a figure add up to it.

pub mod activities;
pub mod activity;
pub(crate) mod examples;
pub mod figures;
pub mod intervals;
pub mod list;
pub(crate) mod reading;
pub mod rows;
pub(crate) mod states;
pub mod timeline;
pub mod totals;
pub mod view;

use chrono::TimeDelta;

/// How far an activity reaches from when its event occurred, to either side; what claims more is cut there, and so is a
/// state whose end is not known. It makes what a period shows a matter of the events near it: an activity is the same
/// whatever period it is looked at from.
pub const REACH: TimeDelta = TimeDelta::hours(24);
/// How long before a period events are read: what reaches into it, and other events of the same activities.
pub const BEFORE: TimeDelta = TimeDelta::hours(48);
/// How long after it.
pub const AFTER: TimeDelta = REACH;
