//! What the log says: the deletion, the object's life, and how a restore ended before.

use runtime::problem::Problem;
use schemas::json::Map;

use crate::http::caller::Caller;
use crate::log::filter::EventFilter;
use crate::log::object_state::{Changes, state};
use crate::log::rows::{EVENT_BY_ID, EditRow, EventRow};
use crate::log::which::Which;
use crate::restore::outcome::{Attempts, Outcome, RestoreStatus, message_id};
use crate::restore::rows::{LifeRow, OBJECT_LIFE, OutcomeRow, RESTORE_OUTCOME};
use crate::store::Store;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::Clauses;

/// Most events that a state is rebuilt from; the latest ones count.
const MAX_EVENTS: u32 = 10_000;

/// The last state of an object before it was deleted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LastState {
    /// Fields by name.
    pub(crate) fields: Map,
    /// Whether its history is known from its creation on.
    pub(crate) complete: bool,
}

/// The log of one tenant, as far as it is kept, for one caller.
pub(crate) struct RestoreHistory<'a> {
    pub(crate) store: &'a Store,
    pub(crate) caller: &'a Caller,
    pub(crate) tenant: &'a str,
    pub(crate) keep: RetentionCutoffs,
}

impl RestoreHistory<'_> {
    fn clauses(&self, rows: u32) -> Clauses {
        let mut clauses = Clauses::default();
        clauses.bind_text("tenant", self.tenant);
        clauses.bind_number("rows", rows);
        self.keep.add_to(&mut clauses);
        clauses
    }

    fn of_object(&self, event: &EventRow, rows: u32) -> Clauses {
        let mut clauses = self.clauses(rows);
        clauses.bind_text("object_type", &event.object_type);
        clauses.bind_text("object_id", &event.object_id);
        clauses
    }

    /// One event that the caller may see.
    pub(crate) async fn event(&self, id: &str, which: &Which) -> Result<Option<EventRow>, Problem> {
        let mut clauses = self.clauses(1);
        clauses.bind_text("event_id", id);
        which.add_to(&mut clauses);
        EventFilter::visible_to(self.caller, &mut clauses);
        let rows: Vec<EventRow> = self.store.rows(EVENT_BY_ID, clauses).await?;
        Which::only(rows)
    }

    /// How a restore ended, or that it was asked for.
    pub(crate) async fn outcome(&self, deletion: &EventRow) -> Result<Option<Outcome>, Problem> {
        let mut clauses = self.of_object(deletion, 1);
        clauses.bind_text("request_id", &message_id(self.tenant, &deletion.event_id));
        let rows: Vec<OutcomeRow> = self.store.rows(RESTORE_OUTCOME, clauses).await?;
        Ok(rows.into_iter().next().map(Outcome::from))
    }

    /// Whether the object was created or restored after a deletion.
    pub(crate) async fn lives_again(&self, deletion: &EventRow) -> Result<bool, Problem> {
        let mut clauses = self.of_object(deletion, 1);
        clauses.plain("class = 'create'");
        clauses.time("occurred_at >= {deleted_at:DateTime64(3, 'UTC')}", "deleted_at", deletion.occurred_at);
        let later = "occurred_at > {deleted_at:DateTime64(3, 'UTC')} OR event_id > {deletion:String}";
        clauses.text(later, "deletion", &deletion.event_id);
        let rows: Vec<LifeRow> = self.store.rows(OBJECT_LIFE, clauses).await?;
        Ok(!rows.is_empty())
    }

    /// The state of the object as it was deleted.
    pub(crate) async fn last_state(&self, deletion: &EventRow) -> Result<LastState, Problem> {
        let mut clauses = self.of_object(deletion, MAX_EVENTS);
        clauses.time("occurred_at <= {deleted_at:DateTime64(3, 'UTC')}", "deleted_at", deletion.occurred_at);
        let earlier = "occurred_at < {deleted_at:DateTime64(3, 'UTC')} OR event_id <= {deletion:String}";
        clauses.text(earlier, "deletion", &deletion.event_id);
        let mut rows: Vec<LifeRow> = self.store.rows(OBJECT_LIFE, clauses).await?;
        rows.reverse();
        // An id may have been stored twice.
        let identity = |row: &LifeRow| (row.event_id.clone(), row.key_id.clone(), row.source.clone());
        rows.dedup_by(|next, before| identity(next) == identity(before));
        Ok(last_state(rows))
    }
}

/// The state after `rows`, oldest first, of which the last one is the deletion.
fn last_state(mut rows: Vec<LifeRow>) -> LastState {
    let born = |row: &LifeRow| row.class == "create" && row.action != "restore";
    // An id that was used before is another object's; one that was restored is the same.
    let birth = rows.iter().rposition(born);
    let life = rows.split_off(birth.unwrap_or_default());
    let changes: Vec<Changes> = life.into_iter().map(Changes::from).collect();
    LastState { fields: state(changes.iter()), complete: birth.is_some() }
}

impl From<LifeRow> for Changes {
    fn from(row: LifeRow) -> Self {
        let LifeRow { class, outcome, changes_path, changes_op, changes_old, changes_new, .. } = row;
        EditRow { class, outcome, changes_path, changes_op, changes_old, changes_new }.into_changes()
    }
}

impl From<OutcomeRow> for Outcome {
    fn from(row: OutcomeRow) -> Self {
        let status = match row.event_type.as_str() {
            "restore.succeeded" => RestoreStatus::Succeeded,
            "restore.failed" => RestoreStatus::Failed,
            _ => RestoreStatus::Requested,
        };
        // The payload is the program's own; one that another version wrote may be unreadable, and then the attempts are unknown.
        let effort: Attempts = serde_json::from_str(&row.payload).unwrap_or_default();
        Self {
            status,
            effort,
            reason: row.reason,
            event_id: row.event_id,
            at: row.occurred_at,
            by: [row.actor_kind, row.actor_id, row.actor_name],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use schemas::json::Value;

    fn row(class: &str, action: &str, changes: &[(&str, &str, &str, &str)]) -> LifeRow {
        let each = |pick: fn(&(&str, &str, &str, &str)) -> String| changes.iter().map(pick).collect();
        LifeRow {
            event_id: String::new(),
            source: String::new(),
            key_id: String::new(),
            class: class.to_owned(),
            outcome: "success".to_owned(),
            action: action.to_owned(),
            changes_path: each(|change| change.0.to_owned()),
            changes_op: each(|change| change.1.to_owned()),
            changes_old: each(|change| change.2.to_owned()),
            changes_new: each(|change| change.3.to_owned()),
        }
    }

    /// J15: the state is that of the life that ended: what another object of the same id had is not in it, what the object
    /// had before it was restored once is.
    #[test]
    fn the_state_is_of_the_life_that_ended() {
        let created = row("create", "create", &[("title", "add", "", "\"A\""), ("old", "add", "", "1")]);
        let changed = row("change", "update", &[("title", "replace", "\"A\"", "\"B\"")]);
        let restored = row("create", "restore", &[]);
        let again = row("create", "create", &[("title", "add", "", "\"C\"")]);
        let deleted = row("delete", "delete", &[("owner", "remove", "\"jana\"", "")]);
        let fields = |rows: &[&LifeRow]| {
            let last = last_state(rows.iter().copied().cloned().collect());
            (Value::Object(last.fields), last.complete)
        };
        assert_eq!(fields(&[&created, &changed, &deleted]), (json!({ "title": "B", "old": 1, "owner": "jana" }), true));
        assert_eq!(
            fields(&[&created, &deleted, &restored, &changed, &deleted]),
            (json!({ "title": "B", "old": 1, "owner": "jana" }), true)
        );
        assert_eq!(fields(&[&created, &deleted, &again, &deleted]), (json!({ "title": "C", "owner": "jana" }), true));
        assert_eq!(fields(&[&changed, &deleted]), (json!({ "title": "B", "owner": "jana" }), false));
    }
}
