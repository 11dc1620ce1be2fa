//! The query string, strictly: what cannot be understood is refused by name, never ignored and never guessed.
//!
//! A value may hold any characters, control characters too: what is stored can be asked for.
//!
//! A list is given by repeating a parameter or with commas (`type=a,b`, or `type=a%2Cb` as clients encode it). A comma that belongs
//! to a value stands behind a backslash (`a\,b`). Anywhere else a backslash is itself; where values end with some, or have some before
//! a comma, these are written twice.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use runtime::problem::Problem;
use thiserror::Error;

/// Longest query string that is read.
pub const MAX_QUERY_BYTES: usize = 60 * 1024;
/// Longest value, as everywhere in the event (`schemas`' bound on ids and names).
pub const MAX_VALUE_BYTES: usize = 256;
/// Most values of one parameter.
pub const MAX_VALUES: usize = 2000;

/// Why a query string was refused. The parameter is always named.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParamError {
    /// The whole query string is too long.
    #[error("the query string is longer than {MAX_QUERY_BYTES} bytes")]
    QueryTooLong,
    /// A name that is not UTF-8 after percent-decoding.
    #[error("the parameter's name {0:?} is not valid UTF-8 after percent-decoding")]
    NotUtf8(String),
    /// No endpoint parameter of this name.
    #[error("unknown parameter {name:?}; known here: {known}")]
    Unknown {
        /// The parameter as sent, shortened.
        name: String,
        /// What this endpoint knows.
        known: String,
    },
    /// Given more than once where one value is meant.
    #[error("parameter {0:?} is given more than once")]
    Repeated(String),
    /// More values than [`MAX_VALUES`].
    #[error("parameter {0:?} has more than {MAX_VALUES} values")]
    TooManyValues(String),
    /// A value that is empty, too long or not understood.
    #[error("parameter {name:?}: {why}")]
    BadValue {
        /// Whose value.
        name: String,
        /// What is wrong with it, in words for the caller.
        why: String,
    },
}

impl ParamError {
    /// A refusal of one parameter's value.
    pub fn bad(name: &str, why: impl Into<String>) -> Self {
        Self::BadValue { name: name.to_owned(), why: why.into() }
    }

    /// The parameter that the error is about, if it is about one.
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::QueryTooLong | Self::NotUtf8(_) => None,
            Self::Unknown { name, .. } | Self::BadValue { name, .. } => Some(name),
            Self::Repeated(name) | Self::TooManyValues(name) => Some(name),
        }
    }
}

impl From<ParamError> for Problem {
    fn from(error: ParamError) -> Self {
        let problem = Self::bad_request("invalid_parameter", error.to_string());
        match error.parameter() {
            Some(name) => problem.with_pointer(name.to_owned()),
            None => problem,
        }
    }
}

/// Parameters not yet taken. Take all that an endpoint knows, then [`Params::finish`].
#[derive(Debug, Default)]
pub struct Params {
    /// Decoded name, value still percent-encoded.
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Params {
    /// Reads the raw query string of a request.
    pub fn parse(query: Option<&str>) -> Result<Self, ParamError> {
        let query = query.unwrap_or("");
        if query.len() > MAX_QUERY_BYTES {
            return Err(ParamError::QueryTooLong);
        }
        let mut pairs = Vec::new();
        for piece in query.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let name = decode(name).ok_or_else(|| ParamError::NotUtf8(name.chars().take(64).collect()))?;
            pairs.push((name, value.to_owned()));
        }
        Ok(Self { pairs, known: Vec::new() })
    }

    /// One value or none; an empty one is a value.
    pub fn one_or_empty(&mut self, name: &'static str) -> Result<Option<String>, ParamError> {
        if self.take_empty(name) { Ok(Some(String::new())) } else { self.one(name) }
    }

    /// Like [`Params::list`], where the one value may be the empty one.
    pub fn list_or_empty(&mut self, name: &'static str) -> Result<Vec<String>, ParamError> {
        if self.take_empty(name) { Ok(vec![String::new()]) } else { self.list(name) }
    }

    /// Like [`Params::list`], of ids and keys as they are kept.
    pub fn ids(&mut self, name: &'static str) -> Result<Vec<String>, ParamError> {
        let values = self.list(name)?;
        let mut ids = values.iter().map(|id| kept(name, id)).collect::<Result<Vec<_>, _>>()?;
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Like [`Params::ids`], where the one value may be the empty one.
    pub fn ids_or_empty(&mut self, name: &'static str) -> Result<Vec<String>, ParamError> {
        if self.take_empty(name) { Ok(vec![String::new()]) } else { self.ids(name) }
    }

    /// One id as it is kept.
    pub fn id(&mut self, name: &'static str) -> Result<String, ParamError> {
        let given = self.one(name)?.ok_or_else(|| ParamError::bad(name, "is required"))?;
        kept(name, &given)
    }

    /// One value or none.
    pub fn one(&mut self, name: &'static str) -> Result<Option<String>, ParamError> {
        let mut raw = self.take(name);
        match (raw.pop(), raw.is_empty()) {
            (None, _) => Ok(None),
            (Some(value), true) => check(name, decoded(name, &value)?).map(Some),
            (Some(_), false) => Err(ParamError::Repeated(name.to_owned())),
        }
    }

    /// Any number of values, sorted and without repetition, so that two spellings of one filter are the same filter.
    pub fn list(&mut self, name: &'static str) -> Result<Vec<String>, ParamError> {
        let mut values = self.values(name)?;
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }

    /// Any number of different values, in the order that they are given in.
    pub fn in_order(&mut self, name: &'static str) -> Result<Vec<String>, ParamError> {
        let values = self.values(name)?;
        let mut seen = HashSet::new();
        match values.iter().find(|value| !seen.insert(value.as_str())) {
            Some(twice) => Err(ParamError::bad(name, format!("{twice:?} is given twice"))),
            None => Ok(values),
        }
    }

    fn values(&mut self, name: &'static str) -> Result<Vec<String>, ParamError> {
        let mut values = Vec::new();
        for raw in self.take(name) {
            for piece in pieces(&decoded(name, &raw)?) {
                if values.len() == MAX_VALUES {
                    return Err(ParamError::TooManyValues(name.to_owned()));
                }
                values.push(check(name, piece)?);
            }
        }
        Ok(values)
    }

    /// Like [`Params::list`], with every value one of `allowed`.
    pub fn list_of(&mut self, name: &'static str, allowed: &[&str]) -> Result<Vec<String>, ParamError> {
        let values = self.list(name)?;
        values.iter().try_for_each(|value| is_one_of(name, value, allowed))?;
        Ok(values)
    }

    /// Like [`Params::list_of`], in any case, where the one value may be the empty one; `allowed` is in upper case.
    pub fn codes_or_empty(&mut self, name: &'static str, allowed: &[&str]) -> Result<Vec<String>, ParamError> {
        if self.take_empty(name) {
            return Ok(vec![String::new()]);
        }
        let mut codes = self.list(name)?;
        for code in &mut codes {
            is_one_of(name, &code.to_ascii_uppercase(), allowed).or_else(|_| is_one_of(name, code, allowed))?;
            code.make_ascii_uppercase();
        }
        codes.sort_unstable();
        codes.dedup();
        Ok(codes)
    }

    /// One value, one of `allowed`.
    pub fn one_of(&mut self, name: &'static str, allowed: &[&str]) -> Result<Option<String>, ParamError> {
        let value = self.one(name)?;
        value.iter().try_for_each(|value| is_one_of(name, value, allowed))?;
        Ok(value)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str) -> Result<Option<bool>, ParamError> {
        Ok(self.one_of(name, &["true", "false"])?.map(|word| word == "true"))
    }

    /// A whole number within bounds.
    pub fn number(&mut self, name: &'static str, least: u32, most: u32) -> Result<Option<u32>, ParamError> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        match text.parse::<u32>() {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(ParamError::bad(name, format!("a whole number from {least} to {most} is wanted"))),
        }
    }

    /// Returns what was given, decoded, to be shown to people; commas are left as they are.
    pub fn given(&self) -> Vec<(String, String)> {
        let decoded = |(name, value): &(String, String)| Some((name.clone(), decode(value)?));
        self.pairs.iter().filter_map(decoded).collect()
    }

    /// Refuses whatever was not taken.
    pub fn finish(self) -> Result<(), ParamError> {
        match self.pairs.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                let known = if self.known.is_empty() { "none".to_owned() } else { self.known.join(", ") };
                Err(ParamError::Unknown { name: name.chars().take(64).collect(), known })
            }
        }
    }

    /// Takes the parameter if it is there once, and empty.
    fn take_empty(&mut self, name: &'static str) -> bool {
        let mut given = self.pairs.iter().filter(|(key, _)| key == name);
        let is_empty = given.next().is_some_and(|(_, value)| value.is_empty()) && given.next().is_none();
        is_empty && !self.take(name).is_empty()
    }

    fn take(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        self.pairs.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|decoded| decoded.into_owned())
}

fn decoded(name: &str, encoded: &str) -> Result<String, ParamError> {
    decode(encoded).ok_or_else(|| ParamError::bad(name, "not valid UTF-8 after percent-decoding"))
}

/// The values of a list with commas, as a parameter has it.
pub(crate) fn pieces(list: &str) -> Vec<String> {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    let mut parts = list.split(',').peekable();
    while let Some(part) = parts.next() {
        piece.push_str(part);
        // Two backslashes before a comma or at the end are one; one that is left over makes the comma a letter.
        let slashes = part.bytes().rev().take_while(|byte| *byte == b'\\').count();
        piece.truncate(piece.len() - slashes / 2);
        if slashes % 2 == 1 && parts.peek().is_some() {
            piece.pop();
            piece.push(',');
            continue;
        }
        pieces.push(std::mem::take(&mut piece));
    }
    pieces
}

fn is_one_of(name: &str, value: &str, allowed: &[&str]) -> Result<(), ParamError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(ParamError::bad(name, format!("{value:?} is not one of {}", allowed.join(", "))))
}

fn kept(name: &str, id: &str) -> Result<String, ParamError> {
    check(name, schemas::ids::kept(id).to_owned())
}

fn check(name: &str, value: String) -> Result<String, ParamError> {
    if value.is_empty() {
        return Err(ParamError::bad(name, "the value is empty"));
    }
    if value.len() > MAX_VALUE_BYTES && name != "cursor" {
        return Err(ParamError::bad(name, format!("the value is longer than {MAX_VALUE_BYTES} bytes")));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// L13: however a client writes several values, they are several; a comma of a value can be written.
    #[test]
    fn lists_by_comma_and_by_repetition() {
        for (query, values) in [
            ("a=b,a&a=c&a=a", &["a", "b", "c"][..]),
            ("a=u1%2Cu2", &["u1", "u2"]),
            ("a=u1%2cu2,u3", &["u1", "u2", "u3"]),
            ("a=Eva%5C%2C+Brno&a=b", &["Eva, Brno", "b"]),
            ("a=x\\,y,z", &["x,y", "z"]),
            ("a=x\\\\,z", &["x\\", "z"]),
            ("a=x\\\\\\,z", &["x\\,z"]),
            ("a=\\\\host\\share", &["\\\\host\\share"]),
            ("a=ends\\", &["ends\\"]),
            ("a=ends\\\\", &["ends\\"]),
            ("a=\\,", &[","]),
            ("a=a+b%20c", &["a b c"]),
        ] {
            let mut params = Params::parse(Some(query)).unwrap();
            assert_eq!(params.list("a").unwrap(), values, "{query}");
            params.finish().unwrap();
        }
        for empty in ["a=,", "a=%2C", "a=x,,y", "a=x%2C"] {
            assert_eq!(Params::parse(Some(empty)).unwrap().list("a").unwrap_err().parameter(), Some("a"), "{empty}");
        }
    }

    /// B11: where nothing is a value, it can be asked for.
    #[test]
    fn the_empty_value_is_one_where_it_may_be() {
        for (query, one, list) in [
            ("source=", Ok(Some("")), Ok(vec![""])),
            ("source=/a", Ok(Some("/a")), Ok(vec!["/a"])),
            ("", Ok(None), Ok(vec![])),
            ("source=&source=/a", Err(()), Err(())),
            ("source=/a,", Ok(Some("/a,")), Err(())),
        ] {
            let params = || Params::parse(Some(query)).unwrap();
            assert_eq!(params().one_or_empty("source").map_err(drop), one.map(|one| one.map(str::to_owned)), "{query}");
            let list = list.map(|list| list.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(params().list_or_empty("source").map_err(drop), list, "{query}");
        }
    }

    /// K11: what an application passes as it has it is the id that its events have.
    #[test]
    fn ids_are_asked_for_as_they_are_kept() {
        let params = |query| Params::parse(Some(query)).unwrap();
        assert_eq!(params("a=+u1%09,u1&a=u2").ids("a").unwrap(), ["u1", "u2"]);
        assert_eq!(params("a=%C2%A0ck+z%0A").id("a").unwrap(), "ck z");
        assert_eq!(params("a=").ids_or_empty("a").unwrap(), [""]);
        for query in ["a=%20", "a=", "a=u1,%20"] {
            assert!(params(query).ids("a").is_err(), "{query}");
        }
        for query in ["a=%20", "a=", ""] {
            assert!(params(query).id("a").is_err(), "{query}");
        }
    }

    #[test]
    fn refusals_name_the_parameter() {
        let mut params = Params::parse(Some("limit=5&colour=red")).unwrap();
        params.number("limit", 1, 10).unwrap();
        assert_eq!(params.finish().unwrap_err().to_string(), r#"unknown parameter "colour"; known here: limit"#);
        let error = Params::parse(Some("limit=5&limit=6")).unwrap().number("limit", 1, 10).unwrap_err();
        assert_eq!(error, ParamError::Repeated("limit".into()));
        for bad in ["limit=0", "limit=11", "limit=-1", "limit=1e3", "limit=99999999999999999999", "limit="] {
            let error = Params::parse(Some(bad)).unwrap().number("limit", 1, 10).unwrap_err();
            assert_eq!(error.parameter(), Some("limit"), "{bad}");
        }
        let error = Params::parse(Some("actor_id=%ff%fe")).unwrap().list("actor_id").unwrap_err();
        assert_eq!(error.parameter(), Some("actor_id"));
        assert_eq!(Params::parse(Some("%ff=1")).unwrap_err(), ParamError::NotUtf8("%ff".into()));
    }

    #[test]
    fn bounds_hold() {
        let long = "x".repeat(MAX_QUERY_BYTES + 1);
        assert_eq!(Params::parse(Some(&long)).unwrap_err(), ParamError::QueryTooLong);
        let many = format!("type={}", vec!["a"; MAX_VALUES + 1].join(","));
        let error = Params::parse(Some(&many)).unwrap().list("type").unwrap_err();
        assert_eq!(error, ParamError::TooManyValues("type".into()));
        let value = format!("type={}", "a".repeat(MAX_VALUE_BYTES + 1));
        assert!(Params::parse(Some(&value)).unwrap().list("type").is_err());
    }

    proptest! {
        #[test]
        fn never_panics(query in "(?s).{0,300}") {
            if let Ok(mut params) = Params::parse(Some(&query)) {
                let _ = params.list("a");
                let _ = params.one("limit");
                let _ = params.finish();
            }
        }

        #[test]
        fn any_value_survives_encoding(value in "(?s).{1,60}") {
            let mut escaped = String::new();
            for part in value.split_inclusive(',') {
                let before = part.strip_suffix(',').unwrap_or(part);
                let slashes = before.len() - before.trim_end_matches('\\').len();
                escaped.extend([before, &"\\".repeat(slashes)]);
                escaped.push_str(if part.ends_with(',') { "\\," } else { "" });
            }
            let encoded = percent_encoding::utf8_percent_encode(&escaped, percent_encoding::NON_ALPHANUMERIC).to_string();
            let mut params = Params::parse(Some(&format!("actor_id={encoded}"))).unwrap();
            prop_assert_eq!(params.list("actor_id").unwrap(), vec![value]);
        }
    }
}
