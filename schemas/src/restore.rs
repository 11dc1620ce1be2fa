//! Where a tenant's application is asked to restore what was deleted: a value of the compacted topic
//! [`crate::topics::SETTINGS`].

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alerts::{check_secrets, check_url};
use crate::settings::Invalid;

/// The endpoint of a tenant; each has one at most. `Debug` hides its secrets and its address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreEndpoint {
    /// Whose.
    pub tenant: String,
    /// Address, `https` or `http`.
    pub url: String,
    /// Secrets that requests are signed with, `whsec_` and base64 of 24 to 64 bytes; the newest first. Two while the receiver
    /// changes over. Never shown but once.
    pub secrets: Vec<String>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl RestoreEndpoint {
    /// Checks all but that the address may be reached.
    ///
    /// # Errors
    /// The first field found wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        check_url(&self.url)?;
        check_secrets(&self.secrets)?;
        if self.secrets.is_empty() {
            return Err(Invalid { pointer: "/secrets".to_owned(), detail: "at least one".to_owned() });
        }
        Ok(())
    }
}

impl fmt::Debug for RestoreEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestoreEndpoint").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J15: what is wrong is named, and nothing secret is printed.
    #[test]
    fn what_is_wrong_is_named() {
        let endpoint = |url: &str, secrets: &[&str]| RestoreEndpoint {
            tenant: "acme".to_owned(),
            url: url.to_owned(),
            secrets: secrets.iter().map(ToString::to_string).collect(),
            updated_at: DateTime::UNIX_EPOCH,
        };
        let good = endpoint("https://acme.example/restore/hidden-path", &["whsec_c2VjcmV0"]);
        assert_eq!(good.validate(), Ok(()));
        let text = format!("{good:?}");
        assert!(text.contains("acme") && !text.contains("whsec_") && !text.contains("hidden-path"), "{text}");
        let wrong = |url, secrets: &[&str]| endpoint(url, secrets).validate().unwrap_err().pointer;
        assert_eq!(wrong("ftp://acme.example/", &["whsec_c2VjcmV0"]), "/url");
        assert_eq!(wrong("https://acme.example/", &[]), "/secrets");
        assert_eq!(wrong("https://acme.example/", &["plain"]), "/secrets");
    }
}
