//! What is listed, as rows of a table: the columns of an export, in the order that people read them.

use crate::export::table::{Cell, Column, Kind, Tabular};
use crate::log::cells::{address, device, flags, named_place, place, signals, titles};
use crate::users::view::{Session, SignIn, TenantSignIn, User, UserDevice};

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
        Column::new("max_level", Kind::Text),
        Column::new("exempt", Kind::Flag),
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
            self.max_level.map_or(Cell::Empty, |level| Cell::code("level", level)),
            self.exempt.into(),
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
        Column::new("violations.title", Kind::Text),
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
        "violations.title",
        "signals",
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        let session = self.session.as_ref();
        row.extend([
            self.occurred_at.into(),
            Cell::code("action", &self.action),
            Cell::code("outcome", &self.outcome),
            (&self.reason).into(),
            address(self.ip),
        ]);
        row.extend(place(self.place.as_ref()));
        row.extend(device(self.device.as_ref()));
        row.extend([
            self.device.as_ref().map_or(Cell::Empty, |device| Cell::code("confidence", &device.confidence)),
            session.map(|session| &session.key).into(),
            session.and_then(|session| session.last_activity_at).into(),
            session.and_then(|session| session.signed_out_at).into(),
            flags(&self.violations),
            titles(&self.violations),
            signals(&self.signals),
            self.backfill.into(),
            (&self.id).into(),
        ]);
    }
}

impl Tabular for TenantSignIn {
    const COLUMNS: &'static [Column] = &[
        Column::new("user.id", Kind::Text),
        Column::new("user.name", Kind::Text),
        Column::new("user.email", Kind::Text),
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
        Column::new("violations.title", Kind::Text),
        Column::new("signals", Kind::Text),
        Column::new("backfill", Kind::Flag),
        Column::new("id", Kind::Text),
    ];
    const PRINTED: &'static [&'static str] = &[
        "user.id",
        "user.name",
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
        "violations.title",
        "signals",
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend([&self.user.id, &self.user.name, &self.user.email].map(Cell::from));
        self.sign_in.cells(row);
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
        Column::new("first_sign_in_at", Kind::Time),
        Column::new("last_sign_in_at", Kind::Time),
        Column::new("ip", Kind::Text),
        Column::new("place.country", Kind::Text),
        Column::new("place.city", Kind::Text),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.extend(device(Some(&self.device)));
        row.extend([
            (&self.device.model).into(),
            Cell::code("confidence", &self.device.confidence),
            Cell::code("access", self.access.as_str()),
            self.first_seen_at.into(),
            self.last_seen_at.into(),
            self.sign_ins.into(),
            self.failed_sign_ins.into(),
            self.first_sign_in_at.into(),
            self.last_sign_in_at.into(),
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
            self.device_confidence.as_deref().map_or(Cell::Empty, |word| Cell::code("confidence", word)),
            Cell::code("device_kind", &self.device_kind),
            (&self.browser).into(),
            (&self.os).into(),
            address(self.ip),
        ]);
        row.extend(named_place(self.place.as_ref()));
    }
}
