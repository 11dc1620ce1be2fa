//! Credentials that were refused: counted all, reported now and then.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::{AuthError, Settings};
use crate::metrics::{Metrics, Name};
use crate::throttle::Throttle;

/// Lines about refused keys, by the reason: anybody can send any number of them.
static REFUSED: Throttle<AuthError> = Throttle::new(1, Duration::from_secs(60));

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// Refused keys, by the reason.
#[derive(Debug, Default)]
pub(super) struct Refusals(Family<Reason, Counter>);

impl Settings {
    /// Has refused keys counted in `metrics`.
    pub fn count_refusals(&self, metrics: &Metrics) {
        const NAME: Name = Name::new("keys_refused");
        metrics.register(NAME, "API keys that were refused, by the reason", self.0.refusals.0.clone());
    }

    /// Notes that a caller was refused for its key.
    pub fn note_refusal(&self, error: AuthError) {
        let reason = match error {
            AuthError::Malformed => "malformed",
            AuthError::Unknown => "unknown",
            AuthError::Revoked => "revoked",
            AuthError::NoTenant => "no_tenant",
        };
        self.0.refusals.0.get_or_create(&Reason { reason }).inc();
        if let Some(left_out) = REFUSED.admit(error) {
            tracing::info!(reason, left_out, "a key was refused");
        }
    }
}
