//! Violations as rows of a table.

use std::borrow::Cow;

use crate::export::table::{Cell, Column, Kind, Tabular};
use crate::log::cells::{address, joined, named_place};
use crate::violations::view::Violation;

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
            Cell::code("level", self.level),
            Cell::code("violation_action", &self.action),
            user.map_or(Cell::Empty, |user| Cell::code("actor_kind", &user.kind)),
            user.map(|user| &user.id).into(),
            user.map(|user| &user.name).into(),
            self.group.as_deref().map_or(Cell::Empty, |group| Cell::Group(group.get())),
            self.count.into(),
            self.seen.into(),
            self.limit.into(),
            address(self.ip),
        ]);
        row.extend(named_place(self.place.as_ref()));
        row.extend([
            (&self.device_id).into(),
            self.device_confidence.as_deref().map_or(Cell::Empty, |word| Cell::code("confidence", word)),
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
