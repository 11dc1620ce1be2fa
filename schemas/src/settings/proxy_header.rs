//! The header in which proxies say where a request came from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest name of a header, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// Name of the header that trusted proxies write, in lower case: `x-forwarded-for` (the default), `forwarded` (RFC 7239), or
/// another one that holds addresses (`x-real-ip`, `cf-connecting-ip` …). Every other header may be the client's own, and is
/// not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "x-forwarded-for")]
pub struct ProxyHeader(String);

impl ProxyHeader {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether it is written as RFC 7239 has it, and not as a list of addresses.
    #[must_use]
    pub fn is_forwarded(&self) -> bool {
        self.0 == "forwarded"
    }
}

impl Default for ProxyHeader {
    fn default() -> Self {
        Self("x-forwarded-for".to_owned())
    }
}

impl TryFrom<String> for ProxyHeader {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let name = name.to_ascii_lowercase();
        let is_token = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !is_token {
            return Err("expected the name of a header, of at most 64 bytes");
        }
        Ok(Self(name))
    }
}

impl From<ProxyHeader> for String {
    fn from(header: ProxyHeader) -> Self {
        header.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_headers() {
        let read = |name: &str| ProxyHeader::try_from(name.to_owned()).map(String::from);
        assert_eq!(read("CF-Connecting-IP").as_deref(), Ok("cf-connecting-ip"));
        for name in ["", "x forwarded", "x:y", "x-адрес", &"x".repeat(65)] {
            assert!(read(name).is_err(), "{name}");
        }
    }
}
