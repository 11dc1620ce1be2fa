//! The language of an answer: finds which one is asked for, states it in the answer, and words problems in it, each in one place.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use schemas::catalogue::Lang;

use super::Problem;

/// The language that a request asks for, if it is one of ours: the parameter `lang` wins over `Accept-Language`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskedLang(pub Option<Lang>);

impl AskedLang {
    fn of(request: &Request) -> Self {
        let named = request.uri().query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("lang="));
        let accepted = || request.headers().get(header::ACCEPT_LANGUAGE)?.to_str().ok().and_then(Lang::accepted);
        Self(named.and_then(Lang::parse).or_else(accepted))
    }

    /// What [`in_language`] found.
    #[must_use]
    pub fn found(extensions: &axum::http::Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }
}

/// The language that an answer has words in; put into its extensions by whoever words it.
#[derive(Clone, Copy, Debug)]
pub struct Spoken(pub Lang);

/// Finds which language is asked for, words problems in it, and says of every answer with words which language they are of. To
/// be applied once, around all routes.
pub async fn in_language(mut request: Request, next: Next) -> Response {
    let asked = AskedLang::of(&request);
    request.extensions_mut().insert(asked);
    let has_body = request.method() != Method::HEAD;
    let mut response = next.run(request).await;
    let spoken = response.extensions_mut().remove::<Spoken>().map(|Spoken(lang)| lang);
    let problem = response.extensions_mut().remove::<Problem>();
    if spoken.is_none() && problem.is_none() {
        return response;
    }
    let lang = spoken.or(asked.0).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.as_str()));
    headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    if let Some(mut problem) = problem
        && lang != Lang::En
    {
        problem.translate(lang, spoken.is_some());
        headers.remove(header::CONTENT_LENGTH);
        if has_body {
            *response.body_mut() = Body::from(serde_json::to_vec(&problem).unwrap_or_default());
        }
    }
    response
}
