//! What each request goes through before its handler: who asks, may they, and how often. Afterwards what was read of others
//! is recorded.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use runtime::http::authenticated;
use runtime::limiter::{Decision, Limiter, Rate, Verdict};
use runtime::oidc::Oidc;
use runtime::principal::{Principal, bearer};
use runtime::problem::Problem;
use runtime::settings::{Settings, check_rate, query_rate};
use schemas::settings::{Limits, Permission, Role};

use crate::audit::read_log::{PendingRead, ReadLog, Recorded, Shown};
use crate::export::Exported;
use crate::http::body::Bodies;
use crate::http::caller::Caller;
use crate::session::sessions::Sessions;

/// What the guard holds an operation to: a row of the [table](crate::routes).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Permissions, any of which will do.
    pub(crate) takes: &'static [Permission],
    /// What a read by it is recorded as; none: it shows nothing of others.
    pub(crate) recorded: Option<Recorded>,
    /// What requests are counted as.
    pub(crate) counted: Policy,
}

/// What requests are counted as, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    name: &'static str,
    rate: fn(&Limits) -> Rate,
}

pub(crate) const QUERIES: Policy = Policy { name: "queries", rate: query_rate };
/// Apart from queries, so that nobody who reads keeps others from signing in.
pub(crate) const CHECKS: Policy = Policy { name: "checks", rate: check_rate };

/// What requests are let through by. Clones share everything.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) settings: Settings,
    pub(crate) oidc: Oidc,
    pub(crate) sessions: Sessions,
    pub(crate) limiter: Limiter,
    pub(crate) default_limits: Limits,
    pub(crate) bodies: Bodies,
    pub(crate) read_log: ReadLog,
}

/// Lets a request through to the handler of an operation, or answers why not.
pub(crate) async fn guard(State((guard, rule)): State<(Guard, Rule)>, request: Request, next: Next) -> Response {
    match guard.sessions.found(request.headers()) {
        None => {
            let principal = guard.authenticate(request.headers()).await;
            pass(&guard, rule, principal, request, next).await
        }
        Some(cookie) => {
            let (principal, kept) = guard.sessions.enter(&cookie, request.method(), request.headers());
            kept.put(pass(&guard, rule, principal, request, next).await)
        }
    }
}

/// Passes on a request of somebody who is known, if they may.
async fn pass(
    guard: &Guard,
    rule: Rule,
    principal: Result<Principal, Problem>,
    mut request: Request,
    next: Next,
) -> Response {
    let (caller, decision) = match principal.and_then(|principal| guard.admit(rule, &request, principal)) {
        Ok(admitted) => admitted,
        Err(problem) => return problem.into_response(),
    };
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let view = rule.recorded.map(|recorded| PendingRead::of(recorded, request.method(), path, request.uri().query()));
    request.extensions_mut().insert(caller.clone());
    request.extensions_mut().insert(guard.bodies.clone());
    let mut response = next.run(request).await;
    let shown = response.status().is_success() && response.extensions().get::<Exported>().is_none();
    if let Some(view) = view.filter(|_| shown) {
        let shown = response.extensions().get::<Shown>().cloned();
        guard.read_log.record(view, &caller, shown);
    }
    for (name, value) in rate_headers(rule.counted, &decision) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Whether a credential has the three parts of a signed token (RFC 7515). An operator's own key may look like anything, so
/// keys are looked up first.
fn may_be_token(credential: &str) -> bool {
    credential.split('.').count() == 3
}

impl Guard {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Problem> {
        let credential = bearer(headers).ok_or_else(Problem::unauthorized)?;
        match self.settings.authenticate(credential) {
            Ok(principal) => Ok(principal),
            Err(_) if may_be_token(credential) => Ok(self.oidc.authenticate(credential).await?),
            Err(error) => {
                self.settings.note_refusal(error);
                Err(error.into())
            }
        }
    }

    fn admit(&self, rule: Rule, request: &Request, principal: Principal) -> Result<(Caller, Decision), Problem> {
        // A key may have been authenticated a moment before its tenant went; a token's need not have come yet.
        let own = match &principal.tenant {
            Some(id) => Some(self.settings.tenant(id).ok_or_else(Problem::unauthorized)?),
            None => None,
        };
        authenticated(request.extensions(), principal.tenant.as_deref())?;
        if !rule.takes.iter().any(|permission| principal.permissions.contain(*permission)) {
            let names: Vec<_> = rule.takes.iter().copied().map(role_or_permission).collect();
            return Err(Problem::forbidden(format!("this takes {}", names.join(" or "))));
        }
        let decision = self.count(&principal, rule.counted)?;
        Ok((Caller::of(request, &self.settings, principal, own), decision))
    }

    /// Counts a request against the key's or person's own limits, if there are any, and against the tenant's. Returns the
    /// tighter decision.
    fn count(&self, principal: &Principal, policy: Policy) -> Result<Decision, Problem> {
        let Policy { name, rate } = policy;
        // A person's id is one within the tenant.
        let tenant = principal.tenant.as_deref().unwrap_or_default();
        let own = || format!("{name}/key/{tenant}/{}", principal.key_id);
        let of_key = principal.limits.map(|limits| (own(), rate(&limits)));
        let of_all = match &principal.tenant {
            Some(tenant) => (format!("{name}/tenant/{tenant}"), rate(&self.settings.limits(tenant))),
            None => (own(), rate(&self.default_limits)),
        };
        let mut tightest: Option<Decision> = None;
        for (bucket, rate) in of_key.into_iter().chain([of_all]) {
            let decision = self.limiter.check(&bucket, rate, 1);
            if let Verdict::RetryAfter { retry_after } = decision.verdict {
                let mut problem = Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "rate_limited",
                    format!("too many {name}; wait as long as Retry-After says"),
                )
                .with_retry_after(retry_after);
                for (name, value) in rate_headers(policy, &decision) {
                    problem = problem.with_header(name, value);
                }
                return Err(problem);
            }
            if tightest.is_none_or(|known| decision.remaining < known.remaining) {
                tightest = Some(decision);
            }
        }
        tightest.ok_or_else(|| Problem::internal("no limit was checked"))
    }
}

/// `RateLimit` and `RateLimit-Policy`, as the IETF's draft has them.
fn rate_headers(policy: Policy, decision: &Decision) -> impl Iterator<Item = (HeaderName, HeaderValue)> + use<> {
    let now = format!("\"{}\";r={};t={}", policy.name, decision.remaining, decision.reset_s);
    let policy = format!("\"{}\";q={};w={}", policy.name, decision.limit, decision.window_s);
    [("ratelimit", now), ("ratelimit-policy", policy)].into_iter().filter_map(|(name, value)| {
        HeaderValue::try_from(value).ok().map(|value| (HeaderName::from_static(name), value))
    })
}

/// A permission, and the least role that has it.
fn role_or_permission(permission: Permission) -> String {
    let word = permission.as_str();
    match Role::ALL.into_iter().find(|role| role.permissions().contain(permission)) {
        Some(role) if role != Role::Platform || permission == Permission::RunInstallation => {
            format!("the role {} or the permission {word}", role.as_str())
        }
        _ => format!("the permission {word}"),
    }
}
