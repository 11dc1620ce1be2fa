//! Limits on events a second, by key and by tenant, reported in the headers `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers).

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use runtime::limiter::{Limiter, Rate, Verdict};
use runtime::problem::Problem;
use runtime::settings::Settings;

use crate::access::Sender;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Quotas of which so much is used that the tenant is warned, with the share in percent. A structured field (RFC 9651).
const QUOTA_WARNING: HeaderName = HeaderName::from_static("quota-warning");

/// How a sender stands with one policy: a limit by the second, or a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// Its name.
    pub(crate) policy: &'static str,
    /// What may be sent in all.
    pub(crate) limit: u64,
    /// What may be sent now.
    pub(crate) remaining: u64,
    /// Seconds until all of it may be.
    pub(crate) reset_s: u64,
    /// Seconds that the limit is for.
    pub(crate) window_s: u64,
    /// The share of a quota that the tenant is warned of, in percent.
    pub(crate) warning: Option<u8>,
}

impl Standing {
    /// Returns the headers that report all of these.
    pub(crate) fn headers(all: &[Self]) -> HeaderMap {
        let list = |item: fn(&Self) -> Option<String>| {
            let items: Vec<String> = all.iter().filter_map(item).collect();
            if items.is_empty() { None } else { HeaderValue::try_from(items.join(", ")).ok() }
        };
        let now = list(|of| Some(format!("\"{}\";r={};t={}", of.policy, of.remaining, of.reset_s)));
        let policies = list(|of| Some(format!("\"{}\";q={};w={}", of.policy, of.limit, of.window_s)));
        let warnings = list(|of| Some(format!("\"{}\";percent={}", of.policy, of.warning?)));
        let named = [(RATE_LIMIT, now), (RATE_LIMIT_POLICY, policies), (QUOTA_WARNING, warnings)];
        named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Counts `events` against the limits of the sender. Returns how it stands with each.
///
/// The key's own limit comes first, so that a key beyond it takes nothing from its tenant.
pub(crate) fn check(
    limiter: &Limiter,
    settings: &Settings,
    sender: &Sender,
    events: usize,
) -> Result<Vec<Standing>, Problem> {
    let count = u32::try_from(events).unwrap_or(u32::MAX);
    let tenant = sender.tenant.id.as_str();
    let of_key = sender.principal.limits.map(|limits| ("key", format!("key/{}", sender.principal.key_id), limits));
    let of_tenant = ("tenant", format!("tenant/{tenant}"), settings.limits(tenant));
    let mut standings = Vec::with_capacity(2);
    for (policy, name, limits) in of_key.into_iter().chain([of_tenant]) {
        let decision = limiter.check(&name, Rate::from(limits), count);
        standings.push(Standing {
            policy,
            limit: decision.limit.into(),
            remaining: decision.remaining.into(),
            reset_s: decision.reset_s,
            window_s: decision.window_s,
            warning: None,
        });
        match decision.verdict {
            Verdict::Allowed => {}
            Verdict::RetryAfter { retry_after } => {
                let problem = Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "rate_limited",
                    format!("the {policy} sends more than its limit; nothing of this request was accepted"),
                );
                return Err(problem.with_retry_after(retry_after).with_headers(Standing::headers(&standings)));
            }
            Verdict::ExceedsBurst => {
                let problem = Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "batch_over_limit",
                    format!("the {policy} may send {} events at once; send fewer at a time", decision.limit),
                );
                let problem = problem.with_member("limit", decision.limit);
                return Err(problem.with_headers(Standing::headers(&standings)));
            }
        }
    }
    Ok(standings)
}
