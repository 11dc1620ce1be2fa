//! What is listed, as rows of a table (P9): the columns of an export, in the order that people read them.

use std::borrow::Cow;
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::user::{Session, SignIn, User, UserDevice};
use super::violation::Violation;
use super::{Device, Flag, Geo, Place};
use crate::table::{Cell, Column, Kind, Tabular};

impl Tabular for User {
    const COLUMNS: &'static [Column] = &[
        Column::new("id", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("email", Kind::Text),
        Column::new("active", Kind::Flag),
        Column::new("first_seen_at", Kind::Time),
        Column::new("last_activity_at", Kind::Time),
        Column::new("sign_ins", Kind::Whole),
        Column::new("unreviewed_violations", Kind::Whole),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend([
            (&self.id).into(),
            (&self.name).into(),
            (&self.email).into(),
            self.active.into(),
            self.first_seen_at.into(),
            self.last_activity_at.into(),
            self.sign_ins.into(),
            self.unreviewed_violations.into(),
        ]);
    }
}

impl Tabular for SignIn {
    const COLUMNS: &'static [Column] = &[
        Column::new("occurred_at", Kind::Time),
        Column::new("action", Kind::Text),
        Column::new("outcome", Kind::Text),
        Column::new("reason", Kind::Text),
        Column::new("ip", Kind::Text),
        Column::new("place.country", Kind::Text),
        Column::new("place.city", Kind::Text),
        Column::new("device.id", Kind::Text),
        Column::new("device.kind", Kind::Text),
        Column::new("device.browser", Kind::Text),
        Column::new("device.os", Kind::Text),
        Column::new("device.confidence", Kind::Text),
        Column::new("session.key", Kind::Text),
        Column::new("session.last_activity_at", Kind::Time),
        Column::new("session.signed_out_at", Kind::Time),
        Column::new("violations", Kind::Text),
        Column::new("signals", Kind::Text),
        Column::new("backfill", Kind::Flag),
        Column::new("id", Kind::Text),
    ];
    const PRINTED: &'static [&'static str] = &[
        "occurred_at",
        "outcome",
        "reason",
        "ip",
        "place.country",
        "place.city",
        "device.kind",
        "device.browser",
        "device.os",
        "session.last_activity_at",
        "session.signed_out_at",
        "violations",
        "signals",
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        let session = self.session.as_ref();
        row.extend([
            self.occurred_at.into(),
            (&self.action).into(),
            (&self.outcome).into(),
            (&self.reason).into(),
            address(self.ip),
        ]);
        row.extend(place(self.place.as_ref()));
        row.extend(device(self.device.as_ref()));
        row.extend([
            self.device.as_ref().map(|device| &device.confidence).into(),
            session.map(|session| &session.key).into(),
            session.and_then(|session| session.last_activity_at).into(),
            session.and_then(|session| session.signed_out_at).into(),
            flags(&self.violations),
            signals(&self.signals),
            self.backfill.into(),
            (&self.id).into(),
        ]);
    }
}

impl Tabular for UserDevice {
    const COLUMNS: &'static [Column] = &[
        Column::new("id", Kind::Text),
        Column::new("kind", Kind::Text),
        Column::new("browser", Kind::Text),
        Column::new("os", Kind::Text),
        Column::new("model", Kind::Text),
        Column::new("confidence", Kind::Text),
        Column::new("access", Kind::Text),
        Column::new("first_seen_at", Kind::Time),
        Column::new("last_seen_at", Kind::Time),
        Column::new("sign_ins", Kind::Whole),
        Column::new("failed_sign_ins", Kind::Whole),
        Column::new("ip", Kind::Text),
        Column::new("place.country", Kind::Text),
        Column::new("place.city", Kind::Text),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend(device(Some(&self.device)));
        row.extend([
            (&self.device.model).into(),
            (&self.device.confidence).into(),
            self.access.as_str().into(),
            self.first_seen_at.into(),
            self.last_seen_at.into(),
            self.sign_ins.into(),
            self.failed_sign_ins.into(),
            address(self.ip),
        ]);
        row.extend(named_place(self.place.as_ref()));
    }
}

impl Tabular for Session {
    const COLUMNS: &'static [Column] = &[
        Column::new("key", Kind::Text),
        Column::new("started_at", Kind::Time),
        Column::new("last_activity_at", Kind::Time),
        Column::new("signed_out_at", Kind::Time),
        Column::new("events", Kind::Whole),
        Column::new("device_id", Kind::Text),
        Column::new("device_confidence", Kind::Text),
        Column::new("device_kind", Kind::Text),
        Column::new("browser", Kind::Text),
        Column::new("os", Kind::Text),
        Column::new("ip", Kind::Text),
        Column::new("place.country", Kind::Text),
        Column::new("place.city", Kind::Text),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend([
            (&self.key).into(),
            self.started_at.into(),
            self.last_activity_at.into(),
            self.signed_out_at.into(),
            self.events.into(),
            (&self.device_id).into(),
            self.device_confidence.as_deref().into(),
            (&self.device_kind).into(),
            (&self.browser).into(),
            (&self.os).into(),
            address(self.ip),
        ]);
        row.extend(named_place(self.place.as_ref()));
    }
}

impl Tabular for Violation {
    const COLUMNS: &'static [Column] = &[
        Column::new("first_at", Kind::Time),
        Column::new("last_at", Kind::Time),
        Column::new("rule", Kind::Text),
        Column::new("title", Kind::Text),
        Column::new("rule_version", Kind::Whole),
        Column::new("level", Kind::Text),
        Column::new("action", Kind::Text),
        Column::new("user.kind", Kind::Text),
        Column::new("user.id", Kind::Text),
        Column::new("user.name", Kind::Text),
        Column::new("group", Kind::Text),
        Column::new("count", Kind::Whole),
        Column::new("seen", Kind::Number),
        Column::new("limit", Kind::Number),
        Column::new("ip", Kind::Text),
        Column::new("place.country", Kind::Text),
        Column::new("place.city", Kind::Text),
        Column::new("device_id", Kind::Text),
        Column::new("device_confidence", Kind::Text),
        Column::new("session_key", Kind::Text),
        Column::new("review.at", Kind::Time),
        Column::new("review.by", Kind::Text),
        Column::new("review.note", Kind::Text),
        Column::new("window_at", Kind::Time),
        Column::new("id", Kind::Text),
        Column::new("event_ids", Kind::Text),
    ];
    const PRINTED: &'static [&'static str] = &[
        "first_at",
        "last_at",
        "title",
        "level",
        "action",
        "user.id",
        "user.name",
        "count",
        "seen",
        "limit",
        "ip",
        "place.country",
        "review.at",
        "review.by",
        "review.note",
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        let (user, review) = (self.user.as_ref(), self.review.as_ref());
        row.extend([
            self.first_at.into(),
            self.last_at.into(),
            (&self.rule).into(),
            (&self.title).into(),
            u64::from(self.rule_version).into(),
            self.level.into(),
            (&self.action).into(),
            user.map(|user| &user.kind).into(),
            user.map(|user| &user.id).into(),
            user.map(|user| &user.name).into(),
            self.group.as_deref().map(serde_json::value::RawValue::get).into(),
            self.count.into(),
            self.seen.into(),
            self.limit.into(),
            address(self.ip),
        ]);
        row.extend(named_place(self.place.as_ref()));
        row.extend([
            (&self.device_id).into(),
            self.device_confidence.as_deref().into(),
            (&self.session_key).into(),
            review.map(|review| review.at).into(),
            review.map(|review| &review.by.name).into(),
            review.map(|review| &review.note).into(),
            self.window_at.into(),
            (&self.id).into(),
            joined(self.event_ids.iter().map(|id| Cow::Borrowed(id.as_str()))),
        ]);
    }
}

fn address(ip: Option<IpAddr>) -> Cell<'static> {
    ip.map_or(Cell::Empty, |ip| Cell::Text(ip.to_string().into()))
}

fn place(geo: Option<&Geo>) -> [Cell<'_>; 2] {
    [geo.map(|geo| &geo.country).into(), geo.map(|geo| &geo.city).into()]
}

fn named_place(place: Option<&Place>) -> [Cell<'_>; 2] {
    [place.map(|place| &place.country).into(), place.map(|place| &place.city).into()]
}

/// Id, kind, browser and system; these with their versions.
fn device(device: Option<&Device>) -> [Cell<'_>; 4] {
    let Some(device) = device else { return [Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty] };
    [
        (&device.id).into(),
        (&device.kind).into(),
        versioned(&device.browser, &device.browser_version),
        versioned(&device.os, &device.os_version),
    ]
}

fn versioned<'a>(name: &'a str, version: &str) -> Cell<'a> {
    if name.is_empty() || version.is_empty() { name.into() } else { Cell::Text(format!("{name} {version}").into()) }
}

/// The rules that were broken, by their names.
pub(super) fn flags(flags: &[Flag]) -> Cell<'_> {
    joined(flags.iter().map(|flag| Cow::Borrowed(flag.rule.as_str())))
}

/// `name: value`; what is only true by its name alone.
pub(super) fn signals(signals: &Map<String, Value>) -> Cell<'_> {
    joined(signals.iter().map(|(name, value)| match value {
        Value::Bool(true) => Cow::Borrowed(name.as_str()),
        Value::String(word) => Cow::Owned(format!("{name}: {word}")),
        value => Cow::Owned(format!("{name}: {value}")),
    }))
}

fn joined<'a>(parts: impl Iterator<Item = Cow<'a, str>>) -> Cell<'a> {
    let text = parts.collect::<Vec<_>>().join("; ");
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.into()) }
}
