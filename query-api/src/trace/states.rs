//! States that begin and end by events of their own: pauses, ready, free, signed in.

use crate::trace::activity::{Activity, Lane, Part, REACH_MS, at};
use crate::trace::intervals::{Interval, Set};
use crate::trace::rows::ActivityRow;

/// An event that reports a state's beginning or end.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) row: ActivityRow,
    pub(super) part: Part,
    /// The whole of the state, if the event states it.
    pub(super) span: Option<Interval>,
}

impl Mark {
    /// Returns when it comes. At one instant a state that is reported whole comes first, for the next may begin where it ends; an end
    /// that reports no more than itself comes last, for it ends what began.
    fn order(&self) -> (i64, u8) {
        let rank = match (self.span, self.part) {
            (Some(_), _) => 0,
            (None, Part::Begin | Part::Whole) => 1,
            (None, Part::End) => 2,
        };
        (at(&self.row), rank)
    }
}

/// Makes activities of one state's marks.
///
/// An event that states the whole interval is believed before any beginning: one that lies within it, or comes right before it,
/// is the same state reported twice. A beginning without such an event lasts until the next mark; with none within
/// [`REACH`](crate::trace::REACH), it is open.
pub(super) fn pair(lane: &Lane, mut marks: Vec<Mark>, now: i64, found: &mut Vec<Activity>) {
    let whole: Set = marks.iter().filter_map(|mark| mark.span).collect();
    marks.sort_by_key(Mark::order);
    let mut begun: Option<ActivityRow> = None;
    let mut reported_already: Vec<String> = Vec::new();
    let mut last_whole = None;
    let until = |begin: ActivityRow, next: Option<i64>| {
        let end = next.filter(|next| next - at(&begin) <= REACH_MS);
        let span = Interval::new(at(&begin), end.unwrap_or_else(|| now.min(at(&begin) + REACH_MS)));
        Activity { open: end.is_none(), ..Activity::new(lane.clone(), begin, span) }
    };
    for Mark { row, part, span } in marks {
        let here = at(&row);
        let before = begun.take();
        match (span, part) {
            (Some(span), _) => {
                match before {
                    Some(begin) if here - at(&begin) <= REACH_MS && span.end() > at(&begin) => {
                        reported_already.push(begin.event_id)
                    }
                    Some(begin) => found.push(until(begin, Some(here))),
                    None => {}
                }
                let others = std::mem::take(&mut reported_already);
                last_whole = Some(found.len());
                found.push(Activity { others, ..Activity::new(lane.clone(), row, Some(span)) });
            }
            (None, Part::End) => match before.map(|begin| until(begin, Some(here))) {
                Some(mut activity) if !activity.open => {
                    activity.others.push(row.event_id);
                    found.push(activity);
                }
                lost => {
                    found.extend(lost);
                    found.push(Activity::new(lane.clone(), row, None));
                }
            },
            (None, Part::Begin | Part::Whole) => {
                found.extend(before.map(|begin| until(begin, Some(here))));
                if whole.contains(here) {
                    reported_already.push(row.event_id);
                } else {
                    begun = Some(row);
                }
            }
        }
    }
    found.extend(begun.map(|begin| until(begin, None)));
    if let Some(last) = last_whole.and_then(|place| found.get_mut(place)) {
        last.others.append(&mut reported_already);
    }
}
