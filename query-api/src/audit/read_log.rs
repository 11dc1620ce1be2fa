//! Reading what others did is an event, too: who looked at which list, narrowed to what, and how much it showed.
//!
//! Each read is recorded, but reads of the same person that ask for the same are brought together: of those within ten
//! minutes the first is an event, the second, the fourth, the eighth …, each with how often it was asked so far and how many
//! records that showed. Pages of one list are the same read going on. So whoever follows the log makes a handful of events,
//! and whoever asks for something else in between makes one more. A read never fails and never waits because of it.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{Method, StatusCode};
use chrono::Utc;
use prometheus_client::metrics::counter::Counter;
use runtime::metrics::{Metrics, Name};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::audit::{Audit, Details, StaffEvent, clip};
use crate::export::grouped;
use crate::export::heading::filters;
use crate::http::answer::PeriodView;
use crate::http::caller::Caller;
use crate::http::params::Params;
use crate::http::period::Period;

/// Reads that ask for the same within this time are counted together, milliseconds.
const WINDOW_MS: i64 = 600_000;
/// Most events of reading that are under way; beyond it they are left out, and counted.
const MAX_UNDER_WAY: usize = 4096;
/// Most reads that are remembered; beyond it each is an event of its own.
const MAX_KNOWN: usize = 50_000;
/// Bytes of an SQL statement that are recorded.
const MAX_STATEMENT: usize = 4096;
/// Values of an SQL statement's parameters that are recorded, and bytes of each.
const MAX_PARAMETERS: usize = 50;
const MAX_PARAMETER: usize = 256;
/// Stands for what was asked for by something that no event can have as an id.
const UNNAMED: &str = "unnamed";
/// Parameters that lead on in the same list.
const PAGING: [&str; 2] = ["cursor", "limit"];

/// What a read that shows what others did is recorded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// A look at the log of the tenant, or at what comes of it.
    Log,
    /// A look at what one user did: the `{id}` of the path.
    User,
}

/// What an answer shows, as far as its handler reported it.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// Records.
    pub(crate) records: u64,
    /// The period as it was understood.
    pub(crate) period: Option<Period>,
    /// What the query string doesn't say: what a body asked for, and the events that were looked into.
    pub(crate) more: Vec<(String, String)>,
}

/// What is remembered of reads, and how many are being recorded. Clones share it.
#[derive(Debug, Clone)]
pub struct ReadLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    audit: Arc<Audit>,
    hasher: RandomState,
    known: Mutex<Known>,
    under_way: Arc<Semaphore>,
    dropped: Counter,
}

/// Reads of one window, by the hash of who asked for what.
#[derive(Debug, Default)]
struct Known {
    window: i64,
    reads: HashMap<u64, Sum>,
}

/// Reads that asked for the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    requests: u64,
    records: u64,
}

/// One read.
struct Read {
    /// What makes it the same as another one, besides who asks.
    same: Value,
    records: u64,
    event: StaffEvent,
    outcome: &'static str,
    payload: Value,
}

impl ReadLog {
    /// Nothing is known yet. `name` is of the metric that counts what was left out.
    #[must_use]
    pub fn new(audit: Arc<Audit>, metrics: &Metrics, name: Name) -> Self {
        let about = "Reads of what others did that were not recorded: too many at once, or Kafka was away";
        Self(Arc::new(Inner {
            audit,
            hasher: RandomState::new(),
            known: Mutex::default(),
            under_way: Arc::new(Semaphore::new(MAX_UNDER_WAY)),
            dropped: metrics.register(name, about, Counter::default()),
        }))
    }

    /// Records a read by SQL, and whether the store answered it whole.
    pub fn sql(
        &self,
        caller: &Caller,
        tenant: &str,
        (statement, parameters): (&str, &[(String, String)]),
        succeeded: bool,
    ) {
        let event = StaffEvent {
            kind: "event_log.viewed",
            object_type: "event_log",
            object_id: "sql".to_owned(),
            object_name: "sql".to_owned(),
            reason: String::new(),
            changes: Vec::new(),
        };
        let mut payload = json!({ "path": "sql", "statement": clip(statement, MAX_STATEMENT) });
        if !parameters.is_empty() {
            let first = parameters.iter().take(MAX_PARAMETERS);
            let clipped =
                first.map(|(name, value)| (clip(name, MAX_PARAMETER).to_owned(), json!(clip(value, MAX_PARAMETER))));
            payload["parameters"] = Value::Object(clipped.collect());
        }
        let outcome = if succeeded { "" } else { "failure" };
        let same = json!(["sql", statement, parameters, outcome]);
        self.record_read(caller, tenant, Read { same, records: 0, event, outcome, payload });
    }

    /// Records a read by HTTP.
    pub(crate) fn record(&self, view: PendingRead, caller: &Caller, shown: Option<Shown>) {
        if let (Some(tenant), Some(read)) = (view.tenant(caller), view.read(caller, shown)) {
            self.record_read(caller, &tenant, read);
        }
    }

    /// Records a read, unless enough was said of others that asked for the same.
    fn record_read(&self, caller: &Caller, tenant: &str, mut read: Read) {
        let window = Utc::now().timestamp_millis().div_euclid(WINDOW_MS);
        let Some(Sum { requests, records }) = self.count(window, (tenant, caller.key_id()), &read) else { return };
        if records > 0 {
            read.payload["records"] = records.into();
        }
        if requests > 1 {
            read.payload["requests"] = requests.into();
        }
        let Ok(turn) = Arc::clone(&self.0.under_way).try_acquire_owned() else {
            self.0.dropped.inc();
            return;
        };
        let (viewed, caller, tenant) = (self.clone(), caller.clone(), tenant.to_owned());
        tokio::spawn(async move {
            let Read { event, outcome, payload, .. } = read;
            let details = Details { outcome, payload: Some(payload), ..Details::default() };
            let recorded = viewed.0.audit.record_with(&caller, &tenant, event.clone(), details.clone()).await;
            let recorded = match recorded {
                // It was asked for by what can't be an id. What that was is in the payload.
                Err(problem) if problem.status() == StatusCode::UNPROCESSABLE_ENTITY => {
                    let event = StaffEvent { object_id: UNNAMED.to_owned(), object_name: UNNAMED.to_owned(), ..event };
                    viewed.0.audit.record_with(&caller, &tenant, event, details).await
                }
                recorded => recorded,
            };
            if let Err(problem) = recorded {
                tracing::warn!(%tenant, ?problem, "a read is not recorded");
                viewed.0.dropped.inc();
            }
            drop(turn);
        });
    }

    /// Counts a read together with those that asked for the same. Returns what there is to record of them, if it is time.
    fn count(&self, window: i64, who: (&str, &str), read: &Read) -> Option<Sum> {
        let same = self.0.hasher.hash_one((who, read.same.to_string()));
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.window != window {
            *known = Known { window, reads: HashMap::new() };
        }
        if known.reads.len() >= MAX_KNOWN && !known.reads.contains_key(&same) {
            return Some(Sum { requests: 1, records: read.records });
        }
        let sum = known.reads.entry(same).or_default();
        *sum = Sum { requests: sum.requests + 1, records: sum.records.saturating_add(read.records) };
        sum.requests.is_power_of_two().then_some(*sum)
    }
}

/// A read as it was asked for, kept until it is known whether it succeeded.
pub(crate) struct PendingRead {
    recorded: Recorded,
    method: Method,
    path: String,
    query: String,
}

impl PendingRead {
    pub(crate) fn of(recorded: Recorded, method: &Method, path: &str, query: Option<&str>) -> Self {
        let query = query.unwrap_or_default().to_owned();
        Self { recorded, method: method.clone(), path: path.to_owned(), query }
    }

    fn is_of_user(&self) -> bool {
        self.recorded == Recorded::User
    }

    /// What is recorded of it. What a person reads of what they did themselves is no matter for the log.
    fn read(&self, caller: &Caller, shown: Option<Shown>) -> Option<Read> {
        // What names one thing by its id shows it, and there is nothing more to record.
        let one = || Shown { records: u64::from(self.path.ends_with("{id}")), period: None, more: Vec::new() };
        let shown = shown.unwrap_or_else(one);
        let named = caller.info().named();
        let who = caller.identity();
        let own = named.iter().any(|(name, value)| name == "user_id" && value == who.id);
        if self.is_of_user() && who.kind == "user" && own {
            return None;
        }
        let given = Params::parse(Some(&self.query)).map(|params| params.given()).unwrap_or_default();
        let mut asked: Vec<_> = given.iter().filter(|(name, _)| !PAGING.contains(&name.as_str())).collect();
        asked.sort_unstable();
        let same = json!([self.method.as_str(), self.path, named, asked, shown.more, shown.period.map(as_json)]);
        let mut payload =
            json!({ "path": self.path, "filter": grouped(&[named, &filters(given.clone()), &shown.more].concat()) });
        if self.method != Method::GET {
            payload["method"] = self.method.as_str().into();
        }
        if let Some(period) = shown.period {
            payload["period"] = as_json(period);
        }
        Some(Read { same, records: shown.records, event: self.event(named), outcome: "", payload })
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
        let user = named.first().filter(|_| self.is_of_user()).map(|(_, id)| id.clone());
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
}

fn as_json(period: Period) -> Value {
    json!(PeriodView { from: period.from, to: period.to })
}
