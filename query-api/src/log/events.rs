//! The event log and one event of it.

use axum::extract::State;
use axum::response::Response;
use chrono::DateTime;
use runtime::problem::Problem;
use schemas::settings::Permission;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::Item;
use crate::http::cursor::Position;
use crate::http::extract::InPath;
use crate::http::language::Localized;
use crate::http::page::{Keyset, Page, PageRequest, ReadRequest, keyset};
use crate::http::params::{ParamError, Params};
use crate::http::period::Period;
use crate::log::filter::EventFilter;
use crate::log::rows::{EVENT_BY_ID, EVENTS_NEWEST, EVENTS_OLDEST, EVENTS_RECEIVED, EventRow, LOG_NEWEST, LOG_OLDEST};
use crate::log::view::Event;
use crate::log::which::Which;
use crate::log::wording::EventRenderer;
use crate::state::QueryApi;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::{Clauses, NamedQuery};
use crate::violations::list::check_rules;

/// Names of the orders.
pub(crate) const ORDERS: &[&str] = &["desc", "asc", "received"];
/// What is received after a first page of the newest was read.
const FOLLOWED: &str = "events/followed";

/// By time, or by receipt for those who follow the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Newest,
    Oldest,
    Received,
    /// By receipt, from the present of a first page on.
    Followed,
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// The events.
    #[serde(flatten)]
    pub page: Page<Event>,
    /// For what is received from now on, with the same filter: with the first page of the newest events, where `complete_until` is
    /// known, and with each page that such a cursor asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_cursor: Option<String>,
}

impl Order {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(match params.one_of("order", ORDERS)?.as_deref() {
            Some("asc") => Self::Oldest,
            Some("received") => Self::Received,
            _ => Self::Newest,
        })
    }

    fn query(self) -> NamedQuery {
        match self {
            Self::Newest => EVENTS_NEWEST,
            Self::Oldest => EVENTS_OLDEST,
            Self::Received | Self::Followed => EVENTS_RECEIVED,
        }
    }

    fn is_by_receipt(self) -> bool {
        matches!(self, Self::Received | Self::Followed)
    }

    /// The query for a page, which may find its rows by time.
    fn page(self, filter: &EventFilter) -> NamedQuery {
        match self {
            Self::Newest if filter.is_by_time() => LOG_NEWEST,
            Self::Oldest if filter.is_by_time() => LOG_OLDEST,
            _ => self.query(),
        }
    }

    fn keyset(self) -> &'static Keyset {
        match self {
            Self::Newest => &keyset!("occurred_at", event, newest),
            Self::Oldest => &keyset!("occurred_at", event, oldest),
            Self::Received | Self::Followed => &keyset!("received_at", event, oldest),
        }
    }

    fn list(self) -> &'static str {
        match self {
            Self::Newest => "events/newest",
            Self::Oldest => "events/oldest",
            Self::Received => "events/received",
            Self::Followed => FOLLOWED,
        }
    }

    fn position(self, row: &EventRow, asked: &PageRequest) -> Position {
        let at = if self.is_by_receipt() { row.received_at } else { row.occurred_at };
        asked.position(at, row.place())
    }
}

/// List events
///
/// Pages follow a cursor over (time, id), so that no event is skipped or shown twice however many arrive meanwhile.
/// With `order=received` the log can be followed: events come in the order of receipt, and only up to `complete_until`,
/// so that none can still arrive before the cursor. It is followed from the present on by the `follow_cursor` of the first
/// page of the newest events: given as `cursor`, with the same filter, it answers what was received since that page's
/// `complete_until`, each event once, by receipt; what the page showed beyond that time comes again. Events are worded in the language of `Accept-Language`, or else the
/// tenant's first. How far back the log reaches depends on the tenant's plan: see `GET /v1/plan`.
#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    operation_id = "listEvents",
    params(
        EventFilter,
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("order" = Option<String>, Query, description = "`desc` (default) or `asc` by time; `received` by receipt, to follow the log", example = "desc"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
    ),
    responses(
        (status = 200, description = "A page", body = EventPage, example = json!(crate::log::examples::events())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let filter = EventFilter::take(&mut reading.params)?;
    let order = Order::take(&mut reading.params)?;
    check(&api, &reading, &filter).await?;
    let other = (order == Order::Newest).then_some(FOLLOWED);
    let asked = reading.page_of((order.list(), other), &filter)?;
    let order = if asked.list_name() == FOLLOWED { Order::Followed } else { order };
    let before = asked.reading.completeness.complete_until.unwrap_or(DateTime::UNIX_EPOCH);

    let mut clauses = asked.clauses(order.keyset());
    asked.reading.narrow(&mut clauses);
    filter.add_to(&mut clauses);
    add_period(&mut clauses, asked.period);
    if order.is_by_receipt() {
        clauses.bind_time("before", before);
    }
    let renderer = renderer(&api, &asked.reading);
    if let Some(export) = asked.export() {
        let show = move |rows: Vec<EventRow>| {
            std::future::ready(Ok(rows.into_iter().map(|row| Event::new(row, &renderer)).collect()))
        };
        return export.rows(order.query(), clauses, show).await;
    }
    let mut rows: Vec<EventRow> = api.store().rows(order.page(&filter), clauses).await?;

    let has_more = asked.cut(&mut rows);
    let last = rows.last().map(|row| order.position(row, &asked));
    let follow = match order {
        Order::Newest if asked.after.is_none() && before > DateTime::UNIX_EPOCH => {
            Some(asked.position(before, String::new()))
        }
        Order::Followed if has_more => last.clone(),
        // All that was received before is handed out, and nothing more will be.
        Order::Followed => asked.after.clone().map(|after| match after.at < before {
            true => asked.position(before, String::new()),
            false => after,
        }),
        _ => None,
    };
    let next = match order {
        // Whoever follows the log goes on from where it stands, even if that is where it began.
        Order::Received => {
            let began = || asked.position(before, String::new());
            Some(last.or_else(|| asked.after.clone()).unwrap_or_else(began))
        }
        _ => last.filter(|_| has_more),
    };
    let data: Vec<_> = rows.into_iter().map(|row| Event::new(row, &renderer)).collect();
    let (shown, follow_cursor) = (data.len(), follow.map(|position| asked.cursor(FOLLOWED, &position)));
    let page = EventPage { page: asked.paged(data, has_more, next.as_ref()), follow_cursor };
    Ok(asked.shown(shown, Localized(renderer.lang, page)))
}

/// Refuses a filter that asks for what the caller may not see, or for rules that there are not.
pub(crate) async fn check(api: &QueryApi, reading: &ReadRequest, filter: &EventFilter) -> Result<(), Problem> {
    if filter.wants_violations() {
        let detail = "violations take the permission see_violations";
        reading.takes(Permission::SeeViolations, detail, "violations")?;
    }
    if filter.wants_configuration() {
        let detail = "changes of the configuration take the permission read_configuration";
        reading.takes(Permission::ReadConfiguration, detail, "category")?;
    }
    check_rules(api, reading, ("violations", filter.rules())).await
}

/// Returns the renderer of the events in an answer.
pub(crate) fn renderer(api: &QueryApi, reading: &ReadRequest) -> EventRenderer {
    EventRenderer::new(api.catalogue(), &reading.tenant, reading.lang, reading.may(Permission::SeeViolations))
        .with_titles(api.titles(&reading.tenant.id, reading.lang))
}

/// Adds the period to a read of `events`.
pub(crate) fn add_period(clauses: &mut Clauses, period: Period) {
    if let Some(from) = period.from {
        clauses.time("occurred_at >= {from:DateTime64(3, 'UTC')}", "from", from);
        // Nothing is received long before it occurs, so whole partitions can be left out by their times of receipt.
        clauses.time(
            "received_at >= {received_from:DateTime64(3, 'UTC')}",
            "received_from",
            from - RetentionCutoffs::AHEAD,
        );
    }
    if let Some(to) = period.to {
        clauses.time("occurred_at < {to:DateTime64(3, 'UTC')}", "to", to);
    }
}

/// Get an event
///
/// With its words, its changes, and where it came from.
#[utoipa::path(
    get,
    path = "/v1/events/{id}",
    tag = "events",
    operation_id = "getEvent",
    params(
        ("id" = String, Path, description = "Id of the event. Each API key and each source numbers events by itself: where several have one of this id, the answer is 422 `ambiguous_id` with their keys and sources"),
        ("source" = Option<String>, Query, description = "Of several events with this id, the one of this source; empty: the one without a source"),
        ("key_id" = Option<String>, Query, description = "Of several events with this id, the one that came with this API key; empty: the one that came straight to Kafka"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "The event", body = Item<Event>, example = json!(crate::log::examples::one_event())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    InPath(id): InPath<String>,
    mut reading: ReadRequest,
) -> Result<Localized<Item<Event>>, Problem> {
    let which = Which::take(&mut reading.params)?;
    let mut clauses = reading.one()?;
    clauses.bind_text("event_id", &id);
    which.add_to(&mut clauses);
    reading.narrow(&mut clauses);
    let rows: Vec<EventRow> = api.store().rows(EVENT_BY_ID, clauses).await?;
    let completeness = reading.completeness;
    let missing = || completeness.not_found("there is no such event, or not yet, or no longer");
    let row = Which::only(rows)?.ok_or_else(missing)?;
    reading.reaches(row.occurred_at)?;
    let renderer = renderer(&api, &reading);
    Ok(Localized(renderer.lang, Item { data: Event::new(row, &renderer), completeness }))
}
