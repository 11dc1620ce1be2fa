//! Reading what others did is an event, too (P13, L10): who looked at which list, narrowed to what.
//!
//! It is told once for each caller, list and user in ten minutes, however many pages are read. The event's id is made of
//! those and of the ten minutes, so that all processes make the same one, and enrichment drops what it has already. What is
//! remembered here only saves making it again. A read never fails and never waits because of it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Method;
use chrono::Utc;
use prometheus_client::metrics::counter::Counter;
use runtime::metrics::{Metrics, Name};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::QueryApi;
use crate::access::Caller;
use crate::audit::{Audit, Details, StaffEvent};
use crate::export::grouped;
use crate::export::heading::filters;
use crate::params::Params;

/// Reads of a list within this time are one, milliseconds.
const WINDOW_MS: i64 = 600_000;
/// Most events of reading that are under way; beyond it they are left out, and counted.
const MAX_UNDER_WAY: usize = 64;
/// Most reads that are remembered; beyond it they are told again, and enrichment drops them.
const MAX_KNOWN: usize = 50_000;
/// Bytes of an SQL statement that are told.
const MAX_STATEMENT: usize = 4096;
/// Namespace of the events' ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_2b7d_94e0_4c58_a3d1_7be2_0f95_c846);

/// Reads that show what others did. `{id}` is of a user where the second is true.
const SHOWS: &[(&str, bool)] = &[
    ("/v1/configuration", false),
    ("/v1/events", false),
    ("/v1/events/{id}", false),
    ("/v1/objects/{type}/{id}/history", false),
    ("/v1/statistics", false),
    ("/v1/users", false),
    ("/v1/users/{id}", true),
    ("/v1/users/{id}/activities", true),
    ("/v1/users/{id}/devices", true),
    ("/v1/users/{id}/sessions", true),
    ("/v1/users/{id}/sign-ins", true),
    ("/v1/users/{id}/statistics", true),
    ("/v1/users/{id}/timeline", true),
    ("/v1/users/{id}/violations", true),
    ("/v1/violations", false),
    ("/v1/violations/{id}", false),
];

/// What is remembered of reads, and how many are being told. Clones share it.
#[derive(Debug, Clone)]
pub struct Viewed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    audit: Arc<Audit>,
    known: Mutex<Known>,
    under_way: Arc<Semaphore>,
    dropped: Counter,
}

#[derive(Debug, Default)]
struct Known {
    window: i64,
    ids: HashSet<Uuid>,
}

impl Viewed {
    /// Nothing is known yet. `name` is of the metric that counts what was left out.
    #[must_use]
    pub fn new(audit: Arc<Audit>, metrics: &Metrics, name: Name) -> Self {
        let about = "Reads of what others did that were not recorded: too many at once, or Kafka was away";
        Self(Arc::new(Inner {
            audit,
            known: Mutex::default(),
            under_way: Arc::new(Semaphore::new(MAX_UNDER_WAY)),
            dropped: metrics.register(name, about, Counter::default()),
        }))
    }

    /// Records a read by SQL (P10), unless the same statement was lately.
    pub fn sql(&self, caller: &Caller, tenant: &str, statement: &str) {
        let event = StaffEvent {
            kind: "event_log.viewed",
            object_type: "event_log",
            object_id: "sql".to_owned(),
            object_name: "sql".to_owned(),
            reason: String::new(),
            changes: Vec::new(),
        };
        let shown = &statement[..statement.floor_char_boundary(MAX_STATEMENT)];
        let payload = Some(json!({ "path": "sql", "statement": shown }));
        self.tell(caller, tenant, &json!(["sql", statement]), event, Details { payload, ..Details::default() });
    }

    /// Records a read of `what`, unless that was done lately.
    fn tell(&self, caller: &Caller, tenant: &str, what: &Value, event: StaffEvent, details: Details) {
        let window = Utc::now().timestamp_millis().div_euclid(WINDOW_MS);
        let parts = json!([tenant, caller.key_id(), what, window]);
        let id = Uuid::new_v5(&NAMESPACE, parts.to_string().as_bytes());
        if self.knows(window, id) {
            return;
        }
        let Ok(turn) = Arc::clone(&self.0.under_way).try_acquire_owned() else {
            self.forget(id);
            return;
        };
        let (viewed, caller, tenant) = (self.clone(), caller.clone(), tenant.to_owned());
        tokio::spawn(async move {
            let details = Details { id: Some(id), ..details };
            if let Err(problem) = viewed.0.audit.record_with(&caller, &tenant, event, details).await {
                tracing::warn!(%tenant, ?problem, "a read is not recorded");
                viewed.forget(id);
            }
            drop(turn);
        });
    }

    /// Whether this is told already; if not, it is from now on.
    fn knows(&self, window: i64, id: Uuid) -> bool {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.window != window {
            *known = Known { window, ids: HashSet::new() };
        }
        known.ids.contains(&id) || (known.ids.len() < MAX_KNOWN && !known.ids.insert(id))
    }

    fn forget(&self, id: Uuid) {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner).ids.remove(&id);
        self.0.dropped.inc();
    }
}

/// A read as it was asked for, kept until it is known whether it succeeded.
pub(crate) struct View {
    path: &'static str,
    of_user: bool,
    query: String,
}

impl View {
    /// None for what shows nothing of others.
    pub(crate) fn of(method: &Method, path: &str, query: Option<&str>) -> Option<Self> {
        let (path, of_user) = SHOWS.iter().copied().find(|(shows, _)| *shows == path)?;
        (*method == Method::GET).then(|| Self { path, of_user, query: query.unwrap_or_default().to_owned() })
    }

    /// Records it, unless that was done lately. What a person reads of what they did themselves is no matter for the log.
    pub(crate) fn record(self, api: &QueryApi, caller: &Caller) {
        let Some(tenant) = self.tenant(caller) else { return };
        let named = caller.asking().named();
        let who = caller.identity();
        let own = named.iter().any(|(name, value)| name == "user_id" && value == who.id);
        if self.of_user && who.kind == "user" && own {
            return;
        }
        let (event, details) = (self.event(named), self.details(named));
        api.viewed().tell(caller, &tenant, &json!([self.path, named]), event, details);
    }

    /// The caller's own tenant, or the one that the platform named.
    fn tenant(&self, caller: &Caller) -> Option<String> {
        match caller.own() {
            Some(own) => Some(own.id.clone()),
            None => Params::parse(Some(&self.query)).ok()?.one("tenant").ok()?,
        }
    }

    fn event(&self, named: &[(String, String)]) -> StaffEvent {
        let list = self.path.trim_start_matches("/v1/").to_owned();
        let user = named.first().filter(|_| self.of_user).map(|(_, id)| id.clone());
        let (kind, object_type, object_id) = match user {
            Some(id) => ("user_trace.viewed", "user", id),
            None => ("event_log.viewed", "event_log", list),
        };
        StaffEvent {
            kind,
            object_type,
            object_name: object_id.clone(),
            object_id,
            reason: String::new(),
            changes: Vec::new(),
        }
    }

    fn details(&self, named: &[(String, String)]) -> Details {
        let given = Params::parse(Some(&self.query)).map(|params| params.told()).unwrap_or_default();
        let filter = grouped(&[named, &filters(given)].concat());
        let payload = Some(json!({ "path": self.path, "filter": filter }));
        Details { payload, ..Details::default() }
    }
}
