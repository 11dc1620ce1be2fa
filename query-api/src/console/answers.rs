//! What is answered to whoever signs in: where to go on, the page again, or a problem.

use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use runtime::problem::{AskedLang, Problem, Spoken};
use schemas::catalogue::Lang;

use super::headers;
use super::next::local;
use super::page::{SignIn, address};
use super::words::Failed;
use crate::session::sessions::of_another_site;
use crate::state::QueryApi;

/// Why nobody is signed in.
pub(super) enum Refused {
    /// In words of the page.
    Reason(Failed),
    /// After too many attempts; when to try again.
    TooMany(Duration),
    /// As any request is refused.
    Problem(Problem),
}

/// Sends somebody who is signed in on their way.
pub(super) fn entered(api: &QueryApi, parts: &Parts, cookie: HeaderValue, next: Option<&str>) -> Response {
    let mut response = led(api, parts, local(next));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

/// 303 to an address.
pub(super) fn led(api: &QueryApi, parts: &Parts, to: &str) -> Response {
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/"));
    held(api, parts, (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
}

/// Shows the page again to somebody who was refused.
pub(super) fn again(
    api: &QueryApi,
    parts: &Parts,
    refused: Refused,
    next: Option<&str>,
    lang: Option<Lang>,
) -> Response {
    match refused {
        Refused::Reason(failed) => led(api, parts, &address(Some(failed), lang, local(next))),
        Refused::TooMany(after) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let mut response = show(api, parts, (status, Some(Failed::TooMany)), local(next), lang);
            response.headers_mut().insert(header::RETRY_AFTER, (after.as_secs() + 1).into());
            response
        }
        Refused::Problem(problem) => held(api, parts, problem.into_response()),
    }
}

/// The problem that a program is answered with.
pub(super) fn problem(refused: Refused) -> Problem {
    let failed = match refused {
        Refused::Problem(problem) => return problem,
        Refused::TooMany(after) => {
            let detail = "too many sign-ins; wait as long as Retry-After says";
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
            return problem.with_retry_after(after);
        }
        Refused::Reason(failed) => failed,
    };
    match failed {
        Failed::Key => Problem::no_key(),
        Failed::CannotRead => Problem::forbidden("this key may not read; the console takes one that may read the log"),
        Failed::Elsewhere => of_another_site(),
        _ => Problem::forbidden("the console can't be used at this address; see console.public_url"),
    }
}

/// Shows the page.
pub(super) fn show(
    api: &QueryApi,
    parts: &Parts,
    (status, failed): (StatusCode, Option<Failed>),
    next: &str,
    chosen: Option<Lang>,
) -> Response {
    let AskedLang(asked) = AskedLang::found(&parts.extensions);
    let lang = chosen.or(asked).unwrap_or_default();
    let usable = api.sessions().site(&parts.headers).is_some();
    let failed = failed.or_else(|| (!usable).then_some(Failed::Address));
    let providers = api.oidc().to_sign_in_at().collect();
    let html = SignIn { lang, is_chosen: chosen.is_some(), providers, next, failed }.html();
    let mut response = held(api, parts, (status, Html(html)).into_response());
    // The form states its own origin, where a browser has no other way to say where it comes from.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response.extensions_mut().insert(Spoken(lang));
    response
}

/// With what browsers are held to; kept by nobody unless it says otherwise.
pub(super) fn held(api: &QueryApi, parts: &Parts, mut response: Response) -> Response {
    let is_secure = api.sessions().site(&parts.headers).is_some_and(|site| site.is_secure());
    let headers = response.headers_mut();
    headers::put(headers, is_secure);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
