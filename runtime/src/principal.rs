//! Who sent a request, whether by a key or by a token of an identity provider.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use schemas::settings::{Limits, Permissions, Quotas};

/// Who sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its tenant; none for the platform's administrator.
    pub tenant: Option<Arc<str>>,
    /// The public part of its key; `user:` and the id of a person who came with a token.
    pub key_id: Arc<str>,
    /// What it may do.
    pub permissions: Permissions,
    /// Limits of the key, or of the person, alone.
    pub limits: Option<Limits>,
    /// Quotas of the key alone.
    pub quotas: Option<Quotas>,
    /// Who it is, if a token of an identity provider says so.
    pub person: Option<Arc<Person>>,
}

/// The text after `Bearer` in the `Authorization` header, if there is one.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What the provider identifies them by, 1 to 255 bytes.
    pub id: String,
    /// Their name, at most 256 bytes; empty: not given.
    pub name: String,
    /// Their e-mail address, at most 256 bytes; empty: not given.
    pub email: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bearer_is_read_from_its_header() {
        let headers = |value: &str| HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        assert_eq!(bearer(&headers("Bearer abc")), Some("abc"));
        assert_eq!(bearer(&headers("bearer  abc ")), Some("abc"));
        assert_eq!(bearer(&headers("Basic abc")), None);
        assert_eq!(bearer(&headers("Bearer")), None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
