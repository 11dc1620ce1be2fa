//! A change of the configuration as the audit shows it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::export::table::{Cell, Column, Kind, Tabular};
use crate::log::edits::{Edit, edits};
use crate::log::labels::Labels;
use crate::log::rows::EventRow;
use crate::log::view::{Actor, Event, EventObject};
use crate::log::wording::EventRenderer;

/// A change of the configuration.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConfigurationChange {
    /// Id of the event.
    #[schema(example = "0199c1f2-7a3e-7cc1-8a55-9be1c0a4d2f1")]
    pub id: String,
    /// When it was changed.
    pub occurred_at: DateTime<Utc>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// Who changed it; "System" for the product itself.
    pub actor: Actor,
    /// Type of the event.
    #[serde(rename = "type")]
    #[schema(example = "workflow.condition_changed")]
    pub event_type: String,
    /// What the type is called.
    pub name: String,
    /// What happened, as a sentence.
    pub text: String,
    /// `create`, `change`, `delete` or `other`.
    #[schema(example = "change")]
    pub class: String,
    /// The part of the application.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "workflows")]
    pub module: String,
    /// `success`, `failure` or `unknown`.
    #[schema(example = "success")]
    pub outcome: String,
    /// What these codes, the actor's kind and the object's type are called.
    pub labels: Labels,
    /// What was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<EventObject>,
    /// Reason and the like, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub details: String,
    /// What was done to it.
    pub edits: Vec<Edit>,
}

impl ConfigurationChange {
    /// Shows a row.
    pub fn new(row: EventRow, renderer: &EventRenderer) -> Self {
        let edits = edits(&row, renderer.lang);
        let event = Event::new(row, renderer);
        let Labels { class, module, outcome, actor_kind, object_type, .. } = event.labels;
        Self {
            id: event.id,
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            actor: event.actor,
            event_type: event.event_type,
            name: event.words.name,
            text: event.words.text,
            class: event.class,
            module: event.module,
            outcome: event.outcome,
            labels: Labels { class, module, outcome, actor_kind, object_type, ..Labels::default() },
            object: event.object,
            details: event.words.details,
            edits,
        }
    }
}

impl Tabular for ConfigurationChange {
    const COLUMNS: &'static [Column] = &[
        Column::new("occurred_at", Kind::Time),
        Column::new("actor.label", Kind::Text),
        Column::new("actor.email", Kind::Text),
        Column::new("class", Kind::Text),
        Column::new("module", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("object.type", Kind::Text),
        Column::new("object.id", Kind::Text),
        Column::new("object.name", Kind::Text),
        Column::new("text", Kind::Text),
        Column::new("edits", Kind::Text),
        Column::new("details", Kind::Text),
        Column::new("outcome", Kind::Text),
        Column::new("id", Kind::Text),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        let object = self.object.as_ref();
        let edits: Vec<&str> = self.edits.iter().map(|edit| edit.text.as_str()).collect();
        row.extend([
            self.occurred_at.into(),
            Cell::from(&self.actor.label),
            Cell::from(&self.actor.email),
            Cell::code("class", &self.class),
            Cell::code("module", &self.module),
            Cell::from(&self.name),
            object.map_or(Cell::Empty, |object| Cell::code("object_type", &object.object_type)),
            object.map(|object| &object.id).into(),
            object.map(|object| &object.name).into(),
            Cell::from(&self.text),
            if edits.is_empty() { Cell::Empty } else { Cell::Text(Cow::Owned(edits.join("\n"))) },
            Cell::from(&self.details),
            Cell::code("outcome", &self.outcome),
            Cell::from(&self.id),
        ]);
    }
}
