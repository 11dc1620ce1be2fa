//! Who may do what (P11), as one table. A request is let through by its rows alone; a route that has none is closed.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use runtime::http::authenticated;
use runtime::limiter::{Decision, Rate, Verdict};
use runtime::problem::Problem;
use runtime::settings::{Principal, Settings, bearer, check_rate, query_rate};
use schemas::settings::{Limits, Permission, Role, Tenant};
use std::sync::Arc;

use crate::QueryApi;
use crate::asking::Asking;
use crate::export::Exported;
use crate::params::{ParamError, Params};
use crate::sql::Clauses;
use crate::viewed::{Shown, View};

/// What an application asks at each sign-in.
pub(crate) const CHECK: &str = "/v1/access/check";

/// What each operation takes; with two rows, either will do. Ingest keys read nothing, but they may ask whether a device
/// may in.
pub const ACCESS: &[(Method, &str, Permission)] = &[
    (Method::GET, "/v1/events", Permission::ReadLog),
    (Method::GET, "/v1/events/{id}", Permission::ReadLog),
    (Method::GET, "/v1/events/{id}/restore", Permission::ReadLog),
    (Method::POST, "/v1/events/{id}/restore", Permission::Administer),
    (Method::GET, "/v1/objects/{type}/{id}/history", Permission::ReadLog),
    (Method::GET, "/v1/configuration", Permission::ReadConfiguration),
    (Method::GET, "/v1/plan", Permission::ReadLog),
    (Method::GET, "/v1/statistics", Permission::ReadLog),
    (Method::GET, "/v1/catalogue", Permission::ReadLog),
    (Method::GET, "/v1/catalogue/unknown", Permission::ReadLog),
    (Method::GET, "/v1/catalogue/used", Permission::ReadLog),
    (Method::GET, "/v1/users", Permission::ReadLog),
    (Method::GET, "/v1/users/{id}", Permission::ReadLog),
    (Method::GET, "/v1/users/{id}/activities", Permission::TraceUsers),
    (Method::GET, "/v1/users/{id}/devices", Permission::SeeViolations),
    (Method::GET, "/v1/users/{id}/sessions", Permission::SeeViolations),
    (Method::GET, "/v1/users/{id}/sign-ins", Permission::SeeViolations),
    (Method::GET, "/v1/users/{id}/statistics", Permission::TraceUsers),
    (Method::GET, "/v1/users/{id}/timeline", Permission::TraceUsers),
    (Method::GET, "/v1/users/{id}/violations", Permission::SeeViolations),
    (Method::GET, "/v1/violations", Permission::SeeViolations),
    (Method::GET, CHECK, Permission::SendEvents),
    (Method::GET, CHECK, Permission::SeeViolations),
    (Method::GET, "/v1/users/{id}/devices/{device}/access", Permission::SeeViolations),
    (Method::PUT, "/v1/users/{id}/devices/{device}/access", Permission::ManageAccess),
    (Method::DELETE, "/v1/users/{id}/devices/{device}/access", Permission::ManageAccess),
    (Method::GET, "/v1/exemptions", Permission::SeeViolations),
    (Method::GET, "/v1/users/{id}/exemption", Permission::SeeViolations),
    (Method::PUT, "/v1/users/{id}/exemption", Permission::ManageAccess),
    (Method::DELETE, "/v1/users/{id}/exemption", Permission::ManageAccess),
    (Method::GET, "/v1/rules", Permission::SeeViolations),
    (Method::POST, "/v1/rules", Permission::Administer),
    (Method::GET, "/v1/rules/{name}", Permission::SeeViolations),
    (Method::PUT, "/v1/rules/{name}", Permission::Administer),
    (Method::DELETE, "/v1/rules/{name}", Permission::Administer),
    (Method::GET, "/v1/rules/{name}/versions", Permission::SeeViolations),
    (Method::PUT, "/v1/rules/{name}/enabled", Permission::Administer),
    (Method::POST, "/v1/rules/test", Permission::SeeViolations),
    (Method::GET, "/v1/violations/{id}/explain", Permission::SeeViolations),
    (Method::GET, "/v1/events/{id}/explain", Permission::SeeViolations),
    (Method::GET, "/v1/violations/{id}", Permission::SeeViolations),
    (Method::POST, "/v1/violations/{id}/review", Permission::ManageAccess),
    (Method::DELETE, "/v1/violations/{id}/review", Permission::ManageAccess),
    (Method::GET, "/v1/plans", Permission::RunInstallation),
    (Method::PUT, "/v1/plans", Permission::RunInstallation),
    (Method::GET, "/v1/tenants", Permission::RunInstallation),
    (Method::POST, "/v1/tenants", Permission::RunInstallation),
    (Method::GET, "/v1/tenants/{id}", Permission::Administer),
    (Method::PUT, "/v1/tenants/{id}", Permission::Administer),
    (Method::PATCH, "/v1/tenants/{id}", Permission::Administer),
    (Method::GET, "/v1/tenants/{id}/keys", Permission::Administer),
    (Method::POST, "/v1/tenants/{id}/keys", Permission::Administer),
    (Method::DELETE, "/v1/tenants/{id}/keys/{key}", Permission::Administer),
    (Method::PUT, "/v1/tenants/{id}/keys/{key}/limits", Permission::Administer),
    (Method::GET, "/v1/tenants/{id}/usage", Permission::Administer),
    (Method::GET, "/v1/settings/logging", Permission::Administer),
    (Method::PUT, "/v1/settings/logging", Permission::Administer),
    (Method::GET, "/v1/settings/retention", Permission::Administer),
    (Method::PUT, "/v1/settings/retention", Permission::Administer),
    (Method::GET, "/v1/settings/retention/preview", Permission::Administer),
    (Method::GET, "/v1/settings/time-zone", Permission::Administer),
    (Method::PUT, "/v1/settings/time-zone", Permission::Administer),
    (Method::GET, "/v1/settings/event-types", Permission::Administer),
    (Method::PUT, "/v1/settings/event-types", Permission::Administer),
    (Method::GET, "/v1/settings/trusted-proxies", Permission::Administer),
    (Method::PUT, "/v1/settings/trusted-proxies", Permission::Administer),
    (Method::GET, "/v1/settings/detection", Permission::SeeViolations),
    (Method::PUT, "/v1/settings/detection", Permission::Administer),
    (Method::GET, "/v1/settings/limits", Permission::Administer),
    (Method::GET, "/v1/settings/restore-endpoint", Permission::Administer),
    (Method::PUT, "/v1/settings/restore-endpoint", Permission::Administer),
    (Method::DELETE, "/v1/settings/restore-endpoint", Permission::Administer),
    (Method::POST, "/v1/settings/restore-endpoint/rotate-secret", Permission::Administer),
    (Method::GET, "/v1/alerts/endpoints", Permission::SeeViolations),
    (Method::POST, "/v1/alerts/endpoints", Permission::Administer),
    (Method::GET, "/v1/alerts/endpoints/{id}", Permission::SeeViolations),
    (Method::PATCH, "/v1/alerts/endpoints/{id}", Permission::Administer),
    (Method::DELETE, "/v1/alerts/endpoints/{id}", Permission::Administer),
    (Method::POST, "/v1/alerts/endpoints/{id}/rotate-secret", Permission::Administer),
    (Method::POST, "/v1/alerts/endpoints/{id}/test", Permission::Administer),
    (Method::GET, "/v1/alerts/deliveries", Permission::SeeViolations),
    (Method::GET, "/v1/alerts/silences", Permission::SeeViolations),
    (Method::POST, "/v1/alerts/silences", Permission::Administer),
    (Method::DELETE, "/v1/alerts/silences/{id}", Permission::Administer),
];

/// What will do for one operation; none: there is no such operation.
pub fn needed<'a>(method: &'a Method, path: &'a str) -> impl Iterator<Item = Permission> + Clone + 'a {
    ACCESS.iter().filter(move |(known, at, _)| known == method && *at == path).map(|(_, _, permission)| *permission)
}

/// What requests are counted as, and how many there may be (P12).
#[derive(Clone, Copy)]
struct Policy {
    name: &'static str,
    rate: fn(&Limits) -> Rate,
}

const QUERIES: Policy = Policy { name: "queries", rate: query_rate };
/// Apart from queries, so that nobody who reads keeps others from signing in.
const CHECKS: Policy = Policy { name: "checks", rate: check_rate };

/// Who asks. Put into the request by [`guard`].
#[derive(Debug, Clone)]
pub struct Caller {
    principal: Principal,
    key_name: String,
    own: Option<Arc<Tenant>>,
    asking: Asking,
}

/// Who did something, as an event tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// `user` or `api_key`.
    pub kind: &'static str,
    /// Id of the person or key.
    pub id: &'a str,
    /// What people call them; may be empty.
    pub name: &'a str,
    /// E-mail address of a person; may be empty.
    pub email: &'a str,
}

impl Caller {
    /// A key of a tenant, where it asks by another way than through [`guard`].
    #[must_use]
    pub fn by_key(settings: &Settings, principal: Principal, own: Arc<Tenant>) -> Self {
        let key_name = settings.snapshot().key(&principal.key_id).map(|key| key.name.clone()).unwrap_or_default();
        Self { principal, key_name, own: Some(own), asking: Asking::default() }
    }

    /// Whether the caller has a permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.principal.permissions.contain(permission)
    }

    /// What the caller may not read, and so not count, as bits of the column `reserved`: changes of the configuration (A2), and what
    /// was found or said of violations (K16).
    pub fn hidden(&self) -> u8 {
        let bit = |bit: u8, permission| if self.may(permission) { 0 } else { bit };
        bit(1, Permission::ReadConfiguration) | bit(2, Permission::SeeViolations)
    }

    /// Binds that for queries that name it by themselves.
    pub(crate) fn bind_hidden(&self, clauses: &mut Clauses) {
        clauses.bind_number("hidden", self.hidden().into());
    }

    /// Who asks: a person who signed in at an identity provider, or else an API key.
    pub fn identity(&self) -> Identity<'_> {
        match &self.principal.person {
            Some(person) => Identity { kind: "user", id: &person.id, name: &person.name, email: &person.email },
            None => Identity { kind: "api_key", id: &self.principal.key_id, name: &self.key_name, email: "" },
        }
    }

    /// Id of the caller's key; `user:` and the id for a person, so that the two are never taken for one another.
    pub fn key_id(&self) -> &str {
        &self.principal.key_id
    }

    /// The tenant that a read is about: the caller's own, or for the platform the one it names with `tenant`. The tenant
    /// never comes from a parameter for anybody else (P11).
    pub fn read_tenant(&self, api: &QueryApi, params: &mut Params) -> Result<Arc<Tenant>, Problem> {
        self.read_tenant_if_any(api, params)?.ok_or_else(|| {
            Problem::bad_request(
                "tenant_required",
                "a key of the platform belongs to no tenant; name one with the parameter tenant",
            )
            .with_pointer("tenant")
        })
    }

    /// As [`read_tenant`](Self::read_tenant), but the platform need not name one.
    pub fn read_tenant_if_any(&self, api: &QueryApi, params: &mut Params) -> Result<Option<Arc<Tenant>>, Problem> {
        let named = params.one("tenant").map_err(refused)?;
        match (&self.own, named) {
            (Some(own), None) => Ok(Some(Arc::clone(own))),
            (Some(own), Some(named)) if own.id == named => Ok(Some(Arc::clone(own))),
            (Some(_), Some(_)) => Err(Problem::forbidden("this key belongs to another tenant").with_pointer("tenant")),
            (None, Some(named)) => api
                .settings()
                .tenant(&named)
                .map(Some)
                .ok_or_else(|| Problem::not_found("there is no such tenant").with_pointer("tenant")),
            (None, None) => Ok(None),
        }
    }

    /// What the request says beside its query string.
    pub(crate) fn asking(&self) -> &Asking {
        &self.asking
    }

    /// The caller's own tenant; none for the platform.
    pub fn own(&self) -> Option<&Arc<Tenant>> {
        self.own.as_ref()
    }

    /// The tenant whose settings a write is about: the caller's own. The platform names it in the path of `/v1/tenants`.
    pub fn own_tenant(&self) -> Result<Arc<Tenant>, Problem> {
        self.own.clone().ok_or_else(|| {
            Problem::bad_request("tenant_required", "a key of the platform changes settings through /v1/tenants/{id}")
        })
    }

    /// The tenant in a path, if the caller may reach it. Somebody else's tenant looks as one that does not exist.
    pub fn path_tenant(&self, api: &QueryApi, id: &str) -> Result<Arc<Tenant>, Problem> {
        let reachable = match &self.own {
            Some(own) => own.id == id,
            None => true,
        };
        let found = if reachable { api.settings().tenant(id) } else { None };
        found.ok_or_else(|| Problem::not_found("there is no such tenant"))
    }
}

/// A refused parameter as a problem.
pub fn refused(error: ParamError) -> Problem {
    let problem = Problem::bad_request("invalid_parameter", error.to_string());
    match error.parameter() {
        Some(name) => problem.with_pointer(name.to_owned()),
        None => problem,
    }
}

/// Authenticates, checks the role, counts, and only then lets a request through. What was read of others is recorded (P13).
pub async fn guard(State(api): State<QueryApi>, mut request: Request, next: Next) -> Response {
    let admitted = authenticate(&api, request.headers()).await.and_then(|principal| admit(&api, &request, principal));
    match admitted {
        Ok((caller, policy, decision)) => {
            let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
            let view = View::of(request.method(), path, request.uri().query());
            request.extensions_mut().insert(caller.clone());
            request.extensions_mut().insert(api.bodies().clone());
            let mut response = next.run(request).await;
            let shown = response.status().is_success() && response.extensions().get::<Exported>().is_none();
            if let Some(view) = view.filter(|_| shown) {
                let shown = response.extensions().get::<Shown>().cloned();
                view.record(&api, &caller, shown);
            }
            for (name, value) in rate_headers(policy, &decision) {
                response.headers_mut().insert(name, value);
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// Whether a credential has the three parts of a signed token (RFC 7515). An operator's own key may look like anything, so
/// keys are looked up first.
fn may_be_token(credential: &str) -> bool {
    credential.split('.').count() == 3
}

async fn authenticate(api: &QueryApi, headers: &HeaderMap) -> Result<Principal, Problem> {
    let credential = bearer(headers).ok_or_else(Problem::unauthorized)?;
    match api.settings().authenticate(credential) {
        Ok(principal) => Ok(principal),
        Err(_) if may_be_token(credential) => Ok(api.oidc().authenticate(credential).await?),
        Err(error) => {
            api.settings().note_refusal(error);
            Err(error.into())
        }
    }
}

fn admit(api: &QueryApi, request: &Request, principal: Principal) -> Result<(Caller, Policy, Decision), Problem> {
    // A key may have been authenticated a moment before its tenant went; a token's need not have come yet.
    let own = match &principal.tenant {
        Some(id) => Some(api.settings().tenant(id).ok_or_else(Problem::unauthorized)?),
        None => None,
    };
    authenticated(request.extensions(), principal.tenant.as_deref())?;
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    // A HEAD is answered as its GET.
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let permissions = needed(method, path);
    if !permissions.clone().any(|permission| principal.permissions.contain(permission)) {
        let names: Vec<_> = permissions.map(told).collect();
        return Err(match names.as_slice() {
            [] => Problem::not_found("there is nothing here"),
            names => Problem::forbidden(format!("this takes {}", names.join(" or "))),
        });
    }
    let policy = if path == CHECK { CHECKS } else { QUERIES };
    let decision = count(api, &principal, policy)?;
    let key_name = api.settings().snapshot().key(&principal.key_id).map(|key| key.name.clone()).unwrap_or_default();
    Ok((Caller { principal, key_name, own, asking: Asking::of(request) }, policy, decision))
}

/// Counts a request against the key's or person's own limits, if there are any, and against the tenant's (P12). The tighter
/// one is told.
fn count(api: &QueryApi, principal: &Principal, policy: Policy) -> Result<Decision, Problem> {
    let Policy { name, rate } = policy;
    // A person's id is one within the tenant.
    let tenant = principal.tenant.as_deref().unwrap_or_default();
    let own = || format!("{name}/key/{tenant}/{}", principal.key_id);
    let of_key = principal.limits.map(|limits| (own(), rate(&limits)));
    let of_all = match &principal.tenant {
        Some(tenant) => (format!("{name}/tenant/{tenant}"), rate(&api.settings().limits(tenant))),
        None => (own(), rate(&api.default_limits())),
    };
    let mut tightest: Option<Decision> = None;
    for (bucket, rate) in of_key.into_iter().chain([of_all]) {
        let decision = api.limiter().check(&bucket, rate, 1);
        if let Verdict::Later { retry_after } = decision.verdict {
            let mut problem = Problem::new(
                axum::http::StatusCode::TOO_MANY_REQUESTS,
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

/// `RateLimit` and `RateLimit-Policy`, as the IETF's draft has them.
fn rate_headers(policy: Policy, decision: &Decision) -> impl Iterator<Item = (HeaderName, HeaderValue)> + use<> {
    let now = format!("\"{}\";r={};t={}", policy.name, decision.remaining, decision.reset_s);
    let policy = format!("\"{}\";q={};w={}", policy.name, decision.limit, decision.window_s);
    [("ratelimit", now), ("ratelimit-policy", policy)].into_iter().filter_map(|(name, value)| {
        HeaderValue::try_from(value).ok().map(|value| (HeaderName::from_static(name), value))
    })
}

/// A permission, and the least role that has it.
fn told(permission: Permission) -> String {
    let word = permission.as_str();
    match Role::ALL.into_iter().find(|role| role.permissions().contain(permission)) {
        Some(role) if role != Role::Platform || permission == Permission::RunInstallation => {
            format!("the role {} or the permission {word}", role.as_str())
        }
        _ => format!("the permission {word}"),
    }
}
