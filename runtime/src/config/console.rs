//! The web console.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::validate::Check;
use super::{BadValue, Secret, is_loopback, none_if_empty};
use crate::seal::{MAX_KEYS, is_key};

/// The web console.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Whether it is served.
    pub enabled: bool,
    /// Where people reach it; none: on this machine alone, by whatever name.
    #[serde(deserialize_with = "none_if_empty")]
    pub public_url: Option<String>,
    /// Keys of its cookies: the first seals, all open. Those of the file are added when the configuration is read.
    pub seal_keys: Vec<Secret>,
    /// A file with more of them, one a line.
    #[serde(deserialize_with = "none_if_empty")]
    pub seal_keys_file: Option<PathBuf>,
}

impl Console {
    /// Adds the keys of the file.
    pub(super) fn read_files(&mut self) -> Result<(), BadValue> {
        let Some(path) = &self.seal_keys_file else { return Ok(()) };
        let text = read("console.seal_keys_file", path)?;
        self.seal_keys.extend(text.split_whitespace().map(Secret::new));
        Ok(())
    }
}

/// A file with a secret, as a key of the configuration names it.
pub(super) fn read(key: impl Into<String>, path: &std::path::Path) -> Result<String, BadValue> {
    let why = |error| BadValue { key: key.into(), why: format!("can't be read at {}: {error}", path.display()) };
    std::fs::read_to_string(path).map_err(why)
}

pub(super) fn check(check: &mut Check, console: &Console) {
    if let Some(text) = &console.public_url {
        check.that(
            is_origin(text),
            "console.public_url",
            "must be empty, or an https address without path, such as https://audit.example.com (http on this machine)",
        );
    }
    let keys = &console.seal_keys;
    check.that(keys.len() <= MAX_KEYS, "console.seal_keys", format!("must be at most {MAX_KEYS}"));
    check.that(keys.iter().all(is_key), "console.seal_keys", "must be of 64 hexadecimal digits each");
}

/// Whether a text is `https://host[:port]`, or `http` of this machine, as browsers write an origin.
fn is_origin(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    safe && text.len() <= 300 && url.origin().ascii_serialization() == text
}
