//! A user's day or week on a timeline.

pub mod lanes;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use runtime::problem::Problem;
use schemas::settings::Feature;
use serde::Serialize;
use utoipa::ToSchema;

use crate::export::writer::{Report, Writer};
use crate::http::answer::{Completeness, PeriodView};
use crate::http::caller::Caller;
use crate::http::extract::InPath;
use crate::http::language::Localized;
use crate::http::page::ReadRequest;
use crate::http::params::{ParamError, Params};
use crate::http::period::{Calendar, Period, Width, buckets, day, local_date, week};
use crate::state::QueryApi;
use crate::trace::intervals::Interval;
use crate::trace::reading::{Trace, too_many};
use crate::trace::timeline::lanes::{TimelineBucket, TimelineLane, TimelinePoints};
use crate::trace::view::{ActivityStyle, TracedActivity, TracedInterval};

/// Most rows that a timeline is made of.
const MOST_ROWS: u32 = 20_000;
/// Most buckets: a week by five minutes, or a day by one.
const MOST_BUCKETS: usize = 2300;
/// Most lanes; the catalogue has some twenty, types of the tenant's own may have others.
const MOST_LANES: usize = 100;

/// Names of the extents.
pub(crate) const EXTENTS: &[&str] = &["day", "week"];

/// A day or a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// A local day.
    Day,
    /// A week by the tenant's first day.
    Week,
}

/// One user's day or week.
#[derive(Debug, Serialize, ToSchema)]
pub struct Timeline {
    /// The user.
    pub user_id: String,
    /// The day or week in question.
    pub period: PeriodView,
    /// Which of them.
    pub extent: Extent,
    /// Zone of the period.
    #[schema(example = "Europe/Prague")]
    pub time_zone: String,
    /// What lasts, by channel and state.
    pub lanes: Vec<TimelineLane>,
    /// What doesn't, by channel.
    pub points: Vec<TimelinePoints>,
    /// Every part of the period, empty ones too; null unless `resolution` is given.
    #[schema(required = true)]
    pub buckets: Option<Vec<TimelineBucket>>,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// How finely a timeline is cut.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resolution {
    Minutes(i64),
    Local(Width),
}

impl Resolution {
    const ALL: [(&str, Self); 7] = [
        ("1m", Self::Minutes(1)),
        ("5m", Self::Minutes(5)),
        ("10m", Self::Minutes(10)),
        ("15m", Self::Minutes(15)),
        ("30m", Self::Minutes(30)),
        ("1h", Self::Local(Width::Hour)),
        ("1d", Self::Local(Width::Day)),
    ];

    pub(crate) fn names() -> [&'static str; 7] {
        Self::ALL.map(|(name, _)| name)
    }

    fn take(params: &mut Params) -> Result<Option<Self>, ParamError> {
        let name = params.one_of("resolution", &Self::names())?;
        Ok(name.and_then(|name| Self::ALL.into_iter().find(|(known, _)| *known == name)).map(|(_, found)| found))
    }

    /// Where the parts of a period begin; none if they are too many.
    fn starts(self, calendar: Calendar, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Option<Vec<DateTime<Utc>>> {
        let minutes = match self {
            Self::Local(width) => return buckets(calendar, (from, to), width, MOST_BUCKETS),
            Self::Minutes(minutes) => minutes,
        };
        let step = TimeDelta::minutes(minutes);
        // Days begin, and clocks change, at whole half-hours, so that steps of no more keep to the clock.
        let starts: Vec<_> = std::iter::successors(Some(from), |start| Some(*start + step))
            .take_while(|start| *start < to)
            .take(MOST_BUCKETS + 1)
            .collect();
        (starts.len() <= MOST_BUCKETS).then_some(starts)
    }
}

/// Get a user's timeline
///
/// What one user did in a day or a week. What lasts is an interval, on the lane of its channel and state, cut at the
/// borders of the period and marked there; overlaps are on tracks of their own. What was reported by its beginning alone is
/// open: it lasts to now. An activity reaches no further than 24 h from when its event occurred.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/timeline",
    tag = "users",
    operation_id = "getUserTimeline",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        ("period" = Option<String>, Query, description = "`day` (default) or `week`, in the tenant's zone and by its first day of the week", example = "day"),
        ("date" = Option<String>, Query, description = "A local date in it; today unless given", example = "2026-03-02"),
        ("resolution" = Option<String>, Query, description = "Cuts the period into parts of `1m`, `5m`, `10m`, `15m`, `30m`, `1h` or `1d`; at most 2300", example = "15m"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::FormatParam,
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "The timeline; of at most 20,000 events, those of two days before and a day after among them", body = Timeline, example = json!(crate::trace::examples::timeline())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(user): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Response, Problem> {
    reading.feature(Feature::Tracing)?;
    let format = reading.format()?;
    let calendar = api.calendar(&reading.tenant);
    let params = &mut reading.params;
    let extent = match params.one_of("period", EXTENTS)?.as_deref() {
        Some("week") => Extent::Week,
        _ => Extent::Day,
    };
    let date = date(params)?.unwrap_or_else(|| local_date(calendar.zone, reading.now));
    let resolution = Resolution::take(params)?;
    std::mem::take(params).finish()?;
    let (from, to) = match extent {
        Extent::Day => day(calendar, date),
        Extent::Week => week(calendar, date),
    };
    reading.reaches(from).map_err(|problem| problem.with_pointer("date"))?;
    let period = Interval::new(from.timestamp_millis(), to.timestamp_millis())
        .ok_or_else(|| ParamError::bad("date", "the tenant's zone skipped this day"))?;
    let starts = match resolution {
        Some(resolution) => Some(resolution.starts(calendar, (from, to)).ok_or_else(too_many_buckets)?),
        None => None,
    };
    let (now, earliest) = (reading.now, reading.earliest);
    let trace = Trace { caller: &caller, tenant: &reading.tenant, user: &user, period, now, earliest };
    let activities = trace.activities(api.store(), &[], MOST_ROWS).await?;
    let activities =
        activities.ok_or_else(|| too_many(MOST_ROWS, "read their list by channel, or /v1/events page by page"))?;
    let style = ActivityStyle::of(&api, &reading);
    let lanes = lanes::lanes(&activities, period, &style);
    if lanes.len() > MOST_LANES {
        let detail =
            format!("the user was in more than {MOST_LANES} channels and states then; choose a shorter period");
        return Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_lanes", detail).with_member("limit", MOST_LANES)
        );
    }
    let edges = starts.map(|starts| lanes::edges(&starts, period.end(), calendar.zone));
    let timeline = Timeline {
        user_id: user,
        period: PeriodView { from: Some(from), to: Some(to) },
        extent,
        time_zone: calendar.zone.name().to_owned(),
        lanes,
        points: lanes::points(&activities, period, &style),
        buckets: edges.map(|edges| lanes::buckets(&activities, &edges)),
        completeness: reading.completeness,
    };
    match format {
        None => Ok(Localized(reading.lang, timeline).into_response()),
        Some(format) => {
            let period = Period { from: Some(from), to: Some(to) };
            reading.export(format, "timeline", period).report(timeline).await
        }
    }
}

/// The intervals, and what doesn't last.
impl Report for Timeline {
    fn tables<W: std::io::Write + Send>(&self, to: &mut Writer<W>) -> std::io::Result<()> {
        to.table::<TracedInterval>("intervals")?;
        self.lanes.iter().flat_map(|lane| &lane.intervals).try_for_each(|interval| to.row(interval))?;
        to.table::<TracedActivity>("points")?;
        self.points.iter().flat_map(|of| &of.points).try_for_each(|point| to.row(point))
    }
}

fn too_many_buckets() -> Problem {
    let detail = format!("the period has more than {MOST_BUCKETS} parts; choose wider ones or a day");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_buckets", detail)
        .with_pointer("resolution")
        .with_member("limit", MOST_BUCKETS)
}

/// `date=`, within the years of events.
fn date(params: &mut Params) -> Result<Option<NaiveDate>, ParamError> {
    let Some(text) = params.one("date")? else { return Ok(None) };
    let date = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    match date.filter(|date| (1970..=2199).contains(&date.year())) {
        Some(date) => Ok(Some(date)),
        None => Err(ParamError::bad("date", "a date like 2026-03-01 of the years 1970 to 2199 is wanted")),
    }
}
