//! Ids for events that have none. Whoever sends the same again should send the same id: duplicates are removed by it.

use axum::http::{HeaderMap, HeaderName};
use runtime::problem::Problem;
use uuid::Uuid;

/// Header that makes a retry of a request give the same ids.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest key, in bytes.
const MAX_KEY_BYTES: usize = 255;
/// Namespace of the ids made of a key; never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x5d1c_9d0e_7a4b_5c51_9a53_0c7b_1f2e_8d46);

/// Where ids of a request come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// From time and chance: UUIDv7.
    Fresh,
    /// From tenant, API key, `Idempotency-Key`, place in the request and bytes of the event: UUIDv5.
    Repeatable(String),
}

impl Identity {
    /// Reads `Idempotency-Key`.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(Self::Fresh) };
        match value.to_str().map(str::trim) {
            Ok(key) if (1..=MAX_KEY_BYTES).contains(&key.len()) => Ok(Self::Repeatable(key.to_owned())),
            _ => Err(Problem::bad_request(
                "invalid_idempotency_key",
                format!("must be 1 to {MAX_KEY_BYTES} visible ASCII characters"),
            )
            .with_pointer("Idempotency-Key")),
        }
    }

    /// The id of the event at `index`, `event` being its bytes.
    pub(crate) fn id(&self, tenant: &str, key_id: &str, index: usize, event: &[u8]) -> Uuid {
        match self {
            Self::Fresh => Uuid::now_v7(),
            Self::Repeatable(key) => {
                // None of the texts has a NUL, and the index is digits: no two requests make the same name.
                let mut name = format!("{tenant}\0{key_id}\0{key}\0{index}\0").into_bytes();
                name.extend_from_slice(event);
                Uuid::new_v5(&NAMESPACE, &name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<Identity, Problem> {
        Identity::of(&HeaderMap::from_iter([(IDEMPOTENCY_KEY, value.parse().unwrap())]))
    }

    /// P1: a retry under the same key gives the same ids; anything else gives others.
    #[test]
    fn ids_depend_on_all_that_makes_a_request() {
        let key = of("retry-1").unwrap();
        let id = key.id("acme", "k", 0, b"{}");
        assert_eq!(id, of(" retry-1 ").unwrap().id("acme", "k", 0, b"{}"));
        let others = [
            key.id("acme2", "k", 0, b"{}"),
            key.id("acme", "k2", 0, b"{}"),
            key.id("acme", "k", 1, b"{}"),
            key.id("acme", "k", 0, b"{ }"),
            of("retry-2").unwrap().id("acme", "k", 0, b"{}"),
        ];
        assert!(!others.contains(&id));
        // Kept for ever: another way to make ids would turn retries across an update into duplicates.
        assert_eq!(id.to_string(), "01f2773b-0a33-5f80-8a47-19f4abc35fc9");
    }

    #[test]
    fn without_a_key_every_id_is_new() {
        let identity = Identity::of(&HeaderMap::new()).unwrap();
        let (first, second) = (identity.id("acme", "k", 0, b"{}"), identity.id("acme", "k", 0, b"{}"));
        assert!(first < second);
        assert_eq!(first.get_version_num(), 7);
    }

    #[test]
    fn keys_are_bounded() {
        assert!(of(&"k".repeat(255)).is_ok());
        for bad in ["", "  ", &"k".repeat(256)] {
            assert_eq!(of(bad).unwrap_err().code(), "invalid_idempotency_key");
        }
    }
}
