//! Periods in the tenant's time zone: presets with its first day of the week, local dates, exact instants.
//!
//! Every period is half-open, `from <= t < to`, in UTC. A local day begins at the first instant that shows its date:
//! midnight, or where daylight saving skips midnight, the moment after the gap. Consecutive days therefore never
//! overlap and never leave a gap, whatever the zone does.

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike, Utc, Weekday,
};
use schemas::settings::{Tenant, WeekStart};
use schemas::zone::Zone;
use serde::Serialize;

use crate::http::params::{ParamError, Params};
use crate::store::cutoffs::RetentionCutoffs;

/// Names of the presets, as the parameter `period` takes them.
pub const PRESETS: &[&str] = &[
    "today",
    "yesterday",
    "this_week",
    "last_week",
    "this_month",
    "last_month",
    "last_30_days",
    "last_90_days",
    "custom",
];

/// How a tenant reads a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// The tenant's time zone.
    pub zone: Zone,
    /// The tenant's first day of the week.
    pub week_start: Weekday,
}

impl Calendar {
    /// A tenant's.
    #[must_use]
    pub fn of(tenant: &Tenant) -> Self {
        let week_start = match tenant.week_start {
            WeekStart::Monday => Weekday::Mon,
            WeekStart::Sunday => Weekday::Sun,
            WeekStart::Saturday => Weekday::Sat,
        };
        Self { zone: tenant.time_zone, week_start }
    }
}

/// A resolved period; a missing bound is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// First instant inside.
    pub from: Option<DateTime<Utc>>,
    /// First instant outside.
    pub to: Option<DateTime<Utc>>,
}

impl Period {
    /// The bounds of what is counted. An open period ends now, or, if it has not begun by then, where nothing occurs any more.
    pub(crate) fn closed(self, keep: RetentionCutoffs, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let open = |from: DateTime<Utc>| if from < now { now } else { from.max(now + RetentionCutoffs::AHEAD) };
        let to = self.to.unwrap_or_else(|| self.from.map_or(now, open));
        (self.from.unwrap_or_else(|| keep.oldest()).min(to), to)
    }

    /// Returns the period as answers state it, whose bounds of counting are these: one that begins later than now stays open.
    pub(crate) fn told(self, (from, to): (DateTime<Utc>, DateTime<Utc>), now: DateTime<Utc>) -> Self {
        let open = self.to.is_none() && from >= now;
        Self { from: Some(from), to: (!open).then_some(to) }
    }
}

/// A named period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The current local day.
    Today,
    /// The local day before.
    Yesterday,
    /// The current week by the tenant's first day.
    ThisWeek,
    /// The week before.
    LastWeek,
    /// The current month.
    ThisMonth,
    /// The month before.
    LastMonth,
    /// Today and the 29 days before it.
    #[serde(rename = "last_30_days")]
    Last30Days,
    /// Today and the 89 days before it.
    #[serde(rename = "last_90_days")]
    Last90Days,
    /// `from` and `to` are given.
    Custom,
}

/// One bound of a custom period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Bound {
    /// An instant, RFC 3339 with its offset.
    Instant(DateTime<Utc>),
    /// A local date. As `to` it includes that whole day.
    Date(NaiveDate),
}

/// A period as the caller wrote it. Kept apart from [`Period`], because a cursor is bound to what was written, while
/// "today" resolves to another day tomorrow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PeriodSpec {
    /// `period=`.
    pub preset: Option<Preset>,
    /// `from=`.
    pub from: Option<Bound>,
    /// `to=`.
    pub to: Option<Bound>,
}

impl PeriodSpec {
    /// Takes `period`, `from` and `to`.
    pub fn take(params: &mut Params) -> Result<Self, ParamError> {
        let preset = params.one_of("period", PRESETS)?.and_then(|name| Preset::named(&name));
        let from = params.one("from")?.map(|text| Bound::parse("from", &text)).transpose()?;
        let to = params.one("to")?.map(|text| Bound::parse("to", &text)).transpose()?;
        let bounded = from.is_some() || to.is_some();
        match preset {
            Some(Preset::Custom) if !bounded => Err(ParamError::bad("period", "custom wants from, to or both")),
            Some(Preset::Custom) | None => Ok(Self { preset, from, to }),
            Some(_) if bounded => Err(ParamError::bad("period", "from and to go with custom alone")),
            Some(_) => Ok(Self { preset, from, to }),
        }
    }

    /// Whether dates were chosen, rather than a named period.
    pub fn is_free(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// Whether dates were chosen, of which none is the first.
    pub fn has_no_beginning(&self) -> bool {
        self.is_free() && self.from.is_none()
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Resolves against the tenant's calendar.
    pub fn resolve(&self, calendar: Calendar, now: DateTime<Utc>) -> Result<Period, ParamError> {
        let period = match self.preset {
            Some(preset) if preset != Preset::Custom => preset_period(preset, calendar, now),
            _ => Period {
                from: self.from.map(|bound| bound.start(calendar.zone)),
                to: self.to.map(|bound| bound.end(calendar.zone)),
            },
        };
        match (period.from, period.to) {
            // A day that ends where another begins is before that.
            (Some(from), Some(to)) if from == to && self.to.is_some_and(|to| to.start(calendar.zone) == from) => {
                Err(ParamError::bad("to", "the period is empty"))
            }
            (Some(from), Some(to)) if from >= to => Err(ParamError::bad("to", "the period ends before it begins")),
            _ => Ok(period),
        }
    }

    /// When the period before begins, which is of the same kind and ends where this one begins: the day before a day, the
    /// month before a month, before custom dates as many days, before instants as much time.
    pub fn begin_of_previous(&self, calendar: Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
        let day = local_date(calendar.zone, from);
        let first = match (self.preset, self.from, self.to) {
            (Some(Preset::Today | Preset::Yesterday), ..) => minus_days(day, 1),
            (Some(Preset::ThisWeek | Preset::LastWeek), ..) => minus_days(day, 7),
            (Some(Preset::ThisMonth | Preset::LastMonth), ..) => first_of_month(minus_days(day, 1)),
            (_, Some(Bound::Date(first)), Some(Bound::Date(last))) => {
                minus_days(first, (last - first).num_days().unsigned_abs() + 1)
            }
            _ => return from - (to - from),
        };
        start_of_day(calendar.zone, first)
    }
}

impl Preset {
    /// Whether it is one of these names; no name means all.
    pub(crate) fn is_among(self, names: &[String]) -> bool {
        names.is_empty() || names.iter().any(|name| Self::named(name) == Some(self))
    }

    /// It, if it is one of these names, or else the first of them.
    pub(crate) fn or_of(self, names: &[String]) -> Self {
        if self.is_among(names) { self } else { names.first().and_then(|name| Self::named(name)).unwrap_or(self) }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "today" => Self::Today,
            "yesterday" => Self::Yesterday,
            "this_week" => Self::ThisWeek,
            "last_week" => Self::LastWeek,
            "this_month" => Self::ThisMonth,
            "last_month" => Self::LastMonth,
            "last_30_days" => Self::Last30Days,
            "last_90_days" => Self::Last90Days,
            "custom" => Self::Custom,
            _ => return None,
        })
    }
}

impl Bound {
    fn parse(name: &'static str, text: &str) -> Result<Self, ParamError> {
        let bound = if text.len() == 10 {
            NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self::Date)
        } else {
            DateTime::parse_from_rfc3339(text).ok().map(|instant| Self::Instant(instant.to_utc()))
        };
        let year = match bound {
            Some(Self::Date(date)) => date.year(),
            Some(Self::Instant(instant)) => instant.year(),
            None => return Err(ParamError::bad(name, "an RFC 3339 time with offset or a date (2026-03-01) is wanted")),
        };
        // The bounds of the event's own times, so that no arithmetic below can overflow.
        match bound {
            Some(bound) if (1970..=2199).contains(&year) => Ok(bound),
            _ => Err(ParamError::bad(name, "years 1970 to 2199 are known")),
        }
    }

    fn start(self, zone: Zone) -> DateTime<Utc> {
        match self {
            Self::Instant(instant) => instant,
            Self::Date(date) => start_of_day(zone, date),
        }
    }

    fn end(self, zone: Zone) -> DateTime<Utc> {
        match self {
            Self::Instant(instant) => instant,
            Self::Date(date) => start_of_day(zone, plus_days(date, 1)),
        }
    }
}

fn preset_period(preset: Preset, calendar: Calendar, now: DateTime<Utc>) -> Period {
    let today = local_date(calendar.zone, now);
    let week = start_of_week(today, calendar.week_start);
    let month = first_of_month(today);
    let (first, end) = match preset {
        Preset::Today | Preset::Custom => (today, plus_days(today, 1)),
        Preset::Yesterday => (minus_days(today, 1), today),
        Preset::ThisWeek => (week, plus_days(week, 7)),
        Preset::LastWeek => (minus_days(week, 7), week),
        Preset::ThisMonth => (month, next_month(month)),
        Preset::LastMonth => (first_of_month(minus_days(month, 1)), month),
        Preset::Last30Days => (first_of_last(today, 30), plus_days(today, 1)),
        Preset::Last90Days => (first_of_last(today, 90), plus_days(today, 1)),
    };
    Period { from: Some(start_of_day(calendar.zone, first)), to: Some(start_of_day(calendar.zone, end)) }
}

/// The first instant of the last so many days: of today and the days before it.
pub fn last_days(calendar: Calendar, now: DateTime<Utc>, days: u16) -> DateTime<Utc> {
    start_of_day(calendar.zone, first_of_last(local_date(calendar.zone, now), days))
}

fn first_of_last(today: NaiveDate, days: u16) -> NaiveDate {
    minus_days(today, u64::from(days.saturating_sub(1)))
}

/// The first instant of a local date.
pub fn start_of_day(zone: Zone, date: NaiveDate) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    match zone.from_local_datetime(&midnight) {
        LocalResult::Single(instant) => instant.to_utc(),
        LocalResult::Ambiguous(first, _) => first.to_utc(),
        LocalResult::None => {
            // The zone skips midnight (or, as Samoa did, the whole day). The local clock jumps over it exactly once
            // near here, so the moment of the jump can be bisected. Offsets reach from -12 to +14 hours.
            let mut before = midnight.and_utc() - TimeDelta::hours(40);
            let mut after = midnight.and_utc() + TimeDelta::hours(40);
            while after - before > TimeDelta::seconds(1) {
                let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
                if middle.with_timezone(&zone).naive_local() >= midnight {
                    after = middle;
                } else {
                    before = middle;
                }
            }
            after
        }
    }
}

/// The local day of a date; empty where the zone skipped it.
pub fn day(calendar: Calendar, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    (start_of_day(calendar.zone, date), start_of_day(calendar.zone, plus_days(date, 1)))
}

/// The week that holds a date, by the tenant's first day.
pub fn week(calendar: Calendar, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = start_of_week(date, calendar.week_start);
    (start_of_day(calendar.zone, first), start_of_day(calendar.zone, plus_days(first, 7)))
}

/// The local day that an instant belongs to. Where a clock went back over midnight, the wall shows the old date once
/// more after the new day has begun; the instant still belongs to the new day, so that days stay in one piece.
pub fn local_date(zone: Zone, instant: DateTime<Utc>) -> NaiveDate {
    let shown = instant.with_timezone(&zone).date_naive();
    let next = plus_days(shown, 1);
    if instant >= start_of_day(zone, next) { next } else { shown }
}

/// The first day of the week that holds `date`.
pub fn start_of_week(date: NaiveDate, first: Weekday) -> NaiveDate {
    minus_days(date, u64::from(date.weekday().days_since(first)))
}

/// The width of a bucket in statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Width {
    /// Minutes.
    Minute,
    /// Local hours; a daylight-saving day has 23 or 25 of them.
    Hour,
    /// Local days.
    Day,
    /// Weeks by the tenant's first day.
    Week,
    /// Local months.
    Month,
}

/// Cuts a period into buckets at local boundaries; the first and last may be partial. `None` if there are more than
/// `most`. The returned starts ascend, the first is `from`.
pub fn buckets(
    calendar: Calendar,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    width: Width,
    most: usize,
) -> Option<Vec<DateTime<Utc>>> {
    let mut starts = vec![from];
    let mut cursor = from;
    loop {
        let next = next_boundary(calendar, cursor, width);
        if next >= to {
            return Some(starts);
        }
        if starts.len() == most {
            return None;
        }
        starts.push(next);
        cursor = next;
    }
}

fn next_boundary(calendar: Calendar, after: DateTime<Utc>, width: Width) -> DateTime<Utc> {
    let local = after.with_timezone(&calendar.zone);
    let into_minute =
        TimeDelta::milliseconds(i64::from(local.second()) * 1000 + i64::from(local.timestamp_subsec_millis()));
    let mut date = match width {
        Width::Minute => return after - into_minute + TimeDelta::minutes(1),
        Width::Hour => {
            return after - into_minute - TimeDelta::minutes(i64::from(local.minute())) + TimeDelta::hours(1);
        }
        Width::Day => plus_days(local_date(calendar.zone, after), 1),
        Width::Week => plus_days(start_of_week(local_date(calendar.zone, after), calendar.week_start), 7),
        Width::Month => next_month(first_of_month(local_date(calendar.zone, after))),
    };
    // A day that the zone skipped altogether starts where the next one does: it has no bucket.
    loop {
        let boundary = start_of_day(calendar.zone, date);
        if boundary > after {
            return boundary;
        }
        date = plus_days(date, 1);
    }
}

fn first_of_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

fn next_month(first: NaiveDate) -> NaiveDate {
    let (year, month) = if first.month() == 12 { (first.year() + 1, 1) } else { (first.year(), first.month() + 1) };
    NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(first)
}

// Dates are within 1970..=2200, so neither can leave chrono's range.
fn plus_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(date)
}

fn minus_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(days)).unwrap_or(date)
}

#[cfg(test)]
mod tests;
