//! What the engine says of a statement that failed, without values of rows.
//!
//! The engine names what it stumbled over: a cast that fails names the text, a function the value that it was given, also after
//! rows have been sent. So its own words are passed on only where they are about the statement or about limits, and in those
//! only what the caller wrote, or the documentation names, is quoted. All else is reported by its code alone.

use std::fmt;

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode};

use crate::refusal::told;
use crate::views::VIEWS;

/// Errors of a statement that can't begin: they are found before a row is read.
const UNBEGUN: &[u32] = &[
    8,   // THERE_IS_NO_COLUMN
    16,  // NO_SUCH_COLUMN_IN_TABLE
    34,  // TOO_MANY_ARGUMENTS_FOR_FUNCTION
    35,  // TOO_FEW_ARGUMENTS_FOR_FUNCTION
    42,  // NUMBER_OF_ARGUMENTS_DOESNT_MATCH
    43,  // ILLEGAL_TYPE_OF_ARGUMENT
    46,  // UNKNOWN_FUNCTION
    47,  // UNKNOWN_IDENTIFIER
    48,  // NOT_IMPLEMENTED
    50,  // UNKNOWN_TYPE
    59,  // ILLEGAL_TYPE_OF_COLUMN_FOR_FILTER
    62,  // SYNTAX_ERROR
    63,  // UNKNOWN_AGGREGATE_FUNCTION
    80,  // INCORRECT_QUERY
    115, // UNKNOWN_SETTING
    133, // AGGREGATE_FUNCTION_DOESNT_ALLOW_PARAMETERS
    134, // PARAMETERS_TO_AGGREGATE_FUNCTIONS_MUST_BE_LITERALS
    164, // READONLY
    179, // MULTIPLE_EXPRESSIONS_FOR_ALIAS
    184, // ILLEGAL_AGGREGATION
    207, // AMBIGUOUS_IDENTIFIER
    215, // NOT_AN_AGGREGATE
    258, // UNION_ALL_RESULT_STRUCTURES_MISMATCH
    352, // AMBIGUOUS_COLUMN_NAME
    386, // NO_COMMON_TYPE
    403, // INVALID_JOIN_ON_EXPRESSION
    452, // SETTING_CONSTRAINT_VIOLATION
    456, // UNKNOWN_QUERY_PARAMETER
    457, // BAD_QUERY_PARAMETER
    476, // WITH_TIES_WITHOUT_ORDER_BY
    497, // ACCESS_DENIED
    516, // AUTHENTICATION_FAILED
];
/// Errors of values: of parameters, of literals, of what rows hold.
const OF_VALUES: &[u32] = &[
    6,   // CANNOT_PARSE_TEXT
    12,  // PARAMETER_OUT_OF_BOUND
    25,  // CANNOT_PARSE_ESCAPE_SEQUENCE
    26,  // CANNOT_PARSE_QUOTED_STRING
    27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    32,  // ATTEMPT_TO_READ_AFTER_EOF
    36,  // BAD_ARGUMENTS
    38,  // CANNOT_PARSE_DATE
    41,  // CANNOT_PARSE_DATETIME
    44,  // ILLEGAL_COLUMN
    53,  // TYPE_MISMATCH
    69,  // ARGUMENT_OUT_OF_BOUND
    70,  // CANNOT_CONVERT_TYPE
    72,  // CANNOT_PARSE_NUMBER
    117, // INCORRECT_DATA
    125, // INCORRECT_RESULT_OF_SCALAR_SUBQUERY
    128, // TOO_LARGE_ARRAY_SIZE
    130, // CANNOT_READ_ARRAY_FROM_TEXT
    131, // TOO_LARGE_STRING_SIZE
    153, // ILLEGAL_DIVISION
    190, // SIZES_OF_ARRAYS_DONT_MATCH
    321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
    349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
    376, // CANNOT_PARSE_UUID
    395, // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
    407, // DECIMAL_OVERFLOW
    427, // CANNOT_COMPILE_REGEXP
    440, // INVALID_LIMIT_EXPRESSION
    467, // CANNOT_PARSE_BOOL
    475, // INVALID_WITH_FILL_EXPRESSION
    675, // CANNOT_PARSE_IPV4
    676, // CANNOT_PARSE_IPV6
    691, // UNKNOWN_ELEMENT_OF_ENUM
];
/// Errors of limits, whose words have sizes in them and no values.
const LIMITS: &[u32] = &[
    158, // TOO_MANY_ROWS
    159, // TIMEOUT_EXCEEDED
    160, // TOO_SLOW
    201, // QUOTA_EXCEEDED
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    241, // MEMORY_LIMIT_EXCEEDED
    307, // TOO_MANY_BYTES
    394, // QUERY_WAS_CANCELLED
    396, // TOO_MANY_ROWS_OR_BYTES
];
const BAD_QUERY_PARAMETER: u32 = 457;
/// What the engine ends with where a parameter's value is none of its type, in words and with a code of each type's own before.
const OF_A_PARAMETER: &str = " for query parameter '";
/// What is said of a parameter, since the engine names its value.
const ON_A_PARAMETER: &str = "The value of a query parameter is none of its type";
/// What is said instead of the engine's words.
const ON_A_VALUE: &str = "The statement failed on a value, which is not shown; functions that end with OrNull or OrZero pass over \
                          what they can't convert";
/// Numbers of fewer digits are those of arguments and the like.
const SHORT_NUMBER: usize = 2;
/// Longest message that is kept, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;

/// A failure, as the engine reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    code: u32,
    name: String,
    words: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code, self.name)
    }
}

impl Failure {
    /// Reads `Code: 47. DB::Exception: Words. (NAME)`.
    pub(crate) fn of(message: &str) -> Self {
        let message = message.trim();
        let rest = message.strip_prefix("Code: ").unwrap_or(message);
        let (code, rest) = rest.split_once('.').unwrap_or(("", rest));
        let name = rest.rsplit_once('(').map_or("", |(_, name)| name.trim_end_matches(')'));
        // The name is a word of the engine's, or nothing.
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || b"_0123456789".contains(&byte));
        let name = if is_name { name } else { "UNKNOWN_EXCEPTION" };
        let words = rest.strip_suffix(&format!("({name})")).unwrap_or(rest).trim();
        let words = words.strip_prefix("DB::Exception:").unwrap_or(words).trim().trim_end_matches('.');
        let of_a_parameter = words.rsplit_once(OF_A_PARAMETER).is_some_and(|(before, name)| {
            before.contains(" cannot be parsed as ") && name.strip_suffix('\'').is_some_and(|name| !name.contains('\''))
        });
        if of_a_parameter {
            let name = "BAD_QUERY_PARAMETER".to_owned();
            return Self { code: BAD_QUERY_PARAMETER, name, words: ON_A_PARAMETER.to_owned() };
        }
        Self { code: code.parse().unwrap_or(0), name: name.to_owned(), words: words.to_owned() }
    }

    /// ClickHouse's error code.
    pub(crate) fn code(&self) -> u32 {
        self.code
    }

    /// Whether no row was read before it was found.
    pub(crate) fn is_unbegun(&self) -> bool {
        UNBEGUN.contains(&self.code)
    }

    /// Returns the status that the caller gets: the engine's, but what is wrong with the statement or a value is no fault of the server's.
    pub(crate) fn status(&self, of_engine: StatusCode) -> StatusCode {
        let is_the_callers = self.is_unbegun() || OF_VALUES.contains(&self.code);
        if is_the_callers && of_engine.is_server_error() { StatusCode::BAD_REQUEST } else { of_engine }
    }

    /// Returns what the caller is answered. `own` is what the caller wrote.
    pub(crate) fn told(&self, own: &str) -> String {
        let Self { code, name, words } = self;
        let words = match () {
            () if LIMITS.contains(code) => words.clone(),
            () if *code == BAD_QUERY_PARAMETER => ON_A_PARAMETER.to_owned(),
            () if self.is_unbegun() => redacted(words, own),
            () => ON_A_VALUE.to_owned(),
        };
        format!("Code: {code}. DB::Exception: {words}. ({name})\n")
    }
}

/// The words without what is quoted in them, or is a number, unless the caller wrote it or it is a column's name.
fn redacted(words: &str, own: &str) -> String {
    let may = |text: &str| {
        own.contains(text) || VIEWS.iter().any(|view| view.columns.iter().any(|(column, _)| *column == text))
    };
    let mut kept = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(letter) = rest.chars().next() {
        if let '\'' | '`' | '"' = letter {
            let inside = &rest[1..];
            // A quotation that doesn't end goes on to the end.
            let (quoted, after) = match inside.find(letter) {
                Some(end) => (&inside[..end], &inside[end + 1..]),
                None => (inside, ""),
            };
            let shown = if may(quoted) { quoted } else { "…" };
            kept.extend([letter.to_string().as_str(), shown, letter.to_string().as_str()]);
            rest = after;
            continue;
        }
        let end = rest.find(|other: char| !other.is_alphanumeric() && other != '_').unwrap_or(rest.len());
        let word = &rest[..end.max(letter.len_utf8())];
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        kept.push_str(if digits > SHORT_NUMBER && !may(word) && !is_type(word) { "…" } else { word });
        rest = &rest[word.len()..];
    }
    kept
}

/// `DateTime64`, `UInt128`.
fn is_type(word: &str) -> bool {
    let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    ["UInt", "Int", "Float", "Decimal", "DateTime", "Date", "BFloat"].contains(&letters)
}

/// The end of a result that is on its way: an error in it is held back, to be reported without values.
pub(crate) struct Tail {
    tag: String,
    /// What an error begins with; empty: the engine marks none.
    mark: Vec<u8>,
    own: String,
    /// What may be the beginning of the mark.
    held: Vec<u8>,
    failed: Option<Vec<u8>>,
}

impl Tail {
    /// By the tag that the engine announced, if it did.
    pub(crate) fn of(tag: Option<&HeaderValue>, own: String) -> Self {
        let tag = tag.and_then(|tag| tag.to_str().ok()).unwrap_or_default().to_owned();
        let mark = if tag.is_empty() { Vec::new() } else { format!("__exception__\r\n{tag}\r\n").into_bytes() };
        Self { tag, mark, own, held: Vec::new(), failed: None }
    }

    /// What of the result can go on.
    pub(crate) fn pass(&mut self, piece: &[u8]) -> Bytes {
        if let Some(failed) = &mut self.failed {
            let room = MAX_MESSAGE.saturating_sub(failed.len());
            failed.extend_from_slice(&piece[..piece.len().min(room)]);
            return Bytes::new();
        }
        if self.mark.is_empty() {
            return Bytes::copy_from_slice(piece);
        }
        self.held.extend_from_slice(piece);
        let found = self.held.windows(self.mark.len()).position(|part| part[0] == self.mark[0] && part == self.mark);
        let goes = found.unwrap_or_else(|| self.held.len().saturating_sub(self.mark.len() - 1));
        let goes = Bytes::from(self.held.drain(..goes).collect::<Vec<_>>());
        if found.is_some() {
            self.failed = Some(self.held.split_off(self.mark.len()));
            self.held.clear();
        }
        goes
    }

    /// Whether an error has come.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Returns what is left at the end: of an error what may be disclosed, in the engine's form.
    pub(crate) fn end(&mut self) -> Bytes {
        let Some(failed) = &mut self.failed else { return Bytes::from(std::mem::take(&mut self.held)) };
        let text = String::from_utf8_lossy(failed);
        let message = text.split(&format!("{}\r\n__exception__", self.tag)).next().unwrap_or_default();
        // Its length stands behind the message.
        let message = message.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == ' ');
        let message = Failure::of(&told(message)).told(&self.own);
        let (mark, tag) = (String::from_utf8_lossy(&self.mark), &self.tag);
        Bytes::from(format!("{mark}{message}{} {tag}\r\n__exception__\r\n", message.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_told() {
        let told = |message: &str, own: &str| Failure::of(message).told(own);
        let cast = "Code: 6. DB::Exception: Cannot parse string 'hidden' as UInt8: syntax error at begin of string. \
                    (CANNOT_PARSE_TEXT)";
        let shown = told(cast, "SELECT toUInt8(actor_name) FROM events");
        assert_eq!(shown, format!("Code: 6. DB::Exception: {ON_A_VALUE}. (CANNOT_PARSE_TEXT)\n"));
        let unknown = "Code: 47. DB::Exception: Unknown expression identifier `nope`. Maybe you meant: ['action', 'hidden']. \
                       (UNKNOWN_IDENTIFIER)";
        assert_eq!(
            told(unknown, "SELECT nope FROM events"),
            "Code: 47. DB::Exception: Unknown expression identifier `nope`. Maybe you meant: ['action', '…']. \
             (UNKNOWN_IDENTIFIER)\n"
        );
        let constant = "Code: 43. DB::Exception: Illegal type DateTime64(3) of argument 2, 4711, 'it. (ILLEGAL_TYPE)";
        assert_eq!(
            told(constant, "SELECT 1"),
            "Code: 43. DB::Exception: Illegal type DateTime64(3) of argument 2, …, '…'. (ILLEGAL_TYPE)\n"
        );
        // Whatever type the parameter is of.
        let of_type = "Code: 563. DB::Exception: Cannot read Map from text: value {'hidden': 0} cannot be parsed as Map(String, Bool) for \
                       query parameter 'x'. (CANNOT_READ_MAP_FROM_TEXT)";
        assert_eq!(
            told(of_type, "SELECT {x:Map(String, Bool)}"),
            format!("Code: 457. DB::Exception: {ON_A_PARAMETER}. (BAD_QUERY_PARAMETER)\n")
        );
        assert_eq!(Failure::of(of_type).status(StatusCode::INTERNAL_SERVER_ERROR), StatusCode::BAD_REQUEST);
        let limit = "Code: 241. DB::Exception: Memory limit exceeded: would use 10.23 MiB. (MEMORY_LIMIT_EXCEEDED)";
        assert_eq!(told(limit, ""), format!("{limit}\n"));
        for odd in ["", "hidden", "Code: x. hidden (hidden)", "Code: 6. hidden ((("] {
            assert!(!told(odd, "").contains("hidden"), "{odd}");
        }
    }

    #[test]
    fn an_error_after_rows_is_told_without_values() {
        let message =
            "Code: 6. DB::Exception: Cannot parse string 'hidden' as UInt8. (CANNOT_PARSE_TEXT) (version 26.7)\n";
        let length = message.len();
        let sent = format!("1\n2\n\r\n__exception__\r\nabc\r\n{message}{length} abc\r\n__exception__\r\n");
        for size in [1, 2, 7, 1000] {
            let mut tail = Tail::of(Some(&HeaderValue::from_static("abc")), "SELECT 1".to_owned());
            let mut came = Vec::new();
            for piece in sent.as_bytes().chunks(size) {
                came.extend_from_slice(&tail.pass(piece));
            }
            assert!(tail.has_failed());
            came.extend_from_slice(&tail.end());
            let came = String::from_utf8(came).unwrap();
            assert!(
                came.starts_with("1\n2\n\r\n__exception__\r\nabc\r\nCode: 6. ") && !came.contains("hidden"),
                "{came}"
            );
            assert!(came.ends_with(" abc\r\n__exception__\r\n"), "{came}");
        }
        // What only looks like one is a value of a row.
        let mut tail = Tail::of(Some(&HeaderValue::from_static("abc")), String::new());
        let mut came = tail.pass(b"x__exception__\r\nab").to_vec();
        came.extend_from_slice(&tail.end());
        assert_eq!(came, b"x__exception__\r\nab");
        assert!(!tail.has_failed());
    }
}
