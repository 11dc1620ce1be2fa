//! Warnings of quotas that are nearly used or used up: to every sender in the answers, and to the tenant once in its own
//! log, whichever processes notice.
//!
//! An event of a warning has an id made of what it says, so that the enricher stores it once, though several processes write it. It
//! remembers ids for a day, and a month is longer: each process asks the store once whether the event is there already. Nobody waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use clickhouse::Client;
use runtime::throttle::Throttle;
use schemas::catalogue::Lang;
use schemas::settings::{NamedQuota, QuotaOf, QuotaUse, WARNED_AT};
use schemas::topics::OWN_KEY_ID;
use serde_json::{Value, json};

use crate::sink::Sink;
use crate::usage::{Quota, User};

/// Longest wait for the store's answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Until a warning that could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(10);

static FAILED: Throttle<()> = Throttle::new(1, Duration::from_secs(60));

/// By tenant and id of a warning, when its period ends.
type Warned = HashMap<(String, String), DateTime<Utc>>;

/// The warnings that this process has taken care of. Clones share them.
#[derive(Clone)]
pub(crate) struct Warnings {
    client: Client,
    sink: Arc<Sink>,
    warned: Arc<Mutex<Warned>>,
}

impl std::fmt::Debug for Warnings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Warnings").finish_non_exhaustive()
    }
}

/// A quota of which a share is used that the tenant is to be warned of.
#[derive(Debug)]
struct Warning {
    id: String,
    tenant: String,
    begins: DateTime<Utc>,
    resets_at: DateTime<Utc>,
    event: Value,
}

impl Warnings {
    pub(crate) fn new(client: Client, sink: Arc<Sink>) -> Self {
        Self { client, sink, warned: Arc::default() }
    }

    /// Warns the tenant that `used` of a quota is used, and of all lower shares: once each.
    pub(crate) fn warn(&self, user: User<'_>, quota: Quota, used: u64, reached: u8) {
        for percent in WARNED_AT.into_iter().filter(|percent| *percent <= reached) {
            let warning = Warning::new(user, quota, used, percent);
            if self.is_new(&warning) {
                let warnings = self.clone();
                tokio::spawn(async move { warnings.record(warning).await });
            }
        }
    }

    fn is_new(&self, warning: &Warning) -> bool {
        let now = Utc::now();
        let of = (warning.tenant.clone(), warning.id.clone());
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.get(&of).is_some_and(|until| *until > now) {
            return false;
        }
        warned.retain(|_, until| *until > now);
        warned.insert(of, warning.resets_at);
        true
    }

    /// Writes the event, for as long as it takes and says anything.
    async fn record(&self, warning: Warning) {
        while Utc::now() < warning.resets_at {
            let stored = tokio::time::timeout(TIMEOUT, self.is_stored(&warning)).await;
            let recorded = match stored {
                Ok(Ok(true)) => true,
                Ok(Ok(false)) => self.sink.own(&warning.tenant, warning.event.to_string()).await,
                Ok(Err(_)) | Err(_) => false,
            };
            if recorded {
                return;
            }
            if let Some(left_out) = FAILED.admit(()) {
                tracing::warn!(left_out, "a warning of a quota can't be recorded; it is tried again");
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn is_stored(&self, warning: &Warning) -> Result<bool, clickhouse::error::Error> {
        let statement = self
            .client
            .query(include_str!("warnings.sql"))
            .param("tenant", &warning.tenant)
            .param("from", warning.begins.timestamp_millis())
            .param("key_id", OWN_KEY_ID)
            .param("event_id", &warning.id)
            .with_setting("max_execution_time", "5");
        Ok(statement.fetch_one::<u64>().await? > 0)
    }
}

impl Warning {
    fn new(user: User<'_>, quota: Quota, used: u64, percent: u8) -> Self {
        let now = Utc::now();
        let (begins, resets_at) = (quota.period.begins(now), quota.period.resets_at(now));
        let whose = if quota.of_key { format!("{}/{}", quota.name, user.key) } else { quota.name.to_owned() };
        // A quota that was changed is another one.
        let id = format!("quota/{whose}/{begins}/{}/{percent}", quota.limit);
        let left = QuotaUse::new(Some(quota.limit), used, resets_at);
        let of = match user.plan {
            _ if quota.of_key => QuotaOf::Key { key_id: user.key.to_owned() },
            Some(plan) => QuotaOf::Plan { plan: plan.to_owned() },
            None => QuotaOf::Tenant,
        };
        let named = NamedQuota { of, period: quota.period, limit: quota.limit };
        let mut event = json!({
            "id": id,
            "type": if percent < 100 { "quota.nearly_used" } else { "quota.used_up" },
            "occurred_at": now.to_rfc3339_opts(SecondsFormat::Millis, true),
            "actor": {"kind": "system"},
            "object": {"type": "quota", "id": whose, "name": named.in_words(Lang::En)},
            "payload": {
                "percent": percent,
                "used": left.used,
                "remaining": left.remaining,
                "resets_at": left.resets_at,
            },
        });
        if let (Ok(Value::Object(named)), Value::Object(payload)) = (serde_json::to_value(named), &mut event["payload"])
        {
            payload.extend(named);
        }
        let begins = begins.and_time(chrono::NaiveTime::MIN).and_utc();
        Self { id, tenant: user.tenant.to_owned(), begins, resets_at, event }
    }
}
