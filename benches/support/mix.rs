//! The golden mix: what the demo's companies do, as bytes ready to send. The same events in every run.

use chrono::{TimeZone as _, Utc};
use demo::{Generator, Pace, people};
use schemas::catalogue::Catalogue;
use schemas::settings::Tenant;

/// Companies in the mix, each a tenant.
pub(crate) const TENANTS: usize = 20;
const PEOPLE: usize = 100;
const SEED: u64 = 4711;
/// Mean time between two events of one company.
const PACE: Pace = Pace::Steady(0.1);

/// One event, and what goes beside it into Kafka.
pub(crate) struct Sample {
    pub(crate) tenant: String,
    pub(crate) key: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) id: String,
}

/// Id of the company with that number.
pub(crate) fn tenant_id(number: usize) -> String {
    format!("company-{number:02}")
}

/// The companies' settings: logging, everything else as it comes.
pub(crate) fn tenants() -> Vec<Tenant> {
    (0..TENANTS)
        .map(|number| {
            let mut tenant = Tenant::new(tenant_id(number), "A company");
            tenant.logging = true;
            tenant
        })
        .collect()
}

/// `count` events, the companies' by turns.
pub(crate) fn events(count: usize) -> Vec<Sample> {
    let catalogue = Catalogue::shipped().unwrap();
    let start = Utc.with_ymd_and_hms(2026, 3, 2, 6, 0, 0).unwrap();
    let mut companies: Vec<_> = (0_u64..)
        .take(TENANTS)
        .map(|number| {
            let seed = SEED + number;
            Generator::new(seed, &catalogue, people(seed, PEOPLE), start).pace(PACE)
        })
        .collect();
    (0..count)
        .map(|number| {
            let event = companies[number % TENANTS].next().unwrap();
            let tenant = tenant_id(number % TENANTS);
            let actor = event["actor"]["id"].as_str().unwrap_or_default();
            let key = schemas::topics::event_key(&tenant, actor);
            let id = event["id"].as_str().unwrap().to_owned();
            Sample { tenant, key, payload: event.to_string().into_bytes(), id }
        })
        .collect()
}
