//! Figures of one user's work, and the rows that they are made of.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::export::table::Cell;
use crate::trace::activity::{Activity, SESSION};
use crate::trace::figures::Measure::{Count, CountNamed, Objects, Time, TimeWithin};
use crate::trace::intervals::{Interval, Set};
use crate::trace::rows::ActivityRow;

/// What a figure counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FigureUnit)]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Activities, or objects that they were about.
    Count,
}

impl Unit {
    /// The word in an answer.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ms => "ms",
            Self::Count => "count",
        }
    }

    /// A number of it in a file: time is shown as such.
    pub(crate) fn cell(self, number: u64) -> Cell<'static> {
        match self {
            Self::Ms => Cell::Lasted(number),
            Self::Count => Cell::Whole(number),
        }
    }

    /// The unit itself in a file.
    pub(crate) fn named(self) -> Cell<'static> {
        match self {
            Self::Ms => Cell::Translated(self.as_str(), ["h:mm:ss", "ч:мм:сс", "h:mm:ss"]),
            Self::Count => Cell::code("unit", self.as_str()),
        }
    }
}

/// A channel and a state.
type Place = (&'static str, &'static str);

#[derive(Debug, Clone, Copy)]
enum Measure {
    /// The time of all intervals together; overlaps once.
    Time(Place),
    /// The time of the first that is within the second.
    TimeWithin(Place, Place),
    /// Activities whose events occurred in the period.
    Count(Place),
    /// Such activities that name an object.
    CountNamed(Place),
    /// Different objects of such activities, as far as they succeeded.
    Objects(Place),
}

/// A figure.
#[derive(Debug)]
pub struct Figure {
    /// Its name, as in `figure=`.
    pub name: &'static str,
    measure: Measure,
}

const fn figure(name: &'static str, measure: Measure) -> Figure {
    Figure { name, measure }
}

const READY: Place = ("ready", "ready");
const FREE: Place = ("free", "free");

/// All figures.
pub const FIGURES: &[Figure] = &[
    figure("calls.talk_time", Time(("call", "talk"))),
    figure("calls.duration", Time(("call", "call"))),
    figure("calls.closed", Count(("call", "closed"))),
    figure("emails.writing_time", Time(("email", "writing"))),
    figure("emails.closed", Count(("email", "closed"))),
    figure("sms.writing_time", Time(("sms", "writing"))),
    figure("sms.closed", Count(("sms", "closed"))),
    figure("web_chat.writing_time", Time(("web_chat", "writing"))),
    figure("web_chat.closed", Count(("web_chat", "closed"))),
    figure("messenger.writing_time", Time(("messenger", "writing"))),
    figure("messenger.closed", Count(("messenger", "closed"))),
    figure("whatsapp.writing_time", Time(("whatsapp", "writing"))),
    figure("whatsapp.closed", Count(("whatsapp", "closed"))),
    figure("viber.writing_time", Time(("viber", "writing"))),
    figure("viber.closed", Count(("viber", "closed"))),
    figure("tickets.edited", Objects(("ticket", "editing"))),
    figure("tickets.editing_time", Time(("ticket", "editing"))),
    figure("tickets.closed", CountNamed(("ticket", "closed"))),
    figure("pauses.paid", Count(("pause", "paid"))),
    figure("pauses.paid_time", Time(("pause", "paid"))),
    figure("pauses.unpaid", Count(("pause", "unpaid"))),
    figure("pauses.unpaid_time", Time(("pause", "unpaid"))),
    figure("presence.signed_in_time", Time((SESSION, "signed_in"))),
    figure("presence.ready_time", Time(READY)),
    figure("presence.free_time", TimeWithin(FREE, READY)),
];

/// An activity as a row of a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listed<'a> {
    /// It.
    pub activity: &'a Activity,
    /// Its place in the order: when it begins in the period, or when it is counted.
    pub at: i64,
    /// What it adds to the figure; none where no figure is asked for.
    pub counted: Option<u64>,
}

/// The names of all figures.
pub(crate) fn names() -> Vec<&'static str> {
    FIGURES.iter().map(|figure| figure.name).collect()
}

impl Figure {
    /// The figure of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FIGURES.iter().find(|figure| figure.name == name)
    }

    /// What it counts in.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self.measure {
            Time(_) | TimeWithin(..) => Unit::Ms,
            Count(_) | CountNamed(_) | Objects(_) => Unit::Count,
        }
    }

    /// The channels whose activities it takes.
    pub fn channels(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (of, other) = match self.measure {
            Time(place) | Count(place) | CountNamed(place) | Objects(place) => (place, None),
            TimeWithin(place, within) => (place, Some(within)),
        };
        [Some(of), other].into_iter().flatten().map(|(channel, _)| channel)
    }

    /// Its value in a period.
    #[must_use]
    pub fn value(&self, activities: &[Activity], period: Interval) -> u64 {
        match self.measure {
            Time(place) => while_in(place, activities, period).measure(),
            TimeWithin(place, within) => {
                let within = while_in(within, activities, period);
                while_in(place, activities, period).intersection(&within).measure()
            }
            Count(place) => counted(place, activities, period).map(|_| 1).sum(),
            CountNamed(_) | Objects(_) => self.rows(activities, period).iter().filter_map(|row| row.counted).sum(),
        }
    }

    /// Every activity that it takes, in order, each with what it adds: time or an object that several share is the first one's.
    #[must_use]
    pub fn rows<'a>(&self, activities: &'a [Activity], period: Interval) -> Vec<Listed<'a>> {
        match self.measure {
            Time(place) => timed(place, activities, period, Interval::measure),
            TimeWithin(place, within) => {
                let within = while_in(within, activities, period);
                timed(place, activities, period, |new| within.measure_within(new))
            }
            Count(place) => {
                let row = |activity: &'a Activity| Listed { activity, at: activity.at(), counted: Some(1) };
                in_order(counted(place, activities, period).map(row).collect())
            }
            CountNamed(place) => {
                let row = |activity: &'a Activity| Listed { activity, at: activity.at(), counted: Some(1) };
                in_order(named(place, activities, period).map(row).collect())
            }
            Objects(place) => {
                let mut known = HashSet::new();
                let row = |activity: &'a Activity| Listed { activity, at: activity.at(), counted: None };
                let done = named(place, activities, period).filter(|activity| activity.row.has_succeeded());
                let mut rows = in_order(done.map(row).collect());
                for row in &mut rows {
                    let ActivityRow { object_type, object_id, .. } = &row.activity.row;
                    row.counted = Some(u64::from(known.insert((object_type, object_id))));
                }
                rows
            }
        }
    }
}

/// Every activity that was going on in a period, in order.
#[must_use]
pub fn all(activities: &[Activity], period: Interval) -> Vec<Listed<'_>> {
    let row = |activity| shown(activity, period).map(|at| Listed { activity, at, counted: None });
    in_order(activities.iter().filter_map(row).collect())
}

/// When an activity begins as a period shows it; none if it is outside.
#[must_use]
pub fn shown(activity: &Activity, period: Interval) -> Option<i64> {
    match activity.span {
        Some(span) => span.clip(period).map(Interval::start),
        None => Some(activity.at()).filter(|at| period.contains(*at)),
    }
}

fn in_order(mut rows: Vec<Listed<'_>>) -> Vec<Listed<'_>> {
    rows.sort_by_cached_key(|row| (row.at, row.activity.row.place()));
    rows
}

fn spans(place: Place, activities: &[Activity], period: Interval) -> impl Iterator<Item = (&Activity, Interval)> {
    let of = activities.iter().filter(move |activity| activity.lane.is(place));
    of.filter_map(move |activity| Some((activity, activity.span?.clip(period)?)))
}

fn while_in(place: Place, activities: &[Activity], period: Interval) -> Set {
    spans(place, activities, period).map(|(_, span)| span).collect()
}

fn counted(place: Place, activities: &[Activity], period: Interval) -> impl Iterator<Item = &Activity> {
    activities.iter().filter(move |activity| activity.lane.is(place) && period.contains(activity.at()))
}

fn named(place: Place, activities: &[Activity], period: Interval) -> impl Iterator<Item = &Activity> {
    counted(place, activities, period).filter(|activity| !activity.row.object_id.is_empty())
}

/// The intervals of a place in order, each with the measure of what no earlier one has.
fn timed<'a>(
    place: Place,
    activities: &'a [Activity],
    period: Interval,
    measure: impl Fn(Interval) -> u64,
) -> Vec<Listed<'a>> {
    let row = |(activity, span): (&'a Activity, Interval)| Listed { activity, at: span.start(), counted: None };
    let mut rows = in_order(spans(place, activities, period).map(row).collect());
    // Starts ascend, so what was taken before is all that lies before the latest end.
    let mut taken = period.start();
    for row in &mut rows {
        let span = row.activity.span.and_then(|span| span.clip(period));
        let new = span.and_then(|span| Interval::new(span.start().max(taken), span.end()));
        row.counted = Some(new.map_or(0, &measure));
        taken = taken.max(span.map_or(taken, Interval::end));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T8–T13: the guide says of every figure which events make it, and names no other.
    #[test]
    fn every_figure_is_in_the_guide() {
        let guide = include_str!("../../../docs/figures.md");
        let rows = guide.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('|'));
        let named: Vec<&str> =
            rows.flat_map(|(names, _)| names.split('`').step_by(2).filter(|name| name.contains('.'))).collect();
        assert_eq!(named, names());
    }
}
