//! Limits on events a second, by key and by tenant (P12), told in the headers `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers).

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use runtime::limiter::{Decision, Limiter, Rate, Verdict};
use runtime::problem::Problem;
use runtime::settings::Settings;

use crate::access::Sender;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Counts `events` against the limits of the sender. Gives the headers of the answer.
///
/// The key's own limit comes first, so that a key beyond it takes nothing from its tenant.
pub(crate) fn check(
    limiter: &Limiter,
    settings: &Settings,
    sender: &Sender,
    events: usize,
) -> Result<HeaderMap, Problem> {
    let count = u32::try_from(events).unwrap_or(u32::MAX);
    let tenant = sender.tenant.id.as_str();
    let of_key = sender.principal.limits.map(|limits| ("key", format!("key/{}", sender.principal.key_id), limits));
    let of_tenant = ("tenant", format!("tenant/{tenant}"), settings.limits(tenant));
    let mut decisions = Vec::with_capacity(2);
    for (policy, name, limits) in of_key.into_iter().chain([of_tenant]) {
        let decision = limiter.check(&name, Rate::from(limits), count);
        decisions.push((policy, decision));
        match decision.verdict {
            Verdict::Allowed => {}
            Verdict::Later { retry_after } => {
                let problem = Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "rate_limited",
                    format!("the {policy} sends more than its limit; nothing of this request was accepted"),
                );
                return Err(with_headers(problem.with_retry_after(retry_after), &decisions));
            }
            Verdict::Never => {
                let problem = Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "batch_over_limit",
                    format!("the {policy} may send {} events at once; send fewer at a time", decision.limit),
                );
                return Err(with_headers(problem, &decisions));
            }
        }
    }
    Ok(headers(&decisions))
}

fn with_headers(problem: Problem, decisions: &[(&str, Decision)]) -> Problem {
    headers(decisions).into_iter().fold(problem, |problem, (name, value)| match name {
        Some(name) => problem.with_header(name, value),
        None => problem,
    })
}

fn headers(decisions: &[(&str, Decision)]) -> HeaderMap {
    let list = |item: fn(&str, &Decision) -> String| {
        let items: Vec<String> = decisions.iter().map(|(policy, decision)| item(policy, decision)).collect();
        HeaderValue::try_from(items.join(", ")).ok()
    };
    let now = list(|policy, decision| format!("\"{policy}\";r={};t={}", decision.remaining, decision.reset_s));
    let policies = list(|policy, decision| format!("\"{policy}\";q={};w={}", decision.limit, decision.window_s));
    let named = [(RATE_LIMIT, now), (RATE_LIMIT_POLICY, policies)];
    named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
