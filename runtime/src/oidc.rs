//! People who signed in at an identity provider: tokens of OpenID Connect providers (JWT access tokens, RFC 9068), verified
//! with keys in memory ([0015](../../docs/decisions/0015-oidc.md)).
//!
//! What a token gives is decided by the configuration of its issuer, never by the token alone: a tenant from a fixed value or
//! a map, roles and permissions from maps. No token gives the platform.

mod claims;
mod code;
mod fetch;
mod issuer;
mod keys;
mod token;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::config::Oidc as Rules;
use crate::metrics::{Metrics, Name};
use crate::principal::Principal;
use crate::problem::Problem;
use crate::shutdown::Shutdown;
use crate::throttle::Throttle;

pub use claims::ProviderIdentity;
pub use code::{Begun, CodeError};
use issuer::Issuer;
pub use keys::Algorithm;
pub use token::MAX_TOKEN_BYTES;
use token::Token;

/// Why a token is not accepted, for the log. Callers learn no more than that it isn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// It has not the form of a token, or is too long.
    #[error("malformed")]
    Malformed,
    /// It is signed in a way that is not allowed, or not by a key for that way.
    #[error("algorithm")]
    Algorithm,
    /// It is for something else than access.
    #[error("type")]
    Type,
    /// It asks to understand what is not understood.
    #[error("critical_header")]
    Critical,
    /// Nobody who is known issued it.
    #[error("unknown_issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("audience")]
    Audience,
    /// Its times are missing or no times.
    #[error("times")]
    Times,
    /// It is over.
    #[error("expired")]
    Expired,
    /// It is of the future.
    #[error("not_yet_valid")]
    NotYet,
    /// It is worth something only with a key that we can't ask for.
    #[error("bound_to_a_key")]
    Bound,
    /// It names no key, or one that the provider does not publish.
    #[error("unknown_key")]
    UnknownKey,
    /// The provider's keys are not known (any more).
    #[error("no_keys")]
    NoKeys,
    /// It is not signed by the key that it names.
    #[error("signature")]
    Signature,
    /// It belongs to no tenant.
    #[error("no_tenant")]
    Tenant,
    /// It does not say who its bearer is.
    #[error("subject")]
    Subject,
}

/// Lines about refused tokens, by the reason.
static REFUSED: Throttle<Refusal> = Throttle::new(1, Duration::from_secs(60));

impl From<Refusal> for Problem {
    fn from(_: Refusal) -> Self {
        Self::unauthorized()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: String,
}

/// Returns the time; tests move it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The identity providers of an installation. Clones share their keys.
#[derive(Clone)]
pub struct Oidc {
    issuers: Arc<[Arc<Issuer>]>,
    clock: Clock,
    tokens: Family<ResultLabel, Counter>,
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.issuers.iter().map(|issuer| &issuer.rules.issuer)).finish()
    }
}

impl Oidc {
    /// The configured providers. None is asked before [`start`](Self::start) or a token.
    ///
    /// # Errors
    /// When there is no TLS.
    pub fn new(rules: &[Rules], metrics: &Metrics) -> Result<Self, reqwest::Error> {
        Self::with_clock(rules, metrics, Arc::new(Utc::now))
    }

    /// As [`new`](Self::new), by another clock: for tests.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_clock(rules: &[Rules], metrics: &Metrics, clock: Clock) -> Result<Self, reqwest::Error> {
        const NAME: Name = Name::new("oidc_tokens");
        let tokens = metrics.register(NAME, "Tokens of identity providers, by what became of them", Family::default());
        let issuers = rules.iter().map(|rules| Issuer::new(rules.clone())).collect::<Result<_, _>>()?;
        Ok(Self { issuers, clock, tokens })
    }

    /// Reads the providers' keys now and again until the process stops. None needs to be there.
    pub fn start(&self, shutdown: &Shutdown) {
        for issuer in self.issuers.iter() {
            let (issuer, clock, stop) = (Arc::clone(issuer), Arc::clone(&self.clock), shutdown.clone());
            let pause = Duration::from_secs(issuer.rules.refresh_seconds);
            shutdown.supervise("identity provider", async move {
                loop {
                    tokio::select! {
                        () = issuer.refresh(clock()) => {}
                        () = stop.requested() => return,
                    }
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = stop.requested() => return,
                    }
                }
            });
        }
    }

    /// Asks every provider for its keys once, and returns when all have answered or failed to.
    pub async fn refresh(&self) {
        for issuer in self.issuers.iter() {
            issuer.refresh((self.clock)()).await;
        }
    }

    /// Returns who sends a token. Asks the provider only for a key whose name was never seen, at most every ten seconds.
    ///
    /// # Errors
    /// [`Refusal`], which is logged and counted here. The caller gets 401 for all of them.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Refusal> {
        let result = self.verified(token).await;
        self.note(result.as_ref().err());
        result
    }

    /// Counts a token, and reports now and then why some are refused: anybody can send any number of them.
    fn note(&self, refusal: Option<&Refusal>) {
        let word = refusal.map_or_else(|| "accepted".to_owned(), ToString::to_string);
        if let Some(reason) = refusal
            && let Some(left_out) = REFUSED.admit(*reason)
        {
            tracing::info!(%reason, left_out, "a token was refused");
        }
        self.tokens.get_or_create(&ResultLabel { result: word }).inc();
    }

    /// What the operator's tables give now to somebody whom a provider has identified.
    ///
    /// # Errors
    /// [`Refusal`], when the provider is believed no longer, or says nothing of a tenant.
    pub fn principal_of(&self, identity: &ProviderIdentity) -> Result<Principal, Refusal> {
        let issuer = self.issuer(&identity.issuer).ok_or(Refusal::Issuer)?;
        claims::permitted(&issuer.rules, identity)
    }

    fn issuer(&self, name: &str) -> Option<&Arc<Issuer>> {
        self.issuers.iter().find(|issuer| issuer.rules.issuer == name)
    }

    /// The time by the clock that tokens are held to.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    async fn verified(&self, text: &str) -> Result<Principal, Refusal> {
        let token = Token::parse(text)?;
        let now = (self.clock)();
        let named = token.claims["iss"].as_str().ok_or(Refusal::Issuer)?;
        let issuer = self.issuer(named).ok_or(Refusal::Issuer)?;
        // Before the signature, so that what can't be accepted anyhow makes nobody ask for keys.
        claims::check(&issuer.rules, &issuer.rules.audience, &token.claims, now)?;
        issuer.verify(&token, now).await?;
        claims::principal(&issuer.rules, &token.claims)
    }
}
