//! What an operator's tools ask of every role: `/healthz`, `/readyz`, `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::metrics::{CONTENT_TYPE, Metrics};
use crate::problem::Problem;

/// Whether a role can do its work: all of its gates are open. Clones share the same gates.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<&'static str, bool>>>);

impl Readiness {
    /// Adds a condition, not met at first. `name` is shown by `/readyz` while it is not.
    #[must_use]
    pub fn gate(&self, name: &'static str) -> Gate {
        let gate = Gate { name, readiness: self.clone() };
        gate.set(false);
        gate
    }

    /// The conditions that are not met; ready when empty.
    #[must_use]
    pub fn waiting_for(&self) -> Vec<&'static str> {
        let gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates.iter().filter(|(_, open)| !**open).map(|(name, _)| *name).collect()
    }
}

/// One condition of [`Readiness`].
#[derive(Clone, Debug)]
pub struct Gate {
    name: &'static str,
    readiness: Readiness,
}

impl Gate {
    /// Says whether the condition is met now.
    pub fn set(&self, open: bool) {
        self.readiness.0.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name, open);
    }
}

/// The routes.
pub fn router(metrics: Metrics, readiness: Readiness) -> Router {
    let healthz = get(|| async { "ok\n" });
    Router::new()
        .route("/healthz", healthz)
        .merge(Router::new().route("/readyz", get(readyz)).with_state(readiness))
        .merge(Router::new().route("/metrics", get(encode)).with_state(metrics))
}

async fn readyz(State(readiness): State<Readiness>) -> Response {
    let waiting_for = readiness.waiting_for();
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
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt as _;

    async fn status(router: &Router, path: &str) -> StatusCode {
        router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap().status()
    }

    #[tokio::test]
    async fn ready_once_every_gate_is_open() {
        let readiness = Readiness::default();
        let router = router(Metrics::default(), readiness.clone());
        let (broker, settings) = (readiness.gate("broker"), readiness.gate("settings"));
        broker.set(true);
        assert_eq!(readiness.waiting_for(), ["settings"]);
        assert_eq!(status(&router, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        settings.set(true);
        assert_eq!(status(&router, "/readyz").await, StatusCode::OK);
        assert_eq!(status(&router, "/healthz").await, StatusCode::OK);
        assert_eq!(status(&router, "/metrics").await, StatusCode::OK);
    }
}
