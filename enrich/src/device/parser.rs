//! The parser, shared by all workers, and the cache that each worker keeps.

use std::sync::Arc;

use ua_parser::{Extractor, Regexes};
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

use super::agent::describe;
use super::bots::Bots;
use super::identity::identify;
use super::{Agent, ClientHints, Device, DeviceError, DeviceInput};
use crate::cache::Generations;

/// uap-core's patterns; see the README beside the file for version and licence.
const PATTERNS: &str = include_str!("../../data/uap-core/regexes.yaml");

/// Longest user agent read, in bytes.
const MAX_USER_AGENT: usize = 1024;

/// How many combinations of headers a worker keeps, unless configured otherwise: about 3 MB.
const DEFAULT_CACHE: usize = 8192;

/// The compiled patterns. Immutable; building it takes a good part of a second, so build one and share it.
pub struct DeviceParser {
    patterns: Extractor<'static>,
    bots: Bots,
}

impl std::fmt::Debug for DeviceParser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceParser")
    }
}

/// One worker's memory of headers. Never shared, so never locked.
#[derive(Debug)]
pub struct DeviceCache {
    agents: Generations<u128, Arc<Agent>>,
}

impl DeviceCache {
    /// A cache of at most `capacity` combinations of headers.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { agents: Generations::new(capacity) }
    }
}

impl Default for DeviceCache {
    fn default() -> Self {
        Self::new(DEFAULT_CACHE)
    }
}

impl DeviceParser {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// Only if the build carries broken patterns.
    pub fn new() -> Result<Self, DeviceError> {
        let regexes: Regexes<'static> = yaml_serde::from_str(PATTERNS)?;
        Ok(Self { patterns: Extractor::try_from(regexes)?, bots: Bots::new()? })
    }

    /// What the event was done with, and which device that is.
    pub fn parse(&self, cache: &mut DeviceCache, input: &DeviceInput<'_>) -> Device {
        let agent = self.agent(cache, input);
        let (id, confidence) = identify(input, &agent);
        Device { agent, id, confidence }
    }

    fn agent(&self, cache: &mut DeviceCache, input: &DeviceInput<'_>) -> Arc<Agent> {
        let cut = input.user_agent.floor_char_boundary(MAX_USER_AGENT);
        let user_agent = &input.user_agent[..cut];
        let key = key(user_agent, &input.hints);
        if let Some(agent) = cache.agents.get(&key) {
            return agent;
        }
        let agent = Arc::new(describe(&self.patterns, &self.bots, user_agent, &input.hints));
        cache.agents.insert(key, Arc::clone(&agent));
        agent
    }
}

/// A digest of the headers. Each is hashed with the digest of those before it for a seed, so none runs into another.
fn key(user_agent: &str, hints: &ClientHints<'_>) -> u128 {
    let ClientHints { ua, mobile, platform, platform_version, model, full_version_list } = hints;
    let mut key = xxh3_128(user_agent.as_bytes());
    for (place, hint) in (1_u64..).zip([ua, mobile, platform, platform_version, model, full_version_list]) {
        if !hint.is_empty() {
            key = key.rotate_left(7) ^ xxh3_128_with_seed(hint.as_bytes(), key as u64 ^ place);
        }
    }
    key
}
