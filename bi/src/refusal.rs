//! Errors worded as a ClickHouse server words them, because its clients read them.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use runtime::http::body::BodyError;
use runtime::memory::NoRoom;

/// Longest message that is passed on, in bytes.
const LONGEST: usize = 2000;

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Code: {code}. DB::Exception: {text}. ({name})")]
pub struct Refusal {
    /// ClickHouse's error code.
    pub code: u32,
    /// ClickHouse's name of the code.
    pub name: &'static str,
    /// What is wrong, without a full stop.
    pub text: String,
}

macro_rules! refusals {
    ($($function:ident $code:literal $name:literal $doc:literal;)*) => {
        impl Refusal {
            $(
                #[doc = $doc]
                pub fn $function(text: impl Into<String>) -> Self {
                    Self { code: $code, name: $name, text: text.into() }
                }
            )*
        }
    };
}

refusals! {
    syntax 62 "SYNTAX_ERROR" "It can't be read.";
    not_implemented 48 "NOT_IMPLEMENTED" "It can be read, but isn't for this endpoint.";
    bad_arguments 36 "BAD_ARGUMENTS" "A parameter of the request can't be understood.";
    unknown_function 46 "UNKNOWN_FUNCTION" "A function that is not on the list.";
    unknown_table 60 "UNKNOWN_TABLE" "A relation that is not on the list.";
    unknown_database 81 "UNKNOWN_DATABASE" "A database other than the tenant's.";
    unknown_format 73 "UNKNOWN_FORMAT" "A format that is not on the list.";
    unknown_setting 115 "UNKNOWN_SETTING" "A setting that is not on the list.";
    unknown_type 50 "UNKNOWN_TYPE" "A type that is not on the list.";
    bad_parameter 457 "BAD_QUERY_PARAMETER" "A value that is none of its type.";
    unknown_parameter 456 "UNKNOWN_QUERY_PARAMETER" "A value that was not given.";
    readonly 164 "READONLY" "It would change something.";
    too_deep 167 "TOO_DEEP_AST" "It is nested too deeply.";
    too_big 168 "TOO_BIG_AST" "It has too many parts.";
    too_large 229 "QUERY_IS_TOO_LARGE" "Its text is too long.";
    access_denied 497 "ACCESS_DENIED" "The key may not.";
    password_required 194 "REQUIRED_PASSWORD" "There is no key.";
    authentication_failed 516 "AUTHENTICATION_FAILED" "There is no such key.";
    too_many_queries 202 "TOO_MANY_SIMULTANEOUS_QUERIES" "All places are taken.";
    quota_exceeded 201 "QUOTA_EXCEEDED" "Too many queries in too short a time.";
    timeout 159 "TIMEOUT_EXCEEDED" "It took too long.";
    network 210 "NETWORK_ERROR" "The store can't be reached.";
    internal 49 "LOGICAL_ERROR" "A mistake of ours.";
}

impl Refusal {
    /// The status that a ClickHouse server answers the code with, but 503 for overload and 429 for quotas.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.code {
            194 => StatusCode::UNAUTHORIZED,
            164 | 497 | 516 => StatusCode::FORBIDDEN,
            36 | 62 | 167 | 168 | 456 | 457 => StatusCode::BAD_REQUEST,
            46 | 50 | 60 | 73 | 81 | 115 => StatusCode::NOT_FOUND,
            159 => StatusCode::REQUEST_TIMEOUT,
            229 => StatusCode::PAYLOAD_TOO_LARGE,
            201 => StatusCode::TOO_MANY_REQUESTS,
            48 => StatusCode::NOT_IMPLEMENTED,
            202 | 210 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Refusal {
    /// The tenant's requests hold as many connections as one tenant may.
    #[must_use]
    pub fn too_many_connections() -> Self {
        Self::quota_exceeded("The tenant holds as many connections as one may")
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(most) => Self::too_large(format!("The statement is longer than {most} bytes")),
            BodyError::TooSlow => Self::timeout("The statement took too long to arrive"),
            BodyError::Incomplete => Self::bad_arguments("The statement ended before its end"),
            BodyError::NoRoom(NoRoom::OverShare) => {
                Self::quota_exceeded("Too many statements of the tenant at once; try again")
            }
            BodyError::NoRoom(NoRoom::Busy) => Self::too_many_queries("Too many statements at the moment; try again"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{self}\n")).into_response();
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("x-clickhouse-exception-code"), HeaderValue::from(self.code));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
        response
    }
}

/// What the store says, without the statement that it was given: that one is ours, not the caller's.
#[must_use]
pub fn told(message: &str) -> String {
    let message = message.rfind(" (version ").map_or(message, |at| &message[..at]).trim_end();
    let name = message.rfind('(').map_or("", |at| &message[at..]);
    let marks = ["In scope ", "in scope ", "In query ", ": While ", ": while "];
    let cut = marks.iter().filter_map(|mark| message.find(mark)).min();
    let cut = cut.or_else(|| (message.len() > LONGEST).then_some(LONGEST));
    let Some(at) = cut else { return format!("{message}\n") };
    let kept = message[..message.floor_char_boundary(at.min(LONGEST))].trim_end_matches([' ', ':', '.']);
    format!("{kept}. {name}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_is_not_told() {
        let message = "Code: 47. DB::Exception: Unknown expression identifier `x` in scope SELECT x FROM \
                       (SELECT 1 FROM base). (UNKNOWN_IDENTIFIER) (version 26.7.2.1 (embedded))\n";
        assert_eq!(told(message), "Code: 47. DB::Exception: Unknown expression identifier `x`. (UNKNOWN_IDENTIFIER)\n");
        let message = "Code: 215. DB::Exception: Column 'events.action' is not under aggregate function and not in GROUP BY \
                       keys. In query SELECT action, count() AS c FROM (SELECT 1 FROM base WHERE t.tenant = 'x'). \
                       (NOT_AN_AGGREGATE)";
        assert_eq!(
            told(message),
            "Code: 215. DB::Exception: Column 'events.action' is not under aggregate function and not in GROUP BY keys. \
             (NOT_AN_AGGREGATE)\n"
        );
        let long = told(&format!("Code: 1. DB::Exception: {} (LONG)", "ž".repeat(3000)));
        assert!(long.len() < 2100 && long.ends_with(". (LONG)\n"), "{long}");
        assert_eq!(told("Code: 159. DB::Exception: Slow. (TIMEOUT)"), "Code: 159. DB::Exception: Slow. (TIMEOUT)\n");
    }

    #[test]
    fn clients_read_code_and_name() {
        let error = Refusal::unknown_table("There is no events2");
        assert_eq!(error.to_string(), "Code: 60. DB::Exception: There is no events2. (UNKNOWN_TABLE)");
        assert_eq!(error.status(), StatusCode::NOT_FOUND);
    }
}
