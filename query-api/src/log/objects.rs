//! The history of one object: all its edits, whoever made them, and what it is by them.

use axum::extract::State;
use axum::response::Response;
use runtime::problem::Problem;
use schemas::json::Map;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::extract::{InPath, id};
use crate::http::language::Localized;
use crate::http::page::{ORDERS, Page, PageRequest, ReadRequest, keyset};
use crate::log::events::{add_period, renderer};
use crate::log::object_state::{Changes, state};
use crate::log::rows::{EVENTS_NEWEST, EVENTS_OLDEST, EditRow, EventRow};
use crate::log::view::Event;
use crate::state::QueryApi;
use crate::store::Store;
use crate::store::sql::Clauses;

/// Most edits that the state is rebuilt from: the latest.
const MAX_EDITS: u32 = 10_000;

/// What makes an event an edit of its object.
const EDITS: &str =
    "object_type = {object_type:String} AND object_id = {object_id:String} AND class IN ('create', 'change', 'delete')";

/// A page of an object's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct History {
    /// The edits.
    #[serde(flatten)]
    pub page: Page<Event>,
    /// What is known of the object now; with the first page alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectState>,
}

/// An object as its history shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectState {
    /// Its fields as they last were, rebuilt from all that is kept of its history, before and after the period of the page.
    #[schema(value_type = Object, example = json!({"deadline": "2026-03-09", "assignee": "u-17"}))]
    pub state: Map,
    /// Whether its last edit deleted it; the state is then what it last was.
    pub deleted: bool,
    /// Edits that it was rebuilt from: those with the outcome `success`. What failed, or was only asked for, changed nothing.
    pub edits: usize,
    /// False where there are more than 10000, with those that failed, of which the latest were taken.
    pub whole: bool,
}

/// Get an object's history
///
/// All edits of one object, oldest first. It needs no activity log to be turned on.
#[utoipa::path(
    get,
    path = "/v1/objects/{type}/{id}/history",
    tag = "events",
    operation_id = "getObjectHistory",
    params(
        ("type" = String, Path, description = "Type of the object", example = "task"),
        ("id" = String, Path, description = "Number or id of the object", example = "4711"),
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("order" = Option<String>, Query, description = "`asc` (default) or `desc` by time", example = "asc"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
    ),
    responses(
        (status = 200, description = "A page", body = History, example = json!(crate::log::examples::history())),
        crate::openapi::Problems,
    ),
)]
pub async fn history(
    State(api): State<QueryApi>,
    InPath((object_type, object_id)): InPath<(String, String)>,
    mut reading: ReadRequest,
) -> Result<Response, Problem> {
    let object = (id(object_type)?, id(object_id)?);
    let order = reading.params.one_of("order", ORDERS)?;
    let (list, query, keyset) = if order.as_deref() == Some("desc") {
        ("object/newest", EVENTS_NEWEST, keyset!("occurred_at", event, newest))
    } else {
        ("object/oldest", EVENTS_OLDEST, keyset!("occurred_at", event, oldest))
    };
    let asked = reading.page(list, &object)?;
    let mut clauses = asked.clauses(&keyset);
    narrow(&mut clauses, &asked, &object);
    add_period(&mut clauses, asked.period);
    let known = if asked.after.is_none() { rebuilt(api.store(), &asked, &object).await? } else { None };
    if asked.after.is_none() && known.is_none() {
        return Err(asked
            .reading
            .completeness
            .not_found("there is no edit of such an object, or not yet, or no longer"));
    }
    let renderer = renderer(&api, &asked.reading);
    if let Some(export) = asked.export() {
        let show = move |rows: Vec<EventRow>| {
            std::future::ready(Ok(rows.into_iter().map(|row| Event::new(row, &renderer)).collect()))
        };
        return export.rows(query, clauses, show).await;
    }

    let mut rows: Vec<EventRow> = api.store().rows(query, clauses).await?;
    let has_more = asked.cut(&mut rows);
    let next = rows.last().filter(|_| has_more).map(|row| asked.position(row.occurred_at, row.place()));
    let data: Vec<_> = rows.into_iter().map(|row| Event::new(row, &renderer)).collect();
    let shown = data.len();
    let page = asked.paged(data, has_more, next.as_ref());
    Ok(asked.shown(shown, Localized(renderer.lang, History { page, object: known })))
}

/// Narrows a read to the edits of an object that the caller may see.
fn narrow(clauses: &mut Clauses, asked: &PageRequest, (object_type, object_id): &(String, String)) {
    clauses.text(EDITS, "object_type", object_type);
    clauses.bind_text("object_id", object_id);
    asked.reading.narrow(clauses);
    asked.reading.look_back(clauses);
}

/// What the object is by its edits; none where it has none, not even one that failed.
async fn rebuilt(
    store: &Store,
    asked: &PageRequest,
    object: &(String, String),
) -> Result<Option<ObjectState>, Problem> {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &asked.reading.tenant.id);
    clauses.bind_number("rows", MAX_EDITS + 1);
    narrow(&mut clauses, asked, object);
    let mut rows: Vec<EditRow> = store.rows(EVENTS_NEWEST, clauses).await?;
    let whole = rows.len() <= MAX_EDITS as usize;
    rows.truncate(MAX_EDITS as usize);
    if rows.is_empty() {
        return Ok(None);
    }
    rows.retain(EditRow::has_succeeded);
    let deleted = rows.first().is_some_and(EditRow::deletes);
    let changes: Vec<Changes> = rows.into_iter().rev().map(EditRow::into_changes).collect();
    Ok(Some(ObjectState { state: state(changes.iter()), deleted, edits: changes.len(), whole }))
}
