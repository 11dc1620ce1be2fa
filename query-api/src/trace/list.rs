//! Every activity of a user, and those behind a figure.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::TimeDelta;
use runtime::problem::Problem;
use schemas::settings::Feature;
use serde::Serialize;
use utoipa::IntoParams;

use crate::http::caller::Caller;
use crate::http::extract::InPath;
use crate::http::page::{Page, PageRequest, ReadRequest};
use crate::http::params::{ParamError, Params};
use crate::http::period::Preset;
use crate::state::QueryApi;
use crate::trace::activity::Activity;
use crate::trace::figures::{self, Figure, Listed, Unit};
use crate::trace::intervals::Interval;
use crate::trace::reading::{LONGEST, MOST_ROWS, Trace, instant, too_many};
use crate::trace::view::{ActivityStyle, CountedActivity, TracedActivity};

/// Which activities are listed.
#[derive(Debug, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActivityFilter {
    /// Those behind a figure of `/v1/users/{id}/statistics`, each with what it adds to it. Goes without the others.
    #[param(required = false, example = "calls.talk_time")]
    figure: Option<String>,
    /// Channels: `call`, `email`, `ticket`, `pause` …; `session` for being signed in. Empty: what was done in the application itself.
    #[param(required = false)]
    channel: Vec<String>,
    /// `talk`, `writing`, `closed` …, as the list shows it. Empty: activities without one.
    #[param(required = false)]
    state: Vec<String>,
}

impl ActivityFilter {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        let figure = params.one_of("figure", &figures::names())?;
        let filter = Self { figure, channel: params.ids_or_empty("channel")?, state: params.ids_or_empty("state")? };
        match &filter {
            Self { figure: Some(_), channel, state } if !(channel.is_empty() && state.is_empty()) => {
                Err(ParamError::bad("figure", "a figure goes without channel and state"))
            }
            _ => Ok(filter),
        }
    }

    fn figure(&self) -> Option<&'static Figure> {
        self.figure.as_deref().and_then(Figure::named)
    }

    /// The channels to read; all if none is named.
    fn channels(&self) -> Vec<String> {
        match self.figure() {
            Some(figure) => figure.channels().map(ToOwned::to_owned).collect(),
            None => self.channel.clone(),
        }
    }

    fn rows<'a>(&self, activities: &'a [Activity], period: Interval) -> Vec<Listed<'a>> {
        if let Some(figure) = self.figure() {
            return figure.rows(activities, period);
        }
        let among = |all: &[String], one: &String| all.is_empty() || all.contains(one);
        let mut rows = figures::all(activities, period);
        rows.retain(|row| {
            let lane = &row.activity.lane;
            among(&self.channel, &lane.channel) && among(&self.state, &lane.state)
        });
        rows
    }
}

/// List a user's activities
///
/// In the order of time. With `figure`, the activities behind that figure: their `counted` adds up to it. What lasts is
/// cut at the borders of the period, and marked there. An activity reaches no further than 24 h from when its event
/// occurred.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/activities",
    tag = "users",
    operation_id = "listActivities",
    params(
        ("id" = String, Path, description = "Id of the user", example = "u-17"),
        ActivityFilter,
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
    ),
    responses(
        (status = 200, description = "A page; of this month unless a period is given, which has 93 days at most, and as many where it has no beginning", body = Page<CountedActivity>, example = json!(crate::trace::examples::activities())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(user): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Response, Problem> {
    reading.feature(Feature::Tracing)?;
    let filter = ActivityFilter::take(&mut reading.params)?;
    reading.by_default(Preset::ThisMonth);
    let mut asked = reading.page("activities", &(&user, &filter))?;
    let (period, now) = (bounded(&mut asked)?, asked.reading.now);
    let (tenant, earliest) = (&*asked.reading.tenant, asked.reading.earliest);
    let trace = Trace { caller: &caller, tenant, user: &user, period, now, earliest };
    let activities = trace
        .activities(api.store(), &filter.channels(), MOST_ROWS)
        .await?
        .ok_or_else(|| too_many(MOST_ROWS, "narrow the period, or ask for a figure or channel"))?;
    let mut rows = filter.rows(&activities, period);
    if let Some(after) = &asked.after {
        let after = (after.at.timestamp_millis(), after.id.clone());
        let read = rows.partition_point(|row| (row.at, row.activity.row.place()) <= after);
        rows.drain(..read);
    }
    let style = ActivityStyle::of(&api, &asked.reading);
    let key = |row: &Listed<'_>| (instant(row.at), row.activity.row.place());
    let unit = filter.figure().map_or(Unit::Count, Figure::unit);
    let view = move |row: Listed<'_>| CountedActivity {
        activity: TracedActivity::new(row.activity, period, &style),
        counted: row.counted,
        unit,
    };
    asked.answer(rows, key, view).await
}

/// Settles the period of all pages, and how much of it has been when the first was asked for: what goes on is as long on the last
/// page as on the first.
fn bounded(asked: &mut PageRequest) -> Result<Interval, Problem> {
    let (as_of, keep) = (asked.as_of, asked.reading.cutoffs());
    let (mut from, mut to) = asked.period.closed(keep, as_of);
    let least = TimeDelta::milliseconds(1);
    if asked.after.is_none() && asked.spec.has_no_beginning() {
        // As far back as is listed at once: what is kept, and the look-back of a plan, may reach further.
        from = from.max(to.min(as_of) - LONGEST).min(to - least);
    }
    to = to.max(from + least);
    asked.period = asked.period.told((from, to), as_of);
    let until = if from < as_of { to.min(as_of) } else { to };
    if until - from > LONGEST {
        let detail = format!("activities are listed for {} days at most", LONGEST.num_days());
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "period_too_long", detail).with_pointer("from"));
    }
    Interval::new(from.timestamp_millis(), until.timestamp_millis())
        .ok_or_else(|| ParamError::bad("from", "the period ends before it begins").into())
}
