//! The event log (L12–L15, J5–J8, J11) and one event of it (T16).

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, RawQuery, State};
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use schemas::settings::{Role, Tenant};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Completeness, One, PeriodView, path};
use crate::QueryApi;
use crate::access::{Caller, refused};
use crate::cursor::{Binding, Position};
use crate::filter::EventFilter;
use crate::keep::Keep;
use crate::params::{ParamError, Params};
use crate::period::{Period, PeriodSpec};
use crate::rows::EventRow;
use crate::sql::{self, Clauses, NamedQuery};
use crate::view::Event;

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// In the order that was asked for.
    pub data: Vec<Event>,
    /// Whether there is more now.
    pub has_more: bool,
    /// For the next page, with the same filter and order. With `order=received` it is always there: ask again later.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The period as it was understood.
    pub period: PeriodView,
    /// P15.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// J11, and the order of receipt for those who follow the log (pitfall 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Newest,
    Oldest,
    Received,
}

impl Order {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(match params.one_of("order", &["desc", "asc", "received"])?.as_deref() {
            Some("asc") => Self::Oldest,
            Some("received") => Self::Received,
            _ => Self::Newest,
        })
    }

    fn query(self) -> NamedQuery {
        match self {
            Self::Newest => sql::EVENTS_NEWEST,
            Self::Oldest => sql::EVENTS_OLDEST,
            Self::Received => sql::EVENTS_RECEIVED,
        }
    }

    /// The first half bounds the sort column alone, in a form that indexes understand; the second breaks ties.
    fn add_after(self, clauses: &mut Clauses, position: &Position) {
        clauses.time(
            match self {
                Self::Newest => "occurred_at <= {after:DateTime64(3, 'UTC')}",
                Self::Oldest => "occurred_at >= {after:DateTime64(3, 'UTC')}",
                Self::Received => "received_at >= {after:DateTime64(3, 'UTC')}",
            },
            "after",
            position.at,
        );
        clauses.text(
            match self {
                Self::Newest => "occurred_at < {after:DateTime64(3, 'UTC')} OR event_id < {after_id:String}",
                Self::Oldest => "occurred_at > {after:DateTime64(3, 'UTC')} OR event_id > {after_id:String}",
                Self::Received => "received_at > {after:DateTime64(3, 'UTC')} OR event_id > {after_id:String}",
            },
            "after_id",
            &position.id,
        );
    }

    fn position(self, row: &EventRow, period: Period) -> Position {
        let at = if self == Self::Received { row.received_at } else { row.occurred_at };
        Position { at, id: row.event_id.clone(), period }
    }
}

/// What a request for a page asks.
struct Asked {
    filter: EventFilter,
    order: Order,
    period: Period,
    limit: u32,
    after: Option<Position>,
    canonical: String,
}

impl Asked {
    fn parse(api: &QueryApi, tenant: &Tenant, mut params: Params, now: DateTime<Utc>) -> Result<Self, Problem> {
        let filter = EventFilter::take(&mut params).map_err(refused)?;
        let spec = PeriodSpec::take(&mut params).map_err(refused)?;
        let order = Order::take(&mut params).map_err(refused)?;
        let limit = params.number("limit", 1, api.max_rows()).map_err(refused)?.unwrap_or(100);
        let cursor = params.one("cursor").map_err(refused)?;
        params.finish().map_err(refused)?;
        let canonical = serde_json::to_string(&(&filter, &spec)).map_err(Problem::internal)?;
        let binding = binding(tenant, order, &canonical);
        let after = cursor
            .map(|text| binding.open(&text))
            .transpose()
            .map_err(|error| Problem::bad_request("invalid_cursor", error.to_string()).with_pointer("cursor"))?;
        let period = match &after {
            Some(position) => position.period,
            None => spec.resolve(api.calendar(tenant), now).map_err(refused)?,
        };
        Ok(Self { filter, order, period, limit, after, canonical })
    }
}

fn binding<'a>(tenant: &'a Tenant, order: Order, filter: &'a str) -> Binding<'a> {
    let list = match order {
        Order::Newest => "events/newest",
        Order::Oldest => "events/oldest",
        Order::Received => "events/received",
    };
    Binding { tenant: &tenant.id, list, filter }
}

/// The event log.
///
/// Pages follow a cursor over (time, id), so that no event is skipped or shown twice however many arrive meanwhile. With
/// `order=received` the log can be followed: events come in the order of receipt, and only up to `complete_until`, so that
/// none can still arrive before the cursor.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    operation_id = "listEvents",
    params(
        EventFilter,
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("order" = Option<String>, Query, description = "J11: `desc` (default) or `asc` by time; `received` by receipt, to follow the log", example = "desc"),
    ),
    responses(
        (status = 200, description = "A page", body = EventPage, example = json!(crate::openapi::examples::events())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(
    State(api): State<QueryApi>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<EventPage>, Problem> {
    let now = Utc::now();
    let mut params = Params::parse(query.as_deref()).map_err(refused)?;
    let tenant = caller.read_tenant(&api, &mut params)?;
    let asked = Asked::parse(&api, &tenant, params, now)?;
    let may_see_violations = caller.may(Role::Security);
    if asked.filter.wants_violations() && !may_see_violations {
        return Err(Problem::forbidden("violations take the role security").with_pointer("violations"));
    }
    let completeness = Completeness::now(api.freshness());
    let before = completeness.complete_until.unwrap_or(DateTime::UNIX_EPOCH);

    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &tenant.id);
    clauses.bind_number("rows", asked.limit + 1);
    Keep::at(now, &tenant.retention).add_to(&mut clauses);
    asked.filter.add_to(&mut clauses);
    add_period(&mut clauses, asked.period);
    if let Some(position) = &asked.after {
        asked.order.add_after(&mut clauses, position);
    }
    if asked.order == Order::Received {
        clauses.bind_time("before", before);
    }
    let mut rows: Vec<EventRow> = api.store().rows(asked.order.query(), clauses).await?;

    let has_more = rows.len() > asked.limit as usize;
    rows.truncate(asked.limit as usize);
    let binding = binding(&tenant, asked.order, &asked.canonical);
    let last = rows.last().map(|row| asked.order.position(row, asked.period));
    let next = match asked.order {
        // Whoever follows the log goes on from where it stands, even if that is where it began.
        Order::Received => {
            last.or(asked.after).or(Some(Position { at: before, id: String::new(), period: asked.period }))
        }
        _ => last.filter(|_| has_more),
    };
    Ok(Json(EventPage {
        data: rows.into_iter().map(|row| Event::new(row, may_see_violations)).collect(),
        has_more,
        next_cursor: next.map(|position| binding.seal(&position)),
        period: PeriodView { from: asked.period.from, to: asked.period.to },
        completeness,
    }))
}

fn add_period(clauses: &mut Clauses, period: Period) {
    if let Some(from) = period.from {
        clauses.time("occurred_at >= {from:DateTime64(3, 'UTC')}", "from", from);
        // Nothing is received long before it occurs, so whole partitions can be left out by their times of receipt.
        clauses.time("received_at >= {received_from:DateTime64(3, 'UTC')}", "received_from", from - Keep::AHEAD);
    }
    if let Some(to) = period.to {
        clauses.time("occurred_at < {to:DateTime64(3, 'UTC')}", "to", to);
    }
}

/// One event (T16).
#[utoipa::path(
    get,
    path = "/v1/events/{id}",
    tag = "events",
    operation_id = "getEvent",
    params(("id" = String, Path, description = "Id of the event"), crate::openapi::TenantParam),
    responses(
        (status = 200, description = "The event", body = One<Event>, example = json!(crate::openapi::examples::one_event())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<One<Event>>, Problem> {
    let id = path(id)?;
    let mut params = Params::parse(query.as_deref()).map_err(refused)?;
    let tenant = caller.read_tenant(&api, &mut params)?;
    params.finish().map_err(refused)?;
    let completeness = Completeness::now(api.freshness());
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &tenant.id);
    clauses.bind_text("event_id", &id);
    Keep::at(Utc::now(), &tenant.retention).add_to(&mut clauses);
    let rows: Vec<EventRow> = api.store().rows(sql::EVENT_BY_ID, clauses).await?;
    match rows.into_iter().next() {
        Some(row) => Ok(Json(One { data: Event::new(row, caller.may(Role::Security)), completeness })),
        None => Err(Problem::not_found("there is no such event, or not yet, or no longer")
            .with_member("complete_until", completeness.complete_until)),
    }
}
