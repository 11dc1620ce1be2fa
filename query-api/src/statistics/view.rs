//! Statistics of a tenant, as they are shown and exported.

use std::io;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use utoipa::ToSchema;

use crate::export::table::{Cell, Column, Kind, Tabular, Word};
use crate::export::writer::{Report, Writer};
use crate::http::answer::{Completeness, PeriodView};
use crate::http::period::Width;
use crate::log::view::is_false;
use crate::statistics::user::{Counts, Figure};

/// Sketches of 2^14 cells hold this many hashes of 64 bits before they begin to estimate.
const EXACT_UP_TO: u64 = 512;
/// Relative standard error of an estimate: 1.04 / √(2^14).
const ERROR: f64 = 0.0081;

/// A count of different things, which says how good it is.
pub(crate) fn figure(value: u64) -> Figure {
    let estimate = value > EXACT_UP_TO;
    Figure { value, estimate, error: estimate.then_some(ERROR) }
}

/// What statistics can be grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// What was done.
    Action,
    /// Channel of communication.
    Channel,
    /// `create`, `delete`, `change` or `other`.
    Class,
    /// Country of the address.
    Country,
    /// Kind of device.
    Device,
    /// Branch or office.
    Location,
    /// Type of the object.
    ObjectType,
    /// Who did it; an application or the system, too.
    User,
}

impl Dimension {
    /// What its keys are values of; none for what has no closed set of them.
    const fn values(self) -> Option<&'static str> {
        match self {
            Self::Action => Some("action"),
            Self::Channel => Some("channel"),
            Self::Class => Some("class"),
            Self::Device => Some("device_kind"),
            Self::ObjectType => Some("object_type"),
            Self::Country | Self::Location | Self::User => None,
        }
    }

    /// All, in the order of their names.
    pub const ALL: [Self; 8] = [
        Self::Action,
        Self::Channel,
        Self::Class,
        Self::Country,
        Self::Device,
        Self::Location,
        Self::ObjectType,
        Self::User,
    ];

    /// Its name as a parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Channel => "channel",
            Self::Class => "class",
            Self::Country => "country",
            Self::Device => "device",
            Self::Location => "location",
            Self::ObjectType => "object_type",
            Self::User => "user",
        }
    }

    /// Its value in a row, as text.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Action => "toString(action)",
            Self::Channel => "toString(channel)",
            Self::Class => "toString(class)",
            Self::Country => "toString(country)",
            Self::Device => "toString(device_kind)",
            Self::Location => "toString(location)",
            Self::ObjectType => "toString(object_type)",
            Self::User => "actor_id",
        }
    }
}

/// Statistics of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantStatistics {
    /// The period as it was understood.
    pub period: PeriodView,
    /// The one before it, where a comparison was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_period: Option<PeriodView>,
    /// Zone of the buckets.
    #[schema(example = "Europe/Prague")]
    pub time_zone: String,
    /// What the groups are by; their keys have this order.
    pub by: Vec<Dimension>,
    /// Width of the buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Width>,
    /// How good the figures are.
    pub accuracy: Accuracy,
    /// All of the period.
    pub totals: Compared,
    /// Every bucket of the period, empty ones too, where an interval was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub series: Vec<Point>,
    /// The groups with the most events in the period, most first, where groups were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Group>>,
    /// All other groups together, where groups were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<Part>,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// How good the figures of an answer are.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Accuracy {
    /// Whether counts and sums are exact. They are, unless a sum is larger than 64 bits hold: then it is the largest number
    /// that they do.
    pub counts_exact: bool,
    /// Numbers of different things are exact up to here; each figure says so itself.
    #[schema(example = 512)]
    pub distinct_exact_up_to: u64,
    /// Relative standard error of those above.
    #[schema(example = 0.0081)]
    pub distinct_error: f64,
}

impl Default for Accuracy {
    fn default() -> Self {
        Self { counts_exact: true, distinct_exact_up_to: EXACT_UP_TO, distinct_error: ERROR }
    }
}

/// Figures of one group, one bucket, or all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Tally {
    /// What was counted. Exact.
    #[serde(flatten)]
    pub counts: Counts,
    /// Different users, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<Figure>,
    /// Different devices, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Figure>,
}

/// Figures beside those of the period before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Compared {
    /// The period's.
    #[serde(flatten)]
    pub tally: Tally,
    /// The period's before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Tally>,
    /// From the one before to this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Difference>,
}

/// How much figures changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "a field is named as the figure that changed")]
pub struct Difference {
    pub events: Delta,
    pub duration_ms: Delta,
    pub records: Delta,
    pub sign_ins: Delta,
    pub failed_sign_ins: Delta,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violations: Option<Delta>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<Delta>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Delta>,
}

/// How much one figure changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Delta {
    /// This figure less the one before.
    pub absolute: i64,
    /// As a part of the one before; null where that is zero.
    #[schema(required = true)]
    pub relative: Option<f64>,
}

impl Delta {
    fn between(before: u64, after: u64) -> Self {
        let absolute = i64::try_from(i128::from(after) - i128::from(before)).unwrap_or(i64::MAX);
        Self { absolute, relative: (before != 0).then(|| absolute as f64 / before as f64) }
    }
}

impl Difference {
    pub(crate) fn between(before: &Tally, after: &Tally) -> Self {
        let (old, new) = (&before.counts, &after.counts);
        let figures = |old: Option<Figure>, new: Option<Figure>| Some(Delta::between(old?.value, new?.value));
        Self {
            events: Delta::between(old.events, new.events),
            duration_ms: Delta::between(old.duration_ms, new.duration_ms),
            records: Delta::between(old.records, new.records),
            sign_ins: Delta::between(old.sign_ins, new.sign_ins),
            failed_sign_ins: Delta::between(old.failed_sign_ins, new.failed_sign_ins),
            violations: old.violations.zip(new.violations).map(|(old, new)| Delta::between(old, new)),
            users: figures(before.users, after.users),
            devices: figures(before.devices, after.devices),
        }
    }
}

/// One bucket.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Point {
    /// First instant inside, with the offset of the tenant's zone.
    #[schema(value_type = String, format = DateTime)]
    pub start: DateTime<FixedOffset>,
    /// First instant outside.
    #[schema(value_type = String, format = DateTime)]
    pub end: DateTime<FixedOffset>,
    /// Its figures.
    #[serde(flatten)]
    pub tally: Tally,
}

/// Figures with their course over time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Part {
    /// All of the period.
    #[serde(flatten)]
    pub figures: Compared,
    /// By bucket, where an interval was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub series: Vec<Point>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Group {
    /// Which, in the order of `by`; empty for events that have none.
    #[schema(example = json!(["call"]))]
    pub keys: Vec<String>,
    /// Its figures.
    #[serde(flatten)]
    pub part: Part,
}

impl Tally {
    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        let Counts { events, duration_ms, records, sign_ins, failed_sign_ins, violations } = self.counts;
        row.extend([events, duration_ms, records, sign_ins, failed_sign_ins].map(Cell::from));
        row.push(violations.into());
        row.extend([self.users, self.devices].map(|figure| Cell::from(figure.map(|figure| figure.value))));
    }
}

impl Tabular for Point {
    const COLUMNS: &'static [Column] = &[
        Column::new("start", Kind::Time),
        Column::new("end", Kind::Time),
        Column::new("events", Kind::Whole),
        Column::new("duration_ms", Kind::Duration),
        Column::new("records", Kind::Whole),
        Column::new("sign_ins", Kind::Whole),
        Column::new("failed_sign_ins", Kind::Whole),
        Column::new("violations", Kind::Whole),
        Column::new("users", Kind::Whole),
        Column::new("devices", Kind::Whole),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend([self.start, self.end].map(|time| Cell::Time(time.to_utc())));
        self.tally.cells(row);
    }
}

/// A row of a file: a group, or all groups that are not named, so that rows add up to the totals.
#[derive(Debug, Serialize)]
struct GroupRow<'a> {
    #[serde(flatten)]
    keys: Keys<'a>,
    #[serde(flatten)]
    part: &'a Part,
}

/// One bucket of such a row.
#[derive(Debug, Serialize)]
struct GroupPoint<'a> {
    #[serde(flatten)]
    keys: Keys<'a>,
    #[serde(flatten)]
    point: &'a Point,
}

/// What a row is of.
#[derive(Debug, Clone, Copy, Serialize)]
struct Keys<'a> {
    /// The dimensions that the keys are of.
    #[serde(skip)]
    by: &'a [Dimension],
    /// None for all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<&'a [String]>,
    /// All groups that are not named.
    #[serde(skip_serializing_if = "is_false")]
    other: bool,
}

/// All of the period on top. Then the course of each group over time where both were asked for, the groups, the course of all: formats that
/// hold one table have the most that there is.
impl Report for TenantStatistics {
    fn tables<W: io::Write + Send>(&self, to: &mut Writer<W>) -> io::Result<()> {
        let totals = &[Totals(&self.totals)];
        if self.groups.is_none() && self.series.is_empty() {
            return to.whole("totals", totals);
        }
        to.summary("totals", totals)?;
        if self.groups.is_some() && self.interval.is_some() {
            to.table::<GroupPoint<'_>>("group series")?;
            for GroupRow { keys, part } in self.rows() {
                part.series.iter().try_for_each(|point| to.row(&GroupPoint { keys, point }))?;
            }
        }
        if self.groups.is_some() {
            to.table::<GroupRow<'_>>("groups")?;
            self.rows().try_for_each(|row| to.row(&row))?;
        }
        if !self.series.is_empty() {
            to.whole("series", &self.series)?;
        }
        Ok(())
    }
}

/// All of the period.
#[derive(Debug, Serialize)]
struct Totals<'a>(&'a Compared);

impl Tabular for Totals<'_> {
    const COLUMNS: &'static [Column] = match GroupRow::COLUMNS.split_first_chunk::<3>() {
        Some((_, without_keys)) => without_keys,
        None => &[],
    };

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        self.0.cells(row);
    }
}

impl Compared {
    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        self.tally.cells(row);
        row.push(self.previous.map(|tally| tally.counts.events).into());
        row.push(self.change.and_then(|change| change.events.relative).into());
    }
}

impl TenantStatistics {
    /// The groups, and the rest of them.
    fn rows(&self) -> impl Iterator<Item = GroupRow<'_>> {
        let named = self.groups.iter().flatten().map(|group| ((Some(group.keys.as_slice()), false), &group.part));
        let rest = self.other.iter().map(|part| ((None, true), part));
        named.chain(rest).map(move |((keys, other), part)| GroupRow { keys: Keys { by: &self.by, keys, other }, part })
    }
}

impl<'a> Keys<'a> {
    fn cells(&self, row: &mut Vec<Cell<'a>>) {
        row.extend([0, 1].map(|at| match (self.by.get(at), self.keys) {
            (None, _) => Cell::Empty,
            (Some(by), Some(keys)) => keys.get(at).map_or(Cell::Empty, |key| Cell::key(by.values(), key)),
            (Some(_), None) => Cell::Word(Word::Others),
        }));
        row.push(self.other.into());
    }
}

impl Tabular for GroupPoint<'_> {
    const COLUMNS: &'static [Column] = &[
        Column::new("key", Kind::Text),
        Column::new("key_2", Kind::Text),
        Column::new("other", Kind::Flag),
        Column::new("start", Kind::Time),
        Column::new("end", Kind::Time),
        Column::new("events", Kind::Whole),
        Column::new("duration_ms", Kind::Duration),
        Column::new("records", Kind::Whole),
        Column::new("sign_ins", Kind::Whole),
        Column::new("failed_sign_ins", Kind::Whole),
        Column::new("violations", Kind::Whole),
        Column::new("users", Kind::Whole),
        Column::new("devices", Kind::Whole),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        self.keys.cells(row);
        self.point.cells(row);
    }
}

impl Tabular for GroupRow<'_> {
    const COLUMNS: &'static [Column] = &[
        Column::new("key", Kind::Text),
        Column::new("key_2", Kind::Text),
        Column::new("other", Kind::Flag),
        Column::new("events", Kind::Whole),
        Column::new("duration_ms", Kind::Duration),
        Column::new("records", Kind::Whole),
        Column::new("sign_ins", Kind::Whole),
        Column::new("failed_sign_ins", Kind::Whole),
        Column::new("violations", Kind::Whole),
        Column::new("users", Kind::Whole),
        Column::new("devices", Kind::Whole),
        Column::new("previous.events", Kind::Whole),
        Column::new("change.events.relative", Kind::Number),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        self.keys.cells(row);
        self.part.figures.cells(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_from_nothing_has_no_ratio() {
        assert_eq!(Delta::between(0, 5), Delta { absolute: 5, relative: None });
        assert_eq!(Delta::between(4, 1), Delta { absolute: -3, relative: Some(-0.75) });
    }

    #[test]
    fn small_numbers_are_exact_and_large_ones_say_they_are_not() {
        assert_eq!(figure(512), Figure { value: 512, estimate: false, error: None });
        assert_eq!(figure(513), Figure { value: 513, estimate: true, error: Some(0.0081) });
    }
}
