//! Kinds of fields that take more than one form.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde_json::value::RawValue;

use super::Text;
use crate::decode::{MAX_DURATION_MS, MAX_NAME_BYTES, MAX_RECORDS, MAX_SOURCE_BYTES};
use crate::ids;

/// An id: a string, or a whole number as text.
pub(super) struct IdText<'a>(pub(super) Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for IdText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl<'de> Visitor<'de> for IdVisitor {
            type Value = IdText<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a whole number")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(IdText(Text(Cow::Borrowed(text))))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(IdText(Text(Cow::Owned(text.to_owned()))))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(IdText(Text(Cow::Owned(number.to_string()))))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(IdText(Text(Cow::Owned(number.to_string()))))
            }
        }
        deserializer.deserialize_any(IdVisitor)
    }
}

/// A number of things: a whole number from 0 on, however it is written (`1200`, `1200.0`, `1.2e3`, `"1200"`).
pub(super) struct Count(pub(super) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;
        impl Visitor<'_> for CountVisitor {
            type Value = Count;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from 0 on (at most {MAX_RECORDS} records, {MAX_DURATION_MS} milliseconds)")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Count(number))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Err(E::invalid_value(Unexpected::Signed(number), &self))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                // 2^64 and what lies beyond it would be cut off without a word.
                const BEYOND: f64 = 18_446_744_073_709_551_616.0;
                if number.fract() == 0.0 && (0.0..BEYOND).contains(&number) {
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within")]
                    return Ok(Count(number as u64));
                }
                Err(E::invalid_value(Unexpected::Float(number), &self))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let number = digits.then(|| text.parse().ok()).flatten();
                number.map(Count).ok_or_else(|| E::invalid_value(Unexpected::Str(super::clip(text)), &self))
            }
        }
        deserializer.deserialize_any(CountVisitor)
    }
}

/// A field that can't be read, and stays among the unknown ones.
#[derive(Debug)]
pub(super) struct Unreadable;

/// The text of a JSON string, borrowed where it has no escapes.
pub(crate) fn string(raw: &RawValue) -> Option<Text<'_>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') { serde_json::from_str(raw.get()).ok() } else { Some(Text(Cow::Borrowed(inner))) }
}

/// Any text.
pub(super) fn text(raw: &RawValue) -> Result<Option<Text<'_>>, Unreadable> {
    if raw.get() == "null" { Ok(None) } else { string(raw).map(Some).ok_or(Unreadable) }
}

/// An id of the context: a string or a whole number that may be an id ([`ids`]).
pub(super) fn context_id(raw: &RawValue) -> Result<Option<Text<'_>>, Unreadable> {
    let json = raw.get();
    let is_number = json.strip_prefix('-').unwrap_or(json).bytes().all(|byte| byte.is_ascii_digit());
    let id = if is_number { Some(Text(Cow::Borrowed(json))) } else { text(raw)? };
    match id.map(Text::trimmed) {
        Some(id) if id.is_empty() && json != "\"\"" => Err(Unreadable),
        Some(id) if id.is_empty() => Ok(None),
        Some(id) if ids::nonsense(&id).is_some() => Err(Unreadable),
        id => Ok(id),
    }
}

/// An id of the application's request; one that is too long says nothing that the event depends on.
pub(super) fn request_id(raw: &RawValue) -> Result<Option<Text<'_>>, Unreadable> {
    let id = context_id(raw)?;
    if id.as_deref().is_some_and(|id| id.len() > MAX_NAME_BYTES) { Err(Unreadable) } else { Ok(id) }
}

/// A source of events. Applications have had fields of this name before: what can't be one is an unknown field as ever.
pub(super) fn source(raw: &RawValue) -> Result<Option<Text<'_>>, Unreadable> {
    match text(raw)?.map(Text::trimmed) {
        Some(source) if source.is_empty() => Ok(None),
        Some(source) if source.len() > MAX_SOURCE_BYTES || source.chars().any(char::is_control) => Err(Unreadable),
        source => Ok(source),
    }
}
