//! What makes two events the same: their tenant, who sent them, their source, and their id. And what they hold, so that
//! a retry can be distinguished from another event under the same id.

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

use crate::decode::Attributes;

/// The identity of an event. `sender` is the id of the API key it came with; empty for a record that an application
/// wrote to Kafka itself.
#[must_use]
pub fn identity(tenant: &str, sender: &str, source: &str, id: &str) -> u128 {
    // Each part seeds the next, so that no two splits of the same letters meet. 128 bits: two ids never do.
    let seed = [tenant, sender, source].iter().fold(0, |seed, part| xxh3_64_with_seed(part.as_bytes(), seed));
    xxh3_128_with_seed(id.as_bytes(), seed)
}

/// A digest of what an event holds: its bytes as they came, and its attributes where it has them in headers.
#[must_use]
pub fn content(bytes: &[u8], attributes: &Attributes<'_>) -> u64 {
    // Headers have no order.
    let of_attribute = |(name, value): &(std::borrow::Cow<'_, str>, &str)| {
        xxh3_64_with_seed(value.as_bytes(), xxh3_64_with_seed(name.as_bytes(), 1))
    };
    let seed = attributes.cloud_event.iter().map(of_attribute).fold(0, u64::wrapping_add);
    xxh3_64_with_seed(bytes, seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let one = identity("acme", "key", "/shop-a", "7");
        for other in [
            identity("acme2", "key", "/shop-a", "7"),
            identity("acme", "key2", "/shop-a", "7"),
            identity("acme", "key", "/shop-b", "7"),
            identity("acme", "key", "/shop-a", "8"),
            identity("acme", "", "key/shop-a", "7"),
            identity("acmekey", "", "/shop-a", "7"),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(one, identity("acme", "key", "/shop-a", "7"));
    }

    #[test]
    fn headers_are_content_in_any_order() {
        let with = |attributes: &[(&'static str, &'static str)]| {
            let cloud_event = attributes.iter().map(|(name, value)| ((*name).into(), *value)).collect();
            content(b"{}", &Attributes { cloud_event, ..Attributes::default() })
        };
        let one = with(&[("id", "1"), ("type", "a")]);
        assert_eq!(one, with(&[("type", "a"), ("id", "1")]));
        for other in [with(&[]), with(&[("id", "a"), ("type", "1")]), with(&[("id", "1")])] {
            assert_ne!(one, other);
        }
        assert_ne!(content(b"{}", &Attributes::default()), content(b"{ }", &Attributes::default()));
    }
}
