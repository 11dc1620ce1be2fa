//! In which language an answer is worded.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use runtime::problem::{Problem, Spoken};
use schemas::catalogue::Lang;
use schemas::settings::Tenant;
use serde::Serialize;

use crate::http::caller::Caller;
use crate::http::params::Params;

/// Their codes.
pub(crate) const LANGUAGES: &[&str] = &["en", "ru", "cs"];

/// The language that the caller asks for, by the parameter `lang` or else by `Accept-Language`; or else the tenant's first.
pub(crate) fn language(params: &mut Params, caller: &Caller, tenant: Option<&Tenant>) -> Result<Lang, Problem> {
    let named = params.one_of("lang", LANGUAGES)?.as_deref().and_then(Lang::parse);
    let of_tenant = || tenant?.languages.first().copied();
    Ok(named.or(caller.info().lang()).or_else(of_tenant).unwrap_or_default())
}

/// An answer that has words in a language. Caches must keep it apart from the same answer in another, and
/// from another caller's.
#[derive(Debug)]
pub struct Localized<T>(pub Lang, pub T);

impl<T: Serialize> IntoResponse for Localized<T> {
    fn into_response(self) -> Response {
        let Self(lang, body) = self;
        let mut response = Json(body).into_response();
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("authorization"));
        response.extensions_mut().insert(Spoken(lang));
        response
    }
}
