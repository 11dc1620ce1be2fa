//! The rows of the query, put into the shape of the answer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::http::answer::{Completeness, PeriodView};
use crate::http::period::Calendar;
use crate::statistics::rows::StatisticsRow;
use crate::statistics::tenant::asked::StatisticsRequest;
use crate::statistics::tenant::plan::Plan;
use crate::statistics::user::Counts;
use crate::statistics::view::{Accuracy, Compared, Difference, Group, Part, Point, Tally, TenantStatistics, figure};

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Slot<'a> {
    All,
    Named(&'a str, &'a str),
    Other,
}

/// Bits of `grouping(at, named)`: set where the row is *not* about it.
const NO_BUCKET: u8 = 0b10;
const NO_GROUP: u8 = 0b01;

/// The rows by what they are about: the period or the one before, a group, a bucket.
pub(super) struct Answer<'a> {
    rows: HashMap<(bool, Slot<'a>, Option<i64>), &'a StatisticsRow>,
    named: Vec<&'a StatisticsRow>,
    asked: &'a StatisticsRequest,
    plan: &'a Plan,
    calendar: Calendar,
    with_violations: bool,
}

impl<'a> Answer<'a> {
    pub(super) fn new(
        rows: &'a [StatisticsRow],
        asked: &'a StatisticsRequest,
        plan: &'a Plan,
        calendar: Calendar,
        with_violations: bool,
    ) -> Self {
        let place = |row: &'a StatisticsRow| {
            let slot = match row.named {
                _ if row.grouped & NO_GROUP != 0 => Slot::All,
                0 => Slot::Other,
                _ => Slot::Named(&row.first, &row.second),
            };
            let bucket = (row.grouped & NO_BUCKET == 0).then_some(row.bucket);
            ((row.current != 0, slot, bucket), row)
        };
        let named = |row: &&StatisticsRow| row.current != 0 && row.grouped == NO_BUCKET && row.named != 0;
        Self {
            rows: rows.iter().map(place).collect(),
            named: rows.iter().filter(named).collect(),
            asked,
            plan,
            calendar,
            with_violations,
        }
    }

    pub(super) fn show(&self, completeness: Completeness) -> TenantStatistics {
        let Plan { from, told, previous, .. } = *self.plan;
        let grouped = !self.asked.by.is_empty();
        TenantStatistics {
            period: PeriodView { from: told.from, to: told.to },
            previous_period: previous.map(|begin| PeriodView { from: Some(begin), to: Some(from) }),
            time_zone: self.calendar.zone.name().to_owned(),
            by: self.asked.by.clone(),
            interval: self.asked.interval,
            accuracy: Accuracy {
                counts_exact: !self.rows.values().any(|row| row.is_saturated()),
                ..Accuracy::default()
            },
            totals: self.compared(Slot::All),
            series: self.series(Slot::All),
            groups: grouped.then(|| self.named.iter().map(|row| self.group(row)).collect()),
            other: grouped.then(|| self.part(Slot::Other)),
            completeness,
        }
    }

    fn group(&self, row: &StatisticsRow) -> Group {
        let keys = [&row.first, &row.second].into_iter().take(self.asked.by.len()).cloned().collect();
        Group { keys, part: self.part(Slot::Named(&row.first, &row.second)) }
    }

    fn part(&self, slot: Slot<'_>) -> Part {
        Part { figures: self.compared(slot), series: self.series(slot) }
    }

    fn compared(&self, slot: Slot<'_>) -> Compared {
        let tally = self.tally(true, slot, None);
        let previous = self.plan.previous.map(|_| self.tally(false, slot, None));
        Compared { tally, previous, change: previous.map(|previous| Difference::between(&previous, &tally)) }
    }

    /// Every bucket of the period, empty ones too; none where no interval was asked for.
    fn series(&self, slot: Slot<'_>) -> Vec<Point> {
        if self.asked.interval.is_none() {
            return Vec::new();
        }
        let starts = &self.plan.starts;
        let ends = starts.iter().skip(1).chain([&self.plan.to]);
        let local = |time: &DateTime<Utc>| time.with_timezone(&self.calendar.zone).fixed_offset();
        let point = |(start, end): (&DateTime<Utc>, &DateTime<Utc>)| Point {
            start: local(start),
            end: local(end),
            tally: self.tally(true, slot, Some(start.timestamp_millis())),
        };
        starts.iter().zip(ends).filter(|(start, end)| start < end).map(point).collect()
    }

    fn tally(&self, current: bool, slot: Slot<'_>, bucket: Option<i64>) -> Tally {
        let row = self.rows.get(&(current, slot, bucket)).copied();
        let count = |field: fn(&StatisticsRow) -> u64| row.map_or(0, field);
        Tally {
            counts: Counts {
                events: count(|row| row.events),
                duration_ms: count(|row| row.duration_ms),
                records: count(|row| row.records),
                sign_ins: count(|row| row.sign_ins),
                failed_sign_ins: count(|row| row.failed_sign_ins),
                violations: self.with_violations.then(|| count(|row| row.violations)),
            },
            users: self.asked.users.then(|| figure(count(|row| row.users))),
            devices: self.asked.devices.then(|| figure(count(|row| row.devices))),
        }
    }
}
