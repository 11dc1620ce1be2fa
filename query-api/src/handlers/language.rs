//! In which language an answer is worded (P16).

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use runtime::problem::Problem;
use schemas::catalogue::Lang;
use schemas::settings::Tenant;
use serde::Serialize;

use crate::access::refused;
use crate::params::Params;

/// The language that the caller asks for most, or else the tenant's first.
pub(crate) fn language(headers: &HeaderMap, tenant: &Tenant) -> Lang {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(Lang::accepted);
    asked.or_else(|| tenant.languages.first().copied()).unwrap_or_default()
}

/// As [`language`], of whoever may have no tenant; the parameter `lang` wins.
pub(crate) fn wanted(params: &mut Params, headers: &HeaderMap, tenant: Option<&Tenant>) -> Result<Lang, Problem> {
    let named = params.one_of("lang", &["en", "ru", "cs"]).map_err(refused)?;
    let asked = || headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok().and_then(Lang::accepted);
    let of_tenant = || tenant?.languages.first().copied();
    Ok(named.as_deref().and_then(Lang::parse).or_else(asked).or_else(of_tenant).unwrap_or_default())
}

/// An answer that has words in a language. Caches must tell it from the same answer in another, and from another caller's.
#[derive(Debug)]
pub struct Worded<T>(pub Lang, pub T);

impl<T: Serialize> IntoResponse for Worded<T> {
    fn into_response(self) -> Response {
        let Self(lang, body) = self;
        worded(lang, Json(body).into_response())
    }
}

/// Says in which language an answer has its words. A file says it itself.
pub(crate) fn worded(lang: Lang, mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.entry(header::CONTENT_LANGUAGE).or_insert(HeaderValue::from_static(lang.as_str()));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, authorization"));
    answer
}
