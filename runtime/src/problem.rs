//! The one error type of the APIs: Problem Details (RFC 9457).

mod described;
mod language;

use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemas::catalogue::Lang;
use schemas::problem_texts;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::throttle::Throttle;

pub use language::{AskedLang, Spoken, in_language};

/// Media type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";
const TYPE_PREFIX: &str = "urn:usertrail:problem:";

/// Lines about causes, by the code: while a part is away, every request fails for the same one.
static FAILED: Throttle<&'static str> = Throttle::new(20, Duration::from_secs(10));

/// A problem. Its cause is logged once, when it is answered, and never shown.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    /// The title, where it isn't the status in English.
    title: Option<&'static str>,
    /// What most problems don't have; behind a pointer, because results carry a problem's size on the good path too.
    more: Box<More>,
}

#[derive(Debug, Clone, Default)]
struct More {
    detail_en: Option<Cow<'static, str>>,
    pointer: Option<String>,
    members: Map<String, Value>,
    headers: HeaderMap,
    cause: Option<String>,
    request_id: Option<String>,
    spoken: Option<Lang>,
}

/// A problem as it is sent (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct Shape<'a> {
    /// A URN made of the code.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words, in the language of the answer.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// Stable word for programs.
    code: &'a str,
    /// For people: what happened, and what to do about it, in the language of the answer. Without its particulars where these are
    /// known in English alone, as of texts that other software made.
    detail: &'a str,
    /// As it is in English, where the answer is in another language.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail_en: Option<&'a str>,
    /// JSON Pointer (RFC 6901) to the field, or the name of the query parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    /// Of an error on our side: what its cause is found by in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// Further members of the operation's own.
    #[serde(flatten)]
    #[schema(ignore)]
    members: &'a Map<String, Value>,
}

impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let shape = Shape {
            kind: format!("{TYPE_PREFIX}{}", self.code),
            title: self.title.or_else(|| self.status.canonical_reason()).unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            detail_en: self.more.detail_en.as_deref(),
            pointer: self.more.pointer.as_deref(),
            request_id: self.more.request_id.as_deref(),
            members: &self.more.members,
        };
        shape.serialize(to)
    }
}

impl PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        described::complete(Shape::schema())
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Problem")
    }
}

impl Problem {
    /// A problem with a status, a code for programs and a sentence for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), title: None, more: Box::default() }
    }

    /// 400, for malformed requests.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401, with the challenge that HTTP asks for. It says no more than it must.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::challenge("send a valid API key (ut_…) or token of your identity provider: Authorization: Bearer …")
    }

    /// 401 where API keys alone will do.
    #[must_use]
    pub fn no_key() -> Self {
        Self::challenge("send a valid API key; tokens of identity providers don't do here: Authorization: Bearer ut_…")
    }

    fn challenge(detail: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"usertrail\""))
    }

    /// 403.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 500; the cause is logged, the caller learns nothing of it.
    pub fn internal(cause: impl Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "an error on our side; it has been logged")
            .with_cause(cause)
    }

    /// 503 with `Retry-After`.
    pub fn unavailable(code: &'static str, detail: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).with_retry_after(retry_after)
    }

    /// With a pointer to the field.
    #[must_use]
    pub fn with_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.more.pointer = Some(pointer.into());
        self
    }

    /// With a member of the operation's own; what can't be written as JSON is left out.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.more.members.insert(name.to_owned(), value);
        }
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.headers.insert(name, value);
        self
    }

    /// With headers.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.more.headers.extend(headers);
        self
    }

    /// With `Retry-After`, in whole seconds, at least one.
    #[must_use]
    pub fn with_retry_after(self, after: Duration) -> Self {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// With a detail that is worded in this language already.
    #[must_use]
    pub fn spoken(mut self, lang: Lang) -> Self {
        self.more.spoken = Some(lang);
        self
    }

    /// With a cause for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Display) -> Self {
        self.more.cause = Some(cause.to_string());
        self
    }

    /// Puts it into another language, with the English beside; what is `worded` already keeps its words.
    fn translate(&mut self, lang: Lang, worded: bool) {
        self.title = problem_texts::title(self.status.as_u16(), lang);
        let detail = || problem_texts::worded(self.code, &self.detail, lang).or(self.title.map(Cow::Borrowed));
        if !worded && let Some(detail) = detail() {
            self.more.detail_en = Some(std::mem::replace(&mut self.detail, detail));
        }
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What it says to people, in English until it is put into another language.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The field, parameter or header that it is about.
    #[must_use]
    pub fn pointer(&self) -> Option<&str> {
        self.more.pointer.as_deref()
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        if let Some(cause) = &self.more.cause
            && let Some(left_out) = FAILED.admit(self.code)
        {
            let request_id = Uuid::now_v7().simple().to_string();
            tracing::error!(code = self.code, status = self.status.as_u16(), %request_id, %cause, left_out, "request failed");
            self.more.request_id = Some(request_id);
        }
        debug_assert!(
            described::is_listed(self.code, self.more.members.keys()),
            "{} with {:?} is not in schemas/problems.json",
            self.code,
            self.more.members
        );
        let mut headers = std::mem::take(&mut self.more.headers);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, headers, body).into_response();
        if let Some(lang) = self.more.spoken {
            response.extensions_mut().insert(Spoken(lang));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_not_shown() {
        let problem = Problem::internal("password of the database").with_member("accepted", 0);
        let json = serde_json::to_string(&problem).unwrap();
        assert!(!json.contains("password"), "{json}");
        assert_eq!(
            json,
            "{\"type\":\"urn:usertrail:problem:internal\",\"title\":\"Internal Server Error\",\"status\":500,\
             \"code\":\"internal\",\"detail\":\"an error on our side; it has been logged\",\"accepted\":0}"
        );
    }

    /// C7: what is found in the log is found by what the caller was shown; whatever is the caller's own doing needs no log.
    #[test]
    fn a_cause_has_an_id_of_its_own() {
        let id = |problem: Problem| {
            let response = problem.into_response();
            response.extensions().get::<Problem>().unwrap().more.request_id.clone()
        };
        let (one, other) = (id(Problem::not_found("x").with_cause("a")), id(Problem::not_found("x").with_cause("b")));
        assert!(one.as_ref().is_some_and(|id| id.len() == 32) && one != other);
        assert_eq!(id(Problem::not_found("x")), None);
    }

    #[test]
    fn retry_after_is_rounded_up() {
        let headers =
            |after| Problem::unavailable("busy", "later", after).into_response().headers()["retry-after"].clone();
        assert_eq!(headers(Duration::ZERO), "1");
        assert_eq!(headers(Duration::from_millis(1001)), "2");
    }
}
