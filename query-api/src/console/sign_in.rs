//! Signing in with a key or a link, and signing out.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use runtime::limiter::{Rate, Verdict};
use runtime::principal::Principal;
use runtime::problem::Problem;
use schemas::catalogue::Lang;
use schemas::settings::Permission;
use serde::Deserialize;
use url::form_urlencoded;

use super::answers::{Refused, again, entered, held, problem, show};
use super::next::local;
use super::record::{self, Done};
use super::visitor::Visitor;
use super::words::Failed;
use crate::http::body;
use crate::session::cookie::Cookie;
use crate::session::own::{is_own, may_begin};
use crate::session::sessions::{Who, of_another_site};
use crate::session::site::Site;
use crate::state::QueryApi;

/// Ten attempts a minute from one address: a bucket of 60 that fills by one a second, and loses six with each.
const ATTEMPTS: Rate = Rate { per_second: 1, burst: 60 };
const ATTEMPT: u32 = 6;
/// Largest body: a key, the way back, and what is around them.
const MAX_BODY: usize = 8 * 1024;
/// Whoever has none of these has nothing to see.
const READS: [Permission; 6] = [
    Permission::ReadLog,
    Permission::TraceUsers,
    Permission::SeeViolations,
    Permission::ReadConfiguration,
    Permission::Administer,
    Permission::RunInstallation,
];

/// What is sent to begin a session.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    key: String,
    #[serde(skip)]
    next: Option<String>,
    #[serde(skip)]
    lang: Option<Lang>,
}

/// A field of a query string or of a form.
pub(super) fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// `GET /sign-in`: the page, or with `once` the way in.
pub(super) async fn page(State(api): State<QueryApi>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let asked = |name| field(parts.uri.query().unwrap_or_default().as_bytes(), name);
    if let Some(secret) = asked("once")
        && parts.method == Method::GET
    {
        return match follow(&api, &parts, &secret).await {
            Ok(response) => response,
            Err(refused) => again(&api, &parts, refused, asked("next").as_deref(), None),
        };
    }
    let failed = asked("failed").and_then(|word| Failed::of_word(&word));
    let lang = asked("lang").and_then(|lang| Lang::parse(&lang));
    show(&api, &parts, (StatusCode::OK, failed), local(asked("next").as_deref()), lang)
}

/// `GET /sign-in/style.css`.
pub(super) async fn style(State(api): State<QueryApi>, request: Request) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    held(&api, &request.into_parts().0, (kind, include_str!("sign_in.css")).into_response())
}

/// `POST /session`: a key for a session, from the page's form or as JSON.
pub(super) async fn begin(State(api): State<QueryApi>, request: Request) -> Response {
    let is_form = match body::media_type(&request).as_deref() {
        Some("application/x-www-form-urlencoded") => true,
        Some("application/json") => false,
        _ => {
            let detail = "the body must be application/json";
            return Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail).into_response();
        }
    };
    let (parts, body) = request.into_parts();
    let mut sent = Sent::default();
    match trade(&api, &parts, body, is_form, &mut sent).await {
        Ok(cookie) if is_form => entered(&api, &parts, cookie, sent.next.as_deref()),
        Ok(cookie) => held(&api, &parts, (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()),
        Err(refused) if is_form => again(&api, &parts, refused, sent.next.as_deref(), sent.lang),
        Err(refused) => held(&api, &parts, problem(refused).into_response()),
    }
}

/// `DELETE /session`: ends it, for every copy of its cookie.
pub(super) async fn end(State(api): State<QueryApi>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match ended(&api, &parts).await {
        Ok(site) => {
            let mut response = held(&api, &parts, StatusCode::NO_CONTENT.into_response());
            for gone in [Cookie::Session, Cookie::Provider].into_iter().filter_map(|cookie| cookie.clear(&site)) {
                response.headers_mut().append(header::SET_COOKIE, gone);
            }
            response
        }
        Err(problem) => held(&api, &parts, problem.into_response()),
    }
}

async fn ended(api: &QueryApi, parts: &Parts) -> Result<Site, Problem> {
    let site = api.sessions().site(&parts.headers).ok_or_else(|| problem(Refused::Reason(Failed::Address)))?;
    let found = api.sessions().found(&parts.headers);
    let is_ours = if found.is_some() { is_own } else { may_begin };
    if !is_ours(&parts.method, &parts.headers, &site) {
        return Err(of_another_site());
    }
    if let Some((session, principal)) = found.and_then(|found| api.sessions().current(&found)) {
        api.settings().end_session(session.id(), session.ends()).await?;
        let visitor = Visitor::of(parts, api.proxies());
        record::record(api, &principal, Done::SignedOut { session: session.id() }, &visitor).await;
    }
    Ok(site)
}

/// Begins a session by the key that was sent.
async fn trade(
    api: &QueryApi,
    parts: &Parts,
    body: Body,
    is_form: bool,
    sent: &mut Sent,
) -> Result<HeaderValue, Refused> {
    let visitor = Visitor::of(parts, api.proxies());
    let site = api.sessions().site(&parts.headers).ok_or(Refused::Reason(Failed::Address))?;
    if !may_begin(&parts.method, &parts.headers, &site) {
        return Err(Refused::Reason(Failed::Elsewhere));
    }
    attempt(api, &visitor)?;
    let body = body::of_stranger(api.bodies(), (&parts.headers, body), &visitor.network(), MAX_BODY).await;
    *sent = read(&body.map_err(Refused::Problem)?, is_form).map_err(Refused::Problem)?;
    let key = sent.key.trim();
    let principal = match api.settings().authenticate(key) {
        Ok(principal) => principal,
        Err(error) => {
            api.settings().note_refusal(error);
            record::failed_key(api, key, "the key is not valid", &visitor).await;
            return Err(Refused::Reason(Failed::Key));
        }
    };
    if !may_read(&principal) {
        record::record(api, &principal, Done::Failed { reason: "the key may not read" }, &visitor).await;
        return Err(Refused::Reason(Failed::CannotRead));
    }
    let who = Who::Key(principal.key_id.to_string());
    begun(api, who, &principal, &site, &visitor).await.map_err(Refused::Problem)
}

fn read(body: &[u8], is_form: bool) -> Result<Sent, Problem> {
    if !is_form {
        return serde_json::from_slice(body).map_err(|error| Problem::bad_request("invalid_json", error.to_string()));
    }
    let lang = field(body, "lang").and_then(|lang| Lang::parse(&lang));
    Ok(Sent { key: field(body, "key").unwrap_or_default(), next: field(body, "next"), lang })
}

/// Follows a link that was given out on this machine.
async fn follow(api: &QueryApi, parts: &Parts, secret: &str) -> Result<Response, Refused> {
    let visitor = Visitor::of(parts, api.proxies());
    let site = api.sessions().site(&parts.headers).ok_or(Refused::Reason(Failed::Address))?;
    attempt(api, &visitor)?;
    let is_here = visitor.is_local && !site.is_secure();
    let key = if is_here { api.one_time_link().follow(secret) } else { None };
    let key = key.ok_or(Refused::Reason(Failed::Link))?;
    let principal = api.settings().principal_of_key(&key).map_err(|_| Refused::Reason(Failed::Link))?;
    let cookie = begun(api, Who::Key(key), &principal, &site, &visitor).await.map_err(Refused::Problem)?;
    Ok(entered(api, parts, cookie, None))
}

/// Counts an attempt of an address.
pub(super) fn attempt(api: &QueryApi, visitor: &Visitor) -> Result<(), Refused> {
    match api.limiter().check(&format!("sign-in/{}", visitor.network()), ATTEMPTS, ATTEMPT).verdict {
        Verdict::Allowed => Ok(()),
        Verdict::RetryAfter { retry_after } => Err(Refused::TooMany(retry_after)),
        Verdict::ExceedsBurst => Err(Refused::TooMany(Duration::from_secs(60))),
    }
}

/// Whether there is anything to see for somebody.
pub(super) fn may_read(principal: &Principal) -> bool {
    READS.iter().any(|permission| principal.permissions.contain(*permission))
}

/// Begins a session of somebody who is known, and says so in the log.
pub(super) async fn begun(
    api: &QueryApi,
    who: Who,
    principal: &Principal,
    site: &Site,
    visitor: &Visitor,
) -> Result<HeaderValue, Problem> {
    let (session, cookie) = api.sessions().begin(who, site)?;
    record::record(api, principal, Done::SignedIn { session: &session }, visitor).await;
    Ok(cookie)
}
