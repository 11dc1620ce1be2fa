//! What a tenant's keys sent lately, and why some of it was refused: for whoever waits for a first event, and sees none.

use axum::extract::State;
use chrono::{DateTime, Utc};
use runtime::problem::Problem;
use runtime::receipts::{CodeReceipts, KeyReceipts};
use runtime::settings::Snapshot;
use schemas::catalogue::Lang;
use schemas::problem_texts;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Completeness, Item};
use crate::http::caller::Caller;
use crate::http::language::{Localized, language};
use crate::http::params::Params;
use crate::state::QueryApi;

/// What was taken and refused lately, as the process knows that answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestStatus {
    /// Since when it is counted: the start of the process. Null where events are received by other processes, which count by
    /// themselves.
    #[schema(required = true)]
    pub since: Option<DateTime<Utc>>,
    /// When an event was last taken; null where none was since then.
    #[schema(required = true)]
    pub last_received: Option<DateTime<Utc>>,
    /// What each key sent in the last day.
    pub keys: Vec<KeyStatus>,
}

/// What one key sent. A request that was refused as a whole counts as one event.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyStatus {
    /// The public part of the key.
    #[schema(example = "k3jq7xw2m5ab")]
    pub key_id: String,
    /// What people call it; absent where it has no name any more.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false, example = "CRM production")]
    pub label: String,
    /// Events taken in the last hour.
    pub accepted_hour: u64,
    /// Events refused in the last hour.
    pub rejected_hour: u64,
    /// Events taken in the last day.
    pub accepted_day: u64,
    /// Events refused in the last day.
    pub rejected_day: u64,
    /// Why events were refused in the last day, the most frequent first.
    pub codes: Vec<CodeStatus>,
}

/// How often events were refused with a code.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeStatus {
    /// A word for programs, as of problems and of rejected events.
    #[schema(example = "missing_field")]
    pub code: &'static str,
    /// How often in the last day.
    pub count: u64,
    /// The last of them.
    pub last: LastRefusal,
}

/// Why an event was last refused with a code.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastRefusal {
    /// When.
    pub at: DateTime<Utc>,
    /// JSON Pointer (RFC 6901) to what is wrong, or the name of a parameter or header; empty for all of it.
    #[schema(example = "/type")]
    pub pointer: String,
    /// For people, in the language of the answer.
    #[schema(example = "an event has a type")]
    pub detail: String,
}

/// Get the status of ingest
///
/// When an event was last taken, what each key sent in the last hour and day, and why some of it was refused. It is counted in
/// memory, by the process that answers, since it started.
#[utoipa::path(
    get,
    path = "/v1/ingest/status",
    tag = "keys",
    operation_id = "getIngestStatus",
    params(
        ("lang" = Option<String>, Query, description = "`en`, `ru` or `cs`: the language of what is said; wins over Accept-Language", example = "cs"),
        ("accept-language" = Option<String>, Header, description = "Wanted languages: en, ru, cs"),
        crate::openapi::TenantParam,
    ),
    responses(
        (status = 200, description = "What was taken and refused", body = Item<IngestStatus>, example = json!(crate::tenants::examples::ingest_status())),
        crate::openapi::Problems,
    ),
)]
pub async fn get(
    State(api): State<QueryApi>,
    caller: Caller,
    mut params: Params,
) -> Result<Localized<Item<IngestStatus>>, Problem> {
    let tenant = caller.read_tenant(api.settings(), &mut params)?;
    let lang = language(&mut params, &caller, Some(&tenant))?;
    params.finish()?;
    let completeness = Completeness::now(api.freshness());
    let (last_received, keys) = api.receipts().of(&tenant.id, Utc::now());
    let settings = api.settings().snapshot();
    let keys = keys.into_iter().map(|key| shown(key, &settings, lang)).collect();
    let data = IngestStatus { since: api.receipts().since(), last_received, keys };
    Ok(Localized(lang, Item { data, completeness }))
}

fn shown(key: KeyReceipts, settings: &Snapshot, lang: Lang) -> KeyStatus {
    let code = |CodeReceipts { count, at, last }: CodeReceipts| {
        let worded = problem_texts::worded(last.code, &last.detail, lang).map(Into::into);
        let last_refusal = LastRefusal { at, pointer: last.pointer, detail: worded.unwrap_or(last.detail) };
        CodeStatus { code: last.code, count, last: last_refusal }
    };
    KeyStatus {
        label: settings.key(&key.key_id).map(|key| key.name.clone()).unwrap_or_default(),
        key_id: key.key_id,
        accepted_hour: key.accepted_hour,
        rejected_hour: key.rejected_hour,
        accepted_day: key.accepted_day,
        rejected_day: key.rejected_day,
        codes: key.codes.into_iter().map(code).collect(),
    }
}
