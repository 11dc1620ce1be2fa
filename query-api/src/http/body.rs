//! What the bodies of requests may take: memory, shared between tenants and keys, and time.

use axum::body::Bytes;
use axum::extract::Request;
use runtime::config;
use runtime::http::body::{self, BodyTimes};
use runtime::memory::MemoryBudget;
use runtime::problem::Problem;

use crate::http::caller::Caller;

/// Memory of all bodies that are being received.
const ALL_BYTES: usize = 64 * 1024 * 1024;
/// Largest body of an administrator's request: a tenant with all the event types that it may have.
const MAX_BYTES: usize = 1024 * 1024;

/// What all bodies share. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Bodies {
    memory: MemoryBudget,
    times: BodyTimes,
}

impl Bodies {
    pub(crate) fn new(config: &config::Http) -> Self {
        Self { memory: MemoryBudget::new(ALL_BYTES), times: BodyTimes::from(config) }
    }
}

/// Reads the body of a request that the guard has let through.
pub(crate) async fn read(request: Request) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let (Some(bodies), Some(caller)) = (parts.extensions.get::<Bodies>(), parts.extensions.get::<Caller>()) else {
        return Err(Problem::internal("a body is read of a request that the guard has not seen"));
    };
    let tenant = caller.own().map_or("", |tenant| tenant.id.as_str());
    let mut held = bodies.memory.reservation(tenant, caller.key_id());
    Ok(body::read(body, &parts.headers, MAX_BYTES, bodies.times, &mut held).await?)
}
