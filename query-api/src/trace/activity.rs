//! An activity: what one or several rows report.

use crate::trace::REACH;
use crate::trace::intervals::Interval;
use crate::trace::rows::ActivityRow;

/// Channel of being signed in, which has none of its own.
pub const SESSION: &str = "session";

/// What an activity is: a channel of communication, and what the user was in the midst of there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// As in the event; [`SESSION`] for being signed in; empty for what was done in the application itself.
    pub channel: String,
    /// `call`, `talk`, `writing`, `editing`, `closed`, `paid`, `unpaid`, `ready`, `free`, `signed_in`; else the action.
    pub state: String,
}

impl Lane {
    /// Whether it is this one.
    #[must_use]
    pub fn is(&self, (channel, state): (&str, &str)) -> bool {
        self.channel == channel && self.state == state
    }
}

/// Something that the user did.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    /// What it is.
    pub lane: Lane,
    /// While it lasted; none for a point.
    pub span: Option<Interval>,
    /// Whether its end is not known.
    pub open: bool,
    /// The event that reports it.
    pub row: ActivityRow,
    /// Ids of other events that report the same: its beginning, or itself once more.
    pub others: Vec<String>,
}

impl Activity {
    /// When its event occurred: what decides where it is counted.
    #[must_use]
    pub fn at(&self) -> i64 {
        at(&self.row)
    }

    /// When it began.
    #[must_use]
    pub fn begun(&self) -> i64 {
        self.span.map_or_else(|| self.at(), Interval::start)
    }

    pub(super) fn new(lane: Lane, row: ActivityRow, span: Option<Interval>) -> Self {
        Self { lane, span, open: false, row, others: Vec::new() }
    }
}

/// When an event occurred, in milliseconds.
pub(super) fn at(row: &ActivityRow) -> i64 {
    row.occurred_at.timestamp_millis()
}

/// How far activities reach, in milliseconds.
pub(super) const REACH_MS: i64 = REACH.num_milliseconds();

/// What an event reports of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It lasts by itself, or is a point.
    Whole,
    /// It begins.
    Begin,
    /// It ends.
    End,
}
