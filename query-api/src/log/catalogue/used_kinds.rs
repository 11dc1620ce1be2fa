//! What a tenant's log holds: types, actions and types of objects, with counts.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use clickhouse::Row;
use clickhouse::serde::chrono::datetime64::millis;
use runtime::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::export::values;
use crate::http::answer::{Completeness, PeriodView};
use crate::http::language::Localized;
use crate::http::page::ReadRequest;
use crate::log::catalogue::kinds::{self, Kinds, SHOWN};
use crate::state::QueryApi;
use crate::store::sql::{NamedQuery, query};

/// Types of events, actions and types of objects, counted.
pub const EVENT_KINDS: NamedQuery = query!("event_kinds");

/// Most combinations of type, action and object type that are looked at.
const MOST_KINDS: u32 = 20_000;

/// What the events of a period are: each list has those with the most events first, at most 1000.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsedKinds {
    /// Types of events, as `type=` of `GET /v1/events` takes them.
    pub types: Vec<UsedType>,
    /// Actions, as `action=` takes them.
    pub actions: Vec<UsedKind>,
    /// Types of objects, as `object_type=` takes them; events without an object are left out.
    pub object_types: Vec<UsedKind>,
    /// Whether there are more.
    pub has_more: bool,
    /// The period as it was understood.
    pub period: PeriodView,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// A type that events of the period have.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsedType {
    /// Whether the catalogue has it, or the tenant's own types.
    pub known: bool,
    /// The type, and how often it came.
    #[serde(flatten)]
    pub kind: UsedKind,
}

/// Something that events of the period have in common.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsedKind {
    /// As it stands in events.
    #[schema(example = "task.deadline_changed")]
    pub name: String,
    /// What people call it; of what nobody has a word for, what it is.
    #[schema(example = "Task deadline changed")]
    pub label: String,
    /// Events of the period.
    pub events: u64,
    /// When the first of them occurred.
    pub first_at: DateTime<Utc>,
    /// When the last of them did.
    pub last_at: DateTime<Utc>,
}

/// List kinds of events in use
///
/// Which types, actions and types of objects the log holds, with how often and when they came: what there is to filter
/// by. Of the last 30 days unless a period is given. Changes of the configuration are left out for those who may not
/// see them.
#[utoipa::path(
    get,
    path = "/v1/catalogue/used",
    tag = "catalogue",
    operation_id = "listUsedKinds",
    params(
        crate::openapi::PeriodParams,
        ("accept-language" = Option<String>, Header, description = "Wanted languages of the labels"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "What the log holds", body = UsedKinds, example = json!(crate::log::examples::used_kinds())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let Kinds { rows, period, mut has_more } = kinds::count(api.store(), &mut reading, EVENT_KINDS, MOST_KINDS).await?;
    let lang = reading.lang;
    let catalogue = api.catalogue().with_tenant_types(&reading.tenant.event_types);
    let called = |of: &str| catalogue.get(of).map_or(of, |entry| entry.name.get(lang)).to_owned();
    let types = counted(&rows, |row| &row.event_type, called, &mut has_more);
    let actions = counted(&rows, |row| &row.action, |code| values::label("action", code, lang), &mut has_more);
    let object_types =
        counted(&rows, |row| &row.object_type, |code| values::label("object_type", code, lang), &mut has_more);
    let records = types.len() + actions.len() + object_types.len();
    let known = |kind: UsedKind| UsedType { known: catalogue.get(&kind.name).is_some(), kind };
    let types = types.into_iter().map(known).collect();
    let (understood, completeness) = (PeriodView { from: period.from, to: period.to }, reading.completeness);
    let answer = UsedKinds { types, actions, object_types, has_more, period: understood, completeness };
    Ok(kinds::answer(records, period, Localized(lang, answer)))
}

/// Rows summed up by one of their names; those without it are left out.
fn counted(
    rows: &[EventKindRow],
    name: fn(&EventKindRow) -> &str,
    label: impl Fn(&str) -> String,
    has_more: &mut bool,
) -> Vec<UsedKind> {
    let mut found: HashMap<&str, UsedKind> = HashMap::new();
    for row in rows.iter().filter(|row| !name(row).is_empty()) {
        let new = || UsedKind {
            name: name(row).to_owned(),
            label: label(name(row)),
            events: 0,
            first_at: row.first_at,
            last_at: row.last_at,
        };
        let kind = found.entry(name(row)).or_insert_with(new);
        kind.events += row.events;
        kind.first_at = kind.first_at.min(row.first_at);
        kind.last_at = kind.last_at.max(row.last_at);
    }
    let mut found: Vec<UsedKind> = found.into_values().collect();
    found.sort_by(|one, other| (other.events, &one.name).cmp(&(one.events, &other.name)));
    *has_more |= found.len() > SHOWN;
    found.truncate(SHOWN);
    found
}

/// A row of `event_kinds.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct EventKindRow {
    pub event_type: String,
    pub action: String,
    pub object_type: String,
    pub events: u64,
    #[serde(with = "millis")]
    pub first_at: DateTime<Utc>,
    #[serde(with = "millis")]
    pub last_at: DateTime<Utc>,
}
