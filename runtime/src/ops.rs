//! What an operator's tools ask of every role: `/healthz`, `/readyz`, `/metrics`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::json;

use crate::metrics::{CONTENT_TYPE, Metrics};
use crate::problem::Problem;
use crate::shutdown::Shutdown;

/// Why a condition is not met that has not been met yet.
const STARTING: &str = "starting";
/// Between two looks at what has changed, for the log.
const LOOK: Duration = Duration::from_secs(1);

/// Whether a role can do its work: all of its conditions are met. Clones share the same conditions.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<String, Condition>>>);

#[derive(Clone, Debug)]
enum Condition {
    /// Met, or why it is not.
    Gate(Result<(), String>),
    /// Met while it was heard within the limit.
    Pulse(Pulse, Duration),
}

/// A condition that is not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmet {
    /// Its name.
    pub name: String,
    /// Why it is not met, for people.
    pub reason: String,
}

impl Readiness {
    /// Adds a condition, not met at first. `/readyz` has its name and the reason while it is not.
    #[must_use]
    pub fn gate(&self, name: impl Into<String>) -> Gate {
        let name = name.into();
        self.put(&name, Condition::Gate(Err(STARTING.to_owned())));
        Gate { name, readiness: self.clone() }
    }

    /// Adds a condition that is met as long as `pulse` beats at least once within `limit`.
    pub fn pulse(&self, name: impl Into<String>, pulse: &Pulse, limit: Duration) {
        self.put(&name.into(), Condition::Pulse(pulse.clone(), limit));
    }

    /// The conditions that are not met, by name; ready when empty.
    #[must_use]
    pub fn waiting_for(&self) -> Vec<Unmet> {
        let conditions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        conditions
            .iter()
            .filter_map(|(name, condition)| Some(Unmet { name: name.clone(), reason: condition.unmet()? }))
            .collect()
    }

    /// Logs what is no longer met, and what is again, until the process stops.
    pub fn log_changes(&self, shutdown: &Shutdown) {
        let (readiness, stop) = (self.clone(), shutdown.clone());
        shutdown.supervise("readiness", async move {
            let mut known: BTreeMap<String, String> = BTreeMap::new();
            loop {
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    () = stop.requested() => return,
                }
                let unmet: BTreeMap<_, _> =
                    readiness.waiting_for().into_iter().map(|unmet| (unmet.name, unmet.reason)).collect();
                for (name, reason) in unmet.iter().filter(|(_, reason)| *reason != STARTING) {
                    if known.get(name).is_none_or(|before| before == STARTING) {
                        tracing::error!(name, reason, "not ready");
                    }
                }
                for name in known.keys().filter(|name| !unmet.contains_key(*name)) {
                    tracing::info!(name, "ready");
                }
                known = unmet;
            }
        });
    }

    fn put(&self, name: &str, condition: Condition) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), condition);
    }
}

impl Condition {
    fn unmet(&self) -> Option<String> {
        match self {
            Self::Gate(state) => state.clone().err(),
            Self::Pulse(pulse, limit) => {
                let silent = pulse.silent_for();
                (silent >= *limit).then(|| format!("no sign of life for {} s", silent.as_secs()))
            }
        }
    }
}

/// One condition of [`Readiness`].
#[derive(Clone, Debug)]
pub struct Gate {
    name: String,
    readiness: Readiness,
}

impl Gate {
    /// The condition is met.
    pub fn open(&self) {
        self.readiness.put(&self.name, Condition::Gate(Ok(())));
    }

    /// The condition is not met; `reason` is for people.
    pub fn close(&self, reason: impl Into<String>) {
        self.readiness.put(&self.name, Condition::Gate(Err(reason.into())));
    }
}

/// The signs of life of a part that could hang. Clones share them.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<(Instant, AtomicU64)>);

impl Default for Pulse {
    fn default() -> Self {
        Self(Arc::new((Instant::now(), AtomicU64::new(0))))
    }
}

impl Pulse {
    /// Gives a sign of life.
    pub fn beat(&self) {
        let (begun, last) = &*self.0;
        last.store(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long ago the last one was; or the making, where there was none.
    #[must_use]
    pub fn silent_for(&self) -> Duration {
        let (begun, last) = &*self.0;
        begun.elapsed().saturating_sub(Duration::from_millis(last.load(Ordering::Relaxed)))
    }
}

/// The routes.
pub fn router(metrics: Metrics, readiness: Readiness, shutdown: Shutdown) -> Router {
    let alive = Router::new().route("/healthz", get(healthz)).with_state(shutdown.clone());
    let ready = Router::new().route("/readyz", get(readyz)).with_state((readiness, shutdown));
    alive.merge(ready).merge(Router::new().route("/metrics", get(encode)).with_state(metrics))
}

/// Fails when a restart is what helps: a part has ended that has to run.
async fn healthz(State(shutdown): State<Shutdown>) -> Response {
    match shutdown.failure() {
        None => "ok\n".into_response(),
        Some(failure) => (StatusCode::SERVICE_UNAVAILABLE, format!("{failure}\n")).into_response(),
    }
}

async fn readyz(State((readiness, shutdown)): State<(Readiness, Shutdown)>) -> Response {
    let mut waiting_for = readiness.waiting_for();
    if shutdown.is_requested() {
        waiting_for
            .push(Unmet { name: "process".to_owned(), reason: shutdown.failure().unwrap_or("stopping").to_owned() });
    }
    let ready = waiting_for.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready, "waiting_for": waiting_for }))).into_response()
}

async fn encode(State(metrics): State<Metrics>) -> Response {
    match metrics.encode() {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use serde_json::Value;
    use tower::ServiceExt as _;

    async fn ask(router: &Router, path: &str) -> (StatusCode, Value) {
        let answer = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn ready_once_every_gate_is_open() {
        let readiness = Readiness::default();
        let router = router(Metrics::default(), readiness.clone(), Shutdown::default());
        let (broker, settings) = (readiness.gate("broker"), readiness.gate("settings"));
        broker.open();
        let (status, body) = ask(&router, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body, json!({"ready": false, "waiting_for": [{"name": "settings", "reason": "starting"}]}));
        settings.open();
        assert_eq!(ask(&router, "/readyz").await, (StatusCode::OK, json!({"ready": true, "waiting_for": []})));
        broker.close("no answer");
        let (status, body) = ask(&router, "/readyz").await;
        assert_eq!((status, &body["waiting_for"][0]["reason"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("no answer")));
        assert_eq!(ask(&router, "/healthz").await.0, StatusCode::OK);
        assert_eq!(ask(&router, "/metrics").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_part_that_failed_fails_liveness_and_one_that_hangs_readiness() {
        let (readiness, shutdown) = (Readiness::default(), Shutdown::default());
        let router = router(Metrics::default(), readiness.clone(), shutdown.clone());
        let pulse = Pulse::default();
        readiness.pulse("worker", &pulse, Duration::from_secs(3600));
        pulse.beat();
        assert_eq!(readiness.waiting_for(), []);
        readiness.pulse("worker", &pulse, Duration::ZERO);
        assert_eq!(readiness.waiting_for()[0].reason, "no sign of life for 0 s");
        assert_eq!(ask(&router, "/healthz").await.0, StatusCode::OK, "it may go on");
        shutdown.fail("worker", "it panicked");
        assert_eq!(ask(&router, "/healthz").await.0, StatusCode::SERVICE_UNAVAILABLE);
        let (_, body) = ask(&router, "/readyz").await;
        assert_eq!(body["waiting_for"][1], json!({"name": "process", "reason": "worker: it panicked"}));
    }
}
