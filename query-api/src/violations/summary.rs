//! Violations counted: how many there are of each level, rule and user, and how many of these nobody has reviewed.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use clickhouse::Row;
use runtime::problem::Problem;
use schemas::catalogue::Lang;
use schemas::settings::Tenant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::audit::read_log::Shown;
use crate::export::values;
use crate::http::answer::{Completeness, PeriodView};
use crate::http::caller::Caller;
use crate::http::language::Localized;
use crate::http::page::{ReadRequest, look_back_of_violations};
use crate::http::period;
use crate::log::summary::view::Total;
use crate::rules::titles::Titles;
use crate::state::QueryApi;
use crate::store::cutoffs::RetentionCutoffs;
use crate::store::sql::{Clauses, NamedQuery, query};
use crate::violations::filter::{ViolationFilter, level_name};
use crate::violations::list::{add_to, check_rules};

/// Violations, counted.
pub const VIOLATIONS_SUMMARY: NamedQuery = query!("violations_summary");

/// Most rules and users that are named.
const MAX_TOP: u32 = 100;
const DEFAULT_TOP: u32 = 20;

/// Bits of `grouping(level, rule, actor_id)`, set where the row is *not* about it.
const ALL: u8 = 0b111;
const OF_LEVEL: u8 = 0b011;
const OF_RULE: u8 = 0b101;
const OF_USER: u8 = 0b110;

/// Violations, counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViolationSummary {
    /// The period as it was understood.
    pub period: PeriodView,
    /// How many there are.
    pub total: Total,
    /// How many of them nobody has reviewed.
    #[schema(example = 60)]
    pub unreviewed: u64,
    /// By level: the most unreviewed first.
    pub level: Vec<Counted>,
    /// By rule: the most unreviewed first, as many as were asked for.
    pub rule: Vec<Counted>,
    /// By user: the most unreviewed first, as many as were asked for. The empty one stands for violations of several users together.
    pub user: Vec<Counted>,
    /// Up to when the answer is complete.
    #[serde(flatten)]
    pub completeness: Completeness,
}

/// How many violations have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counted {
    /// The value, as the filter takes it.
    #[schema(example = "too-many-devices")]
    pub value: String,
    /// What people call it; absent where it has no name.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "Too many devices")]
    pub label: String,
    /// How many there are.
    #[schema(example = 30)]
    pub count: u64,
    /// How many of them nobody has reviewed.
    #[schema(example = 7)]
    pub unreviewed: u64,
}

/// A row of `violations_summary.sql`.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
struct CountedRow {
    grouped: u8,
    level: u8,
    rule: String,
    actor_id: String,
    name: String,
    violations: u64,
    unreviewed: u64,
}

/// Get a summary of violations
///
/// In all, and by level, rule and user, with how many of each nobody has reviewed: as the list has them with the same filter.
/// All numbers are exact.
#[utoipa::path(
    get,
    path = "/v1/violations/summary",
    tag = "violations",
    operation_id = "getViolationSummary",
    params(
        ("user_id" = Option<Vec<String>>, Query, description = "Ids of users; empty: violations of several together, which are nobody's", example = json!(["u-17"])),
        ViolationFilter,
        crate::openapi::PeriodParams,
        ("top" = Option<u32>, Query, description = "How many rules and users are named, from 1 to 100 (default 20)", example = 20),
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`: the language of labels; wins over Accept-Language", example = "cs"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "The counts", body = ViolationSummary, example = json!(crate::violations::examples::summary())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(State(api): State<QueryApi>, mut reading: ReadRequest) -> Result<Response, Problem> {
    let users = reading.params.ids_or_empty("user_id")?;
    let filter = ViolationFilter::take(&mut reading.params)?;
    let top = reading.params.number("top", 1, MAX_TOP)?.unwrap_or(DEFAULT_TOP);
    let period = reading.period()?;
    std::mem::take(&mut reading.params).finish()?;
    check_rules(&api, &reading, ("rule", &filter.rule)).await?;
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &reading.tenant.id);
    clauses.bind_number("rows", top);
    add_to(&mut clauses, &reading, (&users, &filter, period));
    let rows: Vec<CountedRow> = api.store().rows(VIOLATIONS_SUMMARY, clauses).await?;
    let titles = api.titles(&reading.tenant.id, reading.lang);
    let (count, unreviewed) = total(&rows);
    let of = |grouped| counted(&rows, grouped, (&titles, reading.lang));
    let summary = ViolationSummary {
        period: PeriodView { from: period.from, to: period.to },
        total: Total { value: count, exact: true },
        unreviewed,
        level: of(OF_LEVEL),
        rule: of(OF_RULE),
        user: of(OF_USER),
        completeness: reading.completeness,
    };
    let mut answer = Localized(reading.lang, summary).into_response();
    answer.extensions_mut().insert(Shown { records: 0, period: Some(period), more: Vec::new() });
    Ok(answer)
}

/// How many violations of a tenant nobody has reviewed, of those that a caller may see.
pub(crate) async fn unreviewed(api: &QueryApi, caller: &Caller, tenant: &Tenant) -> Result<u64, Problem> {
    let now = chrono::Utc::now();
    let look_back = api.settings().features(tenant).look_back_days;
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &tenant.id);
    clauses.bind_number("rows", 1);
    RetentionCutoffs::at(now, &tenant.retention).add_to(&mut clauses);
    caller.bind_hidden(&mut clauses);
    look_back_of_violations(look_back.map(|days| period::last_days(api.calendar(tenant), now, days)), &mut clauses);
    clauses.plain("NOT reviewed");
    let rows: Vec<CountedRow> = api.store().rows(VIOLATIONS_SUMMARY, clauses).await?;
    Ok(total(&rows).1)
}

fn total(rows: &[CountedRow]) -> (u64, u64) {
    rows.iter().find(|row| row.grouped == ALL).map_or((0, 0), |row| (row.violations, row.unreviewed))
}

fn counted(rows: &[CountedRow], grouped: u8, (titles, lang): (&Titles, Lang)) -> Vec<Counted> {
    let value = |row: &CountedRow| match grouped {
        OF_LEVEL => {
            let level = level_name(row.level);
            (level.to_owned(), values::label("level", level, lang))
        }
        OF_RULE => (row.rule.clone(), titles.of(&row.rule)),
        // Those of several users together are nobody's.
        _ if row.actor_id.is_empty() => (String::new(), String::new()),
        _ => (row.actor_id.clone(), row.name.clone()),
    };
    let of = |row: &CountedRow| {
        let (value, label) = value(row);
        Counted { value, label, count: row.violations, unreviewed: row.unreviewed }
    };
    rows.iter().filter(|row| row.grouped == grouped).map(of).collect()
}
