//! Errors of queries, worded as a ClickHouse server words them.

use axum::http::StatusCode;

/// An error the engine (or its HTTP interface) answers a query with.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct DbError {
    /// ClickHouse's error code.
    pub(super) code: u32,
    /// The message from `Code: …` on, without the version.
    pub(super) message: String,
}

impl DbError {
    /// Reads the engine's message.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim_end();
        match code_of(text) {
            Some(code) => Self { code, message: text.to_owned() },
            None => Self::new(1001, "STD_EXCEPTION", text),
        }
    }

    /// An error of the HTTP interface's own.
    pub(super) fn new(code: u32, name: &str, text: &str) -> Self {
        Self { code, message: format!("Code: {code}. DB::Exception: {text}. ({name})") }
    }

    pub(super) fn internal(text: &str) -> Self {
        Self::new(49, "LOGICAL_ERROR", text)
    }

    pub(super) fn bad_arguments(text: &str) -> Self {
        Self::new(36, "BAD_ARGUMENTS", text)
    }

    pub(super) fn syntax(text: &str) -> Self {
        Self::new(62, "SYNTAX_ERROR", text)
    }

    pub(super) fn not_implemented(text: &str) -> Self {
        Self::new(48, "NOT_IMPLEMENTED", text)
    }

    pub(super) fn too_large(text: &str) -> Self {
        Self::new(229, "QUERY_IS_TOO_LARGE", text)
    }

    pub(super) fn access_denied(text: &str) -> Self {
        Self::new(497, "ACCESS_DENIED", text)
    }

    pub(super) fn too_many_queries() -> Self {
        Self::new(202, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many simultaneous queries")
    }

    /// The body of an error answer.
    pub(super) fn body(&self, version: &str) -> String {
        format!("{} (version {version} (embedded))\n", self.message)
    }

    /// The status a ClickHouse server answers this code with, except that overload is 503.
    pub(super) fn status(&self) -> StatusCode {
        match self.code {
            194 => StatusCode::UNAUTHORIZED,
            192 | 193 | 497 | 512 | 516 => StatusCode::FORBIDDEN,
            6 | 8 | 15 | 25 | 26 | 27 | 36 | 37 | 38 | 41 | 44 | 53 | 62 | 72 | 117 | 123 | 167 | 168 | 223 | 321
            | 376 | 427 | 441 | 675 | 676 => StatusCode::BAD_REQUEST,
            46 | 47 | 50 | 56 | 60 | 63 | 73 | 78 | 81 | 115 | 152 | 336 | 511 => StatusCode::NOT_FOUND,
            229 => StatusCode::PAYLOAD_TOO_LARGE,
            779 => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            48 => StatusCode::NOT_IMPLEMENTED,
            76 | 202 | 209 | 439 => StatusCode::SERVICE_UNAVAILABLE,
            159 => StatusCode::REQUEST_TIMEOUT,
            381 => StatusCode::LENGTH_REQUIRED,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

fn code_of(text: &str) -> Option<u32> {
    let rest = text.strip_prefix("Code: ")?;
    rest.split_once('.')?.0.parse().ok()
}
