//! Makes activities of rows: each that they report, once.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemas::passive::SESSION_EXPIRED;

use crate::trace::activity::{Activity, Lane, Part, REACH_MS, SESSION, at};
use crate::trace::intervals::Interval;
use crate::trace::rows::ActivityRow;
use crate::trace::states;

/// Returns the activities that `rows` (in the order of their times) report, in the order of their beginnings and ids. States whose
/// end is not known last up to `now`, in milliseconds.
///
/// An event that was stored twice is one, and so are events that report the same interval of the same thing.
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
        let span = reported_interval(&row);
        if part == Part::Whole {
            found.push(Activity::new(lane, row, span));
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

/// Returns which lane an event belongs to, and what it reports there. What failed begins and ends nothing; it is a point of its own,
/// or the time that it took. Closed is what was, not what somebody only asked for.
fn place(row: &ActivityRow) -> ((&str, &str), Part) {
    let (lane, part) = lane(row);
    match (part, lane.1) {
        (Part::Begin | Part::End, _) if row.outcome == "failure" => ((&row.channel, &row.action), Part::Whole),
        (_, "closed") if !row.has_succeeded() => ((&row.channel, &row.action), Part::Whole),
        _ => (lane, part),
    }
}

/// The same of an event that succeeded.
fn lane(row: &ActivityRow) -> ((&str, &str), Part) {
    match (row.channel.as_str(), row.action.as_str()) {
        (_, "sign_in") => ((SESSION, "signed_in"), Part::Begin),
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

/// Returns the interval that an event reports: from when it says it began, or else up to when it occurred.
fn reported_interval(row: &ActivityRow) -> Option<Interval> {
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

/// Leaves one of those that report the same interval of the same thing: the first by time and id, which knows of the others.
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
