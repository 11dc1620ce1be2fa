//! The event catalogue, in the caller's language.

pub(crate) mod kinds;
pub mod unknown_types;
pub mod used_kinds;

use axum::extract::State;
use runtime::problem::Problem;
use schemas::catalogue::{CatalogueEntry, Lang};
use serde::Serialize;
use utoipa::ToSchema;

use crate::export::values;
use crate::http::answer::Completeness;
use crate::http::caller::Caller;
use crate::http::language::{Localized, language};
use crate::http::params::Params;
use crate::log::labels::Labels;
use crate::state::QueryApi;

/// The catalogue in one language.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueView {
    /// The language of the texts.
    #[schema(value_type = String, example = "cs")]
    pub language: Lang,
    /// The shipped types, then the tenant's own.
    pub types: Vec<TypeView>,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// One type of event.
#[derive(Debug, Serialize, ToSchema)]
pub struct TypeView {
    /// Its name in events.
    #[serde(rename = "type")]
    #[schema(example = "task.deadline_changed")]
    pub event_type: String,
    /// What people call it.
    #[schema(example = "Task deadline changed")]
    pub name: String,
    /// `create`, `delete`, `change` or `other`.
    #[schema(value_type = String, example = "change")]
    pub class: schemas::catalogue::Class,
    /// Decides how long the event is kept.
    #[schema(value_type = String, example = "changes")]
    pub category: schemas::catalogue::Category,
    /// What is done.
    #[schema(example = "update")]
    pub action: String,
    /// Part of the application.
    pub module: String,
    /// Type of the object.
    #[schema(example = "task")]
    pub object_type: String,
    /// Channel of communication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What these codes are called.
    pub labels: Labels,
    /// Whether what was deleted can be restored.
    pub restorable: bool,
    /// Why not, where a user would ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_restorable_reason: Option<String>,
    /// The event in words, with placeholders.
    pub sentence: String,
    /// Whether the tenant added it.
    pub own: bool,
}

impl TypeView {
    fn new(entry: &CatalogueEntry, lang: Lang, own: bool) -> Self {
        let label = |name, value| values::label(name, value, lang);
        let labels = Labels {
            class: label("class", entry.class.as_str()),
            category: label("category", entry.category.as_str()),
            action: label("action", &entry.action),
            module: label("module", &entry.module),
            object_type: label("object_type", &entry.object_type),
            channel: label("channel", entry.channel.as_deref().unwrap_or_default()),
            ..Labels::default()
        };
        Self {
            event_type: entry.event_type.clone(),
            name: entry.name.get(lang).to_owned(),
            class: entry.class,
            category: entry.category,
            action: entry.action.clone(),
            module: entry.module.clone(),
            object_type: entry.object_type.clone(),
            channel: entry.channel.clone(),
            labels,
            restorable: entry.restorable,
            not_restorable_reason: entry.not_restorable_reason.as_ref().map(|texts| texts.get(lang).to_owned()),
            sentence: entry.sentence.get(lang).to_owned(),
            own,
        }
    }
}

/// Get the event catalogue
///
/// What each type of event is called, how it is classified and kept, the tenant's own types included.
#[utoipa::path(
    get,
    path = "/v1/catalogue",
    tag = "catalogue",
    operation_id = "getCatalogue",
    params(
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`; wins over Accept-Language", example = "cs"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "The catalogue", body = CatalogueView, example = json!(crate::log::examples::catalogue())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    caller: Caller,
    mut params: Params,
) -> Result<Localized<CatalogueView>, Problem> {
    let tenant = caller.read_tenant(api.settings(), &mut params)?;
    let language = language(&mut params, &caller, Some(&tenant))?;
    params.finish()?;
    let shipped = api.catalogue();
    let catalogue = shipped.with_tenant_types(&tenant.event_types);
    let types = catalogue
        .entries()
        .map(|entry| TypeView::new(entry, language, shipped.get(&entry.event_type).is_none()))
        .collect();
    Ok(Localized(language, CatalogueView { language, types, completeness: Completeness::now(api.freshness()) }))
}
