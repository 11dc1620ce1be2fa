//! Events by class over time.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use runtime::problem::Problem;

use crate::http::period::{Calendar, Period, Width, buckets};
use crate::log::summary::rows::{BucketRow, ExtentRow, LOG_EXTENT, LOG_HISTOGRAM};
use crate::log::summary::view::{Histogram, HistogramBucket, Total};
use crate::store::Store;
use crate::store::sql::Clauses;

/// Most events that are counted over time.
const MOST: u32 = 20_000_000;
/// Most buckets: the months of all years that are known.
const MOST_BUCKETS: usize = 3_000;

/// The longest periods by minute, hour and day; one of the days may be longer.
const BY_MINUTE: TimeDelta = TimeDelta::hours(2);
const BY_HOUR: TimeDelta = TimeDelta::hours(4 * 24 + 1);
const BY_DAY: TimeDelta = TimeDelta::hours(400 * 24 + 1);

/// Counts the events of some conditions.
pub(super) async fn count(
    store: &Store,
    clauses: &Clauses,
    (calendar, period, now): (Calendar, Period, DateTime<Utc>),
) -> Result<(Total, Histogram), Problem> {
    let Some((from, to)) = extent(store, clauses, period, now).await? else {
        let histogram = Histogram { interval: Width::Day, buckets: Vec::new(), exact: true };
        return Ok((Total { value: 0, exact: true }, histogram));
    };
    let interval = interval(to - from);
    let starts = buckets(calendar, (from, to), interval, MOST_BUCKETS).unwrap_or_else(|| vec![from]);
    let mut clauses = clauses.clone();
    clauses.bind_number("most", MOST);
    clauses.bind_numbers("edges", starts.iter().map(DateTime::timestamp_millis).collect());
    let rows: Vec<BucketRow> = store.rows(LOG_HISTOGRAM, clauses).await?;
    let value = rows.iter().map(|row| row.events).sum();
    let exact = value < u64::from(MOST);
    let buckets = filled(&rows, &starts, to, calendar);
    Ok((Total { value, exact }, Histogram { interval, buckets, exact }))
}

/// From when to when events are shown over time: a period as it was asked for, or where it is open, as far as there are any.
async fn extent(
    store: &Store,
    clauses: &Clauses,
    period: Period,
    now: DateTime<Utc>,
) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, Problem> {
    if let (Some(from), Some(to)) = (period.from, period.to) {
        return Ok(Some((from, to)));
    }
    let rows: Vec<ExtentRow> = store.rows(LOG_EXTENT, clauses.clone()).await?;
    let found = rows.first().filter(|row| row.events > 0);
    let whole = |row: &ExtentRow| {
        let last = row.last_at + TimeDelta::milliseconds(1);
        (period.from.unwrap_or(row.first_at), period.to.unwrap_or(last.max(now)))
    };
    Ok(found.map(whole))
}

fn interval(length: TimeDelta) -> Width {
    match length {
        length if length <= BY_MINUTE => Width::Minute,
        length if length <= BY_HOUR => Width::Hour,
        length if length <= BY_DAY => Width::Day,
        _ => Width::Month,
    }
}

/// Every bucket with what is counted in it.
fn filled(
    rows: &[BucketRow],
    starts: &[DateTime<Utc>],
    end: DateTime<Utc>,
    calendar: Calendar,
) -> Vec<HistogramBucket> {
    let counted: HashMap<(i64, &str), u64> =
        rows.iter().map(|row| ((row.bucket, row.of_class.as_str()), row.events)).collect();
    let local = |time: &DateTime<Utc>| time.with_timezone(&calendar.zone).fixed_offset();
    let ends = starts.iter().skip(1).chain([&end]);
    let bucket = |(from, to): (&DateTime<Utc>, &DateTime<Utc>)| {
        let of = |class| counted.get(&(from.timestamp_millis(), class)).copied().unwrap_or(0);
        HistogramBucket {
            from: local(from),
            to: local(to),
            create: of("create"),
            change: of("change"),
            delete: of("delete"),
            other: of("other"),
        }
    };
    starts.iter().zip(ends).map(bucket).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_as_wide_as_the_period_is_long() {
        for (hours, width) in [
            (1, Width::Minute),
            (2, Width::Minute),
            (3, Width::Hour),
            (96, Width::Hour),
            // Four days of which one has 25 hours.
            (97, Width::Hour),
            (98, Width::Day),
            (400 * 24, Width::Day),
            (401 * 24 + 1, Width::Month),
        ] {
            assert_eq!(interval(TimeDelta::hours(hours)), width, "{hours}");
        }
    }
}
