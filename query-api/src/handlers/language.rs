//! In which language an answer is worded (P16).

use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use schemas::catalogue::Lang;
use schemas::settings::Tenant;
use serde::Serialize;

/// The language that the caller asks for most, or else the tenant's first.
pub(crate) fn language(headers: &HeaderMap, tenant: &Tenant) -> Lang {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(Lang::accepted);
    asked.or_else(|| tenant.languages.first().copied()).unwrap_or_default()
}

/// An answer that has words in a language. Caches must tell it from the same answer in another, and from another caller's.
#[derive(Debug)]
pub struct Worded<T>(pub Lang, pub T);

impl<T: Serialize> IntoResponse for Worded<T> {
    fn into_response(self) -> Response {
        let Self(lang, body) = self;
        let headers = [(header::CONTENT_LANGUAGE, lang.as_str()), (header::VARY, "accept-language, authorization")];
        (headers, Json(body)).into_response()
    }
}
