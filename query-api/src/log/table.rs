//! Events as rows of a table.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::audit::KEY_ID;
use crate::export::table::{Cell, Column, Kind, Tabular};
use crate::log::cells::{flags, signals, titles};
use crate::log::view::{Change, Event};

impl Tabular for Event {
    const COLUMNS: &'static [Column] = &[
        Column::new("occurred_at", Kind::Time),
        Column::new("actor.label", Kind::Text),
        Column::new("actor.email", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("text", Kind::Text),
        Column::new("details", Kind::Text),
        Column::new("object.type", Kind::Text),
        Column::new("object.id", Kind::Text),
        Column::new("object.name", Kind::Text),
        Column::new("object.url", Kind::Text),
        Column::new("changes", Kind::Text),
        Column::new("class", Kind::Text),
        Column::new("action", Kind::Text),
        Column::new("module", Kind::Text),
        Column::new("outcome", Kind::Text),
        Column::new("reason", Kind::Text),
        Column::new("location", Kind::Text),
        Column::new("channel", Kind::Text),
        Column::new("started_at", Kind::Time),
        Column::new("duration_ms", Kind::Duration),
        Column::new("records", Kind::Whole),
        Column::new("context.ip", Kind::Text),
        Column::new("geo.country", Kind::Text),
        Column::new("geo.city", Kind::Text),
        Column::new("device.browser", Kind::Text),
        Column::new("device.os", Kind::Text),
        Column::new("type", Kind::Text),
        Column::new("category", Kind::Text),
        Column::new("actor.kind", Kind::Text),
        Column::new("actor.id", Kind::Text),
        Column::new("actor.name", Kind::Text),
        Column::new("context.session_key", Kind::Text),
        Column::new("device.id", Kind::Text),
        Column::new("device.confidence", Kind::Text),
        Column::new("violations", Kind::Text),
        Column::new("violations.title", Kind::Text),
        Column::new("signals", Kind::Text),
        Column::new("backfill", Kind::Flag),
        Column::new("received_at", Kind::Time),
        Column::new("context.key_id", Kind::Text),
        Column::new("source", Kind::Text),
        Column::new("payload", Kind::Text),
        Column::new("extra", Kind::Text),
        Column::new("id", Kind::Text),
    ];
    const PRINTED: &'static [&'static str] = &[
        "occurred_at",
        "actor.label",
        "text",
        "details",
        "object.type",
        "object.id",
        "changes",
        "location",
        "context.ip",
        "violations.title",
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        let (object, geo, device) = (self.object.as_ref(), self.geo.as_ref(), self.device.as_ref());
        row.extend([
            self.occurred_at.into(),
            Cell::from(&self.actor.label),
            Cell::from(&self.actor.email),
            Cell::from(&self.words.name),
            Cell::from(&self.words.text),
            Cell::from(&self.words.details),
            object.map_or(Cell::Empty, |object| Cell::code("object_type", &object.object_type)),
            object.map(|object| &object.id).into(),
            object.map(|object| &object.name).into(),
            object.map(|object| &object.url).into(),
            changes(&self.changes),
            Cell::code("class", &self.class),
            Cell::code("action", &self.action),
            Cell::code("module", &self.module),
            Cell::code("outcome", &self.outcome),
            // What the product says itself has words.
            if self.context.key_id == KEY_ID { Cell::code("phrase", &self.reason) } else { (&self.reason).into() },
            Cell::from(&self.location),
            Cell::code("channel", &self.channel),
            self.started_at.into(),
            Some(self.duration_ms).filter(|millis| *millis > 0).into(),
            Some(self.records).filter(|records| *records > 0).into(),
            self.context.ip.map_or(Cell::Empty, |ip| Cell::Text(Cow::Owned(ip.to_string()))),
            geo.map(|geo| &geo.country).into(),
            geo.map(|geo| &geo.city).into(),
            device.map(|device| &device.browser).into(),
            device.map(|device| &device.os).into(),
            Cell::from(&self.event_type),
            Cell::code("category", &self.category),
            Cell::code("actor_kind", &self.actor.kind),
            Cell::from(&self.actor.id),
            Cell::from(&self.actor.name),
            Cell::from(&self.context.session_key),
            device.map(|device| &device.id).into(),
            device.map_or(Cell::Empty, |device| Cell::code("confidence", &device.confidence)),
            self.violations.as_deref().map_or(Cell::Empty, flags),
            self.violations.as_deref().map_or(Cell::Empty, titles),
            self.signals.as_ref().map_or(Cell::Empty, signals),
            self.backfill.into(),
            self.received_at.into(),
            Cell::from(&self.context.key_id),
            Cell::from(&self.source),
            self.payload.as_deref().map(RawValue::get).into(),
            self.extra.as_deref().map(RawValue::get).into(),
            Cell::from(&self.id),
        ]);
    }
}

/// Changes, one a line.
fn changes(changes: &[Change]) -> Cell<'static> {
    let lines: Vec<&str> = changes.iter().map(|change| change.text.as_str()).collect();
    if lines.is_empty() { Cell::Empty } else { Cell::Text(Cow::Owned(lines.join("\n"))) }
}
