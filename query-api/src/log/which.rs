//! Which event of an id is meant. Each sender and each source numbers events by itself, so an id alone may be of several.

use axum::http::StatusCode;
use runtime::problem::Problem;
use serde_json::{Value, json};

use crate::http::params::{ParamError, Params};
use crate::log::rows::EventRow;
use crate::store::sql::Clauses;

/// What narrows the events of an id down to one.
#[derive(Debug, Default)]
pub(crate) struct Which {
    source: Option<String>,
    key_id: Option<String>,
}

impl Which {
    /// Takes `source` and `key_id` from the query string; empty ones are those of events without.
    pub(crate) fn take(params: &mut Params) -> Result<Self, ParamError> {
        let source = params.one_or_empty("source")?.map(|source| schemas::ids::kept(&source).to_owned());
        Ok(Self { source, key_id: params.one_or_empty("key_id")? })
    }

    /// Adds the conditions.
    pub(crate) fn add_to(&self, clauses: &mut Clauses) {
        if let Some(source) = &self.source {
            clauses.text("source = {source:String}", "source", source);
        }
        if let Some(key_id) = &self.key_id {
            clauses.text("key_id = {key_id:String}", "key_id", key_id);
        }
    }

    /// The event, where there is no other of its id: which of several is meant, nobody can guess, and whoever sent the first
    /// one would have hidden the others.
    pub(crate) fn only(mut rows: Vec<EventRow>) -> Result<Option<EventRow>, Problem> {
        if rows.len() < 2 {
            return Ok(rows.pop());
        }
        let events: Vec<Value> = rows
            .iter()
            .map(|row| json!({ "source": row.source, "key_id": row.key_id, "received_at": row.received_at }))
            .collect();
        let detail = "several senders or sources have an event of this id: say source or key_id as well, empty for the one without";
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "ambiguous_id", detail).with_pointer("id");
        Err(problem.with_member("events", events))
    }
}
