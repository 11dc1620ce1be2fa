//! What another retention would delete, before anybody decides.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use clickhouse::Row;
use runtime::problem::Problem;
use schemas::event::Category;
use schemas::settings::{Feature, Permission, RETENTION_DAYS, Retention, RetentionChange};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::export::table::{Cell, Column, Kind, Tabular};
use crate::http::answer::Completeness;
use crate::http::caller::Caller;
use crate::http::params::{ParamError, Params};
use crate::state::QueryApi;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::{Clauses, NamedQuery, query};

/// What another retention would end.
pub const RETENTION_PREVIEW: NamedQuery = query!("retention_preview");

/// What a proposed retention would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionPreview {
    /// Events that would be deleted, of all categories that the caller may read.
    pub events: u64,
    /// By category.
    pub data: Vec<CategoryPreview>,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// What it would do to one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryPreview {
    /// Which.
    #[schema(example = "views")]
    pub category: String,
    /// Days that it is kept now.
    #[schema(example = 90)]
    pub days: u16,
    /// Days that it would be kept.
    #[schema(example = 30)]
    pub proposed_days: u16,
    /// Events that are shown now and would be deleted. None where the proposed time is not shorter; what is still stored would
    /// then be kept longer, as would be what comes. Null of changes of the configuration to those who may not read them, and of all
    /// where the tenant's plan has no log.
    #[schema(required = true)]
    pub events: Option<u64>,
    /// Those received before this time.
    pub received_before: DateTime<Utc>,
    /// The day (UTC) on which the oldest of them was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-02")]
    pub first_day: Option<String>,
    /// The day (UTC) on which the newest of them was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-31")]
    pub last_day: Option<String>,
}

impl Tabular for CategoryPreview {
    const COLUMNS: &'static [Column] = &[
        Column::new("category", Kind::Text),
        Column::new("days", Kind::Whole),
        Column::new("proposed_days", Kind::Whole),
        Column::new("events", Kind::Whole),
        Column::new("received_before", Kind::Time),
        Column::new("first_day", Kind::Text),
        Column::new("last_day", Kind::Text),
    ];

    fn cells<'a>(&'a self, row: &mut Vec<Cell<'a>>) {
        row.push(Cell::code("category", &self.category));
        row.extend([self.days, self.proposed_days].map(|days| Cell::from(u64::from(days))));
        row.push(self.events.into());
        row.push(self.received_before.into());
        row.extend([&self.first_day, &self.last_day].map(|day| Cell::from(day.as_ref())));
    }
}

/// Preview another retention
///
/// What it would delete. Nothing is changed.
#[utoipa::path(
    get,
    path = "/v1/settings/retention/preview",
    tag = "settings",
    operation_id = "previewRetention",
    params(
        ("all" = Option<u16>, Query, description = "Proposed days of every category that is not named itself: 30, 90, 180, 365, 730 or 1825", example = 365),
        ("sign_ins" = Option<u16>, Query, description = "Proposed days: 30, 90, 180, 365, 730 or 1825; as it is, unless given", example = 90),
        ("changes" = Option<u16>, Query, description = "Likewise", example = 365),
        ("views" = Option<u16>, Query, description = "Likewise", example = 30),
        ("configuration" = Option<u16>, Query, description = "Likewise", example = 730),
        ("other" = Option<u16>, Query, description = "Likewise", example = 180),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "What would be deleted", body = RetentionPreview, example = json!({
            "events": 1204,
            "data": [{ "category": "views", "days": 90, "proposed_days": 30, "events": 1204, "received_before": "2026-01-31T08:16:00Z", "first_day": "2026-01-02", "last_day": "2026-01-31" }],
            "complete_until": "2026-03-02T08:16:00Z",
            "complete": true
        })),
        crate::openapi::Problems,
    ),
)]
pub async fn preview(
    State(api): State<QueryApi>,
    caller: Caller,
    mut params: Params,
) -> Result<Json<RetentionPreview>, Problem> {
    let now = Utc::now();
    let tenant = caller.read_tenant(api.settings(), &mut params)?;
    let caller = caller.within(&api.settings().features(&tenant));
    let proposed = proposed(&mut params, tenant.retention)?;
    params.finish()?;
    let (keep, shorter) = (RetentionCutoffs::at(now, &tenant.retention), RetentionCutoffs::at(now, &proposed));
    let completeness = Completeness::now(api.freshness());
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &tenant.id);
    keep.bind_each(&mut clauses);
    shorter.bind_proposed(&mut clauses);
    let edge_days = keep.last_days().into_iter().chain(shorter.last_days());
    clauses.bind_texts("edge_days", edge_days.map(|day| day.to_string()).collect());
    caller.bind_hidden(&mut clauses);
    // What may not be read is not counted.
    let has_log = api.settings().features(&tenant).has(Feature::Log);
    let readable = |category: &Category| {
        has_log && (*category != Category::Configuration || caller.may(Permission::ReadConfiguration))
    };
    let rows: Vec<RetentionRow> = api.store().rows(RETENTION_PREVIEW, clauses).await?;
    let one = |category: &Category| {
        let row = rows.iter().find(|row| row.category == category.as_str()).filter(|_| has_log);
        CategoryPreview {
            category: category.as_str().to_owned(),
            days: tenant.retention.days(*category),
            proposed_days: proposed.days(*category),
            events: readable(category).then(|| row.map_or(0, |row| row.events)),
            received_before: shorter.of(*category),
            first_day: row.map(|row| row.first_day.clone()),
            last_day: row.map(|row| row.last_day.clone()),
        }
    };
    let data: Vec<CategoryPreview> = Category::ALL.iter().map(one).collect();
    Ok(Json(RetentionPreview { events: data.iter().filter_map(|one| one.events).sum(), data, completeness }))
}

fn proposed(params: &mut Params, now: Retention) -> Result<Retention, ParamError> {
    let mut days = |name: &'static str| {
        let Some(text) = params.one(name)? else { return Ok(None) };
        let days = text.parse().ok().filter(|days| RETENTION_DAYS.contains(days));
        days.map(Some).ok_or_else(|| ParamError::bad(name, format!("must be one of {RETENTION_DAYS:?} days")))
    };
    let change = RetentionChange {
        all: days("all")?,
        sign_ins: days("sign_ins")?,
        changes: days("changes")?,
        views: days("views")?,
        configuration: days("configuration")?,
        other: days("other")?,
    };
    Ok(change.of(now))
}

/// A row of `retention_preview.sql`.
#[expect(missing_docs, reason = "named and documented as the columns")]
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct RetentionRow {
    pub category: String,
    pub events: u64,
    pub first_day: String,
    pub last_day: String,
}
