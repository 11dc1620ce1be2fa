//! A user's trace: activities on a timeline and in lists, and figures.

use chrono::{DateTime, FixedOffset};
use schemas::catalogue::{Catalogue, Lang};
use schemas::zone::Zone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::export::table::{Cell, Column, Kind, Tabular};
use crate::export::values;
use crate::http::page::ReadRequest;
use crate::log::labels::Labels;
use crate::log::type_names;
use crate::log::view::is_false;
use crate::state::QueryApi;
use crate::trace::activity::Activity;
use crate::trace::figures::Unit;
use crate::trace::intervals::Interval;

/// An instant as the tenant's zone shows it.
pub(crate) fn local(zone: Zone, millis: i64) -> DateTime<FixedOffset> {
    let time = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    time.with_timezone(&zone).fixed_offset()
}

/// How activities are rendered.
#[derive(Debug, Clone)]
pub struct ActivityStyle {
    /// The zone of their times.
    pub zone: Zone,
    /// The reader's language.
    pub lang: Lang,
    /// What types are called, the tenant's own among them.
    pub catalogue: Catalogue,
}

impl ActivityStyle {
    /// To whoever reads.
    pub(crate) fn of(api: &QueryApi, reading: &ReadRequest) -> Self {
        Self {
            zone: api.calendar(&reading.tenant).zone,
            lang: reading.lang,
            catalogue: api.catalogue().with_tenant_types(&reading.tenant.event_types),
        }
    }
}

/// Something that the user did: a point of time, or an interval as far as it lies in the period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TracedActivity {
    /// The event that reports it: `/v1/events/{id}` has its detail.
    #[schema(example = "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1")]
    pub id: String,
    /// Other events that report it: its beginning, or itself once more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub other_ids: Vec<String>,
    /// Type of the event.
    #[serde(rename = "type")]
    #[schema(example = "call.talked")]
    pub event_type: String,
    /// What its type is called.
    #[schema(example = "Talk on a call")]
    pub name: String,
    /// `call`, `email`, `ticket`, `pause` …; `session` for being signed in; empty for what was done in the application.
    #[schema(example = "call")]
    pub channel: String,
    /// `call`, `talk`, `writing`, `editing`, `closed`, `paid`, `unpaid`, `ready`, `free`, `signed_in`; else the action.
    #[schema(example = "talk")]
    pub state: String,
    /// What these, the outcome and the object's type are called.
    pub labels: Labels,
    /// When it began, no sooner than the period, with the offset of the tenant's zone. Of a point, when it was.
    #[schema(value_type = String, format = DateTime)]
    pub start: DateTime<FixedOffset>,
    /// When it ended, no later than the period; null for a point.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub end: Option<DateTime<FixedOffset>>,
    /// Its end is not known: it lasts to now, and no longer than 24 h.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub open: bool,
    /// It began before the period.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub clipped_start: bool,
    /// It ended after the period.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub clipped_end: bool,
    /// When its event occurred, which decides where it is counted.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: DateTime<FixedOffset>,
    /// To what, or with whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<TracedObject>,
    /// `success`, `failure` or `unknown`.
    #[schema(example = "success")]
    pub outcome: String,
    /// Why: of a pause, what for.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reason: String,
}

/// What an activity was about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TracedObject {
    /// Type.
    #[serde(rename = "type")]
    #[schema(example = "call")]
    pub object_type: String,
    /// Number or id in the application.
    #[schema(example = "4711")]
    pub id: String,
    /// Display name.
    #[schema(example = "Jan Kovář")]
    pub name: String,
}

impl TracedActivity {
    /// An activity as a period shows it; what is counted in the period but lies outside it is shown as it is.
    pub fn new(activity: &Activity, period: Interval, style: &ActivityStyle) -> Self {
        let ActivityStyle { zone, lang, catalogue } = style;
        let (row, zone, lane) = (&activity.row, *zone, &activity.lane);
        let shown = activity.span.map(|span| span.clip(period).unwrap_or(span));
        let object = (!row.object_type.is_empty() || !row.object_id.is_empty()).then(|| TracedObject {
            object_type: row.object_type.clone(),
            id: row.object_id.clone(),
            name: row.object_name.clone(),
        });
        Self {
            id: row.event_id.clone(),
            other_ids: activity.others.clone(),
            event_type: row.event_type.clone(),
            name: type_names::name(catalogue, &row.event_type, *lang).into_owned(),
            channel: lane.channel.clone(),
            state: lane.state.clone(),
            labels: Labels {
                outcome: values::label("outcome", &row.outcome, *lang),
                object_type: values::label("object_type", &row.object_type, *lang),
                ..Labels::of_lane(&lane.channel, &lane.state, *lang)
            },
            start: local(zone, shown.map_or(activity.at(), Interval::start)),
            end: shown.map(|span| local(zone, span.end())),
            open: activity.open,
            clipped_start: shown.zip(activity.span).is_some_and(|(shown, span)| span.start() < shown.start()),
            clipped_end: shown.zip(activity.span).is_some_and(|(shown, span)| span.end() > shown.end()),
            occurred_at: local(zone, activity.at()),
            object,
            outcome: row.outcome.clone(),
            reason: row.reason.clone(),
        }
    }

    fn common_cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        let lasted = self.end.map(|end| (end - self.start).num_milliseconds().unsigned_abs());
        row.extend([
            self.start.to_utc().into(),
            self.end.map(|end| end.to_utc()).into(),
            lasted.into(),
            Cell::code("channel", &self.channel),
            Cell::code("state", &self.state),
            (&self.name).into(),
            (&self.event_type).into(),
            self.object.as_ref().map_or(Cell::Empty, |object| Cell::code("object_type", &object.object_type)),
            self.object.as_ref().map_or(Cell::Empty, |object| (&object.id).into()),
            self.object.as_ref().map_or(Cell::Empty, |object| (&object.name).into()),
            Cell::code("outcome", &self.outcome),
            (&self.reason).into(),
            self.open.into(),
            self.clipped_start.into(),
            self.clipped_end.into(),
            (&self.id).into(),
        ]);
    }
}

/// The columns of an activity, and one that a list adds.
macro_rules! columns {
    ($name:literal, $kind:expr) => {
        &[
            Column::new("start", Kind::Time),
            Column::new("end", Kind::Time),
            Column::new("duration_ms", Kind::Duration),
            Column::new("channel", Kind::Text),
            Column::new("state", Kind::Text),
            Column::new("name", Kind::Text),
            Column::new("type", Kind::Text),
            Column::new("object.type", Kind::Text),
            Column::new("object.id", Kind::Text),
            Column::new("object.name", Kind::Text),
            Column::new("outcome", Kind::Text),
            Column::new("reason", Kind::Text),
            Column::new("open", Kind::Flag),
            Column::new("clipped_start", Kind::Flag),
            Column::new("clipped_end", Kind::Flag),
            Column::new("id", Kind::Text),
            Column::new($name, $kind),
        ]
    };
}

/// The columns that a page has room for: a type is shown by its name.
const PRINTED: &[&str] = &[
    "start",
    "end",
    "duration_ms",
    "channel",
    "state",
    "name",
    "object.type",
    "object.id",
    "object.name",
    "outcome",
    "reason",
    "open",
    "clipped_start",
    "clipped_end",
    "id",
    "counted",
    "track",
];

/// An activity in the list behind a figure.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountedActivity {
    /// It.
    #[serde(flatten)]
    pub activity: TracedActivity,
    /// What it adds to the figure, in the figure's unit. Time or an object that several activities share is the first one's, so that
    /// rows add up to the figure. Absent where no figure is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<u64>,
    /// The figure's unit.
    #[serde(skip)]
    pub unit: Unit,
}

impl Tabular for TracedActivity {
    const COLUMNS: &'static [Column] = match CountedActivity::COLUMNS.split_last() {
        Some((_, all_but_the_last)) => all_but_the_last,
        None => &[],
    };
    const PRINTED: &'static [&'static str] = PRINTED;

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        self.common_cells(row);
    }
}

impl Tabular for CountedActivity {
    const COLUMNS: &'static [Column] = columns!("counted", Kind::Whole);
    const PRINTED: &'static [&'static str] = PRINTED;

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        self.activity.common_cells(row);
        row.push(self.counted.map(|counted| self.unit.cell(counted)).into());
    }
}

/// An interval on a timeline.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TracedInterval {
    /// It.
    #[serde(flatten)]
    pub activity: TracedActivity,
    /// From 0; intervals of one lane that overlap are on different tracks.
    pub track: usize,
}

impl Tabular for TracedInterval {
    const COLUMNS: &'static [Column] = columns!("track", Kind::Whole);
    const PRINTED: &'static [&'static str] = PRINTED;

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        self.activity.common_cells(row);
        row.push(u64::try_from(self.track).ok().into());
    }
}

/// A figure of a user's work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TracedFigure {
    /// Its name.
    #[schema(example = "calls.talk_time")]
    pub name: &'static str,
    /// In the unit.
    pub value: u64,
    /// What it counts in.
    pub unit: Unit,
    /// Where the list of the activities behind it is, which add up to it.
    #[schema(
        example = "/v1/users/u-17/activities?figure=calls.talk_time&from=2026-03-01T23:00:00.000Z&to=2026-03-02T23:00:00.000Z"
    )]
    pub rows: String,
}

impl Tabular for TracedFigure {
    const COLUMNS: &'static [Column] =
        &[Column::new("name", Kind::Text), Column::new("value", Kind::Whole), Column::new("unit", Kind::Text)];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend([Cell::code("figure", self.name), self.unit.cell(self.value), self.unit.named()]);
    }
}
