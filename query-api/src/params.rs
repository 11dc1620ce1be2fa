//! The query string, strictly: what cannot be understood is refused by name, never ignored and never guessed.
//!
//! A value may hold any characters, control characters too: what is stored can be asked for.
//!
//! A list is given by repeating a parameter or with commas (`type=a,b`). Commas are looked for before percent-decoding,
//! so a value that holds one is written `%2C`.

use percent_encoding::percent_decode_str;
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

/// Parameters not yet taken. Take all that an endpoint knows, then [`Params::finish`].
#[derive(Debug, Default)]
pub struct Params {
    /// Decoded name, value still percent-encoded (commas are structure only while it is).
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

    /// One value or none.
    pub fn one(&mut self, name: &'static str) -> Result<Option<String>, ParamError> {
        let mut raw = self.take(name);
        match (raw.pop(), raw.is_empty()) {
            (None, _) => Ok(None),
            (Some(value), true) => check(name, &value).map(Some),
            (Some(_), false) => Err(ParamError::Repeated(name.to_owned())),
        }
    }

    /// Any number of values, sorted and without repetition, so that two spellings of one filter are the same filter.
    pub fn list(&mut self, name: &'static str) -> Result<Vec<String>, ParamError> {
        let mut values = Vec::new();
        for raw in self.take(name) {
            for piece in raw.split(',') {
                if values.len() == MAX_VALUES {
                    return Err(ParamError::TooManyValues(name.to_owned()));
                }
                values.push(check(name, piece)?);
            }
        }
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }

    /// Like [`Params::list`], with every value one of `allowed`.
    pub fn list_of(&mut self, name: &'static str, allowed: &[&str]) -> Result<Vec<String>, ParamError> {
        let values = self.list(name)?;
        match values.iter().find(|value| !allowed.contains(&value.as_str())) {
            Some(value) => Err(ParamError::bad(name, format!("{value:?} is not one of {}", allowed.join(", ")))),
            None => Ok(values),
        }
    }

    /// One value, one of `allowed`.
    pub fn one_of(&mut self, name: &'static str, allowed: &[&str]) -> Result<Option<String>, ParamError> {
        match self.one(name)? {
            Some(value) if !allowed.contains(&value.as_str()) => {
                Err(ParamError::bad(name, format!("{value:?} is not one of {}", allowed.join(", "))))
            }
            other => Ok(other),
        }
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

    /// What was given, decoded, to be told to people; commas are left as they are.
    pub fn told(&self) -> Vec<(String, String)> {
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

    fn take(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        self.pairs.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|decoded| decoded.into_owned())
}

fn check(name: &str, encoded: &str) -> Result<String, ParamError> {
    let value = decode(encoded).ok_or_else(|| ParamError::bad(name, "not valid UTF-8 after percent-decoding"))?;
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

    #[test]
    fn lists_by_comma_by_repetition_and_with_an_encoded_comma() {
        let mut params = Params::parse(Some("type=b,a&type=c&type=a&object_id=x%2Cy&actor_id=a+b%20c")).unwrap();
        assert_eq!(params.list("type").unwrap(), ["a", "b", "c"]);
        assert_eq!(params.list("object_id").unwrap(), ["x,y"]);
        assert_eq!(params.list("actor_id").unwrap(), ["a b c"]);
        params.finish().unwrap();
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
            let encoded = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC).to_string();
            let mut params = Params::parse(Some(&format!("actor_id={encoded}"))).unwrap();
            prop_assert_eq!(params.list("actor_id").unwrap(), vec![value]);
        }
    }
}
