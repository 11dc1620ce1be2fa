//! The first leg of an event's path: HTTP → Kafka.
//!
//! ```text
//! request ─► who? (key) ─► body (bounded) ─► expand (bounded) ─► split ─► limits ─► check each ─► quotas ─► Kafka ─► answer
//!            access.rs     runtime::http     expand.rs           framing.rs rate.rs  check.rs     quota.rs  sink.rs  answer.rs
//! ```
//!
//! An event is reported as *accepted* only after Kafka acknowledged it on all replicas in sync. What can't be promised is
//! refused as a whole, with whether sending it again is safe.

mod access;
mod answer;
mod check;
mod examples;
mod expand;
pub mod framing;
mod handler;
mod handshake;
mod identity;
mod metrics;
mod quota;
mod rate;
mod sink;
mod usage;
mod warnings;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use chrono::Utc;
use rdkafka::error::KafkaError;
use runtime::config::Config;
use runtime::freshness::Freshness;
use runtime::http::body::BodyTimes;
use runtime::limiter::Limiter;
use runtime::memory::MemoryBudget;
use runtime::metrics::Metrics;
use runtime::receipts::Receipts;
use runtime::settings::Settings;
use runtime::shutdown::Shutdown;
use schemas::catalogue::{Catalogue, CatalogueError};
use utoipa::OpenApi as _;

use crate::metrics::Counts;
use crate::sink::Sink;
use crate::usage::Usage;
use crate::warnings::Warnings;

pub use crate::answer::{Answer, EventResult, Status};

/// Why ingest does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The options of the configuration are not librdkafka's.
    #[error("kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// The catalogue inside the program is malformed.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// What the handler needs. Clones share it.
#[derive(Clone, Debug)]
pub struct Ingest(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: runtime::config::Ingest,
    settings: Settings,
    catalogue: Catalogue,
    limiter: Limiter,
    memory: MemoryBudget,
    times: BodyTimes,
    sink: Arc<Sink>,
    usage: Usage,
    warnings: Warnings,
    counts: Counts,
    receipts: Receipts,
}

impl Ingest {
    /// Connects to nothing yet: Kafka is spoken to with the first event, ClickHouse with the first of a tenant that has a quota.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(
        config: &Config,
        settings: Settings,
        freshness: Freshness,
        metrics: &Metrics,
    ) -> Result<Self, StartError> {
        Self::noting(config, settings, freshness, metrics, Receipts::default())
    }

    /// As [`new`](Self::new), where others of the process see what is taken and refused.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn noting(
        config: &Config,
        settings: Settings,
        freshness: Freshness,
        metrics: &Metrics,
        receipts: Receipts,
    ) -> Result<Self, StartError> {
        receipts.begin(Utc::now());
        let counts = Counts::new(metrics);
        let (client, sink) =
            (runtime::clickhouse::client(&config.clickhouse), Arc::new(Sink::new(config, counts.clone())?));
        Ok(Self(Arc::new(Shared {
            warnings: Warnings::new(client.clone(), Arc::clone(&sink)),
            sink,
            usage: Usage::new(client, freshness),
            config: config.ingest.clone(),
            settings,
            catalogue: Catalogue::shipped()?,
            limiter: Limiter::default(),
            memory: MemoryBudget::new(config.ingest.max_in_flight_bytes),
            times: BodyTimes::from(&config.http),
            counts,
            receipts,
        })))
    }

    /// The rate limiter, for whoever sweeps it ([`Limiter::keep_small`]).
    #[must_use]
    pub fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    /// Keeps what is used of quotas up to date, until the process stops.
    pub fn follow_usage(&self, shutdown: &Shutdown) {
        let (ingest, stop) = (self.clone(), shutdown.clone());
        shutdown.supervise("usage", async move {
            stop.token().run_until_cancelled(ingest.0.usage.follow()).await;
        });
    }

    /// Reads now what is used of quotas.
    pub async fn read_usage(&self) {
        self.0.usage.read_all().await;
    }

    /// Waits until Kafka has answered for everything sent, `limit` at most. Whether it has.
    pub async fn flush(&self, limit: Duration) -> bool {
        self.0.sink.flush(limit).await
    }
}

/// The routes. Served with `into_make_service_with_connect_info::<SocketAddr>()`, which passes the client's address.
pub fn router(state: Ingest) -> Router {
    Router::new().route(handler::PATH, post(handler::events).options(handshake::answer)).with_state(state)
}

/// The OpenAPI description of the routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    #[derive(utoipa::OpenApi)]
    #[openapi(paths(handler::events), components(schemas(Answer, EventResult, Status, runtime::problem::Problem)))]
    struct Description;
    Description::openapi()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_route_and_what_it_answers_are_described() {
        let description = serde_json::to_value(super::openapi()).unwrap();
        let operation = &description["paths"]["/v1/events"]["post"];
        assert_eq!(operation["operationId"], "sendEvents");
        for status in ["202", "400", "401", "403", "408", "413", "415", "422", "429", "503"] {
            assert!(operation["responses"][status].is_object(), "{status}");
        }
        for schema in ["Answer", "EventResult", "Status", "Problem"] {
            assert!(description["components"]["schemas"][schema].is_object(), "{schema}");
        }
    }
}
