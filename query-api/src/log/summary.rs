//! What a list of events holds, in figures: how many there are, of which classes over time, and how often values occur. Of the same
//! events as the list, narrowed by the same filter, so that a figure opens into as many rows.
//!
//! What is read is bounded: a number says whether it is exact, or at least so much.

pub(crate) mod facets;
pub(crate) mod histogram;
pub mod rows;
pub mod view;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use runtime::problem::Problem;

use crate::audit::read_log::Shown;
use crate::http::answer::PeriodView;
use crate::http::language::Localized;
use crate::http::page::ReadRequest;
use crate::log::events::{add_period, check};
use crate::log::filter::EventFilter;
use crate::log::summary::facets::FacetRequest;
use crate::log::summary::view::EventSummary;
use crate::state::QueryApi;
use crate::store::sql::Clauses;

/// Get a summary of events
///
/// What `GET /v1/events` lists with the same filter and period, counted: in all, by class over time, and how often values
/// occur. What is read for it is bounded; each number says whether it is exact, or at least so much.
#[utoipa::path(
    get,
    path = "/v1/events/summary",
    tag = "events",
    operation_id = "getEventSummary",
    params(
        EventFilter,
        crate::openapi::PeriodParams,
        ("facets" = Option<Vec<String>>, Query, description = "What values are counted of: `class`, `action`, `type`, `object_type`, `actor`, `location`, `outcome`, `country`, `module` and `rule`; none unless they are named. Without the permission `trace_users` there is no `actor`, without `see_violations` no `rule`", example = json!(["class", "action"])),
        ("top" = Option<u32>, Query, description = "How many values of each are named, from 1 to 100 (default 20)", example = 20),
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`: the language of labels; wins over Accept-Language", example = "cs"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "The figures", body = EventSummary, example = json!(crate::log::examples::summary())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let filter = EventFilter::take(&mut reading.params)?;
    let asked = FacetRequest::take(&mut reading)?;
    check(&api, &reading, &filter).await?;
    let period = reading.period()?;
    std::mem::take(&mut reading.params).finish()?;
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    reading.narrow(&mut clauses);
    filter.add_to(&mut clauses);
    add_period(&mut clauses, period);
    let calendar = api.calendar(&reading.tenant);
    let (total, histogram) = histogram::count(api.store(), &clauses, (calendar, period, reading.now)).await?;
    let facets = facets::count(&api, &reading, &clauses, (&asked, total)).await?;
    let completeness = reading.completeness;
    let period_view = PeriodView { from: period.from, to: period.to };
    let summary = EventSummary { period: period_view, total, histogram, facets, completeness };
    let mut answer = Localized(reading.lang, summary).into_response();
    answer.extensions_mut().insert(Shown { records: 0, period: Some(period), more: Vec::new() });
    Ok(answer)
}
