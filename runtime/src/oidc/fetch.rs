//! Asking an identity provider for its keys: its discovery document first (OpenID Connect Discovery 1.0), then the set that
//! it names. Bounded in time and size, and never led elsewhere.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
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
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What a provider publishes of itself.
pub(super) struct Published {
    pub(super) keys: KeySet,
    /// Where people sign in; none where it does not say, or says an address that is not asked.
    pub(super) sign_in: Option<Endpoints>,
}

/// Where people sign in, and where that is traded for a token.
#[derive(Clone)]
pub(super) struct Endpoints {
    pub(super) authorization: Url,
    pub(super) token: Url,
    /// Whether the secret is taken in the header (`client_secret_basic`), as where nothing is said; else in the body.
    pub(super) basic: bool,
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

/// What is in force at the provider.
pub(super) async fn published(client: &Client, rules: &Oidc) -> Result<Published, FetchError> {
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
    let keys = KeySet::read(&keys).map_err(|error| FetchError::Malformed(address, error))?;
    Ok(Published { keys, sign_in: endpoints(rules, &document) })
}

fn endpoints(rules: &Oidc, document: &Discovery) -> Option<Endpoints> {
    let address = |text: &Option<String>| checked(rules, text.as_ref()?).ok();
    let methods = document.token_endpoint_auth_methods_supported.as_ref();
    let basic = methods.is_none_or(|all| all.iter().any(|one| one == "client_secret_basic"));
    Some(Endpoints {
        authorization: address(&document.authorization_endpoint)?,
        token: address(&document.token_endpoint)?,
        basic,
    })
}

fn checked(rules: &Oidc, text: &str) -> Result<Url, FetchError> {
    let address = Url::parse(text).ok().filter(|address| rules.allows(address));
    address.ok_or_else(|| FetchError::Address(text.chars().take(200).collect()))
}

async fn get(client: &Client, address: &Url) -> Result<Vec<u8>, FetchError> {
    asked(client.get(address.clone()), address).await
}

/// Sends a request, and reads an answer of a bounded length.
pub(super) async fn asked(request: RequestBuilder, address: &Url) -> Result<Vec<u8>, FetchError> {
    let failed = |error| FetchError::Unreachable(address.clone(), error);
    let mut answer = request.send().await.map_err(failed)?;
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
