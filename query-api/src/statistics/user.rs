//! What one user did, from the rollups: the cost depends on hours and kinds of work, not on the number of events.

pub(crate) mod tables;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use runtime::problem::Problem;
use schemas::settings::{Feature, Permission, Tenant};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Completeness, PeriodView};
use crate::http::extract::InPath;
use crate::http::page::ReadRequest;
use crate::http::period::{Calendar, Period, PeriodSpec, Preset, Width, buckets};
use crate::state::QueryApi;
use crate::statistics::rows::{CountRow, DistinctRow, USER_COUNTS, USER_DISTINCT};
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::Clauses;
use crate::trace::totals::Figures;

/// Most buckets of one answer: a quarter by the hour.
const MAX_BUCKETS: usize = 2300;
/// Widths of the buckets.
pub(crate) const WIDTHS: &[&str] = &["hour", "day", "week"];
const HOUR_MS: i64 = 3_600_000;
/// Sketches of 2^12 cells are exact up to here, and then off by this much (relative standard error).
const EXACT_UP_TO: u64 = 32;
const ERROR: f64 = 0.016;

/// One user's statistics.
#[derive(Debug, Serialize, ToSchema)]
pub struct Statistics {
    /// The user.
    pub user_id: String,
    /// The period as it was understood.
    pub period: PeriodView,
    /// Zone of the buckets.
    #[schema(example = "Europe/Prague")]
    pub time_zone: String,
    /// Width of the buckets.
    pub by: Width,
    /// All of the period.
    pub totals: Counts,
    /// Different things in all of the period.
    pub distinct: Distinct,
    /// The period's totals by action.
    pub actions: Vec<Share>,
    /// By class.
    pub classes: Vec<Share>,
    /// By channel: count and time.
    pub channels: Vec<Share>,
    /// By type of object.
    pub object_types: Vec<Share>,
    /// By country.
    pub countries: Vec<Share>,
    /// By kind of device.
    pub device_kinds: Vec<Share>,
    /// Every bucket of the period, empty ones too.
    pub series: Vec<Bucket>,
    /// Figures of the user's work.
    #[serde(flatten)]
    pub figures: Figures,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// What was counted. Exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// Events.
    pub events: u64,
    /// Their duration, where they last.
    pub duration_ms: u64,
    /// Records viewed or exported.
    pub records: u64,
    /// Sign-ins that succeeded.
    pub sign_ins: u64,
    /// Sign-ins that failed.
    pub failed_sign_ins: u64,
    /// Broken rules; from the role security on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violations: Option<u64>,
}

/// How many different things.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Distinct {
    /// Devices.
    pub devices: Figure,
    /// IP addresses, IPv6 by /64.
    pub ips: Figure,
    /// Objects.
    pub objects: Figure,
    /// Sessions.
    pub sessions: Figure,
}

/// A count of different things, which says how good it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Figure {
    /// The count.
    pub value: u64,
    /// Whether it is estimated.
    pub estimate: bool,
    /// Relative standard error of an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
}

impl From<u64> for Figure {
    fn from(value: u64) -> Self {
        let estimate = value > EXACT_UP_TO;
        Self { value, estimate, error: estimate.then_some(ERROR) }
    }
}

impl From<&DistinctRow> for Distinct {
    fn from(row: &DistinctRow) -> Self {
        Self {
            devices: row.devices.into(),
            ips: row.ips.into(),
            objects: row.objects.into(),
            sessions: row.sessions.into(),
        }
    }
}

/// The part of one action, class, channel …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Share {
    /// Which; empty for events that have none.
    #[schema(example = "call")]
    pub key: String,
    /// Its counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// One bucket.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Bucket {
    /// First instant inside, with the offset of the tenant's zone.
    #[schema(value_type = String, format = DateTime)]
    pub start: DateTime<chrono::FixedOffset>,
    /// First instant outside.
    #[schema(value_type = String, format = DateTime)]
    pub end: DateTime<chrono::FixedOffset>,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Different things.
    pub distinct: Distinct,
}

/// How a period is counted: which hours come whole from the rollups, which from the events.
#[derive(Debug)]
struct Plan {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    starts: Vec<DateTime<Utc>>,
    whole_from: DateTime<Utc>,
    cut_hours: Vec<DateTime<Utc>>,
}

impl Plan {
    fn new(
        period: Period,
        keep: RetentionCutoffs,
        calendar: Calendar,
        width: Width,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let (from, to) = period.closed(keep, now);
        let starts = buckets(calendar, (from, to), width, MAX_BUCKETS)?;
        // What occurred since then was received within the shortest retention, so the rollup, which knows no
        // categories, has nothing that retention would hide.
        let shown_whatever_the_category = ceil_hour(keep.newest() + RetentionCutoffs::AHEAD);
        let whole_from = floor_hour(from).max(shown_whatever_the_category);
        let mut cut_hours: Vec<DateTime<Utc>> = starts
            .iter()
            .chain([&to])
            .filter(|edge| floor_hour(**edge) != **edge)
            .map(|edge| floor_hour(*edge))
            .collect();
        cut_hours.dedup();
        Some(Self { from, to, starts, whole_from, cut_hours })
    }

    fn clauses(&self, tenant: &Tenant, user: &str, keep: RetentionCutoffs) -> Clauses {
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", &tenant.id);
        clauses.bind_text("actor_id", user);
        clauses.bind_time("from", self.from);
        clauses.bind_time("to", self.to);
        clauses.bind_time("whole_from", self.whole_from);
        let cut_hours = self.cut_hours.iter().map(|hour| hour.format("%Y-%m-%d %H:%M:%S").to_string()).collect();
        clauses.bind_texts("cut_hours", cut_hours);
        clauses.bind_numbers("edges", self.starts.iter().map(DateTime::timestamp_millis).collect());
        keep.add_to(&mut clauses);
        clauses
    }
}

fn floor_hour(time: DateTime<Utc>) -> DateTime<Utc> {
    time - TimeDelta::milliseconds(time.timestamp_millis().rem_euclid(HOUR_MS))
}

fn ceil_hour(time: DateTime<Utc>) -> DateTime<Utc> {
    floor_hour(time + TimeDelta::milliseconds(HOUR_MS - 1))
}

/// Get a user's statistics
///
/// What one user did in a period. Counts are exact. Numbers of different things are exact while small; above that they
/// are estimates that say so. `figures` are exact, too: overlapping activities of one kind count their time once, what
/// reaches over the borders of the period is cut there, and the activities under `rows` add up to the figure.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/statistics",
    tag = "users",
    operation_id = "getUserStatistics",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        crate::openapi::PeriodParams,
        ("by" = Option<String>, Query, description = "Buckets of the series: `hour`, `day` (default) or `week`, in the tenant's zone", example = "day"),
        crate::openapi::FormatParam,
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "The statistics; of this month unless a period is given", body = Statistics, example = json!(crate::trace::examples::statistics())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    InPath(user): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Response, Problem> {
    reading.feature(Feature::Tracing)?;
    let (now, tenant) = (reading.now, Arc::clone(&reading.tenant));
    let format = reading.format()?;
    let asked = PeriodSpec::take(&mut reading.params)?;
    let width = match reading.params.one_of("by", WIDTHS)?.as_deref() {
        Some("hour") => Width::Hour,
        Some("week") => Width::Week,
        _ => Width::Day,
    };
    std::mem::take(&mut reading.params).finish()?;
    reading.by_default(Preset::ThisMonth);
    let (_, period) = reading.allowed(&asked)?;
    let calendar = api.calendar(&tenant);
    let keep = reading.cutoffs();
    let plan = Plan::new(period, keep, calendar, width, now).ok_or_else(|| {
        let detail = format!("the period has more than {MAX_BUCKETS} buckets; choose a shorter one or wider buckets");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_buckets", detail)
            .with_pointer("by")
            .with_member("limit", MAX_BUCKETS)
    })?;
    let shown = period.told((plan.from, plan.to), now);
    let mut clauses = plan.clauses(&tenant, &user, keep);
    reading.bind_hidden(&mut clauses);
    let (counts, distinct, figures) = tokio::try_join!(
        api.store().rows::<CountRow>(USER_COUNTS, clauses.clone()),
        api.store().rows::<DistinctRow>(USER_DISTINCT, clauses),
        Figures::of(api.store(), &reading.caller, &reading, &user, (plan.from, plan.to)),
    )?;
    let answer = Answer { counts, distinct, with_violations: reading.may(Permission::SeeViolations) };
    let statistics = Statistics {
        period: PeriodView { from: shown.from, to: shown.to },
        time_zone: calendar.zone.name().to_owned(),
        by: width,
        totals: answer.totals(),
        distinct: answer.distinct_total(),
        actions: answer.shares(Grouping::Action, |row| &row.action),
        classes: answer.shares(Grouping::Class, |row| &row.class),
        channels: answer.shares(Grouping::Channel, |row| &row.channel),
        object_types: answer.shares(Grouping::ObjectType, |row| &row.object_type),
        countries: answer.shares(Grouping::Country, |row| &row.country),
        device_kinds: answer.shares(Grouping::DeviceKind, |row| &row.device_kind),
        series: answer.series(&plan, calendar),
        figures,
        user_id: user,
        completeness: reading.completeness,
    };
    match format {
        None => Ok(Json(statistics).into_response()),
        Some(format) => reading.export(format, "statistics", shown).report(statistics).await,
    }
}

/// What a row of the counts is about, by the order of the arguments of `grouping()` in the query: the first is the
/// highest of seven bits, and a bit is set where the row is *not* about that dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grouping {
    Bucket = 6,
    Action = 5,
    Class = 4,
    Channel = 3,
    ObjectType = 2,
    Country = 1,
    DeviceKind = 0,
}

impl Grouping {
    const TOTAL: u8 = 0b111_1111;

    fn mark(self) -> u8 {
        Self::TOTAL & !(1 << self as u8)
    }
}

/// The rows of both queries. Each row of the counts belongs to one grouping; its bit is the one that is not set.
struct Answer {
    counts: Vec<CountRow>,
    distinct: Vec<DistinctRow>,
    with_violations: bool,
}

impl Answer {
    fn counts(&self, row: &CountRow) -> Counts {
        Counts {
            events: row.events,
            duration_ms: row.duration_ms,
            records: row.records,
            sign_ins: row.sign_ins,
            failed_sign_ins: row.failed_sign_ins,
            violations: self.with_violations.then_some(row.violations),
        }
    }

    fn none(&self) -> Counts {
        Counts { violations: self.with_violations.then_some(0), ..Counts::default() }
    }

    fn totals(&self) -> Counts {
        let total = self.counts.iter().find(|row| row.grouped == Grouping::TOTAL);
        total.map_or_else(|| self.none(), |row| self.counts(row))
    }

    fn shares(&self, grouping: Grouping, key: impl Fn(&CountRow) -> &String) -> Vec<Share> {
        let about = self.counts.iter().filter(|row| row.grouped == grouping.mark());
        about.map(|row| Share { key: key(row).clone(), counts: self.counts(row) }).collect()
    }

    fn distinct_total(&self) -> Distinct {
        self.distinct.iter().find(|row| row.grouped == 1).map_or_else(nothing, Distinct::from)
    }

    fn series(&self, plan: &Plan, calendar: Calendar) -> Vec<Bucket> {
        let about = self.counts.iter().filter(|row| row.grouped == Grouping::Bucket.mark());
        let counts: HashMap<i64, &CountRow> = about.map(|row| (row.bucket, row)).collect();
        let about = self.distinct.iter().filter(|row| row.grouped == 0);
        let distinct: HashMap<i64, &DistinctRow> = about.map(|row| (row.bucket, row)).collect();
        let ends = plan.starts.iter().skip(1).chain([&plan.to]);
        let local = |time: &DateTime<Utc>| time.with_timezone(&calendar.zone).fixed_offset();
        plan.starts
            .iter()
            .zip(ends)
            .filter(|(start, end)| start < end)
            .map(|(start, end)| {
                let bucket = start.timestamp_millis();
                Bucket {
                    start: local(start),
                    end: local(end),
                    counts: counts.get(&bucket).map_or_else(|| self.none(), |row| self.counts(row)),
                    distinct: distinct.get(&bucket).map_or_else(nothing, |row| Distinct::from(*row)),
                }
            })
            .collect()
    }
}

fn nothing() -> Distinct {
    let none = Figure::from(0);
    Distinct { devices: none, ips: none, objects: none, sessions: none }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Weekday;
    use schemas::settings::Retention;

    fn plan(zone: &str, from: &str, to: &str, width: Width, now: &str) -> Plan {
        let now: DateTime<Utc> = now.parse().unwrap();
        let period = Period { from: Some(from.parse().unwrap()), to: Some(to.parse().unwrap()) };
        let calendar = Calendar { zone: zone.parse().unwrap(), week_start: Weekday::Mon };
        let days = 90;
        let retention = Retention { sign_ins: days, changes: days, views: days, configuration: days, other: days };
        Plan::new(period, RetentionCutoffs::at(now, &retention), calendar, width, now).unwrap()
    }

    /// P8: whole hours come from the rollups where the zone allows it.
    #[test]
    fn whole_hours_stay_whole() {
        let plan =
            plan("Europe/Prague", "2026-06-30T22:00:00Z", "2026-07-31T22:00:00Z", Width::Day, "2026-07-20T10:00:00Z");
        assert_eq!((plan.starts.len(), plan.cut_hours.len()), (31, 0));
        assert_eq!(plan.whole_from, plan.from);
    }

    /// P8: a zone at half past the hour cuts one hour a day, which is counted from the events.
    #[test]
    fn half_hours_are_cut() {
        let plan =
            plan("Asia/Kolkata", "2026-06-30T18:30:00Z", "2026-07-02T18:30:00Z", Width::Day, "2026-07-20T10:00:00Z");
        let hour = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(plan.cut_hours, ["2026-06-30T18:00:00Z", "2026-07-01T18:00:00Z", "2026-07-02T18:00:00Z"].map(hour));
    }

    /// L2: hours in which retention may have ended for some category are counted from the events.
    #[test]
    fn old_hours_are_recounted() {
        let plan = plan("UTC", "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z", Width::Day, "2026-06-30T10:20:00Z");
        assert_eq!(plan.whole_from, "2026-04-02T13:00:00Z".parse::<DateTime<Utc>>().unwrap());
    }

    #[test]
    fn small_numbers_are_exact_and_large_ones_say_they_are_not() {
        assert_eq!(Figure::from(32), Figure { value: 32, estimate: false, error: None });
        assert_eq!(Figure::from(33), Figure { value: 33, estimate: true, error: Some(0.016) });
    }
}
