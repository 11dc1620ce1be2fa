//! A timeline: lanes of intervals, points, and buckets.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use schemas::zone::Zone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::log::labels::Labels;
use crate::trace::activity::{Activity, Lane};
use crate::trace::figures::all;
use crate::trace::intervals::{Interval, Set, tracks};
use crate::trace::view::{ActivityStyle, TracedActivity, TracedInterval, local};

/// The intervals of one channel and state.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineLane {
    /// As in its intervals.
    #[schema(example = "web_chat")]
    pub channel: String,
    /// As in its intervals.
    #[schema(example = "writing")]
    pub state: String,
    /// What these are called.
    pub labels: Labels,
    /// Time in it, overlaps once.
    pub time_ms: u64,
    /// Time of its intervals, each by itself.
    pub sum_ms: u64,
    /// How many tracks its intervals take.
    pub tracks: usize,
    /// In the order of their starts, cut at the borders of the period.
    pub intervals: Vec<TracedInterval>,
}

/// What doesn't last, of one channel.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelinePoints {
    /// Empty for what was done in the application itself.
    #[schema(example = "ticket")]
    pub channel: String,
    /// What it is called.
    pub labels: Labels,
    /// In the order of time.
    pub points: Vec<TracedActivity>,
}

/// A part of the period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineBucket {
    /// First instant inside, with the offset of the tenant's zone.
    #[schema(value_type = String, format = DateTime)]
    pub start: DateTime<FixedOffset>,
    /// First instant outside.
    #[schema(value_type = String, format = DateTime)]
    pub end: DateTime<FixedOffset>,
    /// What was done in it; what wasn't is left out.
    pub parts: Vec<TimelinePart>,
}

/// What was done in a bucket, of one channel and state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelinePart {
    /// As in lanes and points.
    #[schema(example = "web_chat")]
    pub channel: String,
    /// As in lanes and points.
    #[schema(example = "writing")]
    pub state: String,
    /// Time in it, overlaps once.
    pub time_ms: u64,
    /// Activities whose events occurred then.
    pub count: u64,
}

/// The intervals of a period, by lane.
pub fn lanes(activities: &[Activity], period: Interval, style: &ActivityStyle) -> Vec<TimelineLane> {
    let mut by_lane: BTreeMap<&Lane, Vec<(&Activity, Interval)>> = BTreeMap::new();
    for row in all(activities, period) {
        if let Some(span) = row.activity.span.and_then(|span| span.clip(period)) {
            by_lane.entry(&row.activity.lane).or_default().push((row.activity, span));
        }
    }
    let lane = |(lane, rows): (&Lane, Vec<(&Activity, Interval)>)| {
        let spans = || rows.iter().map(|(_, span)| *span);
        let placed = tracks(spans());
        let interval = |((activity, _), track): (&(&Activity, Interval), &usize)| TracedInterval {
            activity: TracedActivity::new(activity, period, style),
            track: *track,
        };
        TimelineLane {
            channel: lane.channel.clone(),
            state: lane.state.clone(),
            labels: Labels::of_lane(&lane.channel, &lane.state, style.lang),
            time_ms: spans().collect::<Set>().measure(),
            sum_ms: spans().map(Interval::measure).sum(),
            tracks: placed.iter().max().map_or(0, |track| track + 1),
            intervals: rows.iter().zip(&placed).map(interval).collect(),
        }
    };
    by_lane.into_iter().map(lane).collect()
}

/// The points of a period, by channel.
pub fn points(activities: &[Activity], period: Interval, style: &ActivityStyle) -> Vec<TimelinePoints> {
    let mut by_channel: BTreeMap<&str, Vec<TracedActivity>> = BTreeMap::new();
    for row in all(activities, period).iter().filter(|row| row.activity.span.is_none()) {
        let shown = TracedActivity::new(row.activity, period, style);
        by_channel.entry(&row.activity.lane.channel).or_default().push(shown);
    }
    let of = |(channel, points): (&str, _)| TimelinePoints {
        channel: channel.to_owned(),
        labels: Labels::of_lane(channel, "", style.lang),
        points,
    };
    by_channel.into_iter().map(of).collect()
}

/// What was done between each two `edges`, which ascend.
pub fn buckets(activities: &[Activity], edges: &[DateTime<FixedOffset>]) -> Vec<TimelineBucket> {
    let mut spans: BTreeMap<&Lane, Vec<Interval>> = BTreeMap::new();
    let mut times: BTreeMap<&Lane, Vec<i64>> = BTreeMap::new();
    for activity in activities {
        spans.entry(&activity.lane).or_default().extend(activity.span);
        times.entry(&activity.lane).or_default().push(activity.at());
    }
    let lanes: Vec<(&Lane, Set, Vec<i64>)> = spans
        .into_iter()
        .zip(times.into_values())
        .map(|((lane, spans), mut times)| {
            times.sort_unstable();
            (lane, spans.into_iter().collect(), times)
        })
        .collect();
    let bucket = |edge: &[DateTime<FixedOffset>]| {
        let [start, end] = edge else { return None };
        let within = Interval::new(start.timestamp_millis(), end.timestamp_millis())?;
        let part = |(lane, set, times): &(&Lane, Set, Vec<i64>)| {
            let before = |bound: i64| times.partition_point(|at| *at < bound);
            let (time_ms, count) = (set.measure_within(within), before(within.end()) - before(within.start()));
            (time_ms > 0 || count > 0).then(|| TimelinePart {
                channel: lane.channel.clone(),
                state: lane.state.clone(),
                time_ms,
                count: count as u64,
            })
        };
        Some(TimelineBucket { start: *start, end: *end, parts: lanes.iter().filter_map(part).collect() })
    };
    edges.windows(2).filter_map(bucket).collect()
}

/// Edges of buckets, as the tenant's zone shows them.
pub(crate) fn edges(starts: &[DateTime<chrono::Utc>], end: i64, zone: Zone) -> Vec<DateTime<FixedOffset>> {
    starts.iter().map(DateTime::timestamp_millis).chain([end]).map(|edge| local(zone, edge)).collect()
}
