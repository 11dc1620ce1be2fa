//! How a period is counted: from which table, with which buckets, and what of it from the events themselves.

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use runtime::problem::Problem;

use crate::http::page::ReadRequest;
use crate::http::period::{Calendar, Period, PeriodSpec, Width, buckets};
use crate::statistics::rows::{COUNTED_EVENTS, COUNTED_QUARTERS, COUNTED_USERS, STATISTICS};
use crate::statistics::tenant::asked::StatisticsRequest;
use crate::statistics::view::Dimension;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::{Clauses, NamedQuery};

/// Most buckets of one series: a quarter by the hour, or the longest day by the minute.
const MAX_BUCKETS: usize = 2300;
const MAX_MINUTES: usize = 25 * 60;
/// Most buckets of all series together.
const MAX_CELLS: usize = 20_000;
/// Longest period that is counted from the events of all users: a month, one of whose days may be longer.
const LONGEST_OF_EVENTS: TimeDelta = TimeDelta::hours(31 * 24 + 1);
const QUARTER_MS: i64 = 900_000;
const HOUR_MS: i64 = 3_600_000;

/// Events of the quarters of an hour that a boundary cuts.
const IN_CUT_QUARTERS: &str = "AND toStartOfFifteenMinutes(occurred_at) IN {cut:Array(DateTime('UTC'))}";
/// Events that were received on the day on which their category's retention ends, outside the quarters that are cut.
const ON_LAST_DAYS: &str = "AND toStartOfFifteenMinutes(occurred_at) NOT IN {cut:Array(DateTime('UTC'))}
    AND toDate(received_at) IN {last_days:Array(Date)}
    AND toDate(received_at) = toDate(kept_from)";
/// Events of hours for which the rollup of users is not whole.
const OUTSIDE_WHOLE_HOURS: &str = "AND (
        occurred_at < {whole_from:DateTime64(3, 'UTC')}
        OR toStartOfHour(occurred_at) IN {cut:Array(DateTime('UTC'))}
    )";

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The rollup by quarters of an hour, which knows everything but users and minutes.
    Quarters,
    /// The rollup by users and hours, which knows no locations, no categories, and nothing distinct by dimensions.
    Users,
    /// The events.
    Events,
}

impl Source {
    fn of(asked: &StatisticsRequest) -> Self {
        let beyond_users = asked.users
            || asked.devices
            || asked.by.contains(&Dimension::Location)
            || asked.filters_by("location")
            || asked.filters_by("category");
        match asked.interval {
            Some(Width::Minute) => Self::Events,
            _ if !asked.tells_users_apart() => Self::Quarters,
            _ if beyond_users => Self::Events,
            _ => Self::Users,
        }
    }

    /// The name of the query, for logs and metrics.
    fn name(self) -> &'static str {
        match self {
            Self::Quarters => "statistics_quarters",
            Self::Users => "statistics_users",
            Self::Events => "statistics_events",
        }
    }

    /// The statement that sums by bucket and dimensions. What a rollup can't answer exactly is counted from the events.
    fn counted(self) -> String {
        let rollup = match self {
            Self::Quarters => Some(COUNTED_QUARTERS),
            Self::Users => Some(COUNTED_USERS),
            Self::Events => None,
        };
        let of_events: &[&str] = match self {
            Self::Quarters => &[IN_CUT_QUARTERS, ON_LAST_DAYS],
            Self::Users => &[OUTSIDE_WHOLE_HOURS],
            Self::Events => &[""],
        };
        let events = of_events.iter().map(|which| COUNTED_EVENTS.text.replace("/* which */", which));
        rollup.map(|rollup| rollup.text.to_owned()).into_iter().chain(events).collect::<Vec<_>>().join("UNION ALL\n")
    }

    fn unit_ms(self) -> i64 {
        match self {
            Self::Quarters => QUARTER_MS,
            Self::Users => HOUR_MS,
            Self::Events => 1,
        }
    }
}

/// A period, and how it is counted.
#[derive(Debug)]
pub(super) struct Plan {
    source: Source,
    /// Where the period before begins, if there is to be one.
    pub(super) previous: Option<DateTime<Utc>>,
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    /// The period as the answer states it.
    pub(super) told: Period,
    /// First instants of the buckets.
    pub(super) starts: Vec<DateTime<Utc>>,
    parts: Vec<(&'static str, &'static str)>,
    top: u32,
}

impl Plan {
    /// A plan, or why there is none.
    pub(super) fn new(
        asked: &StatisticsRequest,
        (spec, period): (PeriodSpec, Period),
        calendar: Calendar,
        reading: &ReadRequest,
    ) -> Result<Self, Problem> {
        let (keep, now) = (reading.cutoffs(), reading.now);
        let (from, to) = period.closed(keep, now);
        if asked.compare && period.from.is_none() {
            return Err(unprocessable(
                "no_previous_period",
                "a period without a beginning has none before it",
                "compare",
            ));
        }
        let source = Source::of(asked);
        if source == Source::Events && !asked.filters_by("user") && to - from > LONGEST_OF_EVENTS {
            let detail = "minutes, and users by location, category or what is distinct, are counted for a month at most; \
                          choose a shorter period, or name users";
            return Err(unprocessable("period_too_long", detail, "period"));
        }
        let starts = starts(asked, calendar, from, to)?;
        let previous = asked.compare.then(|| spec.begin_of_previous(calendar, from, to));
        previous.map_or(Ok(()), |begin| reading.reaches(begin)).map_err(|problem| problem.with_pointer("compare"))?;
        Ok(Self {
            source,
            previous,
            from,
            to,
            told: period.told((from, to), now),
            starts,
            parts: parts(asked),
            top: asked.top,
        })
    }

    /// The query that answers.
    pub(super) fn query(&self) -> NamedQuery {
        NamedQuery { name: self.source.name(), ..STATISTICS }
    }

    /// What it is to be asked, but for the filters.
    pub(super) fn clauses(&self, tenant: &str, keep: RetentionCutoffs) -> Clauses {
        let first = self.previous.unwrap_or(self.from);
        let edges: Vec<_> = self.previous.iter().chain(&self.starts).copied().collect();
        let mut clauses = Clauses::default();
        clauses.part("/* counted */", self.source.counted());
        for (marker, text) in &self.parts {
            clauses.part(marker, *text);
        }
        clauses.bind_text("tenant", tenant);
        clauses.bind_time("from", first);
        clauses.bind_time("to", self.to);
        clauses.bind_text("begin", &self.from.timestamp_millis().to_string());
        clauses.bind_number("top", self.top);
        // What occurred in the period was received since then, which lets whole partitions be skipped.
        clauses.bind_time("received_from", keep.oldest().max(first - RetentionCutoffs::AHEAD));
        clauses.bind_texts("cut", self.cut(&edges));
        clauses.bind_numbers("edges", edges.iter().map(DateTime::timestamp_millis).collect());
        // What was received on these days and occurred before the period can't be in it.
        let last_days =
            keep.last_days().into_iter().filter(|day| *day >= (first - RetentionCutoffs::AHEAD).date_naive());
        clauses.bind_texts("last_days", last_days.map(|day| day.to_string()).collect());
        // What occurred since then was received within the shortest retention, so a rollup that knows no categories has
        // nothing that retention would hide.
        let whole = ceil(keep.newest() + RetentionCutoffs::AHEAD, HOUR_MS);
        clauses.bind_time("whole_from", whole.max(floor(first, HOUR_MS)));
        keep.bind_each(&mut clauses);
        clauses
    }

    /// The units of the rollup that a boundary cuts.
    fn cut(&self, edges: &[DateTime<Utc>]) -> Vec<String> {
        let unit = self.source.unit_ms();
        let inside = |edge: &&DateTime<Utc>| floor(**edge, unit) != **edge;
        let mut cut: Vec<_> = edges.iter().chain([&self.to]).filter(inside).map(|edge| floor(*edge, unit)).collect();
        cut.dedup();
        cut.iter().map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string()).collect()
    }
}

fn starts(
    asked: &StatisticsRequest,
    calendar: Calendar,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, Problem> {
    let Some(width) = asked.interval else { return Ok(vec![from]) };
    let series = if asked.by.is_empty() { 1 } else { asked.top as usize + 2 };
    let most = if width == Width::Minute { MAX_MINUTES } else { MAX_BUCKETS }.min(MAX_CELLS / series);
    buckets(calendar, (from, to), width, most).ok_or_else(|| {
        let detail = format!(
            "the period has more than {most} buckets, the most for {series} series; choose a shorter one, wider buckets or \
             fewer groups"
        );
        unprocessable("too_many_buckets", detail, "interval").with_member("limit", most)
    })
}

/// The parts of the query that depend on what is asked for.
fn parts(asked: &StatisticsRequest) -> Vec<(&'static str, &'static str)> {
    let dimension = |at: usize| asked.by.get(at).map_or("''", |dimension| dimension.column());
    let mut parts = vec![("/* first */", dimension(0)), ("/* second */", dimension(1))];
    parts.extend(if asked.users {
        [
            ("/* users of states */", "uniqCombined64MergeState(14)(users)"),
            ("/* users of events */", "uniqCombined64StateIf(14)(actor_id, actor_kind = 'user' AND actor_id != '')"),
            ("/* users */", "uniqCombined64Merge(14)(users_state)"),
        ]
    } else {
        [("/* users of states */", "0"), ("/* users of events */", "0"), ("/* users */", "toUInt64(0)")]
    });
    parts.extend(if asked.devices {
        [
            ("/* devices of states */", "uniqCombined64MergeState(14)(devices)"),
            ("/* devices of events */", "uniqCombined64StateIf(14)(toString(device_id), device_id != '')"),
            ("/* devices */", "uniqCombined64Merge(14)(devices_state)"),
        ]
    } else {
        [("/* devices of states */", "0"), ("/* devices of events */", "0"), ("/* devices */", "toUInt64(0)")]
    });
    parts
}

fn unprocessable(code: &'static str, detail: impl Into<String>, parameter: &'static str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail.into()).with_pointer(parameter)
}

fn floor(time: DateTime<Utc>, unit_ms: i64) -> DateTime<Utc> {
    time - TimeDelta::milliseconds(time.timestamp_millis().rem_euclid(unit_ms))
}

fn ceil(time: DateTime<Utc>, unit_ms: i64) -> DateTime<Utc> {
    floor(time + TimeDelta::milliseconds(unit_ms - 1), unit_ms)
}
