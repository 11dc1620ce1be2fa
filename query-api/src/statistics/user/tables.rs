//! A user's statistics as tables: totals and figures on top, the course of time, then the shares of each kind.

use std::io::{self, Write};

use chrono::Utc;
use serde::Serialize;

use crate::export::table::{Cell, Column, Kind, Tabular};
use crate::export::writer::{Report, Writer};
use crate::statistics::user::{Bucket, Counts, Distinct, Share, Statistics};

impl Report for Statistics {
    fn tables<W: Write + Send>(&self, to: &mut Writer<W>) -> io::Result<()> {
        to.summary("totals", &[Totals { counts: self.totals, distinct: self.distinct }])?;
        to.summary("figures", self.figures.figures.as_deref().unwrap_or_default())?;
        to.whole("series", &self.series)?;
        to.whole("actions", &keyed(Some("action"), &self.actions))?;
        to.whole("classes", &keyed(Some("class"), &self.classes))?;
        to.whole("channels", &keyed(Some("channel"), &self.channels))?;
        to.whole("object types", &keyed(Some("object_type"), &self.object_types))?;
        to.whole("countries", &keyed(None, &self.countries))?;
        to.whole("device kinds", &keyed(Some("device_kind"), &self.device_kinds))
    }
}

impl Tabular for Bucket {
    const COLUMNS: &'static [Column] = &[
        Column::new("start", Kind::Time),
        Column::new("end", Kind::Time),
        Column::new("events", Kind::Whole),
        Column::new("duration_ms", Kind::Duration),
        Column::new("records", Kind::Whole),
        Column::new("sign_ins", Kind::Whole),
        Column::new("failed_sign_ins", Kind::Whole),
        Column::new("violations", Kind::Whole),
        Column::new("distinct.devices", Kind::Whole),
        Column::new("distinct.ips", Kind::Whole),
        Column::new("distinct.objects", Kind::Whole),
        Column::new("distinct.sessions", Kind::Whole),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend([self.start.with_timezone(&Utc).into(), self.end.with_timezone(&Utc).into()]);
        row.extend(counted(&self.counts));
        row.extend(different(&self.distinct));
    }
}

/// All of the period.
#[derive(Serialize)]
struct Totals {
    #[serde(flatten)]
    counts: Counts,
    distinct: Distinct,
}

impl Tabular for Totals {
    const COLUMNS: &'static [Column] = match Bucket::COLUMNS.split_first_chunk::<2>() {
        Some((_, without_times)) => without_times,
        None => &[],
    };

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend(counted(&self.counts));
        row.extend(different(&self.distinct));
    }
}

/// A share, and what its key is a value of.
#[derive(Serialize)]
struct Keyed<'a> {
    #[serde(skip)]
    of: Option<&'static str>,
    #[serde(flatten)]
    share: &'a Share,
}

fn keyed<'a>(of: Option<&'static str>, shares: &'a [Share]) -> Vec<Keyed<'a>> {
    shares.iter().map(|share| Keyed { of, share }).collect()
}

impl Tabular for Keyed<'_> {
    const COLUMNS: &'static [Column] = &[
        Column::new("key", Kind::Text),
        Column::new("events", Kind::Whole),
        Column::new("duration_ms", Kind::Duration),
        Column::new("records", Kind::Whole),
        Column::new("sign_ins", Kind::Whole),
        Column::new("failed_sign_ins", Kind::Whole),
        Column::new("violations", Kind::Whole),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.push(Cell::key(self.of, &self.share.key));
        row.extend(counted(&self.share.counts));
    }
}

fn counted(counts: &Counts) -> [Cell<'static>; 6] {
    [
        counts.events.into(),
        counts.duration_ms.into(),
        counts.records.into(),
        counts.sign_ins.into(),
        counts.failed_sign_ins.into(),
        counts.violations.into(),
    ]
}

fn different(distinct: &Distinct) -> [Cell<'static>; 4] {
    [distinct.devices, distinct.ips, distinct.objects, distinct.sessions].map(|figure| figure.value.into())
}
