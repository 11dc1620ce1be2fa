//! Activities: what rows tell of, once each.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemas::passive::SESSION_EXPIRED;

use crate::trace::intervals::Interval;
use crate::trace::rows::ActivityRow;
use crate::trace::{REACH, states};

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
    /// The event that tells of it.
    pub row: ActivityRow,
    /// Ids of other events that tell of the same: its beginning, or itself once more.
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

    pub(super) fn told(lane: Lane, row: ActivityRow, span: Option<Interval>) -> Self {
        Self { lane, span, open: false, row, others: Vec::new() }
    }
}

/// When an event occurred, in milliseconds.
pub(super) fn at(row: &ActivityRow) -> i64 {
    row.occurred_at.timestamp_millis()
}

/// How far activities reach, in milliseconds.
pub(super) const REACH_MS: i64 = REACH.num_milliseconds();

/// What an event tells of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It lasts by itself, or is a point.
    Whole,
    /// It begins.
    Begin,
    /// It ends.
    End,
}

/// The activities that `rows` (in the order of their times) tell of, in the order of their beginnings and ids. States whose
/// end is not known last up to `now`, in milliseconds.
///
/// An event that was stored twice is one, and so are events that tell of the same interval of the same thing.
#[must_use]
pub fn activities(rows: Vec<ActivityRow>, now: i64) -> Vec<Activity> {
    let mut known = HashSet::new();
    let mut found = Vec::new();
    // Sessions go on beside each other; of any other state a user is in one.
    let mut marks: BTreeMap<(Lane, String), Vec<states::Mark>> = BTreeMap::new();
    for row in rows {
        if !known.insert((row.event_id.clone(), row.key_id.clone(), row.source.clone())) {
            continue;
        }
        let ((channel, state), part) = place(&row);
        let lane = Lane { channel: channel.to_owned(), state: state.to_owned() };
        let span = told(&row);
        if part == Part::Whole {
            found.push(Activity::told(lane, row, span));
        } else {
            let session = if lane.channel == SESSION { row.session_key.clone() } else { String::new() };
            marks.entry((lane, session)).or_default().push(states::Mark { row, part, span });
        }
    }
    for ((lane, _), marks) in marks {
        states::pair(&lane, marks, now, &mut found);
    }
    let mut found = once(found);
    found.sort_by(|one, other| (one.begun(), &one.row.event_id).cmp(&(other.begun(), &other.row.event_id)));
    found
}

/// Which lane an event belongs to, and what it tells there.
fn place(row: &ActivityRow) -> ((&str, &str), Part) {
    match (row.channel.as_str(), row.action.as_str()) {
        (_, "sign_in") if row.outcome != "failure" => ((SESSION, "signed_in"), Part::Begin),
        (_, "sign_out" | SESSION_EXPIRED) => ((SESSION, "signed_in"), Part::End),
        ("call", "call_in" | "call_out") => (("call", "call"), Part::Whole),
        ("ticket", "update") => (("ticket", "editing"), Part::Whole),
        ("pause", "pause_start") => match row.event_type.as_str() {
            "pause.paid_started" => (("pause", "paid"), Part::Begin),
            "pause.unpaid_started" => (("pause", "unpaid"), Part::Begin),
            _ => (("pause", "pause_start"), Part::Whole),
        },
        ("pause", "pause_paid") => (("pause", "paid"), Part::End),
        ("pause", "pause_unpaid") => (("pause", "unpaid"), Part::End),
        ("ready", "ready_start") => (("ready", "ready"), Part::Begin),
        ("ready", "ready") => (("ready", "ready"), Part::End),
        ("free", "free_start") => (("free", "free"), Part::Begin),
        ("free", "free") => (("free", "free"), Part::End),
        (channel, "send") if !channel.is_empty() => ((channel, "writing"), Part::Whole),
        (channel, "close") if !channel.is_empty() => ((channel, "closed"), Part::Whole),
        lane => (lane, Part::Whole),
    }
}

/// The interval that an event tells: from when it says it began, or else up to when it occurred.
fn told(row: &ActivityRow) -> Option<Interval> {
    let lasted = i64::try_from(row.duration_ms).unwrap_or(i64::MAX);
    let at = at(row);
    // A column without a value holds 1970-01-01.
    let start = match row.started_at.timestamp_millis() {
        0 => at.saturating_sub(lasted),
        started => started,
    };
    let near = Interval::new(at - REACH_MS, at + REACH_MS)?;
    Interval::new(start, start.saturating_add(lasted))?.clip(near)
}

/// Leaves one of those that tell of the same interval of the same thing: the first by time and id, which knows of the others.
fn once(mut found: Vec<Activity>) -> Vec<Activity> {
    found.sort_by(|one, other| (one.at(), &one.row.event_id).cmp(&(other.at(), &other.row.event_id)));
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut left: Vec<Activity> = Vec::with_capacity(found.len());
    for activity in found {
        let Some(span) = activity.span else {
            left.push(activity);
            continue;
        };
        let thing = (activity.row.object_type.clone(), activity.row.object_id.clone());
        let place = *places.entry((activity.lane.clone(), span, thing)).or_insert(left.len());
        match left.get_mut(place) {
            Some(first) => {
                first.others.push(activity.row.event_id);
                first.others.extend(activity.others);
                first.open &= activity.open;
            }
            None => left.push(activity),
        }
    }
    left
}

#[cfg(test)]
mod tests;
