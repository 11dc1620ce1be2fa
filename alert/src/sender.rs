//! One attempt to report: what is sent to whom, and what the answer means for the report.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::http::StatusCode;
use runtime::config::Alert;
use runtime::outbound::Outbound;
use runtime::webhook::{self, End, Message, Signature, Webhooks};
use schemas::alerts::{AlertEndpoint, Pending};
use schemas::catalogue::Lang;

use crate::format::{Report, body};
use crate::queue::Key;

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has it.
    Delivered,
    /// The receiver wants no more.
    Gone,
    /// To be tried again, no sooner than asked.
    Failed {
        /// The receiver's `Retry-After`.
        asked: Option<Duration>,
    },
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) verdict: Verdict,
    /// The answer's status; 0 without one.
    pub(crate) status: u16,
    /// Why it failed, at most 500 bytes; empty when it didn't.
    pub(crate) reason: String,
    pub(crate) duration: Duration,
}

impl Attempt {
    /// A report that ends without one.
    pub(crate) fn none(reason: String) -> Self {
        Self { verdict: Verdict::Failed { asked: None }, status: 0, reason, duration: Duration::ZERO }
    }

    /// Whether anything was sent.
    pub(crate) fn was_made(&self) -> bool {
        self.duration > Duration::ZERO
    }
}

impl From<webhook::Attempt> for Attempt {
    fn from(made: webhook::Attempt) -> Self {
        let verdict = match made.end {
            End::Answered(status) if status.is_success() => Verdict::Delivered,
            End::Answered(StatusCode::GONE) => Verdict::Gone,
            End::Answered(_) | End::Unanswered | End::Unsendable => Verdict::Failed { asked: made.asked },
        };
        Self { verdict, status: made.status(), reason: made.reason, duration: made.duration }
    }
}

/// Sends. Clones share connections.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    webhooks: Webhooks,
    violation_url: Arc<str>,
}

impl Sender {
    pub(crate) fn new(config: &Alert) -> Result<Self> {
        let outbound = Outbound::new(config.allow_private);
        let webhooks = Webhooks::new(outbound, Duration::from_millis(config.timeout_ms));
        Ok(Self { webhooks: webhooks?, violation_url: config.violation_url.as_str().into() })
    }

    /// Makes one attempt. Never fails: a failure is an attempt, too.
    pub(crate) async fn attempt(&self, endpoint: &AlertEndpoint, lang: Lang, key: &Key, pending: &Pending) -> Attempt {
        let Some(violation) = &pending.violation else { return Attempt::none("there is nothing to report".to_owned()) };
        let report = Report {
            kind: pending.kind,
            violation,
            count: pending.reporting,
            since: pending.since,
            violation_url: &self.violation_url,
            lang,
        };
        let (id, body) = (message_id(key, pending), body(endpoint.format, &report));
        let signature = Signature { id: &id, secrets: &endpoint.secrets };
        let signature = endpoint.format.is_signed().then_some(signature);
        self.webhooks.post(&Message { url: &endpoint.url, body: &body, signature }).await.into()
    }
}

/// The id of a report, the same in all its attempts (`webhook-id`).
pub(crate) fn message_id(key: &Key, pending: &Pending) -> String {
    format!("msg_{}_{}_{}", key.violation, key.address.endpoint, pending.since.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P5: a receiver that is gone is asked no more; whatever else is wrong is tried again.
    #[test]
    fn what_an_answer_means_for_the_report() {
        let verdict = |end| {
            let (asked, duration) = (Some(Duration::from_secs(7)), Duration::from_millis(1));
            Attempt::from(webhook::Attempt { end, reason: String::new(), asked, duration }).verdict
        };
        let failed = Verdict::Failed { asked: Some(Duration::from_secs(7)) };
        assert_eq!(verdict(End::Answered(StatusCode::NO_CONTENT)), Verdict::Delivered);
        assert_eq!(verdict(End::Answered(StatusCode::GONE)), Verdict::Gone);
        assert_eq!(verdict(End::Answered(StatusCode::NOT_FOUND)), failed);
        assert_eq!(verdict(End::Answered(StatusCode::FOUND)), failed);
        assert_eq!(verdict(End::Unanswered), failed);
        assert_eq!(verdict(End::Unsendable), failed);
    }
}
