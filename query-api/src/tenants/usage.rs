//! What is used of quotas: as far as it is stored. Ingest, which holds to them, also counts what is on its way.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use clickhouse::Row;
use runtime::problem::Problem;
use runtime::settings::Settings;
use schemas::settings::{QuotaPeriod, QuotaUse, Quotas, Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::caller::Caller;
use crate::http::extract::{InPath, NoParameters};
use crate::state::QueryApi;
use crate::store::Store;
use crate::store::sql::{Clauses, NamedQuery, query};

/// What a tenant's keys used of their quotas.
pub const USAGE: NamedQuery = query!("usage");

/// What is used in the day and the month, of UTC.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageView {
    /// Today.
    pub day: QuotaUse,
    /// This month.
    pub month: QuotaUse,
}

/// What one key used.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyUsage {
    /// The public part of the key; empty for what was written straight to Kafka.
    #[schema(example = "k3jq7xw2m5ab")]
    pub key_id: String,
    /// What it used, of its own quotas.
    #[serde(flatten)]
    pub usage: UsageView,
}

/// What a tenant and its keys used.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantUsage {
    /// What the tenant used, of its quotas: all that its keys sent, and what was written straight to Kafka.
    #[serde(flatten)]
    pub usage: UsageView,
    /// What each key used that has a quota or was used this month.
    pub keys: Vec<KeyUsage>,
    /// All that was received before this time is counted.
    #[schema(required = true)]
    pub complete_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Row, Deserialize)]
struct Used {
    key_id: String,
    today: u64,
    this_month: u64,
}

/// Get a tenant's usage
///
/// What the tenant and its keys used of their quotas, today and this month. Days and months are those of UTC. Events of
/// the product itself are not counted.
#[utoipa::path(
    get,
    path = "/v1/tenants/{id}/usage",
    tag = "keys",
    operation_id = "getUsage",
    params(("id" = String, Path, description = "Id of the tenant", example = "acme")),
    responses(
        (status = 200, description = "What is used, as far as it is stored", body = TenantUsage, example = json!(crate::log::examples::tenant_usage())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    caller: Caller,
    InPath(id): InPath<String>,
    _: NoParameters,
) -> Result<Json<TenantUsage>, Problem> {
    let tenant = caller.path_tenant(api.settings(), &id)?;
    let complete_until = api.freshness().complete_until();
    let now = Utc::now();
    let used = read(api.store(), &tenant, now).await?;
    let mut of_keys: BTreeMap<String, (Quotas, [u64; 2])> = BTreeMap::new();
    for key in api.settings().keys(Some(&tenant.id)) {
        if let Some(quotas) = key.quotas.filter(|quotas| quotas.any() && key.revoked_at.is_none()) {
            of_keys.insert(key.id.clone(), (quotas, [0, 0]));
        }
    }
    for row in &used {
        of_keys.entry(row.key_id.clone()).or_default().1 = [row.today, row.this_month];
    }
    let keys = of_keys.into_iter();
    let keys = keys.map(|(key_id, (quotas, used))| KeyUsage { key_id, usage: view(quotas, used, now) }).collect();
    Ok(Json(TenantUsage { usage: of_tenant(api.settings(), &tenant, &used, now), keys, complete_until }))
}

/// What a tenant used of its quotas.
pub(crate) async fn of(api: &QueryApi, tenant: &Tenant) -> Result<UsageView, Problem> {
    let now = Utc::now();
    Ok(of_tenant(api.settings(), tenant, &read(api.store(), tenant, now).await?, now))
}

async fn read(store: &Store, tenant: &Tenant, now: DateTime<Utc>) -> Result<Vec<Used>, Problem> {
    let mut clauses = Clauses::default();
    clauses.bind_text("tenant", &tenant.id);
    clauses.bind_text("today", &QuotaPeriod::Day.begins(now).to_string());
    clauses.bind_text("month", &QuotaPeriod::Month.begins(now).to_string());
    Ok(store.rows(USAGE, clauses).await?)
}

fn of_tenant(settings: &Settings, tenant: &Tenant, used: &[Used], now: DateTime<Utc>) -> UsageView {
    let sums = used.iter().fold([0, 0], |[today, month], row| [today + row.today, month + row.this_month]);
    view(settings.quotas(tenant), sums, now)
}

fn view(quotas: Quotas, [today, this_month]: [u64; 2], now: DateTime<Utc>) -> UsageView {
    let of = |period: QuotaPeriod, used| QuotaUse::new(quotas.of(period), used, period.resets_at(now));
    UsageView { day: of(QuotaPeriod::Day, today), month: of(QuotaPeriod::Month, this_month) }
}
