//! Arrays of events.

use serde_json::value::RawValue;

use super::Rejection;

/// Splits a JSON array into its elements, unparsed; at most `max` of them.
///
/// # Errors
/// `malformed_json`, or `too_many` with the number allowed.
pub fn split_array(text: &str, max: usize) -> Result<Vec<&RawValue>, Rejection> {
    struct Elements(usize);
    impl<'de> serde::de::DeserializeSeed<'de> for Elements {
        type Value = Option<Vec<&'de RawValue>>;
        fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_seq(self)
        }
    }
    impl<'de> serde::de::Visitor<'de> for Elements {
        type Value = Option<Vec<&'de RawValue>>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an array of events")
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = seq.next_element()? {
                if elements.len() == self.0 {
                    while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                    return Ok(None);
                }
                elements.push(element);
            }
            Ok(Some(elements))
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let elements = serde::de::DeserializeSeed::deserialize(Elements(max), &mut deserializer)
        .and_then(|elements| deserializer.end().map(|()| elements))
        .map_err(|error| Rejection::new("malformed_json", "", error.to_string()))?;
    elements.ok_or_else(|| Rejection::new("too_many", "", format!("at most {max} events are allowed in one request")))
}
