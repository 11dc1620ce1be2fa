//! Asking an identity provider for its keys: its discovery document first (OpenID Connect Discovery 1.0), then the set that
//! it names. Bounded in time and size, and never led elsewhere.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use url::Url;

use super::keys::KeySet;
use crate::config::Oidc;

/// Longest time to ask for one document.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Largest document, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// Why there are no new keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{0} could not be asked: {1}")]
    Unreachable(Url, #[source] reqwest::Error),
    #[error("{0} answered {1}")]
    Status(Url, StatusCode),
    #[error("{0} answers with more than {MAX_BYTES} bytes")]
    TooLarge(Url),
    #[error("{0} is not understood: {1}")]
    Malformed(Url, #[source] serde_json::Error),
    #[error("the discovery document is of another issuer")]
    OtherIssuer,
    #[error("this is no address to ask: {0:?}")]
    Address(String),
}

/// What of the discovery document is read.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// A client for one provider.
///
/// # Errors
/// When there is no TLS.
pub(super) fn client(rules: &Oidc) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .user_agent(concat!("usertrail/", env!("CARGO_PKG_VERSION")))
        .timeout(TIMEOUT)
        .redirect(Policy::none())
        .referer(false)
        .pool_max_idle_per_host(0);
    // A proxy knows another machine by these names.
    let local = Url::parse(&rules.issuer).is_ok_and(|issuer| crate::config::is_loopback(&issuer));
    if local { builder.no_proxy() } else { builder }.build()
}

/// The keys in force at the provider.
pub(super) async fn keys(client: &Client, rules: &Oidc) -> Result<KeySet, FetchError> {
    let discovery = format!("{}/.well-known/openid-configuration", rules.issuer.trim_end_matches('/'));
    let address = checked(rules, &discovery)?;
    let document = get(client, &address).await?;
    let document: Discovery =
        serde_json::from_slice(&document).map_err(|error| FetchError::Malformed(address, error))?;
    // A document of another issuer would let that one speak for this (Discovery 1.0, 4.3).
    if document.issuer != rules.issuer {
        return Err(FetchError::OtherIssuer);
    }
    let address = checked(rules, &document.jwks_uri)?;
    let keys = get(client, &address).await?;
    KeySet::read(&keys).map_err(|error| FetchError::Malformed(address, error))
}

fn checked(rules: &Oidc, text: &str) -> Result<Url, FetchError> {
    let address = Url::parse(text).ok().filter(|address| rules.allows(address));
    address.ok_or_else(|| FetchError::Address(text.chars().take(200).collect()))
}

async fn get(client: &Client, address: &Url) -> Result<Vec<u8>, FetchError> {
    let failed = |error| FetchError::Unreachable(address.clone(), error);
    let mut answer = client.get(address.clone()).send().await.map_err(failed)?;
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Status(address.clone(), answer.status()));
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(failed)? {
        if body.len() + piece.len() > MAX_BYTES {
            return Err(FetchError::TooLarge(address.clone()));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}
