//! Turns at the store (P12), as callers meet them; the turns themselves are tested in `fair`.

use axum::response::IntoResponse as _;
use query_api::store::{Store, StoreError};
use runtime::config::Config;
use runtime::metrics::Metrics;
use runtime::problem::Problem;

/// P12: a tenant that has its places and its queue full is refused at once, with `Retry-After`; others are served.
#[tokio::test]
async fn one_tenant_s_crowd_is_its_own() {
    let mut config = Config::defaults().unwrap();
    config.query.max_concurrent = 3;
    config.query.max_waiting_per_tenant = 0;
    assert_eq!(config.query.places_of_a_tenant(), 1);
    let store = Store::new(runtime::clickhouse::client(&config.clickhouse), config.query, &Metrics::default());
    let first = store.place("events_newest", "acme").await.unwrap();
    let refused = store.place("events_newest", "acme").await.unwrap_err();
    assert!(matches!(refused, StoreError::Crowded("events_newest")), "{refused}");
    let problem = Problem::from(refused);
    assert_eq!((problem.status().as_u16(), problem.code()), (503, "busy"));
    assert_eq!(problem.into_response().headers()["retry-after"], "1");
    let _other = store.place("events_newest", "globex").await.unwrap();
    drop(first);
    assert!(store.place("events_newest", "acme").await.is_ok());
}

/// P12: who finds no place waits as long as a query may take, and no longer.
#[tokio::test]
async fn nobody_waits_for_ever() {
    let mut config = Config::defaults().unwrap();
    config.query.timeout_ms = 100;
    let store = Store::new(runtime::clickhouse::client(&config.clickhouse), config.query.clone(), &Metrics::default());
    let mut held = Vec::new();
    for _ in 0..config.query.places_of_a_tenant() {
        held.push(store.place("events_newest", "acme").await.unwrap());
    }
    let refused = store.place("events_newest", "acme").await.unwrap_err();
    assert!(matches!(refused, StoreError::Busy("events_newest")), "{refused}");
    drop(held);
    assert!(store.place("events_newest", "acme").await.is_ok());
}
