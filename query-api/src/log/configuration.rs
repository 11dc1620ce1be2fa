//! The audit of the configuration: what was changed, by whom, one edit at a time.

pub mod view;

use axum::extract::State;
use axum::response::Response;
use runtime::problem::Problem;
use schemas::event::{ActorKind, Class};
use schemas::settings::Feature;
use serde::Serialize;
use utoipa::IntoParams;

use crate::http::language::Localized;
use crate::http::page::{Page, ReadRequest, ascending, keyset};
use crate::http::params::{ParamError, Params};
use crate::http::period::Preset;
use crate::log::configuration::view::ConfigurationChange;
use crate::log::events::{add_period, renderer};
use crate::log::filter::{EventFilter, words};
use crate::log::rows::{EVENTS_NEWEST, EVENTS_OLDEST, EventRow, LOG_NEWEST, LOG_OLDEST};
use crate::state::QueryApi;

/// Filters of the audit, with commas or by repeating the parameter.
#[derive(Debug, Clone, Default, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConfigurationFilter {
    /// Kind of actor: `user`, `system` or `api_key`.
    #[param(required = false, example = json!(["user"]))]
    pub actor_kind: Vec<String>,
    /// Ids of actors. Empty: changes without one.
    #[param(required = false)]
    pub actor_id: Vec<String>,
    /// `create`, `change` or `delete`; `other` for what is none of these.
    #[param(required = false, example = json!(["change"]))]
    pub class: Vec<String>,
    /// Modules of the application. Empty: changes without one.
    #[param(required = false, example = json!(["workflows"]))]
    pub module: Vec<String>,
    /// Types of objects. Empty: changes without one.
    #[param(required = false)]
    pub object_type: Vec<String>,
    /// Ids of objects. Empty: changes without one.
    #[param(required = false)]
    pub object_id: Vec<String>,
    /// Event types of the catalogue.
    #[param(required = false, rename = "type")]
    #[serde(rename = "type")]
    pub event_type: Vec<String>,
}

impl ConfigurationFilter {
    fn take(params: &mut Params) -> Result<Self, ParamError> {
        Ok(Self {
            actor_kind: params.list_of("actor_kind", &words(ActorKind::ALL, ActorKind::as_str))?,
            actor_id: params.ids_or_empty("actor_id")?,
            class: params.list_of("class", &words(Class::ALL, Class::as_str))?,
            module: params.ids_or_empty("module")?,
            object_type: params.ids_or_empty("object_type")?,
            object_id: params.ids_or_empty("object_id")?,
            event_type: params.ids("type")?,
        })
    }

    /// The same as a filter of the log.
    fn of_events(&self) -> EventFilter {
        let wanted = self.clone();
        EventFilter {
            actor_kind: wanted.actor_kind,
            actor_id: wanted.actor_id,
            class: wanted.class,
            module: wanted.module,
            object_type: wanted.object_type,
            object_id: wanted.object_id,
            event_type: wanted.event_type,
            ..EventFilter::default()
        }
    }
}

/// List configuration changes
///
/// Newest first. Changes inside lists and trees of conditions are shown as the edits that they are, even where the
/// application sent the whole list before and after. Of the last 90 days unless a period is given.
#[utoipa::path(
    get,
    path = "/v1/configuration",
    tag = "events",
    operation_id = "listConfigurationChanges",
    params(
        ConfigurationFilter,
        crate::openapi::PeriodParams,
        crate::openapi::PageParams,
        ("order" = Option<String>, Query, description = "`desc` (default) or `asc` by time", example = "desc"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
    ),
    responses(
        (status = 200, description = "A page", body = Page<ConfigurationChange>, example = json!(crate::log::examples::configuration())),
        crate::openapi::Problems,
    ),
)]
pub async fn list(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    reading.feature(Feature::ConfigurationAudit)?;
    reading.by_default(Preset::Last90Days);
    let filter = ConfigurationFilter::take(&mut reading.params)?;
    let (list, named, by_time, keyset) = if ascending(&mut reading.params)? {
        let keyset = keyset!("occurred_at", event, oldest);
        ("configuration/oldest", EVENTS_OLDEST, LOG_OLDEST, keyset)
    } else {
        let keyset = keyset!("occurred_at", event, newest);
        ("configuration/newest", EVENTS_NEWEST, LOG_NEWEST, keyset)
    };
    let asked = reading.page(list, &filter)?;
    let mut clauses = asked.clauses(&keyset);
    clauses.plain("category = 'configuration'");
    asked.reading.narrow(&mut clauses);
    filter.of_events().add_to(&mut clauses);
    add_period(&mut clauses, asked.period);
    let renderer = renderer(&api, &asked.reading);
    if let Some(export) = asked.export() {
        let show = move |rows: Vec<EventRow>| {
            std::future::ready(Ok(rows.into_iter().map(|row| ConfigurationChange::new(row, &renderer)).collect()))
        };
        return export.rows(named, clauses, show).await;
    }
    let page = if filter.of_events().is_by_time() { by_time } else { named };
    let mut rows: Vec<EventRow> = api.store().rows(page, clauses).await?;

    let has_more = asked.cut(&mut rows);
    let next = rows.last().filter(|_| has_more).map(|row| asked.position(row.occurred_at, row.place()));
    let data: Vec<_> = rows.into_iter().map(|row| ConfigurationChange::new(row, &renderer)).collect();
    Ok(asked.shown(data.len(), Localized(renderer.lang, asked.paged(data, has_more, next.as_ref()))))
}
