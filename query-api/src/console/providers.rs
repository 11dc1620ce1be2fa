//! Signing in at an identity provider: there with a code flow, back with a code, and a session for whom the provider names.

use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use runtime::oidc::{Begun, CodeError, ProviderIdentity, Refusal};
use runtime::problem::Problem;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::answers::{Refused, again, entered, led};
use super::next::local;
use super::record::{self, Done};
use super::sign_in::{attempt, begun, field, may_read};
use super::visitor::Visitor;
use super::words::Failed;
use crate::session::cookie::Cookie;
use crate::session::sessions::Who;
use crate::session::site::Site;
use crate::state::QueryApi;

/// How long signing in there may take, seconds.
const VALID: i64 = 600;
/// What the cookie of a sign-in that is under way is sealed for.
const PURPOSE: &str = "provider";

/// A sign-in that is under way, as the browser keeps it.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    begun: Begun,
    next: String,
    until: i64,
}

/// `GET /sign-in/oidc/{number}`: leads to a provider.
pub(super) async fn begin(State(api): State<QueryApi>, Path(number): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let next = field(parts.uri.query().unwrap_or_default().as_bytes(), "next");
    match lead(&api, &parts, &number, local(next.as_deref())).await {
        Ok(response) => response,
        Err(refused) => again(&api, &parts, refused, next.as_deref(), None),
    }
}

async fn lead(api: &QueryApi, parts: &Parts, number: &str, next: &str) -> Result<Response, Refused> {
    let site = api.sessions().site(&parts.headers).ok_or(Refused::Reason(Failed::Address))?;
    let unknown = || Refused::Problem(Problem::not_found("there is no such provider"));
    let number = number.parse().map_err(|_| unknown())?;
    let (address, begun) = match api.oidc().begin(number, &site.callback()).await {
        Ok(begun) => begun,
        Err(CodeError::Unknown) => return Err(unknown()),
        Err(error) => {
            tracing::warn!(%error, number, "nobody can sign in at the identity provider");
            return Err(Refused::Reason(Failed::Provider));
        }
    };
    let until = api.oidc().now().timestamp() + VALID;
    let text = serde_json::to_vec(&UnderWay { begun, next: next.to_owned(), until }).map_err(internal)?;
    let sealed = api.sessions().keys().seal(PURPOSE, &text).map_err(internal)?;
    let cookie =
        Cookie::Provider.set(&site, &sealed, Some(VALID)).ok_or_else(|| internal("the way back is too long"))?;
    let mut response = led(api, parts, address.as_str());
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

fn internal(error: impl std::fmt::Display) -> Refused {
    Refused::Problem(Problem::internal(error))
}

/// `GET /sign-in/callback`: comes back from a provider.
pub(super) async fn finish(State(api): State<QueryApi>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(site) = api.sessions().site(&parts.headers) else {
        return again(&api, &parts, Refused::Reason(Failed::Address), None, None);
    };
    let under_way = returned(&api, &parts, &site);
    let next = under_way.as_ref().map(|under_way| under_way.next.clone());
    let mut response = match enter(&api, &parts, &site, under_way).await {
        Ok(response) => response,
        Err(refused) => again(&api, &parts, refused, next.as_deref(), None),
    };
    // Whatever became of it, it is over.
    if let Some(gone) = Cookie::Provider.clear(&site) {
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}

/// The sign-in that this browser began and that comes back now.
fn returned(api: &QueryApi, parts: &Parts, site: &Site) -> Option<UnderWay> {
    let state = asked(parts, "state")?;
    let now = api.oidc().now().timestamp();
    Cookie::Provider.values(&parts.headers, site).iter().find_map(|value| {
        let under_way: UnderWay = serde_json::from_slice(&api.sessions().keys().open(PURPOSE, value)?).ok()?;
        let same: bool = under_way.begun.state.as_bytes().ct_eq(state.as_bytes()).into();
        Some(under_way).filter(|under_way| same && now < under_way.until)
    })
}

fn asked(parts: &Parts, name: &str) -> Option<String> {
    field(parts.uri.query().unwrap_or_default().as_bytes(), name)
}

async fn enter(api: &QueryApi, parts: &Parts, site: &Site, under_way: Option<UnderWay>) -> Result<Response, Refused> {
    let visitor = Visitor::of(parts, api.proxies());
    attempt(api, &visitor)?;
    let UnderWay { begun: from, next, .. } = under_way.ok_or(Refused::Reason(Failed::Begun))?;
    // A provider that says who it is must be the one that was asked (RFC 9207).
    if asked(parts, "iss").is_some_and(|issuer| issuer != from.issuer) {
        return Err(Refused::Reason(Failed::Begun));
    }
    let code = asked(parts, "code").unwrap_or_default();
    let identity = api.oidc().finish(&from, &code, &site.callback()).await.map_err(|error| {
        let said: String = asked(parts, "error").unwrap_or_default().chars().take(100).collect();
        tracing::warn!(%error, said, issuer = from.issuer, "nobody was signed in by the identity provider");
        let is_stranger = matches!(error, CodeError::Token(Refusal::Tenant));
        Refused::Reason(if is_stranger { Failed::NoAccess } else { Failed::Provider })
    })?;
    let cookie = welcome(api, identity, site, &visitor).await?;
    Ok(entered(api, parts, cookie, Some(&next)))
}

/// Begins a session of a person, if there is anything to see for them.
async fn welcome(
    api: &QueryApi,
    identity: ProviderIdentity,
    site: &Site,
    visitor: &Visitor,
) -> Result<axum::http::HeaderValue, Refused> {
    let no_access = || Refused::Reason(Failed::NoAccess);
    let principal = api.oidc().principal_of(&identity).map_err(|_| no_access())?;
    // The map may name a tenant that there is not.
    principal.tenant.as_deref().and_then(|id| api.settings().tenant(id)).ok_or_else(no_access)?;
    if !may_read(&principal) {
        record::record(api, &principal, Done::Failed { reason: "the person may not read" }, visitor).await;
        return Err(no_access());
    }
    begun(api, Who::Person(identity), &principal, site, visitor).await.map_err(Refused::Problem)
}
