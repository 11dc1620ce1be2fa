//! Problems in the language that is asked for (P16).

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use schemas::catalogue::Lang;

use super::Problem;

/// Words a problem in the language that `Accept-Language` asks for. One that says its language is worded already, but for its
/// title. To be applied once, around all routes.
pub async fn in_language(request: Request, next: Next) -> Response {
    let asked = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let asked = asked.and_then(Lang::accepted);
    let has_body = request.method() != Method::HEAD;
    let mut response = next.run(request).await;
    let Some(mut problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    let worded = headers.get(header::CONTENT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(Lang::parse);
    let lang = worded.or(asked).unwrap_or_default();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.as_str()));
    if lang != Lang::En {
        problem.translate(lang, worded.is_some());
        headers.remove(header::CONTENT_LENGTH);
        if has_body {
            *response.body_mut() = Body::from(serde_json::to_vec(&problem).unwrap_or_default());
        }
    }
    response
}
